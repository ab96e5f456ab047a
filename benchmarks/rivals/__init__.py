"""Contenders: one module for each rival, in it a function for each kind of race.

`calls(net)` takes a step as a user's own loop does, `run(net)` trains as a whole, `lean` and
`plain` are other ways without dA0, or without using that X never changes; `square`, `adam`, `epoch`
and `dropout` say it in their races' titles. They return a list, empty where the library has nothing
that compares, of contenders with `name`, `note`, `flops`, `by_difference`, `reset()`, `work(n)` and
`parameters()`, the last as ffnn has them, for the check that everybody computes the same. Libraries
are imported when they are asked for.
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
PEAK = "multiply-add peak"
USUAL = {"lean": "calls", "plain": "run"}
WHOLE_RUN = 2500


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


class Whole:
    """All iterations of a run with its set-up as one step."""

    by_difference = False

    def __init__(self, iterations):
        self.iterations = iterations
        self.name, self.note = iterations.name, iterations.note
        self.flops = WHOLE_RUN * iterations.flops

    def reset(self):
        pass

    def work(self, n):
        for _ in range(n):
            self.iterations.reset()
            self.iterations.work(WHOLE_RUN)


def contenders(rival, kind, net):
    """Those of one rival in a race of this kind, ffnn's own first of its list."""
    if kind == "whole":
        return [Whole(contender) for contender in contenders(rival, "run", net)]
    module = importlib.import_module(f"{__name__}.{rival}_rival")
    make = getattr(module, kind, None) or getattr(module, USUAL.get(kind, kind), None)
    return make(net) if make else []
