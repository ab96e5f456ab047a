"""predictor: predict_proba's bits for any X, whatever becomes of the dict, from any thread."""

import copy
import gc
import pickle
import sys
import threading
import weakref

import numpy as np
import pytest

import ffnn
from support import assert_same_bits, network

NETS = [[6, 1], [5, 4, 2], [64, 100, 10], [33, 17, 31, 9, 3], [300, 1200, 7]]


@pytest.mark.parametrize("dims", NETS, ids=str)
@pytest.mark.parametrize("order", "CF")
def test_has_the_bits_of_the_whole_batch(rng, real, dims, order):
    """One example alone is another kernel, for both layouts of W; so is a lone column's softmax."""
    output = "softmax" if dims[-1] > 1 else "sigmoid"
    parameters = network(rng, dims, real)
    parameters = {key: np.array(x, order=order) for key, x in parameters.items()}
    known = ffnn.NetParameters(parameters, hidden_activation="tanh", output_activation=output)
    net = ffnn.predictor(known)
    X = rng.standard_normal((dims[0], 40)).astype(real)
    AL = ffnn.L_model_forward(X, known)[0]
    assert_same_bits(net(X), AL)
    for i in range(3):
        for x in (X[:, i], np.array(X[:, i])):
            assert net(x).shape == (dims[-1],)
            assert_same_bits(net(x), AL[:, i])
        assert_same_bits(net(X[:, i : i + 1]), AL[:, i : i + 1])
        assert_same_bits(ffnn.predict_proba(X[:, [i]], known), AL[:, [i]])


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 70])
def test_a_column_of_every_size(rng, real, rows):
    """W in rows, in columns, and in neither; a bias and a column that have strides."""
    for depth in (0, 1, 3, 4, 7, 8, 15, 16, 17, 40):
        W = rng.standard_normal((2 * rows, 3 * depth)).astype(real)
        b = rng.standard_normal((rows, 3)).astype(real)[:, 1:2]
        A = rng.standard_normal((depth, 20)).astype(real)
        wanted = ffnn.linear_forward(A, np.array(W[::2, ::3]), b)[0][:, 3:4]
        for layout in (np.array(W[::2, ::3]), np.asfortranarray(W[::2, ::3]), W[::2, ::3]):
            assert_same_bits(ffnn.linear_forward(A[:, 3:4], layout, b)[0], wanted)


def test_softmax_of_one_column(rng, real):
    for rows in (2, 3, 8, 17, 40):
        Z = (rng.standard_normal((rows, 20)) * 30).astype(real)
        Z[:, 5], Z[1, 6], Z[0, 7], Z[1, 8] = 0.0, np.nan, np.nan, np.inf
        W, b = np.eye(rows, dtype=real), np.zeros((rows, 1), real)
        activate = ffnn.linear_activation_forward
        with np.errstate(all="ignore"):
            wanted = activate(np.nan_to_num(Z), W, b, "softmax")[0]
            for i in range(20):
                found = activate(np.nan_to_num(Z)[:, i : i + 1], W, b, "softmax")[0]
                assert_same_bits(found, wanted[:, i : i + 1])


def test_what_is_no_array_of_its_type(rng):
    parameters = network(rng, [3, 4, 2], np.float32)
    net = ffnn.predictor(parameters)
    kinds = [np.array([1, 2, 3], kind) for kind in (np.uint8, np.int64, np.float64, ">f4")]
    for x in ([1, 2, 3], *kinds, np.array([1, 0, 2, 0, 3], np.float32)[::2]):
        column = np.asarray(x)[:, None]
        assert_same_bits(net(x), ffnn.predict_proba(column, parameters)[:, 0])


