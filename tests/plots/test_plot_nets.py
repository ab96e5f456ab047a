"""Pictures of what was learned, and the table: what is drawn, and where."""

import numpy as np
import pytest
from test_plot_assignment import quiet_figures  # noqa: F401

import ffnn
from support import plain_train

pytestmark = pytest.mark.once

pyplot = pytest.importorskip("matplotlib.pyplot")

HISTORY = {
    "epoch": [0, 2, 4], "cost": [3.0, 2.0, 1.0], "val_cost": [4.0, 3.0, 2.5],
    "accuracy": [0.1, 0.5, 0.9], "learning_rate": [0.1, 0.1, 0.1], "optimizer_state": {},
}  # fmt: skip


def sides(ax):
    """The lines drawn on the left and on the right, by their labels."""
    right = [other for other in ax.figure.axes if other is not ax]
    return [{line.get_label(): line for line in axes.lines} for axes in (ax, *right)]


def test_a_history_has_its_costs_on_the_left_and_its_metrics_on_the_right():
    ax = ffnn.plot_history({**HISTORY, "best_epoch": 2})
    left, right = sides(ax)
    assert list(left) == ["cost", "val cost", "best epoch: 2"] and list(right) == ["accuracy"]
    assert left["val cost"].get_xdata().tolist() == [0, 2, 4]
    assert left["val cost"].get_ydata().tolist() == HISTORY["val_cost"]
    assert left["val cost"].get_linestyle() == "--" and left["cost"].get_linestyle() == "-"
    assert left["val cost"].get_color() == left["cost"].get_color()
    assert right["accuracy"].get_color() != left["cost"].get_color()
    assert set(left["best epoch: 2"].get_xdata()) == {2}
    other = ax.figure.axes[1]
    assert (ax.get_xlabel(), ax.get_ylabel(), other.get_ylabel()) == ("epoch", "cost", "accuracy")
    shown = {text.get_text() for text in other.get_legend().get_texts()}
    assert shown == {*left, *right} and ax.get_legend() is None
    ax.set_yscale("log")
    assert other.get_yscale() == "linear"


def test_a_history_without_metrics_has_one_scale():
    history = {name: HISTORY[name] for name in ("epoch", "cost", "val_cost", "learning_rate")}
    ax = ffnn.plot_history({**history, "best_epoch": None})
    [lines] = sides(ax)
    assert list(lines) == ["cost", "val cost"]
    assert ax.get_ylabel() == "cost" and ax.get_legend() is not None


def test_a_history_draws_what_is_named_where_it_is_told():
    _, ax = pyplot.subplots()
    assert ffnn.plot_history(HISTORY, ["accuracy"], ax=ax) is ax
    assert ax.lines[0].get_ydata().tolist() == HISTORY["accuracy"]
    assert ax.get_ylabel() == "accuracy" and ax.get_legend() is None
    assert ax.figure.axes == [ax]
    with pytest.raises(KeyError, match="history has no 'recall'; it has cost"):
        ffnn.plot_history(HISTORY, ["recall"])
    (line,) = ffnn.plot_history(HISTORY, "accuracy").lines
    assert line.get_label() == "accuracy"


def test_runs_share_axes_each_with_its_label_and_colour():
    _, ax = pyplot.subplots()
    for name in "gd", "adam":
        ffnn.plot_history({**HISTORY, "best_epoch": 2}, ["cost"], label=name, ax=ax)
    labels = ["gd", "gd: best epoch: 2", "adam", "adam: best epoch: 2"]
    assert [line.get_label() for line in ax.lines] == labels
    assert [text.get_text() for text in ax.get_legend().get_texts()] == labels
    assert ax.lines[0].get_color() != ax.lines[2].get_color()
    ax = ffnn.plot_history(HISTORY, ["cost", "val_cost"], label="gd")
    assert [line.get_label() for line in ax.lines] == ["gd: cost", "gd: val cost"]


def test_a_history_of_a_run_says_its_best_epoch():
    X, Y = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0, 0, 1, 1]])
    _, history = plain_train(
        X, Y, [1, 5, 1], seed=1, num_epochs=8, validation_data=(X, Y), metrics="accuracy",
        patience=8,
    )  # fmt: skip
    left, right = sides(ffnn.plot_history(history))
    assert set(left) == {"cost", "val cost", f"best epoch: {history['best_epoch']}"}
    assert set(right) == {"accuracy", "val accuracy"}


