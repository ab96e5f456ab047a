"""Course 2, week 1, gradient checking: what the student writes, newest edition."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import check_number
from ffnn._initializers import Parameters
from ffnn._run import print_line
from ffnn.coursera._common import entries
from ffnn.coursera._literal import mean_cost
from ffnn.coursera._three_layers import KEYS, backward, forward
from ffnn.coursera.gc_utils import dictionary_to_vector, gradients_to_vector, vector_to_dictionary

__all__ = [
    "backward_propagation",
    "backward_propagation_n",
    "forward_propagation",
    "forward_propagation_n",
    "gradient_check",
    "gradient_check_n",
]

_THRESHOLD = 2e-7


def forward_propagation(x: float, theta: float) -> float:
    """Compute J = theta * x, of the two numbers x and theta.

    >>> from ffnn.coursera.gradient_checking import forward_propagation
    >>> forward_propagation(2, 4)
    8
    """
    return theta * x


def backward_propagation(x: float, theta: float) -> float:
    """Return x, the slope of theta * x by theta.

    >>> from ffnn.coursera.gradient_checking import backward_propagation
    >>> backward_propagation(3, 4)
    3
    """
    return x


def _step(function: str, epsilon: Any) -> float:
    step = check_number(function, "epsilon", epsilon)
    if step == 0:
        raise ValueError(f"{function}: epsilon must not be 0")
    return step


def _compare(grad: Any, slope: Any, print_msg: bool) -> np.float64:
    """norm(g - d) / (norm(g) + norm(d)), and a line that says whether it is small."""
    difference = np.linalg.norm(grad - slope) / (np.linalg.norm(grad) + np.linalg.norm(slope))
    if print_msg:
        if difference > _THRESHOLD:
            colour, says = 93, "There is a mistake in the backward propagation!"
        else:
            colour, says = 92, "Your backward propagation works perfectly fine!"
        print_line(f"\033[{colour}m{says} difference = {difference}\033[0m")
    return np.float64(difference)


def gradient_check(
    x: float, theta: float, epsilon: float = 1e-7, print_msg: bool = False
) -> np.float64:
    """Hold backward_propagation against the central difference of forward_propagation.

    =========  ======  =================================================
    x, theta   float   the two numbers
    epsilon    float   half the distance of the two points
    print_msg  bool    say whether the difference is above 2e-7
    =========  ======  =================================================

    Returns norm(g - d) / (norm(g) + norm(d)). ValueError for an epsilon of 0.

    >>> from ffnn.coursera.gradient_checking import gradient_check
    >>> bool(gradient_check(3, 4) < 1e-7)
    True
    """
    step = _step("gradient_check", epsilon)
    above, below = (forward_propagation(x, theta + sign * step) for sign in (1, -1))
    slope = (above - below) / (2 * step)
    return _compare(backward_propagation(x, theta), slope, print_msg)


def forward_propagation_n(
    X: ArrayLike, Y: ArrayLike, parameters: Parameters
) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Compute the literal cost of the net of three layers, and the cache for its gradients.

    ==========  ==========  ====================================================
    X           (n_x, m)    inputs, a column per example
    Y           (n_y, m)    labels; where n_y is 1 also (m,) and (m, 1)
    parameters  dict        W1, b1, W2, b2, W3, b3
    result      tuple       the cost, and (Z1, A1, W1, b1, Z2, ..., W3, b3)
    ==========  ==========  ====================================================

    ValueError where shapes do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera import gradient_checking, reg_utils
    >>> parameters = reg_utils.initialize_parameters([4, 5, 3, 1])
    >>> cost, cache = gradient_checking.forward_propagation_n(np.ones((4, 2)), [[0, 1]], parameters)
    >>> len(cache)
    12
    """
    A3, cache = forward("forward_propagation_n", X, parameters)
    return mean_cost("forward_propagation_n", "A3", A3, Y), cache


def backward_propagation_n(X: ArrayLike, Y: ArrayLike, cache: Any) -> dict[str, NDArray[Any]]:
    """Compute all gradients of that net; dZ3 is not divided by the number of examples.

    ======  ==============  ==================================================
    X       (n_x, m)        inputs
    Y       (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    cache   12 arrays       as forward_propagation_n returns them
    ======  ==============  ==================================================

    Keys dZ3, dW3, db3, dA2, ..., db1. ValueError where shapes do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera import gradient_checking, reg_utils
    >>> parameters = reg_utils.initialize_parameters([4, 5, 3, 1])
    >>> X, Y = np.ones((4, 2)), [[0, 1]]
    >>> _, cache = gradient_checking.forward_propagation_n(X, Y, parameters)
    >>> list(gradient_checking.backward_propagation_n(X, Y, cache))[:3]
    ['dZ3', 'dW3', 'db3']
    """
    return backward("backward_propagation_n", X, Y, cache, is_divided=False)


def gradient_check_n(
    parameters: Parameters,
    gradients: dict[str, Any],
    X: ArrayLike,
    Y: ArrayLike,
    epsilon: float = 1e-7,
    print_msg: bool = False,
) -> np.float64:
    """Hold the gradients of a 4-5-3-1 net against central differences of its cost.

    ==========  ==========  ====================================================
    parameters  dict        W1 (5, 4), b1, W2 (3, 5), b2, W3 (1, 3), b3
    gradients   dict        dW1, db1, ..., dW3, db3
    X           (4, m)      inputs
    Y           (1, m)      labels
    epsilon     float       half the distance of the two points
    print_msg   bool        say whether the difference is above 2e-7
    ==========  ==========  ====================================================

    Returns norm(g - d) / (norm(g) + norm(d)) of all 47 numbers. ValueError for other shapes and an
    epsilon of 0. ffnn.gradient_check does so for any network.

    >>> import numpy as np
    >>> from ffnn.coursera import gradient_checking, reg_utils
    >>> np.random.seed(1)
    >>> X, Y = np.random.randn(4, 3), [[1, 1, 0]]
    >>> parameters = reg_utils.initialize_parameters([4, 5, 3, 1])
    >>> _, cache = gradient_checking.forward_propagation_n(X, Y, parameters)
    >>> grads = gradient_checking.backward_propagation_n(X, Y, cache)
    >>> bool(gradient_checking.gradient_check_n(parameters, grads, X, Y) < 2e-7)
    True
    """
    function = "gradient_check_n"
    step = _step(function, epsilon)
    theta, _ = dictionary_to_vector(entries(function, parameters, "parameters", KEYS))
    grad = gradients_to_vector(gradients)

    def cost_at(values: NDArray[Any]) -> float:
        A3 = _ffnn.predict_proba(X, vector_to_dictionary(values))
        return float(mean_cost(function, "A3", A3, Y))

    slopes = np.zeros_like(theta)
    for i in range(theta.shape[0]):
        costs = []
        for sign in 1, -1:
            moved = theta.copy()
            moved[i] += sign * step
            costs.append(cost_at(moved))
        slopes[i] = (costs[0] - costs[1]) / (2 * step)
    return _compare(grad, slopes, print_msg)
