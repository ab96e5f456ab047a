"""Workers that die, a scheduler that is gone, Ctrl-C: the same bits, or one error and its record.

The workers and the scheduler are processes here, and end by SIGKILL.
"""

import os
import signal
import subprocess
import sys
import threading
import time

import dask
import dask.array
import numpy as np
import pytest
from dask.distributed import Client

import ffnn
import ffnn.dask
from clusters import PATIENCE, assert_nothing_left, local_cluster, same, tasks_of
from ffnn.dask import _steps
from ffnn.dask._cluster import Cluster
from ffnn.dask._steps import Packets

pytestmark = [pytest.mark.process, pytest.mark.once]

DIMS = [5, 4, 1]
KEYWORDS = {"mini_batch_size": 1100, "seed": 2, "num_epochs": 3}


@pytest.fixture
def X(rng):
    return rng.standard_normal((5, 4000))


@pytest.fixture
def Y(X):
    return (X[:1] > 0) * 1


@pytest.fixture(scope="module")
def client():
    with local_cluster(2, processes=True) as cluster, Client(cluster) as client:
        yield client


def at_step(monkeypatch, number, act):
    """Do something when the parameters of a step are about to be sent."""
    sums, steps = Packets.sums, [0]

    def counted(self, *args, **keywords):
        steps[0] += 1
        if steps[0] == number:
            act()
        return sums(self, *args, **keywords)

    monkeypatch.setattr(Packets, "sums", counted)


def pids_of(client):
    return client.run(os.getpid)


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_worker_killed_in_the_middle_of_an_epoch(client, X, Y, monkeypatch, shuffle):
    killed = []

    def kill():
        killed.append(sorted(pids_of(client).values())[0])
        os.kill(killed[0], signal.SIGKILL)

    at_step(monkeypatch, 6, kill)
    of_dask = dask.array.from_array(X, chunks=(5, 700))
    found = ffnn.dask.train(client, of_dask, Y, DIMS, shuffle=shuffle, **KEYWORDS)
    assert killed and killed[0] not in pids_of(client).values()
    same(ffnn.train(X, Y, DIMS, shuffle=shuffle, **KEYWORDS), found)
    assert_nothing_left(client)


def test_a_worker_killed_while_it_keeps_sums(client, X, Y, monkeypatch):
    """Of two workers the second has the sums of a step, and is asked to add them to the first's."""
    monkeypatch.setattr(_steps, "_GATHERED_BYTES", 0)
    call, pids, made = Cluster.call, pids_of(client), []

    def called(self, method, arguments):
        if method == "add" and "killed" not in made:
            made.append("killed")
            os.kill(pids[next(iter(arguments))], signal.SIGKILL)
        answers = call(self, method, arguments)
        made.append(len(answers) == len(arguments))
        return answers

    monkeypatch.setattr(Cluster, "call", called)
    of_dask, keywords = dask.array.from_array(X, chunks=(5, 700)), KEYWORDS | {"shuffle": False}
    same(
        ffnn.train(X, Y, DIMS, **keywords),
        ffnn.dask.train(client, of_dask, Y, DIMS, **keywords),
    )
    assert "killed" in made and False in made and all(made[-2:])
    assert_nothing_left(client)


def test_workers_that_come_and_go(X, Y, monkeypatch):
    own = ffnn.train(X, Y, DIMS, **KEYWORDS)
    with local_cluster(1, processes=True) as cluster, Client(cluster) as client:
        at_step(monkeypatch, 3, lambda: cluster.scale(3))
        same(own, ffnn.dask.train(client, X, Y, DIMS, **KEYWORDS))
        client.wait_for_workers(3, timeout=PATIENCE)
        monkeypatch.undo()
        at_step(monkeypatch, 7, lambda: cluster.scale(1))
        same(own, ffnn.dask.train(client, X, Y, DIMS, **KEYWORDS))


