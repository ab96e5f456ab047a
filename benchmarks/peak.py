"""The multiply-add peak of this machine, as one more contender: a share of it is then a share of
what the same core did in the same rounds. peak.c is compiled at run time by the system's compiler,
since what is shipped is never built with -march=native."""

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from benchmarks import rivals

SOURCE = Path(__file__).with_name("peak.c")
STEPS = 10_000
FLAGS = "-O3 -march=native -ffp-contract=fast -shared -fPIC"


@cache
def load(real):
    """The compiled library for "float" or "double"; OSError says why there is none."""
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if compiler is None:
        raise OSError("there is no C compiler")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"peak-{real}.so"
        command = [compiler, *shlex.split(FLAGS), f"-Dreal={real}", str(SOURCE), "-o", str(target)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise OSError((run.stderr.strip() or f"{compiler} failed").splitlines()[0])
        library = ctypes.CDLL(str(target))  # stays mapped when the file is gone
    number = {"float": ctypes.c_float, "double": ctypes.c_double}[real]
    library.run_chains.argtypes = [ctypes.c_long, number, number]
    library.run_chains.restype = number
    library.step_flops.restype = ctypes.c_long
    return library


class Peak:
    """Multiply-adds and nothing else, on as many threads as the others have."""

    name = rivals.PEAK
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
