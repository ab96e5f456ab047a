"""Mini-batches: the courses' order and sizes, labels, errors."""

import re

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits


@pytest.mark.parametrize("m", [1, 63, 64, 65, 148, 256])
@pytest.mark.parametrize("size", [1, 64, 1000])
@pytest.mark.parametrize("seed", [0, 10])
def test_mini_batches_are_the_courses(rng, m, size, seed):
    X, Y = rng.standard_normal((3, m)), rng.integers(0, 2, (1, m))
    ours = ffnn.random_mini_batches(X, Y, size, seed)
    draws = np.random.randn(3)
    twin = reference.random_mini_batches(X, Y, size, seed)
    assert_same_bits(draws, np.random.randn(3))
    assert type(ours) is list and len(ours) == len(twin) == -(-m // size)
    for pair, expected in zip(ours, twin, strict=True):
        assert type(pair) is tuple
        for value, of in zip(pair, expected, strict=True):
            assert_same_bits(value, of)


def test_labels_of_mini_batches(rng):
    X = rng.standard_normal((3, 10))
    row = ffnn.random_mini_batches(X, np.arange(10)[None], 4)
    for Y in np.arange(10), np.arange(10)[:, None], list(range(10)):
        for (_, ours), (_, expected) in zip(ffnn.random_mini_batches(X, Y, 4), row, strict=True):
            assert_same_bits(ours, expected)
    two = ffnn.random_mini_batches(X, X[:2], 4)
    assert all((x[:2] == y).all() for x, y in two)
    assert ffnn.random_mini_batches(X[:, :0], X[:1, :0]) == []


def test_what_mini_batches_refuse():
    X, Y = np.ones((3, 10)), np.ones((1, 10))
    state = np.random.get_state()[1].copy()
    for error, match, args in [
        (ValueError, "mini_batch_size must be at least 1, not 0", (X, Y, 0)),
        (TypeError, "mini_batch_size must be an integer, not 2.5", (X, Y, 2.5)),
        (ValueError, "seed must be from 0", (X, Y, 2, -1)),
        (ValueError, re.escape("X has ndim 1 and shape (10,), expected ndim 2"), (X[0], Y)),
        (ValueError, re.escape("Y has shape (1, 9) where X has shape (3, 10)"), (X, Y[:, :9])),
        (ValueError, ".*examples are columns, pass Y.T", (X, np.ones((10, 2)))),
    ]:
        with pytest.raises(error, match=f"random_mini_batches: {match}"):
            ffnn.random_mini_batches(*args)
    assert (np.random.get_state()[1] == state).all()
