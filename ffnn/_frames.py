"""Arguments that NumPy makes no array of numbers of: frames of numbers, and those with no way in.

The binding asks here about every argument that is neither an array nor a list, before NumPy does:
a column of bool beside one of float would become objects, an NA in a nullable column a NaN.
pandas is recognised, never imported.
"""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_array", "numbers_of", "refusal"]

_WORKS = "float32 and float64 work, integers and booleans are converted"
_LABELS = "np.unique(y, return_inverse=True)[1] makes integers of labels, .astype(float) of digits"
_WAY_OUT = {
    "f": "pass .astype(np.float32) or .astype(np.float64)",
    "c": "pass .real, or np.abs of it",
    "O": "pass .astype(float) where every entry is a number",
    "U": _LABELS,
    "S": _LABELS,
    "T": _LABELS,
    "M": "subtract a first date and divide by np.timedelta64(1, 's')",
    "m": "divide by np.timedelta64(1, 's')",
}
_FILL = "pass .fillna(value), or leave those examples out"
_CATEGORIES = "pandas.get_dummies makes a column of 0 and 1 of each category"


def numbers_of(thing: Any) -> NDArray[Any] | str | None:
    """Return the array of a pandas frame or column, or the words that say why there is none.

    None stands for a thing that pandas has not made, which NumPy may convert.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    column = (pandas.Series, pandas.Index, pandas.api.extensions.ExtensionArray)
    if isinstance(thing, pandas.DataFrame) and thing.shape[1] > 0:
        dtypes = dict(enumerate(thing.dtypes))
    elif isinstance(thing, column):
        dtypes = {0: thing.dtype}
    else:
        return None
    sparse = pandas.SparseDtype
    numeric = {dtype: _numeric(dtype, sparse) for dtype in set(dtypes.values())}
    wrong = [at for at, dtype in dtypes.items() if numeric[dtype] is None]
    if wrong:
        way = _CATEGORIES if thing.ndim == 2 else _LABELS
        return f"{_spot(thing, wrong[0])} has dtype {dtypes[wrong[0]]}; {_WORKS}; {way}"
    if all(isinstance(dtype, np.dtype) and dtype.kind != "O" for dtype in numeric):
        return np.asarray(thing.to_numpy(np.result_type(*numeric)))
    if np.dtype(object) in numeric.values():
        return _of_objects(thing)
    for at, dtype in dtypes.items():
        if isinstance(dtype, (np.dtype, sparse)):
            continue  # which hold NaN, a number, where others hold NA
        part = thing.iloc[:, at] if thing.ndim == 2 else thing
        if np.any(part.isna()):
            return f"{_spot(thing, at)} holds NA; {_FILL}"
    return np.asarray(thing.to_numpy(np.result_type(*numeric.values())))


def _numeric(dtype: Any, sparse: Any) -> np.dtype[Any] | None:
    """NumPy's type for the values of a column; object where only its entries can tell."""
    if hasattr(dtype, "categories"):
        dtype = dtype.categories.dtype
    plain = dtype.subtype if isinstance(dtype, sparse) else getattr(dtype, "numpy_dtype", dtype)
    return plain if isinstance(plain, np.dtype) and plain.kind in "biufO" else None


def _of_objects(thing: Any) -> NDArray[Any] | str:
    """The entries decide, as in the transpose of a frame with columns of bool and of float."""
    values = np.asarray(thing, dtype=object)
    strange = {
        kind
        for kind in set(map(type, values.flat))
        if not issubclass(kind, (int, float, np.bool_, np.integer, np.floating))
        or issubclass(kind, np.timedelta64)
    }
    if not strange:
        try:
            return values.astype(np.float64)
        except OverflowError:
            return f"is of type {type(thing).__name__} with an integer beyond float64; {_WORKS}"
    row, *at = next(place for place, x in np.ndenumerate(values) if type(x) in strange)
    value = values[(row, *at)]
    way = _CATEGORIES if thing.ndim == 2 else _LABELS
    if value is None or "NA" in type(value).__name__:
        way = _FILL
    spot = f" at {thing.index[row]!r}" if thing.ndim == 2 else ""
    return f"{_spot(thing, at[0] if at else 0)} holds {value!r}{spot}; {_WORKS}; {way}"


def _spot(thing: Any, at: int) -> str:
    name = f"is of type {type(thing).__name__}: "
    return name + (f"column {thing.columns[at]!r}" if thing.ndim == 2 else "it")


def refusal(thing: Any, array: NDArray[Any]) -> str:
    """Say what is wrong with a thing whose array is of a type that ffnn refuses, and a way out."""
    if hasattr(thing, "toarray"):
        return f"is of type {type(thing).__name__}, which is sparse; pass .toarray()"
    says = f"has dtype {array.dtype}"
    if array is not thing:
        says = f"is of type {type(thing).__name__}, which makes an array of dtype {array.dtype}"
    way = _WAY_OUT.get(array.dtype.kind, "") if array.ndim > 0 else ""
    if array.dtype.kind == "O" and any(isinstance(x, (str, bytes)) for x in array.flat):
        way = _LABELS
    return f"{says}; {_WORKS}" + (f"; {way}" if way else "")


def as_array(place: str, thing: Any) -> NDArray[Any]:
    """Return the array of anything, a frame of numbers included: TypeError that begins so."""
    array = numbers_of(thing)
    if isinstance(array, str):
        raise TypeError(f"{place} {array}")
    return np.asarray(thing) if array is None else array
