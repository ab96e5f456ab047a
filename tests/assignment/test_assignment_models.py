"""Whole runs against the twin: costs, parameters, printed lines, random state; and predictions."""

import itertools
import re
import warnings

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits, assert_same_dict, labels, network

ATOL = 1e-9
MODELS = [("L_layer_model", [6, 5, 4, 1]), ("two_layer_model", (6, 5, 1))]
models = pytest.mark.parametrize(("name", "dims"), MODELS)


def pictures(m=209, size=64):
    """X (3 size^2, m), Fortran-ordered as the assignment makes it; Y is told by a tint of red."""
    rng = np.random.default_rng(1)
    Y = rng.integers(0, 2, (1, m))
    images = rng.integers(0, 236, (m, size, size, 3), dtype=np.uint8)
    images[..., 0] += 20 * Y.reshape(-1, 1, 1).astype(np.uint8)
    X = images.reshape(m, -1).T / 255.0
    assert X.flags.f_contiguous and not X.flags.c_contiguous
    return X, Y


def small(rng, m=30, n_y=1):
    """X (6, m) and labels that depend on it."""
    X = rng.standard_normal((6, m))
    return X, (X[:n_y] * X[1 : n_y + 1] + X[2 : n_y + 2] > 0).astype(np.int64)


def progress(text):
    """(iteration, cost) of each printed line, all of which must be such lines."""
    lines = text.splitlines()
    found = [re.fullmatch(r"Cost after iteration (\d+): (\S+)", line) for line in lines]
    assert all(found), text
    return [(int(match[1]), float(match[2])) for match in found]


def run(module, name, capsys, *args, **keywords):
    """What a run returns, what it prints, and what NumPy's generator draws next."""
    parameters, costs = getattr(module, name)(*args, **keywords)
    return parameters, costs, progress(capsys.readouterr().out), np.random.randn(3)


def assert_same_run(ours, twin, atol=ATOL):
    """Costs, printed costs and parameters to `atol`; names, types, shapes and draws equal."""
    parameters, costs, lines, draws = ours
    twin_parameters, twin_costs, twin_lines, twin_draws = twin
    assert type(costs) is list and type(parameters) is dict
    assert all(type(cost) is np.ndarray and cost.shape == () for cost in costs)
    assert [cost.dtype for cost in costs] == [cost.dtype for cost in twin_costs]
    np.testing.assert_allclose(costs, twin_costs, rtol=0, atol=atol)
    assert [i for i, _ in lines] == [i for i, _ in twin_lines]
    np.testing.assert_allclose(lines, twin_lines, rtol=0, atol=atol)
    assert list(parameters) == list(twin_parameters)
    for key, value in twin_parameters.items():
        assert type(parameters[key]) is np.ndarray
        np.testing.assert_allclose(parameters[key], value, rtol=0, atol=atol, strict=True)
    assert_same_bits(draws, twin_draws)


# ---- against the twin ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.once  # NumPy takes most of the time
@pytest.mark.parametrize(
    ("name", "dims"),
    [("L_layer_model", [12288, 20, 7, 5, 1]), ("two_layer_model", (12288, 7, 1))],
)
def test_2500_iterations_of_the_assignments_size(name, dims, capsys):
    X, Y = pictures()
    args = X, Y, dims, 0.0075, 2500, True
    ours, twin = (run(module, name, capsys, *args) for module in (ffnn, reference))
    assert_same_run(ours, twin)
    assert len(ours[1]) == 25 and [i for i, _ in ours[2]] == [*range(0, 2500, 100), 2499]
    assert ours[1][-1] < 0.1, "nothing was learnt, so nothing was compared"
    # The yardstick: one lost input of 12288 x 209, or a rate that is off in the sixth digit, shows.
    X[0, 0] = 0
    for x, rate in (X, 0.0075), (pictures()[0], 0.0075001):
        parameters, costs = getattr(reference, name)(x, Y, dims, rate, 101)
        assert abs(costs[1] - twin[1][1]) > ATOL


