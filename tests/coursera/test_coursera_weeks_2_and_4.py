"""Course 1's weeks 2 and 4 against their twins: values, types, printed text, seeds, bad inputs."""

import _thread
import threading

import numpy as np
import pytest

import ffnn
import reference_coursera as reference
from ffnn.coursera import (
    _common,
    dnn_app_utils_v2,
    dnn_app_utils_v3,
    logistic_regression,
    lr_utils,
    planar_utils,
    step_by_step,
)
from support import network


def assert_like(actual, expected, rtol=1e-12):
    """Equal structure, equal types, and values that are close; printed parts are apart."""
    if isinstance(expected, dict):
        assert list(actual) == list(expected)
        for key, value in expected.items():
            assert_like(actual[key], value, rtol)
    elif isinstance(expected, (list, tuple)):
        assert type(actual) is type(expected) and len(actual) == len(expected)
        for ours, theirs in zip(actual, expected):
            assert_like(ours, theirs, rtol)
    else:
        assert type(actual) is type(expected)
        assert np.shape(actual) == np.shape(expected)
        assert np.asarray(actual).dtype == np.asarray(expected).dtype
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=rtol / 1000)


@pytest.fixture
def unit(rng):
    """w, b, X and Y of one sigmoid unit."""
    X = rng.standard_normal((3, 40))
    Y = (X[:1] + X[1:2] > 0.2).astype(int)
    return rng.standard_normal((3, 1)), 0.25, X, Y


# ---- week 4 --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        (dnn_app_utils_v2, "initialize_parameters", (4, 3, 2)),
        (dnn_app_utils_v2, "initialize_parameters_deep", ([5, 4, 3],)),
        (dnn_app_utils_v3, "initialize_parameters", (4, 3, 2)),
        (dnn_app_utils_v3, "initialize_parameters_deep", ((5, 4, 3),)),
        (step_by_step, "initialize_parameters", (4, 3, 2)),
        (step_by_step, "initialize_parameters_deep", (np.array([5, 4, 3]),)),
    ],
)
def test_initialisers_seed(module, name, arguments):
    """The same bits as the course's, and the generator where the course leaves it."""
    twin = reference.TWINS[module.__name__.rpartition(".")[2]][name]
    expected, after = twin(*arguments), np.random.rand()
    np.random.seed(99)
    actual = getattr(module, name)(*arguments)
    assert np.random.rand() == after
    assert list(actual) == list(expected)
    for key, value in expected.items():
        assert (actual[key] == value).all() and actual[key].dtype == np.float64


def test_the_published_numbers():
    """What the notebook's own checks print, step by step."""
    AL = np.array([[0.8, 0.9, 0.4]])
    for Y, cost in (([[1, 1, 0]], 0.2797765635793422), ([[1, 1, 1]], 0.414931599615397)):
        assert step_by_step.compute_cost(AL, np.array(Y)) == pytest.approx(cost, abs=1e-15)
    small = step_by_step.initialize_parameters(3, 2, 1)
    assert small["W1"].round(8).tolist() == [
        [0.01624345, -0.00611756, -0.00528172],
        [-0.01072969, 0.00865408, -0.02301539],
    ]
    assert small["W2"].round(8).tolist() == [[0.01744812, -0.00761207]]
    deep = step_by_step.initialize_parameters_deep([5, 4, 3])
    assert deep["W1"][0].round(8).tolist() == [
        0.01788628, 0.0043651, 0.00096497, -0.01863493, -0.00277388,
    ]  # fmt: skip
    assert [deep[key].shape for key in deep] == [(4, 5), (4, 1), (3, 4), (3, 1)]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: m.initialize_parameters(0, 1, 1), ValueError, "n_x must be at least 1"),
        (lambda m: m.initialize_parameters(1, 2.5, 1), TypeError, "n_h must be an integer"),
        (lambda m: m.initialize_parameters_deep([3]), ValueError, "length 1"),
        (lambda m: m.initialize_parameters_deep([3, -1]), ValueError, "at least 1"),
    ],
)
@pytest.mark.parametrize("module", [dnn_app_utils_v2, dnn_app_utils_v3, step_by_step])
def test_bad_sizes_leave_the_generator_alone(module, call, error, text):
    np.random.seed(7)
    before = np.random.get_state()[1].copy()
    with pytest.raises(error, match=text):
        call(module)
    assert (np.random.get_state()[1] == before).all()


