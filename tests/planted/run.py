"""Plants one bug after the other in a copy of the tree, and tells the test that notices it.

    make planted                  every bug that no test was seen to notice yet
    make planted PLANTED=name     one bug, or several with commas, whatever is known of them
    make planted PLANTED=leaks    those of leaks.toml that no test was seen to notice yet
    make planted PLANTED=sample   ten, drawn by the commit, or by PLANTED_SEED
    make planted PLANTED=likely   as the first, without the tests that are not likely to notice;
                                  "likely name" or "likely leaks": of these
    make planted PLANTED=record   none: caught.toml gets what results.json knows

Two copies stand in build/planted, each with its objects, and two bugs are tried at a time. The
likely tests come first, then all others. build/planted/results.json holds what was found: a run
that was ended goes on from there. In the end the tests that noticed are run without any bug: there
they must pass. The status is 1 where a bug was not noticed, or one that is marked equal was.
"""

import hashlib
import itertools
import json
import os
import queue
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

from bugs import TREE, Bug, read_bugs, read_caught, write_caught
from copies import CORE, Copy

HOME = TREE / "build" / "planted"
RESULTS = HOME / "results.json"
SAMPLE, AT_ONCE, SECONDS = 10, 2, 900
# After the likely ones: from the quickest to the slowest.
REST = (
    "CORE_CHECK_QUICK=1 core",
    "tests -m 'not slow and not process'",
    "tests -m process",
    "tests -m 'slow and not process'",
)
HOUSE = ["--ignore=tests/house", "--ignore=tests/coursera/test_coursera_install.py"]


def command_of(test: str) -> tuple[list[str], dict[str, str]]:
    """What runs a test, and the variables before it."""
    words = shlex.split(test)
    variables = {}
    while "=" in words[0]:
        name, _, variables[name] = words.pop(0).partition("=")
    if words[0] == "core":
        return [str(CORE)], {**variables, "CORE_CHECK_ONLY": " ".join(words[1:])}
    options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no"]
    if words[0] == "tests":
        options += HOUSE
    return [sys.executable, "-m", "pytest", *options, *words], variables


