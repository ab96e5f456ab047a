"""Prediction: the assignment's, and classes or values for any network."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import (
    check_number,
    check_numbers,
    check_outputs,
    lost_entry,
    lost_examples,
    suggest_keywords,
)
from ffnn._frames import as_array
from ffnn._initializers import Parameters
from ffnn._reading import output_of
from ffnn._run import print_line
from ffnn._sample_weights import classes_of
from ffnn._scores import decide
from ffnn._sources import Source, take_inputs

__all__ = ["predict", "predict_classes"]


@suggest_keywords
def predict(
    X: ArrayLike,
    y: ArrayLike,
    parameters: Parameters,
    *,
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
) -> NDArray[np.float64]:
    """Predict 0 or 1 for each example, and print the accuracy against y.

    =================  ============  ========================================================
    X                  (n_x, m)      inputs, a column per example; or a source, as train has it
    y                  (n_y, m)      labels; where n_y is 1 also (m,) and (m, 1); a list will
                                     do. Of a softmax one-hot, or a class for each example:
                                     (m,), (1, m) or (m, 1)
    parameters         dict          W1, b1, ..., WL, bL
    hidden_activation  str or list   as in L_model_forward: None, the default, is what the
                                     parameters know, else "relu"
    output_activation  str           likewise, else "sigmoid"; or "softmax"
    p                  (n_y, m)      float64. Of a sigmoid 1.0 where the output is above 0.5,
                                     else 0.0; of a softmax 1.0 for the greatest output of an
                                     example, the first of equals, and 0.0 for its others
    =================  ============  ========================================================

    The accuracy printed is the share of entries that agree, of a softmax that of examples whose
    class is right. predict_classes gives classes as integers, takes a threshold and prints nothing;
    predict_proba gives the output itself.

    An example with NaN or infinity in X, or whose output is NaN, gets 0.0, and one RuntimeWarning
    says so. Errors are those of L_model_forward; ValueError for a y of another shape, a class that
    is none, and any other output_activation, which has no classes; TypeError for a y of strings or
    objects: np.unique(y, return_inverse=True)[1] makes integers of them.

    >>> import numpy as np, ffnn
    >>> parameters = {"W1": np.array([[1.0]]), "b1": np.array([[0.0]])}
    >>> p = ffnn.predict(np.array([[-1.0, 1.0]]), [[0, 1]], parameters)
    Accuracy: 1.0
    >>> p
    array([[0., 1.]])
    >>> parameters = {"W1": np.array([[1.0], [2.0]]), "b1": np.array([[1.0], [0.0]])}
    >>> ffnn.predict(np.array([[0.5, 2.0]]), [0, 0], parameters, output_activation="softmax")
    Accuracy: 0.5
    array([[1., 0.],
           [0., 1.]])
    """
    net: dict[str, Any] = {
        "hidden_activation": hidden_activation,
        "output_activation": output_activation,
    }
    *hidden, output = _ffnn.layer_activations("predict", parameters, **net)
    if output not in ("sigmoid", "softmax"):
        raise ValueError(
            f"predict: output_activation {output!r} has no classes, and so no accuracy; "
            "ffnn.predict_proba gives its values"
        )
    AL, shape, lost, first_lost = _output("predict", X, parameters, **net)
    n_y, m = AL.shape
    is_softmax = output == "softmax"
    if is_softmax:
        labels = _classes_told(y, n_y, m)
        p = np.zeros((n_y, m))
        p[np.argmax(AL, axis=0), np.arange(m)] = 1
    else:
        against = f"the predictions for X {shape} have"
        labels = check_outputs("predict", "y", y, AL.shape, against)
        p = (AL > 0.5).astype(np.float64)
    _blank(p, lost, first_lost, AL)
    agreement = (p[labels, np.arange(m)] == 1)[None, :] if is_softmax else p == labels
    # The assignment, whose net is relu and one sigmoid, adds m shares of 1/m, and people compare
    # the digits which that gives. Of other nets they are those of the metric "accuracy".
    is_assignment = n_y == 1 and output == "sigmoid" and set(hidden) <= {"relu"}
    by_shares = is_assignment or agreement.size == 0
    print_line("Accuracy: " + str(np.sum(agreement / m) if by_shares else agreement.mean()))
    return p


def _classes_told(y: ArrayLike, n_y: int, m: int) -> NDArray[np.intp]:
    """The class of each example, (m,), from labels that are one-hot or classes."""
    labels = check_numbers("predict", "y", y)
    if labels.shape == (n_y, m):
        return classes_of(labels, n_y)
    if labels.shape not in ((m,), (1, m), (m, 1)):
        hint = ": examples are columns, pass y.T" if labels.shape == (m, n_y) else ""
        raise ValueError(
            f"predict: y has shape {labels.shape}, expected ({n_y}, {m}), one-hot, or a class for "
            f"each example, ({m},){hint}"
        )
    classes = labels.reshape(m)
    wrong = np.flatnonzero(~np.isin(classes, np.arange(n_y)))
    if wrong.size:
        raise ValueError(
            f"predict: y holds {classes[wrong[0]]} at example {wrong[0]}, which is none of the "
            f"classes 0 to {n_y - 1}"
        )
    return np.asarray(classes, np.intp)


def _output(
    function: str, X: Any, parameters: Parameters, **net: Any
) -> tuple[NDArray[Any], tuple[int, ...], NDArray[np.bool_], str]:
    """AL, X's shape, which examples hold NaN or infinity, and where the first of these does."""
    source = take_inputs(function, "X", X)
    if isinstance(source, Source):
        AL, lost, first_lost = output_of(function, source, parameters, **net)
        return AL, source.shape, lost, first_lost
    AL = _ffnn.net_output(function, X, parameters, **net)
    inputs = as_array(f"{function}: X", X)
    found = lost_examples(inputs)
    if found is None:
        return AL, inputs.shape, np.zeros(AL.shape[1], bool), ""
    return AL, inputs.shape, found, lost_entry(inputs, found)


