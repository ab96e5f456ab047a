"""Nets of every kind by hand: forward, cost and backward against twins and central differences."""

import itertools
import warnings

import numpy as np
import pytest

import ffnn
import reference
from calls import trainer_of
from reference_activations import ACTIVATIONS, COSTS, default_cost
from support import HIDDEN, OUTPUTS, draw, network, plain_train

KINKED = {"relu", "leaky_relu", "elu", "mean_absolute_error", "huber", "quantile"}


def vector(parameters):
    return np.concatenate([parameters[key].ravel() for key in parameters])


def like(parameters, values):
    """The dict whose vector is `values`."""
    ends = np.cumsum([x.size for x in parameters.values()])[:-1]
    parts = np.split(values, ends)
    return {k: v.reshape(x.shape) for (k, x), v in zip(parameters.items(), parts, strict=True)}


def cost_of(X, Y, parameters, net, cost, lambd):
    AL, _ = ffnn.L_model_forward(X, parameters, **net)
    return float(ffnn.compute_cost(AL, Y, cost=cost, parameters=parameters, lambd=lambd))


def away_from_kinks(X, Y, parameters, net):
    """No Z near 0 and no error near 0 or 1, where one of the functions has a kink."""
    AL, caches = ffnn.L_model_forward(X, parameters, **net)
    errors = np.abs(AL - Y)
    near = [np.abs(cache[1]).min() for cache in caches[:-1]]
    return min(*near, errors.min(), np.abs(errors - 1).min()) > 1e-3


@pytest.mark.parametrize("depth", [2, 3, 4])
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("output", "cost"), [*OUTPUTS, ("linear", "mean_squared_error")])
def test_gradients_are_the_slopes_of_the_cost(rng, hidden, output, cost, depth):
    """Central differences with a step of 1e-5: a relative difference below 1e-7."""
    net = {"hidden_activation": hidden, "output_activation": output}
    cost, dims, lambd = cost or default_cost(output), [3, 4, 3, 3, 3][: depth + 1], 0.3
    while True:
        X, Y, parameters = draw(rng, dims, 5, output)
        if not KINKED & {hidden, cost} or away_from_kinks(X, Y, parameters, net):
            break
    AL, caches = ffnn.L_model_forward(X, parameters, **net)
    grads = ffnn.L_model_backward(AL, Y, caches, cost=cost, lambd=lambd, **net)
    ours, at, step = vector({k: grads["d" + k] for k in parameters}), vector(parameters), 1e-5
    slopes = np.empty_like(at)
    for i in range(at.size):
        costs = []
        for sign in 1, -1:
            moved = at.copy()
            moved[i] += sign * step
            costs.append(cost_of(X, Y, like(parameters, moved), net, cost, lambd))
        slopes[i] = (costs[0] - costs[1]) / (2 * step)
    difference = np.linalg.norm(ours - slopes) / (np.linalg.norm(ours) + np.linalg.norm(slopes))
    assert difference < 1e-7


@pytest.mark.parametrize("hidden", [*HIDDEN, ["tanh", "relu"]])
@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
@pytest.mark.parametrize("m", [1, 17, 300])
def test_a_net_is_its_twin(rng, real, hidden, output, cost, m):
    X, Y, parameters = draw(rng, [7, 20, 9, 3], m, output)
    X, parameters = X.astype(real), {k: v.astype(real) for k, v in parameters.items()}
    net = {"hidden_activation": hidden, "output_activation": output}
    close = {"rtol": 1e-12, "atol": 1e-12} if real == np.float64 else {"rtol": 2e-4, "atol": 2e-4}
    AL, caches = ffnn.L_model_forward(X, parameters, **net)
    twin, twin_caches = reference.L_model_forward(X, parameters, **net)
    assert AL.dtype == real
    np.testing.assert_allclose(AL, twin, **close)
    np.testing.assert_allclose(ffnn._ffnn.predict_proba(X, parameters, **net), AL, rtol=0)
    for (_, Z), (_, twin_Z) in zip(caches, twin_caches, strict=True):
        np.testing.assert_allclose(Z, twin_Z, **close)
    Y = Y.astype(real)
    named = {"cost": cost or default_cost(output), "parameters": parameters, "lambd": 0.7}
    np.testing.assert_allclose(
        ffnn.compute_cost(AL, Y, **named), reference.compute_cost(AL, Y, **named), rtol=1e-5
    )
    grads = ffnn.L_model_backward(AL, Y, caches, cost=cost, lambd=0.7, **net)
    twins = reference.L_model_backward(AL, Y, caches, cost=cost, lambd=0.7, **net)
    assert list(grads) == list(twins)
    for key, value in twins.items():
        assert grads[key].dtype == real
        np.testing.assert_allclose(grads[key], value, **close)


