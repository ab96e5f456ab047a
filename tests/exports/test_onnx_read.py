"""ONNX files of others, damaged ones, and those that lie: what comes back, and what is refused."""

import importlib.util
import re

import numpy as np
import pytest

import ffnn
from calls import output_of
from support import draw

onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

pytestmark = pytest.mark.once


def plain(dims=(3, 4, 1)):
    return draw(np.random.default_rng(5), list(dims), 1, "linear")[2]


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


def constant(name, x):
    return ("Constant", "", name, {"value": numpy_helper.from_array(np.asarray(x, np.float32))})


def test_weights_stand_in_nodes_too():
    """As torch.jit writes them; numbers one by one, and silu as the operator that it has become."""
    model = graph(
        [
            constant("W1", W1),
            constant("b1", B1),
            ("Gemm", "x W1 b1", "z", {}),
            ("Swish", "z", "h", {"alpha": 1.0}),
            ("MatMul", "h W2", "y", {}),
        ],
        {},
    )
    numbers = helper.make_tensor("W2", TensorProto.FLOAT, [4, 2], range(8))
    assert not numbers.raw_data
    model.graph.initializer.append(numbers)
    net = ffnn.from_onnx(model)
    assert (net["W1"] == W1.T).all() and (net["b1"][:, 0] == B1).all()
    assert (net["W2"] == np.arange(8).reshape(4, 2).T).all()
    assert (net.hidden_activation, net.output_activation) == ("silu", "linear")


def test_keras_casts_what_has_the_type_already():
    cast = {"to": TensorProto.FLOAT}
    model = graph(
        [
            ("Cast", "x", "x1", cast),
            ("Cast", "x1", "x2", cast),
            ("Cast", "W1", "W", cast),
            ("MatMul", "x2 W", "a", {}),
            ("Cast", "a", "a1", cast),
            ("Add", "a1 b1", "z", {}),
            ("Cast", "z", "z1", cast),
            ("Tanh", "z1", "y", {}),
        ],
        {"W1": W1, "b1": B1},
    )
    net = ffnn.from_onnx(model)
    assert (net["W1"] == W1.T).all() and (net["b1"][:, 0] == B1).all()
    assert net.output_activation == "tanh"
    model.graph.node[1].attribute[0].i = TensorProto.FLOAT16
    with pytest.raises(ValueError, match=r"^from_onnx: .*Cast\[to=10\]"):
        ffnn.from_onnx(model)
    del model.graph.node[1].attribute[:]
    with pytest.raises(ValueError, match=r"^from_onnx: .*Cast\(X\), not X itself"):
        ffnn.from_onnx(model)


@pytest.mark.parametrize("op, more", [("Identity", {}), ("Cast", {"to": TensorProto.FLOAT})])
def test_a_bias_that_another_reader_of_the_sums_lacks(op, more):
    """By another name of the sums as well, before the bias or behind it."""
    nodes = [
        ("MatMul", "x W1", "a", {}),
        (op, "a", "s", more),
        ("Add", "s b1", "z", {}),
        ("Sigmoid", "a", "g", {}),
        ("Mul", "z g", "y", {}),
    ]
    for order in ([0, 1, 2, 3, 4], [0, 3, 1, 2, 4]):
        with pytest.raises(ValueError, match="adds a bias that others who read the same sums lack"):
            ffnn.from_onnx(graph([nodes[i] for i in order], {"W1": W1, "b1": B1}))


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


def test_pytorch_has_a_softplus_with_a_threshold():
    softplus = [
        ("Softplus", "z", "s", {}),
        ("Greater", "z twenty", "g", {}),
        ("Where", "g z s", "y", {}),
    ]
    constants = {"W1": W1, "b1": B1, "twenty": 20.0}
    net = ffnn.from_onnx(graph([("Gemm", "x W1 b1", "z", {}), *softplus], constants))
    assert net.output_activation == "softplus"
    constants["twenty"] = 2.0
    with pytest.raises(ValueError, match=r"Where\(Greater\(z, 2\), z, Softplus\(z\)\), none of"):
        ffnn.from_onnx(graph([("Gemm", "x W1 b1", "z", {}), *softplus], constants))


