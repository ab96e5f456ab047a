"""Every public function has a plain NumPy twin of the same name and the same arguments."""

import inspect

import pytest

import ffnn
import reference

ASSIGNMENT = """
    sigmoid relu sigmoid_backward relu_backward initialize_parameters initialize_parameters_deep
    linear_forward linear_activation_forward L_model_forward compute_cost linear_backward
    linear_activation_backward L_model_backward update_parameters two_layer_model L_layer_model
    predict load_data plot_costs print_mislabeled_images
""".split()


def test_star_hands_over_the_assignments_names_and_no_others():
    assert sorted(ffnn.__all__) == sorted(ASSIGNMENT)
    namespace = {}
    exec("from ffnn import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(ASSIGNMENT)


def callers_see(function):
    """The parameters but those that only say where and how much to draw."""
    parameters = inspect.signature(function).parameters
    return {n: p for n, p in parameters.items() if n not in ("figure", "limit")}


@pytest.mark.parametrize("name", sorted({*ffnn.__all__, *ASSIGNMENT}))
def test_has_a_twin(name):
    ours, twin = getattr(ffnn, name), getattr(reference, name, None)
    assert twin is not None, f"tests/reference.py has no {name}"
    assert inspect.getdoc(ours), f"{name} has no docstring"
    assert inspect.getdoc(twin), f"the twin of {name} has no docstring"

    ours, twin = callers_see(ours), callers_see(twin)
    assert list(ours) == list(twin)
    assert [p.default for p in ours.values()] == [p.default for p in twin.values()]


@pytest.mark.parametrize("name", ASSIGNMENT)
def test_arguments_go_by_position_and_by_keyword(name):
    """All but `seed`, `ax` and `input_gradient`, which the assignment doesn't know."""
    for parameter in callers_see(getattr(ffnn, name)).values():
        if parameter.name not in ("seed", "ax", "input_gradient"):
            assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD, parameter