def test_a_history_counts_whole_epochs():
    for epochs in 1, 3, 4:
        history = {"epoch": list(range(epochs)), "cost": [1.0] * epochs}
        ax = ffnn.plot_history(history)
        ticks = ax.get_xticks()
        assert len(ticks) > 0 and (ticks == np.rint(ticks)).all()
        assert (ax.lines[0].get_marker() == "o") == (epochs == 1)
        assert ax.lines[0].get_xdata().tolist() == history["epoch"]


@pytest.mark.parametrize(
    ("history", "found"),
    [
        ([1.0, 0.5], "list"),
        ({"W1": np.ones((1, 1))}, "a dict without 'epoch'"),
        (({}, {}), "tuple"),
    ],
)
def test_a_history_refuses(history, found):
    with pytest.raises(TypeError, match=f"plot_history: history must be the dict .*, not {found}"):
        ffnn.plot_history(history)


SPLIT = {"W1": np.array([[1.0, 0.0]]), "b1": np.array([[-0.5]])}  # class 1 right of x1 = 0.5


def colours(ax):
    mesh = ax.collections[0]
    return np.asarray(mesh.get_array()), mesh.get_coordinates()


def test_a_boundary_is_where_the_model_has_it():
    X, y = np.array([[0.0, 1.0, 0.2], [0.0, 2.0, 1.0]]), np.array([[0, 1, 0]])
    ax = ffnn.plot_decision_boundary(SPLIT, X, y)
    values, corners = colours(ax)
    centres = (corners[:-1, :-1, 0] + corners[1:, 1:, 0]) / 2
    np.testing.assert_array_equal(values, centres > 0.5)
    assert set(np.unique(values)) == {0, 1}
    entries = ax.get_legend().get_texts()
    assert [text.get_text() for text in entries] == [r"$\mathdefault{0}$", r"$\mathdefault{1}$"]
    dots = ax.collections[1]
    np.testing.assert_allclose(dots.get_offsets(), X.T)
    np.testing.assert_array_equal(dots.get_array(), y[0])


def test_a_boundary_of_a_function_of_rows():
    X, y = np.array([[0.0, 1.0], [0.0, 1.0]]), [0, 1]
    _, ax = pyplot.subplots()
    assert ffnn.plot_decision_boundary(lambda rows: rows[:, 1] > 0.5, X, y, ax=ax) is ax
    values, _ = colours(ax)
    assert (values[0] == 0).all() and (values[-1] == 1).all()


def test_a_boundary_between_several_classes():
    X = np.array([[0.0, 1.0, 2.0], [0.0, 1.0, 0.0]])
    parameters = {
        "W1": np.array([[-1.0, 0], [0, 1.0], [1.0, 0]]),
        "b1": np.array([[0.5], [0], [-1.0]]),
    }
    ax = ffnn.plot_decision_boundary(parameters, X, [0, 1, 2], output_activation="softmax")
    assert set(np.unique(colours(ax)[0])) == {0, 1, 2}


@pytest.mark.parametrize(
    ("X", "y", "says"),
    [
        (np.ones((3, 2)), [0, 1, 0], r"X has shape \(3, 2\), expected .*pass X.T"),
        (np.ones((2, 3)), [0, 1], r"y has shape \(2,\), expected \(1, 3\)"),
        (np.full((2, 3), np.nan), [0, 1, 0], "NaN or inf"),
        (np.ones((2, 0)), [], "at least 1"),
    ],
)
def test_a_boundary_refuses(X, y, says):
    with pytest.raises(ValueError, match=says):
        ffnn.plot_decision_boundary(SPLIT, X, y)


@pytest.mark.parametrize(
    ("y", "error", "says"),
    [
        (["cat", "dog", "cat"], TypeError, "y holds <U3.*return_inverse"),
        ([0, np.nan, 1], ValueError, "y holds nan at entry 1"),
        ([0, 1, -1], ValueError, "y holds -1 at entry 2"),
        ([0.5, 1, 0], ValueError, r"y holds 0\.5 at entry 0"),
    ],
)
def test_a_boundary_wants_classes_that_have_a_colour(y, error, says):
    with pytest.raises(error, match=f"plot_decision_boundary: {says}"):
        ffnn.plot_decision_boundary(SPLIT, np.arange(6.0).reshape(2, 3), y)
    assert pyplot.get_fignums() == []


