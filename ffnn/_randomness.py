"""The source of a run's random numbers: NumPy's global generator, or a seed of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from ffnn import _ffnn

__all__ = ["PortableDraws", "Randomness", "is_reproducible"]


class Randomness:
    """The numbers of a run's weights, orders and masks.

    With a seed, the weights are those after np.random.seed(seed), and epoch e (its order first,
    then its masks) draws after np.random.seed(seed + 1 + e), as the course's model does: an epoch
    depends on nothing before it, and the global generator stays as it is. Without, all come from
    the global generator, one after the other.
    """

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        if seed is None:
            self.source: Any = np.random
            self.bit_generator: Any = np.random.get_bit_generator()  # type: ignore[attr-defined]
        else:
            self.bit_generator = np.random.MT19937()
            self.source = np.random.RandomState(self.bit_generator)
            self.source.seed(seed)

    def begin(self, epoch: int) -> None:
        """Go to where the numbers of an epoch begin."""
        if self._seed is not None:
            self.source.seed((self._seed + 1 + epoch) % 2**32)

    @property
    def is_seeded(self) -> bool:
        return self._seed is not None

    def leave(self) -> None:
        """Leave the global generator where this one stands now."""
        if self._seed is not None:
            np.random.set_state(self.source.get_state())


def is_reproducible(given: bool | None) -> bool:
    """Whether a run is to have the same bits on every machine; None: as set_reproducible says."""
    return _ffnn.get_reproducible() if given is None else given


class PortableDraws:
    """randn and uniform of a RandomState that was just seeded, to the same bits on every machine.

    The same numbers as NumPy's but for a last digit here and there: NumPy's normal draws (the polar
    method of Marsaglia) take the C library's logarithm, and a compiler may fuse the product and the
    sum of its uniform draws. Here each step is one ufunc that IEEE 754 defines.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self._kept: Any = np.empty(0)  # the second number of a pair, where an odd number was drawn

    def uniform(self, low: float, high: float, size: int | tuple[int, int]) -> Any:
        return self._source.random_sample(size) * (high - low) + low

    def randn(self, rows: int, cols: int) -> Any:
        count = rows * cols
        drawn = [self._kept]
        missing = (count - self._kept.size + 1) // 2
        while missing > 0:  # so many pairs at least
            x, y = 2 * self._source.random_sample((missing, 2)).T - 1
            square = x * x + y * y
            inside = (square < 1) & (square != 0)
            x, y, square = x[inside], y[inside], square[inside]
            factor = np.sqrt(-2 * _log(square) / square)
            drawn.append(np.column_stack([factor * y, factor * x]).ravel())
            missing -= square.size
        numbers = np.concatenate(drawn)
        self._kept = numbers[count:]
        return numbers[:count].reshape(rows, cols)


def _log(x: Any) -> Any:
    """The natural logarithm of positive numbers, to 2 ulp: x = 2^e r, r from sqrt(0.5) on.

    log r = 2 artanh s with s = (r - 1) / (r + 1), at most 0.172: the first 12 terms of its series.
    """
    r, e = np.frexp(x)
    is_low = r < np.sqrt(0.5)
    r, e = np.where(is_low, 2 * r, r), e - is_low
    s = (r - 1) / (r + 1)
    square = s * s
    series = np.full_like(s, 1 / 23)
    for k in range(21, 1, -2):
        series = series * square + 1 / k
    # ln 2 in two parts; the first times e is exact.
    high, low = 0.6931471805598903, 5.497923018708371e-14
    return e * high + (2 * s + (2 * s * square * series + e * low))
