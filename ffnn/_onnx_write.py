"""A net as an ONNX graph: a Gemm for each layer, and its activation in one node or a few.

In the graph a row is an example, as in all of ONNX and scikit-learn; everywhere else in ffnn it is
a column. onnx is imported when it is used.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ffnn._checks import check_integer, check_no_estimator, suggest_keywords
from ffnn._export import Layer, check_path, described, take_layers, write_file

__all__ = ["import_onnx", "to_onnx"]

_OLDEST = 13  # from here on Softmax works along one axis
_OF_GELU = 20
_MOST_BYTES = 2**31 - 2**20  # a protobuf message ends at 2 GB

# (operator, attributes) where one node does it. LeakyRelu's slope and Elu's factor are ffnn's.
_NODES: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "softmax": ("Softmax", {"axis": -1}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.01}),
    "elu": ("Elu", {"alpha": 1.0}),
    "gelu": ("Gelu", {"approximate": "none"}),
    "softplus": ("Softplus", {}),
    "exp": ("Exp", {}),
}
# What onnxruntime has no float64 kernel for, and silu, which is younger than most runtimes: an
# operator and its inputs, each z, the result of an earlier step by its place, or a number.
_STEPS = {
    "silu": ("Sigmoid z", "Mul z 1"),
    "softplus": ("Abs z", "Neg 1", "Exp 2", "Add 3 1.0", "Log 4", "Relu z", "Add 6 5"),
    "leaky_relu": ("Mul z 0.01", "Max z 1"),
    "elu": ("Min z 0.0", "Exp 1", "Sub 2 1.0", "Less z 0.0", "Where 4 3 z"),
}


@suggest_keywords
def to_onnx(
    parameters: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    hidden_activation: Any = None,
    output_activation: str | None = None,
    opset: int | None = None,
) -> Any:
    """Return a net as an ONNX model, and write it to a file where there is a path.

    =================  =================  ================================================
    parameters         dict or estimator  W1, b1, ..., WL, bL; or a fitted
                                          ffnn.MLPClassifier or MLPRegressor
    path               str, Path or None  of the file
    hidden_activation  str or list        as in L_model_forward: None, the default, is what
                                          the parameters know, else "relu"
    output_activation  str                likewise, else "sigmoid"
    opset              int or None        13 or newer; None: the oldest that will do, 13, or
                                          20 with gelu
    model              onnx.ModelProto    as onnx.load gives it
    =================  =================  ================================================

    In the graph ROWS are examples: the input "X" is (m, n_x), the output "AL" (m, n_y), the
    transposes of what predict_proba takes and gives. It computes in float32 where all arrays are,
    else in float64, and X has that type. The outputs of a classifier are those of skl2onnx without
    its ZipMap: "label" (m,) and "probabilities" (m, classes); that of a regressor is "variable".

    pip install 'ffnn[onnx]'. In float64 elu, leaky_relu and softplus are several nodes, since
    onnxruntime has no kernels of that type. ValueError for gelu in float64, for which no nodes are
    as exact; for an opset that is too old or newer than onnx knows; for numbers that are not
    finite, and 2 GB of them. All before anything is written; the file is put there in one step.
    Further errors are those of L_model_forward; OSError as the system gives it.

    >>> import ffnn
    >>> import numpy as np
    >>> parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
    >>> try:
    ...     print([node.op_type for node in ffnn.to_onnx(parameters).graph.node])
    ... except ImportError:  # onnx is an extra
    ...     print(["Gemm", "Sigmoid"])
    ['Gemm', 'Sigmoid']
    """
    onnx = import_onnx("to_onnx")
    place = None if path is None else check_path("to_onnx", path)
    estimator: Any = None
    if hasattr(type(parameters), "parameters_"):  # whose own error says that it is not fitted
        estimator, parameters = parameters, parameters.parameters_
    check_no_estimator("to_onnx", parameters, wanted="")
    layers = take_layers("to_onnx", parameters, hidden_activation, output_activation)
    model = _Graph(onnx, layers, _checked_opset(onnx, layers, opset)).model(estimator)
    if place is not None:
        write_file("to_onnx", place, model.SerializeToString())
    return model


def import_onnx(function: str) -> Any:
    """The package onnx, or the extra that brings it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(f"{function}: onnx is missing: pip install 'ffnn[onnx]'") from error
    return onnx


