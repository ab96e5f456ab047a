"""A call that raises has changed nothing; one that succeeds writes to nothing it was given, and
returns arrays of its own."""

import io
import itertools
import sys
import warnings

import numpy as np
import pytest

import bad_calls
import ffnn
from calls import FUNCTIONS, MODELS, arrays, call, good, mapped, objects, snapshot
from support import assert_same_bits

BY_NAME = {name: [bad for bad in bad_calls.ALL if bad.name == name] for name in FUNCTIONS}
BY_NAME |= {
    name: [bad for bad in bad_calls.ALL if bad.name == name]
    for name in ("initialize_parameters", "initialize_parameters_deep")
}


def random_state():
    kind, keys, *rest = np.random.get_state()
    return kind, keys.tobytes(), *rest


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_call_that_raises_changes_nothing(rng, capsys, name, order):
    assert BY_NAME[name]
    for bad in BY_NAME[name]:
        arguments = bad.arguments(rng, order=order)
        before, state = snapshot(arguments), random_state()
        with pytest.raises(bad.error):
            call(name, arguments)
        assert snapshot(arguments) == before, bad
        assert random_state() == state, bad
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_nothing_given_is_written_to(rng, real, capsys, name, order):
    arguments = mapped(np.array, good(name, rng, real, order))
    for x in arrays(arguments):
        x.flags.writeable = False
    if name == "update_parameters":  # the one function that re-binds: a dict of its own
        given, arguments["parameters"] = arguments["parameters"], dict(arguments["parameters"])
        before = snapshot([given, arguments["grads"]])
        call(name, arguments)
        assert snapshot([given, arguments["grads"]]) == before
    else:
        before = snapshot(arguments)
        call(name, arguments)
        assert snapshot(arguments) == before


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_never_alias(rng, real, capsys, name, order):
    """But for the callers' own objects in a cache; results don't share memory either."""
    arguments = good(name, rng, real, order)
    given = {id(x): x for x in arrays(arguments)}
    result = call(name, arguments)
    fresh = {id(x): x for x in arrays(result) if id(x) not in given}
    assert fresh
    for x in fresh.values():
        assert type(x) is np.ndarray and x.flags.writeable and x.flags.aligned
        assert not any(np.shares_memory(x, other) for other in given.values())
    for x, y in itertools.combinations(fresh.values(), 2):
        assert not np.shares_memory(x, y)


@pytest.mark.parametrize(
    ("name", "arrange"),
    [
        ("sigmoid_backward", lambda x: (x, x)),
        ("relu_backward", lambda x: (x, x)),
        ("linear_forward", lambda x: (x, x, x[:, :1])),
        ("compute_cost", lambda x: (x, x)),
        ("linear_backward", lambda x: (x, (x, x, x[:, :1]))),
        ("linear_activation_backward", lambda x: (x, ((x, x, x[:, :1]), x), "relu")),
        ("L_model_backward", lambda x: (x, x, [((x, x, x[:, :1]), x)])),
    ],
)
def test_the_same_array_for_several_arguments(rng, real, name, arrange):
    """Nothing relies on arguments being apart."""
    x = np.abs(rng.standard_normal((4, 4))).astype(real) / 9
    before = x.tobytes()
    same = arrays(getattr(ffnn, name)(*arrange(x)))
    apart = arrays(getattr(ffnn, name)(*mapped(np.copy, arrange(x))))
    for ours, expected in zip(same, apart, strict=True):
        assert_same_bits(ours, expected)
    assert x.tobytes() == before


