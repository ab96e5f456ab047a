"""Course 1, week 3, planar data: the flower, four other data sets, and the picture of a boundary.

The draws come from NumPy's global generator, in the order of the course's file.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn.coursera._common import draw_decision_boundary, plt, sigmoid, sklearn

__all__ = [
    "load_extra_datasets",
    "load_planar_dataset",
    "np",
    "plot_decision_boundary",
    "plt",
    "sigmoid",
    "sklearn",
]

_FLOWER, _EXTRA = 400, 200
_PETAL, _TURN, _NOISE = 4, 3.12, 0.2


def plot_decision_boundary(
    model: Callable[[NDArray[np.float64]], ArrayLike],
    X: ArrayLike,
    y: ArrayLike,
    *,
    ax: Any = None,
) -> None:
    """Colour the plane by the values of a model, and put the examples on it.

    =====  ==============  ======================================================
    model  a function      of points as rows, (k, 2), that returns k values
    X      (2, m)          the examples
    y      (1, m)          their labels; (m,) and (m, 1) serve too
    ax                     where to draw; the current axes when None
    =====  ==============  ======================================================

    ValueError for other shapes, ImportError without matplotlib. plt.show() is left to the caller.
    """
    draw_decision_boundary(model, X, y, ax)


def load_planar_dataset() -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Draw the flower of two colours, after np.random.seed(1).

    ====  =========  =======  ==========================================
    X     (2, 400)   float64  points, a column per example
    Y     (1, 400)   uint8    0 for the first 200, 1 for the others
    ====  =========  =======  ==========================================

    >>> from ffnn.coursera.planar_utils import load_planar_dataset
    >>> X, Y = load_planar_dataset()
    >>> X.shape, Y.shape, X[:, 0].round(5).tolist()
    ((2, 400), (1, 400), [1.20444, 3.57611])
    """
    return flower(1)


def flower(seed: int) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Draw the flower after np.random.seed(seed), X (2, 400) and Y (1, 400)."""
    np.random.seed(seed)
    half = _FLOWER // 2
    points = np.zeros((_FLOWER, 2))
    labels = np.zeros((_FLOWER, 1), np.uint8)
    for label in range(2):
        mine = slice(half * label, half * (label + 1))
        angle = np.linspace(label * _TURN, (label + 1) * _TURN, half)
        angle += np.random.randn(half) * _NOISE
        radius = _PETAL * np.sin(4 * angle) + np.random.randn(half) * _NOISE
        points[mine] = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
        labels[mine] = label
    return points.T, labels.T


def load_extra_datasets() -> tuple[tuple[NDArray[Any], NDArray[Any]], ...]:
    """Draw circles, moons, blobs, Gaussian quantiles and pure noise, by scikit-learn.

    Five pairs of points (200, 2), rows being examples, and labels (200,); the noise has random
    "labels" of shape (200, 2). The generator is not seeded, but the blobs are always the same. The
    notebook transposes the points, and takes the blobs' labels modulo 2. ImportError without
    scikit-learn.
    """
    make = sklearn.datasets
    return (
        make.make_circles(n_samples=_EXTRA, factor=0.5, noise=0.3),
        make.make_moons(n_samples=_EXTRA, noise=0.2),
        make.make_blobs(n_samples=_EXTRA, random_state=5, n_features=2, centers=6),
        make.make_gaussian_quantiles(
            mean=None,
            cov=0.5,
            n_samples=_EXTRA,
            n_features=2,
            n_classes=2,
            shuffle=True,
            random_state=None,
        ),
        (np.random.rand(_EXTRA, 2), np.random.rand(_EXTRA, 2)),
    )