def _checked_opset(onnx: Any, layers: list[Layer], opset: Any) -> int:
    """The opset, which has all that the net needs in its type."""
    if sum(one.W.nbytes + one.b.nbytes for one in layers) > _MOST_BYTES:
        raise ValueError("to_onnx: the net is larger than the 2 GB that an ONNX file holds")
    gelu = [number for number, one in enumerate(layers, 1) if one.activation == "gelu"]
    if gelu and layers[0].W.dtype == np.float64:
        raise ValueError(
            f"to_onnx: layer {gelu[0]} is gelu in float64, for which onnxruntime has no kernel: "
            "pass float32 parameters, {key: value.astype(np.float32) for key, value in ...}"
        )
    needed = _OF_GELU if gelu else _OLDEST
    if opset is None:
        return needed
    number = check_integer("to_onnx", "opset", opset)
    newest = onnx.defs.onnx_opset_version()
    if number > newest:
        raise ValueError(f"to_onnx: opset {number} is newer than onnx {onnx.__version__}: {newest}")
    if number < needed:
        lack = f"no Gelu, which layer {gelu[0]} needs" if gelu else "no Softmax along one axis"
        raise ValueError(f"to_onnx: opset {number} has {lack}: {needed} or newer does")
    return number


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self, onnx: Any, layers: list[Layer], opset: int) -> None:
        self.onnx, self.layers, self.opset = onnx, layers, opset
        self.real = layers[0].W.dtype
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        made = self.onnx.helper.make_node(operator, inputs, [output], name=output, **attributes)
        self.nodes.append(made)
        return output

    def constant(self, name: str, value: Any) -> str:
        array = np.asarray(value)
        strings = array.dtype.kind in "USO"
        self.constants[name] = (
            self.onnx.helper.make_tensor(
                name, self.onnx.TensorProto.STRING, array.shape, [str(x).encode() for x in array]
            )
            if strings
            else self.onnx.numpy_helper.from_array(array, name)
        )
        return name

    def model(self, estimator: Any) -> Any:
        """The whole model; an estimator's has outputs of its own."""
        helper = self.onnx.helper
        is_regressor = estimator is not None and not hasattr(estimator, "classes_")
        last = self.forward("variable" if is_regressor else "AL" if estimator is None else "p")
        outputs = [self.value(last, "m", len(self.layers[-1].b))]
        if estimator is not None and not is_regressor:
            outputs = self.classes(last, estimator)
        graph = helper.make_graph(
            self.nodes,
            "ffnn",
            [self.value("X", "m", self.layers[0].W.shape[1])],
            outputs,
            list(self.constants.values()),
            doc_string=f"{described(self.layers)}; a row of X is an example",
        )
        from ffnn import __version__

        opsets = [helper.make_opsetid("", self.opset)]
        return helper.make_model(
            graph,
            producer_name="ffnn",
            producer_version=__version__,
            opset_imports=opsets,
            ir_version=helper.find_min_ir_version_for(opsets),
        )

    def value(self, name: str, *shape: int | str, dtype: Any = None) -> Any:
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype or self.real))
        return self.onnx.helper.make_tensor_value_info(name, kind, list(shape))

    def forward(self, output: str) -> str:
        """All layers; the last one's result has that name."""
        name = "X"
        for number, one in enumerate(self.layers, 1):
            result = output if number == len(self.layers) else f"A{number}"
            W, b = self.constant(f"W{number}", one.W), self.constant(f"b{number}", one.b)
            z = result if one.activation == "linear" else f"Z{number}"
            self.node("Gemm", [name, W, b], z, transB=1)
            name = self.activate(one.activation, z, result)
        return name

    def activate(self, activation: str, z: str, result: str) -> str:
        if activation == "linear":
            return z
        if activation not in _STEPS or (self.real == np.float32 and activation != "silu"):
            operator, attributes = _NODES[activation]
            return self.node(operator, [z], result, **attributes)
        steps = _STEPS[activation]
        names = {"z": z}
        for place, step in enumerate(steps, 1):
            operator, *words = step.split()
            given = [names.get(word) or self.number(float(word)) for word in words]
            name = result if place == len(steps) else f"{result}_{place}"
            names[str(place)] = self.node(operator, given, name)
        return result

    def number(self, value: float) -> str:
        return self.constant(f"{value:g}", np.array(value, self.real))

    def classes(self, last: str, estimator: Any) -> list[Any]:
        """label and probabilities, as skl2onnx names them, from a sigmoid or a softmax."""
        labels = np.asarray(estimator.classes_)
        count = len(self.layers[-1].b)
        if self.layers[-1].activation == "sigmoid" and count > 1:  # several labels an example
            self.node("Identity", [last], "probabilities")
            self.node("Greater", [last, self.number(0.5)], "is_label")
            to = self.onnx.TensorProto.INT64
            self.node("Cast", ["is_label"], "label", to=to)
            label = self.value("label", "m", count, dtype=np.int64)
            return [label, self.value("probabilities", "m", count)]
        if len(labels) < 2:
            raise ValueError("to_onnx: the classifier has seen one class alone: nothing to choose")
        if count == 1:
            self.node("Sub", [self.number(1.0), last], "other")
            self.node("Concat", ["other", last], "probabilities", axis=1)
        else:
            self.node("Identity", [last], "probabilities")
        self.node("ArgMax", ["probabilities"], "place", axis=1, keepdims=0)
        if labels.dtype.kind in "biu":
            labels = labels.astype(np.int64)
        self.node("Gather", [self.constant("classes", labels), "place"], "label")
        kind = object if labels.dtype.kind in "USO" else labels.dtype
        label = self.value("label", "m", dtype=kind)
        return [label, self.value("probabilities", "m", len(labels))]
