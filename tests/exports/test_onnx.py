"""ONNX: what onnxruntime computes of an export, what comes back, and what is refused."""

import os
import re
import sys

import numpy as np
import pytest

import ffnn
from support import HIDDEN, draw

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.once


def run(model, X):
    """The outputs of a model for X as ffnn has it, a column for each example."""
    onnx.checker.check_model(model, full_check=True)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"X": np.ascontiguousarray(X.T)})


# ---- values --------------------------------------------------------------------------------------


def random_net(rng, widest):
    """A net of any depth, widths, activations and type, and some examples."""
    depth = int(rng.integers(1, 5))
    dims = [int(n) for n in rng.integers(1, widest + 1, depth + 1)]
    real = rng.choice([np.float32, np.float64])
    unfit = {"gelu"} if real == np.float64 else set()
    outputs = sorted({*ffnn.activations()} - unfit - ({"softmax"} if dims[-1] == 1 else set()))
    hidden = tuple(str(name) for name in rng.choice(sorted({*HIDDEN} - unfit), depth - 1))
    X, _, parameters = draw(rng, dims, 9, "linear")
    parameters = {key: value.astype(real) for key, value in parameters.items()}
    return X.astype(real), ffnn.NetParameters(
        parameters, hidden_activation=hidden, output_activation=str(rng.choice(outputs))
    )


def bound_of(X, net, expected):
    """How far two orders of addition may lie apart, for each example.

    By its largest output, or the largest sum that an output is made of, up to widths of 100; a few
    outputs may all be small differences of large sums, and there as in wide nets it is the sum of
    the depths times the magnitudes.
    """
    real = np.finfo(expected.dtype)
    Z = ffnn.L_model_forward(X, net)[1][-1][1]
    largest = np.maximum(np.abs(expected).max(axis=0), np.abs(Z).max(axis=0))
    shapes = [net[key].shape for key in net if key[0] == "W"]
    if max(map(max, shapes)) <= 100 and len(expected) >= 8:
        return (1e-6 if real.bits == 32 else 1e-14) * largest
    A = np.abs(X)
    for number in range(1, len(shapes) + 1):
        A = np.abs(net[f"W{number}"]) @ A + np.abs(net[f"b{number}"])
    return sum(depth for _, depth in shapes) * real.eps * A.max(axis=0) * np.maximum(1, largest)


def hold(seed, widest):
    X, net = random_net(np.random.default_rng(seed), widest)
    model, expected = ffnn.to_onnx(net), ffnn.predict_proba(X, net)
    (actual,) = run(model, X)
    assert actual.dtype == expected.dtype and actual.T.shape == expected.shape
    off, bound = np.abs(actual.T - expected).max(axis=0), bound_of(X, net, expected)
    assert (off <= bound).all(), (seed, model.graph.doc_string, off.max())
    back = ffnn.from_onnx(model)
    assert list(back) == list(net) and all((back[key] == net[key]).all() for key in net)
    again = ffnn.predict_proba(X, back)  # so that the activations are known, too
    assert again.dtype == expected.dtype and again.tobytes() == expected.tobytes()


@pytest.mark.parametrize("seed", range(50))
def test_random_nets_by_onnxruntime(seed):
    hold(seed, widest=500 if seed % 5 == 0 else 100)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 100))
def test_a_thousand_random_nets_by_onnxruntime(first):
    for seed in range(first, first + 100):
        hold(seed, widest=500 if seed % 5 == 0 else 100)


@pytest.mark.parametrize("activation", ffnn.activations())
def test_each_activation(rng, real, activation):
    """Far out, at zero, and near it, on a net that passes its inputs through."""
    if activation == "gelu" and real is np.float64:
        pytest.skip("refused, which another test sees")
    z = np.concatenate([np.linspace(-30, 30, 61), [1e-6, -1e-6, 0.3, -0.3, 0.0]]).astype(real)
    net = {"W1": np.eye(2, dtype=real), "b1": np.zeros((2, 1), real)}
    net = ffnn.NetParameters(net, output_activation=activation)
    X = np.stack([z, np.ones_like(z)])
    expected = ffnn.predict_proba(X, net)
    (actual,) = run(ffnn.to_onnx(net), X)
    eps = np.finfo(real).eps
    # exp(z) - 1 by two operations, and a sigmoid that ends at -18, are as exact beside 1.
    np.testing.assert_allclose(actual.T, expected, rtol=32 * eps, atol=64 * eps)