@pytest.mark.parametrize("compute_cost", [dnn_app_utils_v2.compute_cost, step_by_step.compute_cost])
def test_cost_is_a_0d_array(rng, compute_cost):
    AL, Y = rng.random((1, 300)), rng.integers(0, 2, (1, 300))
    cost = compute_cost(AL, Y)
    assert_like(cost, reference.compute_cost(AL, Y))
    assert cost.ndim == 0 and isinstance(cost, np.ndarray)
    several = rng.random((3, 50))
    assert_like(
        compute_cost(several, several > 0.4), reference.compute_cost(several, several > 0.4)
    )
    assert compute_cost(AL.astype(np.float32), Y).dtype == np.float32
    for labels in (Y[0], Y.T, Y.tolist(), Y.astype(bool)):
        assert compute_cost(AL, labels) == cost


def test_cost_is_literal():
    """Where the top level has the limit 0, the course's file has NaN; inf stays inf."""
    with pytest.warns(RuntimeWarning, match="divide by zero encountered in log"):
        assert step_by_step.compute_cost([[0.0, 0.5]], [[1, 1]]) == np.inf
    with np.errstate(all="ignore"):
        assert np.isnan(step_by_step.compute_cost([[1.0, 0.5]], [[1, 1]]))
    assert ffnn.compute_cost([[1.0, 0.5]], [[1, 1]]) == np.log(2) / 2


def test_keys_of_the_edition_of_2017(rng):
    parameters = network(rng, [5, 4, 3, 1], np.float64)
    X, Y = rng.standard_normal((5, 6)), rng.integers(0, 2, (1, 6))
    AL, caches = ffnn.L_model_forward(X, parameters)
    v2 = dnn_app_utils_v2.L_model_backward(AL, Y, caches)
    assert list(v2) == "dA3 dW3 db3 dA2 dW2 db2 dA1 dW1 db1".split()
    assert_like(v2, reference.L_model_backward(AL, Y, caches))
    v3 = dnn_app_utils_v3.L_model_backward(AL, Y, caches)
    assert (v2["dA3"] == v3["dA2"]).all() and (v2["dA1"] == v3["dA0"]).all()
    same = dnn_app_utils_v2.update_parameters(parameters, v2, 0.1)
    assert same is parameters


def test_an_update_makes_a_new_dict(rng):
    params = network(rng, [3, 2, 1], np.float64)
    grads = {"d" + key: np.ones_like(value) for key, value in params.items()}
    before = dict(params)
    new = step_by_step.update_parameters(params, grads, 0.1)
    assert_like(new, reference.update_parameters(params, grads, 0.1))
    assert new is not params and all(params[key] is before[key] for key in before)
    with pytest.raises(KeyError, match=r"update_parameters: grads.*'dW2'"):
        step_by_step.update_parameters(params, {"dW1": grads["dW1"], "db1": grads["db1"]}, 0.1)


# ---- week 2 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigmoid", [logistic_regression.sigmoid, planar_utils.sigmoid])
def test_sigmoid_is_the_value_alone(sigmoid):
    assert type(sigmoid(0)) is np.float64 and sigmoid(0) == 0.5
    assert type(sigmoid(np.float32(1))) is np.float32
    x = np.array([[-3.0, 0.0], [2.0, 700.0]])
    assert_like(sigmoid(x), reference.sigmoid(x))
    assert sigmoid(x).flags.writeable and sigmoid(-1000.0) == 0
    with pytest.raises(TypeError, match="sigmoid: Z has dtype complex128"):
        sigmoid(np.ones(2, complex))


def test_relu_is_the_value_alone():
    assert type(_common.relu(-1)) is np.float64 and _common.relu(-1) == 0
    assert _common.relu([-1.0, 2.0]).tolist() == [0, 2]


