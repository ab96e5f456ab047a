"""Course 1, week 2, logistic regression with a network's mindset, as of 2021 and later.

One sigmoid unit: the weights are a column w (n_x, 1) and the bias b is a number. Costs are literal.
"""

from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import L_model_backward, L_model_forward, _ffnn
from ffnn._checks import check_count, check_matrix, check_size
from ffnn._initializers import Parameters
from ffnn._run import print_line
from ffnn.coursera import _common
from ffnn.coursera._common import in_the_name_of, one_row, widened
from ffnn.coursera._literal import mean_cost

__all__ = ["initialize_with_zeros", "model", "optimize", "predict", "propagate", "sigmoid"]

_RECORD_EVERY = 100
# Columns whose X^T X is 64 MiB.
_MOST_BY_GRAM = 2896


def sigmoid(z: ArrayLike) -> Any:
    """Compute 1 / (1 + exp(-z)), the value alone.

    ======  =====================================================
    z       a number or an array of any shape
    result  a NumPy scalar for a number, else an array of z's shape
    ======  =====================================================

    TypeError for a dtype that is no real number.

    >>> from ffnn.coursera.logistic_regression import sigmoid
    >>> sigmoid([0, 2])
    array([0.5       , 0.88079708])
    """
    return _common.sigmoid(z)


def initialize_with_zeros(dim: int) -> tuple[NDArray[np.float64], float]:
    """Return w, zeros of shape (dim, 1), and b, 0.0.

    TypeError where dim is no integer, ValueError where it is below 1.

    >>> from ffnn.coursera.logistic_regression import initialize_with_zeros
    >>> initialize_with_zeros(2)
    (array([[0.],
           [0.]]), 0.0)
    """
    return np.zeros((check_size("initialize_with_zeros", "dim", dim), 1)), 0.0


def propagate(
    w: ArrayLike, b: Any, X: ArrayLike, Y: ArrayLike
) -> tuple[dict[str, Any], NDArray[Any]]:
    """Compute the cost and its gradients by w and b.

    =====  =========  =======================================================
    w      (n_x, 1)   weights
    b      a number   bias
    X      (n_x, m)   inputs, a column per example
    Y      (1, m)     labels; (m,) and (m, 1) serve too
    grads  dict       dw (n_x, 1), and db, a NumPy scalar
    cost   0-d array  -1/m * sum(Y log(A) + (1 - Y) log(1 - A)), literally
    =====  =========  =======================================================

    ValueError for other shapes and for m = 0, TypeError for kinds. Warns as NumPy does where a
    logarithm is infinite.

    >>> import numpy as np
    >>> from ffnn.coursera.logistic_regression import propagate
    >>> grads, cost = propagate(np.zeros((1, 1)), 0.0, np.array([[1.0, -1.0]]), [[1, 0]])
    >>> grads["dw"], grads["db"], cost
    (array([[-0.5]]), np.float64(0.0), array(0.69314718))
    """
    unit, X = _unit("propagate", w, b, X), np.asarray(X)
    return _propagate("propagate", unit, X, Y)


def optimize(
    w: ArrayLike,
    b: Any,
    X: ArrayLike,
    Y: ArrayLike,
    num_iterations: int = 100,
    learning_rate: SupportsFloat = 0.009,
    print_cost: bool = False,
) -> tuple[dict[str, Any], dict[str, Any], list[NDArray[Any]]]:
    """Do gradient descent from w and b, which stay as they are.

    ==============  =========  =======================================================
    w, b, X, Y                 as in propagate
    num_iterations  int        0 gives back w and b, with their gradients
    learning_rate   float      any finite real number
    print_cost      bool       print the cost every 100 iterations
    params          dict       w (n_x, 1), and b, a NumPy scalar
    grads           dict       dw and db of the last iteration
    costs           list       0-d arrays: the cost at iterations 0, 100, 200, ...
    ==============  =========  =======================================================

    Errors as in propagate, before the first iteration. Ctrl-C raises KeyboardInterrupt with
    attributes `parameters`, which are w and b as of the last multiple of 100, and `costs`.

    >>> import numpy as np
    >>> from ffnn.coursera.logistic_regression import optimize
    >>> X, Y = np.array([[1.0, -1.0]]), np.array([[1, 0]])
    >>> params, grads, costs = optimize(np.zeros((1, 1)), 0.0, X, Y, 101, 0.1, print_cost=True)
    Cost after iteration 0: 0.693147
    Cost after iteration 100: 0.106542
    """
    return _optimize("optimize", w, b, X, Y, num_iterations, learning_rate, print_cost)


