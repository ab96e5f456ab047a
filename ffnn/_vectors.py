"""Parameters and gradients as one vector, which other libraries' optimisers want, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._checks import suggest_keywords
from ffnn._parameters import NetParameters

__all__ = ["parameters_to_vector", "shapes_of", "vector_to_parameters", "views_of"]


@suggest_keywords
def parameters_to_vector(parameters: Mapping[str, ArrayLike]) -> NDArray[Any]:
    """Return the parameters of a network, or its gradients, as one new vector.

    ==========  ==========  ==============================================================
    parameters  dict        W1, b1, ..., WL, bL, or dW1, db1, ..., dWL, dbL; other keys
                            (dA0, say) are left out, and the order in the dict is no matter
    vector      (P,)        W1 row by row, then b1, W2, b2, ...; P numbers in all
    ==========  ==========  ==============================================================

    The type is that to which NumPy promotes the arrays. KeyError for an array that is missing,
    ValueError for a dict without any.

    >>> import numpy as np, ffnn
    >>> ffnn.parameters_to_vector({"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])})
    array([1., 2., 3.])
    """
    names = _names("parameters_to_vector", parameters)
    return np.concatenate([np.asarray(parameters[name]).ravel() for name in names])


@suggest_keywords
def vector_to_parameters(
    vector: ArrayLike, like: Mapping[str, ArrayLike]
) -> dict[str, NDArray[Any]]:
    """Return a vector as the dict that parameters_to_vector made it from.

    ==========  ==========  ==============================================================
    vector      (P,)        what parameters_to_vector gives, or (P, 1)
    like        dict        parameters or gradients whose keys and shapes the result has, and
                            the activations that it knows
    parameters  dict        W1, b1, ..., WL, bL (or dW1, ...): views of the vector where it
                            is an array, so that a change of one is a change of the other
    ==========  ==========  ==============================================================

    ValueError for a vector of another length, KeyError for an array that `like` lacks.

    >>> import numpy as np, ffnn
    >>> like = {"W1": np.zeros((1, 2)), "b1": np.zeros((1, 1))}
    >>> ffnn.vector_to_parameters(np.array([1.0, 2.0, 3.0]), like)
    {'W1': array([[1., 2.]]), 'b1': array([[3.]])}
    """
    names = _names("vector_to_parameters", like)
    shapes: list[Any] = [np.shape(like[name]) for name in names]
    numbers = np.asarray(vector)
    count = sum(rows * cols for rows, cols in shapes)
    if numbers.shape not in ((count,), (count, 1)):
        raise ValueError(
            f"vector_to_parameters: vector has shape {numbers.shape} where the parameters "
            f"{', '.join(f'{name} {shape}' for name, shape in zip(names, shapes))} "
            f"want ({count},)"
        )
    parameters = like.copy() if isinstance(like, NetParameters) else {}
    parameters.clear()
    parameters.update(views_of(numbers.reshape(-1), dict(zip(names, shapes))))
    return parameters


def shapes_of(dims: Sequence[int]) -> dict[str, tuple[int, int]]:
    """The shapes of W1, b1, ..., WL, bL, in that order."""
    pairs = enumerate(zip(dims, dims[1:]), 1)
    return {
        name: shape
        for layer, (n_prev, n) in pairs
        for name, shape in ((f"W{layer}", (n, n_prev)), (f"b{layer}", (n, 1)))
    }


def views_of(
    vector: NDArray[Any], shapes: Mapping[str, tuple[int, int]]
) -> dict[str, NDArray[Any]]:
    """The arrays that stand in a vector (P,), one after the other."""
    views, first = {}, 0
    for name, (rows, cols) in shapes.items():
        views[name] = vector[first : first + rows * cols].reshape(rows, cols)
        first += rows * cols
    return views


def _names(function: str, arrays: Mapping[str, ArrayLike]) -> list[str]:
    """The keys W1, b1, ... or, in a dict of gradients, dW1, db1, ..., which all must be there."""
    prefix = "" if "W1" in arrays else "d"
    names: list[str] = []
    while any(f"{prefix}{kind}{len(names) // 2 + 1}" in arrays for kind in "Wb"):
        names += [f"{prefix}{kind}{len(names) // 2 + 1}" for kind in "Wb"]
    if not names:
        raise ValueError(f"{function}: the dict holds neither W1 nor dW1")
    for name in names:
        if name not in arrays:
            raise KeyError(f"{function}: the dict has no {name!r}")
        if np.ndim(arrays[name]) != 2:
            raise ValueError(f"{function}: {name} has {np.ndim(arrays[name])} dimensions, not 2")
    return names
