"""What several tests lean on: a bound that proves itself, equal bits, tile sizes, networks."""

import functools
import itertools
import os

import numpy as np
import pytest

import ffnn
from reference_activations import ACTIVATIONS

# Used where the build does not tell its tile; those of the largest instruction set.
FALLBACK_TILE = {"float32": (12, 32, 16), "float64": (12, 16, 8)}

# Outputs with a cost each (None: the default one), and the activations of hidden layers.
OUTPUTS = [
    ("sigmoid", None),
    ("softmax", None),
    ("linear", None),
    ("linear", "huber"),
    ("linear", "mean_absolute_error"),
    ("sigmoid", "mean_squared_error"),
    ("softmax", "mean_squared_error"),
    ("tanh", None),
    ("linear", "half_squared_error"),
    ("linear", "quantile"),
    ("exp", None),
]
HIDDEN = [name for name in ACTIVATIONS if name not in ("softmax", "exp")]  # exp(exp(z)) overflows


# ---- comparison ----------------------------------------------------------------------------------


def _within(actual, expected, bound):
    return bool((np.abs(actual.astype(np.longdouble) - expected) <= bound).all())


def assert_close(actual, left, right, start=None, divisor=1):
    """Hold `actual` against (start + left right) / divisor, element by element, in long double.

    The bound is (depth + 4) eps sum|a b|, the start being one more product. Each call also proves
    that the bound has teeth: the result without one single product, the largest one of the element
    whose bound is widest, has to fall outside. Where it doesn't (float32 sums of some thousand
    products) this is an error of the test, which must use integers and `assert_same_bits` instead.
    """
    left, right = np.asarray(left, np.longdouble), np.asarray(right, np.longdouble)
    depth, finfo = left.shape[1], np.finfo(actual.dtype)
    if start is not None:
        left = np.hstack([left, np.asarray(start, np.longdouble)])
        right = np.vstack([right, np.ones((1, right.shape[1]), np.longdouble)])
    expected, scale = left @ right / divisor, np.abs(left) @ np.abs(right) / divisor
    # Where long double is no wider than double, the yardstick is as uncertain as what it measures.
    eps = np.longdouble(finfo.eps) + np.finfo(np.longdouble).eps
    bound = (depth + 4) * (eps * scale + np.longdouble(finfo.smallest_subnormal))

    assert actual.shape == expected.shape
    assert np.isfinite(actual).all()
    excess = np.abs(actual.astype(np.longdouble) - expected) - bound
    assert _within(actual, expected, bound), (
        f"{np.count_nonzero(excess > 0)} of {actual.size} elements off, the worst at "
        f"{np.unravel_index(excess.argmax(), excess.shape)}"
    )
    if scale.size == 0 or scale.max() == 0:
        return
    i, j = np.unravel_index(scale.argmax(), scale.shape)
    products = left[i] * right[:, j]
    broken = actual.astype(np.longdouble)
    broken[i, j] -= products[np.abs(products).argmax()] / divisor
    assert not _within(broken, expected, bound), "the bound is too wide: compare integers"


def same_bits(actual, expected):
    """Equal type, shape and bits, -0.0 apart from 0.0; a NaN is a NaN."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.dtype != expected.dtype or actual.shape != expected.shape:
        return False
    nan = np.isnan(actual)
    if not (nan == np.isnan(expected)).all():
        return False
    return actual[~nan].tobytes() == expected[~nan].tobytes()


def assert_same_bits(actual, expected, what=""):
    """`same_bits`, with an account of the difference."""
    if not same_bits(actual, expected):
        actual, expected = np.asarray(actual), np.asarray(expected)
        message = f"{what}: {actual.dtype} {actual.shape} against {expected.dtype} {expected.shape}"
        if actual.shape == expected.shape:
            differ = (actual != expected) & ~(np.isnan(actual) & np.isnan(expected))
            where = np.argwhere(differ | (np.signbit(actual) != np.signbit(expected)))
            message += f"; {len(where)} of {actual.size} differ, the first at {where[:1].tolist()}"
        raise AssertionError(message)


def assert_same_dict(actual, expected):
    """The same keys in the same order, and the same bits."""
    assert list(actual) == list(expected)
    for name, value in expected.items():
        assert_same_bits(actual[name], value, name)


def ulps(actual, exact):
    """|actual - exact| in units of the last place that the type of `actual` has at `exact`."""
    finfo = np.finfo(actual.dtype)
    _, exponent = np.frexp(exact)
    lowest = finfo.minexp - finfo.nmant
    exponent = np.maximum(exponent - 1 - finfo.nmant, lowest)
    return np.abs(actual.astype(np.longdouble) - exact) / np.ldexp(np.longdouble(1), exponent)


def sigmoid_exact(Z):
    """The sigmoid in long double, every digit of which is good: no exponent above 0."""
    z = np.asarray(Z, np.longdouble)
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(z))
    return np.where(z >= 0, np.longdouble(1), e) / (1 + e)


# ---- sizes ---------------------------------------------------------------------------------------


def tile(real):
    """(rows, cols, lanes) of the running build's tile."""
    config = ffnn._ffnn.config()
    return config.get("tile", FALLBACK_TILE)[np.dtype(real).name]


