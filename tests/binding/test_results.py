"""Large results begin at a cache line, in ffnn's own memory, and are arrays like any other."""

import numpy as np
import pytest

import ffnn
from support import assert_same_bits, integers

try:
    from numpy._core.multiarray import get_handler_name
except ImportError:
    pytest.skip("this NumPy does not tell whose memory it is", allow_module_level=True)

ROWS, COLS = 61, 200  # of float32 they are 48,800 bytes


@pytest.fixture
def operands(rng, real):
    return [integers(rng, shape, real) for shape in ((40, COLS), (ROWS, 40), (ROWS, 1))]


def test_large_results_begin_at_a_cache_line(operands):
    Z, cache = ffnn.linear_forward(*operands)
    assert get_handler_name(Z) == "ffnn"
    for _ in range(20):
        found = [ffnn.linear_forward(*operands)[0] for _ in range(5)]
        assert all(Z.ctypes.data % 64 == 0 and Z.flags.owndata for Z in found)


def test_small_results_are_numpys_own(operands):
    A, W, b = operands
    Z, cache = ffnn.linear_forward(A[:, :3], W, b)
    assert get_handler_name(Z) == "default_allocator"


def test_the_callers_memory_handler_is_put_back(operands):
    assert get_handler_name() == "default_allocator"
    ffnn.linear_forward(*operands)
    assert get_handler_name() == "default_allocator"
    ffnn._ffnn.fail_allocation(1)
    try:
        with pytest.raises(MemoryError):
            ffnn.linear_forward(*operands)
    finally:
        ffnn._ffnn.fail_allocation(0)
    assert get_handler_name() == "default_allocator"
    assert get_handler_name(np.zeros((ROWS, COLS))) == "default_allocator"


def test_they_may_be_resized(operands):
    A, W, b = operands
    expected = W @ A + b
    for rows in (2 * ROWS, ROWS // 2, 1, 100 * ROWS):
        Z, cache = ffnn.linear_forward(A, W, b)
        Z.resize((rows, COLS), refcheck=False)
        kept = min(rows, ROWS)
        assert Z.shape == (rows, COLS)
        assert_same_bits(Z[:kept], expected[:kept])
        assert not Z[kept:].any()
