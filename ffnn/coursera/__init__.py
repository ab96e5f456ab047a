"""The courses' helper files and notebooks, each with its own edition of the common names.

A module here is named after the file that it stands for: the same name means different things in
different weeks. install() lets a notebook's own imports find them.

>>> import ffnn
>>> ffnn.coursera.install()
>>> from dnn_utils_v2 import sigmoid
>>> ffnn.coursera.uninstall()
"""

import importlib
import sys
from types import ModuleType

__all__ = ["install", "uninstall"]

# What notebooks import by these names, from beside the notebook.
HELPER_FILES = (
    "dnn_app_utils_v2",
    "dnn_app_utils_v3",
    "dnn_utils",
    "dnn_utils_v2",
    "gc_utils",
    "init_utils",
    "lr_utils",
    "opt_utils",
    "opt_utils_v1a",
    "planar_utils",
    "reg_utils",
)
# What students write in the notebooks; never installed.
NOTEBOOKS = (
    "application",
    "gradient_checking",
    "initialization",
    "logistic_regression",
    "optimization",
    "planar_classification",
    "regularization",
    "step_by_step",
)

_replaced: dict[str, ModuleType | None] = {}


def install() -> None:
    """Make `import dnn_app_utils_v3` and the like find ffnn's modules, until uninstall().

    The names are those of HELPER_FILES. ffnn's come first, before a file of that name that lies
    beside the notebook and before one that was imported already; names bound by earlier imports
    stay as they are. A second call changes nothing.

    >>> import ffnn
    >>> ffnn.coursera.install()
    >>> import planar_utils
    >>> planar_utils.__name__
    'ffnn.coursera.planar_utils'
    >>> ffnn.coursera.uninstall()
    """
    modules = {name: importlib.import_module(f"{__name__}.{name}") for name in HELPER_FILES}
    for name, module in modules.items():
        before = sys.modules.get(name)
        if before is not module:
            _replaced[name] = before
            sys.modules[name] = module


def uninstall() -> None:
    """Undo install(): an import finds again what it found before.

    What had been imported under one of the names is back in its place; a module that somebody else
    has put there since install() stays. Without install() nothing happens.

    >>> import ffnn
    >>> ffnn.coursera.uninstall()
    """
    while _replaced:
        name, before = _replaced.popitem()
        if sys.modules.get(name) is not sys.modules[f"{__name__}.{name}"]:
            continue
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before


def __getattr__(name: str) -> ModuleType:
    if name in HELPER_FILES or name in NOTEBOOKS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *HELPER_FILES, *NOTEBOOKS])
