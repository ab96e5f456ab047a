"""What races left: a file of figures for each kind of machine, and what is made from it.

results/<machine>.json is written by --save, race by race; the .md and the .svg beside it and the
table in README by `python -m benchmarks --readme`. Nothing of that is ever typed.
"""

import json
from pathlib import Path

from benchmarks import machine, rivals, table
from benchmarks.ratios import best, ratio, ratio_text, settings

TREE = Path(__file__).resolve().parent.parent
FOLDER = TREE / "benchmarks" / "results"
README = TREE / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
SAMPLES = {"long", "short", "steps"}  # only --json keeps them
PASSING = {"date", "threads", "load before"}  # facts that may differ between races of one file


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


def summary(kept):
    """Markdown: a row for each race; a cell has a figure for each number of threads."""
    titles = [title for title in rivals.TITLES.values() if title != "ffnn"]
    rows, doubtful = [], False
    for name, race in kept["races"].items():
        counts = settings(race)
        if not counts:
            continue
        ours = [best(race, "ffnn", n) for n in counts]
        cells = [[table.time_text(c["median"]) if c else "-" for c in ours]]
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
    return (
        f"{when}; {facts['processor']}; {facts['system']}; ffnn {facts['ffnn']}; "
        f"NumPy {facts['NumPy']}; {', '.join(libraries)}."
    )


LEGEND = (
    "Medians, for as many steps at a time as a clock needs; two figures are for 1 / 2 threads. The "
    "columns of rivals say how many times ffnn is as fast, a rival's quickest way and number of "
    "threads counting; below 1 it is slower. The share is that of the multiply-add peak measured "
    "in the same rounds."
)


# ---- files ---------------------------------------------------------------------------------------


def page(path, kept):
    """The .md beside the figures: the summary, then every contender."""
    parts = [f"# Races on {path.stem}", where_and_when(kept), LEGEND, summary(kept)]
    parts.append(f"![Ratios]({path.stem}.svg)")
    for name, race in kept["races"].items():
        rounds = f", {race['rounds']} rounds" if "rounds" in race else ""
        parts.append(f"## {name}\n\n{race['title']}; {race.get('date', '')}{rounds}")
        if race.get("contenders"):
            rows = [*race["contenders"], *race.get("missing", [])]
            header, cells = table.race_rows(rows, bool(race.get("peak_gflops")))
            parts.append(markdown(header, cells))
        for part in race.get("tables", []):
            parts += [f"### {part['title']}", markdown(part["header"], part["rows"])]
        parts += [race["remark"]] if race.get("remark") else []
        parts += [f"DOUBTFUL: {doubt}." for doubt in race.get("doubts", [])]
    return "\n\n".join(parts) + "\n"


def block(path, kept):
    """What stands in README between the marks."""
    link = path.relative_to(TREE) if path.is_relative_to(TREE) else path
    page, chart = (link.with_suffix(suffix).as_posix() for suffix in (".md", ".svg"))
    more = f"Every contender is in [{page}]({page})."
    return "\n\n".join([summary(kept), LEGEND, where_and_when(kept), more, f"![Ratios]({chart})"])


def render(name=None, folder=FOLDER):
    """Writes the page and the chart of one machine; returns what was written."""
    newest = load(name or machine.kind(), folder)
    path, kept = newest
    written = [path, path.with_suffix(".md")]
    written[1].write_text(page(path, kept))
    try:
        from benchmarks import chart
    except ImportError as error:
        print(f"no chart: {error}; pip install '.[bench]' brings what draws it")
        return written
    chart.draw(kept, path.with_suffix(".svg"))
    return [*written, path.with_suffix(".svg")]


def put_between_marks(text, content):
    """README's text with this between its marks."""
    before, mark, rest = text.partition(BEGIN)
    _, end_mark, after = rest.partition(END)
    if not mark or not end_mark:
        raise SystemExit(f"README.md has no {BEGIN} ... {END}")
    inside = f"\n{content}\n" if content else "\n"
    return before + BEGIN + inside + END + after


def write_readme(name=None, folder=FOLDER, readme=README):
    found = load(name, folder)
    if found is None:
        raise SystemExit(f"no results in {folder}: make bench")
    path, kept = found
    for written in render(path.stem, folder):
        print(f"written: {written}")
    if doubted := [race for race, figures in kept["races"].items() if figures.get("doubts")]:
        print(f"measure again, for other programs took the processors: {', '.join(doubted)}")
    readme.write_text(put_between_marks(readme.read_text(), block(path, kept)))
    print(f"written: {readme}")
