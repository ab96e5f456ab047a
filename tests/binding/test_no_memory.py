"""Every call of test_leaks where Python, or ffnn itself, has no memory at the n-th place: a
MemoryError and no other, and the next call does what it should."""

import importlib.util
import os

import pytest
from test_leaks import CALLED

from calls import output_of

SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")
pytestmark = [
    pytest.mark.process,
    pytest.mark.once,
    pytest.mark.skipif(SANITIZED, reason="the sanitizer brings its own allocator"),
    pytest.mark.skipif(importlib.util.find_spec("_testcapi") is None, reason="needs _testcapi"),
]

FAILING = """
import sys
sys.path[:0] = {path!r}
import _testcapi
import ffnn
from test_leaks import CALLED, Given

def of_python(n):
    _testcapi.set_nomemory(n, n + 1)

ways = [(of_python, _testcapi.remove_mem_hooks),
        (ffnn._ffnn.fail_allocation, lambda: ffnn._ffnn.fail_allocation(0))]
given, failures = Given(), 0
for name in {names!r}:
    CALLED[name](given)
    for fail, end in ways:
        good_in_a_row = 0
        for n in range(1, 1000):
            error = None
            fail(n)
            try:
                CALLED[name](given)
            except BaseException as e:
                error = e
            finally:
                end()
            if error is None:  # NumPy and CPython survive some failures
                good_in_a_row += 1
                if good_in_a_row > 20:
                    break
                continue
            good_in_a_row = 0
            failures += 1
            # Of CPython 3.11, where it has no memory for a traceback, or of NumPy's own.
            text = str(error)
            is_theirs = "built-in" not in text or "of numpy." in text
            is_its_own = isinstance(error, SystemError) and is_theirs
            if not isinstance(error, MemoryError) and not is_its_own:
                sys.exit(f"{{name}}, {{n}}: {{error!r}}")
        else:
            sys.exit(f"{{name}} never succeeds")
        CALLED[name](given)
print(failures)
"""
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_memory_at_the_nth_place(part):
    path = [os.path.dirname(__file__)]
    code = FAILING.format(path=path, names=list(CALLED)[part::PARTS])
    assert int(output_of(code)) > 20
