"""Sparse examples: training and predictions from the numbers that are not 0, to the bits of the
same call on the examples laid out."""

import gc
import sys

import numpy as np
import pytest

import reference_train
from calls import trainer_of
from ffnn import _ffnn
from support import assert_same_bits, assert_same_dict, draw, network, numbers_of

# Of all sizes: a small net; one slab; two slabs; shards; many features; one layer.
SIZES = {
    "small": ([7, 3, 1], 30, 11),
    "one layer": ([40, 3], 300, 100),
    "large batches of one unit": ([1000, 1], 200, 30),
    "slab": ([90, 33, 2], 120, 50),
    "slabs": ([50, 33, 2], 700, 650),
    "shards": ([40, 20, 1], 2300, 2100),
    "wide": ([9000, 40, 1], 30, 30),
}
every_size = pytest.mark.parametrize("size", SIZES)


def thinned(rng, X, share=0.1):
    """With an example and a feature that have no number, whole vectors of zeros apart."""
    X = X * (rng.random(X.shape) < share)
    X[:, 3] = 0
    X[5] = 0
    return X


def stand_in(X):
    return np.broadcast_to(X.dtype.type(0), X.shape)


def sparse_trainer(X, Y, parameters, rate, numbers=None, **options):
    numbers = numbers_of(X) if numbers is None else numbers
    return trainer_of(stand_in(X), Y, parameters, rate, sparse=numbers, **options)


def assert_same_run(these, those):
    assert_same_dict(these.parameters(), those.parameters())
    state, expected = these.state(), those.state()
    assert state.keys() == expected.keys()
    for name in expected.keys() - {"t"}:
        assert_same_dict(state[name], expected[name])


@every_size
@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
def test_a_run_has_the_bits_of_the_dense_one(rng, size, optimizer, real, threads):
    dims, m, batch = SIZES[size]
    X, Y, parameters = draw(rng, dims, m, "sigmoid")
    X = thinned(rng, X).astype(real)
    order = rng.permutation(m)
    options = {"optimizer": optimizer, "lambd": 0.1, "gram": False}
    dense = trainer_of(X, Y, parameters, 0.05, **options)
    costs = [dense.epoch(order, batch), dense.epoch(None, batch), dense.run(2)]
    for count in 1, 2, 3:
        threads(count)
        run = sparse_trainer(X, Y, parameters, 0.05, **options)
        found = [run.epoch(order, batch), run.epoch(None, batch), run.run(2)]
        assert_same_bits(np.array(found), np.array(costs))
        assert run.l2_cost == dense.l2_cost
        assert_same_run(run, dense)


@every_size
@pytest.mark.parametrize(
    "options",
    [
        {"clip_norm": 0.01},
        {"keep_prob": 0.7},
        {"sample_weight": True, "weighted_mean": True},
        {"hidden_activation": "silu", "output_activation": "linear"},
    ],
)
def test_a_run_that_is_told_more_has_them_too(rng, size, options):
    dims, m, batch = SIZES[size]
    X, Y, parameters = draw(rng, dims, m, options.get("output_activation", "sigmoid"))
    X = thinned(rng, X)
    if len(dims) == 2:
        options = {key: value for key, value in options.items() if key != "keep_prob"}
    if "sample_weight" in options:
        options = {**options, "sample_weight": rng.integers(0, 3, m).astype(float)}

    def trained(make):
        bits = np.random.MT19937(3)
        run = make(X, Y, parameters, 0.05, bit_generator=bits, gram=False, **options)
        return [run.shuffled(2, batch), run.run(1)], run

    (costs, dense), (found, run) = trained(trainer_of), trained(sparse_trainer)
    assert_same_bits(np.array(found), np.array(costs))
    assert_same_run(run, dense)


@pytest.mark.parametrize("optimizer", ["gd", "adam", "nesterov_velocity"])
def test_a_run_follows_the_twin(rng, optimizer):
    dims, m, batch = SIZES["slab"]
    X, Y, parameters = draw(rng, dims, m, "sigmoid")
    X, order = thinned(rng, X), rng.permutation(m)
    twin = reference_train.Trainer(X, Y, parameters, 0.05, optimizer=optimizer, lambd=0.3)
    run = sparse_trainer(X, Y, parameters, 0.05, optimizer=optimizer, lambd=0.3)
    for _ in range(3):
        assert abs(run.epoch(order, batch) - twin.epoch(order, batch)) < 1e-12
    for key, value in twin.parameters().items():
        np.testing.assert_allclose(run.parameters()[key], value, atol=1e-10)


