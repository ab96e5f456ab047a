"""Activations, cost and gradients at every kind of number, and the warnings that go with them."""

import warnings
from unittest.mock import Mock

import numpy as np
import pytest

import ffnn
import reference
from support import assert_close, assert_same_bits, labels, network, sigmoid_exact, tile, ulps

SHAPES = [(), (1,), (7,), (0,), (0, 3), (3, 0), (5, 1), (33, 67), (2, 3, 4), (2, 1, 3, 5)]
LOG_ZERO = "divide by zero encountered in log"
LOG_NEGATIVE = "invalid value encountered in log"
DIVIDE_ZERO = "divide by zero encountered in divide"
DIVIDE_INVALID = "invalid value encountered in divide"


def specials(real):
    """Every kind of number that the type has."""
    finfo = np.finfo(real)
    positive = [0, finfo.smallest_subnormal, finfo.tiny / 2, finfo.tiny, finfo.eps, 0.5, 1, 17]
    positive += [80, 87.5, 88.8, 103.9, 104, 709, 710, 745, 746, 1000, finfo.max, np.inf]
    with np.errstate(over="ignore"):
        positive = np.array(positive).astype(real)
    return np.concatenate([positive, -positive, [real(np.nan)]])


def any_bits(rng, real, n):
    """n finite numbers whose bits are drawn, so that every exponent comes."""
    x = rng.integers(0, 2 ** (8 * np.dtype(real).itemsize), n, dtype=np.uint64)
    x = x.astype(f"u{np.dtype(real).itemsize}").view(real)
    return x[np.isfinite(x)]


# ---- activations ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_activations_of_any_shape(rng, real, shape):
    Z, dA = (np.asarray(rng.standard_normal(shape) * 3, real) for _ in range(2))
    for name in "sigmoid", "relu":
        A, cache = getattr(ffnn, name)(Z)
        assert cache is Z
        assert_same_bits(np.ravel(A), getattr(ffnn, name)(np.ravel(Z))[0])
        dZ = getattr(ffnn, name + "_backward")(dA, Z)
        assert_same_bits(np.ravel(dZ), getattr(ffnn, name + "_backward")(np.ravel(dA), np.ravel(Z)))
        for result in A, dZ:
            assert result.shape == shape and result.dtype == real


def test_activations_of_a_list():
    Z = [[-1.0, 0.0, 2.0]]
    A, cache = ffnn.relu(Z)
    assert cache is Z
    assert_same_bits(A, np.array([[0.0, 0.0, 2.0]]))
    assert_same_bits(ffnn.sigmoid(Z)[0], ffnn.sigmoid(np.array(Z))[0])


def test_sigmoid_is_exact_to_one_and_a_half_ulp(rng, real):
    finfo = np.finfo(real)
    # From where the result is 1 - eps down to where it falls below the smallest subnormal.
    lowest = np.log(np.longdouble(finfo.smallest_subnormal))
    Z = np.concatenate(
        [
            any_bits(rng, real, 200_000),
            np.linspace(lowest - 2, 40, 300_000).astype(real),
            rng.uniform(-5, 5, 5_000).astype(real) + np.log(finfo.tiny),
            rng.standard_normal(100_000).astype(real),
            specials(real)[np.isfinite(specials(real))],
        ]
    )
    with np.errstate(all="raise"):
        A, _ = ffnn.sigmoid(Z)
    assert A.dtype == real
    worst = ulps(A, sigmoid_exact(Z)).max()
    assert worst <= 1.5
    # The yardstick itself: a result that is two units off would be seen.
    off = A.copy()
    k = np.flatnonzero(np.abs(Z) < 1)[0]
    off[k] = np.nextafter(np.nextafter(off[k], real(2)), real(2))
    assert ulps(off, sigmoid_exact(Z)).max() > 1.5


