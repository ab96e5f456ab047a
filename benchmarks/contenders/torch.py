"""PyTorch, eager: autograd on rows of examples, and the descent in place. No dA0: X asks for none.

The gradients come from torch.autograd.grad, the lightest way; torch.optim and nn.Module would only
add to it.
"""

import torch
from torch.nn import functional

from benchmarks.contenders import (
    Arrived,
    CostAndGradients,
    Product,
    ToGoal,
    quickest,
    until_arrived,
)

HIDDEN = {"relu": torch.relu, "tanh": torch.tanh}


def start_of(net):
    """The parameters in their order, b with one dimension."""
    values = (value if name[0] == "W" else value.ravel() for name, value in net.start.items())
    return [torch.from_numpy(value).clone().requires_grad_() for value in values]


def named(net, tensors):
    """Tensors in the order of start_of as ffnn has them."""
    values = (tensor.detach().numpy() for tensor in tensors)
    return {
        name: value.reshape(start.shape) for (name, start), value in zip(net.start.items(), values)
    }


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
        self._parameters = start_of(self._net)

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
        return named(self._net, self._parameters) | self._gradient


def cost_function(net):
    """(cost, its second argument): cost(X, target, parameters) of the net's activations.

    From Z: finite, and one kernel instead of an output's activation and its logarithms.
    """
    activation = HIDDEN[net.hidden]

    def last_Z(X, parameters):
        pairs = list(zip(parameters[::2], parameters[1::2]))
        A = X
        for W, b in pairs[:-1]:
            A = activation(functional.linear(A, W, b))
        return functional.linear(A, *pairs[-1])

    def softmax_cost(X, classes, parameters):
        return functional.cross_entropy(last_Z(X, parameters), classes)

    def sigmoid_cost(X, Y, parameters):
        Z = last_Z(X, parameters)
        return functional.binary_cross_entropy_with_logits(Z, Y, reduction="sum") / X.shape[0]

    if net.output == "softmax":
        return softmax_cost, torch.from_numpy(net.classes)
    return sigmoid_cost, torch.from_numpy(net.rows[1])


def gradient_function(net):
    """(gradients(X, target, parameters), target)"""
    cost, target = cost_function(net)

    def gradients(X, target, parameters):
        return torch.autograd.grad(cost(X, target, parameters), parameters)

    return gradients, target


class Adam(Eager):
    """torch.optim.Adam, in one of its ways; the step's gradients eager or compiled."""

    def __init__(self, net, way, compiled=False):
        self._way = way
        self._gradients, self._target = gradient_function(net)
        if compiled:
            self._gradients = torch.compile(self._gradients, dynamic=False)
        super().__init__(net, by_difference=False)
        self.note = f"{'compiled' if compiled else 'eager'}, {way} Adam"

    def reset(self):
        super().reset()
        self._gradient = {}
        rate = self._net.learning_rate
        self._optimizer = torch.optim.Adam(self._parameters, lr=rate, **{self._way: True})

    def work(self, n):
        for _ in range(n):
            grads = self._gradients(self._X, self._target, self._parameters)
            for parameter, grad in zip(self._parameters, grads):
                parameter.grad = grad
            self._optimizer.step()


def calls(net):
    return [Eager(net, by_difference=False), Eager(net, by_difference=False, with_dA0=True)]


def lean(net):
    return [Eager(net, by_difference=False)]


def gradients(net):
    cost_of, target = cost_function(net)
    X, parameters = torch.from_numpy(net.rows[0]), start_of(net)

    def call():
        cost = cost_of(X, target, parameters)
        return cost, torch.autograd.grad(cost, parameters)

    def as_ours(cost, grads):
        gradients = {f"d{name}": value for name, value in named(net, grads).items()}
        return {"cost": cost.detach().numpy()} | gradients

    return [CostAndGradients("PyTorch", "eager", net, call, as_ours)]


def run(net):
    return [Eager(net, by_difference=True)]


def square(net):
    blas = "MKL" if torch.backends.mkl.is_available() else "its own BLAS"
    return [Product("PyTorch", net, torch.mm, blas, torch.from_numpy)]


def adam(net):
    found = [quickest([Adam(net, "fused"), Adam(net, "foreach")])]
    try:
        compiled = Adam(net, "fused", compiled=True)
        compiled.work(1)
    except Exception:  # needs a C++ compiler and its headers: the eager one races alone
        return found
    return [*found, compiled]


def goal(goal):
    """torch.optim.LBFGS with a line search for the strong Wolfe conditions."""
    X, is_softmax = torch.from_numpy(goal.rows[0].copy()), goal.output == "softmax"
    target = torch.from_numpy(goal.rows[1] if is_softmax else goal.rows[1][:, None])
    cost_of = functional.cross_entropy if is_softmax else functional.mse_loss

    def run(seed):
        start = goal.first_parameters(seed)
        parameters = [
            torch.from_numpy(value if name[0] == "W" else value.ravel()).clone().requires_grad_()
            for name, value in start.items()
        ]
        pairs = list(zip(parameters[::2], parameters[1::2]))
        optimizer = torch.optim.LBFGS(
            parameters, max_iter=10 * goal.most_iterations, history_size=10, tolerance_grad=0,
            tolerance_change=0, line_search_fn="strong_wolfe",
        )  # fmt: skip

        def evaluate():
            A = X
            for W, b in pairs[:-1]:
                A = torch.tanh(functional.linear(A, W, b))
            cost = cost_of(functional.linear(A, *pairs[-1]), target)
            if cost.item() <= goal.cost:
                raise Arrived
            for parameter, gradient in zip(parameters, torch.autograd.grad(cost, parameters)):
                parameter.grad = gradient
            return cost

        optimizer.step(evaluate)

    return [ToGoal("PyTorch", "LBFGS, strong Wolfe", goal, until_arrived(run))]
