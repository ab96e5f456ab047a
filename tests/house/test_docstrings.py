"""The examples of every docstring run: those of the Python files and those written in C."""

import doctest
import importlib
import importlib.util
import inspect
import json
import pkgutil
import pydoc
import re

import pytest

import ffnn

PUBLIC = sorted(ffnn.__all__)
# Their examples would need files, or matplotlib, an extra.
WITHOUT_EXAMPLE = {"load_data", "plot_costs", "print_mislabeled_images"}
HAS_SKLEARN, HAS_DASK = (importlib.util.find_spec(name) for name in ("sklearn", "distributed"))
NAMES = dir(ffnn)
MODULES = ["ffnn"] + sorted(
    module.name
    for module in pkgutil.walk_packages(ffnn.__path__, "ffnn.")
    if not module.name.endswith("__main__")
    and (HAS_SKLEARN or "estimator" not in module.name)
    and (HAS_DASK or "dask" not in module.name)
)


def run(test):
    """Run one doctest; what differs is the failure's message."""
    said = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("name", PUBLIC)
def test_the_examples_of_a_public_function(name):
    text = getattr(ffnn, name).__doc__
    assert text, f"{name} has no docstring"
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert test.examples or name in WITHOUT_EXAMPLE, f"{name} shows no example"
    run(test)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name):
    for test in doctest.DocTestFinder().find(importlib.import_module(name)):
        run(test)


@pytest.mark.parametrize("name", PUBLIC)
def test_shift_tab_shows_the_arguments(name):
    assert inspect.signature(getattr(ffnn, name)).parameters


ROUTINES = [name for name in NAMES if inspect.isroutine(getattr(ffnn, name))]


@pytest.mark.parametrize("name", ROUTINES)
def test_help_opens_with_a_line_that_can_be_read(name):
    """Names and defaults; where they are many, the tables say each default, too."""
    function = getattr(ffnn, name)
    first = pydoc.plain(pydoc.render_doc(function)).split("\n\n")[1]
    # From Python 3.13 on a long signature has a line for each argument.
    is_spread = first.startswith(f"{name}(\n")
    shown = first[: first.index("\n)") + 2] if is_spread else first.split("\n    ")[0]
    shown = re.sub(r"\s+", " ", shown)
    assert shown.startswith(f"{name}(") and len(shown) < 800 and "_typing" not in shown
    signature = inspect.signature(function)
    assert shown.count("=") == sum(p.default is not p.empty for p in signature.parameters.values())
    if len(shown) < 250:
        return
    rows = rows_of(inspect.getdoc(function))
    for argument in signature.parameters.values():
        if argument.kind is argument.KEYWORD_ONLY:
            row = rows[argument.name]
            if type(argument.default) in (int, float, str):
                told = json.dumps(argument.default)
                assert re.search(rf"default {told}(\W|$)|^(as in|likewise)", row), argument.name


def rows_of(doc):
    """{argument: what its row says}, of tables of three columns."""
    rows, names = {}, []
    for line in doc.splitlines():
        found = re.match(r"([\w, ]+?)  +\S.*?  +(\S.*)$", line)
        if found and line[0] != " ":
            names = found[1].split(", ")
            rows |= dict.fromkeys(names, found[2])
        elif line.startswith(" " * 20):
            rows |= {name: f"{rows[name]} {line.strip()}" for name in names}
        else:
            names = []
    return rows


def test_examples_of_public_functions_import_no_private_module():
    for name in [*ROUTINES, "datasets", "coursera"]:
        for line in (inspect.getdoc(getattr(ffnn, name)) or "").splitlines():
            assert not re.match(r">>> (from|import) .*\b_\w+", line), f"{name}: {line}"


def test_help_of_the_module_shows_all_there_is():
    """The names that a star hands over with their docstrings, all others in the opening table."""
    text = pydoc.plain(pydoc.render_doc(ffnn))
    opening = text[: text.index("PACKAGE CONTENTS")]
    for name in NAMES:
        assert name == "__version__" or re.search(rf"\b{name}\b", opening), name
