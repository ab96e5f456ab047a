"""Instructions of ffnn's own code in the races of the smallest nets, counted by valgrind.

    python -m benchmarks.instructions           counts, beside those kept
    python -m benchmarks.instructions --save    keeps them in benchmarks/instructions.json
    python -m benchmarks.instructions --check   fails where one is 3 % off

The nets are too small for a clock in a noisy machine, but their instructions repeat to the digit.
What Python and NumPy do beside is not counted. valgrind knows AVX2 at most. Another compiler makes
other code, and so do another Python's macros: counts are compared only where GCC's major version
and Python's minor one are those of the counts kept.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

import ffnn
from benchmarks.races import MOONS, SMALL, TINY

KEPT = Path(__file__).with_name("instructions.json")
ALLOWED = 0.03
BOUNDARY = "get_num_threads"  # of two works: valgrind begins a new file where this is called
CALLS = 500


def four_calls(net):
    """Name to work, called again and again."""
    parameters = ffnn.L_layer_model(net.X, net.Y, list(net.dims), num_iterations=1)[0]
    AL, caches = ffnn.L_model_forward(net.X, parameters)
    grads = ffnn.L_model_backward(AL, net.Y, caches)
    return {
        "L_model_forward": lambda: ffnn.L_model_forward(net.X, parameters),
        "compute_cost": lambda: ffnn.compute_cost(AL, net.Y),
        "L_model_backward": lambda: ffnn.L_model_backward(AL, net.Y, caches),
        "update_parameters": lambda: ffnn.update_parameters(parameters, grads, 0.0075),
    }


def works():
    """(name, work, how often it is counted), each with its own warm-up."""
    for race, net in (("tiny", TINY), ("small", SMALL)):
        for name, call in four_calls(net).items():
            call()
            yield f"calls-{race} {name}", lambda call=call: [call() for _ in range(CALLS)], CALLS
        gradients = partial(
            ffnn.cost_and_gradients, net.X, net.Y, net.start,
            hidden_activation=net.hidden, output_activation=net.output,
        )  # fmt: skip
        gradients()
        yield f"gradients-{race}", lambda call=gradients: [call() for _ in range(CALLS)], CALLS
        run = ffnn._ffnn.Trainer(
            "run", net.X, net.Y, list(net.dims), learning_rate=net.learning_rate
        )
        run.set(net.start)
        run.run(2)
        yield f"run-{race} iteration", lambda run=run: run.run(CALLS), CALLS
    bits = np.random.MT19937(3)
    epochs = ffnn._ffnn.Trainer(
        "epoch", MOONS.X, MOONS.Y, list(MOONS.dims), learning_rate=MOONS.learning_rate,
        hidden_activation=MOONS.hidden, optimizer="adam", bit_generator=bits,
    )  # fmt: skip
    epochs.set(MOONS.start)
    epochs.shuffled(1, MOONS.batch)
    yield "moons epoch", lambda: epochs.shuffled(20, MOONS.batch), 20


def run_all():
    """What valgrind watches: a boundary before and after each work; their names are printed."""
    for name, work, times in works():
        ffnn.get_num_threads()
        work()
        ffnn.get_num_threads()
        print(json.dumps([name, times]))


def own_instructions(path):
    """Those that a file of callgrind's counts in ffnn's object, callees elsewhere left out."""
    name_of, total, is_own, is_callee = {}, 0, False, False
    for line in path.read_text().splitlines():
        if entry := re.match(r"ob=(\(\d+\))(?: (.*))?", line):
            if entry[2]:
                name_of[entry[1]] = entry[2]
            is_own = Path(name_of[entry[1]]).name.startswith("_ffnn.")
        elif entry := re.match(r"cob=(\(\d+\)) (.*)", line):
            name_of[entry[1]] = entry[2]
        elif line.startswith("calls="):
            is_callee = True  # the next line holds the callee's cost
        elif re.match(r"[+\-*\d]", line):
            total += int(line.split()[1]) if is_own and not is_callee else 0
            is_callee = False
    return total


def count():
    """Name to instructions of one call, iteration or epoch."""
    variables = {"FFNN_ISA": "avx2", "FFNN_NUM_THREADS": "1", "PYTHONHASHSEED": "0",
                 "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind", "--tool=callgrind", f"--dump-before={BOUNDARY}",
            f"--callgrind-out-file={folder}/counts",
            sys.executable, "-m", "benchmarks.instructions", "--watched",
        ]  # fmt: skip
        run = subprocess.run(command, capture_output=True, text=True, env=os.environ | variables)
        if run.returncode:
            raise SystemExit(f"valgrind failed:\n{run.stderr}")
        works = [json.loads(line) for line in run.stdout.splitlines()]
        # The first file is what went before; then a work and what lies between two, in turn.
        files = [Path(folder, f"counts.{i}") for i in range(2, 2 * len(works) + 1, 2)]
        return {
            name: round(own_instructions(file) / times, 1)
            for (name, times), file in zip(works, files, strict=True)
        }


def compiled_by():
    compiler = re.match(r"\w+ \d+", ffnn._ffnn.config()["compiler"])[0]
    return f"{compiler}, Python {sys.version_info.major}.{sys.version_info.minor}"


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--save", action="store_true")
    mode.add_argument("--check", action="store_true")
    mode.add_argument("--watched", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.watched:
        return run_all()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"counts": {}}
    made = compiled_by()
    if chosen.check and kept["made by"] != made:
        print(f"NOT TESTED: instruction counts: kept of {kept['made by']}, this is {made}")
        return None
    counts = count()
    off = []
    for name, value in counts.items():
        before = kept["counts"].get(name)
        change = f"{value / before - 1:+8.2%}" if before else "     new"
        print(f"{name:32}{value:12.1f}{change}")
        if before is None or abs(value / before - 1) > ALLOWED:
            off.append(name)
    if chosen.save:
        KEPT.write_text(json.dumps({"made by": made, "counts": counts}, indent=2) + "\n")
    if chosen.check and (off or kept["counts"].keys() - counts.keys()):
        raise SystemExit(
            f"not within {ALLOWED:.0%} of {KEPT.name}: {', '.join(off) or 'a work is missing'}; "
            "where that is meant: python -m benchmarks.instructions --save"
        )
    return None


if __name__ == "__main__":
    main()
