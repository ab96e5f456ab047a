"""Course 2, week 2, optimization: what the notebook imports from its helper.

The cost is a mean; gradients have keys in lower case and 1/m in dz3.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._initializers import Parameters
from ffnn.coursera._common import draw_seeded, h5py, plt, relu, scipy, sigmoid, sklearn
from ffnn.coursera._literal import mean_cost
from ffnn.coursera._three_layers import football, moons
from ffnn.coursera.init_utils import backward_propagation, forward_propagation, predict, predict_dec
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


def load_params_and_grads(seed: int = 1) -> tuple[NDArray[np.float64], ...]:
    """Draw parameters and gradients of a 2-2-3 net for the notebook's small cases.

    ======  ========  ====================================================
    seed    integer   of NumPy's global generator
    result  tuple     W1 (2, 3), b1, W2 (3, 3), b2, and dW1, db1, dW2, db2
    ======  ========  ====================================================

    >>> from ffnn.coursera.opt_utils import load_params_and_grads
    >>> load_params_and_grads()[0].shape
    (2, 3)
    """
    np.random.seed(seed)
    shapes = (2, 3), (2, 1), (3, 3), (3, 1)
    return tuple(np.random.randn(*shape) for shape in (*shapes, *shapes))


def initialize_parameters(layer_dims: Any) -> Parameters:
    """Draw np.random.randn * sqrt(2 / n_{l-1}), He's scale, after np.random.seed(3).

    ==========  ==========  =========================================
    layer_dims  integers    n_x, n_1, ..., n_y
    result      dict        W1, b1, ..., WL, bL
    ==========  ==========  =========================================

    TypeError and ValueError as initialize_parameters_deep has them.

    >>> from ffnn.coursera.opt_utils import initialize_parameters
    >>> initialize_parameters([2, 1])["W1"].round(4)
    array([[1.7886, 0.4365]])
    """
    return draw_seeded("initialize_parameters", "layer_dims", layer_dims, 3, "he")


def compute_cost(a3: ArrayLike, Y: ArrayLike) -> NDArray[Any]:
    """Compute the literal cross-entropy, divided by the number of examples.

    ======  ==========  =================================================
    a3      (n_y, m)    probabilities
    Y       (n_y, m)    labels; where n_y is 1 also (m,) and (m, 1)
    ======  ==========  =================================================

    Infinite, with NumPy's warning, where a logarithm of 0 counts. ValueError for other shapes.

    >>> from ffnn.coursera.opt_utils import compute_cost
    >>> compute_cost([[0.5, 0.5]], [[0, 1]])
    array(0.69314718)
    """
    return mean_cost("compute_cost", "a3", a3, Y, skip_nan=False)


def load_2D_dataset(
    is_plot: bool = True,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Read the football positions, datasets/data.mat beside the notebook; is_plot shows them.

    Inputs (2, m) and labels (1, m), to train and to test with. Errors as in reg_utils.
    """
    return football("load_2D_dataset", is_shown=is_plot)


def load_dataset(is_plot: bool = True) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw two moons by scikit-learn after np.random.seed(3); is_plot shows them.

    X (2, 300) and Y (1, 300). ImportError without scikit-learn or, to show them, matplotlib.
    """
    return moons(is_shown=is_plot)
