"""Whole runs of train with numbers known beforehand: the course's moons, the digits."""

import numpy as np
import pytest

import ffnn
from support import plain_train


@pytest.mark.parametrize(
    ("optimizer", "costs", "accuracy"),
    [
        ("gd", [0.702405, 0.668101, 0.635288, 0.600491, 0.573367], 0.7167),
        ("adam", [0.702166, 0.167845, 0.141316, 0.138788, 0.136066], 0.9433),
    ],
)
def test_the_courses_model_on_moons(optimizer, costs, accuracy):
    """5,000 epochs of five batches: seed 10 gives the orders of seeds 11, 12, ..."""
    make_moons = pytest.importorskip("sklearn.datasets").make_moons
    X, Y = make_moons(n_samples=300, noise=0.2, random_state=3)
    X, Y = X.T, Y.reshape(1, -1)
    np.random.seed(3)
    parameters = ffnn.initialize_parameters_deep([2, 5, 2, 1], initialization="he")
    parameters, history = plain_train(
        X,
        Y,
        parameters=parameters,
        seed=10,
        optimizer=optimizer,
        learning_rate=0.0007,
        num_epochs=5000,
        record_every=1000,
        metrics="accuracy",
    )
    assert history["epoch"] == [0, 1000, 2000, 3000, 4000, 4999]
    np.testing.assert_allclose(history["cost"][:5], costs, atol=2e-6)
    assert history["accuracy"][-1] == pytest.approx(accuracy, abs=5e-5)


def test_digits_in_thirteen_epochs():
    """97 % of 360 held back, the median of five seeds."""
    X, Y = ffnn.datasets.load_digits()
    needed = []
    for seed in range(5):
        _, history = plain_train(
            X,
            Y,
            [64, 64, 10],
            seed=seed,
            initialization="he",
            output_activation="softmax",
            optimizer="adam",
            learning_rate=0.003,
            num_epochs=20,
            validation_fraction=0.2,
            metrics="accuracy",
        )
        accuracy = np.array(history["val_accuracy"])
        needed.append(int((accuracy >= 0.97).argmax()) + 1)
        assert accuracy.max() >= 0.97
    assert np.median(needed) <= 15, needed
