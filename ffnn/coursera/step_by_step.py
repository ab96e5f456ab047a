"""Course 1, week 4, step by step, as the notebook has it from 2021 on.

The initialisers seed NumPy's generator with 1 and 3, and both scale by 0.01. The cost is the
literal one, and an update makes a new dict.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any, SupportsFloat

import ffnn
from ffnn import (
    L_model_backward,
    L_model_forward,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
)
from ffnn._initializers import Parameters
from ffnn.coursera._common import draw_seeded
from ffnn.coursera.dnn_app_utils_v3 import compute_cost, initialize_parameters

__all__ = [
    "L_model_backward",
    "L_model_forward",
    "compute_cost",
    "initialize_parameters",
    "initialize_parameters_deep",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "update_parameters",
]


def initialize_parameters_deep(layer_dims: Iterable[int]) -> Parameters:
    """Draw the parameters of a net of any depth, after np.random.seed(3).

    ======  =================  ===================================================
    W{l}    (n_l, n_{l-1})     np.random.randn * 0.01, for l = 1 to L
    b{l}    (n_l, 1)           zeros
    ======  =================  ===================================================

    layer_dims lists two or more sizes. TypeError for a size that is no integer, ValueError for one
    below 1.

    >>> from ffnn.coursera.step_by_step import initialize_parameters_deep
    >>> initialize_parameters_deep([3, 1])["W1"]
    array([[0.01788628, 0.0043651 , 0.00096497]])
    """
    return draw_seeded("initialize_parameters_deep", "layer_dims", layer_dims, 3, 0.01)


def update_parameters(
    params: Parameters, grads: dict[str, Any], learning_rate: SupportsFloat
) -> Parameters:
    """Do one step of gradient descent, and return the new parameters in a new dict.

    =============  =====  =====================================================
    params         dict   W1, b1, ..., WL, bL: stays as it is
    grads          dict   dW1, db1, ..., dWL, dbL; other keys don't matter
    learning_rate  float  any finite real number
    =============  =====  =====================================================

    Errors are those of ffnn.update_parameters, which re-binds the entries of the dict it is given.

    >>> import numpy as np
    >>> from ffnn.coursera.step_by_step import update_parameters
    >>> params = {"W1": np.ones((1, 2)), "b1": np.ones((1, 1))}
    >>> new = update_parameters(params, {"dW1": np.ones((1, 2)), "db1": np.ones((1, 1))}, 0.5)
    >>> new["W1"], params["W1"]
    (array([[0.5, 0.5]]), array([[1., 1.]]))
    """
    return ffnn.update_parameters(copy(params), grads, learning_rate)
