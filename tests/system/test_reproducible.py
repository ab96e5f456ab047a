"""reproducible=True: one hash of whole trainings on every machine; how it is asked for."""

import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

import ffnn
from ffnn import _ffnn
from ffnn._randomness import PortableDraws

PROGRAM = Path(__file__).resolve().parents[1] / "core" / "core_check_hash.c"
EXPECTED = int(re.search(r"EXPECTED UINT64_C\((0x\w+)\)", PROGRAM.read_text())[1], 16)
WORD = 2**64 - 1
OUTPUTS = {
    "binary_cross_entropy": "sigmoid",
    "categorical_cross_entropy": "softmax",
    "mean_squared_error": "linear",
    "mean_absolute_error": "linear",
    "huber": "linear",
    "quantile": "linear",
    "half_squared_error": "linear",
    "poisson": "exp",
}


@pytest.fixture
def reproducible():
    """Sets it; what it was comes back."""
    before = ffnn.get_reproducible()
    yield ffnn.set_reproducible
    ffnn.set_reproducible(before)


# ---- the one hash --------------------------------------------------------------------------------


class Numbers:
    """The generator of core_check.c."""

    def __init__(self):
        self._drawn = 0

    def skip(self):
        self._drawn += 1

    def take(self, *shape):
        """From -1 to 1."""
        count = int(np.prod(shape))
        with np.errstate(over="ignore"):
            steps = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64)
            z = np.uint64(1) + steps * np.uint64(0x9E3779B97F4A7C15)
            z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
            z ^= z >> np.uint64(31)
        self._drawn += count
        return (2 * ((z >> np.uint64(11)) * 2.0**-53) - 1).reshape(shape)


def added(value, array):
    """The hash with the bits of an array's numbers."""
    bits = array.view(np.uint32 if array.dtype == np.float32 else np.uint64)
    for word in bits.ravel().tolist():
        value = (value ^ word) * 0x100000001B3 & WORD
        value ^= value >> 29
    return value


def trainings():
    """(dims, m, options), in the order of core_check_hash.c."""
    turn = 0
    for hidden in ffnn.activations():
        if hidden == "softmax":
            continue
        for optimizer in ffnn.optimizers():
            is_whole = optimizer in ("lbfgs", "levenberg_marquardt")
            cost = ffnn.costs()[turn % (3 if is_whole else len(ffnn.costs()))]
            options = {"hidden_activation": hidden, "optimizer": optimizer, "cost": cost}
            options["mini_batch_size"] = "all"
            if not is_whole:
                options["learning_rate"] = 2**-6
                options["clip_norm"] = 1 if turn % 3 else None
                if turn % 2:
                    options |= {"mini_batch_size": 16, "shuffle": False}
            yield (7, 13, 9, 3), 37, options
            turn += 1
    options = {"hidden_activation": "relu", "optimizer": "adam", "learning_rate": 2**-6}
    yield (
        (300, 70, 10),
        1100,
        options
        | {
            "cost": "categorical_cross_entropy",
            "mini_batch_size": "all",
        },
    )


def trained(numbers, real, dims, m, options):
    numbers.skip()  # core_check.c draws where an array is to lie
    X = numbers.take(dims[0], m).astype(real)
    numbers.skip()
    Y = (np.arange(dims[-1])[:, None] == np.arange(m) % dims[-1]).astype(real)
    given = {}
    for l, (n_prev, n) in enumerate(zip(dims, dims[1:]), 1):  # noqa: E741
        given[f"W{l}"] = (0.25 * numbers.take(n, n_prev)).astype(real)
        given[f"b{l}"] = (0.25 * numbers.take(n, 1)).astype(real)
    options = options | {"output_activation": OUTPUTS[options["cost"]], "lambd": 0.5}
    return ffnn.train(X, Y, parameters=given, num_epochs=3, reproducible=True, **options)[0]


def test_every_machine_has_one_hash():
    found = 0xCBF29CE484222325
    for real in np.float32, np.float64:
        numbers = Numbers()
        for dims, m, options in trainings():
            for array in trained(numbers, real, dims, m, options).values():
                found = added(found, array)
    assert hex(found) == hex(EXPECTED)


