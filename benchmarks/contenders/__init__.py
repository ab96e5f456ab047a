"""Contenders: a module for each rival, in it a function for each kind of race.

`calls(net)` takes a step as a user's own loop does, `run(net)` trains as a whole, `lean` and
`plain` are other ways without dA0, or without using that X never changes; `gradients`, `square`,
`adam`, `epoch`, `dropout` and `exports` say it in their races' titles. They return a list, empty
where the library has nothing that compares, of contenders with `name`, `note`, `flops`,
`by_difference`, `reset()`, `work(n)` and `parameters()`, the last as ffnn has them, for the check
that everybody computes the same. Libraries are imported when they are asked for.
"""

import importlib
import os
import time

import numpy as np

MODULES = {
    "ffnn": "ffnn",
    "numpy": "numpy",
    "torch": "torch",
    "jax": "jax",
    "sklearn": "sklearn.neural_network",
    "onnxruntime": "onnxruntime",
}
TITLES = {
    "ffnn": "ffnn",
    "numpy": "NumPy",
    "torch": "PyTorch",
    "jax": "JAX",
    "sklearn": "scikit-learn",
    "onnxruntime": "ONNX Runtime",
}
SELDOM = {"onnxruntime": {"exports"}}  # the kinds of those who take part in few
USUAL = {"lean": "calls", "plain": "run"}
WHOLE_RUN = 2500
TRIALS = 5


def absent(rival):
    """Why this rival cannot take part, or None."""
    try:
        importlib.import_module(MODULES[rival])
    except ModuleNotFoundError as error:
        if error.name == MODULES[rival].partition(".")[0]:
            return "not installed"
        return f"does not import: {error}"
    except Exception as error:  # a broken installation is no reason to stop the race
        return f"does not import: {error}"
    return None


def contenders(rival, kind, net):
    """Those of one rival in a race of this kind, ffnn's own first of its list."""
    if kind == "whole":
        return [Whole(contender) for contender in contenders(rival, "run", net)]
    module = importlib.import_module(f"{__name__}.{rival}")
    make = getattr(module, kind, None) or getattr(module, USUAL.get(kind, kind), None)
    return make(net) if make else []


def seconds(contender, n):
    """Wall-clock and processor seconds of n steps from the start."""
    contender.reset()
    cpu, wall = time.process_time(), time.perf_counter()
    contender.work(n)
    wall = time.perf_counter() - wall
    return wall, time.process_time() - cpu


def quickest(ways):
    """The one of several ways to the same result that takes least time here."""

    def best(contender):
        n = 1
        while seconds(contender, n)[0] < 0.002:
            n *= 4
        return min(seconds(contender, n)[0] for _ in range(TRIALS)) / n

    return min(ways, key=best)


# ---- of more than one library --------------------------------------------------------------------


class FourCalls:
    """The body of the assignment's loop, of any module that has its functions."""

    by_difference = False

    def __init__(self, name, module, net, with_dA0=True):
        self.name, self.note = name, "with dA0" if with_dA0 else "without dA0"
        self.flops = net.flops(with_dA0)
        self._with_dA0 = with_dA0
        self._options = {} if with_dA0 else {"input_gradient": False}
        self._module, self._net = module, net
        self.reset()

    def reset(self):
        self._parameters = dict(self._net.start)
        self._gradient = {}

    def work(self, n):
        X, Y, rate = self._net.X, self._net.Y, self._net.learning_rate
        forward, cost = self._module.L_model_forward, self._module.compute_cost
        backward, update = self._module.L_model_backward, self._module.update_parameters
        parameters, options = self._parameters, self._options
        for _ in range(n):
            AL, caches = forward(X, parameters)
            cost(AL, Y)
            grads = backward(AL, Y, caches, **options)
            parameters = update(parameters, grads, rate)
        self._parameters = parameters
        if self._with_dA0:
            self._gradient = {"dA0": grads["dA0"]}

    def parameters(self):
        return self._parameters | self._gradient


class WholeRun:
    """L_layer_model, of any module that has it."""

    by_difference = True

    def __init__(self, name, module, net, note, with_dA0):
        self.name, self.note = name, note
        self.flops = net.flops(with_dA0)
        self._train, self._net = module.L_layer_model, net
        self._parameters = {}

    def reset(self):
        pass

    def work(self, n):
        net = self._net
        self._parameters, _ = self._train(net.X, net.Y, net.dims, net.learning_rate, n)

    def parameters(self):
        return self._parameters


class Whole:
    """All iterations of a run with its set-up as one step."""

    by_difference = False

    def __init__(self, iterations):
        self.iterations = iterations
        self.name, self.note = iterations.name, iterations.note
        self.flops = WHOLE_RUN * iterations.flops

    def reset(self):
        pass

    def work(self, n):
        for _ in range(n):
            self.iterations.reset()
            self.iterations.work(WHOLE_RUN)


class Calls:
    """`call()` gives the same result each time, which `as_ours(result)` makes a dict of ffnn's
    names and shapes."""

    by_difference = False

    def __init__(self, name, note, flops, call, as_ours):
        self.name, self.note, self.flops = name, note, flops
        self._call, self._as_ours = call, as_ours

    def reset(self):
        self._found = None

    def work(self, n):
        call = self._call
        for _ in range(n):
            self._found = call()

    def parameters(self):
        return self._as_ours(self._found)


