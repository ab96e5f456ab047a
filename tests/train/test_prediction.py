"""Prediction: values, classes, 0 and 1 against the twin; ties, no examples, NaN, errors."""

import itertools

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits, labels, network, plain_train


@pytest.mark.parametrize("output", ffnn.activations())
@pytest.mark.parametrize("hidden", ["relu", ["tanh", "elu"]])
def test_predictions(rng, real, output, hidden):
    X = rng.standard_normal((4, 33)).astype(real)
    parameters = network(rng, [4, 6, 5, 3], real)
    net = {"output_activation": output, "hidden_activation": hidden}
    AL, _ = ffnn.L_model_forward(X, parameters, **net)
    assert_same_bits(ffnn.predict_proba(X, parameters, **net), AL)
    twin = reference.predict_proba(X, parameters, **net)
    np.testing.assert_allclose(AL, twin, rtol=2e-5 if real == np.float32 else 1e-12, atol=1e-6)
    for threshold in 0.5, 0.7:
        ours = ffnn.predict_classes(X, parameters, **net, threshold=threshold)
        if output == "softmax":
            assert_same_bits(ours, AL.argmax(axis=0)[None])
        elif output == "sigmoid":
            assert_same_bits(ours, (AL > threshold).astype(np.int64))
        else:
            assert_same_bits(ours, AL)
    assert (
        reference.predict_classes(X, parameters, **net).shape
        == ffnn.predict_classes(X, parameters, **net).shape
    )


def test_classes_are_the_courses_for_one_sigmoid(rng, capsys):
    X, Y = rng.standard_normal((4, 33)), rng.integers(0, 2, (1, 33))
    parameters = network(rng, [4, 6, 1], np.float64)
    assert (ffnn.predict_classes(X, parameters) == ffnn.predict(X, Y, parameters)).all()
    capsys.readouterr()


def test_the_first_of_equal_classes_and_no_examples():
    zeros = {"W1": np.zeros((3, 2)), "b1": np.zeros((3, 1))}
    ours = ffnn.predict_classes(np.ones((2, 4)), zeros, output_activation="softmax")
    assert_same_bits(ours, np.zeros((1, 4), np.int64))
    ours = ffnn.predict_classes(np.ones((2, 0)), zeros, output_activation="softmax")
    assert ours.shape == (1, 0) and ours.dtype == np.int64
    assert_same_bits(ffnn.predict_classes(np.ones((2, 1)), zeros), np.zeros((3, 1), np.int64))


def test_what_predict_classes_refuses(rng):
    X, parameters = np.ones((4, 2)), network(rng, [4, 1], np.float64)
    with pytest.raises(TypeError, match="predict_classes: threshold must be a real number"):
        ffnn.predict_classes(X, parameters, threshold="high")
    with pytest.raises(ValueError, match="did you mean 'softmax'"):
        ffnn.predict_classes(X, parameters, output_activation="sofmax")
    with pytest.raises(
        ValueError, match=r"^predict_classes: X has shape \(3, 2\) where W1 wants 4"
    ):
        ffnn.predict_classes(X[:3], parameters)


# ---- predict -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "output", "n_y"),
    [("tanh", "sigmoid", 1), (["tanh", "elu"], "sigmoid", 3), ("relu", "softmax", 4)],
)
def test_predict_of_other_nets(rng, real, capsys, hidden, output, n_y):
    """What is returned and what is printed are the twin's, in every spelling of y."""
    plain = network(rng, [4, 6, 5, n_y], real)
    X = rng.standard_normal((4, 33)).astype(real)
    net = {"hidden_activation": hidden, "output_activation": output}
    # Some of each class: half of Z is above 0, and none is near.
    Z = ffnn.predict_proba(X, plain, hidden_activation=hidden, output_activation="linear")
    plain["b3"] -= np.quantile(Z, 0.52, axis=1, keepdims=True).astype(real)
    if output == "softmax":
        y = rng.integers(0, n_y, 33)
        one_hot = np.eye(n_y)[:, y]
        spellings = [y, y[None], y[:, None], y.tolist(), y.astype(real), one_hot, one_hot > 0]
        spellings.append(0.8 * one_hot + 0.05)
    else:
        y = labels(rng, (n_y, 33))
        spellings = [y, y.tolist(), y > 0] + ([y.ravel(), y.T] if n_y == 1 else [])
    known = ffnn.NetParameters(plain, **net)
    for given in spellings:
        twin = reference.predict(X, given, plain, **net)
        expected = capsys.readouterr().out
        for of, told in ((plain, net), (known, {}), (known, net)):
            p = ffnn.predict(X, given, of, **told)
            assert_same_bits(p, twin)
            assert capsys.readouterr().out == expected
    assert p.dtype == np.float64 and p.shape == (n_y, 33) and len(np.unique(p, axis=1).T) > 1
    share = np.mean(ffnn.predict_classes(X, known) == y)
    assert 0 < share < 1 and expected == f"Accuracy: {share}\n"


