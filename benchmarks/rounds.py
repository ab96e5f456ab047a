"""How a contender is timed.

A contender has `reset()`, which is never timed, `work(n)`, which does n steps from there, and
`by_difference`: then a sample is a long run less a short one, which leaves the iterations alone.
The short one is as long as it takes until a run changes its way no more.
"""

import time
from dataclasses import dataclass, field
from statistics import median

SHORT_RUN = 2
FEWEST_ITERATIONS = 6  # of difference: the set-up of both runs must not drown them
TRIALS = 5
WARMS_ITSELF = 0.3  # seconds: a sample that lasts longer needs no step before it


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


def seconds(contender, n):
    """Wall-clock and processor seconds of n steps from the start."""
    contender.reset()
    cpu, wall = time.process_time(), time.perf_counter()
    contender.work(n)
    wall = time.perf_counter() - wall
    return wall, time.process_time() - cpu


def quickest(contenders):
    """The one of several ways to the same result that takes least time here."""

    def best(contender):
        n = 1
        while seconds(contender, n)[0] < 0.002:
            n *= 4
        return min(seconds(contender, n)[0] for _ in range(TRIALS)) / n

    return min(contenders, key=best)


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
