"""What one rival does in a race, in a process of its own: get ready, be checked, take samples."""

import gc
import warnings

import numpy as np

from benchmarks import machine, races, rivals, rounds, threads
from benchmarks.peak import Peak

STEPS_COMPARED = 3


class Party:
    """The contenders of one rival under one number of threads."""

    def __init__(self, rival, count):
        warnings.simplefilter("ignore")  # a rival's log(0) is its own affair
        self._rival, self._threads = rival, count
        self._absent = None if rival == "peak" else rivals.absent(rival)
        self._limits = threads.set_counts(count)  # after the import: it must see the rival's BLAS
        self._contenders = []

    def blas(self):
        return machine.blas()

    def prepare(self, name):
        """(contenders, those left out) as dicts; the first are ready to be timed."""
        race = races.RACES[name]
        self._settled = race.net.settled
        missing = []
        if self._rival == "peak":
            try:
                self._contenders = [Peak(race.net.dtype, self._threads)]
            except OSError as error:
                missing.append({"name": Peak.name, "note": str(error)})
        elif self._absent:
            missing.append({"name": rivals.TITLES[self._rival], "note": self._absent})
        else:
            self._contenders, missing = checked(self._rival, race)
        self._limits = threads.set_counts(self._threads)  # what came in since has its own idea
        # With big libraries in the process a full collection takes long, and would hit anybody.
        gc.collect()
        gc.freeze()
        facts = ("name", "note", "flops", "by_difference")
        return [{fact: getattr(c, fact) for fact in facts} for c in self._contenders], missing

    def calibrate(self, index, at_least):
        return rounds.calibrate(self._contenders[index], at_least, self._settled)

    def sample(self, index, steps):
        return rounds.sample(self._contenders[index], steps, self._settled)

    def release(self):
        self._contenders = []
        gc.unfreeze()
        gc.collect()


def checked(rival, race):
    """Contenders that compute what ffnn computes, and rows for the others."""
    ours = rivals.contenders("ffnn", race.kind, race.net)
    if rival == "ffnn":
        return ours, []
    expected = after_some_steps(ours[0])
    ready, missing = [], []
    for contender in rivals.contenders(rival, race.kind, race.net):
        wrong = disagreement(contender, expected, race.net.start)
        if wrong <= race.agreement:
            ready.append(contender)
        else:
            note = f"left out: results differ by {wrong:.1e} of their change"
            missing.append({"name": contender.name, "note": note})
    return ready, missing


def after_some_steps(contender):
    contender = getattr(contender, "iterations", contender)
    contender.reset()
    contender.work(STEPS_COMPARED)
    return {name: np.array(value) for name, value in contender.parameters().items()}


def disagreement(contender, expected, start):
    """The worst difference of a result from ffnn's, as a share of its change in these steps.

    In the root of the sum of squares: a Z that rounds to the other side of relu's corner, as
    happens once in some hundred thousand float32, changes one row, and is no other computation.
    Every parameter is compared; a gradient (dA0) where the contender has it too.
    """
    mine = after_some_steps(contender)
    worst = 0.0
    for name, ours in expected.items():
        if name not in start and name not in mine:
            continue
        if np.shape(mine[name]) != ours.shape:
            return np.inf
        difference = np.linalg.norm(mine[name] - ours)
        worst = np.fmax(worst, difference / np.linalg.norm(ours - start.get(name, 0)))
        if np.isnan(difference):
            return np.inf
    return worst
