"""The assignment's pictures: what is drawn, what comes back, and that nothing is shown."""

import builtins

import numpy as np
import pytest

import ffnn
from ffnn.datasets import load_digits
from support import plain_train

pytestmark = pytest.mark.once

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def quiet_figures(monkeypatch):
    """Fails a test whose call shows a figure, and closes what it opened."""

    def show(*args, **kwargs):
        raise AssertionError("plt.show() was called")

    monkeypatch.setattr(pyplot, "show", show)
    yield
    pyplot.close("all")


def test_plot_costs_draws_every_cost():
    costs = [np.array(0.7), np.array(0.5), np.float64(0.25)]
    ax = ffnn.plot_costs(costs, 0.01)
    assert ax.lines[0].get_xdata().tolist() == [0, 1, 2]
    assert ax.lines[0].get_ydata().tolist() == [0.7, 0.5, 0.25]
    assert "0.01" in ax.get_title()
    assert ax.get_ylabel() == "cost"
    assert ax.get_xlabel() == "record point"


def test_plot_costs_says_only_what_it_was_told():
    _, costs = ffnn.L_layer_model(np.eye(2), [[0, 1]], [2, 2, 1], 0.3, num_iterations=401)
    ax = ffnn.plot_costs(costs)
    assert ax.get_title() == "" and ax.lines[0].get_xdata().tolist() == [0, 1, 2, 3, 4]
    ax = ffnn.plot_costs(costs, learning_rate=0.3, record_every=100)
    assert ax.get_title() == "Learning rate = 0.3" and ax.get_xlabel() == "iteration"
    assert ax.lines[0].get_xdata().tolist() == [0, 100, 200, 300, 400]
    ax = ffnn.plot_costs(costs, record_every=5, xlabel="epoch")
    assert ax.get_xlabel() == "epoch" and ax.lines[0].get_xdata().tolist() == [0, 5, 10, 15, 20]


def test_plot_costs_of_a_history_knows_its_epochs():
    _, history = plain_train(
        np.eye(2), [[0, 1]], [2, 2, 1], num_epochs=10, record_every=4, learning_rate=0.3
    )
    ax = ffnn.plot_costs(history, 0.3)
    assert ax.lines[0].get_xdata().tolist() == history["epoch"] == [0, 4, 8, 9]
    assert ax.lines[0].get_ydata().tolist() == history["cost"]
    assert ax.get_xlabel() == "epoch" and ax.get_title() == "Learning rate = 0.3"


@pytest.mark.parametrize(
    ("costs", "options", "error", "message"),
    [
        ({"W1": [1.0]}, {}, TypeError, "a dict must be the history that ffnn.train returns"),
        ({"cost": [1.0]}, {}, TypeError, "'epoch' and 'cost' of one length"),
        ({"cost": [1.0], "epoch": []}, {}, TypeError, "'epoch' and 'cost' of one length"),
        ({"cost": [1.0], "epoch": [0]}, {"record_every": 2}, TypeError, "leave record_every out"),
        (({"W1": np.ones((2, 2))}, [0.5]), {}, TypeError, "costs must be numbers.* not tuple"),
        (["one"], {}, TypeError, "costs must be numbers"),
        (0.5, {}, TypeError, "not float"),
        ([0.5], {"record_every": 0}, ValueError, "record_every must be at least 1, not 0"),
        ([0.5], {"record_every": 1.5}, TypeError, "record_every must be an integer"),
    ],
)
def test_plot_costs_refuses(costs, options, error, message):
    with pytest.raises(error, match=f"plot_costs: .*{message}"):
        ffnn.plot_costs(costs, **options)
    assert pyplot.get_fignums() == []


@pytest.mark.parametrize("count", [1, 2, 3, 4, 11, 26])
def test_plot_costs_counts_in_whole_numbers(count):
    ax = ffnn.plot_costs(np.linspace(0.7, 0.1, count))
    ticks = ax.get_xticks()
    assert len(ticks) > 0 and (ticks == np.rint(ticks)).all()
    # One cost is a dot: no line leads anywhere.
    assert (ax.lines[0].get_marker() == "o") == (count == 1)


