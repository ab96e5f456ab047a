"""How a race is run: contenders get ready in their processes, are checked, and take turns."""

import os
import random
import time
from contextlib import nullcontext
from dataclasses import dataclass
from statistics import geometric_mean

from benchmarks import contenders, limits, processes, report
from benchmarks.races import KINDS, RACES, SETS
from benchmarks.sampling import LIMITS, Timing

ENOUGH_CORES = 0.9
WITNESSES = {"ffnn", "NumPy"}
PAUSE = 0.2  # seconds: threads of OpenBLAS spin for half of it, where the next contender computes
BUSY_NET = "narrow-4"

# ---- the rounds of a race ------------------------------------------------------------------------


@dataclass
class Entry:
    """A contender in its process, and its samples."""

    worker: processes.Worker
    index: int
    facts: dict
    timing: Timing
    busy: processes.BusyProcess | None = None  # runs beside it

    def take_sample(self):
        with self.busy.running() if self.busy else nullcontext():
            self.timing.add(self.worker.call("sample", self.index, self.timing.steps))

    def result(self):
        t = self.timing
        figures = {"median": t.median, "minimum": t.minimum, "cores": t.cores_used}
        samples = {"steps": t.steps, "long": t.long, "short": t.short}
        return self.facts | {"threads": self.worker.threads} | figures | samples


def enter(workers, name):
    """(entries, those left out) of a race, every contender ready to be timed."""
    kind = KINDS[RACES[name].kind]
    entries, missing = [], []
    for worker in workers:
        ready, left_out = worker.call("prepare", name)
        missing += [row for row in left_out if row not in missing]
        for index, facts in enumerate(ready):
            steps = worker.call("calibrate", index, kind.least_sample)
            entries.append(Entry(worker, index, facts, Timing(steps)))
    return entries, missing


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


def run_race(name, options):
    """Runs and prints one race; returns its results."""
    race = RACES[name]
    seldom = contenders.SELDOM
    rivals = [r for r in options.rivals if race.kind in seldom.get(r, {race.kind})]
    rivals += [LIMITS] * race.shows_flops
    workers = [options.workers.get(rival, n) for n in options.threads for rival in rivals]
    entries, missing = enter(workers, name)
    rounds = min(options.rounds, KINDS[race.kind].most_rounds or options.rounds)
    take_rounds(entries, rounds)
    for worker in workers:
        worker.call("release")
    results = [entry.result() for entry in entries if entry.worker.rival != LIMITS]
    bounds = [entry.result() for entry in entries if entry.worker.rival == LIMITS]
    peaks = [bound for bound in bounds if bound["name"] == limits.PEAK]
    rates = {str(r["threads"]): r["flops"] / r["median"] / 1e9 for r in peaks}
    floors = {
        n: limits.floor(race, int(n), 1e9 * rate, medians_of(bounds, int(n)))
        for n, rate in rates.items()
        if race.shows_floor
    }
    for result in results:
        n = str(result["threads"])
        rate = rates.get(n)
        result["of_peak"] = result["flops"] / result["median"] / 1e9 / rate if rate else None
        if n in floors:
            result["of_floor"] = floors[n] / result["median"]
    print(report.table(*report.race_rows([*results, *missing], race.shows_flops)))
    for n, rate in rates.items():
        print(f"  peak in the same rounds: {rate:.0f} GFLOP/s on {n} thread(s)")
    remark = floor_text(floors)
    if remark:
        print(f"  {remark}")
    return {
        "title": race.title,
        "rounds": rounds,
        "contenders": results,
        "missing": missing,
        "peak_gflops": rates or None,
        "doubts": printed_doubts(results, peaks),
        "remark": remark,
    }


def run_set(name, options):
    """Several races as one."""
    found = {}
    for member, race in RACES.items():
        if race.member_of == name:
            print(f" {member}: {race.title}", flush=True)
            found[member.removeprefix(f"{name}-")] = run_race(member, options)
    race = combined(found) | {"title": SETS[name]}
    print(report.table(*report.race_rows([*race["contenders"], *race["missing"]], False)))
    print(f"  {race['remark']}")
    return race


def combined(found):
    """Of races by name: a contender's time is the geometric mean of its times in them."""
    told, rows, doubts, missing = {}, [], [], []
    for name, race in found.items():
        doubts += [f"{name}: {doubt}" for doubt in race["doubts"]]
        missing += [row for row in race["missing"] if row not in missing]
        rows += ratio_rows(name, race)
        for result in race["contenders"]:
            told.setdefault((result["name"], result["threads"], result["note"]), []).append(result)
    means = ("median", "minimum", "cores")
    results = [
        of_all[0]
        | {fact: geometric_mean(result[fact] for result in of_all) for fact in means}
        | dict.fromkeys(report.SAMPLES)
        for of_all in told.values()
        if len(of_all) == len(found)
    ]
    least = min((float(row[-1]) for row in rows), default=None)
    table = {"title": "each", "header": ["", "threads", "rival", "ffnn", "rival's", "ratio"]}
    return {
        "rounds": max(race["rounds"] for race in found.values()),
        "contenders": results,
        "missing": missing,
        "tables": [table | {"rows": rows}],
        "doubts": doubts,
        "remark": f"The geometric mean over {len(found)} races; the least ratio is {least}.",
    }


def ratio_rows(name, race):
    """[name, threads, rival, ffnn's time, rival's time, ratio] for each rival and setting."""
    rows = []
    for theirs in race["contenders"]:
        ours = report.best(race, "ffnn", theirs["threads"])
        if theirs["name"] == "ffnn":
            continue
        times = [report.time_text(r["median"]) for r in (ours, theirs)]
        ratio = f"{theirs['median'] / ours['median']:.2f}"
        rows.append([name, theirs["threads"], theirs["name"], *times, ratio])
    return rows


def floor_text(floors):
    """Floors by number of threads, in words."""
    if not floors:
        return None
    each = ", ".join(f"{report.time_text(floor)} on {n} thread(s)" for n, floor in floors.items())
    return f"Floor, products at the peak and activations at ffnn's speed: {each}."


def medians_of(results, threads):
    return {r["name"]: r["median"] for r in results if r["threads"] == threads}


def printed_doubts(results, peaks):
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
    for doubt in doubts:
        print(f"  DOUBTFUL: {doubt}; run it again")
    return doubts


def run_busy(name, options):
    """ffnn on two threads beside a busy process, and on one thread with the other core idle."""
    if not hasattr(os, "sched_setaffinity") or processes.available() < 2:
        note = "needs two processors, and a system that pins processes to them"
        print(f"  {note}")
        return {"missing": [{"name": "ffnn", "note": note}]}
    workers = [options.workers.get("ffnn", n) for n in (1, 2)]
    busy = processes.BusyProcess(sorted(os.sched_getaffinity(0))[-2])
    try:
        (alone, beside), _ = enter(workers, BUSY_NET)
        alone.facts["note"], beside.facts["note"] = "the other core idle", "beside a busy process"
        beside.busy = busy
        take_rounds([alone, beside], options.rounds)
    finally:
        busy.close()
        for worker in workers:
            worker.call("release")
    results = [entry.result() | {"of_peak": None} for entry in (alone, beside)]
    print(report.table(*report.race_rows(results, False)))
    ratio = results[1]["median"] / results[0]["median"]
    remark = f"Two threads beside a busy process take {ratio:.2f} times as long as one thread."
    print(f"  {remark}")
    return {
        "rounds": options.rounds,
        "contenders": results,
        "remark": remark,
        "doubts": printed_doubts(results, []),
    }
