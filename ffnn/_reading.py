"""Reading ahead: a thread that reads and converts the next pieces of X while a run computes.

The core asks a Reader for columns of a pass, which goes forward through the examples in one order.
A piece has so many that a question costs nothing beside it; two more wait at most.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._checks import lost_examples, lost_place
from ffnn._remote import Remote
from ffnn._sources import PIECE, Source, take_inputs

__all__ = ["Reader", "draw_blocks", "mean_cost", "net_output", "output_of", "outputs"]

_AHEAD = 2  # pieces that are read and not yet asked for
_BLOCK = 1 << 18  # entries of a block, which a disk reads at its speed
_BUFFER = 1 << 22  # entries shuffled together
_late: list[_Ahead] = []  # that were still in a read when their run ended
_PATIENCE = 1.0  # seconds that an ended run waits for a read that is under way


class Reader:
    """X of a source as floats, piece by piece."""

    def __init__(self, source: Source, *, is_checked: bool = True) -> None:
        """`is_checked`: NaN and infinity are errors."""
        self.source, self.is_checked = source, is_checked
        self.reads_ahead = True  # or by the thread that asks
        own = np.dtype(np.float32) if source.dtype == np.float16 else source.dtype
        self.real = source.real or own
        self._order: NDArray[np.intp] | None = None
        self._size = max(1, PIECE // max(1, source.shape[0]))
        self._pass: _Ahead | None = None
        self._forget()

    def begin(self, order: NDArray[np.intp] | None, size: int | None = None) -> None:
        """Say in which order the next passes go, and how many examples make a piece, if known."""
        self.close()
        self._order = order
        if size is not None:
            self._size = size

    def read(self, first: int, count: int) -> tuple[int, NDArray[Any]]:
        """Return columns of the pass, and the number of the first: those wanted are among them."""
        if first == 0:
            self._start()
        parts: list[NDArray[Any]] = []
        at, end = first, first + count
        while True:
            if at < self._end:
                if not parts and end <= self._end:
                    return self._first, self._piece
                stop = min(end, self._end)
                parts.append(self._piece[:, at - self._first : stop - self._first])
                at = stop
            if at == end:
                return first, np.concatenate(parts, axis=1)
            self._next()

    def pieces(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """All pieces of one pass, and where each begins."""
        try:
            self._start()
            while self._end < self.source.shape[1]:
                self._next()
                yield self._first, self._piece
        finally:
            self.close()

    def close(self) -> None:
        """End the pass and its thread."""
        if self._pass is not None:
            self._pass.close()
            self._pass = None
        self._forget()

    def _forget(self) -> None:
        self._first = self._end = 0
        self._piece: NDArray[Any] = np.empty((self.source.shape[0], 0), self.real)

    def _start(self) -> None:
        self.close()
        for one in _late[:]:  # two reads of one source at once might be mixed up
            if one.reads is self.source.of:
                one.join()
            if not one.is_alive():
                _late.remove(one)
        self.source.check()
        if self.reads_ahead and self._size < self.source.shape[1]:
            self._pass = _Ahead(self)

    def _next(self) -> None:
        self._first = self._end
        self._piece = self.load(self._first) if self._pass is None else self._pass.take()
        self._end += self._piece.shape[1]

    def load(self, first: int) -> NDArray[Any]:
        """The piece that begins at a number of the pass, checked and converted."""
        end = min(first + self._size, self.source.shape[1])
        columns = np.arange(first, end) if self._order is None else self._order[first:end]
        piece = self.source.gather(columns)
        with np.errstate(over="ignore"):
            floats = piece.astype(self.real, copy=False)
        if self.is_checked and piece.dtype.kind == "f":
            self._check_finite(floats, columns)
        return floats

    def starts(self) -> range:
        return range(0, self.source.shape[1], self._size)

    def _check_finite(self, piece: NDArray[Any], columns: NDArray[np.intp]) -> None:
        lost = lost_examples(piece)
        if lost is None:
            return
        row, column = lost_place(piece, lost)
        source = self.source
        raise ValueError(
            f"{source.function}: {source.name} holds {piece[row, column]} at "
            f"{source.place(row, int(columns[column]))}; leave such examples out, or fill them in"
        )


class _Ahead(threading.Thread):
    """Loads the pieces of one pass, in turn."""

    def __init__(self, reader: Reader) -> None:
        from queue import SimpleQueue

        super().__init__(name="ffnn-reader", daemon=True)
        self._reader, self._starts = reader, reader.starts()
        self.reads = reader.source.of
        self._room = threading.Semaphore(_AHEAD)
        self._loaded: SimpleQueue[NDArray[Any] | BaseException] = SimpleQueue()
        self._is_over = False
        self.start()

    def run(self) -> None:
        try:
            for first in self._starts:
                self._room.acquire()
                if self._is_over:
                    return
                self._loaded.put(self._reader.load(first))
        except BaseException as error:
            self._loaded.put(error)

    def take(self) -> NDArray[Any]:
        """The next piece, or the error that came in its place."""
        piece = self._loaded.get()
        if isinstance(piece, BaseException):
            raise piece
        self._room.release()
        return piece

    def close(self) -> None:
        self._is_over = True
        self._room.release()
        self.join(_PATIENCE)
        if self.is_alive():
            _late.append(self)


def draw_blocks(random: Any, shape: tuple[int, ...], batch: int) -> tuple[NDArray[np.intp], int]:
    """Draw an order by blocks, and say how many examples the buffer holds.

    Blocks of neighbours follow each other in a drawn order, and are shuffled within a buffer of
    whole batches: 2**18 and 2**22 entries of X, whatever its dtype.
    """
    n_x, m = shape
    block, buffer = max(1, _BLOCK // max(1, n_x)), max(1, _BUFFER // max(1, n_x))
    buffer = max(1, buffer // batch) * batch
    firsts = block * random.permutation(-(-m // block))
    order = (firsts[:, None] + np.arange(block)).ravel()
    order = order[order < m]
    for first in range(0, m, buffer):
        order[first : first + buffer] = random.permutation(order[first : first + buffer])
    return order, buffer


# ---- costs and predictions -----------------------------------------------------------------------


def mean_cost(
    trainer: _ffnn.Trainer, X: Any, Y: NDArray[Any], weights: NDArray[Any] | None
) -> NDArray[Any]:
    """The cost of other examples than the trainer's own, in memory or in a source."""
    if isinstance(X, Remote):
        return X.mean_cost(trainer, Y, weights)
    if not isinstance(X, Source):
        return trainer.measure(X, Y, sample_weight=weights)
    reader = Reader(X)
    try:
        return trainer.measure(X.placeholder(), Y, sample_weight=weights, source=reader)
    finally:
        reader.close()


