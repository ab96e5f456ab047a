"""An estimator's net as a function: its output, its cost and gradients over all rows; L-BFGS."""

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy
from sklearn.base import is_classifier
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import check_is_fitted

from ffnn import _ffnn
from ffnn._remote import RemoteRows
from ffnn.estimators._net import (
    ACTIVATIONS,
    COSTS,
    arrays_of,
    columns_of,
    dict_of,
    forward,
    hidden_of,
    in_order,
    is_finite,
    output_of,
)
from ffnn.estimators._steps import Epochs, OwnOptimizer
from ffnn.estimators._threads import share_of_threads
from ffnn.estimators._watch import CallbackSupportMixin, Watch

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before 1.6

    def validate_data(estimator: Any, X: Any, **options: Any) -> Any:
        return estimator._validate_data(X, **options)


__all__ = ["WholeGradients", "validate_data"]

_FEW = 256  # rows; of more the net takes longer than validation
_LBFGSB_FTOL = 1e7 * float(np.finfo(np.float64).eps)  # SciPy's, which scikit-learn leaves as it is


class WholeGradients(CallbackSupportMixin, BaseMultilayerPerceptron):  # type: ignore[misc]
    """Whatever needs the whole net and all rows at once."""

    activation: Any
    coefs_: list[Any]
    intercepts_: list[Any]
    n_outputs_: int
    classes_: Any
    _label_binarizer: Any
    _optimizer: Any
    _isa: str | None = None  # the instruction set of predictions, where a fit has agreed on one

    def _net(self) -> dict[str, Any]:
        """The activations in ffnn's words."""
        return {
            "hidden_activation": hidden_of(self.activation),
            "output_activation": ACTIVATIONS.get(self.out_activation_, self.out_activation_),
        }

    def _cost(self) -> dict[str, Any]:
        """The loss in ffnn's words."""
        level = {"quantile": self.quantile} if self.loss == "quantile" else {}
        return {"cost": COSTS.get(self.loss, self.loss), **level}

    def _reported(self, cost: Any, l2: Any) -> Any:
        """Of several targets scikit-learn's squared error is the mean, its gradient that of the
        sum."""
        return float((cost - l2) / self.n_outputs_ + l2 if self._is_mean_of_targets() else cost)

    def _is_mean_of_targets(self) -> bool:
        return self.loss not in ("log_loss", "poisson") and self.n_outputs_ > 1

    def _is_plain(self, X: Any) -> bool:
        """Few rows that validation would hand back as they are, in more time than the net takes."""
        return (
            type(X) is np.ndarray
            and X.dtype.char in "fd"
            and X.dtype.isnative
            and X.ndim == 2
            and 0 < X.shape[0] <= _FEW
            and X.shape[1] == self.n_features_in_
            and not hasattr(self, "feature_names_in_")
            and is_finite(X)
        )

    def _checked_pair(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        return X, y

    def _checked_inputs(self, X: Any) -> Any:
        """X as training takes it, with the features that training has shown."""
        return validate_data(
            self, X, accept_sparse=["csr", "csc"], dtype=(np.float64, np.float32), reset=False
        )

    def _output_for(self, X: Any) -> Any:
        if not hasattr(self, "coefs_"):
            check_is_fitted(self)
        if self.n_threads is None:
            return self._forward_pass_fast(X)
        with share_of_threads(self.n_threads):
            return self._forward_pass_fast(X)

    def _forward_pass_fast(self, X: Any, check_input: bool = True) -> Any:
        net = dict_of(self.coefs_, self.intercepts_), self._net(), self._isa
        if check_input:
            if self._is_plain(X):
                return output_of(X, *net)
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return forward(X, *net)

    def _decided(self, output: Any) -> Any:
        """Labels or targets of the net's output, or of what it is to be."""
        if self.n_outputs_ == 1:
            output = np.ravel(output)
        if not is_classifier(self):
            return output
        if self.out_activation_ == "softmax":
            return self.classes_[output.argmax(axis=1)]
        return self._label_binarizer.inverse_transform(output)

    def predict(self, X: Any) -> Any:
        """Predict a label, or a target, for each row of X."""
        return self._decided(self._output_for(X))

    # ---- lbfgs ----

    def _minimize(self, name: str, X: Any, y: Any, sample_weight: Any, watch: Watch) -> None:
        """L-BFGS with scikit-learn's endings: in the core, or by SciPy what that does not take."""
        is_core = isinstance(X, RemoteRows) or sample_weight is None or sample_weight.min() >= 0
        if not is_core and self.reproducible:
            raise ValueError(
                f"{name}: reproducible does not go with solver='lbfgs' where a weight is below 0: "
                "SciPy minimises there. Take solver='adam'"
            )
        self.n_iter_ = 0
        self.loss_curve_: list[Any] = []
        is_over = False

        def ends(cost: float, arrays: Any) -> bool:
            """An iteration; is the fit to end?"""
            nonlocal is_over
            self.n_iter_ += 1
            self.loss_curve_.append(cost)
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {cost:.8f}")
            is_over = watch.epoch_ends(arrays, cost=cost)
            if not is_over and self.n_iter_ < self.max_iter:
                watch.epoch_begins()
            return is_over

        watch.epoch_begins()
        by = self._minimize_in_core if is_core else self._minimize_by_scipy
        X = X if X.dtype == np.float64 else X.astype(np.float64)
        result = by(name, X, y, sample_weight, ends)
        if not is_over:
            self.n_iter_ = _check_optimize_result("lbfgs", result, self.max_iter)

    def _minimize_in_core(
        self, name: str, X: Any, y: Any, sample_weight: Any, ends: Callable[[float, Any], bool]
    ) -> Any:
        numbers = {"tol": self.tol, "cost_tol": _LBFGSB_FTOL}
        epochs = Epochs(
            name,
            X,
            np.ascontiguousarray(y.T, dtype=X.dtype),
            sample_weight,
            [coef.astype(X.dtype) for coef in self.coefs_],
            [intercept.astype(X.dtype) for intercept in self.intercepts_],
            optimizer=OwnOptimizer("lbfgs", numbers),
            batch_size=X.shape[0],
            lambd=self.alpha,
            clip_norm=None,
            keep_prob=1,
            random=self._random_state,
            reproducible=self.reproducible,
            **self._cost(),
            **self._net(),
        )

        def loss() -> Any:
            return self._loss_of(epochs.cost, epochs.arrays, epochs.m, sample_weight)

        status, message = 1, "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"
        while self.n_iter_ < self.max_iter:
            epochs.step()
            if epochs.has_ended:
                is_found = epochs.ending in ("tol", "cost_tol")
                status, message = (0, "") if is_found else (2, "ABNORMAL: ")
                break
            if ends(loss(), epochs.arrays):
                break
            if epochs.evaluations > self.max_fun and self.n_iter_ < self.max_iter:
                message = "STOP: TOTAL NO. OF F,G EVALUATIONS EXCEEDS LIMIT"
                break
        self.loss_ = loss()
        self.coefs_, self.intercepts_ = epochs.arrays()
        return scipy.optimize.OptimizeResult(status=status, message=message, nit=self.n_iter_)

    def _minimize_by_scipy(
        self, name: str, X: Any, y: Any, sample_weight: Any, ends: Callable[[float, Any], bool]
    ) -> Any:
        vector = np.concatenate([array.ravel() for array in [*self.coefs_, *self.intercepts_]])

        def loss(found: Any) -> Any:
            cost, m = float(found.fun), X.shape[0]
            return self._loss_of(cost, lambda: self._unpacked(found.x), m, sample_weight)

        def note(intermediate_result: Any) -> None:
            x = intermediate_result.x
            if ends(loss(intermediate_result), lambda: self._unpacked(x.copy())):
                raise StopIteration

        result = scipy.optimize.minimize(
            self._loss_grad_lbfgs,
            vector,
            method="L-BFGS-B",
            jac=True,
            options={"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol},
            callback=note,
            args=(in_order(X), y, sample_weight),
        )
        self.loss_ = loss(result)
        self.coefs_, self.intercepts_ = self._unpacked(result.x)
        return result

    def _loss_of(self, cost: float, arrays: Callable[[], Any], m: int, sample_weight: Any) -> Any:
        """What is reported of a cost that is minimised, with these coefs and intercepts."""
        if not self._is_mean_of_targets():
            return cost
        coefs, _ = arrays()
        return self._reported(cost, self._l2_of(coefs, m, sample_weight))

    def _l2_of(self, coefs: list[Any], m: int, sample_weight: Any) -> Any:
        """scikit-learn's L2 term."""
        total = m if sample_weight is None else sample_weight.sum()
        return self.alpha / 2 / total * sum(float((coef**2).sum()) for coef in coefs)

    def _unpacked(self, vector: Any) -> tuple[list[Any], list[Any]]:
        """Views of the vector that holds coefs and then intercepts."""
        arrays = [*self.coefs_, *self.intercepts_]
        ends = np.cumsum([array.size for array in arrays])[:-1]
        parts = np.split(vector, ends)
        views = [part.reshape(array.shape) for part, array in zip(parts, arrays, strict=True)]
        return views[: len(self.coefs_)], views[len(self.coefs_) :]

    def _loss_grad_lbfgs(
        self, vector: Any, X: Any, y: Any, sample_weight: Any, *workspaces: Any
    ) -> tuple[Any, Any]:
        """The cost at these coefs and intercepts, and its gradient in the same layout."""
        coefs, intercepts = self._unpacked(vector)
        parameters = dict_of(coefs, intercepts)
        loss, arrays = self._cost_and_gradients(parameters, X, y, sample_weight)
        gradient = np.concatenate([array.ravel() for array in arrays])
        total = X.shape[0] if sample_weight is None else sample_weight.sum()
        end = sum(coef.size for coef in coefs)
        gradient[:end] += self.alpha / total * vector[:end]
        return loss + self._l2_of(coefs, X.shape[0], sample_weight), gradient

    def _cost_and_gradients(
        self, parameters: dict[str, Any], X: Any, Y: Any, sample_weight: Any
    ) -> tuple[float, list[Any]]:
        """The mean cost of all examples without L2, and its gradients like coefs and intercepts.

        Weights below 0, which scikit-learn takes, are sums of their own.
        """
        net, Y = self._net(), np.asarray(Y, X.dtype).T
        columns, numbers = columns_of(X)
        total = X.shape[0] if sample_weight is None else sample_weight.sum()
        sums: list[Any] = [0.0] * (1 + len(parameters))
        signs = (1,) if sample_weight is None or sample_weight.min() >= 0 else (1, -1)
        for sign in signs:
            weights, count = None, X.shape[0]
            if sample_weight is not None:
                weights = np.maximum(sign * sample_weight, 0)
                count = sign * weights.sum()
            if count == 0:
                continue
            cost, gradients = _ffnn.sparse_cost_and_gradients(
                columns, Y, parameters, sample_weight=weights, sparse=numbers,
                **self._cost(), **net,
            )  # fmt: skip
            arrays = [array for arrays in arrays_of(gradients, "d") for array in arrays]
            share = count / total
            sums = [a + share * b for a, b in zip(sums, [float(cost), *arrays], strict=True)]
        return sums[0], sums[1:]