@pytest.mark.parametrize("keep_prob", [0.6, [1.0, 0.5]])
@pytest.mark.parametrize(("dims", "m"), [([7, 20, 9, 1], 30), ([7, 20, 250, 1], 600)])
def test_dropout_by_hand(rng, real, keep_prob, dims, m):
    """Masks of NumPy's own stream, kept as D; the gradients are those of the thinned net. And of
    a layer that is computed block by block."""
    X, Y, parameters = draw(rng, dims, m, "sigmoid")
    X, parameters = X.astype(real), {k: v.astype(real) for k, v in parameters.items()}
    net = {"hidden_activation": "tanh", "keep_prob": keep_prob}
    np.random.seed(3)
    AL, caches = ffnn.L_model_forward(X, parameters, **net)
    np.random.seed(3)
    twin, twin_caches = reference.L_model_forward(X, parameters, **net)
    np.testing.assert_allclose(AL, twin, rtol=1e-5)
    assert [len(cache) for cache in caches] == [len(cache) for cache in twin_caches]
    for cache, other in zip(caches, twin_caches, strict=True):
        if len(cache) == 3:
            assert cache[2].dtype == bool and (cache[2] == other[2]).all()
    close = {"rtol": 1e-12, "atol": 1e-13} if real == np.float64 else {"rtol": 2e-4, "atol": 1e-5}
    grads = ffnn.L_model_backward(AL, Y, caches, **net)
    for key, value in reference.L_model_backward(AL, Y, caches, **net).items():
        np.testing.assert_allclose(grads[key], value, **close)


def test_nothing_is_drawn_without_dropout(rng):
    X, _, parameters = draw(rng, [7, 20, 9, 1], 30, "sigmoid")
    before = np.random.get_state()[2]
    for keep_prob in 1.0, 1, [1.0, 1]:
        _, caches = ffnn.L_model_forward(X, parameters, keep_prob=keep_prob)
        assert [len(cache) for cache in caches] == [2, 2, 2]
    with pytest.raises(ValueError, match="keep_prob"):
        ffnn.L_model_forward(X, parameters, keep_prob=1.1)
    with pytest.raises(ValueError, match="X has shape"):
        ffnn.L_model_forward(X[1:], parameters, keep_prob=0.5)
    assert np.random.get_state()[2] == before


@pytest.mark.once
@pytest.mark.parametrize("gives", ["a word", np.ones((20, 29)), np.ones((30, 20)).T, None])
def test_numpys_generator_is_what_draws_masks(rng, monkeypatch, gives):
    """Whatever somebody has put into its place: no mask of another shape or order is read."""
    X, _, parameters = draw(rng, [7, 20, 1], 30, "sigmoid")
    monkeypatch.setattr(np.random, "rand", lambda *shape: gives)
    with pytest.raises(TypeError, match="no array of 20 by 30 numbers|'<' not supported"):
        ffnn.L_model_forward(X, parameters, keep_prob=0.5)


