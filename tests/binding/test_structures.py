"""What callers rely on beside the numbers: whose objects come back, in what order and keys."""

import numpy as np
import pytest

import ffnn
from support import assert_same_bits, assert_same_dict, labels, network


@pytest.fixture
def net(rng, real):
    """X (6, 20), Y (1, 20) and the parameters of 6-5-4-1."""
    X = rng.standard_normal((6, 20)).astype(real)
    return X, labels(rng, (1, 20)), network(rng, [6, 5, 4, 1], real)


def test_caches_hold_the_callers_own_objects(net):
    X, _, parameters = net
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert type(caches) is list and len(caches) == 3
    for number, (linear_cache, _) in enumerate(caches, start=1):
        assert linear_cache[1] is parameters[f"W{number}"]
        assert linear_cache[2] is parameters[f"b{number}"]
    assert caches[0][0][0] is X
    Z, cache = ffnn.linear_forward(X, parameters["W1"], parameters["b1"])
    assert type(cache) is tuple and cache[0] is X
    assert_same_bits(caches[0][1], Z)
    rows = X.tolist()
    assert ffnn.L_model_forward(rows, parameters)[1][0][0][0] is rows


def test_arguments_by_keyword(net):
    X, Y, parameters = net
    W, b = parameters["W1"], parameters["b1"]
    A, cache = ffnn.linear_activation_forward(A_prev=X, W=W, b=b, activation="relu")
    assert_same_bits(A, ffnn.linear_activation_forward(X, W, b, "relu")[0])
    AL, caches = ffnn.L_model_forward(X=X, parameters=parameters)
    assert_same_bits(ffnn.compute_cost(AL=AL, Y=Y), ffnn.compute_cost(AL, Y))
    expected = ffnn.L_model_backward(AL, Y, caches)
    assert_same_dict(ffnn.L_model_backward(caches=caches, Y=Y, AL=AL), expected)
    for got, wanted in zip(
        ffnn.linear_activation_backward(dA=A, cache=cache, activation="relu"),
        ffnn.linear_activation_backward(A, cache, "relu"),
        strict=True,
    ):
        assert_same_bits(got, wanted)


def test_gradients_in_the_assignments_order(net):
    X, Y, parameters = net
    AL, caches = ffnn.L_model_forward(X, parameters)
    grads = ffnn.L_model_backward(AL, Y, caches)
    assert list(grads) == ["dA2", "dW3", "db3", "dA1", "dW2", "db2", "dA0", "dW1", "db1"]
    for name, value in parameters.items():
        assert grads["d" + name].shape == value.shape
    assert_same_dict(ffnn.L_model_backward(AL, Y, tuple(caches)), grads)
    for y in Y.ravel(), Y.T, Y.astype(bool), Y.astype(np.uint8), Y.astype(AL.dtype), Y.tolist():
        assert_same_dict(ffnn.L_model_backward(AL, y, caches), grads)
        assert_same_bits(ffnn.compute_cost(AL, y), ffnn.compute_cost(AL, Y))


def test_a_step_may_leave_dA0_out(net):
    X, Y, parameters = net
    AL, caches = ffnn.L_model_forward(X, parameters)
    grads = ffnn.L_model_backward(AL, Y, caches)
    assert_same_dict(ffnn.L_model_backward(AL, Y, caches, input_gradient=True), grads)
    without = ffnn.L_model_backward(AL, Y, caches, input_gradient=False)
    assert list(without) == ["dA2", "dW3", "db3", "dA1", "dW2", "db2", "dW1", "db1"]
    assert_same_dict(without, {name: grads[name] for name in without})
    alone = ffnn.L_model_backward(AL, Y, caches[-1:], input_gradient=False)
    assert list(alone) == ["dW1", "db1"]
    with pytest.raises(TypeError, match="takes 3 positional arguments but 4 were given"):
        ffnn.L_model_backward(AL, Y, caches, False)
    with pytest.raises(TypeError, match="Did you mean 'input_gradient'"):
        ffnn.L_model_backward(AL, Y, caches, input_gradients=False)


def test_parameters_in_any_order_among_other_keys(net):
    """L is the largest number; the assignment's len // 2 is the same on every dict it digests."""
    X, Y, parameters = net
    AL, caches = ffnn.L_model_forward(X, parameters)
    mixed = {"note": "mine", **dict(reversed(parameters.items())), "learning_rate": 0.1, 7: None}
    assert_same_bits(ffnn.L_model_forward(X, mixed)[0], AL)
    spelt = dict.fromkeys(["W02", "b02", "W04", "W 5", "W6x", "W", "W1111111111", "b-7"])
    assert_same_bits(ffnn.L_model_forward(X, {**mixed, **spelt})[0], AL)
    assert_same_bits(ffnn.L_model_forward(X, {"W09": 1, **parameters})[0], AL)
    grads = ffnn.L_model_backward(AL, Y, caches)
    keys = list(mixed)
    assert ffnn.update_parameters(mixed, grads, 0.1) is mixed
    assert list(mixed) == keys and mixed["note"] == "mine" and mixed[7] is None
    expected = ffnn.update_parameters(dict(parameters), grads, 0.1)
    assert_same_dict({name: mixed[name] for name in expected}, expected)


def test_an_update_leaves_the_old_arrays_to_the_caches(net):
    X, Y, parameters = net
    AL, caches = ffnn.L_model_forward(X, parameters)
    old, copies = dict(parameters), {name: x.copy() for name, x in parameters.items()}
    grads = ffnn.L_model_backward(AL, Y, caches)
    ffnn.update_parameters(parameters, grads, learning_rate=0.5)
    for name, x in parameters.items():
        assert x is not old[name] and not np.shares_memory(x, old[name])
        assert_same_bits(old[name], copies[name])
        assert caches[int(name[1:]) - 1][0]["Wb".index(name[0]) + 1] is old[name]
    # The network moved: these are not the old numbers under new names.
    assert not (parameters["W3"] == copies["W3"]).all()


@pytest.mark.parametrize("missing", ["dW1", "db3", "dW2"])
def test_an_update_is_all_or_nothing(net, missing):
    X, Y, parameters = net
    AL, caches = ffnn.L_model_forward(X, parameters)
    before = dict(parameters)
    grads = ffnn.L_model_backward(AL, Y, caches)
    grads.pop(missing)
    with pytest.raises(KeyError, match=missing):
        ffnn.update_parameters(parameters, grads, 0.1)
    grads[missing] = np.zeros((7, 1))
    with pytest.raises(ValueError, match=missing):
        ffnn.update_parameters(parameters, grads, 0.1)
    assert list(parameters) == list(before)
    assert all(parameters[name] is before[name] for name in before)


def test_what_a_net_has_lost_it_does_not_know(net):
    """An attribute of the caller's own class may be gone: its error, and no other activation."""
    X, _, parameters = net
    for name in "hidden_activation", "output_activation":
        knowing = ffnn.NetParameters(
            parameters, hidden_activation="tanh", output_activation="linear"
        )
        delattr(knowing, name)
        with pytest.raises(AttributeError, match=name):
            ffnn.predict_proba(X, knowing)


def test_a_cost_is_that_of_an_output_that_there_is():
    assert ffnn._ffnn.cost_of("softmax") == "categorical_cross_entropy"
    with pytest.raises(ValueError, match="^cost_of: output_activation must be one of"):
        ffnn._ffnn.cost_of("step")