@pytest.mark.parametrize("name", ["none", "zeros", "full", "one"])
def test_examples_of_any_density(rng, name):
    """No number at all, explicit zeros alone, no zero, one number: weights decay all the same."""
    X, Y, parameters = draw(rng, [60, 33, 1], 90, "sigmoid")
    numbers = None
    if name == "none":
        X = np.zeros_like(X)
    elif name == "zeros":
        numbers = (np.zeros(180), np.tile([3, 59], 90), np.arange(0, 181, 2))
        X = np.zeros_like(X)
    elif name == "one":
        X = np.where(np.arange(X.size).reshape(X.shape) == 777, X, 0)
    options = {"optimizer": "adam", "lambd": 1.0}
    dense = trainer_of(X, Y, parameters, 0.05, gram=False, **options)
    run = sparse_trainer(X, Y, parameters, 0.05, numbers, **options)
    assert run.epoch(None, 40) == dense.epoch(None, 40)
    assert_same_run(run, dense)


def test_full_batch_methods(rng):
    X, Y, parameters = draw(rng, [60, 9, 1], 90, "sigmoid")
    X, options = thinned(rng, X), {"optimizer": "lbfgs", "lambd": 0.1}
    dense = trainer_of(X, Y, parameters, 0.0075, **options)
    run = sparse_trainer(X, Y, parameters, 0.0075, **options)
    assert run.run(5) == dense.run(5)
    assert run.evaluations == dense.evaluations > 5
    assert_same_dict(run.parameters(), dense.parameters())
    with pytest.raises(ValueError, match="sparse does not go with optimizer='levenberg_marquardt'"):
        sparse_trainer(X, Y, parameters, 0.0075, optimizer="levenberg_marquardt",
                       output_activation="linear")  # fmt: skip


@pytest.mark.parametrize("kind", [np.int32, np.int64, np.uint16])
def test_any_integers_and_longer_arrays_are_taken(rng, kind):
    """SciPy's arrays may have more room than numbers; values are rounded to the run's type."""
    X, Y, parameters = draw(rng, [90, 33, 2], 50, "sigmoid")
    X = thinned(rng, X)
    values, features, starts = numbers_of(X)
    longer = (
        np.append(values, np.nan),
        np.append(features, 9999).astype(kind),
        starts.astype(kind),
    )
    given = [array.copy() for array in longer]
    run = sparse_trainer(X, Y, parameters, 0.05, longer)
    expected = trainer_of(X, Y, parameters, 0.05, gram=False)
    assert run.run(2) == expected.run(2)
    assert_same_run(run, expected)
    for array, before in zip(longer, given, strict=True):
        assert_same_bits(array, before)
    narrow = X.astype(np.float32)
    run = sparse_trainer(narrow, Y, parameters, 0.05, longer)
    expected = trainer_of(narrow, Y, parameters, 0.05, gram=False)
    assert run.run(2) == expected.run(2)
    lists = [numbers.tolist() for numbers in (values, features, starts)]
    assert_same_run(sparse_trainer(X, Y, parameters, 0.05, lists),
                    sparse_trainer(X, Y, parameters, 0.05))  # fmt: skip


def test_what_becomes_of_the_arrays_is_no_concern_of_a_run(rng):
    """Features and starts are copied, or a run could be led beyond its memory."""
    X, Y, parameters = draw(rng, [90, 33, 2], 50, "sigmoid")
    X = thinned(rng, X)
    values, features, starts = numbers_of(X)
    run = sparse_trainer(X, Y, parameters, 0.05, (values, features, starts))
    features[:], starts[:] = 2**31 - 1, 2**40
    expected = trainer_of(X, Y, parameters, 0.05, gram=False)
    assert run.run(3) == expected.run(3)


