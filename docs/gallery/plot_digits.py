"""
Handwritten digits: weights and mistakes
========================================

A softmax net learns the 1,797 digits that come with ffnn. Each hidden unit looks at the image by 64
weights; red ones count for it, blue ones against.
"""

import matplotlib.pyplot as plt

import ffnn

X, digit = ffnn.datasets.load_digits()
parameters, history = ffnn.train(
    X[:, :1300],
    digit[:, :1300],
    [64, 24, 10],
    output_activation="softmax",
    optimizer="adam",
    learning_rate=0.003,
    num_epochs=40,
    lambd=1.0,
    seed=0,
    metrics="accuracy",
    validation_data=(X[:, 1300:], digit[:, 1300:]),
)
print("accuracy of digits not trained on:", round(history["val_accuracy"][-1], 3))

ffnn.plot_weights(parameters)

# %%
# The cost and the accuracy, of the digits trained on and of the others, epoch by epoch.

figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
ffnn.plot_history(history, ax=axes)
