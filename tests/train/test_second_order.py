"""L-BFGS and Levenberg-Marquardt: each step against its twin, and how runs begin, go on and end."""

import re

import numpy as np
import pytest

import ffnn
from reference_whole import METHODS, NUMBERS, Net, bfgs_direction
from support import HIDDEN, assert_same_dict

LM = "levenberg_marquardt"


def to_vector(parameters):
    return ffnn.parameters_to_vector(parameters)


def data(rng, output="softmax", m=30, n_x=3, n_y=2):
    X = rng.standard_normal((n_x, m))
    if output == "softmax":
        return X, np.eye(n_y)[rng.integers(0, n_y, m)].T.copy()
    if output == "sigmoid":
        return X, rng.integers(0, 2, (n_y, m)).astype(float)
    Y = np.sin(X[:n_y]) + 0.1 * rng.standard_normal((n_y, m))
    return X, np.clip(Y, -1, 1) if output == "tanh" else Y


def run(X, Y, dims, optimizer, num_epochs, **options):
    return ffnn.train(X, Y, dims, optimizer=optimizer, num_epochs=num_epochs, **options)


# ---- each step against its twin ------------------------------------------------------------------

OUTPUTS = [("softmax", None), ("sigmoid", None), ("linear", None), ("tanh", None),
           ("sigmoid", "mean_squared_error"), ("softmax", "mean_squared_error")]  # fmt: skip


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("output", "cost"), [*OUTPUTS, ("linear", "huber")])
def test_lbfgs_steps_along_the_dense_inverse_hessian(rng, output, cost, weighted):
    """And to a point where the strong Wolfe conditions hold; whatever the number of pairs."""
    X, Y = data(rng, output)
    net = {"hidden_activation": "tanh", "output_activation": output, "cost": cost}
    net |= {"lambd": 0.3 * weighted, "sample_weight": rng.uniform(0.1, 3, 30) if weighted else None}
    twin = Net(X, Y, [3, 4, 2], **net)
    parameters, history = run(X, Y, [3, 4, 2], "lbfgs", 0, seed=1, history_size=4, **net)
    for step in range(9):
        before, state = to_vector(parameters), history["optimizer_state"]
        assert state["t"] == step and state["s"].shape == (min(step, 4), before.size)
        parameters, history = run(
            X, Y, None, "lbfgs", 1, parameters=parameters, optimizer_state=state, history_size=4,
            **net,
        )  # fmt: skip
        gradient = twin.gradient(before)
        direction = bfgs_direction(gradient, state["s"], state["y"])
        moved = to_vector(parameters) - before
        length = moved @ direction / (direction @ direction)
        assert length > 0
        np.testing.assert_allclose(moved, length * direction, atol=1e-6 * np.abs(moved).max())
        assert history["cost"] == pytest.approx([twin.cost(before)], rel=1e-9)
        slope, slope_after = gradient @ moved, twin.gradient(before + moved) @ moved
        assert twin.cost(before + moved) <= twin.cost(before) + 1e-4 * slope
        assert abs(slope_after) <= 0.9 * abs(slope) * (1 + 1e-6)
        new = history["optimizer_state"]
        np.testing.assert_array_equal(new["s"][-1], moved)
        difference = twin.gradient(before + moved) - gradient
        np.testing.assert_allclose(new["y"][-1], difference, atol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_levenberg_marquardt_steps_as_least_squares_do(rng, hidden, output, cost, depth, weighted):
    dims = [3, 4, 3, 2][:depth] + [3]
    X, Y = data(rng, output, n_y=3)
    net = {"hidden_activation": hidden, "output_activation": output, "cost": cost}
    net |= {"lambd": 0.3 * weighted, "sample_weight": rng.uniform(0.1, 3, 30) if weighted else None}
    twin = Net(X, Y, dims, **net)
    parameters, history = run(X, Y, dims, LM, 0, seed=1, initialization="xavier", **net)
    for l in range(1, len(dims)):  # noqa: E741 - a unit at relu's kink has no derivative
        parameters[f"b{l}"] = rng.uniform(0.1, 0.5, (dims[l], 1))
    for step in range(2):
        before, state = to_vector(parameters), {**history["optimizer_state"], "damping": 0.5}
        parameters, history = run(
            X, Y, None, LM, 1, parameters=parameters, optimizer_state=state, **net
        )
        moved = before - to_vector(parameters)
        due, damping = twin.lm_iteration(before, state["damping"])
        np.testing.assert_allclose(moved, due, atol=2e-5 * np.abs(due).max(), err_msg=str(step))
        assert history["optimizer_state"]["damping"] == pytest.approx(damping)


@pytest.mark.parametrize("bayesian", [False, True])
def test_threads_that_share_a_matrix_change_no_bit(rng, threads, bayesian):
    """Of 392 parameters: products of the matrix and of its factor are cut into chunks."""
    X, Y = data(rng, "linear", 300, 10)
    results = []
    for count in 1, 2, 5:
        threads(count)
        results.append(run(X, Y, [10, 30, 2], LM, 3, seed=1, bayesian=bayesian,
                           hidden_activation="tanh", output_activation="linear"))  # fmt: skip
    for parameters, history in results[1:]:
        assert_same_dict(parameters, results[0][0])
        assert history["cost"] == results[0][1]["cost"]
        if bayesian:
            factor = history["posterior"]["factor"]
            np.testing.assert_array_equal(factor, results[0][1]["posterior"]["factor"])


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("m", [3, 40, 700, 1500])
def test_slabs_layouts_and_threads_change_no_bit(rng, real, optimizer, order, m):
    """Of one layout and another, of 1, 2, 3, 5 and 8 threads; and several slabs are one sum."""
    X, Y = data(rng, "linear", m, 5)
    X, Y = X.astype(real), Y.astype(real)
    options = {"hidden_activation": "tanh", "output_activation": "linear", "seed": 1}
    threads, results = ffnn.get_num_threads(), []
    try:
        for count in 1, 2, 3, 5, 8:
            ffnn.set_num_threads(count)
            given = np.asarray(X, order=order if count > 1 else "C")
            results.append(run(given, Y, [5, 6, 2], optimizer, 6, **options))
    finally:
        ffnn.set_num_threads(threads)
    for parameters, history in results[1:]:
        assert_same_dict(parameters, results[0][0])
        assert history["cost"] == results[0][1]["cost"]
    if real == np.float64:
        twin = Net(X, Y, [5, 6, 2], hidden_activation="tanh", output_activation="linear")
        for num_epochs, cost in enumerate(results[0][1]["cost"]):
            parameters, _ = run(X, Y, [5, 6, 2], optimizer, num_epochs, **options)
            assert cost == pytest.approx(twin.cost(to_vector(parameters)), rel=1e-11, abs=1e-20)


# ---- how far they get ----------------------------------------------------------------------------


@pytest.mark.parametrize("lambd", [0, 0.7])
def test_a_quadratic_cost(rng, lambd):
    """One linear layer: Levenberg-Marquardt is there in two steps, L-BFGS in P + 1."""
    X = np.linalg.qr(rng.standard_normal((60, 4)))[0].T * 6
    Y = rng.standard_normal((2, 4)) @ X + 0.1 * rng.standard_normal((2, 60)) + 1
    # (sum of squares + lambd / 2 |W|^2) is that of examples whose rows are sqrt(lambd / 2) I.
    A = np.vstack([np.hstack([X.T, np.ones((60, 1))]), np.sqrt(lambd / 2) * np.eye(4, 5)])
    best = np.linalg.lstsq(A, np.vstack([Y.T, np.zeros((4, 2))]), rcond=None)[0].T
    options = {"output_activation": "linear", "seed": 1, "lambd": lambd}
    parameters, history = run(X, Y, [4, 2], LM, 2, **options)
    found = np.hstack([parameters["W1"], parameters["b1"]])
    np.testing.assert_allclose(found, best, atol=1e-7)
    parameters, history = run(X, Y, [4, 2], "lbfgs", 11, tol=1e-9, history_size=20, **options)
    found = np.hstack([parameters["W1"], parameters["b1"]])
    np.testing.assert_allclose(found, best, atol=1e-5)


def test_a_sine_is_fitted_from_nearly_every_start():
    x = np.linspace(-1, 1, 41)[None]
    y = np.sin(np.pi * x)
    arrived = 0
    for seed in range(30):
        _, history = run(x, y, [1, 5, 1], LM, 30, seed=seed, initialization="nguyen_widrow",
                         hidden_activation="tanh", output_activation="linear")  # fmt: skip
        arrived += min(history["cost"]) <= 0.002
    assert arrived >= 29


def test_float32_solves_in_double(rng):
    """Inputs that differ in their last digits: J^T J in float32 would be singular."""
    X, Y = data(rng, "linear", 60)
    X = np.vstack([X, X[:1] + 1e-3 * rng.standard_normal((1, 60))])
    Y = Y + 500 * (X[3:] - X[:1])
    options = {"output_activation": "linear", "seed": 1}
    _, wide = run(X, Y, [4, 2], LM, 5, **options)
    parameters, narrow = run(X.astype(np.float32), Y.astype(np.float32), [4, 2], LM, 5, **options)
    assert parameters["W1"].dtype == np.float32
    assert min(narrow["cost"]) == pytest.approx(min(wide["cost"]), rel=1e-3)


# ---- as every other optimiser --------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize("record_every", [1, 4])
def test_a_run_in_parts_is_the_whole_run(rng, real, optimizer, record_every):
    """To the bit, pairs and damping included; a shorter history takes the newest of them."""
    X, Y = data(rng)
    X = X.astype(real)
    options = {"hidden_activation": "tanh", "output_activation": "softmax",
               "record_every": record_every}  # fmt: skip
    whole, history = run(X, Y, [3, 4, 2], optimizer, 23, seed=1, **options)
    parameters, parts = run(X, Y, [3, 4, 2], optimizer, 5, seed=1, **options)
    for num_epochs in 0, 1, 12, 5:
        parameters, parts = run(X, Y, None, optimizer, num_epochs, parameters=parameters,
                                optimizer_state=parts["optimizer_state"], **options)  # fmt: skip
    assert_same_dict(parameters, whole)
    assert parts["optimizer_state"].keys() == history["optimizer_state"].keys()
    for name, value in history["optimizer_state"].items():
        np.testing.assert_array_equal(parts["optimizer_state"][name], value)
    if optimizer == "lbfgs":
        state = history["optimizer_state"]
        short = {**state, "s": state["s"][-3:], "y": state["y"][-3:]}
        results = [run(X, Y, None, optimizer, 1, parameters=whole, optimizer_state=given,
                       history_size=3, **options)[0] for given in (state, short)]  # fmt: skip
        assert_same_dict(*results)


@pytest.mark.parametrize("optimizer", METHODS)
def test_the_assignments_model_takes_them(rng, optimizer, capsys):
    X, Y = data(rng)
    options = {
        "hidden_activation": "tanh",
        "output_activation": "softmax",
        "lambd": 2.0,
        "initialization": "assignment",
    }
    ours, costs = ffnn.L_layer_model(X, Y, [3, 4, 2], num_iterations=1000, print_cost=True,
                                     optimizer=optimizer, tol=1e-4, **options)  # fmt: skip
    theirs, history = run(X, Y, [3, 4, 2], optimizer, 1000, seed=1, tol=1e-4, **options)
    assert_same_dict(ours, theirs)
    assert costs == history["cost"][::100]
    last = history["epoch"][-1]
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"Cost after iteration {last}: ")
    with pytest.raises(ValueError, match="learning_rate does not go with"):
        ffnn.L_layer_model(X, Y, [3, 4, 2], 0.1, optimizer=optimizer, **options)


