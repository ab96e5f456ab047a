"""Bad calls, by the row of the list of bad inputs they belong to.

Each changes some arguments of a good call. Tests go through them for their errors, for what they
leave untouched and for what they leak.
"""

import re
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

import ffnn
from calls import EXAMPLES, FUNCTIONS, MODELS, ROWS, at, called, good, paths, replaced


@dataclass(frozen=True)
class Bad:
    """`match` is searched for in the message; `edits` are new values or functions of the old."""

    name: str
    error: type | tuple
    match: str
    edits: dict[str, Any]

    def arguments(self, rng, real=np.float64, order="C"):
        given = good(self.name, rng, real, order)
        for name, edit in self.edits.items():
            given[name] = edit(given[name]) if callable(edit) else edit
        return given

    def __str__(self):
        text = re.sub(r"\W+", "_", self.match).strip("_")
        return f"{self.name}-{'-'.join(self.edits)}-{text}"


def bad(name, error, message, **edits):
    """A message that is spelt out, after the function's name; `...` stands for anything."""
    match = re.escape(f"{name}: {message}").replace(r"\.\.\.", ".*")
    return Bad(name, error, match, edits)


def zeros(*shape):
    return np.zeros(shape)


def without(key):
    return lambda old: {name: value for name, value in old.items() if name != key}


def having(**new):
    return lambda old: {**old, **new}


def transposed(x):
    return x.T


# ---- rows 1, 2, 5: shapes ------------------------------------------------------------------------

