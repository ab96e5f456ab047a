"""ffnn itself."""

import ffnn
from benchmarks.rivals.assignment import FourCalls, WholeRun


def calls(net):
    return [FourCalls("ffnn", ffnn, net)]


def run(net):
    return [WholeRun("ffnn", ffnn, net, "L_layer_model", with_dA0=False)]
