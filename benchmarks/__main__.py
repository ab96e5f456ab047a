"""`python -m benchmarks [RACE ...]`: races, each as a table of times and ratios to ffnn."""

import argparse
import json
from pathlib import Path

from benchmarks import threads  # and nothing that imports NumPy


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
    add("--rivals", help="of ffnn,numpy,torch,jax,sklearn; default: all")
    add("--json", metavar="FILE", type=Path, help="keep every sample")
    add("--save", action="store_true", help="put the figures into benchmarks/results")
    add("--readme", action="store_true", help="no race: write README's table from the results")
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
    options.threads = options.threads or list(range(1, min(2, threads.available()) + 1))
    if max(options.threads) > threads.available():
        parser.error(f"--threads: this process may use {threads.available()} processor(s)")
    return options


def main():
    options = arguments()
    from benchmarks import contest, machine, programme, results, rivals

    folder = options.results or results.FOLDER
    if options.list:
        for name, item in programme.ITEMS.items():
            print(f"{name:<19} {item.title}")
        return
    if options.readme:
        results.write_readme(options.machine, folder)
        return
    known = list(rivals.MODULES)
    options.rivals = options.rivals.split(",") if options.rivals else known
    if unknown := set(options.rivals) - set(known):
        raise SystemExit(f"--rivals: {', '.join(sorted(unknown))}: not of {', '.join(known)}")
    names = programme.chosen(options.race)

    options.crew = contest.Crew()
    blas = options.crew.worker("numpy", options.threads[0]).call("blas")
    facts = machine.describe(options.threads, blas)
    print("\n".join(f"{name:<13} {value}" for name, value in facts.items()))
    kept = {}
    for name in names:
        item = programme.ITEMS[name]
        print(f"\n{name}: {item.title}", flush=True)
        kept[name] = item.measure(name, options)
        if options.save:  # at once: hours may be lost else
            results.save(facts, {name: kept[name]}, folder)
    options.crew.close()
    if options.json:
        options.json.write_text(json.dumps({"machine": facts, "races": kept}, indent=1) + "\n")
    if options.save:
        print("\n" + "\n".join(f"written: {path}" for path in results.render(folder=folder)))


if __name__ == "__main__":
    main()