# ---- update_parameters ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["dW1", "db1", "dW2", "db2", "dW3", "db3"])
@pytest.mark.parametrize("new", [None, "x", np.zeros((9, 9)), np.zeros((), "O"), [[1, 2], [3]]])
def test_one_bad_gradient_updates_nothing(rng, key, new):
    arguments = good("update_parameters", rng)
    before = snapshot(arguments)
    grads = {**arguments["grads"], key: new}
    with pytest.raises((TypeError, ValueError), match=key):
        ffnn.update_parameters(arguments["parameters"], grads, 0.1)
    grads.pop(key)
    with pytest.raises(KeyError, match=key):
        ffnn.update_parameters(arguments["parameters"], grads, 0.1)
    assert snapshot(arguments) == before


def test_the_same_dict_comes_back_bound_to_new_arrays(rng, real):
    parameters, grads, rate = good("update_parameters", rng, real).values()
    old, before = dict(parameters), snapshot(grads)
    bits = {key: value.tobytes() for key, value in old.items()}
    assert ffnn.update_parameters(parameters, grads, rate) is parameters
    assert list(parameters) == list(old)
    for key, value in parameters.items():
        assert value is not old[key] and not np.shares_memory(value, old[key])
        assert not np.shares_memory(value, grads["d" + key])
        assert old[key].tobytes() == bits[key] != value.tobytes()
    assert snapshot(grads) == before


# ---- warnings that are errors --------------------------------------------------------------------


@pytest.mark.parametrize("how", ["warnings", "errstate"])
def test_a_warning_that_raises_changes_nothing(rng, real, how):
    AL, Y, caches = good("L_model_backward", rng, real).values()
    AL = AL.copy()
    AL[0, 0] = 1 - Y[0, 0]  # confident and wrong, and not the sigmoid of the cached Z
    arguments = {"AL": AL, "Y": Y, "caches": caches}
    before = snapshot(arguments)
    error = RuntimeWarning if how == "warnings" else FloatingPointError
    with warnings.catch_warnings(), np.errstate(all="warn" if how == "warnings" else "raise"):
        warnings.simplefilter("error")
        with pytest.raises(error, match="divide by zero encountered in log"):
            ffnn.compute_cost(AL, Y)
        with pytest.raises(error, match="divide by zero encountered in divide"):
            ffnn.L_model_backward(**arguments)
    assert snapshot(arguments) == before
    with np.errstate(all="ignore"):
        assert ffnn.compute_cost(AL, Y) == np.inf


# ---- row 13: standard output ---------------------------------------------------------------------


class Broken(io.TextIOBase):
    """A stdout that takes so many writes, then fails."""

    def __init__(self, takes):
        self.takes, self.text = takes, []

    def write(self, text):
        if len(self.text) == self.takes:
            raise BrokenPipeError(32, "Broken pipe")
        self.text.append(text)
        return len(text)


@pytest.mark.parametrize("name", [*MODELS, "predict"])
@pytest.mark.parametrize("takes", [0, 1, 2])
def test_bad_input_13_broken_stdout(rng, monkeypatch, name, takes):
    """The exception comes through; whole lines were printed; nothing is lost or kept alive."""
    arguments = good(name, rng)
    if name == "predict":
        takes = 0
    else:
        arguments |= {"num_iterations": 500, "print_cost": True}
    before = snapshot(arguments)
    counts = [sys.getrefcount(x) for x in objects(arguments)]
    broken = Broken(takes)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", broken)
        with pytest.raises(BrokenPipeError):
            call(name, arguments)
    assert len(broken.text) == takes
    assert all(text.endswith("\n") and text.count("\n") == 1 for text in broken.text)
    assert snapshot(arguments) == before
    assert [sys.getrefcount(x) for x in objects(arguments)] == counts


@pytest.mark.parametrize("name", [*MODELS, "predict"])
def test_bad_input_13_closed_stdout(rng, monkeypatch, name):
    arguments = good(name, rng)
    if name != "predict":
        arguments["print_cost"] = True
    closed = io.StringIO()
    closed.close()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", closed)
        with pytest.raises(ValueError, match="closed file"):
            call(name, arguments)
        patch.setattr(sys, "stdout", None)  # as pythonw has it
        call(name, arguments)