def test_keep_prob_has_to_fit_the_caches(rng):
    X, Y, parameters = draw(rng, [7, 20, 9, 1], 30, "sigmoid")
    AL, caches = ffnn.L_model_forward(X, parameters, keep_prob=0.5)
    with pytest.raises(ValueError, match=r"caches\[0\] holds a dropout mask: pass the keep_prob"):
        ffnn.L_model_backward(AL, Y, caches)
    AL, caches = ffnn.L_model_forward(X, parameters)
    with pytest.raises(ValueError, match=r"caches\[0\] holds no dropout mask"):
        ffnn.L_model_backward(AL, Y, caches, keep_prob=0.5)
    linear, Z = caches[0]
    wrong = [(linear, Z, np.ones((2, 2), bool)), *caches[1:]]
    with pytest.raises(
        ValueError, match=r"D of caches\[0\] has shape \(2, 2\) where Z.* \(20, 30\)"
    ):
        ffnn.L_model_backward(AL, Y, wrong, keep_prob=[0.5, 1])


def test_a_pair_that_makes_no_sense_is_refused(rng):
    X, Y, parameters = draw(rng, [3, 4, 2], 6, "sigmoid")
    for output, cost in itertools.product(ACTIVATIONS, COSTS):
        AL, caches = ffnn.L_model_forward(X, parameters, output_activation=output)
        fits = "cross_entropy" not in cost or default_cost(output) == cost
        if fits:
            ffnn.L_model_backward(AL, Y, caches, output_activation=output, cost=cost)
            continue
        with pytest.raises(ValueError, match=f"cost '{cost}' goes with output_activation="):
            ffnn.L_model_backward(AL, Y, caches, output_activation=output, cost=cost)


def test_classes_cost_what_their_columns_cost(rng):
    X, Y, parameters = draw(rng, [3, 4, 5], 6, "softmax")
    classes = Y.argmax(axis=0)
    softmax = {"output_activation": "softmax"}
    AL, caches = ffnn.L_model_forward(X, parameters, **softmax)
    np.testing.assert_allclose(AL.sum(axis=0), 1, rtol=1e-15)
    for labels in classes, classes[None], classes[:, None].astype(np.uint8), list(classes):
        named = {"cost": "categorical_cross_entropy"}
        assert ffnn.compute_cost(AL, labels, **named) == ffnn.compute_cost(AL, Y, **named)
        grads = ffnn.L_model_backward(AL, labels, caches, **softmax)
        for key, value in ffnn.L_model_backward(AL, Y, caches, **softmax).items():
            assert (grads[key] == value).all()
    with pytest.raises(ValueError, match="Y holds 7.0 at example 0, which is none of the classes"):
        ffnn.compute_cost(AL, classes + 7 - classes[0], cost="categorical_cross_entropy")
    with pytest.raises(ValueError, match="integer classes go with cost='categorical"):
        ffnn.compute_cost(AL, classes[None])


@pytest.mark.parametrize("cost", ffnn.costs())
def test_a_cost_by_weight(rng, real, cost):
    """Of weights 0, 1 and 2 each example counts as often; at weight 0 not even an infinite cost."""
    AL = rng.uniform(0.1, 0.9, (3, 40)).astype(real)
    Y = np.eye(3, dtype=real)[:, rng.integers(0, 3, 40)]
    lambd = {"lambd": 0.5, "parameters": network(rng, [4, 3], real)}
    weights = rng.integers(0, 3, 40)
    weights[:2] = 0, 2
    tight = 1e-5 if real == np.float32 else 1e-13
    for w in weights, weights.astype(np.float32), list(weights), rng.random(40) * (weights > 0):
        AL[:, 0] = 1 - Y[:, 0]  # sure and wrong
        with np.errstate(divide="ignore"):  # of the log of an output that counts for nothing
            ours = ffnn.compute_cost(AL, Y, cost=cost, sample_weight=w)
        assert ours.shape == () and ours.dtype == real and np.isfinite(ours)
        AL[:, 0] = 0.5  # of weight 0: whatever it is
        twin = reference.compute_cost(AL, Y, cost=cost, sample_weight=w)
        np.testing.assert_allclose(ours, twin, rtol=tight)
        with_l2 = ffnn.compute_cost(AL, Y, cost=cost, sample_weight=w, **lambd)
        twin = reference.compute_cost(AL, Y, cost=cost, sample_weight=w, **lambd)
        np.testing.assert_allclose(with_l2, twin, rtol=tight)
    repeated = np.repeat(np.arange(40), weights)
    np.testing.assert_allclose(
        ffnn.compute_cost(AL, Y, cost=cost, sample_weight=weights),
        ffnn.compute_cost(AL[:, repeated], Y[:, repeated], cost=cost),
        rtol=tight,
    )