@models
@pytest.mark.parametrize("n", [1, 2, 99, 100, 101, 102, 200, 201, 250, 401])
def test_costs_are_recorded_and_printed_at_the_hundreds(rng, capsys, name, dims, n):
    """Recorded at 0, 100, ... whether printed or not; printed there and at the last iteration."""
    X, Y = small(rng)
    args = X, Y, dims, 0.1, n
    ours, twin = (run(module, name, capsys, *args, True) for module in (ffnn, reference))
    assert_same_run(ours, twin)
    hundreds = list(range(0, n, 100))
    assert len(ours[1]) == len(hundreds)
    assert [i for i, _ in ours[2]] == sorted({*hundreds, n - 1})
    for cost, line in zip(ours[1], (c for i, c in ours[2] if i % 100 == 0), strict=True):
        assert float(cost) == line
    silent = run(ffnn, name, capsys, *args)
    assert silent[2] == []
    assert_same_bits(np.array(silent[1]), np.array(ours[1]))
    assert_same_dict(silent[0], ours[0])


@models
def test_no_iterations(rng, capsys, name, dims):
    X, Y = small(rng)
    parameters, costs, lines, draws = run(ffnn, name, capsys, X, Y, dims, 0.1, 0, True)
    assert costs == [] and lines == []
    np.random.seed(1)
    deep = name == "L_layer_model"
    initial = ffnn.initialize_parameters_deep(dims) if deep else ffnn.initialize_parameters(*dims)
    assert_same_dict(parameters, initial)
    assert_same_bits(draws, np.random.randn(3))


@pytest.mark.parametrize(
    "dims", [[6, 1], [6, 3], [6, 5, 1], (6, 7, 3), [6, 5, 4, 3, 2], np.array([6, 33, 17, 9, 1])]
)
# A run passes its examples in slabs: one, one to its last column, two, three.
@pytest.mark.parametrize("m", [1, 2, 17, 512, 513, 1100])
def test_every_depth_and_number_of_outputs(rng, capsys, dims, m):
    X, Y = small(rng, m, int(dims[-1]))
    ours, twin = (
        run(module, "L_layer_model", capsys, X, Y, dims, 0.1, 120) for module in (ffnn, reference)
    )
    assert_same_run(ours, twin)


def test_defaults_are_the_assignments(rng, capsys):
    X, Y = small(rng)
    for name, dims in MODELS:
        ours, twin = (run(module, name, capsys, X, Y, dims) for module in (ffnn, reference))
        assert_same_run(ours, twin)
        assert len(ours[1]) == 30 and ours[2] == []


@models
def test_seeds(rng, capsys, name, dims):
    """1 by itself, any other by keyword; None goes on from where the generator stands."""
    X, Y = small(rng)
    for keywords in {}, {"seed": 1}, {"seed": 7}, {"seed": None}:
        runs = []
        for module in ffnn, reference:
            np.random.seed(99)
            runs.append(run(module, name, capsys, X, Y, dims, 0.1, 50, **keywords))
        assert_same_run(*runs)
    np.random.seed(3)
    first = getattr(ffnn, name)(X, Y, dims, num_iterations=0, seed=None)[0]
    second = getattr(ffnn, name)(X, Y, dims, num_iterations=0, seed=None)[0]
    assert not (first["W1"] == second["W1"]).any()


@models
@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float32, np.float64, list])
@pytest.mark.parametrize("shape", [(1, 30), (30,), (30, 1)])
def test_labels_of_every_kind_and_shape(rng, name, dims, kind, shape):
    X, Y = small(rng)
    model = getattr(ffnn, name)
    given = Y.reshape(shape).tolist() if kind is list else Y.reshape(shape).astype(kind)
    parameters, costs = model(X, given, dims, 0.1, 101)
    expected, expected_costs = model(X, Y, dims, 0.1, 101)
    assert_same_dict(parameters, expected)
    assert_same_bits(np.array(costs), np.array(expected_costs))


def test_soft_labels(rng, capsys):
    X, Y = small(rng)
    Y = 0.9 * Y + 0.05
    ours, twin = (
        run(module, "L_layer_model", capsys, X, Y, [6, 4, 1], 0.1, 300)
        for module in (ffnn, reference)
    )
    assert_same_run(ours, twin)


