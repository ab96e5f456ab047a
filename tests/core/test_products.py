"""Matrix products against long double, around every edge of tile and block, in every layout."""

import numpy as np
import pytest

import ffnn
from support import (
    assert_close,
    assert_same_bits,
    assert_same_dict,
    every_size,
    integers,
    layer,
    network,
    sigmoid_exact,
    ulps,
)

sizes = pytest.mark.parametrize("real, rows, depth, cols", every_size())

# Sums too long for a bound to catch one lost product in float32, or beyond a block in one extent.
LARGE = [(2, 12288, 3), (5, 3000, 40), (13, 5, 5000), (700, 9, 20), (241, 300, 513)]
large = pytest.mark.parametrize("rows, depth, cols", LARGE)


def strided(x):
    """The same values in other layouts: Fortran, every other row and column, both axes reversed."""
    yield np.asfortranarray(x)
    wide = np.full((2 * x.shape[0], 2 * x.shape[1]), np.nan, x.dtype)
    wide[::2, 1::2] = x
    yield wide[::2, 1::2]
    yield x[::-1, ::-1].copy(order="F")[::-1, ::-1]


def assert_layouts_agree(call, *arrays):
    """`call` gives the same bits for every layout of its arguments, each alone and all at once."""
    expected = call(*arrays)
    kinds = [list(strided(x)) for x in arrays]
    for together in zip(*kinds, strict=True):
        attempts = [together]
        for i in range(len(arrays)):
            attempts.append([together[i] if i == j else x for j, x in enumerate(arrays)])
        for attempt in attempts:
            for got, wanted in zip(call(*attempt), expected, strict=True):
                assert_same_bits(got, wanted)


def forward(A, W, b):
    return ffnn.linear_forward(A, W, b)[:1]


def backward(dZ, A_prev, W):
    return ffnn.linear_backward(dZ, (A_prev, W, np.zeros((W.shape[0], 1), W.dtype)))


@sizes
def test_linear_forward(rng, real, rows, depth, cols):
    A, W, b = layer(rng, rows, depth, cols, real)
    Z, cache = ffnn.linear_forward(A, W, b)
    assert Z.dtype == real
    assert cache[0] is A and cache[1] is W and cache[2] is b
    assert_close(Z, W, A, b)
    if depth == 0:
        assert_same_bits(Z, np.repeat(b, cols, axis=1))
    assert_layouts_agree(forward, A, W, b)


@sizes
def test_linear_forward_of_integers_is_exact(rng, real, rows, depth, cols):
    A, W, b = (integers(rng, shape, real) for shape in ((depth, cols), (rows, depth), (rows, 1)))
    exact = W.astype(np.int64) @ A.astype(np.int64) + b.astype(np.int64)
    assert_same_bits(ffnn.linear_forward(A, W, b)[0], exact.astype(real))


@sizes
def test_linear_backward(rng, real, rows, depth, cols):
    """Once with the size as that of dW = dZ A_prev^T / m, once as that of dA_prev = W^T dZ."""
    for n, n_prev, m in (rows, cols, max(depth, 1)), (depth, rows, max(cols, 1)):
        A_prev, W, _ = layer(rng, n, n_prev, m, real)
        dZ = rng.standard_normal((n, m)).astype(real)
        dA_prev, dW, db = backward(dZ, A_prev, W)
        assert dA_prev.dtype == dW.dtype == db.dtype == real
        assert_close(dA_prev, W.T, dZ)
        assert_close(dW, dZ, A_prev.T, divisor=m)
        assert_close(db, dZ, np.ones((m, 1)), divisor=m)
        assert_layouts_agree(backward, dZ, A_prev, W)


@sizes
def test_linear_backward_of_integers_is_exact(rng, real, rows, depth, cols):
    for n, n_prev, m in (rows, cols, max(depth, 1)), (depth, rows, max(cols, 1)):
        assert_backward_exact(rng, real, n, n_prev, m)


def assert_backward_exact(rng, real, n, n_prev, m):
    """Exact sums; dW and db are then rounded once, by their division by m."""
    dZ, A_prev, W = (integers(rng, shape, real) for shape in ((n, m), (n_prev, m), (n, n_prev)))
    dA_prev, dW, db = backward(dZ, A_prev, W)
    dz, a, w = (x.astype(np.int64) for x in (dZ, A_prev, W))
    assert_same_bits(dA_prev, (w.T @ dz).astype(real), "dA_prev")
    assert_same_bits(dW, (dz @ a.T).astype(real) / real(m), "dW")
    assert_same_bits(db, dz.sum(axis=1, keepdims=True).astype(real) / real(m), "db")


@large
def test_long_sums_of_integers_are_exact(rng, real, rows, depth, cols):
    A, W, b = (integers(rng, shape, real) for shape in ((depth, cols), (rows, depth), (rows, 1)))
    exact = W.astype(np.int64) @ A.astype(np.int64) + b.astype(np.int64)
    for x, w in (A, W), (np.asfortranarray(A), W), (A, np.asfortranarray(W)):
        assert_same_bits(ffnn.linear_forward(x, w, b)[0], exact.astype(real))
    assert_backward_exact(rng, real, rows, depth, cols)
    assert_backward_exact(rng, real, depth, cols, rows)


