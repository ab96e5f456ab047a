"""
Two moons: cost, accuracy, decision boundary
============================================

A net with two hidden layers separates two interleaved half circles. The run stops when the
validation cost has not fallen for 30 epochs, and returns the parameters of its best epoch.
"""

import matplotlib.pyplot as plt
import numpy as np

import ffnn

rng = np.random.default_rng(0)
angle = np.pi * rng.random(400)
Y = np.arange(400) % 2
X = np.where(Y, [1 - np.cos(angle), 0.5 - np.sin(angle)], [np.cos(angle), np.sin(angle)])
X += 0.15 * rng.standard_normal(X.shape)

parameters, history = ffnn.train(
    X,
    Y[None],
    [2, 16, 16, 1],
    hidden_activation="tanh",
    optimizer="adam",
    learning_rate=0.01,
    num_epochs=400,
    patience=30,
    validation_fraction=0.25,
    metrics="accuracy",
    seed=0,
)
print(history.stopped_by, "after epoch", history["epoch"][-1], "best epoch", history.best_epoch)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
ffnn.plot_history(history, ax=left)
ffnn.plot_decision_boundary(parameters, X, Y[None], ax=right)
