"""Training and predictions from sources: the bits of the same call on the array in memory."""

import threading

import numpy as np
import pytest

import ffnn
import ffnn._reading
import ffnn._sources
import reference_train
from sources import KINDS, Slices, hdf5, memory_map
from support import assert_same_dict

pytestmark = pytest.mark.once

M, N_X, CLASSES = 230, 12, 3
DTYPES = {"uint8": "float64", "int16": "float64", "float16": "float32",
          "float32": "float32", "float64": "float64"}  # fmt: skip
SETTINGS = {"seed": 4, "num_epochs": 3, "mini_batch_size": 20, "output_activation": "softmax"}


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Pieces, blocks and buffers of 64, 8 and 50 examples, so that small data has many."""
    monkeypatch.setattr(ffnn._sources, "PIECE", 64 * N_X)
    monkeypatch.setattr(ffnn._reading, "PIECE", 64 * N_X)
    monkeypatch.setattr(ffnn._reading, "_BLOCK", 8 * N_X)
    monkeypatch.setattr(ffnn._reading, "_BUFFER", 50 * N_X)


@pytest.fixture
def rows(rng):
    return rng.integers(0, 100, (M, N_X))


@pytest.fixture
def labels(rng):
    return rng.integers(0, CLASSES, M)


def train(X, Y, hidden=9, **settings):
    return ffnn.train(X, Y, [N_X, hidden, CLASSES], **SETTINGS | settings)


def assert_same_run(these, those):
    """Parameters, history and the optimiser's state, to the bit; and something was learnt."""
    assert_same_dict(these[0], those[0])
    assert dict(these[1]) == dict(those[1])
    assert_same_state(these[1].optimizer_state, those[1].optimizer_state)
    assert len(set(these[1]["cost"])) == len(these[1]["cost"]) > 0


def assert_same_state(this, that):
    assert type(this) is type(that)
    if isinstance(this, dict):
        assert this.keys() == that.keys()
        for key, value in this.items():
            assert_same_state(value, that[key])
    else:
        assert np.array_equal(this, that)


def sources_of(folder, rows, dtype):
    """Each kind with its numbers as float32 or float64 in memory; float16 is no plain array."""
    stored = rows.astype(dtype)
    for kind, make in KINDS.items():
        if dtype == "float16" and kind in ("integers", "rows of an array"):
            continue
        yield kind, make(folder, stored)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shuffle", [True, False, "blocks"])
@pytest.mark.parametrize("size", [1, 20, 64, 300])
def test_mini_batches_of_a_source_are_those_of_the_array(
    tmp_path, rows, labels, dtype, shuffle, size
):
    X = rows.T.astype(DTYPES[dtype])
    settings = {"shuffle": shuffle, "mini_batch_size": size, "num_epochs": 2}
    expected = train(X, labels, **settings)
    for _, source in sources_of(tmp_path, rows, dtype):
        assert_same_run(train(source, labels, **settings), expected)


@pytest.mark.parametrize("m", [1, 40, 64])
@pytest.mark.parametrize("shuffle", [True, "blocks", False])
def test_few_examples_are_one_piece(tmp_path, rows, labels, m, shuffle):
    """Which another epoch reads in another order; a small net, and one that is none."""
    few = (rows[:m] / 100).astype(np.float32)
    for hidden in 9, 150:
        expected = train(few.T, labels[:m], hidden, shuffle=shuffle)
        for _, source in sources_of(tmp_path, few, "float32"):
            assert_same_run(train(source, labels[:m], hidden, shuffle=shuffle), expected)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("real", ["float32", "float64", np.float32])
def test_dtype_says_which_floats_an_x_becomes(tmp_path, rows, labels, dtype, real):
    expected = train(rows.T.astype(real), labels, shuffle="blocks")
    assert expected[0]["W1"].dtype == real
    for _, source in sources_of(tmp_path, rows, dtype):
        assert_same_run(train(source, labels, dtype=real, shuffle="blocks"), expected)
    if dtype != "float16":
        for few in rows[:30].T.astype(dtype), rows[:30].T.tolist():
            made = train(few, labels[:30], dtype=real)
            assert_same_run(made, train(rows[:30].T.astype(real), labels[:30]))


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "gd", "mini_batch_size": "all"},
        {"optimizer": "adam", "mini_batch_size": "all", "keep_prob": 0.8, "clip_norm": 0.5},
        {"optimizer": "lbfgs", "mini_batch_size": None, "lambd": 0.1},
        {"optimizer": "levenberg_marquardt", "mini_batch_size": None},
    ],
)
@pytest.mark.parametrize("m", [230, 2300])
def test_full_batches_of_a_source(tmp_path, rng, settings, m):
    """In one slab, and in shards, which are cut across the pieces."""
    rows, labels = rng.integers(0, 2, (m, N_X)), rng.integers(0, CLASSES, m)
    for dtype in "uint8", "float32":
        expected = train(rows.T.astype(DTYPES[dtype]), labels, **settings)
        for _, source in sources_of(tmp_path, rows, dtype):
            assert_same_run(train(source, labels, **settings), expected)