@pytest.mark.parametrize("optimizer", METHODS)
def test_patience_and_callbacks(rng, optimizer):
    X, Y = data(rng, m=60)
    options = {"hidden_activation": "tanh", "output_activation": "softmax", "seed": 1}
    seen = []
    _, history = run(X, Y, [3, 8, 2], optimizer, 200, validation_fraction=0.3, patience=5,
                     callback=lambda info: seen.append(info["evaluations"]), **options)  # fmt: skip
    assert history["stopped_by"] == "patience"
    assert history["best_epoch"] == int(np.argmin(history["val_cost"]))
    assert seen == history["evaluations"] == sorted(seen) or seen == history["evaluations"][:-1]
    _, history = run(X, Y, [3, 8, 2], optimizer, 200, callback=lambda info: info["epoch"] == 3,
                     **options)  # fmt: skip
    assert history["stopped_by"] == "callback" and history["epoch"] == [0, 1, 2, 3]


REFUSED = [
    ("mini_batch_size does not go with", {"mini_batch_size": 8}),
    ("shuffle does not go with", {"shuffle": False}),
    ("keep_prob does not go with", {"keep_prob": 0.9}),
    ("clip_norm does not go with", {"clip_norm": 1.0}),
    ("learning_rate does not go with", {"learning_rate": 0.1}),
    ("learning_rate does not go with", {"learning_rate": lambda epoch: 0.0075}),
    ("decay does not go with", {"decay": ffnn.update_lr}),
    ("beta1 goes with optimizer='adam'", {"beta1": 0.9}),
    ("tol must be at least 0", {"tol": -1.0}),
    ("max_evaluations must be an integer from 1", {"max_evaluations": 0}),
]


