"""Parameters, and caches, of a net that is not the assignment's: they know its activations.

A plain dict is the assignment's net, relu and then sigmoid. The binding makes both types where a
net is another one, and reads their two attributes where an activation is not given by keyword.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from ffnn import _ffnn
from ffnn._checks import choose

__all__ = ["NET", "NetCaches", "NetParameters"]

NET = ("hidden_activation", "output_activation")  # what is known, as keywords have it


class _Net:
    """Two attributes that are checked when they are set."""

    __slots__ = ()

    hidden_activation: str | tuple[str, ...]
    output_activation: str

    def __setattr__(self, name: str, value: Any) -> None:
        function = type(self).__name__
        if name == "hidden_activation":
            value = _checked_hidden(function, value)
        elif name == "output_activation":
            choose(function, name, value, _ffnn.activations())
        super().__setattr__(name, value)


def _checked_hidden(function: str, value: Any) -> str | tuple[str, ...]:
    """One name, or a tuple of them; softmax is for an output."""
    names = [name for name in _ffnn.activations() if name != "softmax"]
    if not isinstance(value, (list, tuple)):
        return choose(function, "hidden_activation", value, names)
    label = "hidden_activation[{}]"
    return tuple(choose(function, label.format(i), one, names) for i, one in enumerate(value))


class NetParameters(_Net, dict[str, Any]):
    """Hold the parameters of a net, as a dict does, and know its activations.

    =================  =================  ================================================
    parameters         dict               W1, b1, ..., WL, bL, whose arrays are shared
    hidden_activation  str, list or None  of layers 1 to L-1, as in L_model_forward. None:
                                          what parameters know, else "relu"
    output_activation  str or None        of layer L. None: likewise, else "sigmoid"
    =================  =================  ================================================

    ffnn.train and L_layer_model return one for every net but the assignment's (relu, then sigmoid),
    whose parameters are a plain dict. Every function that takes parameters uses what they know
    where no activation is given, and raises ValueError for one that contradicts.

    Both activations are attributes that may be set: TypeError and ValueError for what is no name
    from ffnn.activations(). They are kept by copy, `|`, copy.copy and copy.deepcopy, pickle,
    save_parameters, update_parameters and vector_to_parameters; ValueError where two that know
    different ones are merged. dict(p), ``{**p}`` and a comprehension are plain dicts, which know
    nothing. The cost is a matter of training, not of the net, and is not among what they know.

    >>> import numpy as np, ffnn
    >>> plain = {"W1": np.array([[1.0]]), "b1": np.array([[0.0]])}
    >>> p = ffnn.NetParameters(plain, output_activation="tanh")
    >>> ffnn.predict_proba(np.array([[1.0]]), p)
    array([[0.76159416]])
    >>> p
    NetParameters({'W1': array([[1.]]), 'b1': array([[0.]])},
                  hidden_activation='relu', output_activation='tanh')
    >>> ffnn.predict_proba(np.array([[1.0]]), p, output_activation="linear")
    Traceback (most recent call last):
        ...
    ValueError: predict_proba: output_activation is 'linear' where the parameters know 'tanh': \
leave it out, or set it on the parameters
    """

    __slots__ = NET
    __module__ = "ffnn"  # where pickles find it

    def __init__(
        self,
        parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] = (),
        *,
        hidden_activation: str | Iterable[str] | None = None,
        output_activation: str | None = None,
    ) -> None:
        super().__init__(parameters)
        given_both = (hidden_activation, output_activation)
        for name, given, otherwise in zip(NET, given_both, ("relu", "sigmoid")):
            if given is None:
                known = isinstance(parameters, NetParameters)
                given = getattr(parameters, name) if known else otherwise
            setattr(self, name, given)

    def __repr__(self) -> str:
        name = type(self).__name__
        return (
            f"{name}({super().__repr__()},\n{' ' * len(name)} hidden_activation="
            f"{self.hidden_activation!r}, output_activation={self.output_activation!r})"
        )

    def copy(self) -> Self:
        """Return another dict of the same arrays and activations."""
        return type(self)(self)

    def update(self, *others: Any, **arrays: Any) -> None:
        """Take other arrays, as dict.update does; ValueError for those of another net."""
        for other in others:
            self._check_same(other)
        super().update(*others, **arrays)

    def __or__(self, other: Any) -> Any:
        if not isinstance(other, dict):
            return NotImplemented
        merged = self.copy()
        merged.update(other)
        return merged

    def __ror__(self, other: Any) -> Any:
        if not isinstance(other, dict):
            return NotImplemented
        merged = self.copy()
        merged.clear()
        merged.update(other)
        merged.update(self)
        return merged

    def __ior__(self, other: Any) -> Self:  # type: ignore[override]
        self.update(other)
        return self

    def _check_same(self, other: Any) -> None:
        if not isinstance(other, NetParameters):
            return
        for name in NET:
            mine, its = getattr(self, name), getattr(other, name)
            if _short(mine) != _short(its):
                raise ValueError(
                    f"{type(self).__name__}: {name} is {mine!r} here and {its!r} in what is merged "
                    "with it: they are two nets; dict(...) of one is a plain dict"
                )


def _short(names: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """One name where all are the same."""
    return names[0] if isinstance(names, tuple) and len(set(names)) == 1 else names


class NetCaches(_Net, list[Any]):
    """Hold the caches of L_model_forward, as a list does, and know the net's activations.

    L_model_backward uses them where none are given. copy, copy.copy, copy.deepcopy and pickle keep
    them; a slice, list(caches) and tuple(caches) are plain.
    """

    __slots__ = NET

    def copy(self) -> Self:
        """Return another list of the same caches, which knows as much."""
        other = type(self)(self)
        other.hidden_activation = self.hidden_activation
        other.output_activation = self.output_activation
        return other


_ffnn.register_net_types(NetParameters, NetCaches)
