"""train against its twin: orders, rates, weights, validation, metrics, printed lines."""

import functools
import itertools
import re

import numpy as np
import pytest

import ffnn
import reference
import reference_train
from support import assert_same_bits, assert_same_dict, network, plain_train

DIMS = [4, 7, 6, 3]
M = 41
ATOL = 1e-10


def data(rng, output="sigmoid", dims=DIMS, m=M):
    """X and labels that an output of that kind can learn."""
    X = rng.standard_normal((dims[0], m))
    if output == "softmax":
        return X, np.abs(X[: dims[-1]]).argmax(axis=0)
    Y = X[: dims[-1]] * X[1] > 0.1
    return X, Y * 1 if output == "sigmoid" else X[: dims[-1]] ** 2


def assert_same_run(X, Y, dims=DIMS, names=("cost", "learning_rate"), **options):
    """Parameters, moments, histories and the next draws are those of the twin."""
    with_accuracy = {"metrics": "accuracy"} if options.pop("accuracy", False) else {}
    options = {"num_epochs": 6, "learning_rate": 0.1, **options}
    state = np.random.get_state()
    parameters, history = plain_train(X, Y, dims, **options, **with_accuracy)
    draws = np.random.randn(3)
    np.random.set_state(state)
    options.pop("record_every", None)
    twin, twin_history = reference.train(X, Y, dims, **options, accuracy=bool(with_accuracy))
    assert_same_bits(draws, np.random.randn(3))
    assert list(parameters) == list(twin)
    for key, value in twin.items():
        np.testing.assert_allclose(parameters[key], value, rtol=0, atol=ATOL, err_msg=key)
    for name in (*names, *(["accuracy"] if with_accuracy else [])):
        expected = np.array(twin_history[name])[history["epoch"]]
        np.testing.assert_allclose(history[name], expected, rtol=0, atol=ATOL, err_msg=name)
    for name, moment in twin_history["optimizer_state"].items():
        if name != "t":
            for key, value in moment.items():
                ours = history["optimizer_state"][name][key]
                np.testing.assert_allclose(ours, value, rtol=0, atol=ATOL)
    assert history["optimizer_state"]["t"] == twin_history["optimizer_state"]["t"]
    return parameters, history


@pytest.mark.parametrize("seed", [None, 0, 10, 2**32 - 1 - 6])
@pytest.mark.parametrize("mini_batch_size", ["all", 1, 16, 64])
@pytest.mark.parametrize("keep_prob", [1.0, 0.8])
def test_orders_and_masks(rng, seed, mini_batch_size, keep_prob):
    X, Y = data(rng)
    np.random.seed(5)
    assert_same_run(X, Y, seed=seed, mini_batch_size=mini_batch_size, keep_prob=keep_prob)


@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
@pytest.mark.parametrize("output", ["sigmoid", "softmax", "linear"])
def test_optimizers_and_outputs(rng, optimizer, output):
    X, Y = data(rng, output)
    assert_same_run(
        X,
        Y,
        seed=1,
        optimizer=optimizer,
        learning_rate=0.01,
        output_activation=output,
        hidden_activation=["tanh", "relu"],
        lambd=0.3,
        clip_norm=0.5,
        mini_batch_size=16,
    )


@pytest.mark.parametrize("rule", ["assignment", "he", "xavier", "xavier_uniform", "lecun"])
@pytest.mark.parametrize("seed", [None, 3])
def test_initialization(rng, rule, seed):
    X, Y = data(rng)
    assert_same_run(X, Y, seed=seed, initialization=rule, num_epochs=2)


def test_without_a_shuffle(rng):
    X, Y = data(rng)
    assert_same_run(X, Y, seed=1, shuffle=False, mini_batch_size=16)


@pytest.mark.parametrize("mini_batch_size", ["all", 16])
@pytest.mark.parametrize("record_every", [1, 3, 100])
def test_learning_rates(rng, mini_batch_size, record_every):
    X, Y = data(rng)
    run = functools.partial(
        assert_same_run, X, Y, seed=1, mini_batch_size=mini_batch_size, record_every=record_every
    )
    run()
    run(learning_rate=lambda epoch: 0.1 / (epoch + 1))
    run(learning_rate=lambda epoch: ffnn.cosine_lr_decay(0.2, epoch, 6))
    run(learning_rate=0.2, decay=ffnn.update_lr, decay_rate=0.5)
    every_2 = functools.partial(ffnn.schedule_lr_decay, time_interval=2)
    _, history = run(learning_rate=0.2, decay=every_2)
    if record_every == 1:
        np.testing.assert_allclose(history["learning_rate"], [0.2, 0.2, 0.2, 0.1, 0.1, 0.2 / 3])


