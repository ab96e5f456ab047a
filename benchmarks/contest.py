"""How a race is run: every rival under every number of threads, in the same rounds."""

import random
import time
from dataclasses import dataclass

from benchmarks import table
from benchmarks.races import KINDS
from benchmarks.rounds import Timing
from benchmarks.worker import Worker

ENOUGH_CORES = 0.9
WITNESSES = {"ffnn", "NumPy"}
PAUSE = 0.2  # seconds: threads of OpenBLAS spin for half of it, where the next contender computes


class Crew:
    """The processes of a session, started when they are needed."""

    def __init__(self):
        self._workers = {}

    def worker(self, rival, threads):
        if (rival, threads) not in self._workers:
            self._workers[rival, threads] = Worker(rival, threads)
        return self._workers[rival, threads]

    def close(self):
        for worker in self._workers.values():
            worker.close()


@dataclass
class Entry:
    """A contender in its process, and its samples."""

    worker: Worker
    index: int
    facts: dict
    timing: Timing

    @property
    def is_peak(self):
        return self.worker.rival == "peak"

    def take_sample(self):
        self.timing.add(self.worker.call("sample", self.index, self.timing.steps))

    def result(self):
        t = self.timing
        figures = {"median": t.median, "minimum": t.minimum, "cores": t.cores_used}
        samples = {"steps": t.steps, "long": t.long, "short": t.short}
        return self.facts | {"threads": self.worker.threads} | figures | samples


def run_race(name, race, options):
    """Runs and prints one race; returns its results."""
    kind = KINDS[race.kind]
    line_up = [*options.rivals, "peak"] if race.shows_flops else options.rivals
    workers = [options.crew.worker(rival, n) for n in options.threads for rival in line_up]
    entries, missing = [], []
    for worker in workers:
        ready, left_out = worker.call("prepare", name)
        missing += [row for row in left_out if row not in missing]
        for index, facts in enumerate(ready):
            steps = worker.call("calibrate", index, kind.least_sample)
            entries.append(Entry(worker, index, facts, Timing(steps)))
    rounds = min(options.rounds, kind.most_rounds or options.rounds)
    take_rounds(entries, rounds)
    for worker in workers:
        worker.call("release")
    peaks = [entry.result() for entry in entries if entry.is_peak]
    results = [entry.result() for entry in entries if not entry.is_peak]
    rates = {str(r["threads"]): r["flops"] / r["median"] / 1e9 for r in peaks}
    for result in results:
        rate = rates.get(str(result["threads"]))
        result["of_peak"] = result["flops"] / result["median"] / 1e9 / rate if rate else None
    print(table.render(*table.race_rows([*results, *missing], race.shows_flops)))
    for threads, rate in rates.items():
        print(f"  peak in the same rounds: {rate:.0f} GFLOP/s on {threads} thread(s)")
    doubts = doubtful(results, peaks)
    for doubt in doubts:
        print(f"  DOUBTFUL: {doubt}; run it again")
    return {
        "title": race.title,
        "rounds": rounds,
        "contenders": results,
        "missing": missing,
        "peak_gflops": rates or None,
        "doubts": doubts,
    }


def take_rounds(entries, count):
    order = random.Random(1)
    before = 1
    for _ in range(count):
        # Nobody always comes after the same one.
        for entry in order.sample(entries, len(entries)):
            if before > 1:
                time.sleep(PAUSE)
            entry.take_sample()
            before = entry.worker.threads


def doubtful(results, peaks):
    """Where processors were taken away. The peak uses all that it can have; where it takes no part,
    those tell who compute without threads of their own."""
    doubts = []
    for result in results:
        if result["median"] <= 0 or result["minimum"] <= 0:
            who, n = result["name"], result["threads"]
            doubts.append(f"{who} with {n} thread(s): noise is larger than the iterations")
    for witness in peaks or [r for r in results if r["name"] in WITNESSES and r["threads"] == 1]:
        wanted, had = witness["threads"], witness["cores"]
        if had < ENOUGH_CORES * wanted:
            doubts.append(f"{witness['name']} had only {had:.2f} of {wanted} processor(s)")
    return doubts
