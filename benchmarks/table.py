"""A table for each race."""

UNITS = (("ns", 1e9), ("us", 1e6), ("ms", 1e3), ("s", 1.0))


def time_text(seconds):
    """Three digits and a unit; a difference that noise made negative is shown as it is."""
    unit, factor = next(((u, f) for u, f in UNITS if abs(seconds) * f < 999.5), UNITS[-1])
    value = seconds * factor
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def render(header, rows):
    """Columns as wide as they must be; the first and the last are text, the rest are numbers."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        parts = [
            cell.ljust(width) if i in (0, len(row) - 1) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  " + "  ".join(parts).rstrip())
    return "\n".join(lines)


def race_rows(results, peak, shows_flops):
    """(header, rows) of a race: `results` are dicts of one contender each, ffnn's first."""
    header = ["", "median", "least", "/ ffnn", "cores"]
    if shows_flops:
        header += ["GFLOP/s", "of peak"]
    header.append("")
    ours = next((r["median"] for r in results if r["name"] == "ffnn" and "median" in r), None)
    rows = []
    for r in results:
        if "median" not in r:
            rows.append([r["name"], *[""] * (len(header) - 2), r["note"]])
            continue
        ratio = f"{r['median'] / ours:.2f}" if ours else ""
        row = [r["name"], time_text(r["median"]), time_text(r["minimum"]), ratio]
        row.append(f"{r['cores']:.2f}")
        if shows_flops:
            gflops = r["flops"] / r["median"] / 1e9
            row.append(f"{gflops:.1f}")
            row.append(f"{100 * gflops / peak:.0f} %" if peak else "")
        rows.append([*row, r["note"]])
    return header, rows
