"""The assignment's two models, which are runs by full-batch gradient descent."""

from __future__ import annotations

import functools
from typing import Any

from numpy.typing import ArrayLike, NDArray

from ffnn._checks import check_integer, check_layer_dims, suggest_keywords
from ffnn._initializers import Parameters, draw_scaled
from ffnn._plan import Draw, make_plan
from ffnn._run import Run
from ffnn._train import train

__all__ = ["L_layer_model", "two_layer_model"]

# What the assignment prescribes where train has a default of its own.
_ASSIGNMENT = {
    "optimizer": "gd",
    "initialization": "assignment",
    "mini_batch_size": "all",
    "record_every": 100,
}
_OWN = ("learning_rate", "num_epochs", "print_cost", "seed")  # or num_iterations in its place
_OPTIONS = [name for name in train.__kwdefaults__ or {} if name not in _OWN]


@suggest_keywords
def two_layer_model(
    X: ArrayLike,
    Y: ArrayLike,
    layers_dims: Any,
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
    *,
    seed: int | None = 1,
) -> tuple[Parameters, list[NDArray[Any]]]:
    """Train a net with one hidden layer (relu, then sigmoid) by full-batch gradient descent.

    ==============  ==============  ====================================================
    X               (n_x, m)        inputs, a column per example
    Y               (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    layers_dims     3 integers      n_x, n_h, n_y
    parameters      dict            W1, b1, W2, b2 after the last iteration
    costs           list            0-d arrays: the cost at iterations 0, 100, 200, ...
    ==============  ==============  ====================================================

    The weights are np.random.randn * 0.01 after np.random.seed(seed); None leaves the generator as
    it is. All else is as in L_layer_model.

    >>> import numpy as np, ffnn
    >>> X, Y = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0, 0, 1, 1]])
    >>> parameters, costs = ffnn.two_layer_model(X, Y, (1, 4, 1), num_iterations=101)
    >>> list(parameters), len(costs)
    (['W1', 'b1', 'W2', 'b2'], 2)
    """
    dims = check_layer_dims("two_layer_model", "layers_dims", layers_dims)
    if len(dims) != 3:
        raise ValueError(
            f"two_layer_model: layers_dims must be (n_x, n_h, n_y), but has length {len(dims)}"
        )
    return _run(
        "two_layer_model",
        X,
        Y,
        dims,
        num_iterations,
        draw_scaled,
        learning_rate=learning_rate,
        print_cost=print_cost,
        seed=seed,
    )


@functools.partial(suggest_keywords, also=_OPTIONS)
def L_layer_model(
    X: ArrayLike,
    Y: ArrayLike,
    layers_dims: Any,
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
    *,
    seed: int | None = 1,
    **options: Any,
) -> tuple[Parameters, list[NDArray[Any]]]:
    """Train a net of any depth, by itself relu and then sigmoid, by full-batch gradient descent.

    ==============  ==============  ====================================================
    X               (n_x, m)        inputs, a column per example
    Y               (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    layers_dims     integers        n_x, n_1, ..., n_y: a list, a tuple or an array
    learning_rate   float           any finite real number, or a function as in train
    num_iterations  int             0 gives the initial parameters and no costs
    print_cost      bool            print the cost every 100 iterations and at the last
    seed            int or None     what NumPy's generator is seeded with; None: left alone
    options                         every other keyword of train, with its meaning there
    parameters      dict            W1, b1, ..., WL, bL after the last iteration
    costs           list            0-d arrays: the cost at iterations 0, 100, 200, ...
    ==============  ==============  ====================================================

    Of relu and then sigmoid the parameters are a plain dict, else a NetParameters, which knows its
    activations. Among the options are these, cost, optimizer, lambd, keep_prob, mini_batch_size
    (None, the default, is "all" here; with batches an iteration is one pass through them), callback
    and patience; record_every is 100 by default.

    A float32 X makes a float32 run, anything else one in float64. ValueError for shapes and
    values, TypeError for kinds, all before the generator is touched. Ctrl-C raises
    KeyboardInterrupt with attributes `parameters` and `costs` as they were at the last record
    point. A cost that becomes NaN is warned of once.

    >>> import numpy as np, ffnn
    >>> X, Y = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0, 0, 1, 1]])
    >>> parameters, costs = ffnn.L_layer_model(X, Y, [1, 5, 4, 1], num_iterations=201)
    >>> list(parameters), len(costs)
    (['W1', 'b1', 'W2', 'b2', 'W3', 'b3'], 3)
    """
    dims = check_layer_dims("L_layer_model", "layers_dims", layers_dims)
    return _run(
        "L_layer_model",
        X,
        Y,
        dims,
        num_iterations,
        learning_rate=learning_rate,
        print_cost=print_cost,
        seed=seed,
        **options,
    )


def _keywords(count: int, **given: Any) -> dict[str, Any]:
    """What train would be given; None stands for all examples, as in earlier versions."""
    if given.get("mini_batch_size", "all") is None:
        del given["mini_batch_size"]
    return {**(train.__kwdefaults__ or {}), **_ASSIGNMENT, "num_epochs": count, **given}


def _run(
    function: str,
    X: ArrayLike,
    Y: ArrayLike,
    dims: tuple[int, ...],
    num_iterations: int,
    draw: Draw | None = None,
    **given: Any,
) -> tuple[Parameters, list[NDArray[Any]]]:
    count = check_integer(function, "num_iterations", num_iterations)
    if count < 0:
        raise ValueError(f"{function}: num_iterations must be at least 0, not {count}")
    plan = make_plan(
        function,
        X,
        Y,
        dims,
        _keywords(count, **given),
        draw=draw,
        gram=None,
        dims_name="layers_dims",
        is_assignment=True,
    )
    run = Run(plan, unit="iteration", depth=3, is_assignment=True)
    return run.go(), run.costs
