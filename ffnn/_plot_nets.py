"""Plots of a trained network: history, decision boundary, weights of the first layer.

As in _plot_assignment.py, they draw on the axes they are given, or on new ones, and return them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn import _ffnn
from ffnn._checks import check_points, suggest_keywords
from ffnn._initializers import Parameters
from ffnn._plot_assignment import check_classes, inset_grid, mark_of, pyplot, whole_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_decision_boundary", "plot_history", "plot_weights"]

_GRID = 300  # points a side
_MOST_WEIGHTS = 64


@suggest_keywords
def plot_history(
    history: dict[str, Any],
    names: str | Sequence[str] | None = None,
    *,
    label: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a run of ffnn.train recorded, against the epoch, and return the axes.

    =======  ==============  =========================================================
    history  dict            as ffnn.train returns it
    names    str, list or    the names of the lists to draw, or one name; None: the costs and
             None            all metrics, of training and validation
    label    str or None     the run's name in the legend, where ax holds several runs
    ax                       where to draw; a new figure when None
    =======  ==============  =========================================================

    Costs have the scale on the left, metrics one of their own on the right; where only one of the
    two kinds is drawn, it has the left. A name that begins with ``val_`` is dashed and has the
    colour of its namesake; a dotted line marks the best epoch of a run with patience. Returned are
    the axes on the left: `.set_yscale("log")` on them leaves the metrics as they are.

    TypeError where history is another thing, KeyError for a name that it has not.
    """
    if not isinstance(history, dict) or "epoch" not in history:
        found = "a dict without 'epoch'" if isinstance(history, dict) else type(history).__name__
        raise TypeError(
            "plot_history: history must be the dict that ffnn.train returns beside the parameters, "
            f"not {found}"
        )
    if isinstance(names, str):
        names = [names]
    elif names is None:
        names = [name for name in _curves(history) if name not in ("learning_rate", "data_cost")]
    for name in names:
        if name not in history:
            known = ", ".join(_curves(history))
            raise KeyError(f"plot_history: history has no {name!r}; it has {known}")
    axes = ax if ax is not None else pyplot("plot_history").subplots()[1]
    costs = [name for name in names if _is_cost(name)]
    metrics = [name for name in names if not _is_cost(name)]
    right = axes.twinx() if costs and metrics else axes

    # Both sides take colours from one cycle, and so does another run on the same axes.
    first = len(axes.lines)
    colours: dict[str, str] = {}
    for name in names:
        of = name.removeprefix("val_")
        title = name.replace("_", " ")
        if label is not None:
            title = label if len(names) == 1 else f"{label}: {title}"
        (axes if _is_cost(name) else right).plot(
            history["epoch"],
            history[name],
            label=title,
            marker=mark_of(len(history[name])),
            linestyle="--" if of != name else "-",
            color=colours.setdefault(of, f"C{first + len(colours)}"),
        )
    best = history.get("best_epoch")
    if best is not None:
        title = f"best epoch: {best}"
        title = title if label is None else f"{label}: {title}"
        axes.axvline(best, color="grey", linestyle=":", label=title, zorder=1)
    axes.set_xlabel("epoch")
    whole_ticks(axes)
    for side, drawn in (axes, costs), (right, metrics):
        if drawn:
            kinds = dict.fromkeys(name.removeprefix("val_").replace("_", " ") for name in drawn)
            side.set_ylabel(", ".join(kinds))
    handles, titles = axes.get_legend_handles_labels()
    if right is not axes:
        more, names_of_more = right.get_legend_handles_labels()
        handles, titles = handles + more, titles + names_of_more
    if len(titles) > 1 or label is not None:
        # Of the two, the axes on the right are drawn last: no line of theirs crosses the legend.
        # Costs fall and metrics rise: between them there is room.
        right.legend(handles, titles, loc="best" if right is axes else "center right")
    return axes


def _curves(history: dict[str, Any]) -> list[str]:
    """The names of all that was recorded epoch by epoch."""
    return [name for name, of in history.items() if isinstance(of, list) and name != "epoch"]


def _is_cost(name: str) -> bool:
    return name.endswith("cost")


