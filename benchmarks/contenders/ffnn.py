"""ffnn itself."""

import ctypes
from contextlib import suppress
from functools import partial

import numpy as np

import ffnn
from benchmarks import limits
from benchmarks.contenders import (
    CostAndGradients,
    Fit,
    FourCalls,
    Grid,
    OneExample,
    OneRow,
    PartialFit,
    Product,
    ToGoal,
    WholeRun,
)

SEED = 1
RATES = (0.003, 0.01, 0.03, 0.1)  # of Adam: the best of them takes part
ALWAYS = 10**9  # epochs between record points of a run that is only timed


class Trained:
    """Iterations in a run's one call, with all examples."""

    by_difference = True

    def __init__(self, net, note, name="ffnn", **options):
        self.name, self.note = name, note
        self.flops = net.flops(with_dA0=False)
        self._net, self._options = net, options

    def reset(self):
        np.random.seed(SEED)

    def work(self, n):
        net = self._net
        source = np.random.get_bit_generator()
        trainer = ffnn._ffnn.Trainer(
            "run", net.X, net.Y, list(net.dims), learning_rate=net.learning_rate,
            hidden_activation=net.hidden,
            output_activation=net.output, bit_generator=source, **self._options,
        )  # fmt: skip
        trainer.set(net.start)
        with source.lock:
            trainer.run(n)
        self._parameters = trainer.parameters()

    def parameters(self):
        return self._parameters


class Epochs:
    """ffnn.train: a new order in each epoch; as in the course, the cost of every hundredth is kept.

    The rivals' loops never look at it.
    """

    name, note, by_difference = "ffnn", "train", True

    def __init__(self, net):
        self.flops = net.flops(with_dA0=False)
        self._net = net

    def reset(self):
        np.random.seed(SEED)

    def work(self, n):
        net = self._net
        self._parameters, _ = ffnn.train(
            net.X, net.Y, parameters=net.start, hidden_activation=net.hidden, optimizer="adam",
            learning_rate=net.learning_rate, mini_batch_size=net.batch, num_epochs=n,
            record_every=100,
        )  # fmt: skip

    def parameters(self):
        return self._parameters


def calls(net):
    return [FourCalls("ffnn", ffnn, net)]


def lean(net):
    return [FourCalls("ffnn", ffnn, net, with_dA0=False)]


def gradients(net):
    call = partial(
        ffnn.cost_and_gradients, net.X, net.Y, net.start,
        hidden_activation=net.hidden, output_activation=net.output,
    )  # fmt: skip
    return [
        CostAndGradients(
            "ffnn", "cost_and_gradients", net, call, lambda cost, g: {"cost": cost} | g
        )
    ]


def run(net):
    return [WholeRun("ffnn", ffnn, net, "L_layer_model", with_dA0=False)]


def plain(net):
    return [Trained(net, "X read in every iteration", gram=False)]


def square(net):
    zeros = np.zeros((net.n, 1), net.dtype)
    return [Product("ffnn", net, lambda W, A: ffnn.linear_forward(A, W, zeros)[0], "with a bias")]


def adam(net):
    return [Trained(net, "iterations of a run", optimizer="adam")]


def dropout(net):
    kept = Trained(net, "iterations of a run", gram=False, keep_prob=net.keep_prob)
    return [kept, Trained(net, "all units kept", "ffnn without", gram=False)]


def epoch(net):
    return [Epochs(net)]


# ---- a trained net, asked ------------------------------------------------------------------------


class CFile(OneExample):
    """to_c's function, called from C."""

    FLAGS = "-std=c99 -O3 -march=native"
    LOOP = """
        void many(long n, const float *x, float *y);
        void many(long n, const float *x, float *y)
        {
            for (; n > 0; n--) {
                net(x, y);
                __asm__ volatile("" ::: "memory");
            }
        }
    """

    def __init__(self, net, parameters):
        super().__init__("the C file", self.FLAGS, None)
        library = limits.compiled(ffnn.to_c(parameters).text + self.LOOP, self.FLAGS)
        self._x, self._found = net.rows[0][0], np.empty(net.dims[-1], np.float32)
        self._addresses = [ctypes.c_void_p(a.ctypes.data) for a in (self._x, self._found)]
        self._many = library.many

    def reset(self):
        self._found.fill(0)

    def work(self, n):
        self._many(ctypes.c_long(n), *self._addresses)


def exports(net):
    """The file is left out where there is no compiler for it."""
    activations = {"hidden_activation": net.hidden, "output_activation": net.output}
    parameters = ffnn.NetParameters(net.start, **activations)
    X, x, predict = net.X, net.rows[0][0], ffnn.predictor(parameters)
    found = [
        OneExample("ffnn", "predictor", lambda: predict(x)),
        OneExample("ffnn", "predict_proba", lambda: ffnn.predict_proba(X, parameters)),
    ]
    with suppress(OSError):
        found.append(CFile(net, parameters))
    return found


# ---- estimators ----------------------------------------------------------------------------------


