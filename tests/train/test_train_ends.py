"""How a run of train ends: at its best, by a callback, an error, NaN or Ctrl-C; nothing is lost."""

import re
import signal
import sys
import types
import warnings

import numpy as np
import pytest

import ffnn
from calls import output_of
from support import assert_same_dict, network, plain_train, runner

DIMS = [4, 7, 6, 3]
M = 41


@pytest.fixture
def run(rng):
    return runner(rng)


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
    """The first of equals is the best; NaN is none."""
    told = {"metrics": {"x": lambda Y, AL: next(values)}, "monitor": "x", "mode": "min"}
    values = iter([np.nan, 3.0, 2.0, np.nan, 2.5, 1.0])
    _, history = run(patience=2, **told)
    assert (history["best_epoch"], history["epoch"][-1]) == (2, 4)
    values = iter([3.0, 2.0, 2.5, 2.0, 1.0])
    _, history = run(patience=2, **told)
    assert (history["best_epoch"], history["epoch"][-1]) == (1, 3)
    values = iter([8.0, 7.5, 7.4, 7.3, 7.0, 6.9])
    _, history = run(patience=3, min_delta=0.8, **told)
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
        mode="min",
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
    names = {
        "epoch", "cost", "data_cost", "learning_rate", "accuracy", "val_cost", "val_accuracy"
    }  # fmt: skip
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


def test_the_first_to_end_a_run_is_named(run):
    """Patience looks before the callback is asked."""
    values = iter([1.0, 2.0, 3.0, 4.0])
    options = {"metrics": {"x": lambda Y, AL: next(values)}, "monitor": "x", "mode": "min"}
    _, history = run(patience=2, callback=lambda info: info["epoch"] == 2, **options)
    assert history["epoch"] == [0, 1, 2] and history["stopped_by"] == "patience"


@pytest.mark.parametrize("answer", [None, False, np.False_, 1, "stop", {"a": 1}])
def test_only_true_stops(run, answer):
    assert len(run(callback=lambda info: answer)[1]["cost"]) == 8


def test_a_callback_may_spoil_the_history_and_press_ctrl_c(run):
    """The record point that the error carries follows from the run's own numbers."""

    def spoil(info):
        if info["epoch"] == 3:
            info["history"]["epoch"].clear()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        run(callback=spoil)
    expected, history = run(num_epochs=4)
    assert_same_dict(caught.value.parameters, expected)
    assert caught.value.history["cost"] == history["cost"]
    assert caught.value.history["optimizer_state"]["epoch"] == 4


def test_an_error_that_leaves_no_memory_is_raised_all_the_same(rng):
    """With the costs, though not with the parameters."""
    X, Y = rng.standard_normal((90, 20)), rng.integers(0, 2, (1, 20))

    def fail(info):
        ffnn._ffnn.fail_allocation(1)
        raise ZeroDivisionError

    try:
        with pytest.raises(ZeroDivisionError) as caught:
            plain_train(X, Y, [90, 90, 1], learning_rate=0.1, num_epochs=3, callback=fail)
    finally:
        ffnn._ffnn.fail_allocation(0)
    assert caught.value.parameters is None and len(caught.value.costs) == 1


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


def test_a_cost_of_nan_stops_at_once(rng):
    X = rng.standard_normal((4, M))
    beginning = network(rng, DIMS, np.float64)
    beginning["W1"][0, 0] = np.nan
    with pytest.warns(RuntimeWarning, match=r"train: the cost is NaN, first seen at epoch 0 with "
                      r"learning rate 0.0123; the run ends ") as caught:  # fmt: skip
        parameters, history = plain_train(
            X, X[:3] > 0, parameters=beginning, learning_rate=0.0123, num_epochs=9
        )
    assert len(caught) == 1 and caught[0].filename == __file__
    assert history["stopped_by"] == "diverged" and np.isnan(history["cost"]).tolist() == [True]
    assert_same_dict(parameters, beginning)