class CostAndGradients(Calls):
    """`call()` gives a cost and its gradients, of the same parameters; as_ours takes both."""

    def __init__(self, name, note, net, call, as_ours):
        super().__init__(name, note, net.flops(with_dA0=False), call, lambda pair: as_ours(*pair))


class OneExample(Calls):
    """`call()` gives the output of the net that a race starts with, for its one example."""

    def __init__(self, name, note, call):
        super().__init__(name, note, 0, call, lambda output: {"output": np.ravel(output)})


class Product:
    """The product of two matrices of a library, made by convert from those of NumPy."""

    by_difference = False

    def __init__(self, name, net, multiply, note, convert=lambda array: array):
        self.name, self.note, self.flops = name, note, net.flops
        self._multiply = multiply
        self._matrices = [convert(matrix) for matrix in net.matrices]

    def reset(self):
        self._product = None

    def work(self, n):
        A, B = self._matrices
        multiply = self._multiply
        for _ in range(n):
            self._product = multiply(A, B)

    def parameters(self):
        return {"C": np.asarray(self._product)}


# ---- estimators and methods on all examples, from their own modules ------------------------------


class OfEstimators:
    """Work with scikit-learn's two classes, or with ffnn's, which are called as those are."""

    flops, by_difference = 0, False

    def __init__(self, name, module, task, note):
        self.name, self.note = name, note
        self._module, self._task = module, task
        self.reset()

    def reset(self):
        self._model = None


class Fit(OfEstimators):
    """From each start a whole fit."""

    def work(self, n):
        X, y = self._task.rows
        for _ in range(n):
            for seed in range(self._task.starts):
                self._model = self._task.estimator(self._module, seed).fit(X, y)

    def parameters(self):
        model = self._model
        score = model.score(*self._task.rows)
        found = {"cost": model.loss_, "score": score, "epochs": model.n_iter_}
        return found if model.solver != "lbfgs" else {"score": score}


class Grid(OfEstimators):
    """A search in as many processes as there are threads."""

    CANDIDATES = {
        "hidden_layer_sizes": [(20,), (50,), (100,), (50, 50)],
        "alpha": [1e-4, 1e-2],
        "learning_rate_init": [1e-3, 3e-3, 1e-2],
    }

    def __init__(self, name, module, task):
        jobs = int(os.environ.get("FFNN_NUM_THREADS", 1))
        super().__init__(name, module, task, f"GridSearchCV(n_jobs={jobs})")
        self._jobs = jobs

    def work(self, n):
        from sklearn.model_selection import GridSearchCV

        for _ in range(n):
            estimator = self._task.estimator(self._module)
            search = GridSearchCV(estimator, self.CANDIDATES, cv=5, n_jobs=self._jobs)
            self._model = search.fit(*self._task.rows)

    def parameters(self):
        return {"scores": self._model.cv_results_["mean_test_score"]}


class PartialFit(OfEstimators):
    """From a new estimator on, the first call included."""

    CALLS, ROWS = 1000, 32

    def work(self, n):
        X, y = self._task.rows
        classes, last = np.unique(y), X.shape[0] - self.ROWS
        for _ in range(n):
            self._model = self._task.estimator(self._module)
            for call in range(self.CALLS):
                first = call * self.ROWS % last
                part = slice(first, first + self.ROWS)
                self._model.partial_fit(X[part], y[part], classes=classes)

    def parameters(self):
        return {f"W{i}": coef for i, coef in enumerate(self._model.coefs_, 1)}


class OneRow(OfEstimators):
    """Fitted before; the first row again and again."""

    def __init__(self, name, module, task):
        super().__init__(name, module, task, "predict_proba")
        X, _ = task.rows
        self._call = self.call_for(task.estimator(module).fit(*task.rows), X[:1])

    def call_for(self, model, row):
        return lambda: model.predict_proba(row)

    def work(self, n):
        call = self._call
        for _ in range(n):
            self._found = call()

    def parameters(self):
        return {"probabilities": np.ravel(self._found)}


class ToGoal:
    """Steps are ways to a cost, from one start that leads there after the other.

    `way(seed)` is a function that goes it, or None where the cost is not reached.
    """

    flops, by_difference = 0, False

    def __init__(self, name, note, goal, way):
        ways = [found for seed in range(goal.seeds) if (found := way(seed))]
        self.name, self.share, self._ways = name, len(ways) / goal.seeds, ways
        self.note = f"{note}; {len(ways)} of {goal.seeds} starts arrive"

    def reset(self):
        self._turn = 0

    def work(self, n):
        for _ in range(n):
            self._ways[self._turn % len(self._ways)]()
            self._turn += 1

    def parameters(self):
        return {"arrive": self.share}


class Arrived(Exception):
    """The cost that was to be reached is."""


def until_arrived(run):
    """way of ToGoal: run(seed) raises Arrived at the goal."""

    def go(seed):
        try:
            run(seed)
        except Arrived:
            return True
        return False

    return lambda seed: (lambda: go(seed)) if go(seed) else None
