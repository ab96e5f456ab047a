"""A network as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ffnn import _ffnn
from ffnn._checks import check_no_estimator, suggest_keywords
from ffnn._initializers import Parameters

__all__ = ["summary"]


class _Text(str):
    """Shows itself as it prints, so that a notebook's last line is a table."""

    def __repr__(self) -> str:
        return str(self)


@suggest_keywords
def summary(
    parameters: Parameters,
    *,
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
) -> str:
    """Tell a network's layers, their sizes and how many numbers it holds.

    =================  ============  ====================================================
    parameters         dict          W1, b1, ..., WL, bL
    hidden_activation  str or list   named in the table, as in L_model_forward
    output_activation  str           likewise
    =================  ============  ====================================================

    Returns a str of several lines, which a notebook shows as they are. Errors are those of
    L_model_forward.

    >>> import numpy as np, ffnn
    >>> parameters = {"W1": np.ones((4, 3)), "b1": np.ones((4, 1)),
    ...               "W2": np.ones((1, 4)), "b2": np.ones((1, 1))}
    >>> ffnn.summary(parameters, hidden_activation="tanh")
    layer  inputs  units  activation  parameters  type
        1       3      4  tanh                16  float64
        2       4      1  sigmoid              5  float64
    21 parameters, 168 bytes
    """
    check_no_estimator("summary", parameters)
    W1: Any = parameters.get("W1", ()) if isinstance(parameters, dict) else ()
    rows = np.shape(W1)[1] if np.ndim(W1) == 2 else 0
    net: dict[str, Any] = {
        "hidden_activation": hidden_activation,
        "output_activation": output_activation,
    }
    names = _ffnn.layer_activations("summary", parameters, **net)
    # Of no examples: every check is made and nothing is computed.
    _ffnn.net_output("summary", np.empty((rows, 0)), parameters, **net)
    table: list[tuple[Any, ...]] = [
        ("layer", "inputs", "units", "activation", "parameters", "type")
    ]
    count = size = 0
    for number, name in enumerate(names, 1):
        W, b = (np.asarray(parameters[f"{kind}{number}"]) for kind in "Wb")
        units, inputs = W.shape
        table.append((number, inputs, units, name, W.size + b.size, W.dtype))
        count += W.size + b.size
        size += W.nbytes + b.nbytes
    widths = [max(len(str(row[i])) for row in table) for i in range(5)]
    lines = [
        "  ".join(
            str(x).ljust(w) if i == 3 else str(x).rjust(w)
            for i, (x, w) in enumerate(zip(row, [*widths, 0]))
        )
        for row in table
    ]
    return _Text("\n".join([*lines, f"{count:,} parameters, {size:,} bytes"]))
