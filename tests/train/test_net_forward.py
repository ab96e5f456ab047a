"""Predictions slab by slab: the bits of L_model_forward, in memory that does not grow."""

import subprocess
import sys

import numpy as np
import pytest

import ffnn
from support import PEAK, has_peak, network

NETS = {
    "narrow": [10, 64, 1],
    "deep": [7, *[9] * 12, 3],
    "wide": [40, 700, 300, 5],
    "no hidden layer": [6, 2],
    "very wide": [3, 40000, 2],
}


@pytest.mark.parametrize(
    "name, m, output",
    [
        (name, m, output)
        for name in NETS
        for m in (1, 63, 513, 1500)
        for output in ("sigmoid", "softmax")
        if (name, m) != ("very wide", 1500) and (output != "softmax" or NETS[name][-1] > 1)
    ],
)
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_has_the_bits_of_the_forward_pass(rng, name, m, real, output):
    parameters = network(rng, NETS[name], real)
    X = rng.standard_normal((NETS[name][0], m)).astype(real)
    given = {"hidden_activation": "tanh", "output_activation": output}
    AL, _ = ffnn.L_model_forward(X, parameters, **given)
    before = ffnn.get_num_threads()
    try:
        for threads in (1, 2, 5):
            ffnn.set_num_threads(threads)
            for layout in (X, np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2]):
                found = ffnn.predict_proba(layout, parameters, **given)
                assert found.dtype == AL.dtype and (found == AL).all()
    finally:
        ffnn.set_num_threads(before)


@pytest.mark.parametrize("first_double", [1, 2, 3, 4])
def test_widens_where_a_layer_is_double(rng, first_double):
    parameters = network(rng, [5, 6, 7, 4], np.float32)
    for layer in range(first_double, 4):
        parameters[f"W{layer}"] = parameters[f"W{layer}"].astype(np.float64)
    X = rng.standard_normal((5, 1100)).astype(np.float32)
    AL, _ = ffnn.L_model_forward(X, parameters)
    for layout in X, np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1]:
        found = ffnn.predict_proba(layout, parameters)
        assert found.dtype == AL.dtype == (np.float32 if first_double == 4 else np.float64)
        assert (found == AL).all()


@has_peak
@pytest.mark.process
def test_memory_does_not_grow_with_the_examples():
    """A million examples on 10-64-1: the result's 8 MB, where hidden units would be 512."""
    text = """
import numpy as np, ffnn
parameters = ffnn.initialize_parameters_deep([10, 64, 1])
X = np.random.default_rng(0).standard_normal((10, 1_000_000))
ffnn.predict_proba(X[:, :1000], parameters)
before = peak()
ffnn.predict_proba(X, parameters)
print(peak() - before)
"""
    command = [sys.executable, "-c", PEAK + text]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 7 < float(run.stdout) < 24


def test_an_instruction_set_by_name(rng):
    """Of arrays, and of many integers, which are read in pieces."""
    parameters, net_output = network(rng, [300, 3, 2], np.float64), ffnn._ffnn.net_output
    X = rng.integers(0, 255, (300, 4000), dtype=np.uint8)
    sets = ffnn._ffnn.config()["available"]
    outputs = [net_output("own", X / 1.0, parameters, isa=isa) for isa in sets]
    for isa, AL in zip(sets, outputs):
        assert (net_output("own", X, parameters, isa=isa) == AL).all()
        np.testing.assert_allclose(AL, outputs[0], rtol=1e-9)
    assert (outputs[0] == outputs[-1]).all() == (sets[0] == sets[-1])
    assert (net_output("own", X, parameters) == ffnn.predict_proba(X, parameters)).all()
    with pytest.raises(ValueError, match="own: isa is 'sse9': "):
        net_output("own", X, parameters, isa="sse9")
    with pytest.raises(TypeError, match="own: isa must be a str, not int"):
        net_output("own", X, parameters, isa=9)
