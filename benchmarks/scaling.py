"""How time and memory grow with examples, width, depth and threads

Every figure is from a process of its own, so that no memory is there which another left behind, and
the processes of one table take turns.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from benchmarks import contenders, report, sampling
from benchmarks.races import Net

TREE = Path(__file__).resolve().parent.parent
EXAMPLES = (1_000, 10_000, 100_000, 1_000_000)
IMAGES = (1_000, 10_000, 60_000)
WIDTHS = (16, 64, 256, 1024)
DEPTHS = (2, 5, 10, 20, 50)
SMALL, DENSE = (5, 4, 3, 1), (784, 512, 256, 10)
NETS = ((SMALL, 400), ((64, 32, 16, 1), 1000), (DENSE, 64), (DENSE, 256), (DENSE, 1024))
AT_LEAST = 0.02
TURNS, SAMPLES = 3, 5
STATUS = Path("/proc/self/status")


# ---- one figure, in a process of its own ---------------------------------------------------------


def resident(field):
    """Bytes of a line of /proc/self/status, or None where there is no such file."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))


def memory_of(contender):
    """How far the process grew in three steps, at its widest."""
    before = resident("VmRSS:")
    if before is None:
        return None
    Path("/proc/self/clear_refs").write_text("5")  # the greatest so far is what there is now
    contender.reset()
    contender.work(3)
    return max(0, resident("VmHWM:") - before)


def child(rival, kind, dims, m, dtype, count, timed):
    """Prints {"seconds": [for a step], "memory": bytes}; its process is confined already."""
    net = Net(tuple(dims), m, dtype, learning_rate=0.01)
    assert net.X.size and net.Y.size and net.start  # made now, not within what is measured
    contender = contenders.contenders(rival, kind, net)[0]
    limits = sampling.set_counts(count)
    memory, seconds = memory_of(contender), []
    if timed:
        timing = sampling.Timing(sampling.calibrate(contender, AT_LEAST))
        for _ in range(SAMPLES):
            timing.add(sampling.sample(contender, timing.steps))
        seconds = [(a - b) / timing.steps for a, b in zip(timing.long, timing.short)]
    del limits
    print(json.dumps({"seconds": seconds, "memory": memory}))


START = """
import json, sys
from benchmarks import processes
arguments = json.loads(sys.argv[1])
processes.confine(arguments[5])
from benchmarks import scaling
scaling.child(*arguments)
"""


def ask(*arguments):
    command = [sys.executable, "-c", START, json.dumps(arguments)]
    run = subprocess.run(command, cwd=TREE, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"scaling {arguments}: {run.stderr.strip().splitlines()[-1:]}")
    return json.loads(run.stdout)


# ---- tables --------------------------------------------------------------------------------------


def figures(jobs, turns):
    """{job: (median seconds, least seconds, memory)}; a job is child's arguments but the last."""
    found = {job: {"seconds": [], "memory": []} for job in jobs}
    for _ in range(turns):
        for job, kept in found.items():
            answer = ask(*job, True)
            kept["seconds"] += answer["seconds"]
            kept["memory"] += [answer["memory"]] if answer["memory"] is not None else []
    return {
        job: (median(kept["seconds"]), min(kept["seconds"]), max(kept["memory"], default=None))
        for job, kept in found.items()
    }


def memory_text(size):
    return "" if size is None else f"{size / 2**20:.1f} MiB"


def examples(dims, sizes, dtype, turns):
    """Time for an example, and memory beyond X, Y and the parameters; NumPy's beside it."""
    jobs = {
        (kind, m): ("ffnn", kind, dims, m, dtype, 1) for m in sizes for kind in ("calls", "plain")
    }
    found = figures(jobs.values(), turns)
    rows = []
    for m in sizes:
        row = [f"{m:,}"]
        for kind in ("calls", "plain"):
            middle, least, memory = found[jobs[kind, m]]
            row += [report.time_text(middle), report.time_text(least / m), memory_text(memory)]
        theirs = ask("numpy", "calls", dims, m, dtype, 1, False)["memory"]
        rows.append([*row, memory_text(theirs), ""])
    per = ["least, an example", "memory"]
    header = ["examples", "four calls", *per, "iteration", *per, "memory of NumPy's calls", ""]
    return part(f"Examples: {name(dims)}, {dtype}, one thread", header, rows)


def growth(title, what, nets, turns, share):
    """Time of both kinds, and of one of its equal parts, for nets that grow in one way."""
    jobs = {
        (kind, size): ("ffnn", kind, dims, m, "float32", 1)
        for size, dims, m in nets
        for kind in ("calls", "plain")
    }
    found = figures(jobs.values(), turns)
    rows = []
    for size, dims, m in nets:
        row = [size]
        for kind in ("calls", "plain"):
            middle, least, _ = found[jobs[kind, size]]
            row += [report.time_text(middle), report.time_text(least / share(dims, m))]
        rows.append([*row, ""])
    header = [what[0], "four calls", what[1], "iteration", what[1], ""]
    return part(title, header, rows)


def million_products(dims, m):
    return m * sum(a * b for a, b in zip(dims, dims[1:])) / 1e6


def two_threads(counts, turns):
    jobs = {
        (net, count): ("ffnn", "plain", *net, "float32", count) for net in NETS for count in counts
    }
    found = figures(jobs.values(), turns)
    rows = []
    for dims, m in NETS:
        times = [found[jobs[(dims, m), count]][:2] for count in counts]
        gain = f"{times[0][1] / times[-1][1]:.2f}"
        middles = [report.time_text(middle) for middle, _ in times]
        flops = 6 * million_products(dims, m) - 2 * million_products(dims[:2], m)  # no dA0
        rows.append([f"{name(dims)}, m = {m}", f"{flops:.2f}", *middles, gain, ""])
    header = ["an iteration of", "MFLOP"]
    header += [f"{count} thread{'s' * (count > 1)}" for count in counts]
    return part("Threads, float32", [*header, "least / least", ""], rows)


def name(dims):
    return "-".join(map(str, dims))


def part(title, header, rows):
    print(f"  {title}\n{report.table(header, rows)}", flush=True)
    return {"title": title, "header": header, "rows": rows}


def run(_, options):
    turns = min(TURNS, options.rounds)
    wide = [(w, (w, w, w, 10), 256) for w in WIDTHS]
    deep = [(d, (64,) * d + (1,), 256) for d in DEPTHS]
    return {
        "tables": [
            examples(SMALL, EXAMPLES, "float64", turns),
            examples(DENSE, IMAGES, "float32", turns),
            growth("Width: n-n-n-10, m = 256, float32, one thread", ("n", "per million products"),
                   wide, turns, million_products),
            growth("Depth: 64 wide, m = 256, float32, one thread", ("layers", "a layer"),
                   deep, turns, lambda dims, m: len(dims) - 1),
            two_threads(options.threads, turns),
        ]
    }  # fmt: skip
