"""ffnn.dask.train against ffnn.train: parameters, history and state to the bit, on any cluster."""

import threading

import dask.array
import numpy as np
import pytest
from dask.distributed import Client

import ffnn
import ffnn.dask
from clusters import assert_nothing_left, local_cluster, same
from ffnn.dask import _steps

M = 3000


@pytest.fixture
def X(rng):
    return rng.standard_normal((7, M))


@pytest.fixture
def Y(X):
    return (X[:2].sum(axis=0) > 0).astype(np.int64)[np.newaxis]


def both(client, X, Y, dims, chunks=1000, **keywords):
    """Results of one process and of the cluster, which keeps nothing."""
    keywords = {"seed": 3, "num_epochs": 2} | keywords
    own = ffnn.train(X, Y, dims, **keywords)
    of_dask = dask.array.from_array(np.asarray(X), chunks=(-1, chunks))
    found = ffnn.dask.train(client, of_dask, Y, dims, **keywords)
    assert_nothing_left(client)
    return own, found


@pytest.mark.parametrize("size", [M, 2000, 1024, 700, 512])
@pytest.mark.parametrize("shuffle", [True, False])
def test_batches(client, X, Y, size, shuffle):
    same(*both(client, X, Y, [7, 6, 1], mini_batch_size=size, shuffle=shuffle, lambd=0.5))


@pytest.mark.parametrize("chunks", [M, 2999, 512, (1, 2, 997, 0, 2000)])
def test_chunks_change_nothing(two, X, Y, chunks):
    same(*both(two, X, Y, [7, 6, 1], chunks, mini_batch_size=1100))


def test_five_workers(X, Y):
    with local_cluster(5) as cluster, Client(cluster) as client:
        for size in M, 1100:
            same(*both(client, X, Y, [7, 6, 1], 410, mini_batch_size=size))


@pytest.mark.parametrize("optimizer", [n for n in ffnn.optimizers() if n != "levenberg_marquardt"])
def test_every_method(two, X, Y, optimizer):
    same(*both(two, X, Y, [7, 6, 1], optimizer=optimizer, mini_batch_size="all", num_epochs=4))


@pytest.mark.parametrize(
    "keywords",
    [
        {"clip_norm": 0.1},
        {"class_weight": "balanced", "metrics": ["accuracy", "roc_auc", "f1"]},
        {"validation_fraction": 0.2, "stratify": True, "metrics": "accuracy", "patience": 2},
        {"decay": ffnn.update_lr, "record_every": 2, "num_epochs": 5},
        {"hidden_activation": "tanh", "output_activation": "linear", "metrics": ["r2"]},
    ],
    ids=lambda keywords: next(iter(keywords)),
)
def test_keywords(two, X, Y, keywords):
    weights = np.random.default_rng(1).uniform(0, 2, M)
    weights[:1000] = 0
    same(*both(two, X, Y, [7, 6, 1], mini_batch_size=1300, sample_weight=weights, **keywords))


def test_weights_labels_and_validation_of_dask(two, X, Y):
    w = np.linspace(0, 2, M)
    keywords = {"mini_batch_size": 1500, "num_epochs": 2, "seed": 1, "metrics": "accuracy"}
    held = (X[:, :1100], Y[:, :1100], w[:1100])
    own = ffnn.train(X, Y, [7, 5, 1], sample_weight=w, validation_data=held, **keywords)
    cut = {name: dask.array.from_array(a) for name, a in {"X": X, "Y": Y, "w": w}.items()}
    found = ffnn.dask.train(
        two, cut["X"].rechunk((-1, 800)), cut["Y"], [7, 5, 1], sample_weight=cut["w"],
        validation_data=(cut["X"][:, :1100].rechunk((-1, 300)), cut["Y"][:, :1100], held[2]),
        **keywords,
    )  # fmt: skip
    same(own, found)
    assert_nothing_left(two)


def test_kinds_of_X(two, X, Y, tmp_path):
    bytes_of = np.round(50 * X + 120).clip(0, 255).astype(np.uint8)
    images = np.ascontiguousarray(bytes_of[:6].T).reshape(M, 2, 3)
    single = X.astype(np.float32)
    np.save(tmp_path / "X.npy", single.T)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    keywords = {"mini_batch_size": 1200, "num_epochs": 2, "seed": 1, "learning_rate": 1e-3}
    for array, given in (
        (bytes_of, dask.array.from_array(bytes_of, chunks=(-1, 700))),
        (bytes_of, bytes_of),
        (images.reshape(M, 6).T, ffnn.rows(dask.array.from_array(images, chunks=(900, -1, -1)))),
        (single, ffnn.rows(mapped)),
        (single, mapped.T),
    ):
        dims = [len(array), 5, 1]
        found = ffnn.dask.train(two, given, Y, dims, **keywords)
        same(ffnn.train(array, Y, dims, **keywords), found)
    assert_nothing_left(two)


@pytest.mark.parametrize("m", [1, 5, 30, 1023])
def test_few_examples(two, X, Y, m):
    few = {"mini_batch_size": "all", "num_epochs": 5, "optimizer": "momentum"}
    same(*both(two, X[:, :m], Y[:, :m], [7, 6, 1], chunks=17, **few))


def test_classes(two, X):
    Y = np.random.default_rng(1).integers(0, 3, M)
    net = {"output_activation": "softmax", "metrics": ["accuracy"]}
    same(*both(two, X, Y, [7, 6, 3], mini_batch_size=1024, **net))


