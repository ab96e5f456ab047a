"""Metadata of a file: JSON values, and arrays that stand among them.

The arrays go into the file as arrays do; None stands in their place, and beside the JSON a list
that says the way to each: keys of dicts and places in lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn._parameters import NetParameters

__all__ = ["TYPES", "Place", "put_together", "take_apart"]

_NAMES = ["bool", "float16", "float32", "float64"]
_NAMES += [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
TYPES: dict[str, np.dtype[Any]] = {name: np.dtype(name).newbyteorder("<") for name in _NAMES}
_MOST_LEVELS = 64  # of lists and dicts: far less than any Python's json can follow
_FEW = 16  # numbers whose text is no longer than the header of an array
_LISTS = {float: np.dtype("<f8"), int: np.dtype("<i8")}

# The way to an array, and whether it was a list of numbers.
Place = tuple[list[str | int], bool]


def take_apart(meta: Mapping[str, Any]) -> tuple[dict[str, Any], list[Place], list[NDArray[Any]]]:
    """Return metadata as JSON has it, tuples as lists, and the arrays taken from it.

    A long list of floats or of ints is an array in the file and a list again when read. TypeError
    for what has no form in either.
    """
    places: list[Place] = []
    arrays: list[NDArray[Any]] = []

    def apart(where: str, value: Any, way: list[str | int]) -> Any:
        if isinstance(value, (Mapping, list, tuple)) and len(way) > _MOST_LEVELS:
            raise TypeError(f"nested more than {_MOST_LEVELS} levels deep")
        if isinstance(value, NetParameters):
            raise TypeError(f"{where} would lose its net's activations; dict() of it has none")
        if isinstance(value, Mapping):
            return {
                key: apart(f"{where}[{key!r}]", item, [*way, key])
                for key, item in _items(where, value)
            }
        if isinstance(value, np.generic) and not isinstance(value, str):
            _check_type(where, value.dtype)
            return value.item()
        found = _as_array(where, value)
        if found is not None:
            places.append((way, isinstance(value, (list, tuple))))
            arrays.append(found)
            return None
        if isinstance(value, (list, tuple)):
            return [apart(f"{where}[{i}]", item, [*way, i]) for i, item in enumerate(value)]
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise TypeError(f"{where} is of type {type(value).__name__}")

    plain = {}
    for key, value in meta.items():
        try:
            plain[key] = apart(key, value, [key])
        except TypeError as error:
            raise TypeError(f"{key} has no form in JSON: {error}") from None
    return plain, places, arrays


def _items(where: str, value: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Those of a dict; JSON would make two keys one, 1 and "1"."""
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"{where} has a key {key!r}, expected a str")
    return list(value.items())


def _as_array(where: str, value: Any) -> NDArray[Any] | None:
    """An array as the file has it; None for what is none."""
    if isinstance(value, (list, tuple)):
        kinds = {type(item) for item in value} if len(value) > _FEW else set()
        kind = _LISTS.get(kinds.pop()) if len(kinds) == 1 else None
        try:
            return None if kind is None else np.array(value, kind)
        except OverflowError:
            return None
    if not isinstance(value, np.ndarray):
        return None
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{where} is a masked array")
    _check_type(where, value.dtype)
    return np.asarray(value, dtype=TYPES[value.dtype.name], order="C")


def _check_type(where: str, dtype: np.dtype[Any]) -> None:
    if dtype.name not in TYPES:
        way_out = ", and so has .tolist()" if dtype.kind == "U" else ""
        raise TypeError(
            f"{where} has dtype {dtype}; booleans, integers and floats have one{way_out}"
        )


def put_together(meta: dict[str, Any], places: list[Any], arrays: list[NDArray[Any]]) -> None:
    """Put arrays back into their places in the metadata. Any error: a damaged file."""
    for (way, is_list), array in zip(places, arrays, strict=True):
        inner: Any = meta
        for key in way[:-1]:
            inner = inner[key]
        if inner[way[-1]] is not None:
            raise ValueError("two arrays have one place")
        if is_list and array.dtype not in _LISTS.values():
            raise ValueError("a list is of another type")
        inner[way[-1]] = array.tolist() if is_list else array
