"""Tests of clusters want Dask and its scheduler."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("dask") and find_spec("distributed") else ["test_*.py"]