FEW = zeros(1, EXAMPLES - 1)
SHAPES = [
    bad("linear_forward", ValueError, "W (4, 6) and A (5, 7) do not chain: 6 != 5", W=zeros(4, 6)),
    bad("linear_forward", ValueError, "W (4, 5) and A (7, 5) do not chain: 5 != 7; examples are "
        "columns, pass A.T", A=transposed),
    bad("linear_forward", ValueError, "b has shape (4,), expected (4, 1)", b=zeros(4)),
    bad("linear_forward", ValueError, "b has shape (1, 4), expected (4, 1)", b=zeros(1, 4)),
    bad("linear_forward", ValueError, "b has shape (5, 1), expected (4, 1) for W (4, 5)",
        b=zeros(5, 1)),
    bad("linear_forward", ValueError, "b has shape (), expected (4, 1)", b=np.zeros(())),
    bad("linear_forward", ValueError, "b has shape (4,), expected (4, 1): pass it .reshape(-1, 1)",
        b=zeros(4)),
    bad("linear_forward", ValueError, "b has shape (5,), expected (4, 1) for W (4, 5)", b=zeros(5)),
    bad("linear_forward", ValueError, "A has ndim 1 and shape (5,), expected ndim 2; one column is "
        ".reshape(-1, 1), one row .reshape(1, -1)", A=zeros(5)),
    bad("linear_forward", ValueError, "A has ndim 3 and shape (7, 2, 2), expected ndim 2; flatten "
        "each example to a column", A=zeros(7, 2, 2)),
    bad("update_parameters", KeyError, "grads has no 'dW3' but a 'W': is it the parameters' dict?",
        grads={"W3": zeros(1, 1)}),
    bad("linear_activation_forward", ValueError, "W (4, 5) and A_prev (3, 7) do not chain: 5 != 3",
        A_prev=zeros(3, 7)),
    bad("linear_activation_forward", ValueError, "b has shape (4, 2), expected (4, 1)",
        b=zeros(4, 2)),
    bad("L_model_forward", ValueError, "X has shape (7, 6) where W1 wants 6 rows: examples are "
        "columns, pass X.T", X=transposed),
    bad("L_model_forward", ValueError, "X has shape (5, 7) where W1 wants 6 rows; W1 has "
        "shape (5, 6)", X=zeros(5, 7)),
    bad("L_model_forward", ValueError, "parameters['b2'] has shape (4,), expected (4, 1)",
        parameters=having(b2=zeros(4))),
    bad("L_model_forward", ValueError, "parameters['W2'] (4, 6)...parameters['W1'] (5, 6) do not "
        "chain: 6 != 5", parameters=having(W2=zeros(4, 6))),
    bad("compute_cost", ValueError, "Y has shape (1, 6) where AL has shape (1, 7)", Y=FEW),
    bad("compute_cost", ValueError, "Y has shape (6,) where AL has shape (1, 7)", Y=FEW[0]),
    bad("compute_cost", ValueError, "Y has shape (7, 2) where AL has shape (2, 7): examples are "
        "columns, pass Y.T", AL=zeros(2, 7) + 0.5, Y=zeros(7, 2)),
    bad("sigmoid_backward", ValueError, "dA has shape (4, 6)...(4, 7)", dA=zeros(4, 6)),
    bad("relu_backward", ValueError, "dA has shape (7, 4)...(4, 7)", dA=transposed),
    bad("relu_backward", ValueError, "dA has shape (28,)...(4, 7)", dA=np.ravel),
    bad("linear_backward", ValueError, "W of cache (4, 5) and dZ (3, 7) do not chain: 4 != 3",
        dZ=zeros(3, 7)),
    bad("linear_backward", ValueError, "dZ (4, 6) and A_prev of cache (5, 7) differ in examples: "
        "6 != 7 columns", dZ=zeros(4, 6)),
    bad("linear_backward", ValueError, "dZ (5, 8) and A_prev of cache (4, 7) differ in examples: "
        "8 != 7 columns", dZ=zeros(5, 8),
        cache=(zeros(4, 7), zeros(5, 4), zeros(5, 1))),
    bad("linear_backward", ValueError, "W of cache (4, 5) and A_prev of cache (3, 7) do not chain: "
        "5 != 3", cache=lambda old: (zeros(3, 7), *old[1:])),
    bad("linear_activation_backward", ValueError, "W of cache (4, 5) and dA (5, 7)",
        dA=zeros(5, 7)),
    bad("linear_activation_backward", ValueError, "dA has shape (4, 7) where Z of cache has "
        "shape (4, 6)",
        cache=lambda old: (old[0], zeros(4, 6))),
    bad("L_model_backward", ValueError, "Y has shape (1, 6) where AL has shape (1, 7)", Y=FEW),
    bad("L_model_backward", ValueError, "AL has shape (1, 6) where Z of caches[2] has shape "
        "(1, 7)", AL=FEW + 0.5, Y=FEW),
    bad("update_parameters", ValueError, "grads['dW2'] has shape (5, 4), expected (4, 5)",
        grads=having(dW2=zeros(5, 4))),
    bad("update_parameters", ValueError, "grads['db3'] has shape (1,), expected (1, 1)",
        grads=having(db3=zeros(1))),
    bad("predict", ValueError, "X has shape (7, 6) where W1 wants 6 rows: examples are columns, "
        "pass X.T", X=transposed),
    bad("predict", ValueError, "y has shape (1, 6)...X (6, 7)...(1, 7)", y=FEW),
    bad("Trainer", ValueError, "parameters['b1'] has shape (5,), expected (5, 1)",
        parameters=having(b1=zeros(5))),
]  # fmt: skip
for model in MODELS:
    SHAPES += [
        bad(model, ValueError, "X has shape (7, 6) where layers_dims[0] wants 6 rows: examples are "
            "columns, pass X.T", X=transposed),
        bad(model, ValueError, "Y has shape (1, 6) where the output layer has shape (1, 7); X has "
            "shape (6, 7)", Y=FEW),
    ]  # fmt: skip


def _ranks():
    """Each array of each call as 0-d, 1-d and 3-d."""
    for name in FUNCTIONS[4:]:
        arguments = good(name, np.random.default_rng(0))
        for path in paths(arguments):
            x = at(arguments, path)
            label = re.escape(called(path))
            for ndim, other in (0, x[0, 0]), (1, x[0]), (3, x[None]):
                if path[-1] in ("Y", "y") and ndim == 1:
                    continue  # legal where n_y is 1
                # Where one exact shape is due, the message shows both.
                exact = str(path[-1])[0] == "b" or path[-1] == "y"
                says = rf"{label}.* has (shape|ndim)" if exact else rf"{label}.* has ndim {ndim}"
                if name == "update_parameters":  # which asks for equal shapes, of any ndim
                    says = rf"has shape.*{label}" if path[0] == "parameters" else f"{label}.*shape"
                edit = {path[0]: lambda old, p=path[1:], v=other: replaced(old, p, np.array(v))}
                yield Bad(name, ValueError, f"{name}: .*{says}", edit)


