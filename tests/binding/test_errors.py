"""Errors: their kind, their words, and what is legal beside them. A number in a test's name is the
row of the list of bad inputs that it holds; rows 3, 4, 6, 7 and 13 are held by the tests of
layouts, values, allocation and processes."""

import fractions
import itertools
import re
import sys
import threading
import time

import numpy as np
import pytest

import bad_calls
import ffnn
import reference
from calls import C_FUNCTIONS, EXAMPLES, MODELS, call, good, mapped, paths, replaced
from support import assert_same_bits, assert_same_dict


def check(bad, rng, real=np.float64):
    """The error has the right kind, and says what it should."""
    arguments = bad.arguments(rng, real)
    with pytest.raises(bad.error) as caught:
        call(bad.name, arguments)
    assert re.search(bad.match, caught.value.args[0], re.DOTALL), caught.value.args[0]


def row(cases):
    return pytest.mark.parametrize("bad", cases, ids=str)


@row(bad_calls.SHAPES)
def test_bad_input_01_shapes(bad, rng, real):
    check(bad, rng, real)


@row(bad_calls.RANKS)
def test_bad_input_02_ndim(bad, rng):
    check(bad, rng)


# ---- row 5: sizes 0 and 1 ------------------------------------------------------------------------


@row(bad_calls.NO_EXAMPLES)
def test_bad_input_05_no_examples(bad, rng):
    check(bad, rng)


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("m", [0, 1])
def test_bad_input_05_sizes_that_are_legal(rng, real, capsys, n, depth, m):
    """No examples give empty results; no inputs give b in every column; no units, no rows."""
    A, W, b = (rng.standard_normal(s).astype(real) for s in ((depth, m), (n, depth), (n, 1)))
    Z, _ = ffnn.linear_forward(A, W, b)
    assert Z.shape == (n, m) and Z.dtype == real
    if depth == 0:
        assert_same_bits(Z, np.broadcast_to(b, (n, m)))
    for name in ffnn.activations():
        A, (_, Z_kept) = ffnn.linear_activation_forward(np.ones((depth, m), real), W, b, name)
        assert A.shape == Z_kept.shape == (n, m)
        if m > 0:
            cache = (np.ones((depth, m), real), W, b), Z_kept
            back = ffnn.linear_activation_backward(A, cache, name)
            assert [x.shape for x in back] == [(depth, m), (n, depth), (n, 1)]
    if m > 0:
        dA, dW, db = ffnn.linear_backward(Z, (np.ones((depth, m), real), W, b))
        assert dA.shape == (depth, m) and dW.shape == (n, depth) and db.shape == (n, 1)
    parameters = {"W1": W, "b1": b, "W2": np.ones((2, n), real), "b2": np.ones((2, 1), real)}
    X = np.ones((depth, m), real)
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert AL.shape == (2, m) and len(caches) == 2 and AL.dtype == real
    if n == 0:
        assert_same_bits(AL, np.broadcast_to(ffnn.sigmoid(parameters["b2"])[0], (2, m)))
    p = ffnn.predict(X, np.ones((2, m)), parameters)
    assert p.shape == (2, m) and p.dtype == np.float64 and (p == (AL > 0.5)).all()
    if m > 0:
        ours = ffnn.L_model_backward(AL, np.ones((2, m)), caches)
        twin = reference.L_model_backward(AL, np.ones((2, m)), caches)
        assert [(k, v.shape) for k, v in ours.items()] == [(k, v.shape) for k, v in twin.items()]
        for name, value in ours.items():
            np.testing.assert_allclose(value, twin[name], rtol=1e-5, atol=1e-6)
        ffnn.update_parameters(parameters, ours, 0.1)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (2, 0, 3), (1,), (1, 1), (2, 3, 4)])
def test_bad_input_05_activations_take_any_shape(real, shape):
    Z = np.full(shape, 2, real)
    for name in "relu", "sigmoid":
        A, _ = getattr(ffnn, name)(Z)
        assert type(A) is np.ndarray and A.shape == shape and A.dtype == real
        assert getattr(ffnn, f"{name}_backward")(A, Z).shape == shape


# ---- row 8: dicts --------------------------------------------------------------------------------