def predict(w: ArrayLike, b: Any, X: ArrayLike) -> NDArray[np.float64]:
    """Predict 0.0 or 1.0 for each example: 1 where the sigmoid is above 0.5.

    =======  =========  ===============================================
    w        n_x        weights, of any shape with as many entries
    b        a number   bias
    X        (n_x, m)   inputs, a column per example
    result   (1, m)     float64
    =======  =========  ===============================================

    ValueError for other shapes, TypeError for kinds.

    >>> import numpy as np
    >>> from ffnn.coursera.logistic_regression import predict
    >>> predict(np.ones((1, 1)), 0.0, np.array([[1.0, -1.0]]))
    array([[1., 0.]])
    """
    return _predict("predict", w, b, X)


def model(
    X_train: ArrayLike,
    Y_train: ArrayLike,
    X_test: ArrayLike,
    Y_test: ArrayLike,
    num_iterations: int = 2000,
    learning_rate: SupportsFloat = 0.5,
    print_cost: bool = False,
) -> dict[str, Any]:
    """Train from zeros on one set and predict that and another.

    ==============  ===========  =====================================================
    X_train         (n_x, m)     inputs, a column per example
    Y_train         (1, m)       labels
    X_test, Y_test               the same of other examples
    num_iterations  int          at least 0
    learning_rate   float        any finite real number
    print_cost      bool         print the costs and both accuracies, in per cent
    d               dict         costs, Y_prediction_test, Y_prediction_train, w, b,
                                 learning_rate, num_iterations
    ==============  ===========  =====================================================

    Errors as in propagate, before the first iteration.

    >>> import numpy as np
    >>> from ffnn.coursera.logistic_regression import model
    >>> X, Y = np.array([[1.0, -1.0]]), np.array([[1, 0]])
    >>> d = model(X, Y, X, Y, num_iterations=1, print_cost=True)
    Cost after iteration 0: 0.693147
    train accuracy: 100.0 %
    test accuracy: 100.0 %
    """
    train, test = check_matrix("model", "X_train", X_train), check_matrix("model", "X_test", X_test)
    if train.shape[0] != test.shape[0]:
        raise ValueError(
            f"model: X_test has shape {test.shape} where X_train has {train.shape[0]} rows"
        )
    test_labels = one_row("model", "Y_test", Y_test, test.shape[1])
    train_labels = one_row("model", "Y_train", Y_train, train.shape[1])
    w = np.zeros((train.shape[0], 1))
    params, _, costs = _optimize(
        "model", w, 0.0, train, train_labels, num_iterations, learning_rate, print_cost
    )
    on_test = _predict("model", params["w"], params["b"], test)
    on_train = _predict("model", params["w"], params["b"], train)
    if print_cost:
        for name, said, labels in (
            ("train", on_train, train_labels),
            ("test", on_test, test_labels),
        ):
            print_line(f"{name} accuracy: {100 - np.mean(said != labels) * 100} %")
    return {
        "costs": costs,
        "Y_prediction_test": on_test,
        "Y_prediction_train": on_train,
        "w": params["w"],
        "b": params["b"],
        "learning_rate": learning_rate,
        "num_iterations": num_iterations,
    }


