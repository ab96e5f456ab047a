"""What a run will do: every argument checked, in one place, before anything is drawn or trained.

The keywords of train come by subject: what a run begins with, its examples, its pace, what is
watched. All others are options of the run in C, which checks them.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from ffnn import _ffnn
from ffnn._checks import (
    check_count,
    check_number,
    check_seed,
    check_size,
    check_total_weight,
    choose,
)
from ffnn._initializers import INITIALIZERS, Parameters, draw_by, suited_to
from ffnn._metrics import check_scores
from ffnn._pace import (
    Pace,
    Schedule,
    check_pace,
    check_rate,
    check_whole,
    is_whole,
    rate_of,
    shuffle_of,
)
from ffnn._parameters import NET
from ffnn._randomness import PortableDraws, Randomness, is_reproducible
from ffnn._reading import Reader
from ffnn._remote import Remote, ask_for_sums, stand_in
from ffnn._sample_weights import weights_by_class
from ffnn._scores import Score
from ffnn._sources import Source, check_dtype, take_labels, take_run_inputs
from ffnn._validation import Examples, Part, take_examples

__all__ = ["Beginning", "Draw", "Plan", "Watch", "find_bar", "make_plan"]

Draw = Callable[[tuple[int, ...], Any], Parameters]

_LARGE = 10  # beyond this, inputs and targets are worth scaling
_LOOK = 64  # examples of a source that are looked at for that


class Beginning(NamedTuple):
    """Where a run starts from."""

    parameters: Parameters | None
    optimizer_state: dict[str, Any] | None
    seed: int | None
    initialization: str | None


class Watch(NamedTuple):
    """What is measured and shown at record points, and when a run stops."""

    metrics: Any
    patience: int | None
    min_delta: float | None
    monitor: str | None
    mode: str | None
    record_every: int
    print_cost: bool
    progress: bool
    callback: Callable[[dict[str, Any]], Any] | None


class Stop(NamedTuple):
    """A run ends `patience` epochs after the best value of `monitor`."""

    monitor: str
    rises: bool
    patience: int
    min_delta: float


class Plan(NamedTuple):
    """A run that can begin."""

    function: str
    trainer: _ffnn.Trainer
    reader: Reader | None  # of an X that is not in memory
    random: Randomness
    first: int
    epochs: int
    batch_size: int | None  # None: all examples at once
    is_full_batch: bool  # an epoch is one step
    shuffle: bool | Literal["blocks"]
    has_dropout: bool
    learning_rate: Any
    rate: Schedule | None
    optimizer: str
    state: dict[str, Any] | None  # that the run goes on from
    net: dict[str, Any]
    cost: str
    parts: list[Part]
    scores: dict[str, Score]
    stop: Stop | None
    is_whole: bool  # the optimiser takes all examples at once and no rate
    record_every: int
    print_cost: bool
    bar: Any
    callback: Callable[[dict[str, Any]], Any] | None
    trained: Part

    @property
    def is_random(self) -> bool:
        """Whether each epoch draws numbers."""
        return bool(self.shuffle) or self.has_dropout

    @property
    def has_drawn_order(self) -> bool:
        """Whether the order of an epoch is drawn here, and not by the core on its way."""
        return self.shuffle == "blocks" or (bool(self.shuffle) and self.reader is not None)

    def advice(self) -> str:
        """What may help a run that diverges, by a look at its data."""
        found = []
        X = self.trained.X
        if isinstance(X, Source):  # its beginning will do
            X = X.gather(np.arange(min(X.shape[1], _LOOK)))
        for name, A in (("X", X), ("Y", self.trained.Y)):
            largest = A.largest() if isinstance(A, Remote) else np.abs(A).max(initial=0)
            if not np.isfinite(largest):
                found.append(f"{name} holds NaN or infinity")
            elif largest > _LARGE and (name == "X" or "cross_entropy" not in self.cost):
                found.append(
                    f"{name} reaches {largest:.3g}: scale its rows to mean 0 and deviation 1"
                )
        what = "smaller weights" if self.is_whole else "a smaller learning rate"
        return "; ".join([*found, f"{what} may help"])


def make_plan(
    function: str,
    X: Any,
    Y: Any,
    layer_dims: tuple[int, ...] | None,
    keywords: dict[str, Any],
    *,
    draw: Draw | None = None,
    gram: bool | None = False,
    dims_name: str = "layer_dims",
    is_assignment: bool = False,
) -> Plan:
    """Check all keywords of train in the name of `function`; draw the parameters that are missing.

    The assignment's models leave NumPy's global generator where np.random.seed(seed) and the draws
    would have put it, and take labels outside 0 to 1. `dims_name` is how they call layer_dims.
    """
    options = dict(keywords)
    dtype = check_dtype(function, options.pop("dtype"))
    begin = Beginning(*(options.pop(name) for name in Beginning._fields))
    examples = Examples(*(options.pop(name) for name in Examples._fields))
    pace = Pace(*(options.pop(name) for name in Pace._fields))
    if pace.learning_rate is None and not is_assignment:
        pace = pace._replace(learning_rate=rate_of(options["optimizer"]))
    watch = Watch(*(options.pop(name) for name in Watch._fields))

    epochs, batch_size = check_pace(function, pace)
    _check_watch(function, watch)
    first = _check_beginning(function, begin, options["optimizer"])
    rate = check_rate(function, pace)
    first_rate: Any = pace.learning_rate if rate is None else rate(first)
    bar = find_bar(function) if watch.progress else None
    dims = _dims(function, dims_name, layer_dims, begin.parameters)
    options |= _net(function, begin.parameters, **{name: options[name] for name in NET})
    input_name = f"{dims_name}[0]" if layer_dims is not None else f"W1 ({dims[1]}, {dims[0]})"
    random = Randomness(None if begin.seed is None else check_seed(function, begin.seed))

    is_same_everywhere = is_reproducible(options.get("reproducible"))

    is_full_batch = batch_size is None or is_whole(options["optimizer"])
    if isinstance(X, Remote):
        X.real = dtype or X.real
    else:
        X = take_run_inputs(
            function, "X", X, dtype, is_full_batch=is_full_batch, may_be_gram=gram is not False
        )
    if isinstance(X, Source):
        X.check_inputs(dims[0], input_name)
    Y = take_labels(function, "Y", Y)
    sample_weight = take_labels(function, "sample_weight", examples.sample_weight)
    examples = examples._replace(sample_weight=sample_weight)

    def trainer_of(X: Any, Y: Any, weights: Any = None) -> tuple[_ffnn.Trainer, Reader | None]:
        reader = Reader(X, is_checked=not is_assignment) if isinstance(X, Source) else None
        weights = None if weights is None else weights / weights.mean()
        trainer = _ffnn.Trainer(
            function,
            stand_in(X),
            Y,
            dims,
            source=reader,
            learning_rate=first_rate,
            gram=gram,
            sample_weight=weights,
            bit_generator=random.bit_generator,
            input_name=input_name,
            **ask_for_sums(X, Y, weights, dims, options),
            **options,
        )
        return trainer, reader

    trainer, reader = trainer_of(X, Y)
    if trainer.is_whole:
        check_whole(function, options["optimizer"], pace)
        batch_size = None
    n_y, output = dims[-1], options["output_activation"]
    cost = _ffnn.cost_of(output) if options["cost"] is None else options["cost"]
    depth = 3 if is_assignment else 2  # of calls between the user and make_plan
    trained, held = take_examples(
        function, X, Y, examples, trainer, n_y, cost, output, is_assignment, depth + 1
    )
    weights = weights_by_class(
        function, examples.class_weight, trained.weights, trained.Y, n_y, output == "softmax"
    )
    if weights is not None:
        check_total_weight(function, weights)
    scores = check_scores(function, watch.metrics, trained.Y, n_y, output)
    parts = ([trained] if scores else []) + ([held] if held is not None else [])
    stop = _check_stop(function, watch, [part.prefix for part in parts], scores)

    if examples.validation_fraction is not None or weights is not None:
        del trainer  # and its memory
        trainer, reader = trainer_of(trained.X, trained.Y, weights)
    has_dropout = bool(np.min(options["keep_prob"], initial=1) < 1)
    if reader is not None and not random.is_seeded:
        # Dropout holds the lock of NumPy's global generator, which a source may draw from, too.
        reader.reads_ahead = not has_dropout
    parameters = begin.parameters
    if parameters is None and draw is not None:
        parameters = draw(dims, random.source.randn)
    elif parameters is None:
        parameters = draw_by(
            begin.initialization or suited_to(options["hidden_activation"], dims),
            dims,
            PortableDraws(random.source)
            if is_same_everywhere and random.is_seeded
            else random.source,
        )
    trainer.set(parameters, state=begin.optimizer_state)
    if is_assignment:
        random.leave()
    return Plan(
        function=function,
        trainer=trainer,
        reader=reader,
        random=random,
        first=first,
        epochs=epochs,
        batch_size=batch_size,
        is_full_batch=batch_size is None or batch_size >= trained.X.shape[1],
        shuffle=batch_size is not None and shuffle_of(pace, trained.X),
        has_dropout=has_dropout,
        learning_rate=pace.learning_rate,
        rate=rate,
        optimizer=options["optimizer"],
        state=begin.optimizer_state,
        net={name: options[name] for name in NET},
        cost=cost,
        parts=parts,
        scores=scores,
        stop=stop,
        is_whole=trainer.is_whole,
        record_every=watch.record_every,
        print_cost=watch.print_cost,
        bar=bar,
        callback=watch.callback,
        trained=trained,
    )


def _check_watch(function: str, watch: Watch) -> None:
    if watch.callback is not None and not callable(watch.callback):
        raise TypeError(f"{function}: callback must be callable, not {watch.callback!r}")
    check_size(function, "record_every", watch.record_every)
    for name in ("monitor", "mode", "min_delta"):
        value = getattr(watch, name)
        if value is not None and watch.patience is None:
            raise ValueError(f"{function}: {name}={value!r} goes with patience")
    if watch.patience is not None:
        check_size(function, "patience", watch.patience)
    if watch.min_delta is not None and check_number(function, "min_delta", watch.min_delta) < 0:
        raise ValueError(f"{function}: min_delta must be at least 0, not {watch.min_delta}")


def _check_beginning(function: str, begin: Beginning, optimizer: str) -> int:
    """The epoch to go on from."""
    if begin.initialization is not None:
        choose(function, "initialization", begin.initialization, INITIALIZERS)
    state = begin.optimizer_state
    if state is None:
        return 0
    if begin.parameters is None:
        raise ValueError(f"{function}: optimizer_state goes with the parameters of the same run")
    if not isinstance(state, dict):
        raise TypeError(f"{function}: optimizer_state must be a dict, not {type(state).__name__}")
    made_by = state.get("optimizer", optimizer)
    if made_by != optimizer:
        raise ValueError(f"{function}: optimizer_state is that of {made_by!r}, not {optimizer!r}")
    return check_count(function, "optimizer_state['epoch']", state.get("epoch", 0))


def _dims(
    function: str, name: str, layer_dims: tuple[int, ...] | None, parameters: Parameters | None
) -> tuple[int, ...]:
    """The sizes of the layers; given twice, they have to agree."""
    if parameters is None:
        if layer_dims is None:
            raise TypeError(f"{function}: give {name} or parameters")
        return layer_dims
    dims = _ffnn.layer_dims(function, parameters)
    if layer_dims is not None and layer_dims != dims:
        raise ValueError(
            f"{function}: {name} {list(layer_dims)} is not that of the parameters, {list(dims)}"
        )
    return dims


def _net(function: str, parameters: Parameters | None, **given: Any) -> dict[str, Any]:
    """The activations: those given, else those that the parameters know, else the assignment's."""
    if parameters is None:
        return {
            name: otherwise if given[name] is None else given[name]
            for name, otherwise in zip(NET, ("relu", "sigmoid"))
        }
    *hidden, output = _ffnn.layer_activations(function, parameters, **given)
    return dict(zip(NET, (hidden, output)))