def test_sigmoid_at_its_marks(real):
    Z = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4], real)
    with np.errstate(all="raise"):
        A, _ = ffnn.sigmoid(Z)
    assert_same_bits(A, np.array([0.5, 0.5, 1, 0, np.nan, 1, 0], real))


def test_sigmoid_keeps_subnormals(real):
    """Just above the smallest subnormal nothing is flushed to zero."""
    finfo = np.finfo(real)
    lowest = real(np.log(np.longdouble(finfo.smallest_subnormal)))
    A, _ = ffnn.sigmoid(np.array([lowest * real(0.99), lowest + 1]))
    assert (A > 0).all() and (A < finfo.tiny).all()


def test_relu_of_every_kind_of_number(rng, real):
    Z = np.concatenate([specials(real), any_bits(rng, real, 1000)])
    with np.errstate(all="raise"):
        A, cache = ffnn.relu(Z)
    assert cache is Z
    assert_same_bits(A, np.array([real(0) if z < 0 else z for z in Z]))
    assert np.signbit(ffnn.relu(np.array(-0.0, real))[0])
    assert np.isnan(ffnn.relu(np.array([np.nan], real))[0]).all()


def test_relu_backward_of_every_kind_of_number(real):
    """+0 at Z <= 0 even for a NaN or infinite dA; dA itself elsewhere, where Z is NaN too."""
    values = specials(real)
    dA, Z = (x.copy() for x in np.meshgrid(values, values))
    with np.errstate(all="raise"):
        dZ = ffnn.relu_backward(dA, Z)
    assert_same_bits(dZ, np.where(Z <= 0, real(0), dA))
    assert_same_bits(dZ, reference.relu_backward(dA, Z))


def test_backward_promotes_as_promised():
    narrow, wide = np.ones((1, 3), np.float32), np.ones((1, 3))
    assert ffnn.relu_backward(narrow, wide).dtype == np.float32
    assert ffnn.relu_backward(wide, narrow).dtype == np.float64
    assert ffnn.sigmoid_backward(narrow, wide).dtype == np.float64
    assert ffnn.sigmoid_backward(wide, narrow).dtype == np.float64
    assert ffnn.sigmoid_backward(narrow, narrow).dtype == np.float32
    tiny = np.array([[1e-300]])
    assert ffnn.relu_backward(narrow[:, :1], tiny)[0, 0] == 1
    assert ffnn.relu_backward(narrow[:, :1], -tiny)[0, 0] == 0


def test_sigmoid_backward_is_the_formula(rng, real):
    """Within the roundings of dA * s * (1 - s); the s in 1 - s makes them absolute."""
    finfo = np.finfo(real)
    Z = np.concatenate([rng.standard_normal(2000) * 10, np.linspace(-800, 800, 1001)]).astype(real)
    dA = rng.standard_normal(Z.shape).astype(real)
    dZ = ffnn.sigmoid_backward(dA, Z)
    s = sigmoid_exact(Z)
    exact = dA * s * (1 - s)
    bound = 4 * (finfo.eps * np.abs(dA) * s + finfo.smallest_subnormal)
    assert (np.abs(dZ - exact) <= bound).all()
    assert not (np.abs(dZ - dA * s) <= bound).all()
    assert (dZ[np.abs(Z) > 200] == 0).mean() > 0.5
    assert np.isnan(ffnn.sigmoid_backward(np.ones(2, real), np.array([np.nan, 0], real))[0])


# ---- products ------------------------------------------------------------------------------------


