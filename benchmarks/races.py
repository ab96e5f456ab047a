"""The races between rivals, by name."""

from dataclasses import dataclass, replace

from benchmarks.nets import Net, Square

TINY = Net((5, 4, 3, 1), 4)
SMALL = Net((2, 4, 1), 400)
WIDE = Net((12288, 20, 7, 5, 1), 209, images=True)
MOONS = Net((2, 5, 2, 1), 300, hidden="tanh", batch=64)


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


KINDS = {
    "calls": Kind("a step: forward, cost, backward, update", least_sample=0.02),
    "lean": Kind("the same without dA0", least_sample=0.02),
    "run": Kind("an iteration of a whole training run"),
    "plain": Kind("an iteration that reads X, as in mini-batch training"),
    "whole": Kind("2,500 iterations and what it takes to begin", most_rounds=3),
    "square": Kind("a product"),
    "adam": Kind("a step of Adam, softmax"),
    "epoch": Kind("an epoch of Adam in shuffled mini-batches of 64, tanh"),
    "dropout": Kind("a step that keeps 80 % of the hidden units, softmax"),
}


def dense(m, **options):
    options = {"learning_rate": 0.05} | options
    return Net((784, 512, 256, 10), m, "float32", **options)


@dataclass(frozen=True)
class Race:
    """One net, or one product, and one kind of work."""

    net: Net | Square
    kind: str
    shows_flops: bool = False
    extra: bool = False  # takes minutes: only where it is asked for

    @property
    def title(self):
        return f"{KINDS[self.kind].title}; {self.net}"

    @property
    def agreement(self):
        return getattr(KINDS[self.kind], self.net.dtype)


BATCH_128 = dense(128, output="softmax", learning_rate=0.001)
RACES = {
    "calls-tiny": Race(TINY, "calls"),
    "calls-small": Race(SMALL, "calls"),
    "calls-wide": Race(WIDE, "calls", shows_flops=True),
    "lean-wide": Race(WIDE, "lean", shows_flops=True),
    "calls-256": Race(dense(256), "calls", shows_flops=True),
    "lean-256": Race(dense(256), "lean", shows_flops=True),
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
    "dropout-128": Race(
        replace(BATCH_128, keep_prob=0.8, learning_rate=0.05), "dropout", shows_flops=True
    ),
    "moons-epoch": Race(MOONS, "epoch"),
    **{
        f"square-{n}-{dtype}": Race(Square(n, dtype), "square", shows_flops=True)
        for dtype in ("float32", "float64")
        for n in (512, 1024, 2048)
    },
}
