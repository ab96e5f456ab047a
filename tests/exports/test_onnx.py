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

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

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


# ---- other exporters' graphs ---------------------------------------------------------------------


def graph(nodes, constants, n_x=3, name="y", opset=20):
    """A model of such nodes, from "x" (m, n_x) to `name`."""
    X = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["m", n_x])
    y = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    tensors = [numpy_helper.from_array(np.asarray(x, np.float32), key)
               for key, x in constants.items()]  # fmt: skip
    nodes = [helper.make_node(op, inputs.split(), [out], **more) for op, inputs, out, more in nodes]
    made = helper.make_graph(nodes, "other", [X], [y], tensors)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)])


W1, B1, W2 = np.arange(12.0).reshape(3, 4), np.arange(4.0), np.ones((4, 2))


def test_keras_spells_a_layer_by_matmul_and_add():
    model = graph(
        [
            ("MatMul", "x W1", "a", {}),
            ("Add", "a b1", "z", {}),
            ("Relu", "z", "h", {}),
            ("MatMul", "h W2", "o", {}),
            ("Softmax", "o", "p", {}),
            ("Identity", "p", "y", {}),
        ],
        {"W1": W1, "b1": B1, "W2": W2},
    )
    net = ffnn.from_onnx(model)
    assert (net["W1"] == W1.T).all() and (net["b1"][:, 0] == B1).all()
    assert (net["W2"] == W2.T).all() and (net["b2"] == 0).all() and net["b2"].dtype == np.float32
    assert (net.hidden_activation, net.output_activation) == ("relu", "softmax")


def test_pytorch_spells_gelu_and_silu_by_several_nodes():
    gelu = [
        ("Div", "z root", "a", {}),
        ("Erf", "a", "e", {}),
        ("Add", "e one", "s", {}),
        ("Mul", "z s", "t", {}),
        ("Mul", "t half", "h", {}),
    ]
    silu = [("Sigmoid", "o", "g", {}), ("Mul", "o g", "y", {})]
    first = ("Gemm", "x W1 b1", "z", {})
    second = ("Gemm", "h W2", "o", {"transB": 1})
    constants = {"W1": W1, "b1": B1, "W2": W2.T, "root": 2**0.5, "one": 1.0, "half": 0.5}
    net = ffnn.from_onnx(graph([first, *gelu, second, *silu], constants))
    assert (net.hidden_activation, net.output_activation) == ("gelu", "silu")
    assert (net["W2"] == W2.T).all()


def test_a_torch_export_comes_back(tmp_path):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(
        torch.nn.Linear(6, 5), torch.nn.SiLU(), torch.nn.Linear(5, 4), torch.nn.GELU(),
        torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1),
    )  # fmt: skip
    X = torch.randn(7, 6)
    torch.onnx.export(module, (X,), tmp_path / "net.onnx", dynamo=False, opset_version=17)
    net = ffnn.from_onnx(tmp_path / "net.onnx")
    expected = module(X).detach().numpy()
    np.testing.assert_allclose(ffnn.predict_proba(X.numpy().T, net).T, expected, rtol=1e-5)


GEMM = ("Gemm", "x W1 b1", "y", {})
OTHERS = {
    "is none of a plain dense net's": [("Conv", "x W1", "y", {})],
    "is none of a plain dense net's ": [("Gemm", "x W1 b1", "z", {}), ("Mul", "z b1", "y", {})],
    "no dense layer leads": [("Relu", "x", "y", {})],
    "not X itself": [("Relu", "x", "h", {}), ("Gemm", "h W1 b1", "y", {})],
    r"layer 1 ends in LeakyRelu\[alpha=0.2\]\(z\)": [
        ("Gemm", "x W1 b1", "z", {}),
        ("LeakyRelu", "z", "y", {"alpha": 0.2}),
    ],
    r"layer 1 ends in Gelu\[approximate=tanh\]": [
        ("Gemm", "x W1 b1", "z", {}),
        ("Gelu", "z", "y", {"approximate": "tanh"}),
    ],
    "it has a branch": [
        ("Gemm", "x W1 b1", "z", {}),
        ("Gemm", "z W2", "o", {}),
        ("Relu", "z", "y", {}),
    ],
    "wants 3 inputs and gets 4": [("Gemm", "x W1 b1", "z", {}), ("Gemm", "z W1 b1", "y", {})],
    "scales or transposes": [("Gemm", "x W1 b1", "y", {"alpha": 2.0})],
    "has a bias of shape": [("Gemm", "x W1 W2", "y", {})],
    "softmax stands in a hidden layer": [
        ("Gemm", "x W1 b1", "z", {}),
        ("Softmax", "z", "h", {}),
        ("Gemm", "h W2", "y", {}),
    ],
    "by a constant": [("MatMul", "W1 x", "y", {})],
    "too many others": [
        ("Gemm", "x W1 b1", "z0", {}),
        *(("Add", f"z{i} z{i}", f"z{i + 1}", {}) for i in range(60)),
        ("Relu", "z60", "y", {}),
    ],
    "which is no constant": [("Gemm", "x nowhere", "y", {})],
}


