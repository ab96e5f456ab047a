"""Bad input of ffnn.dask.train: one clear error, before anything is trained, nothing left."""

import asyncio

import dask
import dask.array
import numpy as np
import pandas
import pytest
import scipy.sparse
from dask.distributed import Client

import ffnn
import ffnn.dask
from clusters import assert_nothing_left, local_cluster
from ffnn import _ffnn
from ffnn.dask import _cluster

pytestmark = pytest.mark.once
DIMS = [4, 3, 1]


@pytest.fixture(scope="module")
def client():
    with local_cluster(2) as cluster, Client(cluster) as client:
        yield client


X = np.random.default_rng(0).standard_normal((4, 60))
Y = (X[:1] > 0) * 1
CUT = dask.array.from_array(X, chunks=(4, 20))


def nan_at(row, column):
    bad = X.copy()
    bad[row, column] = np.nan
    return dask.array.from_array(bad, chunks=(4, 20))


def fail(block):
    raise OSError("disk 7 is gone")


class Frame:
    """Of Dask's, which want a further package."""

    def to_dask_array(self):
        raise NotImplementedError


def short(block):
    return block[:, 1:]


def blocks_by(function):
    return CUT.map_blocks(function, dtype=float, chunks=CUT.chunks, meta=np.empty((0, 0)))


@pytest.mark.parametrize(
    "given, keywords, error, message",
    [
        ((X[0], Y), {}, ValueError, "X has 1 dimensions, expected 2"),
        ((CUT[:3], Y), {}, ValueError, r"X has shape \(3, 60\) where layer_dims\[0\] wants 4 rows"),
        ((CUT, Y[:, 1:]), {}, ValueError, r"Y \(1, 59\).*X \(4, 60\)|Y.*\(1, 59\)"),
        ((CUT, dask.array.from_array(Y[:, 1:])), {}, ValueError, r"Y.*\(1, 59\)"),
        ((CUT.rechunk((2, 20)), Y), {}, ValueError,
         r"X \(4, 60\) is cut into chunks along its features, \(2, 2\): X.rechunk\({0: -1}\)"),
        ((ffnn.rows(CUT.T.rechunk((20, 2))), Y), {}, ValueError, r"X.rechunk\({1: -1}\)"),
        ((CUT.T, Y), {}, ValueError, r"X has shape \(60, 4\) where layer_dims\[0\] wants 4 rows: "
         r"examples are columns, pass ffnn\.rows\(X\)$"),
        ((ffnn.rows(CUT), Y), {}, ValueError, "pass what ffnn.rows was given as X$"),
        ((CUT, Y), {"validation_data": (CUT.T, Y)}, ValueError,
         r"validation_data: X has shape \(60, 4\) .* pass ffnn\.rows\(X\)$"),
        ((CUT[:, CUT[0] > 0], Y), {}, ValueError,
         r"X has chunks of unknown sizes: X.compute_chunk_sizes\(\) finds them"),
        ((CUT.astype(np.float16), Y), {}, TypeError, "X has dtype float16, expected float32"),
        ((CUT.astype(complex), Y), {}, TypeError, "X has dtype complex128"),
        ((Frame(), Y), {}, TypeError, r"X must be .* not Frame: "
         r"ffnn.rows\(X.to_dask_array\(lengths=True\)\) is one of a frame$"),
        (({"eta": 1}, Y), {}, TypeError, "X must be an array, Dask's or NumPy's, not dict$"),
        ((dask.delayed(X), Y), {}, TypeError,
         r"X must be .*, not Delayed\w*: dask\.array\.from_delayed\(X, "),
        ((pandas.DataFrame(X.T), Y), {}, ValueError, r"X has shape \(60, 4\) .* pass X\.T$"),
        ((CUT.map_blocks(scipy.sparse.csr_matrix), Y), {}, ValueError,
         r"X is a scipy\.sparse\._csr\.csr_matrix, and was said to be float64, in the block of"),
        ((CUT[:, :0], Y[:, :0]), {}, ValueError, "no examples"),
        ((nan_at(2, 33), Y), {}, ValueError,
         "X holds nan at row 2, column 13, in the block of examples 20 to 39"),
        ((CUT, Y * 7), {}, ValueError, "Y"),
        ((blocks_by(short), Y), {}, ValueError,
         r"X is float64 of shape \(4, 19\), and was said to be float64 of \(4, 20\), in the block"),
        ((CUT, Y), {"sample_weight": [1, 2]}, ValueError, "sample_weight has shape"),
        ((CUT, Y), {"keep_prob": 0.5}, ValueError, "keep_prob must be 1, not 0.5: dropout's masks"),
        ((CUT, Y), {"keep_prob": [0.5]}, ValueError, r"keep_prob must be 1, not \[0.5\]"),
        ((CUT, Y), {"keep_prob": "half"}, TypeError, "keep_prob must be"),
        ((CUT, Y), {"optimizer": "levenberg_marquardt"}, ValueError,
         "optimizer='levenberg_marquardt' needs the errors of all examples"),
        ((CUT, Y), {"optimizer": "adma"}, ValueError, "did you mean 'adam'"),
        ((CUT, Y), {"local_steps": 2, "lambd": 1}, ValueError,
         "lambd=1 does not go with local_steps=2"),
        ((CUT, Y), {"local_steps": 2, "optimizer": "lbfgs"}, ValueError,
         "optimizer='lbfgs' does not go with local_steps=2"),
        ((CUT, Y), {"local_steps": 0}, ValueError, "local_steps must be at least 1"),
        ((CUT, Y), {"epochs": 3}, TypeError, "unexpected keyword argument 'epochs'"),
        ((CUT, Y), {"isa": "sse9"}, ValueError, "isa must be one of 'common', .*, not 'sse9'"),
        ((CUT, Y), {"validation_data": (CUT.rechunk((1, 60)), Y)}, ValueError,
         "validation_data: X .* is cut into chunks along its features"),
        ((CUT, Y), {"validation_data": (CUT[:3], Y)}, ValueError, r"validation_data: X has shape"),
        ((CUT, Y), {"validation_data": 3}, TypeError, r"validation_data must be \(X, Y\)"),
    ],
)  # fmt: skip
def test_refused(client, given, keywords, error, message):
    with pytest.raises(error, match=message) as caught:
        ffnn.dask.train(client, *given, DIMS, **keywords)
    assert str(caught.value).startswith("ffnn.dask.train")
    assert not hasattr(caught.value, "history")  # nothing was trained
    assert_nothing_left(client)


