"""Words that callers spell: one of a list of names, or an error that suggests the nearest."""

from collections.abc import Collection
from typing import Any

__all__ = ["choose", "near"]


def choose(function: str, argument: str, value: Any, names: Collection[str]) -> str:
    """Return a value that is one of `names`; TypeError if it is no str, else ValueError."""
    if not isinstance(value, str):
        raise TypeError(f"{function}: {argument} must be a str, not {type(value).__name__}")
    if value in names:
        return value
    listed = ", ".join(map(repr, names))
    raise ValueError(
        f"{function}: {argument} must be one of {listed}, not {value!r}{near(value, names)}"
    )


def near(word: str, names: Collection[str]) -> str:
    """Return "; did you mean 'name'?", or nothing where no name is near."""
    from difflib import get_close_matches  # only a mistake needs it

    found = get_close_matches(word.lower(), names, 1)
    return f"; did you mean {found[0]!r}?" if found else ""
