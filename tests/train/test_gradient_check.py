"""Gradients against central differences, and dicts as columns of numbers."""

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits, assert_same_dict, network

OUTPUTS = [
    *((output, None) for output in ffnn.activations()),
    ("linear", "huber"),
    ("linear", "mean_absolute_error"),
    ("linear", "quantile"),
    ("tanh", "mean_squared_error"),
]


def case(rng, output, dims=(4, 5, 3)):
    X = rng.standard_normal((dims[0], 7))
    if output == "softmax":
        return network(rng, dims, np.float64), X, rng.integers(0, dims[-1], 7)
    Y = rng.standard_normal((dims[-1], 7))
    Y = {"sigmoid": Y > 0, "exp": abs(Y)}.get(output, Y)
    return network(rng, dims, np.float64), X, Y


@pytest.mark.parametrize("hidden", [name for name in ffnn.activations() if name != "softmax"])
@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
def test_gradients_are_right(rng, hidden, output, cost):
    parameters, X, Y = case(rng, output)
    for lambd in 0, 0.7:
        options = {"hidden_activation": hidden, "output_activation": output, "cost": cost}
        ours = ffnn.gradient_check(parameters, X, Y, **options, lambd=lambd)
        assert type(ours) is float and ours < 2e-7


def test_the_check_is_the_twins(rng):
    """At a step so wide that both are off by what the curvature says."""
    parameters, X, Y = case(rng, "sigmoid")
    for options in {"epsilon": 0.05}, {"epsilon": 0.1, "lambd": 3.0, "hidden_activation": "tanh"}:
        ours, twin = (
            module.gradient_check(parameters, X, Y, **options) for module in (ffnn, reference)
        )
        assert ours == pytest.approx(twin, rel=1e-6) and ours > 1e-5


@pytest.mark.parametrize("key", ["dW1", "db1", "dW2", "db2"])
def test_a_wrong_gradient_shows(rng, monkeypatch, key):
    """One number of one gradient that is off by 1e-5."""
    parameters, X, Y = case(rng, "sigmoid")
    right = ffnn._ffnn.L_model_backward

    def wrong(*args, **keywords):
        grads = right(*args, **keywords)
        grads[key][0, 0] += 1e-5
        return grads

    monkeypatch.setattr(ffnn._ffnn, "L_model_backward", wrong)
    assert ffnn.gradient_check(parameters, X, Y) > 1e-6


def test_the_check_leaves_all_as_it_is(rng):
    parameters, X, Y = case(rng, "sigmoid")
    narrow = {key: value.astype(np.float32) for key, value in parameters.items()}
    for value in (*parameters.values(), *narrow.values(), X, Y):
        value.flags.writeable = False
    assert ffnn.gradient_check(parameters, X, Y) < 2e-7
    assert ffnn.gradient_check(narrow, X.astype(np.float32), Y) < 2e-7
    with pytest.raises(ValueError, match="gradient_check: epsilon must be above 0, not 0"):
        ffnn.gradient_check(parameters, X, Y, epsilon=0)


def test_dicts_as_columns(rng):
    parameters = network(rng, [4, 5, 3, 1], np.float64)
    theta, keys = ffnn.dictionary_to_vector({**dict(reversed(parameters.items())), "costs": [1]})
    twin, twin_keys = reference.dictionary_to_vector(parameters)
    assert theta.shape == (47, 1) and keys == twin_keys and len(keys) == 47
    assert_same_bits(theta, twin)
    assert_same_dict(ffnn.vector_to_dictionary(theta), parameters)
    assert_same_dict(ffnn.vector_to_dictionary(theta.ravel(), [4, 5, 3, 1]), parameters)
    assert_same_dict(reference.vector_to_dictionary(theta), parameters)
    grads = {"d" + key: value for key, value in parameters.items()}
    grads["dA1"] = np.ones((3, 3))
    assert_same_bits(ffnn.gradients_to_vector(grads), theta)
    assert_same_bits(reference.gradients_to_vector(grads), theta)
    eleven = network(rng, [2] * 12, np.float64)
    theta, keys = ffnn.dictionary_to_vector(eleven)
    assert keys[-1] == "b11" and keys[6 * 9] == "W10"
    assert_same_dict(ffnn.vector_to_dictionary(theta, [2] * 12), eleven)


def test_what_columns_refuse(rng):
    parameters = network(rng, [4, 5, 3, 1], np.float64)
    del parameters["b2"]
    with pytest.raises(KeyError, match="dictionary_to_vector: 'b2' is missing"):
        ffnn.dictionary_to_vector(parameters)
    with pytest.raises(KeyError, match="gradients_to_vector: 'dW1' is missing"):
        ffnn.gradients_to_vector({"dW2": np.ones((1, 1)), "db2": np.ones((1, 1))})
    with pytest.raises(ValueError, match=r"theta has shape \(46, 1\), expected \(47, 1\)"):
        ffnn.vector_to_dictionary(np.ones((46, 1)))
    with pytest.raises(ValueError, match=r"layer_dims\[0\] must be at least 1"):
        ffnn.vector_to_dictionary(np.ones((46, 1)), [0, 1])


def test_what_a_vector_is_made_of(rng):
    p = network(rng, [4, 5, 3, 1], np.float64)
    for lacking in "b1", "W2":
        with pytest.raises(KeyError, match=f"parameters_to_vector: the dict has no '{lacking}'"):
            ffnn.parameters_to_vector({key: x for key, x in p.items() if key != lacking})
    with pytest.raises(ValueError, match="parameters_to_vector: b1 has 1 dimensions, not 2"):
        ffnn.parameters_to_vector({**p, "b1": p["b1"].ravel()})
    with pytest.raises(ValueError, match="parameters_to_vector: the dict holds neither W1 nor dW1"):
        ffnn.parameters_to_vector({"W2": p["W2"], "b2": p["b2"]})
