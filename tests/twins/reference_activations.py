"""Activations and costs in plain NumPy: one row for each name of ffnn.activations() and costs()."""

import math

import numpy as np

_erfc = np.vectorize(math.erfc, otypes=[float])


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1) / (1 + e)


def sigmoid_slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


def normal(z):
    """The normal distribution function."""
    return _erfc(-z * math.sqrt(0.5)) / 2


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


# name: (g(z), g'(z)); softmax has no slope of single elements, see `backward`.
ACTIVATIONS = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "linear": (lambda z: z.copy(), np.ones_like),
    "softmax": (softmax, None),
    "leaky_relu": (lambda z: np.where(z < 0, 0.01 * z, z), lambda z: np.where(z > 0, 1, 0.01)),
    "elu": (
        lambda z: np.where(z < 0, np.expm1(np.minimum(z, 0)), z),
        lambda z: np.exp(np.minimum(z, 0)),
    ),
    "gelu": (
        lambda z: z * normal(z),
        lambda z: normal(z) + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
    ),
    "silu": (
        lambda z: z * sigmoid(z),
        lambda z: sigmoid(z) + z * sigmoid_slope(z),
    ),
    "softplus": (lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))), sigmoid),
    "exp": (np.exp, np.exp),
}


def forward(name, z):
    return ACTIVATIONS[name][0](z)


def backward(name, da, z):
    """dz of da by the chain rule, column by column for softmax."""
    if name == "softmax":
        a = softmax(z)
        return a * (da - (a * da).sum(axis=0, keepdims=True))
    return da * ACTIVATIONS[name][1](z)


def _huber(a, y):
    d = np.abs(a - y)
    return np.where(d > 1, d - 0.5, d * d / 2)


def _poisson(a, y):
    """Half of the deviance; y log(y) is 0 at 0."""
    return y * np.log(np.where(y == 0, 1, y) / a) - y + a


def _quantile(a, y, level=0.5):
    return np.where(a < y, level * (y - a), (1 - level) * (a - y))


def _quantile_slope(a, y, level=0.5):
    return np.where(a < y, -level, np.where(a > y, 1 - level, 0.0))


# name: (loss, its derivative by a), element by element; of the quantile with its level, too.
COSTS = {
    "binary_cross_entropy": (
        lambda a, y: -(y * np.log(a) + (1 - y) * np.log(1 - a)),
        lambda a, y: -(y / a - (1 - y) / (1 - a)),
    ),
    "categorical_cross_entropy": (lambda a, y: -y * np.log(a), lambda a, y: -y / a),
    "mean_squared_error": (lambda a, y: (a - y) ** 2, lambda a, y: 2 * (a - y)),
    "mean_absolute_error": (lambda a, y: np.abs(a - y), lambda a, y: np.sign(a - y)),
    "huber": (_huber, lambda a, y: np.clip(a - y, -1, 1)),
    "half_squared_error": (lambda a, y: (a - y) ** 2 / 2, lambda a, y: a - y),
    "poisson": (_poisson, lambda a, y: 1 - y / a),
    "quantile": (_quantile, _quantile_slope),
}


def level_of(quantile):
    """What the loss and its derivative take besides a and y."""
    return () if quantile is None else (quantile,)


def default_cost(output_activation):
    """What goes with an output where no cost is named."""
    return {
        "sigmoid": "binary_cross_entropy",
        "softmax": "categorical_cross_entropy",
        "exp": "poisson",
    }.get(output_activation, "mean_squared_error")


def told(of, hidden_activation, output_activation):
    """The activations that were given, else those that `of` knows, else relu and sigmoid."""
    given = {"hidden_activation": hidden_activation, "output_activation": output_activation}
    plain = {"hidden_activation": "relu", "output_activation": "sigmoid"}
    return {name: value or getattr(of, name, plain[name]) for name, value in given.items()}


def layers_told(of, count, hidden_activation, output_activation):
    """One name for each layer."""
    net = told(of, hidden_activation, output_activation)
    return for_layers(net["hidden_activation"], count - 1, net["output_activation"])


def for_layers(value, hidden, of_output):
    """One for each layer: a list for the hidden ones, or one value for all of them."""
    each = list(value) if isinstance(value, (list, tuple)) else [value] * hidden
    return [*each, of_output]