def test_plot_costs_draws_where_it_is_told():
    _, ax = pyplot.subplots()
    assert ffnn.plot_costs([1.0, 0.5], ax=ax) is ax
    assert len(pyplot.get_fignums()) == 1


def test_plot_costs_starts_a_new_figure():
    assert ffnn.plot_costs([1.0]).figure is not ffnn.plot_costs([2.0]).figure


def test_plot_costs_of_a_run_without_costs():
    assert ffnn.plot_costs([]).lines[0].get_ydata().tolist() == []


def test_mislabeled_digits():
    X, Y = load_digits()
    X, y = X[:, :30], Y[:, :30] % 2
    p = y.astype(float)
    p[0, [3, 4, 20]] = 1 - p[0, [3, 4, 20]]
    axes = ffnn.print_mislabeled_images(["even", "odd"], X, y, p)
    assert len(axes) == 3
    assert [ax.get_title() for ax in axes] == [
        "Prediction: even\nClass: odd",
        "Prediction: odd\nClass: even",
        "Prediction: odd\nClass: even",
    ]
    for ax, index in zip(axes, [3, 4, 20], strict=True):
        [image] = ax.get_images()
        assert (np.asarray(image.get_array()) == X[:, index].reshape(8, 8)).all()


@pytest.mark.parametrize("scale", [1, 255])
def test_mislabeled_colour_pictures(rng, scale):
    X = rng.integers(0, 256, (64 * 64 * 3, 4), dtype=np.uint8)
    X = X if scale == 255 else X / 255.0
    y = np.array([[0, 1, 1, 0]])
    p = np.array([[0.0, 0.0, 1.0, 1.0]])
    axes = ffnn.print_mislabeled_images(np.array([b"non-cat", b"cat"]), X, y, p)
    assert [ax.get_title().split()[1] for ax in axes] == ["non-cat", "cat"]
    [image] = axes[0].get_images()
    assert (np.asarray(image.get_array()) == X[:, 1].reshape(64, 64, 3)).all()


@pytest.mark.parametrize("shape", [(1, 11), (11,), (11, 1)])
def test_mislabeled_takes_labels_of_every_legal_shape(shape):
    X = np.zeros((4, 11))
    axes = ffnn.print_mislabeled_images("ab", X, np.zeros(shape, int), np.ones((1, 11)))
    assert len(axes) == 11
    # The empty places of the grid show no axes.
    assert sum(ax.axison for ax in axes[0].figure.axes) == 0


def test_mislabeled_nothing():
    axes = ffnn.print_mislabeled_images("ab", np.zeros((4, 3)), [[0, 1, 0]], [[0, 1, 0]])
    assert axes.shape == (0,)
    assert "No mislabelled" in pyplot.gcf().texts[0].get_text()
    _, ax = pyplot.subplots()
    axes = ffnn.print_mislabeled_images("ab", np.zeros((4, 3)), [[0, 1, 0]], [[0, 1, 0]], ax=ax)
    assert axes.shape == (0,) and not ax.axison
    assert "No mislabelled" in ax.texts[0].get_text()


def test_mislabeled_in_a_figure_of_the_caller():
    figure = pyplot.figure()
    axes = ffnn.print_mislabeled_images(
        "ab", np.zeros((4, 3)), [[0, 0, 0]], [[1, 1, 1]], figure=figure, limit=2
    )
    assert len(axes) == 2
    assert axes[0].figure is figure
    assert len(pyplot.get_fignums()) == 1


