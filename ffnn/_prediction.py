"""Prediction: the assignment's, and classes or values for any network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import check_number, check_outputs
from ffnn._initializers import Parameters
from ffnn._metrics import decide
from ffnn._run import print_line

__all__ = ["predict", "predict_classes"]


def predict(X: ArrayLike, y: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Predict 0 or 1 for each example, and print the accuracy against y.

    ==========  ==============  ==========================================================
    X           (n_x, m)        inputs, a column per example
    y           (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1); a list will do
    parameters  dict            W1, b1, ..., WL, bL
    p           (n_y, m)        1.0 where the output is above 0.5, else 0.0; float64
    ==========  ==============  ==========================================================

    The accuracy printed is the share of entries that agree. Errors are those of L_model_forward,
    and ValueError for a y of another shape.

    >>> import numpy as np, ffnn
    >>> parameters = {"W1": np.array([[1.0]]), "b1": np.array([[0.0]])}
    >>> p = ffnn.predict(np.array([[-1.0, 1.0]]), [[0, 1]], parameters)
    Accuracy: 1.0
    >>> p
    array([[0., 1.]])
    """
    p = _ffnn.predict(X, parameters)
    n_y, m = p.shape
    labels = check_outputs("predict", "y", y, p.shape, f"the predictions for X {np.shape(X)} have")
    # The assignment adds m shares of 1/m, and people compare the digits which that gives.
    agreement = p == labels
    by_shares = n_y == 1 or agreement.size == 0
    print_line("Accuracy: " + str(np.sum(agreement / m) if by_shares else agreement.mean()))
    return p


def predict_classes(
    X: ArrayLike,
    parameters: Parameters,
    *,
    hidden_activation: str | Sequence[str] = "relu",
    output_activation: str = "sigmoid",
    threshold: float = 0.5,
) -> NDArray[Any]:
    """Predict a class, or the output where there is no class, for each example.

    =================  ===========  ========================================================
    X                  (n_x, m)     inputs, a column per example
    parameters         dict         W1, b1, ..., WL, bL
    hidden_activation  str or list  as in L_model_forward
    output_activation  str          likewise; it decides what the result is:
    sigmoid            (n_y, m)     int64: 1 where the output is above the threshold, else 0
    softmax            (1, m)       int64: the class whose output is greatest, the first of equals
    any other          (n_y, m)     the output itself, since there is nothing to decide
    threshold          float        of a sigmoid; any finite number
    =================  ===========  ========================================================

    Errors are those of L_model_forward; TypeError and ValueError for a threshold that is no finite
    number. predict_proba gives the output itself for every activation.

    >>> import numpy as np, ffnn
    >>> parameters = {"W1": np.array([[1.0], [2.0]]), "b1": np.array([[1.0], [0.0]])}
    >>> X = np.array([[0.5, 2.0]])
    >>> ffnn.predict_classes(X, parameters, output_activation="softmax")
    array([[0, 1]])
    >>> ffnn.predict_classes(X, parameters, threshold=0.8)
    array([[1, 1],
           [0, 1]])
    >>> ffnn.predict_classes(X, parameters, output_activation="linear")
    array([[1.5, 3. ],
           [1. , 4. ]])
    """
    limit = check_number("predict_classes", "threshold", threshold)
    AL = _ffnn.predict_proba(
        X,
        parameters,
        hidden_activation=hidden_activation,
        output_activation=output_activation,
    )
    return decide(AL, output_activation, limit)
