"""What `import ffnn` costs beyond `import numpy`, and what the others cost: fresh processes."""

import subprocess
import sys
from statistics import median

from benchmarks import rivals, table

FEWEST_ROUNDS = 15
SLOW = {"torch", "jax", "sklearn"}  # seconds each: a third of the rounds is enough
CODE = """
import time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
{statement}
print(middle - start, time.perf_counter() - middle)
"""


def child(statement):
    """(import numpy, the statement after it), in seconds, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", CODE.format(statement=statement)],
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = run.stdout.split()
    return float(first), float(second)


def race(options):
    numpy_alone, after = [], {}
    rounds = max(FEWEST_ROUNDS, options.rounds) if not options.quick else options.rounds
    taking_part = [r for r in options.rivals if r != "numpy"]
    missing = [
        {"name": rivals.TITLES[r], "note": reason}
        for r in taking_part
        if (reason := rivals.absent(r))
    ]
    taking_part = [r for r in taking_part if not rivals.absent(r)]
    for turn in range(-1, rounds):  # the first fills the cache of files
        for rival in taking_part:
            if rival in SLOW and turn % 3 and turn >= 0:
                continue
            alone, beyond = child(f"import {rivals.MODULES[rival]}")
            if turn >= 0:
                after.setdefault(rival, []).append(beyond)
                numpy_alone.append(alone)
    rows = {"NumPy": numpy_alone}
    rows |= {rivals.TITLES[r]: samples for r, samples in after.items()}
    ours = median(after["ffnn"]) if "ffnn" in after else None
    printed = [
        [
            name,
            table.time_text(median(samples)),
            table.time_text(min(samples)),
            f"{median(samples) / ours:.1f}" if ours else "",
            len(samples),
            "by itself" if name == "NumPy" else "after import numpy",
        ]
        for name, samples in rows.items()
    ]
    printed += [[r["name"], "", "", "", "", r["note"]] for r in missing]
    print(table.render(["", "median", "least", "/ ffnn", "processes", ""], printed))
    contenders = [
        {
            "name": name,
            "note": "after import numpy",
            "threads": options.threads[0],
            "median": median(samples),
            "minimum": min(samples),
            "cores": None,
            "of_peak": None,
            "long": samples,
        }
        for name, samples in rows.items()
        if name != "NumPy"
    ]
    remark = f"NumPy by itself: {table.time_text(median(numpy_alone))}."
    return {"contenders": contenders, "missing": missing, "remark": remark}
