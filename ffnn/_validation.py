"""The examples of a run: those trained on, those only measured, and the split between them."""

import functools
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import (
    check_finite,
    check_labels,
    check_number,
    check_sample_weight,
    check_total_weight,
)
from ffnn._frames import as_array
from ffnn._remote import Remote, run_type, stand_in
from ffnn._sample_weights import check_classes, classes_of, has_classes
from ffnn._sources import Source, take_labels, take_run_inputs

__all__ = ["Examples", "Part", "take_examples"]


class Examples(NamedTuple):
    """How much each example counts, and which are only measured."""

    sample_weight: ArrayLike | None
    class_weight: Any
    validation_data: tuple[ArrayLike, ...] | None
    validation_fraction: float | None
    stratify: bool


class Part(NamedTuple):
    """Examples that costs and scores are measured on; `prefix` stands before their names."""

    prefix: str
    X: Any  # an array, a Source or a Remote
    Y: NDArray[Any]  # (n_y, m), or (1, m) of classes
    weights: NDArray[np.float64] | None = None  # the caller's, (m,)


def take_examples(
    function: str,
    X: Any,
    Y: Any,
    examples: Examples,
    trainer: _ffnn.Trainer,
    n_y: int,
    cost: str,
    output: str,
    is_assignment: bool,
    depth: int,
) -> tuple[Part, Part | None]:
    """The examples to train on and those to validate by; shapes of X and Y have been checked."""

    def checked(place: str, part: Part) -> Part:
        if not is_assignment:
            if isinstance(part.X, Remote):
                part.X.check_finite(place)
            elif not isinstance(part.X, Source):  # which is checked as it is read
                check_finite(place, "X", part.X)
            check_finite(place, "Y", part.Y)
            check_labels(place, part.Y, n_y, cost)
        return part

    given, held = checked(function, _as_part("", X, Y, n_y)), None
    if examples.validation_data is not None:
        place = f"{function}: validation_data"
        X_val, Y_val, w_val = _validation_data(function, examples)
        if not isinstance(X_val, Remote):
            X_val = take_run_inputs(place, "X", X_val, None)
        Y_val, w_val = take_labels(place, "Y", Y_val), take_labels(place, "sample_weight", w_val)
        if isinstance(X_val, (Source, Remote)):
            X_val.real = run_type(given.X)
        if isinstance(X_val, Source):
            X_val.check_inputs(given.X.shape[0], "the net")
        trainer.check("validation_data", stand_in(X_val), Y_val)
        held = checked(place, _as_part("val_", X_val, Y_val, n_y))
        held = held._replace(weights=_weights_of(place, w_val, held))
    given = given._replace(weights=_weights_of(function, examples.sample_weight, given))
    is_softmax = output == "softmax"
    if examples.class_weight is not None:
        check_classes(function, "class_weight", given.Y, n_y, is_softmax, "; use sample_weight")
    if not isinstance(examples.stratify, (bool, np.bool_)):
        raise TypeError(f"{function}: stratify must be True or False, not {examples.stratify!r}")
    way_out = "add some, or leave those out"
    if examples.validation_fraction is not None:
        if examples.stratify:
            check_classes(function, "stratify", given.Y, n_y, is_softmax)
        else:
            way_out = "stratify=True shares out each class"
        given, held = _split(
            function, given, examples.validation_fraction, n_y, bool(examples.stratify)
        )
    elif examples.stratify:
        raise ValueError(f"{function}: stratify=True goes with validation_fraction")
    if held is not None:
        _warn_of_a_missing_class(
            function, given, held, n_y, output, way_out=way_out, depth=depth + 1
        )
    if not is_assignment and not is_softmax:
        _warn_of_labels_out_of_reach(function, given.Y, output, depth=depth + 1)
    return given, held


def _weights_of(place: str, sample_weight: Any, part: Part) -> Any:
    if sample_weight is None:
        return None
    weights = check_sample_weight(place, sample_weight, part.X)
    check_total_weight(place, weights)
    return weights


def _validation_data(function: str, examples: Examples) -> tuple[Any, Any, Any]:
    data = examples.validation_data
    if examples.validation_fraction is not None:
        raise ValueError(f"{function}: give validation_data or validation_fraction, not both")
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        raise TypeError(f"{function}: validation_data must be (X, Y), or (X, Y, sample_weight)")
    X, Y, *w = data
    return X, Y, w[0] if w else None


def _as_part(
    prefix: str, X: Any, Y: Any, n_y: int, weights: NDArray[np.float64] | None = None
) -> Part:
    """Return examples that have been checked, labels being rows."""
    inputs = X if isinstance(X, (Source, Remote)) else as_array("X", X)
    labels = as_array("Y", Y)
    m = inputs.shape[1]
    rows = labels if labels.shape == (n_y, m) else labels.reshape(1, m)
    return Part(prefix, inputs, rows, weights)