@pytest.mark.parametrize("chunks", [(20, 4), (60, 2)])
def test_rows_are_told_of_rows_before_chunks_are(client, chunks):
    """Cut along what would be features."""
    parameters = {"W1": np.ones((1, 4)), "b1": np.ones((1, 1))}
    turned = CUT.T.rechunk(chunks)
    ends = r"X has shape \(60, 4\) where W1 wants 4 rows: .* pass ffnn\.rows\(X\)$"
    with pytest.raises(ValueError, match=f"^ffnn.dask.predict_proba: {ends}"):
        ffnn.dask.predict_proba(turned, parameters)
    with pytest.raises(ValueError, match=f"^ffnn.dask.train: {ends}"):
        ffnn.dask.train(client, turned, Y, parameters=parameters)
    assert_nothing_left(client)


def test_a_block_that_raises_is_named(client):
    with pytest.raises(OSError, match="disk 7 is gone") as caught:
        ffnn.dask.train(client, blocks_by(fail), Y, DIMS)
    assert "ffnn.dask.train: in the block of examples" in caught.value.__notes__[0]
    assert_nothing_left(client)


def test_clients_that_are_none(client):
    with pytest.raises(TypeError, match="client must be a dask.distributed.Client, not str"):
        ffnn.dask.train("tcp://127.0.0.1:8786", CUT, Y, DIMS)
    other = Client(client.scheduler.address, set_as_default=False)
    other.close()
    with pytest.raises(ValueError, match="ffnn.dask.train: the client is closed"):
        ffnn.dask.train(other, CUT, Y, DIMS)


def test_a_client_of_coroutines(client):
    async def call():
        address = client.scheduler.address
        async with Client(address, asynchronous=True, set_as_default=False) as other:
            ffnn.dask.train(other, CUT, Y, DIMS)

    with pytest.raises(TypeError, match="^ffnn.dask.train: client must not be asynchronous"):
        asyncio.run(call())


def test_a_cluster_without_workers():
    with local_cluster(0) as cluster, Client(cluster, set_as_default=False) as client:
        with pytest.raises(ValueError, match="ffnn.dask.train: the cluster has no workers"):
            ffnn.dask.train(client, CUT, Y, DIMS)


def test_an_error_of_a_callback_cancels_what_is_in_flight(client):
    def callback(info):
        if info["epoch"] == 2:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough") as caught:
        ffnn.dask.train(
            client, CUT, Y, DIMS, mini_batch_size=7, seed=1, callback=callback, num_epochs=9
        )
    parameters, history = ffnn.train(X, Y, DIMS, mini_batch_size=7, seed=1, num_epochs=3)
    assert caught.value.history["cost"] == history["cost"]
    assert all((caught.value.parameters[k] == parameters[k]).all() for k in parameters)
    assert_nothing_left(client)


