"""What a run recorded: a dict of lists, and beside them how the run ended."""

from __future__ import annotations

from typing import Any

__all__ = ["ENDS", "History", "attach"]

ENDS = ("optimizer_state", "best_epoch", "stopped_by", "posterior")


class History(dict[str, Any]):
    """A dict of lists, one value for each record point, so that pandas.DataFrame(history) works.

    Beside the lists stand the attributes optimizer_state, best_epoch, stopped_by and posterior,
    which history["optimizer_state"] and so on give too, though they are no keys: len, iteration,
    items and `in` know the lists alone.
    """

    optimizer_state: dict[str, Any] | None = None
    best_epoch: int | None = None
    stopped_by: str | None = None
    posterior: dict[str, Any] | None = None

    def __missing__(self, key: str) -> Any:
        if key in ENDS:
            return getattr(self, key)
        raise KeyError(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the list or the attribute of that name, or the default."""
        return self[key] if key in self or key in ENDS else default

    def copy(self) -> History:
        """Return a history of the same lists, with the same ends."""
        other = History(self)
        other.__dict__.update(self.__dict__)
        return other

    def truncate(self, length: int) -> None:
        """Forget the record points from number `length` on."""
        for values in self.values():
            del values[length:]


def attach(function: str, error: BaseException, parameters: Any, history: Any, costs: Any) -> None:
    """Hang the last record point on an error; whoever did not catch the error reads where it is."""
    names = ".history and .costs" if parameters is None else ".parameters, .history and .costs"
    told = (
        f"{function}: the last record point hangs on this exception: {names} (where nothing "
        "caught it: sys.last_value.parameters and so on)"
    )
    try:
        error.parameters = parameters  # type: ignore[attr-defined]
        error.history = history  # type: ignore[attr-defined]
        error.costs = costs  # type: ignore[attr-defined]
        if isinstance(error, KeyboardInterrupt) and not error.args:
            error.args = (told,)  # Python's own has no text
        else:
            error.add_note(told)
    except Exception:
        pass  # an exception without room for attributes is raised as it is
