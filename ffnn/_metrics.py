"""Metrics of a run beside its cost: scores by name, costs by name, functions of the caller.

A score is a function of the labels Y and of the output AL, the array that predict_proba gives.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._checks import near
from ffnn._sample_weights import classes_of

__all__ = ["Score", "check_scores", "cost_of", "decide"]

Measure = Callable[[NDArray[Any], NDArray[Any]], Any]


class Score(NamedTuple):
    """A metric, and whether greater is better; of a cost, less is."""

    measure: Measure
    rises: bool


# The cost of an output where none is named, as the C core has it; it goes with no other output.
_OWN_COSTS = {"sigmoid": "binary_cross_entropy", "softmax": "categorical_cross_entropy"}


def cost_of(output_activation: str) -> str:
    """Return the cost that goes with an output where none is named."""
    return _OWN_COSTS.get(output_activation, "mean_squared_error")


def decide(AL: NDArray[Any], output_activation: str, threshold: float = 0.5) -> NDArray[Any]:
    """Return predictions: 0 and 1 of a sigmoid, a class (1, m) of a softmax, else AL."""
    if output_activation == "softmax":
        return np.asarray(np.argmax(AL, axis=0), np.int64).reshape(1, -1)
    return (AL > threshold).astype(np.int64) if output_activation == "sigmoid" else AL


def accuracy(labels: NDArray[Any], predictions: NDArray[Any], classes: int) -> float:
    """The share of entries that agree."""
    return float(np.count_nonzero(labels == predictions) / labels.size)


def precision(labels: NDArray[Any], predictions: NDArray[Any], classes: int) -> float:
    """Of those predicted to be of a class, the share that are; 0 where none was predicted."""
    return _mean(labels, predictions, classes, lambda hits, wanted, found: hits / max(found, 1))


def recall(labels: NDArray[Any], predictions: NDArray[Any], classes: int) -> float:
    """Of those of a class, the share predicted to be; 0 where there are none."""
    return _mean(labels, predictions, classes, lambda hits, wanted, found: hits / max(wanted, 1))


def f1(labels: NDArray[Any], predictions: NDArray[Any], classes: int) -> float:
    """The harmonic mean of both."""
    return _mean(
        labels,
        predictions,
        classes,
        lambda hits, wanted, found: 2 * hits / max(wanted + found, 1),
    )


def _mean(
    labels: NDArray[Any],
    predictions: NDArray[Any],
    classes: int,
    share: Callable[[int, int, int], float],
) -> float:
    """Of class 1 where there are two, else the plain mean over all classes."""
    of = []
    for label in (1,) if classes == 2 else range(classes):
        is_wanted, is_found = labels == label, predictions == label
        counts = (np.count_nonzero(x) for x in (is_wanted & is_found, is_wanted, is_found))
        of.append(share(*map(int, counts)))
    return sum(of) / len(of)


NAMES: dict[str, Callable[[NDArray[Any], NDArray[Any], int], float]] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
}


def check_scores(
    function: str, metrics: Any, Y: NDArray[Any], n_y: int, output_activation: str
) -> dict[str, Score]:
    """Return {name: score} of one or several names and functions, or of such a dict."""
    if metrics is None:
        metrics = ()
    if isinstance(metrics, Mapping):
        named = list(metrics.items())
    else:
        if isinstance(metrics, str) or not isinstance(metrics, Iterable):
            metrics = [metrics]
        named = [(_name(one), one) for one in metrics]
    scores: dict[str, Score] = {}
    for name, one in named:
        if name in scores or name in ("epoch", "cost", "learning_rate"):
            raise ValueError(f"{function}: metrics: the name {name!r} is taken")
        if not isinstance(one, str):
            if not callable(one):
                raise TypeError(f"{function}: metrics must hold names and functions, not {one!r}")
            scores[name] = Score(one, False)
        elif one in NAMES:
            if output_activation not in ("sigmoid", "softmax"):
                raise ValueError(
                    f"{function}: metrics: {one!r} needs classes, which output_activation="
                    f"{output_activation!r} has not"
                )
            scores[name] = Score(_of_classes(one, n_y, output_activation), True)
        elif one in _ffnn.costs():
            _check_cost(function, one, Y, n_y, output_activation)
            scores[name] = Score(_of_cost(one), False)
        else:
            known = (*NAMES, *_ffnn.costs())
            listed = ", ".join(map(repr, known))
            raise ValueError(
                f"{function}: metrics must hold functions and names of {listed}, "
                f"not {one!r}{near(one, known)}"
            )
    return scores


def _check_cost(
    function: str, name: str, Y: NDArray[Any], n_y: int, output_activation: str
) -> None:
    for output, cost in _OWN_COSTS.items():
        if name == cost and output != output_activation:
            raise ValueError(
                f"{function}: metrics: {name!r} goes with output_activation={output!r}, "
                f"not {output_activation!r}"
            )
    if Y.shape[0] != n_y and name != _OWN_COSTS["softmax"]:
        raise ValueError(
            f"{function}: metrics: {name!r} needs labels of {n_y} rows, not integer classes"
        )


def _name(one: Any) -> str:
    return one if isinstance(one, str) else str(getattr(one, "__name__", one))


def _of_classes(name: str, n_y: int, output_activation: str) -> Measure:
    is_softmax = output_activation == "softmax"
    count = n_y if is_softmax else 2

    def measure(Y: NDArray[Any], AL: NDArray[Any]) -> float:
        labels = classes_of(Y, n_y).reshape(1, -1) if is_softmax else Y
        return NAMES[name](labels, decide(AL, output_activation), count)

    return measure


def _of_cost(name: str) -> Measure:
    def measure(Y: NDArray[Any], AL: NDArray[Any]) -> float:
        # Sure and wrong is infinity here, which says it all.
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(_ffnn.compute_cost(AL, Y, cost=name))

    return measure
