"""Prediction: probabilities and classes against the twin, ties, no examples, errors."""

import numpy as np
import pytest

import ffnn
import reference
from support import assert_same_bits, network


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
    with pytest.raises(ValueError, match=r"X has shape \(3, 2\) where W1 wants 4 rows"):
        ffnn.predict_classes(X[:3], parameters)
