"""The races by name, and how one is run."""

import warnings
from dataclasses import dataclass

import numpy as np

from benchmarks import clock, imports, rivals, scaling, table
from benchmarks.nets import Net
from benchmarks.peak import Peak

TINY = Net((5, 4, 3, 1), 4)
SMALL = Net((2, 4, 1), 400)
WIDE = Net((12288, 20, 7, 5, 1), 209, images=True)
STEPS_COMPARED = 3
AGREEMENT = {"float32": 1e-3, "float64": 1e-8}  # a wrong divisor or rate is above 1e-1
ENOUGH_CORES = 0.9
LEAST_SAMPLE = {"calls": 0.02, "lean": 0.02, "run": 0.03, "plain": 0.03}  # seconds


def dense(m):
    return Net((784, 512, 256, 10), m, "float32", learning_rate=0.05)


@dataclass(frozen=True)
class Race:
    """One net, one kind of work: the four calls of a step, or an iteration of a whole run."""

    net: Net
    kind: str
    shows_flops: bool = False

    @property
    def title(self):
        work = {
            "calls": "a step: forward, cost, backward, update",
            "lean": "the same without dA0",
            "run": "an iteration of a whole training run",
            "plain": "an iteration that reads X, as in mini-batch training",
        }
        return f"{work[self.kind]}; {self.net}"

    def run(self, options):
        return run_race(self, options)


@dataclass(frozen=True)
class Other:
    """A measurement with a way of its own."""

    title: str
    measure: object
    extra: bool = False  # only where it is asked for by name

    def run(self, options):
        return self.measure(options)


RACES = {
    "calls-tiny": Race(TINY, "calls"),
    "calls-small": Race(SMALL, "calls"),
    "calls-wide": Race(WIDE, "calls", shows_flops=True),
    "lean-wide": Race(WIDE, "lean", shows_flops=True),
    "run-tiny": Race(TINY, "run"),
    "run-small": Race(SMALL, "run"),
    "run-wide": Race(WIDE, "run", shows_flops=True),
    "run-64": Race(dense(64), "run", shows_flops=True),
    "run-256": Race(dense(256), "run", shows_flops=True),
    "dense-64": Race(dense(64), "plain", shows_flops=True),
    "dense-256": Race(dense(256), "plain", shows_flops=True),
    "dense-1024": Race(dense(1024), "plain", shows_flops=True),
    "imports": Other("what importing takes, in fresh processes", imports.race),
    "scaling": Other("how time grows with examples and depth", scaling.race, extra=True),
}


def chosen(names):
    """The races of these names or beginnings of names; all but the extra ones for none."""
    if not names:
        return [name for name, race in RACES.items() if not getattr(race, "extra", False)]
    found = []
    for name in names:
        matches = [known for known in RACES if known == name] or [
            known for known in RACES if known.startswith(name)
        ]
        if not matches:
            raise SystemExit(f"there is no race {name!r}; --list shows them")
        found += [match for match in matches if match not in found]
    return found


def disagreement(contender, expected, start):
    """The worst difference of a parameter from ffnn's, as a share of its change in these steps.

    In the root of the sum of squares: a Z that rounds to the other side of relu's corner, as
    happens once in some hundred thousand float32, changes one row, and is no other computation.
    """
    contender.reset()
    contender.work(STEPS_COMPARED)
    mine = contender.parameters()
    worst = 0.0
    for name, ours in expected.items():
        if np.shape(mine[name]) != ours.shape:
            return np.inf
        difference = np.linalg.norm(mine[name] - ours)
        worst = np.fmax(worst, difference / np.linalg.norm(ours - start[name]))
        if np.isnan(difference):
            return np.inf
    return worst


def starters(race, options):
    """Contenders that compute what ffnn computes, and rows for those that take no part."""
    net, ready, missing = race.net, [], []
    [ours] = rivals.contenders("ffnn", race.kind, net)
    ours.work(STEPS_COMPARED)
    result = {name: np.array(value) for name, value in ours.parameters().items()}
    for rival in options.rivals:
        reason = rivals.absent(rival)
        if reason:
            missing.append({"name": rivals.TITLES[rival], "note": reason})
            continue
        for contender in rivals.contenders(rival, race.kind, net):
            wrong = disagreement(contender, result, net.start)
            if wrong <= AGREEMENT[net.dtype]:
                ready.append(contender)
            else:
                note = f"left out: parameters differ by {wrong:.1e} of their change"
                missing.append({"name": contender.name, "note": note})
    return ready, missing


def peak_of(race, options):
    """The peak as a contender, or None and why."""
    if not race.shows_flops:
        return None, ""
    try:
        return Peak(race.net.dtype, options.threads), ""
    except OSError as error:
        return None, f"no share of the multiply-add peak: {error}"


def count(names, options):
    """So many steps of each contender and no clock, for tools that count instructions."""
    options.limit_threads()
    for name in names:
        race = RACES[name]
        if not isinstance(race, Race):
            raise SystemExit(f"--count: {name} has no steps")
        for rival in options.rivals:
            for contender in rivals.contenders(rival, race.kind, race.net):
                contender.reset()
                contender.work(options.count)


def print_doubts(results, threads, has_peak):
    """Say so where processors were taken away: the peak alone is sure to use all it can have."""
    wanted = threads if has_peak else 1
    had = results[-1]["cores"] if has_peak else min(result["cores"] for result in results)
    if had < ENOUGH_CORES * wanted:
        print(f"  DOUBTFUL: only {had:.2f} of {wanted} processor(s) could be had; run it again")


def run_race(race, options):
    """Runs and prints one race; returns what --json keeps of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a rival's log(0) is its own affair
        ready, missing = starters(race, options)
        options.limit_threads()
        peak, trouble = peak_of(race, options)
        everybody = [*ready, peak] if peak else ready
        timings = clock.measure(everybody, options.rounds, LEAST_SAMPLE[race.kind], options.pause)
    results = [
        {
            "name": t.contender.name,
            "note": t.contender.note,
            "median": t.median,
            "minimum": t.minimum,
            "cores": t.cores_used,
            "flops": t.contender.flops,
            "steps": t.steps,
            "long": t.long,
            "short": t.short,
        }
        for t in timings
    ]
    limit = results[-1]["flops"] / results[-1]["median"] / 1e9 if peak else None
    for result in results[:-1] if peak else results:
        result["of_peak"] = result["flops"] / result["median"] / 1e9 / limit if limit else None
    # One step of the peak has no meaning: its row tells the rate alone.
    shown = results[:-1] if peak else results
    print(table.render(*table.race_rows([*shown, *missing], limit, race.shows_flops)))
    if limit:
        print(f"  peak in the same rounds: {limit:.0f} GFLOP/s on {options.threads} thread(s)")
    elif trouble:
        print(f"  {trouble}")
    print_doubts(results, options.threads, bool(peak))
    return {"title": race.title, "contenders": [*results, *missing], "peak_gflops": limit}