def outputs(
    X: Any, parameters: dict[str, Any], net: dict[str, Any]
) -> Callable[[slice], NDArray[Any]]:
    """Return a function that gives AL of some of the examples."""
    if isinstance(X, Remote):
        return X.outputs(parameters, net)
    return lambda some: _ffnn.predict_proba(X[:, some], parameters, **net)


def output_of(
    function: str, source: Source, parameters: Any, **net: Any
) -> tuple[NDArray[Any], NDArray[np.bool_], str]:
    """Return AL, which examples hold NaN or infinity, and the words for the first that does."""
    n_x, m = source.shape
    wanted = _ffnn.layer_dims(function, parameters)[0]
    source.check_inputs(wanted, "W1")
    AL: NDArray[Any] | None = None
    if m == 0 or n_x != wanted:  # no output, or an error
        AL = _ffnn.net_output(function, source.placeholder(np.float32), parameters, **net)
        return AL, np.zeros(m, bool), ""
    lost, first_lost = np.zeros(m, bool), ""
    for first, piece in Reader(source, is_checked=False).pieces():
        some = slice(first, first + piece.shape[1])
        part = _ffnn.net_output(function, piece, parameters, **net)
        if AL is None:
            AL = np.empty((part.shape[0], m), part.dtype)
        AL[:, some] = part
        of_piece = lost_examples(piece)
        if of_piece is not None:
            lost[some] = of_piece
            if not first_lost:
                row, column = lost_place(piece, of_piece)
                first_lost = f"{piece[row, column]} at {source.place(row, first + column)}"
    assert AL is not None
    return AL, lost, first_lost


def net_output(
    function: str,
    X: Any,
    parameters: Any,
    hidden_activation: Any,
    output_activation: Any,
    isa: str | None,
) -> NDArray[Any] | None:
    """Return AL where X is a source, else None: the C core asks for what is no array."""
    source = take_inputs(function, "X", X)
    if not isinstance(source, Source):
        return None
    net = {
        "hidden_activation": hidden_activation,
        "output_activation": output_activation,
        "isa": isa,
    }
    return output_of(function, source, parameters, **net)[0]
