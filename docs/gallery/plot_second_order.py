"""
Adam, L-BFGS and Levenberg-Marquardt
====================================

The same small net, from the same parameters, fits one period of a sine by three methods. Adam takes
many cheap steps; L-BFGS and Levenberg-Marquardt find the length of a step themselves, and come to a
far lower cost.
"""

import matplotlib.pyplot as plt
import numpy as np

import ffnn

X = np.linspace(-1, 1, 100)[None]
Y = np.sin(np.pi * X)
net = {"hidden_activation": "tanh", "output_activation": "linear", "seed": 3}
methods = {
    "adam": {"learning_rate": 0.02, "mini_batch_size": "all"},
    "lbfgs": {"tol": 0},
    "levenberg_marquardt": {"initialization": "nguyen_widrow", "tol": 0},
}

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
for optimizer, settings in methods.items():
    _, history = ffnn.train(
        X, Y, [1, 6, 1], optimizer=optimizer, num_epochs=300, record_every=1, **net, **settings
    )
    axes.semilogy(history["epoch"], history["cost"], label=optimizer)
axes.set(xlabel="steps", ylabel="mean squared error")
axes.legend()