def test_bayesian_runs_and_their_intervals(tmp_path, rng):
    rows = rng.standard_normal((700, N_X)).astype(np.float32)
    Y = np.tanh(rows[:, :2].T) + 0.1 * rng.standard_normal((2, 700))
    settings = {"optimizer": "levenberg_marquardt", "bayesian": True, "seed": 1, "num_epochs": 5}
    settings |= {"output_activation": "linear", "hidden_activation": "tanh"}
    expected = ffnn.train(rows.T, Y, [N_X, 3, 2], **settings)
    bands = ffnn.predict_interval(rows.T, expected[0], expected[1]["posterior"])
    for _, source in sources_of(tmp_path, rows, "float32"):
        assert_same_run(ffnn.train(source, Y, [N_X, 3, 2], **settings), expected)
        found = ffnn.predict_interval(source, expected[0], expected[1]["posterior"])
        assert np.array_equal(found, bands)


@pytest.mark.parametrize(
    "settings",
    [
        {"keep_prob": 0.7, "seed": None},
        {"optimizer": "adamw", "weight_decay": 0.1, "decay": ffnn.update_lr, "decay_rate": 0.5},
        {"optimizer": "momentum", "lambd": 0.3, "clip_norm": 0.2, "record_every": 2},
        {"validation_fraction": 0.3, "metrics": ["accuracy", "roc_auc"]},
        {"validation_fraction": 0.2, "stratify": True, "class_weight": "balanced", "patience": 2},
        {"sample_weight": np.arange(M) % 3, "class_weight": {1: 2.0}},
        {"learning_rate": lambda epoch: 0.01 / (1 + epoch), "mini_batch_size": 7},
    ],
)  # fmt: skip
@pytest.mark.parametrize("shuffle", [True, "blocks"])
def test_settings_mean_the_same_for_a_source(tmp_path, rows, labels, settings, shuffle):
    settings = {"shuffle": shuffle, "num_epochs": 4} | settings
    np.random.seed(1)
    expected = train(rows.T.astype(np.float32), labels, **settings)
    for _, source in sources_of(tmp_path, rows.astype(np.float32), "float32"):
        np.random.seed(1)
        assert_same_run(train(source, labels, **settings), expected)


def test_labels_weights_and_validation_may_be_sources(tmp_path, rows, labels):
    weights = np.linspace(0, 2, M)
    one_hot = np.eye(CLASSES)[labels]
    X = rows.T.astype(np.float32)
    for settings in {"mini_batch_size": 32}, {"mini_batch_size": "all"}:
        expected = train(
            X, one_hot.T, sample_weight=weights, shuffle=None, metrics="accuracy",
            validation_data=(X[:, :90], labels[:90], weights[:90]), **settings,
        )  # fmt: skip
        found = train(
            memory_map(tmp_path, rows.astype(np.float32)).T,
            ffnn.rows(hdf5(tmp_path, one_hot.astype(np.float16))),
            sample_weight=hdf5(tmp_path, weights),
            validation_data=(
                ffnn.rows(hdf5(tmp_path, rows[:90].astype(np.uint8))),
                Slices(labels[None, :90]),
                Slices(weights[:90]),
            ),
            metrics="accuracy",
            **settings,
        )
        assert_same_run(found, expected)


def test_images_are_flattened_row_by_row(tmp_path, rows, labels):
    expected = train(rows.T.astype(np.float64), labels, shuffle="blocks")
    images = rows.astype(np.uint8).reshape(M, 2, 3, 2)
    for source in images, memory_map(tmp_path, images), hdf5(tmp_path, images), Slices(images):
        assert ffnn.rows(source).shape == (N_X, M)
        assert_same_run(train(ffnn.rows(source), labels, shuffle="blocks"), expected)


