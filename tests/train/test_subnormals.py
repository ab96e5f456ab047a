"""Training and predictions take subnormal numbers as 0, in all threads; Python does not."""

import os
import platform
import signal
import threading

import numpy as np
import pytest

import ffnn
from ffnn import _ffnn

ISA = _ffnn.config()["isa"]
FLUSHES = ISA != "generic" and platform.machine().lower() in ("x86_64", "amd64")


def keeps_subnormals():
    """Does this thread, as NumPy and Python count?"""
    tiny = np.full(3, 1e-40, np.float32)
    return bool((tiny * np.float32(0.5) > 0).all()) and 1e-310 * float(tiny[0] > 0) > 0


def trainer_of_tiny_numbers(real, m=1024, n_x=150, n_y=70, **options):
    """A linear net whose weights are 0 and whose gradients are products of two small numbers."""
    rng = np.random.default_rng(1)
    small = np.sqrt(float(np.finfo(real).tiny) / m)
    X = (small * rng.uniform(0.1, 0.5, (n_x, m))).astype(real)
    Y = (small * rng.uniform(0.1, 0.5, (n_y, m))).astype(real)
    options = {"output_activation": "linear", "cost": "half_squared_error", **options}
    run = _ffnn.Trainer("test", X, Y, (n_x, n_y), gram=False, **options)
    zero = {"W1": np.zeros((n_y, n_x), real), "b1": np.zeros((n_y, 1), real)}
    run.set(zero)
    return run, X, Y


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_every_thread_counts_as_its_caller_does(real, threads, count):
    """A run takes subnormal numbers as 0; a function of the assignment beside it does not."""
    threads(count)
    run, X, Y = trainer_of_tiny_numbers(real)
    zero = np.zeros((len(Y), 1), real)

    def product():
        Z, _ = ffnn.linear_forward(X, Y[:, : len(X)].copy(), zero)
        return Z

    for _ in range(3):
        assert (product() > 0).all()
        _, gradients = run.gradient(X, Y)
        assert (gradients["db1"] != 0).all(), "which are normal"
        assert (gradients["dW1"] == 0).all() if FLUSHES else (gradients["dW1"] < 0).all()
    assert keeps_subnormals()


@pytest.mark.parametrize(
    "way", ["run", "epoch", "shuffled", "step", "gradient", "measure", "shard"]
)
def test_each_way_leaves_python_as_it_was(real, way):
    run, X, Y = trainer_of_tiny_numbers(real, 64, 5, 3, bit_generator=np.random.PCG64(1))
    some = X[:, :20], Y[:, :20]
    {
        "run": lambda: run.run(3),
        "epoch": lambda: run.epoch(None, 16),
        "shuffled": lambda: run.shuffled(2, 16),
        "step": lambda: run.step(*some),
        "gradient": lambda: run.gradient(*some),
        "measure": lambda: run.measure(*some),
        "shard": lambda: run.shard(*some, 64),
    }[way]()
    assert keeps_subnormals()
    run.update(64)
    assert keeps_subnormals()


def test_gradients_of_one_call(real):
    run, X, Y = trainer_of_tiny_numbers(real, 64, 5, 3)
    linear = {"output_activation": "linear", "cost": "half_squared_error"}
    _, gradients = ffnn.cost_and_gradients(X, Y, run.parameters(), **linear)
    assert (gradients["dW1"] == 0).all() if FLUSHES else (gradients["dW1"] < 0).all()
    assert keeps_subnormals()


@pytest.mark.parametrize("m", [1, 3, 3000])
def test_predictions(real, m):
    """The functions of the assignment give what predict_proba and a predictor take as 0."""
    tiny = float(np.finfo(real).tiny)
    X = np.full((60, m), np.sqrt(tiny) / 100, real)
    parameters = {"W1": np.full((2, 60), np.sqrt(tiny) / 100, real), "b1": np.zeros((2, 1), real)}
    linear = {"output_activation": "linear"}
    AL, _ = ffnn.L_model_forward(X, parameters, **linear)
    assert ((AL > 0) & (AL < tiny)).all()
    for found in (
        ffnn.predict_proba(X, parameters, **linear),
        ffnn.predictor(parameters, **linear)(X),
    ):
        assert (found == (0 if FLUSHES else AL)).all()
    assert keeps_subnormals()


def test_whoever_computes_the_sums_counts_as_python_does(real):
    seen = []

    def sums(parameters, order, first, count):
        seen.append(keeps_subnormals())
        return [0.0], np.full_like(parameters, 1.5 * np.finfo(real).tiny)

    X, Y = np.broadcast_to(np.zeros((), real), (5, 64)), np.ones((3, 64), real)
    run = _ffnn.Trainer("test", X, Y, (5, 3), output_activation="linear", sums=sums,
                        learning_rate=0.1)  # fmt: skip
    run.set({"W1": np.zeros((3, 5), real), "b1": np.zeros((3, 1), real)})
    run.run(2)
    assert seen == [True, True] and keeps_subnormals()
    stepped = run.parameters()["W1"]
    assert (stepped == 0).all() if FLUSHES else (stepped < 0).all()


def test_a_source_is_read_as_python_counts(rng):
    seen = []

    class Rows:
        shape, dtype = (500, 6), np.dtype(np.float32)
        data = rng.normal(size=(500, 6)).astype(np.float32)

        def __getitem__(self, key):
            seen.append(keeps_subnormals())
            return self.data[key]

    ffnn.train(
        ffnn.rows(Rows()), rng.integers(0, 2, 500), [6, 4, 1], num_epochs=2, mini_batch_size=100,
        shuffle=False, seed=1,
    )  # fmt: skip
    assert len(seen) > 1 and all(seen) and keeps_subnormals()


def test_a_signal_finds_python_as_it_was(rng):
    """A handler that runs in the middle of a run, and what is left where it raises."""
    seen = []

    def press():
        threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()

    def handle(*_):
        seen.append(keeps_subnormals())
        if len(seen) == 2:
            raise InterruptedError
        press()

    X, Y = rng.normal(size=(50, 4000)), rng.normal(size=(20, 4000))
    run = _ffnn.Trainer("test", X, Y, (50, 100, 20), output_activation="linear", gram=False)
    run.set(ffnn.initialize_parameters_deep([50, 100, 20]))
    before = signal.signal(signal.SIGINT, handle)
    try:
        press()
        with pytest.raises(InterruptedError):
            run.run(10**7)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [True, True] and keeps_subnormals()
