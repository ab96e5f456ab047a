"""Examples that lie elsewhere: X of a run whose sums other machines compute."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._parameters import NET
from ffnn._randomness import is_reproducible
from ffnn._sources import Source, real_of

__all__ = ["Remote", "RemoteRows", "ask_for_sums", "run_type", "stand_in"]


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


class RemoteRows:
    """The same examples as the estimators have them, (m, n_x), of the type they are computed in.

    `head` is a row or a frame of one, for those who ask for types and for the features' names.
    """

    ndim = 2

    def __init__(self, columns: Remote, head: Any) -> None:
        self.T, self.head = columns, head

    @property
    def shape(self) -> tuple[int, int]:
        return self.T.shape[1], self.T.shape[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.T.real

    def take(self, index: NDArray[np.intp]) -> RemoteRows:
        return RemoteRows(self.T.take(index), self.head)


def ask_for_sums(
    X: Any, Y: Any, weights: Any, dims: tuple[int, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """Return what a Trainer with those options has to be told where X is a Remote; else nothing."""
    if not isinstance(X, Remote):
        return {}
    is_same_everywhere = is_reproducible(options.get("reproducible"))
    isa = None if is_same_everywhere else X.isa
    net = {name: options[name] for name in (*NET, "cost", "quantile") if name in options}
    net |= {"layer_dims": dims, "reproducible": is_same_everywhere, "isa": isa}
    return {"sums": X.train(Y, weights, net), "isa": isa}


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
