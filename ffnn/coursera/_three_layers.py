"""Course 2's net, the same in each of its files: two hidden ReLU layers and a sigmoid output.

The files differ in the case of their keys and in where 1/m is taken.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import L_model_forward, _ffnn, linear_backward, relu_backward
from ffnn._checks import check_matrix
from ffnn._initializers import Parameters
from ffnn._run import print_line
from ffnn.coursera._common import entries, in_the_name_of, one_row, plt, scipy, sklearn
from ffnn.coursera._literal import output_error

_RECORD_EVERY = 1000
KEYS = ("W1", "b1", "W2", "b2", "W3", "b3")
Data = tuple[NDArray[Any], NDArray[Any]]


def forward(
    function: str, X: ArrayLike, parameters: Parameters
) -> tuple[NDArray[Any], tuple[Any, ...]]:
    """Return A3 and the cache of twelve arrays, layer by layer: Z, A, W, b."""
    net = entries(function, parameters, "parameters", KEYS)
    with in_the_name_of(function):
        A3, caches = L_model_forward(X, net)
    activations = caches[1][0][0], caches[2][0][0], A3
    kept = [
        (cache[1], A, net[f"W{number}"], net[f"b{number}"])
        for number, (cache, A) in enumerate(zip(caches, activations), 1)
    ]
    return A3, tuple(array for layer in kept for array in layer)


def taken(function: str, cache: Any, size: int = 12) -> tuple[Any, ...]:
    """The cache as a tuple of that many arrays."""
    if not isinstance(cache, (tuple, list)) or len(cache) != size:
        length = len(cache) if isinstance(cache, (tuple, list)) else type(cache).__name__
        raise ValueError(f"{function}: cache must be a tuple of {size} arrays, not {length}")
    return tuple(cache)


def layer_backward(
    function: str, dZ: NDArray[Any], A_prev: ArrayLike, W: ArrayLike, b: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """dA_prev, dW and db of one layer."""
    with in_the_name_of(function):
        return linear_backward(dZ, (A_prev, W, b))


def backward(
    function: str, X: ArrayLike, Y: ArrayLike, cache: Any, *, is_divided: bool
) -> dict[str, NDArray[Any]]:
    """All gradients from the top down, dz3 first; 1/m is in dz3, or in the dW and db alone."""
    Z1, A1, W1, b1, Z2, A2, W2, b2, _, A3, W3, b3 = taken(function, cache)
    inputs = check_matrix(function, "X", X)
    m = inputs.shape[1]
    # linear_backward takes the mean, which makes good what dz3 has already.
    more = m if is_divided else 1
    z, a = ("dz", "da") if is_divided else ("dZ", "dA")
    grads: dict[str, NDArray[Any]] = {}
    labels = one_row(function, "Y", Y, m)
    dZ = output_error(function, "A3", A3, labels)
    if is_divided:
        dZ = dZ / m
    below = ((A2, W3, b3, Z2), (A1, W2, b2, Z1), (inputs, W1, b1, None))
    for number, (A_prev, W, b, Z_prev) in zip((3, 2, 1), below):
        dA_prev, dW, db = layer_backward(function, dZ, A_prev, W, b)
        grads |= {f"{z}{number}": dZ, f"dW{number}": dW * more, f"db{number}": db * more}
        if Z_prev is not None:
            dZ = relu_backward(dA_prev, Z_prev)
            grads[f"{a}{number - 1}"] = dA_prev
    return grads


def update(function: str, parameters: Parameters, grads: Any, learning_rate: Any) -> Parameters:
    """The same dict with new arrays."""
    with in_the_name_of(function):
        return _ffnn.update_parameters(parameters, grads, learning_rate)


def is_above_half(function: str, X: ArrayLike, parameters: Parameters) -> NDArray[np.bool_]:
    """Where the output is above 0.5."""
    A3, _ = forward(function, X, parameters)
    above: NDArray[np.bool_] = A3 > 0.5
    return above


def tell_accuracy(
    function: str, X: ArrayLike, y: ArrayLike, parameters: Parameters
) -> NDArray[Any]:
    """0 and 1 as integers; prints the share of the first row that agrees with y."""
    p = is_above_half(function, X, parameters).astype(int)
    labels = one_row(function, "y", y, p.shape[1])
    print_line("Accuracy: " + str(np.mean(p[0, :] == labels[0, :])))
    return p


def show(points: NDArray[Any], labels: NDArray[Any]) -> None:
    """The training set as the files draw it when they load it."""
    plt.scatter(points[0], points[1], c=labels.ravel(), s=40, cmap="Spectral")


def drawn(make: Any, *, is_shown: bool) -> Data:
    """Points as columns and labels as a row, of what scikit-learn draws."""
    points, labels = make
    X, Y = points.T, labels.reshape((1, labels.shape[0]))
    if is_shown:
        show(X, Y)
    return X, Y


def circles(*, is_shown: bool) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """300 points to train with, after seed 1, and 100 to test with, after seed 2."""
    make = sklearn.datasets.make_circles
    np.random.seed(1)
    train = drawn(make(n_samples=300, noise=0.05), is_shown=is_shown)
    np.random.seed(2)
    return (*train, *drawn(make(n_samples=100, noise=0.05), is_shown=False))


def moons(*, is_shown: bool) -> Data:
    """300 points, after seed 3."""
    np.random.seed(3)
    return drawn(sklearn.datasets.make_moons(n_samples=300, noise=0.2), is_shown=is_shown)


def football(
    function: str, *, is_shown: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The course's file datasets/data.mat, which is the user's."""
    place = "datasets/data.mat"
    data = scipy.io.loadmat(place)
    missing = [key for key in ("X", "y", "Xval", "yval") if key not in data]
    if missing:
        raise KeyError(f"{function}: {place} has no {missing[0]!r}")
    train_X, train_Y, test_X, test_Y = (data[key].T for key in ("X", "y", "Xval", "yval"))
    if is_shown:
        show(train_X, train_Y)
    return train_X, train_Y, test_X, test_Y


def run_watched(
    count: int,
    learning_rate: Any,
    cost: Callable[[], Any],
    run: Callable[[int], Any],
    print_every: int | None,
) -> None:
    """Run `count` iterations, a thousand at a time; draw the costs before each thousand."""
    costs = []
    for i in range(0, count, _RECORD_EVERY):
        costs.append(cost())
        if print_every is not None and i % print_every == 0:
            print_line(f"Cost after iteration {i}: {costs[-1]}")
        run(min(_RECORD_EVERY, count - i))
    draw_costs(costs, learning_rate, "iterations (thousands)")


def draw_costs(costs: list[Any], learning_rate: Any, every: str) -> None:
    """The curve that the notebooks draw; nothing where there is no matplotlib."""
    try:
        _, axes = plt.subplots()
    except ImportError:
        return
    axes.plot(costs)
    axes.set(xlabel=every, ylabel="cost", title=f"Learning rate = {learning_rate}")