def test_what_is_drawn_has_one_hash(threads):
    """First weights, orders, masks and rates are of the run, too, and threads change nothing."""
    rng = np.random.RandomState(5)
    X, found = rng.random_sample((40, 1500)), 0xCBF29CE484222325
    Y = (X[:3] > 0.5).astype(float)
    for count in 1, 3:
        threads(count)
        for initialization in "assignment", "he", "xavier", "xavier_uniform", "lecun":
            parameters, history = ffnn.train(
                X,
                Y,
                [40, 33, 17, 3],
                seed=7,
                initialization=initialization,
                keep_prob=0.75,
                learning_rate=lambda epoch: ffnn.cosine_lr_decay(0.01, epoch, 3, 0.001),
                num_epochs=3,
                mini_batch_size=500,
                validation_fraction=0.1,
                reproducible=True,
            )
            for array in parameters.values():
                found = added(found, array)
            found = added(found, np.array(history["cost"] + history["val_cost"]))
    assert hex(found) == "0x7bf8758084fc166b"


# ---- draws ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_portable_draws_are_numpys_but_for_last_digits(seed):
    ours, numpys = np.random.RandomState(seed), np.random.RandomState(seed)
    draws = PortableDraws(ours)
    for shape in (3, 5), (1, 1), (2, 1), (40, 31), (1, 3):
        np.testing.assert_array_max_ulp(draws.randn(*shape), numpys.randn(*shape), 4)
    # Each number of the stream was read once.
    assert ours.random_sample() == numpys.random_sample()
    spread = draws.uniform(-0.3, 0.3, (50, 3))
    np.testing.assert_array_equal(spread, numpys.uniform(-0.3, 0.3, (50, 3)))


# ---- how it is asked for -------------------------------------------------------------------------


FORWARD = """
import numpy as np, ffnn
rng = np.random.default_rng(7)
W = rng.standard_normal((70, 300))
A, _ = ffnn.linear_activation_forward(rng.random((300, 50)), W, W[:, :1], "sigmoid")
print(A.tobytes().hex())
"""


def output_of(**environment):
    run = subprocess.run(
        [sys.executable, "-c", FORWARD],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.strip() or run.stderr


@pytest.mark.process
def test_three_ways_lead_to_the_generic_set(reproducible):
    expected = output_of(FFNN_ISA="generic")
    assert output_of(FFNN_REPRODUCIBLE="1") == expected
    reproducible(True)
    assert _ffnn.config()["isa"] == "generic"
    assert ffnn.get_reproducible() is _ffnn.config()["reproducible"] is True
    with redirect_stdout(StringIO()) as printed:
        exec(FORWARD, {})
    assert printed.getvalue().strip() == expected
    reproducible(False)
    assert ffnn.get_reproducible() is _ffnn.config()["reproducible"] is False
    if _ffnn.config()["isa"] != "generic":
        assert output_of(FFNN_REPRODUCIBLE="0") != expected  # or this test shows nothing


@pytest.mark.process
def test_a_misspelt_environment_is_an_error():
    assert "FFNN_REPRODUCIBLE=yes: must be 1 or 0" in output_of(FFNN_REPRODUCIBLE="yes")


def test_what_it_refuses():
    with pytest.raises(TypeError, match="^set_reproducible: reproducible must be True or False"):
        ffnn.set_reproducible(1)
    with pytest.raises(TypeError, match="^train: reproducible must be True, False or None"):
        ffnn.train([[0.0, 1.0]], [[0, 1]], [1, 1], reproducible="yes")


def test_a_run_keeps_what_it_began_with(reproducible):
    X = np.random.RandomState(1).random_sample((5, 90))
    options = {"seed": 3, "num_epochs": 4, "hidden_activation": "tanh"}

    def run(on, **more):
        reproducible(on)
        switch = {"callback": lambda info: reproducible(not on)} if more.pop("turns", 0) else {}
        return ffnn.train(X, X[:1] > 0.5, [5, 20, 1], **options, **switch, **more)[0]

    for key, value in run(True).items():
        np.testing.assert_array_equal(run(False, reproducible=True)[key], value)
        np.testing.assert_array_equal(run(True, turns=True)[key], value)
        np.testing.assert_array_equal(run(True, reproducible=False)[key], run(False)[key])
