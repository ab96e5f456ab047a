"""What a run will do: every argument checked, in one place, before anything is drawn or trained."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ffnn import _ffnn
from ffnn._checks import (
    check_integer,
    check_labels,
    check_layer_dims,
    check_number,
    check_seed,
    check_size,
    choose,
)
from ffnn._initializers import INITIALIZERS, Parameters, draw_by
from ffnn._metrics import Score, check_scores, cost_of
from ffnn._randomness import Randomness
from ffnn._sample_weights import example_weights
from ffnn._validation import Part, as_part, split

__all__ = ["Draw", "Options", "Plan", "make_plan"]

Draw = Callable[[tuple[int, ...], Any], Parameters]

# What the run in C checks and takes as it is.
_SETTINGS = (
    "hidden_activation",
    "output_activation",
    "cost",
    "optimizer",
    "beta",
    "beta1",
    "beta2",
    "epsilon",
    "weight_decay",
    "lambd",
    "keep_prob",
    "clip_norm",
)


class Options(NamedTuple):
    """The keywords of train, which explains them, and what sets one model from another."""

    parameters: Any
    optimizer_state: Any
    seed: Any
    hidden_activation: Any
    output_activation: Any
    cost: Any
    initialization: Any
    optimizer: Any
    learning_rate: Any
    decay: Any
    decay_rate: Any
    beta: Any
    beta1: Any
    beta2: Any
    epsilon: Any
    weight_decay: Any
    lambd: Any
    keep_prob: Any
    clip_norm: Any
    num_epochs: Any
    mini_batch_size: Any
    shuffle: Any
    sample_weight: Any
    class_weight: Any
    validation_data: Any
    validation_fraction: Any
    metrics: Any
    patience: Any
    min_delta: Any
    monitor: Any
    record_every: Any
    print_cost: Any
    progress: Any
    callback: Any


class Plan(NamedTuple):
    """A run that can begin."""

    function: str
    trainer: _ffnn.Trainer
    random: Randomness
    first: int
    epochs: int
    batch_size: int | None
    shuffle: bool
    is_random: bool  # each epoch draws numbers
    rate: Callable[[int], Any] | None
    options: Options
    net: dict[str, Any]
    cost: str
    parts: list[Part]
    scores: dict[str, Score]
    monitor: str | None
    record_every: int
    bar: Any


def make_plan(
    function: str,
    X: Any,
    Y: Any,
    layer_dims: Any,
    o: Options,
    *,
    draw: Draw | None = None,
    gram: bool | None = False,
    is_assignment: bool = False,
) -> Plan:
    """Check all arguments in the name of `function` and draw the parameters where none are given.

    The assignment's models leave NumPy's global generator where np.random.seed(o.seed) and the
    draws would have put it, and take labels outside 0 to 1.
    """
    epochs, batch_size, record_every = _check_numbers(function, o)
    bar = _find_bar(function) if o.progress else None
    first = _check_state(function, o)
    rate = _check_rate(function, o)
    random = Randomness(None if o.seed is None else check_seed(function, o.seed))
    begin = _Beginning(
        function=function,
        rate=o.learning_rate if rate is None else rate(first),
        settings={name: getattr(o, name) for name in _SETTINGS},
        others={
            "gram": gram,
            "bit_generator": random.bit_generator,
            "state": o.optimizer_state,
        },
    )
    trainer = None
    if o.parameters is None:
        if layer_dims is None:
            raise TypeError(f"{function}: give layer_dims or parameters")
        dims = check_layer_dims(function, "layer_dims", layer_dims)
        begin.check("", X, Y, dims)
    else:
        trainer = begin.trainer(X, Y, o.parameters)
        dims = _dims_of(trainer.parameters())
        if layer_dims is not None and check_layer_dims(function, "layer_dims", layer_dims) != dims:
            raise ValueError(
                f"{function}: layer_dims {list(layer_dims)} is not that of the parameters, "
                f"{list(dims)}"
            )
    n_y, output = dims[-1], o.output_activation
    held = None
    if o.validation_data is not None:
        X_val, Y_val = _validation_pair(function, o)
        begin.check(": validation_data", X_val, Y_val, dims)
        held = as_part("val_", X_val, Y_val, n_y)
    cost = cost_of(output) if o.cost is None else o.cost
    given = as_part("", X, Y, n_y)
    if not is_assignment:
        check_labels(function, given.Y, n_y, cost)
    weights = example_weights(
        function, o.sample_weight, o.class_weight, given.X, given.Y, n_y, output == "softmax"
    )
    trained = given
    if o.validation_fraction is not None:
        trained, held, weights = split(function, given, weights, o.validation_fraction)
    scores = check_scores(function, o.metrics, trained.Y, n_y, output)
    parts = ([trained] if scores else []) + ([held] if held is not None else [])
    monitor = _check_monitor(function, o, [part.prefix for part in parts], scores)

    if trainer is None or trained is not given or weights is not None:
        parameters = o.parameters
        if parameters is None and draw is not None:
            parameters = draw(dims, random.source.randn)
        elif parameters is None:
            parameters = draw_by(o.initialization, dims, random.source)
        trainer = begin.trainer(trained.X, trained.Y, parameters, weights)
    if is_assignment:
        random.leave()
    return Plan(
        function=function,
        trainer=trainer,
        random=random,
        first=first,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=bool(o.shuffle),
        is_random=bool(np.min(o.keep_prob, initial=1) < 1)
        or (bool(o.shuffle) and batch_size is not None),
        rate=rate,
        options=o,
        net={
            "hidden_activation": o.hidden_activation,
            "output_activation": o.output_activation,
        },
        cost=cost,
        parts=parts,
        scores=scores,
        monitor=monitor,
        record_every=record_every,
        bar=bar,
    )


class _Beginning(NamedTuple):
    """The run in C before there is one; its errors are the function's."""

    function: str
    rate: Any
    settings: dict[str, Any]
    others: dict[str, Any]

    def check(self, what: str, X: Any, Y: Any, dims: tuple[int, ...]) -> None:
        """Raise what a Trainer on X and Y would raise."""
        _ffnn.check_run(self.function + what, X, Y, dims, self.rate, **self.settings)

    def trainer(self, X: Any, Y: Any, parameters: Parameters, weights: Any = None) -> _ffnn.Trainer:
        """The run itself; weights are brought to the mean 1."""
        if weights is not None:
            weights = weights / weights.mean()
        try:
            return _ffnn.Trainer(
                X,
                Y,
                parameters,
                self.rate,
                sample_weight=weights,
                **self.settings,
                **self.others,
            )
        except (KeyError, TypeError, ValueError) as error:
            text = str(error.args[0]) if error.args else ""
            text = text.replace("Trainer: state", f"{self.function}: optimizer_state", 1)
            text = text.replace("Trainer:", f"{self.function}:", 1)
            raise type(error)(text) from None


