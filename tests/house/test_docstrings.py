"""The examples of every docstring run: those of the Python files and those written in C."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import ffnn

PUBLIC = sorted(ffnn.__all__)
# Their examples would need files, or matplotlib, an extra.
WITHOUT_EXAMPLE = {"load_data", "plot_costs", "print_mislabeled_images"}
MODULES = ["ffnn"] + sorted(
    module.name
    for module in pkgutil.walk_packages(ffnn.__path__, "ffnn.")
    if not module.name.endswith("__main__")
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
