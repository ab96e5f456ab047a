"""Digits with ffnn: python with_ffnn.py DIGITS.npz SEED"""

import sys

import digits

import ffnn

X, Y, X_test, Y_test = digits.split(sys.argv[1])
_, history = ffnn.train(
    X.T,
    Y,
    digits.LAYERS,
    seed=int(sys.argv[2]),
    output_activation="softmax",
    initialization="he",
    optimizer="adam",
    learning_rate=digits.RATE,
    mini_batch_size=digits.BATCH,
    num_epochs=digits.MOST_EPOCHS,
    validation_data=(X_test.T, Y_test),
    metrics="accuracy",
    callback=lambda now: now["val_accuracy"] >= digits.GOAL,
)
digits.tell(history["val_accuracy"][-1], len(history["epoch"]))
