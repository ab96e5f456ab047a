"""The assignment's plain NumPy."""

from benchmarks.rivals import numpy_code
from benchmarks.rivals.assignment import FourCalls, WholeRun


def calls(net):
    return [FourCalls("NumPy", numpy_code, net)]


def lean(net):
    return [FourCalls("NumPy", numpy_code, net, with_dA0=False)]


def run(net):
    return [WholeRun("NumPy", numpy_code, net, "the assignment's loop, with dA0", with_dA0=True)]
