"""Every public function has a plain NumPy twin of the same name and the same arguments."""

import inspect

import pytest

import ffnn
import reference

# The assignment's functions, and how many arguments it gives them.
ASSIGNMENT = {
    "sigmoid": 1,
    "relu": 1,
    "sigmoid_backward": 2,
    "relu_backward": 2,
    "initialize_parameters": 3,
    "initialize_parameters_deep": 1,
    "linear_forward": 3,
    "linear_activation_forward": 4,
    "L_model_forward": 2,
    "compute_cost": 2,
    "linear_backward": 2,
    "linear_activation_backward": 3,
    "L_model_backward": 3,
    "update_parameters": 3,
    "two_layer_model": 6,
    "L_layer_model": 6,
    "predict": 3,
    "load_data": 1,
    "plot_costs": 2,
    "print_mislabeled_images": 4,
}


def test_star_hands_over_the_assignments_names_and_no_others():
    assert sorted(ffnn.__all__) == sorted(ASSIGNMENT)
    namespace = {}
    exec("from ffnn import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(ASSIGNMENT)


def callers_see(function):
    """The parameters but those that only say where and how much to draw."""
    parameters = inspect.signature(function).parameters
    return {n: p for n, p in parameters.items() if n not in ("figure", "limit", "ax")}


@pytest.mark.parametrize("name", sorted({*ffnn.__all__, *ASSIGNMENT}))
def test_has_a_twin(name):
    ours, twin = getattr(ffnn, name), getattr(reference, name, None)
    assert twin is not None, f"tests/twins/reference.py has no {name}"
    assert inspect.getdoc(ours), f"{name} has no docstring"
    assert inspect.getdoc(twin), f"the twin of {name} has no docstring"

    ours, twin = callers_see(ours), callers_see(twin)
    assert list(ours) == list(twin)
    assert [p.default for p in ours.values()] == [p.default for p in twin.values()]


@pytest.mark.parametrize(
    "name",
    """
    cosine_lr_decay cost_and_gradients dictionary_to_vector gradient_check gradients_to_vector
    parameters_to_vector predict_classes predict_proba random_mini_batches schedule_lr_decay
    update_lr vector_to_dictionary vector_to_parameters
    """.split(),
)
def test_what_ffnn_adds_has_a_twin(name):
    ours, twin = (inspect.signature(getattr(module, name)) for module in (ffnn, reference))
    assert list(ours.parameters) == list(twin.parameters)
    defaults = [[p.default for p in of.parameters.values()] for of in (ours, twin)]
    assert defaults[0] == defaults[1]
    assert inspect.getdoc(getattr(ffnn, name)) and inspect.getdoc(getattr(reference, name))


@pytest.mark.parametrize("name", ASSIGNMENT)
def test_arguments_go_by_position_and_by_keyword(name):
    """What ffnn adds goes by keyword alone, behind all that the assignment knows; the L-layer
    model hands every other keyword on to train."""
    kinds = [parameter.kind for parameter in callers_see(getattr(ffnn, name)).values()]
    P = inspect.Parameter
    if name == "L_layer_model":
        assert kinds.pop() == P.VAR_KEYWORD
    assert set(kinds) <= {P.POSITIONAL_OR_KEYWORD, P.KEYWORD_ONLY} and kinds == sorted(kinds)
    assert kinds.count(P.POSITIONAL_OR_KEYWORD) == ASSIGNMENT[name]
