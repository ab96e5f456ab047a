"""scikit-learn's MLPClassifier, held to full batches of plain gradient descent, and as it is.

With a binary target, or several of them at once, its output is a sigmoid and its loss the same
cross-entropy. A run is `fit` with so many epochs and no early stop. It has no counterpart of the
four calls: partial_fit does a step, but spends fifteen times as long on looking at its arguments.
"""

import numpy as np
from sklearn import neural_network
from sklearn.neural_network import MLPClassifier

from benchmarks import contenders


class FullBatches:
    """So many epochs of one batch with `fit`."""

    name, note, by_difference = "scikit-learn", "fit", True

    def __init__(self, net, **options):
        self.flops = net.flops(with_dA0=False)
        self._net = net
        self._X, Y = net.rows
        if net.output == "softmax":
            self._Y = net.classes
        else:
            self._Y = Y.astype(int) if Y.shape[1] > 1 else Y.astype(int).ravel()
        self._model = MLPClassifier(
            net.dims[1:-1],
            activation=net.hidden,
            alpha=0,
            batch_size=net.m,
            learning_rate_init=net.learning_rate,
            shuffle=False,
            warm_start=True,
            tol=0,
            n_iter_no_change=np.inf,
            **options,
        )
        self._model.max_iter = 1
        self._model.fit(self._X, self._Y)  # makes the arrays that the start is put into

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


class PartialFit(FullBatches):
    """A step a call, as who has the batches does it."""

    note, by_difference = "partial_fit", False

    def reset(self):
        super().reset()
        del self._model._optimizer  # else it goes on with the moments that it has

    def work(self, n):
        for _ in range(n):
            self._model.partial_fit(self._X, self._Y)


def calls(net):
    return []


def run(net):
    return [FullBatches(net, solver="sgd", momentum=0, nesterovs_momentum=False)]


def adam(net):
    """Its epsilon is added before the correction of the second moment: at 1e-8 the first steps
    would differ by a hundredth, and agree to the last digit where nobody has an epsilon. This one
    has the size that 1e-8 has after the correction at step 2, which is near enough in float32."""
    if net.dtype == "float64":
        return []
    options = {"solver": "adam", "epsilon": 1e-8 * np.sqrt(1 - 0.999**2)}
    return [FullBatches(net, **options), PartialFit(net, **options)]


def exports(net):
    """As a fit in this type leaves it, with the weights of the race."""
    model = MLPClassifier(net.dims[1:-1], max_iter=1)
    model.fit(np.zeros((net.dims[-1], net.dims[0]), net.dtype), np.arange(net.dims[-1]))
    start = list(net.start.values())
    model.coefs_ = [np.array(W.T, order="C") for W in start[::2]]
    model.intercepts_ = [b.ravel() for b in start[1::2]]
    X, _ = net.rows
    return [contenders.OneExample("scikit-learn", "predict_proba", lambda: model.predict_proba(X))]


# ---- estimators as they are ----------------------------------------------------------------------


def fit(task):
    return [contenders.Fit("scikit-learn", neural_network, task, "fit")]


def grid(task):
    return [contenders.Grid("scikit-learn", neural_network, task)]


def partial_fit(task):
    return [contenders.PartialFit("scikit-learn", neural_network, task, "partial_fit")]


def one_row(task):
    return [contenders.OneRow("scikit-learn", neural_network, task)]


one_column = one_row


def lbfgs(task):
    """Its evaluations are counted beforehand, through a subclass."""
    count = 0

    class Counted(MLPClassifier):
        def _loss_grad_lbfgs(self, *arguments):
            nonlocal count
            count += 1
            return super()._loss_grad_lbfgs(*arguments)

    class module:
        MLPClassifier = Counted

    fits = [task.estimator(module, seed).fit(*task.rows) for seed in range(task.starts)]
    evaluations, cost = count / task.starts, np.mean([model.loss_ for model in fits])
    note = f"solver='lbfgs'; {evaluations:.0f} evaluations, cost {cost:.2g}"
    return [contenders.Fit("scikit-learn", neural_network, task, note)]


def goal(goal):
    """solver='lbfgs' from its own starts, with the fewest iterations that lead to the cost."""
    if goal.data in ("sine", "sinc"):
        return []
    X, y = goal.rows
    hidden = {"hidden_layer_sizes": goal.dims[1:-1], "activation": "tanh", "solver": "lbfgs"}
    make = MLPClassifier if goal.output == "softmax" else neural_network.MLPRegressor
    cost = goal.cost if goal.output == "softmax" else goal.cost / 2

    def run(seed, iterations):
        options = hidden | {"alpha": 0, "tol": 0, "random_state": seed, "max_iter": iterations}
        return make(**options).fit(X, y)

    def way(seed):
        low, high = 0, 10 * goal.most_iterations
        if run(seed, high).loss_ > cost:
            return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if run(seed, middle).loss_ <= cost else (middle, high)
        return lambda: run(seed, high)

    return [contenders.ToGoal("scikit-learn", "solver='lbfgs'", goal, way)]
