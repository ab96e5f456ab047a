"""Course 1, week 4, application, edition of 2017: dnn_app_utils_v3 but for the gradients' keys."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import ffnn
from ffnn.coursera.dnn_app_utils_v3 import (
    L_model_forward,
    compute_cost,
    h5py,
    initialize_parameters,
    initialize_parameters_deep,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    load_data,
    plt,
    predict,
    print_mislabeled_images,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    update_parameters,
)

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


def L_model_backward(AL: ArrayLike, Y: ArrayLike, caches: Sequence[Any]) -> dict[str, Any]:
    """Compute all gradients, those of the activations under an index that is one too high.

    ======  =========================  ===================================================
    AL      (n_y, m)                   the output
    Y       (n_y, m)                   labels; where n_y is 1 also (m,) and (m, 1)
    caches  L of them                  as L_model_forward returns them
    grads   dict                       dA{L}, dW{L}, db{L}, ..., dA1, dW1, db1
    ======  =========================  ===================================================

    grads["dA1"] is the gradient by X: dA{l} here is what later editions call dA{l-1}. Errors are
    those of ffnn.L_model_backward.

    >>> import numpy as np
    >>> from ffnn.coursera import dnn_app_utils_v2 as utils
    >>> AL, caches = utils.L_model_forward(np.ones((2, 3)), utils.initialize_parameters(2, 4, 1))
    >>> list(utils.L_model_backward(AL, np.ones((1, 3)), caches))
    ['dA2', 'dW2', 'db2', 'dA1', 'dW1', 'db1']
    """
    grads = ffnn.L_model_backward(AL, Y, caches)
    return {
        f"dA{int(key[2:]) + 1}" if key.startswith("dA") else key: value
        for key, value in grads.items()
    }
