"""PyTorch, eager: autograd on rows of examples, and the descent in place. No dA0: X asks for none.

The gradients come from torch.autograd.grad, the lightest way; torch.optim and nn.Module would only
add to it.
"""

import torch
from torch.nn import functional

from benchmarks import rounds
from benchmarks.rivals.assignment import Product


class Eager:
    """A step: forward, cost, backward, update. A run of PyTorch is a loop of them."""

    name = "PyTorch"

    def __init__(self, net, by_difference, with_dA0=False):
        self.by_difference = by_difference
        self.note = f"eager, {'with' if with_dA0 else 'without'} dA0"
        self.flops = net.flops(with_dA0)
        self._net = net
        self._X, self._Y = (torch.from_numpy(array) for array in net.rows)
        self._X.requires_grad_(with_dA0)
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
        wanted = [*parameters, X] if X.requires_grad else parameters
        for _ in range(n):
            A = X
            for W, b in pairs[:-1]:
                A = torch.relu(functional.linear(A, W, b))
            Z = functional.linear(A, *pairs[-1])
            # From Z: finite, and one kernel instead of a sigmoid and two logarithms.
            cost = functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / m
            grads = torch.autograd.grad(cost, wanted)
            with torch.no_grad():
                for parameter, grad in zip(parameters, grads):
                    parameter.sub_(grad, alpha=rate)
        # The cost is divided by m in both, but the assignment's dA is not.
        self._gradient = {"dA0": m * grads[-1].T.numpy()} if X.requires_grad else {}

    def parameters(self):
        values = (tensor.detach().numpy() for tensor in self._parameters)
        found = {
            name: value.reshape(start.shape)
            for (name, start), value in zip(self._net.start.items(), values)
        }
        return found | self._gradient


class Adam(Eager):
    """torch.optim.Adam, in one of its ways; the step's gradients eager or compiled."""

    def __init__(self, net, way, compiled=False):
        self._way = way
        self._gradients = torch.compile(gradients, dynamic=False) if compiled else gradients
        super().__init__(net, by_difference=False)
        self.note = f"{'compiled' if compiled else 'eager'}, {way} Adam"
        self._classes = torch.from_numpy(net.classes)

    def reset(self):
        super().reset()
        self._gradient = {}
        rate = self._net.learning_rate
        self._optimizer = torch.optim.Adam(self._parameters, lr=rate, **{self._way: True})

    def work(self, n):
        for _ in range(n):
            grads = self._gradients(self._X, self._classes, self._parameters)
            for parameter, grad in zip(self._parameters, grads):
                parameter.grad = grad
            self._optimizer.step()


def gradients(X, classes, parameters):
    pairs = list(zip(parameters[::2], parameters[1::2]))
    A = X
    for W, b in pairs[:-1]:
        A = torch.relu(functional.linear(A, W, b))
    cost = functional.cross_entropy(functional.linear(A, *pairs[-1]), classes)
    return torch.autograd.grad(cost, parameters)


def calls(net):
    return [Eager(net, by_difference=False), Eager(net, by_difference=False, with_dA0=True)]


def lean(net):
    return [Eager(net, by_difference=False)]


def run(net):
    return [Eager(net, by_difference=True)]


def square(net):
    blas = "MKL" if torch.backends.mkl.is_available() else "its own BLAS"
    return [Product("PyTorch", net, torch.mm, blas, torch.from_numpy)]


def adam(net):
    found = [rounds.quickest([Adam(net, "fused"), Adam(net, "foreach")])]
    try:
        compiled = Adam(net, "fused", compiled=True)
        compiled.work(1)
    except Exception:  # needs a C++ compiler and its headers: the eager one races alone
        return found
    return [*found, compiled]
