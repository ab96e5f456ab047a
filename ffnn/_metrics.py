"""Metrics of a run beside its cost: scores by name, costs by name, functions of the caller.

A function is given the labels Y and the output AL, the array that predict_proba gives, which it
may read and not write; one of scikit-learn's is given them as scikit-learn has them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._checks import near
from ffnn._sample_weights import classes_of
from ffnn._scores import (
    CLASS_SCORES,
    VALUE_SCORES,
    Score,
    Weights,
    area_under_curve,
    decide,
    tally_classes,
)
from ffnn._validation import Part

__all__ = ["check_scores", "measure"]

_SLAB = 16384  # examples: their outputs stay in the cache, and a call costs nothing beside them
_TAKEN = ("epoch", "cost", "data_cost", "learning_rate", "parameters", "history",
          "optimizer_state", "best_epoch", "stopped_by")  # fmt: skip

# Outputs that are probabilities, and their cost, which goes with no other output.
_OWN_COSTS = {output: _ffnn.cost_of(output) for output in ("sigmoid", "softmax")}


def measure(
    part: Part, scores: Mapping[str, Score], output: Callable[[slice], NDArray[Any]]
) -> dict[str, float]:
    """Return the value of each score, the part's prefix before its name.

    `output` gives AL of some examples. It is asked slab by slab, but where a score wants all of AL
    at once.
    """
    m = part.X.shape[1]
    size = m if any(score.is_whole for score in scores.values()) else _SLAB
    sums: dict[str, Any] = {}
    for first in range(0, m if scores else 0, size):
        some = slice(first, first + size)
        AL, Y = output(some), part.Y[:, some]
        w = None if part.weights is None else part.weights[some]
        for name, score in scores.items():
            found = score.tally(Y, AL, w)
            sums[name] = found if first == 0 else sums[name] + found
    return {
        part.prefix + name: float(score.finish(sums[name], part.Y, part.weights))
        for name, score in scores.items()
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
        if name in scores or name in _TAKEN or str(name).startswith("val_"):
            raise ValueError(f"{function}: metrics: the name {name!r} is taken")
        if isinstance(one, str):
            scores[name] = _by_name(function, one, Y, n_y, output_activation)
        elif callable(one):
            scores[name] = _of_function(function, name, one, n_y, output_activation)
        else:
            raise TypeError(f"{function}: metrics must hold names and functions, not {one!r}")
    return scores


def _name(one: Any) -> str:
    return one if isinstance(one, str) else str(getattr(_bare(one), "__name__", one))


def _bare(one: Any) -> Any:
    """A function without the arguments that functools.partial has given it."""
    while isinstance(one, functools.partial):
        one = one.func
    return one


# ---- by name -------------------------------------------------------------------------------------


def _by_name(function: str, name: str, Y: NDArray[Any], n_y: int, output_activation: str) -> Score:
    if name in CLASS_SCORES or name == "roc_auc":
        if output_activation not in _OWN_COSTS:
            raise ValueError(
                f"{function}: metrics: {name!r} needs classes, which output_activation="
                f"{output_activation!r} has not"
            )
        if name == "roc_auc":
            return Score(area_under_curve(n_y, output_activation), _as_it_is, True, is_whole=True)
        return Score(tally_classes(n_y, output_activation), _of_counts(CLASS_SCORES[name]), True)
    if name in VALUE_SCORES:
        _check_rows(function, name, Y, n_y)
        return VALUE_SCORES[name]
    if name in _ffnn.costs():
        for output, cost in _OWN_COSTS.items():
            if name == cost and output != output_activation:
                raise ValueError(
                    f"{function}: metrics: {name!r} goes with output_activation={output!r}, "
                    f"not {output_activation!r}"
                )
        if name != _OWN_COSTS["softmax"]:
            _check_rows(function, name, Y, n_y)
        return Score(_tally_cost(name), _quotient, False)
    known = (*CLASS_SCORES, "roc_auc", *VALUE_SCORES, *_ffnn.costs())
    raise ValueError(
        f"{function}: metrics must hold functions and names of {', '.join(map(repr, known))}, "
        f"not {name!r}{near(name, known)}"
    )


def _check_rows(function: str, name: str, Y: NDArray[Any], n_y: int) -> None:
    if Y.shape[0] != n_y:
        raise ValueError(
            f"{function}: metrics: {name!r} needs labels of {n_y} rows, not integer classes"
        )


def _as_it_is(value: float, Y: NDArray[Any], w: Weights) -> float:
    return value


def _of_counts(share: Callable[..., float]) -> Callable[..., float]:
    return lambda counts, Y, w: share(*counts)


def _tally_cost(name: str) -> Callable[..., NDArray[Any]]:
    def tally(Y: NDArray[Any], AL: NDArray[Any], w: Weights) -> NDArray[Any]:
        total = float(Y.shape[1] if w is None else w.sum())
        if total == 0:
            return np.zeros(2)
        # Sure and wrong is infinity here, which says it all.
        with np.errstate(divide="ignore", invalid="ignore"):
            cost = float(_ffnn.compute_cost(AL, Y, cost=name, sample_weight=w))
        return np.array([cost * total, total])

    return tally


def _quotient(sums: NDArray[Any], Y: NDArray[Any], w: Weights) -> float:
    return float(sums[0] / sums[1])


# ---- functions of the caller ---------------------------------------------------------------------


def _of_function(
    function: str, name: str, one: Callable[..., Any], n_y: int, output_activation: str
) -> Score:
    bare = _bare(one)
    try:
        arguments = list(inspect.signature(bare).parameters)
    except (TypeError, ValueError):  # some of those written in C have none
        arguments = []
    form, rises = _plain, None
    if str(getattr(bare, "__module__", "")).partition(".")[0] == "sklearn":
        form, rises = _as_scikit_learn(function, name, bare, arguments, n_y, output_activation)

    def tally(Y: NDArray[Any], AL: NDArray[Any], w: Weights) -> float:
        given = {"sample_weight": _read_only(w)} if "sample_weight" in arguments else {}
        value = one(*(_read_only(x) for x in form(Y, AL)), **given)
        number = np.asarray(value)
        if number.shape != () or number.dtype.kind not in "biuf":
            what = f"an array of shape {number.shape}" if number.shape else repr(value)
            raise TypeError(f"{function}: metrics: {name!r} returned {what}, expected a number")
        return float(number)

    return Score(tally, _as_it_is, rises, is_whole=True)


def _plain(Y: NDArray[Any], AL: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    return Y, AL


def _read_only(array: Any) -> Any:
    if array is None:
        return None
    view = array.view()
    view.flags.writeable = False
    return view


def _as_scikit_learn(
    function: str, name: str, bare: Any, arguments: list[str], n_y: int, output_activation: str
) -> tuple[Callable[..., tuple[NDArray[Any], NDArray[Any]]], bool | None]:
    """Labels and outputs as scikit-learn's metrics want them, and whether they are to rise.

    Its own words decide: y_pred are predictions, but in the log losses of older versions, and
    y_score, y_prob and y_proba probabilities; a _score is to rise, a _loss, an _error and a
    _deviance to fall.
    """
    word = str(getattr(bare, "__name__", ""))
    second = arguments[1] if len(arguments) > 1 else ""
    wants_output = second in ("y_score", "y_prob", "y_proba") or "log_loss" in word
    if second != "y_pred" and not wants_output:
        raise TypeError(
            f"{function}: metrics: {name!r} of scikit-learn takes {', '.join(arguments[:2])}, and "
            "not labels with predictions or probabilities; wrap it in a function of (Y, AL)"
        )

    def form(Y: NDArray[Any], AL: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        if output_activation == "softmax":
            found = AL[1:] if n_y == 2 else AL
            return classes_of(Y, n_y), _rows(found if wants_output else decide(AL, "softmax"))
        return _rows(Y), _rows(AL if wants_output else decide(AL, output_activation))

    falls = word.endswith(("_loss", "_error", "_deviance"))
    return form, True if word.endswith("_score") else False if falls else None


def _rows(of_columns: NDArray[Any]) -> NDArray[Any]:
    """(n, m) as (m, n), or (m,) where n is 1."""
    return of_columns[0] if of_columns.shape[0] == 1 else of_columns.T
