"""Gradients checked by central differences, and dicts flattened into one column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import check_layer_dims, check_number, suggest_keywords
from ffnn._initializers import Parameters
from ffnn._vectors import shapes_of, views_of

__all__ = [
    "dictionary_to_vector",
    "gradient_check",
    "gradients_to_vector",
    "vector_to_dictionary",
]


@suggest_keywords
def gradient_check(
    parameters: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
    cost: str | None = None,
    lambd: float = 0.0,
    epsilon: float = 1e-7,
    quantile: float | None = None,
) -> float:
    """Return how far the gradients of a network are from central differences of its cost.

    =================  ===========  ==========================================================
    parameters         dict         W1, b1, ..., WL, bL; left as it is
    X                  (n_x, m)     inputs, a column per example
    Y                  (n_y, m)     labels, as compute_cost takes them
    hidden_activation  str or list  as in L_model_forward
    output_activation  str          likewise
    cost               str or None  as in L_model_backward
    lambd              float        of the L2 term, as there
    epsilon            float        half the distance of the two points; above 0
    quantile           float        as in compute_cost
    =================  ===========  ==========================================================

    The result is norm(g - d) / (norm(g) + norm(d)) of all gradients g and all differences d,
    the course's measure: about 1e-9 to 1e-7 where they are right. It is large as well where a
    point and its neighbour lie on two sides of a bend, as at the 0 of relu. All is computed in
    float64, twice the cost for each number of the parameters. Errors are those of L_model_forward
    and L_model_backward; ValueError for an epsilon of 0 or below.

    >>> import numpy as np, ffnn
    >>> np.random.seed(1)
    >>> parameters = ffnn.initialize_parameters_deep([4, 3, 1])
    >>> X, Y = np.random.randn(4, 5), np.array([[1, 0, 1, 1, 0]])
    >>> ffnn.gradient_check(parameters, X, Y, hidden_activation="tanh") < 2e-7
    True
    """
    step = check_number("gradient_check", "epsilon", epsilon)
    if step <= 0:
        raise ValueError(f"gradient_check: epsilon must be above 0, not {step}")
    *hidden, output = _ffnn.layer_activations(
        "gradient_check",
        parameters,
        hidden_activation=hidden_activation,
        output_activation=output_activation,
    )
    net: dict[str, Any] = {"hidden_activation": hidden, "output_activation": output}
    # Refuses parameters that are no network for X.
    _ffnn.net_output("gradient_check", X, parameters, **net)
    inputs = np.asarray(X).astype(np.float64)
    names = [f"{kind}{layer}" for layer in range(1, _depth(parameters) + 1) for kind in "Wb"]
    point = {name: np.array(parameters[name], np.float64) for name in names}

    AL, caches = _ffnn.L_model_forward(inputs, point, **net)
    grads = _ffnn.L_model_backward(
        AL, Y, caches, cost=cost, lambd=lambd, input_gradient=False, quantile=quantile, **net
    )
    named = _ffnn.cost_of(output) if cost is None else cost

    def cost_here() -> float:
        AL = _ffnn.predict_proba(inputs, point, **net)
        cost = _ffnn.compute_cost(
            AL, Y, cost=named, parameters=point, lambd=lambd, quantile=quantile
        )
        return float(cost)

    differences = {}
    for name, value in point.items():
        slope = differences["d" + name] = np.empty_like(value)
        for index in np.ndindex(value.shape):
            middle = value[index]
            value[index] = middle + step
            above = cost_here()
            value[index] = middle - step
            slope[index] = (above - cost_here()) / (2 * step)
            value[index] = middle
    g, d = (_column([those["d" + name] for name in names]) for those in (grads, differences))
    total = np.linalg.norm(g) + np.linalg.norm(d)
    return float(np.linalg.norm(g - d) / total) if total != 0 else 0.0


@suggest_keywords
def dictionary_to_vector(parameters: Mapping[str, ArrayLike]) -> tuple[NDArray[Any], list[str]]:
    """Return W1, b1, ..., WL, bL as one column, and the name that each of its numbers belongs to.

    ==========  ==========  ==============================================================
    parameters  dict        W1, b1, ..., WL, bL of any network; other keys are left out
    theta       (n, 1)      their elements row by row, in that order
    keys        list        n names
    ==========  ==========  ==============================================================

    KeyError for one that is missing.

    >>> import numpy as np, ffnn
    >>> theta, keys = ffnn.dictionary_to_vector({"W1": np.array([[1.0, 2.0]]), "b1": [[3.0]]})
    >>> theta.ravel(), keys
    (array([1., 2., 3.]), ['W1', 'W1', 'b1'])
    """
    names = _names("dictionary_to_vector", parameters, "")
    keys = [name for name in names for _ in range(np.size(parameters[name]))]
    return _column([parameters[name] for name in names]), keys


@suggest_keywords
def gradients_to_vector(gradients: Mapping[str, ArrayLike]) -> NDArray[Any]:
    """Return dW1, db1, ..., dWL, dbL as one column.

    ==========  ==========  ==============================================================
    gradients   dict        dW1, db1, ..., dWL, dbL of any network; other keys are left out
    result      (n, 1)      their elements row by row, in that order
    ==========  ==========  ==============================================================

    KeyError for one that is missing.

    >>> import ffnn
    >>> ffnn.gradients_to_vector({"db1": [[3.0]], "dW1": [[1.0, 2.0]], "dA0": [[4.0]]}).ravel()
    array([1., 2., 3.])
    """
    names = _names("gradients_to_vector", gradients, "d")
    return _column([gradients[name] for name in names])


@suggest_keywords
def vector_to_dictionary(
    theta: ArrayLike, layer_dims: Iterable[int] = (4, 5, 3, 1)
) -> dict[str, NDArray[Any]]:
    """Return the parameters whose column dictionary_to_vector gives.

    ==========  ==========  ==============================================================
    theta       (n, 1)      the numbers; (n,) serves too
    layer_dims  integers    n_0 to n_L of the network; by default that of the course
    parameters  dict        W1, b1, ..., WL, bL, new arrays
    ==========  ==========  ==============================================================

    ValueError for a theta of another length; TypeError and ValueError for layer_dims as in
    initialize_parameters_deep.

    >>> import ffnn
    >>> ffnn.vector_to_dictionary([1.0, 2.0, 3.0], [2, 1])
    {'W1': array([[1., 2.]]), 'b1': array([[3.]])}
    """
    function = "vector_to_dictionary"
    dims = check_layer_dims(function, "layer_dims", layer_dims)
    numbers = np.asarray(theta)
    expected = sum(n * (n_prev + 1) for n_prev, n in zip(dims, dims[1:]))
    if numbers.shape not in ((expected, 1), (expected,)):
        raise ValueError(f"{function}: theta has shape {numbers.shape}, expected ({expected}, 1)")
    views = views_of(numbers.reshape(-1), shapes_of(dims))
    return {name: view.copy() for name, view in views.items()}


def _names(function: str, those: Mapping[str, ArrayLike], prefix: str) -> list[str]:
    names = [
        f"{prefix}{kind}{layer}" for layer in range(1, _depth(those, prefix) + 1) for kind in "Wb"
    ]
    for name in names:
        if name not in those:
            raise KeyError(f"{function}: {name!r} is missing")
    return names


def _depth(those: Mapping[str, Any], prefix: str = "") -> int:
    """The largest l of a W{l} or b{l}."""
    starts = tuple(prefix + kind for kind in "Wb")
    numbers = (key[len(prefix) + 1 :] for key in those if str(key).startswith(starts))
    return max((int(number) for number in numbers if number.isdecimal()), default=0)


def _column(arrays: Iterable[ArrayLike]) -> NDArray[Any]:
    parts = [np.asarray(array).reshape(-1, 1) for array in arrays]
    return np.concatenate(parts) if parts else np.empty((0, 1))
