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


def race_rows(results, shows_flops):
    """(header, rows) of a race: `results` are dicts of one contender each, or notes why not.

    A ratio is taken to ffnn with as many threads.
    """
    settings = {r["threads"] for r in results if "median" in r}
    header = ["", "threads", "median", "least", "/ ffnn", "cores"]
    if shows_flops:
        header += ["GFLOP/s", "of peak"]
    header.append("")
    ours = {n: next((r for r in results if is_ours(r, n)), None) for n in settings}
    rows = []
    for r in results:
        if "median" not in r:
            rows.append([r["name"], *[""] * (len(header) - 2), r["note"]])
            continue
        mine = ours[r["threads"]]
        ratio = f"{r['median'] / mine['median']:.2f}" if mine else ""
        row = [r["name"], r["threads"], time_text(r["median"]), time_text(r["minimum"]), ratio]
        row.append(f"{r['cores']:.2f}" if r.get("cores") else "")
        if shows_flops:
            row.append(f"{r['flops'] / r['median'] / 1e9:.1f}")
            row.append(f"{100 * r['of_peak']:.0f} %" if r["of_peak"] else "")
        rows.append([*row, r["note"]])
    return header, rows


def is_ours(result, threads):
    return result["name"] == "ffnn" and result.get("threads") == threads
