"""Clusters of Dask's for tests: local ones, what is left on them, results to the bit."""

import contextlib
import time

import numpy as np
from dask.distributed import LocalCluster

PATIENCE = 60  # seconds, on a loaded machine


@contextlib.contextmanager
def local_cluster(workers, processes=False, threads=1):
    with LocalCluster(
        n_workers=workers, threads_per_worker=threads, processes=processes,
        dashboard_address=":0", memory_limit=0,
    ) as cluster:  # fmt: skip
        yield cluster


def tasks_of(client):
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def assert_nothing_left(client):
    """What is let go of is forgotten, soon."""
    end = time.monotonic() + PATIENCE
    while (left := (tasks_of(client), client.who_has())) != (0, {}) and time.monotonic() < end:
        time.sleep(0.01)
    assert left == (0, {})


def same(own, found):
    """Parameters, history and state are equal to the bit."""
    assert own[0].keys() == found[0].keys() and type(own[0]) is type(found[0])
    for name in own[0]:
        assert own[0][name].dtype == found[0][name].dtype
        np.testing.assert_array_equal(own[0][name], found[0][name], err_msg=name, strict=True)
    assert dict(own[1]) == dict(found[1])
    for name in "optimizer_state", "best_epoch", "stopped_by":
        same_state(own[1].get(name), found[1].get(name))


def same_state(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same_state(a[key], b[key])
    else:
        np.testing.assert_array_equal(a, b)
