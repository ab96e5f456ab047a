"""A net's parameters as the state dict of PyTorch, and back: names and one reshape, without torch.

torch.nn.Linear(n_prev, n) holds weight (n, n_prev), which is W, and bias (n,), which is b[:, 0].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import suggest_keywords
from ffnn._export import knowing, take_layers
from ffnn._parameters import NetParameters

__all__ = ["from_state_dict", "to_state_dict"]


@suggest_keywords
def to_state_dict(
    parameters: dict[str, Any], names: Iterable[str] | None = None
) -> dict[str, NDArray[Any]]:
    """Return parameters under the names that PyTorch gives them, as arrays.

    ==========  ============  ==============================================================
    parameters  dict          W1, b1, ..., WL, bL
    names       list or None  of the L Linear modules; None: "0", "2", "4", ..., those of a
                              Sequential with an activation after each
    state       dict          "0.weight" (n, n_prev), "0.bias" (n,), "2.weight", ...: new
                              arrays, float32 where all parameters are, else float64
    ==========  ============  ==============================================================

    module.load_state_dict({key: torch.from_numpy(x) for key, x in state.items()}) takes them. Rows
    are examples there. ValueError for other than L different names, and for numbers that are not
    finite; further errors are those of L_model_forward.

    >>> import numpy as np, ffnn
    >>> state = ffnn.to_state_dict({"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])})
    >>> state
    {'0.weight': array([[1., 2.]]), '0.bias': array([3.])}
    """
    layers = take_layers("to_state_dict", parameters, None, None)
    if names is None:
        names = [str(2 * i) for i in range(len(layers))]
    if isinstance(names, str):
        raise TypeError("to_state_dict: names must be a list of str, not str")
    modules = list(names)
    if not all(isinstance(name, str) for name in modules):
        raise TypeError("to_state_dict: names must be a list of str")
    if len(modules) != len(layers) or len(set(modules)) != len(layers):
        raise ValueError(
            f"to_state_dict: names must be {len(layers)} different ones, one for each layer, not "
            f"{modules}"
        )
    state = {}
    for name, (W, b, _) in zip(modules, layers, strict=True):
        state[f"{name}.weight"], state[f"{name}.bias"] = W, b
    return state


@suggest_keywords
def from_state_dict(
    state: Mapping[str, Any],
    *,
    hidden_activation: str | Iterable[str] = "relu",
    output_activation: str = "sigmoid",
) -> dict[str, Any]:
    """Return the state dict of a module of Linear layers as parameters.

    =================  ============  ======================================================
    state              dict          "NAME.weight" (n, n_prev) and "NAME.bias" (n,) of each
                                     layer, in the order of the layers, under any names;
                                     arrays, or PyTorch's tensors. Without a bias it is 0
    hidden_activation  str or list   the activations, which a state dict does not know, as
                                     in L_model_forward; default "relu"
    output_activation  str           likewise, default "sigmoid"
    parameters         dict          W1, b1, ..., WL, bL: new arrays, float32 or float64; an
                                     ffnn.NetParameters unless the activations are those
    =================  ============  ======================================================

    A net that ends in CrossEntropyLoss is a "softmax" here, one that ends in BCEWithLogitsLoss a
    "sigmoid". ValueError for arrays of other shapes, which belong to other modules, for layers that
    do not chain, and for numbers that are not finite; TypeError for what is no dict, and for other
    types of numbers.

    >>> import numpy as np, ffnn
    >>> state = {"fc.weight": np.array([[1.0, 2.0]]), "fc.bias": np.array([3.0])}
    >>> ffnn.from_state_dict(state)
    {'W1': array([[1., 2.]]), 'b1': array([[3.]])}
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"from_state_dict: state must be a dict, not {type(state).__name__}")
    arrays = {str(key): _array(str(key), value) for key, value in state.items()}
    names = [key.removesuffix(".weight") for key in arrays if key.endswith(".weight")]
    parameters: dict[str, Any] = {}
    for number, name in enumerate(names, 1):
        W = arrays.pop(f"{name}.weight")
        b = arrays.pop(f"{name}.bias", None)
        if W.ndim != 2 or (b is not None and b.shape != W.shape[:1]):
            shapes = f"a weight {W.shape}" + ("" if b is None else f" and a bias {b.shape}")
            raise ValueError(f"from_state_dict: {name!r} has {shapes}: it is no Linear")
        parameters[f"W{number}"] = W
        parameters[f"b{number}"] = np.zeros(len(W), W.dtype) if b is None else b
        parameters[f"b{number}"] = parameters[f"b{number}"].reshape(-1, 1)
    if arrays or not parameters:
        rest = f"holds {next(iter(arrays))!r}" if arrays else "holds no weight"
        raise ValueError(f"from_state_dict: state {rest}; Linear layers have weight and bias alone")
    hidden: Any = hidden_activation
    if not isinstance(hidden, (str, list, tuple)):
        hidden = list(hidden)
    # Every check of a net; the arrays are ours already.
    take_layers("from_state_dict", parameters, hidden, output_activation)
    known = NetParameters(hidden_activation=hidden, output_activation=output_activation)
    return knowing(parameters, known.hidden_activation, known.output_activation)


def _array(key: str, value: Any) -> NDArray[Any]:
    """A copy of an array, or of a tensor, which may stand on another device."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        value = value.detach().cpu()
        if str(getattr(value, "dtype", "")) in ("torch.bfloat16", "torch.float16"):
            raise TypeError(
                f"from_state_dict: {key!r} is of {value.dtype}: pass .float() of the module"
            )
        value = value.numpy()
    array = np.array(value, order="C")
    if array.dtype.newbyteorder("=") not in (np.float32, np.float64):
        raise TypeError(
            f"from_state_dict: {key!r} has dtype {array.dtype}, expected float32 or float64"
        )
    return array.astype(array.dtype.newbyteorder("="), copy=False)
