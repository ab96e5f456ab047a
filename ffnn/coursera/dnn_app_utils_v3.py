"""Course 1, week 4, application, editions from 2018 on: what the notebook imports from its helper.

Both initialisers seed NumPy's generator with 1. The cost is the literal one.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import (
    L_model_backward,
    L_model_forward,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    load_data,
    predict,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    update_parameters,
)
from ffnn._checks import check_size
from ffnn._initializers import Parameters, draw_scaled
from ffnn.coursera._common import draw_seeded, h5py, plt, print_mislabeled_images
from ffnn.coursera._literal import mean_cost

__all__ = [
    "L_model_backward",
    "L_model_forward",
    "compute_cost",
    "h5py",
    "initialize_parameters",
    "initialize_parameters_deep",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "load_data",
    "np",
    "plt",
    "predict",
    "print_mislabeled_images",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "update_parameters",
]


def initialize_parameters(n_x: int, n_h: int, n_y: int) -> Parameters:
    """Draw the parameters of a net with one hidden layer, after np.random.seed(1).

    ====  ===========  ===================================
    W1    (n_h, n_x)   np.random.randn * 0.01
    b1    (n_h, 1)     zeros
    W2    (n_y, n_h)   np.random.randn * 0.01
    b2    (n_y, 1)     zeros
    ====  ===========  ===================================

    TypeError for a size that is no integer, ValueError for one below 1.

    >>> from ffnn.coursera.dnn_app_utils_v3 import initialize_parameters
    >>> initialize_parameters(2, 1, 1)["W1"]
    array([[ 0.01624345, -0.00611756]])
    """
    sizes = {"n_x": n_x, "n_h": n_h, "n_y": n_y}
    dims = tuple(check_size("initialize_parameters", name, n) for name, n in sizes.items())
    np.random.seed(1)
    return draw_scaled(dims, np.random.randn)


def initialize_parameters_deep(layer_dims: Iterable[int]) -> Parameters:
    """Draw the parameters of a net of any depth, after np.random.seed(1).

    ======  =================  ===================================================
    W{l}    (n_l, n_{l-1})     np.random.randn / sqrt(n_{l-1}), for l = 1 to L
    b{l}    (n_l, 1)           zeros
    ======  =================  ===================================================

    layer_dims lists two or more sizes; errors as in initialize_parameters.

    >>> from ffnn.coursera.dnn_app_utils_v3 import initialize_parameters_deep
    >>> initialize_parameters_deep([4, 1])["W1"]
    array([[ 0.81217268, -0.30587821, -0.26408588, -0.53648431]])
    """
    return draw_seeded("initialize_parameters_deep", "layer_dims", layer_dims, 1, "assignment")


def compute_cost(AL: ArrayLike, Y: ArrayLike) -> NDArray[np.floating]:
    """Compute -1/m * sum(Y log(AL) + (1 - Y) log(1 - AL)), literally.

    ====  =========  ============================================
    AL    (n_y, m)   probabilities
    Y     (n_y, m)   labels; where n_y is 1 also (m,) and (m, 1)
    cost  0-d array  NaN where 0 * log(0) is in the sum
    ====  =========  ============================================

    Warns as NumPy does where a logarithm is infinite. Errors are those of ffnn.compute_cost.

    >>> from ffnn.coursera.dnn_app_utils_v3 import compute_cost
    >>> compute_cost([[0.8, 0.9, 0.4]], [[1, 1, 0]])
    array(0.27977656)
    """
    return mean_cost("compute_cost", "AL", AL, Y)
