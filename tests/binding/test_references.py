"""Nothing leaks: reference counts of all arguments, Python's own blocks, resident memory."""

import gc
import os
import sys

import numpy as np
import pytest

import bad_calls
import ffnn
from calls import C_FUNCTIONS, FUNCTIONS, call, good, objects, trainer_of

pytestmark = [pytest.mark.slow, pytest.mark.once]

CALLS = 1000
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")


@pytest.fixture(autouse=True, scope="module")
def only_what_is_new():
    """Keeps what is there out of the collections, which else would take longer than the calls."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def resident():
    """Bytes of memory this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def repeat(name, arguments, error=None, times=CALLS):
    """Call it so many times; update_parameters with a dict of its own each time."""
    for _ in range(times):
        fresh = arguments
        if name == "update_parameters" and isinstance(arguments["parameters"], dict):
            fresh = {**arguments, "parameters": dict(arguments["parameters"])}
        if error is None:
            call(name, fresh)
        else:
            try:
                call(name, fresh)
            except error:
                pass
            else:
                pytest.fail(f"{name} did not raise")


def assert_no_leak(name, arguments, real, error=None):
    held = [*objects(arguments)]
    # Held by much else too, so that only a count in the hundreds says something.
    shared = [np.dtype(real), np.dtype(np.int64), np.ndarray, ffnn._ffnn, *arguments]
    repeat(name, arguments, error, 20)  # whatever is kept ready is made the first time
    gc.collect()
    before, shared_before = ([sys.getrefcount(x) for x in y] for y in (held, shared))
    blocks = sys.getallocatedblocks()
    repeat(name, arguments, error)
    gc.collect()
    grown = sys.getallocatedblocks() - blocks
    assert [sys.getrefcount(x) for x in held] == before
    assert grown < CALLS // 4, f"{grown} blocks more after {CALLS} calls"
    for x, count in zip(shared, shared_before, strict=True):
        assert abs(sys.getrefcount(x) - count) < CALLS // 4, x


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", [*C_FUNCTIONS, "Trainer"])
def test_good_calls_leak_no_reference(rng, real, name, order):
    assert_no_leak(name, good(name, rng, real, order), real)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", [*C_FUNCTIONS, "Trainer"])
