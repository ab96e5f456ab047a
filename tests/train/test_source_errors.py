"""What a source may do wrong: one clear error each, before training where that can be known."""

import re
import signal
import threading
from types import SimpleNamespace

import numpy as np
import pytest

import ffnn
import ffnn._reading
import ffnn._sources
from sources import KINDS, Slices, hdf5, memory_map
from support import assert_same_dict

pytestmark = pytest.mark.once

M, N_X = 200, 6
SETTINGS = {"seed": 1, "num_epochs": 3, "mini_batch_size": 10, "shuffle": False}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Of 20 examples."""
    monkeypatch.setattr(ffnn._sources, "PIECE", 20 * N_X)
    monkeypatch.setattr(ffnn._reading, "PIECE", 20 * N_X)


@pytest.fixture
def rows(rng):
    return rng.standard_normal((M, N_X)).astype(np.float32)


@pytest.fixture
def Y(rng):
    return rng.integers(0, 2, (1, M))


def train(X, Y, **settings):
    return ffnn.train(X, Y, [N_X, 4, 1], **SETTINGS | settings)


class Changing(Slices):
    """A source that becomes another one when `count` slices have been read."""

    def __init__(self, array, count, change):
        super().__init__(array)
        self.count, self.change = count, change

    def __getitem__(self, key):
        if len(self.reads) == self.count:
            self.change(self)
        return super().__getitem__(key)


def grow(source):
    source.shape = (source.shape[0] + 1, *source.shape[1:])


def shrink(source):
    source.array = source.array[:50]


def narrow(source):
    source.array = source.array[:, :-1]


def widen(source):
    source.array = source.array.astype(np.float64)


def fail(source):
    raise OSError("the disk is gone")


def has_record_point(error, epochs):
    assert error.history["epoch"] == list(range(epochs))
    assert list(error.parameters) == ["W1", "b1", "W2", "b2"]
    return True


@pytest.mark.parametrize(
    "change, error, says",
    [
        (shrink, ValueError, r"^train: X gave a slice of shape \(\d+, 6\).*promise \(20, 6\)"),
        (narrow, ValueError, r"^train: X gave a slice of shape \(20, 5\) and dtype float32 where"),
        (widen, ValueError, r"^train: X gave a slice of shape \(20, 6\) and dtype float64 where"),
        (fail, OSError, r"^the disk is gone"),
    ],
)
@pytest.mark.parametrize("epochs", [0, 1])
@pytest.mark.parametrize("settings", [{}, {"mini_batch_size": "all", "shuffle": None}])
def test_a_source_that_changes_ends_the_run_with_its_last_record_point(
    rows, Y, change, error, says, settings, epochs
):
    """That of the epochs that are done; a full batch reads a small net's examples once."""
    epochs = 0 if settings else epochs
    source = Changing(rows, 1 + 10 * epochs + 7, change)
    with pytest.raises(error, match=says) as caught:
        train(ffnn.rows(source), Y, **settings)
    assert has_record_point(caught.value, epochs)
    expected, _ = train(rows.T, Y, num_epochs=epochs, **settings)
    assert_same_dict(caught.value.parameters, expected)
    notes = "\n".join(caught.value.__notes__)
    assert "train: the last record point hangs on this exception" in notes
    if change is fail:
        assert "train: X, a test_source_errors.Changing, raised this while 20 of" in notes
    assert not any(thread.name == "ffnn-reader" for thread in threading.enumerate())


@pytest.mark.parametrize("optimizer", ["gd", "lbfgs", "levenberg_marquardt", "bayesian"])
@pytest.mark.parametrize("reads", [30, 70, 130, 180])
def test_a_source_that_fails_in_a_full_batch_of_many(rng, optimizer, reads):
    """In shards, in the cost of a step that is tried, in gradients: nothing is made of it."""
    rows, Y = rng.standard_normal((1100, N_X)), rng.integers(0, 2, (1, 1100))
    settings = {"optimizer": optimizer, "mini_batch_size": "all", "shuffle": None}
    if optimizer == "bayesian":
        settings |= {"optimizer": "levenberg_marquardt", "bayesian": True}
        settings |= {"output_activation": "linear"}
    with pytest.raises(OSError, match="^the disk is gone") as caught:
        train(ffnn.rows(Changing(rows, reads, fail)), Y, num_epochs=9, **settings)
    done = len(caught.value.history["epoch"])
    assert 0 <= done < 4
    expected, history = train(rows.T, Y, num_epochs=9, **settings)
    assert caught.value.history["cost"] == history["cost"][:done]
    assert caught.value.parameters.keys() == expected.keys()


