"""The races between rivals, by name: which net, or which product, and what is timed."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benchmarks.tasks import PATTERNS, Goal, Task

SEED = 1


@dataclass(frozen=True)
class Net:
    """Sizes, data in the layouts in which users have them, and the start."""

    dims: tuple
    m: int
    dtype: str = "float64"
    learning_rate: float = 0.0075
    data: str = "normal"  # or "images", "digits"
    hidden: str = "relu"
    output: str = "sigmoid"
    batch: int | None = None  # examples of a step where not all take part
    keep_prob: float = 1.0

    def __str__(self):
        unlike = [self.hidden] * (self.hidden != "relu") + [self.output] * (
            self.output != "sigmoid"
        )
        return ", ".join(["-".join(map(str, self.dims)), f"m = {self.m}", self.dtype, *unlike])

    @cached_property
    def X(self):
        if self.data == "digits":
            return digits()[0].astype(self.dtype)
        generator = np.random.default_rng(3)
        if self.data == "images":  # reshape(m, -1).T, as in the assignment: an image is contiguous
            return generator.random((self.m, self.dims[0])).astype(self.dtype).T
        return generator.standard_normal((self.dims[0], self.m)).astype(self.dtype)

    @cached_property
    def classes(self):
        if self.data == "digits":
            return digits()[1].ravel()
        return np.arange(self.m) * 7 % 13 % self.dims[-1]

    @cached_property
    def Y(self):
        if self.output == "softmax":
            return (np.arange(self.dims[-1])[:, None] == self.classes).astype(self.dtype)
        labels = np.arange(self.dims[-1] * self.m).reshape(self.dims[-1], self.m)
        return (labels * 7 % 13 % 2).astype(self.dtype)  # of both kinds, however few there are

    @property
    def settled(self):
        """Iterations after which a run on data that do not change has what it prepares for the
        others: ffnn multiplies X^T X where m < n_x, at about iteration m / (2 n_1)."""
        return 2 + (self.m // (2 * self.dims[1]) + 1 if self.m < self.dims[0] else 0)

    @property
    def rows(self):
        """X and Y with an example in each row, contiguous: what everybody else wants."""
        return np.ascontiguousarray(self.X.T), np.ascontiguousarray(self.Y.T)

    @cached_property
    def start(self):
        """The parameters that L_layer_model begins with, in the type of the run."""
        generator = np.random.RandomState(SEED)
        parameters = {}
        for layer, (n_prev, n) in enumerate(zip(self.dims, self.dims[1:]), 1):
            W = generator.randn(n, n_prev) / np.sqrt(n_prev)
            parameters[f"W{layer}"] = W.astype(self.dtype)
            parameters[f"b{layer}"] = np.zeros((n, 1), self.dtype)
        return parameters

    def flops(self, with_dA0):
        """Of the products of one step: forward and dW in every layer, dA where it is wanted."""
        layers = [n_prev * n for n_prev, n in zip(self.dims, self.dims[1:])]
        return 2 * self.m * (3 * sum(layers) - (0 if with_dA0 else layers[0]))


def digits():
    """(X, labels): the 1,797 handwritten digits that come with ffnn."""
    from ffnn.datasets import load_digits

    return load_digits()


@dataclass(frozen=True)
class Square:
    """A product of two square matrices in C order."""

    n: int
    dtype: str

    def __str__(self):
        return f"{self.n} x {self.n} by {self.n} x {self.n}, {self.dtype}"

    @cached_property
    def matrices(self):
        generator = np.random.default_rng(3)
        return [generator.standard_normal((self.n, self.n)).astype(self.dtype) for _ in range(2)]

    settled = 0  # nothing is prepared

    @cached_property
    def start(self):
        return {"C": np.zeros((self.n, self.n), self.dtype)}

    @property
    def flops(self):
        return 2 * self.n**3


@dataclass(frozen=True)
class Kind:
    """What is timed, and how well the results of some steps must agree with ffnn's, relatively.

    A wrong divisor or rate is above 1e-1.
    """

    title: str
    least_sample: float = 0.03  # seconds
    float32: float = 1e-3
    float64: float = 1e-8
    most_rounds: int | None = None
    compared: int = 3  # steps, before results are compared


KINDS = {
    "calls": Kind("a step: forward, cost, backward, update", least_sample=0.02),
    "lean": Kind("the same without dA0", least_sample=0.02),
    "gradients": Kind("a cost and its gradients by one call", least_sample=0.02),
    "run": Kind("an iteration of a whole training run"),
    "plain": Kind("an iteration that reads X, as in mini-batch training"),
    "whole": Kind("2,500 iterations and what it takes to begin", most_rounds=3),
    "square": Kind("a product"),
    "adam": Kind("a step of Adam"),
    "epoch": Kind("an epoch of Adam in shuffled mini-batches of 64"),
    "dropout": Kind("a step that keeps 80 % of the hidden units"),
    # Here results are a score, the last loss and the number of epochs.
    "fit": Kind("a fit", float32=0.02, float64=0.01, most_rounds=5, compared=1),
    "grid": Kind("24 candidates x 5 folds", float64=0.01, most_rounds=3, compared=1),
    "partial_fit": Kind("1,000 calls of partial_fit, 32 rows each", most_rounds=5, compared=1),
    "one_row": Kind("predict_proba of one row"),
    "one_column": Kind("the same by ffnn.predict_proba"),
    "exports": Kind("one example, by each way to ask a trained net", float32=1e-5, compared=1),
    "lbfgs": Kind("fits by L-BFGS", float64=0.02, most_rounds=7, compared=1),
    "goal": Kind("from a start to a cost", least_sample=0.2, float64=0.34, compared=1),
}


@dataclass(frozen=True)
class Race:
    """One net, one product or one task, and one kind of work."""

    net: Net | Square | Task | Goal
    kind: str
    shows_flops: bool = False
    shows_floor: bool = False  # the time that products at the peak and activations alone take
    extra: bool = False  # takes minutes: only where it is asked for
    member_of: str | None = None  # of a set, which is run and told as one race

    @property
    def title(self):
        return f"{KINDS[self.kind].title}; {self.net}"

    @property
    def agreement(self):
        return getattr(KINDS[self.kind], self.net.dtype)


def dense(m, **options):
    options = {"learning_rate": 0.05} | options
    return Net((784, 512, 256, 10), m, "float32", **options)


def narrow(dims, m, dtype="float32"):
    """A tabular net, and all its examples in each step of Adam."""
    output = "softmax" if dims[-1] > 1 else "sigmoid"
    net = Net(dims, m, dtype, learning_rate=0.001, hidden="tanh", output=output)
    return Race(net, "adam", shows_flops=True, shows_floor=True)


def fit(data, hidden=(100,), dtype="float64", **options):
    return Race(Task(data, hidden, dtype, options), "fit", extra=True)


def lbfgs(data, hidden, starts, **more):
    options = {"activation": "tanh", "solver": "lbfgs", "max_iter": 200}
    return Race(Task(data, hidden, options=options, starts=starts), "lbfgs", **more)


TINY = Net((5, 4, 3, 1), 4)
SMALL = Net((2, 4, 1), 400)
WIDE = Net((12288, 20, 7, 5, 1), 209, data="images")
MOONS = Net((2, 5, 2, 1), 300, hidden="tanh", batch=64)
DIGITS = Net((64, 32, 10), 1797, data="digits", output="softmax")
DIGITS_TASK = Task("digits", options={"max_iter": 5})
BATCH_128 = dense(128, output="softmax", learning_rate=0.001)

RACES = {
    "calls-tiny": Race(TINY, "calls"),
    "calls-small": Race(SMALL, "calls"),
    "calls-wide": Race(WIDE, "calls", shows_flops=True),
    "lean-wide": Race(WIDE, "lean", shows_flops=True),
    "calls-256": Race(dense(256), "calls", shows_flops=True),
    "lean-256": Race(dense(256), "lean", shows_flops=True),
    "gradients-tiny": Race(TINY, "gradients"),
    "gradients-digits": Race(DIGITS, "gradients", shows_flops=True),
    "run-tiny": Race(TINY, "run"),
    "run-small": Race(SMALL, "run"),
    "run-wide": Race(WIDE, "run", shows_flops=True),
    "whole-wide": Race(WIDE, "whole", extra=True),
    "run-64": Race(dense(64), "run", shows_flops=True),
    "run-256": Race(dense(256), "run", shows_flops=True),
    "dense-64": Race(dense(64), "plain", shows_flops=True),
    "dense-256": Race(dense(256), "plain", shows_flops=True),
    "dense-1024": Race(dense(1024), "plain", shows_flops=True),
    "adam-128": Race(BATCH_128, "adam", shows_flops=True),
    "narrow-4": narrow((4, 32, 16, 4), 10_000),
    "narrow-8": narrow((8, 128, 32, 1), 20_000),
    "narrow-20": narrow((20, 64, 64, 1), 20_000, "float64"),
    "narrow-100": narrow((100, 100, 10), 20_000),
    "dropout-128": Race(
        replace(BATCH_128, keep_prob=0.8, learning_rate=0.05), "dropout", shows_flops=True
    ),
    "moons-epoch": Race(MOONS, "epoch"),
    **{
        f"square-{n}-{dtype}": Race(Square(n, dtype), "square", shows_flops=True)
        for dtype in ("float32", "float64")
        for n in (512, 1024, 2048)
    },
    **{
        f"fit-default-{data}": Race(Task(data), "fit", member_of="fit-default") for data in PATTERNS
    },
    "fit-rows": fit("rows", (128, 32), batch_size=70, max_iter=2),
    "fit-wide": fit("wide", dtype="float32", max_iter=3),
    "fit-small": fit("small", (64, 64), max_iter=20),
    "fit-sparse": fit("sparse", (64,), max_iter=2),
    "grid": Race(Task("breast_cancer", options={"max_iter": 50}), "grid", extra=True),
    "partial": Race(DIGITS_TASK, "partial_fit"),
    "one-row": Race(DIGITS_TASK, "one_row"),
    "one-row-function": Race(DIGITS_TASK, "one_column"),
    "one-row-exports": Race(Net((64, 100, 10), 1, "float32", output="softmax"), "exports"),
    "lbfgs-iris": lbfgs("iris", (10,), 5),
    "lbfgs-wine": lbfgs("wine", (10,), 5),
    "lbfgs-digits": lbfgs("digits", (100,), 1, extra=True),
    "lm-sine": Race(Goal("sine", (1, 5, 1), 0.002, seeds=30), "goal", extra=True),
    "lm-sinc": Race(Goal("sinc", (1, 20, 1), 3e-7, most_epochs=0), "goal", extra=True),
    "lm-cancer": Race(
        Goal("breast_cancer", (30, 5, 5, 2), 1e-3, output="softmax", most_epochs=3000),
        "goal",
        extra=True,
    ),
    "lm-diabetes": Race(Goal("diabetes", (10, 15, 1), 0.3, most_epochs=3000), "goal", extra=True),
}
SETS = {"fit-default": "fits with default parameters, the geometric mean over 13 data sets"}
