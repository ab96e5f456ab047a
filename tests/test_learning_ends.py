"""How a run of train ends, and how another goes on: to the bit, at the best, with nothing lost."""

import functools
import re
import signal
import sys
import threading
import time
import types
import warnings

import numpy as np
import pytest

import ffnn
from calls import output_of
from support import assert_same_bits, assert_same_dict, network

DIMS = [4, 7, 6, 3]
M = 41


@pytest.fixture
def run(rng):
    """train on 41 examples with a seed, unless told otherwise."""
    X = rng.standard_normal((4, M))
    Y = (X[:3] * X[1] > 0.1) * 1
    options = {"seed": 1, "learning_rate": 0.1, "num_epochs": 8, "mini_batch_size": 16}
    return functools.partial(ffnn.train, X, Y, DIMS, **options)


# ---- going on ------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ffnn.optimizers())
@pytest.mark.parametrize("keep_prob", [1.0, 0.8])
@pytest.mark.parametrize("mini_batch_size", [None, 16])
def test_a_run_in_three_parts_is_the_whole_run(run, optimizer, keep_prob, mini_batch_size):
    """To the bit, wherever the numbers come from: the same orders, masks, rates and examples."""
    for seed in 5, None:
        options = {
            "seed": seed,
            "optimizer": optimizer,
            "keep_prob": keep_prob,
            "mini_batch_size": mini_batch_size,
            "learning_rate": lambda epoch: 0.1 / (epoch + 1),
            "validation_fraction": 0.2,
        }
        np.random.seed(3)
        whole, history = run(num_epochs=9, **options)
        np.random.seed(3)
        parameters, parts = run(num_epochs=4, **options)
        costs, epochs = parts["cost"], parts["epoch"]
        for num_epochs in 0, 2, 3:
            parameters, parts = run(
                num_epochs=num_epochs,
                parameters=parameters,
                optimizer_state=parts["optimizer_state"],
                **options,
            )
            costs, epochs = costs + parts["cost"], epochs + parts["epoch"]
        assert_same_dict(parameters, whole)
        assert costs == history["cost"] and epochs == history["epoch"] == list(range(9))
        state, expected = parts["optimizer_state"], history["optimizer_state"]
        assert state.keys() == expected.keys()
        assert state["epoch"] == 9 and state["optimizer"] == optimizer
        for name in state.keys() & {"v", "s"}:
            assert_same_dict(state[name], expected[name])


def test_wide_data_goes_on_to_the_bit_too(rng):
    """Where the assignment's model would take the way through X^T X."""
    X, Y = rng.standard_normal((90, 20)), rng.integers(0, 2, (1, 20))
    run = functools.partial(ffnn.train, X, Y, [90, 5, 1], seed=1, mini_batch_size=None)
    whole, _ = run(num_epochs=40)
    half, history = run(num_epochs=17)
    rest, _ = run(num_epochs=23, parameters=half, optimizer_state=history["optimizer_state"])
    assert_same_dict(rest, whole)


def test_parameters_alone_begin_anew(run):
    parameters, _ = run(optimizer="adam")
    again, history = run(optimizer="adam", parameters=parameters)
    assert history["epoch"][0] == 0 and history["optimizer_state"]["t"] == 8 * 3
    other, _ = run(optimizer="adam", parameters=parameters, learning_rate=0.2)
    assert not (again["W1"] == other["W1"]).all()


def test_the_courses_moments_will_do(run):
    """A state that is made by hand: v, s and t."""
    parameters, _ = run(num_epochs=0)
    zeros = {"d" + key: np.zeros_like(value) for key, value in parameters.items()}
    state = {"v": zeros, "s": zeros, "t": 0}
    ours, _ = run(optimizer="adam", parameters=parameters, optimizer_state=state)
    assert_same_dict(ours, run(optimizer="adam")[0])


def test_no_epochs(run):
    parameters, history = run(num_epochs=0, optimizer="adam", patience=3, metrics="accuracy")
    np.random.seed(1)
    assert_same_dict(parameters, ffnn.initialize_parameters_deep(DIMS))
    assert history["cost"] == history["accuracy"] == []
    assert history["optimizer_state"]["epoch"] == history["optimizer_state"]["t"] == 0


