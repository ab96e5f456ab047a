"""Course 2, week 2, optimization: what the student writes, newest edition."""

from collections.abc import Callable
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import check_count, check_layer_dims, check_matrix, check_size, choose
from ffnn._initializers import Parameters
from ffnn._mini_batches import random_mini_batches
from ffnn._run import print_line
from ffnn._schedules import schedule_lr_decay, update_lr
from ffnn.coursera._common import entry
from ffnn.coursera._three_layers import draw_costs, update
from ffnn.coursera.opt_utils_v1a import initialize_parameters

__all__ = [
    "initialize_adam",
    "initialize_velocity",
    "model",
    "random_mini_batches",
    "schedule_lr_decay",
    "update_lr",
    "update_parameters_with_adam",
    "update_parameters_with_gd",
    "update_parameters_with_momentum",
]

_PRINT_EVERY, _RECORD_EVERY = 1000, 100
Moments = dict[str, NDArray[Any]]


def update_parameters_with_gd(
    parameters: Parameters, grads: dict[str, Any], learning_rate: SupportsFloat
) -> Parameters:
    """Take a step of gradient descent; the same dict, holding new arrays.

    =============  ======  ===============================
    parameters     dict    W1, b1, ..., WL, bL
    grads          dict    dW1, db1, ..., dWL, dbL
    learning_rate  float   any finite real number
    =============  ======  ===============================

    Errors as ffnn.update_parameters has them.

    >>> import numpy as np
    >>> from ffnn.coursera.optimization import update_parameters_with_gd
    >>> one = np.ones((1, 1))
    >>> update_parameters_with_gd({"W1": one, "b1": one}, {"dW1": one, "db1": one}, 0.25)
    {'W1': array([[0.75]]), 'b1': array([[0.75]])}
    """
    return update("update_parameters_with_gd", parameters, grads, learning_rate)