def test_weights_of_a_cost_that_are_none():
    AL, Y = np.full((1, 3), 0.5), np.ones((1, 3))
    for weights, message in [
        ([1, 2], r"sample_weight has shape \(2,\) where AL has shape \(1, 3\), expected \(3,\)"),
        ([1, 2, -1], "sample_weight must be finite and at least 0"),
        ([1, np.inf, 1], "sample_weight must be finite and at least 0"),
        ([0, 0, 0], "sample_weight has no weight above 0"),
        ([1e308, 1e308, 0], "sample_weight has an infinite sum: make its weights smaller"),
    ]:
        with pytest.raises(ValueError, match=f"compute_cost: {message}"):
            ffnn.compute_cost(AL, Y, sample_weight=weights)


def test_an_output_of_ones_own_takes_the_literal_way(rng):
    """AL that is no softmax of Z: dZ = s (dAL - sum of s dAL) with dAL = -Y / AL."""
    X, Y, parameters = draw(rng, [3, 4, 5], 6, "softmax")
    _, caches = ffnn.L_model_forward(X, parameters, output_activation="softmax")
    AL = rng.random(Y.shape)
    s, dAL = reference.reference_activations.softmax(caches[-1][1]), -Y / AL
    dZ = s * (dAL - (s * dAL).sum(axis=0))
    grads = ffnn.L_model_backward(AL, Y, caches, output_activation="softmax")
    np.testing.assert_allclose(grads["db2"], dZ.mean(axis=1, keepdims=True), rtol=1e-12)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        AL[0] = 0
        ffnn.L_model_backward(AL, np.ones(Y.shape), caches, output_activation="softmax")
    assert [w.category for w in caught] == [RuntimeWarning]


