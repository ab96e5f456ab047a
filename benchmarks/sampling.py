"""How a contender is timed, in the process of its rival.

A contender has `reset()`, which is never timed, `work(n)`, which does n steps from there, and
`by_difference`: then a sample is a long run less a short one, which leaves the iterations alone.
The short one is as long as it takes until a run changes its way no more.
"""

import gc
import sys
import warnings
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from benchmarks import contenders, limits, machine
from benchmarks.contenders import seconds
from benchmarks.races import KINDS, RACES

SHORT_RUN = 2
FEWEST_ITERATIONS = 6  # of difference: the set-up of both runs must not drown them
WARMS_ITSELF = 0.3  # seconds: a sample that lasts longer needs no step before it
LIMITS = "limits"  # the rival of this name is the processor itself

# ---- one contender -------------------------------------------------------------------------------


@dataclass
class Timing:
    """Samples of one contender, in seconds."""

    steps: int  # in a sample, beyond those of the short run
    long: list = field(default_factory=list)
    short: list = field(default_factory=list)
    cores: list = field(default_factory=list)

    def add(self, sample):
        for samples, value in zip((self.long, self.short, self.cores), sample):
            samples.append(value)

    @property
    def median(self):
        """Seconds for one step. A long and a short run are neighbours, so that a slow minute, which
        would tell on one of two medians alone, takes no part in their difference."""
        return median(long - short for long, short in zip(self.long, self.short)) / self.steps

    @property
    def minimum(self):
        return (min(self.long) - min(self.short)) / self.steps

    @property
    def cores_used(self):
        """Processor time over wall-clock time: more than the threads agreed on is foul play."""
        return median(self.cores)


def calibrate(contender, at_least, short_run=SHORT_RUN):
    """The steps of a sample that lasts so long; warms up on the way."""
    base = short_run if contender.by_difference else 0
    n = FEWEST_ITERATIONS if base else 1
    taken = seconds(contender, base + n)[0]
    if not base and taken > WARMS_ITSELF:
        return n
    while True:
        # The lesser of two: a moment without the processor must not pass for work.
        taken = min(seconds(contender, base + n)[0] for _ in range(2))
        if base:
            taken -= min(seconds(contender, base)[0] for _ in range(2))
        if taken >= at_least:
            return n
        n = max(n + 1, min(4 * n, int(1.2 * n * at_least / max(taken, 1e-9)) + 1))


def sample(contender, steps, short_run=SHORT_RUN):
    """(long, short, cores) of one sample."""
    if contender.by_difference:
        short, _ = seconds(contender, short_run)
        long, cpu = seconds(contender, short_run + steps)
        return long, short, cpu / long
    if steps > 1:  # else it is long enough not to notice
        seconds(contender, 1)  # its own data and code back in the caches
    long, cpu = seconds(contender, steps)
    return long, 0.0, cpu / long


# ---- one rival, in its process -------------------------------------------------------------------


def set_counts(count):
    """After the imports, for what has a function; returns what keeps the limits in force."""
    import ffnn

    ffnn.set_num_threads(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return None  # the variables were read at import
    return threadpool_limits(limits=count)


class Contenders:
    """Those of one rival under one number of threads; Worker of processes.py calls the methods."""

    def __init__(self, rival, count):
        warnings.simplefilter("ignore")  # a rival's log(0) is its own affair
        self._rival, self._threads = rival, count
        self._absent = None if rival == LIMITS else contenders.absent(rival)
        self._limits = set_counts(count)  # after the import: it must see the rival's BLAS
        self._ready = []

    def blas(self):
        return machine.blas()

    def prepare(self, name):
        """(contenders, those left out) as dicts; the first are ready to be timed."""
        race = RACES[name]
        self._settled = race.net.settled
        missing = []
        if self._rival == LIMITS:
            try:
                self._ready = limits.contenders(race, self._threads)
            except OSError as error:
                missing.append({"name": limits.PEAK, "note": str(error)})
        elif self._absent:
            missing.append({"name": contenders.TITLES[self._rival], "note": self._absent})
        else:
            self._ready, missing = checked(self._rival, race)
        self._limits = set_counts(self._threads)  # what came in since has its own idea
        # With big libraries in the process a full collection takes long, and would hit anybody.
        gc.collect()
        gc.freeze()
        facts = ("name", "note", "flops", "by_difference")
        return [{fact: getattr(c, fact) for fact in facts} for c in self._ready], missing

    def calibrate(self, index, at_least):
        return calibrate(self._ready[index], at_least, self._settled)

    def sample(self, index, steps):
        return sample(self._ready[index], steps, self._settled)

    def release(self):
        self._ready = []
        gc.unfreeze()
        gc.collect()


def checked(rival, race):
    """Contenders that compute what ffnn computes, and rows for the others."""
    ours = contenders.contenders("ffnn", race.kind, race.net)
    if rival == "ffnn":
        return list(ours), []
    theirs = list(contenders.contenders(rival, race.kind, race.net))
    if not theirs:
        return [], []
    steps = KINDS[race.kind].compared
    expected = after_some_steps(next(iter(ours)), steps)
    ready, missing = [], []
    for contender in theirs:
        wrong = disagreement(contender, expected, race.net.start, steps)
        if wrong <= race.agreement:
            ready.append(contender)
        else:
            note = f"left out: results differ by {wrong:.1e} of their change"
            missing.append({"name": contender.name, "note": note})
    return ready, missing


def after_some_steps(contender, steps=3):
    contender = getattr(contender, "iterations", contender)
    contender.reset()
    contender.work(steps)
    return {name: np.array(value) for name, value in contender.parameters().items()}


def disagreement(contender, expected, start, steps=3):
    """The worst difference of a result from ffnn's, as a share of its change in these steps.

    In the root of the sum of squares: a Z that rounds to the other side of relu's corner, as
    happens once in some hundred thousand float32, changes one row, and is no other computation.
    Every result is compared, but for dA0 where the contender has none.
    """
    mine = after_some_steps(contender, steps)
    worst = 0.0
    for name, ours in expected.items():
        if name == "dA0" and name not in mine:
            continue
        if name not in mine or np.shape(mine[name]) != ours.shape:
            return np.inf
        difference = np.linalg.norm(mine[name] - ours)
        worst = np.fmax(worst, difference / np.linalg.norm(ours - start.get(name, 0)))
        if np.isnan(difference):
            return np.inf
    return worst
