"""ffnn itself."""

import ffnn
from benchmarks.rivals.assignment import FourCalls, WholeRun


class PlainRun:
    """A run that reads X in every iteration, as training in mini-batches must."""

    name, note, by_difference = "ffnn", "X read in every iteration", True

    def __init__(self, net):
        self.flops = net.flops(with_dA0=False)
        self._net = net

    def reset(self):
        pass

    def work(self, n):
        net = self._net
        trainer = ffnn._ffnn.Trainer(net.X, net.Y, net.start, net.learning_rate, gram=False)
        trainer.run(n)
        self._parameters = trainer.parameters()

    def parameters(self):
        return self._parameters


def calls(net):
    return [FourCalls("ffnn", ffnn, net)]


def lean(net):
    return [FourCalls("ffnn", ffnn, net, with_dA0=False)]


def run(net):
    return [WholeRun("ffnn", ffnn, net, "L_layer_model", with_dA0=False)]


def plain(net):
    return [PlainRun(net)]
