"""Contenders: a module for each rival, in it a function for each kind of race.

`calls(net)` takes a step as a user's own loop does, `run(net)` trains as a whole, `lean` and
`plain` are other ways without dA0, or without using that X never changes; `gradients`, `square`,
`adam`, `epoch` and `dropout` say it in their races' titles. They return a list, empty where the
library has nothing that compares, of contenders with `name`, `note`, `flops`, `by_difference`,
`reset()`, `work(n)` and `parameters()`, the last as ffnn has them, for the check that everybody
computes the same. Libraries are imported when they are asked for.
"""

import importlib
import time

import numpy as np

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
USUAL = {"lean": "calls", "plain": "run"}
WHOLE_RUN = 2500
TRIALS = 5


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
    """Those of one rival in a race of this kind, ffnn's own first of its list."""
    if kind == "whole":
        return [Whole(contender) for contender in contenders(rival, "run", net)]
    module = importlib.import_module(f"{__name__}.{rival}")
    make = getattr(module, kind, None) or getattr(module, USUAL.get(kind, kind), None)
    return make(net) if make else []


def seconds(contender, n):
    """Wall-clock and processor seconds of n steps from the start."""
    contender.reset()
    cpu, wall = time.process_time(), time.perf_counter()
    contender.work(n)
    wall = time.perf_counter() - wall
    return wall, time.process_time() - cpu


def quickest(ways):
    """The one of several ways to the same result that takes least time here."""

    def best(contender):
        n = 1
        while seconds(contender, n)[0] < 0.002:
            n *= 4
        return min(seconds(contender, n)[0] for _ in range(TRIALS)) / n

    return min(ways, key=best)


# ---- of more than one library --------------------------------------------------------------------


class FourCalls:
    """The body of the assignment's loop, of any module that has its functions."""

    by_difference = False

    def __init__(self, name, module, net, with_dA0=True):
        self.name, self.note = name, "with dA0" if with_dA0 else "without dA0"
        self.flops = net.flops(with_dA0)
        self._with_dA0 = with_dA0
        self._options = {} if with_dA0 else {"input_gradient": False}
        self._module, self._net = module, net
        self.reset()

    def reset(self):
        self._parameters = dict(self._net.start)
        self._gradient = {}

    def work(self, n):
        X, Y, rate = self._net.X, self._net.Y, self._net.learning_rate
        forward, cost = self._module.L_model_forward, self._module.compute_cost
        backward, update = self._module.L_model_backward, self._module.update_parameters
        parameters, options = self._parameters, self._options
        for _ in range(n):
            AL, caches = forward(X, parameters)
            cost(AL, Y)
            grads = backward(AL, Y, caches, **options)
            parameters = update(parameters, grads, rate)
        self._parameters = parameters
        if self._with_dA0:
            self._gradient = {"dA0": grads["dA0"]}

    def parameters(self):
        return self._parameters | self._gradient


class WholeRun:
    """L_layer_model, of any module that has it."""

    by_difference = True

    def __init__(self, name, module, net, note, with_dA0):
        self.name, self.note = name, note
        self.flops = net.flops(with_dA0)
        self._train, self._net = module.L_layer_model, net
        self._parameters = {}

    def reset(self):
        pass

    def work(self, n):
        net = self._net
        self._parameters, _ = self._train(net.X, net.Y, net.dims, net.learning_rate, n)

    def parameters(self):
        return self._parameters


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


class CostAndGradients:
    """`call()` gives a cost and its gradients, each time of the same parameters.

    `as_ours(cost, gradients)` is a dict of both as ffnn names and shapes them.
    """

    by_difference = False

    def __init__(self, name, note, net, call, as_ours):
        self.name, self.note = name, note
        self.flops = net.flops(with_dA0=False)
        self._call, self._as_ours = call, as_ours

    def reset(self):
        self._found = None

    def work(self, n):
        call = self._call
        for _ in range(n):
            self._found = call()

    def parameters(self):
        return self._as_ours(*self._found)


class Product:
    """The product of two matrices of a library, made by convert from those of NumPy."""

    by_difference = False

    def __init__(self, name, net, multiply, note, convert=lambda array: array):
        self.name, self.note, self.flops = name, note, net.flops
        self._multiply = multiply
        self._matrices = [convert(matrix) for matrix in net.matrices]

    def reset(self):
        self._product = None

    def work(self, n):
        A, B = self._matrices
        multiply = self._multiply
        for _ in range(n):
            self._product = multiply(A, B)

    def parameters(self):
        return {"C": np.asarray(self._product)}
