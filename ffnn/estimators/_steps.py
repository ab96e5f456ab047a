"""The epochs of one fit, over a Trainer of the core, and the optimiser's state between fits.

The state of a solver stands in scikit-learn's own SGDOptimizer and AdamOptimizer, in their own
layout: they bring the schedules of the rate and the words of a fit that stops, are pickled with the
model, and go over to scikit-learn's estimator and back. That of an optimiser of ffnn's stands in
OwnOptimizer, as a Trainer gives it.
"""

from contextlib import nullcontext
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from ffnn import _ffnn
from ffnn._pace import WHOLE
from ffnn._remote import ask_for_sums, stand_in
from ffnn.estimators._net import arrays_of, columns_of, dict_of

__all__ = ["Epochs", "OwnOptimizer", "new_optimizer"]

_BELOW_1 = float(np.nextafter(1.0, 0.0))  # what a momentum of 1 becomes: beta lies below 1


class OwnOptimizer(SGDOptimizer):  # type: ignore[misc]
    """One of ffnn's, with the schedules of sgd's rate and words of its end."""

    def __init__(
        self,
        name: str,
        numbers: dict[str, Any],
        rate: float = 0.0,
        schedule: str = "constant",
        power: float = 0.5,
    ):
        super().__init__([], rate, schedule, power_t=power)
        self.name, self.numbers = name, numbers
        self.state: Any = None


def new_optimizer(estimator: Any) -> Any:
    """scikit-learn's optimiser, whose moments are filled in after the first fit, or ffnn's."""
    if estimator.optimizer is not None:
        return OwnOptimizer(
            estimator.optimizer,
            dict(estimator.optimizer_options or {}),
            estimator.learning_rate_init,
            estimator.learning_rate,
            estimator.power_t,
        )
    if estimator.solver == "sgd":
        return SGDOptimizer(
            [],
            estimator.learning_rate_init,
            estimator.learning_rate,
            estimator.momentum,
            estimator.nesterovs_momentum,
            estimator.power_t,
        )
    return AdamOptimizer(
        [], estimator.learning_rate_init, estimator.beta_1, estimator.beta_2, estimator.epsilon
    )


def _options_of(optimizer: Any) -> dict[str, Any]:
    """The core's optimiser that takes the same steps."""
    if isinstance(optimizer, OwnOptimizer):
        rate = {} if optimizer.name in WHOLE else {"learning_rate": optimizer.learning_rate}
        return {"optimizer": optimizer.name, **rate, **optimizer.numbers}
    if isinstance(optimizer, SGDOptimizer):
        return {
            "optimizer": "nesterov_velocity" if optimizer.nesterov else "velocity",
            "learning_rate": optimizer.learning_rate,
            "beta": min(optimizer.momentum, _BELOW_1),
        }
    return {
        "optimizer": "adam_epsilon_hat",
        "learning_rate": optimizer.learning_rate_init,
        "beta1": optimizer.beta_1,
        "beta2": optimizer.beta_2,
        "epsilon": optimizer.epsilon,
    }


def _state_of(optimizer: Any) -> dict[str, Any] | None:
    """As Trainer.set takes it; None before the first step."""
    if isinstance(optimizer, OwnOptimizer):
        state: dict[str, Any] | None = optimizer.state
        return state
    if isinstance(optimizer, SGDOptimizer):
        moments, steps = {"v": optimizer.velocities}, 0
    else:
        moments, steps = {"v": optimizer.ms, "s": optimizer.vs}, optimizer.t
    if not moments["v"]:
        return None
    half = len(moments["v"]) // 2
    return {"t": steps} | {
        name: dict_of(arrays[:half], arrays[half:], "d") for name, arrays in moments.items()
    }


