"""An estimator from and to other forms of its net: scikit-learn's object, the course's dict."""

import copy
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ffnn import _ffnn
from ffnn._parameters import NetParameters
from ffnn.estimators._fit import Engine
from ffnn.estimators._net import ACTIVATIONS, arrays_of, dict_of
from ffnn.estimators._steps import OwnOptimizer

__all__ = ["Exchange", "moved_to"]

_THEIR_NAMES = {ours: theirs for theirs, ours in ACTIVATIONS.items()}


class Exchange(Engine):
    """From and to other forms of the same net."""

    _theirs: Any

    @property
    def parameters_(self) -> dict[str, Any]:
        """The course's dict W1, b1, ..., WL, bL, which knows its activations: views of coefs_."""
        check_is_fitted(self)
        return NetParameters(dict_of(self.coefs_, self.intercepts_), **self._net())

    def to_sklearn(self) -> Any:
        """Return scikit-learn's own estimator with copies of all that this one has learnt.

        ValueError for activations and losses that scikit-learn has not; what only training knows,
        dropout say, stays behind.
        """
        moved = moved_to(self, self._theirs)
        known = {**self._theirs._parameter_constraints}
        for name in ("activation", "loss"):
            value = getattr(self, name)
            if name in known and not any(
                isinstance(value, str) and value in options.options for options in known[name]
            ):
                raise ValueError(f"to_sklearn: scikit-learn has no {name}={value!r}")
        if "loss" not in known and self.loss not in ("log_loss", "squared_error"):  # before 1.7
            raise ValueError(f"to_sklearn: scikit-learn has no loss={self.loss!r}")
        if isinstance(getattr(moved, "_optimizer", None), OwnOptimizer):
            del moved._optimizer  # partial_fit there begins with a new one
        moved.__dict__.pop("_skl_callbacks", None)  # which those take not
        return moved

    def _begin_from(self, parameters: dict[str, Any], output: str) -> None:
        """As if a fit of no epoch had left these parameters; no activation: what they know."""
        known: Any = getattr(parameters, "hidden_activation", "relu")
        if self.activation is None:
            self.activation = _THEIR_NAMES.get(known, known) if isinstance(known, str) else known
        self.out_activation_ = output
        dims = _ffnn.layer_dims(f"{type(self).__name__}.from_parameters", parameters)
        _ffnn.predict_proba(np.empty((dims[0], 0)), parameters, **self._net())  # do they agree?
        self.hidden_layer_sizes = dims[1:-1]
        copies = {key: np.array(value) for key, value in parameters.items()}
        self.coefs_, self.intercepts_ = arrays_of(copies)
        self._best_coefs, self._best_intercepts = self.coefs_, self.intercepts_
        self.n_features_in_, self.n_outputs_, self.n_layers_ = dims[0], dims[-1], len(dims)
        self.n_iter_ = self.t_ = self._no_improvement_count = 0
        self.loss_curve_: list[Any] = []
        self.best_loss_: Any = None if self.early_stopping else np.inf
        self.validation_scores_: Any = [] if self.early_stopping else None
        self.best_validation_score_: Any = -np.inf if self.early_stopping else None
        self.validation_loss_curve_: Any = [] if self.early_stopping else None


def moved_to(estimator: Any, to: Any) -> Any:
    """A new estimator of the class `to` with the parameters that it has, and copies of the rest."""
    names = to().get_params()
    own = estimator.get_params(deep=False)
    moved = to(**{name: value for name, value in own.items() if name in names})
    for name, value in vars(copy.copy(estimator)).items():  # which leaves out a client, too
        if name not in own:
            setattr(moved, name, copy.deepcopy(value))
    return moved