@pytest.mark.parametrize("shuffle", [True, "blocks", False])
@pytest.mark.parametrize("seed", [3, None])
def test_a_run_that_goes_on_equals_one_that_was_never_interrupted(
    tmp_path, rows, labels, shuffle, seed
):
    source = ffnn.rows(hdf5(tmp_path, rows.astype(np.float32)))
    settings = {"shuffle": shuffle, "seed": seed, "keep_prob": 0.9}
    np.random.seed(2)
    whole, _ = train(source, labels, num_epochs=5, **settings)
    np.random.seed(2)
    half, history = train(source, labels, num_epochs=2, **settings)
    state = history.optimizer_state
    rest, _ = train(
        source, labels, num_epochs=3, parameters=half, optimizer_state=state, **settings
    )
    assert_same_dict(rest, whole)


def test_models_of_the_assignment_take_sources(tmp_path, rows, rng):
    Y = rng.integers(0, 2, (1, M))
    scaled = (rows / 100).astype(np.float32)
    expected, costs = ffnn.L_layer_model(scaled.T, Y, [N_X, 5, 1], num_iterations=150)
    for _, source in sources_of(tmp_path, scaled, "float32"):
        found, same = ffnn.L_layer_model(source, Y, [N_X, 5, 1], num_iterations=150)
        assert_same_dict(found, expected)
        assert np.array_equal(same, costs)
    found, _ = ffnn.two_layer_model(
        ffnn.rows(hdf5(tmp_path, scaled)), Y, (N_X, 5, 1), num_iterations=9
    )
    assert_same_dict(found, ffnn.two_layer_model(scaled.T, Y, (N_X, 5, 1), num_iterations=9)[0])


# ---- the order by blocks -------------------------------------------------------------------------