def test_a_nan_or_infinity_stays_in_its_row_or_column(rng, real):
    """Whatever a tile's padding is multiplied by, the neighbours keep their bits."""
    tile_rows, tile_cols, _ = tile(real)
    rows, depth, cols = tile_rows + 2, 9, tile_cols + 3
    A, W = rng.standard_normal((depth, cols)).astype(real), rng.random((rows, depth)).astype(real)
    b = rng.standard_normal((rows, 1)).astype(real)
    clean = ffnn.linear_forward(A, W, b)[0]
    for value in np.nan, np.inf, -np.inf:
        for i in 0, tile_rows - 1, tile_rows, rows - 1:
            dirty = W.copy()
            dirty[i, 4] = value
            Z = ffnn.linear_forward(A, dirty, b)[0]
            assert not np.isfinite(Z[i]).any()
            assert_same_bits(np.delete(Z, i, 0), np.delete(clean, i, 0))
        for j in 0, tile_cols - 1, tile_cols, cols - 1:
            dirty = A.copy()
            dirty[4, j] = value
            Z = ffnn.linear_forward(dirty, W, b)[0]
            assert_same_bits(Z[:, j], np.full(rows, real(value)))
            assert_same_bits(np.delete(Z, j, 1), np.delete(clean, j, 1))


def test_products_of_special_numbers(real):
    """Pairs by hand: 0 * inf, inf - inf, overflow, subnormals that nobody flushes."""
    finfo = np.finfo(real)
    tiny, largest = finfo.smallest_subnormal, finfo.max
    pairs = [
        ([0, 1], [np.inf, 1], np.nan),
        ([1, -1], [np.inf, np.inf], np.nan),
        ([1, 1], [np.inf, 1], np.inf),
        ([largest, 0], [2, 0], np.inf),
        ([largest, -largest], [1, 1], 0),
        ([tiny, 0], [1, 1], tiny),
        ([tiny, tiny], [3, -1], 2 * tiny),
        ([finfo.tiny, 0], [0.5, 0], finfo.tiny / 2),
    ]
    with np.errstate(all="ignore"):
        for w, a, expected in pairs:
            W, A = np.array([w], real), np.array(a, real).reshape(2, 1)
            Z, _ = ffnn.linear_forward(A, W, np.zeros((1, 1), real))
            assert_same_bits(Z, np.array([[expected]], real), f"{w} times {a}")


# ---- cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (1, 209), (3, 5), (10, 64)])
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, "real", "soft"])
def test_cost_is_the_formula(rng, real, shape, kind):
    AL = rng.uniform(0.01, 0.99, shape).astype(real)
    Y = rng.uniform(0, 1, shape) if kind == "soft" else labels(rng, shape)
    Y = Y.astype(real if kind in ("real", "soft") else kind)
    cost = ffnn.compute_cost(AL, Y)
    assert type(cost) is np.ndarray and cost.shape == () and cost.dtype == real
    a, y = (np.ravel(x).astype(np.longdouble) for x in (AL, Y))
    terms = np.concatenate([y, 1 - y]), np.concatenate([-np.log(a), -np.log1p(-a)])
    assert_close(cost.reshape(1, 1), terms[0][None], terms[1][:, None], divisor=shape[1])


def test_cost_of_certainty(real):
    """Right and sure costs 0, without a word; wrong and sure infinity, with NumPy's warning."""
    sure = np.array([[0, 1, 0, 1]], real)
    with np.errstate(all="raise"):
        for Y in np.array([[0, 1, 0, 1]]), sure:
            assert_same_bits(ffnn.compute_cost(sure, Y) + real(0), np.array(0, real)[()])
    for Y in [[1, 1, 0, 1]], [[0, 0, 0, 1]]:
        with pytest.warns(RuntimeWarning, match=f"^{LOG_ZERO}$") as caught:
            assert ffnn.compute_cost(sure, np.array(Y)) == np.inf
        assert len(caught) == 1
    half = np.full((1, 40), 0.5, real)
    half[0, 37] = 0
    Y = np.zeros((1, 40), int)
    assert abs(ffnn.compute_cost(half, Y) - 39 / 40 * np.log(2)) < 1e-6
    Y[0, 37] = 1
    with pytest.warns(RuntimeWarning, match=LOG_ZERO):
        assert ffnn.compute_cost(half, Y) == np.inf


def test_cost_outside_the_unit_interval(real):
    Y = np.array([[1, 0.5]], real)
    for value in -0.5, 1.5:
        with pytest.warns(RuntimeWarning, match=f"^{LOG_NEGATIVE}$"):
            assert np.isnan(ffnn.compute_cost(np.array([[0.5, value]], real), Y))