def test_a_softmax_of_one_unit_is_refused_everywhere(rng):
    """Its output is 1 for every example, whatever the parameters are: nothing could be learned."""
    X, Y, parameters = draw(rng, [3, 4, 1], 6, "sigmoid")
    AL, caches = ffnn.L_model_forward(X, parameters)
    softmax = {"output_activation": "softmax"}
    calls = {
        "L_model_forward": lambda **net: ffnn.L_model_forward(X, parameters, **net),
        "predict_proba": lambda **net: ffnn.predict_proba(X, parameters, **net),
        "L_model_backward": lambda **net: ffnn.L_model_backward(AL, Y, caches, **net),
        "cost_and_gradients": lambda **net: ffnn.cost_and_gradients(X, Y, parameters, **net),
        "train": lambda **net: plain_train(X, Y, [3, 4, 1], num_epochs=1, seed=0, **net),
        "L_layer_model": lambda **net: ffnn.L_layer_model(X, Y, [3, 4, 1], 0.1, 1, **net),
    }
    for name, call in calls.items():
        call()
        with pytest.raises(ValueError, match=f"^{name}: output_activation 'softmax' of one unit"):
            call(**softmax)
    with pytest.raises(ValueError, match="output_activation 'softmax' of one unit"):
        ffnn.predict_classes(X, parameters, **softmax)
    with pytest.raises(ValueError, match="output_activation 'softmax' of one unit"):
        ffnn.gradient_check(parameters, X, Y, **softmax)
    wide = {**parameters, "W2": np.ones((2, 4)), "b2": np.zeros((2, 1))}
    assert ffnn.predict_proba(X, wide, **softmax).shape == (2, 6)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_layer_of_each_kind(rng, real, name):
    A_prev, W = rng.standard_normal((6, 40)).astype(real), rng.standard_normal((9, 6)).astype(real)
    b, dA = rng.standard_normal((9, 1)).astype(real), rng.standard_normal((9, 40)).astype(real)
    A, cache = ffnn.linear_activation_forward(A_prev, W, b, name)
    twin, _ = reference.linear_activation_forward(A_prev, W, b, name)
    close = {"rtol": 1e-12, "atol": 1e-14} if real == np.float64 else {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(A, twin, **close)
    ours = ffnn.linear_activation_backward(dA, cache, name)
    for x, y in zip(ours, reference.linear_activation_backward(dA, cache, name), strict=True):
        assert x.dtype == real
        np.testing.assert_allclose(x, y, **close)


def test_lambd_needs_parameters():
    with pytest.raises(TypeError, match="lambd is the weight of the parameters' squares: pass"):
        ffnn.compute_cost([[0.5]], [[1]], lambd=0.1)
    with pytest.raises(ValueError, match="lambd must be at least 0, not -0.1"):
        ffnn.compute_cost([[0.5]], [[1]], lambd=-0.1)


# ---- the ends of costs and optimisers ------------------------------------------------------------


@pytest.mark.parametrize("m", [1, 5, 40])
@pytest.mark.parametrize(("cost", "below"), [("mean_absolute_error", -1.0), ("huber", -0.5)])
def test_the_slope_at_equality_is_0(m, cost, below):
    """And the one below it is another, so that a comparison with = shows."""
    W, b, X = np.zeros((1, 2)), np.zeros((1, 1)), np.ones((2, m))
    net = {"output_activation": "linear", "cost": cost}
    AL, caches = ffnn.L_model_forward(X, {"W1": W, "b1": b}, output_activation="linear")
    for Y, slope in (np.zeros((1, m)), 0.0), (np.full((1, m), 0.5), below):
        _, ours = ffnn.cost_and_gradients(X, Y, {"W1": W, "b1": b}, **net)
        for grads in ours, ffnn.L_model_backward(AL, Y, caches, **net):
            assert (grads["dW1"] == slope).all() and (grads["db1"] == slope).all()


@pytest.mark.parametrize("y", [0.0, 2.0])
def test_a_mean_of_0_has_a_finite_slope(real, y):
    """Poisson's, of an exp that is 0 so far below: nothing to learn from, but no NaN."""
    X, Y = np.ones((2, 19), real), np.full((1, 19), y)
    parameters = {"W1": np.zeros((1, 2), real), "b1": np.full((1, 1), -1000, real)}
    net = {"output_activation": "exp", "cost": "poisson"}
    AL, caches = ffnn.L_model_forward(X, parameters, output_activation="exp")
    assert (AL == 0).all()
    grads = ffnn.L_model_backward(AL, Y, caches, **net)
    _, ours = ffnn.cost_and_gradients(X, Y, parameters, **net)
    for name, gradient in ours.items():
        assert (gradient == 0).all() and (grads[name] == 0).all()


@pytest.mark.parametrize("n", [2, 3, 9])
def test_any_class_may_be_far_more_probable_than_the_others(real, n):
    """Its exp would overflow, were not the greatest of each column subtracted."""
    parameters = {"W1": real(2000) * np.eye(n, dtype=real), "b1": np.zeros((n, 1), real)}
    X = np.tile(np.eye(n, dtype=real), 3)  # as many columns as a vector has, and more
    AL, _ = ffnn.L_model_forward(X, parameters, output_activation="softmax")
    assert (AL == X).all()
    for j in range(n):
        one = ffnn.predict_proba(X[:, [j]], parameters, output_activation="softmax")
        assert (one == X[:, [j]]).all()


@pytest.mark.parametrize("m", [3, 40])
def test_labels_of_a_softmax_need_not_sum_to_1(rng, m):
    parameters = network(rng, [4, 5, 3], np.float64)
    X, Y = rng.standard_normal((4, m)), 2 * rng.random((3, m))
    net = {"hidden_activation": "tanh", "output_activation": "softmax"}
    assert ffnn.gradient_check(parameters, X, Y, **net) < 1e-6
    AL, caches = ffnn.L_model_forward(X, parameters, **net)
    _, ours = ffnn.cost_and_gradients(X, Y, parameters, **net)
    theirs = ffnn.L_model_backward(AL, Y, caches, **net)
    for name, gradient in ours.items():
        np.testing.assert_allclose(gradient, theirs[name], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_an_impossible_class_that_is_not_there_costs_nothing(rng, real, output):
    """A logit of -inf with label 0; with label 1 it costs infinitely much."""
    n = 1 if output == "sigmoid" else 3
    parameters = {"W1": np.zeros((n, 2), real), "b1": np.zeros((n, 1), real)}
    parameters["b1"][0] = -np.inf
    X, Y = np.ones((2, 19), real), np.zeros((n, 19))
    Y[1:2] = 1
    due = 0 if output == "sigmoid" else np.log(2)
    cost, _ = ffnn.cost_and_gradients(X, Y, parameters, output_activation=output)
    assert abs(cost - due) < 1e-6
    Y[0, 7], Y[1:2, 7] = 1, 0
    cost, _ = ffnn.cost_and_gradients(X, Y, parameters, output_activation=output)
    assert cost == np.inf


def test_infinity_by_0_is_no_division_by_zero(real):
    """As in NumPy, whose 1 / 0 warns and whose inf / 0 does not."""
    Z, AL = np.full((1, 19), 0.3, real), np.full((1, 19), 0.4, real)
    Y, W = np.full((1, 19), 0.4, real), np.ones((1, 1), real)
    AL[0, 7], Y[0, 7] = 0, np.inf
    with np.errstate(all="ignore"), warnings.catch_warnings():
        expected = Y / AL
    assert expected[0, 7] == np.inf
    with np.errstate(divide="raise", invalid="ignore"):
        ffnn.L_model_backward(AL, Y, [((Z, W, W), Z)])


@pytest.mark.parametrize("optimizer", [name for name in ffnn.optimizers() if "l" not in name[:1]])
def test_an_infinite_parameter_stays_infinite_without_l2(rng, optimizer):
    """A unit that is off for good: its gradient is 0, and 0 times infinity is in no step."""
    X, Y, parameters = draw(rng, [4, 5, 2], 30, "sigmoid")
    parameters["b1"][2] = -np.inf
    run = trainer_of(X, Y, parameters, 0.01, optimizer=optimizer)
    run.run(3)
    found = run.parameters()
    assert found["b1"][2] == -np.inf
    assert all(np.isfinite(x).all() for name, x in found.items() if name != "b1")


def test_gradients_are_clipped_beside_an_infinite_parameter(rng):
    """Of which their norm knows nothing."""
    X, Y, parameters = draw(rng, [4, 43, 2], 30, "sigmoid")
    off = [2, 42]  # in a whole vector, and behind the last one
    parameters["b1"][off] = -np.inf
    run = trainer_of(X, Y, parameters, 1.0, clip_norm=1e-3)
    run.run(1)
    found = run.parameters()
    found["b1"][off] = parameters["b1"][off] = 0
    moved = sum(((found[name] - parameters[name]) ** 2).sum() for name in found)
    assert np.sqrt(moved) == pytest.approx(1e-3, rel=1e-9)
