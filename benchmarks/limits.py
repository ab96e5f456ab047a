"""What the processor itself allows, as more contenders: its multiply-add peak, and activations.

A share of them is then a share of what the same core did in the same rounds. peak.c is compiled at
run time by the system's compiler, since what is shipped is never built with -march=native.
"""

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np

import ffnn

SOURCE = Path(__file__).with_name("peak.c")
STEPS = 10_000
PEAK, ACTIVATIONS, COPIES = "multiply-add peak", "activations", "copies"
FLAGS = "-O3 -march=native -ffp-contract=fast"


def compiled(text, flags):
    """The library of a C source; OSError says why there is none."""
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if compiler is None:
        raise OSError("there is no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.c", Path(folder) / "library.so"
        source.write_text(text)
        command = [compiler, *shlex.split(flags), "-shared", "-fPIC", source, "-o", target]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise OSError((run.stderr.strip() or f"{compiler} failed").splitlines()[0])
        return ctypes.CDLL(str(target))  # stays mapped when the file is gone


@cache
def load(real):
    """The compiled library for "float" or "double"; OSError says why there is none."""
    library = compiled(SOURCE.read_text(), f"{FLAGS} -Dreal={real}")
    number = {"float": ctypes.c_float, "double": ctypes.c_double}[real]
    library.run_chains.argtypes = [ctypes.c_long, number, number]
    library.run_chains.restype = number
    library.step_flops.restype = ctypes.c_long
    return library


class Peak:
    """Multiply-adds and nothing else, on as many threads as the others have."""

    name = PEAK
    note = ""
    by_difference = False

    def __init__(self, dtype, threads):
        self._library = load({"float32": "float", "float64": "double"}[dtype])
        self._pools = [
            ThreadPoolExecutor(1, initializer=pin, initargs=(i,)) for i in range(threads)
        ]
        self.flops = threads * STEPS * self._library.step_flops()

    def reset(self):
        pass

    def _run(self, n):
        self._library.run_chains(n * STEPS, 0.5, 0.25)  # ctypes lets go of the GIL

    def work(self, n):
        for part in [pool.submit(self._run, n) for pool in self._pools]:
            part.result()


def pin(number):
    """Keep this thread on a processor of its own: two that share one at first would not show what
    the machine can do. What is asked for is the peak; the contenders' placement is their affair."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[number]})


class Activations:
    """ffnn's activations of every layer of a net for BLOCK examples, on one thread.

    They are called by way of layers without inputs, where Z is the bias: a call and its stores are
    in the time. COPIES are the same with A = Z, so that the difference is what activations take.
    """

    BLOCK = 128
    note, by_difference, flops = "", False, 0

    def __init__(self, net, name):
        self.name = name
        of_layers = [net.hidden] * (len(net.dims) - 2) + [net.output]
        self._layers = [
            (
                np.zeros((n, 0), net.dtype),
                np.linspace(-2, 2, n, dtype=net.dtype).reshape(n, 1),
                activation if name == ACTIVATIONS else "linear",
            )
            for n, activation in zip(net.dims[1:], of_layers)
        ]
        self._X = np.zeros((0, self.BLOCK), net.dtype)

    def reset(self):
        pass

    def work(self, n):
        X, forward = self._X, ffnn.linear_activation_forward
        for _ in range(n):
            for W, b, activation in self._layers:
                forward(X, W, b, activation)


def contenders(race, threads):
    """Those that a race shows shares of; OSError where there is no compiler."""
    found = [Peak(race.net.dtype, threads)]
    if race.shows_floor:
        found += [Activations(race.net, name) for name in (ACTIVATIONS, COPIES)]
    return found


def floor(race, threads, rate, medians):
    """Seconds of a step: its products at `rate` flop/s, its activations shared by the threads."""
    blocks = race.net.m / Activations.BLOCK
    activations = blocks * (medians[ACTIVATIONS] - medians[COPIES])
    return race.net.flops(with_dA0=False) / rate + activations / threads
