"""Intervals around predictions, from the distribution that Bayesian regularisation leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import check_finite, check_number, choose, suggest_keywords
from ffnn._frames import as_array
from ffnn._initializers import Parameters
from ffnn._reading import Reader
from ffnn._sources import Source, take_inputs

__all__ = ["predict_interval"]


@suggest_keywords
def predict_interval(
    X: ArrayLike,
    parameters: Parameters,
    posterior: Mapping[str, Any],
    *,
    coverage: float = 0.9,
    of: Literal["observation", "mean"] = "observation",
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Predict an interval for each output of each example.

    =================  ============  ========================================================
    X                  (n_x, m)      inputs, a column per example; or a source, as train has it
    parameters         dict          those that a run of train with bayesian=True returned
    posterior          dict          history["posterior"] of that run
    coverage           float         the share of cases that an interval is to hold; above 0
                                     and below 1, default 0.9
    of                 str           "observation", the default: of a new target, noise and
                                     all; "mean": of what targets are without their noise
    hidden_activation  str or list   as in L_model_forward: None, the default, is what the
                                     parameters know, else "relu"
    output_activation  str           likewise, else "sigmoid"
    lower, upper       (n_y, m)      arrays of the type that predict_proba gives
    =================  ============  ========================================================

    The interval lies around the output of predict_proba, z standard deviations to each side, z
    being the normal distribution's quantile at (1 + coverage) / 2. The variance is
    noise_variance g^T (L L^T)^-1 g, g being the output's gradient with respect to the parameters
    and L the posterior's factor (the delta method on Laplace's approximation: MacKay, 1992), plus
    noise_variance where an observation is meant. It trusts the net between the examples that it was
    trained on, and knows nothing of their noise but its one variance for all outputs; targets that
    were scaled have scaled intervals. Memory beyond the result does not grow with m.

    Errors are those of L_model_forward; ValueError for NaN or infinity in X, a factor of another
    number of parameters, a variance below 0, a coverage that is no share and a word for `of` that
    is none of the two; TypeError for a posterior that is no dict; KeyError for one without factor
    or noise_variance.

    >>> import numpy as np, ffnn
    >>> X = np.linspace(-1, 1, 40)[None]
    >>> Y = X + 0.1 * np.random.RandomState(1).randn(1, 40)
    >>> parameters, history = ffnn.train(
    ...     X, Y, [1, 1], seed=1, optimizer="levenberg_marquardt", bayesian=True,
    ...     output_activation="linear",
    ... )
    >>> lower, upper = ffnn.predict_interval([[0.0, 2.0]], parameters, history["posterior"])
    >>> np.round(upper - lower, 2)
    array([[0.33, 0.37]])
    """
    function = "predict_interval"
    factor, noise = _checked(function, posterior)
    share = check_number(function, "coverage", coverage)
    if not 0 < share < 1:
        raise ValueError(f"{function}: coverage must be above 0 and below 1, not {coverage}")
    choose(function, "of", of, ("observation", "mean"))
    net: dict[str, Any] = {
        "hidden_activation": hidden_activation,
        "output_activation": output_activation,
    }
    source = take_inputs(function, "X", X)
    if isinstance(source, Source) and source.shape[1] > 0:
        source.check_inputs(_ffnn.layer_dims(function, parameters)[0], "W1")
        same = {"coverage": coverage, "of": of, **net}
        pieces = Reader(source).pieces()
        parts = [predict_interval(piece, parameters, posterior, **same) for _, piece in pieces]
        lower, upper = (np.concatenate(part, axis=1) for part in zip(*parts))
        return lower, upper
    AL = _ffnn.net_output(function, X, parameters, **net)
    check_finite(function, "X", as_array(f"{function}: X", X))
    variances = _ffnn.output_variances(function, X, parameters, factor, **net)
    if of == "observation":
        variances += 1
    variances *= noise
    np.sqrt(variances, out=variances)
    from statistics import NormalDist

    variances *= NormalDist().inv_cdf((1 + share) / 2)
    return (AL - variances).astype(AL.dtype), (AL + variances).astype(AL.dtype)


def _checked(function: str, posterior: Any) -> tuple[Any, float]:
    """The factor and the noise's variance."""
    if not isinstance(posterior, Mapping):
        hint = ": train gives one with bayesian=True" if posterior is None else ""
        raise TypeError(
            f"{function}: posterior must be a dict, not {type(posterior).__name__}{hint}"
        )
    for name in ("factor", "noise_variance"):
        if name not in posterior:
            raise KeyError(f"{function}: posterior has no {name!r}")
    noise = check_number(function, "posterior['noise_variance']", posterior["noise_variance"])
    if noise < 0:
        raise ValueError(f"{function}: posterior['noise_variance'] must be at least 0, not {noise}")
    return posterior["factor"], noise
