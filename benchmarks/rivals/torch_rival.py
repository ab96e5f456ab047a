"""PyTorch, eager: autograd on rows of examples, and the descent in place. No dA0: X asks for none.

The gradients come from torch.autograd.grad, the lightest way; torch.optim and nn.Module would only
add to it.
"""

import torch
from torch.nn import functional

NOTE = "eager, without dA0"


class Eager:
    """A step: forward, cost, backward, update. A run of PyTorch is a loop of them."""

    name, note = "PyTorch", NOTE

    def __init__(self, net, by_difference):
        self.by_difference = by_difference
        self.flops = net.flops(with_dA0=False)
        self._net = net
        self._X, self._Y = (torch.from_numpy(array) for array in net.rows)
        self.reset()

    def reset(self):
        self._parameters = []
        for name, value in self._net.start.items():
            tensor = torch.from_numpy(value if name[0] == "W" else value.ravel()).clone()
            self._parameters.append(tensor.requires_grad_())

    def work(self, n):
        X, Y, parameters = self._X, self._Y, self._parameters
        m, rate = X.shape[0], self._net.learning_rate
        pairs = list(zip(parameters[::2], parameters[1::2]))
        for _ in range(n):
            A = X
            for W, b in pairs[:-1]:
                A = torch.relu(functional.linear(A, W, b))
            Z = functional.linear(A, *pairs[-1])
            # From Z: finite, and one kernel instead of a sigmoid and two logarithms.
            cost = functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / m
            grads = torch.autograd.grad(cost, parameters)
            with torch.no_grad():
                for parameter, grad in zip(parameters, grads):
                    parameter.sub_(grad, alpha=rate)

    def parameters(self):
        values = (tensor.detach().numpy() for tensor in self._parameters)
        return {
            name: value.reshape(start.shape)
            for (name, start), value in zip(self._net.start.items(), values)
        }


def calls(net):
    return [Eager(net, by_difference=False)]


def run(net):
    return [Eager(net, by_difference=True)]