def test_converted_arguments_leak_no_reference(rng, name, order):
    """Lists, swapped bytes, types that differ: each makes a copy on the way."""
    arguments = good(name, rng, np.float32, order)

    def changed(value, kind):
        if isinstance(value, dict):
            return {key: changed(item, kind) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(changed(item, kind) for item in value)
        return kind(value) if isinstance(value, np.ndarray) else value

    flip = iter(range(10**6))
    for kind in (
        lambda x: x.astype(x.dtype.newbyteorder("S")),
        lambda x: x.astype(np.float64) if next(flip) % 2 else x,
        lambda x: x.tolist(),
        lambda x: np.abs(x).astype(np.uint8),
    ):
        with np.errstate(all="ignore"):  # probabilities of 0 and 1
            assert_no_leak(name, changed(arguments, kind), np.float32)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("key", ["W1", "b2", "W3"])
def test_a_net_that_widens_leaks_no_reference(rng, key, order):
    """From that layer on the activations are doubles: a copy on the way up, and on the way down."""
    arguments = good("L_model_forward", rng, np.float32, order)
    arguments["parameters"][key] = arguments["parameters"][key].astype(np.float64)
    assert_no_leak("L_model_forward", arguments, np.float32)
    AL, caches = ffnn.L_model_forward(**arguments)
    arguments = {"AL": AL, "Y": np.ones(AL.shape), "caches": caches}
    assert_no_leak("L_model_backward", arguments, np.float32)


@pytest.mark.parametrize(
    ("bad", "order"),
    [pytest.param(bad, "CF"[i % 2], id=str(bad)) for i, bad in enumerate(bad_calls.ALL)],
)
def test_bad_calls_leak_no_reference(rng, bad, order):
    """Every error path there is, in turns from either order."""
    assert_no_leak(bad.name, bad.arguments(rng, order=order), np.float64, bad.error)


@pytest.mark.parametrize("name", C_FUNCTIONS)
def test_wrong_arguments_leak_no_reference(rng, name):
    arguments = good(name, rng)
    values = list(arguments.values())
    function = getattr(ffnn, name)
    wrong = [
        ((), arguments | {"unknown": values}),
        ((*values, values), {}),
        (values, {next(iter(arguments)): values[0]}),
        (values[:-1], {}),
    ]
    held = list(objects(arguments))
    for args, keywords in wrong:
        before = [sys.getrefcount(x) for x in held]
        for _ in range(CALLS):
            try:
                function(*args, **keywords)
            except TypeError:
                continue
            pytest.fail("did not raise")
        assert [sys.getrefcount(x) for x in held] == before


def test_a_trainer_lets_go_of_its_data(rng):
    X, Y, parameters, rate = good("Trainer", rng).values()
    held = [X, Y, *parameters.values()]
    before = [sys.getrefcount(x) for x in held]
    trainer = trainer_of(X, Y, parameters, rate)
    assert [sys.getrefcount(x) for x in parameters.values()] == before[2:]  # copied
    trainer.run(3)
    del trainer
    gc.collect()
    assert [sys.getrefcount(x) for x in held] == before


@pytest.mark.process
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's /proc")
@pytest.mark.skipif(
    SANITIZED, reason="the sanitizer keeps freed memory, and looks for leaks itself"
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_resident_memory_does_not_grow(rng, real, capsys, name, order):
    """By an array of 64 KB a call, of which each result here holds at least one."""
    m, n = (200, 41) if name in ("Trainer", "two_layer_model", "L_layer_model") else (16384, 6)
    arguments = large(name, rng, real, n, m, order)
    repeats = 150

    def some():
        for _ in range(repeats):
            fresh = arguments
            if name == "update_parameters":
                fresh = {**arguments, "parameters": dict(arguments["parameters"])}
            call(name, fresh)

    some()
    gc.collect()
    before = resident()
    some()
    gc.collect()
    grown = resident() - before
    assert grown < repeats * 65536 / 4, f"{grown} bytes more after {repeats} calls"


def large(name, rng, real, n, m, order):
    """The good call with `n` units in each layer and `m` examples."""
    Z = np.array(rng.standard_normal((n, m)), real, order=order)
    A, Y = np.abs(Z) / 9, (Z > 0).astype(int)
    W, b = np.eye(n, dtype=real), np.ones((n, 1), real)
    parameters = {"W1": W, "b1": b, "W2": W, "b2": b}
    linear = A, W, b
    if name == "update_parameters":  # whose results have no examples
        parameters = {"W1": Z, "b1": b}
    run = {"X": Z, "Y": Y, "layers_dims": [n, n, n], "learning_rate": 0.1, "num_iterations": 2}
    return {
        "sigmoid": {"Z": Z},
        "relu": {"Z": Z},
        "sigmoid_backward": {"dA": A, "cache": Z},
        "relu_backward": {"dA": A, "cache": Z},
        "linear_forward": {"A": A, "W": W, "b": b},
        "linear_activation_forward": {"A_prev": A, "W": W, "b": b, "activation": "relu"},
        "L_model_forward": {"X": Z, "parameters": parameters},
        "compute_cost": {"AL": A + real(0.1), "Y": Y},
        "linear_backward": {"dZ": Z, "cache": linear},
        "linear_activation_backward": {"dA": A, "cache": (linear, Z), "activation": "sigmoid"},
        "L_model_backward": {"AL": A + real(0.1), "Y": Y, "caches": [(linear, Z), (linear, Z)]},
        "update_parameters": {
            "parameters": parameters,
            "grads": {"dW1": Z, "db1": b},
            "learning_rate": 0.1,
        },
        "Trainer": {"X": Z, "Y": Y, "parameters": parameters, "learning_rate": 0.1},
        "predict": {"X": Z, "y": Y, "parameters": parameters},
        "two_layer_model": run,
        "L_layer_model": run,
    }[name]
