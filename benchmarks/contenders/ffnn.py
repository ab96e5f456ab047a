"""ffnn itself."""

from functools import partial

import numpy as np

import ffnn
from benchmarks.contenders import CostAndGradients, FourCalls, Product, WholeRun

SEED = 1


class Trained:
    """Iterations in a run's one call, with all examples."""

    by_difference = True

    def __init__(self, net, note, name="ffnn", **options):
        self.name, self.note = name, note
        self.flops = net.flops(with_dA0=False)
        self._net, self._options = net, options

    def reset(self):
        np.random.seed(SEED)

    def work(self, n):
        net = self._net
        source = np.random.get_bit_generator()
        trainer = ffnn._ffnn.Trainer(
            "run", net.X, net.Y, list(net.dims), learning_rate=net.learning_rate,
            hidden_activation=net.hidden,
            output_activation=net.output, bit_generator=source, **self._options,
        )  # fmt: skip
        trainer.set(net.start)
        with source.lock:
            trainer.run(n)
        self._parameters = trainer.parameters()

    def parameters(self):
        return self._parameters


class Epochs:
    """ffnn.train: a new order in each epoch; as in the course, the cost of every hundredth is kept.

    The rivals' loops never look at it.
    """

    name, note, by_difference = "ffnn", "train", True

    def __init__(self, net):
        self.flops = net.flops(with_dA0=False)
        self._net = net

    def reset(self):
        np.random.seed(SEED)

    def work(self, n):
        net = self._net
        self._parameters, _ = ffnn.train(
            net.X, net.Y, parameters=net.start, hidden_activation=net.hidden, optimizer="adam",
            learning_rate=net.learning_rate, mini_batch_size=net.batch, num_epochs=n,
            record_every=100,
        )  # fmt: skip

    def parameters(self):
        return self._parameters


def calls(net):
    return [FourCalls("ffnn", ffnn, net)]


def lean(net):
    return [FourCalls("ffnn", ffnn, net, with_dA0=False)]


def gradients(net):
    call = partial(
        ffnn.cost_and_gradients, net.X, net.Y, net.start,
        hidden_activation=net.hidden, output_activation=net.output,
    )  # fmt: skip
    return [
        CostAndGradients(
            "ffnn", "cost_and_gradients", net, call, lambda cost, g: {"cost": cost} | g
        )
    ]


def run(net):
    return [WholeRun("ffnn", ffnn, net, "L_layer_model", with_dA0=False)]


def plain(net):
    return [Trained(net, "X read in every iteration", gram=False)]


def square(net):
    zeros = np.zeros((net.n, 1), net.dtype)
    return [Product("ffnn", net, lambda W, A: ffnn.linear_forward(A, W, zeros)[0], "with a bias")]


def adam(net):
    return [Trained(net, "iterations of a run", optimizer="adam")]


def dropout(net):
    kept = Trained(net, "iterations of a run", gram=False, keep_prob=net.keep_prob)
    return [kept, Trained(net, "all units kept", "ffnn without", gram=False)]


def epoch(net):
    return [Epochs(net)]
