"""The calls of ffnn.dask.train's steps: straight to the workers or not, answered or not."""

import threading

import dask
import dask.array
import pytest

import ffnn
import ffnn.dask
from clusters import assert_nothing_left, same
from ffnn.dask import _steps
from ffnn.dask._cluster import Cluster
from ffnn.dask._steps import Packets
from ffnn.dask._tasks import Seat

pytestmark = pytest.mark.once
M = 3000
DIMS = [5, 4, 1]
KEYWORDS = {"mini_batch_size": 1500, "seed": 2, "num_epochs": 6, "shuffle": False}


@pytest.fixture
def X(rng):
    return rng.standard_normal((5, M))


@pytest.fixture
def Y(X):
    return (X[:1] > 0) * 1


def trained(client, X, Y, monkeypatch):
    """Train, to the bits of one process; return the ways to workers, and the calls of each kind."""
    ways, calls, by_tasks = [], [], Packets._by_tasks
    close, call = Cluster.close, Cluster.call

    def closed(self):
        ways.extend(way.result() for way in self._ways.values())
        close(self)

    def called(self, method, arguments):
        answers = call(self, method, arguments)
        calls.append((method, len(arguments), len(answers)))
        return answers

    def sent(self, *args):
        calls.append(("tasks", 0, 0))
        return by_tasks(self, *args)

    monkeypatch.setattr(Cluster, "close", closed)
    monkeypatch.setattr(Cluster, "call", called)
    monkeypatch.setattr(Packets, "_by_tasks", sent)
    cut = dask.array.from_array(X, chunks=(5, 700))
    same(ffnn.train(X, Y, DIMS, **KEYWORDS), ffnn.dask.train(client, cut, Y, DIMS, **KEYWORDS))
    assert_nothing_left(client)
    return ways, calls


@pytest.mark.parametrize("direct", [None, True, False])
def test_calls_go_straight_where_the_client_may(two, X, Y, monkeypatch, direct):
    monkeypatch.setattr(two, "direct_to_workers", direct)
    ways, calls = trained(two, X, Y, monkeypatch)
    assert ways == [direct is not False] * 2
    assert calls[-6:] == [("sums", 2, 2)] * 6


def test_labels_in_rows(two, X, Y):
    cut, rows = (dask.array.from_array(array.T, chunks=(700, -1)) for array in (X, Y))
    found = ffnn.dask.train(two, ffnn.rows(cut), ffnn.rows(rows), DIMS, **KEYWORDS)
    same(ffnn.train(X, Y, DIMS, **KEYWORDS), found)
    assert_nothing_left(two)


class Unreachable:
    """A network that has lost the way to the workers, or never had it."""

    def __init__(self, rpc, calls):
        self.rpc, self.calls = rpc, calls

    def __call__(self, address):
        return self

    async def actor_execute(self, **message):
        self.calls -= 1
        if self.calls < 0:
            raise OSError("no way")
        return {"status": "OK", "result": None}  # greetings


@pytest.mark.parametrize("calls", [0, 2], ids=["never", "no more"])
def test_workers_that_the_scheduler_alone_can_reach(two, X, Y, monkeypatch, calls):
    monkeypatch.setattr(two, "rpc", Unreachable(two.rpc, calls))
    ways, calls = trained(two, X, Y, monkeypatch)
    assert ways == [False, False]
    assert calls[-4:] == [("sums", 2, 2)] * 4


def test_sums_that_a_worker_has_lost(two, X, Y, monkeypatch):
    """Between two calls of one step: it is computed anew, and the next goes as before."""
    monkeypatch.setattr(_steps, "_GATHERED_BYTES", 0)
    add, lost = Seat.add, []

    async def forgetful(self, before, keys):
        if before is not None and len(lost) < 2:
            lost.append(self._kept.popitem())
        return await add(self, before, keys)

    monkeypatch.setattr(Seat, "add", forgetful)
    _, calls = trained(two, X, Y, monkeypatch)
    assert len(lost) == 2
    at = calls.index(("add", 1, 0))
    assert calls[at + 1] == ("tasks", 0, 0)
    assert calls[-4:] == [("keep", 2, 2), ("add", 1, 1)] * 2


def test_settings_of_dask_are_as_before_when_two_threads_have_sent_tasks(two, monkeypatch):
    name = "distributed.admin.large-graph-warning-threshold"
    before, submit = dask.config.get(name), two.submit
    second_began, first_ended = threading.Event(), threading.Event()

    def slow(*args, **keywords):
        if threading.current_thread().name == "first":
            second_began.wait(0.3)
        else:
            second_began.set()
            first_ended.wait(10)
        return submit(*args, **keywords)

    monkeypatch.setattr(two, "submit", slow)
    cluster = Cluster("settings", two)
    try:
        first = threading.Thread(target=cluster.submit, args=(int,), name="first")
        second = threading.Thread(target=cluster.submit, args=(int,), name="second")
        first.start()
        second.start()
        first.join()
        first_ended.set()
        second.join()
        assert dask.config.get(name) == before
    finally:
        dask.config.set({name: before})
        cluster.close()
    assert_nothing_left(two)
