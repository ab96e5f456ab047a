"""A good call of every function, and tools that go through what a call is given or returns.

Arguments are dicts by name, in the order of the signature, so a test can change one and still pass
all of them by position.
"""

import contextlib
import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import ffnn
import reference
from support import labels, network

C_FUNCTIONS = """
    sigmoid relu sigmoid_backward relu_backward linear_forward linear_activation_forward
    L_model_forward compute_cost linear_backward linear_activation_backward L_model_backward
    update_parameters
""".split()
MODELS = ["two_layer_model", "L_layer_model"]
# All that take arrays; `Trainer` is the run object inside the models.
FUNCTIONS = [*C_FUNCTIONS, "Trainer", "predict", *MODELS]

ROWS, EXAMPLES = 6, 7


def good(name, rng, real=np.float64, order="C"):
    """Arguments for `name`: the net 6-5-4-1 and 7 examples, or its second layer."""
    dims = [ROWS, 5, 1] if name == "two_layer_model" else [ROWS, 5, 4, 1]
    X, Y = rng.standard_normal((ROWS, EXAMPLES)).astype(real), labels(rng, (1, EXAMPLES))
    parameters = network(rng, [ROWS, 5, 4, 1], real)
    AL, caches = reference.L_model_forward(X, parameters)
    grads = reference.L_model_backward(AL, Y, caches)
    linear_cache, Z = caches[1]
    A_prev, W, b = linear_cache
    dA = grads["dA2"]
    run = {"X": X, "Y": Y, "layers_dims": dims, "learning_rate": 0.1, "num_iterations": 3}
    arguments = {
        "sigmoid": {"Z": Z},
        "relu": {"Z": Z},
        "sigmoid_backward": {"dA": dA, "cache": Z},
        "relu_backward": {"dA": dA, "cache": Z},
        "linear_forward": {"A": A_prev, "W": W, "b": b},
        "linear_activation_forward": {"A_prev": A_prev, "W": W, "b": b, "activation": "relu"},
        "L_model_forward": {"X": X, "parameters": parameters},
        "compute_cost": {"AL": AL, "Y": Y},
        "linear_backward": {"dZ": dA, "cache": linear_cache},
        "linear_activation_backward": {
            "dA": dA,
            "cache": (linear_cache, Z),
            "activation": "sigmoid",
        },
        "L_model_backward": {"AL": AL, "Y": Y, "caches": caches},
        "update_parameters": {"parameters": parameters, "grads": grads, "learning_rate": 0.1},
        "Trainer": {"X": X, "Y": Y, "parameters": parameters, "learning_rate": 0.1},
        "predict": {"X": X, "y": Y, "parameters": parameters},
        "predictor": {"parameters": parameters},
        "to_c": {"parameters": parameters},
        "to_onnx": {"parameters": parameters},
        "to_state_dict": {"parameters": parameters},
        "two_layer_model": run,
        "L_layer_model": run,
        "initialize_parameters": {"n_x": 4, "n_h": 3, "n_y": 1},
        "initialize_parameters_deep": {"layer_dims": [4, 3, 1]},
    }[name]
    return mapped(np.asfortranarray, arguments) if order == "F" else arguments


def trainer_of(X, Y, parameters, learning_rate, *, state=None, **options):
    """A run that has its parameters; its errors are Trainer's."""
    dims = ffnn._ffnn.layer_dims("Trainer", parameters)
    name = f"W1 ({dims[1]}, {dims[0]})"
    options = {"learning_rate": learning_rate, "input_name": name, **options}
    trainer = ffnn._ffnn.Trainer("Trainer", X, Y, dims, **options)
    trainer.set(parameters, state=state)
    return trainer


def call(name, arguments):
    """Call by position. A Trainer also runs, and its results are the answer."""
    if name != "Trainer":
        return getattr(ffnn, name)(*arguments.values())
    trainer = trainer_of(*arguments.values())
    return trainer.run(2), trainer.parameters()


