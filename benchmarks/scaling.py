"""How ffnn's time grows: with the examples of a small net, and with depth."""

from benchmarks import rivals, rounds, table
from benchmarks.nets import Net

EXAMPLES = (1_000, 10_000, 100_000, 1_000_000)
DEPTHS = (2, 5, 10, 20, 50)
WIDTH, DEEP_M = 64, 256
AT_LEAST = 0.02


def small(m):
    return Net((5, 4, 3, 1), m)


def deep(layers):
    return Net((WIDTH,) * layers + (1,), DEEP_M)


def measured(kind, nets, options):
    """Timings of ffnn alone, all sizes in the same rounds."""
    contenders = [rivals.contenders("ffnn", kind, net)[0] for net in nets]
    return rounds.measure(contenders, options.rounds, AT_LEAST, options.pause)


def race(options):
    pass
    kept = {}
    for what, sizes, make, unit in (
        ("examples", EXAMPLES, small, "an example"),
        ("layers", DEPTHS, deep, "a layer"),
    ):
        nets = [make(size) for size in sizes]
        columns = {kind: measured(kind, nets, options) for kind in ("calls", "run")}
        rows = []
        for i, size in enumerate(sizes):
            row = [f"{size:,} {what}"]
            for timings in columns.values():
                row += [table.time_text(timings[i].median)]
                row += [table.time_text(timings[i].median / size)]
            rows.append([*row, ""])
        header = ["", "four calls", unit, "iteration of a run", unit, ""]
        print(f"  {nets[0]} and so on")
        print(table.render(header, rows))
        kept[what] = {
            kind: {size: t.median for size, t in zip(sizes, timings)}
            for kind, timings in columns.items()
        }
    return kept
