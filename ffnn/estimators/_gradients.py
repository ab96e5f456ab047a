"""An estimator's net as a function: its output, its cost and gradients over all rows; L-BFGS."""

from typing import Any

import numpy as np
import scipy
from sklearn.neural_network._multilayer_perceptron import BaseMultilayerPerceptron
from sklearn.utils.optimize import _check_optimize_result
from sklearn.utils.validation import check_is_fitted

from ffnn import _ffnn
from ffnn.estimators._net import ACTIVATIONS, COSTS, arrays_of, dict_of, forward, hidden_of, slabs
from ffnn.estimators._threads import share_of_threads
from ffnn.estimators._watch import CallbackSupportMixin, Watch

try:
    from sklearn.utils.validation import validate_data
except ImportError:  # before 1.6

    def validate_data(estimator: Any, X: Any, **options: Any) -> Any:
        return estimator._validate_data(X, **options)


__all__ = ["WholeGradients", "validate_data"]

_HAS_IPRINT = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 15)
_FEW = 256  # rows; of more the net takes longer than validation
_EPSILON = float(np.finfo(np.float64).eps)


class WholeGradients(CallbackSupportMixin, BaseMultilayerPerceptron):  # type: ignore[misc]
    """Whatever needs the whole net and all rows at once."""

    activation: Any
    coefs_: list[Any]
    intercepts_: list[Any]
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
        if self.loss in ("log_loss", "poisson") or self.n_outputs_ == 1:
            return cost
        return (cost - l2) / self.n_outputs_ + l2

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
            and bool(np.isfinite(X).all())
        )

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
        if check_input and not self._is_plain(X):
            X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        net = self._net()
        return forward(
            X,
            dict_of(self.coefs_, self.intercepts_),
            net["hidden_activation"],
            net["output_activation"],
            self._isa,
        )

    # ---- lbfgs ----

    def _minimize(self, X: Any, y: Any, sample_weight: Any, watch: Watch) -> None:
        """SciPy's L-BFGS, as scikit-learn has it."""
        vector = np.concatenate([array.ravel() for array in [*self.coefs_, *self.intercepts_]])
        options = {"maxfun": self.max_fun, "maxiter": self.max_iter, "gtol": self.tol}
        if _HAS_IPRINT and self.verbose:
            options["iprint"] = 1
        self.n_iter_ = 0
        self.loss_curve_: list[Any] = []
        is_stopped = False

        def note(intermediate_result: Any) -> None:
            nonlocal is_stopped
            self.n_iter_ += 1
            self.loss_curve_.append(float(intermediate_result.fun))
            is_stopped = watch.epoch_ends(
                lambda: self._unpacked(intermediate_result.x.copy()), cost=self.loss_curve_[-1]
            )
            if is_stopped:
                raise StopIteration
            if self.n_iter_ < self.max_iter:
                watch.epoch_begins()

        watch.epoch_begins()
        result = scipy.optimize.minimize(
            self._loss_grad_lbfgs,
            vector,
            method="L-BFGS-B",
            jac=True,
            options=options,
            callback=note,
            args=(X.astype(np.float64, copy=False), y, sample_weight),
        )
        if not is_stopped:
            self.n_iter_ = _check_optimize_result("lbfgs", result, self.max_iter)
        self.loss_ = result.fun
        self.coefs_, self.intercepts_ = self._unpacked(result.x)

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
        """The loss at these coefs and intercepts, and its gradient in the same layout."""
        coefs, intercepts = self._unpacked(vector)
        parameters = dict_of(coefs, intercepts)
        loss, arrays = self._cost_and_gradients(parameters, X, y, sample_weight)
        if self.loss == "log_loss":
            loss = self._clipped(loss, parameters, X, y, sample_weight)
        gradient = np.concatenate([array.ravel() for array in arrays])
        total = X.shape[0] if sample_weight is None else sample_weight.sum()
        end = sum(coef.size for coef in coefs)
        l2 = self.alpha / 2 / total * (vector[:end] ** 2).sum()
        gradient[:end] += self.alpha / total * vector[:end]
        return self._reported(loss + l2, l2), gradient

    def _clipped(
        self, loss: float, parameters: dict[str, Any], X: Any, y: Any, sample_weight: Any
    ) -> float:
        """The log loss of probabilities clipped to [eps, 1 - eps], as scikit-learn has it.

        That changes the line search's mind where a long step leads to a confident and wrong net,
        and only where some example costs more than -log(eps).
        """
        total = X.shape[0] if sample_weight is None else sample_weight.sum()
        most = 36.0 * (1.0 if sample_weight is None else sample_weight.min())
        if loss * total < most:
            return loss
        net, y, clipped = self._net(), np.asarray(y, X.dtype), 0.0
        for rows, part in slabs(X):
            AL = forward(part, parameters, net["hidden_activation"], net["output_activation"])
            AL, Y = np.clip(AL, _EPSILON, 1 - _EPSILON), y[rows]
            if self.out_activation_ == "logistic":
                AL, Y = np.hstack([1 - AL, AL]), np.hstack([1 - Y, Y])
            if sample_weight is not None:
                Y = Y * sample_weight[rows, None]
            cost = _ffnn.compute_cost(AL.T, Y.T, cost="categorical_cross_entropy")
            clipped += float(cost) * len(part) / total
        return clipped

    def _cost_and_gradients(
        self, parameters: dict[str, Any], X: Any, Y: Any, sample_weight: Any
    ) -> tuple[float, list[Any]]:
        """The mean cost of all examples without L2, and its gradients like coefs and intercepts.

        Weights below 0, which scikit-learn takes, are sums of their own.
        """
        net, Y = self._net(), np.asarray(Y, X.dtype).T
        total = X.shape[0] if sample_weight is None else sample_weight.sum()
        sums: list[Any] = [0.0] * (1 + len(parameters))
        signs = (1,) if sample_weight is None or sample_weight.min() >= 0 else (1, -1)
        for rows, part in slabs(X):
            for sign in signs:
                weights, count = None, rows.stop - rows.start
                if sample_weight is not None:
                    weights = np.maximum(sign * sample_weight[rows], 0)
                    count = sign * weights.sum()
                if count == 0:
                    continue
                cost, gradients = _ffnn.cost_and_gradients(
                    part.T, Y[:, rows], parameters, sample_weight=weights, **self._cost(), **net
                )
                arrays = [array for arrays in arrays_of(gradients, "d") for array in arrays]
                share = count / total
                sums = [a + share * b for a, b in zip(sums, [float(cost), *arrays], strict=True)]
        return sums[0], sums[1:]