@suggest_keywords
def plot_decision_boundary(
    model: Callable[[NDArray[np.float64]], ArrayLike] | Parameters,
    X: ArrayLike,
    y: ArrayLike,
    *,
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Colour the plane by the class that a model gives each point, with the examples on it.

    =================  ============  ====================================================
    model              dict          parameters of a net with two inputs; or a function of
                                     points as rows, (k, 2), that returns k classes
    X                  (2, m)        the examples, a column each
    y                  (1, m)        their classes; (m,) and (m, 1) serve too
    hidden_activation  str or list   of the net, where model is a dict, as in L_model_forward
    output_activation  str           likewise; above 0.5 is class 1, of softmax the greatest
    ax                               where to draw; a new figure when None
    =================  ============  ====================================================

    A legend gives each class of y its colour. Returns the axes. ValueError where X has not two
    rows, where y has not a whole number of at least 0 for each example, or a function not a finite
    number for each point; TypeError where y holds no numbers.
    """
    function = "plot_decision_boundary"
    points, labels = check_points(function, np.asarray(X, dtype=np.float64), y)
    check_classes(function, "y", labels)
    low, high = points.min(axis=1), points.max(axis=1)
    margin = 0.1 * np.where(high > low, high - low, 1)
    across, up = np.meshgrid(
        np.linspace(low[0] - margin[0], high[0] + margin[0], _GRID),
        np.linspace(low[1] - margin[1], high[1] + margin[1], _GRID),
    )
    rows = np.column_stack([across.ravel(), up.ravel()])
    if isinstance(model, dict):
        classes = _classes(model, rows, hidden_activation, output_activation)
    else:
        classes = np.asarray(model(rows))
    if classes.size != len(rows):
        raise ValueError(f"{function}: model returned shape {classes.shape} for {len(rows)} points")
    if classes.dtype.kind not in "biuf" or not np.isfinite(classes).all():
        raise ValueError(f"{function}: model returned {classes.dtype} that is no finite number")
    axes = ax if ax is not None else pyplot(function).subplots()[1]
    # One scale for both: a point's colour is that of its class's region.
    top = max(1, int(labels.max()), int(classes.max()))
    scale: dict[str, Any] = {"cmap": "Spectral", "vmin": 0, "vmax": top}
    axes.pcolormesh(across, up, classes.reshape(across.shape), alpha=0.6, **scale)
    dots: dict[str, Any] = {"edgecolors": "black", "linewidths": 0.5, "s": 20}
    examples = axes.scatter(points[0], points[1], c=labels, **dots, **scale)
    entries = examples.legend_elements(num=np.unique(labels).tolist(), markeredgecolor="black")
    axes.legend(*entries, title="class", loc="best")  # no warning where that takes long
    axes.set_xlabel("$x_1$")
    axes.set_ylabel("$x_2$")
    return axes


def _classes(
    parameters: Parameters,
    points: NDArray[np.float64],
    hidden_activation: str | Sequence[str] | None,
    output_activation: str | None,
) -> NDArray[Any]:
    AL = _ffnn.net_output(
        "plot_decision_boundary",
        points.T,
        parameters,
        hidden_activation=hidden_activation,
        output_activation=output_activation,
    )
    classes: NDArray[Any] = AL.argmax(axis=0) if len(AL) > 1 else (AL[0] > 0.5).astype(int)
    return classes


@suggest_keywords
def plot_weights(
    parameters: Parameters, *, image_shape: tuple[int, int] | None = None, ax: Axes | None = None
) -> NDArray[Any]:
    """Draw the weights that lead to the units of the first layer, a picture each.

    ===========  ===============  =======================================================
    parameters   dict             W1, ...; of W1 (n_1, n_x) the first 64 rows are drawn
    image_shape  (rows, columns)  of an input; None: square where n_x is a square, else W1
                                  itself is drawn, a row for each unit
    ax                            axes whose place the pictures share; a new figure when None
    ===========  ===============  =======================================================

    Red is positive, blue negative, white 0, on one scale for all. Returns an array of the axes.
    KeyError where there is no W1, ValueError where W1 holds no weights or image_shape has not n_x
    pixels.
    """
    function = "plot_weights"
    if not isinstance(parameters, dict) or "W1" not in parameters:
        raise KeyError(f"{function}: parameters has no 'W1'")
    W = np.asarray(parameters["W1"])
    if W.ndim != 2 or W.size == 0:
        raise ValueError(f"{function}: W1 has shape {W.shape}, expected (n_1, n_x) of at least 1")
    units, pixels = W.shape
    side = math.isqrt(pixels)
    if image_shape is None and side * side == pixels and side > 1:
        image_shape = (side, side)
    if image_shape is not None and math.prod(image_shape) != pixels:
        raise ValueError(f"{function}: image_shape {image_shape} does not hold {pixels} inputs")
    most = float(np.abs(W).max(initial=0)) or 1.0
    look: dict[str, Any] = {
        "cmap": "RdBu_r",
        "vmin": -most,
        "vmax": most,
        "interpolation": "nearest",
    }
    if image_shape is None:
        axes = ax if ax is not None else pyplot(function).subplots()[1]
        axes.imshow(W, aspect="auto", **look)
        axes.set_xlabel("input")
        axes.set_ylabel("unit")
        axes.set_title("$W_1$")
        return np.array([axes], dtype=object)
    shown = min(units, _MOST_WEIGHTS)
    # In axes of the caller about as many rows as columns.
    columns = min(8, shown) if ax is None else math.ceil(math.sqrt(shown))
    rows = math.ceil(shown / columns)
    grid: NDArray[Any]
    if ax is not None:
        grid = inset_grid(ax, rows, columns, 0.95)
    else:
        figure = pyplot(function).figure(figsize=(1.1 * columns, 1.1 * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for one in grid:
        one.set_axis_off()
    for one, weights in zip(grid[:shown], W[:shown]):
        one.imshow(weights.reshape(image_shape), **look)
    drawn: NDArray[Any] = grid[:shown]
    return drawn