def test_a_seed_leaves_the_global_generator_alone(run):
    before = np.random.get_state()
    run(keep_prob=0.5, validation_fraction=0.2)
    after = np.random.get_state()
    assert (before[1] == after[1]).all() and before[2:] == after[2:]


def test_threads_that_train_with_seeds_do_not_meet(run):
    expected, _ = run(keep_prob=0.6)
    results = []
    work = lambda: results.append(run(keep_prob=0.6)[0])  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for parameters in results:
        assert_same_dict(parameters, expected)
    assert len(results) == 8


# ---- early stopping ------------------------------------------------------------------------------


def test_patience_keeps_the_best(run):
    """Rates that first help and then harm: the run ends, and hands back its best."""
    rates = lambda epoch: 0.5 if epoch < 6 else -0.5  # noqa: E731
    told = run(learning_rate=rates, num_epochs=50, patience=4, validation_fraction=0.3)
    parameters, history = told
    best = int(np.argmin(history["val_cost"]))
    assert history["stopped_by"] == "patience" and 0 < best < len(history["cost"]) - 1
    assert history["best_epoch"] == best and history["epoch"][-1] == best + 4
    to_best = run(learning_rate=rates, num_epochs=best + 1, validation_fraction=0.3)
    assert_same_dict(parameters, to_best[0])
    state = history["optimizer_state"]
    assert state["epoch"] == best + 1 and state["t"] == to_best[1]["optimizer_state"]["t"]


def test_patience_that_is_never_tried_still_returns_the_best(run):
    rates = lambda epoch: 0.5 if epoch < 6 else -0.5  # noqa: E731
    parameters, history = run(learning_rate=rates, num_epochs=8, patience=100)
    assert history["stopped_by"] is None and history["epoch"][-1] == 7
    best = history["best_epoch"]
    assert best == int(np.argmin(history["cost"])) < 7
    assert_same_dict(parameters, run(learning_rate=rates, num_epochs=best + 1)[0])


def test_what_is_watched(run):
    """Costs and the caller's own are to fall; the first of equals is the best."""
    values = iter([3.0, 2.0, 2.5, 2.0, 1.0])
    _, history = run(metrics={"x": lambda Y, AL: next(values)}, monitor="x", patience=2)
    assert (history["best_epoch"], history["epoch"][-1]) == (1, 3)
    values = iter([8.0, 7.5, 7.4, 7.3, 7.0, 6.9])
    _, history = run(
        metrics={"x": lambda Y, AL: next(values)}, monitor="x", patience=3, min_delta=0.8
    )
    assert (history["best_epoch"], history["epoch"][-1]) == (0, 3)


@pytest.mark.parametrize("metrics", ["accuracy", {"right": "accuracy"}])
def test_scores_are_to_rise(run, metrics):
    rates = lambda epoch: 1.0 if epoch < 12 else -0.2  # noqa: E731
    name = "".join(metrics)
    _, history = run(learning_rate=rates, num_epochs=18, patience=17, monitor=name, metrics=metrics)
    scores = history[name]
    assert history["best_epoch"] == int(np.argmax(scores)) > 0 and scores[-1] < max(scores)


def test_patience_counts_epochs_not_record_points(run):
    rising = iter(range(100))
    _, history = run(
        metrics={"x": lambda Y, AL: next(rising)},
        monitor="x",
        patience=10,
        record_every=4,
        num_epochs=50,
    )
    assert history["epoch"] == [0, 4, 8, 12]


# ---- callbacks -----------------------------------------------------------------------------------


def test_a_callback_sees_every_record_point(run):
    seen = []
    parameters, history = run(
        callback=seen.append, record_every=3, metrics="accuracy", validation_fraction=0.2
    )
    assert [info["epoch"] for info in seen] == [0, 3, 6, 7] == history["epoch"]
    names = {"epoch", "cost", "learning_rate", "accuracy", "val_cost", "val_accuracy"}
    for i, info in enumerate(seen):
        assert info.keys() == names | {"parameters", "history"}
        assert all(info[name] == history[name][i] for name in names)
    assert_same_dict(seen[-1]["parameters"], parameters)
    assert_same_dict(
        seen[1]["parameters"], run(num_epochs=4, record_every=3, validation_fraction=0.2)[0]
    )