def _blank(
    p: NDArray[np.float64], lost: NDArray[np.bool_], first_lost: str, AL: NDArray[Any]
) -> None:
    """Predict 0 where there is nothing to decide, and say so once."""
    if first_lost:
        why = f"X holds {first_lost}"
    else:
        lost = np.isnan(AL).any(axis=0)
        if not lost.any():
            return
        why = f"the output of example {np.argmax(lost)} is NaN, by parameters that are not finite"
    p[:, lost] = 0
    warnings.warn(
        f"predict: {why}; {np.count_nonzero(lost)} of {lost.size} examples are predicted as 0",
        RuntimeWarning,
        stacklevel=4,
    )


@suggest_keywords
def predict_classes(
    X: ArrayLike,
    parameters: Parameters,
    *,
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
    threshold: float = 0.5,
) -> NDArray[Any]:
    """Predict a class, or the output where there is no class, for each example.

    =================  ===========  ========================================================
    X                  (n_x, m)     inputs, a column per example; or a source, as train has it
    parameters         dict         W1, b1, ..., WL, bL
    hidden_activation  str or list  as in L_model_forward: None, the default, is what the
                                    parameters know, else "relu"
    output_activation  str          likewise, else "sigmoid"; it decides what the result is:
    sigmoid            (n_y, m)     int64: 1 where the output is above the threshold, else 0
    softmax            (1, m)       int64: the class whose output is greatest, the first of equals
    any other          (n_y, m)     the output itself, since there is nothing to decide
    threshold          float        of a sigmoid; any finite number
    =================  ===========  ========================================================

    Errors are those of L_model_forward; ValueError for NaN or infinity in X, with its row and
    column, and for a class that is to be decided of a NaN; TypeError and ValueError for a threshold
    that is no finite number. predict_proba gives the output itself for every activation.

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
    net: dict[str, Any] = {
        "hidden_activation": hidden_activation,
        "output_activation": output_activation,
    }
    output = _ffnn.layer_activations("predict_classes", parameters, **net)[-1]
    AL, _, _, first_lost = _output("predict_classes", X, parameters, **net)
    if first_lost:
        raise ValueError(
            f"predict_classes: X holds {first_lost}: leave such examples out, or fill them in "
            "(np.nan_to_num)"
        )
    lost = np.isnan(AL).any(axis=0)
    if lost.any() and output in ("sigmoid", "softmax"):
        raise ValueError(
            f"predict_classes: the output of example {np.argmax(lost)} is NaN, by parameters that "
            "are not finite: there is no class to decide"
        )
    return decide(AL, output, limit)