@pytest.mark.parametrize("says", OTHERS)
def test_another_graph_is_refused(says):
    model = graph(OTHERS[says], {"W1": W1, "b1": B1, "W2": W2})
    with pytest.raises(ValueError, match=f"^from_onnx: .*{says.strip()}"):
        ffnn.from_onnx(model)


# ---- bad input -----------------------------------------------------------------------------------


def lie(change):
    model = ffnn.to_onnx(plain())
    change(next(one for one in model.graph.initializer if one.name == "W1"))
    return model


LIES = {
    "claims the shape (400, 3) and holds 12": lambda W: W.dims.__setitem__(0, 400),
    "claims the shape (1099511627776, 3) and holds 12": lambda W: W.dims.__setitem__(0, 2**40),
    "claims the shape (-4, 3)": lambda W: W.dims.__setitem__(0, -4),
    "claims the shape (4, 3) and holds 0": lambda W: W.ClearField("raw_data"),
    "'W1' is neither of float32 nor of float64": lambda W: setattr(W, "data_type", 10),
    "'W1' stands in another file": lambda W: setattr(W, "data_location", W.EXTERNAL),
    "not all finite": lambda W: setattr(W, "raw_data", W.raw_data[:-8] + b"\xff" * 8),
    "has a bias of shape (4,) for 6 units": lambda W: (
        W.dims.__setitem__(0, 6),
        W.dims.__setitem__(1, 2),
    ),
}


@pytest.mark.parametrize("says", LIES)
def test_an_array_that_lies_is_refused(says, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(lie(LIES[says]).SerializeToString())
    with pytest.raises(ValueError, match="^from_onnx: .*net.onnx: .*" + re.escape(says)):
        ffnn.from_onnx(path)


def test_external_data_is_never_opened(tmp_path):
    """A file beside the model would change what comes back, were it read."""
    path = tmp_path / "net.onnx"
    onnx.save(ffnn.to_onnx(plain()), path, save_as_external_data=True, location="weights",
              size_threshold=0)  # fmt: skip
    assert (tmp_path / "weights").exists()
    with pytest.raises(ValueError, match="another file, which is not read"):
        ffnn.from_onnx(path)


def test_damage_is_noticed_or_means_nothing(tmp_path):
    """Every truncation, and a flip of every byte: one ValueError that names the file, or a net."""
    content, path = ffnn.to_onnx(plain(dims=(2, 2, 1))).SerializeToString(), tmp_path / "net.onnx"
    places = range(len(content))
    damaged = [content[:i] for i in places]
    damaged += [content[:i] + bytes([content[i] ^ 0x55]) + content[i + 1 :] for i in places]
    said = []
    for altered in damaged:
        path.write_bytes(altered)
        try:
            assert {"W1", "b1"} <= set(ffnn.from_onnx(path))
        except ValueError as error:
            said.append(str(error))
    assert len(said) > len(content)
    assert all(text.startswith(f"from_onnx: {path}: ") for text in said)


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        ffnn.from_onnx(tmp_path / "none.onnx")
    with pytest.raises(TypeError, match="from_onnx: model must be a path or an onnx.ModelProto"):
        ffnn.from_onnx(3)


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
