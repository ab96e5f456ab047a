"""`python -m ffnn`: the configuration, and a race of ten seconds against plain NumPy.

`python -m ffnn --version` prints the version alone.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import ffnn

# Sizes, examples: the assignment's toy, and ffnn's digits in a net of the usual depth.
_NETS = (([5, 4, 3, 1], 4), ([64, 20, 7, 5, 1], 1797))
_SECONDS_A_NET = 5.0
_TURN = 0.1
_RATE = 0.0075


def numpy_model(
    X: Any, Y: Any, dims: list[int], iterations: int, seed: int = 1
) -> tuple[dict[str, Any], Any]:
    """Train as L_layer_model does, the way one writes it in NumPy; the parameters and last cost."""
    np.random.seed(seed)
    p = ffnn.initialize_parameters_deep(dims)
    L, m = len(dims) - 1, X.shape[1]
    cost = None
    for _ in range(iterations):
        A = [X]
        for l in range(1, L + 1):  # noqa: E741 - the course's letter
            Z = p[f"W{l}"] @ A[-1] + p[f"b{l}"]
            A.append(np.maximum(Z, 0) if l < L else 1 / (1 + np.exp(-Z)))
        cost = -np.sum(Y * np.log(A[L]) + (1 - Y) * np.log(1 - A[L])) / m
        dZ = A[L] - Y
        for l in range(L, 0, -1):  # noqa: E741
            dW, db = dZ @ A[l - 1].T / m, dZ.mean(axis=1, keepdims=True)
            if l > 1:
                dZ = (p[f"W{l}"].T @ dZ) * (A[l - 1] > 0)
            p[f"W{l}"] = p[f"W{l}"] - _RATE * dW
            p[f"b{l}"] = p[f"b{l}"] - _RATE * db
    return p, cost


def _data(dims: list[int], m: int) -> tuple[Any, Any]:
    if dims[0] == 64:
        X, digit = ffnn.datasets.load_digits()
        return X[:, :m], digit[:, :m] % 2 == 0
    generator = np.random.RandomState(3)
    return generator.randn(dims[0], m), np.arange(m).reshape(1, m) % 2


def _seconds(train: Callable[[int], Any], iterations: int) -> float:
    start = time.perf_counter()
    train(iterations)
    return time.perf_counter() - start


def _iterations_a_turn(train: Callable[[int], Any]) -> int:
    iterations = 1
    while (taken := _seconds(train, iterations)) < _TURN / 4:
        iterations *= 2
    return max(1, round(iterations * _TURN / taken))


def _race(dims: list[int], m: int) -> None:
    X, Y = _data(dims, m)
    runners: dict[str, Callable[[int], Any]] = {
        "NumPy": lambda n: numpy_model(X, Y, dims, n),
        "ffnn": lambda n: ffnn.L_layer_model(X, Y, dims, _RATE, n),
    }
    turns = {name: _iterations_a_turn(train) for name, train in runners.items()}
    best = dict.fromkeys(runners, float("inf"))
    stop = time.perf_counter() + _SECONDS_A_NET - 1.5 * _TURN
    while time.perf_counter() < stop:
        for name, train in runners.items():  # turn about, so that both meet the same machine
            n = turns[name]
            best[name] = min(best[name], _seconds(train, n) / n)
    net = "-".join(map(str, dims))
    times = "   ".join(f"{name} {seconds * 1e6:9.2f} us" for name, seconds in best.items())
    ratio = best["NumPy"] / best["ffnn"]
    print(f"{net:<15}m = {m:<6}{times}   {ratio:7.1f} times as fast", flush=True)


def main() -> None:
    """Print the configuration and the race: microseconds for one iteration of training."""
    parser = argparse.ArgumentParser(
        prog="python -m ffnn",
        description="Print the configuration, and race plain NumPy for ten seconds.",
    )
    parser.add_argument("--version", action="version", version=f"ffnn {ffnn.__version__}")
    parser.parse_args()
    ffnn.show_config()
    print("\none iteration of training, float64:", flush=True)
    for dims, m in _NETS:
        _race(dims, m)


if __name__ == "__main__":
    main()