def test_a_source_that_grows(rows, Y):
    """Is found when the next epoch begins."""
    with pytest.raises(
        ValueError, match=r"^train: X has changed its shape from \(200, 6\) to \(201, 6\) since"
    ) as caught:
        train(ffnn.rows(Changing(rows, 15, grow)), Y)
    assert has_record_point(caught.value, 2)


@pytest.mark.parametrize("change", [narrow, widen, fail])
def test_the_first_example_is_read_before_anything_else(rows, Y, change):
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    with pytest.raises(OSError if change is fail else ValueError) as caught:
        train(ffnn.rows(Changing(rows[::-1], 0, change)), Y, seed=None)
    assert not hasattr(caught.value, "history")
    assert (np.random.get_state()[1] == before).all()


def test_a_file_that_is_closed(tmp_path, rows, Y):
    closed = hdf5(tmp_path, rows)
    rows_of_it = ffnn.rows(closed)
    closed.file.close()
    for X in closed, rows_of_it:
        with pytest.raises(ValueError, match=r"^train: X is a (Dataset|Rows) that cannot be read"):
            train(X, Y)
        with pytest.raises(ValueError, match="^predict_proba: X is a .* that cannot be read"):
            ffnn.predict_proba(X, {"W1": np.ones((1, N_X)), "b1": np.ones((1, 1))})
    with pytest.raises(ValueError, match="^train: Y is a Dataset that cannot be read"):
        train(rows.T, closed)
    open_yet = hdf5(tmp_path, rows)
    with pytest.raises(Exception, match="dataset|identifier|open") as caught:
        train(ffnn.rows(open_yet), Y, callback=lambda info: open_yet.file.close())
    assert has_record_point(caught.value, 1)
    assert any("train: X, a h5py" in note for note in caught.value.__notes__)


def test_a_truncated_file(tmp_path, rows, Y):
    """HDF5 finds it when it opens the file, or when it reads what is not there."""
    import h5py

    path = tmp_path / "whole.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("X", data=rows)
    cut = tmp_path / "cut.h5"
    cut.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(OSError, match="truncated"):
        with h5py.File(cut) as file:
            train(ffnn.rows(file["X"]), Y)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("shuffle", [True, False, "blocks"])
def test_nan_is_found_as_it_is_read_and_named(tmp_path, rows, Y, value, shuffle):
    rows[123, 4] = value
    for kind, make in KINDS.items():
        if kind in ("integers", "rows of an array"):
            continue
        where = ": row 123 of the source" if kind.startswith("rows") else ""
        says = rf"^train: X holds {value} at row 4, column 123{where}; leave such examples out"
        with pytest.raises(ValueError, match=says) as caught:
            train(make(tmp_path, rows), Y, shuffle=shuffle)
        assert has_record_point(caught.value, 0)
        with pytest.raises(ValueError, match=r"^predict_classes: X holds .* row 4, column 123"):
            ffnn.predict_classes(make(tmp_path, rows), caught.value.parameters)
        with pytest.warns(RuntimeWarning, match=r"^predict: X holds .* 1 of 200 examples"):
            p = ffnn.predict(make(tmp_path, rows), Y, caught.value.parameters)
        assert p[0, 123] == 0
        with pytest.raises(ValueError, match=r"^train: validation_data: X holds"):
            train(rows[:99].T, Y[:, :99], validation_data=(make(tmp_path, rows), Y))


def test_numbers_that_float32_cannot_hold(tmp_path, rows, Y):
    wide = rows.astype(np.float64)
    wide[5, 1] = 1e300
    with pytest.raises(ValueError, match="^train: X holds inf at row 1, column 5"):
        train(memory_map(tmp_path, wide).T, Y, dtype="float32")


def test_a_run_that_diverges_looks_at_the_first_examples(rows, Y):
    source = Slices(rows * np.float32(1e30))
    says = r"^train: .* X reaches \S+e\+\d\d: scale its rows to mean 0 and deviation 1"
    with pytest.warns(RuntimeWarning, match=says):
        _, history = train(ffnn.rows(source), Y, learning_rate=1e30)
    assert history["stopped_by"] == "diverged" and source.reads[-1] == slice(0, len(rows[:64]))


