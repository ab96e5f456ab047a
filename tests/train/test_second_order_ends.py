"""L-BFGS and Levenberg-Marquardt: how runs end, well or not."""

import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest
from test_second_order import LM, data, run, to_vector

import ffnn
from calls import trainer_of
from reference_whole import METHODS, Net
from support import assert_same_dict, draw


def assert_best_seen(X, Y, parameters, history, **net):
    """Costs never rise, and the parameters are those of the lowest."""
    costs = history["cost"]
    assert all(later <= earlier for earlier, later in zip(costs, costs[1:], strict=False))
    AL = ffnn.predict_proba(X, parameters, **net)
    assert float(ffnn.compute_cost(AL, Y, cost="mean_squared_error")) <= costs[-1] * (1 + 1e-9)


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize("kind", ["duplicate inputs", "dead units", "few examples", "constant"])
def test_a_singular_problem(rng, optimizer, kind):
    X, Y = data(rng, "linear", 5 if kind == "few examples" else 30)
    parameters = None
    if kind == "duplicate inputs":
        X = np.vstack([X[:1], X[:1], X[:1]])
    if kind == "constant":
        X = np.zeros_like(X)
    if kind == "dead units":
        np.random.seed(1)
        parameters = ffnn.initialize_parameters_deep([3, 8, 2])
        parameters["b1"][:4] = -100
    net = {"hidden_activation": "relu", "output_activation": "linear"}
    parameters, history = run(
        X, Y, [3, 8, 2], optimizer, 500, parameters=parameters, tol=1e-8,
        seed=1, **net,
    )  # fmt: skip
    assert history["stopped_by"] in ("tol", "damping", "line_search", None)
    assert all(np.isfinite(value).all() for value in parameters.values())
    assert history["cost"][-1] < history["cost"][0]
    assert_best_seen(X, Y, parameters, history, **net)


@pytest.mark.parametrize("optimizer", METHODS)
def test_a_flat_cost_ends_at_once(rng, optimizer):
    X, Y = data(rng, "linear")
    parameters = {"W1": np.zeros((4, 3)), "b1": np.zeros((4, 1)),
                  "W2": np.zeros((2, 4)), "b2": Y.mean(axis=1, keepdims=True)}  # fmt: skip
    trained, history = run(X, Y, None, optimizer, 50, parameters=parameters,
                           hidden_activation="tanh", output_activation="linear")  # fmt: skip
    assert history["stopped_by"] == "tol" and history["epoch"] == [0]
    assert history["evaluations"] == [1] and history["optimizer_state"]["t"] == 0
    assert_same_dict(trained, parameters)


@pytest.mark.parametrize("scale", [1e3, 1e2])
def test_a_softmax_that_is_certain_has_no_curvature(rng, real, scale):
    """Probabilities of 1 and 0, or nearly so, of the wrong classes."""
    X = np.abs(rng.standard_normal((1, 30)).astype(real)) + real(0.1)
    Y = np.eye(4, dtype=real)[:, rng.integers(1, 4, 30)]
    parameters = {"W1": real(scale) * np.array([[1], [-1], [0], [-3]], real),
                  "b1": np.zeros((4, 1), real)}  # fmt: skip
    trained, history = run(X, Y, None, LM, 60, parameters=parameters, output_activation="softmax")
    assert all(np.isfinite(value).all() for value in trained.values())
    assert history["cost"][-1] < 0.2 * history["cost"][0]


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize("scale", [1e160, 1e200, 1e307])
def test_overflow_at_the_beginning(rng, optimizer, scale):
    """A cost that is infinite, or whose gradient is: the parameters are those given."""
    X, Y = data(rng, "linear")
    np.random.seed(1)
    parameters = ffnn.initialize_parameters_deep([3, 4, 2])
    with pytest.warns(RuntimeWarning, match="infinite|NaN"):
        trained, history = run(X * scale, Y, None, optimizer, 50, parameters=parameters,
                               output_activation="linear")  # fmt: skip
    assert history["stopped_by"] == "diverged"
    assert_same_dict(trained, parameters)


