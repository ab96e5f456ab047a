"""Those who watch a fit: a progress bar, a callback of ffnn's kind, and callbacks of scikit-learn's
protocol (sklearn.callback, from 1.9 on).

A fit is a task, each of its epochs (or iterations of L-BFGS) a subtask. Whoever watches may end the
fit after an epoch: ffnn's callback by returning True, scikit-learn's by on_fit_task_end.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ffnn._parameters import NetParameters
from ffnn._plan import find_bar
from ffnn.estimators._net import dict_of

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this scikit-learn has no callbacks."""


__all__ = ["CallbackSupportMixin", "Watch"]


class Watch:
    """One fit's watchers. X, y and sample_weight are those that fit was given."""

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any,
        renew: Callable[[], None],
        *,
        is_idle: bool,
    ) -> None:
        self._estimator, self._renew = estimator, renew
        self._callback: Any = None if is_idle else estimator.callback
        self._bar = None
        if estimator.progress and not is_idle:
            bar = find_bar(f"{type(estimator).__name__}.fit")
            self._bar = bar(total=estimator.max_iter, unit="epoch")
        self._history: dict[str, list[Any]] = {}
        self._task = None if is_idle else getattr(estimator, "_callback_fit_ctx", None)
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._shown = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._epoch: Any = None
        if self._task is not None:
            self._task.call_on_fit_task_begin(**self._shown)

    def epoch_begins(self) -> None:
        if self._estimator.n_iter_:  # the share of the first epoch is a moment old
            self._renew()
        if self._task is not None:
            self._epoch = self._task.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._shown)

    def epoch_ends(self, arrays: Any, **measured: Any) -> bool:
        """Is the fit to end? `arrays` makes new coefs and intercepts."""
        is_over = False
        if self._bar is not None:
            self._bar.set_postfix(loss=float(measured["cost"]), refresh=False)
            self._bar.update()
        if self._callback is not None:
            is_over = self._tell(arrays, measured)
        if self._epoch is not None:
            is_over |= bool(self._end(self._epoch, arrays))
            self._epoch = None
        return is_over

    def _tell(self, arrays: Any, measured: dict[str, Any]) -> bool:
        info = {"epoch": self._estimator.n_iter_ - 1}
        info |= {name: float(value) for name, value in measured.items() if value is not None}
        for name, value in info.items():
            self._history.setdefault(name, []).append(value)
        coefs, intercepts = arrays()
        parameters = NetParameters(dict_of(coefs, intercepts), **self._estimator._net())
        info |= {"parameters": parameters, "history": self._history}
        answer = self._callback(info)
        return isinstance(answer, (bool, np.bool_)) and bool(answer)

    def _end(self, task: Any, arrays: Any) -> Any:
        def fitted() -> dict[str, Any]:
            coefs, intercepts = arrays()
            return {"coefs_": coefs, "intercepts_": intercepts}

        return task.call_on_fit_task_end(**self._shown, reconstruction_attributes=fitted)

    def fit_ends(self) -> None:
        """A whole fit, with the model that it leaves."""
        estimator = self._estimator
        if self._epoch is not None:  # that did not come to its end
            self._epoch.call_on_fit_task_end(estimator=estimator)
        if self._task is not None:
            self._end(self._task, lambda: (estimator.coefs_, estimator.intercepts_))

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
