"""Which of ffnn's own parameters go together, asked before a fit begins."""

import warnings
from typing import Any

import numpy as np

from ffnn import _ffnn
from ffnn._checks import check_not_given, near
from ffnn._pace import WHOLE

__all__ = ["check_extras", "check_total", "warn_of_no_counts"]


def check_extras(function: str, estimator: Any) -> None:
    """Raise for the first parameter that nothing would read."""
    optimizer = estimator.optimizer
    if optimizer is not None and estimator.solver == "lbfgs":
        raise ValueError(
            f"{function}: optimizer={optimizer!r} stands in place of a solver: leave out "
            "solver='lbfgs'"
        )
    if estimator.solver == "lbfgs":
        for name, is_given in _given(estimator).items():
            if is_given:
                raise ValueError(
                    f"{function}: {name} does not go with solver='lbfgs', which takes all rows in "
                    "each step: leave it at its default, or take solver='adam' or 'sgd'"
                )
    if optimizer in WHOLE:
        check_not_given(function, optimizer, _given(estimator))
    if np.ndim(estimator.dropout):
        given, hidden = len(estimator.dropout), np.size(estimator.hidden_layer_sizes)
        if given != hidden:
            raise ValueError(
                f"{function}: dropout has length {given}, expected one for each of {hidden} hidden "
                "layers"
            )
    level = getattr(estimator, "quantile", 0.5)
    if level != 0.5 and estimator.loss != "quantile":
        raise ValueError(
            f"{function}: quantile={level!r} goes with loss='quantile', not {estimator.loss!r}"
        )
    if estimator.optimizer_options:
        _check_options(function, estimator, estimator.optimizer_options)


def warn_of_no_counts(function: str, estimator: Any, y: Any) -> None:
    """Say so where the Poisson loss is NaN: scikit-learn's MLP trains on, in silence."""
    if estimator.loss == "poisson" and (y < 0).any():
        warnings.warn(
            f"{function}: y holds {y[y < 0][0]}, and loss='poisson' is NaN for targets below 0: "
            "take loss='squared_error' for them",
            RuntimeWarning,
            stacklevel=6,
        )


def check_total(function: str, sample_weight: Any) -> None:
    """Raise where the weights have no mean."""
    if sample_weight is not None and sample_weight.sum() == 0:
        raise ValueError(
            f"{function}: the weights of all rows, sample_weight times class_weight, add up to 0, "
            "and the loss is their mean: pass some that do not"
        )


def _given(estimator: Any) -> dict[str, bool]:
    return {
        "dropout": bool(np.any(estimator.dropout)),
        "clip_norm": estimator.clip_norm is not None,
    }


def _check_options(function: str, estimator: Any, options: dict[Any, Any]) -> None:
    optimizer = estimator.optimizer
    if optimizer is None:
        raise ValueError(
            f"{function}: optimizer_options go with optimizer; solver reads momentum, beta_1, "
            "beta_2 and epsilon"
        )
    _, reads = _ffnn.optimizer_rows()[optimizer]
    for name in options:
        if name not in reads:
            rate = "" if optimizer in WHOLE else "learning_rate_init is the rate, "
            raise ValueError(
                f"{function}: optimizer_options has no {name!r}; {optimizer} reads "
                f"{', '.join(reads) or 'none'}; {rate}alpha is the L2 term{near(str(name), reads)}"
            )
    if options.get("bayesian") and estimator.alpha != 0:
        raise ValueError(
            f"{function}: bayesian=True finds the L2 term itself: pass alpha=0, not "
            f"{estimator.alpha}"
        )