def _check_numbers(function: str, o: Options) -> tuple[int, int | None, int]:
    epochs = check_integer(function, "num_epochs", o.num_epochs)
    if epochs < 0:
        raise ValueError(f"{function}: num_epochs must be at least 0, not {epochs}")
    batch_size = o.mini_batch_size
    if batch_size is not None:
        batch_size = check_size(function, "mini_batch_size", batch_size)
    choose(function, "initialization", o.initialization, INITIALIZERS)
    if o.callback is not None and not callable(o.callback):
        raise TypeError(f"{function}: callback must be callable, not {o.callback!r}")
    if check_number(function, "min_delta", o.min_delta) < 0:
        raise ValueError(f"{function}: min_delta must be at least 0, not {o.min_delta}")
    if o.patience is not None:
        check_size(function, "patience", o.patience)
    return epochs, batch_size, check_size(function, "record_every", o.record_every)


def _check_state(function: str, o: Options) -> int:
    """The epoch to go on from."""
    state = o.optimizer_state
    if state is None:
        return 0
    if o.parameters is None:
        raise ValueError(f"{function}: optimizer_state goes with the parameters of the same run")
    if not isinstance(state, dict):
        raise TypeError(f"{function}: optimizer_state must be a dict, not {type(state).__name__}")
    made_by = state.get("optimizer", o.optimizer)
    if made_by != o.optimizer:
        raise ValueError(f"{function}: optimizer_state is that of {made_by!r}, not {o.optimizer!r}")
    first = check_integer(function, "optimizer_state['epoch']", state.get("epoch", 0))
    if first < 0:
        raise ValueError(f"{function}: optimizer_state['epoch'] must be at least 0, not {first}")
    return first


def _check_rate(function: str, o: Options) -> Callable[[int], Any] | None:
    """The rate of each epoch; None where it is one for all."""
    rate, decay = o.learning_rate, o.decay
    if decay is None:
        return rate if callable(rate) else None
    if not callable(decay):
        raise TypeError(f"{function}: decay must be a function such as update_lr, not {decay!r}")
    if callable(rate):
        raise ValueError(f"{function}: decay goes with a number as learning_rate, not a function")
    decay_rate = check_number(function, "decay_rate", o.decay_rate)
    check_number(function, "learning_rate", rate)
    return lambda epoch: rate if epoch == 0 else decay(rate, epoch - 1, decay_rate)


def _validation_pair(function: str, o: Options) -> tuple[Any, Any]:
    if o.validation_fraction is not None:
        raise ValueError(f"{function}: give validation_data or validation_fraction, not both")
    if not isinstance(o.validation_data, (tuple, list)) or len(o.validation_data) != 2:
        raise TypeError(f"{function}: validation_data must be a pair (X, Y)")
    X, Y = o.validation_data
    return X, Y


def _check_monitor(
    function: str, o: Options, prefixes: list[str], scores: dict[str, Score]
) -> str | None:
    if o.patience is None:
        if o.monitor is not None:
            raise ValueError(f"{function}: monitor={o.monitor!r} goes with patience")
        return None
    names = ["cost"]
    if "val_" in prefixes:
        names.insert(0, "val_cost")
    names += [prefix + name for prefix in prefixes for name in scores]
    return choose(function, "monitor", names[0] if o.monitor is None else o.monitor, names)


def _find_bar(function: str) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError(
            f"{function}: progress=True needs tqdm: pip install 'ffnn[progress]'"
        ) from error
    return tqdm


def _dims_of(parameters: Parameters) -> tuple[int, ...]:
    layers = len(parameters) // 2
    shapes = [parameters[f"W{layer}"].shape for layer in range(1, layers + 1)]
    return (shapes[0][1], *(shape[0] for shape in shapes))
