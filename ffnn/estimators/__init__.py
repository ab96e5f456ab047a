"""scikit-learn's MLPClassifier and MLPRegressor, trained by ffnn's core: change one import.

Rows are examples here, as in scikit-learn; everywhere else in ffnn they are columns. The classes
derive from scikit-learn's own, so that whatever takes those takes these.
"""

from numbers import Integral, Real
from typing import Any

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "ffnn.estimators: scikit-learn is missing: pip install 'ffnn[sklearn]'"
    ) from error

import numpy as np
from sklearn import neural_network
from sklearn.base import _fit_context
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target

from ffnn import _ffnn
from ffnn._checks import suggest_keywords
from ffnn._initializers import INITIALIZERS
from ffnn._pace import WHOLE
from ffnn._threads import register_where_there
from ffnn.estimators._exchange import Exchange, moved_to
from ffnn.estimators._labels import are_whole_numbers, binarizer_of, indicators_of

__all__ = ["MLPClassifier", "MLPRegressor", "from_sklearn"]

_ACTIVATIONS = {"identity", "logistic", *_ffnn.activations()} - {"softmax"}
_OWN = {
    "activation": [StrOptions(_ACTIVATIONS), "array-like"],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
    "initialization": [StrOptions(set(INITIALIZERS)), None],
    "optimizer": [StrOptions(set(_ffnn.optimizers())), None],
    "optimizer_options": [dict, None],
    "restore_best": ["boolean"],
    "progress": ["boolean"],
    "callback": [callable, None],
    "n_threads": [Interval(Integral, 1, None, closed="left"), None],
    "reproducible": ["boolean", None],
}

register_where_there()  # scikit-learn has brought threadpoolctl


def _is_stochastic(estimator: Any) -> bool:
    name = estimator.optimizer or estimator.solver
    if name in WHOLE:
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {name} is not stochastic."
        )
    return True


