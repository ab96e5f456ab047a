"""Which of ffnn's own parameters go together, asked before a fit begins."""

from typing import Any

import numpy as np

from ffnn._checks import check_not_given, near
from ffnn._pace import WHOLE

__all__ = ["check_extras"]

_MOMENTS = ("beta1", "beta2", "epsilon")
_READS = {  # of optimizers(), the numbers that each reads, by the names of ffnn.train
    "gd": (),
    "momentum": ("beta",),
    "classical_momentum": ("beta",),
    "nesterov": ("beta",),
    "velocity": ("beta",),
    "nesterov_velocity": ("beta",),
    "rmsprop": ("beta", "epsilon"),
    "adam": _MOMENTS,
    "adam_epsilon_hat": _MOMENTS,
    "adamw": (*_MOMENTS, "weight_decay"),
    "lbfgs": ("history_size", "tol", "max_evaluations"),
    "levenberg_marquardt": ("tol", "max_evaluations", "bayesian"),
}


def check_extras(function: str, estimator: Any) -> None:
    """Raise for the first parameter that nothing would read."""
    optimizer = estimator.optimizer
    given = {
        "dropout": bool(np.any(estimator.dropout)),
        "clip_norm": estimator.clip_norm is not None,
    }
    if optimizer is not None and estimator.solver == "lbfgs":
        raise ValueError(
            f"{function}: optimizer={optimizer!r} stands in place of a solver: leave out "
            "solver='lbfgs'"
        )
    if estimator.solver == "lbfgs":
        _check_scipy(function, given | {"reproducible": estimator.reproducible is not None})
    if optimizer in WHOLE:
        check_not_given(function, optimizer, given)
    level = getattr(estimator, "quantile", 0.5)
    if level != 0.5 and estimator.loss != "quantile":
        raise ValueError(
            f"{function}: quantile={level!r} goes with loss='quantile', not {estimator.loss!r}"
        )
    if estimator.optimizer_options:
        _check_options(function, optimizer, estimator.optimizer_options)


def _check_scipy(function: str, given: dict[str, bool]) -> None:
    for name, is_given in given.items():
        if is_given:
            other = "optimizer='lbfgs' in its place" if name == "reproducible" else "'sgd'"
            raise ValueError(
                f"{function}: {name} does not go with solver='lbfgs', which is SciPy's: leave it "
                f"at its default, or take solver='adam' or {other}"
            )


def _check_options(function: str, optimizer: str | None, options: dict[Any, Any]) -> None:
    if optimizer is None:
        raise ValueError(
            f"{function}: optimizer_options go with optimizer; solver reads momentum, beta_1, "
            "beta_2 and epsilon"
        )
    reads = _READS[optimizer]
    for name in options:
        if name not in reads:
            rate = "" if optimizer in WHOLE else "learning_rate_init is the rate, "
            raise ValueError(
                f"{function}: optimizer_options has no {name!r}; {optimizer} reads "
                f"{', '.join(reads) or 'none'}; {rate}alpha is the L2 term{near(str(name), reads)}"
            )
