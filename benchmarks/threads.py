"""Holding every contender to the same number of threads.

A process is confined to that many processors before NumPy, torch and XLA are imported: XLA's pool
knows no other setting that can be trusted (it counts the processors it may run on), and what the
operating system enforces needs no good will. The counts are set as well, or two threads of a
library that has not looked would take turns on one processor. The column "cores" shows what came
of it. Without sched_setaffinity (macOS) the counts alone rule.
"""

import os

VARIABLES = """
    FFNN_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS BLIS_NUM_THREADS VECLIB_MAXIMUM_THREADS
    OMP_NUM_THREADS NPROC
""".split()


def available():
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def confine(count):
    """Before anything is imported. SystemExit where there are fewer processors."""
    for name in VARIABLES:
        os.environ[name] = str(count)
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < count:
        raise SystemExit(f"--threads {count}: this process may use {len(allowed)} processor(s)")
    # The last ones: interrupts and whatever else runs tend to be on the first.
    os.sched_setaffinity(0, allowed[-count:])


def set_counts(count):
    """After the imports, for what has a function; returns what keeps the limits in force."""
    import sys

    import ffnn

    ffnn.set_num_threads(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return None  # the variables were read at import
    return threadpool_limits(limits=count)