def test_changes_are_seen(rng, real):
    parameters = network(rng, [3, 4, 2], real)
    net, x = ffnn.predictor(parameters), rng.standard_normal((3, 1)).astype(real)
    before = net(x)
    parameters["b2"] += 1
    assert (net(x) != before).any()
    assert_same_bits(net(x), ffnn.predict_proba(x, parameters))
    parameters["W2"] = 2 * parameters["W2"]
    assert_same_bits(net(x), ffnn.predict_proba(x, parameters))
    parameters.update(W3=np.ones((1, 2), real), b3=np.ones((1, 1), real))
    with pytest.raises(ValueError, match="predictor: the parameters have 3 layers now and had 2"):
        net(x)
    del parameters["W3"], parameters["b3"], parameters["b2"]
    with pytest.raises(KeyError, match="predictor: parameters has no 'b2'"):
        net(x)


@pytest.mark.parametrize(
    "error, says, X",
    [
        (ValueError, r"predictor: X has shape \(4,\) where W1 wants 3 rows", np.zeros(4)),
        (ValueError, r"predictor: X has shape \(2, 3\) .* pass X.T", np.zeros((2, 3))),
        (ValueError, "predictor: X has ndim 3", np.zeros((3, 1, 1))),
        (ValueError, "predictor: X has ndim 0", np.float64(3)),
        (TypeError, "predictor: X has dtype complex", np.zeros(3, complex)),
        (TypeError, "predictor: X", None),
    ],
)
def test_bad_examples(rng, error, says, X):
    net = ffnn.predictor(network(rng, [3, 2], np.float64))
    with pytest.raises(error, match=says):
        net(X)
    for call in (lambda: net(), lambda: net(X, X), lambda: net(Y=X)):
        with pytest.raises(TypeError, match=r"predictor\(\)"):
            call()


def test_bad_nets(rng):
    good = network(rng, [3, 4, 1], np.float64)
    for change, says in (
        ({"W1": np.zeros((4, 2, 1))}, "ndim 3"),
        ({"b2": np.zeros((2, 1))}, r"parameters\['b2'\] has shape \(2, 1\)"),
        ({"W2": np.zeros((1, 5))}, "do not chain"),
    ):
        with pytest.raises(ValueError, match=f"predictor: .*{says}"):
            ffnn.predictor({**good, **change})
    with pytest.raises(ValueError, match="predictor: output_activation must be one of"):
        ffnn.predictor(good, output_activation="step")
    with pytest.raises(ValueError, match="predictor: .*softmax"):
        ffnn.predictor(good, output_activation="softmax")
    with pytest.raises(TypeError, match="predictor: parameters must be a dict"):
        ffnn.predictor(None)


def test_it_is_no_file_and_no_class(rng):
    net = ffnn.predictor(network(rng, [3, 2], np.float64))
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot pickle"):
            copied(net)
    with pytest.raises(TypeError, match="cannot create"):
        type(net)()


def test_it_holds_its_dict_and_lets_it_go(rng):
    parameters = network(rng, [3, 2], np.float64)
    before = sys.getrefcount(parameters), sys.getrefcount(parameters["W1"])
    net = ffnn.predictor(parameters)
    for _ in range(100):
        net(np.zeros(3))
        with pytest.raises(ValueError, match="rows"):
            net(np.zeros(4))
    assert sys.getrefcount(parameters) == before[0] + 1
    del net
    assert (sys.getrefcount(parameters), sys.getrefcount(parameters["W1"])) == before


def test_a_cycle_through_its_dict_is_collected(rng):
    parameters = network(rng, [3, 2], np.float64)
    seen = weakref.ref(parameters["W1"])
    parameters["loop"] = ffnn.predictor(parameters)
    del parameters
    gc.collect()
    assert seen() is None


def test_threads_share_one(rng, restless):
    parameters = network(rng, [64, 100, 10], np.float32)
    net, X = ffnn.predictor(parameters), rng.standard_normal((64, 64)).astype(np.float32)
    wanted, wrong = ffnn.predict_proba(X, parameters), []

    def work(first):
        for i in range(first, first + 400):
            if net(X[:, i % 64]).tobytes() != wanted[:, i % 64].tobytes():
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
