"""threadpoolctl and ffnn, in processes of their own: who is registered stays so."""

import functools

import pytest

from calls import output_of, run_child

pytestmark = [pytest.mark.process, pytest.mark.once]
with_threadpoolctl = pytest.mark.skipif(
    "not __import__('importlib.util').util.find_spec('threadpoolctl')",
    reason="threadpoolctl is an extra",
)
output_with_three_threads = functools.partial(output_of, FFNN_NUM_THREADS="3")

ORDERS = {
    "it_comes_first": "import threadpoolctl, ffnn",
    "it_comes_later": "import ffnn, threadpoolctl; ffnn.register_threadpoolctl()",
    "asked_before": "import ffnn; ffnn.register_threadpoolctl(); import threadpoolctl",
    "asked_again": "import threadpoolctl, ffnn; [ffnn.register_threadpoolctl() for _ in range(3)]",
    "looked_before": "import numpy, threadpoolctl; threadpoolctl.threadpool_info(); import ffnn",
}

LIMITS = """
from threadpoolctl import threadpool_info, threadpool_limits

def row():
    rows = [row for row in threadpool_info() if row["user_api"] == "ffnn"]
    assert len(rows) == 1, rows
    return rows[0]

assert ffnn.get_num_threads() == 3
expected = {
    "internal_api": "ffnn", "num_threads": 3, "version": ffnn.__version__, "prefix": "_ffnn.",
    "architecture": ffnn._ffnn.config()["isa"],
}
assert {key: row()[key] for key in expected} == expected
with threadpool_limits(1):
    assert ffnn.get_num_threads() == row()["num_threads"] == 1
    with threadpool_limits({"ffnn": 2}):
        assert ffnn.get_num_threads() == 2
    assert ffnn.get_num_threads() == 1
assert ffnn.get_num_threads() == 3
with threadpool_limits(2, user_api="ffnn"):
    assert ffnn.get_num_threads() == 2
with threadpool_limits(1, user_api="blas"):
    assert ffnn.get_num_threads() == 3
for limit, count in (0, 1), (-1, 1), (256, 256), (257, 256), (10**9, 256):
    with threadpool_limits(limit, user_api="ffnn"):
        assert ffnn.get_num_threads() == count, limit
try:
    with threadpool_limits(1):
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
print(ffnn.get_num_threads())
"""


@with_threadpoolctl
@pytest.mark.parametrize("order", ORDERS)
def test_limits_hold_and_end(order):
    assert output_with_three_threads(f"{ORDERS[order]}\n{LIMITS}") == "3"


COUNTED = """
import os, sys, threading
import threadpoolctl, ffnn
import numpy as np

def helpers():
    A = np.ones((500, 500))
    ffnn.linear_forward(A, A, A[:, :1])
    return len(os.listdir("/proc/self/task")) - before

before = len(os.listdir("/proc/self/task"))
with threadpoolctl.threadpool_limits(1):
    alone = helpers()
print(alone, helpers())
"""


@with_threadpoolctl
@pytest.mark.skipif("not __import__('os').path.exists('/proc/self/task')", reason="Linux's /proc")
def test_a_limit_of_one_starts_no_thread():
    assert output_with_three_threads(COUNTED) == "0 2"


def test_import_ffnn_imports_no_threadpoolctl():
    code = "import sys, ffnn; print('threadpoolctl' in sys.modules, 'ctypes' in sys.modules)"
    without = output_of("import sys, numpy; print('ctypes' in sys.modules)")
    assert output_of(code) == f"False {without}"


@pytest.mark.parametrize(
    "stand_in",
    ["None", "types.ModuleType('threadpoolctl')"],
    ids=["missing", "too_old"],
)
def test_without_it_an_import_error_names_the_extra(stand_in):
    """`import ffnn` does not mind; who asks is told, every time."""
    code = f"""
import sys, types
sys.modules["threadpoolctl"] = {stand_in}
import ffnn
for _ in range(2):
    try:
        ffnn.register_threadpoolctl()
    except ImportError as error:
        print(error)
"""
    told = "register_threadpoolctl: needs threadpoolctl 3.5 or newer: pip install 'ffnn[threads]'"
    assert output_of(code).splitlines() == [told] * 2


def test_a_broken_stand_in_is_no_crash():
    """Half imported, as by another thread, it is not there yet."""
    assert run_child("import sys; sys.modules['threadpoolctl'] = 1; import ffnn").returncode == 0
