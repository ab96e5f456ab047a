"""Contenders: `calls(net)` takes a step as a user's own loop does, `run(net)` trains as a whole.

Each module has both, and `lean` and `plain` where it has another way without dA0, or without using
that X never changes; they give a list, empty where the library has nothing that compares, of
contenders with `name`, `note`, `flops`, `by_difference`, `reset()`, `work(n)` and `parameters()`,
the last as ffnn has them, for the check that everybody computes the same. Libraries are imported
when they are asked for.
"""

import importlib

MODULES = {
    "ffnn": "ffnn",
    "numpy": "numpy",
    "torch": "torch",
    "jax": "jax",
    "sklearn": "sklearn.neural_network",
}
TITLES = {
    "ffnn": "ffnn",
    "numpy": "NumPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "sklearn": "scikit-learn",
}


def absent(rival):
    """Why this rival cannot take part, or None."""
    try:
        importlib.import_module(MODULES[rival])
    except ModuleNotFoundError as error:
        if error.name == MODULES[rival].partition(".")[0]:
            return "not installed"
        return f"does not import: {error}"
    except Exception as error:  # a broken installation is no reason to stop the race
        return f"does not import: {error}"
    return None


def contenders(rival, kind, net):
    """Those of one rival in a race of this kind ("calls", "lean", "run" or "plain")."""
    module = importlib.import_module(f"{__name__}.{rival}_rival")
    usual = {"lean": "calls", "plain": "run"}.get(kind, kind)
    return getattr(module, kind, getattr(module, usual))(net)
