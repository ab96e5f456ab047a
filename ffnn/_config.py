"""The configuration: instruction sets built and running, threads, versions."""

import numpy as np

from ffnn._ffnn import config, get_num_threads

__all__ = ["show_config"]


def show_config() -> None:
    """Print the instruction sets that were built, the one that runs, and versions.

    >>> import ffnn
    >>> ffnn.show_config()  # doctest: +ELLIPSIS
    ffnn ...
    """
    import platform

    from ffnn import __version__

    found = config()
    tiles = ", ".join(
        f"{name} {rows} x {cols} (vectors of {lanes})"
        for name, (rows, cols, lanes) in found["tile"].items()
    )
    lines = {
        f"ffnn {__version__}": f"Python {platform.python_version()}, NumPy {np.__version__}",
        "runs on": found["isa"] + (", reproducible" if found["reproducible"] else ""),
        "could run on": " ".join(found["available"]),
        "built for": " ".join(found["built"]),
        "threads": get_num_threads(),
        "tiles": tiles,
        "compiled by": found["compiler"],
        "machine": f"{platform.system()} {platform.machine()}",
    }
    print("\n".join(f"{name:<14}{value}" for name, value in lines.items()))
