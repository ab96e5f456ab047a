"""Any layout of any argument gives the bits of its contiguous copy, and nothing is written to."""

import io
import os
from contextlib import redirect_stdout

import numpy as np
import pytest

import ffnn
import layouts
from layouts import LAYOUTS, PAGE, guarded, plain
from support import assert_same_bits, integers, layer, network

# (n, n_prev, m): within one vector, and beyond a tile and a block of depth each.
SHAPES = [(2, 3, 5), (1, 1, 1), (29, 300, 70)]


def _arrays(result):
    """The arrays in a result, however nested, in order."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return [array for item in result for array in _arrays(item)]
    return [result]


def _network(dims, values):
    names = [kind + str(n + 1) for n in range(len(dims) - 1) for kind in "Wb"]
    return dict(zip(names, values, strict=True))


def _predict(X, y, *values):
    with redirect_stdout(io.StringIO()):
        return ffnn.predict(X, y, _network(range(3), values))


def _update(*values):
    """dW and db after W and b, for each of two layers."""
    names = ["W1", "b1", "W2", "b2"]
    parameters = dict(zip(names, values[:4], strict=True))
    grads = dict(zip(["d" + name for name in names], values[4:], strict=True))
    return ffnn.update_parameters(parameters, grads, 0.3)


def _backward(AL, Y, X, W1, b1, Z1, A1, W2, b2, Z2):
    return ffnn.L_model_backward(AL, Y, [((X, W1, b1), Z1), ((A1, W2, b2), Z2)])


def _train(X, Y):
    parameters, costs = ffnn.L_layer_model(X, Y, [X.shape[0], 4, 1], num_iterations=3)
    return parameters, costs


# For each function: the arguments for given sizes, and a call that returns only new arrays.
def _cases(rng, n, n_prev, m, real):
    A, W, b = layer(rng, n, n_prev, m, real)
    Z, dA = (rng.standard_normal((n, m)).astype(real) for _ in range(2))
    parameters = network(rng, [n_prev, n, 1], real)
    Y = rng.integers(0, 2, (1, m)).astype(real)
    AL, caches = ffnn.L_model_forward(A, parameters)
    (first, Z1), (second, Z2) = caches
    W1, b1, W2, b2 = parameters.values()
    steps = [rng.standard_normal(x.shape).astype(real) for x in parameters.values()]
    return {
        "sigmoid": ((Z,), lambda z: ffnn.sigmoid(z)[0]),
        "relu": ((Z,), lambda z: ffnn.relu(z)[0]),
        "sigmoid_backward": ((dA, Z), ffnn.sigmoid_backward),
        "relu_backward": ((dA, Z), ffnn.relu_backward),
        "linear_forward": ((A, W, b), lambda *a: ffnn.linear_forward(*a)[0]),
        "linear_activation_forward": (
            (A, W, b),
            lambda *a: [
                (value, cache[1])
                for g in ("relu", "sigmoid")
                for value, cache in [ffnn.linear_activation_forward(*a, g)]
            ],
        ),
        "L_model_forward": (
            (A, W1, b1, W2, b2),
            lambda x, *p: ffnn.L_model_forward(x, _network(range(3), p))[0],
        ),
        "compute_cost": ((AL, Y), ffnn.compute_cost),
        "linear_backward": ((dA, A, W, b), lambda dz, *cache: ffnn.linear_backward(dz, cache)),
        "linear_activation_backward": (
            (dA, A, W, b, Z),
            lambda da, a, w, b, z: [
                ffnn.linear_activation_backward(da, ((a, w, b), z), g) for g in ("relu", "sigmoid")
            ],
        ),
        "L_model_backward": ((AL, Y, *first, Z1, *second, Z2), _backward),
        "update_parameters": ((*parameters.values(), *steps), _update),
        "predict": ((A, Y, *parameters.values()), _predict),
        "L_layer_model": ((A, Y), _train),
    }


NAMES = list(_cases(np.random.default_rng(0), 2, 3, 5, np.float64))


def _assert_same(call, arguments):
    """`call` gives what it gives for contiguous copies, as plain new arrays, and writes nowhere."""
    expected = _arrays(call(*map(plain, arguments)))
    before = [x.tobytes() for x in arguments]
    results = _arrays(call(*arguments))
    assert [x.tobytes() for x in arguments] == before
    assert len(results) == len(expected)
    for result, wanted in zip(results, expected, strict=True):
        assert_same_bits(result, wanted)
        assert type(result) is np.ndarray and result.flags.writeable and result.flags.aligned
        assert result.dtype.isnative
        assert not any(np.shares_memory(result, x) for x in arguments)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
def test_same_bits(rng, real, name, layout):
    for n, n_prev, m in SHAPES:
        arguments, call = _cases(rng, n, n_prev, m, real)[name]
        laid_out = [LAYOUTS[layout](x) for x in arguments]
        if len(arguments) > 1:
            for i in range(len(arguments)):
                one = [laid_out[j] if i == j else x for j, x in enumerate(arguments)]
                _assert_same(call, one)
        _assert_same(call, laid_out)


@pytest.mark.parametrize("name", NAMES)
def test_same_bits_in_mixed_layouts(rng, real, name):
    """Every argument in a layout of its own, the layouts drawn."""
    layouts = list(LAYOUTS.values())
    for n, n_prev, m in SHAPES:
        arguments, call = _cases(rng, n, n_prev, m, real)[name]
        for _ in range(10):
            kinds = rng.integers(0, len(layouts), len(arguments))
            _assert_same(call, [layouts[k](x) for k, x in zip(kinds, arguments, strict=True)])


@pytest.mark.parametrize("name", NAMES)
def test_results_of_overlapping_arguments(rng, real, name):
    """One array given twice, where the shapes allow it: n = n_prev = m."""
    arguments, call = _cases(rng, 5, 5, 5, real)[name]
    _assert_same(call, [arguments[0] if x.shape == arguments[0].shape else x for x in arguments])


def test_edges_of_the_page_at_every_length(rng, real):
    """Vectors of which only a part is filled, at the end of readable memory."""
    for m in range(1, 70):
        Z = guarded(rng.standard_normal((1, m)).astype(real))
        AL = ffnn.sigmoid(Z)[0]
        assert_same_bits(AL, ffnn.sigmoid(plain(Z))[0])
        assert_same_bits(ffnn.relu(Z)[0], np.maximum(Z, 0))
        Y = guarded(rng.integers(0, 2, (1, m)).astype(real))
        assert_same_bits(ffnn.compute_cost(guarded(AL), Y), ffnn.compute_cost(AL, plain(Y)))
        ones, b = guarded(np.ones((1, 1), real)), guarded(np.zeros((1, 1), real))
        assert_same_bits(ffnn.linear_forward(Z, ones, b)[0], plain(Z))
        for order in "CF":
            A, W = guarded(integers(rng, (m, 3), real), order), integers(rng, (5, m), real)
            W = guarded(W, order)
            assert_same_bits(ffnn.linear_forward(A, W, guarded(np.zeros((5, 1), real)))[0], W @ A)


def test_the_guard_is_there():
    """A read beyond the array kills the process: seen in a child, so that a pass counts."""
    import subprocess
    import sys

    code = (
        "import ctypes, numpy as np, layouts\n"
        "x = layouts.guarded(np.ones((3, 5)), at_end={at_end})\n"
        "print(x.sum(), flush=True)\n"
        "ctypes.string_at(x.ctypes.data + {offset}, 1)\n"
        "print('still alive')\n"
    )
    for at_end, offset in (True, 120), (False, -1):
        child = subprocess.run(
            [sys.executable, "-c", code.format(at_end=at_end, offset=offset)],
            cwd=os.path.dirname(layouts.__file__),
            capture_output=True,
            text=True,
            timeout=60,
        )
        # A signal ends it, or the address sanitizer, which catches the signal and exits.
        assert child.stdout == "15.0\n"
        assert child.returncode < 0 or "SEGV" in child.stderr
    assert PAGE % 8 == 0
