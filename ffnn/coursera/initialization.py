"""Course 2, week 1, initialization: what the student writes, newest edition."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ffnn import _ffnn
from ffnn._checks import check_count, check_layer_dims, check_matrix, choose
from ffnn._initializers import Parameters, draw_by
from ffnn.coursera._common import draw_seeded
from ffnn.coursera._three_layers import run_watched
from ffnn.coursera.init_utils import compute_loss, forward_propagation

__all__ = [
    "initialize_parameters_he",
    "initialize_parameters_random",
    "initialize_parameters_zeros",
    "model",
]

_PRINT_EVERY = 1000


def initialize_parameters_zeros(layers_dims: Any) -> Parameters:
    """Begin with zeros, which no step can tell apart.

    ===========  ==========  ===========================
    layers_dims  integers    n_x, n_1, ..., n_y
    result       dict        W1, b1, ..., WL, bL
    ===========  ==========  ===========================

    TypeError and ValueError as initialize_parameters_deep has them.

    >>> from ffnn.coursera.initialization import initialize_parameters_zeros
    >>> initialize_parameters_zeros([2, 1])
    {'W1': array([[0., 0.]]), 'b1': array([[0.]])}
    """
    dims = check_layer_dims("initialize_parameters_zeros", "layers_dims", layers_dims)
    return draw_by("zeros", dims, np.random)


def initialize_parameters_random(layers_dims: Any) -> Parameters:
    """Draw np.random.randn * 10, far too large, after np.random.seed(3).

    ===========  ==========  ===========================
    layers_dims  integers    n_x, n_1, ..., n_y
    result       dict        W1, b1, ..., WL, bL
    ===========  ==========  ===========================

    TypeError and ValueError as initialize_parameters_deep has them.

    >>> from ffnn.coursera.initialization import initialize_parameters_random
    >>> initialize_parameters_random([2, 1])["W1"].round(4)
    array([[17.8863,  4.3651]])
    """
    return draw_seeded("initialize_parameters_random", "layers_dims", layers_dims, 3, 10)


def initialize_parameters_he(layers_dims: Any) -> Parameters:
    """Draw np.random.randn * sqrt(2 / n_{l-1}), He's scale, after np.random.seed(3).

    ===========  ==========  ===========================
    layers_dims  integers    n_x, n_1, ..., n_y
    result       dict        W1, b1, ..., WL, bL
    ===========  ==========  ===========================

    TypeError and ValueError as initialize_parameters_deep has them.

    >>> from ffnn.coursera.initialization import initialize_parameters_he
    >>> initialize_parameters_he([2, 1])["W1"].round(4)
    array([[1.7886, 0.4365]])
    """
    return draw_seeded("initialize_parameters_he", "layers_dims", layers_dims, 3, "he")


_INITIALISERS: dict[str, Callable[[Any], Parameters]] = {
    "zeros": initialize_parameters_zeros,
    "random": initialize_parameters_random,
    "he": initialize_parameters_he,
}


def model(
    X: ArrayLike,
    Y: ArrayLike,
    learning_rate: float = 0.01,
    num_iterations: int = 15000,
    print_cost: bool = True,
    initialization: str = "he",
) -> Parameters:
    """Train a net of 10, 5 and 1 units by gradient descent from one of three beginnings.

    ==============  ============  ======================================================
    X               (n_x, m)      inputs, a column per example
    Y               (1, m)        labels
    learning_rate   float         any finite real number
    num_iterations  integer       at least 0
    print_cost      bool          print the cost every 1000 iterations
    initialization  str           "zeros", "random" or "he"
    ==============  ============  ======================================================

    Returns the parameters, and draws the costs where matplotlib is there. ValueError for another
    name and shapes that do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera.initialization import model
    >>> parameters = model(np.eye(2), [[0, 1]], num_iterations=1, initialization="zeros")
    Cost after iteration 0: 0.6931471805599453
    """
    choose("model", "initialization", initialization, _INITIALISERS)
    count = check_count("model", "num_iterations", num_iterations)
    inputs = check_matrix("model", "X", X)
    dims = [inputs.shape[0], 10, 5, 1]
    trainer = _ffnn.Trainer("model", inputs, Y, dims, learning_rate=learning_rate)
    trainer.set(_INITIALISERS[initialization](dims))

    def cost() -> Any:
        return compute_loss(forward_propagation(inputs, trainer.parameters())[0], Y)

    run_watched(count, learning_rate, cost, trainer.run, _PRINT_EVERY if print_cost else None)
    return trainer.parameters()
