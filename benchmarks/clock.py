"""A user's clock: from the start of a process to a net that reads 97 % of the digits.

Each rival has its usual recipe (recipes/), and imports and compilations count, since users wait for
them. A seed is a process; in each round everybody trains once, from the round's seed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks import rivals, table

RECIPES = Path(__file__).with_name("recipes")
TREE = RECIPES.parent.parent
DIGITS = TREE / "ffnn" / "data" / "digits.npz"
SEEDS = 5


def child(rival, seed, threads):
    """(seconds, accuracy, epochs) of one process, confined to so many processors."""
    environment = os.environ | {"PYTHONPATH": str(TREE), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", START, str(threads), str(RECIPES / f"with_{rival}.py")]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(DIGITS), str(seed)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    line = process.stdout.readline()
    seconds = time.perf_counter() - start  # its end is nobody's concern
    _, errors = process.communicate()
    words = line.split()
    if process.returncode or not words or words[0] != "trained":
        raise RuntimeError(f"{rival}: {(errors.strip() or line).splitlines()[-1:]}")
    return seconds, float(words[1]), int(words[2])


# What a user's shell would do before the script: nothing that costs time.
START = """
import runpy, sys
from benchmarks import threads
threads.confine(int(sys.argv[1]))
sys.argv = sys.argv[2:]
sys.path[0] = sys.argv[0].rpartition("/")[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def measure(options):
    """({(rival, threads): [(seconds, accuracy, epochs)]}, {rival: why not})"""
    rounds = min(SEEDS, options.rounds) if options.quick else SEEDS
    samples, missing = {}, {}
    for turn in range(-1, rounds):  # the first fills the cache of files
        for rival in options.rivals:
            for threads in options.threads if turn >= 0 else options.threads[:1]:
                if rival in missing:
                    continue
                try:
                    taken = child(rival, max(turn, 0), threads)
                except RuntimeError as error:
                    missing[rival] = absence(error)
                    continue
                if turn >= 0:
                    samples.setdefault((rival, threads), []).append(taken)
    return samples, missing


def absence(error):
    return "not installed" if "No module named" in str(error) else str(error)


def race(options):
    samples, missing = measure(options)
    contenders, rows = [], []
    for (rival, threads), runs in sorted(samples.items(), key=lambda item: item[0][1]):
        seconds, scores, epochs = map(list, zip(*runs))
        note = f"{median(epochs):g} epochs, {100 * median(scores):.1f} % right"
        contenders.append(
            {
                "name": rivals.TITLES[rival], "note": note, "threads": threads,
                "median": median(seconds), "minimum": min(seconds), "cores": None, "of_peak": None,
                "long": seconds, "scores": scores, "epochs": epochs,
            }
        )  # fmt: skip
    rows = [{"name": rivals.TITLES[rival], "note": why} for rival, why in missing.items()]
    print(table.render(*table.race_rows([*contenders, *rows], False)))
    return {"contenders": contenders, "missing": rows}
