"""The first parameters of a training run, drawn from NumPy's global generator.

The draws are those of the assignment, in its order, so that np.random.seed(1) gives its parameters
to the bit. Nothing is drawn before the arguments have been checked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ffnn._checks import check_layer_dims, check_number, check_size, choose, suggest_keywords

__all__ = ["initialize_parameters", "initialize_parameters_deep"]

Parameters = dict[str, Any]
Randn = Callable[[int, int], Any]
# numpy.random itself or a RandomState, n and n_prev: weights (n, n_prev).
Initializer = Callable[[Any, int, int], Any]


def _xavier_uniform(source: Any, n: int, n_prev: int) -> Any:
    limit = np.sqrt(6 / (n_prev + n))
    return source.uniform(-limit, limit, (n, n_prev))


# Each is written as the courses write it: to the bit.
INITIALIZERS: dict[str, Initializer] = {
    "assignment": lambda source, n, n_prev: source.randn(n, n_prev) / np.sqrt(n_prev),
    "he": lambda source, n, n_prev: source.randn(n, n_prev) * np.sqrt(2 / n_prev),
    "xavier": lambda source, n, n_prev: source.randn(n, n_prev) * np.sqrt(2 / (n_prev + n)),
    "xavier_uniform": _xavier_uniform,
    "lecun": lambda source, n, n_prev: source.randn(n, n_prev) * np.sqrt(1 / n_prev),
    "zeros": lambda source, n, n_prev: np.zeros((n, n_prev)),
    "nguyen_widrow": lambda source, n, n_prev: _directions(source, n, n_prev),
}


def _directions(source: Any, n: int, n_prev: int) -> Any:
    W = source.uniform(-1, 1, (n, n_prev))
    return W * (0.7 * n ** (1 / n_prev) / np.sqrt(np.sum(W**2, axis=1, keepdims=True)))


@suggest_keywords
def initialize_parameters(n_x: int, n_h: int, n_y: int) -> Parameters:
    """Draw the parameters of a net with one hidden layer.

    ====  ===========  ===================================
    W1    (n_h, n_x)   np.random.randn * 0.01
    b1    (n_h, 1)     zeros
    W2    (n_y, n_h)   np.random.randn * 0.01
    b2    (n_y, 1)     zeros
    ====  ===========  ===================================

    All are float64. TypeError for a size that is no integer, ValueError for one below 1.

    >>> import numpy as np, ffnn
    >>> np.random.seed(1)
    >>> ffnn.initialize_parameters(2, 1, 1)["W1"]
    array([[ 0.01624345, -0.00611756]])
    """
    sizes = (
        check_size("initialize_parameters", "n_x", n_x),
        check_size("initialize_parameters", "n_h", n_h),
        check_size("initialize_parameters", "n_y", n_y),
    )
    return draw_scaled(sizes, np.random.randn)


@suggest_keywords
def initialize_parameters_deep(
    layer_dims: Iterable[int],
    *,
    initialization: str = "assignment",
    scale: float | None = None,
    dtype: DTypeLike = np.float64,
) -> Parameters:
    """Draw the parameters of a net of any depth.

    ======  =================  ===================================================
    W{l}    (n_l, n_{l-1})     weights, for l = 1 to L, by the initialiser
    b{l}    (n_l, 1)           zeros, but for nguyen_widrow
    ======  =================  ===================================================

    layer_dims lists the sizes n_0 (the inputs) to n_L: a list, a tuple or an array of two or more
    integers of at least 1, else TypeError or ValueError. initialization names the initialiser; n is
    n_l and n_prev n_{l-1}:

    ================  ======================================================================
    assignment        randn / sqrt(n_prev): the variance of Z stays near that of the inputs
    he                randn * sqrt(2 / n_prev), for relu, which halves it
    xavier            randn * sqrt(2 / (n_prev + n)), for tanh and sigmoid
    xavier_uniform    uniform from -r to r with r = sqrt(6 / (n_prev + n))
    lecun             randn * sqrt(1 / n_prev): the assignment's but for its rounding
    zeros             no draws; units of a layer then never come to differ
    nguyen_widrow     hidden layers: rows of uniform(-1, 1), each scaled to the norm
                      r = 0.7 n^(1 / n_prev), and biases linspace(-r, r, n) times the sign of
                      the row's first weight, so that the units' active ranges cover inputs
                      from -1 to 1 evenly (Nguyen and Widrow, 1990); the output layer: weights
                      and then biases uniform(-0.5, 0.5). For tanh, and for
                      levenberg_marquardt above all
    ================  ======================================================================

    scale, a finite number, is an initialiser of its own: randn * scale. ValueError where both are
    given. dtype is that of all arrays, float64 or float32, which is rounded to after the draws.

    >>> import numpy as np, ffnn
    >>> np.random.seed(1)
    >>> ffnn.initialize_parameters_deep([4, 1])["W1"]
    array([[ 0.81217268, -0.30587821, -0.26408588, -0.53648431]])
    >>> np.random.seed(1)
    >>> ffnn.initialize_parameters_deep([2, 1], scale=0.01)["W1"]
    array([[ 0.01624345, -0.00611756]])
    """
    function = "initialize_parameters_deep"
    dims = check_layer_dims(function, "layer_dims", layer_dims)
    choose(function, "initialization", initialization, INITIALIZERS)
    real = np.dtype(dtype)
    if real.newbyteorder("=") not in (np.float64, np.float32):
        raise TypeError(f"{function}: dtype must be float64 or float32, not {real}")
    if scale is None:
        parameters = draw_by(initialization, dims, np.random)
    else:
        factor = _check_scale(function, scale, initialization)
        parameters = draw_scaled(dims, np.random.randn, factor)
    if real == np.float64:
        return parameters
    return {key: value.astype(real.newbyteorder("=")) for key, value in parameters.items()}


def _check_scale(function: str, scale: Any, initialization: str) -> float:
    if initialization != "assignment":
        raise ValueError(
            f"{function}: scale={scale!r} is an initialiser of its own, beside "
            f"initialization={initialization!r}: give one of them"
        )
    return check_number(function, "scale", scale)


def draw_scaled(dims: tuple[int, ...], randn: Randn, scale: float = 0.01) -> Parameters:
    """Draw weights of one scale, by default the two-layer assignment's small one."""
    return _draw(dims, lambda n, n_prev: randn(n, n_prev) * scale)


