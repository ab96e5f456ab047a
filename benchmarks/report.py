"""What races left, and what is made from it: tables, pages, README's rows, the files of figures.

results/<machine>.json is written by --save, race by race; the page and the chart beside it hold all
of them, and README the rows of FRONT. Nothing of that is ever typed.
"""

import json
from pathlib import Path

from benchmarks import contenders, machine

TREE = Path(__file__).resolve().parent.parent
FOLDER = TREE / "benchmarks" / "results"
README = TREE / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
FRONT = ("calls-tiny", "run-tiny", "run-wide", "dense-256", "clock")
SAMPLES = {"long", "short", "steps"}  # only --json keeps them
PASSING = {"date", "threads", "load before"}  # facts that may differ between races of one file
UNITS = (("ns", 1e9), ("us", 1e6), ("ms", 1e3), ("s", 1.0))
# Okabe and Ito: told apart by everyone.
COLOURS = {
    "NumPy": "#0072B2",
    "PyTorch": "#D55E00",
    "JAX": "#009E73",
    "scikit-learn": "#CC79A7",
    "ONNX Runtime": "#56B4E9",
}
BAR = 0.2  # of the distance between two races
INCHES_PER_RACE = 0.5
BUSY = 10  # programs that want a processor, in the mean of a minute: the page tells it

# ---- a table for each race -----------------------------------------------------------------------


def time_text(seconds):
    """Three digits and a unit; a difference that noise made negative is shown as it is."""
    unit, factor = next(((u, f) for u, f in UNITS if abs(seconds) * f < 999.5), UNITS[-1])
    value = seconds * factor
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def table(header, rows):
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
    shows_floor = any("of_floor" in r for r in results)
    if shows_floor:
        header.append("of floor")
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
            row.append(percent(r["of_peak"]))
        if shows_floor:
            row.append(percent(r.get("of_floor")))
        rows.append([*row, r["note"]])
    return header, rows


def is_ours(result, threads):
    return result["name"] == "ffnn" and result.get("threads") == threads


def percent(share):
    return f"{100 * share:.0f} %" if share else ""


# ---- how many times ffnn is as fast --------------------------------------------------------------


def best(race, title, threads):
    """A rival's quickest contender with that many threads or fewer; ffnn with exactly so many.

    A difference of two runs that noise made negative is no time at all.
    """
    fitting = [
        c
        for c in race["contenders"]
        if c["name"] == title
        and c["median"] > 0
        and (c["threads"] == threads if title == "ffnn" else c["threads"] <= threads)
    ]
    return min(fitting, key=lambda c: c["median"], default=None)


def settings(race):
    return sorted({c["threads"] for c in race.get("contenders", []) if c["name"] == "ffnn"})


def ratio(race, title, threads):
    """How many times ffnn is as fast, or None where that rival takes no part."""
    ours, theirs = best(race, "ffnn", threads), best(race, title, threads)
    return theirs["median"] / ours["median"] if ours and theirs else None


def ratio_text(value):
    if value is None:
        return "-"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


# ---- files of figures ----------------------------------------------------------------------------


def save(facts, races, folder=FOLDER):
    """Puts these races in the place of those of the same name; returns the file's path.

    Figures of other versions or another compiler do not stand beside them: they go.
    """
    path = folder / f"{machine.kind()}.json"
    kept = json.loads(path.read_text()) if path.exists() else {"machine": {}, "races": {}}
    if lasting(kept["machine"]) != lasting(facts):
        if kept["races"]:
            print(f"  other versions: dropped from {path.name}: {', '.join(kept['races'])}")
        kept["races"] = {}
    passing = {name: facts[name] for name in PASSING if name in facts}
    for name, race in races.items():
        kept["races"][name] = passing | without_samples(race)
    kept["machine"] = facts
    folder.mkdir(exist_ok=True)
    path.write_text(json.dumps(kept, indent=1) + "\n")
    return path


def lasting(facts):
    return {name: value for name, value in facts.items() if name not in PASSING}


def without_samples(race):
    contenders = race.get("contenders", [])
    bare = [{k: rounded(v) for k, v in c.items() if k not in SAMPLES} for c in contenders]
    return race | {"contenders": bare} if contenders else race