@pytest.mark.parametrize("optimizer", METHODS)
@pytest.mark.parametrize(("message", "options"), REFUSED)
def test_what_cannot_work_is_refused_before_anything_is_drawn(rng, optimizer, message, options):
    X, Y = data(rng)
    np.random.seed(3)
    before = np.random.get_state()[1].tolist()
    with pytest.raises(ValueError, match=re.escape(f"train: {message}")):
        run(X, Y, [3, 4, 2], optimizer, 3, output_activation="softmax", **options)
    assert np.random.get_state()[1].tolist() == before
    run(X, Y, [3, 4, 2], optimizer, 1, output_activation="softmax", mini_batch_size="all",
        keep_prob=1.0, clip_norm=None, learning_rate=0.0075)  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_read_by_those_whose_rows_say_so(rng, number):
    output = "linear" if number == "bayesian" else "softmax"
    X, Y = data(rng, output)
    default, other = NUMBERS[number]
    readers = [name for name, numbers in METHODS.items() if number in numbers.split()]
    for optimizer in ffnn.optimizers():
        options = {"output_activation": output, "seed": 1, "hidden_activation": "tanh"}
        if optimizer not in readers:
            with pytest.raises(ValueError, match=f"{number} goes with optimizer="):
                run(X, Y, [3, 4, 2], optimizer, 60, **{number: other}, **options)
            continue
        plain, _ = run(X, Y, [3, 4, 2], optimizer, 60, **options)
        if default:
            same, _ = run(X, Y, [3, 4, 2], optimizer, 60, **{number: default}, **options)
            assert_same_dict(plain, same)
        changed, _ = run(X, Y, [3, 4, 2], optimizer, 60, **{number: other}, **options)
        assert (changed["W1"] != plain["W1"]).any()


