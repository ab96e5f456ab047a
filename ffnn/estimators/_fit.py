"""What scikit-learn's multi-layer perceptron computes, computed by ffnn's core.

A mixin before scikit-learn's own classes, which bring everything else: parameters and their checks,
validation of input, labels, scores, tags, metadata. It replaces the methods of theirs that do
arithmetic, and draws the same random numbers in the same order, so that the same random_state gives
the same model: weights uniform(-b, b) and then biases, layer by layer; the split of early stopping;
for each epoch one permutation of the order that the last one had.
"""

import copy
import warnings
from contextlib import closing
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import unique_labels
from sklearn.utils.validation import _check_sample_weight, check_array, check_consistent_length

from ffnn._initializers import draw_by
from ffnn._pace import WHOLE
from ffnn._randomness import PortableDraws, is_reproducible
from ffnn.estimators._checks import check_extras, check_total, warn_of_no_counts
from ffnn.estimators._gradients import WholeGradients
from ffnn.estimators._net import arrays_of, dict_of, hidden_of, is_finite
from ffnn.estimators._steps import Epochs, new_optimizer
from ffnn.estimators._threads import share_of_threads
from ffnn.estimators._watch import Watch

__all__ = ["Engine"]

# Of a warning in _descend: the frame of scikit-learn that calls fit, so that filters with
# module="sklearn" hold for these warnings, too.
_BY_SKLEARN = 5
# Lists to which a fit that goes on adds.
_CURVES = ("loss_curve_", "validation_scores_", "validation_loss_curve_")