def test_a_broken_export_is_seen():
    X, net = random_net(np.random.default_rng(3), 100)
    expected = ffnn.predict_proba(X, net)
    key = f"b{len(net) // 2}"
    off = net.copy()
    off[key] = net[key] + np.abs(net[key]).max() / 100
    (actual,) = run(ffnn.to_onnx(off), X)
    assert (np.abs(actual.T - expected).max(axis=0) > bound_of(X, net, expected)).any()


# ---- what the file says --------------------------------------------------------------------------


def plain(real=np.float64, dims=(3, 4, 1), **known):
    rng = np.random.default_rng(5)
    _, _, parameters = draw(rng, list(dims), 1, "linear")
    parameters = {key: value.astype(real) for key, value in parameters.items()}
    return ffnn.NetParameters(parameters, **known) if known else parameters


def test_a_file_holds_the_model_and_loads_as_what_it_was(tmp_path):
    net, path = plain(), tmp_path / "net.onnx"
    model = ffnn.to_onnx(net, path)
    assert path.read_bytes() == model.SerializeToString()
    assert "a row of X is an example" in onnx.load(path).graph.doc_string
    assert [one.name for one in (*model.graph.input, *model.graph.output)] == ["X", "AL"]
    for source in (path, str(path), os.fsencode(path), model):
        back = ffnn.from_onnx(source)
        assert type(back) is dict and all((back[key] == net[key]).all() for key in net)
    assert os.listdir(tmp_path) == ["net.onnx"]


def test_opsets():
    for opset in range(13, onnx.defs.onnx_opset_version() + 1):
        onnx.checker.check_model(ffnn.to_onnx(plain(), opset=opset), full_check=True)
    assert ffnn.to_onnx(plain()).opset_import[0].version == 13
    gelu = plain(np.float32, hidden_activation="gelu")
    assert ffnn.to_onnx(gelu).opset_import[0].version == 20


def test_mixed_types_are_float64():
    net = plain()
    net["W1"] = net["W1"].astype(np.float32)
    X = np.random.default_rng(1).standard_normal((3, 5))
    np.testing.assert_allclose(run(ffnn.to_onnx(net), X)[0].T, ffnn.predict_proba(X, net), 1e-13)


sklearn_nets = pytest.mark.parametrize("target", ["two", "three", "words", "several"])


@sklearn_nets
def test_classifiers_have_skl2onnx_outputs(target):
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = {
        "two": X[:, 0] > 0,
        "three": (X[:, 0] > 0) * 3 + (X[:, 1] > 0) * 4,
        "words": np.array(["ja", "nein", "\u00e4h"])[rng.integers(0, 3, 60)],
        "several": (X[:, :3] > 0) * 1,
    }[target]
    model = ffnn.MLPClassifier((7,), max_iter=20, tol=0, random_state=0, n_iter_no_change=99)
    with pytest.warns(Warning, match="Maximum iterations"):
        model.fit(X, y)
    exported = ffnn.to_onnx(model)
    label, probabilities = run(exported, X.T)
    assert [one.name for one in exported.graph.output] == ["label", "probabilities"]
    np.testing.assert_allclose(probabilities, model.predict_proba(X), rtol=1e-13)
    assert (label == model.predict(X)).all() and label.shape == model.predict(X).shape
    assert label.dtype == (object if target == "words" else np.int64)
    with pytest.raises(ValueError, match="from_onnx: the graph has 1 inputs and 2 outputs"):
        ffnn.from_onnx(exported)


def test_a_regressor_has_skl2onnx_output():
    pytest.importorskip("sklearn")
    X = np.random.default_rng(0).standard_normal((40, 3))
    model = ffnn.MLPRegressor(
        hidden_layer_sizes=(5,), solver="lbfgs", max_iter=50, random_state=0, tol=1e-2
    )
    model.fit(X, X[:, 0])
    exported = ffnn.to_onnx(model)
    (variable,) = run(exported, X.T)
    assert exported.graph.output[0].name == "variable"
    np.testing.assert_allclose(variable[:, 0], model.predict(X), rtol=1e-10, atol=1e-12)