@row(bad_calls.DICTS)
def test_bad_input_08_dicts(bad, rng):
    check(bad, rng)


class Trap:
    """An array to NumPy, which empties a dict or a list the moment it is read."""

    def __init__(self, array, victim):
        self.array, self.victim = array, victim

    def __array__(self, dtype=None, copy=None):
        self.victim.clear()
        return self.array


def test_bad_input_08_a_dict_emptied_during_the_call(rng):
    """What counts is the snapshot that was taken at entry."""
    kept = good("L_model_forward", rng)
    X, parameters = kept.values()
    expected, _ = ffnn.L_model_forward(X, parameters)
    for key in ("W1", "b3", "W2"):
        emptied = dict(parameters)
        emptied[key] = Trap(parameters[key], emptied)
        assert_same_bits(ffnn.L_model_forward(X, emptied)[0], expected)
        assert emptied == {}
    emptied = dict(parameters)
    assert_same_bits(ffnn.L_model_forward(Trap(X, emptied), emptied)[0], expected)

    old, grads, rate = good("update_parameters", rng).values()
    emptied = dict(grads)
    emptied["dW2"] = Trap(grads["dW2"], emptied)
    updated = ffnn.update_parameters(dict(old), grads, rate)
    assert_same_dict(ffnn.update_parameters(dict(old), emptied, rate), updated)

    AL, Y, caches = good("L_model_backward", rng).values()
    grads = ffnn.L_model_backward(AL, Y, caches)
    emptied = list(caches)
    (A, W, b), Z = caches[2]
    emptied[2] = [[A, Trap(W, emptied), b], Z]
    assert_same_dict(ffnn.L_model_backward(AL, Y, emptied), grads)


def test_bad_input_08_a_dict_changed_by_another_thread(rng):
    """Right, or a KeyError; no mixture and no crash."""
    X, parameters = good("L_model_forward", rng).values()
    expected, _ = ffnn.L_model_forward(X, parameters)
    shared, stop = dict(parameters), threading.Event()

    def edit():
        while not stop.is_set():
            for key in ("W2", "b1", "W3"):
                value = shared.pop(key)
                shared["other"] = None
                shared[key] = value
                shared.pop("other")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=edit)
    thread.start()
    try:
        right, calls, deadline = 0, 0, time.monotonic() + 60
        while calls < 3000 or (right == 0 and time.monotonic() < deadline):
            calls += 1
            try:
                AL, _ = ffnn.L_model_forward(X, shared)
            except KeyError as error:
                if "parameters has no" not in error.args[0]:
                    raise
            else:
                assert_same_bits(AL, expected)
                right += 1
        assert right > 0
    finally:
        stop.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_bad_input_08_keys_that_are_nobodys_business(rng):
    X, parameters = good("L_model_forward", rng).values()
    expected, _ = ffnn.L_model_forward(X, parameters)
    odd = {"W0": None, "b0": 1, "W01": 2, "W1 ": 3, "w1": 4, "W": 5, "W-1": 6, "W1e9": 7, 3: 8,
           None: 9, ("W", 4): 10, "\ud800": 11, "W\u0664": 12, "dW1": 13, b"W4": 14,
           "W99999999999999999999": 15}  # fmt: skip
    assert_same_bits(ffnn.L_model_forward(X, {**odd, **parameters})[0], expected)

    class Parameters(dict):
        pass

    assert_same_bits(ffnn.L_model_forward(X, Parameters(parameters))[0], expected)


def test_bad_input_08_deep_nets_beyond_any_table(rng, real):
    """A hundred layers: keys are not only looked up among those kept ready; gaps are still seen."""
    layers = 100
    parameters = {}
    for number in range(1, layers + 1):
        parameters[f"W{number}"] = np.eye(3, dtype=real)
        parameters[f"b{number}"] = np.zeros((3, 1), real)
    X = np.abs(rng.standard_normal((3, 5))).astype(real)
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert len(caches) == layers
    assert_same_bits(AL, ffnn.sigmoid(X)[0])
    grads = ffnn.L_model_backward(AL, np.ones((3, 5)), caches)
    assert len(grads) == 3 * layers
    ffnn.update_parameters(parameters, grads, 0.1)
    parameters.pop("b70")
    with pytest.raises(KeyError, match="b70"):
        ffnn.L_model_forward(X, parameters)