@pytest.mark.parametrize("m, batch", [(1, 1), (7, 3), (50, 7), (230, 20), (2000, 64), (99, 500)])
def test_an_order_by_blocks_is_a_permutation_of_neighbours(m, batch):
    order, buffer = ffnn._reading.draw_blocks(np.random.RandomState(1), (N_X, m), batch)
    assert np.array_equal(np.sort(order), np.arange(m))
    assert buffer % batch == 0 or buffer == 50
    for first in range(0, m, buffer):
        part = np.sort(order[first : first + buffer])
        runs = 1 + np.count_nonzero(np.diff(part) != 1)
        assert runs <= -(-part.size // 8) + 2  # a block may be cut at either end of a buffer
    again, _ = ffnn._reading.draw_blocks(np.random.RandomState(1), (N_X, m), batch)
    other, _ = ffnn._reading.draw_blocks(np.random.RandomState(2), (N_X, m), batch)
    assert np.array_equal(order, again) and (m < 50 or not np.array_equal(order, other))


@pytest.mark.parametrize("n_x, m, batch", [(784, 30_000, 256), (9000, 2000, 64), (5, 70, 7)])
def test_an_order_by_blocks_is_the_twins(monkeypatch, n_x, m, batch):
    """With the blocks and buffers that train's help states."""
    monkeypatch.undo()
    order, buffer = ffnn._reading.draw_blocks(np.random.RandomState(3), (n_x, m), batch)
    twin = reference_train.order_by_blocks(np.random.RandomState(3), n_x, m, batch)
    assert np.array_equal(order, twin) and buffer <= max(batch, 2**22 // n_x)


def test_blocks_are_read_as_a_whole_and_not_row_by_row(rows, labels):
    """And they are the default of a source that cannot gather."""
    source = Slices(rows.T.astype(np.float32))
    found = train(source, labels, num_epochs=1)
    reads = source.reads[1:]  # the first example was read for its own sake
    assert len(reads) <= M // 8 + 2 * (M // 40 + 1)
    assert sum(key[1].stop - key[1].start for key in reads) >= M
    assert_same_run(found, train(source.array, labels, num_epochs=1, shuffle="blocks"))
    exact = train(rows.T.astype(np.float32), labels, num_epochs=1)
    assert not np.array_equal(exact[0]["W1"], found[0]["W1"])


# ---- predictions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_predictions_of_a_source_are_those_of_the_array(
    tmp_path, capsys, rows, labels, dtype, real
):
    parameters, _ = train(rows.T.astype(real) / 100, labels, num_epochs=1)
    X = rows.T.astype("float32" if dtype == "float16" else dtype)
    expected = ffnn.predict_proba(X, parameters)
    classes = ffnn.predict_classes(X, parameters)
    p = ffnn.predict(X, labels, parameters)
    printed = capsys.readouterr().out
    for _, source in sources_of(tmp_path, rows, dtype):
        found = ffnn.predict_proba(source, parameters)
        assert found.dtype == expected.dtype and np.array_equal(found, expected)
        assert type(found) is np.ndarray
        assert np.array_equal(ffnn.predict_classes(source, parameters), classes)
        assert np.array_equal(ffnn.predict(source, labels, parameters), p)
        assert capsys.readouterr().out == printed


def test_predictions_read_in_pieces(rows, labels):
    parameters, _ = train(rows.T.astype(float), labels, num_epochs=1)
    source = Slices(rows.astype(np.uint8))
    ffnn.predict_proba(ffnn.rows(source), parameters)
    assert [(key.start, key.stop) for key in source.reads] == [
        (0, 1), (0, 64), (64, 128), (128, 192), (192, 230),
    ]  # fmt: skip
    empty = ffnn.predict_proba(ffnn.rows(Slices(rows[:0].astype(np.float32))), parameters)
    assert empty.shape == (CLASSES, 0)


# ---- reading ahead -------------------------------------------------------------------------------


def test_a_thread_reads_ahead_and_ends_with_the_run(tmp_path, rows, labels):
    readers = set()

    class Watched(Slices):
        def __getitem__(self, key):
            readers.add(threading.current_thread().name)
            return super().__getitem__(key)

    seen = []
    train(
        ffnn.rows(Watched(rows.astype(np.float32))),
        labels,
        callback=lambda info: seen.append(threading.active_count()),
    )
    assert "ffnn-reader" in readers
    assert not any(thread.name == "ffnn-reader" for thread in threading.enumerate())


def test_no_more_than_two_pieces_wait(rows, labels):
    """However long the run takes over the first."""
    source = ffnn._sources.Source("train", "X", Slices(rows.T.astype(np.float32)))
    reader = ffnn._reading.Reader(source)
    first, piece = reader.read(0, 5)
    assert (first, piece.shape) == (0, (N_X, 64))
    for _ in range(100):
        if len(source.of.reads) >= 3:
            break
        threading.Event().wait(0.05)
    threading.Event().wait(0.1)
    assert len(source.of.reads) == 3
    begin, stitched = reader.read(60, 10)
    assert begin == 60 and np.array_equal(stitched, rows.T[:, 60:70])
    begin, piece = reader.read(70, 1)
    assert begin == 64 and np.array_equal(piece, rows.T[:, 64:128])
    reader.close()
    assert reader.read(0, M)[1].shape == (N_X, M)
    reader.close()


def test_the_best_posterior_is_read_from_the_source_again(rng):
    """Its parameters are an earlier epoch's, so that the gradients are summed anew."""
    X = rng.normal(size=(3, 4000))
    Y = np.sin(X.sum(axis=0, keepdims=True)) + 0.3 * rng.normal(size=(1, 4000))
    settings = {
        "hidden_activation": "tanh",
        "output_activation": "linear",
        "optimizer": "levenberg_marquardt",
        "bayesian": True,
        "patience": 2,
        "validation_fraction": 0.2,
        "num_epochs": 30,
        "seed": 1,
    }
    expected, of_array = ffnn.train(X, Y, [3, 4, 1], **settings)
    found, of_source = ffnn.train(Slices(X), Y, [3, 4, 1], **settings)
    assert_same_dict(found, expected)
    assert of_source["posterior"]["log_evidence"] == of_array["posterior"]["log_evidence"]
    assert (of_source["posterior"]["factor"] == of_array["posterior"]["factor"]).all()


class Augmented(Slices):
    """Draws from NumPy's global generator, whose lock a run with dropout holds."""

    def __getitem__(self, key):
        some = super().__getitem__(key)
        return some + 0.01 * np.random.standard_normal(some.shape)


def test_a_source_may_draw_while_dropout_does(rng):
    X, labels = rng.standard_normal((N_X, M)), rng.integers(0, CLASSES, M)
    np.random.seed(1)
    done = []
    run = threading.Thread(
        target=lambda: done.append(train(Augmented(X), labels, seed=None, keep_prob=0.9)),
        daemon=True,
    )
    run.start()
    run.join(60)
    assert done, "the run waits for its own lock"


def test_masked_rows_are_refused(rng):
    masked = np.ma.masked_greater(rng.random((20, N_X)), 0.5)
    with pytest.raises(TypeError, match="^rows: source is a masked array, whose mask would"):
        ffnn.rows(masked)
    assert repr(ffnn.rows(rng.random((2, 1)))).startswith("ffnn.rows(array(")


def test_shuffled_epochs_want_an_order_that_the_source_knows(rng):
    X, Y = rng.random((2, 30)), rng.integers(0, 2, (1, 30))
    trainer = ffnn._ffnn.Trainer(
        "t", X, Y, (2, 1), source=object(), bit_generator=np.random.MT19937(1)
    )
    trainer.set({"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))})
    with pytest.raises(ValueError, match="^Trainer.shuffled: the source of X does not know"):
        trainer.shuffled(1, 10)
