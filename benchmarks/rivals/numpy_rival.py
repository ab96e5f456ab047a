"""Plain NumPy: the assignment's functions, and what the second course adds to them."""

import numpy as np

from benchmarks import machine
from benchmarks.rivals import numpy_batches, numpy_code
from benchmarks.rivals.assignment import FourCalls, Product, WholeRun

SEED = 1


class Loop:
    """A loop of numpy_batches, from its own start."""

    name, by_difference = "NumPy", False

    def __init__(self, net, note, train):
        self.note, self.flops = note, net.flops(with_dA0=False)
        self._net, self._train = net, train

    def reset(self):
        np.random.seed(SEED)
        self._parameters = {name: value.copy() for name, value in self._net.start.items()}
        self._memory = numpy_batches.initialize_adam(self._parameters)

    def work(self, n):
        self._train(self._net, self._parameters, self._memory, n)

    def parameters(self):
        return self._parameters


def calls(net):
    return [FourCalls("NumPy", numpy_code, net)]


def lean(net):
    return [FourCalls("NumPy", numpy_code, net, with_dA0=False)]


def run(net):
    return [WholeRun("NumPy", numpy_code, net, "the assignment's loop, with dA0", with_dA0=True)]


def square(net):
    return [Product("NumPy", net, np.matmul, machine.blas())]


def adam(net):
    return [Loop(net, "the course's loop", numpy_batches.adam_steps)]


def dropout(net):
    return [Loop(net, "the course's loop", numpy_batches.dropout_steps)]


def epoch(net):
    return [Loop(net, "the course's loop", numpy_batches.epochs)]