def _check_stop(
    function: str, watch: Watch, prefixes: list[str], scores: dict[str, Score]
) -> Stop | None:
    if watch.patience is None:
        return None
    names = ["cost", "data_cost"]
    if "val_" in prefixes:
        names.insert(0, "val_cost")
    measured = {prefix + name: score for prefix in prefixes for name, score in scores.items()}
    names += measured
    monitor = names[0] if watch.monitor is None else watch.monitor
    choose(function, "monitor", monitor, names)
    rises = measured[monitor].rises if monitor in measured else False
    if watch.mode is not None:
        choose(function, "mode", watch.mode, ("min", "max"))
        if rises is not None and rises != (watch.mode == "max"):
            raise ValueError(
                f"{function}: mode={watch.mode!r} contradicts monitor={monitor!r}, which is to "
                + ("rise" if rises else "fall")
            )
        rises = watch.mode == "max"
    if rises is None:
        raise ValueError(
            f"{function}: monitor={monitor!r} is a function of your own: say mode='max' where it "
            "is to rise, mode='min' where it is to fall"
        )
    return Stop(monitor, rises, watch.patience, watch.min_delta or 0)


def find_bar(function: str) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError(
            f"{function}: progress=True needs tqdm: pip install 'ffnn[progress]'"
        ) from error
    return tqdm