def around_tile_edges(real):
    """(rows, depth, cols) below, at and above every edge of the tile and of the blocks of depth."""
    tile_rows, tile_cols, lanes = tile(real)
    rows = [0, 1, tile_rows - 1, tile_rows, tile_rows + 1, 2 * tile_rows + 1]
    cols = [0, 1, lanes - 1, lanes, lanes + 1, tile_cols - 1, tile_cols, tile_cols + 1]
    cols.append(2 * tile_cols + lanes + 1)
    small = itertools.product(rows, (0, 1, 7), cols)
    long = itertools.product((1, tile_rows + 1), (255, 256, 257, 600), (1, tile_cols + 1))
    return sorted({*small, *long})


def every_size():
    """(real, rows, depth, cols) for pytest.mark.parametrize, with readable names."""
    return [
        pytest.param(real, *size, id=f"{real.__name__}-{'x'.join(map(str, size))}")
        for real in (np.float32, np.float64)
        for size in around_tile_edges(real)
    ]


# ---- data ----------------------------------------------------------------------------------------


def layer(rng, rows, depth, cols, real):
    """A_prev (depth, cols), W (rows, depth) and b (rows, 1)."""
    shapes = (depth, cols), (rows, depth), (rows, 1)
    return tuple(rng.standard_normal(shape).astype(real) for shape in shapes)


def integers(rng, shape, real):
    """Whole numbers from -8 to 8: sums of 200,000 of their products are exact in float32."""
    return rng.integers(-8, 9, shape).astype(real)


def network(rng, dims, real):
    """The parameters of a network of the layers `dims`, biases too drawn, in the dict's order."""
    parameters = {}
    for number, (n_prev, n) in enumerate(itertools.pairwise(dims), start=1):
        W = rng.standard_normal((n, n_prev)) / np.sqrt(max(n_prev, 1))
        parameters[f"W{number}"] = W.astype(real)
        parameters[f"b{number}"] = (rng.standard_normal((n, 1)) / 2).astype(real)
    return parameters


def draw(rng, dims, m, output):
    """X, Y and parameters; Y fits the output."""
    X = rng.standard_normal((dims[0], m))
    shape = (dims[-1], m)
    if output == "softmax":
        Y = np.eye(dims[-1])[:, rng.integers(0, dims[-1], m)]
    elif output == "sigmoid":
        Y = rng.integers(0, 2, shape).astype(float)
    elif output == "exp":
        Y = rng.poisson(1.0, shape).astype(float)
    else:
        Y = rng.standard_normal(shape)
    parameters = {}
    for number, (n_prev, n) in enumerate(itertools.pairwise(dims), 1):
        parameters[f"W{number}"] = rng.standard_normal((n, n_prev)) / np.sqrt(n_prev)
        parameters[f"b{number}"] = 0.1 * rng.standard_normal((n, 1))
    return X, Y, parameters


def labels(rng, shape):
    """Zeros and ones as int64."""
    return rng.integers(0, 2, shape)


def numbers_of(X):
    """A Trainer's `sparse` for a dense X: values, features and where each example starts."""
    examples, features = np.nonzero(X.T)
    starts = np.searchsorted(examples, np.arange(X.shape[1] + 1))
    return X.T[examples, features], features, starts


# train by plain gradient descent from the assignment's weights, where a test says nothing else.
plain_train = functools.partial(
    ffnn.train, optimizer="gd", initialization="assignment", learning_rate=0.0075
)


def runner(rng):
    """ffnn.train on 41 examples, net 4-7-6-3, with a seed and batches unless told otherwise."""
    X = rng.standard_normal((4, 41))
    Y = (X[:3] * X[1] > 0.1) * 1
    options = {"seed": 1, "learning_rate": 0.1, "num_epochs": 8, "mini_batch_size": 16}
    return functools.partial(plain_train, X, Y, [4, 7, 6, 3], **options)


# The most MiB that a child had resident; getrusage's figure begins with that of its parent.
PEAK = """
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
"""
has_peak = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads Linux's /proc")