@pytest.mark.parametrize("record_every", [1, 2, 4, 100])
def test_record_points_are_the_multiples_and_the_last(rng, capsys, record_every):
    X, Y = data(rng)
    _, history = assert_same_run(X, Y, seed=1, record_every=record_every, num_epochs=8)
    assert history["epoch"] == sorted({*range(0, 8, record_every), 7})
    plain_train(X, Y, DIMS, seed=1, num_epochs=8, learning_rate=0.1, record_every=record_every,
               print_cost=True)  # fmt: skip
    lines = re.findall(r"^Cost after epoch (\d+): (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert [int(epoch) for epoch, _ in lines] == history["epoch"]
    assert [float(cost) for _, cost in lines] == history["cost"]


def test_validation_by_fraction(rng):
    for seed, output in itertools.product((None, 4), ("sigmoid", "linear")):
        X, Y = data(rng, output)
        assert_same_run(
            X,
            Y,
            seed=seed,
            names=("cost", "val_cost"),
            output_activation=output,
            validation_fraction=0.25,
            accuracy=output == "sigmoid",
        )


def test_a_fraction_is_the_same_examples_as_data(rng):
    """Labels in every shape; the rest is trained on in the order that X has it in."""
    X, classes = data(rng, "softmax")
    held = np.random.RandomState(0).permutation(M)[:11]  # a quarter of 41, rounded up
    kept = np.setdiff1d(np.arange(M), held)
    options = {"seed": 1, "output_activation": "softmax", "metrics": ["accuracy"], "num_epochs": 3}
    expected, expected_history = plain_train(
        X[:, kept], classes[kept], DIMS, validation_data=(X[:, held], classes[held]), **options
    )
    for Y in classes, classes[None], classes[:, None], np.eye(3)[:, classes], classes.tolist():
        parameters, history = plain_train(X, Y, DIMS, validation_fraction=0.25, **options)
        assert_same_dict(parameters, expected)
        for name in "cost", "val_cost", "accuracy", "val_accuracy":
            assert history[name] == expected_history[name]


def test_metrics(rng):
    """By name, by function, by the caller's own name; of two classes and of three."""
    sklearn = pytest.importorskip("sklearn.metrics")
    for output, n_y in ("sigmoid", 1), ("softmax", 3):
        X, Y = data(rng, output, [4, 5, n_y], 200)
        if output == "softmax":
            Y[Y == 2] = np.where(rng.random((Y == 2).sum()) < 0.9, 1, 2)

        def errors(Y, AL):
            return np.abs(Y - AL).sum()

        names = ["accuracy", "precision", "recall", "f1", "mean_squared_error"]
        parameters, history = plain_train(
            X,
            Y,
            [4, 5, n_y],
            seed=2,
            output_activation=output,
            learning_rate=0.5,
            num_epochs=3,
            metrics=[*names, errors] if output == "sigmoid" else names[:4],
            validation_data=(X[:, :50], Y[..., :50]),
        )
        kind = {"average": "binary" if n_y == 1 else "macro", "zero_division": 0}
        for prefix, m in ("", 200), ("val_", 50):
            AL = ffnn.predict_proba(X[:, :m], parameters, output_activation=output)
            p = ffnn.predict_classes(X[:, :m], parameters, output_activation=output).ravel()
            y = np.ravel(Y[..., :m])
            of = {name: history[prefix + name][-1] for name in names[:4]}
            assert of["accuracy"] == pytest.approx(sklearn.accuracy_score(y, p))
            assert of["precision"] == pytest.approx(sklearn.precision_score(y, p, **kind))
            assert of["recall"] == pytest.approx(sklearn.recall_score(y, p, **kind))
            assert of["f1"] == pytest.approx(sklearn.f1_score(y, p, **kind))
            if output == "sigmoid":
                assert history[prefix + "errors"][-1] == errors(Y[:, :m], AL)
                squares = history[prefix + "mean_squared_error"][-1]
                assert squares == pytest.approx(np.mean((AL - Y[:, :m]) ** 2))
            assert 0.4 < of["accuracy"] < 1


def test_metrics_by_the_callers_names(rng):
    X, Y = data(rng)
    metrics = {"right": "accuracy", "top": lambda Y, AL: AL.max()}
    _, history = plain_train(X, Y, DIMS, seed=1, num_epochs=2, metrics=metrics)
    assert list(history)[:6] == ["epoch", "cost", "data_cost", "learning_rate", "right", "top"]
    _, one = plain_train(X, Y, DIMS, seed=1, num_epochs=2, metrics="accuracy")
    assert one["accuracy"] == history["right"]


def test_printed_lines_tell_what_is_measured(rng, capsys):
    X, Y = data(rng)
    plain_train(X, Y, DIMS, seed=1, num_epochs=1, print_cost=True, metrics="accuracy",
               validation_fraction=0.5)  # fmt: skip
    line = capsys.readouterr().out
    number = r"[\d.]+(e-\d+)?"
    assert re.fullmatch(
        rf"Cost after epoch 0: {number} \(accuracy {number}, val_cost {number}, "
        rf"val_accuracy {number}\)\n",
        line,
    )


# ---- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mini_batch_size", ["all", 16])
def test_weights_against_the_twin(rng, mini_batch_size):
    X, classes = data(rng, "softmax")
    run = functools.partial(
        assert_same_run, X, classes, seed=1, mini_batch_size=mini_batch_size,
        output_activation="softmax",
    )  # fmt: skip
    weights = rng.uniform(0, 3, M)
    run(sample_weight=weights)
    run(class_weight="balanced")
    run(class_weight={0: 2, 2: 0.5}, sample_weight=weights)
    run(class_weight={1: 3.0}, sample_weight=weights, validation_fraction=0.2)
    X, Y = data(rng, dims=[4, 5, 1])
    assert_same_run(X, Y, [4, 5, 1], seed=1, class_weight={1: 4})
    assert_same_run(X, Y, [4, 5, 1], seed=1, class_weight="balanced")


def test_a_weight_of_2_is_the_example_twice(rng):
    X, Y = data(rng)
    twice = np.arange(M) < 9
    options = {"seed": 1, "learning_rate": 0.3, "num_epochs": 20, "mini_batch_size": "all"}
    weighted, history = plain_train(X, Y, DIMS, sample_weight=1 + twice, **options)
    doubled, expected = plain_train(
        np.hstack([X, X[:, twice]]), np.hstack([Y, Y[:, twice]]), DIMS, **options
    )
    np.testing.assert_allclose(history["cost"], expected["cost"], rtol=1e-12)
    for key, value in doubled.items():
        np.testing.assert_allclose(weighted[key], value, rtol=0, atol=1e-12)
    plain, _ = plain_train(X, Y, DIMS, **options)
    assert np.abs(plain["W1"] - weighted["W1"]).max() > 1e-3


def test_only_the_ratio_of_weights_counts(rng):
    X, Y = data(rng)
    for weights in np.full(M, 7.0), np.ones((1, M)), np.ones((M, 1), int), [True] * M:
        ours, _ = plain_train(X, Y, DIMS, seed=1, num_epochs=2, sample_weight=weights)
        plain, _ = plain_train(X, Y, DIMS, seed=1, num_epochs=2)
        for key, value in plain.items():
            np.testing.assert_allclose(ours[key], value, rtol=0, atol=1e-14)


def test_balanced_classes_cost_the_same(rng):
    """Three of 40 count as much as the other 37."""
    X = rng.standard_normal((2, 40))
    Y = np.arange(40)[None] < 3
    zeros = {"W1": np.zeros((1, 2)), "b1": np.zeros((1, 1))}
    parameters, _ = plain_train(X * 0, Y, parameters=zeros, class_weight="balanced", seed=1,
                               mini_batch_size="all", learning_rate=1)  # fmt: skip
    np.testing.assert_allclose(parameters["b1"], 0, atol=1e-15)


# ---- the model of the assignment with the same keywords ------------------------------------------


def test_the_model_takes_the_keywords_of_train(rng):
    X, classes = data(rng, "softmax")
    options = {
        "output_activation": "softmax",
        "optimizer": "adam",
        "mini_batch_size": 16,
        "keep_prob": 0.9,
        "lambd": 0.1,
        "class_weight": "balanced",
        "initialization": "he",
    }
    parameters, costs = ffnn.L_layer_model(X, classes, DIMS, 0.01, 8, record_every=2, **options)
    expected, history = plain_train(
        X, classes, DIMS, learning_rate=0.01, num_epochs=8, seed=1, **options
    )
    assert_same_dict(parameters, expected)
    assert [float(cost) for cost in costs] == history["cost"][::2]
    assert all(type(cost) is np.ndarray and cost.shape == () for cost in costs)


@pytest.mark.parametrize(
    "options",
    [
        {"hidden_activation": "tanh", "lambd": 0.2},
        {"optimizer": "momentum", "keep_prob": 0.7},
        {"mini_batch_size": 16, "optimizer": "nesterov"},
    ],
)
def test_the_model_against_its_twin(rng, options):
    X, Y = data(rng)
    runs = []
    for module in ffnn, reference:
        np.random.seed(9)
        runs.append((*module.L_layer_model(X, Y, DIMS, 0.02, 130, **options), np.random.randn(2)))
    (ours, costs, draws), (twin, twin_costs, twin_draws) = runs
    np.testing.assert_allclose(costs, twin_costs, rtol=0, atol=1e-8)
    for key, value in twin.items():
        np.testing.assert_allclose(ours[key], value, rtol=0, atol=1e-8)
    assert_same_bits(draws, twin_draws)


def test_the_model_knows_its_keywords(rng):
    X, Y = data(rng)
    says = r"keyword argument 'optimiser'\. Did you mean 'optimizer'\?"  # in CPython's words
    with pytest.raises(TypeError, match=says):
        ffnn.L_layer_model(X, Y, DIMS, optimiser="adam")
    with pytest.raises(TypeError, match="keyword argument 'num_epochs'"):
        ffnn.L_layer_model(X, Y, DIMS, num_epochs=3)


# ---- types ---------------------------------------------------------------------------------------


def test_float32(rng):
    X, Y = data(rng)
    options = {"seed": 1, "optimizer": "adam", "num_epochs": 5, "validation_fraction": 0.2}
    narrow, history = plain_train(X.astype(np.float32), Y, DIMS, **options)
    wide, wide_history = plain_train(X, Y, DIMS, **options)
    assert all(value.dtype == np.float32 for value in narrow.values())
    assert history["optimizer_state"]["v"]["dW1"].dtype == np.float32
    np.testing.assert_allclose(history["val_cost"], wide_history["val_cost"], rtol=1e-4)
    assert all(type(cost) is float for cost in history["cost"])


def test_nothing_given_is_written_to(rng):
    X, Y = data(rng)
    given = network(rng, DIMS, np.float64)
    parameters, history = plain_train(X, Y, parameters=given, optimizer="adam", num_epochs=2)
    state = history["optimizer_state"]
    arrays = [X, Y, *given.values(), *state["v"].values(), *state["s"].values()]
    before = [x.copy() for x in arrays]
    for x in arrays:
        x.flags.writeable = False
    plain_train(X, Y, parameters=given, optimizer_state=state, optimizer="adam", num_epochs=2,
               sample_weight=np.ones(M), validation_fraction=0.3, metrics="accuracy")  # fmt: skip
    for x, old in zip(arrays, before):
        assert_same_bits(x, old)


def test_given_parameters_need_no_layer_dims_and_no_draws(rng):
    X, Y = data(rng)
    given = network(rng, DIMS, np.float64)
    state = np.random.get_state()[1].copy(), np.random.get_state()[2]
    a, _ = plain_train(X, Y, parameters=given, mini_batch_size="all", num_epochs=3)
    b, _ = plain_train(X, Y, np.array(DIMS), parameters=given, mini_batch_size="all", num_epochs=3)
    assert_same_dict(a, b)
    assert (np.random.get_state()[1] == state[0]).all() and np.random.get_state()[2] == state[1]
