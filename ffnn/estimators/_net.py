"""A net between scikit-learn's names and layout and ffnn's: rows are examples there, columns here.

X.T, coefs_[l].T and intercepts_[l][:, None] are views, so that nothing is copied but sparse rows,
which are laid out a slab at a time.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from ffnn import _ffnn

__all__ = [
    "ACTIVATIONS",
    "COSTS",
    "arrays_of",
    "dict_of",
    "forward",
    "hidden_of",
    "is_finite",
    "output_of",
    "rows_of",
    "slabs",
]

# scikit-learn's names; all others are the same.
ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}
COSTS = {
    "log_loss": None,  # follows from the output
    "squared_error": "half_squared_error",
    "absolute_error": "mean_absolute_error",
}

_FEW = 4096  # numbers, whose bytes are read sooner than a reduction is set up
_SLAB = 1024  # rows of a sparse X that are laid out at once: 8 KB for each column


def hidden_of(activation: Any) -> Any:
    """In ffnn's words what scikit-learn calls activation: one, or a list with one a layer."""
    if isinstance(activation, str):
        return ACTIVATIONS.get(activation, activation)
    return [ACTIVATIONS.get(name, name) for name in activation]


def dict_of(coefs: list[Any], intercepts: list[Any], prefix: str = "") -> dict[str, Any]:
    """The course's dict of views: W1, b1, ..., or with the prefix "d" dW1, db1, ..."""
    parameters = {}
    for layer, (coef, intercept) in enumerate(zip(coefs, intercepts, strict=True), 1):
        parameters[f"{prefix}W{layer}"] = np.asarray(coef).T
        parameters[f"{prefix}b{layer}"] = np.asarray(intercept)[:, None]
    return parameters


def arrays_of(parameters: dict[str, Any], prefix: str = "") -> tuple[list[Any], list[Any]]:
    """Views of such a dict as coefs and intercepts."""
    layers = range(1, len(parameters) // 2 + 1)
    return (
        [parameters[f"{prefix}W{layer}"].T for layer in layers],
        [parameters[f"{prefix}b{layer}"][:, 0] for layer in layers],
    )


def is_finite(X: Any) -> bool:
    """As np.isfinite(X).all(), which takes two to three times as long for a few numbers."""
    are_finite = np.isfinite(X)
    return 0 not in are_finite.tobytes("A") if are_finite.size <= _FEW else bool(are_finite.all())


def rows_of(X: Any, rows: Any) -> Any:
    """Some rows of X as an array."""
    return X[rows].toarray() if sparse.issparse(X) else X[rows]


def slabs(X: Any) -> Iterator[tuple[slice, Any]]:
    """X by rows: an array at once, a sparse one in slabs."""
    if not sparse.issparse(X):
        yield slice(0, X.shape[0]), X
        return
    X = X.tocsr()
    for first in range(0, X.shape[0], _SLAB):
        rows = slice(first, min(first + _SLAB, X.shape[0]))
        yield rows, X[rows].toarray()


def output_of(X: Any, parameters: dict[str, Any], net: dict[str, Any], isa: Any = None) -> Any:
    """The output for each row of an array X (m, n_x), (m, n_y); isa None: that of this process."""
    return _ffnn.net_output("predict_proba", X.T, parameters, isa=isa, **net).T


def forward(X: Any, parameters: dict[str, Any], net: dict[str, Any], isa: Any = None) -> Any:
    """The same of any type of float, and of sparse rows."""
    if X.dtype.kind == "f" and X.dtype.itemsize not in (4, 8):
        X = X.astype(np.float64)
    if not sparse.issparse(X):
        return output_of(X, parameters, net, isa)
    return np.concatenate([output_of(part, parameters, net, isa) for _, part in slabs(X)])