@pytest.mark.parametrize("few", [0, 4], ids=["by tasks", "by calls"])
def test_large_nets_add_their_sums_on_the_workers(client, X, Y, monkeypatch, few):
    monkeypatch.setattr(_steps, "_GATHERED_BYTES", 0)
    monkeypatch.setattr(_steps, "_PART_BYTES", 1000)
    monkeypatch.setattr(_steps, "_ARGUMENT_BYTES", 0)
    monkeypatch.setattr(_steps, "_CALLED_BYTES", 0)
    monkeypatch.setattr(_steps, "_FEW", few)
    same(*both(client, X, Y, [7, 6, 1], mini_batch_size="all"))
    same(*both(client, X, Y, [7, 6, 1], mini_batch_size=1300))


def test_windows(client, X, Y, monkeypatch):
    monkeypatch.setattr(_steps, "_WINDOW_BYTES", 60_000)
    same(*both(client, X, Y, [7, 6, 1], mini_batch_size=300))


def test_local_steps_of_gradient_descent_end_at_the_mean_of_the_shards(two, X, Y):
    keywords = {"mini_batch_size": "all", "optimizer": "gd", "learning_rate": 0.3}
    start, _ = ffnn.train(X, Y, [7, 6, 1], num_epochs=0, seed=1)
    found, history = ffnn.dask.train(
        two, X, Y, parameters=start, num_epochs=1, local_steps=4, **keywords
    )
    mean = dict.fromkeys(start, 0.0)
    size = ffnn._ffnn.Trainer("shards", X, Y, (7, 6, 1)).shard_columns(M)  # by the set's vectors
    assert 2 * size < M
    for first in range(0, M, size):
        some = slice(first, first + size)
        alone, _ = ffnn.train(X[:, some], Y[:, some], parameters=start, num_epochs=4, **keywords)
        mean = {name: mean[name] + alone[name] * (min(size, M - first) / M) for name in start}
    for name in start:
        np.testing.assert_allclose(found[name], mean[name], rtol=1e-10, atol=1e-13)
    own = ffnn.train(X, Y, parameters=start, num_epochs=1, **keywords)
    assert history["cost"] == own[1]["cost"]
    assert np.abs(own[0]["W1"] - found["W1"]).max() > 1e-3


def test_local_steps_have_the_same_bits_on_every_cluster(client, two, X, Y):
    keywords = {"mini_batch_size": 1500, "local_steps": 3, "seed": 2, "num_epochs": 3}
    one = ffnn.dask.train(two, X, Y, [7, 6, 1], **keywords)
    cut = dask.array.from_array(X, chunks=(-1, 410))
    same(one, ffnn.dask.train(client, cut, Y, [7, 6, 1], **keywords))


def test_a_run_goes_on(two, X, Y):
    keywords = {"mini_batch_size": 1100, "seed": 5, "optimizer": "adam"}
    whole = ffnn.train(X, Y, [7, 6, 1], num_epochs=4, **keywords)
    parameters, history = ffnn.dask.train(two, X, Y, [7, 6, 1], num_epochs=2, **keywords)
    state = history["optimizer_state"]
    found = ffnn.dask.train(
        two, X, Y, parameters=parameters, optimizer_state=state, num_epochs=2, **keywords
    )
    same((whole[0], {}), (found[0], {}))
    assert found[1]["cost"] == whole[1]["cost"][2:]


def test_the_global_generator_is_drawn_from_as_in_one_process(two, X, Y):
    results = []
    for train in ffnn.train, lambda *args, **kw: ffnn.dask.train(two, *args, **kw):
        np.random.seed(4)
        results.append(train(X, Y, [7, 6, 1], mini_batch_size=2000, num_epochs=2))
        results[-1][1]["next"] = np.random.rand()
    same(*results)


def test_a_second_client_trains_beside_the_first(two, X, Y):
    keywords = {"seed": 3, "num_epochs": 3, "mini_batch_size": 1500}
    found = {}

    def train(name, client):
        found[name] = ffnn.dask.train(client, X, Y, [7, 6, 1], **keywords)

    with Client(two.scheduler.address, set_as_default=False) as other:
        threads = [
            threading.Thread(target=train, args=pair)
            for pair in (("first", two), ("second", other))
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    own = ffnn.train(X, Y, [7, 6, 1], **keywords)
    same(own, found["first"])
    same(own, found["second"])


def test_predictions_are_lazy_and_those_of_one_process(two, X, rng):
    parameters, _ = ffnn.train(
        X, rng.integers(0, 3, M), [7, 4, 3], num_epochs=1, output_activation="softmax"
    )
    for given in (
        dask.array.from_array(X, chunks=(-1, 700)),
        ffnn.rows(dask.array.from_array(X.T, chunks=(512, -1))),
        X,
    ):
        AL = ffnn.dask.predict_proba(given, parameters)
        assert isinstance(AL, dask.array.Array) and AL.shape == (3, M) and AL.dtype == np.float64
        assert (AL.compute() == ffnn.predict_proba(X, parameters)).all()
    single = {name: array.astype(np.float32) for name, array in parameters.items()}
    AL = ffnn.dask.predict_proba(
        X.astype(np.float32), single, hidden_activation="relu", output_activation="softmax"
    )
    assert AL.dtype == np.float32
    with pytest.raises(ValueError, match=r"X \(5, 0\).*W1|W1.*\(5, 0\)|X has shape \(5, 0\)"):
        ffnn.dask.predict_proba(X[:5], parameters)
