"""Digits with scikit-learn: python with_sklearn.py DIGITS.npz SEED"""

import sys

import digits
from sklearn.neural_network import MLPClassifier

X, Y, X_test, Y_test = digits.split(sys.argv[1])
model = MLPClassifier(
    digits.LAYERS[1:-1],
    alpha=0,
    batch_size=digits.BATCH,
    learning_rate_init=digits.RATE,
    random_state=int(sys.argv[2]),
)
# partial_fit does one epoch in shuffled batches.
digits.until_good(
    lambda: model.partial_fit(X, Y, classes=range(10)), lambda: model.score(X_test, Y_test)
)