def test_shapes_are_those_of_an_array(tmp_path, rows, Y):
    """The errors of arrays, word for word, before anything is read but one example."""
    for X, y, says in [
        (rows, Y, r"X has shape \(200, 6\) where layer_dims\[0\] wants 6 rows: examples are"),
        (rows.T, Y[:, 1:], r"Y has shape \(1, 199\).*\(1, 200\).*X has shape \(6, 200\)"),
        (rows.T[:, :0], Y[:, :0], r"no examples"),
    ]:
        for make in Slices, ffnn.rows, lambda A: ffnn.rows(Slices(A.T)), lambda A: A:
            array = X.T if make is ffnn.rows else X
            with pytest.raises(ValueError, match=f"^train: {says}") as caught:
                train(make(array), y)
            assert not hasattr(caught.value, "history")
    with pytest.raises(ValueError, match=r"^train: X has ndim 3 .* ffnn\.rows"):
        train(Slices(rows.reshape(M, 2, 3)), Y)
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3,\), expected \(200,\) for"):
        train(Slices(rows.T), Y, sample_weight=np.ones(3))
    with pytest.raises(ValueError, match=r"validation_data: X has shape \(5, 200\)"):
        train(rows.T, Y, validation_data=(Slices(rows.T[:5]), Y))
    parameters = {"W1": np.ones((1, 5)), "b1": np.ones((1, 1))}
    with pytest.raises(ValueError, match=r"^predict_proba: X has shape \(6, 200\).* 5"):
        ffnn.predict_proba(Slices(rows.T), parameters)


def test_a_source_the_other_way_round_is_told_of_rows(tmp_path, rows, Y):
    """A Dataset has no .T; nor is it known to hold rows."""
    dataset, net = hdf5(tmp_path, rows), train(rows.T, Y)[0]
    shape = r"X has shape \(200, 6\) where"
    ways = [(dataset, r"ffnn\.rows\(X\)$")]
    ways += [(ffnn.rows(hdf5(tmp_path, rows.T)), "what ffnn.rows was given as X$")]
    posterior = {"factor": np.eye(33), "noise_variance": 1.0}
    for X, way in ways:
        for call, of in [
            (lambda X: train(X, Y), r"train: X .* where layer_dims\[0\]"),
            (lambda X: ffnn.train(X, Y, parameters=net), r"train: X .* where W1 \(4, 6\)"),
            (lambda X: train(rows.T, Y, validation_data=(X, Y)),
             "train: validation_data: X .* where the net"),
            (lambda X: ffnn.predict_proba(X, net), "predict_proba: X .* where W1"),
            (lambda X: ffnn.predict_classes(X, net), "predict_classes: X .* where W1"),
            (lambda X: ffnn.predict_interval(X, net, posterior), "predict_interval: X .* where W1"),
        ]:  # fmt: skip
            says = f"^{of} wants 6 rows: examples are columns, pass {way}"
            with pytest.raises(ValueError, match=says) as caught:
                call(X)
            assert re.search(shape, str(caught.value))


@pytest.mark.parametrize("dtype", [np.complex64, np.longdouble, "S3", object, "datetime64[s]"])
def test_dtypes_that_are_no_numbers(dtype, Y):
    source = Slices(np.zeros((N_X, M), dtype))
    with pytest.raises(TypeError, match=r"^train: X has dtype .*; float16, float32 and float64 of"):
        train(source, Y)
    with pytest.raises(TypeError, match=r"^predict_proba: X has dtype"):
        ffnn.predict_proba(source, {"W1": np.ones((1, N_X)), "b1": np.ones((1, 1))})


def test_float16_is_no_plain_array(rows, Y):
    half = rows.astype(np.float16)
    for X in half.T, ffnn.rows(half):
        for dtype in None, "float32":
            with pytest.raises(TypeError, match=r"^train: X has dtype float16; .*astype"):
                train(X, Y, dtype=dtype)


