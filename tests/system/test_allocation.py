"""Memory that is not to be had: MemoryError, nothing changed, and all works afterwards. Sizes that
no memory holds, or whose product overflows: MemoryError or the right answer, never a wrap."""

import importlib.util
import os
import sys

import numpy as np
import pytest

import ffnn
from calls import C_FUNCTIONS, FUNCTIONS, arrays, call, good, output_of, snapshot, trainer_of
from support import assert_same_bits

SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")
PLENTY = 500  # more allocations than any of the calls here makes


@pytest.fixture
def fail_allocation():
    """The hook, which is switched off in the end whatever happens."""
    yield ffnn._ffnn.fail_allocation
    ffnn._ffnn.fail_allocation(0)


# Those that need memory of ffnn's own beside their results; the others may or may not.
NEEDY = ["linear_activation_backward", "L_model_backward", "Trainer", "two_layer_model",
         "L_layer_model"]  # fmt: skip


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_nth_allocation_fails(rng, real, capsys, fail_allocation, name, order):
    """For every n, until the call succeeds."""
    arguments = good(name, rng, real, order)
    before = snapshot(arguments)

    def fresh():
        own = {key: dict(value) for key, value in arguments.items() if type(value) is dict}
        return {**arguments, **own}

    expected = arrays(call(name, fresh()))
    capsys.readouterr()
    failures = 0
    for n in range(1, PLENTY):
        given = fresh()
        shallow = snapshot(given)
        fail_allocation(n)
        try:
            result = call(name, given)
        except MemoryError:
            failures += 1
        else:
            fail_allocation(0)
            for ours, theirs in zip(arrays(result), expected, strict=True):
                assert_same_bits(ours, theirs)
            break
        fail_allocation(0)
        assert snapshot(given) == shallow and snapshot(arguments) == before
        assert capsys.readouterr().out == ""
        for ours, theirs in zip(arrays(call(name, fresh())), expected, strict=True):
            assert_same_bits(ours, theirs)
        capsys.readouterr()
    else:
        pytest.fail(f"{name} failed {failures} times and never succeeded")
    assert failures > 0 or name not in NEEDY, "the hook reaches nothing"


def test_the_hook_refuses_nonsense(fail_allocation):
    with pytest.raises(ValueError, match="at least 0"):
        fail_allocation(-1)
    with pytest.raises(TypeError):
        fail_allocation("1")


NO_PYTHON_MEMORY = """
import _testcapi, sys
import numpy as np
import ffnn
from calls import arrays, call, good, snapshot

name, order = sys.argv[1:]
rng = np.random.default_rng(5)
arguments = good(name, rng, np.float64, order)
def fresh():
    own = {key: dict(value) for key, value in arguments.items() if type(value) is dict}
    return {**arguments, **own}
expected = [x.tobytes() for x in arrays(call(name, fresh()))]
function, failures = getattr(ffnn, name), 0
for n in range(1, 300):
    given = fresh()
    values, before, error, result = list(given.values()), snapshot(given), None, None
    _testcapi.set_nomemory(n, n + 1)
    try:
        result = function(*values)
    except BaseException as e:
        error = e
    finally:
        _testcapi.remove_mem_hooks()
    if error is None:
        if [x.tobytes() for x in arrays(result)] != expected:
            sys.exit(f"allocation {n}: a wrong answer")
        # NumPy and CPython survive some failures: the end is where a whole row of n succeeds.
        good_in_a_row += 1
        if good_in_a_row > 20:
            break
        continue
    good_in_a_row = 0
    failures += 1
    if not isinstance(error, MemoryError):
        sys.exit(f"allocation {n}: {error!r}")
    if snapshot(given) != before:
        sys.exit(f"allocation {n}: something changed")
else:
    sys.exit("never succeeded")
print(failures)
""".replace("function, failures", "good_in_a_row = 0\nfunction, failures")


@pytest.mark.process
@pytest.mark.skipif(SANITIZED, reason="the sanitizer brings its own allocator")
@pytest.mark.skipif(importlib.util.find_spec("_testcapi") is None, reason="needs _testcapi")
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("name", C_FUNCTIONS)
def test_python_has_no_memory_at_the_nth_place(name, order):
    """Every object that a call makes fails once; the answer is a MemoryError and no other.

    Small tuples and arrays come from free lists, so some calls ask for nothing."""
    code = f"import sys; sys.argv[1:] = [{name!r}, {order!r}]\n{NO_PYTHON_MEMORY}"
    assert int(output_of(code)) >= (name == "L_model_backward")