def test_five_processes(X, Y):
    with local_cluster(5, processes=True) as cluster, Client(cluster) as client:
        of_dask = dask.array.from_array(X, chunks=(5, 700))
        same(
            ffnn.train(X, Y, DIMS, **KEYWORDS),
            ffnn.dask.train(client, of_dask, Y, DIMS, **KEYWORDS),
        )


def test_a_cluster_that_restarts_has_forgotten_the_run(X, Y, monkeypatch):
    with local_cluster(1, processes=True) as cluster, Client(cluster) as client:
        at_step(monkeypatch, 6, lambda: client.restart(wait_for_workers=False))
        with pytest.raises(ConnectionError, match="has forgotten the run") as caught:
            ffnn.dask.train(client, X, Y, DIMS, **KEYWORDS)
        own = ffnn.train(X, Y, DIMS, **(KEYWORDS | {"num_epochs": 1}))
        same((own[0], {}), (caught.value.parameters, {}))
        assert caught.value.history["cost"] == own[1]["cost"]
        client.wait_for_workers(1, timeout=PATIENCE)
        same(ffnn.train(X, Y, DIMS, **KEYWORDS), ffnn.dask.train(client, X, Y, DIMS, **KEYWORDS))
        assert_nothing_left(client)


def test_tasks_do_not_pile_up_on_the_scheduler(client, X, Y):
    counts = []
    ffnn.dask.train(
        client, X, Y, DIMS, shuffle=False, callback=lambda info: counts.append(tasks_of(client)),
        **(KEYWORDS | {"num_epochs": 12}),
    )  # fmt: skip
    assert max(counts[6:]) <= max(counts[:6])


def test_ctrl_c_while_the_workers_compute(client, X, Y, monkeypatch):
    def interrupt():
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    at_step(monkeypatch, 8, interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        ffnn.dask.train(client, X, Y, DIMS, **(KEYWORDS | {"num_epochs": 100_000}))
    done = len(caught.value.history["cost"])
    assert done >= 1
    parameters, history = ffnn.train(X, Y, DIMS, **(KEYWORDS | {"num_epochs": done}))
    assert caught.value.history["cost"] == history["cost"]
    assert all((caught.value.parameters[k] == parameters[k]).all() for k in parameters)
    assert_nothing_left(client)


def start(*words):
    """A command of Dask's, and the first line of its output that holds an address."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words], stderr=subprocess.PIPE, text=True, bufsize=1
    )
    for line in process.stderr:
        if "tcp://" in line:
            return process, "tcp://" + line.split("tcp://")[1].split()[0]
    raise RuntimeError(f"{words} ended with {process.wait()}")


def test_the_scheduler_is_gone(X, Y, monkeypatch):
    scheduler, address = start(
        "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
        "--dashboard-address", "127.0.0.1:0",
    )  # fmt: skip
    worker = None
    try:
        worker, _ = start(
            "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads", "1",
            "--dashboard-address", "127.0.0.1:0", "--death-timeout", "5",
        )  # fmt: skip
        client = Client(address, set_as_default=False, timeout=10)  # to reconnect, too
        client.wait_for_workers(1, timeout=PATIENCE)
        at_step(monkeypatch, 6, lambda: (scheduler.kill(), scheduler.wait()))
        began = time.monotonic()
        with pytest.raises(ConnectionError, match="ffnn.dask.train: the scheduler at tcp://.*gone"
                           ) as caught:  # fmt: skip
            with dask.config.set({"distributed.comm.timeouts.connect": "2s"}):
                ffnn.dask.train(client, X, Y, DIMS, **KEYWORDS)
        assert time.monotonic() - began < PATIENCE
        parameters, history = ffnn.train(X, Y, DIMS, **(KEYWORDS | {"num_epochs": 1}))
        assert caught.value.history["cost"] == history["cost"]
        assert all((caught.value.parameters[k] == parameters[k]).all() for k in parameters)
        client.close(timeout=1)
    finally:
        for process in filter(None, (worker, scheduler)):
            process.kill()
            process.wait()
            process.stderr.close()
    np.testing.assert_equal(scheduler.returncode, -signal.SIGKILL)
