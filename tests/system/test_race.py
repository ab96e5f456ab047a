"""`python -m ffnn`: the race against plain NumPy, which runs the same training, in short."""

import sys

import numpy as np
import pytest

import ffnn
from ffnn import __main__ as race

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("dims", "m"), race._NETS)
def test_both_train_the_same(dims, m):
    X, Y = race._data(dims, min(m, 200))
    assert X.shape == (dims[0], min(m, 200)) and Y.shape == (1, min(m, 200))
    theirs, cost = race.numpy_model(X, Y, dims, 7, seed=3)
    np.random.seed(3)
    beginning = ffnn.initialize_parameters_deep(dims)
    ours, history = ffnn.train(
        X, Y, parameters=beginning, learning_rate=race._RATE, num_epochs=7, optimizer="gd",
        mini_batch_size="all",
    )  # fmt: skip
    assert cost == pytest.approx(history["cost"][-1], rel=1e-9)
    for name, value in theirs.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-7, atol=1e-12)


def test_a_race_prints_a_line_for_each_net(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ffnn"])
    monkeypatch.setattr(race, "_SECONDS_A_NET", 0.3)
    monkeypatch.setattr(race, "_TURN", 0.002)
    race.main()
    printed = capsys.readouterr().out
    assert printed.startswith(f"ffnn {ffnn.__version__} ")
    lines = [line.split() for line in printed.splitlines() if line.endswith("times as fast")]
    assert [line[0] for line in lines] == ["5-4-3-1", "64-20-7-5-1"]
    for line in lines:
        ours, theirs = float(line[line.index("ffnn") + 1]), float(line[line.index("NumPy") + 1])
        assert 0 < ours and 0 < theirs
        assert float(line[-4]) == pytest.approx(theirs / ours, rel=0.1, abs=0.1)