def test_a_warning_that_is_an_error_carries_what_was_finite(rng):
    X = rng.standard_normal((4, M))
    rates = lambda epoch: 0.1 if epoch < 3 else 1e200  # noqa: E731
    with pytest.raises(RuntimeWarning) as caught:
        plain_train(
            X, X[:3] > 0, DIMS, seed=1, learning_rate=rates, metrics="accuracy", mini_batch_size=16
        )
    error = caught.value
    for values in error.costs, *(error.history[name] for name in ("epoch", "cost", "accuracy")):
        assert len(values) == error.history["optimizer_state"]["epoch"] > 0
    assert all(np.isfinite(value).all() for value in error.parameters.values())


@pytest.mark.parametrize("patience", [None, 50])
def test_a_run_that_overflows_returns_what_was_finite(rng, patience):
    X = rng.standard_normal((4, M))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parameters, history = plain_train(
            X,
            X[:3] ** 2,
            DIMS,
            seed=1,
            hidden_activation="leaky_relu",
            output_activation="linear",
            mini_batch_size="all",
            learning_rate=50.0,
            num_epochs=100,
            patience=patience,
        )
    assert [w.category for w in caught] == [RuntimeWarning]
    assert history["stopped_by"] == "diverged" and 2 < len(history["cost"]) < 40
    assert all(np.isfinite(value).all() for value in parameters.values())
    state = history["optimizer_state"]
    again, _ = plain_train(
        X, X[:3] ** 2, DIMS, seed=1, hidden_activation="leaky_relu", output_activation="linear",
        mini_batch_size="all", learning_rate=50.0, num_epochs=state["epoch"],
    )  # fmt: skip
    assert_same_dict(parameters, again)


@pytest.mark.parametrize(
    "batches", [{"mini_batch_size": "all"}, {"mini_batch_size": 32, "shuffle": False}]
)
def test_the_last_step_may_overflow_too(rng, batches):
    """In mini-batches: the second, behind one whose examples are all met."""
    X = rng.standard_normal((4, M)) * (np.arange(M) >= 32)
    with pytest.warns(
        RuntimeWarning, match="train: a parameter overflows, first seen at epoch 0 .* Y reaches"
    ):
        parameters, history = plain_train(
            X, X[:3] * 1e9, DIMS, seed=1, output_activation="linear", learning_rate=1e306,
            num_epochs=1, **batches,
        )  # fmt: skip
    assert history["stopped_by"] == "diverged" and np.isfinite(history["cost"]).all()
    np.random.seed(1)
    assert_same_dict(parameters, ffnn.initialize_parameters_deep(DIMS))
    assert history["optimizer_state"]["epoch"] == 0


def test_the_model_goes_on_and_warns_where_it_was_called(rng):
    X = rng.standard_normal((4, M))
    X[2, 5] = np.nan
    for name, dims in ("L_layer_model", DIMS), ("two_layer_model", [4, 5, 3]):
        with pytest.warns(RuntimeWarning, match=f"{name}: .* iteration 0") as caught:
            _, costs = getattr(ffnn, name)(X, X[:3] > 0, dims, num_iterations=301)
        assert len(caught) == 1 and len(costs) == 4 and caught[0].filename == __file__


def test_labels_that_are_no_probabilities_are_warned_of():
    """Digits where "is it even?" was meant: the cost falls below 0. (train refuses them.)"""
    X, digits = ffnn.datasets.load_digits()
    with pytest.warns(
        RuntimeWarning, match="L_layer_model: the cost is negative.* 0 and 1"
    ) as caught:
        ffnn.L_layer_model(X, digits, [64, 20, 1], num_iterations=301)
    assert len(caught) == 1 and caught[0].filename == __file__


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
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell's & began it
press = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))

def wait(info):  # for an epoch, however long it takes here
    if info["epoch"] == 0:
        press.start()

try:
    ffnn.train(X, Y, [64, 128, 10], num_epochs=10**6, callback=wait, **options)
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
