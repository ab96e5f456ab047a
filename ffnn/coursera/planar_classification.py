"""Course 1, week 3, planar data classification, as the notebook has it from 2021 on.

One hidden layer of tanh units and a sigmoid. The initialiser, ffnn's own, does not seed; nn_model
does. The cost
is a Python float, and literal.
"""

from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

import ffnn
from ffnn import _ffnn, initialize_parameters
from ffnn._checks import check_count, check_matrix, check_shape, check_size
from ffnn._initializers import Parameters, draw_scaled
from ffnn._run import print_line
from ffnn.coursera._common import entries, entry, in_the_name_of, one_row, widened
from ffnn.coursera._literal import mean_cost, output_error, tanh_backward

__all__ = [
    "backward_propagation",
    "compute_cost",
    "forward_propagation",
    "initialize_parameters",
    "layer_sizes",
    "nn_model",
    "predict",
    "update_parameters",
]

_KEYS = ("W1", "b1", "W2", "b2")
_PRINT_EVERY = 1000
_LEARNING_RATE = 1.2


def layer_sizes(X: ArrayLike, Y: ArrayLike) -> tuple[int, int, int]:
    """Return n_x, 4 and n_y: the rows of X and of Y, and the notebook's hidden units.

    ValueError where X or Y is no matrix.

    >>> import numpy as np
    >>> from ffnn.coursera.planar_classification import layer_sizes
    >>> layer_sizes(np.zeros((5, 3)), np.zeros((2, 3)))
    (5, 4, 2)
    """
    function = "layer_sizes"
    return check_matrix(function, "X", X).shape[0], 4, check_matrix(function, "Y", Y).shape[0]


def forward_propagation(
    X: ArrayLike, parameters: Parameters
) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """Compute the output, and all that was computed on the way.

    ==========  =========  =============================================
    X           (n_x, m)   inputs, a column per example
    parameters  dict       W1, b1, W2, b2; other keys don't matter
    A2          (n_y, m)   sigmoid(Z2), Z2 = W2 A1 + b2
    cache       dict       Z1, A1, Z2, A2, with A1 = tanh(Z1)
    ==========  =========  =============================================

    KeyError for a missing parameter, ValueError for shapes, TypeError for kinds.

    >>> import numpy as np
    >>> from ffnn.coursera import planar_classification as planar
    >>> A2, cache = planar.forward_propagation(
    ...     np.ones((2, 3)), planar.initialize_parameters(2, 4, 1)
    ... )
    >>> list(cache), A2 is cache["A2"]
    (['Z1', 'A1', 'Z2', 'A2'], True)
    """
    return _forward("forward_propagation", X, parameters)


def compute_cost(A2: ArrayLike, Y: ArrayLike, parameters: Any = None) -> float:
    """Compute -1/m * sum(Y log(A2) + (1 - Y) log(1 - A2)), literally.

    ==========  =========  ==============================================
    A2          (n_y, m)   probabilities
    Y           (n_y, m)   labels; where n_y is 1 also (m,) and (m, 1)
    parameters             what editions up to 2020 pass; not looked at
    cost        float      NaN where 0 * log(0) is in the sum
    ==========  =========  ==============================================

    Warns as NumPy does where a logarithm is infinite. Errors are those of ffnn.compute_cost.

    >>> from ffnn.coursera.planar_classification import compute_cost
    >>> compute_cost([[0.5, 0.5]], [[True, False]])
    0.6931471805599453
    """
    return float(mean_cost("compute_cost", "A2", A2, Y))


def backward_propagation(
    parameters: Parameters, cache: dict[str, Any], X: ArrayLike, Y: ArrayLike
) -> dict[str, NDArray[Any]]:
    """Compute the gradients from A1 and A2 as the cache has them.

    ==========  =========  ====================================================
    parameters  dict       W1 and W2
    cache       dict       A1 and A2
    X           (n_x, m)   inputs, a column per example
    Y           (n_y, m)   labels; where n_y is 1 also (m,) and (m, 1)
    grads       dict       dW1, db1, dW2, db2, from dZ2 = A2 - Y
    ==========  =========  ====================================================

    KeyError for a missing entry, ValueError for shapes and for m = 0, TypeError for kinds.

    >>> import numpy as np
    >>> from ffnn.coursera import planar_classification as planar
    >>> X, Y = np.ones((2, 3)), np.ones((1, 3))
    >>> parameters = planar.initialize_parameters(2, 4, 1)
    >>> A2, cache = planar.forward_propagation(X, parameters)
    >>> list(planar.backward_propagation(parameters, cache, X, Y))
    ['dW1', 'db1', 'dW2', 'db2']
    """
    function = "backward_propagation"
    W1, W2 = (entry(function, parameters, "parameters", key) for key in ("W1", "W2"))
    A1, A2 = (entry(function, cache, "cache", key) for key in ("A1", "A2"))
    n_y, m = check_matrix(function, "cache['A2']", A2).shape
    n_h = check_matrix(function, "cache['A1']", A1).shape[0]
    n_x = check_matrix(function, "X", X).shape[0]
    check_shape(function, "cache['A1']", A1, n_h, m)
    check_shape(function, "X", X, n_x, m)
    check_shape(function, "parameters['W1']", W1, n_h, n_x)
    check_shape(function, "parameters['W2']", W2, n_y, n_h)
    with in_the_name_of(function):
        dZ2 = output_error(function, "cache['A2']", A2, Y)
        dA1, dW2, db2 = ffnn.linear_backward(dZ2, (A1, W2, np.zeros((n_y, 1))))
        dZ1 = tanh_backward(function, "cache['A1']", dA1, A1)
        _, dW1, db1 = ffnn.linear_backward(dZ1, (X, W1, np.zeros((n_h, 1))))
    return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}