RANKS = list(_ranks())

NO_EXAMPLES = [
    bad("compute_cost", ValueError, "no examples", AL=zeros(1, 0), Y=zeros(1, 0)),
    bad("linear_backward", ValueError, "no examples", dZ=zeros(4, 0),
        cache=lambda old: (zeros(5, 0), *old[1:])),
    bad("linear_activation_backward", ValueError, "no examples", dA=zeros(4, 0),
        cache=lambda old: ((zeros(5, 0), *old[0][1:]), zeros(4, 0))),
    bad("L_model_backward", ValueError, "no examples", AL=zeros(1, 0), Y=zeros(1, 0),
        caches=lambda old: [((A[:, :0], W, b), Z[:, :0]) for (A, W, b), Z in old]),
    bad("Trainer", ValueError, "no examples", X=zeros(ROWS, 0), Y=zeros(1, 0)),
    *(bad(model, ValueError, "no examples", X=zeros(ROWS, 0), Y=zeros(1, 0)) for model in MODELS),
]  # fmt: skip

DIMS = [("initialize_parameters_deep", "layer_dims"), *((name, "layers_dims") for name in MODELS)]
for function, argument in DIMS:
    for dims in [], [5], (6,), np.array([6]):
        message = f"{argument} must list at least...has length {len(dims)}"
        NO_EXAMPLES.append(bad(function, ValueError, message, **{argument: dims}))

# ---- rows 8, 9: dicts and caches -----------------------------------------------------------------

DICTS = []
EXPORTS = ["predictor", "to_c", "to_state_dict", *(["to_onnx"] if find_spec("onnx") else [])]
for function in ("L_model_forward", "predict", "update_parameters", "Trainer", *EXPORTS):
    DICTS += [
        *(bad(function, KeyError, f"parameters has no '{key}'", parameters=without(key))
          for key in ("W1", "b1", "W2", "b2", "W3", "b3")),
        bad(function, KeyError, "parameters has no 'W1'", parameters={}),
        bad(function, KeyError, "parameters has no 'W1'", parameters={"w": 1, 3: 4, None: 5}),
        bad(function, KeyError, "parameters has no 'W4'",
            parameters=having(W5=zeros(1, 1), b5=zeros(1, 1))),
        bad(function, KeyError, "parameters has no 'W2'...'w_2'",
            parameters=lambda old: {"w_2" if key == "W2" else key: x for key, x in old.items()}),
        *(bad(function, TypeError, f"parameters['{key}']...{type(value).__name__}",
              parameters=having(**{key: value}))
          for key, value in (("W2", None), ("b1", "0.5"), ("b3", {}), ("W1", b"x"))),
        *(bad(function, TypeError, f"parameters must be a dict, not ...{type(value).__name__}",
              parameters=value) for value in (None, [], "W1", zeros(2, 2))),
    ]  # fmt: skip
DICTS += [
    *(bad("update_parameters", KeyError, f"grads has no '{key}'", grads=without(key))
      for key in ("dW1", "db1", "dW2", "db2", "dW3", "db3")),
    bad("update_parameters", KeyError, "grads has no 'dW3'", grads={}),
    *(bad("update_parameters", TypeError, f"grads['{key}']", grads=having(**{key: value}))
      for key, value in (("dW2", None), ("db1", "0.5"), ("dW3", object()))),
    bad("update_parameters", TypeError, "grads must be a dict, not list", grads=[]),
]  # fmt: skip


for function in EXPORTS:
    DICTS += [
        bad(
            function, ValueError, "parameters['b2'] has shape (4,)", parameters=having(b2=zeros(4))
        ),
        bad(function, ValueError, "...do not chain: 6 != 5", parameters=having(W2=zeros(4, 6))),
    ]