# ---- rows 9, 10 ----------------------------------------------------------------------------------


@row(bad_calls.CACHES)
def test_bad_input_09_caches(bad, rng):
    check(bad, rng)


@row(bad_calls.NUMBERS)
def test_bad_input_10_numbers_and_names(bad, rng):
    check(bad, rng)


@pytest.mark.parametrize("rate", [0.5, 0, -1, np.float32(0.5), np.float64(0.5), np.int8(1),
                                  np.array(0.5), np.array(1), fractions.Fraction(1, 2),
                                  np.longdouble(0.5), np.float16(0.5)], ids=repr)  # fmt: skip
def test_bad_input_10_rates_that_are_good(rng, real, rate):
    arguments = good("update_parameters", rng, real)
    expected = ffnn.update_parameters(
        dict(arguments["parameters"]), arguments["grads"], float(rate)
    )
    arguments["learning_rate"] = rate
    assert_same_dict(ffnn.update_parameters(**arguments), expected)
    assert all(value.dtype == real for value in expected.values())


@pytest.mark.parametrize("name", MODELS)
def test_bad_input_10_integers_of_every_kind(rng, name):
    arguments = good(name, rng)
    expected, _ = getattr(ffnn, name)(**arguments)
    arguments["num_iterations"] = np.int64(3)
    arguments["layers_dims"] = np.array(arguments["layers_dims"], np.uint8)
    assert_same_dict(getattr(ffnn, name)(**arguments)[0], expected)
    parameters, costs = getattr(ffnn, name)(**{**arguments, "num_iterations": 0})
    assert costs == [] and list(parameters) == list(expected)


# ---- row 11: arguments, in the words of CPython, which the twin has from CPython itself ----------


def words(function, args, keywords):
    with pytest.raises(TypeError) as caught:
        function(*args, **keywords)
    return re.sub(r"\. Did you mean .*", "", str(caught.value))


@pytest.mark.parametrize("name", C_FUNCTIONS)
def test_bad_input_11_arguments(rng, name):
    arguments = good(name, rng)
    names, values = list(arguments), list(arguments.values())
    calls = [
        ((), {}),
        ((*values, None), {}),
        ((*values, None, None), {}),
        (values, {"unknown": 1}),
        (values, {names[0]: values[0]}),
        ((), {**arguments, "unknown": 1}),
        ((), {**arguments, "ünknown": 1}),
        ((None,), arguments),
        ((*values, None), {names[-1]: None}),
    ]
    calls += [(values[:i], {}) for i in range(len(values))]
    calls += [((), {n: v for n, v in arguments.items() if n != name}) for name in names]
    for args, keywords in calls:
        said = words(getattr(ffnn, name), args, keywords)
        assert said == words(getattr(reference, name), args, keywords)
    with pytest.raises(TypeError, match="keywords must be strings"):
        getattr(ffnn, name)(**{1: 2})


@pytest.mark.parametrize("name", C_FUNCTIONS)
def test_bad_input_11_every_way_to_pass_them(rng, name):
    """The first so many by position, the others by name in any order, the names not interned."""

    def call_as(args, keywords):
        fresh = {"".join(list(key)): value for key, value in keywords}
        return getattr(ffnn, name)(*mapped(np.copy, args), **mapped(np.copy, fresh))

    arguments = good(name, rng)
    names = list(arguments)
    first = snapshot_of(call_as(list(arguments.values()), []))
    for i in range(len(names)):
        for order in itertools.permutations(names[i:]):
            args = [arguments[n] for n in names[:i]]
            assert snapshot_of(call_as(args, [(n, arguments[n]) for n in order])) == first


def snapshot_of(result):
    return repr(mapped(lambda x: (x.dtype, x.shape, x.tobytes()), result))


