"""The types of results for every mix of types given, and what counts as an array."""

import array
import itertools

import numpy as np
import pytest

import ffnn
from calls import FUNCTIONS, MODELS, arrays, at, call, good, mapped, paths, replaced, snapshot
from support import assert_same_bits, assert_same_dict

FLOATS = [np.float32, np.float64]
INTEGERS = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64,
            np.uint64, np.longlong, np.ulonglong]  # fmt: skip
ALL = [*FLOATS, *INTEGERS]
MATRIX_FUNCTIONS = [name for name in FUNCTIONS if name not in ("Trainer", *MODELS)]


def promoted(*types):
    """NumPy's promotion, and float64 where that is no float."""
    common = np.result_type(*types)
    return common if common.kind == "f" else np.dtype(np.float64)


def typed(arguments, path, dtype):
    """The same call with whole numbers in the array at the path, of that type."""
    return replaced(arguments, path, np.abs(np.rint(at(arguments, path))).astype(dtype))


def types(result):
    return {x.dtype for x in arrays(result)}


# ---- the table, row by row -----------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_float_type_throughout(rng, real, capsys, name, order):
    """With labels of any integer type, and any number for a learning rate."""
    arguments = good(name, rng, real, order)
    expected = {np.dtype(np.float64 if name == "predict" else real)}
    given = {id(x) for x in arrays(arguments)}
    result = call(name, arguments)
    assert {x.dtype for x in arrays(result) if id(x) not in given} == expected
    for dtype in INTEGERS:
        if "Y" in arguments:
            labelled = {**arguments, "Y": arguments["Y"].astype(dtype)}
            again = call(name, labelled)
            for ours, theirs in zip(arrays(again), arrays(result), strict=True):
                assert_same_bits(ours, theirs)


@pytest.mark.parametrize("name", ["sigmoid", "relu"])
def test_activations(name):
    for dtype in ALL:
        Z = np.array([[0, 1], [2, 3]], dtype)
        A, cache = getattr(ffnn, name)(Z)
        assert cache is Z and A.dtype == promoted(dtype)
        assert_same_bits(A, getattr(ffnn, name)(Z.astype(A.dtype))[0])


@pytest.mark.parametrize(("given", "cached"), list(itertools.product(ALL, ALL)))
def test_backward_of_activations(given, cached):
    """sigmoid_backward promotes; relu_backward keeps the float type of dA."""
    dA, Z = np.array([1, 0, 1, 1], given), np.array([0, 1, 1, 0], cached)
    dZ = ffnn.sigmoid_backward(dA, Z)
    assert dZ.dtype == promoted(given, cached)
    if given in FLOATS:
        assert_same_bits(ffnn.relu_backward(dA, Z), np.array([0, 0, 1, 0], given))
    else:
        np.testing.assert_array_equal(ffnn.relu_backward(dA, Z), [0, 0, 1, 0])


def test_relu_backward_sees_what_float32_would_lose():
    """A tiny float64 Z is above 0, though it rounds to 0 in the type of the result."""
    Z = np.array([1e-300, -1e-300, 0.0])
    dZ = ffnn.relu_backward(np.ones(3, np.float32), Z)
    assert_same_bits(dZ, np.array([1, 0, 0], np.float32))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(ALL, ALL)))
def test_linear_forward(first, second):
    """Each two operands of the three in every mix of types, the third float32 or of the first."""
    for third in {np.float32, first}:
        for kinds in set(itertools.permutations((first, second, third))):
            A, W, b = (
                np.ones((3, 2), kinds[0]),
                np.ones((4, 3), kinds[1]),
                np.ones((4, 1), kinds[2]),
            )
            Z, cache = ffnn.linear_forward(A, W, b)
            assert Z.dtype == promoted(*kinds), kinds
            assert (Z == 4).all()
            assert cache[0] is A and cache[1] is W and cache[2] is b
            Z2, (linear, kept) = ffnn.linear_activation_forward(A, W, b, "relu")
            assert Z2.dtype == kept.dtype == promoted(*kinds) and linear[0] is A


@pytest.mark.parametrize(("first", "second"), list(itertools.product(ALL, ALL)))
def test_linear_backward(first, second):
    for third in {np.float32, first}:
        for kinds in set(itertools.permutations((first, second, third))):
            dZ, A, W = (np.ones(s, k) for s, k in zip(((4, 2), (3, 2), (4, 3)), kinds, strict=True))
            dA, dW, db = ffnn.linear_backward(dZ, (A, W, None))
            assert {dA.dtype, dW.dtype, db.dtype} == {promoted(*kinds)}, kinds
            assert (dA == 4).all() and (dW == 1).all() and (db == 1).all()
            cache = (A, W, None), np.ones((4, 2), np.float32)
            results = ffnn.linear_activation_backward(dZ, cache, "relu")
            assert types(results) == {promoted(*kinds, np.float32)}, kinds


