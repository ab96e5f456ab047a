"""What train does where nothing is said; and that the assignment's models do as the assignment."""

import numpy as np
import pytest

import ffnn
from support import assert_same_dict

RELU_LIKE = {"relu", "leaky_relu", "elu", "gelu", "silu", "softplus"}


def data(rng):
    X = rng.standard_normal((4, 150))
    return X, (X[:1] * X[1:2] > 0) * 1


@pytest.mark.parametrize("hidden", [name for name in ffnn.activations() if name != "softmax"])
def test_adam_in_batches_from_weights_that_suit_the_activation(rng, hidden):
    X, Y = data(rng)
    found, history = ffnn.train(X, Y, [4, 6, 5, 1], seed=2, hidden_activation=hidden)
    expected, _ = ffnn.train(
        X, Y, [4, 6, 5, 1], seed=2, hidden_activation=hidden, output_activation="sigmoid",
        initialization="he" if hidden in RELU_LIKE else "xavier", optimizer="adam", beta1=0.9,
        beta2=0.999, epsilon=1e-8, learning_rate=0.001, mini_batch_size=64, shuffle=True,
        num_epochs=100,
    )  # fmt: skip
    assert_same_dict(found, expected)
    assert len(history["cost"]) == 100


@pytest.mark.parametrize("optimizer, rate", [("adamw", 0.001), ("rmsprop", 0.001), ("gd", 0.01)])
def test_the_rate_goes_with_the_optimiser(rng, optimizer, rate):
    X, Y = data(rng)
    _, history = ffnn.train(X, Y, [4, 6, 1], optimizer=optimizer, num_epochs=2)
    assert history["learning_rate"] == [rate, rate]


def test_the_first_hidden_layer_decides_and_a_net_without_one_takes_xavier(rng):
    X, Y = data(rng)
    for dims, hidden, name in (
        ([4, 6, 5, 1], ["tanh", "relu"], "xavier"),
        ([4, 6, 5, 1], ["relu", "tanh"], "he"),
        ([4, 1], "relu", "xavier"),
    ):
        options = {"seed": 1, "hidden_activation": hidden, "num_epochs": 0}
        found, _ = ffnn.train(X, Y, dims, **options)
        expected, _ = ffnn.train(X, Y, dims, initialization=name, **options)
        assert_same_dict(found, expected)


def test_the_assignments_models_prescribe_theirs(rng):
    X, Y = data(rng)
    found, costs = ffnn.L_layer_model(X, Y, [4, 6, 1], num_iterations=250)
    np.random.seed(1)
    start = ffnn.initialize_parameters_deep([4, 6, 1])
    expected, history = ffnn.train(
        X, Y, parameters=start, optimizer="gd", learning_rate=0.0075, mini_batch_size="all",
        num_epochs=250, record_every=100,
    )  # fmt: skip
    for key, value in expected.items():
        assert np.abs(found[key] - value).max() < 1e-14
    assert np.allclose(costs, history["cost"][:3], rtol=1e-14)
    again, _ = ffnn.L_layer_model(X, Y, [4, 6, 1], num_iterations=250, mini_batch_size=None)
    assert_same_dict(again, found)