for function in EXPORTS[1:]:
    DICTS += [
        bad(function, ValueError, "parameters['W1'] holds nan at row 0, column 0",
            parameters=having(W1=np.full((5, ROWS), np.nan))),
        bad(function, ValueError, "layer 1 has no units",
            parameters=having(W1=zeros(0, ROWS), b1=zeros(0, 1), W2=zeros(4, 0))),
    ]  # fmt: skip


def _other_net(old):
    return [((zeros(3, EXAMPLES), zeros(3, 3), zeros(3, 1)), zeros(3, EXAMPLES)) for _ in old]


def _inside(i, cache):
    return lambda old: [cache if j == i else item for j, item in enumerate(old)]


CACHES = [
    bad("L_model_backward", ValueError, "caches is empty", caches=[]),
    bad("L_model_backward", ValueError, "caches is empty", caches=()),
    bad("L_model_backward", ValueError, "...caches[1]...(4, 7)", caches=lambda old: old[:-1]),
    bad("L_model_backward", ValueError, "...caches[2]...(5, 7)", caches=lambda old: old[::-1]),
    bad("L_model_backward", ValueError, "...caches[1]",
        caches=lambda old: [old[1], old[0], old[2]]),
    bad("L_model_backward", ValueError, "...caches[2]", caches=_other_net),
    bad("L_model_backward", TypeError, "caches must be a list", caches=None),
    bad("L_model_backward", TypeError, "caches must be a list", caches={0: 1}),
    bad("L_model_backward", TypeError, "caches[0] must be a tuple", caches=[None] * 3),
    bad("L_model_backward", TypeError, "caches[2] must be a tuple", caches=_inside(2, zeros(2, 2))),
    bad("L_model_backward", ValueError, "caches[1] has length 1", caches=_inside(1, (1,))),
    bad("L_model_backward", TypeError, "caches[1][0] must be a tuple",
        caches=lambda old: [old[0], old[1][::-1], old[2]]),
    bad("L_model_backward", ValueError, "caches[0][0] has length 2",
        caches=lambda old: [(old[0][0][:2], old[0][1]), *old[1:]]),
    bad("linear_backward", TypeError, "cache must be a tuple", cache=None),
    bad("linear_backward", TypeError, "cache must be a tuple", cache=zeros(3, 3)),
    bad("linear_backward", ValueError, "cache has length 2", cache=lambda old: old[:2]),
    bad("linear_backward", ValueError, "cache has length 2", cache=lambda old: (old, zeros(4, 7))),
    bad("linear_backward", ValueError, "...of cache", cache=lambda old: old[::-1]),
    bad("linear_activation_backward", TypeError, "cache must be a tuple", cache="cache"),
    bad("linear_activation_backward", ValueError, "cache has length 3", cache=lambda old: old[0]),
    bad("linear_activation_backward", TypeError, "cache[0] must be a tuple",
        cache=lambda old: old[::-1]),
]  # fmt: skip

# ---- row 10: numbers and names -------------------------------------------------------------------

NUMBERS = []
for function in ("update_parameters", "Trainer", *MODELS):
    for rate in (np.nan, np.inf, -np.inf, np.float32(np.inf), np.array(np.nan), 10**400):
        message = "learning_rate must be finite"
        NUMBERS.append(bad(function, ValueError, message, learning_rate=rate))
    for rate in ("0.1", None, [0.1], True, np.True_, np.array(True), 1j, np.complex64(1), {}, b"1",
                 np.array([0.1, 0.2]), np.array([0.1]), np.timedelta64(1, "s")):  # fmt: skip
        kinds = (TypeError, ValueError) if isinstance(rate, np.ndarray) else TypeError
        NUMBERS.append(bad(function, kinds, "learning_rate must be", learning_rate=rate))
for function in MODELS:
    NUMBERS.append(bad(function, ValueError, "num_iterations must be...-1", num_iterations=-1))
    for count in (1.0, "3", None, True, np.float64(3), [3], np.array([3, 4])):
        NUMBERS.append(bad(function, TypeError, "num_iterations must be", num_iterations=count))
