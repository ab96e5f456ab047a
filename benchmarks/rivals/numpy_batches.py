"""Softmax, tanh, dropout, Adam and mini-batches in NumPy, as students of the second course do it.

Nothing is checked, dA0 is left out, and updates are in place. float32 data stay float32.
"""

import numpy as np

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def relu(Z):
    return np.maximum(0, Z)


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z))


def softmax(Z):
    shares = np.exp(Z - Z.max(axis=0))
    return shares / shares.sum(axis=0)


# name: (the function, its derivative from Z and A)
HIDDEN = {
    "relu": (relu, lambda Z, A: Z > 0),
    "tanh": (np.tanh, lambda Z, A: 1 - A * A),
}
OUTPUT = {"sigmoid": sigmoid, "softmax": softmax}


def gradients(X, Y, parameters, net):
    """The cost's, for both outputs alike: they begin at AL - Y."""
    activation, derivative = HIDDEN[net.hidden]
    L, m = len(parameters) // 2, X.shape[1]
    A, Z, D = [X], [None], [None]
    for l in range(1, L):  # noqa: E741 - the course's letter
        Z.append(parameters[f"W{l}"] @ A[-1] + parameters[f"b{l}"])
        A.append(activation(Z[-1]))
        if net.keep_prob < 1:
            D.append(np.random.rand(*A[-1].shape) < net.keep_prob)
            A[-1] = A[-1] * D[-1] / net.keep_prob
    dZ = OUTPUT[net.output](parameters[f"W{L}"] @ A[-1] + parameters[f"b{L}"]) - Y
    grads = {}
    for l in range(L, 0, -1):  # noqa: E741
        grads[f"W{l}"] = dZ @ A[l - 1].T / m
        grads[f"b{l}"] = dZ.sum(axis=1, keepdims=True) / m
        if l > 1:
            dA = parameters[f"W{l}"].T @ dZ
            if net.keep_prob < 1:
                dA = dA * D[l - 1] / net.keep_prob
            dZ = dA * derivative(Z[l - 1], A[l - 1])
    return grads


def initialize_adam(parameters):
    return {"t": 0} | {
        name: (np.zeros_like(value), np.zeros_like(value)) for name, value in parameters.items()
    }


def adam(parameters, grads, memory, rate):
    memory["t"] += 1
    v_share, s_share = 1 - BETA1 ** memory["t"], 1 - BETA2 ** memory["t"]
    for name, g in grads.items():
        v, s = memory[name]
        v *= BETA1
        v += (1 - BETA1) * g
        s *= BETA2
        s += (1 - BETA2) * g * g
        parameters[name] -= rate * (v / v_share) / (np.sqrt(s / s_share) + EPSILON)


def adam_steps(net, parameters, memory, n):
    for _ in range(n):
        adam(parameters, gradients(net.X, net.Y, parameters, net), memory, net.learning_rate)


def dropout_steps(net, parameters, memory, n):
    """Plain descent; the memory is not used."""
    for _ in range(n):
        for name, g in gradients(net.X, net.Y, parameters, net).items():
            parameters[name] -= net.learning_rate * g


def epochs(net, parameters, memory, n):
    X, Y = net.X, net.Y
    for _ in range(n):
        order = np.random.permutation(net.m)
        shuffled_X, shuffled_Y = X[:, order], Y[:, order]
        for first in range(0, net.m, net.batch):
            part = slice(first, first + net.batch)
            grads = gradients(shuffled_X[:, part], shuffled_Y[:, part], parameters, net)
            adam(parameters, grads, memory, net.learning_rate)