def noticed_by(copy: Copy, test: str) -> str | None:
    """The check that fails, or None where all of them pass."""
    command, variables = command_of(test)
    if "core_check" in command[0] and (problem := copy.build_core()):
        raise RuntimeError(problem)
    done = copy.run(command, SECONDS, **variables)
    if done.returncode in (0, 5):  # 5: there is none with this instruction set
        return None
    if done.returncode == 4 and re.search("not found|Wrong expression", done.stdout):
        raise RuntimeError(f"{test}: {done.stdout[-400:]}")
    before = "".join(f"{name}={value} " for name, value in variables.items() if test[0] != "c")
    found = re.search(r"^(?:FAILED|ERROR) (tests/.+?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if found:
        return before + shlex.quote(found[1])
    if done.returncode < 0:
        return f"{test} (signal {-done.returncode})"
    return test


def variables_before(test: str) -> str:
    """FFNN_ISA=generic, say, with its space."""
    found = re.match(r"(\w+=\S+ )*", test)
    return found[0] if found else ""


def without_its_end(by: str) -> str:
    """The test alone, of what noticed_by says."""
    return re.sub(r" \(signal \d+\)$", "", by)


def try_bug(copy: Copy, bug: Bug, tests: list[str]) -> dict[str, object]:
    """Plant it, and run tests until one fails.

    A template is compiled for the generic instruction set alone at first, which takes a quarter of
    the time: most of its bugs are those of every set.
    """
    began = time.monotonic()
    ways = [(None, tests)]
    if bug.file.startswith("csrc/templates/"):
        ways.insert(0, ("generic", [f"FFNN_ISA=generic {test}" for test in bug.likely]))
    for isa, some in ways:
        try:
            if problem := copy.plant(bug, isa):
                raise RuntimeError(f"{bug.name} does not compile: {problem[-1500:]}")
            for test in some:
                if by := noticed_by(copy, test):
                    is_likely = test in bug.likely or isa is not None
                    return {"by": by, "likely": is_likely, "took": time.monotonic() - began}
        finally:
            copy.take_back()
    return {"by": None, "likely": False, "took": time.monotonic() - began}


class Results:
    """What is known, in a file."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}

    @staticmethod
    def key(bug: Bug, by: object) -> str:
        """Of what was tried; where nobody noticed, other likely tests make it new."""
        tried = (bug.file, bug.text, bug.planted, *(() if by else bug.likely))
        return hashlib.sha256(repr(tried).encode()).hexdigest()[:16]

    def of(self, bug: Bug) -> dict[str, object] | None:
        found = self.known.get(bug.name)
        is_same = found is not None and found["key"] == self.key(bug, found["by"])
        return found if is_same else None

    def add(self, bug: Bug, found: dict[str, object]) -> None:
        with self.lock:
            self.known[bug.name] = {**found, "key": self.key(bug, found["by"])}
            beside = RESULTS.with_suffix(".new")
            beside.write_text(json.dumps(self.known, indent=1))
            beside.replace(RESULTS)
            by = found["by"] or ("nobody, as it is equal in effect" if bug.equal else "NOBODY")
            where = "" if found["likely"] or not found["by"] else " (not likely)"
            print(f"{bug.name}: {by}{where}, {found['took']:.0f} s", flush=True)


def make_copies() -> list[Copy]:
    """Two copies of the tree as it is, built."""
    HOME.mkdir(parents=True, exist_ok=True)
    first, *others = [HOME / f"copy-{i}" for i in range(AT_ONCE)]
    copies = [Copy(first)]
    first.mkdir(exist_ok=True)
    copies[0].bring_up_to_date()
    for folder in others:
        if not folder.exists():
            shutil.copytree(first, folder)
        copies.append(Copy(folder))
        copies[-1].bring_up_to_date()
    return copies


def sample(bugs: dict[str, Bug]) -> list[Bug]:
    """Ten of those that a test was seen to notice, by the hash of the commit and their names."""
    seed = os.environ.get("PLANTED_SEED")
    if not seed:
        command = ["git", "rev-parse", "HEAD"]
        seed = subprocess.run(command, cwd=TREE, capture_output=True, text=True, check=True).stdout

    def drawn(bug: Bug) -> str:
        return hashlib.sha256((seed.strip() + bug.name).encode()).hexdigest()

    return sorted((bugs[name] for name in read_caught()), key=drawn)[:SAMPLE]


def record(bugs: dict[str, Bug], results: Results) -> int:
    """Add what is known to caught.toml."""
    caught = {name: test for name, test in read_caught().items() if name in bugs}
    for bug in bugs.values():
        found = results.of(bug)
        if found is not None and not bug.equal:
            caught.pop(bug.name, None)
            if found["by"]:
                by = without_its_end(str(found["by"]))
                caught[bug.name] = re.sub(r"\.py.*", ".py", by.replace("'", ""))
    write_caught(caught)
    rows = {subject: [0, 0, 0] for subject in sorted({bug.subject for bug in bugs.values()})}
    for bug in bugs.values():
        known = results.of(bug)
        is_lost = known is not None and not known["by"]
        rows[bug.subject][0 if bug.name in caught else 1 if is_lost else 2] += not bug.equal
    print(f"{'':15}{'bugs':>8}{'noticed':>8}{'not':>8}{'untried':>8}")
    for subject, row in [*rows.items(), ("all", [sum(kind) for kind in zip(*rows.values())])]:
        print(f"{subject:15}{sum(row):8}{row[0]:8}{row[1]:8}{row[2]:8}")
    return 0


def not_noticed(bugs: list[Bug], results: Results) -> list[Bug]:
    """Those that no test was seen to notice; first those that were never tried."""
    caught = read_caught()
    of_subject: dict[str, list[Bug]] = {}
    for bug in bugs:
        if not bug.equal and (bug.name not in caught or results.of(bug)):
            of_subject.setdefault(bug.subject, []).append(bug)
    # One of each file in turn, so that a run which is ended has tried every kind.
    turns = itertools.zip_longest(*of_subject.values())
    found = [(bug, results.of(bug)) for turn in turns for bug in turn if bug]
    later = [bug for bug, known in found if known is not None and not known["by"]]
    return [bug for bug, known in found if known is None] + later


def wanted(words: str, bugs: dict[str, Bug], results: Results) -> list[Bug]:
    """The bugs to be tried."""
    if words == "sample":
        return sample(bugs)
    subjects = {bug.subject for bug in bugs.values()}
    names = words.split(",") if words else sorted(subjects)
    if unknown := set(names) - bugs.keys() - subjects:
        raise SystemExit(f"no bug, and no file of them: {', '.join(sorted(unknown))}")
    of_subjects = [bug for bug in bugs.values() if bug.subject in names]
    return [bugs[name] for name in names if name in bugs] + not_noticed(of_subjects, results)


def try_all(copies: list[Copy], chosen: list[Bug], rest: tuple[str, ...], results: Results) -> None:
    """Two at a time."""
    waiting: queue.SimpleQueue[Bug] = queue.SimpleQueue()
    for bug in chosen:
        waiting.put(bug)
    errors: list[BaseException] = []

    def work(copy: Copy) -> None:
        while not errors:
            try:
                bug = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results.add(bug, try_bug(copy, bug, [*bug.likely, *rest]))
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def failing_without_a_bug(copy: Copy, results: Results, chosen: list[Bug]) -> set[str]:
    """Of the tests that noticed, those that fail in the clean copy, too."""
    tests = {
        without_its_end(str(known["by"]))
        for bug in chosen
        if (known := results.of(bug)) and known["by"]
    }
    alone = {test for test in tests if "::" not in test}
    for variables, group in itertools.groupby(sorted(tests - alone), variables_before):
        these = list(group)
        names = [test.removeprefix(variables) for test in these]
        if noticed_by(copy, variables + " ".join(names)):
            alone.update(these)
    return {test for test in sorted(alone) if noticed_by(copy, test)}


def main(words: str) -> int:
    began = time.monotonic()
    bugs = read_bugs()
    for bug in bugs.values():
        bug.planted_in((TREE / bug.file).read_text())
    results = Results()
    if words == "record":
        return record(bugs, results)
    before, likely, names = words.partition("likely")
    chosen = wanted(names.strip() if likely else before, bugs, results)
    print(f"{len(chosen)} of {len(bugs)} bugs", flush=True)
    copies = make_copies()
    try_all(copies, chosen, () if likely else REST, results)
    failing = failing_without_a_bug(copies[0], results, chosen)
    for test in failing:
        print(f"FAILS WITHOUT A BUG: {test}")
    found = [(bug, results.of(bug)) for bug in chosen]
    lost = [bug for bug, known in found if known and not known["by"] and not bug.equal]
    seen = [bug for bug, known in found if known and known["by"] and bug.equal]
    for bug in lost:
        print(f"NOT NOTICED: {bug.name}: {bug.what} ({bug.file})")
    for bug in seen:
        print(f"NOTICED, but marked equal: {bug.name}")
    minutes = (time.monotonic() - began) / 60
    print(f"{len(chosen) - len(lost)} of {len(chosen)} noticed or equal, {minutes:.0f} minutes")
    return bool(lost or seen or failing)


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