class Epochs:
    """Steps of one fit. Y is (n_y, m) and of X's type; a sparse X is read as it is.

    X may be a RemoteRows, whose steps others compute.
    """

    def __init__(
        self,
        function: str,
        X: Any,
        Y: Any,
        sample_weight: Any,
        coefs: list[Any],
        intercepts: list[Any],
        *,
        optimizer: Any,
        batch_size: int,
        keep_prob: Any,
        random: Any,
        **options: Any,
    ) -> None:
        self.m = X.shape[0]
        self._optimizer, self._size = optimizer, batch_size
        has_dropout = keep_prob != 1  # or a list of ones, which draws nothing
        self._lock = random._bit_generator.lock if has_dropout else nullcontext()
        self.begun = 0  # epochs
        self._is_whole = getattr(optimizer, "name", None) in WHOLE
        if self._is_whole:
            if sparse.issparse(X) and optimizer.name == "levenberg_marquardt":
                raise ValueError(f"{function}: optimizer={optimizer.name!r} wants a dense X")
            if sample_weight is not None:  # the core divides by the number of rows
                options["lambd"] *= len(sample_weight) / sample_weight.sum()
                sample_weight = sample_weight / sample_weight.mean()
        # Levenberg-Marquardt is of squares without their half: of twice all, then.
        is_doubled = (
            getattr(optimizer, "name", None) == "levenberg_marquardt"
            and options["cost"] == "half_squared_error"
        )
        self._share = 0.5 if is_doubled else 1.0
        if is_doubled:
            options |= {"cost": "mean_squared_error", "lambd": 2 * options["lambd"]}
        columns, numbers = columns_of(X)
        dims = (X.shape[1], *(coef.shape[1] for coef in coefs))
        self._trainer = _ffnn.Trainer(
            function,
            stand_in(columns),
            Y,
            dims,
            gram=False,
            sparse=numbers,
            sample_weight=sample_weight,
            weighted_mean=sample_weight is not None and not self._is_whole,
            keep_prob=keep_prob,
            bit_generator=random._bit_generator if has_dropout else None,
            **ask_for_sums(columns, Y, sample_weight, dims, options),
            **_options_of(optimizer),
            **options,
        )
        self._trainer.set(dict_of(coefs, intercepts), state=_state_of(optimizer))

    def run(self, order: Any) -> tuple[Any, Any]:
        """One epoch in this order; None: the examples' own. The mean cost and its L2 term."""
        if self.begun:  # there is one of the beginning
            self._trainer.snapshot(1)
        self.begun += 1
        if self._is_whole:
            return self._share * self.step(), self._share * self._trainer.l2_cost
        if isinstance(self._optimizer, SGDOptimizer):
            self._trainer.learning_rate = self._optimizer.learning_rate
        with self._lock:
            return self._trainer.epoch(order, self._size)[()], self._trainer.l2_cost

    def step(self) -> Any:
        """One of a method that takes all rows, without a way back: the cost where it began."""
        return self._trainer.run(1)[()]

    @property
    def cost(self) -> float:
        """Where the last step of a method that takes all rows at once has led."""
        cost: float = self._share * self._trainer.whole_cost
        return cost

    @property
    def ending(self) -> str | None:
        ending: str | None = self._trainer.ending
        return ending

    @property
    def evaluations(self) -> int:
        evaluations: int = self._trainer.evaluations
        return evaluations

    @property
    def has_ended(self) -> bool:
        """A method that takes all rows at once had no further step."""
        return self._is_whole and self._trainer.epochs_done == 0

    def undo(self) -> None:
        """Go back to where the last epoch began."""
        self._trainer.restore()

    def arrays(self) -> tuple[list[Any], list[Any]]:
        """Coefs and intercepts as they are now, new arrays."""
        return arrays_of(self._trainer.parameters())

    def leave_state(self) -> None:
        """Write what the core's optimiser remembers into scikit-learn's."""
        state, optimizer = self._trainer.state(), self._optimizer
        if isinstance(optimizer, OwnOptimizer):
            optimizer.state = state
            return
        moments = {
            name: [array for arrays in arrays_of(state[name], "d") for array in arrays]
            for name in ("v", "s")
            if name in state
        }
        if isinstance(optimizer, SGDOptimizer):
            optimizer.velocities = moments["v"]
            return
        optimizer.ms, optimizer.vs, optimizer.t = moments["v"], moments["s"], state["t"]
        if optimizer.t:
            bias1, bias2 = 1 - optimizer.beta_1**optimizer.t, 1 - optimizer.beta_2**optimizer.t
            optimizer.learning_rate = optimizer.learning_rate_init * np.sqrt(bias2) / bias1
