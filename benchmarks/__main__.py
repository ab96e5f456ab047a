"""`python -m benchmarks [RACE ...]`: races, each as a table of times and ratios to ffnn."""

import argparse
import json
from pathlib import Path

from benchmarks import threads  # and nothing that imports NumPy

PAUSE = 0.2  # seconds


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("race", nargs="*", help="name, or how names begin; all where none is given")
    parser.add_argument("--list", action="store_true", help="name the races and stop")
    parser.add_argument("--threads", type=int, default=1, help="for everybody alike (default: 1)")
    parser.add_argument("--rounds", type=int, default=None, help="default: 15")
    parser.add_argument("--rivals", help="of ffnn,numpy,torch,jax,sklearn; default: all")
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep every sample")
    parser.add_argument(
        "--count",
        metavar="N",
        type=int,
        help="no clock: do N steps of each contender and stop (for callgrind)",
    )
    options = parser.parse_args()
    if options.threads < 1 or (options.rounds is not None and options.rounds < 1):
        parser.error("--threads and --rounds must be at least 1")
    options.quick = options.rounds is not None
    options.rounds = options.rounds or 15
    return options


def main():
    options = arguments()
    threads.confine(options.threads)

    from benchmarks import machine, races, rivals

    if options.list:
        for name, race in races.RACES.items():
            print(f"{name:<12} {race.title}")
        return
    known = list(rivals.MODULES)
    options.rivals = options.rivals.split(",") if options.rivals else known
    if unknown := set(options.rivals) - set(known):
        raise SystemExit(f"--rivals: {', '.join(sorted(unknown))}: not of {', '.join(known)}")
    options.pause = PAUSE if options.threads > 1 else 0.0
    kept_limits = []
    options.limit_threads = lambda: kept_limits.append(threads.set_counts(options.threads))
    names = races.chosen(options.race)
    if options.count is not None:
        races.count(names, options)
        return

    for rival in options.rivals:
        rivals.absent(rival)  # imports those that are there, so that the header sees their BLAS
    options.limit_threads()
    facts = machine.describe(options.threads)
    print("\n".join(f"{name:<13} {value}" for name, value in facts.items()))
    kept = {}
    for name in names:
        race = races.RACES[name]
        print(f"\n{name}: {race.title}", flush=True)
        kept[name] = race.run(options)
    if options.json:
        options.json.write_text(json.dumps({"machine": facts, "races": kept}, indent=1) + "\n")


if __name__ == "__main__":
    main()