def test_cost_of_nan_is_nan_without_a_warning(real):
    for value in 0, 1, 0.5:
        nan, number = np.array([[value, np.nan]], real), np.array([[0.5, 0.5]], real)
        assert np.isnan(ffnn.compute_cost(nan[:, 1:], number[:, 1:]))
        assert np.isnan(ffnn.compute_cost(nan[:, 1:], nan[:, :1]))
        assert np.isnan(ffnn.compute_cost(number, nan))


def test_cost_obeys_errstate(real):
    wrong, beyond = np.array([[0.5, 0]], real), np.array([[0.5, -1]], real)
    Y = np.array([[1, 1]])
    for AL, category, message in (wrong, "divide", LOG_ZERO), (beyond, "invalid", LOG_NEGATIVE):
        with np.errstate(**{category: "raise"}), pytest.raises(FloatingPointError, match=message):
            ffnn.compute_cost(AL, Y)
        with np.errstate(**{category: "ignore"}):
            assert not np.isfinite(ffnn.compute_cost(AL, Y))
        called = Mock()
        with np.errstate(**{category: "call"}, call=called):
            ffnn.compute_cost(AL, Y)
        called.assert_called_once()


# ---- the gradient of the output ------------------------------------------------------------------


def output_gradient(AL, Y, Z):
    """dZ of one unit by itself: W is 1, so dA0 = W^T dZ is dZ, whatever stands in it."""
    ones, zero = np.ones((1, 1), Z.dtype), np.zeros((1, 1), Z.dtype)
    return ffnn.L_model_backward(AL, Y, [((Z, ones, zero), Z)])["dA0"]


def mixed_outputs(rng, real):
    """Z from everywhere, and AL: the sigmoid of Z, a bit beside it (but with a finite 1 / AL),
    far from it, outside (0, 1)."""
    Z = np.concatenate([rng.standard_normal(300) * 4, np.linspace(-900, 900, 300)])
    Z = Z[rng.permutation(600)].astype(real)[None]
    AL, _ = ffnn.sigmoid(Z)
    AL[0, 1::4] = np.maximum(np.nextafter(AL[0, 1::4], real(0.5)), np.finfo(real).eps ** 2)
    AL[0, 2::4] = rng.uniform(0.1, 0.9, 150)
    AL[0, 3::8] = rng.uniform(1.5, 3, 75)
    AL[0, 7::8] = rng.uniform(-2, -0.5, 75)
    return AL, Z


@pytest.mark.parametrize("kind", ["labels", "soft"])
def test_shortcut_exactly_where_AL_is_the_sigmoid(rng, real, kind):
    AL, Z = mixed_outputs(rng, real)
    Y = labels(rng, Z.shape) if kind == "labels" else rng.uniform(0, 1, Z.shape).astype(real)
    with np.errstate(all="raise", under="ignore"):
        dZ = output_gradient(AL, Y, Z)

    shortcut = AL == ffnn.sigmoid(Z)[0]
    assert 0 < np.count_nonzero(shortcut) < Z.size
    assert_same_bits(dZ[shortcut], (AL - Y.astype(real))[shortcut])

    y, a = Y.astype(np.longdouble), AL.astype(np.longdouble)
    with np.errstate(all="ignore"):
        s = sigmoid_exact(Z)
        literal = -(y / a - (1 - y) / (1 - a)) * s * (1 - s)
        terms = np.abs(y / a) + np.abs((1 - y) / (1 - a))
        finfo = np.finfo(real)
        bound = 8 * (finfo.eps * terms * s + finfo.smallest_subnormal * (1 + terms))
        near = np.abs(dZ - literal) <= bound
        far = np.abs((AL - Y) - literal) > bound
    assert near[~shortcut].all()
    # Neither rule passes for the other.
    assert np.count_nonzero(far[~shortcut]) > 100
    assert np.count_nonzero(~near[shortcut]) > 30


