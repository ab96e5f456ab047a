"""The conversation around a run that happens in C: records, prints, measures, stops, keeps.

A run goes from record point to record point: one epoch, whose cost is recorded, then those up to
the next. Whatever ends a run before its time carries the last record point with it.
"""

import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn import _ffnn
from ffnn._initializers import Parameters
from ffnn._plan import Plan
from ffnn._validation import Part

__all__ = ["Run", "print_line"]


class Record(NamedTuple):
    """What a run hands back."""

    parameters: Parameters
    state: dict[str, Any]


class Run:
    """One run, from its plan to parameters, costs and history."""

    def __init__(self, plan: Plan, *, unit: str, depth: int, is_assignment: bool) -> None:
        """`unit` is what an epoch is called, `depth` how many calls lie between user and `go`.

        The assignment's models go on after a NaN and don't record the last iteration.
        """
        self.plan, self.unit, self.depth = plan, unit, depth
        self.is_assignment = is_assignment
        self.costs: list[NDArray[Any]] = []
        names = ["epoch", "cost", "learning_rate"]
        for part in plan.parts:
            names += [part.prefix + "cost"] if part.prefix else []
            names += [part.prefix + name for name in plan.scores]
        self.history: dict[str, Any] = {name: [] for name in names}
        self.epoch = plan.first
        self.learning_rate: Any = plan.learning_rate
        self.recorded = 0  # record points whose parameters are kept
        self.epochs: list[int] = []  # of the record points; those of `history` are the callback's
        self.best: Record | None = None
        self.best_value: float | None = None
        self.best_epoch: int | None = None
        self.has_warned = False
        self.stopped_by: str | None = None

    def go(self) -> Parameters:
        """Run to the end and return the parameters."""
        bar = self._progress_bar()
        try:
            self._loop(bar)
            if self.best is None and self.stopped_by == "nan":
                self._restore()
            return self._finish(self.best or self._snapshot())
        except BaseException as error:
            self._end_early(error)
            raise
        finally:
            if bar is not None:
                bar.close()

    # ---- epochs ----

    def _loop(self, bar: Any) -> None:
        plan = self.plan
        every, end = plan.record_every, plan.first + plan.epochs
        while self.epoch < end and self.stopped_by is None:
            epoch = self.epoch
            cost = self._pass()
            value = float(cost)  # comparing 0-d arrays takes as long as many small steps
            is_due, is_last = epoch % every == 0, epoch == end - 1
            is_recorded = is_due or (is_last and not self.is_assignment)
            if is_recorded:
                self.costs.append(cost)
                self._record(epoch, value)
            if plan.print_cost and (is_due or is_last):
                print_line(f"Cost after {self.unit} {epoch}: {np.squeeze(cost)}{self._measured()}")
            if value != value:
                self._meet_nan("the cost is NaN", epoch)
            elif is_recorded and self.recorded != len(self.costs):
                self._meet_nan("the parameters overflow", epoch)
            elif value < 0:
                self._meet_negative(epoch)
            if self.stopped_by is None and is_recorded:
                self._watch(epoch)
                self._call()
            # On to the next record point, but the last epoch is done by itself, for its cost.
            if self.stopped_by is None:
                self._skip(min(self.epoch + -self.epoch % every, end - 1) - self.epoch)
            if bar is not None:
                bar.set_postfix(cost=value, refresh=False)
                bar.update(self.epoch - epoch)

    def _pass(self) -> NDArray[Any]:
        """One epoch; its cost."""
        plan, trainer = self.plan, self.plan.trainer
        if plan.rate is not None:
            self.learning_rate = trainer.learning_rate = plan.rate(self.epoch)
        if plan.is_random:
            plan.random.begin(self.epoch)
        return self._steps(1)

    def _skip(self, epochs: int) -> None:
        """Epochs that nobody looks at: without Python between them where nothing changes."""
        plan = self.plan
        if plan.rate is not None or (plan.is_random and plan.random.is_seeded):
            for _ in range(epochs):
                self._pass()
        elif epochs > 0:
            self._steps(epochs)

    def _steps(self, epochs: int) -> NDArray[Any]:
        """Those of so many epochs; the cost of one of them."""
        plan = self.plan
        if plan.is_random:
            with plan.random.bit_generator.lock:
                cost = self._work(epochs)
        else:
            cost = self._work(epochs)
        self.epoch += epochs
        return cost

    def _work(self, epochs: int) -> NDArray[Any]:
        plan, trainer = self.plan, self.plan.trainer
        if plan.batch_size is None:
            return trainer.run(epochs)
        if plan.shuffle:
            return trainer.shuffled(epochs, plan.batch_size)
        return [trainer.epoch(None, plan.batch_size) for _ in range(epochs)][-1]

    # ---- record points ----

    def _record(self, epoch: int, cost: float) -> None:
        trainer, history = self.plan.trainer, self.history
        self.epochs.append(epoch)
        history["epoch"].append(epoch)
        history["cost"].append(cost)
        history["learning_rate"].append(float(self.learning_rate))
        if self.plan.parts:
            parameters = trainer.parameters()
            for part in self.plan.parts:
                for name, value in self._measure(part, parameters).items():
                    history[name].append(value)
        if self.is_assignment or trainer.is_finite():
            self.recorded = len(self.costs)
            trainer.snapshot(self.recorded)

    def _restore(self) -> int:
        """To the last record point; the number of them."""
        length = self.plan.trainer.restore()
        self.epoch = self.epochs[length - 1] + 1 if length else self.plan.first
        return length

    def _end_early(self, error: BaseException) -> None:
        """Give the error what the last record point has, and nothing that came after it."""
        parameters = None
        while parameters is None:
            try:
                length = self._restore()
                for values in (self.costs, *self.history.values()):
                    if type(values) is list:
                        del values[length:]
                parameters = self._finish(self._snapshot())
            except KeyboardInterrupt:
                pass  # one more Ctrl-C: the run is ending already
            except MemoryError:
                break  # the costs are there
        _attach(error, parameters, self.history, self.costs)

    def _snapshot(self) -> Record:
        trainer = self.plan.trainer
        state = {
            "epoch": self.epoch,
            "optimizer": self.plan.optimizer,
            **trainer.state(),
        }
        return Record(trainer.parameters(), state)

    def _measure(self, part: Part, parameters: Parameters) -> dict[str, float]:
        plan = self.plan
        AL = _ffnn.predict_proba(part.X, parameters, **plan.net)
        values = {}
        if part.prefix:
            # Sure and wrong is infinity here, which says it all.
            with np.errstate(divide="ignore", invalid="ignore"):
                values[part.prefix + "cost"] = float(_ffnn.compute_cost(AL, part.Y, cost=plan.cost))
        for name, score in plan.scores.items():
            values[part.prefix + name] = float(score.measure(part.Y, AL))
        return values

    def _measured(self) -> str:
        """What was measured beside the cost, for a printed line."""
        found = [f"{name} {values[-1]:.6g}" for name, values in self._beside() if values]
        return f" ({', '.join(found)})" if found else ""

    def _beside(self) -> list[tuple[str, list[float]]]:
        return list(self.history.items())[3:]

    def _watch(self, epoch: int) -> None:
        """Keep the best parameters; stop where there was none for too long."""
        stop = self.plan.stop
        if stop is None:
            return
        value = self.history[stop.monitor][-1]
        if stop.rises:
            value = -value
        best = self.best_value
        since = self.plan.first if self.best_epoch is None else self.best_epoch
        if value == value and (best is None or value < best - stop.min_delta):
            self.best, self.best_value, self.best_epoch = self._snapshot(), value, epoch
        elif epoch - since >= stop.patience:
            self.stopped_by = "patience"

    def _call(self) -> None:
        callback = self.plan.callback
        if callback is None:
            return
        info: dict[str, Any] = {name: values[-1] for name, values in self.history.items()}
        info["parameters"] = self.plan.trainer.parameters()
        info["history"] = self.history
        answer = callback(info)
        if isinstance(answer, (bool, np.bool_)) and answer and self.stopped_by is None:
            self.stopped_by = "callback"

    def _meet_nan(self, what: str, epoch: int) -> None:
        if not self.is_assignment:
            self.stopped_by = "nan"
        if self.has_warned:
            return
        self.has_warned = True
        rate = self.learning_rate
        stop = "" if self.is_assignment else "the run stops there; "
        warnings.warn(
            f"{self.plan.function}: {what}, first seen at {self.unit} {epoch} with learning "
            f"rate {rate}; {stop}a smaller rate, or data without NaN and inf, may help",
            RuntimeWarning,
            stacklevel=self.depth + 4,
        )

    def _meet_negative(self, epoch: int) -> None:
        """A cross-entropy of labels that are no probabilities falls without end."""
        if self.has_warned:
            return
        self.has_warned = True
        warnings.warn(
            f"{self.plan.function}: the cost is negative, first seen at {self.unit} {epoch}: "
            "the labels of a cross-entropy lie between 0 and 1",
            RuntimeWarning,
            stacklevel=self.depth + 4,
        )

    # ---- the end ----

    def _finish(self, record: Record) -> Parameters:
        self.history["optimizer_state"] = record.state
        self.history["best_epoch"] = self.best_epoch
        self.history["stopped_by"] = self.stopped_by
        return record.parameters

    def _progress_bar(self) -> Any:
        plan = self.plan
        if plan.bar is None:
            return None
        return plan.bar(total=plan.first + plan.epochs, initial=plan.first, unit=self.unit)


def _attach(error: BaseException, parameters: Any, history: Any, costs: Any) -> None:
    try:
        error.parameters = parameters  # type: ignore[attr-defined]
        error.history = history  # type: ignore[attr-defined]
        error.costs = costs  # type: ignore[attr-defined]
    except Exception:
        pass  # an exception without room for attributes is raised as it is


def print_line(line: str) -> None:
    """Print a line as a whole and at once: a notebook shows it while the run goes on."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
