"""
Activations
===========

Every activation that a hidden layer can have, and its derivative, taken from the forward and
backward functions of one layer.
"""

import matplotlib.pyplot as plt
import numpy as np

import ffnn

z = np.linspace(-4, 4, 401)[None]
W, b = np.ones((1, 1)), np.zeros((1, 1))
names = [name for name in ffnn.activations() if name not in ("softmax", "exp")]

figure, grid = plt.subplots(2, -(-len(names) // 2), figsize=(12, 5), layout="constrained")
for name, axes in zip(names, grid.flat):
    A, cache = ffnn.linear_activation_forward(z, W, b, name)
    dZ, _, _ = ffnn.linear_activation_backward(np.ones_like(A), cache, name)
    axes.plot(z[0], A[0], label="value")
    axes.plot(z[0], dZ[0], "--", label="derivative")
    axes.set_title(name)
    axes.set_ylim(-1.5, 4)
for axes in grid.flat[len(names) :]:
    axes.axis("off")
grid.flat[0].legend()
