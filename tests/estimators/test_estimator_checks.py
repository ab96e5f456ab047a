"""What the core tells of each optimiser, against what it takes; weights that have no mean."""

import numpy as np
import pytest

import ffnn
from ffnn import _ffnn
from ffnn._pace import WHOLE

pytestmark = pytest.mark.once

# Every number of optimizers.def, as a Trainer takes it.
NUMBERS = {
    "beta": 0.5, "beta1": 0.5, "beta2": 0.5, "epsilon": 0.5, "weight_decay": 0.5,
    "history_size": 3, "tol": 0.5, "cost_tol": 0.5, "max_evaluations": 3, "bayesian": True,
}  # fmt: skip


def refusal(optimizer, **number):
    """The core's error for a number beside an optimiser, or nothing."""
    X = np.zeros((1, 2))
    try:
        _ffnn.Trainer("t", X, X, (1, 1), optimizer=optimizer, output_activation="linear", **number)
    except ValueError as error:
        return str(error)
    return ""


def test_the_core_tells_of_all_optimizers_and_numbers():
    rows = _ffnn.optimizer_rows()
    assert tuple(rows) == ffnn.optimizers()
    assert set().union(*(reads for _, reads in rows.values())) == NUMBERS.keys()


@pytest.mark.parametrize("name", ffnn.optimizers())
def test_the_core_tells_what_each_reads(name):
    refused = {key: refusal(name, **{key: value}) for key, value in NUMBERS.items()}
    takes_all, reads = _ffnn.optimizer_rows()[name]
    assert takes_all == bool(refusal(name, clip_norm=1.0))
    assert [key for key, text in refused.items() if not text] == list(reads)
    for key, text in refused.items():
        assert text.startswith(f"t: {key} goes with optimizer=") or not text


@pytest.mark.parametrize("method", [{"solver": "lbfgs"}, *({"optimizer": o} for o in WHOLE)])
@pytest.mark.parametrize("weight", [{}, {"class_weight": {0: 0, 1: 0}}])
@pytest.mark.filterwarnings("error")
def test_weights_that_have_no_mean(method, weight):
    model = ffnn.MLPClassifier(**method, **weight)
    weights = None if weight else [0.5, -0.5]
    with pytest.raises(ValueError, match="^MLPClassifier.fit: the weights of all rows, .* up to 0"):
        model.fit([[0.0], [1.0]], [0, 1], weights)
    assert not hasattr(model, "coefs_")