def test_a_client_that_is_closed_by_a_callback(client):
    other = Client(client.scheduler.address, set_as_default=False)
    with pytest.raises(ConnectionError, match="gone, or the client was closed") as caught:
        ffnn.dask.train(other, CUT, Y, DIMS, seed=1, callback=lambda info: other.close())
    assert len(caught.value.history["cost"]) == 1
    assert_nothing_left(client)


def test_a_callback_stops_the_run(client):
    _, history = ffnn.dask.train(client, CUT, Y, DIMS, callback=lambda info: info["epoch"] == 1)
    assert history["stopped_by"] == "callback" and len(history["cost"]) == 2


def test_a_run_that_diverges_looks_at_the_data(client):
    with pytest.warns(RuntimeWarning, match="X reaches .*: scale its rows") as caught:
        ffnn.dask.train(
            client, CUT * 1e200, Y, DIMS, optimizer="gd", learning_rate=1e300, num_epochs=5,
            output_activation="linear",
        )  # fmt: skip
    assert str(caught[0].message).startswith("ffnn.dask.train:")
    assert caught[0].filename == __file__
    assert_nothing_left(client)


# ---- instruction sets ----------------------------------------------------------------------------


def test_unlike_workers_agree_on_an_instruction_set(client, monkeypatch):
    addresses = sorted(client.nthreads())
    available = _cluster._available

    def poorer(dask_worker):
        return available() if dask_worker.address == addresses[0] else ["generic"]

    monkeypatch.setattr(_cluster, "_available", poorer)
    keywords = {"seed": 1, "num_epochs": 2}
    if available()[0] != "generic":
        with pytest.raises(ValueError, match="does not run on .*; isa='common' takes .*generic"):
            ffnn.dask.train(client, CUT, Y, DIMS, isa=available()[0], **keywords)
    agreed = ffnn.dask.train(client, CUT, Y, DIMS, isa="common", **keywords)
    monkeypatch.undo()
    generic = ffnn.dask.train(client, CUT, Y, DIMS, isa="generic", **keywords)
    assert all((agreed[0][name] == generic[0][name]).all() for name in generic[0])


def test_what_is_measured_and_predicted_is_of_that_set_too(client):
    """Beside a C core that is told the same, and not what this process would compute."""
    wide = np.random.default_rng(1).standard_normal((300, 60))
    cut = dask.array.from_array(wide, chunks=(300, 20))
    dims, outputs = [300, 3, 1], []

    def keep(Y, AL):
        outputs.append(np.array(AL))
        return 0.0

    parameters, history = ffnn.dask.train(
        client, cut, Y, dims, isa="generic", seed=1, num_epochs=1, metrics=keep,
        validation_data=(cut[:, :50], Y[:, :50]), mini_batch_size=30,
    )  # fmt: skip
    net = {"hidden_activation": "relu", "output_activation": "sigmoid"}
    expected = _ffnn.net_output("own", wide, parameters, isa="generic", **net)
    assert (outputs[0] == expected).all() and (outputs[1] == expected[:, :50]).all()
    trainer = _ffnn.Trainer("own", wide, Y, tuple(dims), isa="generic")
    trainer.set(parameters)
    assert history["val_cost"] == [trainer.measure(wide[:, :50], Y[:, :50])]
    found = ffnn.dask.predict_proba(cut, parameters, isa="generic")
    assert (found.compute() == expected).all()
    own = ffnn.dask.predict_proba(cut, parameters).compute()
    assert (own == ffnn.predict_proba(wide, parameters)).all()
    assert ffnn._ffnn.config()["isa"] == "generic" or (own != expected).any()
    with pytest.raises(ValueError, match="ffnn.dask.predict_proba: isa must be one of"):
        ffnn.dask.predict_proba(cut, parameters, isa="sse9")


def test_dir_lists_what_comes_when_it_is_asked_for(monkeypatch):
    own = {"predict_proba", "train"}
    assert own | {"MLPClassifier", "MLPRegressor"} <= set(dir(ffnn.dask))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # no scikit-learn
    assert own <= set(dir(ffnn.dask)) and "MLPClassifier" not in dir(ffnn.dask)


def test_ffnn_itself_does_not_import_dask():
    import subprocess
    import sys

    code = "import sys, ffnn; sys.exit('dask' in sys.modules or 'distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
    code = "import ffnn; print(ffnn.dask.train.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "train\n", done.stderr
