"""Learning-rate decay: the course's inverse time decay, the same in steps, and half a cosine.

Each returns the rate of one epoch. A run takes the course's two by decay=, and any by a function of
the epoch alone: train(..., learning_rate=lambda epoch: cosine_lr_decay(0.01, epoch, 50)).
"""

from __future__ import annotations

from typing import SupportsIndex

from ffnn._checks import check_integer, check_number, check_size, suggest_keywords

__all__ = ["cosine_lr_decay", "schedule_lr_decay", "update_lr"]


@suggest_keywords
def update_lr(learning_rate0: float, epoch_num: SupportsIndex, decay_rate: float) -> float:
    """Return learning_rate0 / (1 + decay_rate * epoch_num).

    TypeError for arguments that are no numbers, ValueError for numbers that are not finite.

    >>> import ffnn
    >>> ffnn.update_lr(0.5, 2, 1)
    0.16666666666666666
    """
    rate0, decay = _numbers("update_lr", learning_rate0, decay_rate)
    return rate0 / (1 + decay * check_integer("update_lr", "epoch_num", epoch_num))


@suggest_keywords
def schedule_lr_decay(
    learning_rate0: float,
    epoch_num: SupportsIndex,
    decay_rate: float,
    time_interval: SupportsIndex = 1000,
) -> float:
    """Return learning_rate0 / (1 + decay_rate * floor(epoch_num / time_interval)).

    The rate decays once every time_interval epochs. TypeError for arguments that are no numbers,
    ValueError for numbers that are not finite and a time_interval below 1.

    >>> import ffnn
    >>> ffnn.schedule_lr_decay(0.5, 10, 0.3, 100), ffnn.schedule_lr_decay(0.5, 100, 0.3, 100)
    (0.5, 0.3846153846153846)
    """
    rate0, decay = _numbers("schedule_lr_decay", learning_rate0, decay_rate)
    epoch = check_integer("schedule_lr_decay", "epoch_num", epoch_num)
    interval = check_size("schedule_lr_decay", "time_interval", time_interval)
    return rate0 / (1 + decay * (epoch // interval))


@suggest_keywords
def cosine_lr_decay(
    learning_rate0: float,
    epoch_num: SupportsIndex,
    num_epochs: SupportsIndex,
    learning_rate_min: float = 0.0,
) -> float:
    """Return a rate on half a cosine, from learning_rate0 to learning_rate_min.

    The rate decays while epoch_num goes from 0 to num_epochs, and is constant from there on.
    TypeError for arguments that are no numbers, ValueError for numbers that are not finite and for
    num_epochs below 1.

    >>> import ffnn
    >>> [ffnn.cosine_lr_decay(0.5, epoch, 2) for epoch in range(4)]
    [0.5, 0.25, 0.0, 0.0]
    """
    rate0 = check_number("cosine_lr_decay", "learning_rate0", learning_rate0)
    rate_min = check_number("cosine_lr_decay", "learning_rate_min", learning_rate_min)
    epochs = check_size("cosine_lr_decay", "num_epochs", num_epochs)
    epoch = min(check_integer("cosine_lr_decay", "epoch_num", epoch_num), epochs)
    return rate_min + (rate0 - rate_min) * (1 + _cosine(epoch, epochs)) / 2


# pi, in units of 2^-96.
_PI = 0x3243F6A8885A308D313198A2E


def _cosine(part: int, whole: int) -> float:
    """The cosine of pi * part / whole, rounded once: by Taylor's series in units of 2^-96.

    In integers, since C libraries differ in the last place of theirs.
    """
    if 2 * part > whole:
        return -_cosine(whole - part, whole)
    square = (_PI * part // whole) ** 2 >> 96
    total = term = 1 << 96
    for k in range(2, 40, 2):  # at pi / 2 the next term is 2^-99
        term = (term * square >> 96) // (k * (k - 1))
        total += term if k % 4 == 0 else -term
    return total / (1 << 96)


def _numbers(function: str, learning_rate0: float, decay_rate: float) -> tuple[float, float]:
    return (
        check_number(function, "learning_rate0", learning_rate0),
        check_number(function, "decay_rate", decay_rate),
    )
