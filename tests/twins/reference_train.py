"""A whole training run in plain NumPy: the twin of `ffnn._ffnn.Trainer`, step by step."""

import numpy as np

from reference_activations import (
    COSTS,
    backward,
    default_cost,
    for_layers,
    forward,
    level_of,
)


def _gd(w, g, v, s, rule, t):
    w -= rule["learning_rate"] * g


def _momentum(w, g, v, s, rule, t):
    v[...] = rule["beta"] * v + (1 - rule["beta"]) * g
    w -= rule["learning_rate"] * v


def _classical_momentum(w, g, v, s, rule, t):
    v[...] = rule["beta"] * v + g
    w -= rule["learning_rate"] * v


def _nesterov(w, g, v, s, rule, t):
    v[...] = rule["beta"] * v + g
    w -= rule["learning_rate"] * (g + rule["beta"] * v)


def _velocity(w, g, v, s, rule, t):
    v[...] = rule["beta"] * v - rule["learning_rate"] * g
    w += v


def _nesterov_velocity(w, g, v, s, rule, t):
    v[...] = rule["beta"] * v - rule["learning_rate"] * g
    w += rule["beta"] * v - rule["learning_rate"] * g


def _rmsprop(w, g, v, s, rule, t):
    v[...] = rule["beta"] * v + (1 - rule["beta"]) * g**2
    w -= rule["learning_rate"] * g / (np.sqrt(v) + rule["epsilon"])


def _power(base, n):
    """base**n by repeated squaring, which is the core's to the bit; ** is the C library's pow."""
    result = 1.0
    while n > 0:
        if n & 1:
            result *= base
        base *= base
        n >>= 1
    return result


def _adam(w, g, v, s, rule, t):
    v[...] = rule["beta1"] * v + (1 - rule["beta1"]) * g
    s[...] = rule["beta2"] * s + (1 - rule["beta2"]) * g**2
    v_corrected = v / (1 - _power(rule["beta1"], t))
    s_corrected = s / (1 - _power(rule["beta2"], t))
    w -= rule["learning_rate"] * v_corrected / (np.sqrt(s_corrected) + rule["epsilon"])


def _adam_epsilon_hat(w, g, v, s, rule, t):
    v[...] = rule["beta1"] * v + (1 - rule["beta1"]) * g
    s[...] = rule["beta2"] * s + (1 - rule["beta2"]) * g**2
    correction = np.sqrt(1 - _power(rule["beta2"], t)) / (1 - _power(rule["beta1"], t))
    rate = rule["learning_rate"] * correction
    w -= rate * v / (np.sqrt(s) + rule["epsilon"])


# name: (the step of one array in place, the moments that it saves, the numbers that it reads)
OPTIMIZERS = {
    "gd": (_gd, "", ""),
    "momentum": (_momentum, "v", "beta"),
    "classical_momentum": (_classical_momentum, "v", "beta"),
    "nesterov": (_nesterov, "v", "beta"),
    "velocity": (_velocity, "v", "beta"),
    "nesterov_velocity": (_nesterov_velocity, "v", "beta"),
    "rmsprop": (_rmsprop, "v", "beta epsilon"),
    "adam": (_adam, "vs", "beta1 beta2 epsilon"),
    "adam_epsilon_hat": (_adam_epsilon_hat, "vs", "beta1 beta2 epsilon"),
    "adamw": (_adam, "vs", "beta1 beta2 epsilon weight_decay"),
}
# name: (what it is where it is not given, another value of it)
NUMBERS = {
    "beta": (0.9, 0.8),
    "beta1": (0.9, 0.85),
    "beta2": (0.999, 0.99),
    "epsilon": (1e-8, 1e-6),
    "weight_decay": (0.0, 0.3),
}


def numbers(optimizer):
    """Other values of all numbers that an optimiser reads."""
    return {name: NUMBERS[name][1] for name in OPTIMIZERS[optimizer][2].split()}


