"""What users wait for in fresh processes: imports, and a net that reads 97 % of the digits.

`imports`: what `import ffnn` costs beyond `import numpy`, and what the others cost.

`clock`: from the start of a process to the trained net. Each rival has its usual recipe
(recipes.py), and imports and compilations count, since users wait for them. A seed is a process; in
each round everybody trains once, from the round's seed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import contenders, report

TREE = Path(__file__).resolve().parent.parent
DIGITS = TREE / "ffnn" / "data" / "digits.npz"
SEEDS = 5
FEWEST_ROUNDS = 15
SLOW = {"torch", "jax", "sklearn"}  # an import takes seconds: a third of the rounds is enough
# An installed package lies there compiled, and so is the tree after the first process.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

# ---- imports -------------------------------------------------------------------------------------

IMPORT = """
import time
start = time.perf_counter()
{before}
middle = time.perf_counter()
{statement}
print(middle - start, time.perf_counter() - middle)
"""


def import_seconds(statement, before="import numpy"):
    """(the statement before, the statement), in seconds, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", IMPORT.format(before=before, statement=statement)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = run.stdout.split()
    return float(first), float(second)


def run_imports(name, options):
    numpy_alone, after = [], {}
    rounds = max(FEWEST_ROUNDS, options.rounds) if not options.quick else options.rounds
    taking_part = [r for r in options.rivals if r != "numpy"]
    missing = [
        {"name": contenders.TITLES[r], "note": reason}
        for r in taking_part
        if (reason := contenders.absent(r))
    ]
    taking_part = [r for r in taking_part if not contenders.absent(r)]
    for turn in range(-1, rounds):  # the first fills the cache of files
        for rival in taking_part:
            if rival in SLOW and turn % 3 and turn >= 0:
                continue
            alone, beyond = import_seconds(f"import {contenders.MODULES[rival]}")
            if turn >= 0:
                after.setdefault(rival, []).append(beyond)
                numpy_alone.append(alone)
    rows = {"NumPy": numpy_alone}
    rows |= {contenders.TITLES[r]: samples for r, samples in after.items()}
    ours = median(after["ffnn"]) if "ffnn" in after else None
    printed = [
        [
            name,
            report.time_text(median(samples)),
            report.time_text(min(samples)),
            f"{median(samples) / ours:.1f}" if ours else "",
            len(samples),
            "by itself" if name == "NumPy" else "after import numpy",
        ]
        for name, samples in rows.items()
    ]
    printed += [[r["name"], "", "", "", "", r["note"]] for r in missing]
    print(report.table(["", "median", "least", "/ ffnn", "processes", ""], printed))
    kept = [
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
    remark = f"NumPy by itself: {report.time_text(median(numpy_alone))}."
    return {"contenders": kept, "missing": missing, "remark": remark}


def run_estimator_imports(name, options):
    if reason := contenders.absent("sklearn"):
        print(f"  scikit-learn: {reason}")
        return {"missing": [{"name": "scikit-learn", "note": reason}]}
    rounds = options.rounds
    samples = [
        import_seconds("import ffnn; ffnn.MLPClassifier", before="import sklearn.neural_network")
        for _ in range(rounds + 1)  # the first fills the cache of files
    ][1:]
    notes = "import sklearn.neural_network", "ffnn.MLPClassifier after it"
    kept = [
        {
            "name": title, "note": note, "threads": options.threads[0], "median": median(times),
            "minimum": min(times), "cores": None, "of_peak": None, "long": list(times),
        }
        for title, note, times in zip(("scikit-learn", "ffnn"), notes, zip(*samples))
    ]  # fmt: skip
    print(report.table(*report.race_rows(kept, False)))
    return {"contenders": kept, "missing": []}


# ---- the clock ----------------------------------------------------------------------------------


def train_once(rival, seed, threads):
    """(seconds, accuracy, epochs) of one process, confined to so many processors."""
    environment = ENVIRONMENT | {"PYTHONPATH": str(TREE), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", START, str(threads), rival, str(DIGITS), str(seed)]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line = process.stdout.readline()
    seconds = time.perf_counter() - start  # its end is nobody's concern
    _, errors = process.communicate()
    words = line.split()
    if process.returncode or not words or words[0] != "trained":
        raise RuntimeError(f"{rival}: {(errors.strip() or line).splitlines()[-1:]}")
    return seconds, float(words[1]), int(words[2])


# What a user's shell and script would do: nothing else that costs time.
START = """
import sys
from benchmarks import processes
processes.confine(int(sys.argv[1]))
from benchmarks import recipes
getattr(recipes, "with_" + sys.argv[2])(sys.argv[3], int(sys.argv[4]))
"""


def clock_samples(options):
    """({(rival, threads): [(seconds, accuracy, epochs)]}, {rival: why not})"""
    rounds = min(SEEDS, options.rounds) if options.quick else SEEDS
    samples, missing = {}, {}
    for turn in range(-1, rounds):  # the first fills the cache of files
        for rival in options.rivals:
            for threads in options.threads if turn >= 0 else options.threads[:1]:
                if rival in missing:
                    continue
                try:
                    taken = train_once(rival, max(turn, 0), threads)
                except RuntimeError as error:
                    missing[rival] = absence(error)
                    continue
                if turn >= 0:
                    samples.setdefault((rival, threads), []).append(taken)
    return samples, missing


def absence(error):
    return "not installed" if "No module named" in str(error) else str(error)


def run_clock(name, options):
    samples, missing = clock_samples(options)
    kept = []
    for (rival, threads), runs in sorted(samples.items(), key=lambda item: item[0][1]):
        seconds, scores, epochs = map(list, zip(*runs))
        note = f"{median(epochs):g} epochs, {100 * median(scores):.1f} % right"
        kept.append(
            {
                "name": contenders.TITLES[rival], "note": note, "threads": threads,
                "median": median(seconds), "minimum": min(seconds), "cores": None, "of_peak": None,
                "long": seconds, "scores": scores, "epochs": epochs,
            }
        )  # fmt: skip
    absent = [{"name": contenders.TITLES[rival], "note": why} for rival, why in missing.items()]
    print(report.table(*report.race_rows([*kept, *absent], False)))
    return {"contenders": kept, "missing": absent}
