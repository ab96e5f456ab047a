"""`python -m benchmarks [RACE ...]`: races, each as a table of times and ratios to ffnn."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks import (
    bayes,
    contenders,
    large,
    machine,
    measure,
    processes,
    races,
    report,
    reproducible,
    scaling,
    startup,
)


@dataclass(frozen=True)
class Item:
    """measure(name, options) prints its table and returns its figures."""

    title: str
    measure: object
    extra: bool = False  # takes minutes: only where it is asked for


def titled(title, run):
    return lambda name, options: {"title": title, **run(name, options)}


def other(title, run, extra=False):
    return Item(title, titled(title, run), extra)


BUSY = f"ffnn's step of {measure.BUSY_NET} beside another program that keeps one core busy"
ITEMS = {
    **{
        name: Item(race.title, measure.run_race, race.extra)
        for name, race in races.RACES.items()
        if race.member_of is None
    },
    **{name: other(title, measure.run_set, extra=True) for name, title in races.SETS.items()},
    "narrow-busy": other(BUSY, measure.run_busy),
    "bayes": other(
        "one Bayesian run beside a grid of 20 regularisations with a validation set",
        bayes.run,
        extra=True,
    ),
    "imports": other("what importing takes, in fresh processes", startup.run_imports),
    "imports-estimators": other(
        "what ffnn.MLPClassifier takes after scikit-learn's, in fresh processes",
        startup.run_estimator_imports,
    ),
    "clock": other(
        "from a process's start to a net that reads digits", startup.run_clock, extra=True
    ),
    "large": other("an epoch over a file beside one from memory", large.run, extra=True),
    "reproducible": other("what the same bits on every machine cost", reproducible.run, extra=True),
    "scaling": other("how time and memory grow", scaling.run, extra=True),
}


def chosen(names):
    """The races of these names, beginnings or parts of names; all but the extra ones for none."""
    if not names:
        return [name for name, item in ITEMS.items() if not item.extra]
    found = []
    for name in names:
        matches = (
            [known for known in ITEMS if known == name]
            or [known for known in ITEMS if known.startswith(name)]
            or [known for known in ITEMS if name in known.split("-")]
        )
        if not matches:
            raise SystemExit(f"there is no race {name!r}; --list shows them")
        found += [match for match in matches if match not in found]
    return found


def numbers(text):
    """1,2 -> [1, 2]"""
    found = [int(part) for part in text.split(",")]
    if min(found) < 1 or len(set(found)) < len(found):
        raise ValueError
    return found


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("race", nargs="*", help="name, or a beginning or part of names; all where none is given")
    add("--list", action="store_true", help="name the races and stop")
    add("--threads", metavar="1,2", type=numbers, help="for everybody; default: 1, and 2 if it can")
    add("--rounds", type=int, help="default: 15")
    add("--rivals", help="of ffnn,numpy,torch,jax,sklearn,onnxruntime; default: all")
    add("--json", metavar="FILE", type=Path, help="keep every sample")
    add("--save", action="store_true", help="into benchmarks/results, README's rows too")
    add("--readme", action="store_true", help="no race: write page, chart and README's rows")
    add("--machine", help="whose results --readme takes; default: the newest")
    help_results = "of --save and --readme; default: benchmarks/results"
    add("--results", metavar="FOLDER", type=Path, help=help_results)
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if options.save and options.rivals:
        parser.error("--save: figures without some rivals would take the place of better ones")
    options.quick = options.rounds is not None
    options.rounds = options.rounds or 15
    options.threads = options.threads or list(range(1, min(2, processes.available()) + 1))
    if max(options.threads) > processes.available():
        parser.error(f"--threads: this process may use {processes.available()} processor(s)")
    return options


def main():
    options = arguments()
    folder = options.results or report.FOLDER
    if options.list:
        for name, item in ITEMS.items():
            print(f"{name:<19} {item.title}")
        return
    if options.readme:
        report.write(options.machine, folder)
        return
    known = list(contenders.MODULES)
    options.rivals = options.rivals.split(",") if options.rivals else known
    if unknown := set(options.rivals) - set(known):
        raise SystemExit(f"--rivals: {', '.join(sorted(unknown))}: not of {', '.join(known)}")
    names = chosen(options.race)

    options.workers = processes.Workers()
    blas = options.workers.get("numpy", options.threads[0]).call("blas")
    facts = machine.describe(options.threads, blas)
    print("\n".join(f"{name:<13} {value}" for name, value in facts.items()))
    kept = {}
    for name in names:
        item = ITEMS[name]
        print(f"\n{name}: {item.title}", flush=True)
        kept[name] = item.measure(name, options)
        if options.save:  # at once: hours may be lost else
            report.save(facts, {name: kept[name]}, folder)
    options.workers.close()
    if options.json:
        options.json.write_text(json.dumps({"machine": facts, "races": kept}, indent=1) + "\n")
    if options.save:
        print()
        report.write(machine.kind(), folder, None if options.results else report.README)


if __name__ == "__main__":
    main()