@pytest.mark.parametrize("kind", ALL)
def test_the_data(rng, real, capsys, kind):
    """Pictures are uint8: float64, but float32 where the parameters are and NumPy promotes so."""
    arguments = good("L_model_forward", rng, real)
    X = rng.integers(0, 2, arguments["X"].shape).astype(kind)
    expected = promoted(real, kind)
    AL, caches = ffnn.L_model_forward(X, arguments["parameters"])
    assert AL.dtype == expected and caches[0][0][0] is X
    assert all(Z.dtype == expected for _, Z in caches)
    assert_same_bits(AL, ffnn.L_model_forward(X.astype(expected), arguments["parameters"])[0])
    assert {x.dtype for x in ffnn.L_model_backward(AL, AL > 0.5, caches).values()} == {expected}
    for name in MODELS:
        run = {**good(name, rng), "X": X}
        parameters, costs = call(name, run)
        alone = np.float32 if kind == np.float32 else np.float64
        assert types([parameters, costs]) == {np.dtype(alone)}


@pytest.mark.parametrize("layer", [1, 2, 3])
@pytest.mark.parametrize("key", "Wb")
def test_one_wide_parameter_widens_from_there(rng, layer, key):
    X, parameters = good("L_model_forward", rng, np.float32).values()
    name = f"{key}{layer}"
    parameters[name] = parameters[name].astype(np.float64)
    AL, caches = ffnn.L_model_forward(X, parameters)
    for number, (_, Z) in enumerate(caches, start=1):
        assert Z.dtype == (np.float64 if number >= layer else np.float32)
    assert AL.dtype == np.float64
    grads = ffnn.L_model_backward(AL, np.ones((1, X.shape[1])), caches)
    assert types(grads) == {np.dtype(np.float64)}


@pytest.mark.parametrize(("kind", "label"), list(itertools.product(ALL, ALL)))
def test_the_cost(kind, label):
    """Labels count where they are floats; a probability of 0 and 1 alone is right throughout."""
    AL, Y = np.array([[0, 1, 1]], kind), np.array([[0, 1, 1]], label)
    cost = ffnn.compute_cost(AL, Y)
    assert type(cost) is np.ndarray and cost.shape == () and cost == 0
    assert cost.dtype == (promoted(kind, label) if label in FLOATS else promoted(kind))


@pytest.mark.parametrize(("kind", "gradient"), list(itertools.product(ALL, ALL)))
def test_the_update(kind, gradient):
    W, dW = np.ones((2, 3), kind), np.ones((2, 3), gradient)
    b, db = np.ones((2, 1), np.float32), np.ones((2, 1), np.float32)
    for rate in (1, 1.0, np.float64(1), np.float32(1), np.array(1.0), np.longdouble(1)):
        parameters = ffnn.update_parameters({"W1": W, "b1": b}, {"dW1": dW, "db1": db}, rate)
        assert parameters["W1"].dtype == promoted(kind, gradient)
        assert parameters["b1"].dtype == np.float32
        assert (parameters["W1"] == 0).all() and (parameters["b1"] == 0).all()


@pytest.mark.parametrize(("x", "y"), list(itertools.product(FLOATS, ALL)))
def test_a_run_has_the_type_of_X(rng, x, y):
    for name in MODELS:
        arguments = good(name, rng, x)
        arguments["Y"] = arguments["Y"].astype(y)
        for rate in (0.1, np.float64(0.1), np.array(0.1)):
            assert types(call(name, {**arguments, "learning_rate": rate})) == {np.dtype(x)}


# ---- what is accepted as an array ----------------------------------------------------------------


class ArrayLike:
    def __init__(self, x):
        self.x = x

    def __array__(self, dtype=None, copy=None):
        return self.x


class Subclass(np.ndarray):
    pass


def memory_mapped(x, folder):
    x = np.ascontiguousarray(x)
    path = folder / f"{id(x)}.raw"
    path.write_bytes(x.tobytes())
    return np.memmap(path, x.dtype, "r", 0, x.shape)


def frame(x):
    return pytest.importorskip("pandas").DataFrame(x)


ACCEPTED = {
    "list": lambda x, folder: x.tolist(),
    "tuple": lambda x, folder: tuple(map(tuple, x.tolist())),
    "rows": lambda x, folder: list(x),
    "array.array": lambda x, folder: [array.array("d", row) for row in x.tolist()],
    "memoryview": lambda x, folder: memoryview(np.ascontiguousarray(x)),
    "DataFrame": lambda x, folder: frame(x),
    "__array__": lambda x, folder: ArrayLike(x),
    "subclass": lambda x, folder: x.view(Subclass),
    "memmap": memory_mapped,
    "byte-swapped": lambda x, folder: x.astype(x.dtype.newbyteorder("S")),
    "read-only": lambda x, folder: np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape),
    "reversed": lambda x, folder: x[::-1, ::-1].copy()[::-1, ::-1],
}


