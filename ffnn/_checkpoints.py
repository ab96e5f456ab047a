"""Checkpoints: a run's parameters, optimiser state and history in one file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ffnn._checks import suggest_keywords
from ffnn._files import load, save
from ffnn._history import ENDS, History
from ffnn._initializers import Parameters

__all__ = ["Checkpoint", "load_checkpoint", "save_checkpoint"]

_STATE = "optimizer_state"


class Checkpoint(NamedTuple):
    """What load_checkpoint returns."""

    parameters: Parameters
    optimizer_state: dict[str, Any]
    history: History
    meta: dict[str, Any]


def save_checkpoint(
    path: str | os.PathLike[str],
    parameters: Mapping[str, Any],
    history: Mapping[str, Any],
    **meta: Any,
) -> None:
    """Write to a file all that a run of train needs to go on, in another process too.

    ==========  ==============  ========================================================
    path        str or Path     ends in .npz or .safetensors (pip install 'ffnn[files]')
    parameters  dict            those that train returned, or raised with
    history     dict            likewise; history["optimizer_state"] alone will do
    meta        by keyword      as in save_parameters: settings, the mean of the inputs, ...
    ==========  ==============  ========================================================

    The run that goes on equals one that was never interrupted, to the bit, if train is given the
    same data, seed and settings again: keep them in the meta. The file is written and checked as
    save_parameters does it, with the same errors; load_parameters reads it, too. ValueError for a
    history without an optimiser's state.

    >>> import numpy as np, ffnn, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
    >>> X, Y = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0, 0, 1, 1]])
    >>> settings = dict(optimizer="adam", learning_rate=0.1, seed=1)
    >>> parameters, history = ffnn.train(X, Y, [1, 5, 1], num_epochs=3, **settings)
    >>> ffnn.save_checkpoint(path, parameters, history, settings=settings)
    >>> checkpoint = ffnn.load_checkpoint(path)
    >>> parameters, history = ffnn.train(
    ...     X, Y, parameters=checkpoint.parameters, optimizer_state=checkpoint.optimizer_state,
    ...     num_epochs=2, **checkpoint.meta["settings"],
    ... )
    >>> checkpoint.history["epoch"] + history["epoch"]
    [0, 1, 2, 3, 4]
    """
    function = "save_checkpoint"
    if not isinstance(history, Mapping):
        raise TypeError(f"{function}: history must be a dict, not {type(history).__name__}")
    if _STATE in meta:
        raise ValueError(f"{function}: {_STATE} is taken from the history, not from the meta")
    state, kept = history.get(_STATE), {}
    if state is None and "optimizer" in history:
        state = history
    else:
        kept = {name: history.get(name) for name in (*history, *ENDS) if name != _STATE}
    if not isinstance(state, Mapping):
        raise ValueError(
            f"{function}: history holds no optimizer_state: give the history that train returned, "
            "or raised with, or its optimizer_state; of an estimator's callback save_parameters "
            "keeps the parameters"
        )
    save(function, path, parameters, {_STATE: state, "history": kept, **meta})


@suggest_keywords
def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what save_checkpoint wrote.

    ===============  ====  =====================================================================
    parameters       dict  in their order
    optimizer_state  dict  both for train, which goes on with them
    history          dict  as train returned it, optimizer_state and all; without lists where
                           that alone was saved
    meta             dict  the rest
    ===============  ====  =====================================================================

    They are the fields of a named tuple. Errors as load_parameters has them, and ValueError for a
    file that holds parameters, but no checkpoint.

    >>> import ffnn
    >>> ffnn.load_checkpoint("run.txt")
    Traceback (most recent call last):
        ...
    ValueError: load_checkpoint: run.txt: the name must end in .npz or .safetensors
    """
    parameters, meta = load("load_checkpoint", path)
    state, history = meta.pop(_STATE, None), meta.pop("history", None)
    if not isinstance(state, dict) or not isinstance(history, dict):
        raise ValueError(
            f"load_checkpoint: {os.fspath(path)}: holds parameters, but no checkpoint: "
            "load_parameters reads it"
        )
    ends = {name: history.pop(name, None) for name in ENDS}
    recorded = History(history)
    vars(recorded).update(ends, optimizer_state=state)
    return Checkpoint(parameters, state, recorded, meta)
