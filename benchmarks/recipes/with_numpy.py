"""Digits with NumPy, by the course's formulas: python with_numpy.py DIGITS.npz SEED"""

import sys

import digits
import numpy as np

X, Y, X_test, Y_test = digits.split(sys.argv[1])
X, X_test, one_hot = X.T, X_test.T, np.eye(10, dtype=np.float32)[Y].T
np.random.seed(int(sys.argv[2]))
p, v, s, t = {}, {}, {}, 0
for l in range(1, len(digits.LAYERS)):  # noqa: E741 - the course's letter
    n_prev, n = digits.LAYERS[l - 1 : l + 1]
    p[f"W{l}"] = (np.random.randn(n, n_prev) * np.sqrt(2 / n_prev)).astype(np.float32)
    p[f"b{l}"] = np.zeros((n, 1), np.float32)
for name, value in p.items():
    v[name], s[name] = np.zeros_like(value), np.zeros_like(value)


def forward(X):
    A = np.maximum(0, p["W1"] @ X + p["b1"])
    Z = p["W2"] @ A + p["b2"]
    shares = np.exp(Z - Z.max(axis=0))
    return A, shares / shares.sum(axis=0)


def step(X, Y):
    global t
    t += 1
    m = X.shape[1]
    A, AL = forward(X)
    dZ2 = AL - Y
    dZ1 = (p["W2"].T @ dZ2) * (A > 0)
    for l, dZ, A_prev in ((2, dZ2, A), (1, dZ1, X)):  # noqa: E741
        for name, g in (
            (f"W{l}", dZ @ A_prev.T / m),
            (f"b{l}", dZ.sum(axis=1, keepdims=True) / m),
        ):
            v[name] = 0.9 * v[name] + 0.1 * g
            s[name] = 0.999 * s[name] + 0.001 * g * g
            root = np.sqrt(s[name] / (1 - 0.999**t)) + 1e-8
            p[name] = p[name] - digits.RATE * v[name] / (1 - 0.9**t) / root


def epoch():
    order = np.random.permutation(X.shape[1])
    for first in range(0, len(order), digits.BATCH):
        part = order[first : first + digits.BATCH]
        step(X[:, part], one_hot[:, part])


digits.until_good(epoch, lambda: (forward(X_test)[1].argmax(axis=0) == Y_test).mean())
