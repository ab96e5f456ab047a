"""Course 2, week 1, initialization: what the notebook imports from its helper.

The cost skips what is NaN; gradients have keys in lower case and 1/m in dz3.
"""

from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._initializers import Parameters
from ffnn.coursera._common import h5py, plt, relu, sigmoid, sklearn
from ffnn.coursera._literal import mean_cost
from ffnn.coursera._three_layers import (
    backward,
    circles,
    forward,
    is_above_half,
    tell_accuracy,
    update,
)
from ffnn.coursera.planar_utils import plot_decision_boundary
from ffnn.datasets import read_cats

__all__ = [
    "backward_propagation",
    "compute_loss",
    "forward_propagation",
    "h5py",
    "load_cat_dataset",
    "load_dataset",
    "np",
    "plot_decision_boundary",
    "plt",
    "predict",
    "predict_dec",
    "relu",
    "sigmoid",
    "sklearn",
    "update_parameters",
]


def forward_propagation(
    X: ArrayLike, parameters: Parameters
) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Compute the output of the net of three layers, and the cache for its gradients.

    ==========  ==========  ====================================================
    X           (n_x, m)    inputs, a column per example
    parameters  dict        W1, b1, W2, b2, W3, b3; other keys are ignored
    result      tuple       a3 (n_y, m), and (z1, a1, W1, b1, z2, ..., W3, b3)
    ==========  ==========  ====================================================

    Errors as L_model_forward has them.

    >>> import numpy as np
    >>> np.random.seed(1)
    >>> parameters = {"W1": np.ones((2, 2)), "b1": np.zeros((2, 1)), "W2": np.ones((2, 2)),
    ...               "b2": np.zeros((2, 1)), "W3": np.ones((1, 2)), "b3": np.zeros((1, 1))}
    >>> from ffnn.coursera.init_utils import forward_propagation
    >>> a3, cache = forward_propagation(np.zeros((2, 3)), parameters)
    >>> print(a3, len(cache))
    [[0.5 0.5 0.5]] 12
    """
    return forward("forward_propagation", X, parameters)


def backward_propagation(X: ArrayLike, Y: ArrayLike, cache: Any) -> dict[str, NDArray[Any]]:
    """Compute all gradients of the cross-entropy; dz3 is divided by the number of examples.

    ======  ==============  ================================================
    X       (n_x, m)        inputs
    Y       (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    cache   12 arrays       as forward_propagation returns them
    result  dict            dz3, dW3, db3, da2, dz2, dW2, ..., db1
    ======  ==============  ================================================

    ValueError where shapes do not fit.

    >>> import numpy as np
    >>> np.random.seed(1)
    >>> parameters = {"W1": np.ones((2, 2)), "b1": np.zeros((2, 1)), "W2": np.ones((2, 2)),
    ...               "b2": np.zeros((2, 1)), "W3": np.ones((1, 2)), "b3": np.zeros((1, 1))}
    >>> from ffnn.coursera.init_utils import backward_propagation, forward_propagation
    >>> X, Y = np.ones((2, 3)), np.array([[1, 0, 1]])
    >>> list(backward_propagation(X, Y, forward_propagation(X, parameters)[1]))[:4]
    ['dz3', 'dW3', 'db3', 'da2']
    """
    return backward("backward_propagation", X, Y, cache, is_divided=True)


def update_parameters(
    parameters: Parameters, grads: dict[str, Any], learning_rate: SupportsFloat
) -> Parameters:
    """Take a step of gradient descent; the same dict, holding new arrays.

    =============  ======  ===============================
    parameters     dict    W1, b1, W2, b2, W3, b3
    grads          dict    dW1, db1, ..., dW3, db3
    learning_rate  float   any finite real number
    =============  ======  ===============================

    Errors as ffnn.update_parameters has them.

    >>> import numpy as np
    >>> from ffnn.coursera.init_utils import update_parameters
    >>> one = np.ones((1, 1))
    >>> update_parameters({"W1": one, "b1": one}, {"dW1": one, "db1": one}, 0.25)
    {'W1': array([[0.75]]), 'b1': array([[0.75]])}
    """
    return update("update_parameters", parameters, grads, learning_rate)


def compute_loss(a3: ArrayLike, Y: ArrayLike) -> NDArray[Any]:
    """Compute the literal cross-entropy, the mean over the examples, leaving NaN out.

    ======  ==========  =================================================
    a3      (n_y, m)    probabilities
    Y       (n_y, m)    labels; where n_y is 1 also (m,) and (m, 1)
    ======  ==========  =================================================

    Infinite, with NumPy's warning, where a logarithm of 0 counts. ValueError for other shapes.

    >>> from ffnn.coursera.init_utils import compute_loss
    >>> compute_loss([[0.5, 0.5]], [[0, 1]])
    array(0.69314718)
    """
    return mean_cost("compute_loss", "a3", a3, Y, skip_nan=True)


def load_cat_dataset() -> tuple[
    NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.bytes_]
]:
    """Return the cat pictures of the folder `datasets`, flattened and from 0 to 1.

    Training inputs (12288, m) and labels (1, m), the same to test with, and the names of the two
    classes. Errors as lr_utils.load_dataset has them.
    """
    train_x, train_y, test_x, test_y, classes = read_cats("load_cat_dataset", "datasets")
    flat = [x.reshape(x.shape[0], -1).T / 255 for x in (train_x, test_x)]
    return flat[0], train_y, flat[1], test_y, classes


def predict(X: ArrayLike, y: ArrayLike, parameters: Parameters) -> NDArray[Any]:
    """Predict 0 or 1 for each example as integers, and print the accuracy against y.

    ==========  ==========  ====================================================
    X           (n_x, m)    inputs, a column per example
    y           (1, m)      labels; (m,) and (m, 1) serve too
    parameters  dict        W1, b1, W2, b2, W3, b3
    ==========  ==========  ====================================================

    ValueError where shapes do not fit.

    >>> import numpy as np
    >>> np.random.seed(1)
    >>> parameters = {"W1": np.ones((2, 2)), "b1": np.zeros((2, 1)), "W2": np.ones((2, 2)),
    ...               "b2": np.zeros((2, 1)), "W3": np.ones((1, 2)), "b3": np.zeros((1, 1))}
    >>> from ffnn.coursera.init_utils import predict
    >>> predict(np.ones((2, 2)), [[1, 0]], parameters)
    Accuracy: 0.5
    array([[1, 1]])
    """
    return tell_accuracy("predict", X, y, parameters)


def predict_dec(parameters: Parameters, X: ArrayLike) -> NDArray[np.bool_]:
    """Predict whether the output is above 0.5, for a decision boundary.

    ==========  ==========  =================================
    parameters  dict        W1, b1, W2, b2, W3, b3
    X           (n_x, m)    inputs, a column per point
    result      (n_y, m)    bool
    ==========  ==========  =================================

    Errors as L_model_forward has them.

    >>> import numpy as np
    >>> np.random.seed(1)
    >>> parameters = {"W1": np.ones((2, 2)), "b1": np.zeros((2, 1)), "W2": np.ones((2, 2)),
    ...               "b2": np.zeros((2, 1)), "W3": np.ones((1, 2)), "b3": np.zeros((1, 1))}
    >>> from ffnn.coursera.init_utils import predict_dec
    >>> predict_dec(parameters, np.ones((2, 2)))
    array([[ True,  True]])
    """
    return is_above_half("predict_dec", X, parameters)


def load_dataset() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Draw two noisy circles by scikit-learn, and show those to train with.

    300 points (2, 300) and labels (1, 300) after np.random.seed(1), and 100 to test with after
    np.random.seed(2). ImportError without scikit-learn or matplotlib.
    """
    return circles(is_shown=True)