@large
def test_large_products_have_the_same_bits_in_every_layout(rng, real, rows, depth, cols):
    A, W, b = layer(rng, rows, depth, cols, real)
    assert_layouts_agree(forward, A, W, b)
    dZ = rng.standard_normal((rows, cols)).astype(real)
    assert_layouts_agree(backward, dZ, A, W)


@sizes
def test_linear_activation_forward(rng, real, rows, depth, cols):
    A_prev, W, b = layer(rng, rows, depth, cols, real)
    Z_alone = forward(A_prev, W, b)[0]
    for activation, value in ("relu", ffnn.relu), ("sigmoid", ffnn.sigmoid):
        A, (linear_cache, Z) = ffnn.linear_activation_forward(A_prev, W, b, activation)
        assert linear_cache[0] is A_prev and linear_cache[1] is W and linear_cache[2] is b
        assert_same_bits(Z, Z_alone)
        assert_same_bits(A, value(Z)[0])
        if activation == "relu":
            assert_same_bits(A, np.where(Z > 0, Z, real(0)))
        else:
            assert A.size == 0 or ulps(A, sigmoid_exact(Z)).max() <= 1.5

        def call(*arrays, activation=activation):
            a, (_, z) = ffnn.linear_activation_forward(*arrays, activation)
            return a, z

        assert_layouts_agree(call, A_prev, W, b)


@sizes
def test_L_model_forward(rng, real, rows, depth, cols):
    """Each Z within the bound of its own inputs, so that no error of an earlier layer hides one."""
    dims = [depth, rows, 5, 2]
    X = rng.standard_normal((depth, cols)).astype(real)
    parameters = network(rng, dims, real)
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert len(caches) == 3
    A = X
    for number, ((A_prev, W, b), Z) in enumerate(caches, start=1):
        assert W is parameters[f"W{number}"] and b is parameters[f"b{number}"]
        assert_same_bits(A_prev, A)
        assert_close(Z, W, A_prev, b)
        A = ffnn.sigmoid(Z)[0] if number == 3 else ffnn.relu(Z)[0]
    assert_same_bits(AL, A)
    assert caches[0][0][0] is X

    for x, *values in zip(strided(X), *map(strided, parameters.values()), strict=True):
        AL_again, caches_again = ffnn.L_model_forward(x, dict(zip(parameters, values, strict=True)))
        assert_same_bits(AL_again, AL)
        for (_, Z), (_, Z_again) in zip(caches, caches_again, strict=True):
            assert_same_bits(Z_again, Z)


@sizes
def test_L_model_backward(rng, real, rows, depth, cols):
    """The whole backward pass is its layers' own, to the bit; the products were held above."""
    m = max(cols, 1)
    X = rng.standard_normal((max(depth, 1), m)).astype(real)
    parameters = network(rng, [max(depth, 1), rows, 5, 2], real)
    Y = rng.integers(0, 2, (2, m))
    AL, caches = ffnn.L_model_forward(X, parameters)
    grads = ffnn.L_model_backward(AL, Y, caches)
    expected = {}
    dZ = AL - Y.astype(real)
    for layer_number in (3, 2, 1):
        linear_cache, _ = caches[layer_number - 1]
        names = f"dA{layer_number - 1}", f"dW{layer_number}", f"db{layer_number}"
        expected.update(zip(names, ffnn.linear_backward(dZ, linear_cache), strict=True))
        if layer_number > 1:
            dZ = ffnn.relu_backward(expected[names[0]], caches[layer_number - 2][1])
    assert_same_dict(grads, expected)


@pytest.mark.parametrize(
    "rows, depth, cols",
    # dA of few examples reads rows of W that are a page apart; of many units, in packed blocks.
    [(12, 1030, 20), (13, 2100, 9), (300, 40, 700), (520, 20, 1300), (24, 1030, 600)],
)
def test_every_product_of_a_layer_is_exact_in_any_order(rng, real, rows, depth, cols):
    """Whole numbers, whose sums have no rounding: one element in the wrong place shows."""
    A, W = integers(rng, (depth, cols), real), integers(rng, (rows, depth), real)
    b, dZ = integers(rng, (rows, 1), real), integers(rng, (rows, cols), real)
    wide = np.float64
    Z, dA = W.astype(wide) @ A + b, W.T.astype(wide) @ dZ
    dW = dZ.astype(wide) @ A.T.astype(wide)
    for order in "CF":
        given = [np.asarray(x, order=order) for x in (A, W, b)]
        assert (ffnn.linear_forward(*given)[0] == Z).all()
        found, of_W, of_b = ffnn.linear_backward(np.asarray(dZ, order=order), tuple(given))
        assert (found == dA).all()
        np.testing.assert_allclose(of_W * cols, dW, rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(of_b[:, 0], dZ.mean(axis=1), rtol=1e-5, atol=1e-4)