@pytest.mark.filterwarnings("ignore")  # the exporters' own, about themselves
@pytest.mark.parametrize("dynamo", [False, True])
def test_exports_of_pytorch_come_back(tmp_path, dynamo):
    """By the exporter of today and by the one before it."""
    torch = pytest.importorskip("torch")
    if dynamo:
        pytest.importorskip("onnxscript")
    nn, X = torch.nn, torch.randn(7, 6)
    for name in "ReLU Sigmoid Tanh ELU LeakyReLU Softplus SiLU GELU Identity".split():
        activation = getattr(nn, name)
        module = nn.Sequential(
            nn.Linear(6, 5), activation(), nn.Linear(5, 4, bias=False), activation(),
            nn.Linear(4, 3), nn.Softmax(dim=1),
        )  # fmt: skip
        torch.onnx.export(module, (X,), tmp_path / "net.onnx", dynamo=dynamo)
        net = ffnn.from_onnx(tmp_path / "net.onnx")
        expected = module(X).detach().numpy()
        np.testing.assert_allclose(ffnn.predict_proba(X.numpy().T, net).T, expected, rtol=1e-5)


@pytest.mark.process
@pytest.mark.filterwarnings("ignore")
def test_exports_of_keras_come_back(tmp_path):
    """In a process of its own: the first import says whose arrays Keras takes."""
    for package in ("torch", "keras", "onnxscript"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"SKIP: {package} is not installed")
    printed = output_of(KERAS, ONNX_FILE=str(tmp_path / "net.onnx"), KERAS_BACKEND="torch")
    assert printed.splitlines()[-1] == "all came back"


KERAS = """
import os
import ffnn, keras, numpy as np
from keras.layers import Dense
path = os.environ["ONNX_FILE"]
X = np.random.default_rng(0).standard_normal((7, 6)).astype("float32")
for activation in "relu sigmoid tanh elu softplus silu gelu linear".split():
    model = keras.Sequential([Dense(5, activation=activation, bias_initializer="normal"),
                              Dense(4, activation=activation, use_bias=False),
                              Dense(3, activation="softmax", bias_initializer="normal")])
    expected = np.array(model.predict(X, verbose=0))
    model.export(path, format="onnx", verbose=False)
    net = ffnn.from_onnx(path)
    assert net["b1"].any() and net["b3"].any()
    np.testing.assert_allclose(ffnn.predict_proba(X.T, net).T, expected, rtol=1e-5)
print("all came back")
"""


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
    "is none of a plain dense net's  ": [("Gemm", "x W1 b1", "y", {"domain": "of.ones.own"})],
    "is none of a plain dense net's   ": [
        ("Constant", "", "W", {"value_float": 2.0}),
        ("Gemm", "x W b1", "y", {}),
    ],
    "is none of a plain dense net's    ": [
        ("Gemm", "x W1 b1", "z", {}),
        ("Div", "one z", "y", {}),
    ],
    "is none of a plain dense net's     ": [
        ("Gemm", "x W1 b1", "z", {}),
        ("Gemm", "z W2", "o", {}),
        ("Add", "z o", "y", {}),
    ],
    r"has a weight of shape \(4,\)": [("MatMul", "x b1", "y", {})],
    "divides by 0": [("Gemm", "x W1 b1", "z", {}), ("Div", "z zero", "y", {})],
}


@pytest.mark.parametrize("says", OTHERS)
def test_another_graph_is_refused(says):
    model = graph(OTHERS[says], {"W1": W1, "b1": B1, "W2": W2, "zero": 0.0, "one": 1.0})
    with pytest.raises(ValueError, match=f"^from_onnx: .*{says.strip()}"):
        ffnn.from_onnx(model)


def test_weights_of_several_types_are_refused():
    model = graph([GEMM], {"W1": W1, "b1": B1})
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(B1, "b1"))
    with pytest.raises(ValueError, match="^from_onnx: .*its weights are of several types"):
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


def test_a_branch_before_the_bias_is_refused():
    """Tanh reads the sums without the bias that the Add puts into the layer."""
    model = graph(
        [
            ("MatMul", "x W1", "z", {}),
            ("Add", "z b1", "zb", {}),
            ("Tanh", "z", "y", {}),
        ],
        {"W1": W1, "b1": B1},
    )
    with pytest.raises(ValueError, match="^from_onnx: .*adds a bias that others"):
        ffnn.from_onnx(model)


def test_many_layers_of_one_weight_take_no_more_than_the_file():
    nodes = [("MatMul", "x W", "h0", {})]
    nodes += [("MatMul", f"h{i} W", f"h{i + 1}", {}) for i in range(200)]
    nodes += [("Identity", "h200", "y", {})]
    with pytest.raises(ValueError, match="^from_onnx: .*its layers share weights"):
        ffnn.from_onnx(graph(nodes, {"W": np.ones((50, 50))}, n_x=50))
