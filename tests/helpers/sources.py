"""The same examples in memory, and as every kind of source that ffnn reads."""

import itertools

import numpy as np
import pytest

import ffnn

h5py = pytest.importorskip("h5py")

_NUMBERS = itertools.count()  # of files: an open one is not written anew


class Slices:
    """What has shape, dtype and slices, as zarr's arrays, and counts how it is read."""

    def __init__(self, array):
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.reads = []

    def __getitem__(self, key):
        assert all(isinstance(part, slice) for part in (key if type(key) is tuple else (key,)))
        self.reads.append(key)
        return self.array[key]


def memory_map(folder, array):
    path = folder / f"{next(_NUMBERS)}.bin"
    mapped = np.memmap(path, array.dtype, "w+", shape=array.shape)
    mapped[:] = array
    mapped.flush()
    return np.memmap(path, array.dtype, "r", shape=array.shape)


def hdf5(folder, array, **options):
    """A dataset; the file closes with the last object that holds it."""
    file = h5py.File(folder / f"{next(_NUMBERS)}.h5", "w")
    return file.create_dataset("X", data=array, **options)


# Each makes a source of X (n_x, m) from the rows (m, n_x) that a file would hold.
KINDS = {
    "map": lambda folder, rows: memory_map(folder, rows).T,
    "rows of a map": lambda folder, rows: ffnn.rows(memory_map(folder, rows)),
    "columns of a map": lambda folder, rows: memory_map(folder, rows.T),
    "HDF5": lambda folder, rows: hdf5(folder, rows.T),
    "rows of HDF5": lambda folder, rows: ffnn.rows(hdf5(folder, rows, chunks=True)),
    "slices": lambda folder, rows: Slices(rows.T),
    "rows of slices": lambda folder, rows: ffnn.rows(Slices(rows)),
    "integers": lambda folder, rows: rows.T,
    "rows of an array": lambda folder, rows: ffnn.rows(rows),
}