class Engine(WholeGradients):
    """The methods of BaseMultilayerPerceptron that do arithmetic; stands before it."""

    _seeded: Any  # the generator of the last fit with a whole number as random_state

    def __sklearn_is_fitted__(self) -> bool:
        """As scikit-learn finds it out by the names of all attributes, in each partial_fit."""
        return hasattr(self, "coefs_")

    # ---- one fit ----

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        incremental: bool = False,
        validation: Any = None,
    ) -> "Engine":
        """A call that raises leaves the model that was there. validation: a pair (X, y)."""
        check_extras(self._name_of_fit(incremental), self)
        if not incremental and getattr(self, "_skl_callbacks", None):
            self._init_callback_context(max_subtasks=self.max_iter)
        before = dict(self.__dict__)
        curves = [curve for name in _CURVES if (curve := before.get(name)) is not None]
        lengths = [len(curve) for curve in curves]
        try:
            with share_of_threads(self.n_threads) as renew:
                watch = Watch(self, X, y, sample_weight, renew, is_idle=incremental)
                with closing(watch):
                    self._fit_from_here(X, y, sample_weight, incremental, validation, watch)
                    watch.fit_ends()
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            for curve, length in zip(curves, lengths):
                del curve[length:]
            raise
        return self

    def _name_of_fit(self, incremental: bool) -> str:
        return f"{type(self).__name__}.{'partial_fit' if incremental else 'fit'}"

    def _fit_from_here(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        incremental: bool,
        validation: Any,
        watch: Watch,
    ) -> None:
        hidden = self.hidden_layer_sizes
        hidden = list(hidden) if hasattr(hidden, "__iter__") else [hidden]
        if any(n <= 0 for n in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        is_first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = self._validate_input(X, y, incremental, reset=is_first)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X)
        sample_weight = self._weighted_by_class(y, sample_weight)
        if self.solver == "lbfgs" or self.optimizer in WHOLE:  # of others each batch has its own
            check_total(self._name_of_fit(incremental), sample_weight)
        if y.ndim == 1:
            y = y.reshape(-1, 1)
        warn_of_no_counts(self._name_of_fit(incremental), self, y)
        self.n_outputs_ = y.shape[1]
        self._random_state = self._stream()
        if is_first:
            self._initialize(y, [X.shape[1], *hidden, self.n_outputs_], X.dtype)
        if self.solver == "lbfgs":
            if validation is not None:
                raise ValueError("X_val and y_val go with solver='sgd' or 'adam', not 'lbfgs'")
            self._minimize(self._name_of_fit(incremental), X, y, sample_weight, watch)
        else:
            held = None if validation is None else self._checked_validation(*validation)
            self._descend(X, y, sample_weight, incremental, held, watch)
        if not all(map(is_finite, [*self.coefs_, *self.intercepts_])):
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                "values and need to be preprocessed."
            )

    def _stream(self) -> Any:
        """Where this call's random numbers come from. A whole number restarts them: the generator
        of the last call is seeded again, since to make one takes 200 times as long."""
        if not isinstance(self.random_state, Integral):
            return check_random_state(self.random_state)
        if hasattr(self, "_seeded"):
            self._seeded.seed(self.random_state)
        else:
            self._seeded = check_random_state(self.random_state)
        return self._seeded

    def _initialize(self, y: Any, layer_units: list[int], dtype: Any) -> None:
        self.n_iter_ = self.t_ = 0
        self.n_outputs_ = y.shape[1]
        self.n_layers_ = len(layer_units)
        if is_classifier(self):
            is_multiclass = self._label_binarizer.y_type_ == "multiclass"
            self.out_activation_ = "softmax" if is_multiclass else "logistic"
        else:
            self.out_activation_ = "exp" if self.loss == "poisson" else "identity"
        hidden = hidden_of(self.activation)
        layers = hidden if isinstance(hidden, list) else [hidden] * (self.n_layers_ - 2)
        if len(layers) != self.n_layers_ - 2:
            raise ValueError(
                f"activation has length {len(layers)}, expected one for each of "
                f"{self.n_layers_ - 2} hidden layers"
            )
        of_output = layers[-1] if isinstance(hidden, list) and hidden else hidden
        self._draw(layer_units, [*layers, of_output], dtype)
        self._best_coefs, self._best_intercepts = self.coefs_, self.intercepts_
        if self.solver == "lbfgs":
            return
        self.loss_curve_: list[Any] = []
        self._no_improvement_count = 0
        self.best_loss_ = None if self.early_stopping else np.inf
        self.validation_scores_: Any = [] if self.early_stopping else None
        self.best_validation_score_ = -np.inf if self.early_stopping else None
        self.validation_loss_curve_: Any = [] if self.early_stopping else None

    def _draw(self, layer_units: list[int], activations: list[str], dtype: Any) -> None:
        """The first weights and biases: scikit-learn's, or by one of ffnn's initialisers."""
        self.coefs_, self.intercepts_ = [], []
        is_portable = is_reproducible(self.reproducible)
        source = PortableDraws(self._random_state) if is_portable else self._random_state
        if self.initialization is not None:
            drawn = draw_by(self.initialization, tuple(layer_units), source)
            coefs, intercepts = arrays_of(drawn)
            self.coefs_ = [np.ascontiguousarray(coef, dtype) for coef in coefs]
            self.intercepts_ = [intercept.astype(dtype) for intercept in intercepts]
            return
        for n_in, n_out, g in zip(layer_units, layer_units[1:], activations):
            bound = np.sqrt((2.0 if g == "sigmoid" else 6.0) / (n_in + n_out))
            for arrays, shape in (self.coefs_, (n_in, n_out)), (self.intercepts_, n_out):
                uniform = source.uniform(-bound, bound, shape)
                arrays.append(uniform.astype(dtype, copy=False))

    # ---- sgd and adam, and ffnn's optimisers ----

    def _descend(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, held: Any, watch: Watch
    ) -> None:
        has_optimizer = incremental and hasattr(self, "_optimizer")
        self._optimizer = copy.copy(self._optimizer) if has_optimizer else new_optimizer(self)
        if self.early_stopping and incremental:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.early_stopping and held is None:
            X, y, sample_weight, held = self._split(X, y, sample_weight)
        m = X.shape[0]
        epochs = Epochs(
            self._name_of_fit(incremental),
            X,
            np.ascontiguousarray(y.T, dtype=X.dtype),
            sample_weight,
            self.coefs_,
            self.intercepts_,
            optimizer=self._optimizer,
            batch_size=self._batch_size_for(m),
            lambd=self.alpha,
            clip_norm=self.clip_norm,
            keep_prob=self._keep_prob(),
            random=self._random_state,
            reproducible=self.reproducible,
            **self._cost(),
            **self._net(),
        )
        if held is not None and self.validation_scores_ is None:
            self.validation_scores_, self.validation_loss_curve_ = [], []
        best: list[Any] = []
        epochs_before, t_before = len(self.loss_curve_), self.t_
        try:
            self._run_epochs(epochs, m, held, incremental, watch, best)
        except KeyboardInterrupt:
            if epochs.begun > self.n_iter_:  # in the middle of one
                epochs.undo()
                self.t_ = t_before + m * self.n_iter_
                del self.loss_curve_[epochs_before + self.n_iter_ :]
            if self.early_stopping:
                self._keep_best()
            warnings.warn("Training interrupted by user.", stacklevel=_BY_SKLEARN)
        self.coefs_, self.intercepts_ = epochs.arrays()
        epochs.leave_state()
        if self.early_stopping:
            self.coefs_, self.intercepts_ = self._best_coefs, self._best_intercepts
        elif best:
            _, (self.coefs_, self.intercepts_) = best

    def _keep_prob(self) -> Any:
        share = self.dropout
        return 1 - share if isinstance(share, float) else (1 - np.array(share)).tolist()

    def _run_epochs(
        self,
        epochs: Epochs,
        m: int,
        held: Any,
        incremental: bool,
        watch: Watch,
        best: list[Any],
    ) -> None:
        """Fills `best` with the value and the arrays of the best epoch, for restore_best."""
        order = np.arange(m) if self.shuffle else None
        self.n_iter_ = 0
        while self.n_iter_ < self.max_iter:
            watch.epoch_begins()
            if order is not None:
                self._random_state.shuffle(order)  # scikit-learn's order[permutation(m)]
            self.loss_ = self._reported(*epochs.run(order))
            if epochs.has_ended:
                return
            self.t_ += m
            self.loss_curve_.append(self.loss_)
            self.n_iter_ += 1  # from here on the epoch counts, whatever comes
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
            if held is not None:
                self.coefs_, self.intercepts_ = epochs.arrays()
                self._measure(*held)
            if self.early_stopping:
                self._note_score()
            else:
                self._note_loss()
            if self.restore_best and not self.early_stopping and not incremental:
                value = -self.loss_ if held is None else self.validation_scores_[-1]
                if not best or value > best[0]:
                    best[:] = value, epochs.arrays()
            if watch.epoch_ends(epochs.arrays, **self._measured(held is not None)):
                return
            self._optimizer.iteration_ends(self.t_)
            if self._no_improvement_count > self.n_iter_no_change:
                if self._optimizer.trigger_stopping(self._reason(), self.verbose):
                    return
                self._no_improvement_count = 0
            if incremental:
                return
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=_BY_SKLEARN + 1,
        )

    def _measured(self, has_validation: bool) -> dict[str, Any]:
        """Of the last epoch, by the names that ffnn.train has for a callback."""
        measured = {"cost": self.loss_, "learning_rate": self._optimizer.learning_rate}
        if has_validation:
            measured["val_cost"] = self.validation_loss_curve_[-1]
            measured["val_score"] = self.validation_scores_[-1]
        return measured

    def _reason(self) -> str:
        of = "Validation score" if self.early_stopping else "Training loss"
        return (
            f"{of} did not improve more than tol={self.tol:f} for {self.n_iter_no_change:.0f} "
            "consecutive epochs."
        )

    def _note_loss(self) -> None:
        is_better = not self.loss_ > self.best_loss_ - self.tol
        self._no_improvement_count = 0 if is_better else self._no_improvement_count + 1
        if self.loss_ < self.best_loss_:
            self.best_loss_ = self.loss_

    def _measure(self, X: Any, Y: Any, sample_weight: Any) -> None:
        """Score and loss of examples that are held back; Y (m, n_y) as the net gives it."""
        output = self._forward_pass_fast(X, check_input=False)
        score_of = accuracy_score if is_classifier(self) else r2_score
        is_finite = np.isfinite(output).all()
        score = np.nan
        if is_finite or is_classifier(self):
            due, predicted = self._decided(Y), self._decided(output)
            score = score_of(due, predicted, sample_weight=sample_weight)
        self.validation_scores_.append(score)
        cost, _ = self._cost_and_gradients(
            dict_of(self.coefs_, self.intercepts_), X, Y, sample_weight
        )
        loss = self._reported(cost, 0.0)
        self.validation_loss_curve_.append(loss)
        if self.verbose:
            print(f"Validation score: {score:f}")

    def _note_score(self) -> None:
        score = self.validation_scores_[-1]
        is_better = not score < self.best_validation_score_ + self.tol
        self._no_improvement_count = 0 if is_better else self._no_improvement_count + 1
        self._keep_best()

    def _keep_best(self) -> None:
        """Of the epochs measured; to be called again where Ctrl-C came in the middle of it."""
        scores = self.validation_scores_
        if scores and scores[-1] > self.best_validation_score_:
            self._best_coefs, self._best_intercepts = self.coefs_, self.intercepts_
            self.best_validation_score_ = scores[-1]

    def _split(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any, Any]:
        """What is trained on, and (X, y, sample_weight) of what is held back."""
        parts = train_test_split(
            X,
            y,
            *([] if sample_weight is None else [sample_weight]),
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=y if is_classifier(self) and self.n_outputs_ == 1 else None,
        )
        X, X_held, y, y_held = parts[:4]
        weights, weights_held = parts[4:] or (None, None)
        if X_held.shape[0] < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return X, y, weights, (X_held, y_held, weights_held)

    def _batch_size_for(self, m: int) -> int:
        if isinstance(self.batch_size, str):
            return min(200, m)
        if self.batch_size > m:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
                stacklevel=_BY_SKLEARN + 1,
            )
        return int(np.clip(self.batch_size, 1, m))

    # ---- examples ----

    def _weighted_by_class(self, y: Any, sample_weight: Any) -> Any:
        class_weight = getattr(self, "class_weight", None)
        if class_weight is None:
            return sample_weight
        labels = self._label_binarizer.inverse_transform(y)
        weights = compute_sample_weight(class_weight, labels)
        return weights if sample_weight is None else weights * sample_weight

    def _checked_validation(self, X: Any, y: Any) -> tuple[Any, Any, None]:
        """X_val and y_val as training takes them, against what training has shown."""
        X = self._checked_inputs(X)
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y_val")
        check_consistent_length(X, y)
        if X.shape[0] < 2 and not is_classifier(self):
            raise ValueError("X_val has one row, of which there is no score: two at least")
        if is_classifier(self):
            unknown = np.setdiff1d(unique_labels(y), self.classes_)
            if unknown.size:
                raise ValueError(f"y_val has classes {unknown} that y has not")
            y = self._label_binarizer.transform(y)
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        if y.shape[1] != self.n_outputs_:
            raise ValueError(f"y_val has {y.shape[1]} columns where y has {self.n_outputs_}")
        return X, y, None
