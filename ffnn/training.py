"""Training and prediction: the conversation with the user around runs that happen in C.

A run goes from record point to record point: one iteration, whose cost is recorded, then those up
to the next. Between them this module prints, keeps what an interrupted run hands back, and warns.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn.initialize import Parameters, check_integer, check_layer_dims, draw_deep, draw_small

__all__ = ["L_layer_model", "predict", "two_layer_model"]

_RECORD_EVERY = 100


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
    return _train(
        "two_layer_model", draw_small, X, Y, dims, learning_rate, num_iterations, print_cost, seed
    )


def L_layer_model(
    X: ArrayLike,
    Y: ArrayLike,
    layers_dims: Any,
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
    *,
    seed: int | None = 1,
) -> tuple[Parameters, list[NDArray[Any]]]:
    """Train a net of any depth (relu, the output sigmoid) by full-batch gradient descent.

    ==============  ==============  ====================================================
    X               (n_x, m)        inputs, a column per example
    Y               (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    layers_dims     integers        n_x, n_1, ..., n_y: a list, a tuple or an array
    learning_rate   float           any finite real number
    num_iterations  int             0 gives the initial parameters and no costs
    print_cost      bool            print the cost every 100 iterations and at the last
    seed            int or None     what NumPy's generator is seeded with; None: left alone
    parameters      dict            W1, b1, ..., WL, bL after the last iteration
    costs           list            0-d arrays: the cost at iterations 0, 100, 200, ...
    ==============  ==============  ====================================================

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
    return _train(
        "L_layer_model", draw_deep, X, Y, dims, learning_rate, num_iterations, print_cost, seed
    )


def _train(
    function: str,
    draw: Callable[..., Parameters],
    X: ArrayLike,
    Y: ArrayLike,
    dims: tuple[int, ...],
    learning_rate: float,
    num_iterations: int,
    print_cost: bool,
    seed: int | None,
) -> tuple[Parameters, list[NDArray[Any]]]:
    count = check_integer(function, "num_iterations", num_iterations)
    if count < 0:
        raise ValueError(f"{function}: num_iterations must be at least 0, not {count}")
    printing = bool(print_cost)
    _ffnn.check_run(function, X, Y, dims, learning_rate)
    if seed is None:
        trainer = _ffnn.Trainer(X, Y, draw(dims, np.random.randn), learning_rate)
    else:
        # Seeding the global generator, drawing and leaving it where the assignment would are one
        # step only on a generator of our own: another thread may train at the same time.
        generator = np.random.RandomState(seed)
        trainer = _ffnn.Trainer(X, Y, draw(dims, generator.randn), learning_rate)
        np.random.set_state(generator.get_state())
    return _run(function, trainer, count, printing, learning_rate)


def _run(
    function: str, trainer: _ffnn.Trainer, count: int, printing: bool, learning_rate: float
) -> tuple[Parameters, list[NDArray[Any]]]:
    costs: list[NDArray[Any]] = []
    warned = False
    # What Ctrl-C hands back: replaced in one step, so that it always fits together.
    record = trainer.parameters(), 0
    try:
        i = 0
        while i < count:
            cost = trainer.run(1)
            recorded, last = i % _RECORD_EVERY == 0, i == count - 1
            if recorded:
                costs.append(cost)
                record = trainer.parameters(), len(costs)
            if printing and (recorded or last):
                _print_line(f"Cost after iteration {i}: {np.squeeze(cost)}")
            if not warned and cost != cost:
                warned = True
                warnings.warn(
                    f"{function}: the cost is NaN, first seen at iteration {i} with learning rate "
                    f"{learning_rate}; a smaller rate, or data without NaN and inf, may help",
                    RuntimeWarning,
                    stacklevel=4,
                )
            # On to the next record point, but the last iteration is done by itself, for its cost.
            i += 1
            between = min(i + -i % _RECORD_EVERY, count - 1) - i
            if between > 0:
                trainer.run(between)
                i += between
        return trainer.parameters(), costs
    except KeyboardInterrupt as interrupt:
        parameters, recorded_costs = record
        interrupt.parameters = parameters  # type: ignore[attr-defined]
        interrupt.costs = costs[:recorded_costs]  # type: ignore[attr-defined]
        raise


def predict(X: ArrayLike, y: ArrayLike, parameters: Parameters) -> NDArray[np.float64]:
    """Predict 0 or 1 for each example, and print the accuracy against y.

    ==========  ==============  ==========================================================
    X           (n_x, m)        inputs, a column per example
    y           (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1); a list will do
    parameters  dict            W1, b1, ..., WL, bL
    p           (n_y, m)        1.0 where the output is above 0.5, else 0.0; float64
    ==========  ==============  ==========================================================

    The accuracy printed is the share of entries that agree. Errors are those of L_model_forward,
    and ValueError for a y of another shape.

    >>> import numpy as np, ffnn
    >>> parameters = {"W1": np.array([[1.0]]), "b1": np.array([[0.0]])}
    >>> p = ffnn.predict(np.array([[-1.0, 1.0]]), [[0, 1]], parameters)
    Accuracy: 1.0
    >>> p
    array([[0., 1.]])
    """
    p = _ffnn.predict(X, parameters)
    n_y, m = p.shape
    labels = np.asarray(y)
    if n_y == 1 and labels.shape in ((m,), (m, 1)):
        labels = labels.reshape(1, m)
    if labels.shape != p.shape:
        hint = ": examples are columns, pass y.T" if labels.shape == (m, n_y) else ""
        raise ValueError(
            f"predict: y has shape {labels.shape} where the predictions have shape {p.shape}{hint}"
        )
    # The assignment adds m shares of 1/m, and people compare the digits which that gives.
    agreement = p == labels
    by_shares = n_y == 1 or agreement.size == 0
    _print_line("Accuracy: " + str(np.sum(agreement / m) if by_shares else agreement.mean()))
    return p


def _print_line(line: str) -> None:
    """Print a line as a whole and at once: a notebook shows it while the run goes on."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