def update_parameters(
    parameters: Parameters, grads: dict[str, Any], learning_rate: SupportsFloat = _LEARNING_RATE
) -> Parameters:
    """Do one step of gradient descent, and return W1, b1, W2, b2 in a new dict.

    =============  =====  =====================================================
    parameters     dict   W1, b1, W2, b2: stays as it is
    grads          dict   dW1, db1, dW2, db2
    learning_rate  float  any finite real number
    =============  =====  =====================================================

    Errors are those of ffnn.update_parameters.

    >>> import numpy as np
    >>> from ffnn.coursera.planar_classification import update_parameters
    >>> one = np.ones((1, 1))
    >>> parameters = dict.fromkeys(["W1", "b1", "W2", "b2"], one)
    >>> update_parameters(parameters, dict.fromkeys(["dW1", "db1", "dW2", "db2"], one), 0.5)["W2"]
    array([[0.5]])
    """
    fresh = entries("update_parameters", parameters, "parameters", _KEYS)
    return ffnn.update_parameters(fresh, grads, learning_rate)


def nn_model(
    X: ArrayLike,
    Y: ArrayLike,
    n_h: int,
    num_iterations: int = 10000,
    print_cost: bool = False,
    *,
    seed: int | None = 3,
) -> Parameters:
    """Train a net of n_h tanh units and a sigmoid, with learning rate 1.2.

    ==============  =========  ==================================================
    X               (n_x, m)   inputs, a column per example
    Y               (n_y, m)   labels; (m,) and (m, 1) are those of one unit
    n_h             int        hidden units, at least 1
    num_iterations  int        0 gives the initial parameters
    print_cost      bool       print the cost every 1000 iterations
    seed                       what NumPy's generator is seeded with; None: left alone
    parameters      dict       W1, b1, W2, b2 after the last iteration
    ==============  =========  ==================================================

    Editions up to 2020 seeded once more, with 2, in their initialiser: seed=2 gives their numbers.
    ValueError for shapes and values, TypeError for kinds, all before the generator is touched.
    Ctrl-C raises KeyboardInterrupt with an attribute `parameters`, as they were at the last
    multiple of 1000 iterations.

    >>> from ffnn.coursera import planar_classification as planar, planar_utils
    >>> X, Y = planar_utils.load_planar_dataset()
    >>> parameters = planar.nn_model(X, Y, 4, num_iterations=1001, print_cost=True)
    Cost after iteration 0: 0.693162
    Cost after iteration 1000: 0.258625
    """
    function = "nn_model"
    inputs = check_matrix(function, "X", X)
    n_x, m = inputs.shape
    labels = one_row(function, "Y", Y, m)
    if n_x == 0 or m == 0 or labels.shape[0] == 0:
        raise ValueError(f"{function}: X {inputs.shape} and Y {labels.shape} must not be empty")
    dims = n_x, check_size(function, "n_h", n_h), labels.shape[0]
    count = check_count(function, "num_iterations", num_iterations)
    # The global generator is touched when the Trainer has taken all that it is given.
    generator = np.random.RandomState(seed)
    if seed is None:
        generator.set_state(np.random.get_state())
    trainer = _ffnn.Trainer(
        function,
        widened(inputs, np.float64),
        labels,
        dims,
        learning_rate=_LEARNING_RATE,
        hidden_activation="tanh",
    )
    trainer.set(draw_scaled(dims, generator.randn))
    np.random.set_state(generator.get_state())
    record = trainer.parameters()
    try:
        for i in range(0, count, _PRINT_EVERY):
            record = trainer.parameters()
            if print_cost:
                A2, _ = _forward(function, inputs, record)
                cost = mean_cost(function, "A2", A2, labels)
                print_line(f"Cost after iteration {i}: {cost:f}")
            trainer.run(min(_PRINT_EVERY, count - i))
        return trainer.parameters()
    except KeyboardInterrupt as interrupt:
        interrupt.parameters = record  # type: ignore[attr-defined]
        raise


def predict(parameters: Parameters, X: ArrayLike) -> NDArray[np.bool_]:
    """Predict for each example whether the output is above 0.5.

    ==========  =========  =============================================
    parameters  dict       W1, b1, W2, b2
    X           (n_x, m)   inputs, a column per example
    result      (n_y, m)   bool
    ==========  =========  =============================================

    Errors as in forward_propagation.

    >>> import numpy as np
    >>> from ffnn.coursera import planar_classification as planar
    >>> parameters = {"W1": [[1.0]], "b1": [[0.0]], "W2": [[1.0]], "b2": [[0.0]]}
    >>> planar.predict(parameters, np.array([[-1.0, 1.0]]))
    array([[False,  True]])
    """
    A2, _ = _forward("predict", X, parameters)
    return np.asarray(A2 > 0.5)


def _forward(
    function: str, X: ArrayLike, parameters: Parameters
) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    net = entries(function, parameters, "parameters", _KEYS)
    with in_the_name_of(function):
        A2, caches = ffnn.L_model_forward(X, net, hidden_activation="tanh")
    # A layer's cache: what went into it, and its Z.
    (_, Z1), ((A1, _, _), Z2) = (cache[:2] for cache in caches)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
