"""Metrics of train: scores by name against their twins, functions, scikit-learn's, direction."""

import functools
import itertools
import re

import numpy as np
import pytest

import ffnn
import ffnn._metrics
import reference_scores
from ffnn._scores import CLASS_SCORES, VALUE_SCORES
from support import assert_same_dict, plain_train

DIMS = [4, 5, 1]
NAMES = (*CLASS_SCORES, "roc_auc", *VALUE_SCORES)


def data(rng, n_y=1, m=60):
    X = rng.standard_normal((4, m))
    return X, (X[:n_y] + X[1 : n_y + 1] + rng.standard_normal((n_y, m)) > 0) * 1


def measured(X, Y, dims=DIMS, **options):
    """Parameters and history of an epoch, whose end the metrics are those of."""
    settings = {"seed": 1, "num_epochs": 1, "learning_rate": 0.1, "mini_batch_size": 16}
    return plain_train(X, Y, dims, **settings, **options)


def test_every_name_has_its_twin():
    assert set(NAMES) == set(reference_scores.SCORES)


@pytest.mark.parametrize("output, n_y", [("sigmoid", 1), ("sigmoid", 3), ("softmax", 3),
                                         ("softmax", 2), ("linear", 2)])  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("slab", [7, 16384])
def test_scores_by_name(rng, real, monkeypatch, output, n_y, weighted, slab):
    """Of training and validation examples, each by its weight; in slabs and as one."""
    monkeypatch.setattr(ffnn._metrics, "_SLAB", slab)
    X, Y = data(rng, n_y, 90)
    X = X.astype(real)
    X[:, 1::3] = X[:, ::3]  # outputs that are equal
    labels = Y
    if output == "softmax":
        labels = rng.integers(0, n_y, 90)
        Y = np.eye(n_y)[:, labels]
    elif output == "linear":
        labels = Y = X[:n_y] + rng.standard_normal((n_y, 90)) + 5
    w = rng.integers(0, 3, 90) * rng.random(90) if weighted else np.ones(90)
    names = VALUE_SCORES if output == "linear" else NAMES if output == "sigmoid" else NAMES[:-3]
    data_val = (X[:, 60:], labels[..., 60:], w[60:])
    parameters, history = measured(
        X[:, :60], labels[..., :60], [4, 5, n_y], output_activation=output, metrics=list(names),
        sample_weight=w[:60] if weighted else None,
        validation_data=data_val if weighted else data_val[:2],
    )  # fmt: skip
    AL = ffnn.predict_proba(X, parameters, output_activation=output)
    for prefix, some in ("", slice(0, 60)), ("val_", slice(60, 90)):
        for name in names:
            twin = reference_scores.SCORES[name](Y[:, some], AL[:, some], w[some], output)
            tight = 1e-6 if real == np.float32 else 1e-12
            assert history[prefix + name][0] == pytest.approx(twin, rel=tight, abs=tight), name
        own = {"sigmoid": "binary_cross_entropy", "softmax": "categorical_cross_entropy"}
        cost = ffnn.compute_cost(
            AL[:, some], Y[:, some], cost=own.get(output, "mean_squared_error"),
            sample_weight=w[some],
        )  # fmt: skip
        if prefix:
            assert history["val_cost"][0] == pytest.approx(float(cost), rel=1e-5)


@pytest.mark.parametrize("name", ["accuracy", "roc_auc", "r2", "mae", "rmse", "huber", "own"])
def test_an_example_of_weight_2_counts_twice(rng, name):
    X, Y = data(rng)
    w = rng.integers(0, 3, 60)
    again = np.repeat(np.arange(60), w)
    metric = {"own": _brier}.get(name, name)
    runs = [
        measured(X, Y, metrics={"x": metric}, validation_data=pair)[1]
        for pair in [(X, Y, w), (X[:, again], Y[:, again]), (X, Y)]
    ]
    for key in "val_x", "val_cost":
        assert runs[0][key][0] == pytest.approx(runs[1][key][0], rel=1e-12)
        assert runs[0][key][0] != pytest.approx(runs[2][key][0], rel=1e-6)


def _brier(Y, AL, sample_weight=None):
    return np.average(((AL - Y) ** 2)[0], weights=sample_weight)


