"""JAX: a jitted step called from a loop, and a whole run compiled into one call by fori_loop.

The data stand with examples as rows or as columns, whichever is quicker for the net in hand. The
step gives the cost as the assignment's does; a run leaves it out, as ffnn's does between records.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contenders import Product, quickest

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)  # float32 data stay float32

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
HIDDEN = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def forward(parameters, X, columns, hidden="relu"):
    """Z of the last layer."""
    A = X
    for layer, (W, b) in enumerate(parameters, 1):
        Z = W @ A + b if columns else A @ W.T + b
        A = HIDDEN[hidden](Z) if layer < len(parameters) else Z
    return A


class Compiled:
    """A net's data on the device and its parameters."""

    name = "JAX"

    def __init__(self, net, columns):
        self.flops = net.flops(with_dA0=False)
        self._net, self._columns = net, columns
        X, Y = net.rows
        if columns:
            X, Y = np.ascontiguousarray(X.T), np.ascontiguousarray(Y.T)
        self._X, self._Y = jax.device_put(X), jax.device_put(Y)
        self._options = {"rate": net.learning_rate, "columns": columns}
        self.reset()

    def reset(self):
        start = list(self._net.start.values())
        self._parameters = [
            (jnp.array(W), jnp.array(b if self._columns else b.ravel()))
            for W, b in zip(start[::2], start[1::2])
        ]
        jax.block_until_ready(self._parameters)

    def parameters(self):
        return named(self._parameters)


def named(pairs):
    """[(W, b)] as ffnn has it."""
    found = {}
    for layer, (W, b) in enumerate(pairs, 1):
        found[f"W{layer}"] = np.asarray(W)
        found[f"b{layer}"] = np.asarray(b).reshape(-1, 1)
    return found


# ---- plain descent -------------------------------------------------------------------------------


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


# ---- Adam ----------------------------------------------------------------------------------------


def adam_descend(state, X, Y, rate, columns, hidden, output):
    parameters, v, s, t = state
    m = X.shape[1 if columns else 0]
    Z, pull = jax.vjp(lambda p: forward(p, X, columns, hidden), parameters)
    softmax = partial(jax.nn.softmax, axis=0 if columns else 1)
    A = softmax(Z) if output == "softmax" else jax.nn.sigmoid(Z)
    (grads,) = pull((A - Y) / m)
    t = t + 1
    v = jax.tree.map(lambda v, g: BETA1 * v + (1 - BETA1) * g, v, grads)
    s = jax.tree.map(lambda s, g: BETA2 * s + (1 - BETA2) * g * g, s, grads)
    v_share, s_share = 1 - BETA1**t, 1 - BETA2**t

    def moved(p, v, s):
        return p - rate * (v / v_share) / (jnp.sqrt(s / s_share) + EPSILON)

    return jax.tree.map(moved, parameters, v, s), v, s, t


@partial(jax.jit, static_argnames=("rate", "columns", "hidden", "output"), donate_argnums=0)
def adam_step(state, X, Y, rate, columns, hidden, output):
    return adam_descend(state, X, Y, rate, columns, hidden, output)


@partial(jax.jit, static_argnames=("rate", "columns", "hidden", "output"))
def adam_train(state, X, Y, rate, columns, hidden, output, n):
    def one(_, state):
        return adam_descend(state, X, Y, rate, columns, hidden, output)

    return jax.lax.fori_loop(0, n, one, state)


class Adam(Compiled):
    def __init__(self, net, columns):
        super().__init__(net, columns)
        self._options |= {"hidden": net.hidden, "output": net.output}

    def reset(self):
        super().reset()
        zeros = [jax.tree.map(jnp.zeros_like, self._parameters) for _ in range(2)]
        self._state = (self._parameters, *zeros, jnp.zeros((), self._X.dtype))
        jax.block_until_ready(self._state)

    def parameters(self):
        self._parameters = self._state[0]
        return super().parameters()


class AdamStep(Adam):
    note, by_difference = "jitted step", False

    def work(self, n):
        state, X, Y, options = self._state, self._X, self._Y, self._options
        for _ in range(n):
            state = adam_step(state, X, Y, **options)
        self._state = jax.block_until_ready(state)


class AdamRun(Adam):
    note, by_difference = "jitted run (fori_loop)", True

    def work(self, n):
        trained = adam_train(self._state, self._X, self._Y, n=n, **self._options)
        self._state = jax.block_until_ready(trained)


# ---- a cost and its gradients --------------------------------------------------------------------


def cost_of(parameters, X, Y, columns, hidden, output):
    """The mean over examples, from Z, so that it is finite."""
    Z = forward(parameters, X, columns, hidden)
    if output == "softmax":
        losses = -Y * jax.nn.log_softmax(Z, axis=0 if columns else 1)
    else:
        losses = jax.nn.softplus(Z) - Y * Z
    return jnp.sum(losses) / X.shape[1 if columns else 0]


@partial(jax.jit, static_argnames=("columns", "hidden", "output"))
def cost_and_gradients(parameters, X, Y, columns, hidden, output):
    return jax.value_and_grad(cost_of)(parameters, X, Y, columns, hidden, output)


class Gradients(Compiled):
    note, by_difference = "jitted value_and_grad", False

    def __init__(self, net, columns):
        super().__init__(net, columns)
        self._options = {"columns": columns, "hidden": net.hidden, "output": net.output}

    def work(self, n):
        parameters, X, Y, options = self._parameters, self._X, self._Y, self._options
        for _ in range(n):
            # Who asks for a cost looks at it before the next call.
            found = jax.block_until_ready(cost_and_gradients(parameters, X, Y, **options))
        self._found = found

    def parameters(self):
        cost, grads = self._found
        return {"cost": np.asarray(cost)} | {f"d{name}": g for name, g in named(grads).items()}


# ---- contenders ----------------------------------------------------------------------------------


def better(kind, net):
    """With examples as rows or as columns, whichever is quicker."""
    return quickest([kind(net, columns=False), kind(net, columns=True)])


def calls(net):
    return [better(Step, net), better(StepWithGradient, net)]


def lean(net):
    return [better(Step, net)]


def gradients(net):
    return [better(Gradients, net)]


def run(net):
    return [better(Run, net)]


def square(net):
    multiply = jax.jit(jnp.matmul)
    return [
        Product("JAX", net, lambda A, B: multiply(A, B).block_until_ready(), "XLA", jax.device_put)
    ]


def adam(net):
    return [better(AdamStep, net), better(AdamRun, net)]