@pytest.mark.parametrize("optimizer", METHODS)
def test_a_gradient_that_overflows_beside_a_cost_that_does_not(optimizer):
    X, Y = np.full((3, 4), 1e308), np.full((2, 4), 1e3)
    parameters = {"W1": np.zeros((2, 3)), "b1": np.zeros((2, 1))}
    with pytest.warns(RuntimeWarning, match="a gradient is infinite or NaN, first seen at epoch 0"):
        trained, history = run(X, Y, None, optimizer, 50, parameters=parameters,
                               output_activation="linear")  # fmt: skip
    assert history["stopped_by"] == "diverged" and history["cost"] == [2e6]
    assert_same_dict(trained, parameters)


@pytest.mark.parametrize("optimizer", METHODS)
def test_nan_on_the_way(rng, optimizer):
    """Trials overflow, and are taken back: what is found is the best that was seen."""
    X, Y = data(rng, "linear")
    parameters = {"W1": np.full((1, 3), 1e-3), "b1": np.zeros((1, 1)),
                  "W2": np.full((1, 1), 1e-3), "b2": np.zeros((1, 1)),
                  "W3": np.full((2, 1), 1e-150), "b3": np.zeros((2, 1))}  # fmt: skip
    net = {"hidden_activation": "linear", "output_activation": "linear"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trained, history = run(X * 1e150, Y, None, optimizer, 100, parameters=parameters, **net)
    assert history["stopped_by"] in ("tol", "damping", "line_search", None)
    assert np.isfinite(history["cost"]).all()
    assert history["cost"][-1] <= history["cost"][0]
    assert_best_seen(X * 1e150, Y, trained, history, **net)


@pytest.mark.parametrize("scale", [1.0, 100.0])
@pytest.mark.parametrize("record_every", [1, 100])
def test_lbfgs_ends_where_a_step_gains_little(rng, scale, record_every):
    """The first step whose gain is at most cost_tol max(1, cost), and none of them before."""
    X, Y = data(rng, "linear")
    net = {"hidden_activation": "tanh", "output_activation": "linear"}
    options = {"seed": 1, "tol": 0, "record_every": record_every, **net}
    _, history = run(X, scale * Y, [3, 4, 2], "lbfgs", 300, cost_tol=1e-3, **options)
    assert history["stopped_by"] == "cost_tol"
    _, each = run(X, scale * Y, [3, 4, 2], "lbfgs", 300, **options | {"record_every": 1})
    cost = np.array(each["cost"])
    is_little = cost[:-1] - cost[1:] <= 1e-3 * np.maximum(1, cost[:-1])
    assert history["epoch"][-1] == np.argmax(is_little) + 1
    assert history["cost"][-1] == cost[np.argmax(is_little) + 1]


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("record_every", [1, 100])
def test_a_limit_of_evaluations(rng, optimizer, limit, record_every):
    X, Y = data(rng, "linear")
    net = {"hidden_activation": "tanh", "output_activation": "linear"}
    parameters, history = run(X, Y, [3, 4, 2], optimizer, 90, max_evaluations=limit, seed=1,
                              record_every=record_every, tol=0, **net)  # fmt: skip
    assert history["stopped_by"] == "max_evaluations" and history["evaluations"][-1] == limit
    assert history["epoch"][-1] == history["optimizer_state"]["t"]
    AL = ffnn.predict_proba(X, parameters, **net)
    cost = float(ffnn.compute_cost(AL, Y, cost="mean_squared_error"))
    assert history["cost"][-1] == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize("seed", [6, 7, 9])
def test_a_limit_within_a_search_keeps_its_best_step(seed):
    """Whose last trial may be worse: of these limits some end a search so."""
    rng = np.random.default_rng(seed)
    X = 100 * rng.standard_normal((2, 12))
    Y, net, costs = np.sin(3 * X[:1]), {"hidden_activation": "tanh"}, []
    for limit in range(2, 16):
        parameters, history = run(X, Y, [2, 6, 1], "lbfgs", 90, max_evaluations=limit, seed=seed,
                                  tol=0, output_activation="linear", **net)  # fmt: skip
        assert history["evaluations"][-1] == limit
        assert_best_seen(X, Y, parameters, history, output_activation="linear", **net)
        costs.append(history["cost"][-1])
    assert (np.diff(costs) <= 0).all()


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize("record_every", [1, 7, 1000])
def test_runs_end_where_their_gradient_is_small(rng, optimizer, record_every):
    X, Y = data(rng)
    net = {"hidden_activation": "tanh", "output_activation": "softmax", "lambd": 2.0}
    parameters, history = run(X, Y, [3, 4, 2], optimizer, 1000, seed=1, tol=1e-4,
                              record_every=record_every, **net)  # fmt: skip
    assert history["stopped_by"] == "tol"
    twin = Net(X, Y, [3, 4, 2], **net)
    assert np.abs(twin.gradient(to_vector(parameters))).max() <= 1e-4
    assert history["epoch"][-1] == history["optimizer_state"]["t"] < 999
    assert history["cost"][-1] == pytest.approx(twin.cost(to_vector(parameters)), rel=1e-12)
    expected = list(range(0, history["epoch"][-1], record_every)) + [history["epoch"][-1]]
    assert history["epoch"] == expected


@pytest.mark.parametrize("optimizer", METHODS)
def test_no_memory_at_the_nth_place(rng, optimizer):
    X, Y = data(rng, m=700)
    options = {"output_activation": "softmax", "seed": 1}
    expected, _ = run(X, Y, [3, 4, 2], optimizer, 3, **options)
    failures = 0
    try:
        for n in range(1, 100):
            ffnn._ffnn.fail_allocation(n)
            try:
                parameters, _ = run(X, Y, [3, 4, 2], optimizer, 3, **options)
                break
            except MemoryError:
                failures += 1
    finally:
        ffnn._ffnn.fail_allocation(0)
    assert failures >= 2
    assert_same_dict(parameters, expected)


@pytest.mark.parametrize(("optimizer", "dims"), [("lbfgs", [50, 300, 10]), (LM, [50, 30, 10])])
def test_ctrl_c(rng, optimizer, dims):
    """Within 100 ms, with the parameters of the last record point: some 2,000 of them for LM."""
    X, Y = rng.standard_normal((50, 3000)), np.eye(10)[rng.integers(0, 10, 3000)].T.copy()
    X[:, 1500:] = X[:, :1500]  # of two labels: no net has a cost of 0, at which runs would end
    sent = []

    def press():
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(1.0, press)
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        run(X, Y, dims, optimizer, 10**6, output_activation="softmax", seed=1, tol=0,
            record_every=10**5, hidden_activation="tanh")  # fmt: skip
    waited = time.perf_counter() - sent[0]
    timer.join()
    assert caught.value.history["epoch"] in ([], [0])
    assert all(np.isfinite(value).all() for value in caught.value.parameters.values())
    assert waited < 2, "it is not even looked at"
    print(f"{1000 * waited:.0f} ms")


@pytest.mark.parametrize("optimizer", METHODS)
def test_gradients_are_those_of_where_the_run_is(rng, optimizer):
    """Not of where it was before it went back, nor of examples that came with a call."""
    X, Y, parameters = draw(rng, [4, 5, 2], 40, "softmax")
    options = {"optimizer": optimizer, "output_activation": "softmax", "lambd": 0.1}
    run = trainer_of(X, Y, parameters, 0.0075, **options)
    run.run(2)
    run.snapshot(1)
    followed = [run.run(1), run.run(2)]
    after = run.parameters()
    for _ in range(2):
        assert run.restore() == 1
        assert [run.run(1), run.run(2)] == followed
        assert_same_dict(run.parameters(), after)
    run.restore()
    first = run.run(1)
    run.gradient(X[:, :7], Y[:, :7])
    assert [first, run.run(2)] == followed
    assert_same_dict(run.parameters(), after)