DEEP = """
def good(name, rng, real, order):
    parameters = {}
    for l in range(1, 71):  # keys beyond the 64th layer are made anew: there binding can fail
        parameters |= {f"W{l}": np.full((1, 1), l, real), f"b{l}": np.full((1, 1), -l, real)}
    grads = {"d" + key: np.ones((1, 1), real) for key in parameters}
    return {"parameters": parameters, "grads": grads, "learning_rate": 0.5}

name, order = """


@pytest.mark.process
@pytest.mark.skipif(SANITIZED, reason="the sanitizer brings its own allocator")
@pytest.mark.skipif(importlib.util.find_spec("_testcapi") is None, reason="needs _testcapi")
def test_an_update_that_fails_in_the_middle_goes_all_the_way_back():
    """Of 70 layers the first keys have their new arrays when a later key cannot be made."""
    code = NO_PYTHON_MEMORY.replace("name, order = ", DEEP, 1).replace("(1, 300)", "(1, 3000)")
    code = f"import sys; sys.argv[1:] = ['update_parameters', 'C']\n{code}"
    assert int(output_of(code)) > 12


# ---- sizes beyond any memory ---------------------------------------------------------------------


def ones(*shape, real=np.float64):
    """As many ones as you like in the memory of a single one."""
    return np.broadcast_to(real(1), shape)


HUGE = 2**40  # huge * huge elements wrap to 0 in 64 bits; huge * 2**24 is 0 in their bytes
BYTES = 2**45  # elements whose bytes overflow no integer, but any machine


def net(n, depth):
    return {"W1": ones(n, depth), "b1": ones(n, 1), "W2": ones(1, n), "b2": ones(1, 1)}


TOO_LARGE = {
    "sigmoid": lambda: ffnn.sigmoid(ones(BYTES)),
    "sigmoid_uint8": lambda: ffnn.sigmoid(ones(2**60, real=np.uint8)),
    "relu_float32": lambda: ffnn.relu(ones(BYTES, 2, real=np.float32)),
    "relu_bool": lambda: ffnn.relu(ones(2**61, real=np.bool_)),
    "sigmoid_backward": lambda: ffnn.sigmoid_backward(ones(BYTES), ones(BYTES)),
    "relu_backward": lambda: ffnn.relu_backward(*[ones(2**60, real=np.uint8)] * 2),
    "forward_wraps_to_0": lambda: ffnn.linear_forward(ones(1, HUGE), ones(HUGE, 1), ones(HUGE, 1)),
    "forward_wraps_to_few": lambda: ffnn.linear_forward(
        ones(1, 2**32 + 1), ones(2**32, 1), ones(2**32, 1)
    ),
    "forward_bytes_wrap": lambda: ffnn.linear_forward(
        ones(1, 2**31), ones(2**30, 1), ones(2**30, 1)
    ),
    "forward_of_too_many": lambda: ffnn.linear_forward(
        ones(1, 2**23), ones(2**23, 1), ones(2**23, 1)
    ),
    "activation_forward": lambda: ffnn.linear_activation_forward(
        ones(1, HUGE), ones(HUGE, 1), ones(HUGE, 1), "relu"
    ),
    "L_model_forward": lambda: ffnn.L_model_forward(ones(2, HUGE), net(HUGE, 2)),
    "L_model_forward_bytes": lambda: ffnn.L_model_forward(ones(2, 2**24), net(2**24, 2)),
    "L_model_forward_float32": lambda: ffnn.L_model_forward(
        ones(2, 2**24, real=np.float32), net(2**24, 2)
    ),
    "predict": lambda: ffnn._ffnn.net_output("predict", ones(2, HUGE), net(HUGE, 2)),
    "cost": lambda: ffnn.compute_cost(ones(1, BYTES), ones(1, BYTES)),
    "cost_uint8": lambda: ffnn.compute_cost(*[ones(2**30, 2**30, real=np.uint8)] * 2),
    "linear_backward": lambda: ffnn.linear_backward(
        ones(1, BYTES), (ones(1, BYTES), ones(1, 1), 0)
    ),
    "dW_wraps": lambda: ffnn.linear_backward(
        ones(2**30, 1), (ones(2**30, 1), ones(2**30, 2**30, real=np.uint8), 0)
    ),
    "activation_backward": lambda: ffnn.linear_activation_backward(
        ones(2**30, 2**29), ((ones(1, 2**29), ones(2**30, 1), 0), ones(2**30, 2**29)), "sigmoid"
    ),
    "L_model_backward": lambda: ffnn.L_model_backward(
        ones(1, BYTES), ones(1, BYTES), [((ones(1, BYTES), ones(1, 1), 0), ones(1, BYTES))]
    ),
    "update": lambda: ffnn.update_parameters(
        {"W1": ones(2**23, 2**23), "b1": ones(2**23, 1)},
        {"dW1": ones(2**23, 2**23), "db1": ones(2**23, 1)},
        0.1,
    ),
    "Trainer_m": lambda: trainer_of(ones(2, BYTES), ones(1, BYTES), net(3, 2), 0.1),
    "Trainer_units": lambda: trainer_of(
        ones(2, HUGE), ones(HUGE, real=np.uint8), net(HUGE, 2), 0.1
    ),
    "Trainer_wraps": lambda: trainer_of(
        ones(HUGE, 3), ones(1, 3), {**net(2**22, 1), "W1": ones(2**22, HUGE, real=np.uint8)}, 0.1
    ),
    "map": lambda: ffnn._ffnn.map("exp", ones(BYTES)),
}  # fmt: skip


