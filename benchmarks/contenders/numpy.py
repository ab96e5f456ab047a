"""Plain NumPy: the assignment's functions, and what the second course adds to them.

Both as those who pass the courses write them: no checks, no special cases. Where there are two
common ways, the quicker one stands. float32 data stay float32 throughout.
"""

import sys
from functools import partial

import numpy as np

from benchmarks import machine
from benchmarks.contenders import (
    Arrived,
    CostAndGradients,
    FourCalls,
    Product,
    ToGoal,
    WholeRun,
    until_arrived,
)

SEED = 1
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

# ---- the assignment ------------------------------------------------------------------------------


def sigmoid(Z):
    return 1 / (1 + np.exp(-Z)), Z


def relu(Z):
    return np.maximum(0, Z), Z


def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s * (1 - s)


def relu_backward(dA, cache):
    return dA * (cache > 0)


def initialize_parameters_deep(layer_dims):
    parameters = {}
    for l in range(1, len(layer_dims)):  # noqa: E741 - the course's letter
        n, n_prev = layer_dims[l], layer_dims[l - 1]
        parameters["W" + str(l)] = np.random.randn(n, n_prev) / np.sqrt(n_prev)
        parameters["b" + str(l)] = np.zeros((n, 1))
    return parameters


def linear_activation_forward(A_prev, W, b, activation):
    Z = np.dot(W, A_prev) + b
    if activation == "sigmoid":
        A, activation_cache = sigmoid(Z)
    else:
        A, activation_cache = relu(Z)
    return A, ((A_prev, W, b), activation_cache)


def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):  # noqa: E741
        W, b = parameters["W" + str(l)], parameters["b" + str(l)]
        A, cache = linear_activation_forward(A, W, b, "relu")
        caches.append(cache)
    W, b = parameters["W" + str(L)], parameters["b" + str(L)]
    AL, cache = linear_activation_forward(A, W, b, "sigmoid")
    caches.append(cache)
    return AL, caches


