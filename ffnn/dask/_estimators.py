"""scikit-learn's two classes on a cluster: ffnn's own, whose steps the workers of a client compute.

All else is theirs: parameters, random numbers, schedules, the end of a fit. X stays on the workers,
labels and weights come to this process.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "ffnn.dask.MLPClassifier and MLPRegressor need scikit-learn beside Dask: "
        "pip install 'ffnn[dask,sklearn]'"
    ) from error

import dask.array
import numpy as np
from dask.delayed import Delayed
from dask.distributed import default_client
from sklearn.base import _fit_context, is_classifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ffnn import estimators
from ffnn._frames import as_array
from ffnn._remote import RemoteRows
from ffnn._sources import Rows
from ffnn.dask._cluster import Cluster, check_optimizer
from ffnn.dask._examples import as_here, as_remote, check_kind
from ffnn.estimators import _is_stochastic, _pair
from ffnn.estimators._checks import check_extras
from ffnn.estimators._exchange import Exchange
from ffnn.estimators._gradients import validate_data
from ffnn.estimators._net import dict_of

__all__ = ["MLPClassifier", "MLPRegressor"]


class _OnCluster(Exchange):
    """What differs from an estimator whose rows are here; stands before it."""

    _client: Any = None

    @property
    def client(self) -> Any:
        """The client whose workers fit; None is set: Dask's default, the last that was made.

        Copies, clones and pickles have none.
        """
        if self._client is not None:
            return self._client
        try:
            return default_client()
        except ValueError:
            name = type(self).__name__
            raise ValueError(
                f"{name}: there is no client: model.client = dask.distributed.Client(...), or, "
                "for clones and pickles too, Client(..., set_as_default=True)"
            ) from None

    @client.setter
    def client(self, client: Any) -> None:
        self._client = client

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_client"}

    # ---- a fit ----

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        isa: str | None = None,
    ) -> Any:
        """Train on X (m, n_x) and y, (m,) or (m, n_y): Dask's arrays and frames, or what is here.

        X_val and y_val are measured after each epoch; early stopping looks at them where given, and
        else at a share of X. isa is the instruction set of all sums, and of predictions
        afterwards: a name from show_config; "common", the best that all workers have; None: that
        of this process, in predictions each worker's own.
        """
        self._fit(X, y, sample_weight, validation=_pair(X_val, y_val), isa=isa)
        return self

    @contextmanager
    def _with_set(self, isa: str | None) -> Iterator[None]:
        """Go on with an instruction set; None: the last one."""
        before, self._isa = self._isa, self._isa if isa is None else isa
        try:
            yield
        except BaseException:
            self._isa = before
            raise

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        incremental: bool = False,
        validation: Any = None,
        isa: str | None = None,
    ) -> Any:
        function = self._name_of_fit(incremental)
        check_extras(function, self)
        _check_methods(function, self)
        if incremental:  # see _with_set
            isa = self._isa
        cluster = Cluster(function, self.client, isa)
        try:
            rows = as_rows(cluster, "X", X)
            if self.solver == "lbfgs" and rows.dtype != np.float64:
                raise ValueError(
                    f"{function}: solver='lbfgs' computes in float64, and X is of type "
                    f"{rows.dtype}: pass X.astype('float64'), or take optimizer='lbfgs'"
                )
            y, sample_weight = (
                as_here(cluster, name, values)
                for name, values in (("y", y), ("sample_weight", sample_weight))
            )
            if validation is not None:
                validation = (
                    as_rows(cluster, "X_val", validation[0]),
                    as_here(cluster, "y_val", validation[1]),
                )
            super()._fit(rows, y, sample_weight, incremental, validation)
        finally:
            cluster.close()
        self._isa = None if isa is None else cluster.isa
        return self

    def _validate_input(self, X: Any, y: Any, incremental: bool, reset: bool) -> Any:
        """scikit-learn looks at y beside a column of zeros, at X's features by its head."""
        known = {name: getattr(self, name) for name in _FEATURES if hasattr(self, name)}
        zeros = np.zeros((X.shape[0], 1), X.dtype)
        _, y = super()._validate_input(zeros, y, incremental, True)
        for name, value in known.items():
            setattr(self, name, value)
        validate_data(self, X.head, reset=reset)
        X.T.check_finite(self._name_of_fit(incremental), are_rows=True)
        return X, y

    def _checked_inputs(self, X: Any) -> Any:
        validate_data(self, X.head, reset=False)
        X.T.check_finite(self._name_of_fit(False), "X_val", are_rows=True)
        return X

    def _split(self, X: Any, y: Any, sample_weight: Any) -> Any:
        numbers = np.arange(X.shape[0])
        trained, y, weights, (held, *of_held) = super()._split(numbers, y, sample_weight)
        return X.take(trained), y, weights, (X.take(held), *of_held)

    def _forward_pass_fast(self, X: Any, check_input: bool = True) -> Any:
        if not isinstance(X, RemoteRows):
            return super()._forward_pass_fast(X, check_input)
        output = X.T.outputs(dict_of(self.coefs_, self.intercepts_), self._net())
        return output(slice(None)).T

    def _cost_and_gradients(
        self, parameters: dict[str, Any], X: Any, Y: Any, sample_weight: Any
    ) -> tuple[float, list[Any]]:
        """The cost alone: what is measured here asks for no more."""
        labels = np.asarray(Y, X.dtype).T
        return float(X.T.mean_cost_of(parameters, labels, sample_weight)), []

    # ---- a model ----

    def predict(self, X: Any) -> Any:
        """Predict a label, or a target, for each row of X: of Dask's X a Dask array, lazily."""
        return self._of_rows("predict", X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, or of a regressor R^2; what is Dask's is computed by the client."""
        found = self.predict(X), y, sample_weight
        if any(dask.is_dask_collection(one) for one in found):
            found = dask.compute(*found, scheduler=self.client)
        predicted, y, sample_weight = found
        score_of = accuracy_score if is_classifier(self) else r2_score
        return float(score_of(y, predicted, sample_weight=sample_weight))

    def _of_rows(self, method: str, X: Any) -> Any:
        """What a method gives for the rows of X, block by block where X is Dask's."""
        if not dask.is_dask_collection(X):
            return getattr(super(), method)(X)
        check_is_fitted(self)
        function = f"{type(self).__name__}.{method}"
        array, head = _rows_and_head(function, "X", X)
        validate_data(self, head, reset=False)
        if len(array.chunks[1]) > 1:
            raise ValueError(
                f"{function}: X {array.shape} is cut into chunks along its features: "
                "X.rechunk({1: -1})"
            )
        model = copy.copy(self)  # which has no client
        model.n_threads = None  # which are of this process
        if hasattr(model, "feature_names_in_"):  # which blocks have not
            del model.feature_names_in_
        one = _apply(np.zeros((1, array.shape[1]), array.dtype), model, method)
        further = [] if one.ndim == 1 else [(one.shape[1],)]
        return array.map_blocks(
            _apply,
            dask.delayed(model),  # once for all blocks
            method,
            chunks=(array.chunks[0], *further),
            drop_axis=[] if further else [1],
            meta=one[:0],
        )


_FEATURES = ("n_features_in_", "feature_names_in_")


def _apply(block: Any, model: Any, method: str) -> Any:
    """Predictions of a block."""
    if len(block) == 0:  # which scikit-learn refuses
        return getattr(model, method)(np.zeros((1, block.shape[1]), block.dtype))[:0]
    return getattr(model, method)(block)


class MLPClassifier(_OnCluster, estimators.MLPClassifier):
    """ffnn.MLPClassifier, fitted by the workers of a Dask cluster, to the same bits.

    fit takes Dask's arrays and frames with examples as rows, their chunks whole examples; y and
    the weights come to this process. The keywords, the random numbers and the model are those of
    ffnn.MLPClassifier with the same random_state, to the bit, whatever the workers, the chunks and
    who dies; so are its errors. A step takes batch_size rows, and a round trip to the workers: give
    it thousands, or optimizer="lbfgs", which takes all rows.

    `client` is an attribute: model.client = Client(...); else Dask's default client fits.
    predict and predict_proba give Dask arrays for Dask's X, lazily, and arrays for arrays, without
    a client; score computes. Pickles have no client. n_threads is of this process, not of workers.

    ValueError, before any work, for dropout, whose masks no worker could draw, for
    optimizer="levenberg_marquardt", and for solver="lbfgs" with an X that is not float64.

    >>> import dask.array, ffnn.dask, numpy as np
    >>> from dask.distributed import Client
    >>> X = dask.array.from_array(np.linspace(0, 1, 40)[:, None], chunks=(10, 1))
    >>> model = ffnn.dask.MLPClassifier((4,), optimizer="lbfgs", max_iter=50, random_state=0)
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as model.client:
    ...     score = model.fit(X, X[:, 0] > 0.5).score(X, X[:, 0] > 0.5)
    >>> score
    1.0
    """

    @available_if(_is_stochastic)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        classes: Any = None,
        *,
        isa: str | None = None,
    ) -> MLPClassifier:
        """Train for one epoch from where the model stands; the first call needs all classes.

        isa is that of fit; None: the instruction set of the last call.
        """
        with self._with_set(isa):
            super().partial_fit(X, y, sample_weight, classes)
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, or label, for each row of X, (m, n_classes)."""
        return self._of_rows("predict_proba", X)


class MLPRegressor(_OnCluster, estimators.MLPRegressor):
    """ffnn.MLPRegressor, fitted by the workers of a Dask cluster, to the same bits.

    All that ffnn.dask.MLPClassifier says of data, the client and errors holds here; y is (m,) or,
    of several targets, (m, n_y).
    """

    @available_if(_is_stochastic)
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, isa: str | None = None
    ) -> MLPRegressor:
        """Train for one epoch from where the model stands.

        isa is that of fit; None: the instruction set of the last call.
        """
        with self._with_set(isa):
            super().partial_fit(X, y, sample_weight)
        return self


# ---- the caller's rows ---------------------------------------------------------------------------


def as_rows(cluster: Cluster, name: str, X: Any) -> RemoteRows:
    """Compute the chunks of X on the cluster, where they stay."""
    array, head = _rows_and_head(cluster.function, name, X)
    if dask.is_dask_collection(array) and any(map(math.isnan, array.chunks[0])):
        array = _measured(cluster, name, array)
    return RemoteRows(as_remote(cluster, name, Rows(array)), head)


def _rows_and_head(function: str, name: str, X: Any) -> tuple[Any, Any]:
    """X as an array (m, n_x), Dask's or of here, and a row of zeros with its features' names."""
    is_frame = hasattr(X, "to_dask_array") and not isinstance(X, Delayed)
    if not is_frame:
        check_kind(function, name, X)
    names = list(X.columns) if hasattr(X, "columns") else None
    if is_frame:
        array = X.to_dask_array()
    elif isinstance(X, dask.array.Array):
        array = X
    else:
        array = as_array(f"{function}: {name}", X)
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        array = array.astype(np.float64)
    if array.ndim != 2:
        raise ValueError(f"{function}: {name} has {array.ndim} dimensions, expected 2")
    head: Any = np.zeros((1, array.shape[1]), array.dtype)
    if names is not None:
        from pandas import DataFrame  # type: ignore[import-untyped]

        head = DataFrame(head, columns=names)
    return array, head


def _measured(cluster: Cluster, name: str, array: Any) -> Any:
    """The same array, whose blocks are computed to know how many rows each has."""
    blocks = cluster.compute(list(array.to_delayed().ravel()))
    names = [f"block {i} of {name}" for i in range(len(blocks))]
    sizes = cluster.gather([cluster.submit(len, block) for block in blocks], names)
    return dask.array.concatenate(
        [
            dask.array.from_delayed(block, (size, array.shape[1]), array.dtype)
            for block, size in zip(blocks, sizes)
        ]
    )


def _check_methods(function: str, estimator: Any) -> None:
    """Refuse what no worker could honour."""
    if np.any(np.asarray(estimator.dropout) != 0):
        raise ValueError(
            f"{function}: dropout must be 0 on a cluster, not {estimator.dropout!r}: its masks are "
            "one stream of random numbers, which no shard can jump into; alpha works here"
        )
    check_optimizer(function, estimator.optimizer)