def test_bad_input_11_near_names_are_suggested(rng):
    arguments = good("L_model_forward", rng)
    for wrong, near in ("paramters", "parameters"), ("x", "X"), ("Parameters", "parameters"):
        with pytest.raises(TypeError, match=rf"'{wrong}'\. Did you mean '{near}'\?"):
            ffnn.L_model_forward(arguments["X"], **{wrong: 1})
    with pytest.raises(TypeError, match=r"Did you mean 'learning_rate'\?"):
        ffnn.update_parameters(learningrate=1)
    with pytest.raises(TypeError) as caught:
        ffnn.update_parameters(banana=1)
    assert "mean" not in str(caught.value)
    with pytest.raises(TypeError, match="unexpected keyword"):
        ffnn.update_parameters(**{"\ud800": 1})


# ---- row 12: kinds of arrays ---------------------------------------------------------------------


@row(bad_calls.KINDS)
def test_bad_input_12_kinds(bad, rng):
    check(bad, rng)


@pytest.mark.parametrize("name", ["linear_forward", "L_model_forward", "compute_cost"])
def test_bad_input_12_what_makes_no_array(rng, name):
    """Ragged lists, objects whose __array__ fails, None: the argument is named."""
    arguments = good(name, rng)
    for path in paths(arguments):
        for value in [[1, 2], [3]], None, "abc", object(), {}, [None], [["a"]]:
            with pytest.raises((TypeError, ValueError)) as caught:
                call(name, replaced(arguments, path, value))
            assert f"{name}: " in str(caught.value) and str(path[-1]) in str(caught.value)


def test_bad_input_12_an_arrays_own_error_comes_through(rng):
    class Refuses:
        def __array__(self, dtype=None, copy=None):
            raise ZeroDivisionError("mine")

    arguments = good("L_model_forward", rng)
    for path in paths(arguments):
        with pytest.raises(ZeroDivisionError, match="mine"):
            ffnn.L_model_forward(**replaced(arguments, path, Refuses()))


def test_the_labels_of_several_units(rng):
    """(m,) is a short form for one unit only."""
    AL = np.full((2, EXAMPLES), 0.5)
    for Y in np.zeros(EXAMPLES), np.zeros((1, EXAMPLES)), np.zeros(2 * EXAMPLES):
        with pytest.raises(ValueError, match="compute_cost: Y has"):
            ffnn.compute_cost(AL, Y)


# ---- hints for what people do most ---------------------------------------------------------------


def _mistakes():
    X, Z = np.ones((3, 4)), np.ones((2, 4))
    parameters = {"W1": np.ones((1, 3)), "b1": np.ones((1, 1))}
    both = ffnn.sigmoid(Z)
    yield TypeError, "AL is a tuple of arrays; .* return", lambda: ffnn.compute_cost(both, Z)
    yield TypeError, "Z is a tuple of arrays", lambda: ffnn.relu(ffnn.relu(Z))
    model = (parameters, [])
    yield TypeError, "must be a dict, not tuple; its first", lambda: ffnn.L_model_forward(X, model)
    yield ValueError, "one column is .reshape", lambda: ffnn.L_model_forward(X[:, 0], parameters)
    images = np.ones((2, 2, 3))
    yield ValueError, "; flatten each example", lambda: ffnn.L_model_forward(images, parameters)
    flat = np.ones(2)
    yield (
        ValueError,
        r"expected \(2, 1\): pass it .reshape\(-1, 1\)",
        lambda: ffnn.linear_forward(X, np.ones((2, 3)), flat),
    )
    yield (
        ValueError,
        r"b has shape \(3,\), expected \(2, 1\) for W \(2, 3\)$",
        lambda: ffnn.linear_forward(X, np.ones((2, 3)), np.ones(3)),
    )
    yield (
        KeyError,
        "no 'dW1' but a 'W': is it the parameters'",
        lambda: ffnn.update_parameters(parameters, parameters, 0.1),
    )
    yield (
        TypeError,
        r"write int\(1000.0\)",
        lambda: ffnn.L_layer_model(X, np.ones((1, 4)), [3, 1], num_iterations=1e3),
    )


@pytest.mark.parametrize("number", range(len(list(_mistakes()))))
def test_a_hint_for_a_common_mistake(number):
    error, says, call = list(_mistakes())[number]
    with pytest.raises(error, match=says):
        call()