def test_mislabeled_draws_up_to_a_limit_and_says_how_many_there_are():
    X, y = np.zeros((4, 50)), np.zeros((1, 50))
    for limit, drawn in ({}, 40), ({"limit": 50}, 50), ({"limit": None}, 50), ({"limit": 7}, 7):
        axes = ffnn.print_mislabeled_images("ab", X, y, 1 - y, **limit)
        assert len(axes) == drawn
        said = axes[0].figure.get_supxlabel()
        assert said == ("" if drawn == 50 else f"the first {drawn} of 50 mislabelled images")
    _, ax = pyplot.subplots()
    ffnn.print_mislabeled_images("ab", X, y, 1 - y, ax=ax, limit=9)
    assert [text.get_text() for text in ax.texts] == ["the first 9 of 50 mislabelled images"]
    before = pyplot.get_fignums()
    with pytest.raises(ValueError, match="print_mislabeled_images: limit must be at least 1"):
        ffnn.print_mislabeled_images("ab", X, y, 1 - y, limit=0)
    assert pyplot.get_fignums() == before


def test_mislabeled_in_one_place_only():
    figure, ax = pyplot.subplots()
    with pytest.raises(ValueError, match="ax and figure are both given"):
        ffnn.print_mislabeled_images("ab", np.zeros((4, 1)), [[0]], [[1]], figure=figure, ax=ax)


def test_mislabeled_images_stand_in_even_columns_and_near_rows():
    axes = ffnn.print_mislabeled_images(
        ["even", "odd"], np.zeros((64, 15)), np.zeros((1, 15)), np.ones((1, 15))
    )
    axes[0].figure.canvas.draw()
    boxes = [ax.get_window_extent() for ax in axes]
    lefts = [box.x0 for box in boxes[:8]]
    assert np.ptp(np.diff(lefts)) < 0.5
    np.testing.assert_allclose([box.x0 for box in boxes[8:]], lefts[:7], atol=0.5)
    titles = [ax.title.get_window_extent() for ax in axes]
    # No title touches the image above it, and little is left blank between them.
    assert 0 < boxes[0].y0 - titles[8].y1 < boxes[0].height / 3


@pytest.mark.parametrize(
    ("X", "y", "p", "message"),
    [
        (np.zeros((5, 2)), [[0, 0]], [[1, 1]], "5 rows of X make no square image"),
        (np.zeros((0, 2)), [[0, 0]], [[1, 1]], "0 rows of X make no square image"),
        (np.zeros(4), [[0]], [[1]], r"X has ndim 1 and shape \(4,\), expected ndim 2"),
        (np.zeros((4, 2)), [[0, 0, 0]], [[1, 1]], r"y has shape \(1, 3\), expected \(1, 2\)"),
        (np.zeros((4, 2)), [[0, 0]], [1], r"p has shape \(1,\), expected \(1, 2\)"),
        (np.zeros((4, 2)), [[0, 2]], [[1, 1]], "label 2 has no name"),
        (np.zeros((4, 2)), [[0, 0]], [[0.5, 0]], r"holds 0\.5 at entry 0"),
        (np.zeros((4, 2)), [[0, 0]], [[-1, 0]], "holds -1 at entry 0"),
    ],
)
def test_mislabeled_refuses(X, y, p, message):
    with pytest.raises(ValueError, match=message):
        ffnn.print_mislabeled_images("ab", X, y, p)
    assert pyplot.get_fignums() == []


def test_mislabeled_refuses_labels_that_are_no_numbers():
    with pytest.raises(TypeError, match=r"print_mislabeled_images: y holds <U1.*return_inverse"):
        ffnn.print_mislabeled_images("ab", np.zeros((4, 2)), [["a", "b"]], [[1, 1]])
    with pytest.raises(ValueError, match=r"print_mislabeled_images: p holds nan at entry 1"):
        ffnn.print_mislabeled_images("ab", np.zeros((4, 2)), [[0, 0]], [[1, np.nan]])
    assert pyplot.get_fignums() == []


def test_the_extra_is_named(monkeypatch):
    real_import = builtins.__import__

    def without_matplotlib(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_matplotlib)
    with pytest.raises(ImportError, match=r"plot_costs: .*ffnn\[plot\]"):
        ffnn.plot_costs([1.0])
    with pytest.raises(ImportError, match=r"print_mislabeled_images: .*ffnn\[plot\]"):
        ffnn.print_mislabeled_images("ab", np.zeros((4, 1)), [[0]], [[1]])
