"""Examples that lie elsewhere: X of a run whose sums other machines compute."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._sources import Source, real_of

__all__ = ["Remote", "run_type", "stand_in"]


class Remote(ABC):
    """X (n_x, m) of which this process has the shape and the type alone.

    Labels and weights, which are small, are here as arrays.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    real: np.dtype[Any]  # that it is computed in
    isa: str  # the instruction set of all who compute it

    @abstractmethod
    def take(self, index: NDArray[np.intp]) -> Remote:
        """Return some of the examples, in that order."""

    @abstractmethod
    def check_finite(self, function: str) -> None:
        """Raise as check_finite does."""

    @abstractmethod
    def largest(self) -> float:
        """Return the largest magnitude."""

    @abstractmethod
    def mean_cost(self, trainer: _ffnn.Trainer, Y: NDArray[Any], weights: Any) -> NDArray[Any]:
        """Return what trainer.measure would, with its parameters as they are."""

    @abstractmethod
    def outputs(
        self, parameters: dict[str, Any], net: dict[str, Any]
    ) -> Callable[[slice], NDArray[Any]]:
        """Return a function that gives AL of some of the examples."""

    @abstractmethod
    def train(self, Y: NDArray[Any], weights: Any, net: dict[str, Any]) -> Callable[..., Any]:
        """Return what a Trainer asks for the sums of its steps; `net` are a Trainer's keywords."""


def run_type(X: Any) -> np.dtype[Any]:
    """Return the type that a run with the examples X is computed in."""
    return X.real if isinstance(X, Remote) else real_of(X)


def stand_in(X: Any) -> Any:
    """Return an array of X's shape and of the type it is computed in, without its memory."""
    if isinstance(X, Source):
        return X.placeholder()
    if isinstance(X, Remote):
        return np.broadcast_to(np.zeros((), X.real), X.shape)
    return X
