"""A net between scikit-learn's names and layout and ffnn's: rows are examples there, columns here.

X.T, coefs_[l].T and intercepts_[l][:, None] are views, so that nothing is copied. Sparse
rows are read as they are, if their columns are in order.
"""

from typing import Any

import numpy as np
from scipy import sparse

from ffnn import _ffnn

__all__ = [
    "ACTIVATIONS",
    "COSTS",
    "arrays_of",
    "columns_of",
    "dict_of",
    "forward",
    "hidden_of",
    "in_order",
    "is_finite",
    "output_of",
]

# scikit-learn's names; all others are the same.
ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}
COSTS = {
    "log_loss": None,  # follows from the output
    "squared_error": "half_squared_error",
    "absolute_error": "mean_absolute_error",
}

_FEW = 4096  # numbers, whose bytes are read sooner than a reduction is set up


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


def in_order(X: Any) -> Any:
    """A sparse X row by row, each with its columns in order and none twice; an array as it is."""
    if not sparse.issparse(X):
        return X
    X = X.tocsr()
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def columns_of(X: Any) -> tuple[Any, Any]:
    """X (m, n_x) as the core reads it, (n_x, m), and the numbers of a sparse one, or None.

    Of a sparse X the first has the shape and the type alone.
    """
    if not sparse.issparse(X):
        return X.T, None
    X = in_order(X)
    return np.broadcast_to(X.dtype.type(0), X.shape[::-1]), (X.data, X.indices, X.indptr)


def output_of(X: Any, parameters: dict[str, Any], net: dict[str, Any], isa: Any = None) -> Any:
    """The output for each row of an array X (m, n_x), (m, n_y); isa None: that of this process."""
    return _ffnn.net_output("predict_proba", X.T, parameters, isa=isa, **net).T


def forward(X: Any, parameters: dict[str, Any], net: dict[str, Any], isa: Any = None) -> Any:
    """The same of any type of float, and of sparse rows."""
    if X.dtype.kind == "f" and X.dtype.itemsize not in (4, 8):
        X = X.astype(np.float64)
    columns, numbers = columns_of(X)
    return _ffnn.net_output("predict_proba", columns, parameters, isa=isa, sparse=numbers, **net).T
