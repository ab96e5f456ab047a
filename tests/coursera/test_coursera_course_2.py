"""Course 2's modules against their twins, and the numbers that its notebooks print."""

import inspect
import re

import numpy as np
import pytest

import reference_course_2_runs as reference
from ffnn.coursera import (
    gradient_checking,
    init_utils,
    initialization,
    opt_utils,
    opt_utils_v1a,
    optimization,
    reg_utils,
    regularization,
)

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
DIVIDED = "dz3 dW3 db3 da2 dz2 dW2 db2 da1 dz1 dW1 db1".split()
WHOLE = "dZ3 dW3 db3 dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1".split()


@pytest.fixture
def net(rng):
    shapes = {"W1": (5, 4), "b1": (5, 1), "W2": (3, 5), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    parameters = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    return rng.standard_normal((4, 30)), rng.integers(0, 2, (1, 30)), parameters


def assert_same(ours, twins):
    assert list(ours) == list(twins)
    for key, value in twins.items():
        np.testing.assert_allclose(ours[key], value, **CLOSE)


@pytest.mark.parametrize("module", [init_utils, reg_utils, opt_utils, opt_utils_v1a])
def test_the_net_of_three_layers(net, module, capsys):
    X, Y, parameters = net
    a3, cache = module.forward_propagation(X, parameters)
    twin, twin_cache = reference.forward_propagation(X, parameters)
    np.testing.assert_allclose(a3, twin, **CLOSE)
    assert type(cache) is tuple
    for ours, theirs in zip(cache, twin_cache, strict=True):
        np.testing.assert_allclose(ours, theirs, **CLOSE)
    assert cache[2] is parameters["W1"] and cache[11] is parameters["b3"]
    is_divided = module is not reg_utils
    grads = module.backward_propagation(X, Y, cache)
    assert list(grads) == (DIVIDED if is_divided else WHOLE)
    back = reference.backward_propagation_divided if is_divided else reference.backward_propagation
    assert_same(grads, back(X, Y, twin_cache))
    p = module.predict(X, Y, parameters)
    assert p.dtype == int and (p == reference.predict(X, Y, parameters)).all()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[1] and re.fullmatch(r"Accuracy: 0\.\d+", lines[0])
    above = module.predict_dec(parameters, X)
    assert above.dtype == bool and (above == (a3 > 0.5)).all()


def test_costs_in_four_meanings(rng):
    a3, Y = rng.uniform(0.01, 0.99, (1, 8)), rng.integers(0, 2, (1, 8))
    total = reference.total_cost(a3, Y)
    np.testing.assert_allclose(init_utils.compute_loss(a3, Y), total / 8)
    np.testing.assert_allclose(reg_utils.compute_cost(a3, Y), total / 8)
    np.testing.assert_allclose(opt_utils.compute_cost(a3, Y), total / 8)
    np.testing.assert_allclose(opt_utils_v1a.compute_cost(a3, Y), total)
    a3[0, 0], Y[0, 0] = 1, 1  # 0 log 0
    with np.errstate(all="ignore"):
        assert np.isnan(opt_utils.compute_cost(a3, Y))
        np.testing.assert_allclose(
            init_utils.compute_loss(a3, Y), reference.cost_without_nan(a3, Y)
        )
        a3[0, 1], Y[0, 1] = 0, 1  # certain and wrong
        assert init_utils.compute_loss(a3, Y) == np.inf


def test_beginnings():
    dims = [4, 3, 2]
    for name in "zeros", "random", "he":
        ours = getattr(initialization, f"initialize_parameters_{name}")(dims)
        assert_same(ours, getattr(reference, f"initialize_parameters_{name}")(dims))
    assert_same(reg_utils.initialize_parameters(dims), reference.initialize_parameters_root(dims))
    assert_same(opt_utils.initialize_parameters(dims), reference.initialize_parameters_he(dims))
    for ours, twin in zip(opt_utils.load_params_and_grads(), reference.load_params_and_grads()):
        np.testing.assert_array_equal(ours, twin)
    for ours, twin in zip(reg_utils.load_planar_dataset(3), reference.load_planar_dataset(3)):
        np.testing.assert_allclose(ours, twin)


def test_the_notebooks_small_case_of_dropout():
    np.random.seed(1)
    X = np.random.randn(3, 5)
    shapes = {"W1": (2, 3), "b1": (2, 1), "W2": (3, 2), "b2": (3, 1), "W3": (1, 3), "b3": (1, 1)}
    parameters = {name: np.random.randn(*shape) for name, shape in shapes.items()}
    A3, _ = regularization.forward_propagation_with_dropout(X, parameters, keep_prob=0.7)
    expected = [[0.36974721, 0.00305176, 0.04565099, 0.49683389, 0.36974721]]
    np.testing.assert_allclose(A3, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("keep_prob", [0.5, 0.8, 1])
def test_dropout(net, keep_prob):
    X, Y, parameters = net
    A3, cache = regularization.forward_propagation_with_dropout(X, parameters, keep_prob)
    state = np.random.get_state()[2]
    twin, twin_cache = reference.forward_propagation_with_dropout(X, parameters, keep_prob)
    assert state == np.random.get_state()[2]
    np.testing.assert_allclose(A3, twin, **CLOSE)
    for ours, theirs in zip(cache, twin_cache, strict=True):
        np.testing.assert_allclose(ours, theirs, **CLOSE)
        assert ours.dtype == theirs.dtype
    grads = regularization.backward_propagation_with_dropout(X, Y, cache, keep_prob)
    assert list(grads) == "dZ3 dW3 db3 dA2 dZ2 dW2 db2 dA1 dZ1 dW1 db1".split()
    assert_same(grads, reference.backward_propagation_with_dropout(X, Y, twin_cache, keep_prob))


def test_an_l2_term(net):
    X, Y, parameters = net
    A3, cache = reg_utils.forward_propagation(X, parameters)
    ours = regularization.compute_cost_with_regularization(A3, Y, parameters, 0.7)
    twin = reference.compute_cost_with_regularization(A3, Y, parameters, 0.7)
    np.testing.assert_allclose(ours, twin, **CLOSE)
    grads = regularization.backward_propagation_with_regularization(X, Y, cache, 0.7)
    assert_same(grads, reference.backward_propagation_with_regularization(X, Y, cache, 0.7))


def test_gradient_checking(net, capsys):
    X, Y, parameters = net
    cost, cache = gradient_checking.forward_propagation_n(X, Y, parameters)
    np.testing.assert_allclose(cost, reference.forward_propagation_n(X, Y, parameters)[0])
    grads = gradient_checking.backward_propagation_n(X, Y, cache)
    assert_same(grads, reference.backward_propagation(X, Y, cache))
    difference = gradient_checking.gradient_check_n(parameters, grads, X, Y, print_msg=True)
    assert difference < 2e-7 and "works perfectly fine" in capsys.readouterr().out
    wrong = {**grads, "dW2": grads["dW2"] * 2}
    difference = gradient_checking.gradient_check_n(parameters, wrong, X, Y, print_msg=True)
    assert difference > 1e-2 and "There is a mistake" in capsys.readouterr().out
    twin = reference.gradient_check_n(parameters, wrong, X, Y)
    np.testing.assert_allclose(difference, twin, rtol=1e-6)
    assert gradient_checking.gradient_check(3, 4) < 1e-7


def test_steps_of_optimisers(net, rng):
    _, _, parameters = net
    ours, twin = ({k: v.copy() for k, v in parameters.items()} for _ in range(2))
    grads = {f"d{key}": rng.standard_normal(value.shape) for key, value in parameters.items()}
    v, s = optimization.initialize_adam(parameters)
    twin_v, twin_s = reference.initialize_adam(parameters)
    for t in 1, 2, 3:
        answer = optimization.update_parameters_with_adam(ours, grads, v, s, t, 0.1)
        expected = reference.update_parameters_with_adam(twin, grads, twin_v, twin_s, t, 0.1)
        assert answer[0] is ours and answer[1] is v and answer[2] is s
        for one, other in zip(answer, expected, strict=True):
            assert_same(one, other)
    v, twin_v = optimization.initialize_velocity(ours), reference.initialize_velocity(ours)
    answer = optimization.update_parameters_with_momentum(ours, grads, v, 0.9, 0.1)
    for one, other in zip(
        answer, reference.update_parameters_with_momentum(twin, grads, twin_v, 0.9, 0.1)
    ):
        assert_same(one, other)
    assert_same(
        optimization.update_parameters_with_gd(ours, grads, 0.1),
        reference.update_parameters(twin, grads, 0.1),
    )


def printed(capsys):
    """The words of what was printed, and its numbers."""
    words, numbers = [], []
    for word in capsys.readouterr().out.split():
        try:
            numbers.append(float(word.rstrip(":")))
        except ValueError:
            words.append(word)
    return words, numbers


@pytest.mark.parametrize(
    ("ours", "twin", "options"),
    [
        (initialization, "model_initialization", {"num_iterations": 1001}),
        (initialization, "model_initialization", {"num_iterations": 5, "initialization": "zeros"}),
        (regularization, "model_regularization", {"num_iterations": 1001}),
        (regularization, "model_regularization", {"num_iterations": 301, "lambd": 0.7}),
        (regularization, "model_regularization", {"num_iterations": 301, "keep_prob": 0.8}),
        (optimization, "model_optimization", {"optimizer": "gd", "num_epochs": 21}),
        (optimization, "model_optimization", {"optimizer": "momentum", "num_epochs": 21}),
        (optimization, "model_optimization", {"optimizer": "adam", "num_epochs": 21}),
    ],
)
def test_a_model_is_its_twin(rng, capsys, ours, twin, options):
    X = rng.standard_normal((2, 90))
    Y = (X[:1] * X[1:] > 0).astype(int)
    if ours is optimization:
        options = {"layers_dims": [2, 5, 2, 1], "decay": optimization.update_lr, **options}
    parameters = ours.model(X, Y, **options)
    state, said = np.random.get_state()[2], printed(capsys)
    expected = getattr(reference, twin)(X, Y, **options)
    assert state == np.random.get_state()[2]
    words, numbers = printed(capsys)
    assert said[0] == words
    np.testing.assert_allclose(said[1], numbers, rtol=1e-9)
    for key, value in expected.items():
        np.testing.assert_allclose(parameters[key], value, rtol=1e-8, atol=1e-10)


# ---- the numbers that were printed ---------------------------------------------------------------


@pytest.fixture
def quiet():
    pytest.importorskip("sklearn")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    yield
    pyplot.close("all")


def costs_of(capsys):
    numbers = re.findall(r"Cost after \w+ \d+: (\S+)", capsys.readouterr().out)
    return [float(number) for number in numbers]


@pytest.mark.usefixtures("quiet")
def test_circles_from_hes_beginning(capsys):
    X, Y, test_X, test_Y = init_utils.load_dataset()
    for ours, twin in zip((X, Y, test_X, test_Y), reference.load_circles(), strict=True):
        np.testing.assert_array_equal(ours, twin)
    parameters = initialization.model(X, Y)
    costs = costs_of(capsys)
    np.testing.assert_allclose(costs[:2], [0.8830537463419761, 0.6879825919728062], atol=1e-7)
    np.testing.assert_allclose(costs[-1], 0.07357895962677366, atol=1e-4)
    init_utils.predict(X, Y, parameters)
    init_utils.predict(test_X, test_Y, parameters)
    assert capsys.readouterr().out.split()[1::2] == ["0.9933333333333333", "0.96"]


@pytest.mark.usefixtures("quiet")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_circles_from_numbers_too_large(capsys):
    X, Y, test_X, test_Y = init_utils.load_dataset()
    parameters = initialization.model(X, Y, initialization="random")
    costs = costs_of(capsys)
    assert costs[0] == np.inf
    np.testing.assert_allclose(
        [costs[1], costs[-1]], [0.6230719220714739, 0.3827961754638951], atol=5e-3
    )
    right = init_utils.predict(X, Y, parameters) == Y
    test_right = init_utils.predict(test_X, test_Y, parameters) == test_Y
    assert abs(right.sum() - 249) <= 1 and abs(test_right.sum() - 86) <= 1


PUBLISHED = {
    "gd": ([0.702405, 0.668101, 0.635288, 0.600491, 0.573367], 215),
    "adam": ([0.702166, 0.167845, 0.141316, 0.138788, 0.136066], 283),
}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("method", PUBLISHED)
def test_moons(capsys, method):
    X, Y = opt_utils_v1a.load_dataset()
    for ours, twin in zip((X, Y), reference.load_moons(), strict=True):
        np.testing.assert_array_equal(ours, twin)
    parameters = optimization.model(X, Y, [2, 5, 2, 1], method)
    costs, right = PUBLISHED[method]
    np.testing.assert_allclose(costs_of(capsys), costs, rtol=0, atol=2e-6)
    assert abs((opt_utils_v1a.predict(X, Y, parameters) == Y).sum() - right) <= 1


# ---- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda X, Y, p: initialization.model(X, Y, initialization="x"),
            ValueError,
            "model: init",
        ),
        (lambda X, Y, p: regularization.model(X, Y, lambd=1, keep_prob=0.5), ValueError, "not for"),
        (lambda X, Y, p: optimization.model(X, Y, [4, 1], "sgd"), ValueError, "optimizer must be"),
        (
            lambda X, Y, p: optimization.model(X.T, Y, [4, 1], "gd"),
            ValueError,
            "X has shape",
        ),
        (lambda X, Y, p: init_utils.forward_propagation(X, {}), KeyError, "has no 'W1'"),
        (
            lambda X, Y, p: reg_utils.forward_propagation(X[:2], p),
            ValueError,
            "X has shape",
        ),
        (
            lambda X, Y, p: opt_utils.backward_propagation(X, Y, (1, 2)),
            ValueError,
            "12 arrays",
        ),
        (
            lambda X, Y, p: regularization.forward_propagation_with_dropout(X, p, 0),
            ValueError,
            "forward_propagation_with_dropout: keep_prob must be above 0",
        ),
        (lambda X, Y, p: gradient_checking.gradient_check(1, 2, 0), ValueError, "epsilon must not"),
    ],
)
def test_bad_input_is_refused(net, call, error, says):
    state = np.random.get_state()[2]
    with pytest.raises(error, match=says):
        call(*net)
    assert state == np.random.get_state()[2]


def test_the_seed_is_an_integer():
    with pytest.raises((TypeError, ValueError)):
        reg_utils.load_planar_dataset("one")
    assert inspect.signature(reg_utils.load_planar_dataset).parameters["seed"]
