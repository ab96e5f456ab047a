"""threadpoolctl limits the number of ffnn's threads, too, after registration.

threadpoolctl is an extra, and `import ffnn` never imports it: where it is there already, ffnn
registers by itself; where it comes later, `ffnn.register_threadpoolctl()` does it.
"""

import functools
import sys

from ffnn import _ffnn

__all__ = ["register_threadpoolctl", "register_where_there"]

MOST_THREADS = 256  # what set_num_threads takes at most; a limit above it limits nothing


@functools.cache  # registered twice, ffnn would stand in threadpoolctl's lists twice
def register_threadpoolctl() -> None:
    """Tell threadpoolctl of ffnn, so that `threadpool_limits` and `threadpool_info` include it.

    `import ffnn` has done it where threadpoolctl was imported before. It can be called at any time
    and any number of times; only limits that are set afterwards reach ffnn.

    ===============================================  ===============================================
    ``threadpool_limits(1)``                         one thread, for all libraries and all threads
    ``threadpool_limits(1, user_api="ffnn")``        for ffnn alone
    ``threadpool_info()``                            has a row with ``user_api`` "ffnn"
    ===============================================  ===============================================

    The number is that of `ffnn.set_num_threads`, for the whole process; a limit below 1 is taken as
    1, one above 256 as 256. ImportError names the extra that brings threadpoolctl, or says that
    the one which is there is too old (3.5 at least).

    >>> import ffnn
    >>> ffnn.register_threadpoolctl()  # doctest: +SKIP
    >>> from threadpoolctl import threadpool_limits  # doctest: +SKIP
    >>> with threadpool_limits(1):  # doctest: +SKIP
    ...     ffnn.get_num_threads()
    1
    """
    try:
        from threadpoolctl import LibController, register
    except ImportError as error:
        raise ImportError(
            "register_threadpoolctl: needs threadpoolctl 3.5 or newer: pip install 'ffnn[threads]'"
        ) from error

    class Controller(LibController):  # type: ignore[misc]
        user_api = internal_api = "ffnn"
        filename_prefixes = ("_ffnn.",)
        check_symbols = ("PyInit__ffnn",)

        def get_num_threads(self) -> int:
            own = _ffnn.limit_threads(0)  # the process's number is what will be restored
            try:
                return _ffnn.get_num_threads()
            finally:
                _ffnn.limit_threads(own)

        def set_num_threads(self, num_threads: int) -> None:
            _ffnn.set_num_threads(min(max(num_threads, 1), MOST_THREADS))

        def get_version(self) -> str:
            from ffnn import __version__

            return __version__

        def set_additional_attributes(self) -> None:
            self.architecture = _ffnn.config()["isa"]

    register(Controller)


def register_where_there() -> None:
    """Register where somebody has imported a threadpoolctl that is new enough."""
    if hasattr(sys.modules.get("threadpoolctl"), "register"):
        register_threadpoolctl()


register_where_there()