def rounded(value):
    return float(f"{value:.4g}") if isinstance(value, float) else value


def load(name=None, folder=FOLDER):
    """(path, figures) of a machine by name, or of the newest file; None where there is none."""
    found = [(path, json.loads(path.read_text())) for path in sorted(folder.glob("*.json"))]
    if name:
        found = [(path, kept) for path, kept in found if path.stem == name]
        if not found:
            raise SystemExit(f"--machine: there is no {folder.name}/{name}.json")
    return max(found, key=lambda pair: pair[1]["machine"]["date"], default=None)


# ---- one row a race ------------------------------------------------------------------------------


def summary(races):
    """Markdown: a row for each race; a cell has a figure for each number of threads."""
    named = {c["name"] for race in races.values() for c in race.get("contenders", [])}
    seldom = {contenders.TITLES[rival] for rival in contenders.SELDOM} - named
    titles = [t for t in contenders.TITLES.values() if t != "ffnn" and t not in seldom]
    rows, doubtful = [], False
    for name, race in races.items():
        counts = settings(race)
        if not counts:
            continue
        ours = [best(race, "ffnn", n) for n in counts]
        cells = [[time_text(c["median"]) if c else "-" for c in ours]]
        cells += [[ratio_text(ratio(race, title, n)) for n in counts] for title in titles]
        shares = [c.get("of_peak") if c else None for c in ours]
        cells.append([f"{100 * share:.0f} %" if share else "-" for share in shares])
        mark = " (?)" if race.get("doubts") else ""
        doubtful = doubtful or bool(mark)
        rows.append([f"`{name}`{mark}", race["title"], *map(joined, cells)])
    text = markdown(["race", "", "ffnn", *titles, "of peak"], rows)
    if doubtful:
        text += "\n\n(?) Other programs took the processors meanwhile: measure again."
    return text


def joined(cells):
    return cells[0] if len(set(cells)) == 1 else " / ".join(cells)


def markdown(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def where_and_when(kept):
    facts = kept["machine"]
    dates = sorted({race.get("date", facts["date"]) for race in kept["races"].values()})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    libraries = [f"{p} {facts[p]}" for p in ("torch", "jax", "scikit-learn") if p in facts]
    text = (
        f"{when}; {facts['processor']}; {facts['system']}; ffnn {facts['ffnn']}; "
        f"NumPy {facts['NumPy']}; {', '.join(libraries)}."
    )
    load = max((float(race.get("load before", 0)) for race in kept["races"].values()), default=0)
    if load > BUSY:
        text += f" Shared: up to {load:.0f} programs wanted a processor before a race."
    return text


LEGEND = (
    "Medians, for as many steps at a time as a clock needs; two figures are for 1 / 2 threads. The "
    "columns of rivals say how many times ffnn is as fast, a rival's quickest way and number of "
    "threads counting; below 1 it is slower. The share is that of the multiply-add peak measured "
    "in the same rounds."
)


# ---- the chart: for each race a bar for each rival, on a logarithmic scale -----------------------


def bars(kept):
    """[(race, {rival: ratio})] with as many threads as there are, from above to below."""
    found = []
    for name, race in kept["races"].items():
        counts = settings(race)
        if not counts:
            continue
        of_rivals = {
            title: value
            for title in contenders.TITLES.values()
            if title != "ffnn" and (value := ratio(race, title, counts[-1]))
        }
        if of_rivals:
            found.append((name + " (?)" * bool(race.get("doubts")), of_rivals))
    return found


def draw(kept, path):
    """Leaves the picture at `path`: .svg or .png, the same bytes for the same figures."""
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    rows = bars(kept)
    figure = Figure(figsize=(8, 1.4 + INCHES_PER_RACE * len(rows)), layout="constrained")
    ax = figure.subplots()
    for y, (_, of_rivals) in enumerate(rows):
        offset = -BAR * (len(of_rivals) - 1) / 2
        for i, (title, value) in enumerate(of_rivals.items()):
            at = y + offset + i * BAR
            ax.barh(at, value - 1, height=0.9 * BAR, left=1, color=COLOURS[title])
            text = ratio_text(value)
            side = "left" if value >= 1 else "right"
            ax.annotate(
                text, (value, at), xytext=(3 if value >= 1 else -3, 0), textcoords="offset points",
                va="center", ha=side, fontsize=7,
            )  # fmt: skip
    ax.set_xscale("log")
    ax.margins(x=0.12, y=0.01)
    ax.axvline(1, color="black", linewidth=1)
    ax.set_yticks(range(len(rows)), [name for name, _ in rows])
    ax.invert_yaxis()
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)
    ax.set_xlabel("times as fast as the rival (1: equal), with as many threads as there were")
    taking_part = [title for title in COLOURS if any(title in of_rivals for _, of_rivals in rows)]
    handles = [Patch(color=COLOURS[title], label=f"against {title}") for title in taking_part]
    columns = max(1, len(handles))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False)
    with matplotlib.rc_context({"svg.hashsalt": "ffnn", "svg.fonttype": "none"}):
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, metadata=metadata, dpi=120)