def test_saturated_gradients_are_the_finite_limit(real):
    """AL is 0 or 1 to the bit because Z is far out: AL - Y, not NaN, and no warning."""
    Z = np.array([[1000, 1000, -1000, -1000, 40, 1e30, -1e30]], real)
    AL, _ = ffnn.sigmoid(Z)
    Y = np.array([[1, 0, 1, 0, 0, 0, 1]])
    with np.errstate(all="raise"):
        assert_same_bits(output_gradient(AL, Y, Z), np.array([[0, 1, -1, 0, 1, 1, -1]], real))


def test_gradients_of_pictures_that_nobody_scaled(rng, real):
    """X in 0 .. 255: the sigmoid saturates, every gradient stays finite."""
    X = rng.integers(0, 256, (3000, 40), dtype=np.uint8)
    parameters = network(rng, [3000, 9, 1], real)
    parameters["W2"] *= 30
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert ((AL == 0) | (AL == 1)).any()
    Y = (AL < 0.5).astype(int)
    for name, gradient in ffnn.L_model_backward(AL, Y, caches).items():
        assert np.isfinite(gradient).all(), name


@pytest.mark.parametrize(
    ("value", "label", "expected", "category", "message"),
    [
        (0, 1, -np.inf, "divide", DIVIDE_ZERO),
        (1, 0, np.inf, "divide", DIVIDE_ZERO),
        (0, 0, np.nan, "invalid", DIVIDE_INVALID),
        (1, 1, np.nan, "invalid", DIVIDE_INVALID),
    ],
)
def test_literal_formula_warns_at_zero_and_one(real, value, label, expected, category, message):
    """AL is 0 or 1, Z is not far out: NumPy's own warning, once, under np.errstate's rule."""
    Z, AL = np.full((1, 30), 0.3, real), np.full((1, 30), 0.4, real)
    AL[0, 17] = value
    Y = np.full((1, 30), label)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dZ = output_gradient(AL, Y, Z)
    assert [str(w.message) for w in caught] == [message]
    assert caught[0].category is RuntimeWarning
    with np.errstate(all="ignore"):
        assert_same_bits(dZ[0, 17], np.asarray(expected, real))
        assert_same_bits(output_gradient(AL, Y, Z), dZ)
        rest = np.delete(reference.output_gradient(AL, Y, Z), 17, 1)
    np.testing.assert_allclose(np.delete(dZ, 17, 1), rest, rtol=1e-6)
    with np.errstate(**{category: "raise"}), pytest.raises(FloatingPointError, match=message):
        output_gradient(AL, Y, Z)


def test_gradient_of_nan_is_nan(real):
    Z = np.array([[0.5, np.nan, 0.5, 0.5]], real)
    AL = np.array([[0.5, 0.5, np.nan, 0.5]], real)
    dZ = output_gradient(AL, np.array([[1, 0, 1, 0]]), Z)
    assert np.isnan(dZ).tolist() == [[False, True, True, False]]


def test_several_units_each_by_its_own_rule(rng, real):
    """An identity of weights hands dZ through: one product for each element, the others zeros."""
    Z = (rng.standard_normal((3, 50)) * 20).astype(real)
    AL, _ = ffnn.sigmoid(Z)
    AL[1] = 0.25
    AL[2, ::2] = 1.75
    Y = labels(rng, (3, 50))
    W, b = np.eye(3, dtype=real), np.zeros((3, 1), real)
    grads = ffnn.L_model_backward(AL, Y, [((Z, W, b), Z)])
    rows = [output_gradient(AL[i : i + 1], Y[i : i + 1], Z[i : i + 1]) for i in range(3)]
    np.testing.assert_array_equal(grads["dA0"], np.concatenate(rows))
    assert_close(grads["db1"], np.concatenate(rows), np.ones((50, 1)), divisor=50)
