"""A number and the parameters beside it are of one moment; what a run hands back, and as what."""

import copy
import pickle
import signal

import numpy as np
import pytest

import ffnn
from support import assert_same_dict, plain_train

NET = {"hidden_activation": "tanh", "output_activation": "linear"}


def curve(rng, m=60):
    X = rng.standard_normal((3, m))
    return X, np.sin(X[:1]) + X[1:2] * X[2:3]


def cost_of(parameters, X, Y, lambd=0.0):
    AL = ffnn.predict_proba(X, parameters, **NET)
    given = {"cost": "mean_squared_error", "parameters": parameters, "lambd": lambd}
    return float(ffnn.compute_cost(AL, Y, **given))


def train(X, Y, **options):
    usual = {"seed": 3, "learning_rate": 0.05, "num_epochs": 9, "layer_dims": [3, 6, 1]}
    return plain_train(X, Y, **NET, **{**usual, **options})


@pytest.mark.parametrize("size", ["all", 60, 1000])
@pytest.mark.parametrize("optimizer", ["gd", "adam"])
@pytest.mark.parametrize("lambd", [0.0, 0.4])
def test_in_full_batch_all_are_of_the_parameters_before_the_step(rng, size, optimizer, lambd):
    X, Y = curve(rng)
    seen = []
    returned, history = train(
        X, Y, mini_batch_size=size, optimizer=optimizer, lambd=lambd, callback=seen.append,
        metrics={"mse": lambda Y, AL: float(np.mean((Y - AL) ** 2))}, validation_data=(X, Y),
    )  # fmt: skip
    for info in seen:
        assert abs(info["cost"] - cost_of(info["parameters"], X, Y, lambd)) < 1e-13
        assert abs(info["data_cost"] - cost_of(info["parameters"], X, Y)) < 1e-13
        for name in ("val_cost", "mse", "val_mse"):
            assert abs(info[name] - info["data_cost"]) < 1e-13, name
    # What comes back is one update further.
    assert cost_of(returned, X, Y, lambd) < history["cost"][-1]
    options = {"mini_batch_size": size, "optimizer": optimizer, "lambd": lambd}
    more = train(X, Y, num_epochs=10, **options)[1]
    assert abs(more["cost"][-1] - cost_of(returned, X, Y, lambd)) < 1e-13


def test_in_mini_batches_all_are_of_the_parameters_after_the_epoch(rng):
    X, Y = curve(rng)
    seen = []
    returned, history = train(
        X, Y, mini_batch_size=16, callback=seen.append, validation_data=(X, Y)
    )
    for info in seen:
        assert abs(info["val_cost"] - cost_of(info["parameters"], X, Y)) < 1e-13
        assert abs(info["cost"] - info["val_cost"]) > 1e-6
    assert_same_dict(seen[-1]["parameters"], returned)


@pytest.mark.parametrize("size", ["all", 16])
@pytest.mark.parametrize("every", [1, 3])
def test_the_best_has_the_cost_that_made_it_the_best(rng, size, every):
    """A rate that first helps and then does harm."""
    X, Y = curve(rng)
    rates = lambda epoch: 0.1 if epoch < 6 else -0.2  # noqa: E731
    parameters, history = train(
        X, Y, mini_batch_size=size, learning_rate=rates, num_epochs=30, patience=6,
        record_every=every, monitor="val_cost", validation_data=(X, Y),
    )  # fmt: skip
    best = history["epoch"].index(history["best_epoch"])
    assert history["val_cost"][best] == min(history["val_cost"])
    assert abs(cost_of(parameters, X, Y) - history["val_cost"][best]) < 1e-13
    assert history["stopped_by"] == "patience"
    epoch = history["best_epoch"]
    assert history["optimizer_state"]["epoch"] == (epoch if size == "all" else epoch + 1)


def test_the_model_with_patience_hands_back_the_best_and_says_why_it_ended(rng):
    X, Y = curve(rng)
    rates = lambda epoch: 0.1 if epoch < 6 else -0.2  # noqa: E731
    text = "L_layer_model: stopped after .* patience=3.* best"
    with pytest.warns(RuntimeWarning, match=text) as caught:
        parameters, costs = ffnn.L_layer_model(
            X, Y, [3, 6, 1], rates, 50, patience=3, record_every=1, **NET
        )
    assert abs(cost_of(parameters, X, Y) - min(map(float, costs))) < 1e-13
    assert caught[0].filename == __file__