def _split(
    function: str, given: Part, fraction: Any, n_y: int, stratify: bool
) -> tuple[Part, Part]:
    """Return training examples in their order, and validation examples.

    The split is the same for every seed: a resumed run never trains on the validation examples of
    the run before. With `stratify` Y is of classes, which has been checked.
    """
    m = given.X.shape[1]
    share = check_number(function, "validation_fraction", fraction)
    if not 0 < share < 1:
        raise ValueError(
            f"{function}: validation_fraction must be above 0 and below 1, not {share}"
        )
    count = int(np.ceil(share * m))
    if count >= m:
        raise ValueError(
            f"{function}: validation_fraction={share} of {m} examples leaves none to train on"
        )
    order = np.random.RandomState(0).permutation(m)
    is_held = np.arange(m) < count
    if stratify:
        classes = classes_of(given.Y, n_y)[order]
        is_held = _first_of_each(classes, _quotas(function, np.bincount(classes), count))
    trained = _part_of(given, "", np.sort(order[~is_held]))
    held = _part_of(given, "val_", order[is_held])
    for part, what in (trained, "to train on"), (held, "held back"):
        if part.weights is not None and not part.weights.any():
            raise ValueError(f"{function}: no example {what} has a weight above 0")
    return trained, held


def _part_of(given: Part, prefix: str, index: NDArray[np.intp]) -> Part:
    weights = None if given.weights is None else given.weights[index]
    X = given.X.take(index) if isinstance(given.X, Remote) else given.X[:, index]
    return Part(prefix, X, given.Y[:, index], weights)


def _quotas(function: str, sizes: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """How many of each class are held back, `count` together: its share, by largest remainders.

    One of each class stays to train on.
    """
    most = np.maximum(sizes - 1, 0)
    if most.sum() < count:
        raise ValueError(
            f"{function}: stratify=True cannot hold back {count} of {sizes.sum()} examples and "
            f"leave one of each of {np.count_nonzero(sizes)} classes to train on"
        )
    shares = sizes * (count / sizes.sum())
    quotas: NDArray[np.intp] = np.minimum(np.floor(shares).astype(np.intp), most)
    while quotas.sum() < count:
        lacks = np.where(quotas < most, shares - quotas, -np.inf)
        quotas[np.argmax(lacks)] += 1
    return quotas


def _first_of_each(classes: NDArray[np.intp], quotas: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether an example is among the first of its class."""
    chosen = np.zeros(classes.size, bool)
    for label, quota in enumerate(quotas):
        chosen[np.flatnonzero(classes == label)[:quota]] = True
    return chosen


@functools.cache
def _reach(output: str) -> tuple[float, float]:
    """The least and the greatest number that an activation gives, as far as samples show."""
    identity = {"W1": np.ones((1, 1)), "b1": np.zeros((1, 1))}
    z = np.concatenate([np.linspace(-8, 8, 1601), [-np.inf, np.inf]])
    reached = _ffnn.predict_proba(z[None], identity, output_activation=output)
    return float(np.nanmin(reached)), float(np.nanmax(reached))


def _warn_of_labels_out_of_reach(
    function: str, Y: NDArray[Any], output: str, *, depth: int
) -> None:
    """Warn where a label is none of the numbers that the output's activation gives."""
    low, high = _reach(output)
    if low == -np.inf and high == np.inf:
        return
    lost = np.argwhere((Y < low) | (Y > high))
    if lost.size:
        limits = f"from {low:.3g} to {high:.3g}" if np.isfinite(high) else f"of at least {low:.3g}"
        warnings.warn(
            f"{function}: Y holds {Y[tuple(lost[0])]} at example {lost[0][1]}, and "
            f"output_activation={output!r} gives numbers {limits}: scale Y, or take "
            "output_activation='linear'",
            RuntimeWarning,
            stacklevel=depth + 2,
        )


def _warn_of_a_missing_class(
    function: str,
    trained: Part,
    held: Part,
    n_y: int,
    output_activation: str,
    *,
    way_out: str,
    depth: int,
) -> None:
    """Warn where validation examples are of a class that none of those trained on is of.

    `depth` is how many calls lie between the caller and the user.
    """
    if not all(has_classes(part.Y, n_y, output_activation) for part in (trained, held)):
        return
    known = classes_of(trained.Y, n_y)
    if trained.weights is not None:
        known = known[trained.weights > 0]
    missing = np.setdiff1d(classes_of(held.Y, n_y), known)
    if missing.size:
        listed = ", ".join(map(str, missing))
        warnings.warn(
            f"{function}: of class {listed} there are validation examples, and none to train on "
            f"(of {known.size}); {way_out}",
            RuntimeWarning,
            stacklevel=depth + 2,
        )
