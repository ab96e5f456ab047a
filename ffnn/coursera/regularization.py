"""Course 2, week 1, regularization: what the student writes, newest edition.

Dropout draws its masks after np.random.seed(1) in each forward pass, the same ones each time.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import L_model_forward, _ffnn, relu_backward
from ffnn._checks import check_count, check_matrix, check_number
from ffnn._initializers import Parameters
from ffnn.coursera._common import entries, in_the_name_of, one_row
from ffnn.coursera._literal import apply_mask, output_error
from ffnn.coursera._three_layers import KEYS, backward, layer_backward, run_watched, taken
from ffnn.coursera.reg_utils import compute_cost, forward_propagation, initialize_parameters

__all__ = [
    "backward_propagation_with_dropout",
    "backward_propagation_with_regularization",
    "compute_cost_with_regularization",
    "forward_propagation_with_dropout",
    "model",
]

_PRINT_EVERY = 10_000


def compute_cost_with_regularization(
    A3: ArrayLike, Y: ArrayLike, parameters: Parameters, lambd: float
) -> np.float64:
    """Compute the literal cross-entropy plus lambd / (2 m) times the sum of all W^2.

    ==========  ==========  ====================================================
    A3          (n_y, m)    probabilities
    Y           (n_y, m)    labels; where n_y is 1 also (m,) and (m, 1)
    parameters  dict        W1, W2, W3; other keys are ignored
    lambd       float       any finite number
    ==========  ==========  ====================================================

    ValueError for other shapes, KeyError for a missing W.

    >>> import numpy as np
    >>> from ffnn.coursera.regularization import compute_cost_with_regularization
    >>> W = {"W1": np.ones((1, 1)), "W2": np.ones((1, 1)), "W3": np.ones((1, 1))}
    >>> compute_cost_with_regularization([[0.5]], [[1]], W, 2.0)
    np.float64(3.6931471805599454)
    """
    function = "compute_cost_with_regularization"
    weights = entries(function, parameters, "parameters", ("W1", "W2", "W3"))
    decay = check_number(function, "lambd", lambd) / (2 * np.shape(A3)[1])
    squares = sum(np.sum(np.square(W)) for W in weights.values())
    return np.float64(compute_cost(A3, Y) + decay * squares)


def backward_propagation_with_regularization(
    X: ArrayLike, Y: ArrayLike, cache: Any, lambd: float
) -> dict[str, NDArray[Any]]:
    """Compute all gradients, with lambd / m W added to each dW.

    ======  ==============  ==================================================
    X       (n_x, m)        inputs
    Y       (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    cache   12 arrays       as forward_propagation of reg_utils returns them
    lambd   float           any finite number
    ======  ==============  ==================================================

    Keys dZ3, dW3, db3, dA2, ..., db1. ValueError where shapes do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera import reg_utils, regularization
    >>> parameters = reg_utils.initialize_parameters([2, 2, 2, 1])
    >>> X, Y = np.ones((2, 3)), np.array([[1, 0, 1]])
    >>> _, cache = reg_utils.forward_propagation(X, parameters)
    >>> list(regularization.backward_propagation_with_regularization(X, Y, cache, 0.7))[:3]
    ['dZ3', 'dW3', 'db3']
    """
    function = "backward_propagation_with_regularization"
    decay = check_number(function, "lambd", lambd) / check_matrix(function, "X", X).shape[1]
    grads = backward(function, X, Y, cache, is_divided=False)
    for number, W in zip((1, 2, 3), (cache[2], cache[6], cache[10])):
        grads[f"dW{number}"] = grads[f"dW{number}"] + decay * np.asarray(W)
    return grads


def forward_propagation_with_dropout(
    X: ArrayLike, parameters: Parameters, keep_prob: float = 0.5
) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Compute the output with units switched off at random, after np.random.seed(1).

    ==========  ==========  =========================================================
    X           (n_x, m)    inputs, a column per example
    parameters  dict        W1, b1, W2, b2, W3, b3
    keep_prob   float       the chance of a hidden unit to stay, above 0, at most 1
    result      tuple       A3 and (Z1, D1, A1, W1, b1, Z2, D2, A2, W2, b2, Z3, A3, W3, b3)
    ==========  ==========  =========================================================

    D = np.random.rand(n, m) < keep_prob. ValueError for another keep_prob; errors as
    L_model_forward has them.

    >>> import numpy as np
    >>> from ffnn.coursera import reg_utils, regularization
    >>> parameters = reg_utils.initialize_parameters([2, 2, 2, 1])
    >>> A3, cache = regularization.forward_propagation_with_dropout(np.ones((2, 3)), parameters)
    >>> cache[1].dtype, len(cache)
    (dtype('bool'), 14)
    """
    function = "forward_propagation_with_dropout"
    net = entries(function, parameters, "parameters", KEYS)
    with in_the_name_of(function):
        # What would be refused is refused before the generator is seeded.
        L_model_forward(check_matrix(function, "X", X)[:, :0], net, keep_prob=keep_prob)
        np.random.seed(1)
        A3, caches = L_model_forward(X, net, keep_prob=keep_prob)
    A = caches[1][0][0], caches[2][0][0]
    D: tuple[Any, ...] = tuple(cache[-1] for cache in caches[:2])
    if keep_prob == 1:  # nothing was drawn
        D = tuple(np.random.rand(*x.shape) < keep_prob for x in A)
    kept: list[Any] = []
    for number in 1, 2:
        Z = caches[number - 1][1]
        kept += [Z, D[number - 1], A[number - 1], net[f"W{number}"], net[f"b{number}"]]
    return A3, (*kept, caches[2][1], A3, net["W3"], net["b3"])


def backward_propagation_with_dropout(
    X: ArrayLike, Y: ArrayLike, cache: Any, keep_prob: float
) -> dict[str, NDArray[Any]]:
    """Compute all gradients of a net whose units were switched off.

    =========  ==============  ====================================================
    X          (n_x, m)        inputs
    Y          (n_y, m)        labels; where n_y is 1 also (m,) and (m, 1)
    cache      14 arrays       as forward_propagation_with_dropout returns them
    keep_prob  float           as it was given it
    =========  ==============  ====================================================

    Keys dZ3, dW3, db3, dA2, ..., db1; dA2 and dA1 with the masks applied. ValueError where shapes
    do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera import reg_utils, regularization
    >>> parameters = reg_utils.initialize_parameters([2, 2, 2, 1])
    >>> X, Y = np.ones((2, 3)), np.array([[1, 0, 1]])
    >>> _, cache = regularization.forward_propagation_with_dropout(X, parameters)
    >>> list(regularization.backward_propagation_with_dropout(X, Y, cache, 0.5))[:4]
    ['dZ3', 'dW3', 'db3', 'dA2']
    """
    function = "backward_propagation_with_dropout"
    _, D1, A1, W1, b1, _, D2, A2, W2, b2, _, A3, W3, b3 = taken(function, cache, 14)
    inputs = check_matrix(function, "X", X)
    labels = one_row(function, "Y", Y, inputs.shape[1])
    grads: dict[str, NDArray[Any]] = {}
    dZ = output_error(function, "A3", A3, labels)
    below = ((A2, W3, b3, D2), (A1, W2, b2, D1), (inputs, W1, b1, None))
    for number, (A_prev, W, b, D) in zip((3, 2, 1), below):
        dA, dW, db = layer_backward(function, dZ, A_prev, W, b)
        grads |= {f"dZ{number}": dZ, f"dW{number}": dW, f"db{number}": db}
        if D is not None:
            dA = apply_mask(function, f"D{number - 1}", dA, D, keep_prob)
            grads[f"dA{number - 1}"] = dA
            dZ = relu_backward(dA, A_prev)  # A is above 0 where Z is, and kept
    return grads


def model(
    X: ArrayLike,
    Y: ArrayLike,
    learning_rate: float = 0.3,
    num_iterations: int = 30000,
    print_cost: bool = True,
    lambd: float = 0,
    keep_prob: float = 1,
) -> Parameters:
    """Train a net of 20, 3 and 1 units, plainly, with an L2 term, or with dropout.

    ==============  ============  ======================================================
    X               (n_x, m)      inputs, a column per example
    Y               (1, m)        labels
    learning_rate   float         any finite real number
    num_iterations  integer       at least 0
    print_cost      bool          print the cost every 10,000 iterations
    lambd           float         of the L2 term; not negative
    keep_prob       float         of dropout; not together with lambd
    ==============  ============  ======================================================

    Returns the parameters, and draws the costs where matplotlib is there. ValueError for both at
    once and for shapes that do not fit.

    >>> import numpy as np
    >>> from ffnn.coursera.regularization import model
    >>> parameters = model(np.eye(2), [[0, 1]], num_iterations=1, print_cost=False)
    >>> parameters["W1"].shape
    (20, 2)
    """
    if lambd != 0 and keep_prob != 1:
        raise ValueError("model: lambd and keep_prob are not for the same run")
    count = check_count("model", "num_iterations", num_iterations)
    inputs = check_matrix("model", "X", X)
    dims = [inputs.shape[0], 20, 3, 1]
    bits = np.random.get_bit_generator()  # type: ignore[attr-defined]
    trainer = _ffnn.Trainer(
        "model",
        inputs,
        Y,
        dims,
        learning_rate=learning_rate,
        lambd=lambd,
        keep_prob=keep_prob,
        bit_generator=bits,
    )
    trainer.set(initialize_parameters(dims))

    def cost() -> Any:
        return _cost(inputs, Y, trainer.parameters(), lambd, keep_prob)

    def run(iterations: int) -> None:
        if keep_prob == 1:
            trainer.run(iterations)
            return
        for _ in range(iterations):
            np.random.seed(1)
            with bits.lock:
                trainer.run(1)

    run_watched(count, learning_rate, cost, run, _PRINT_EVERY if print_cost else None)
    return trainer.parameters()


def _cost(
    X: NDArray[Any], Y: ArrayLike, parameters: Parameters, lambd: float, keep_prob: float
) -> Any:
    if keep_prob != 1:
        A3, _ = forward_propagation_with_dropout(X, parameters, keep_prob)
    else:
        A3, _ = forward_propagation(X, parameters)
    if lambd != 0:
        return compute_cost_with_regularization(A3, Y, parameters, lambd)
    return compute_cost(A3, Y)
