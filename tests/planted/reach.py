"""The lines that the tests reach: C by gcov, ffnn/ but for coursera by coverage.

    make coverage                the parts core, suite, generic, process, slow, examples; the report
    make coverage PART=core      one of these
    make coverage PART=quick     the suite with two cases of each test
    make coverage PART="tests/files -m 'not slow'"    what these arguments of pytest say
    make coverage PART=report    what was reached so far
    make coverage PART=new       forgets that

A copy of the tree in build/reach is built for it. What the parts reach adds up; a file of C that
has changed begins anew. The status is 1 below 99 % of the lines of C or 98 % of those of Python,
where a line is neither reached nor explained by unreached.toml, and where that explains a line
that is reached or is not there. One part at a time: two would build the copy at once.
"""

import json
import re
import shlex
import sys
import tomllib

from bugs import FOLDER, TREE
from copies import CORE, Copy

HOME = TREE / "build" / "reach"
LEAST = {"C": 99.0, "Python": 98.0}
HOURS = 3600.0
# Of coverage; processes that a test begins, a cluster's workers among them, are measured as well.
SETTINGS = """\
[run]
parallel = true
source = {home}/ffnn
omit = {home}/ffnn/coursera/*
sigterm = true
patch = subprocess
"""
PYTHON = ["-m", "coverage", "run", "--rcfile=build/coverage.ini"]
PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
TESTS = "--ignore=tests/house tests"
# Name: arguments of pytest, and variables.
SUITES = {
    "quick": (f"-p tests.planted.few {TESTS} -m 'not slow and not process'", {}),
    "suite": (f"{TESTS} -m 'not slow and not process'", {}),
    "generic": (f"{TESTS} -m 'not slow and not process and not once'", {"FFNN_ISA": "generic"}),
    "process": (f"{TESTS} -m 'process and not slow'", {}),
    "slow": (f"{TESTS} -m slow", {}),
    "examples": ("tests/house/test_docstrings.py", {}),
}
ALL = ["core", *(name for name in SUITES if name != "quick")]


def run_part(copy: Copy, part: str) -> None:
    """Run the core's checks or a suite; what fails is told, and counts all the same."""
    if part == "core":
        if problem := copy.build_core():
            raise SystemExit(problem)
        done = copy.run([str(CORE)], HOURS, CORE_CHECK_QUICK="1")
    else:
        words, variables = SUITES.get(part, (part, {}))
        command = [sys.executable, *PYTHON, *PYTEST, *shlex.split(words)]
        done = copy.run(command, HOURS, **variables)
    print(f"{part}: {done.stdout.strip().splitlines()[-1]}", flush=True)
    print(*re.findall("^(?:FAILED|ERROR) .*", done.stdout, re.MULTILINE), sep="\n", flush=True)


def lines_of_c(copy: Copy) -> dict[str, dict[int, bool]]:
    """Whether each line of each file was reached, by any instruction set and type."""
    command = [sys.executable, "-m", "gcovr", "--root", ".", "--filter", "csrc/", "--json"]
    options = ["--merge-mode-functions=merge-use-line-min", "--gcov-ignore-parse-errors=all"]
    done = copy.run([*command, "reach.json", *options], HOURS)
    if done.returncode:
        raise SystemExit(done.stdout)
    found: dict[str, dict[int, bool]] = {}
    for file in json.loads((copy.folder / "reach.json").read_text())["files"]:
        lines = found.setdefault(file["file"], {})
        for line in file["lines"]:
            number = line["line_number"]
            lines[number] = lines.get(number, False) or line["count"] > 0
    return found


def lines_of_python(copy: Copy) -> dict[str, dict[int, bool]]:
    """The same of ffnn/."""
    command = [sys.executable, "-m", "coverage"]
    copy.run([*command, "combine", "--append"], HOURS)  # which fails where nothing is new
    done = copy.run([*command, "json", "-o", "reach-python.json"], HOURS)
    if done.returncode:
        print(done.stdout)
        return {}
    files = json.loads((copy.folder / "reach-python.json").read_text())["files"]
    kinds = {"executed_lines": True, "missing_lines": False}
    return {
        name: {n: is_reached for kind, is_reached in kinds.items() for n in file[kind]}
        for name, file in files.items()
    }


def tell(copy: Copy, language: str, files: dict[str, dict[int, bool]]) -> bool:
    """Print each line that was not reached with its reason, and the share of all that were."""
    reasons = tomllib.loads((FOLDER / "unreached.toml").read_text())
    is_good = True
    reached = sum(sum(lines.values()) for lines in files.values())
    count = sum(map(len, files.values()))
    share = 100 * reached / count if count else 0.0
    for name, lines in sorted(files.items()):
        text = ["", *map(str.strip, (copy.folder / name).read_text().splitlines())]
        rows = reasons.get(name, [])
        why = {row["line"]: row["why"] for row in rows}
        missed = sorted(number for number, is_reached in lines.items() if not is_reached)
        if missed:
            print(f"{name}: {len(lines) - len(missed)} of {len(lines)}")
        used = set()
        for number in missed:
            line = text[number]
            known = {line, f"{text[number - 1]} {line}"} & why.keys()
            used |= known
            is_good = is_good and bool(known)
            print(f"    {number}: {line}  -- {why[known.pop()] if known else 'UNEXPLAINED'}")
        for line in why.keys() - used - {row["line"] for row in rows if row.get("sometimes")}:
            print(f"{name}: reached or not there, and yet explained: {line}")
            is_good = False
    print(f"{language}: {reached} of {count} lines, {share:.2f} %, {LEAST[language]} wanted")
    return is_good and share >= LEAST[language]


def main(part: str) -> int:
    copy = Copy(
        HOME,
        CFLAGS="--coverage -fprofile-update=atomic",
        LDFLAGS="--coverage",
        COVERAGE_FILE=str(HOME / "build" / ".coverage"),  # where a copy keeps what it made
    )
    if part in ("", "new"):
        for pattern in "*.gcda", ".coverage*":
            for path in HOME.rglob(pattern):
                path.unlink()
    if part == "new":
        return 0
    if part != "report":
        HOME.mkdir(parents=True, exist_ok=True)
        copy.bring_up_to_date()
        (HOME / "build/coverage.ini").write_text(SETTINGS.format(home=HOME))
        for one in [part] if part else ALL:
            run_part(copy, one)
    if part not in ("", "report"):
        return 0
    results = [tell(copy, "C", lines_of_c(copy)), tell(copy, "Python", lines_of_python(copy))]
    return not all(results)


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