def fit(task):
    return [Fit("ffnn", ffnn, task, "fit")]


def grid(task):
    return [Grid("ffnn", ffnn, task)]


def partial_fit(task):
    return [PartialFit("ffnn", ffnn, task, "partial_fit")]


def one_row(task):
    return [OneRow("ffnn", ffnn, task)]


class OneColumn(OneRow):
    def call_for(self, model, row):
        parameters, column = model.parameters_, row.T
        return lambda: ffnn.predict_proba(column, parameters)


def one_column(task):
    return [OneColumn("ffnn", ffnn, task)]


# ---- methods that take all examples --------------------------------------------------------------


class ByLBFGS:
    """ffnn.train from scikit-learn's starts, to its tolerance."""

    name, flops, by_difference = "ffnn", 0, False

    def __init__(self, task):
        X, y = task.rows
        self._X, self._y, self._task = np.ascontiguousarray(X.T), y, task
        self._Y = (np.unique(y)[:, None] == y).astype(float)
        runs = [self._run(seed, 1) for seed in range(task.starts)]
        evaluations = [history["evaluations"][-1] for _, history in runs]
        costs = [history["cost"][-1] for _, history in runs]
        self.note = lbfgs_note("train", evaluations, costs)

    def _run(self, seed, record_every):
        return ffnn.train(
            self._X, self._Y, parameters=self._task.first_parameters(seed), optimizer="lbfgs",
            hidden_activation="tanh", output_activation="softmax", lambd=1e-4, tol=1e-4,
            num_epochs=self._task.options["max_iter"], record_every=record_every,
        )  # fmt: skip

    def reset(self):
        pass

    def work(self, n):
        for _ in range(n):
            for seed in range(self._task.starts):
                self._parameters, _ = self._run(seed, ALWAYS)

    def parameters(self):
        AL = ffnn.predict_proba(self._X, self._parameters)
        return {"score": np.mean(np.unique(self._y)[AL.argmax(axis=0)] == self._y)}


def lbfgs_note(way, evaluations, costs):
    return f"{way}; {np.mean(evaluations):.0f} evaluations, cost {np.mean(costs):.2g}"


def lbfgs(task):
    return [ByLBFGS(task), Fit("ffnn", ffnn, task, "MLPClassifier")]


def goal(goal):
    """One after the other, since each takes long to make and a check needs the first alone."""
    by_train, in_core = partial(way_by_train, goal), partial(way_in_core, goal)
    found = [
        lambda: ToGoal("ffnn", "Levenberg-Marquardt, train", goal, by_train),
        lambda: ToGoal("ffnn", "the same in the core", goal, in_core),
        lambda: ToGoal("ffnn", "L-BFGS, train", goal, partial(by_train, optimizer="lbfgs")),
        lambda: by_adam(goal),
    ]
    for make in found if goal.most_epochs else found[:-1]:
        contender = make()
        if contender.share:
            yield contender


def by_adam(goal):
    rate = min(RATES, key=lambda rate: epochs_of_adam(goal, rate))
    way = partial(way_by_train, goal, **adam_at(goal, rate))
    return ToGoal("ffnn", f"Adam at {rate}, all examples a step", goal, way)


def epochs_to(goal, seed, optimizer="levenberg_marquardt", num_epochs=None, **options):
    """How many steps lead from that start to the cost, or None."""
    most = num_epochs or goal.most_iterations * (10 if optimizer == "lbfgs" else 1)
    _, history = ffnn.train(
        goal.X, goal.Y, parameters=goal.first_parameters(seed), optimizer=optimizer,
        num_epochs=most, **goal.activations, **options,
    )  # fmt: skip
    reached = np.flatnonzero(np.array(history["cost"]) <= goal.cost)
    return int(reached[0]) if reached.size else None


def adam_at(goal, rate):
    return {
        "optimizer": "adam", "learning_rate": rate, "mini_batch_size": "all",
        "num_epochs": goal.most_epochs,
    }  # fmt: skip


def epochs_of_adam(goal, rate):
    """The median over some starts."""
    found = [epochs_to(goal, seed, **adam_at(goal, rate)) for seed in range(3)]
    return np.median([np.inf if epochs is None else epochs for epochs in found])


def way_by_train(goal, seed, optimizer="levenberg_marquardt", **options):
    epochs = epochs_to(goal, seed, optimizer, **options)
    if epochs is None:
        return None
    fixed = {"parameters": goal.first_parameters(seed), "optimizer": optimizer}
    fixed |= goal.activations | options | {"num_epochs": epochs, "record_every": ALWAYS}
    return partial(ffnn.train, goal.X, goal.Y, **fixed)


def way_in_core(goal, seed):
    epochs, optimizer = epochs_to(goal, seed), "levenberg_marquardt"
    start = goal.first_parameters(seed)
    if epochs is None:
        return None

    def go():
        trainer = ffnn._ffnn.Trainer(
            "goal", goal.X, goal.Y, goal.dims, optimizer=optimizer, **goal.activations
        )
        trainer.set(start)
        trainer.run(epochs)

    return go
