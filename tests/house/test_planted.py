"""The planted bugs: each still has its place, and names tests that there are."""

import re
import shlex
import sys

import pytest

from tree import TREE

sys.path.insert(0, str(TREE / "tests" / "planted"))
from bugs import read_bugs, read_caught  # noqa: E402

pytestmark = [
    pytest.mark.skipif(
        not (TREE / "setup.py").exists(), reason="needs the source tree beside the tests"
    ),
    pytest.mark.once,
]
BUGS = read_bugs()


@pytest.mark.parametrize("bug", BUGS.values(), ids=list(BUGS))
def test_a_bug_still_applies(bug):
    """Its text stands in its file once; what is planted is something else."""
    text = (TREE / bug.file).read_text()
    planted = bug.planted_in(text)
    assert planted != text
    assert bug.what and not bug.what.endswith(".")
    assert re.fullmatch(r"[a-zA-Z0-9-]+", bug.name)
    assert bug.equal is None or len(bug.equal) > 20, "equal in effect, but why?"
    assert bug.equal or bug.likely, "no test is likely"


def test_bugs_that_were_noticed_are_there_and_can_be_seen():
    assert all(name in BUGS and not BUGS[name].equal for name in read_caught())


def test_there_are_bugs_everywhere():
    """At least 150, and some in every room."""
    assert len(BUGS) >= 150
    rooms = {"/".join(bug.file.split("/")[:2]) for bug in BUGS.values()}
    assert rooms >= {f"csrc/{name}" for name in "system product train templates isa python".split()}
    assert sum(bug.file.startswith("ffnn/") for bug in BUGS.values()) >= 40


@pytest.mark.parametrize("test", sorted({test for bug in BUGS.values() for test in bug.likely}))
def test_likely_tests_exist(test):
    words = [word for word in shlex.split(test) if "=" not in word]
    if words[0] == "core":
        plan = (TREE / "tests" / "core" / "core_check.c").read_text()
        assert all(f'{{"{name}", check_' in plan for name in words[1:])
        return
    path, _, name = words[0].partition("::")
    text = (TREE / path).read_text()
    assert not name or re.search(rf"def {name.partition('[')[0]}\(", text)
    if "-k" in words:
        names = re.findall(r"\w+", words[words.index("-k") + 1])
        missing = [one for one in names if one not in ("or", "and", "not") and one not in text]
        assert not missing
