"""The pace of a run: epochs, the examples of a step, their order, and the learning rate."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from ffnn import _ffnn
from ffnn._checks import check_count, check_not_given, check_number, check_size
from ffnn._sources import Source

__all__ = [
    "WHOLE",
    "Pace",
    "Schedule",
    "check_pace",
    "check_rate",
    "check_whole",
    "is_whole",
    "rate_of",
    "shuffle_of",
]

Schedule = Callable[[int], Any]

_BATCH_SIZE = 64
# Of optimizers(): all examples in each step, no rate.
WHOLE = tuple(name for name, (takes_all, _) in _ffnn.optimizer_rows().items() if takes_all)
_NONE = 0.0075  # that of a Trainer which was given no rate
_RATES = {"adam": 0.001, "adamw": 0.001, "rmsprop": 0.001}
_RATES |= dict.fromkeys(WHOLE, _NONE)
_OTHER_RATE = 0.01


class Pace(NamedTuple):
    """Epochs, their steps, and the rate of each."""

    learning_rate: float | Schedule | None
    decay: Callable[[float, int, float], float] | None
    decay_rate: float | None
    num_epochs: int
    mini_batch_size: int | Literal["all"] | None
    shuffle: bool | Literal["blocks"] | None


def rate_of(optimizer: Any) -> float:
    """Return the learning rate where none is named."""
    return _RATES.get(str(optimizer), _OTHER_RATE)


def is_whole(optimizer: Any) -> bool:
    """Whether an optimiser takes all examples in each step, and no rate."""
    return optimizer in WHOLE


def check_pace(function: str, pace: Pace) -> tuple[int, int | None]:
    """Return the number of epochs, and that of a step's examples, None being all."""
    epochs = check_count(function, "num_epochs", pace.num_epochs)
    size = pace.mini_batch_size
    if isinstance(pace.shuffle, str) and pace.shuffle != "blocks":
        raise ValueError(
            f"{function}: shuffle must be True, False or 'blocks', not {pace.shuffle!r}"
        )
    if isinstance(size, str):
        if size != "all":
            raise ValueError(
                f"{function}: mini_batch_size must be an integer or 'all', not {size!r}"
            )
        if pace.shuffle is not None:
            raise ValueError(
                f"{function}: shuffle goes with mini-batches, and mini_batch_size is 'all'"
            )
        return epochs, None
    return epochs, _BATCH_SIZE if size is None else check_size(function, "mini_batch_size", size)


def shuffle_of(pace: Pace, X: Any) -> bool | Literal["blocks"]:
    """Return how batches change with each epoch: by blocks where X reads scattered ones singly."""
    if pace.shuffle is None:
        return "blocks" if isinstance(X, Source) and not X.can_gather else True
    return "blocks" if isinstance(pace.shuffle, str) else bool(pace.shuffle)


def check_whole(function: str, optimizer: str, pace: Pace) -> None:
    """Refuse batches, and a rate that changes."""
    size, rate = pace.mini_batch_size not in (None, "all"), callable(pace.learning_rate)
    given = {"mini_batch_size": size, "shuffle": pace.shuffle is not None}
    given |= {"learning_rate": rate, "decay": pace.decay is not None}
    check_not_given(function, optimizer, given)


def check_rate(function: str, pace: Pace) -> Schedule | None:
    """Return the rate of each epoch; None where it is one for all."""
    rate, decay = pace.learning_rate, pace.decay
    if decay is None:
        if pace.decay_rate is not None:
            raise ValueError(f"{function}: decay_rate={pace.decay_rate!r} goes with decay")
        if not callable(rate):
            return None
        return lambda epoch: _checked(function, f"learning_rate({epoch})", rate(epoch))
    if not callable(decay):
        raise TypeError(f"{function}: decay must be a function such as update_lr, not {decay!r}")
    if callable(rate):
        raise ValueError(f"{function}: decay goes with a number as learning_rate, not a function")
    share = 1.0 if pace.decay_rate is None else pace.decay_rate
    decay_rate = check_number(function, "decay_rate", share)
    first = check_number(function, "learning_rate", rate)

    def decayed(epoch: int) -> Any:
        if epoch == 0:
            return rate
        name = f"decay(learning_rate, {epoch - 1}, decay_rate)"
        return _checked(function, name, decay(first, epoch - 1, decay_rate))

    return decayed


def _checked(function: str, name: str, rate: Any) -> Any:
    check_number(function, name, rate)
    return rate
