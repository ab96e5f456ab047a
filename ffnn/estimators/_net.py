"""A net between scikit-learn's names and layout and ffnn's: rows are examples there, columns here.

X.T, coefs_[l].T and intercepts_[l][:, None] are views, so that nothing is copied but sparse rows,
which are laid out a slab at a time.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from ffnn import _ffnn
from ffnn._remote import stand_in as stand_in_of

__all__ = [
    "ACTIVATIONS",
    "COSTS",
    "arrays_of",
    "dict_of",
    "forward",
    "hidden_of",
    "numbers_of",
    "slabs",
    "stand_in",
]

# scikit-learn's names; all others are the same.
ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}
COSTS = {
    "log_loss": None,  # follows from the output
    "squared_error": "half_squared_error",
    "absolute_error": "mean_absolute_error",
}

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


def numbers_of(X: Any) -> Any:
    """A sparse X as a Trainer reads it: values, features and where each row starts; else None."""
    if not sparse.issparse(X):
        return None
    X = X.tocsr()
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X.data, X.indices, X.indptr


def stand_in(X: Any) -> Any:
    """X (n_x, m) for a Trainer, which reads of a sparse one the shape and the type alone."""
    return np.broadcast_to(X.dtype.type(0), X.shape) if sparse.issparse(X) else stand_in_of(X)


def slabs(X: Any) -> Iterator[tuple[slice, Any]]:
    """X by rows: an array at once, a sparse one in slabs."""
    if not sparse.issparse(X):
        yield slice(0, X.shape[0]), X
        return
    X = X.tocsr()
    for first in range(0, X.shape[0], _SLAB):
        rows = slice(first, min(first + _SLAB, X.shape[0]))
        yield rows, X[rows].toarray()


def forward(
    X: Any, parameters: dict[str, Any], hidden: Any, output: str, isa: str | None = None
) -> Any:
    """The output for each row of X (m, n_x), an array (m, n_y); isa None: that of this process."""
    if X.dtype.kind == "f" and X.dtype.itemsize not in (4, 8):
        X = X.astype(np.float64)

    def of(part: Any) -> Any:
        return _ffnn.net_output(
            "predict_proba", part.T, parameters, hidden_activation=hidden,
            output_activation=output, isa=isa,
        ).T  # fmt: skip

    return np.concatenate([of(part) for _, part in slabs(X)]) if sparse.issparse(X) else of(X)