def test_words(rows, Y):
    for bad in "float16", np.int64, "double precision", 32, object():
        with pytest.raises(ValueError, match=r"^train: dtype must be 'float32', 'float64' or None"):
            train(rows.T, Y, dtype=bad)
    with pytest.raises(ValueError, match="^train: shuffle must be True, False or 'blocks'"):
        train(rows.T, Y, shuffle="block")
    with pytest.raises(ValueError, match="^train: shuffle goes with mini-batches"):
        train(rows.T, Y, shuffle="blocks", mini_batch_size="all")
    for bad, lacks in [
        ([1, 2], r"list has no shape \(a tuple\) and dtype$"),
        (None, r"NoneType has no shape \(a tuple\) and dtype and slices \(__getitem__\)$"),
        (SimpleNamespace(shape=(3,), __getitem__=0), "SimpleNamespace has no dtype$"),
    ]:
        with pytest.raises(TypeError, match=f"^rows: source must have shape, dtype.*; {lacks}"):
            ffnn.rows(bad)
    with pytest.raises(ValueError, match=r"^rows: source has shape \(\)"):
        ffnn.rows(np.array(1))


def test_ctrl_c_while_a_source_is_slow(rows, Y):
    """Pressed while the run waits for a read; the reader is not waited for longer than a second."""

    main = threading.main_thread()

    class Slow(Slices):
        def __getitem__(self, key):
            if len(self.reads) == 17:
                signal.pthread_kill(main.ident, signal.SIGINT)
                threading.Event().wait(0.3)
            return super().__getitem__(key)

    with pytest.raises(KeyboardInterrupt) as caught:
        train(ffnn.rows(Slow(rows)), Y, num_epochs=100)
    assert has_record_point(caught.value, 1)
    assert not any(thread.name == "ffnn-reader" for thread in threading.enumerate())


def test_an_error_in_a_callback_leaves_no_thread(rows, Y):
    def callback(info):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        train(ffnn.rows(Slices(rows)), Y, callback=callback)
    assert has_record_point(caught.value, 1)
    assert not any(thread.name == "ffnn-reader" for thread in threading.enumerate())


def test_a_source_is_no_view_of_an_array(rows):
    source = ffnn.rows(rows)
    np.testing.assert_array_equal(np.asarray(source), rows.T)
    with pytest.raises(ValueError, match="rows: a source is always copied"):
        np.array(source, copy=False)


class Masking:
    """A file's array that masks its fill values when it is read, as netCDF4 does."""

    def __init__(self, rows):
        self.rows, self.shape, self.dtype = rows, rows.shape, rows.dtype

    def __getitem__(self, key):
        return np.ma.masked_less(self.rows[key], 0)


def test_rows_that_are_masked_when_they_are_read_are_refused(rng):
    rows, Y = rng.random((700, 4)), rng.integers(0, 2, (1, 700))
    told = {"learning_rate": 0.1, "num_epochs": 1, "seed": 1}
    _, history = ffnn.train(ffnn.rows(Masking(rows)), Y, [4, 3, 1], **told)
    assert np.isfinite(history["cost"]).all()
    rows[500, 3] = -1
    with pytest.raises(TypeError, match="it holds masked entries, whose mask would be lost"):
        ffnn.train(ffnn.rows(Masking(rows)), Y, [4, 3, 1], **told)


class Answering:
    """In place of a Reader: it gives what it was told, whatever it is asked for."""

    def __init__(self, answer):
        self.answer = answer

    def read(self, first, count):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((0, np.ones((3, 10))), ValueError),  # rows that are not the net's
        ((0, np.ones((2, 9))), ValueError),
        ((1, np.ones((2, 10))), ValueError),
        ((0, np.ones(2)), ValueError),
        ((0, "columns"), TypeError),
        (("0", np.ones((2, 10))), TypeError),
    ],
)
def test_a_reader_that_gives_other_columns_is_found_out(rng, answer, error):
    X, Y = rng.random((2, 30)), rng.integers(0, 2, (1, 30))
    parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
    runs = []
    for one in Answering(answer), Answering((0, X)):
        runs.append(ffnn._ffnn.Trainer("t", X, Y, (2, 1), source=one))
        runs[-1].set(parameters)
    says = "gave other columns than 10 of 2 rows from 0 on" if error is ValueError else "."
    with pytest.raises(error, match=says):
        runs[0].epoch(None, 10)
    assert runs[0].restore() == 0 and (runs[0].parameters()["W1"] == parameters["W1"]).all()
    plain = ffnn._ffnn.Trainer("t", X, Y, (2, 1))
    plain.set(parameters)
    assert runs[1].epoch(None, 10) == plain.epoch(None, 10)