def _names(parameters: Parameters) -> list[str]:
    return [f"{kind}{number}" for number in range(1, len(parameters) // 2 + 1) for kind in "Wb"]


def _zeros(function: str, parameters: Parameters) -> Moments:
    return {
        f"d{name}": np.zeros_like(entry(function, parameters, "parameters", name))
        for name in _names(parameters)
    }


def initialize_velocity(parameters: Parameters) -> Moments:
    """Return zeros of the shapes of the parameters, as dW1, db1, ...

    KeyError for a missing W or b.

    >>> import numpy as np
    >>> from ffnn.coursera.optimization import initialize_velocity
    >>> initialize_velocity({"W1": np.ones((1, 1)), "b1": np.ones((1, 1))})
    {'dW1': array([[0.]]), 'db1': array([[0.]])}
    """
    return _zeros("initialize_velocity", parameters)


def update_parameters_with_momentum(
    parameters: Parameters,
    grads: dict[str, Any],
    v: Moments,
    beta: float,
    learning_rate: float,
) -> tuple[Parameters, Moments]:
    """Take a step of descent with momentum: v = beta v + (1 - beta) g, then w - learning_rate v.

    =============  ======  =====================================
    parameters     dict    W1, b1, ..., WL, bL
    grads          dict    dW1, db1, ..., dWL, dbL
    v              dict    as initialize_velocity began it
    beta           float   how much of the old mean stays
    learning_rate  float   any real number
    =============  ======  =====================================

    Returns the same two dicts, holding new arrays. KeyError for a missing entry.

    >>> import numpy as np
    >>> from ffnn.coursera.optimization import *
    >>> parameters = {"W1": np.ones((1, 1)), "b1": np.ones((1, 1))}
    >>> grads, v = {"dW1": np.ones((1, 1)), "db1": np.ones((1, 1))}, initialize_velocity(parameters)
    >>> update_parameters_with_momentum(parameters, grads, v, 0.5, 0.5)[0]
    {'W1': array([[0.75]]), 'b1': array([[0.75]])}
    """
    function = "update_parameters_with_momentum"
    new, new_v = {}, {}
    for name in _names(parameters):
        g = entry(function, grads, "grads", f"d{name}")
        new_v[f"d{name}"] = beta * entry(function, v, "v", f"d{name}") + (1 - beta) * g
        old = entry(function, parameters, "parameters", name)
        new[name] = old - learning_rate * new_v[f"d{name}"]
    parameters.update(new)
    v.update(new_v)
    return parameters, v


def initialize_adam(parameters: Parameters) -> tuple[Moments, Moments]:
    """Return two dicts of zeros of the shapes of the parameters: v and s, with dW1, db1, ...

    KeyError for a missing W or b.

    >>> import numpy as np
    >>> from ffnn.coursera.optimization import initialize_adam
    >>> v, s = initialize_adam({"W1": np.ones((1, 1)), "b1": np.ones((1, 1))})
    >>> list(v), list(s)
    (['dW1', 'db1'], ['dW1', 'db1'])
    """
    return _zeros("initialize_adam", parameters), _zeros("initialize_adam", parameters)


def update_parameters_with_adam(
    parameters: Parameters,
    grads: dict[str, Any],
    v: Moments,
    s: Moments,
    t: int,
    learning_rate: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Parameters, Moments, Moments, Moments, Moments]:
    """Take a step of Adam, epsilon outside the root.

    =============  =======  ==========================================
    parameters     dict     W1, b1, ..., WL, bL
    grads          dict     dW1, db1, ..., dWL, dbL
    v, s           dict     as initialize_adam began them
    t              integer  the number of the step, from 1 on
    learning_rate  float    any real number
    beta1, beta2   float    how much of the old means stays
    epsilon        float    what keeps the divisor from 0
    =============  =======  ==========================================

    Returns the three dicts, holding new arrays, and v and s corrected for their beginning at 0.
    KeyError for a missing entry, ValueError for a t below 1.

    >>> import numpy as np
    >>> from ffnn.coursera.optimization import *
    >>> parameters = {"W1": np.ones((1, 1)), "b1": np.ones((1, 1))}
    >>> grads = {"dW1": np.ones((1, 1)), "db1": np.ones((1, 1))}
    >>> v, s = initialize_adam(parameters)
    >>> parameters, v, s, _, _ = update_parameters_with_adam(parameters, grads, v, s, 1, 0.5)
    >>> parameters["W1"].round(6)
    array([[0.5]])
    """
    function = "update_parameters_with_adam"
    step = check_size(function, "t", t)
    new, new_v, new_s = {}, {}, {}
    v_corrected, s_corrected = {}, {}
    for name in _names(parameters):
        key = f"d{name}"
        g = entry(function, grads, "grads", key)
        new_v[key] = beta1 * entry(function, v, "v", key) + (1 - beta1) * g
        new_s[key] = beta2 * entry(function, s, "s", key) + (1 - beta2) * np.square(g)
        v_corrected[key] = new_v[key] / (1 - beta1**step)
        s_corrected[key] = new_s[key] / (1 - beta2**step)
        old = entry(function, parameters, "parameters", name)
        new[name] = old - learning_rate * v_corrected[key] / (np.sqrt(s_corrected[key]) + epsilon)
    parameters.update(new)
    v.update(new_v)
    s.update(new_s)
    return parameters, v, s, v_corrected, s_corrected


def model(
    X: ArrayLike,
    Y: ArrayLike,
    layers_dims: Any,
    optimizer: str,
    learning_rate: float = 0.0007,
    mini_batch_size: int = 64,
    beta: float = 0.9,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    num_epochs: int = 5000,
    print_cost: bool = True,
    decay: Callable[[float, int, float], float] | None = None,
    decay_rate: float = 1,
) -> Parameters:
    """Train a net in mini-batches by one of three methods.

    ===============  ==========  =======================================================
    X                (n_x, m)    inputs, a column per example
    Y                (1, m)      labels
    layers_dims      integers    n_x, n_1, ..., n_y
    optimizer        str         "gd", "momentum" or "adam"
    learning_rate    float       that of the first epoch
    mini_batch_size  integer     examples of a step
    beta             float       of momentum
    beta1, beta2     float       of Adam
    epsilon          float       of Adam
    num_epochs       integer     passes through the examples
    print_cost       bool        print the cost every 1000 epochs
    decay            function    of learning_rate, the epoch's number and decay_rate: the next rate
    decay_rate       float       handed to decay
    ===============  ==========  =======================================================

    The order of epoch i is np.random.permutation(m) after np.random.seed(11 + i). Returns the
    parameters, and draws the costs where matplotlib is there. ValueError for another name and
    shapes that do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera.optimization import model
    >>> parameters = model(np.eye(2), [[0, 1]], [2, 2, 1], "adam", num_epochs=1)
    Cost after epoch 0: 0.609118
    """
    function = "model"
    dims = check_layer_dims(function, "layers_dims", layers_dims)
    size = check_size(function, "mini_batch_size", mini_batch_size)
    count = check_count(function, "num_epochs", num_epochs)
    inputs = check_matrix(function, "X", X)
    numbers: dict[str, dict[str, Any]] = {
        "gd": {},
        "momentum": {"beta": beta},
        "adam": {"beta1": beta1, "beta2": beta2, "epsilon": epsilon},
    }
    choose(function, "optimizer", optimizer, numbers)
    trainer = _ffnn.Trainer(
        function,
        inputs,
        Y,
        dims,
        learning_rate=learning_rate,
        optimizer=optimizer,
        input_name="layers_dims[0]",
        **numbers[optimizer],
    )
    trainer.set(initialize_parameters(dims))
    costs = []
    generator = np.random.RandomState()
    for i in range(count):
        generator.seed(11 + i)
        cost = trainer.epoch(generator.permutation(inputs.shape[1]), size)
        if decay is not None:
            trainer.learning_rate = decay(learning_rate, i, decay_rate)
        if print_cost and i % _PRINT_EVERY == 0:
            print_line(f"Cost after epoch {i}: {float(cost):f}")
            if decay is not None:
                print_line(f"learning rate after epoch {i}: {trainer.learning_rate:f}")
        if print_cost and i % _RECORD_EVERY == 0:
            costs.append(float(cost))
    if count > 0:
        np.random.set_state(generator.get_state())
    draw_costs(costs, learning_rate, "epochs (hundreds)")
    return trainer.parameters()