def _unit(function: str, w: ArrayLike, b: Any, X: ArrayLike) -> Parameters:
    """The parameters of a net of one layer with one unit."""
    n_x = check_matrix(function, "X", X).shape[0]
    weights, bias = np.asarray(w), np.asarray(b)
    if weights.shape != (n_x, 1):
        raise ValueError(
            f"{function}: w has shape {weights.shape}, expected ({n_x}, 1) for X of shape "
            f"{np.shape(X)}"
        )
    if bias.size != 1:
        raise ValueError(f"{function}: b has shape {bias.shape}, expected one number")
    if isinstance(b, (int, float)) and not isinstance(b, np.generic):
        # A Python number never widens what it is added to.
        bias = bias.astype(np.result_type(weights, 0.0))
    return {"W1": weights.T, "b1": bias.reshape(1, 1)}


def _propagate(
    function: str, unit: Parameters, X: NDArray[Any], Y: ArrayLike
) -> tuple[dict[str, Any], NDArray[Any]]:
    with in_the_name_of(function):
        A, caches = L_model_forward(X, unit)
        cost = mean_cost(function, "A", A, Y)
        grads = L_model_backward(A, Y, caches, input_gradient=False)
    return {"dw": grads["dW1"].T, "db": grads["db1"][0, 0]}, cost


def _optimize(
    function: str,
    w: ArrayLike,
    b: Any,
    X: ArrayLike,
    Y: ArrayLike,
    num_iterations: int,
    learning_rate: SupportsFloat,
    print_cost: bool,
) -> tuple[dict[str, Any], dict[str, Any], list[NDArray[Any]]]:
    count = check_count(function, "num_iterations", num_iterations)
    unit = _unit(function, w, b, X)
    inputs = widened(X, *unit.values())
    costs: list[NDArray[Any]] = []
    n_x, m = inputs.shape
    # X^T X takes as long as m / 2 iterations, after which none reads X again. How many there will
    # be is known here.
    by_gram = m < n_x and m <= min(2 * count, _MOST_BY_GRAM)
    trainer = _ffnn.Trainer(
        function,
        inputs,
        Y,
        _ffnn.layer_dims(function, unit),
        learning_rate=learning_rate,
        gram=by_gram,
        input_name="w",
    )
    trainer.set(unit)
    record = _weights(trainer)
    try:
        for i in range(0, count, _RECORD_EVERY):
            _, cost = _propagate(function, trainer.parameters(), inputs, Y)
            record = _weights(trainer)
            costs.append(cost)
            if print_cost:
                print_line(f"Cost after iteration {i}: {cost:f}")
            # The last of all is done by itself, for its gradients.
            between = min(_RECORD_EVERY, count - 1 - i)
            if between > 0:
                trainer.run(between)
        grads, _ = _propagate(function, trainer.parameters(), inputs, Y)
        if count > 0:
            trainer.run(1)
        return _weights(trainer), grads, costs
    except KeyboardInterrupt as interrupt:
        interrupt.parameters = record  # type: ignore[attr-defined]
        interrupt.costs = costs  # type: ignore[attr-defined]
        raise


def _weights(trainer: _ffnn.Trainer) -> dict[str, Any]:
    unit = trainer.parameters()
    return {"w": unit["W1"].T, "b": unit["b1"][0, 0]}


def _predict(function: str, w: ArrayLike, b: Any, X: ArrayLike) -> NDArray[np.float64]:
    n_x = check_matrix(function, "X", X).shape[0]
    if np.size(w) != n_x:
        raise ValueError(
            f"{function}: w has shape {np.shape(w)} where X of shape {np.shape(X)} wants {n_x} "
            "weights"
        )
    unit = _unit(function, np.asarray(w).reshape(n_x, 1), b, X)
    with in_the_name_of(function):
        A, _ = L_model_forward(X, unit)
    return (A > 0.5).astype(np.float64)
