"""Arrays of the same values in every way that memory can hold them."""

import ctypes
import mmap
import tempfile

import numpy as np

PAGE = mmap.PAGESIZE
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mprotect.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int


def _protect(memory, offset, size):
    address = np.frombuffer(memory, np.uint8).ctypes.data + offset
    if _libc.mprotect(address, size, 0):
        raise OSError(ctypes.get_errno(), "mprotect")


def guarded(x, order="C", at_end=True):
    """A copy of x that ends where a page begins which can't be read, or begins where one ends."""
    inside = -(-max(x.nbytes, 1) // PAGE) * PAGE
    memory = mmap.mmap(-1, inside + 2 * PAGE)
    start = PAGE + inside - x.nbytes if at_end else PAGE
    flat = np.frombuffer(memory, x.dtype, x.size, start)
    copy = flat.reshape(x.shape, order=order)
    copy[...] = x
    _protect(memory, 0, PAGE)
    _protect(memory, PAGE + inside, PAGE)
    return copy


def guarded_column(x):
    """x as the last columns of wider rows, which are NaN before it: the last element of x is the
    last one before the protected page."""
    wide = np.full((*x.shape[:-1], x.shape[-1] + 3), np.nan, x.dtype)
    wide[..., 3:] = x
    return guarded(wide)[..., 3:]


def _holed(x, step, order="C"):
    """x as every `step`-th element, along each axis, of an array that is NaN elsewhere."""
    lengths = [abs(step) * n for n in x.shape]
    wide = np.full(lengths, np.nan, x.dtype, order=order)
    view = wide[tuple(slice(None, None, step) for _ in lengths)]
    view[...] = x
    return view


def _unaligned(x, order="C"):
    raw = bytearray(x.nbytes + 1)
    copy = np.frombuffer(raw, x.dtype, x.size, 1).reshape(x.shape, order=order)
    copy[...] = x
    return copy


def _reversed(x, axes):
    step = tuple(slice(None, None, -1 if axis in axes else 1) for axis in range(x.ndim))
    return x[step].copy()[step]


def _byte_swapped(x, order="C"):
    return x.astype(x.dtype.newbyteorder("S"), order=order)


def _read_only(x):
    copy = x.copy()
    copy.flags.writeable = False
    return copy


def _memory_mapped(x):
    with tempfile.TemporaryFile() as file:
        file.write(x.tobytes() or bytes(1))
        file.flush()
        return np.memmap(file, x.dtype, "r", 0, x.shape)


def _zero_stride(x, axis):
    """The first line of x along the axis over and over: the one layout that changes the values."""
    first = np.take(x, range(min(1, x.shape[axis])), axis)
    return np.broadcast_to(first, x.shape)


# Each takes a two-dimensional array and gives one of the same type and shape.
LAYOUTS = {
    "fortran": np.asfortranarray,
    "transposed": lambda x: x.T.copy().T,
    "sliced_rows": lambda x: np.repeat(x, 2, axis=0)[::2],
    "sliced_columns": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "sliced_both": lambda x: _holed(x, 2),
    "sliced_fortran": lambda x: _holed(x, 3, "F"),
    "reversed_rows": lambda x: _reversed(x, [0]),
    "reversed_columns": lambda x: _reversed(x, [1]),
    "reversed_both": lambda x: _reversed(x, [0, 1]),
    "reversed_sliced": lambda x: _holed(x, -2, "F"),
    "zero_stride_rows": lambda x: _zero_stride(x, 0),
    "zero_stride_columns": lambda x: _zero_stride(x, 1),
    "zero_stride_both": lambda x: _zero_stride(_zero_stride(x, 0), 1),
    "unaligned": _unaligned,
    "unaligned_fortran": lambda x: _unaligned(x, "F"),
    "byte_swapped": _byte_swapped,
    "byte_swapped_fortran": lambda x: _byte_swapped(x, "F"),
    "read_only": _read_only,
    "memory_mapped": _memory_mapped,
    "ends_at_page": guarded,
    "ends_at_page_fortran": lambda x: guarded(x, "F"),
    "ends_at_page_columns": guarded_column,
    "ends_at_page_transposed": lambda x: guarded_column(x.T).T,
    "begins_at_page": lambda x: guarded(x, at_end=False),
    "begins_at_page_reversed": lambda x: guarded(x[::-1, ::-1], at_end=False)[::-1, ::-1],
}


def plain(x):
    """The same values as a contiguous, aligned, native, writeable array in C order."""
    return np.array(x, x.dtype.newbyteorder("="), order="C", subok=False)