# ---- pages ---------------------------------------------------------------------------------------


def page(path, kept):
    """The .md beside the figures: the summary, then every contender."""
    parts = [f"# Races on {path.stem}", where_and_when(kept), LEGEND, summary(kept["races"])]
    parts.append(f"![Ratios]({path.stem}.svg)")
    for name, race in kept["races"].items():
        rounds = f", {race['rounds']} rounds" if "rounds" in race else ""
        parts.append(f"## {name}\n\n{race['title']}; {race.get('date', '')}{rounds}")
        if race.get("contenders"):
            rows = [*race["contenders"], *race.get("missing", [])]
            header, cells = race_rows(rows, bool(race.get("peak_gflops")))
            parts.append(markdown(header, cells))
        for part in race.get("tables", []):
            parts += [f"### {part['title']}", markdown(part["header"], part["rows"])]
        parts += [race["remark"]] if race.get("remark") else []
        parts += [f"DOUBTFUL: {doubt}." for doubt in race.get("doubts", [])]
    return "\n\n".join(parts) + "\n"


def front(path, kept):
    """What stands in README between the marks."""
    link = path.relative_to(TREE) if path.is_relative_to(TREE) else path
    page, chart = (link.with_suffix(suffix).as_posix() for suffix in (".md", ".svg"))
    rows = summary({name: kept["races"][name] for name in FRONT if name in kept["races"]})
    more = f"All races, and every contender in them, are in [{page}]({page})."
    return "\n\n".join([rows, LEGEND, where_and_when(kept), more, f"![Ratios]({chart})"])


def put_between_marks(text, content):
    """README's text with this between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end_mark, after = rest.partition(END)
    if not mark or not end_mark:
        raise SystemExit(f"README.md has no {BEGIN} ... {END}")
    inside = f"\n{content}\n" if content else "\n"
    return before + BEGIN + inside + END + after


def write(name=None, folder=FOLDER, readme=README):
    """The page and the chart of one machine, the newest by default, and its rows in README.

    README stays as it is where the machine has not run all races of FRONT, or where it is None.
    """
    found = load(name, folder)
    if found is None:
        raise SystemExit(f"no results in {folder}: make bench")
    path, kept = found
    path.with_suffix(".md").write_text(page(path, kept))
    print(f"written: {path.with_suffix('.md')}")
    try:
        draw(kept, path.with_suffix(".svg"))
        print(f"written: {path.with_suffix('.svg')}")
    except ImportError as error:
        print(f"no chart: {error}; pip install '.[bench]' brings what draws it")
    if doubted := [race for race, figures in kept["races"].items() if figures.get("doubts")]:
        print(f"measure again, for other programs took the processors: {', '.join(doubted)}")
    if readme is None:
        return
    if lacking := [race for race in FRONT if race not in kept["races"]]:
        print(f"not written: {readme}, for {path.name} has no {', '.join(lacking)}")
        return
    readme.write_text(put_between_marks(readme.read_text(), front(path, kept)))
    print(f"written: {readme}")