def test_zeros_to_begin_with():
    w, b = logistic_regression.initialize_with_zeros(3)
    assert_like((w, b), reference.initialize_with_zeros(3))
    assert type(b) is float
    with pytest.raises(TypeError, match="dim must be an integer"):
        logistic_regression.initialize_with_zeros(2.0)


def test_propagate(unit):
    w, b, X, Y = unit
    expected = reference.propagate(w, b, X, Y)
    assert_like(logistic_regression.propagate(w, b, X, Y), expected)
    for labels in (Y[0], Y.T, Y.tolist(), Y.astype(bool)):
        assert_like(logistic_regression.propagate(w, b, X, labels), expected)
    for bias in (np.float64(b), np.array(b), np.array([[b]])):
        assert_like(logistic_regression.propagate(w.tolist(), bias, X.tolist(), Y), expected)
    narrow = logistic_regression.propagate(w.astype("f4"), b, X.astype("f4"), Y)
    assert narrow[0]["dw"].dtype == narrow[0]["db"].dtype == narrow[1].dtype == np.float32


@pytest.mark.parametrize("count", [1, 2, 100, 101, 250])
def test_optimize(unit, capsys, count):
    w, b, X, Y = unit
    before = w.copy()
    actual = logistic_regression.optimize(w, b, X, Y, count, 0.05, True)
    printed = capsys.readouterr().out
    assert_like(actual, reference.optimize(w, b, X, Y, count, 0.05, True))
    assert printed == capsys.readouterr().out
    assert (w == before).all()


def test_more_pixels_than_pictures(rng):
    """As the cats are: the run goes by way of X^T X."""
    X, Y = rng.random((300, 20)), rng.integers(0, 2, (1, 20))
    arguments = np.zeros((300, 1)), 0.0, X, Y, 1001, 0.01
    for order in "CF":
        inputs = np.array(X, order=order)
        actual = logistic_regression.optimize(*arguments[:2], inputs, *arguments[3:])
        for ours, theirs in zip(actual, reference.optimize(*arguments)):
            assert_like(ours, theirs, rtol=1e-9)


def test_optimize_prints_only_when_asked(unit, capsys):
    logistic_regression.optimize(*unit, num_iterations=3)
    logistic_regression.model(unit[2], unit[3], unit[2], unit[3], 3)
    assert capsys.readouterr().out == ""


def test_no_iteration_gives_back_what_was_given(unit):
    w, b, X, Y = unit
    params, grads, costs = logistic_regression.optimize(w, b, X, Y, 0)
    assert (params["w"] == w).all() and params["b"] == b and costs == []
    assert_like(grads, reference.propagate(w, b, X, Y)[0])


def test_a_float32_run_needs_every_float32(unit):
    w, b, X, Y = unit
    for weights, dtype in ((w, np.float64), (w.astype("f4"), np.float32)):
        params, grads, costs = logistic_regression.optimize(weights, b, X.astype("f4"), Y, 3)
        assert params["w"].dtype == params["b"].dtype == grads["dw"].dtype == dtype
        assert costs[0].dtype == dtype


def test_costs_of_a_run_are_literal():
    X, Y = np.array([[1000.0]]), np.array([[0]])
    with np.errstate(all="ignore"):
        _, _, costs = logistic_regression.optimize(np.ones((1, 1)), 0.0, X, Y, 1)
    assert costs == [np.inf]


def test_ctrl_c_hands_back_the_last_hundred(unit):
    timer = threading.Timer(0.2, _thread.interrupt_main)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt) as caught:
            # At a rate of 0 the unit never becomes so sure that its literal cost is infinite.
            logistic_regression.optimize(*unit, num_iterations=10**9, learning_rate=0.0)
    finally:
        timer.cancel()
    assert list(caught.value.parameters) == ["w", "b"] and len(caught.value.costs) > 0


def test_predictions_of_a_unit(unit):
    w, b, X, _ = unit
    expected = reference.predict_unit(w, b, X)
    assert_like(logistic_regression.predict(w, b, X), expected)
    assert_like(logistic_regression.predict(w[:, 0], b, X), expected)
    assert logistic_regression.predict(np.zeros((3, 1)), 0, X).sum() == 0  # 0.5 is not above 0.5