def test_levenberg_marquardt_wants_squares_and_few_parameters(rng):
    X, Y = data(rng, "linear")
    for cost in "mean_absolute_error", "huber", "quantile":
        with pytest.raises(ValueError, match=f"'{cost}' has no Gauss-Newton matrix"):
            run(X, Y, [3, 4, 2], LM, 1, output_activation="linear", cost=cost)
    with pytest.raises(ValueError, match=r"6002 parameters, more than 4096: 0\.576 GB.*'lbfgs'"):
        run(X, Y, [3, 1000, 2], LM, 1, output_activation="linear")


@pytest.mark.parametrize(
    ("optimizer", "message", "change"),
    [
        ("lbfgs", "optimizer_state has no 's'", {"s": None}),
        (
            "lbfgs",
            "optimizer_state['y'] has shape (2, 3), expected (k, 26)",
            {"y": np.ones((2, 3))},
        ),
        ("lbfgs", "optimizer_state has 1 rows in 's' and 5 in 'y'", {"s": np.ones((1, 26))}),
        (LM, "optimizer_state has no 'damping'", {"damping": None}),
        (LM, "optimizer_state['damping'] must be at least 0, not -1.0", {"damping": -1.0}),
        (LM, "optimizer_state is that of 'lbfgs'", {"optimizer": "lbfgs"}),
    ],
)
def test_a_state_that_does_not_fit(rng, optimizer, message, change):
    X, Y = data(rng)
    parameters, history = run(X, Y, [3, 4, 2], optimizer, 5, output_activation="softmax", seed=1)
    state = {**history["optimizer_state"], **change}
    state = {name: value for name, value in state.items() if value is not None}
    with pytest.raises((ValueError, KeyError), match=re.escape(message)):
        run(X, Y, None, optimizer, 5, parameters=parameters, optimizer_state=state,
            output_activation="softmax")  # fmt: skip