@models
def test_a_run_is_its_own_steps(rng, name, dims):
    """Forward, backward, update by the assignment's functions, from the same start."""
    X, Y = small(rng)
    parameters, costs = getattr(ffnn, name)(X, Y, dims, 0.1, 150)
    steps, _ = getattr(ffnn, name)(X, Y, dims, 0.1, 0)
    for i in range(150):
        AL, caches = ffnn.L_model_forward(X, steps)
        if i % 100 == 0:
            assert abs(ffnn.compute_cost(AL, Y) - costs[i // 100]) < 1e-13
        ffnn.update_parameters(steps, ffnn.L_model_backward(AL, Y, caches), 0.1)
    for key, value in parameters.items():
        np.testing.assert_allclose(value, steps[key], rtol=0, atol=1e-12)


@models
def test_nothing_given_is_written_to(rng, name, dims):
    X, Y = small(rng)
    before = X.copy(), Y.copy()
    for x, y in (X, Y), (X.astype(np.float32), Y.astype(np.float32)):
        x.flags.writeable = y.flags.writeable = False
        parameters, _ = getattr(ffnn, name)(x, y, dims, 0.1, 3)
        assert not any(np.shares_memory(value, x) for value in parameters.values())
        assert all(value.flags.writeable for value in parameters.values())
    assert_same_bits(X, before[0])
    assert_same_bits(Y, before[1])


def test_runs_repeat_to_the_bit(rng):
    X, Y = small(rng, 257)
    first, second = (ffnn.L_layer_model(X, Y, [6, 20, 9, 1], 0.1, 250) for _ in range(2))
    assert_same_dict(first[0], second[0])
    assert_same_bits(np.array(first[1]), np.array(second[1]))


# ---- types and extremes --------------------------------------------------------------------------


@models
def test_float32_runs(rng, capsys, name, dims):
    """Drawn in float64 and rounded once; then float32 throughout, near the float64 run."""
    X, Y = small(rng)
    narrow = X.astype(np.float32)
    parameters, costs, lines, draws = run(ffnn, name, capsys, narrow, Y, dims, 0.1, 201, True)
    wide = run(reference, name, capsys, narrow.astype(np.float64), Y, dims, 0.1, 201, True)
    assert [cost.dtype for cost in costs] == [np.float32] * 3
    np.testing.assert_allclose(costs, wide[1], rtol=2e-5)
    np.testing.assert_allclose(lines, wide[2], rtol=2e-5)
    for key, value in wide[0].items():
        assert parameters[key].dtype == np.float32
        np.testing.assert_allclose(parameters[key], value, atol=2e-4)
    assert_same_bits(draws, wide[3])

    start, _ = getattr(ffnn, name)(narrow, Y, dims, 0.1, 0)
    twin, _ = getattr(reference, name)(X, Y, dims, 0.1, 0)
    assert_same_dict(start, {key: value.astype(np.float32) for key, value in twin.items()})


@models
@pytest.mark.parametrize("kind", [np.uint8, np.int64, bool])
def test_pictures_of_whole_numbers_run_in_float64(rng, capsys, name, dims, kind):
    X, Y = rng.integers(0, 5, (6, 30)).astype(kind), labels(rng, (1, 30))
    ours, twin = (run(module, name, capsys, X, Y, dims, 0.05, 101) for module in (ffnn, reference))
    assert ours[0]["W1"].dtype == np.float64
    assert_same_run(ours, twin)


def test_pictures_that_nobody_scaled(real, capsys):
    """X in 0 .. 255 saturates every sigmoid: costs and parameters stay finite, nothing warns."""
    X, Y = pictures(40, 16)
    X = np.round(X * 255).astype(real)
    for name, dims in ("L_layer_model", [768, 20, 7, 1]), ("two_layer_model", (768, 7, 1)):
        parameters, costs = getattr(ffnn, name)(X * real(50), Y, dims, 0.05, 201)
        assert np.isfinite(costs).all()
        assert all(np.isfinite(value).all() for value in parameters.values())


def test_cost_of_a_run_comes_from_the_logits(capsys):
    """Wrong and sure by far: the size of the logit, where the literal formula gives infinity."""
    X, Y = np.array([[1e5, -1e5, 1e5]]), np.array([[1, 1, 0]])
    ours, twin = (
        run(module, "L_layer_model", capsys, X, Y, [1, 1], 0.0, 1) for module in (ffnn, reference)
    )
    W = float(ours[0]["W1"][0, 0])
    assert abs(W) * 1e5 > 1000
    expected = (1e5 * max(W, 0) * 2 + 1e5 * max(-W, 0)) / 3
    assert float(ours[1][0]) == pytest.approx(expected, rel=1e-15)
    assert float(twin[1][0]) == pytest.approx(expected, rel=1e-15)


@models
def test_a_nan_cost_warns_once(rng, name, dims):
    """And the run goes on to its end."""
    X, Y = small(rng)
    X[3, 7] = np.nan
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        parameters, costs = getattr(ffnn, name)(X, Y, dims, 0.0123, 301)
    assert [w.category for w in caught] == [RuntimeWarning]
    message = str(caught[0].message)
    assert re.search(r"\b0\b(?!\.)", message) and "0.0123" in message and "NaN" in message
    assert np.isnan(costs).tolist() == [True] * 4
    assert np.isnan(parameters["W1"]).any()


@models
def test_a_cost_that_turns_nan_is_named_where_it_was_seen(rng, name, dims):
    """A rate so large that the parameters overflow on the way."""
    X, Y = small(rng)
    rate = 1e200
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _, costs = getattr(ffnn, name)(X, Y, dims, rate, 301)
    assert np.isfinite(costs[0]) and np.isnan(costs).any()
    first = 100 * int(np.isnan(costs).argmax())
    assert len(caught) == 1 and re.search(rf"\b{first}\b", str(caught[0].message))
    with pytest.raises(RuntimeWarning):
        getattr(ffnn, name)(X, Y, dims, rate, 301)


@models
@pytest.mark.parametrize("rate", [0, -0.1, 1, np.float64(0.1), np.float32(0.5), np.array(0.1)])
def test_any_finite_rate(rng, capsys, name, dims, rate):
    X, Y = small(rng)
    ours, twin = (run(module, name, capsys, X, Y, dims, rate, 20) for module in (ffnn, reference))
    assert_same_run(ours, twin)


# ---- parameters and predictions ------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 3, 2**32 - 1])
def test_initialisers_draw_for_draw(seed):
    for name, args in [
        ("initialize_parameters", (4, 3, 2)),
        ("initialize_parameters", (1, 1, 1)),
        ("initialize_parameters_deep", ([5, 4, 3],)),
        ("initialize_parameters_deep", ((2, 1),)),
        ("initialize_parameters_deep", (np.array([12, 7, 5, 3, 1]),)),
    ]:
        results = []
        for module in ffnn, reference:
            np.random.seed(seed)
            results.append((getattr(module, name)(*args), np.random.randn(5)))
        (ours, draws), (twin, twin_draws) = results
        assert_same_dict(ours, twin)
        assert_same_bits(draws, twin_draws)
        assert all(value.dtype == np.float64 for value in ours.values())
        assert not any(value.any() for key, value in ours.items() if key[0] == "b")


@pytest.mark.parametrize("n_y", [1, 3])
def test_predict(rng, real, capsys, n_y):
    parameters = network(rng, [6, 5, n_y], real)
    X, y = rng.standard_normal((6, 41)).astype(real), labels(rng, (n_y, 41))
    spellings = [y, y.tolist(), y.astype(bool), y.astype(np.uint8), y.astype(real)]
    if n_y == 1:
        spellings += [y.ravel(), y.T, y.ravel().tolist()]
    for given in spellings:
        p = ffnn.predict(X, given, parameters)
        printed = capsys.readouterr().out
        twin = reference.predict(X, given, parameters)
        assert printed == capsys.readouterr().out
        assert printed.startswith("Accuracy: 0.")
        assert_same_bits(p, twin)
        assert p.dtype == np.float64 and p.shape == (n_y, 41) and 0 < p.mean() < 1


def test_predict_one_half_is_no(capsys):
    """An all-zero network gives 0.5 exactly, which is not above 0.5."""
    parameters = {"W1": np.zeros((1, 2)), "b1": np.zeros((1, 1))}
    y = [[0, 1, 0, 0]]
    assert_same_bits(ffnn.predict(np.ones((2, 4)), y, parameters), np.zeros((1, 4)))
    assert capsys.readouterr().out == "Accuracy: 0.75\n"
    parameters["b1"][:] = 1e-15
    assert_same_bits(ffnn.predict(np.ones((2, 4)), y, parameters), np.ones((1, 4)))
    assert capsys.readouterr().out == "Accuracy: 0.25\n"


def test_predict_prints_the_digits_that_people_compare(capsys):
    """A sum of m-ths, not a count divided by m, which often differs in the last digit."""
    parameters = {"W1": np.ones((1, 1)), "b1": np.zeros((1, 1))}
    differ = 0
    for m, right in itertools.product((3, 7, 50, 209), (1, 3, 72, 150)):
        y = np.arange(m)[None] < right
        ffnn.predict(np.ones((1, m)), y, parameters)
        printed = capsys.readouterr().out
        assert printed == f"Accuracy: {np.sum(y / m)}\n"
        differ += printed != f"Accuracy: {np.count_nonzero(y) / m}\n"
    assert differ > 0


def test_predict_of_nobody(capsys):
    parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
    p = ffnn.predict(np.ones((2, 0)), np.ones((1, 0)), parameters)
    assert p.shape == (1, 0) and p.dtype == np.float64
