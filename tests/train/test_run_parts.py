"""What runs are made of: initialisers, rates, mini-batches; predictions; gradients checked."""

import re

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits, assert_same_dict, network

RULES = ["assignment", "he", "xavier", "xavier_uniform", "lecun", "zeros"]

# ---- initialisers --------------------------------------------------------------------------------


@pytest.mark.parametrize("dims", [[5, 4, 3], (2, 1), np.array([12, 7, 5, 3, 1])])
@pytest.mark.parametrize(
    "options",
    [*({"initialization": rule} for rule in RULES), {"scale": 0.01}, {"scale": 10}, {"scale": 0}],
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


@pytest.mark.parametrize(
    ("error", "message", "options"),
    [
        (ValueError, "initialization must be one of ...; did you mean 'he'?",
         {"initialization": "He"}),
        (TypeError, "initialization must be a str, not int", {"initialization": 2}),
        (ValueError, "scale=0.1 is a rule of its own, beside initialization='he'",
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


# ---- rates ---------------------------------------------------------------------------------------


def test_rates():
    for epoch in 0, 1, 5, 99, 100, 1000, 2500:
        for args in (0.5, epoch, 1), (0.3, epoch, 0.01):
            assert ffnn.update_lr(*args) == reference.update_lr(*args)
            for interval in 1, 100, 1000:
                ours = ffnn.schedule_lr_decay(*args, time_interval=interval)
                assert ours == reference.schedule_lr_decay(*args, time_interval=interval)
            assert ffnn.schedule_lr_decay(*args) == reference.schedule_lr_decay(*args)
        for args in (0.5, epoch, 100), (0.3, epoch, 99, 0.1):
            assert ffnn.cosine_lr_decay(*args) == pytest.approx(
                reference.cosine_lr_decay(*args), rel=1e-14, abs=1e-17
            )
    # The course's tests.
    assert ffnn.update_lr(0.5, 2, 1) == 0.16666666666666666
    assert ffnn.schedule_lr_decay(0.5, 100, 0.3, 100) == 0.3846153846153846


@pytest.mark.parametrize("name", ["update_lr", "schedule_lr_decay", "cosine_lr_decay"])
def test_what_rates_refuse(name):
    function = getattr(ffnn, name)
    for args in ("0.1", 1, 1), (0.1, 1.5, 1), (0.1, 1, None), (True, 1, 1):
        with pytest.raises(TypeError, match=f"{name}: "):
            function(*args)
    with pytest.raises(ValueError, match=f"{name}: learning_rate0 must be finite"):
        function(np.inf, 1, 1)
    with pytest.raises(ValueError, match="time_interval must be at least 1, not 0"):
        ffnn.schedule_lr_decay(0.1, 1, 1, 0)
    with pytest.raises(ValueError, match="num_epochs must be at least 1, not 0"):
        ffnn.cosine_lr_decay(0.1, 1, 0)


# ---- mini-batches --------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [1, 63, 64, 65, 148, 256])
@pytest.mark.parametrize("size", [1, 64, 1000])
@pytest.mark.parametrize("seed", [0, 10])
def test_mini_batches_are_the_courses(rng, m, size, seed):
    X, Y = rng.standard_normal((3, m)), rng.integers(0, 2, (1, m))
    ours = ffnn.random_mini_batches(X, Y, size, seed)
    draws = np.random.randn(3)
    twin = reference.random_mini_batches(X, Y, size, seed)
    assert_same_bits(draws, np.random.randn(3))
    assert type(ours) is list and len(ours) == len(twin) == -(-m // size)
    for pair, expected in zip(ours, twin, strict=True):
        assert type(pair) is tuple
        for value, of in zip(pair, expected, strict=True):
            assert_same_bits(value, of)


def test_labels_of_mini_batches(rng):
    X = rng.standard_normal((3, 10))
    row = ffnn.random_mini_batches(X, np.arange(10)[None], 4)
    for Y in np.arange(10), np.arange(10)[:, None], list(range(10)):
        for (_, ours), (_, expected) in zip(ffnn.random_mini_batches(X, Y, 4), row, strict=True):
            assert_same_bits(ours, expected)
    two = ffnn.random_mini_batches(X, X[:2], 4)
    assert all((x[:2] == y).all() for x, y in two)
    assert ffnn.random_mini_batches(X[:, :0], X[:1, :0]) == []


def test_what_mini_batches_refuse():
    X, Y = np.ones((3, 10)), np.ones((1, 10))
    state = np.random.get_state()[1].copy()
    for error, match, args in [
        (ValueError, "mini_batch_size must be at least 1, not 0", (X, Y, 0)),
        (TypeError, "mini_batch_size must be an integer, not 2.5", (X, Y, 2.5)),
        (ValueError, "seed must be from 0", (X, Y, 2, -1)),
        (ValueError, "X has 1 dimensions, expected 2", (X[0], Y)),
        (ValueError, re.escape("Y has shape (1, 9) where X has shape (3, 10)"), (X, Y[:, :9])),
        (ValueError, ".*examples are columns, pass Y.T", (X, np.ones((10, 2)))),
    ]:
        with pytest.raises(error, match=f"random_mini_batches: {match}"):
            ffnn.random_mini_batches(*args)
    assert (np.random.get_state()[1] == state).all()


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
    parameters, history = ffnn.train(
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
        _, history = ffnn.train(
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


# ---- predictions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ffnn.activations())
@pytest.mark.parametrize("hidden", ["relu", ["tanh", "elu"]])
def test_predictions(rng, real, output, hidden):
    X = rng.standard_normal((4, 33)).astype(real)
    parameters = network(rng, [4, 6, 5, 3], real)
    net = {"output_activation": output, "hidden_activation": hidden}
    AL, _ = ffnn.L_model_forward(X, parameters, **net)
    assert_same_bits(ffnn.predict_proba(X, parameters, **net), AL)
    twin = reference.predict_proba(X, parameters, **net)
    np.testing.assert_allclose(AL, twin, rtol=2e-5 if real == np.float32 else 1e-12, atol=1e-6)
    for threshold in 0.5, 0.7:
        ours = ffnn.predict_classes(X, parameters, **net, threshold=threshold)
        if output == "softmax":
            assert_same_bits(ours, AL.argmax(axis=0)[None])
        elif output == "sigmoid":
            assert_same_bits(ours, (AL > threshold).astype(np.int64))
        else:
            assert_same_bits(ours, AL)
    assert (
        reference.predict_classes(X, parameters, **net).shape
        == ffnn.predict_classes(X, parameters, **net).shape
    )


def test_classes_are_the_courses_for_one_sigmoid(rng, capsys):
    X, Y = rng.standard_normal((4, 33)), rng.integers(0, 2, (1, 33))
    parameters = network(rng, [4, 6, 1], np.float64)
    assert (ffnn.predict_classes(X, parameters) == ffnn.predict(X, Y, parameters)).all()
    capsys.readouterr()


def test_the_first_of_equal_classes_and_no_examples():
    zeros = {"W1": np.zeros((3, 2)), "b1": np.zeros((3, 1))}
    ours = ffnn.predict_classes(np.ones((2, 4)), zeros, output_activation="softmax")
    assert_same_bits(ours, np.zeros((1, 4), np.int64))
    ours = ffnn.predict_classes(np.ones((2, 0)), zeros, output_activation="softmax")
    assert ours.shape == (1, 0) and ours.dtype == np.int64
    assert_same_bits(ffnn.predict_classes(np.ones((2, 1)), zeros), np.zeros((3, 1), np.int64))


def test_what_predict_classes_refuses(rng):
    X, parameters = np.ones((4, 2)), network(rng, [4, 1], np.float64)
    with pytest.raises(TypeError, match="predict_classes: threshold must be a real number"):
        ffnn.predict_classes(X, parameters, threshold="high")
    with pytest.raises(ValueError, match="did you mean 'softmax'"):
        ffnn.predict_classes(X, parameters, output_activation="sofmax")
    with pytest.raises(ValueError, match=r"X has shape \(3, 2\) where W1 wants 4 rows"):
        ffnn.predict_classes(X[:3], parameters)


# ---- gradients -----------------------------------------------------------------------------------

OUTPUTS = [
    ("sigmoid", None),
    ("softmax", None),
    ("linear", None),
    ("linear", "huber"),
    ("linear", "mean_absolute_error"),
    ("tanh", "mean_squared_error"),
]


def case(rng, output, dims=(4, 5, 3)):
    X = rng.standard_normal((dims[0], 7))
    if output == "softmax":
        return network(rng, dims, np.float64), X, rng.integers(0, dims[-1], 7)
    Y = rng.standard_normal((dims[-1], 7))
    return network(rng, dims, np.float64), X, Y > 0 if output == "sigmoid" else Y


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