def test_an_estimator_that_is_not_fitted_says_so_itself():
    sklearn = pytest.importorskip("sklearn")
    with pytest.raises(sklearn.exceptions.NotFittedError, match="This MLPClassifier instance is"):
        ffnn.to_onnx(ffnn.MLPClassifier())
    import sklearn.neural_network

    theirs = sklearn.neural_network.MLPRegressor((2,), max_iter=1, solver="lbfgs")
    with pytest.raises(TypeError, match=r"not scikit-learn's MLPRegressor: pass ffnn.from_sklearn"
                                        r"\(model\)$"):  # fmt: skip
        ffnn.to_onnx(theirs)


# ---- bad input -----------------------------------------------------------------------------------

BAD = [
    (ValueError, r"parameters\['W1'\] holds nan at row 1, column 2",
     lambda net: net["W1"].__setitem__((1, 2), np.nan), {}),
    (ValueError, r"parameters\['b2'\] holds inf at row 0", lambda net: net["b2"].fill(np.inf), {}),
    (ValueError, "output_activation must be one of", None, {"output_activation": "step"}),
    (ValueError, "one unit", None, {"output_activation": "softmax"}),
    (ValueError, "layer 1 is gelu in float64", None, {"hidden_activation": "gelu"}),
    (ValueError, "opset 12 has no Softmax along one axis: 13 or newer", None, {"opset": 12}),
    (ValueError, "opset 999 is newer than onnx", None, {"opset": 999}),
    (TypeError, "opset must be an integer", None, {"opset": "18"}),
    (TypeError, "path must be a str or a Path, not int", None, {"path": 7}),
    (KeyError, "parameters has no 'b2'", lambda net: net.pop("b2"), {}),
    (ValueError, "do not chain", lambda net: net.update(W2=np.zeros((1, 3))), {}),
]  # fmt: skip


@pytest.mark.parametrize("error, says, change, options", BAD)
def test_a_bad_net_is_refused_and_nothing_written(tmp_path, error, says, change, options):
    net = plain()
    if change:
        change(net)
    with pytest.raises(error, match=f"to_onnx: .*{says}"):
        ffnn.to_onnx(net, **{"path": tmp_path / "net.onnx", **options})
    assert os.listdir(tmp_path) == []


def test_gelu_needs_a_newer_opset():
    with pytest.raises(ValueError, match="opset 19 has no Gelu, which layer 1 needs: 20 or newer"):
        ffnn.to_onnx(plain(np.float32, hidden_activation="gelu"), opset=19)


def test_a_path_that_cannot_be_written(tmp_path):
    for path, error in (tmp_path / "no" / "net.onnx", FileNotFoundError), (
        tmp_path, IsADirectoryError
    ):  # fmt: skip
        with pytest.raises(error, match=f"to_onnx: .*{re.escape(str(path))}"):
            ffnn.to_onnx(plain(), path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("call", [lambda: ffnn.to_onnx(plain()), lambda: ffnn.from_onnx("x.onnx")])
def test_without_onnx_the_extra_is_named(monkeypatch, call):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"onnx: onnx is missing: pip install 'ffnn\[onnx\]'"):
        call()


def test_a_file_holds_2_gb_at_most(monkeypatch):
    monkeypatch.setattr("ffnn._onnx_write._MOST_BYTES", 21 * 8 - 1)  # of plain's 21 parameters
    with pytest.raises(ValueError, match="to_onnx: the net is larger than the 2 GB"):
        ffnn.to_onnx(plain())
    monkeypatch.setattr("ffnn._onnx_write._MOST_BYTES", 21 * 8)
    ffnn.to_onnx(plain())


def test_a_classifier_of_one_class_has_nothing_to_choose():
    pytest.importorskip("sklearn")
    model = ffnn.MLPClassifier((2,), solver="lbfgs", max_iter=200, tol=1e-2)
    model.fit(np.eye(3), np.zeros(3, int))
    with pytest.raises(ValueError, match="to_onnx: the classifier has seen one class alone"):
        ffnn.to_onnx(model)