def compute_cost(AL, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m


def linear_activation_backward(dA, cache, activation, input_gradient=True):
    (A_prev, W, _), Z = cache
    dZ = sigmoid_backward(dA, Z) if activation == "sigmoid" else relu_backward(dA, Z)
    m = A_prev.shape[1]
    dW = np.dot(dZ, A_prev.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return np.dot(W.T, dZ) if input_gradient else None, dW, db


def L_model_backward(AL, Y, caches, input_gradient=True):
    grads = {}
    L = len(caches)
    dA = (1 - Y) / (1 - AL) - Y / AL
    for l in range(L, 0, -1):  # noqa: E741
        activation = "sigmoid" if l == L else "relu"
        wanted = l > 1 or input_gradient
        dA, dW, db = linear_activation_backward(dA, caches[l - 1], activation, wanted)
        grads["dA" + str(l - 1)] = dA
        grads["dW" + str(l)] = dW
        grads["db" + str(l)] = db
    return grads


def update_parameters(parameters, grads, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):  # noqa: E741
        W, b = "W" + str(l), "b" + str(l)
        parameters[W] = parameters[W] - learning_rate * grads["d" + W]
        parameters[b] = parameters[b] - learning_rate * grads["d" + b]
    return parameters


def L_layer_model(X, Y, layers_dims, learning_rate=0.0075, num_iterations=3000):
    np.random.seed(1)
    costs = []
    parameters = initialize_parameters_deep(layers_dims)
    parameters = {name: value.astype(X.dtype) for name, value in parameters.items()}
    for i in range(num_iterations):
        AL, caches = L_model_forward(X, parameters)
        cost = compute_cost(AL, Y)
        grads = L_model_backward(AL, Y, caches)
        parameters = update_parameters(parameters, grads, learning_rate)
        if i % 100 == 0:
            costs.append(cost)
    return parameters, costs


# ---- the second course: softmax, tanh, dropout, Adam, mini-batches; no dA0, updates in place -----


def softmax(Z):
    shares = np.exp(Z - Z.max(axis=0))
    return shares / shares.sum(axis=0)


# name: (the function, its derivative from Z and A)
HIDDEN = {
    "relu": (lambda Z: np.maximum(0, Z), lambda Z, A: Z > 0),
    "tanh": (np.tanh, lambda Z, A: 1 - A * A),
}
OUTPUT = {"sigmoid": lambda Z: 1 / (1 + np.exp(-Z)), "softmax": softmax}


def forward_backward(X, Y, parameters, net):
    """(AL, gradients of the cost), the latter for both outputs alike: they begin at AL - Y."""
    activation, derivative = HIDDEN[net.hidden]
    L, m = len(parameters) // 2, X.shape[1]
    A, Z, D = [X], [None], [None]
    for l in range(1, L):  # noqa: E741 - the course's letter
        Z.append(parameters[f"W{l}"] @ A[-1] + parameters[f"b{l}"])
        A.append(activation(Z[-1]))
        if net.keep_prob < 1:
            D.append(np.random.rand(*A[-1].shape) < net.keep_prob)
            A[-1] = A[-1] * D[-1] / net.keep_prob
    AL = OUTPUT[net.output](parameters[f"W{L}"] @ A[-1] + parameters[f"b{L}"])
    dZ = AL - Y
    grads = {}
    for l in range(L, 0, -1):  # noqa: E741
        grads[f"W{l}"] = dZ @ A[l - 1].T / m
        grads[f"b{l}"] = dZ.sum(axis=1, keepdims=True) / m
        if l > 1:
            dA = parameters[f"W{l}"].T @ dZ
            if net.keep_prob < 1:
                dA = dA * D[l - 1] / net.keep_prob
            dZ = dA * derivative(Z[l - 1], A[l - 1])
    return AL, grads


def cost_and_gradients(X, Y, parameters, net):
    AL, grads = forward_backward(X, Y, parameters, net)
    if net.output == "softmax":
        return -np.sum(Y * np.log(AL)) / X.shape[1], grads
    return compute_cost(AL, Y), grads


def initialize_adam(parameters):
    return {"t": 0} | {
        name: (np.zeros_like(value), np.zeros_like(value)) for name, value in parameters.items()
    }


def apply_adam(parameters, grads, memory, rate):
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
        _, grads = forward_backward(net.X, net.Y, parameters, net)
        apply_adam(parameters, grads, memory, net.learning_rate)


def dropout_steps(net, parameters, memory, n):
    """Plain descent; the memory is not used."""
    for _ in range(n):
        for name, g in forward_backward(net.X, net.Y, parameters, net)[1].items():
            parameters[name] -= net.learning_rate * g


def shuffled_epochs(net, parameters, memory, n):
    X, Y = net.X, net.Y
    for _ in range(n):
        order = np.random.permutation(net.m)
        shuffled_X, shuffled_Y = X[:, order], Y[:, order]
        for first in range(0, net.m, net.batch):
            part = slice(first, first + net.batch)
            _, grads = forward_backward(shuffled_X[:, part], shuffled_Y[:, part], parameters, net)
            apply_adam(parameters, grads, memory, net.learning_rate)


# ---- contenders ----------------------------------------------------------------------------------

ASSIGNMENT = sys.modules[__name__]


class Loop:
    """A loop of the second course, from its own start."""

    name, by_difference = "NumPy", False

    def __init__(self, net, note, train):
        self.note, self.flops = note, net.flops(with_dA0=False)
        self._net, self._train = net, train

    def reset(self):
        np.random.seed(SEED)
        self._parameters = {name: value.copy() for name, value in self._net.start.items()}
        self._memory = initialize_adam(self._parameters)

    def work(self, n):
        self._train(self._net, self._parameters, self._memory, n)

    def parameters(self):
        return self._parameters


def calls(net):
    return [FourCalls("NumPy", ASSIGNMENT, net)]


def lean(net):
    return [FourCalls("NumPy", ASSIGNMENT, net, with_dA0=False)]


def gradients(net):
    call = partial(cost_and_gradients, net.X, net.Y, net.start, net)

    def as_ours(cost, grads):
        return {"cost": cost} | {f"d{name}": g for name, g in grads.items()}

    return [CostAndGradients("NumPy", "the course's formulas", net, call, as_ours)]


def run(net):
    return [WholeRun("NumPy", ASSIGNMENT, net, "the assignment's loop, with dA0", with_dA0=True)]


def square(net):
    return [Product("NumPy", net, np.matmul, machine.blas())]


def adam(net):
    return [Loop(net, "the course's loop", adam_steps)]


def dropout(net):
    return [Loop(net, "the course's loop", dropout_steps)]


def epoch(net):
    return [Loop(net, "the course's loop", shuffled_epochs)]


def goal(goal):
    """SciPy's Levenberg-Marquardt (MINPACK) with the Jacobian in NumPy, of one hidden layer."""
    try:
        from scipy.optimize import least_squares
    except ImportError:
        return []
    if len(goal.dims) != 3 or goal.output != "linear":
        return []
    X, y = goal.rows
    (n_x, h, _), m = goal.dims, len(y)

    def parts(v):
        W1, b1, W2, b2 = np.split(v, np.cumsum([h * n_x, h, h]))
        return np.tanh(X @ W1.reshape(h, n_x).T + b1), W2, b2

    def residuals(v):
        A, W2, b2 = parts(v)
        r = A @ W2 + b2 - y
        if r @ r / m <= goal.cost:
            raise Arrived
        return r

    def jacobian(v):
        A, W2, _ = parts(v)
        D = (1 - A * A) * W2
        return np.hstack([(D[:, :, None] * X[:, None]).reshape(m, -1), D, A, np.ones((m, 1))])

    def run(seed):
        start = np.concatenate([p.ravel() for p in goal.first_parameters(seed).values()])
        least_squares(residuals, start, jacobian, method="lm", max_nfev=goal.most_iterations * 3)

    note = "SciPy's least_squares(method='lm'), analytic Jacobian"
    return [ToGoal("NumPy", note, goal, until_arrived(run))]