VALUES, FEATURES, STARTS = [1.0, 2.0, 3.0], [0, 4, 1], [0, 2, 2, 3]
BAD = {
    "no tuple": (TypeError, "sparse must be", 7.0),
    "two arrays": (ValueError, r"sparse has length 2, expected 3: \(values, features, starts\)",
                   (VALUES, FEATURES)),
    "texts": (TypeError, "sparse.0. is of type list.* dtype <U1", (["a"] * 3, FEATURES, STARTS)),
    "values (1, 3)": (ValueError, "sparse.0. has 2 dimensions, expected 1",
                      ([VALUES], FEATURES, STARTS)),
    "floats": (TypeError, r"sparse\[1\] must be an array \(k,\) of integers",
               (VALUES, [0.0, 4.0, 1.0], STARTS)),
    "features (1, 3)": (TypeError, r"sparse\[1\] must be an array \(k,\) of integers",
                        (VALUES, [FEATURES], STARTS)),
    "few features": (ValueError, r"sparse\[1\] has shape \(2,\), expected \(3,\)",
                     (VALUES, FEATURES[:2], STARTS)),
    "beyond": (ValueError, r"sparse\[1\] must lie from 0 to 4: example 2 has 5",
               (VALUES, [0, 4, 5], STARTS)),
    "below 0": (ValueError, r"sparse\[1\] must lie from 0 to 4: example 0 has -1",
                (VALUES, [-1, 4, 1], STARTS)),
    "far beyond": (ValueError, r"sparse\[1\] must lie from 0 to 4: example 2 has 4294967296",
                   (VALUES, [0, 4, 2**32], STARTS)),
    "out of order": (ValueError, r"sparse\[1\] must rise within an example: in example 0 1 follows "
                     r"4; SciPy's sum_duplicates\(\)", (VALUES, [4, 1, 1], STARTS)),
    "twice": (ValueError, r"sparse\[1\] must rise .* in example 0 4 follows 4",
              (VALUES, [4, 4, 1], STARTS)),
    "few starts": (ValueError, r"sparse\[2\] has shape \(3,\), expected \(4,\) for X \(5, 3\)",
                   (VALUES, FEATURES, STARTS[:3])),
    "late": (ValueError, r"sparse\[2\] must rise from 0 .*starts\[0\] is 1",
             (VALUES, FEATURES, [1, 2, 2, 3])),
    "back": (ValueError, r"sparse\[2\] must rise .*: starts\[2\] is 1",
             (VALUES, FEATURES, [0, 2, 1, 3])),
    "too many": (ValueError, r"sparse\[2\] must rise from 0 to at most 3 values: starts\[3\] is 4",
                 (VALUES, FEATURES, [0, 2, 2, 4])),
}  # fmt: skip


def test_the_good_numbers_that_the_bad_ones_are_made_of():
    X, Y, parameters = np.zeros((5, 3)), np.ones((1, 3)), {"W1": np.ones((1, 5)), "b1": [[0.5]]}
    X[0, 0], X[4, 0], X[1, 2] = VALUES
    run = sparse_trainer(X, Y, parameters, 0.1, (VALUES, FEATURES, STARTS))
    expected = trainer_of(X, Y, parameters, 0.1, gram=False)
    assert run.run(2) == expected.run(2)
    assert_same_run(run, expected)


@pytest.mark.once
def test_features_that_int32_cannot_number():
    X, W1 = (np.broadcast_to(np.float32(0), shape) for shape in ((2**31, 2), (1, 2**31)))
    parameters = {"W1": W1, "b1": np.zeros((1, 1), np.float32)}
    numbers = np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros(3, np.int64)
    with pytest.raises(ValueError, match="^predict: sparse X has 2147483648 features, 2147483647"):
        _ffnn.net_output("predict", X, parameters, sparse=numbers)


@pytest.mark.once
@pytest.mark.parametrize("name", BAD)
def test_bad_numbers(name):
    error, message, numbers = BAD[name]
    X, Y = np.zeros((5, 3)), np.ones((1, 3))
    with pytest.raises(error, match=f"^fit: {message}"):
        _ffnn.Trainer("fit", X, Y, (5, 1), sparse=numbers)
    parameters = {"W1": np.ones((1, 5)), "b1": np.ones((1, 1))}
    with pytest.raises(error, match=f"^predict: {message}"):
        _ffnn.net_output("predict", X, parameters, sparse=numbers)
    with pytest.raises(error, match=f"^cost_and_gradients: {message}"):
        _ffnn.sparse_cost_and_gradients(X, Y, parameters, sparse=numbers)


