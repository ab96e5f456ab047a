"""Adam written out in JAX: a jitted step, and a whole run by fori_loop."""

from functools import partial

import jax
import jax.numpy as jnp

from benchmarks.rivals.jax_net import Compiled, forward

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def descend(state, X, Y, rate, columns):
    parameters, v, s, t = state
    m = X.shape[1 if columns else 0]
    Z, pull = jax.vjp(lambda p: forward(p, X, columns), parameters)
    (grads,) = pull((jax.nn.softmax(Z, axis=0 if columns else 1) - Y) / m)
    t = t + 1
    v = jax.tree.map(lambda v, g: BETA1 * v + (1 - BETA1) * g, v, grads)
    s = jax.tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, s, grads)
    v_share, s_share = 1 - BETA1**t, 1 - BETA2**t

    def moved(p, v, s):
        return p - rate * (v / v_share) / (jnp.sqrt(s / s_share) + EPSILON)

    return jax.tree.map(moved, parameters, v, s), v, s, t


@partial(jax.jit, static_argnames=("rate", "columns"), donate_argnums=0)
def step(state, X, Y, rate, columns):
    return descend(state, X, Y, rate, columns)


@partial(jax.jit, static_argnames=("rate", "columns"))
def train(state, X, Y, rate, columns, n):
    return jax.lax.fori_loop(0, n, lambda _, s: descend(s, X, Y, rate, columns), state)


class Adam(Compiled):
    def reset(self):
        super().reset()
        zeros = [jax.tree.map(jnp.zeros_like, self._parameters) for _ in range(2)]
        self._state = (self._parameters, *zeros, jnp.zeros((), self._X.dtype))
        jax.block_until_ready(self._state)

    def parameters(self):
        self._parameters = self._state[0]
        return super().parameters()


class Step(Adam):
    note, by_difference = "jitted step", False

    def work(self, n):
        state, X, Y, options = self._state, self._X, self._Y, self._options
        for _ in range(n):
            state = step(state, X, Y, **options)
        self._state = jax.block_until_ready(state)


class Run(Adam):
    note, by_difference = "jitted run (fori_loop)", True

    def work(self, n):
        trained = train(self._state, self._X, self._Y, n=n, **self._options)
        self._state = jax.block_until_ready(trained)
