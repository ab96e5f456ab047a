"""Bayesian regularisation: each step against its twin, how runs begin and go on."""

import numpy as np
import pytest
from test_second_order import LM, data, run, to_vector

import ffnn
from reference_whole import BayesianNet
from support import HIDDEN, assert_same_dict

EVIDENCE = ["effective_parameters", "noise_variance", "weight_variance"]
NET = {"hidden_activation": "tanh", "output_activation": "linear"}


def bayesian(X, Y, dims, num_epochs, **options):
    return run(X, Y, dims, LM, num_epochs, bayesian=True, **{**NET, **options})


def noisy_sine(seed, m=50, noise=0.2):
    draws = np.random.RandomState(seed)
    X = draws.uniform(-1, 1, (1, m))
    return X, np.sin(np.pi * X) + noise * draws.standard_normal((1, m))


def evidence_of(history, at=-1):
    return [history[name][at] for name in EVIDENCE]


# ---- each step against its twin ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "weighted"),
    [("linear", False), ("tanh", True), ("sigmoid", False), ("softmax", True)],
)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_steps_and_variances_are_the_twins(rng, hidden, output, depth, weighted):
    dims = [3, 4, 3, 2][:depth] + [2]
    X, Y = data(rng, "tanh", 40)
    Y = (Y + 1) / 2 if output == "sigmoid" else Y
    weights = rng.uniform(0.1, 3, 40) * (np.arange(40) % 9 > 0) if weighted else None
    net = {"hidden_activation": hidden, "output_activation": output}
    net |= {"cost": "mean_squared_error", "sample_weight": weights}
    twin = BayesianNet(X, Y, dims, **net)
    parameters, _ = bayesian(X, Y, dims, 0, seed=1, initialization="xavier", **net)
    for l in range(1, len(dims)):  # noqa: E741 - a unit at relu's kink has no derivative
        parameters[f"b{l}"] = rng.uniform(0.1, 0.5, (dims[l], 1))
    state, damping, due = None, None, twin.estimate(to_vector(parameters))
    for step in range(3):
        before = to_vector(parameters)
        parameters, history = bayesian(X, Y, None, 1, parameters=parameters,
                                       optimizer_state=state, **net)  # fmt: skip
        assert history["epoch"] == [step]
        np.testing.assert_allclose(evidence_of(history), due, rtol=1e-5)
        twin.take(*due[1:])
        assert history["cost"] == pytest.approx([twin.cost(before)], rel=1e-6)
        state = history["optimizer_state"]
        moved, (d, damping) = before - to_vector(parameters), twin.lm_iteration(before, damping)
        np.testing.assert_allclose(moved, d, atol=1e-4 * np.abs(d).max(), err_msg=str(step))
        assert state["damping"] == pytest.approx(damping)
        due = twin.estimate(to_vector(parameters), *due[1:])
        np.testing.assert_allclose([state[name] for name in EVIDENCE], due, rtol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_arrives_where_the_evidence_is_greatest(seed):
    """It is stationary there in both variances, of which the twin takes differences."""
    X, Y = noisy_sine(seed)
    parameters, history = bayesian(X, Y, [1, 8, 1], 1000, seed=seed,
                                   initialization="nguyen_widrow")  # fmt: skip
    assert history["stopped_by"] == "tol"
    effective, noise, weight = evidence_of(history)
    assert 3 < effective < 15 and noise == pytest.approx(0.04, rel=0.6)
    twin = BayesianNet(X, Y, [1, 8, 1], **NET)
    vector = to_vector(parameters)
    twin.take(noise, weight)
    assert np.abs(twin.gradient(vector)).max() < 1e-6

    def evidence(of_noise, of_weight):
        return twin.log_evidence(vector, noise * of_noise, weight * of_weight)

    assert evidence(1.001, 1) == pytest.approx(evidence(0.999, 1), abs=2e-5)
    assert evidence(1, 1.001) == pytest.approx(evidence(1, 0.999), abs=2e-5)
    for factor in 0.8, 1.25:
        assert evidence(factor, 1) < evidence(1, 1) > evidence(1, factor)


def test_a_linear_net_is_ridge_regression_with_the_greatest_evidence(rng):
    """The fixed point of one linear layer, found without a net: eigenvalues and a closed form."""
    X = rng.standard_normal((4, 60)) * np.array([[3], [1], [0.1], [0.01]])
    Y = np.array([[1.0, -0.5, 0.2, 3]]) @ X + 0.3 * rng.standard_normal((1, 60))
    A = np.vstack([X, np.ones((1, 60))]).T
    values = np.linalg.eigvalsh(A.T @ A)
    noise, weight = 1.0, 1.0
    for _ in range(10_000):
        ratio = noise / weight
        w = np.linalg.solve(A.T @ A + ratio * np.eye(5), A.T @ Y[0])
        effective = np.sum(values / (values + ratio))
        noise, weight = np.sum((A @ w - Y[0]) ** 2) / (60 - effective), w @ w / effective
    parameters, history = bayesian(X, Y, [4, 1], 2000, seed=1, tol=1e-12)
    np.testing.assert_allclose(to_vector(parameters), w, atol=1e-6)
    np.testing.assert_allclose(evidence_of(history), [effective, noise, weight], rtol=1e-5)


# ---- how the history and the posterior tell it ---------------------------------------------------


@pytest.mark.parametrize("record_every", [1, 7, 1000])
def test_the_history_tells_how_far_the_parameters_are_determined(real, record_every):
    X, Y = (x.astype(real) for x in noisy_sine(1))
    parameters, history = bayesian(X, Y, [1, 20, 1], 60, seed=1, record_every=record_every)
    lengths = {len(history[name]) for name in [*EVIDENCE, "epoch", "cost", "evaluations"]}
    assert lengths == {len(range(0, history["epoch"][-1], record_every)) + 1}
    assert all(0 < effective < 50 for effective in history["effective_parameters"])
    assert min(history["noise_variance"]) > 0 and min(history["weight_variance"]) > 0
    lambd = 2 * np.divide(history["noise_variance"], history["weight_variance"])
    penalty = np.subtract(history["cost"], history["data_cost"])
    squares = penalty * 50 / (lambd / 2)
    first, _ = bayesian(X, Y, [1, 20, 1], 0, seed=1)
    assert squares[0] == pytest.approx(to_vector(first) @ to_vector(first), rel=1e-4)
    posterior = history["posterior"]
    assert posterior.keys() == {"factor", *EVIDENCE, "log_evidence"}
    state = history["optimizer_state"]
    assert all(posterior[name] == state[name] for name in EVIDENCE)
    assert parameters["W1"].dtype == real and posterior["factor"].dtype == np.float64


def assert_posterior(X, Y, dims, parameters, posterior, **net):
    twin = BayesianNet(X, Y, dims, **{**NET, **net})
    ratio = posterior["noise_variance"] / posterior["weight_variance"]
    L = posterior["factor"]
    assert (L == np.tril(L)).all() and L.shape == (twin.is_weight.size,) * 2
    due = twin.curvature(to_vector(parameters)) + ratio * np.eye(len(L))
    np.testing.assert_allclose(L @ L.T, due, atol=1e-6 * np.abs(due).max())
    variances = posterior["noise_variance"], posterior["weight_variance"]
    due = twin.log_evidence(to_vector(parameters), *variances)
    assert posterior["log_evidence"] == pytest.approx(due, abs=1e-4)


@pytest.mark.parametrize("dims", [[3, 2], [3, 6, 2], [3, 40, 2]])
def test_the_posterior_is_that_of_the_parameters_returned(rng, dims):
    """After the last update, of the best epoch, and where a run has ended by itself."""
    X, Y = data(rng, "linear", 60)
    parameters, history = bayesian(X, Y, dims, 7, seed=1)
    assert_posterior(X, Y, dims, parameters, history["posterior"])
    held = rng.standard_normal((3, 20))
    parameters, history = bayesian(X, Y, dims, 100, seed=1, patience=4,
                                   validation_data=(held, np.cos(3 * held[:2])))  # fmt: skip
    assert history["best_epoch"] < history["epoch"][-1] or history["stopped_by"] != "patience"
    assert_posterior(X, Y, dims, parameters, history["posterior"])
    weights = rng.uniform(0.1, 3, 60) * (np.arange(60) % 9 > 0)
    parameters, history = bayesian(X, Y, dims, 7, seed=1, sample_weight=weights)
    assert_posterior(X, Y, dims, parameters, history["posterior"], sample_weight=weights)
    parameters, history = bayesian(X, Y, dims, 0, parameters=parameters)
    assert history["epoch"] == [] and history["posterior"]["noise_variance"] > 0
    _, plain = run(X, Y, dims, LM, 3, **NET)
    assert plain["posterior"] is None and "noise_variance" not in plain


def test_callbacks_and_errors_see_no_posterior(rng):
    X, Y = data(rng, "linear")
    seen = []

    def look(info):
        seen.append([info[name] for name in EVIDENCE])
        assert info["history"]["posterior"] is None
        if info["epoch"] == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        bayesian(X, Y, [3, 4, 2], 20, callback=look, seed=1)
    history = caught.value.history
    assert np.transpose([history[name] for name in EVIDENCE]).tolist() == seen
    assert history["posterior"] is None
    state, index = history["optimizer_state"], history["optimizer_state"]["epoch"] - 1
    assert index <= 3 and all(len(history[name]) == 4 for name in EVIDENCE)
    rest, _ = bayesian(X, Y, None, 5, parameters=caught.value.parameters, optimizer_state=state)
    whole, _ = bayesian(X, Y, [3, 4, 2], state["epoch"] + 5, seed=1)
    assert_same_dict(rest, whole)


# ---- as every other run --------------------------------------------------------------------------


@pytest.mark.parametrize("m", [40, 700])
def test_threads_and_layouts_change_no_bit(rng, real, m):
    X, Y = (x.astype(real) for x in data(rng, "linear", m, 5))
    threads, results = ffnn.get_num_threads(), []
    try:
        for count in 1, 2, 3, 5, 8:
            ffnn.set_num_threads(count)
            given = np.asarray(X, order="F" if count > 1 else "C")
            results.append(bayesian(given, Y, [5, 12, 2], 5, seed=1))
    finally:
        ffnn.set_num_threads(threads)
    for parameters, history in results[1:]:
        assert_same_dict(parameters, results[0][0])
        assert dict(history) == dict(results[0][1])
        assert_same_dict(history["posterior"], results[0][1]["posterior"])


@pytest.mark.parametrize("record_every", [1, 4])
def test_a_run_in_parts_is_the_whole_run(rng, real, record_every, tmp_path):
    """To the bit, by way of files: histories, variances and posterior included."""
    X, Y = (x.astype(real) for x in data(rng, "linear"))
    options = {"record_every": record_every}
    whole, history = bayesian(X, Y, [3, 6, 2], 23, seed=1, **options)
    parameters, parts = bayesian(X, Y, [3, 6, 2], 5, seed=1, **options)
    for num_epochs in 0, 1, 12, 5:
        path = tmp_path / "run.npz"
        ffnn.save_checkpoint(path, parameters, parts)
        saved = ffnn.load_checkpoint(path)
        assert_same_dict(saved.history["posterior"], parts["posterior"])
        parameters, parts = bayesian(X, Y, None, num_epochs, parameters=saved.parameters,
                                     optimizer_state=saved.optimizer_state, **options)  # fmt: skip
    assert_same_dict(parameters, whole)
    assert parts["optimizer_state"] == history["optimizer_state"]
    assert_same_dict(parts["posterior"], history["posterior"])


def test_weights_are_those_of_the_noise(rng):
    """An example without weight is none, and a factor of all weights changes nothing."""
    X, Y = data(rng, "linear", 40)
    weights = rng.uniform(0.5, 2, 40)
    options = {"seed": 1, "tol": 1e-9}
    few, one = bayesian(X[:, :30], Y[:, :30], [3, 2, 2], 2000, sample_weight=weights[:30],
                        **options)  # fmt: skip
    weights[30:] = 0
    many, other = bayesian(X, Y, [3, 2, 2], 2000, sample_weight=7 * weights, **options)
    np.testing.assert_allclose(to_vector(few), to_vector(many), rtol=1e-4)
    # Weights have mean 1 over all 40, so that they are 4/3 of those of the 30, and so the variance.
    due = np.multiply(evidence_of(one), [1, 4 / 3, 1])
    np.testing.assert_allclose(evidence_of(other), due, rtol=1e-4)