# ---- nests of dicts, lists and tuples ------------------------------------------------------------


def mapped(function, value):
    """The same nest with function(array) in the place of each array."""
    if isinstance(value, dict):
        return {key: mapped(function, item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(mapped(function, item) for item in value)
    return function(value) if isinstance(value, np.ndarray) else value


def objects(value):
    """The nest's arrays and containers, itself included."""
    if isinstance(value, (dict, list, tuple)):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from objects(item)
    elif isinstance(value, np.ndarray):
        yield value


def arrays(value):
    """The nest's arrays."""
    return [x for x in objects(value) if isinstance(x, np.ndarray)]


def snapshot(value):
    """All that a call must not change: identities, order of keys, layouts and bits."""
    if isinstance(value, dict):
        return [(key, id(item), snapshot(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [(id(item), snapshot(item)) for item in value]
    if isinstance(value, np.ndarray):
        bits = repr(value) if value.dtype.hasobject else value.tobytes()
        return id(value), str(value.dtype), value.shape, value.strides, value.flags.num, bits
    return type(value), repr(value)


def paths(arguments):
    """Where arrays stand that a function reads: ("X",), ("parameters", "W2"), ("caches", 1, 0, 1).

    The b of a cache is never read."""
    for name, value in arguments.items():
        stack = [((name,), value)]
        while stack:
            path, item = stack.pop()
            if isinstance(item, np.ndarray):
                is_bias = path[0] in ("cache", "caches") and path[-2:] in ((0, 2), ("cache", 2))
                # What the assignment's dict of gradients holds beside those of the parameters.
                if not is_bias and not str(path[-1]).startswith("dA") or len(path) == 1:
                    yield path
            elif isinstance(item, (dict, list, tuple)):
                items = item.items() if isinstance(item, dict) else enumerate(item)
                stack += [((*path, key), inner) for key, inner in items]


def at(value, path):
    """What stands at a path."""
    for key in path:
        value = value[key]
    return value


def replaced(value, path, new):
    """The same nest, but for `new` at the path; the original stays as it is."""
    if not path:
        return new
    inner = replaced(value[path[0]], path[1:], new)
    if isinstance(value, dict):
        return {**value, path[0]: inner}
    items = list(value)
    items[path[0]] = inner
    return type(value)(items)


def called(path):
    """How a message calls the array at a path: what it must contain."""
    if len(path) == 1:
        return path[0]
    if path[0] == "caches":
        return f"caches[{path[1]}]"
    return "cache" if path[0] == "cache" else f"{path[0]}['{path[1]}']"


# ---- other processes -----------------------------------------------------------------------------


def digest(_=None):
    """A hash over the results of a good call of every function, in both types and orders."""
    total = hashlib.sha256()
    for real in (np.float32, np.float64):
        for order in "CF":
            for name in FUNCTIONS:
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    result = call(name, good(name, np.random.default_rng(7), real, order))
                total.update(printed.getvalue().encode())
                for x in arrays(result):
                    total.update(str((x.dtype, x.shape)).encode() + x.tobytes())
    return total.hexdigest()


def child(code, *options, **variables):
    """Arguments for subprocess: a Python that runs `code` and finds this ffnn and these tests."""
    folders = [Path(x).parent for x in (__file__, reference.__file__)]
    path = os.pathsep.join(map(str, [Path(ffnn.__file__).parents[1], *folders]))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **variables}
    return {"args": [sys.executable, *options, "-c", code], "env": environment, "text": True}


def run_child(code, *options, timeout=300, **variables):
    """Run a child to its end; its output and errors, and its status, which is never a signal's."""
    done = subprocess.run(
        **child(code, *options, **variables), capture_output=True, timeout=timeout, check=False
    )
    assert done.returncode >= 0, f"signal {-done.returncode}: {done.stderr}"
    return done


def output_of(code, *options, **keywords):
    """What a child that must succeed prints."""
    done = run_child(code, *options, **keywords)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