class Trainer:
    """Labels are arrays of the output's shape; dropout draws from NumPy's global generator."""

    def __init__(self, X, Y, parameters, learning_rate, *, hidden_activation="relu",
                 output_activation="sigmoid", cost=None, optimizer="gd", lambd=0.0, keep_prob=1.0,
                 quantile=None, clip_norm=None, sample_weight=None, weighted_mean=False, state=None,
                 **numbers):  # fmt: skip
        self.X, self.Y = X, Y
        self._parameters = {key: value.copy() for key, value in parameters.items()}
        self.layers = len(parameters) // 2
        self.activations = for_layers(hidden_activation, self.layers - 1, output_activation)
        self.keep_prob = for_layers(keep_prob, self.layers - 1, 1.0)
        self.cost = cost or default_cost(output_activation)
        self.level = level_of(quantile)
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.numbers = {name: numbers.pop(name, default) for name, (default, _) in NUMBERS.items()}
        assert not numbers
        self.lambd, self.clip_norm = lambd, clip_norm
        self.sample_weight = np.ones(X.shape[1]) if sample_weight is None else sample_weight
        self.weighted_mean = weighted_mean
        self.t = state["t"] if state else 0
        self.moments = {
            name: {
                key: state[name]["d" + key].copy() if state else np.zeros_like(value)
                for key, value in parameters.items()
            }
            for name in OPTIMIZERS[optimizer][1]
        }

    def parameters(self):
        return {key: value.copy() for key, value in self._parameters.items()}

    def state(self):
        copies = {
            name: {"d" + key: value.copy() for key, value in moment.items()}
            for name, moment in self.moments.items()
        }
        return {"t": self.t, **copies}

    def run(self, n):
        every = np.arange(self.X.shape[1])
        return [self._step(every) for _ in range(n)][0] / every.size

    def epoch(self, order, batch_size):
        m = self.X.shape[1]
        order = np.arange(m) if order is None else order
        return sum(self._step(order[i : i + batch_size]) for i in range(0, m, batch_size)) / m

    def shuffled(self, n, batch_size):
        m = self.X.shape[1]
        return [self.epoch(np.random.permutation(m), batch_size) for _ in range(n)][-1]

    def is_finite(self):
        return all(np.isfinite(value).all() for value in self._parameters.values())

    def _step(self, examples):
        """One step; returns what these examples cost before it, summed."""
        Y, weights = self.Y[:, examples], self.sample_weight[examples]
        m = weights.sum() if self.weighted_mean else examples.size
        if m == 0:
            return 0.0
        A, Z, D = self._forward(self.X[:, examples])
        loss, slope = COSTS[self.cost]
        squares = sum((W**2).sum() for key, W in self._parameters.items() if key[0] == "W")
        cost = (loss(A[-1], Y, *self.level) * weights).sum() + self.lambd / 2 * squares
        grads = self._backward(slope(A[-1], Y, *self.level) * weights, A, Z, D, m)
        if self.clip_norm is not None:
            norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
            grads = {key: g * min(1, self.clip_norm / norm) for key, g in grads.items()}
        self._update(grads)
        return cost * examples.size / m

    def _forward(self, X):
        A, Z, D = [X], [], []
        layers = zip(self.activations, self.keep_prob, strict=True)
        for number, (name, keep) in enumerate(layers, 1):
            W, b = self._parameters[f"W{number}"], self._parameters[f"b{number}"]
            Z.append(W @ A[-1] + b)
            a = forward(name, Z[-1])
            D.append(np.random.rand(*a.shape) < keep if keep < 1 else None)
            A.append(a if D[-1] is None else a * D[-1] / keep)
        return A, Z, D

    def _backward(self, dA, A, Z, D, m):
        grads = {}
        for i in reversed(range(self.layers)):
            if D[i] is not None:
                dA = dA * D[i] / self.keep_prob[i]
            dZ = backward(self.activations[i], dA, Z[i])
            W = self._parameters[f"W{i + 1}"]
            grads[f"W{i + 1}"] = dZ @ A[i].T / m + self.lambd / m * W
            grads[f"b{i + 1}"] = dZ.sum(axis=1, keepdims=True) / m
            dA = W.T @ dZ
        return grads

    def _update(self, grads):
        self.t += 1
        step, kept, _ = OPTIMIZERS[self.optimizer]
        rule = {**self.numbers, "learning_rate": self.learning_rate}
        for key, g in grads.items():
            w = self._parameters[key]
            if self.optimizer == "adamw" and key[0] == "W":
                w -= self.learning_rate * rule["weight_decay"] * w
            v, s = (self.moments[name][key] if name in kept else None for name in "vs")
            step(w, g, v, s, rule, self.t)


def order_by_blocks(random, n_x, m, batch):
    """shuffle="blocks": blocks in a drawn order, cut into buffers, each of these shuffled."""
    block = max(1, 2**18 // n_x)
    buffer = max(1, 2**22 // n_x // batch) * batch
    order = []
    for number in random.permutation(-(-m // block)):
        order += range(number * block, min((number + 1) * block, m))
    shuffled = []
    while order:
        shuffled += random.permutation(order[:buffer]).tolist()
        order = order[buffer:]
    return np.array(shuffled)