@pytest.mark.once
def test_what_does_not_go_together():
    X, Y, numbers = np.zeros((5, 3)), np.ones((1, 3)), (VALUES, FEATURES, STARTS)
    with pytest.raises(ValueError, match="fit: gram fits .* and a dense X in memory"):
        _ffnn.Trainer("fit", X, Y, (5, 1), gram=True, sparse=numbers)
    with pytest.raises(ValueError, match="fit: sparse does not go with source"):
        _ffnn.Trainer("fit", X, Y, (5, 1), source=object(), sparse=numbers)


@every_size
@pytest.mark.parametrize("lambd", [0, 0.7])
def test_the_cost_and_gradients_of_one_call(rng, size, lambd, real):
    dims, m, _ = SIZES[size]
    X, Y, parameters = draw(rng, dims, m, "sigmoid")
    X = thinned(rng, X).astype(real)
    given = {"lambd": lambd, "sample_weight": rng.integers(0, 3, m), "hidden_activation": "tanh"}
    cost, gradients = _ffnn.cost_and_gradients(X, Y, parameters, **given)
    found = _ffnn.sparse_cost_and_gradients(
        stand_in(X), Y, parameters, sparse=numbers_of(X), **given
    )
    assert found[0] == cost
    assert_same_dict(found[1], gradients)
    for none in {}, {"sparse": None}:
        found = _ffnn.sparse_cost_and_gradients(X, Y, parameters, **none, **given)
        assert found[0] == cost


# ---- predictions ---------------------------------------------------------------------------------


@every_size
def test_predictions_have_the_bits_of_the_dense_ones(rng, size, real, threads):
    dims, m, _ = SIZES[size]
    parameters = network(rng, dims, real)
    X = thinned(rng, rng.standard_normal((dims[0], m))).astype(real)
    for output in "sigmoid", "softmax" if dims[-1] > 1 else "tanh":
        expected = _ffnn.net_output("own", X, parameters, output_activation=output)
        for count in 1, 2, 3:
            threads(count)
            found = _ffnn.net_output(
                "own", stand_in(X), parameters, output_activation=output, sparse=numbers_of(X)
            )
            assert_same_bits(found, expected)


def test_predictions_of_types_that_meet(rng):
    """As dense ones do: integers and floats by the rules of types, a net that widens."""
    parameters = network(rng, [20, 7, 1], np.float32)
    parameters["W2"] = parameters["W2"].astype(np.float64)
    for kind in np.float32, np.float64, np.int8, np.int64:
        X = (rng.integers(-3, 4, (20, 9)) * (rng.random((20, 9)) < 0.2)).astype(kind)
        expected = _ffnn.net_output("own", X, parameters)
        found = _ffnn.net_output("own", stand_in(X), parameters, sparse=numbers_of(X))
        assert_same_bits(found, expected)
    nothing = np.zeros((20, 0))
    assert _ffnn.net_output("own", nothing, parameters, sparse=numbers_of(nothing)).shape == (1, 0)


@pytest.mark.once
def test_nothing_leaks(rng):
    """References and Python's blocks, where numbers are taken and where they are refused."""
    X, Y, parameters = draw(rng, [9, 3, 1], 8, "sigmoid")
    numbers = numbers_of(thinned(rng, X, 0.5))
    wrong = (numbers[0], numbers[1] + 9, numbers[2])

    def calls():
        sparse_trainer(X, Y, parameters, 0.1, numbers).run(1)
        _ffnn.net_output("own", X, parameters, sparse=numbers)
        for refused in wrong, numbers[:2], (*numbers[:2], numbers[2][:3]):
            with pytest.raises(ValueError, match="Trainer: sparse"):
                sparse_trainer(X, Y, parameters, 0.1, refused)

    calls()
    held = [sys.getrefcount(array) for array in numbers]
    gc.collect()
    blocks = sys.getallocatedblocks()
    for _ in range(60):
        calls()
    gc.collect()
    assert [sys.getrefcount(array) for array in numbers] == held
    assert sys.getallocatedblocks() - blocks < 60
