"""The private C functions under ffnn.coursera: literal formulas, warnings, types, errors, leaks."""

import contextlib
import gc
import sys
import warnings

import numpy as np
import pytest

import reference_coursera as reference
from ffnn import _ffnn

EDGES = np.array([0.0, -0.0, 1.0, 0.5, 1e-310, 1 - 2**-53, -0.5, 1.5, np.inf, -np.inf, np.nan])


def cost(A, Y, skip_nan=False):
    return _ffnn.literal_cost("f", "A", A, Y, skip_nan)


def warned(call):
    """What a call gives, and the warnings' texts without doubles."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return result, {str(warning.message) for warning in caught}


@pytest.mark.parametrize("m", [1, 2, 255, 256, 257, 1000])
def test_cost(rng, real, m):
    A, Y = rng.random((2, m)).astype(real), rng.integers(0, 2, (2, m))
    actual = cost(A, Y)
    assert actual.ndim == 0 and actual.dtype == real
    expected = reference.literal_terms(A.astype(np.float64), Y).sum()
    np.testing.assert_allclose(actual, expected, rtol=4 * m * np.finfo(real).eps)
    assert cost(np.asfortranarray(A), Y[:, ::-1][:, ::-1]) == actual


@pytest.mark.parametrize("a", EDGES)
@pytest.mark.parametrize("y", [0.0, 1.0, 0.25, np.nan])
def test_one_cost_of_any_kind(a, y):
    """NumPy's value and NumPy's warnings."""
    expected, texts = warned(lambda: reference.literal_terms([[a]], [[y]])[0, 0])
    actual, ours = warned(lambda: cost([[a]], [[y]]))
    np.testing.assert_allclose(actual, expected, rtol=1e-15)
    # (inf - inf) in the sum is NumPy's "add"; all else is the same.
    assert ours == {text for text in texts if "encountered in add" not in text}
    skipped, _ = warned(lambda: cost([[a, 0.5]], [[y, 1]], skip_nan=True))
    np.testing.assert_allclose(skipped, np.nansum([expected, np.log(2)]), rtol=1e-15)


def test_warnings_obey_errstate():
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError, match="in log"):
        cost([[0.0]], [[1]])
    with np.errstate(divide="ignore"):
        assert cost([[0.0]], [[1]]) == np.inf


def test_error_of_the_output(rng, real):
    A, Y = rng.random((1, 70)).astype(real), rng.integers(0, 2, (1, 70))
    assert (_ffnn.residual("f", "A", A, Y, 1) == A - Y.astype(real)).all()
    shares = _ffnn.residual("f", "A", A, Y[0], 70)
    assert shares.shape == (1, 70) and shares.dtype == real
    assert (shares == (A - Y.astype(real)) / real(70)).all()


def test_slope_of_tanh(rng, real):
    dA, A = rng.standard_normal((2, 5, 7)).astype(real)
    actual = _ffnn.tanh_slope("f", "A", dA, A)
    assert actual.dtype == real and (actual == dA * (1 - A * A)).all()
    assert _ffnn.tanh_slope("f", "A", dA.T, np.asfortranarray(A.T)).tolist() == actual.T.tolist()
    assert _ffnn.tanh_slope("f", "A", dA.astype(np.float32), A.astype(float)).dtype == np.float64


def test_masks(rng, real):
    A, D = rng.standard_normal((4, 9)).astype(real), rng.random((4, 9)) < 0.7
    for mask in (D, D.astype(int), D.astype(real), D.tolist()):
        actual = _ffnn.masked("f", "D", A, mask, 0.7)
        assert actual.dtype == real and (actual == A * D / real(0.7)).all()


GOOD = {
    "literal_cost": ("f", "a", np.full((2, 3), 0.5), np.ones((2, 3)), False),
    "residual": ("f", "a", np.ones((2, 3)), np.ones((2, 3), int), 2.0),
    "tanh_slope": ("f", "a", np.ones((2, 3)), np.ones((2, 3))),
    "masked": ("f", "a", np.ones((2, 3)), np.ones((2, 3), bool), 0.5),
}


def bad_calls():
    """(name, arguments, error, text)."""
    for name, (function, label, first, second, *rest) in GOOD.items():
        other = "a" if name in ("tanh_slope", "masked") else "Y"
        for wrong in (np.ones((2, 4)), np.ones((2, 3, 1))):
            yield name, (function, label, first, wrong, *rest), ValueError, f"f: {other} has "
        for wrong in (np.ones((2, 3), complex), np.ma.ones((2, 3))):
            yield name, (function, label, first, wrong, *rest), TypeError, f"f: {other} "
        yield name, (function, label, None, second, *rest), TypeError, "f: "
        yield name, (1, label, first, second, *rest), TypeError, ""
        yield name, (function, 1, first, second, *rest), TypeError, ""
        yield name, (function, label, first), TypeError, f"{name}\\(\\) missing"
        if name in ("residual", "masked"):
            yield name, (function, label, first, second, "x"), TypeError, ""
        if name in ("literal_cost", "residual"):
            empty = np.ones((2, 0))
            yield name, (function, label, empty, empty, *rest), ValueError, "f: no examples"
            yield name, (function, label, first[0], second, *rest), ValueError, "f: a has ndim 1"


@pytest.mark.parametrize(("name", "arguments", "error", "text"), list(bad_calls()))
def test_bad_calls(name, arguments, error, text):
    with pytest.raises(error, match=f"^{text}"):
        getattr(_ffnn, name)(*arguments)


@pytest.mark.slow
@pytest.mark.parametrize("name", GOOD)
def test_nothing_leaks(name):
    wrong = [arguments for bad, arguments, _, _ in bad_calls() if bad == name]
    calls = [GOOD[name], *wrong]
    held = [x for arguments in calls for x in arguments if isinstance(x, np.ndarray)]

    def repeat(times):
        for _ in range(times):
            for arguments in calls:
                with contextlib.suppress(TypeError, ValueError):
                    getattr(_ffnn, name)(*arguments)

    repeat(5)
    gc.collect()
    before, blocks = [sys.getrefcount(x) for x in held], sys.getallocatedblocks()
    repeat(400)
    gc.collect()
    assert [sys.getrefcount(x) for x in held] == before
    assert sys.getallocatedblocks() - blocks < 200
