"""JAX: a jitted step called from a loop, and a whole run compiled into one call by fori_loop.

The data stand with examples as rows or as columns, whichever is quicker for the net in hand. The
step gives the cost as the assignment's does; a run leaves it out, as ffnn's does between records.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import rounds
from benchmarks.rivals import jax_adam
from benchmarks.rivals.assignment import Product
from benchmarks.rivals.jax_net import Compiled, forward


def descend(parameters, X, Y, rate, columns):
    """One step by automatic differentiation, from the gradient at the logits on."""
    m = X.shape[1 if columns else 0]
    Z, pull = jax.vjp(lambda p: forward(p, X, columns), parameters)
    (grads,) = pull((jax.nn.sigmoid(Z) - Y) / m)
    return jax.tree.map(lambda p, g: p - rate * g, parameters, grads), Z


@partial(jax.jit, static_argnames=("rate", "columns"))
def step(parameters, X, Y, rate, columns):
    parameters, Z = descend(parameters, X, Y, rate, columns)
    A = jax.nn.sigmoid(Z)
    losses = Y * jnp.log(A) + (1 - Y) * jnp.log(1 - A)
    return parameters, -jnp.sum(losses) / X.shape[1 if columns else 0]


@partial(jax.jit, static_argnames=("rate", "columns"))
def step_with_dA0(parameters, X, Y, rate, columns):
    """step, and the gradient of X without the division by m, as the assignment has it."""
    m = X.shape[1 if columns else 0]
    Z, pull = jax.vjp(lambda p, x: forward(p, x, columns), parameters, X)
    A = jax.nn.sigmoid(Z)
    grads, dA0 = pull((A - Y) / m)
    cost = -jnp.sum(Y * jnp.log(A) + (1 - Y) * jnp.log(1 - A)) / m
    return jax.tree.map(lambda p, g: p - rate * g, parameters, grads), cost, m * dA0


@partial(jax.jit, static_argnames=("rate", "columns"))
def train(parameters, X, Y, rate, columns, n):
    """n is an argument like the data: one compilation serves every length."""
    return jax.lax.fori_loop(0, n, lambda _, p: descend(p, X, Y, rate, columns)[0], parameters)


class Step(Compiled):
    note = "jitted step, without dA0"
    by_difference = False

    def work(self, n):
        parameters, X, Y, options = self._parameters, self._X, self._Y, self._options
        for _ in range(n):
            parameters, _ = step(parameters, X, Y, **options)
        self._parameters = jax.block_until_ready(parameters)


class StepWithGradient(Compiled):
    note = "jitted step, with dA0"
    by_difference = False

    def __init__(self, net, columns):
        super().__init__(net, columns)
        self.flops = net.flops(with_dA0=True)

    def work(self, n):
        parameters, X, Y, options = self._parameters, self._X, self._Y, self._options
        for _ in range(n):
            parameters, _, dA0 = step_with_dA0(parameters, X, Y, **options)
        self._parameters, self._dA0 = jax.block_until_ready((parameters, dA0))

    def parameters(self):
        dA0 = np.asarray(self._dA0)
        return super().parameters() | {"dA0": dA0 if self._columns else dA0.T}


class Run(Compiled):
    note = "jitted run (fori_loop)"
    by_difference = True

    def work(self, n):
        trained = train(self._parameters, self._X, self._Y, n=n, **self._options)
        self._parameters = jax.block_until_ready(trained)


def better(kind, net):
    """With examples as rows or as columns, whichever is quicker."""
    return rounds.quickest([kind(net, columns=False), kind(net, columns=True)])


def calls(net):
    return [better(Step, net), better(StepWithGradient, net)]


def lean(net):
    return [better(Step, net)]


def run(net):
    return [better(Run, net)]


def square(net):
    multiply = jax.jit(jnp.matmul)
    return [
        Product("JAX", net, lambda A, B: multiply(A, B).block_until_ready(), "XLA", jax.device_put)
    ]


def adam(net):
    return [better(jax_adam.Step, net), better(jax_adam.Run, net)]
