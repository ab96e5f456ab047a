"""A net in JAX: its data on the device, its parameters, its forward pass."""

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)  # float32 data stay float32


def forward(parameters, X, columns):
    """Z of the last layer."""
    A = X
    for layer, (W, b) in enumerate(parameters, 1):
        Z = W @ A + b if columns else A @ W.T + b
        A = jax.nn.relu(Z) if layer < len(parameters) else Z
    return A


class Compiled:
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
        found = {}
        for layer, (W, b) in enumerate(self._parameters, 1):
            found[f"W{layer}"] = np.asarray(W)
            found[f"b{layer}"] = np.asarray(b).reshape(-1, 1)
        return found