class MLPClassifier(Exchange, neural_network.MLPClassifier):  # type: ignore[misc]
    """A feed-forward net as a classifier, scikit-learn's MLPClassifier in every public respect.

    The same random_state gives the same model as there, but for rounding.

    What ffnn adds to scikit-learn's parameters, all keywords, off by default:

    =================  =============  =========================================================
    activation         str or list    also any of ffnn.activations() but softmax; a list has one
                                      for each hidden layer
    dropout            float or list  the share of units that a step leaves out, below 1, of all
                                      hidden layers or of each; default 0.0
    clip_norm          float or None  the greatest norm of all gradients together
    class_weight       dict or str    {class: weight}, or "balanced"; multiplied with sample_weight
    initialization     str or None    a name of initialize_parameters_deep's, drawn from
                                      random_state; None: scikit-learn's
    optimizer          str or None    one of ffnn.optimizers() in place of solver, with
                                      learning_rate_init and the schedules of learning_rate;
                                      lbfgs and levenberg_marquardt take all rows in each step
                                      and no rate. None: solver
    optimizer_options  dict or None   the optimizer's numbers by ffnn.train's names, say
                                      {"weight_decay": 0.01} for adamw; those of solver (beta_1,
                                      momentum) are not read, the rate is learning_rate_init and
                                      the L2 term alpha
    restore_best       bool           end with the weights of the best epoch: by the score of
                                      X_val, else by the loss. Early stopping does it anyhow
    progress           bool           show a bar; needs tqdm (pip install 'ffnn[progress]')
    callback           function       called after each epoch of fit with a dict as ffnn.train's:
                                      epoch, cost, learning_rate, val_cost and val_score where
                                      there is validation, parameters (copies), history (without
                                      an optimizer_state: save_parameters keeps an epoch, not
                                      save_checkpoint); returns True to end the fit
    n_threads          int or None    threads of a fit and of predictions; None: an equal share
                                      of all for each fit that goes on at the same time, at most
                                      OMP_NUM_THREADS, which joblib sets in its processes
    reproducible       bool or None   True: the same bits on every machine; None: that of
                                      ffnn.set_reproducible
    =================  =============  =========================================================

    solver="lbfgs" leaves a loss_curve_, too; validation_loss_curve_ stands beside
    validation_scores_. Callbacks of scikit-learn's protocol (sklearn.callback, from 1.9 on) are set
    by set_callbacks. An extra that does not go with another is a ValueError before any work:
    solver="lbfgs" takes no dropout and clip_norm. It is ffnn.train's, with tol and cost_tol of
    scikit-learn: its iterates are SciPy's, but that no log loss is clipped and that of several
    targets their sum is minimised, whose gradient scikit-learn takes while it compares means. SciPy
    minimises where a weight is below 0, the same cost; reproducible=True is an error there.

    >>> import ffnn
    >>> X, y = [[0.0], [0.2], [0.8], [1.0]], ["no", "no", "yes", "yes"]
    >>> model = ffnn.MLPClassifier((4,), "tanh", optimizer="levenberg_marquardt", random_state=0)
    >>> model.fit(X, y).predict([[0.1], [0.9]]).tolist()
    ['no', 'yes']
    """

    _theirs = neural_network.MLPClassifier
    _parameter_constraints = {
        **neural_network.MLPClassifier._parameter_constraints,
        **_OWN,
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }
    classes_: Any

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        clip_norm: float | None = None,
        class_weight: Any = None,
        initialization: str | None = None,
        optimizer: str | None = None,
        optimizer_options: dict[str, Any] | None = None,
        restore_best: bool = False,
        progress: bool = False,
        callback: Any = None,
        n_threads: int | None = None,
        reproducible: bool | None = None,
    ) -> None:
        self.loss = "log_loss"
        _store(self, locals())

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> "MLPClassifier":
        """Train on X (m, n_x), an array or a sparse matrix, and the labels y, (m,) or (m, n_y).

        X_val and y_val are measured after each epoch; early stopping looks at them where given, and
        else at a share of X.
        """
        self._fit(X, y, sample_weight, validation=_pair(X_val, y_val))
        return self

    @available_if(_is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None
    ) -> "MLPClassifier":
        """Train for one epoch from where the model stands; the first call needs all classes."""
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all labels at once: give partial_fit a dict, as "
                "compute_class_weight makes it"
            )
        are_known = hasattr(self, "classes_") and (
            classes is None or np.array_equal(classes, self.classes_)
        )
        if not are_known and _check_partial_fit_first_call(self, classes):
            self._label_binarizer = LabelBinarizer()
            is_multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer.fit(y if is_multilabel else classes)
        self._fit(X, y, sample_weight, incremental=True)
        return self

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> Any:
        """What scikit-learn makes of X and y, in less time for whole numbers as labels."""
        is_next = incremental and not reset and not self.warm_start
        if is_next and hasattr(self, "classes_") and self._is_plain(X):
            indicators = indicators_of(y, X.shape[0], self._label_binarizer)
            if indicators is not None:
                return X, indicators
        is_afresh = not hasattr(self, "classes_") or not (self.warm_start or incremental)
        if is_afresh and are_whole_numbers(y) and y.ndim == 1:
            classes = np.unique(y)
            if len(classes) > 1:
                X, y = self._checked_pair(X, y, reset)
                self._label_binarizer = binarizer_of(classes)
                self.classes_ = self._label_binarizer.classes_
                return X, indicators_of(y, len(y), self._label_binarizer)
        return super()._validate_input(X, y, incremental, reset)

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, or label, for each row of X, (m, n_classes)."""
        output = self._output_for(X)
        return np.hstack([1 - output, output]) if self.n_outputs_ == 1 else output

    @classmethod
    def from_parameters(
        cls, parameters: dict[str, Any], *, classes: Any, activation: Any = None, **options: Any
    ) -> "MLPClassifier":
        """Make a fitted classifier of parameters W1, b1, ..., WL, bL, as ffnn.train returns them.

        `classes` are two sorted labels for one output unit (sigmoid), one for each unit of several
        (softmax), or "multilabel" (a sigmoid for each unit). An activation of None is the one that
        the parameters know, else "relu"; the options are the constructor's.
        Training goes on from there with partial_fit, or fit and warm_start. ValueError where the
        number of classes is another.

        >>> import numpy as np, ffnn
        >>> parameters = {"W1": np.array([[2.0, -1.0]]), "b1": np.array([[0.0]])}
        >>> model = ffnn.MLPClassifier.from_parameters(parameters, classes=["no", "yes"])
        >>> model.predict(np.array([[1.0, 0.5], [0.0, 3.0]])).tolist()
        ['yes', 'no']
        """
        model = cls(activation=activation, **options)
        n_y = _ffnn.layer_dims("MLPClassifier.from_parameters", parameters)[-1]
        is_multilabel = isinstance(classes, str) and classes == "multilabel"
        labels = np.eye(n_y, dtype=int) if is_multilabel else np.unique(classes)
        if not is_multilabel and (n_y == 2 or len(labels) != max(n_y, 2)):
            raise ValueError(
                f"MLPClassifier.from_parameters: classes has {len(labels)} labels, the output "
                f"layer {n_y} units; one unit takes two labels, n > 2 units take n"
            )
        model._label_binarizer = LabelBinarizer().fit(labels)
        model.classes_ = model._label_binarizer.classes_
        model._begin_from(parameters, "softmax" if n_y > 1 and not is_multilabel else "logistic")
        return model


class MLPRegressor(Exchange, neural_network.MLPRegressor):  # type: ignore[misc]
    """A feed-forward net as a regressor, scikit-learn's MLPRegressor in every public respect.

    The same random_state gives the same model as there, but for rounding. With solver="lbfgs" it
    has no partial_fit, as the classifiers have none.

    ffnn's own parameters are those of MLPClassifier but class_weight, and

    =================  =============  =========================================================
    loss               str            also "absolute_error", "huber" and "quantile"
    quantile           float          of loss="quantile": the share of targets that are to lie
                                      below the prediction; default 0.5, the median. Another
                                      one beside another loss is a ValueError
    =================  =============  =========================================================

    >>> import numpy as np, ffnn
    >>> X = np.linspace(-1, 1, 50)[:, None]
    >>> model = ffnn.MLPRegressor("huber", (5,), "tanh", optimizer="lbfgs", random_state=0)
    >>> bool(model.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.95)
    True
    """

    _theirs = neural_network.MLPRegressor
    _parameter_constraints = {
        **neural_network.MLPRegressor._parameter_constraints,
        **_OWN,
        "loss": [StrOptions({"squared_error", "poisson", "absolute_error", "huber", "quantile"})],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: Any = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        clip_norm: float | None = None,
        quantile: float = 0.5,
        initialization: str | None = None,
        optimizer: str | None = None,
        optimizer_options: dict[str, Any] | None = None,
        restore_best: bool = False,
        progress: bool = False,
        callback: Any = None,
        n_threads: int | None = None,
        reproducible: bool | None = None,
    ) -> None:
        _store(self, locals())

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> "MLPRegressor":
        """Train on X (m, n_x), an array or a sparse matrix, and the targets y, (m,) or (m, n_y).

        X_val and y_val are measured after each epoch; early stopping looks at them where given, and
        else at a share of X.
        """
        self._fit(X, y, sample_weight, validation=_pair(X_val, y_val))
        return self

    @available_if(_is_stochastic)
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "MLPRegressor":
        """Train for one epoch from where the model stands."""
        self._fit(X, y, sample_weight, incremental=True)
        return self

    @classmethod
    def from_parameters(
        cls, parameters: dict[str, Any], *, activation: Any = None, **options: Any
    ) -> "MLPRegressor":
        """Make a fitted regressor of parameters W1, b1, ..., WL, bL, as ffnn.train returns them.

        The output is linear, or exp with loss="poisson". An activation of None is the one that the
        parameters know, else "relu"; the options are the constructor's.
        Training goes on from there with partial_fit, or fit and warm_start.

        >>> import numpy as np, ffnn
        >>> parameters = {"W1": np.array([[2.0, -1.0]]), "b1": np.array([[0.5]])}
        >>> ffnn.MLPRegressor.from_parameters(parameters).predict(np.array([[1.0, 0.5]]))
        array([2.])
        """
        model = cls(activation=activation, **options)
        model._begin_from(parameters, "exp" if model.loss == "poisson" else "identity")
        return model


def _store(estimator: Any, arguments: dict[str, Any]) -> None:
    """Keep the arguments of a constructor untouched, as scikit-learn's cloning wants them."""
    for name, value in arguments.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


def _pair(X: Any, y: Any) -> Any:
    if (X is None) != (y is None):
        raise ValueError("give X_val and y_val, or neither")
    return None if X is None else (X, y)


@suggest_keywords
def from_sklearn(estimator: Any) -> Any:
    """Turn scikit-learn's MLPClassifier or MLPRegressor into ffnn's, fitted or not.

    Parameters, weights and the optimiser's state are copies; training goes on where it stood.
    TypeError for any other object.

    >>> from sklearn import neural_network
    >>> import ffnn
    >>> ffnn.from_sklearn(neural_network.MLPClassifier(alpha=0.1))
    MLPClassifier(alpha=0.1)
    """
    for ours in (MLPClassifier, MLPRegressor):
        if isinstance(estimator, ours._theirs):
            return moved_to(estimator, ours)
    raise TypeError(
        "from_sklearn: estimator must be scikit-learn's MLPClassifier or MLPRegressor, not "
        f"{type(estimator).__name__}"
    )
