"""The source of a run's random numbers: NumPy's global generator, or a seed of its own."""

from typing import Any

import numpy as np

__all__ = ["Randomness"]


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
