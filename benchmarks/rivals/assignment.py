"""A contender out of any module that has the assignment's functions: ffnn, and plain NumPy."""

import numpy as np


class FourCalls:
    """The body of the assignment's loop."""

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
    """L_layer_model."""

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
