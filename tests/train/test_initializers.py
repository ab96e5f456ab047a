"""Initialisers: the twin's parameters draw for draw, the courses' numbers, variances, errors."""

import re

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits, assert_same_dict

INITIALIZERS = ["assignment", "he", "xavier", "xavier_uniform", "lecun", "zeros",
                "nguyen_widrow"]  # fmt: skip


@pytest.mark.parametrize("dims", [[5, 4, 3], (2, 1), np.array([12, 7, 5, 3, 1])])
@pytest.mark.parametrize(
    "options",
    [*({"initialization": name} for name in INITIALIZERS), *({"scale": s} for s in (0.01, 10, 0))],
)
def test_initialisers_draw_for_draw(dims, options, real):
    results = []
    for module in ffnn, reference:
        np.random.seed(3)
        parameters = module.initialize_parameters_deep(dims, **options, dtype=real)
        results.append((parameters, np.random.randn(3)))
    (ours, draws), (twin, twin_draws) = results
    assert_same_dict(ours, twin)
    assert_same_bits(draws, twin_draws)
    assert all(value.dtype == real for value in ours.values())


def test_the_courses_numbers():
    """Step by step: seed 3 and a factor of 0.01."""
    np.random.seed(3)
    W1 = ffnn.initialize_parameters_deep([5, 4, 3], scale=0.01)["W1"]
    np.testing.assert_allclose(
        W1[0], [0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388], atol=5e-9
    )


def test_variances():
    n_prev, n = 300, 200
    for rule, variance in ("he", 2 / n_prev), ("xavier", 2 / (n + n_prev)), ("lecun", 1 / n_prev):
        W = ffnn.initialize_parameters_deep([n_prev, n], initialization=rule)["W1"]
        assert W.var() == pytest.approx(variance, rel=0.05)
    W = ffnn.initialize_parameters_deep([n_prev, n], initialization="xavier_uniform")["W1"]
    assert W.var() == pytest.approx(2 / (n + n_prev), rel=0.05)
    assert np.abs(W).max() <= np.sqrt(6 / (n + n_prev))


def test_nguyen_and_widrows_units_cover_the_inputs():
    """Each hidden unit's active range is centred in -1..1, evenly one beside the other."""
    np.random.seed(1)
    parameters = ffnn.initialize_parameters_deep([1, 6, 1], initialization="nguyen_widrow")
    centres = -parameters["b1"] / parameters["W1"]
    np.testing.assert_allclose(np.sort(centres.ravel()), [-1, -0.6, -0.2, 0.2, 0.6, 1])
    parameters = ffnn.initialize_parameters_deep([4, 9, 5, 2], initialization="nguyen_widrow")
    for l, n, n_prev in (1, 9, 4), (2, 5, 9):  # noqa: E741
        norms = np.linalg.norm(parameters[f"W{l}"], axis=1)
        np.testing.assert_allclose(norms, 0.7 * n ** (1 / n_prev))
        assert np.abs(parameters[f"b{l}"]).max() == pytest.approx(norms[0])
    assert np.abs(parameters["W3"]).max() <= 0.5 and (parameters["b3"] != 0).all()


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ValueError, "initialization must be one of ...; did you mean 'he'?",
         {"initialization": "He"}),
        (TypeError, "initialization must be a str, not int", {"initialization": 2}),
        (ValueError, "scale=0.1 is an initialiser of its own, beside initialization='he'",
         {"initialization": "he", "scale": 0.1}),
        (ValueError, "scale must be finite, not nan", {"scale": np.nan}),
        (TypeError, "scale must be a real number, not 'big'", {"scale": "big"}),
        (TypeError, "dtype must be float64 or float32, not float16", {"dtype": np.float16}),
    ],
)  # fmt: skip
def test_what_initialisers_refuse(error, message, options):
    state = np.random.get_state()[1].copy()
    match = re.escape(message).replace(r"\.\.\.", ".*")
    with pytest.raises(error, match=f"initialize_parameters_deep: {match}"):
        ffnn.initialize_parameters_deep([3, 2], **options)
    assert (np.random.get_state()[1] == state).all()