def test_what_a_callback_does_with_its_copies_changes_nothing(run):
    def spoil(info):
        for value in info["parameters"].values():
            value[...] = np.nan

    for options in {}, {"patience": 5}:
        assert_same_dict(run(callback=spoil, **options)[0], run(**options)[0])


@pytest.mark.parametrize("answer", [True, np.True_])
def test_a_callback_stops_the_run(run, answer):
    parameters, history = run(callback=lambda info: answer if info["epoch"] == 3 else None)
    assert history["epoch"] == [0, 1, 2, 3] and history["stopped_by"] == "callback"
    assert_same_dict(parameters, run(num_epochs=4)[0])
    assert history["optimizer_state"]["epoch"] == 4


@pytest.mark.parametrize("answer", [None, False, np.False_, 1, "stop", {"a": 1}])
def test_only_true_stops(run, answer):
    assert len(run(callback=lambda info: answer)[1]["cost"]) == 8


@pytest.mark.parametrize("where", ["callback", "metrics", "learning_rate", "print"])
def test_an_error_on_the_way_carries_the_last_record_point(run, where, monkeypatch):
    """From a callback, of this very point; from what comes before a record, of the last one."""

    def fail(*args):
        fail.calls += 1
        if fail.calls == (6 if where == "learning_rate" else 5):
            raise OSError("no more")
        return 0.1

    fail.calls = 0
    if where == "print":
        monkeypatch.setattr(sys, "stdout", types.SimpleNamespace(write=fail, flush=lambda: None))
    options = {"print_cost": True} if where == "print" else {where: fail}
    with pytest.raises(OSError, match="no more") as caught:
        run(optimizer="adam", **options)
    error = caught.value
    done = 5 if where in ("callback", "print") else 4
    expected, history = run(optimizer="adam", num_epochs=done)
    assert_same_dict(error.parameters, expected)
    for name in "cost", "epoch":
        assert error.history[name] == history[name]
    rest, _ = run(
        optimizer="adam",
        num_epochs=8 - done,
        parameters=error.parameters,
        optimizer_state=error.history["optimizer_state"],
    )
    assert_same_dict(rest, run(optimizer="adam")[0])


# ---- NaN -----------------------------------------------------------------------------------------


def test_nan_in_the_data_stops_at_once(rng):
    X = rng.standard_normal((4, M))
    X[2, 5] = np.nan
    with pytest.warns(RuntimeWarning, match=r"train: the cost is NaN, first seen at epoch 0 with "
                      r"learning rate 0.0123; the run stops there") as caught:  # fmt: skip
        parameters, history = ffnn.train(
            X, X[:3] > 0, DIMS, seed=1, learning_rate=0.0123, num_epochs=9
        )
    assert len(caught) == 1 and caught[0].filename == __file__
    assert history["stopped_by"] == "nan" and np.isnan(history["cost"]).tolist() == [True]
    np.random.seed(1)
    assert_same_dict(parameters, ffnn.initialize_parameters_deep(DIMS))


@pytest.mark.parametrize("patience", [None, 50])
def test_a_run_that_overflows_returns_what_was_finite(rng, patience):
    X = rng.standard_normal((4, M))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parameters, history = ffnn.train(
            X,
            X[:3] ** 2,
            DIMS,
            seed=1,
            hidden_activation="leaky_relu",
            output_activation="linear",
            mini_batch_size=None,
            learning_rate=50.0,
            num_epochs=100,
            patience=patience,
        )
    assert [w.category for w in caught] == [RuntimeWarning]
    assert history["stopped_by"] == "nan" and 2 < len(history["cost"]) < 20
    assert all(np.isfinite(value).all() for value in parameters.values())
    state = history["optimizer_state"]
    again, _ = ffnn.train(
        X, X[:3] ** 2, DIMS, seed=1, hidden_activation="leaky_relu", output_activation="linear",
        mini_batch_size=None, learning_rate=50.0, num_epochs=state["epoch"],
    )  # fmt: skip
    assert_same_dict(parameters, again)


