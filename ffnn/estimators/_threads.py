"""How many of ffnn's threads one fit, or one prediction of many rows, may take."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ffnn import _ffnn

__all__ = ["share_of_threads"]

_lock = threading.Lock()
_sharers = 0  # fits of all Python threads that go on at this moment and named no number


def _share() -> int:
    """All threads over all fits; joblib says in OMP_NUM_THREADS how many a process of its own may
    take, as it does for scikit-learn's loops."""
    most = os.environ.get("OMP_NUM_THREADS", "")
    threads = _ffnn.get_num_threads()
    if most.isdecimal() and int(most) > 0:
        threads = min(threads, int(most))
    return max(1, threads // max(1, _sharers))


@contextmanager
def share_of_threads(n_threads: int | None) -> Iterator[Callable[[], None]]:
    """Limit the calling thread's work; the function that this gives adapts to fits come and gone.

    None: an equal share for each fit, so that all of them together take no more threads than there
    are. A number is taken as it is, below that of ffnn.set_num_threads.
    """
    global _sharers
    is_sharer = n_threads is None
    before = _ffnn.limit_threads(0)

    def renew() -> None:
        if is_sharer:
            _ffnn.limit_threads(0)  # or the share would be that of the last one
            _ffnn.limit_threads(_share())

    with _lock:
        _sharers += is_sharer
    try:
        if n_threads is not None:
            _ffnn.limit_threads(min(n_threads, 256))
        renew()
        yield renew
    finally:
        with _lock:
            _sharers -= is_sharer
        _ffnn.limit_threads(before)
