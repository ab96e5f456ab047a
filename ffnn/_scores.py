"""Scores by name: sums over examples, which add up slab by slab, and what becomes of them.

Y is (n_y, m), or (1, m) of classes; AL is the net's output and w the weights (m,), or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn._sample_weights import classes_of

__all__ = ["CLASS_SCORES", "VALUE_SCORES", "Score", "area_under_curve", "decide", "tally_classes"]

Weights = NDArray[np.float64] | None


class Score(NamedTuple):
    """A metric of a run."""

    tally: Callable[[NDArray[Any], NDArray[Any], Weights], Any]
    finish: Callable[[Any, NDArray[Any], Weights], float]  # of the sums, all Y and all w
    rises: bool | None  # greater is better; None: its maker has not said
    is_whole: bool = False  # all examples are one slab


# ---- classes -------------------------------------------------------------------------------------


def decide(AL: NDArray[Any], output_activation: str, threshold: float = 0.5) -> NDArray[Any]:
    """Return predictions: 0 and 1 of a sigmoid, a class (1, m) of a softmax, else AL."""
    if output_activation == "softmax":
        return np.asarray(np.argmax(AL, axis=0), np.int64).reshape(1, -1)
    return (AL > threshold).astype(np.int64) if output_activation == "sigmoid" else AL


def tally_classes(
    n_y: int, output_activation: str
) -> Callable[[NDArray[Any], NDArray[Any], Weights], NDArray[Any]]:
    """Return the tally of each class: how many were met, are of it, and were predicted to be.

    The entries of several sigmoids count one by one, of the classes 0 and 1. Labels between 0 and
    1 are of the class that is nearer, as outputs are.
    """
    count = n_y if output_activation == "softmax" else 2

    def tally(Y: NDArray[Any], AL: NDArray[Any], w: Weights) -> NDArray[Any]:
        labels = classes_of(Y, n_y) if output_activation == "softmax" else Y > 0.5
        wanted = labels.astype(np.intp).ravel()
        found = decide(AL, output_activation).ravel()
        weights = None if w is None else np.tile(w, wanted.size // w.size)
        is_met = wanted == found
        met = None if weights is None else weights[is_met]
        return np.stack(
            [
                np.bincount(wanted[is_met], met, count),
                np.bincount(wanted, weights, count),
                np.bincount(found, weights, count),
            ]
        )

    return tally


def _accuracy(met: NDArray[Any], wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """The share that agrees: of entries where a sigmoid has several units."""
    return float(met.sum() / wanted.sum())


def _precision(met: NDArray[Any], wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """Of those predicted to be of a class, the share that are; 0 where none was predicted."""
    return _mean(met, found)


def _recall(met: NDArray[Any], wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """Of those of a class, the share predicted to be; 0 where there are none."""
    return _mean(met, wanted)


def _f1(met: NDArray[Any], wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """The harmonic mean of both."""
    return _mean(2 * met, wanted + found)


def _balanced_accuracy(met: NDArray[Any], wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """The mean recall of the classes that there are, two or more."""
    is_there = wanted > 0
    return float(np.mean(met[is_there] / wanted[is_there]))


def _mean(part: NDArray[Any], whole: NDArray[Any]) -> float:
    """Of class 1 where there are two, else the plain mean over all classes."""
    shares = [p / n if n > 0 else 0.0 for p, n in zip(part.tolist(), whole.tolist())]
    return float(shares[1]) if len(shares) == 2 else sum(shares) / len(shares)


CLASS_SCORES: dict[str, Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
}


def area_under_curve(
    n_y: int, output_activation: str
) -> Callable[[NDArray[Any], NDArray[Any], Weights], float]:
    """Return the area under the ROC curve: of one sigmoid, else the mean over units or classes.

    It is the chance that a positive example has a greater output than a negative one, equal ones
    counting half; NaN where there are none of either.
    """

    def measure(Y: NDArray[Any], AL: NDArray[Any], w: Weights) -> float:
        weights = np.ones(AL.shape[1]) if w is None else w
        if output_activation == "softmax":
            positive = classes_of(Y, n_y) == np.arange(n_y)[:, None]
        else:
            positive = Y > 0.5
        areas = [_area(row, scores, weights) for row, scores in zip(positive, AL)]
        return float(np.mean(areas))

    return measure


def _area(positive: NDArray[Any], scores: NDArray[Any], w: NDArray[np.float64]) -> float:
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), ordered.size - 1)
    ones, zeros = (np.cumsum((w * of)[order])[ends] for of in (positive, ~positive))
    if np.isnan(ordered[-1]) or ones[-1] == 0 or zeros[-1] == 0:
        return np.nan
    below = zeros - np.diff(zeros, prepend=0) / 2  # negatives with a smaller output; half of equals
    return float(np.sum(np.diff(ones, prepend=0) * below) / (ones[-1] * zeros[-1]))


# ---- values --------------------------------------------------------------------------------------


def _tally_errors(of: Callable[[NDArray[Any]], NDArray[Any]]) -> Callable[..., NDArray[Any]]:
    """The sum over the examples, for each unit, of a function of AL - Y; in float64."""

    def tally(Y: NDArray[Any], AL: NDArray[Any], w: Weights) -> NDArray[Any]:
        errors = of(AL - Y.astype(np.float64))
        return errors.sum(axis=1) if w is None else errors @ w

    return tally


def _total(Y: NDArray[Any], w: Weights) -> float:
    return float(Y.shape[1] if w is None else w.sum())


def _mean_of_units(sums: NDArray[Any], Y: NDArray[Any], w: Weights) -> float:
    return float(np.mean(sums / _total(Y, w)))


def _root(sums: NDArray[Any], Y: NDArray[Any], w: Weights) -> float:
    return float(np.mean(np.sqrt(sums / _total(Y, w))))


def _r2(sums: NDArray[Any], Y: NDArray[Any], w: Weights) -> float:
    """1 - squares of the errors / squares of Y's distances from its mean, the mean over the units.

    Where Y is constant the share is 1 without errors, else 0.
    """
    labels = Y.astype(np.float64)
    weights = np.ones(Y.shape[1]) if w is None else w
    middle = (labels @ weights / weights.sum())[:, None]
    spread = (labels - middle) ** 2 @ weights
    shares = [1 - error / s if s > 0 else float(error == 0) for error, s in zip(sums, spread)]
    return float(np.mean(shares))


VALUE_SCORES = {
    "r2": Score(_tally_errors(np.square), _r2, True),
    "mae": Score(_tally_errors(np.abs), _mean_of_units, False),
    "rmse": Score(_tally_errors(np.square), _root, False),
}