def test_model(unit, rng, capsys):
    _, _, X, Y = unit
    X_test = rng.standard_normal((3, 9))
    Y_test = (X_test[:1] > 0).astype(int)
    actual = logistic_regression.model(X, Y, X_test, Y_test, 201, 0.1, True)
    printed = capsys.readouterr().out
    assert_like(actual, reference.model(X, Y, X_test, Y_test, 201, 0.1, True))
    assert printed == capsys.readouterr().out and "train accuracy: " in printed


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"w": np.ones(3)}, ValueError, r"w has shape \(3,\), expected \(3, 1\)"),
        ({"b": [1.0, 2.0]}, ValueError, r"b has shape \(2,\), expected one number"),
        ({"b": "1"}, TypeError, "'b1'"),
        ({"X": np.ones(3)}, ValueError, "X has ndim 1"),
        ({"X": np.ones((3, 0)), "Y": np.ones((1, 0))}, ValueError, "no examples"),
        ({"Y": np.ones((1, 7))}, ValueError, r"Y has shape \(1, 7\)"),
        ({"X": np.ones((3, 40), complex)}, TypeError, "X has dtype complex128"),
    ],
)
@pytest.mark.parametrize("name", ["propagate", "optimize"])
def test_bad_arguments_of_week_2(unit, name, change, error, text):
    arguments = dict(zip(("w", "b", "X", "Y"), unit)) | change
    with pytest.raises(error, match=f"^{name}: .*{text}"):
        getattr(logistic_regression, name)(**arguments)


def test_bad_arguments_of_a_run(unit):
    for change, error, text in (
        ({"num_iterations": -1}, ValueError, "optimize: num_iterations must be at least 0"),
        ({"num_iterations": 1.5}, TypeError, "optimize: num_iterations must be an integer"),
        ({"learning_rate": "fast"}, TypeError, "optimize: learning_rate must be a real number"),
        ({"learning_rate": np.nan}, ValueError, "optimize: learning_rate must be finite"),
    ):
        with pytest.raises(error, match=text):
            logistic_regression.optimize(*unit, **change)
    _, _, X, Y = unit
    for arguments, text in (
        ((X, Y, X[:2], Y), r"model: X_test has shape \(2, 40\) where X_train has 3 rows"),
        ((X, Y, X, Y[:, 1:]), r"model: Y_test has shape \(1, 39\)"),
        ((X, np.ones((40, 2)), X, Y), r"model: Y_train .*pass Y_train\.T"),
    ):
        with pytest.raises(ValueError, match=text):
            logistic_regression.model(*arguments)
    with pytest.raises(ValueError, match=r"predict: w has shape \(2,\).* wants 3"):
        logistic_regression.predict(np.ones(2), 0.0, X)


def test_the_cat_pictures(tmp_path, monkeypatch, rng):
    h5py = pytest.importorskip("h5py")
    pixels = rng.integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    folder = tmp_path / "datasets"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"load_dataset: .*train_catvnoncat\.h5"):
        lr_utils.load_dataset()
    for part in ("train", "test"):
        with h5py.File(folder / f"{part}_catvnoncat.h5", "w") as file:
            file[f"{part}_set_x"] = pixels
    with pytest.raises(KeyError, match=r"load_dataset: .*train_catvnoncat\.h5.* 'train_set_y'"):
        lr_utils.load_dataset()
    for part in ("train", "test"):
        with h5py.File(folder / f"{part}_catvnoncat.h5", "w") as file:
            file[f"{part}_set_x"], file[f"{part}_set_y"] = pixels, [1, 0, 1]
            file["list_classes"] = np.array([b"non-cat", b"cat"])
    for ours, theirs in zip(lr_utils.load_dataset(), reference.load_dataset()):
        assert ours.dtype == theirs.dtype and (ours == theirs).all()
    assert lr_utils.load_dataset()[1].tolist() == [[1, 0, 1]]
