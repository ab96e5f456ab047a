"""The lines that the tests reach: C by gcov, ffnn/ but for coursera by coverage.

    make coverage                everything, and the report
    make coverage PART=core      one of the parts below; what was reached adds up until PART=new
    make coverage PART=report    what was reached so far

A copy of the tree in build/reach is built for it. The status is 1 below 99 % of the lines of C or
98 % of those of Python, and where unreached.toml explains a line that is reached, or is not there.
"""

import json
import sys
import tomllib

from bugs import FOLDER, TREE
from copies import CORE, Copy

HOME = TREE / "build" / "reach"
LEAST = {"C": 99.0, "Python": 98.0}
HOURS = 3600.0
PYTHON = ["-m", "coverage", "run", "--parallel-mode", "--source=ffnn", "--omit=ffnn/coursera/*"]
TESTS = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--ignore=tests/house", "tests"]
# Name: marks of pytest, and variables.
SUITES = {
    "suite": ("not slow and not process", {}),
    "generic": ("not slow and not process and not once", {"FFNN_ISA": "generic"}),
    "process": ("process and not slow", {}),
    "slow": ("slow", {}),
}


def run_part(copy: Copy, part: str) -> None:
    """Run the core's checks or a suite; what fails is told, and counts all the same."""
    if part == "core":
        if problem := copy.build_core():
            raise SystemExit(problem)
        done = copy.run([str(CORE)], HOURS, CORE_CHECK_QUICK="1")
    else:
        marks, variables = SUITES[part]
        done = copy.run([sys.executable, *PYTHON, *TESTS, "-m", marks], HOURS, **variables)
    print(f"{part}: {done.stdout.strip().splitlines()[-1]}", flush=True)


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
    for words in ["combine", "--keep"], ["json", "-o", "reach-python.json"]:
        done = copy.run([sys.executable, "-m", "coverage", *words], HOURS)
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
    """Print the share of each file, and each line that was not reached with its reason."""
    reasons = tomllib.loads((FOLDER / "unreached.toml").read_text())
    reached = sum(sum(lines.values()) for lines in files.values())
    count = sum(map(len, files.values()))
    share = 100 * reached / count if count else 0.0
    for name, lines in sorted(files.items()):
        if all(lines.values()):
            continue
        print(f"{name}: {sum(lines.values())} of {len(lines)}")
        text = (copy.folder / name).read_text().splitlines()
        of_file = {row["line"]: row["why"] for row in reasons.get(name, [])}
        for number in sorted(number for number, is_reached in lines.items() if not is_reached):
            line = text[number - 1].strip()
            print(f"    {number}: {line}  -- {of_file.get(line, 'UNEXPLAINED')}")
    print(f"{language}: {reached} of {count} lines, {share:.2f} %, {LEAST[language]} wanted")
    return share >= LEAST[language]


def main(part: str) -> int:
    copy = Copy(HOME, CFLAGS="--coverage -fprofile-update=atomic", LDFLAGS="--coverage")
    if part in ("", "new"):
        for path in HOME.rglob("*.gcda"):
            path.unlink()
        for path in HOME.glob(".coverage*"):
            path.unlink()
    if part != "report":
        HOME.mkdir(parents=True, exist_ok=True)
        copy.bring_up_to_date()
    for one in ("core", *SUITES) if part == "" else [part] if part in ("core", *SUITES) else []:
        run_part(copy, one)
    if part not in ("", "report"):
        return 0
    results = [tell(copy, "C", lines_of_c(copy)), tell(copy, "Python", lines_of_python(copy))]
    return not all(results)


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
