"""What a run will do: every argument checked, in one place, before anything is drawn or trained."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn.batches import check_seed
from ffnn.initialize import (
    RULES,
    Parameters,
    check_integer,
    check_layer_dims,
    check_number,
    check_size,
    draw_deep,
)
from ffnn.randomness import Randomness
from ffnn.scores import Score, check_scores
from ffnn.weights import example_weights
from ffnn.words import choose

__all__ = ["Options", "Part", "Plan", "cost_of", "make_plan"]

Draw = Callable[[tuple[int, ...], Any], Parameters]


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


class Part(NamedTuple):
    """Examples that costs and metrics are taken of; `prefix` stands before their names."""

    prefix: str
    X: Any
    Y: NDArray[Any]


class Plan(NamedTuple):
    """A run that can begin."""

    function: str
    trainer: _ffnn.Trainer
    random: Randomness
    m: int
    first: int
    epochs: int
    batch_size: int | None
    shuffle: bool
    has_dropout: bool
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
    leave_generator: bool = False,
) -> Plan:
    """Check all arguments in the name of `function` and draw the parameters where none are given.

    `leave_generator` puts NumPy's global generator where np.random.seed(o.seed) and the draws
    would have put it.
    """
    epochs, batch_size, record_every = _check_numbers(function, o)
    bar = _find_bar(function) if o.progress else None
    first = _check_state(function, o)
    rate = _check_rate(function, o)
    random = Randomness(None if o.seed is None else check_seed(function, o.seed))
    net = {"hidden_activation": o.hidden_activation, "output_activation": o.output_activation}
    options: dict[str, Any] = {
        name: getattr(o, name)
        for name in (
            "hidden_activation output_activation cost optimizer beta beta1 beta2 epsilon "
            "weight_decay lambd keep_prob clip_norm"
        ).split()
    }
    first_rate = o.learning_rate if rate is None else rate(first)

    def start(X: Any, Y: Any, parameters: Parameters, weights: Any = None) -> _ffnn.Trainer:
        try:
            return _ffnn.Trainer(
                X,
                Y,
                parameters,
                first_rate,
                gram=gram,
                sample_weight=weights,
                bit_generator=random.bit_generator,
                state=o.optimizer_state,
                **options,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _renamed(error, function) from None

    trainer = None
    if o.parameters is None:
        if layer_dims is None:
            raise TypeError(f"{function}: give layer_dims or parameters")
        dims = check_layer_dims(function, "layer_dims", layer_dims)
        _ffnn.check_run(function, X, Y, dims, first_rate, **options)
    else:
        trainer = start(X, Y, o.parameters)
        dims = _dims_of(trainer.parameters())
        if layer_dims is not None and check_layer_dims(function, "layer_dims", layer_dims) != dims:
            raise ValueError(
                f"{function}: layer_dims {list(layer_dims)} is not that of the parameters, "
                f"{list(dims)}"
            )

    n_y = dims[-1]
    inputs, labels = np.asarray(X), _as_rows(Y, n_y)
    m = inputs.shape[1]
    weights = example_weights(
        function, o.sample_weight, o.class_weight, labels, n_y, o.output_activation == "softmax"
    )
    validation = None
    if o.validation_data is not None:
        validation = _check_validation(function, o, dims, first_rate, options)
    elif o.validation_fraction is not None:
        trained, held = _split(function, o.validation_fraction, m)
        validation = Part("val_", inputs[:, held], labels[:, held])
        inputs, labels, m = inputs[:, trained], labels[:, trained], trained.size
        weights = None if weights is None else weights[trained]
        trainer = None
        if weights is not None and not weights.any():
            raise ValueError(f"{function}: no example to train on has a weight above 0")
    scores = check_scores(function, o.metrics, n_y, o.output_activation)
    parts = [Part("", inputs, labels)] if scores else []
    if validation is not None:
        parts.append(validation)
    monitor = _check_monitor(function, o, [part.prefix for part in parts], scores)

    if trainer is None or weights is not None:
        parameters = o.parameters
        if parameters is None and draw is not None:
            parameters = draw(dims, random.source)
        elif parameters is None:
            parameters = draw_deep(dims, random.source, o.initialization)
        if weights is not None:
            weights = weights / weights.mean()
        trainer = start(inputs, labels, parameters, weights)
    if leave_generator:
        random.leave()
    return Plan(
        function=function,
        trainer=trainer,
        random=random,
        m=m,
        first=first,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=bool(o.shuffle),
        has_dropout=bool(np.min(o.keep_prob, initial=1) < 1),
        rate=rate,
        options=o,
        net=net,
        cost=cost_of(o.output_activation) if o.cost is None else o.cost,
        parts=parts,
        scores=scores,
        monitor=monitor,
        record_every=record_every,
        bar=bar,
    )


def cost_of(output_activation: str) -> str:
    """Return what an output is trained on where no cost is named, as the C core has it."""
    names = {"sigmoid": "binary_cross_entropy", "softmax": "categorical_cross_entropy"}
    return names.get(output_activation, "mean_squared_error")


def _check_numbers(function: str, o: Options) -> tuple[int, int | None, int]:
    epochs = check_integer(function, "num_epochs", o.num_epochs)
    if epochs < 0:
        raise ValueError(f"{function}: num_epochs must be at least 0, not {epochs}")
    batch_size = o.mini_batch_size
    if batch_size is not None:
        batch_size = check_size(function, "mini_batch_size", batch_size)
    choose(function, "initialization", o.initialization, RULES)
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


def _check_validation(
    function: str, o: Options, dims: tuple[int, ...], rate: Any, options: dict[str, Any]
) -> Part:
    if o.validation_fraction is not None:
        raise ValueError(f"{function}: give validation_data or validation_fraction, not both")
    try:
        X, Y = o.validation_data
    except (TypeError, ValueError):
        raise TypeError(f"{function}: validation_data must be a pair (X, Y)") from None
    _ffnn.check_run(f"{function}: validation_data", X, Y, dims, rate, **options)
    return Part("val_", X, _as_rows(Y, dims[-1]))


def _split(function: str, fraction: Any, m: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The examples to train on, in their order, and those held back."""
    share = check_number(function, "validation_fraction", fraction)
    if not 0 < share < 1:
        raise ValueError(
            f"{function}: validation_fraction must be above 0 and below 1, not {share}"
        )
    held = int(np.ceil(share * m))
    if held >= m:
        raise ValueError(
            f"{function}: validation_fraction={share} of {m} examples leaves none to train on"
        )
    # The same examples whatever the seed, so that a run that is gone on with never trains on them.
    order = np.random.RandomState(0).permutation(m)
    return np.sort(order[held:]), order[:held]


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


def _as_rows(Y: Any, n_y: int) -> NDArray[Any]:
    """Labels (n_y, m) as they are; one for each example as (1, m)."""
    labels = np.asarray(Y)
    is_column = labels.ndim == 2 and labels.shape[0] not in (1, n_y)
    return labels.reshape(1, -1) if labels.ndim == 1 or is_column else labels


def _dims_of(parameters: Parameters) -> tuple[int, ...]:
    layers = len(parameters) // 2
    shapes = [parameters[f"W{layer}"].shape for layer in range(1, layers + 1)]
    return (shapes[0][1], *(shape[0] for shape in shapes))


def _renamed(error: Exception, function: str) -> Exception:
    """The error of a Trainer in the words of the function that made it."""
    text = str(error.args[0]) if error.args else ""
    text = text.replace("Trainer: state", f"{function}: optimizer_state", 1)
    return type(error)(text.replace("Trainer:", f"{function}:", 1))