@pytest.mark.parametrize("kind", list(ACCEPTED))
@pytest.mark.parametrize("name", MATRIX_FUNCTIONS)
def test_accepted_as_an_array(rng, tmp_path, capsys, name, kind):
    """Each array by itself and all at once: the same bits, in plain, native, writeable arrays."""
    arguments = good(name, rng)

    def again():
        fresh = dict(arguments)
        if name == "update_parameters":
            fresh["parameters"] = dict(fresh["parameters"])
        return fresh

    given = {id(x) for x in arrays(arguments)}
    expected = [x for x in arrays(call(name, again())) if id(x) not in given]
    every = list(paths(arguments))
    for chosen in [*([path] for path in every), every]:
        changed = again()
        for path in chosen:
            changed = replaced(changed, path, ACCEPTED[kind](at(arguments, path), tmp_path))
        outside = {id(x) for x in arrays(changed)}
        result = [x for x in arrays(call(name, changed)) if id(x) not in outside | given]
        assert len(result) == len(expected)
        for ours, theirs in zip(result, expected, strict=True):
            assert type(ours) is np.ndarray and ours.flags.writeable and ours.dtype.isnative
            assert_same_bits(ours, theirs)


@pytest.mark.parametrize("kind", list(ACCEPTED))
def test_runs_take_them_too(rng, tmp_path, kind):
    for name in MODELS:
        arguments = good(name, rng)
        expected, costs = call(name, arguments)
        for key in "XY":
            if kind == "array.array" and key == "Y":
                continue
            changed = {**arguments, key: ACCEPTED[kind](arguments[key], tmp_path)}
            result, result_costs = call(name, changed)
            assert_same_dict(result, expected)
            assert_same_bits(np.array(result_costs), np.array(costs))


# ---- whose objects come back ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["list", "__array__", "subclass", "byte-swapped", "memmap"])
def test_a_cache_holds_what_was_given(rng, real, tmp_path, kind):
    def given(x):
        return ACCEPTED[kind](x, tmp_path)

    A, W, b = mapped(given, good("linear_forward", rng, real)).values()
    for cache in (
        ffnn.linear_forward(A, W, b)[1],
        ffnn.linear_activation_forward(A, W, b, "sigmoid")[1][0],
    ):
        assert type(cache) is tuple and len(cache) == 3
        assert cache[0] is A and cache[1] is W and cache[2] is b
    for name in ("sigmoid", "relu"):
        assert getattr(ffnn, name)(A)[1] is A
    X, parameters = mapped(given, good("L_model_forward", rng, real)).values()
    AL, caches = ffnn.L_model_forward(X, parameters)
    assert type(caches) is list and caches[0][0][0] is X
    for number, cache in enumerate(caches, start=1):
        assert type(cache) is tuple and len(cache) == 2 and type(cache[0]) is tuple
        assert cache[0][1] is parameters[f"W{number}"] and cache[0][2] is parameters[f"b{number}"]
        assert type(cache[1]) is np.ndarray
    grads = ffnn.L_model_backward(AL, np.ones(AL.shape), caches)  # they can be read again
    order = [key for n in (3, 2, 1) for key in (f"dA{n - 1}", f"dW{n}", f"db{n}")]
    assert list(grads) == order
    assert type(grads) is dict


def test_the_parts_of_a_cache_are_new_arrays(rng, real):
    """Z is not A: sigmoid could have been taken in place."""
    A_prev, W, b, _ = good("linear_activation_forward", rng, real).values()
    for name in ffnn.activations():
        A, (_, Z) = ffnn.linear_activation_forward(A_prev, W, b, name)
        assert_same_bits(Z, ffnn.linear_forward(A_prev, W, b)[0])
        if name in ("relu", "sigmoid"):
            assert_same_bits(A, getattr(ffnn, name)(Z)[0])
        assert not np.shares_memory(A, Z)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_hold_plain_types(rng, real, capsys, name):
    """dict, list, tuple and ndarray themselves: what pickle, == and isinstance of callers see."""
    arguments = good(name, rng, real)
    before = snapshot(arguments) if name != "update_parameters" else None
    stack = [call(name, arguments)]
    while stack:
        item = stack.pop()
        assert type(item) in (dict, list, tuple, np.ndarray)
        if isinstance(item, dict):
            assert all(type(key) is str for key in item)
            stack += item.values()
        elif not isinstance(item, np.ndarray):
            stack += item
    assert before is None or snapshot(arguments) == before


def test_integer_types_give_the_bits_of_their_floats(rng, capsys):
    """Every array of every call in every integer type, converted once and rightly."""
    for name in MATRIX_FUNCTIONS:
        arguments = good(name, rng)
        for path, dtype in itertools.product(list(paths(arguments)), INTEGERS):
            if name == "update_parameters" or dtype == np.bool_:
                continue
            with np.errstate(all="ignore"):  # probabilities of 0 and 1
                ours = arrays(call(name, typed(arguments, path, dtype)))
                theirs = arrays(call(name, typed(arguments, path, np.float64)))
            for x, y in zip(ours, theirs, strict=True):
                if x.dtype == y.dtype:
                    assert_same_bits(x, y, f"{name} {path} {dtype.__name__}")
