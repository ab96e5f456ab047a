"""What the exports share: the layers of a net, checked and copied, and a file put there at once.

All of a net is computed in one type, as predict_proba computes it where X has that type, too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._checks import check_no_estimator
from ffnn._files import replace_file
from ffnn._frames import as_array
from ffnn._parameters import NetParameters

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Layer", "briefly", "check_path", "described", "knowing", "take_layers", "write_file"]


class Layer(NamedTuple):
    """W (n, n_prev), b (n,) and the activation's name."""

    W: NDArray[Any]
    b: NDArray[Any]
    activation: str


def take_layers(
    function: str, parameters: Any, hidden_activation: Any, output_activation: Any
) -> list[Layer]:
    """Copies of a net's layers in C order, float32 where all arrays are, else float64."""
    net = {"hidden_activation": hidden_activation, "output_activation": output_activation}
    if isinstance(parameters, dict):
        parameters = parameters.copy()  # another thread may change it
    check_no_estimator(function, parameters)
    dims = _ffnn.layer_dims(function, parameters)  # of which none is 0
    # All other checks of a net; the type of its output is that of its widest layer.
    nothing = np.empty((dims[0], 0), np.float32)
    real = _ffnn.net_output(function, nothing, parameters, **net).dtype
    names = _ffnn.layer_activations(function, parameters, **net)
    layers = []
    for number, name in enumerate(names, 1):
        W, b = (_finite(function, parameters, f"{letter}{number}", real) for letter in "Wb")
        layers.append(Layer(W, b[:, 0], name))
    return layers


def _finite(function: str, parameters: dict[str, Any], key: str, real: Any) -> NDArray[Any]:
    given = as_array(f"{function}: parameters[{key!r}]", parameters[key])
    array = np.array(given, dtype=real, order="C")
    wrong = np.argwhere(~np.isfinite(array))
    if wrong.size:
        row, column = wrong[0]
        raise ValueError(
            f"{function}: parameters[{key!r}] holds {array[row, column]} at row {row}, column "
            f"{column}: a net that is exported has finite numbers alone"
        )
    return array


def knowing(
    parameters: dict[str, Any], hidden: str | tuple[str, ...], output: str
) -> dict[str, Any]:
    """A plain dict for the assignment's net, as train returns it, else one that knows its net."""
    names = {hidden} if isinstance(hidden, str) else set(hidden)
    if names <= {"relu"} and output == "sigmoid":
        return parameters
    return NetParameters(parameters, hidden_activation=hidden, output_activation=output)


def briefly(activations: Sequence[str]) -> tuple[str | tuple[str, ...], str]:
    """Those of the hidden layers, as one name where they are the same, and that of the output."""
    *hidden, output = activations
    return hidden[0] if len(set(hidden)) == 1 else tuple(hidden) or "relu", output


def described(layers: list[Layer]) -> str:
    """The net in a line: 64 - 100 relu - 10 softmax."""
    parts = [str(layers[0].W.shape[1]), *(f"{len(one.b)} {one.activation}" for one in layers)]
    return " - ".join(parts)


def check_path(function: str, path: Any) -> Path:
    """The path of a file."""
    from pathlib import Path

    try:
        return Path(os.fsdecode(path))
    except TypeError:
        raise TypeError(
            f"{function}: path must be a str or a Path, not {type(path).__name__}"
        ) from None


def write_file(function: str, path: Path, content: bytes) -> None:
    """Put a file there in one step, or leave all as it was; the error names what was asked for."""
    try:
        replace_file(path, content)
    except OSError as error:
        raise type(error)(error.errno, f"{function}: {error.strerror}", str(path)) from None