def test_a_boundary_wants_finite_numbers_of_a_function():
    for values in np.full(90000, np.nan), np.full(90000, "cat"):
        with pytest.raises(ValueError, match="model returned .* that is no finite number"):
            ffnn.plot_decision_boundary(lambda rows, of=values: of, np.eye(2), [0, 1])


def test_a_boundary_wants_an_entry_for_each_point():
    with pytest.raises(ValueError, match=r"model returned shape \(3,\) for 90000 points"):
        ffnn.plot_decision_boundary(lambda rows: np.ones(3), np.ones((2, 2)), [0, 1])


def test_weights_as_pictures(rng):
    W = rng.standard_normal((10, 12))
    axes = ffnn.plot_weights({"W1": W}, image_shape=(3, 4))
    assert len(axes) == 10
    for ax, row in zip(axes, W, strict=True):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), row.reshape(3, 4))
        assert image.get_clim() == (-np.abs(W).max(), np.abs(W).max())
    assert len(ffnn.plot_weights({"W1": np.zeros((3, 16))})) == 3
    with pytest.raises(ValueError, match=r"image_shape \(5, 5\) does not hold 12 inputs"):
        ffnn.plot_weights({"W1": W}, image_shape=(5, 5))
    with pytest.raises(KeyError, match="no 'W1'"):
        ffnn.plot_weights({})


def test_weights_as_a_matrix(rng):
    _, ax = pyplot.subplots()
    W = rng.standard_normal((10, 12))
    assert ffnn.plot_weights({"W1": W}, ax=ax)[0] is ax
    np.testing.assert_array_equal(ax.images[0].get_array(), W)


def test_weights_share_the_axes_they_are_given(rng):
    _, (left, right) = pyplot.subplots(1, 2)
    W = rng.standard_normal((11, 16))
    for shape in None, (2, 8):
        right.clear()
        axes = ffnn.plot_weights({"W1": W}, image_shape=shape, ax=right)
        assert len(axes) == 11 and set(axes) <= set(right.child_axes) and not left.child_axes
        np.testing.assert_array_equal(
            axes[10].images[0].get_array(), W[10].reshape(shape or (4, 4))
        )
    assert len(pyplot.get_fignums()) == 1


@pytest.mark.parametrize("shape", [(3,), (0, 4), (4, 0), (1, 2, 3)])
def test_weights_refuse_what_holds_none(shape):
    with pytest.raises(ValueError, match="plot_weights: W1 has shape .* expected"):
        ffnn.plot_weights({"W1": np.ones(shape)})


def test_mislabelled_images_share_the_axes_they_are_given(rng):
    X, y = rng.random((16, 12)), np.zeros((1, 12))
    _, (left, right) = pyplot.subplots(1, 2)
    drawn = ffnn.print_mislabeled_images(["a", "b"], X, y, 1 - y, ax=right)
    assert len(drawn) == 12 and all(len(ax.images) == 1 for ax in drawn)
    assert set(drawn) <= set(right.child_axes) and not left.child_axes


def test_a_summary_counts(rng):
    parameters = {
        "W1": np.ones((20, 64), np.float32), "b1": np.ones((20, 1), np.float32),
        "W2": np.ones((10, 20), np.float32), "b2": np.ones((10, 1), np.float32),
    }  # fmt: skip
    table = ffnn.summary(parameters, hidden_activation=["tanh"], output_activation="softmax")
    lines = str(table).splitlines()
    assert lines[1].split() == ["1", "64", "20", "tanh", "1300", "float32"]
    assert lines[2].split() == ["2", "20", "10", "softmax", "210", "float32"]
    assert lines[3] == "1,510 parameters, 6,040 bytes"
    assert isinstance(table, str) and repr(table) == str(table)


@pytest.mark.parametrize(
    ("parameters", "error"),
    [([], TypeError), ({}, KeyError), ({"W1": np.ones(3), "b1": np.ones((1, 1))}, ValueError)],
)
def test_a_summary_refuses(parameters, error):
    with pytest.raises(error):
        ffnn.summary(parameters)
