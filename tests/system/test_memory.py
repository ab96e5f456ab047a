"""How much memory a call or a run takes beyond what it is given and what it returns."""

import os

import pytest

from calls import output_of

pytestmark = [
    pytest.mark.process,
    pytest.mark.slow,
    pytest.mark.once,
    pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="reads Linux's /proc"),
    pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="counts its shadow too"),
]

GROWN = """
from pathlib import Path
import numpy as np
import ffnn
from calls import arrays, trainer_of
from support import network

dims, m = [784, 512, 256, 10], {m}
rng = np.random.default_rng(0)
X = rng.random((784, m), np.float32)
Y = np.eye(10, dtype=np.float32)[:, rng.integers(0, 10, m)]
parameters = network(rng, dims, np.float32)
options = {{"output_activation": "softmax"}}

def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))

def grown(work):
    before = resident("VmRSS:")
    Path("/proc/self/clear_refs").write_text("5")  # the greatest so far is what there is now
    result = work()
    return (resident("VmHWM:") - before) / 2**20, result

def step():
    AL, caches = ffnn.L_model_forward(X, parameters, **options)
    return AL, caches, ffnn.L_model_backward(AL, Y, caches, **options)

def run(optimizer):
    trainer = trainer_of(X, Y, parameters, 0.01, optimizer=optimizer, **options)
    trainer.run(1)

def size_of_new(result):
    own = {{id(x): x.nbytes for x in arrays(result)}}
    for x in X, *parameters.values():
        own.pop(id(x), None)
    return sum(own.values()) / 2**20
"""


@pytest.mark.parametrize("optimizer", ["gd", "adam"])
def test_a_run_on_60000_examples_takes_64_mib_at_most(optimizer):
    """And no more than with a tenth of them: it goes from slab to slab."""
    work = f"print(grown(lambda: run({optimizer!r}))[0])"
    few, many = (float(output_of(GROWN.format(m=m) + work)) for m in (6_000, 60_000))
    assert 1 < many < 64 and abs(many - few) < 8


def test_calls_take_what_they_return():
    """And two buffers for the dZ of neighbouring layers meanwhile."""
    work = "taken, result = grown(step)\nprint(taken, size_of_new(result))"
    taken, new = map(float, output_of(GROWN.format(m=10_000) + work).split())
    buffers = 2 * 512 * 10_000 * 4 / 2**20
    assert new > 100 and taken < new + buffers + 8


def test_levenberg_marquardt_takes_what_its_docstring_says():
    """16 P^2 + 4,672 P bytes, of which the lower triangles are never touched: a matrix, and what
    the rows of a slab's Jacobian and of a block of the factor take."""
    dims, m = [50, 38, 1], 2_000
    P = 38 * 51 + 39
    work = f"""
more = {{"optimizer": "levenberg_marquardt", "hidden_activation": "tanh"}}
more |= {{"output_activation": "linear", "record_every": 3}}
X, Y = rng.standard_normal((50, {m})), rng.standard_normal((1, {m}))
ffnn.train(X, Y, [50, 1], num_epochs=3, seed=1, **more)
print(grown(lambda: ffnn.train(X, Y, {dims}, num_epochs=3, seed=1, **more))[0])
"""
    taken, stated = float(output_of(GROWN.format(m=10) + work)), (16 * P**2 + 4672 * P) / 2**20
    assert 0.5 * stated < taken < stated + 8