def test_a_resumed_run_knows_the_best_that_it_was_given(rng):
    X, Y = curve(rng)
    options = {
        "mini_batch_size": 16, "optimizer": "adam", "patience": 3, "validation_data": (X, Y),
        "num_epochs": 200,
    }  # fmt: skip
    first, history = train(X, Y, learning_rate=0.05, **options)
    state = history["optimizer_state"]
    assert state["best"] == {
        "monitor": "val_cost",
        "value": min(history["val_cost"]),
        "epoch": history["best_epoch"],
    }
    # A rate that only does harm: the second run has nothing better to give.
    second, more = train(
        X, Y, learning_rate=2.0, parameters=first, optimizer_state=state, layer_dims=None, **options
    )
    assert_same_dict(second, first)
    assert more["best_epoch"] == history["best_epoch"] and more["stopped_by"] == "patience"
    assert more["optimizer_state"]["best"] == state["best"]


@pytest.mark.parametrize("size", ["all", 16])
@pytest.mark.parametrize("every", [1, 50])
def test_unscaled_targets_end_a_run_that_says_what_helps(rng, size, every):
    X, Y = curve(rng)
    with pytest.warns(RuntimeWarning, match=r"train: the cost is (infinite|NaN).* Y reaches"):
        parameters, history = train(
            X, 1e6 * Y, mini_batch_size=size, learning_rate=0.5, num_epochs=2000, record_every=every
        )
    assert history["stopped_by"] == "diverged"
    if size == "all":
        assert np.isfinite(cost_of(parameters, X, 1e6 * Y))
    assert all(np.isfinite(value).all() for value in parameters.values())
    assert len(history["epoch"]) < 2000 // every


def test_unscaled_inputs_are_named(rng):
    X, Y = curve(rng)
    with pytest.warns(RuntimeWarning, match=r"X reaches \d.*e\+\d+: scale its rows"):
        plain_train(
            1e160 * X, Y, [3, 6, 1], output_activation="linear", learning_rate=1.0, num_epochs=50
        )


def test_an_infinite_val_cost_is_no_divergence(rng):
    X, Y = curve(rng)
    _, history = train(X, Y, validation_data=(1e200 * X, 1e200 * Y))
    assert history["stopped_by"] is None and np.isinf(history["val_cost"]).all()


@pytest.mark.parametrize("optimizer", ["gd", "adam", "lbfgs"])
def test_ctrl_c_within_a_full_batch_carries_the_last_record_point(rng, optimizer):
    """Wherever in a step it comes: the parameters are those of the epoch that their state says."""
    X = rng.standard_normal((60, 30000))
    Y = X[:1] * X[1:2]
    options = {"layer_dims": [60, 200, 1], "mini_batch_size": "all", "optimizer": optimizer}
    if optimizer == "lbfgs":
        options["learning_rate"] = None

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for seconds in (0.11, 0.23, 0.37):
            signal.setitimer(signal.ITIMER_REAL, seconds)
            with pytest.raises(KeyboardInterrupt) as caught:
                train(X, Y, num_epochs=10**6, **options)
            error = caught.value
            epochs = error.history["optimizer_state"]["epoch"]
            assert epochs - len(error.history["cost"]) in (-1, 0)
            again = train(X, Y, num_epochs=epochs, **options)[0]
            assert_same_dict(error.parameters, again)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ---- the history ---------------------------------------------------------------------------------


def test_a_history_is_a_frame_of_its_lists(rng):
    pd = pytest.importorskip("pandas")
    _, history = train(*curve(rng))
    frame = pd.DataFrame(history)
    assert list(frame) == ["epoch", "cost", "data_cost", "learning_rate"] and len(frame) == 9
    assert isinstance(history, dict) and all(type(values) is list for values in history.values())


def test_the_ends_of_a_run_are_attributes_that_stand_beside_the_lists(rng):
    _, history = train(*curve(rng), patience=5)
    for name in ("optimizer_state", "best_epoch", "stopped_by"):
        assert history[name] is getattr(history, name) is history.get(name)
        assert name not in history
    assert history.get("other", 3) == 3
    with pytest.raises(KeyError, match="other"):
        history["other"]


@pytest.mark.parametrize("again", [dict.copy, copy.copy, copy.deepcopy, pickle])
def test_copies_keep_the_ends(rng, again):
    _, history = train(*curve(rng), patience=5)
    other = pickle.loads(pickle.dumps(history)) if again is pickle else (
        history.copy() if again is dict.copy else again(history)
    )  # fmt: skip
    assert other == history and other.best_epoch == history.best_epoch
    assert other["stopped_by"] == history["stopped_by"]
