"""A net from the ONNX graph of a dense one: Gemm, or MatMul and Add, and the activations there are.

What stands between two layers is written down as a text, one for each way to spell it, and looked
up. Nothing but the file itself is read, and memory is taken by its length.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import suggest_keywords
from ffnn._export import briefly, check_path, knowing
from ffnn._onnx_write import import_onnx

__all__ = ["from_onnx"]

_MOST_TEXT = 400  # letters between two layers: a few nodes that use each other twice would double
_TYPES: dict[int, np.dtype[Any]] = {1: np.dtype("<f4"), 11: np.dtype("<f8")}  # of TensorProto
_COMMUTE = ("Add", "Max", "Min")
_DEFAULTS = {"alpha": {"LeakyRelu": "0.01", "Elu": "1"}, "approximate": {"Gelu": "none"}}
_EXP_OF_MINUS_ABS = "Exp(Neg(Abs(z)))"
_ACTIVATIONS = {
    "z": "linear",
    "Relu(z)": "relu",
    "Sigmoid(z)": "sigmoid",
    "Tanh(z)": "tanh",
    "Softmax(z)": "softmax",
    "LeakyRelu(z)": "leaky_relu",
    "Max(0.01 * z, z)": "leaky_relu",
    "Elu(z)": "elu",
    "Where(Less(z, 0), Sub(Exp(Min(0, z)), 1), z)": "elu",
    "Gelu(z)": "gelu",
    "0.5 * Add(1, Erf(0.707107 * z)) * z": "gelu",
    "0.5 * Erfc(-0.707107 * z) * z": "gelu",
    "Sigmoid(z) * z": "silu",
    "Swish(z)": "silu",
    "Softplus(z)": "softplus",
    "Where(Greater(z, 20), z, Softplus(z))": "softplus",  # PyTorch's, 2e-9 off there
    f"Add(Log(Add(1, {_EXP_OF_MINUS_ABS})), Relu(z))": "softplus",
    "Exp(z)": "exp",
}


class _Term(NamedTuple):
    """scale times factors, of the sums z of that layer; layer 0 is X."""

    layer: int
    scale: float
    factors: tuple[str, ...]

    def __str__(self) -> str:
        scale = () if self.scale == 1 else (f"{self.scale:.6g}",)
        return " * ".join((*scale, *self.factors))


class _Layer(NamedTuple):
    W: NDArray[Any]
    b: NDArray[Any] | None


@suggest_keywords
def from_onnx(model: Any) -> dict[str, Any]:
    """Return the parameters of a dense net in an ONNX file, or in a model that onnx has loaded.

    ==========  =========================  ==================================================
    model       str, Path or ModelProto    a graph with one input (m, n_x) of float32 or
                                           float64, a row for each example, and one output
    parameters  dict                       W1, b1, ..., WL, bL; of any net but relu and then
                                           sigmoid an ffnn.NetParameters, which knows its
                                           activations
    ==========  =========================  ==================================================

    Layers are Gemm, or MatMul and Add; activations those of ffnn.activations() as single nodes, or
    as to_onnx, PyTorch and Keras spell them: gelu by Erf, silu by Sigmoid and Mul. A Cast to the
    type that is there already does nothing.

    pip install 'ffnn[onnx]'. ValueError, which names the node, for any other graph: a convolution,
    a branch, another slope of a LeakyRelu; for a file that is damaged, weights that are not in the
    file, and an array whose shape does not fit its numbers. OSError as the system gives it.

    >>> import ffnn
    >>> import numpy as np
    >>> net = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
    >>> try:
    ...     parameters = ffnn.from_onnx(ffnn.to_onnx(net))
    ... except ImportError:  # onnx is an extra
    ...     parameters = net
    >>> parameters["W1"]
    array([[1., 1.]])
    """
    onnx = import_onnx("from_onnx")
    name = "from_onnx"
    if not isinstance(model, onnx.ModelProto):
        if not isinstance(model, (str, bytes, os.PathLike)):
            raise TypeError(
                f"from_onnx: model must be a path or an onnx.ModelProto, not {type(model).__name__}"
            )
        path = check_path("from_onnx", model)
        name = f"from_onnx: {path}"
        content = path.read_bytes()
        model = onnx.ModelProto()
        try:
            model.ParseFromString(content)
        except Exception as error:  # whatever a parser says of damaged bytes
            raise ValueError(f"{name}: damaged, or no ONNX file ({error})") from error
    try:
        return _Reader(onnx, model.graph).parameters()
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


class _Reader:
    """The values of a graph, name by name: constants, and terms of the last layer's sums."""

    def __init__(self, onnx: Any, graph: Any) -> None:
        self.onnx, self.graph = onnx, graph
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        self.readers = Counter(name for node in graph.node for name in node.input)
        self.readers.update(one.name for one in graph.output)
        self.layers: list[_Layer] = []
        self.activations: list[str] = []
        self.terms: dict[str, _Term] = {}
        inputs = [one for one in graph.input if one.name not in self.tensors]
        if len(inputs) != 1 or len(graph.output) != 1 or len(graph.sparse_initializer):
            raise ValueError(
                f"the graph has {len(inputs)} inputs and {len(graph.output)} outputs; a plain "
                "dense net has one of each"
            )
        self.terms[inputs[0].name] = _Term(0, 1, ("z",))
        self.roots: dict[str, str] = {}  # of names for what has one already
        self.real = inputs[0].type.tensor_type.elem_type
        dims = inputs[0].type.tensor_type.shape.dim
        known = len(dims) == 2 and dims[1].HasField("dim_value")
        self.n_x = int(dims[1].dim_value) if known else None

    def parameters(self) -> dict[str, Any]:
        for node in self.graph.node:
            self.take(node)
        last = self.terms.get(self.graph.output[0].name)
        if last is None or not self.layers:
            raise ValueError("no dense layer leads from its input to its output")
        self.close(last, "the output")
        parameters: dict[str, Any] = {}
        if sum(W.nbytes for W, _ in self.layers) > 8 * self.graph.ByteSize():
            raise ValueError("its layers share weights and would take many times its length")
        for number, (W, b) in enumerate(self.layers, 1):
            bias = np.zeros(len(W), W.dtype) if b is None else b
            if bias.dtype != W.dtype or W.dtype != self.layers[0].W.dtype:
                raise ValueError("its weights are of several types")
            if not (np.isfinite(W).all() and np.isfinite(bias).all()):
                raise ValueError(f"the weights of layer {number} are not all finite")
            native = W.dtype.newbyteorder("=")
            parameters[f"W{number}"] = np.array(W, dtype=native, order="C")
            parameters[f"b{number}"] = np.array(bias.reshape(-1, 1), dtype=native, order="C")
        if "softmax" in self.activations[:-1]:
            raise ValueError("softmax stands in a hidden layer; ffnn has it for an output alone")
        return knowing(parameters, *briefly(self.activations))

    def take(self, node: Any) -> None:
        """One node; its inputs stand before it."""
        what = f"node {node.name or node.op_type!r} ({node.op_type})"
        if node.domain not in ("", "ai.onnx") or len(node.output) != 1:
            raise ValueError(f"{what} is none of a plain dense net's")
        result, attributes = node.output[0], self.attributes(node)
        if node.op_type == "Constant":
            if not isinstance(attributes.get("value"), self.onnx.TensorProto):
                raise ValueError(f"{what} is none of a plain dense net's")
            self.tensors[result] = attributes["value"]
        elif self.changes_nothing(node, attributes):
            self.rename(node.input[0], result)
        elif node.op_type in ("Gemm", "MatMul"):
            self.terms[result] = self.dense(node, attributes, what)
        else:
            self.terms[result] = self.elementwise(node, attributes, what)

    def changes_nothing(self, node: Any, attributes: dict[str, Any]) -> bool:
        """An Identity, or a Cast to the type that its input has: Keras writes many of them."""
        if not node.input or not (node.input[0] in self.tensors or node.input[0] in self.terms):
            return False
        tensor = self.tensors.get(node.input[0])
        real = self.real if tensor is None else tensor.data_type
        casts_to = attributes.get("to") if node.op_type == "Cast" else None
        return node.op_type == "Identity" or bool(casts_to == real)

    def rename(self, name: str, other: str) -> None:
        if name in self.tensors:
            self.tensors[other] = self.tensors[name]
            return
        self.terms[other] = self.terms[name]
        root = self.roots.get(name, name)
        self.roots[other] = root
        self.readers[root] += self.readers[other] - 1

    def attributes(self, node: Any) -> dict[str, Any]:
        return {one.name: self.onnx.helper.get_attribute_value(one) for one in node.attribute}

    def array(self, name: str, what: str) -> NDArray[Any]:
        """A constant, whose shape and numbers agree."""
        tensor = self.tensors.get(name)
        if tensor is None:
            raise ValueError(f"{what} reads {name!r}, which is no constant")
        if tensor.data_location == tensor.EXTERNAL:
            raise ValueError(f"{name!r} stands in another file, which is not read")
        dtype = _TYPES.get(tensor.data_type)
        if dtype is None:
            raise ValueError(f"{name!r} is neither of float32 nor of float64")
        shape: tuple[int, ...] = tuple(tensor.dims)
        numbers = tensor.float_data if dtype.itemsize == 4 else tensor.double_data
        held = len(tensor.raw_data) / dtype.itemsize if tensor.raw_data else len(numbers)
        if min(shape, default=1) < 0 or math.prod(shape) != held:
            raise ValueError(f"{name!r} claims the shape {shape} and holds {held:g} numbers")
        if tensor.raw_data:
            return np.frombuffer(tensor.raw_data, dtype).reshape(shape)
        return np.array(numbers, dtype).reshape(shape)

    def close(self, term: _Term, what: str) -> None:
        """The last layer is complete: what stands behind it is its activation."""
        if term.layer != len(self.layers):
            raise ValueError(f"{what} reads layer {term.layer}, past later ones: it has a branch")
        if term.layer == 0:
            if str(term) != "z":
                raise ValueError(f"{what} reads {str(term).replace('z', 'X')}, not X itself")
            return
        if str(term) not in _ACTIVATIONS:
            raise ValueError(f"layer {term.layer} ends in {term}, none of ffnn.activations()")
        self.activations.append(_ACTIVATIONS[str(term)])

    def dense(self, node: Any, attributes: dict[str, Any], what: str) -> _Term:
        if len(node.input) < 2 or node.input[0] not in self.terms:
            raise ValueError(f"{what} multiplies no rows of examples by a constant")
        W = self.array(node.input[1], what)
        b = None
        if W.ndim != 2 or 0 in W.shape:
            raise ValueError(f"{what} has a weight of shape {W.shape}")
        if node.op_type == "Gemm":
            plain = {"alpha": 1, "beta": 1, "transA": 0, "transB": 0, **attributes}
            if (plain["alpha"], plain["beta"], plain["transA"]) != (1, 1, 0):
                raise ValueError(f"{what} scales or transposes its examples")
            if plain["transB"]:
                W = W.T
            if len(node.input) > 2 and node.input[2]:
                b = self.bias(self.array(node.input[2], what), W.shape[1], what)
        self.close(self.terms[node.input[0]], what)
        n_prev = self.layers[-1].W.shape[0] if self.layers else self.n_x
        if n_prev is not None and n_prev != W.shape[0]:
            raise ValueError(f"{what} wants {W.shape[0]} inputs and gets {n_prev}")
        self.layers.append(_Layer(W.T, b))
        return _Term(len(self.layers), 1, ("z",))

    def bias(self, b: NDArray[Any], n: int, what: str) -> NDArray[Any]:
        if b.size == 1 and b.ndim <= 2:
            return np.full(n, b.reshape(-1)[0], b.dtype)
        if b.shape not in ((n,), (1, n)):
            raise ValueError(f"{what} has a bias of shape {b.shape} for {n} units")
        return b.reshape(n)

    def elementwise(self, node: Any, attributes: dict[str, Any], what: str) -> _Term:
        terms = [self.terms[name] for name in node.input if name in self.terms]
        numbers = [self.array(name, what) for name in node.input if name not in self.terms]
        if not terms or len({term.layer for term in terms}) != 1:
            raise ValueError(f"{what} is none of a plain dense net's")
        layer = terms[0].layer
        fresh = layer > 0 and self.layers[layer - 1].b is None and str(terms[0]) == "z"
        if node.op_type == "Add" and len(terms) == 1 and fresh and layer == len(self.layers):
            sums = (self.roots.get(name, name) for name in node.input if name in self.terms)
            if any(self.readers[name] != 1 for name in sums):
                raise ValueError(f"{what} adds a bias that others who read the same sums lack")
            W, _ = self.layers[-1]
            self.layers[-1] = _Layer(W, self.bias(numbers[0], len(W), what))
            return terms[0]
        if any(number.size != 1 for number in numbers):
            raise ValueError(f"{what} is none of a plain dense net's")
        given = [
            str(self.terms[name]) if name in self.terms else f"{self.number(name, what):.6g}"
            for name in node.input
        ]
        if node.op_type in ("Mul", "Div"):
            term = self.product(node, terms, what)
        else:
            if node.op_type in _COMMUTE:
                given.sort()
            changed = self.changed(node.op_type, attributes)
            term = _Term(layer, 1, (f"{node.op_type}{changed}({', '.join(given)})",))
        if len(str(term)) > _MOST_TEXT:
            raise ValueError(f"{what} stands among too many others between two layers")
        return term

    def number(self, name: str, what: str) -> float:
        return float(self.array(name, what).reshape(-1)[0])

    def product(self, node: Any, terms: list[_Term], what: str) -> _Term:
        """Factors in one order, and their constants as one."""
        scale = math.prod(term.scale for term in terms)
        for place, name in enumerate(node.input):
            if name in self.terms:
                if node.op_type == "Div" and place == 1:
                    raise ValueError(f"{what} is none of a plain dense net's")
                continue
            number = self.number(name, what)
            if node.op_type == "Div" and number == 0:
                raise ValueError(f"{what} divides by 0")
            scale = scale / number if node.op_type == "Div" else scale * number
        factors = sorted(factor for term in terms for factor in term.factors)
        return _Term(terms[0].layer, scale, tuple(factors))

    def changed(self, operator: str, attributes: dict[str, Any]) -> str:
        """The attributes that are not ffnn's, in brackets."""
        found = []
        for name, value in attributes.items():
            text = value.decode(errors="replace") if isinstance(value, bytes) else f"{value}"
            if isinstance(value, float):
                text = f"{value:.6g}"
            if operator == "Softmax" and name == "axis" and value in (1, -1):
                continue
            if operator == "Swish" and name == "alpha" and value == 1:
                continue
            if _DEFAULTS.get(name, {}).get(operator) != text:
                found.append(f"{name}={text}")
        return f"[{', '.join(found)}]" if found else ""
