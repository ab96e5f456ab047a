"""The table of what each optimiser reads, against the core."""

import numpy as np
import pytest

import ffnn
from ffnn import _ffnn
from ffnn.estimators import _checks

pytestmark = pytest.mark.once

# Every number of optimizers.def, as a Trainer takes it.
NUMBERS = {
    "beta": 0.5, "beta1": 0.5, "beta2": 0.5, "epsilon": 0.5, "weight_decay": 0.5,
    "history_size": 3, "tol": 0.5, "max_evaluations": 3, "bayesian": True,
}  # fmt: skip


def refusal(optimizer, **number):
    """The core's error for a number beside an optimiser, or nothing."""
    X = np.zeros((1, 2))
    try:
        _ffnn.Trainer("t", X, X, (1, 1), optimizer=optimizer, output_activation="linear", **number)
    except ValueError as error:
        return str(error)
    return ""


def test_the_table_has_the_cores_optimizers():
    assert tuple(_checks._READS) == ffnn.optimizers()
    assert set().union(*_checks._READS.values()) == NUMBERS.keys()


@pytest.mark.parametrize("name", ffnn.optimizers())
def test_the_table_has_the_numbers_that_each_reads(name):
    refused = {key: refusal(name, **{key: value}) for key, value in NUMBERS.items()}
    assert {k for k, text in refused.items() if not text} == set(_checks._READS[name])
    for key, text in refused.items():
        assert text.startswith(f"t: {key} goes with optimizer=") or not text