_RELU_LIKE = ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus")


def suited_to(hidden_activation: Any, dims: tuple[int, ...]) -> str:
    """Return the initialiser that suits a net whose first hidden layer has that activation."""
    first = hidden_activation
    if isinstance(first, (list, tuple)):
        first = first[0] if first else None
    return "he" if len(dims) > 2 and (first or "relu") in _RELU_LIKE else "xavier"


def draw_by(initialization: str, dims: tuple[int, ...], source: Any) -> Parameters:
    """Draw weights by the initialiser of that name, from numpy.random or a RandomState."""
    if initialization == "nguyen_widrow":
        return _draw_nguyen_widrow(dims, source)
    return _draw(dims, lambda n, n_prev: INITIALIZERS[initialization](source, n, n_prev))


def _draw_nguyen_widrow(dims: tuple[int, ...], source: Any) -> Parameters:
    """The hidden layers' biases are spread, the output layer's are drawn after its weights."""
    top = len(dims) - 1
    parameters = _draw(dims[:-1], lambda n, n_prev: _directions(source, n, n_prev))
    for l in range(1, top):  # noqa: E741
        n, reach = dims[l], 0.7 * dims[l] ** (1 / dims[l - 1])
        spread = np.linspace(-reach, reach, n) if n > 1 else np.zeros(1)
        parameters[f"b{l}"] = (spread * np.sign(parameters[f"W{l}"][:, 0])).reshape(n, 1)
    parameters[sys.intern(f"W{top}")] = source.uniform(-0.5, 0.5, (dims[top], dims[top - 1]))
    parameters[sys.intern(f"b{top}")] = source.uniform(-0.5, 0.5, (dims[top], 1))
    return parameters


def _draw(dims: tuple[int, ...], weights: Randn) -> Parameters:
    parameters: Parameters = {}
    for l in range(1, len(dims)):  # noqa: E741 - the course's letter
        # Interned, a key is found by its address.
        parameters[sys.intern(f"W{l}")] = weights(dims[l], dims[l - 1])
        parameters[sys.intern(f"b{l}")] = np.zeros((dims[l], 1))
    return parameters