def test_predict_prints_the_accuracy_of_the_history(capsys):
    """A count divided by m, where the assignment's net gets its sum of m-ths."""
    plain = {"W1": np.ones((1, 1)), "b1": np.ones((1, 1)), "W2": np.ones((1, 1))}
    plain["b2"] = np.zeros((1, 1))
    known = ffnn.NetParameters(plain, hidden_activation="tanh")
    differ = 0
    for m, right in itertools.product((7, 50, 209, 400), (1, 3, 72, 150)):
        X, y = np.ones((1, m)), (np.arange(m)[None] < right).astype(int)
        ffnn.predict(X, y, known)
        printed = capsys.readouterr().out
        _, history = plain_train(
            X, y, parameters=known, num_epochs=1, learning_rate=0.0, metrics="accuracy"
        )
        assert printed == f"Accuracy: {history['accuracy'][-1]}\n"
        ffnn.predict(X, y, plain)
        differ += printed != capsys.readouterr().out
    assert differ > 0


def test_predict_of_equal_outputs_and_of_nobody(capsys):
    zeros = {"W1": np.zeros((3, 2)), "b1": np.zeros((3, 1))}
    p = ffnn.predict(np.ones((2, 4)), [0, 1, 2, 0], zeros, output_activation="softmax")
    assert_same_bits(p, np.array([[1.0], [0], [0]]) * np.ones(4))
    p = ffnn.predict(np.ones((2, 0)), [], zeros, output_activation="softmax")
    assert p.shape == (3, 0) and capsys.readouterr().out == "Accuracy: 0.5\nAccuracy: 0.0\n"


@pytest.mark.parametrize("output", ["linear", "tanh", "relu", "softplus"])
def test_predict_of_an_output_without_classes(rng, output):
    parameters = network(rng, [4, 3, 1], np.float64)
    says = f"^predict: output_activation '{output}' has no classes.*ffnn.predict_proba"
    for of, given in (
        (parameters, {"output_activation": output}),
        (ffnn.NetParameters(parameters, output_activation=output), {}),
    ):
        with pytest.raises(ValueError, match=says):
            ffnn.predict(np.ones((4, 2)), [0, 1], of, **given)


@pytest.mark.parametrize(
    ("y", "error", "says"),
    [
        (["cat", "dog", "cat"], TypeError, r"y is of type list.*<U3.*np.unique\(y, return_inv"),
        (np.array(["cat", "dog", "cat"]), TypeError, r"y has dtype <U3.*np.unique\(y, return_inv"),
        (np.array([b"a", b"b", b"a"]), TypeError, r"y has dtype \|S1.*np.unique\(y, return_inv"),
        (np.array([0, 1, 0], object), TypeError, r"y has dtype object.*\.astype\(float\)"),
        (np.array([0, 1, 0], complex), TypeError, r"y has dtype complex128.*\.real"),
    ],
)
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_labels_that_are_no_numbers(rng, capsys, y, error, says, output):
    parameters = network(rng, [4, 2 if output == "softmax" else 1], np.float64)
    with pytest.raises(error, match=f"^predict: {says}"):
        ffnn.predict(np.ones((4, 3)), y, parameters, output_activation=output)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("y", "says"),
    [
        ([0, 1, 3], r"y holds 3 at example 2, which is none of the classes 0 to 2"),
        ([0, -1, 1], r"y holds -1 at example 1"),
        ([0, 0.5, 1], r"y holds 0.5 at example 1"),
        ([0, np.nan, 1], r"y holds nan at example 1"),
        ([0, 1], r"y has shape \(2,\), expected \(3, 3\), one-hot, or a class for each example"),
    ],
)
def test_classes_that_are_none(rng, y, says):
    parameters = network(rng, [4, 3], np.float64)
    with pytest.raises(ValueError, match=f"^predict: {says}"):
        ffnn.predict(np.ones((4, 3)), y, parameters, output_activation="softmax")
    with pytest.raises(ValueError, match=r"\(2, 3\), expected \(3, 2\).*pass y.T"):
        ffnn.predict(np.ones((4, 2)), np.eye(3)[:2], parameters, output_activation="softmax")