@pytest.mark.skipif(sys.maxsize < 2**62, reason="sizes of 64 bits")
@pytest.mark.parametrize("name", list(TOO_LARGE))
def test_bad_input_07_too_large(rng, name):
    with pytest.raises(MemoryError):
        TOO_LARGE[name]()
    arguments = good("L_model_forward", rng)
    AL, _ = ffnn.L_model_forward(**arguments)
    assert np.isfinite(AL).all()


@pytest.mark.parametrize("shape", [(0, HUGE), (HUGE, 0)])
def test_bad_input_07_huge_but_empty(shape):
    """No elements at all, along an axis that is longer than any memory."""
    n, m = shape
    Z, _ = ffnn.linear_forward(ones(3, m), ones(n, 3), ones(n, 1))
    assert Z.shape == shape
    # No examples, or no units: nothing is summed over the long axis either.
    Z, _ = ffnn.linear_forward(np.ones((HUGE, 0)), ones(3, HUGE), ones(3, 1))
    assert Z.shape == (3, 0)
    for name in ("sigmoid", "relu"):
        A, _ = getattr(ffnn, name)(np.empty(shape))
        assert A.shape == shape
        assert getattr(ffnn, f"{name}_backward")(A, A).shape == shape


@pytest.mark.slow
@pytest.mark.parametrize("real", [np.float64], ids=["float64"])
def test_bad_input_07_more_than_2_to_the_31_inputs(real):
    """The depth of a product does not fit an int; the sum of ones is exact."""
    depth = 2**31 + 7
    Z, _ = ffnn.linear_forward(ones(depth, 1, real=real), ones(1, depth, real=real), ones(1, 1))
    assert Z.shape == (1, 1) and Z[0, 0] == depth + 1


# ---- a process that may not grow -----------------------------------------------------------------

LIMITED = """
import resource
import numpy as np
import ffnn
from calls import digest, trainer_of

expected = digest()
with open("/proc/self/statm") as file:
    size = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + (256 << 20), resource.RLIM_INFINITY))
n, m = 8192, 16384  # results of 1 GB
A, W, b = np.ones((2, m)), np.ones((n, 2)), np.ones((n, 1))
Z = np.broadcast_to(1.0, (n, m))
Y = np.ones((1, m))
parameters = {"W1": W, "b1": b, "W2": np.ones((1, n)), "b2": np.ones((1, 1))}
deep = {**parameters, "W2": np.broadcast_to(1.0, (n, n)), "b2": b, "W3": np.ones((1, n)),
        "b3": np.ones((1, 1))}
calls = [
    lambda: ffnn.linear_forward(A, W, b),
    lambda: ffnn.linear_activation_forward(A, W, b, "sigmoid"),
    lambda: ffnn.L_model_forward(A, parameters),
    lambda: ffnn.predict_proba(A, {"W1": W, "b1": b}),
    lambda: ffnn.sigmoid(Z),
    lambda: ffnn.relu_backward(Z, Z),
    lambda: ffnn.compute_cost(Z, Z),
    lambda: ffnn.linear_backward(Z, (A, W, b)),
    lambda: ffnn.linear_activation_backward(Z, ((A, W, b), Z), "relu"),
    lambda: ffnn.L_model_backward(Z, Z, [((A, W, b), Z)]),
    lambda: ffnn.update_parameters({"W1": Z, "b1": b}, {"dW1": Z, "db1": b}, 0.1),
    lambda: ffnn.L_layer_model(A, Y, [2, n, n, 1], num_iterations=1),
    lambda: trainer_of(A, Y, deep, 0.1).run(1),
]
for i, attempt in enumerate(calls):
    for _ in range(3):
        try:
            attempt()
        except MemoryError:
            continue
        raise SystemExit(f"call {i} got memory that is not there")
    if digest() != expected:
        raise SystemExit(f"after call {i} nothing is as before")
print("done")
"""


@pytest.mark.process
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's /proc")
@pytest.mark.skipif(SANITIZED, reason="the sanitizer's shadow needs all addresses")
def test_bad_input_07_a_process_that_may_not_grow():
    assert output_of(LIMITED) == "done"
