"""Scores in plain NumPy, by their definitions: pairs, sets and sums of examples, each by weight.

Y and AL are (n_y, m), labels 0 and 1 where there are classes; w is (m,).
"""

import numpy as np


def _classes(Y, AL, output):
    """Label, prediction and number of the example for each decision; the number of classes."""
    n_y, m = AL.shape
    if output == "softmax":
        return Y.argmax(axis=0), AL.argmax(axis=0), np.arange(m), n_y
    number = np.broadcast_to(np.arange(m), AL.shape)
    return (Y > 0.5).ravel() * 1, (AL > 0.5).ravel() * 1, number.ravel(), 2


def _shares(Y, AL, w, output, share):
    y, p, number, count = _classes(Y, AL, output)
    weight = w[number]
    of = [share(weight, y == label, p == label) for label in range(count)]
    return of[1] if count == 2 else sum(of) / count


def _over(a, b):
    return a.sum() / b.sum() if b.sum() else 0.0


def accuracy(Y, AL, w, output):
    y, p, number, _ = _classes(Y, AL, output)
    return w[number][y == p].sum() / w[number].sum()


def balanced_accuracy(Y, AL, w, output):
    y, p, number, count = _classes(Y, AL, output)
    weight = w[number]
    there = [label for label in range(count) if weight[y == label].sum() > 0]
    return np.mean([_over(weight[(y == k) & (p == k)], weight[y == k]) for k in there])


def precision(Y, AL, w, output):
    return _shares(Y, AL, w, output, lambda w, y, p: _over(w[y & p], w[p]))


def recall(Y, AL, w, output):
    return _shares(Y, AL, w, output, lambda w, y, p: _over(w[y & p], w[y]))


def f1(Y, AL, w, output):
    both = lambda w, y, p: _over(2 * w[y & p], np.concatenate([w[y], w[p]]))  # noqa: E731
    return _shares(Y, AL, w, output, both)


def roc_auc(Y, AL, w, output):
    """Each pair of a positive and a negative example: 1 where it is greater, 1/2 where equal."""
    areas = []
    for y, a in zip(Y > 0.5, AL):
        wins = (a[y][:, None] > a[~y]) + (a[y][:, None] == a[~y]) / 2
        areas.append(w[y] @ wins @ w[~y] / (w[y].sum() * w[~y].sum()))
    return np.mean(areas)


def r2(Y, AL, w, output):
    of = []
    for y, a in zip(Y.astype(float), AL.astype(float)):
        of.append(1 - np.sum(w * (y - a) ** 2) / np.sum(w * (y - np.average(y, weights=w)) ** 2))
    return np.mean(of)


def mae(Y, AL, w, output):
    return np.mean([np.average(np.abs(a - y), weights=w) for y, a in zip(Y, AL)])


def rmse(Y, AL, w, output):
    return np.mean([np.sqrt(np.average((a - y) ** 2, weights=w)) for y, a in zip(Y, AL)])


SCORES = {f.__name__: f for f in (accuracy, balanced_accuracy, precision, recall, f1, roc_auc,
                                  r2, mae, rmse)}  # fmt: skip