def test_labels_between_0_and_1_are_of_the_class_that_is_nearer(rng):
    X, Y = data(rng)
    names = [*CLASS_SCORES, "roc_auc"]
    parameters = plain_train(X, Y, DIMS, seed=1, num_epochs=1)[0]
    for labels in Y, 0.9 * Y + 0.05:
        _, history = plain_train(X, labels, parameters=parameters, num_epochs=1, learning_rate=0,
                                metrics=names)  # fmt: skip
        AL = ffnn.predict_proba(X, parameters)
        for name in names:
            twin = reference_scores.SCORES[name](Y, AL, np.ones(60), "sigmoid")
            assert history[name][0] == pytest.approx(twin)


def test_scores_without_a_class(rng):
    X, _ = data(rng)
    zeros = np.zeros((1, 60), int)
    _, history = measured(X, zeros, metrics=["roc_auc", "recall", "balanced_accuracy", "accuracy"])
    assert np.isnan(history["roc_auc"][0]) and history["recall"][0] == 0
    assert history["balanced_accuracy"] == history["accuracy"]
    _, history = measured(X, zeros + 3.5, metrics="r2", output_activation="linear")
    assert history["r2"] == [0]


def test_the_accuracy_of_several_sigmoids_is_that_of_entries(rng):
    X, y = rng.random((4, 70)), rng.integers(0, 7, 70)
    silent = {"W1": np.zeros((7, 4)), "b1": np.full((7, 1), -3.0)}
    _, history = plain_train(X, np.eye(7)[:, y], parameters=silent, num_epochs=1, learning_rate=0,
                            metrics="accuracy")  # fmt: skip
    assert history["accuracy"][0] == pytest.approx(6 / 7)
    _, history = plain_train(X, y, parameters=silent, num_epochs=1, learning_rate=0,
                            metrics="accuracy", output_activation="softmax")  # fmt: skip
    assert history["accuracy"][0] == np.mean(y == 0)


# ---- functions -----------------------------------------------------------------------------------


def test_a_function_can_read_and_not_write(rng):
    X, Y = data(rng)
    w = np.ones(60)

    def writer(which):
        def metric(Y, AL, sample_weight):
            (Y, AL, sample_weight)[which][...] = 0
            return 0.0

        return metric

    for which in range(3):
        before = X.copy(), Y.copy(), w.copy()
        with pytest.raises(ValueError, match="read-only"):
            measured(X, Y, metrics={"x": writer(which)}, sample_weight=w)
        assert all((a == b).all() for a, b in zip(before, (X, Y, w)))
        assert Y.flags.writeable and w.flags.writeable


def test_a_function_without_a_signature(rng):
    """As some of those are that are written in C."""

    class Silent:
        @property
        def __signature__(self):
            raise ValueError("no signature found")

        def __call__(self, Y, AL):
            return _brier(Y, AL)

    X, Y = data(rng)
    _, history = measured(X, Y, metrics={"silent": Silent(), "brier": _brier})
    assert history["silent"] == history["brier"]


def test_no_metric_at_all(rng):
    X, Y = data(rng)
    assert measured(X, Y, metrics=None)[1].keys() == measured(X, Y)[1].keys()


def test_a_function_that_takes_weights_gets_them(rng):
    X, Y = data(rng)
    w, seen = rng.random(60), []

    def one(Y, AL, sample_weight):
        seen.append(sample_weight)
        return 1

    measured(X, Y, metrics=[one], sample_weight=w, validation_fraction=0.25)
    held = np.random.RandomState(0).permutation(60)[:15]
    assert (seen[0] == np.delete(w, held)).all() and (seen[1] == w[held]).all()
    measured(X, Y, metrics={"x": lambda Y, AL: float(AL.shape[1])}, sample_weight=w)
    measured(X, Y, metrics=[one])
    assert seen[2] is None


@pytest.mark.parametrize("value, says", [
    (np.ones(3), "an array of shape (3,)"), (None, "None"), ("0.5", "'0.5'"), (1j, "1j"),
    (np.ones((1, 1)), "an array of shape (1, 1)"),
])  # fmt: skip
def test_a_function_returns_a_number(rng, value, says):
    X, Y = data(rng)
    message = re.escape(f"train: metrics: 'x' returned {says}, expected a number")
    with pytest.raises(TypeError, match=message):
        measured(X, Y, metrics={"x": lambda Y, AL: value})
    for fine in 1, True, np.float32(1), np.array(1):
        assert measured(X, Y, metrics={"x": lambda Y, AL, fine=fine: fine})[1]["x"] == [1.0]


