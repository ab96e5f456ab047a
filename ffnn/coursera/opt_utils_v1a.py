"""Course 2, week 2, optimization, edition v1a: what the notebook imports from its helper.

The cost is a total, which the notebook divides; gradients have keys in lower case and 1/m in dz3.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn.coursera._common import h5py, plt, relu, scipy, sigmoid, sklearn
from ffnn.coursera._literal import total_cost
from ffnn.coursera.opt_utils import (
    backward_propagation,
    forward_propagation,
    initialize_parameters,
    load_2D_dataset,
    load_dataset,
    load_params_and_grads,
    predict,
    predict_dec,
)
from ffnn.coursera.planar_utils import plot_decision_boundary

__all__ = [
    "backward_propagation",
    "compute_cost",
    "forward_propagation",
    "h5py",
    "initialize_parameters",
    "load_2D_dataset",
    "load_dataset",
    "load_params_and_grads",
    "np",
    "plot_decision_boundary",
    "plt",
    "predict",
    "predict_dec",
    "relu",
    "scipy",
    "sigmoid",
    "sklearn",
]


def compute_cost(a3: ArrayLike, Y: ArrayLike) -> NDArray[Any]:
    """Compute the literal cross-entropy, the total.

    ======  ==========  =================================================
    a3      (n_y, m)    probabilities
    Y       (n_y, m)    labels; where n_y is 1 also (m,) and (m, 1)
    ======  ==========  =================================================

    Infinite, with NumPy's warning, where a logarithm of 0 counts. ValueError for other shapes.

    >>> from ffnn.coursera.opt_utils_v1a import compute_cost
    >>> compute_cost([[0.5, 0.5]], [[0, 1]])
    array(1.38629436)
    """
    return total_cost("compute_cost", "a3", a3, Y)