def test_the_model_goes_on_and_warns_where_it_was_called(rng):
    X = rng.standard_normal((4, M))
    X[2, 5] = np.nan
    for name, dims in ("L_layer_model", DIMS), ("two_layer_model", [4, 5, 3]):
        with pytest.warns(RuntimeWarning, match=f"{name}: .* iteration 0") as caught:
            _, costs = getattr(ffnn, name)(X, X[:3] > 0, dims, num_iterations=301)
        assert len(caught) == 1 and len(costs) == 4 and caught[0].filename == __file__


# ---- Ctrl-C --------------------------------------------------------------------------------------


def test_ctrl_c_from_a_callback(run):
    def interrupt(info):
        if info["epoch"] == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as caught:
        run(callback=interrupt)
    error = caught.value
    done = len(error.history["cost"])
    assert done == 3
    rest, _ = run(
        num_epochs=5,
        parameters=error.parameters,
        optimizer_state=error.history["optimizer_state"],
    )
    assert_same_dict(rest, run()[0])


INTERRUPTED = """
import os, signal, threading, time
import numpy as np, ffnn

rng = np.random.default_rng(0)
X = rng.standard_normal((64, 20000))
Y = rng.integers(0, 10, 20000)
options = dict(seed=1, output_activation="softmax", optimizer="adam", keep_prob={keep_prob})
threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    ffnn.train(X, Y, [64, 128, 10], num_epochs=10**6, **options)
except KeyboardInterrupt as error:
    history, parameters = error.history, error.parameters
done = len(history["cost"])
assert done == history["optimizer_state"]["epoch"] > 0, done
again, expected = ffnn.train(X, Y, [64, 128, 10], num_epochs=done, **options)
assert expected["cost"] == history["cost"]
assert all((again[key] == parameters[key]).all() for key in again)
print("kept")
"""


@pytest.mark.process
@pytest.mark.parametrize("keep_prob", [1.0, 0.9])
def test_ctrl_c_amid_an_epoch(keep_prob):
    assert output_of(INTERRUPTED.format(keep_prob=keep_prob)) == "kept"


# ---- the bar -------------------------------------------------------------------------------------


def test_progress(run, monkeypatch):
    """What tqdm is told; it is closed whatever happens."""
    told = []

    class Bar:
        def __init__(self, **given):
            told.append(given)

        def update(self, n):
            told.append(n)

        def set_postfix(self, **given):
            assert type(given["cost"]) is float

        def close(self):
            told.append("closed")

    module = types.ModuleType("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    assert_same_dict(run(progress=True)[0], run()[0])
    assert told == [{"total": 8, "initial": 0, "unit": "epoch"}, *[1] * 8, "closed"]

    told.clear()
    run(progress=True, record_every=3)
    assert sum(told[1:-1]) == 8 and len(told) < 7

    told.clear()
    with pytest.raises(ZeroDivisionError):
        run(progress=True, callback=lambda info: 1 / 0)
    assert told[-1] == "closed"


def test_progress_names_its_extra(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    state = np.random.get_state()[1].copy()
    with pytest.raises(ImportError, match=re.escape("train: progress=True needs tqdm: pip install "
                                                    "'ffnn[progress]'")):  # fmt: skip
        run(progress=True, seed=None)
    assert (np.random.get_state()[1] == state).all()


# ---- numbers -------------------------------------------------------------------------------------


def test_digits_in_thirteen_epochs():
    """97 % of 360 held back, the median of five seeds."""
    X, Y = ffnn.datasets.load_digits()
    needed, began = [], time.perf_counter()
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
    assert time.perf_counter() - began < 30


def test_weights_never_change_the_draws(run):
    """Nor do metrics, validation data and callbacks: the path is the seed's alone."""
    plain, _ = run(keep_prob=0.7)
    watched, _ = run(
        keep_prob=0.7, metrics=["accuracy", "huber"], callback=lambda info: None, patience=100,
        monitor="cost", sample_weight=np.ones(M),
    )  # fmt: skip
    best, _ = run(keep_prob=0.7, patience=100, sample_weight=np.ones(M))
    assert_same_dict(watched, best)
    given = network(np.random.default_rng(1), DIMS, np.float64)
    X = np.random.default_rng(1).standard_normal((4, M))
    validated, _ = run(keep_prob=0.7, validation_data=(X, X[:3] > 0), parameters=given)
    assert_same_dict(validated, run(keep_prob=0.7, parameters=given)[0])
    assert_same_bits(plain["b1"].shape, (7, 1))
