"""The assignment's two pictures.

They return the axes they drew on and never call plt.show(): a notebook shows the figure by itself,
a script decides. matplotlib is an extra and is imported by the first call.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ffnn._checks import check_matrix, check_row, check_size, suggest_keywords

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

__all__ = ["plot_costs", "print_mislabeled_images"]

_IMAGES_A_ROW = 8
_INCHES_AN_IMAGE = 1.6


def pyplot(caller: str) -> Any:
    """matplotlib's, or an ImportError that names the extra."""
    try:
        import matplotlib.pyplot
    except ImportError as error:
        raise ImportError(
            f"{caller}: drawing needs matplotlib: pip install 'ffnn[plot]'"
        ) from error
    return matplotlib.pyplot


@suggest_keywords
def plot_costs(
    costs: Iterable[Any] | Mapping[str, Any],
    learning_rate: float | None = None,
    *,
    record_every: int | None = None,
    xlabel: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the costs that a training run returned, and return the axes.

    =============  ====================  ====================================================
    costs          numbers or 0-d        as L_layer_model and two_layer_model return them; or
                   arrays, or a dict     the history of ffnn.train, which knows its epochs
    learning_rate  float or None         named in the title; no title when None
    record_every   int or None           iterations from one cost to the next: 100 where
                                         L_layer_model was not told otherwise. None: the
                                         costs are drawn against their number
    xlabel         str or None           None: "iteration" with record_every, "epoch" of a
                                         history, else "record point"
    ax                                   where to draw; a new figure when None
    =============  ====================  ====================================================

    A notebook shows the figure by itself; in a script, `matplotlib.pyplot.show()` after it does, or
    `.figure.savefig(name)` of the axes returned. TypeError where costs are no numbers, or where
    record_every comes with a history; ValueError where it is below 1; ImportError names the extra
    where matplotlib is absent.
    """
    step = 1 if record_every is None else check_size("plot_costs", "record_every", record_every)
    if isinstance(costs, Mapping):
        if record_every is not None:
            raise TypeError("plot_costs: a history has its epochs: leave record_every out")
        values, along = _numbers(costs.get("cost", ())), costs.get("epoch", ())
        if "cost" not in costs or len(along) != len(values):
            raise TypeError(
                "plot_costs: a dict must be the history that ffnn.train returns beside the "
                "parameters, with lists 'epoch' and 'cost' of one length"
            )
        unit = "epoch"
    else:
        values = _numbers(costs)
        along = step * np.arange(len(values))
        unit = "record point" if record_every is None else "iteration"
    # A figure of its own where none is given: two calls in one notebook cell must not share axes.
    axes = ax if ax is not None else pyplot("plot_costs").subplots()[1]
    axes.plot(along, values, marker=mark_of(len(values)))
    axes.set_xlabel(unit if xlabel is None else xlabel)
    whole_ticks(axes)
    axes.set_ylabel("cost")
    if learning_rate is not None:
        axes.set_title(f"Learning rate = {learning_rate}")
    return axes


def _numbers(costs: Any) -> NDArray[np.float64]:
    """The costs as a vector, or a TypeError that says where they come from."""
    try:
        values = np.array([float(np.squeeze(cost)) for cost in costs])
    except (TypeError, ValueError):
        raise TypeError(
            "plot_costs: costs must be numbers, one after the other, as L_layer_model returns them "
            "beside the parameters (parameters, costs = L_layer_model(...)), or the history of "
            f"ffnn.train, not {type(costs).__name__}"
        ) from None
    return values


def whole_ticks(axes: Axes) -> None:
    """Count along x in whole numbers, however few there are."""
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)


def mark_of(points: int) -> str:
    """A line's marker: a line through one point is nothing that could be seen."""
    return "o" if points == 1 else ""


@suggest_keywords
def print_mislabeled_images(
    classes: Sequence[Any] | NDArray[Any],
    X: ArrayLike,
    y: ArrayLike,
    p: ArrayLike,
    *,
    figure: Figure | SubFigure | None = None,
    ax: Axes | None = None,
    limit: int | None = 40,
) -> NDArray[Any]:
    """Draw the images whose predictions differ from their labels, and return the axes.

    =======  ==========  ===================================================================
    classes  (k,)        the names of labels 0 .. k-1, bytes or str
    X        (n_x, m)    a column per image: n_x = 3 s s (colour, channel last) or s s (grey,
                         larger is darker); 0 to 255 where integer, 0 to 1 where floating
    y        (1, m)      the labels; (m,) and (m, 1) serve too
    p        (1, m)      the predictions, as `predict` returns them
    figure               where to draw; a new figure when None
    ax                   or axes whose place the images share
    limit    int         the greatest number of images drawn, the first; None: all of them
    =======  ==========  ===================================================================

    The result is an array with one axes for each image drawn, in the order of the columns; empty
    where nothing is mislabelled. A line below the images says how many there are where not all are
    drawn. TypeError for labels that are no numbers; ValueError where limit is below 1, where n_x
    makes no square image, where y or p has not one entry for each image, where one is no whole
    number of at least 0 or, mislabelled, has no name in `classes`, or where both figure and ax are
    given.
    """
    if ax is not None and figure is not None:
        raise ValueError("print_mislabeled_images: ax and figure are both given: choose one")
    most = None if limit is None else check_size("print_mislabeled_images", "limit", limit)
    images = check_matrix("print_mislabeled_images", "X", X)
    shape = _image_shape(images.shape[0])
    labels, predictions = (
        check_row("print_mislabeled_images", name, value, images.shape[1])
        for name, value in (("y", y), ("p", p))
    )
    for name, value in (("y", labels), ("p", predictions)):
        check_classes("print_mislabeled_images", name, value)
    mislabelled = np.flatnonzero(labels != predictions)
    wrong = mislabelled[:most]
    names = [
        (_class_name(classes, predictions[index]), _class_name(classes, labels[index]))
        for index in wrong
    ]

    # In axes of the caller about as many columns as rows, so that the titles have room.
    widest = _IMAGES_A_ROW if ax is None else max(1, math.ceil(math.sqrt(len(wrong))))
    cols = max(1, min(len(wrong), widest))
    rows = max(1, math.ceil(len(wrong) / cols))
    # The two lines above an image take about a quarter of its height.
    size = (cols * _INCHES_AN_IMAGE, rows * _INCHES_AN_IMAGE * 1.3)
    page: Any = ax or figure or _new_figure(size)
    if len(wrong) == 0:
        if ax is not None:
            ax.set_axis_off()
        page.text(0.5, 0.5, "No mislabelled images", ha="center", va="center")
        return np.empty(0, dtype=object)

    # In axes of the caller there is room for two lines above each.
    grid = (
        inset_grid(ax, rows, cols, 0.7)
        if ax is not None
        else page.subplots(rows, cols, squeeze=False).ravel()
    )
    for place in grid:
        place.set_axis_off()
    for place, index, (prediction, label) in zip(grid, wrong, names, strict=False):
        image = images[:, index].reshape(shape)
        if image.ndim == 3:
            place.imshow(image, interpolation="nearest")
        else:
            # One scale for all: an image of its own range would hide how faint its ink is.
            top = 255 if np.issubdtype(image.dtype, np.integer) else 1
            place.imshow(image, cmap="gray_r", vmin=0, vmax=top, interpolation="nearest")
        place.set_title(f"Prediction: {prediction}\nClass: {label}", fontsize="small")
    if len(wrong) < len(mislabelled):
        count = f"the first {len(wrong)} of {len(mislabelled)} mislabelled images"
        if ax is not None:
            ax.text(0.5, -0.02, count, ha="center", va="top", transform=ax.transAxes)
        else:
            page.supxlabel(count, fontsize="medium")
    drawn: NDArray[Any] = grid[: len(wrong)]
    return drawn


def check_classes(function: str, name: str, classes: NDArray[Any]) -> None:
    """Raise where a class is none of 0, 1, 2, ...: those alone have a colour or a name."""
    if classes.dtype.kind not in "biuf":
        raise TypeError(
            f"{function}: {name} holds {classes.dtype}, and classes are whole numbers from 0: "
            "np.unique(y, return_inverse=True) gives the names and the numbers"
        )
    wrong = np.flatnonzero(~((classes >= 0) & (classes == np.floor(classes))))
    if wrong.size:
        raise ValueError(
            f"{function}: {name} holds {classes.flat[wrong[0]]} at entry {wrong[0]}, and classes "
            "are whole numbers from 0"
        )


def inset_grid(ax: Axes, rows: int, cols: int, filled: float) -> NDArray[Any]:
    """Axes in rows and columns within `ax`, each as high as that part of its row."""
    ax.set_axis_off()
    height, width = 1 / rows, 1 / cols
    cells = [
        ax.inset_axes((col * width, 1 - (row + 1) * height, 0.95 * width, filled * height))
        for row in range(rows)
        for col in range(cols)
    ]
    return np.array(cells, dtype=object)


def _new_figure(size: tuple[float, float]) -> Any:
    return pyplot("print_mislabeled_images").figure(figsize=size, layout="constrained")


def _image_shape(pixels: int) -> tuple[int, ...]:
    # 3 s s and t t are never the same number, so n_x alone tells colour from grey.
    for channels, shape in ((3, (3,)), (1, ())):
        side = math.isqrt(pixels // channels)
        if side > 0 and side * side * channels == pixels:
            return (side, side, *shape)
    raise ValueError(
        f"print_mislabeled_images: the {pixels} rows of X make no square image, "
        "neither grey (s * s) nor colour (s * s * 3): examples are columns"
    )


def _class_name(classes: Sequence[Any] | NDArray[Any], label: Any) -> str:
    if label >= len(classes):
        raise ValueError(
            f"print_mislabeled_images: label {label} has no name in the {len(classes)} of `classes`"
        )
    name = classes[int(label)]
    return name.decode("utf-8") if isinstance(name, bytes) else str(name)