def test_a_name_that_history_has_is_taken(rng):
    X, Y = data(rng)
    for name in "val_x", "data_cost", "stopped_by", "parameters", "epoch":
        with pytest.raises(ValueError, match=f"metrics: the name '{name}' is taken"):
            measured(X, Y, metrics={name: lambda Y, AL: 0.0})


# ---- scikit-learn --------------------------------------------------------------------------------


@pytest.mark.parametrize("output, n_y", [("sigmoid", 1), ("sigmoid", 3), ("softmax", 2),
                                         ("softmax", 3), ("linear", 1), ("linear", 2)])  # fmt: skip
@pytest.mark.parametrize("weighted", [False, True])
def test_metrics_of_scikit_learn(rng, output, n_y, weighted):
    """Each gives what scikit-learn gives for rows; ours of the same name agree with it."""
    sk = pytest.importorskip("sklearn.metrics")
    X, Y = data(rng, n_y, 90)
    if output == "softmax":
        Y = rng.integers(0, n_y, 90)
    elif output == "linear":
        Y = X[:n_y] + rng.standard_normal((n_y, 90))
    macro = {"average": "macro", "zero_division": 0} if output == "softmax" and n_y > 2 else {}
    micro = {"average": "micro"} if output == "sigmoid" and n_y > 1 else {}
    auc = functools.partial(sk.roc_auc_score, multi_class="ovr")
    ours = {
        "linear": {"r2": sk.r2_score, "mae": sk.mean_absolute_error,
                   "rmse": sk.root_mean_squared_error},
        "sigmoid": {"roc_auc": sk.roc_auc_score, "f1": functools.partial(sk.f1_score, **micro)},
        "softmax": {"accuracy": sk.accuracy_score, "balanced_accuracy": sk.balanced_accuracy_score,
                    "f1": functools.partial(sk.f1_score, **macro), "roc_auc": auc},
    }[output]  # fmt: skip
    if n_y == 1 and output == "sigmoid":
        ours |= {"binary_cross_entropy": sk.log_loss, "precision": sk.precision_score,
                 "mean_squared_error": sk.brier_score_loss}  # fmt: skip
    if output == "softmax":
        ours |= {"categorical_cross_entropy": sk.log_loss}
    weights = {"sample_weight": rng.random(90) + 0.1} if weighted else {}
    _, history = measured(
        X, Y, [4, 5, n_y], output_activation=output, **weights,
        metrics={**{name: name for name in ours}, **{f"sk {name}": f for name, f in ours.items()}},
    )  # fmt: skip
    for name in ours:
        if (name, n_y) != ("f1", 3) or output != "sigmoid":
            assert history[f"sk {name}"] == pytest.approx(history[name], rel=1e-9), name


def test_a_log_loss_gets_probabilities_whatever_it_calls_them(rng):
    """Up to scikit-learn 1.7 its second argument is y_pred."""

    def log_loss(y_true, y_pred):
        return y_pred.mean()

    log_loss.__module__ = "sklearn.metrics._classification"
    X, Y = data(rng)
    parameters, history = measured(X, Y, metrics=log_loss)
    assert history["log_loss"][0] == ffnn.predict_proba(X, parameters)[0].mean()


def test_a_callback_gets_copies(rng):
    X, Y = data(rng)

    def spoil(info):
        for value in info["parameters"].values():
            value[...] = 0

    for size in "all", 16:
        options = {"seed": 1, "num_epochs": 4, "mini_batch_size": size, "patience": 9}
        ours, _ = plain_train(X, Y, DIMS, callback=spoil, **options)
        assert_same_dict(ours, plain_train(X, Y, DIMS, **options)[0])


def test_other_functions_of_scikit_learn_are_refused(rng):
    sk = pytest.importorskip("sklearn.metrics")
    X, Y = data(rng)
    for one in sk.hinge_loss, sk.make_scorer(sk.accuracy_score), sk.auc:
        with pytest.raises(TypeError, match=r"of scikit-learn takes .*wrap it in a function of"):
            measured(X, Y, metrics={"x": one})
    _, history = measured(X, Y, metrics=functools.partial(sk.fbeta_score, beta=2))
    assert len(history["fbeta_score"]) == 1