# ---- NaN and infinity ----------------------------------------------------------------------------


def lost_nets(rng, real):
    """(parameters, labels) of nets with an answer for every finite example."""
    b = np.array([[9.0]], real)
    yield {"W1": np.ones((1, 4), real), "b1": b}, np.ones((1, 7))
    yield network(rng, [4, 5, 2], real), np.ones((2, 7))
    p = ffnn.NetParameters(network(rng, [4, 5, 3], real), output_activation="softmax")
    yield p, np.zeros(7, int)


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_example_that_is_not_finite(rng, real, capsys, value, order):
    for parameters, y in lost_nets(rng, real):
        X = rng.standard_normal((4, 7)).astype(real, order=order)
        whole = ffnn.predict(X, y, parameters)
        X[2, 5] = X[3, 5] = X[0, 6] = value
        says = rf"predict: X holds {value} at row 2, column 5; 2 of 7 examples are predicted as 0"
        capsys.readouterr()
        with pytest.warns(RuntimeWarning, match=says) as caught:
            p = ffnn.predict(X, y, parameters)
        ours = capsys.readouterr().out
        assert len(caught) == 1 and caught[0].filename == __file__
        assert_same_bits(p[:, :5], whole[:, :5])
        assert not p[:, 5:].any()
        with np.errstate(all="ignore"):
            assert_same_bits(p, reference.predict(X, y, parameters))
        assert capsys.readouterr().out == ours
        for threshold in 0.5, -1.0:
            with pytest.raises(ValueError, match=f"predict_classes: X holds {value} at row 2, col"):
                ffnn.predict_classes(X, parameters, threshold=threshold)
        with np.errstate(all="ignore"):
            AL, twin = (of.predict_proba(X, parameters) for of in (ffnn, reference))
        np.testing.assert_allclose(AL, twin, rtol=1e-4)
        if np.isnan(value):
            assert np.isnan(AL[:, 5:]).all() and np.isfinite(AL[:, :5]).all()
            forward, _ = ffnn.L_model_forward(X, parameters)
            assert_same_bits(forward, AL)


@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_values_of_an_example_that_is_not_finite_are_refused_too(rng, output):
    parameters = network(rng, [4, 2], np.float64)
    for of in (np.array, np.ndarray.tolist):
        X = np.ones((4, 3))
        X[3, 1] = np.nan
        with pytest.raises(ValueError, match="X holds nan at row 3, column 1: leave .*nan_to_num"):
            ffnn.predict_classes(of(X), parameters, output_activation=output)


def test_parameters_that_are_not_finite(rng):
    """There is nothing to decide, and it is not the fault of X."""
    parameters = network(rng, [4, 5, 2], np.float64)
    parameters["b2"][1] = np.nan
    for output, y in (("sigmoid", np.zeros((2, 3))), ("softmax", [0, 0, 0])):
        of = ffnn.NetParameters(parameters, output_activation=output)
        X = np.ones((4, 3))
        with pytest.warns(RuntimeWarning, match=r"example 0 is NaN, by parameters .*; 3 of 3 exam"):
            assert not ffnn.predict(X, y, of).any()
        with pytest.raises(ValueError, match="the output of example 0 is NaN, by parameters"):
            ffnn.predict_classes(X, of)
    values = ffnn.predict_classes(np.ones((4, 3)), parameters, output_activation="linear")
    assert np.isnan(values[1]).all() and np.isfinite(values[0]).all()


def test_finite_examples_whose_sum_overflows(capsys):
    parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
    X = np.full((2, 3), 1e308)
    assert ffnn.predict(X, [1, 1, 1], parameters).all()
    assert ffnn.predict_classes(X, parameters).all()
    assert capsys.readouterr().out == "Accuracy: 1.0\n"


def test_the_first_of_many_slabs(monkeypatch):
    monkeypatch.setattr("ffnn._checks._MOST_ENTRIES", 8)
    parameters = {"W1": np.ones((1, 4)), "b1": np.zeros((1, 1))}
    X = np.ones((4, 11))
    X[1, 7] = X[0, 9] = np.nan
    with pytest.raises(ValueError, match="X holds nan at row 1, column 7"):
        ffnn.predict_classes(X, parameters)
