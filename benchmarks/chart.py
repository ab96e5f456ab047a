"""The ratios as a picture: for each race a bar for each rival, on a logarithmic scale."""

import matplotlib

matplotlib.use("Agg")
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402

from benchmarks import ratios, rivals  # noqa: E402

# Okabe and Ito: told apart by everyone.
COLOURS = {
    "NumPy": "#0072B2",
    "PyTorch": "#D55E00",
    "JAX": "#009E73",
    "scikit-learn": "#CC79A7",
}
BAR = 0.2  # of the distance between two races
INCHES_PER_RACE = 0.5


def bars(kept):
    """[(race, {rival: ratio})] with as many threads as there are, from above to below."""
    found = []
    for name, race in kept["races"].items():
        counts = ratios.settings(race)
        if not counts:
            continue
        of_rivals = {
            title: value
            for title in rivals.TITLES.values()
            if title != "ffnn" and (value := ratios.ratio(race, title, counts[-1]))
        }
        if of_rivals:
            found.append((name + " (?)" * bool(race.get("doubts")), of_rivals))
    return found


def draw(kept, path):
    """Leaves the picture at `path`: .svg or .png, the same bytes for the same figures."""
    rows = bars(kept)
    figure = Figure(figsize=(8, 1.4 + INCHES_PER_RACE * len(rows)), layout="constrained")
    ax = figure.subplots()
    for y, (_, of_rivals) in enumerate(rows):
        offset = -BAR * (len(of_rivals) - 1) / 2
        for i, (title, value) in enumerate(of_rivals.items()):
            at = y + offset + i * BAR
            ax.barh(at, value - 1, height=0.9 * BAR, left=1, color=COLOURS[title])
            text = ratios.ratio_text(value)
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
    taking_part = [title for title in COLOURS if any(title in ratios for _, ratios in rows)]
    handles = [Patch(color=COLOURS[title], label=f"against {title}") for title in taking_part]
    columns = max(1, len(handles))
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False)
    with matplotlib.rc_context({"svg.hashsalt": "ffnn", "svg.fonttype": "none"}):
        metadata = {"Date": None} if path.suffix == ".svg" else {}
        figure.savefig(path, metadata=metadata, dpi=120)
