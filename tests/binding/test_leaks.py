"""Nothing leaks where a call has more to give back: deep nets, every keyword, all that a Trainer
takes. Beside reference counts and Python's blocks, what malloc has given."""

import ctypes
import gc
import os
import sys

import numpy as np
import pytest

import ffnn
from calls import mapped, objects, trainer_of
from support import network, numbers_of

pytestmark = [pytest.mark.slow, pytest.mark.once]

CALLS = 200
DIMS, M = [6, 5, 4, 3], 40
DEEP = [6, *[5] * 9, 3]  # more layers than plans have room for on the stack
DEEPEST = [6, *[3] * 65, 1]  # more than there are keys kept
MANY = 2600  # examples in shards
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


class Memory(ctypes.Structure):
    """glibc's struct mallinfo2."""

    _fields_ = [(name, ctypes.c_size_t) for name in "abcdefghij"]


def given_by_malloc():
    """Bytes that somebody has not given back, or 0 where nobody counts them."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (OSError, AttributeError):
        return 0
    ask.restype = Memory
    found = ask()
    return found.e + found.h  # hblkhd, uordblks


class Given:
    """What calls are given: made once, so that a reference too many can be counted."""

    def __init__(self):
        rng = np.random.default_rng(3)
        self.X = rng.standard_normal((DIMS[0], M))
        self.Y = np.eye(3)[:, rng.integers(0, 3, M)]
        self.classes = rng.integers(0, 3, M)
        self.weights = rng.random(M)
        self.order = rng.permutation(M)
        self.bits = np.random.MT19937(1)
        self.net = network(rng, DIMS, np.float64)
        self.deep, self.deepest = (network(rng, dims, np.float64) for dims in (DEEP, DEEPEST))
        hidden = ["tanh", *["relu"] * 8]  # of several names, which make a tuple
        self.knowing = ffnn.NetParameters(
            self.deep, hidden_activation=hidden, output_activation="softmax"
        )
        self.narrow = network(rng, DIMS, np.float32)
        self.narrow["W2"] = self.narrow["W2"].astype(np.float64)
        self.AL, self.caches = ffnn.L_model_forward(self.X, self.deep)
        self.grads = ffnn.L_model_backward(self.AL, self.Y, self.caches)
        self.many = rng.standard_normal((DIMS[0], MANY)), np.eye(3)[:, rng.integers(0, 3, MANY)]
        self.wide = {"W1": np.ones((9000, 6)), "b1": np.ones((9000, 1)),
                     "W2": np.ones((1, 9000)), "b2": np.ones((1, 1))}  # fmt: skip

        self.swapped = mapped(lambda x: x.astype(x.dtype.newbyteorder("S")), {
            "X": self.X, "Y": self.Y, "net": self.net, "AL": self.AL, "caches": list(self.caches),
            "grads": {name: x for name, x in self.grads.items() if "dA" not in name},
            "deep": self.deep,
        })  # fmt: skip

    def trainer(self, parameters=None, state=None, rate=0.01, **options):
        options = {"output_activation": "softmax", "bit_generator": self.bits, **options}
        parameters = self.net if parameters is None else parameters
        return trainer_of(self.X, self.Y, parameters, rate, state=state, **options)


def dropped(g):
    AL, caches = ffnn.L_model_forward(g.X, g.deep, keep_prob=0.9)
    ffnn.L_model_backward(AL, g.Y, caches, keep_prob=0.9)


def with_state(g, optimizer):
    rate = 0.0075 if optimizer in ("lbfgs", "levenberg_marquardt") else 0.01  # or there is none
    run = g.trainer(rate=rate, optimizer=optimizer)
    run.run(3, record=1)
    g.trainer(rate=rate, optimizer=optimizer, state=run.state())
    run.record_point()


def refused(call, error=ValueError):
    try:
        call()
    except error:
        return
    pytest.fail("nothing was refused")


def more_and_more_masks(g):
    run = g.trainer(keep_prob=0.5)
    for times in 1, 3:
        run.step(np.tile(g.X, times), np.tile(g.Y, times))


def with_numbers(g, edit=0):
    """The numbers of X in the place of X; with an edit in a way that is refused."""
    values, features, starts = numbers_of(g.X * (g.X > 1))
    sparse = (values, features + edit, starts)
    run = trainer_of(g.X, g.Y, g.net, 0.01, output_activation="softmax", sparse=sparse)
    run.epoch(g.order, 9)
    ffnn._ffnn.net_output("predict", g.X, g.net, sparse=sparse)
    ffnn._ffnn.sparse_cost_and_gradients(g.X, g.Y, g.net, sparse=sparse)


def with_starts(g, late):
    values, features, starts = numbers_of(g.X)
    trainer_of(g.X, g.Y, g.net, 0.01, sparse=(values, features, starts + late))


def shards_for_more_threads(g):
    X, Y = g.many
    run = trainer_of(X, Y, g.net, 0.01, output_activation="softmax")
    before = ffnn.get_num_threads()
    try:
        for threads in 2, 3:
            ffnn.set_num_threads(threads)
            run.run(1)
    finally:
        ffnn.set_num_threads(before)


def resized(g):
    Z, _ = ffnn.linear_forward(np.ones((2, 6000)), np.ones((2, 2)), np.ones((2, 1)))
    Z.resize((3, 6000), refcheck=False)


CALLED = {
    "deep forward": lambda g: ffnn.L_model_forward(g.X, g.deep),
    "deep forward that knows": lambda g: ffnn.L_model_forward(g.X, g.knowing),
    "deep backward": lambda g: ffnn.L_model_backward(g.AL, g.Y, g.caches),
    "deep backward of classes": lambda g: ffnn.L_model_backward(
        g.AL, g.classes, g.caches, output_activation="softmax", lambd=0.1
    ),
    "deep dropout": dropped,
    "deep update": lambda g: ffnn.update_parameters(dict(g.deep), g.grads, 0.1),
    "deep prediction": lambda g: ffnn.predict_proba(g.X, g.deep),
    "deep cost and gradients": lambda g: ffnn.cost_and_gradients(
        g.X, g.classes, g.knowing, sample_weight=g.weights, lambd=0.1
    ),
    "deep trainer": lambda g: g.trainer(g.deep).run(2),
    "deep trainer of lists": lambda g: g.trainer(
        g.deep, hidden_activation=["tanh"] * 9, keep_prob=[0.9] * 9
    ),
    "deepest forward": lambda g: ffnn.L_model_forward(g.X, g.deepest),
    "deepest prediction": lambda g: ffnn.predict_proba(g.X, g.deepest),
    "widened forward": lambda g: ffnn.L_model_forward(g.X.astype(np.float32), g.narrow),
    "widened prediction": lambda g: ffnn.predict_proba(g.X.astype(np.float32), g.narrow),
    "wide net": lambda g: ffnn.predict_proba(g.X, g.wide),
    "layer_activations": lambda g: ffnn._ffnn.layer_activations("f", g.knowing),
    "layer_dims": lambda g: ffnn._ffnn.layer_dims("f", g.deep),
    "cost with weights": lambda g: ffnn.compute_cost(g.AL, g.Y, sample_weight=g.weights),
    "cost that is known": lambda g: ffnn.compute_cost(
        g.AL, g.classes, parameters=g.knowing, lambd=0.1, sample_weight=g.weights
    ),
    "labels that are converted twice": lambda g: ffnn.compute_cost(
        g.AL.astype(np.float32), g.Y.tolist()
    ),
    "integers that are converted twice": lambda g: ffnn.sigmoid([[1, 2]] * 200),
    "swapped layer": lambda g: ffnn.linear_activation_forward(
        g.swapped["X"], g.swapped["net"]["W1"], g.swapped["net"]["b1"], "relu"
    ),
    "swapped layer backward": lambda g: ffnn.linear_activation_backward(
        g.swapped["AL"], g.swapped["caches"][-1], "sigmoid"
    ),
    "swapped linear backward": lambda g: ffnn.linear_backward(
        g.swapped["AL"], g.swapped["caches"][-1][0]
    ),
    "swapped elements": lambda g: ffnn.relu_backward(g.swapped["AL"], g.swapped["AL"]),
    "swapped forward": lambda g: ffnn.L_model_forward(g.swapped["X"], g.swapped["deep"]),
    "swapped backward": lambda g: ffnn.L_model_backward(
        g.swapped["AL"], g.swapped["Y"], g.swapped["caches"]
    ),
    "swapped update": lambda g: ffnn.update_parameters(
        dict(g.swapped["deep"]), g.swapped["grads"], 0.1
    ),
    "swapped prediction": lambda g: ffnn.predict_proba(g.swapped["X"], g.swapped["deep"]),
    "swapped cost and gradients": lambda g: ffnn.cost_and_gradients(
        g.swapped["X"], g.swapped["Y"], g.swapped["net"], sample_weight=g.weights.astype(">f8")
    ),
    "swapped trainer": lambda g: trainer_of(
        g.swapped["X"], g.swapped["Y"], g.swapped["net"], 0.01
    ).step(g.swapped["X"], g.swapped["Y"]),
    "ragged list": lambda g: refused(lambda: ffnn.sigmoid([[1.0], [1.0, 2.0]])),
    "ragged parameters": lambda g: refused(
        lambda: ffnn.L_model_forward(g.X, {**g.net, "b1": [[1.0], [1.0, 2.0]]})
    ),
    "class that is none": lambda g: refused(
        lambda: ffnn.cost_and_gradients(g.X, g.classes + 1, g.knowing)
    ),
    "resized result": resized,
    "trainer": lambda g: g.trainer().run(3),
    "trainer of several activations": lambda g: g.trainer(hidden_activation=["tanh", "elu"]),
    "trainer with a name": lambda g: g.trainer(input_name="W1 (5, 6), or something like it"),
    "trainer with weights": lambda g: g.trainer(sample_weight=g.weights).run(1),
    "trainer of classes": lambda g: trainer_of(
        g.X, g.classes, g.net, 0.1, output_activation="softmax"
    ).run(1),
    "trainer that is refused": lambda g: refused(lambda: g.trainer(gram=True, lambd=1.0)),
    "trainer whose shapes are refused": lambda g: refused(
        lambda: ffnn._ffnn.Trainer("f", g.X, g.Y, [6, 5, 4], bit_generator=g.bits)
    ),
    "trainer with sparse": with_numbers,
    "trainer with bad sparse": lambda g: refused(lambda: with_numbers(g, edit=99)),
    "trainer with late starts": lambda g: refused(lambda: with_starts(g, 1)),
    "trainer with adam's state": lambda g: with_state(g, "adam"),
    "trainer with momentum's state": lambda g: with_state(g, "momentum"),
    "trainer with lbfgs's state": lambda g: with_state(g, "lbfgs"),
    "trainer with a damping": lambda g: with_state(g, "levenberg_marquardt"),
    "trainer's state that is refused": lambda g: refused(
        lambda: g.trainer(state={"t": 1}, optimizer="adam"), KeyError
    ),
    "trainer's posterior": lambda g: trainer_of(
        g.X, g.Y, g.net, 0.0075, output_activation="linear", optimizer="levenberg_marquardt",
        bayesian=True,
    ).posterior(),
    "trainer's gram form": lambda g: g.trainer(gram=True).run(3),
    "trainer's epoch": lambda g: g.trainer().epoch(g.order, 16),
    "trainer's small epoch": lambda g: g.trainer(sample_weight=g.weights).epoch(None, 16),
    "trainer's shuffled": lambda g: g.trainer(keep_prob=0.5).shuffled(2, 16),
    "trainer's order that is refused": lambda g: refused(lambda: g.trainer().epoch(g.order + 1, 9)),
    "trainer's step": lambda g: g.trainer().step(g.X, g.classes, sample_weight=g.weights),
    "trainer's measure": lambda g: g.trainer().measure(g.X, g.Y, sample_weight=g.weights),
    "trainer's gradient": lambda g: g.trainer().gradient(g.X, g.Y, sample_weight=g.weights),
    "trainer's check": lambda g: g.trainer().check("a name", g.X, g.classes),
    "trainer's check that refuses": lambda g: refused(
        lambda: g.trainer().check("a name", g.X, g.Y[:, 1:])
    ),
    "trainer's masks": more_and_more_masks,
    "trainer's shards": shards_for_more_threads,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLED)
def test_nothing_leaks(name):
    """A call that keeps a reference, a block or 24 bytes of malloc's shows in hundreds of them."""
    given = Given()
    held = [x for value in vars(given).values() for x in objects(value)]
    held += [given.bits, given.knowing.hidden_activation]

    def some(times):
        for _ in range(times):
            CALLED[name](given)
        gc.collect()

    some(20)
    counts = [sys.getrefcount(x) for x in held]
    for _ in range(4):  # whatever is kept ready is made in the first of them
        blocks, taken = sys.getallocatedblocks(), given_by_malloc()
        some(CALLS)
        blocks, taken = sys.getallocatedblocks() - blocks, given_by_malloc() - taken
        assert [sys.getrefcount(x) for x in held] == counts
        if blocks < CALLS // 4 and (SANITIZED or taken < 24 * CALLS):
            return
    pytest.fail(f"{blocks} blocks and {taken} bytes more after {CALLS} calls")
