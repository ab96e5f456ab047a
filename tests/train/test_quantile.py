"""The quantile cost, or pinball loss, at levels other than its default."""

import numpy as np
import pytest

import ffnn
import reference
from support import draw

LEVELS = [0.05, 0.5, 0.9]
NET = {"hidden_activation": "tanh", "output_activation": "linear"}


@pytest.mark.parametrize("level", LEVELS)
def test_the_least_cost_is_at_the_quantile(rng, level):
    """A net of one bias: so large a share of the labels lies below it."""
    y = rng.exponential(size=101)
    parameters, history = ffnn.train(
        np.zeros((1, 101)), y[None], [1, 1], cost="quantile", quantile=level, seed=0,
        output_activation="linear", optimizer="gd", mini_batch_size="all", num_epochs=4000,
        learning_rate=lambda epoch: 0.1 * 0.998**epoch,
    )  # fmt: skip
    b = parameters["b1"].item()
    assert abs(np.mean(y < b) - level) <= 1.5 / 101
    due = np.maximum(level * (y - b), (level - 1) * (y - b)).mean()
    assert history["cost"][-1] == pytest.approx(due, rel=1e-3)
    best = np.quantile(y, level)
    assert due <= np.maximum(level * (y - best), (level - 1) * (y - best)).mean() * (1 + 1e-3)


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("level", LEVELS)
def test_equals_the_twins(rng, level, real):
    X, Y, parameters = draw(rng, [3, 4, 2], 37, "linear")
    X, Y = X.astype(real), Y.astype(real)
    parameters = {key: value.astype(real) for key, value in parameters.items()}
    weights = rng.uniform(0, 2, 37)
    given = {"cost": "quantile", "quantile": level}
    tolerance = {"rtol": 1e-4, "atol": 1e-6} if real == np.float32 else {"rtol": 1e-11}
    results = []
    for module in ffnn, reference:
        AL, caches = module.L_model_forward(X, parameters, **NET)
        value, gradients = module.cost_and_gradients(
            X, Y, parameters, sample_weight=weights, **NET, **given
        )
        grads = module.L_model_backward(AL, Y, caches, **NET, **given)
        cost = module.compute_cost(AL, Y, sample_weight=weights, **given)
        if real == np.float64:
            check = module.gradient_check(parameters, X, Y, epsilon=1e-6, **NET, **given)
            assert check < 1e-6
        results.append([cost, value, *gradients.values(), *(grads[key] for key in gradients)])
    for ours, due in zip(*results, strict=True):
        np.testing.assert_allclose(ours, due, **tolerance)
    plain = ffnn.compute_cost(AL, Y, cost="quantile")
    assert float(plain) == pytest.approx(float(np.abs(AL - Y).mean()), rel=1e-5)  # 2 rows, 1 / 2


def test_the_slope_is_0_at_the_label():
    parameters = {"W1": np.zeros((1, 1)), "b1": np.ones((1, 1))}
    for y, slope in (1, 0.0), (2, -0.9), (0.5, 0.1):
        _, gradients = ffnn.cost_and_gradients(
            np.zeros((1, 1)), [[y]], parameters, output_activation="linear", cost="quantile",
            quantile=0.9,
        )  # fmt: skip
        assert gradients["db1"].item() == pytest.approx(slope, abs=1e-15)


def test_a_run_goes_on_at_its_level(rng):
    """And validation is measured at it."""
    X, Y, parameters = draw(rng, [3, 4, 1], 60, "linear")
    runs = {}
    for level in 0.5, 0.9:
        runs[level], history = ffnn.train(
            X, Y, parameters=parameters, **NET, cost="quantile", quantile=level, num_epochs=30,
            validation_data=(X, Y), seed=3, mini_batch_size=16,
        )  # fmt: skip
        AL = ffnn.predict_proba(X, runs[level])
        due = ffnn.compute_cost(AL, Y, cost="quantile", quantile=level)
        assert history["val_cost"][-1] == pytest.approx(float(due))
    outputs = [ffnn.predict_proba(X, runs[level]).mean() for level in (0.5, 0.9)]
    assert outputs[0] < outputs[1]


@pytest.mark.parametrize(
    "call",
    [
        lambda **given: ffnn.compute_cost([[0.5]], [[1.0]], **given),
        lambda **given: ffnn.cost_and_gradients(
            [[1.0]], [[1.0]], {"W1": [[1.0]], "b1": [[0.0]]}, output_activation="linear", **given
        ),
        lambda **given: ffnn.gradient_check(
            {"W1": np.ones((1, 1)), "b1": np.ones((1, 1))}, np.ones((1, 1)), [[1.0]],
            output_activation="linear", **given,
        ),
    ],
)  # fmt: skip
def test_levels_that_are_none(call):
    for level in 0, 1, -1, np.nan:
        with pytest.raises(ValueError, match="quantile must be"):
            call(cost="quantile", quantile=level)
    with pytest.raises(TypeError, match="quantile must be a real number"):
        call(cost="quantile", quantile="median")
    with pytest.raises(ValueError, match="quantile goes with cost='quantile', not 'huber'"):
        call(cost="huber", quantile=0.5)


@pytest.mark.parametrize("level", [0.999, 0.99999, 1 - 1e-8])
def test_the_far_side_is_rounded_once(level):
    """1 - level is taken in double: in float32 level may be 1."""
    AL, Y = np.float32([[2.0]]), np.float32([[1.0]])
    found = ffnn.compute_cost(AL, Y, cost="quantile", quantile=level)
    assert found == np.float32(1 - level)
