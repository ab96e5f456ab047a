"""The parameters that a training begins with, drawn from NumPy's global generator.

The draws are those of the assignment, in its order, so that np.random.seed(1) gives its parameters
to the bit. Nothing is drawn before the sizes have been checked.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

__all__ = ["initialize_parameters", "initialize_parameters_deep"]

Parameters = dict[str, Any]
Randn = Callable[[int, int], Any]


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
    return draw_small(sizes, np.random.randn)


def initialize_parameters_deep(layer_dims: Iterable[int]) -> Parameters:
    """Draw the parameters of a net of any depth.

    ======  =================  ===================================================
    W{l}    (n_l, n_{l-1})     np.random.randn / sqrt(n_{l-1}), for l = 1 to L
    b{l}    (n_l, 1)           zeros
    ======  =================  ===================================================

    layer_dims lists the sizes n_0 (the inputs) to n_L: a list, a tuple or an array of two or more
    integers of at least 1, else TypeError or ValueError. All arrays are float64. The scale keeps
    the variance of Z near that of the inputs from layer to layer.

    >>> import numpy as np, ffnn
    >>> np.random.seed(1)
    >>> ffnn.initialize_parameters_deep([4, 1])["W1"]
    array([[ 0.81217268, -0.30587821, -0.26408588, -0.53648431]])
    """
    dims = check_layer_dims("initialize_parameters_deep", "layer_dims", layer_dims)
    return draw_deep(dims, np.random.randn)


def check_size(function: str, name: str, value: Any) -> int:
    """Return a layer's size as an int, or raise in the name of `function`."""
    size = check_integer(function, name, value)
    if size < 1:
        raise ValueError(f"{function}: {name} must be at least 1, not {size}")
    return size


def check_integer(function: str, name: str, value: Any) -> int:
    """Return an integer as an int; a bool, a float or a str is none."""
    if not isinstance(value, (bool, np.bool_)):
        try:
            return operator.index(value)
        except TypeError:
            pass
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    hint = f"; write int({value})" if whole else ""
    raise TypeError(f"{function}: {name} must be an integer, not {value!r}{hint}")


def check_layer_dims(function: str, name: str, value: Any) -> tuple[int, ...]:
    """Return the sizes of two or more layers as ints, or raise in the name of `function`."""
    wrong = f"{function}: {name} must be a list of integers, not {type(value).__name__}"
    if isinstance(value, (str, bytes, dict, set, frozenset)):
        raise TypeError(wrong)
    try:
        sizes = list(value)
    except TypeError:
        raise TypeError(wrong) from None
    if len(sizes) < 2:
        raise ValueError(
            f"{function}: {name} must list at least the inputs and one layer, "
            f"but has length {len(sizes)}"
        )
    return tuple(check_size(function, f"{name}[{i}]", size) for i, size in enumerate(sizes))


def draw_small(dims: tuple[int, ...], randn: Randn) -> Parameters:
    """Draw weights of one small scale, as the two-layer assignment does."""
    return _draw(dims, randn, lambda W, n_prev: W * 0.01)


def draw_deep(dims: tuple[int, ...], randn: Randn) -> Parameters:
    """Draw weights scaled by the size of the layer below, as the deep assignment does."""
    return _draw(dims, randn, lambda W, n_prev: W / np.sqrt(n_prev))


def _draw(dims: tuple[int, ...], randn: Randn, scale: Callable[[Any, int], Any]) -> Parameters:
    parameters: Parameters = {}
    for l in range(1, len(dims)):  # noqa: E741 - the course's letter
        # Interned, a key is found by its address.
        parameters[sys.intern(f"W{l}")] = scale(randn(dims[l], dims[l - 1]), dims[l - 1])
        parameters[sys.intern(f"b{l}")] = np.zeros((dims[l], 1))
    return parameters
