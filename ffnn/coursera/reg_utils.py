"""Course 2, week 1, regularization: what the notebook imports from its helper.

The cost skips what is NaN; gradients have keys in upper case, and dZ3 is not divided by m.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._initializers import Parameters
from ffnn.coursera._common import draw_seeded, h5py, plt, relu, scipy, sigmoid, sklearn
from ffnn.coursera._literal import mean_cost
from ffnn.coursera._three_layers import backward, circles, football
from ffnn.coursera.init_utils import forward_propagation, predict, predict_dec, update_parameters
from ffnn.coursera.planar_utils import flower, plot_decision_boundary

__all__ = [
    "backward_propagation",
    "compute_cost",
    "forward_propagation",
    "h5py",
    "initialize_parameters",
    "load_2D_dataset",
    "load_dataset",
    "load_planar_dataset",
    "np",
    "plot_decision_boundary",
    "plt",
    "predict",
    "predict_dec",
    "relu",
    "scipy",
    "sigmoid",
    "sklearn",
    "update_parameters",
]


def initialize_parameters(layer_dims: Any) -> Parameters:
    """Draw np.random.randn / sqrt(n_{l-1}) after np.random.seed(3).

    ==========  ==========  =========================================
    layer_dims  integers    n_x, n_1, ..., n_y
    result      dict        W1, b1, ..., WL, bL
    ==========  ==========  =========================================

    TypeError and ValueError as initialize_parameters_deep has them.

    >>> from ffnn.coursera.reg_utils import initialize_parameters
    >>> initialize_parameters([1, 1])["W1"].round(4)
    array([[1.7886]])
    """
    return draw_seeded("initialize_parameters", "layer_dims", layer_dims, 3, "assignment")


def backward_propagation(X: ArrayLike, Y: ArrayLike, cache: Any) -> dict[str, NDArray[Any]]:
    """Compute all gradients of the cross-entropy; dZ3 is not divided by the number of examples.

    ======  ==============  ================================================
    X       (n_x, m)        inputs
    Y       (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    cache   12 arrays       as forward_propagation returns them
    result  dict            dZ3, dW3, db3, dA2, dZ2, dW2, ..., db1
    ======  ==============  ================================================

    ValueError where shapes do not fit.

    >>> import numpy as np
    >>> np.random.seed(1)
    >>> parameters = {"W1": np.ones((2, 2)), "b1": np.zeros((2, 1)), "W2": np.ones((2, 2)),
    ...               "b2": np.zeros((2, 1)), "W3": np.ones((1, 2)), "b3": np.zeros((1, 1))}
    >>> from ffnn.coursera.reg_utils import backward_propagation, forward_propagation
    >>> X, Y = np.ones((2, 3)), np.array([[1, 0, 1]])
    >>> list(backward_propagation(X, Y, forward_propagation(X, parameters)[1]))[:4]
    ['dZ3', 'dW3', 'db3', 'dA2']
    """
    return backward("backward_propagation", X, Y, cache, is_divided=False)


def compute_cost(a3: ArrayLike, Y: ArrayLike) -> NDArray[Any]:
    """Compute the literal cross-entropy, the mean over the examples, leaving NaN out.

    ======  ==========  =================================================
    a3      (n_y, m)    probabilities
    Y       (n_y, m)    labels; where n_y is 1 also (m,) and (m, 1)
    ======  ==========  =================================================

    Infinite, with NumPy's warning, where a logarithm of 0 counts. ValueError for other shapes.

    >>> from ffnn.coursera.reg_utils import compute_cost
    >>> compute_cost([[0.5, 0.5]], [[0, 1]])
    array(0.69314718)
    """
    return mean_cost("compute_cost", "a3", a3, Y, skip_nan=True)


def load_planar_dataset(seed: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Draw the flower of two colours, after np.random.seed(seed).

    ======  ===========  ==================================
    seed    integer      of NumPy's global generator
    result  tuple        X (2, 400) and Y (1, 400), uint8
    ======  ===========  ==================================

    >>> from ffnn.coursera.reg_utils import load_planar_dataset
    >>> X, Y = load_planar_dataset(1)
    >>> X.shape, Y.shape
    ((2, 400), (1, 400))
    """
    return flower(seed)


def load_dataset() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Draw two noisy circles by scikit-learn, as init_utils.load_dataset does, and show them."""
    return circles(is_shown=True)


def load_2D_dataset() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Read and show the football positions, datasets/data.mat beside the notebook.

    Inputs (2, m) and labels (1, m), to train and to test with. FileNotFoundError where the file is
    not there, KeyError for an array that it lacks, ImportError without SciPy or matplotlib.
    """
    return football("load_2D_dataset", is_shown=True)