# ---- the direction -------------------------------------------------------------------------------


def test_which_way_the_best_lies(rng):
    X, Y = data(rng)
    values = [0.5, 0.9, 0.2, 0.6]
    for mode, best in ("max", 1), ("min", 2):
        of = iter(values)
        _, history = plain_train(X, Y, DIMS, num_epochs=4, patience=9, monitor="x", mode=mode,
                                metrics={"x": lambda Y, AL, of=of: next(of)})  # fmt: skip
        assert history["best_epoch"] == best
    sk = pytest.importorskip("sklearn.metrics")
    for one, best in (sk.roc_auc_score, np.argmax), (sk.brier_score_loss, np.argmin):
        _, history = plain_train(X, Y, DIMS, seed=1, num_epochs=9, patience=9, monitor="val_x",
                                metrics={"x": one}, validation_fraction=0.4)  # fmt: skip
        assert history["best_epoch"] == best(history["val_x"])


@pytest.mark.parametrize("name", NAMES)
def test_the_way_of_a_name_is_known(rng, name):
    X, Y = data(rng)
    rates = [0.0, 2.0, -2.0, 2.0, -1.0, 0.0]
    run = functools.partial(
        ffnn.train, X, Y, DIMS, seed=1, num_epochs=6, patience=9, monitor=name,
        metrics=name, learning_rate=lambda epoch: rates[epoch],
    )  # fmt: skip
    falls = name in ("mae", "rmse")
    _, history = run()
    best = min if falls else max
    assert history[name][history["best_epoch"]] == best(history[name])
    with pytest.raises(ValueError, match=f"contradicts monitor='{name}', which is to"):
        run(mode="max" if falls else "min")
    run(mode="min" if falls else "max")


@pytest.mark.parametrize("message, options", [
    ("monitor='x' is a function of your own: say mode='max' where it is to rise, mode='min'",
     {"monitor": "x"}),
    ("mode must be one of 'min', 'max', not 'maximum'", {"monitor": "x", "mode": "maximum"}),
    ("mode='max' contradicts monitor='cost', which is to fall", {"monitor": "cost", "mode": "max"}),
    ("mode='max' goes with patience", {"mode": "max", "patience": None}),
])  # fmt: skip
def test_a_direction_that_is_not_to_be_guessed(rng, message, options):
    X, Y = data(rng)
    with pytest.raises(ValueError, match="train: " + re.escape(message)):
        measured(X, Y, **{"metrics": {"x": _brier}, "patience": 3, **options})


def test_the_cost_without_l2(rng):
    """data_cost is what lambd leaves out, and val_cost of the very same examples equals it."""
    X, Y = data(rng)
    for size, lambd in itertools.product(["all", 16], [0.0, 5.0]):
        options = {"seed": 1, "num_epochs": 4, "mini_batch_size": size, "lambd": lambd}
        _, history = plain_train(X, Y, DIMS, learning_rate=1e-12, validation_data=(X, Y), **options)
        data_cost = history["data_cost"]
        np.testing.assert_allclose(data_cost, history["val_cost"], rtol=1e-9)
        if lambd:
            assert np.subtract(history["cost"], data_cost).min() > 0.01
            _, by_data = plain_train(X, Y, DIMS, monitor="data_cost", patience=9, **options)
            assert by_data["best_epoch"] == int(np.argmin(by_data["data_cost"]))


def test_a_slab_whose_examples_weigh_nothing(rng):
    """Scores are summed by 16,384 examples."""
    m, counted = 16384 + 50, slice(16384, None)
    X = rng.standard_normal((1, m))
    Y = 3 * X + 1
    weights = np.zeros(m)
    weights[counted] = rng.random(50)
    told = {"output_activation": "linear", "num_epochs": 1, "seed": 1, "mini_batch_size": "all"}
    _, history = plain_train(
        X, Y, [1, 1], sample_weight=weights, metrics=["mean_squared_error"], **told
    )
    _, due = plain_train(
        X[:, counted], Y[:, counted], [1, 1], sample_weight=weights[counted],
        metrics=["mean_squared_error"], **told,
    )  # fmt: skip
    name = "mean_squared_error"
    assert history[name][0] == pytest.approx(due[name][0], rel=1e-12)
    assert np.isfinite(history[name]).all()
