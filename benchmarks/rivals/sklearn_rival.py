"""scikit-learn's MLPClassifier, held to full batches of plain gradient descent.

With a binary target, or several of them at once, its output is a sigmoid and its loss the same
cross-entropy. A run is `fit` with so many epochs and no early stop. It has no counterpart of the
four calls: partial_fit does a step, but spends fifteen times as long on looking at its arguments.
"""

import numpy as np
from sklearn.neural_network import MLPClassifier


class Fit:
    name, note = "scikit-learn", "fit"
    by_difference = True

    def __init__(self, net):
        self.flops = net.flops(with_dA0=False)
        self._net = net
        self._X, Y = net.rows
        self._Y = Y.astype(int) if Y.shape[1] > 1 else Y.astype(int).ravel()
        self._model = MLPClassifier(
            net.dims[1:-1],
            solver="sgd",
            alpha=0,
            batch_size=net.m,
            learning_rate_init=net.learning_rate,
            momentum=0,
            nesterovs_momentum=False,
            shuffle=False,
            warm_start=True,
            tol=0,
            n_iter_no_change=np.inf,
        )
        self.work(1)  # makes the arrays that the start is put into

    def reset(self):
        start = list(self._net.start.values())
        for mine, W in zip(self._model.coefs_, start[::2]):
            mine[...] = W.T
        for mine, b in zip(self._model.intercepts_, start[1::2]):
            mine[...] = b.ravel()

    def work(self, n):
        self._model.max_iter = n
        self._model.fit(self._X, self._Y)

    def parameters(self):
        found = {}
        pairs = zip(self._model.coefs_, self._model.intercepts_)
        for layer, (W, b) in enumerate(pairs, 1):
            found[f"W{layer}"], found[f"b{layer}"] = W.T, b.reshape(-1, 1)
        return found


def calls(net):
    return []


def run(net):
    return [Fit(net)]
