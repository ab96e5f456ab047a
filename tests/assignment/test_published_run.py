"""A run of the assignment that was published digit by digit: forward, cost, backward, update."""

import json
from pathlib import Path

import numpy as np
import pytest

import ffnn

RUN = json.loads((Path(__file__).parent / "data" / "published_run.json").read_text())
ATOL = RUN["atol"]


@pytest.fixture
def run():
    """X, Y and parameters as arrays."""
    parameters = {name: np.array(value) for name, value in RUN["parameters"].items()}
    return np.array(RUN["X"]), np.array(RUN["Y"]), parameters


def assert_printed(actual, printed):
    np.testing.assert_allclose(actual, np.array(printed), rtol=0, atol=ATOL, strict=True)


def test_the_network_is_the_published_one(run):
    X, Y, parameters = run
    assert [X.shape[0]] + [parameters[f"W{n}"].shape[0] for n in (1, 2, 3)] == RUN["layer_dims"]
    assert list(parameters) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert Y.shape == (1, 4)


def test_forward_and_cost(run):
    X, Y, parameters = run
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert_printed(AL, RUN["AL"])
    assert len(caches) == 3
    cost = ffnn.compute_cost(AL, Y)
    assert abs(float(cost) - RUN["cost"]) <= ATOL


def test_layer_by_layer(run):
    X, _, parameters = run
    A = X
    for number, activation in enumerate(["relu", "relu", "sigmoid"], start=1):
        W, b = parameters[f"W{number}"], parameters[f"b{number}"]
        A, _ = ffnn.linear_activation_forward(A, W, b, activation)
    assert_printed(A, RUN["AL"])


def test_backward(run):
    X, Y, parameters = run
    AL, caches = ffnn.L_model_forward(X, parameters)
    grads = ffnn.L_model_backward(AL, Y, caches)
    assert list(grads) == ["dA2", "dW3", "db3", "dA1", "dW2", "db2", "dA0", "dW1", "db1"]
    assert set(RUN["grads"]) == set(grads)
    for name, printed in RUN["grads"].items():
        assert_printed(grads[name], printed)


def test_update(run):
    X, Y, parameters = run
    AL, caches = ffnn.L_model_forward(X, parameters)
    grads = ffnn.L_model_backward(AL, Y, caches)
    for _ in range(RUN["updates_applied"]):
        parameters = ffnn.update_parameters(parameters, grads, RUN["learning_rate"])
    assert set(RUN["updated_parameters"]) == set(parameters)
    for name, printed in RUN["updated_parameters"].items():
        assert_printed(parameters[name], printed)


def test_the_costs_of_the_courses_own_tests():
    """Two more published numbers, full digits."""
    AL = np.array([[0.8, 0.9, 0.4]])
    for Y, cost in ([1, 1, 0], 0.2797765635793422), ([1, 1, 1], 0.414931599615397):
        assert float(ffnn.compute_cost(AL, np.array([Y]))) == pytest.approx(cost, rel=1e-15)


def test_the_parameters_of_the_courses_own_test():
    np.random.seed(1)
    parameters = ffnn.initialize_parameters(3, 2, 1)
    W1 = [[0.01624345, -0.00611756, -0.00528172], [-0.01072969, 0.00865408, -0.02301539]]
    assert_printed(parameters["W1"], W1)
    assert_printed(parameters["W2"], [[0.01744812, -0.00761207]])
