"""Digits with JAX: python with_jax.py DIGITS.npz SEED"""

import sys

import digits
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_platforms", "cpu")
X, Y, X_test, Y_test = digits.split(sys.argv[1])
generator = np.random.RandomState(int(sys.argv[2]))
parameters = []
for n_prev, n in zip(digits.LAYERS, digits.LAYERS[1:]):
    W = generator.randn(n_prev, n) * np.sqrt(2 / n_prev)
    parameters.append((W.astype(np.float32), np.zeros(n, np.float32)))


def forward(parameters, X):
    (W1, b1), (W2, b2) = parameters
    return jax.nn.relu(X @ W1 + b1) @ W2 + b2


def cost(parameters, X, Y, weight):
    shares = jax.nn.log_softmax(forward(parameters, X))
    return -jnp.sum(weight * shares[jnp.arange(len(Y)), Y]) / jnp.sum(weight)


@jax.jit
def step(state, X, Y, weight):
    p, v, s, t = state
    t = t + 1
    g = jax.grad(cost)(p, X, Y, weight)
    v = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * g, v, g)
    s = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)

    def moved(p, v, s):
        root = jnp.sqrt(s / (1 - 0.999**t)) + 1e-8
        return p - digits.RATE * v / (1 - 0.9**t) / root

    return jax.tree.map(moved, p, v, s), v, s, t


@jax.jit
def accuracy_of(parameters):
    return jnp.mean(jnp.argmax(forward(parameters, X_test), axis=1) == Y_test)


zeros = jax.tree.map(np.zeros_like, parameters)
state = (parameters, zeros, zeros, np.float32(0))


def epoch():
    """The last batch is filled up with examples of weight 0: one shape, one compilation."""
    global state
    order = generator.permutation(len(X))
    padded = np.append(order, order[: -len(order) % digits.BATCH])
    weight = (np.arange(len(padded)) < len(order)).astype(np.float32)
    for first in range(0, len(padded), digits.BATCH):
        part = slice(first, first + digits.BATCH)
        state = step(state, X[padded[part]], Y[padded[part]], weight[part])


digits.until_good(epoch, lambda: accuracy_of(state[0]))