for function, argument in DIMS:
    for dims, kind, i in [
        ([6, 0, 1], ValueError, 1),
        ([6, 5, -1], ValueError, 2),
        ((0, 5, 1), ValueError, 0),
        ([6, 5.0, 1], TypeError, 1),
        ([6, "5", 1], TypeError, 1),
        ([6, 5, None], TypeError, 2),
        ([6, True, 1], TypeError, 1),
        ([6, [5], 1], TypeError, 1),
        (np.array([6.0, 5.0, 1.0]), TypeError, 0),
    ]:
        NUMBERS.append(bad(function, kind, f"{argument}[{i}] must be", **{argument: dims}))
    for dims in (None, 5, "651", b"\6\5\1", {6, 5, 1}, {6: 5}, np.int64(3)):
        NUMBERS.append(bad(function, TypeError, f"{argument} must be a list", **{argument: dims}))
for dims in ([6, 1], [6, 5, 4, 1]):
    message = f"layers_dims must be (n_x, n_h, n_y), but has length {len(dims)}"
    NUMBERS.append(bad("two_layer_model", ValueError, message, layers_dims=dims))
for argument in ("n_x", "n_h", "n_y"):
    for size, kind in (0, ValueError), (-3, ValueError), (2.0, TypeError), ("2", TypeError):
        message = f"{argument} must be"
        NUMBERS.append(bad("initialize_parameters", kind, message, **{argument: size}))
for function in ("linear_activation_forward", "linear_activation_backward"):
    ONE_OF = f"activation must be one of {str(ffnn.activations())[1:-1]}, not "
    NUMBERS += [
        bad(function, ValueError, ONE_OF + "'rleu'; did you mean 'relu'?", activation="rleu"),
        bad(function, ValueError, ONE_OF + "'Relu'; did you mean 'relu'?", activation="Relu"),
        bad(function, ValueError, ONE_OF + "'sigmiod'; did you mean 'sigmoid'?",
            activation="sigmiod"),
        Bad(function, ValueError, re.escape(ONE_OF) + "'step'$", {"activation": "step"}),
        Bad(function, ValueError, re.escape(ONE_OF) + "''$", {"activation": ""}),
        Bad(function, ValueError, "activation must be one of", {"activation": "\ud800"}),
        Bad(function, ValueError, "activation must be one of", {"activation": "relu\0"}),
        Bad(function, ValueError, "activation must be one of", {"activation": "r" * 10**5}),
        bad(function, TypeError, "activation must be a str, not NoneType", activation=None),
        bad(function, TypeError, "activation must be a str, not bytes", activation=b"relu"),
        bad(function, TypeError, "activation must be a str", activation=3),
    ]  # fmt: skip

# ---- row 12: kinds of arrays ---------------------------------------------------------------------

REFUSED = ["float16", "longdouble", "complex64", "complex128", "object", "U3", "S3",
           "datetime64[s]", "timedelta64[s]", "V8"]  # fmt: skip


def _kinds():
    """Each array of each call in each type that ffnn refuses, masked, and as a matrix."""
    for name in FUNCTIONS:
        arguments = good(name, np.random.default_rng(0))
        for path in paths(arguments):
            x, label = at(arguments, path), re.escape(called(path))
            if path[-1] == "y":
                continue  # compared with the predictions by NumPy, so any type will do
            others = [(np.zeros(x.shape, dtype), rf"{np.dtype(dtype)}.*float32.*float64")
                      for dtype in REFUSED]  # fmt: skip
            others.append((np.ma.masked_array(x, x > 0), "masked"))
            others.append((np.ma.masked_array(x), "masked"))
            others.append((x.view(np.matrix), "matrix"))
            for other, says in others:
                says = says.replace("|", r"\|").replace("[", r"\[").replace("]", r"\]")
                edit = {path[0]: lambda old, p=path[1:], v=other: replaced(old, p, v)}
                yield Bad(name, TypeError, f"{name}: .*{label}.*{says}", edit)


KINDS = list(_kinds())

ALL = [*SHAPES, *RANKS, *NO_EXAMPLES, *DICTS, *CACHES, *NUMBERS, *KINDS]
