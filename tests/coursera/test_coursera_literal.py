"""The courses' literal formulas, as the modules of ffnn.coursera show them: ends, types, errors."""

import warnings

import numpy as np
import pytest

import reference_coursera as reference
from ffnn.coursera import (
    dnn_app_utils_v3,
    opt_utils_v1a,
    planar_classification,
    reg_utils,
    regularization,
)

EDGES = np.array([0.0, -0.0, 1.0, 0.5, 1e-310, 1 - 2**-53, -0.5, 1.5, np.inf, -np.inf, np.nan])


def warned(call):
    """What a call gives, and the warnings' texts without doubles."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, {str(warning.message) for warning in caught}


@pytest.mark.parametrize("m", [1, 2, 257])
def test_costs(rng, real, m):
    A, Y = rng.random((2, m)).astype(real), rng.integers(0, 2, (2, m))
    total = reference.literal_terms(A.astype(np.float64), Y).sum()
    for compute_cost, expected in (
        (dnn_app_utils_v3.compute_cost, total / m),
        (reg_utils.compute_cost, total / m),
        (opt_utils_v1a.compute_cost, total),
    ):
        actual = compute_cost(A, Y)
        assert actual.shape == () and actual.dtype == real
        np.testing.assert_allclose(actual, expected, rtol=4 * np.finfo(real).eps)


@pytest.mark.parametrize("a", EDGES)
@pytest.mark.parametrize("y", [0.0, 1.0, 0.25, np.nan])
def test_one_cost_of_any_kind(a, y):
    """NumPy's value and NumPy's warnings."""
    expected, texts = warned(lambda: reference.compute_cost([[a]], [[y]]))
    actual, ours = warned(lambda: dnn_app_utils_v3.compute_cost([[a]], [[y]]))
    np.testing.assert_allclose(actual, expected, rtol=1e-15)
    assert ours == texts
    skipped, _ = warned(lambda: reg_utils.compute_cost([[a, 0.5]], [[y, 1]]))
    np.testing.assert_allclose(skipped, np.nansum([expected, np.log(2)]) / 2, rtol=1e-15)


def test_warnings_obey_errstate():
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="in log"):
        dnn_app_utils_v3.compute_cost([[0.0]], [[1]])
    with np.errstate(divide="ignore"):
        assert dnn_app_utils_v3.compute_cost([[0.0]], [[1]]) == np.inf


def layers(real):
    """Parameters of a net 2-2-2-1 and three examples."""
    parameters = reg_utils.initialize_parameters([2, 2, 2, 1])
    X = np.arange(6.0).reshape(2, 3) / 5
    return {key: x.astype(real) for key, x in parameters.items()}, X.astype(real)


@pytest.mark.parametrize(
    "Y", [[[1, 0, 1]], [1, 0, 1], [[1], [0], [1]], np.array([[1, 0, 1]], bool)]
)
def test_integer_labels_never_widen(real, Y):
    parameters, X = layers(real)
    A3, cache = reg_utils.forward_propagation(X, parameters)
    grads = reg_utils.backward_propagation(X, Y, cache)
    assert (grads["dZ3"] == A3 - np.asarray(Y, real).reshape(1, 3)).all()
    A3, cache = regularization.forward_propagation_with_dropout(X, parameters)
    grads |= regularization.backward_propagation_with_dropout(X, Y, cache, 0.5)
    assert {x.dtype for x in grads.values()} == {np.dtype(real)}
    planar = {key: parameters[key] for key in ("W1", "b1")}
    planar |= {"W2": parameters["W3"], "b2": parameters["b3"]}
    _, cache = planar_classification.forward_propagation(X, planar)
    grads = planar_classification.backward_propagation(planar, cache, X, Y)
    assert {x.dtype for x in grads.values()} == {np.dtype(real)}
    assert reg_utils.compute_cost(A3, Y).dtype == real


def test_float_types_meet_in_the_wider_one(rng):
    A, Y = rng.random((1, 5)), rng.random((1, 5))
    for a, y, expected in (
        (A.astype(np.float32), Y, np.float64),
        (A, Y.astype(np.float32), np.float64),
        (A.astype(">f4"), Y.astype(np.float32), np.float32),
        (A > 0.5, Y > 0.5, np.float64),
    ):
        actual, _ = warned(lambda a=a, y=y: reg_utils.compute_cost(a, y))
        assert actual.dtype == expected and actual.dtype.isnative


GOOD = np.full((2, 3), 0.5)


@pytest.mark.parametrize(
    ("A", "Y", "error", "says"),
    [
        (GOOD, np.ones((2, 4)), ValueError, r"Y has shape \(2, 4\) where AL has shape \(2, 3\)"),
        (GOOD, np.ones((3, 2)), ValueError, r"Y has shape \(3, 2\) .*pass Y\.T"),
        (GOOD, np.ones((2, 3, 1)), ValueError, r"Y has shape \(2, 3, 1\)"),
        (GOOD, np.ones(3), ValueError, r"Y has shape \(3,\)"),
        (GOOD[0], GOOD, ValueError, "AL has ndim 1"),
        (GOOD[:, :0], GOOD[:, :0], ValueError, "no examples"),
        (GOOD, GOOD.astype(complex), TypeError, "Y has dtype complex128"),
        (GOOD.astype(np.float16), GOOD, TypeError, "AL has dtype float16"),
        (GOOD.astype(np.longdouble), GOOD, TypeError, "AL has dtype"),
        (None, GOOD, TypeError, "AL has dtype object"),
        (GOOD, np.ma.masked_array(GOOD), TypeError, "Y is a MaskedArray"),
        (GOOD.view(np.matrix), GOOD, TypeError, "AL is a matrix"),
    ],
)
def test_what_a_cost_refuses(A, Y, error, says):
    with pytest.raises(error, match=f"^compute_cost: {says}"):
        dnn_app_utils_v3.compute_cost(A, Y)


def test_what_a_mask_refuses():
    parameters, X = layers(np.float64)
    Y = [[1, 0, 1]]
    _, cache = regularization.forward_propagation_with_dropout(X, parameters)
    function = "backward_propagation_with_dropout"
    for keep_prob, error, says in (
        ("x", TypeError, "keep_prob must be a real number"),
        (np.nan, ValueError, "keep_prob must be finite"),
    ):
        with pytest.raises(error, match=f"^{function}: {says}"):
            regularization.backward_propagation_with_dropout(X, Y, cache, keep_prob)
    short = [*cache]
    short[6] = cache[6][:, :2]
    with pytest.raises(ValueError, match=rf"^{function}: D2 has shape \(2, 2\) where A has"):
        regularization.backward_propagation_with_dropout(X, Y, short, 0.5)
