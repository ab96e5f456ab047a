"""Many Python threads at once: right results, each its own random numbers, the lock given away."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import ffnn
from calls import C_FUNCTIONS, arrays, call, good, output_of, trainer_of
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


def test_an_order_may_be_changed_meanwhile(rng):
    """A run reads a copy: the array that it was given is anybody's while the lock is free."""
    m = 20_000
    X, Y = rng.standard_normal((60, m)), rng.integers(0, 2, (1, m))
    parameters = ffnn.initialize_parameters_deep([60, 80, 1])
    order, given = np.arange(m)[::-1].copy(), np.arange(m)[::-1].copy()
    run, alone = (trainer_of(X, Y, parameters, 0.1) for _ in range(2))
    begun, meanwhile = threading.Event(), threading.Event()

    def change():
        begun.set()
        time.sleep(0.01)
        given.fill(0)
        meanwhile.set()

    thread = threading.Thread(target=change)
    thread.start()
    begun.wait()
    cost = run.epoch(given, 50)
    assert meanwhile.wait(60)
    thread.join()
    assert cost == alone.epoch(order, 50)
    assert_same_dict(run.parameters(), alone.parameters())


TAKES_THE_LOCK = """
import numpy as np
import ffnn
from calls import C_FUNCTIONS, trainer_of
from support import network

n, m = 40, 3000
rng = np.random.default_rng(1)
X, Y = rng.standard_normal((n, m)), np.eye(n)[:, rng.integers(0, n, m)]
parameters = network(rng, [n, n, n], np.float64)
knows = {"output_activation": "softmax"}
AL, caches = ffnn.L_model_forward(X, parameters, **knows)
grads = ffnn.L_model_backward(AL, Y, caches, **knows)
(linear, Z), wide = caches[0], {"W1": np.ones((300, 300)), "b1": np.ones((300, 1))}
weights, order = rng.random(m), rng.permutation(m)
run = trainer_of(X, Y, parameters, 0.1, gram=True, bit_generator=np.random.MT19937(1), **knows)
calls = {
    "sigmoid": lambda: ffnn.sigmoid(X),
    "relu": lambda: ffnn.relu(X),
    "sigmoid_backward": lambda: ffnn.sigmoid_backward(X, X),
    "relu_backward": lambda: ffnn.relu_backward(X, X),
    "linear_forward": lambda: ffnn.linear_forward(*linear),
    "linear_activation_forward": lambda: ffnn.linear_activation_forward(*linear, "relu"),
    "L_model_forward": lambda: ffnn.L_model_forward(X, parameters),
    "compute_cost": lambda: ffnn.compute_cost(AL, Y, cost="mean_squared_error"),
    "linear_backward": lambda: ffnn.linear_backward(Z, linear),
    "linear_activation_backward": lambda: ffnn.linear_activation_backward(Z, caches[0], "relu"),
    "L_model_backward": lambda: ffnn.L_model_backward(AL, Y, caches, **knows),
    "update_parameters": lambda: ffnn.update_parameters(dict(wide), {"dW1": wide["W1"],
        "db1": wide["b1"]}, 0.1),
    "map": lambda: ffnn._ffnn.map("exp", X),
    "predict_proba": lambda: ffnn.predict_proba(X, parameters),
    "cost_and_gradients": lambda: ffnn.cost_and_gradients(X, Y, parameters, **knows),
    "run": lambda: run.run(2, record=1),
    "parameters": run.parameters,
    "state": run.state,
    "is_finite": run.is_finite,
    "record_point": run.record_point,
    "restore": run.restore,
    "measure": lambda: run.measure(X, Y, sample_weight=weights),
    "gradient": lambda: run.gradient(X, Y),
    "step": lambda: run.step(X, Y),
    "update": lambda: run.update(m),
    "epoch": lambda: run.epoch(order, 1000),
    "shuffled": lambda: run.shuffled(1, 1000),
}
assert calls.keys() >= set(C_FUNCTIONS)
for name, work in calls.items():
    print(name, flush=True)
    for _ in range(2):
        result = work()
        assert [object() for _ in range(100)] and "".join(["with", "the", "lock"])
        del result
print("done")
"""


@pytest.mark.process
def test_every_large_call_takes_the_lock_back():
    """Without it the first object that is made ends the process; the last name printed is it."""
    assert output_of(TAKES_THE_LOCK).endswith("done")
