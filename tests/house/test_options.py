"""csrc/options.def, and what follows it: signatures, docstrings, twins."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import ffnn
import reference_train
import reference_whole

OF_OPTIMIZERS = ("OPTIMIZER_NUMBER", "WHOLE_NUMBER")
TABLE = Path(__file__).resolve().parents[2] / "csrc" / "options.def"
pytestmark = [
    pytest.mark.skipif(not TABLE.exists(), reason="needs the source tree beside the tests"),
    pytest.mark.once,
]


def options():
    """{name: (macro, default)}, in the order of the table."""
    found = re.findall(r"^FFNN_(\w+)\((\w+),(?: [A-Z]+,)? ([^,)]+)", TABLE.read_text(),
                       re.MULTILINE)  # fmt: skip
    return {name: (macro, ast.literal_eval(default)) for macro, name, default in found}


def test_every_option_is_an_argument_of_train():
    """With the table's default, or with None and a docstring that tells it."""
    ours = inspect.signature(ffnn.train).parameters
    assert len(options()) > 10
    for name, (macro, default) in options().items():
        if name in ("learning_rate", "optimizer"):
            continue  # train has defaults of its own, which test_defaults holds
        if macro not in OF_OPTIMIZERS:
            assert ours[name].default == default, name
            continue
        assert ours[name].default is None, name
        told = re.search(rf"^ *(?:\w+, )*{name}\b.*None: (.*)", ffnn.train.__doc__, re.MULTILINE)
        assert told, name
        values = re.findall(r"[\d.e-]*\d|False", told[1])
        assert default in map(ast.literal_eval, values), name


def test_a_trainers_signature_is_the_table():
    ours = list(inspect.signature(ffnn._ffnn.Trainer).parameters.values())
    first = next(i for i, argument in enumerate(ours) if argument.kind is argument.KEYWORD_ONLY)
    table = {
        name: None if macro in OF_OPTIMIZERS else default
        for name, (macro, default) in options().items()
    }
    shown = {argument.name: argument.default for argument in ours[first : first + len(table)]}
    assert shown == table and list(shown) == list(table)
    assert list(options()) == re.findall(
        r"^FFNN_\w+\((\w+), [^)]*\)$", TABLE.read_text(), re.MULTILINE
    ), "a row that this test does not read"


def test_every_number_has_its_twin():
    numbers = {name: value for name, (macro, value) in options().items() if macro in OF_OPTIMIZERS}
    twins = {**reference_train.NUMBERS, **reference_whole.NUMBERS}
    assert numbers == {name: default for name, (default, _) in twins.items()}
