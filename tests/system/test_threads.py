"""Many Python threads at once: right results, each its own random numbers, the lock given away."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import ffnn
from calls import C_FUNCTIONS, arrays, call, good, trainer_of
from support import assert_same_bits, assert_same_dict


def at_once(work, count=16):
    """work(i) in so many threads that start together; the results in order."""
    barrier = threading.Barrier(count)

    def start(i):
        barrier.wait()
        return work(i)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def test_16_threads_on_shared_inputs(rng, real, restless):
    """Small calls, which keep the lock, and large ones, which give it away."""
    calls = [(name, good(name, rng, real, order)) for name in C_FUNCTIONS for order in "CF"]
    A, W = rng.standard_normal((70, 400)).astype(real), rng.standard_normal((60, 70)).astype(real)
    A, b = np.asfortranarray(A), np.ones((60, 1), real)
    large = {"A_prev": A, "W": W, "b": b, "activation": "sigmoid"}
    _, (linear, Z) = ffnn.linear_activation_forward(**large)
    calls += [
        ("linear_activation_forward", large),
        ("linear_activation_backward", {"dA": Z, "cache": (linear, Z), "activation": "relu"}),
        ("sigmoid", {"Z": Z}),
    ]

    def own(name, arguments):
        if name != "update_parameters":
            return arguments
        return {**arguments, "parameters": dict(arguments["parameters"])}

    expected = [arrays(call(name, own(name, given))) for name, given in calls]

    def work(i):
        for _ in range(20):
            for k in range(len(calls)):
                at = (k + i) % len(calls)
                name, given = calls[at]
                for x, y in zip(arrays(call(name, own(name, given))), expected[at], strict=True):
                    assert_same_bits(x, y, name)

    at_once(work)


@pytest.mark.parametrize("seeds", ["own", "same"])
def test_16_trainings_at_once_each_with_its_seed(rng, real, restless, seeds):
    """Seeding and drawing are one step, so each gets the draws of its own seed."""
    X, Y = rng.standard_normal((6, 400)).astype(real), rng.integers(0, 2, (1, 400))

    def train(i):
        seed = i if seeds == "own" else 1
        model = ffnn.L_layer_model if i % 2 else ffnn.two_layer_model
        return model(X, Y, [6, 11, 1], 0.1, 150, seed=seed)

    expected = [train(i) for i in range(16)]
    for (parameters, costs), (alone, alone_costs) in zip(at_once(train), expected, strict=True):
        assert_same_dict(parameters, alone)
        assert_same_bits(np.array(costs), np.array(alone_costs))


def test_one_trainer_serves_one_thread_at_a_time(rng, restless):
    """Others are turned away or wait; no iteration is lost and none is done twice."""
    X, Y = rng.standard_normal((60, 400)), rng.integers(0, 2, (1, 400))
    parameters = ffnn.initialize_parameters_deep([60, 40, 1])
    trainer = trainer_of(X, Y, parameters, 0.1)

    def work(_):
        done = 0
        for _ in range(20):
            try:
                trainer.run(2)
                done += 2
                trainer.parameters()
            except RuntimeError as error:
                if "another thread" not in str(error):
                    raise
        return done

    done = sum(at_once(work, 8))
    alone = trainer_of(X, Y, parameters, 0.1)
    alone.run(done)
    assert_same_dict(trainer.parameters(), alone.parameters())


def test_other_threads_run_meanwhile(rng):
    """The lock is free during a long run: a thread that only counts gets ahead."""
    X, Y = rng.standard_normal((3000, 200)), rng.integers(0, 2, (1, 200))
    parameters = ffnn.initialize_parameters_deep([3000, 100, 1])
    trainer = trainer_of(X, Y, parameters, 0.1, gram=False)
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0)

    thread = threading.Thread(target=count)
    thread.start()
    try:
        before = counted[0]
        trainer.run(60)
        during = counted[0] - before
    finally:
        stop.set()
        thread.join()
    assert during > 100
