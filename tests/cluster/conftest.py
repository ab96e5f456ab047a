"""Tests of clusters want Dask and its scheduler; where there is none, none is looked at."""

from importlib.util import find_spec

import pytest

collect_ignore_glob = [] if find_spec("dask") and find_spec("distributed") else ["test_*.py"]


def client_of(workers):
    from dask.distributed import Client

    from clusters import local_cluster

    with local_cluster(workers) as cluster, Client(cluster) as client:
        yield client


@pytest.fixture(scope="module", params=[1, 2, 3])
def client(request):
    """Of clusters of one, two and three workers."""
    yield from client_of(request.param)


@pytest.fixture(scope="module")
def two():
    """A client of two workers."""
    yield from client_of(2)
