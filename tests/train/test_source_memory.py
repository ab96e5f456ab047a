"""What X takes in memory where it is not of the type that a run is computed in."""

import tracemalloc

import numpy as np
import pytest

import ffnn
import ffnn._reading
import ffnn._sources
from support import assert_same_dict

pytestmark = pytest.mark.once


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_integers_of_a_full_batch_are_never_floats_as_a_whole(rng, monkeypatch, optimizer):
    for module in ffnn._sources, ffnn._reading:
        monkeypatch.setattr(module, "PIECE", 1 << 14)
    X = rng.integers(0, 2, (20, 50_000), np.uint8)
    settings = {"mini_batch_size": "all", "num_epochs": 2, "seed": 1, "optimizer": optimizer}
    found = []
    for given in X.astype(float), X, np.asfortranarray(X):
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            found.append(ffnn.train(given, X[:1], [20, 4, 1], **settings))
            grown = tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()
        assert_same_dict(found[-1][0], found[0][0])
        assert found[-1][1] == found[0][1]
        assert grown < 8 * X.size / 3
