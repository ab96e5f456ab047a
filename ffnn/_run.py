"""The conversation around a run that happens in C: records, prints, measures, stops, keeps.

A run goes from record point to record point: one epoch, whose cost is recorded, then those up to
the next. With all examples in one step a record point lies before that step: its parameters are
those that its cost is of, and the scores beside it are measured on them. In mini-batches it lies
after the epoch. Whatever ends a run before its time carries the last record point with it.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ffnn._history import History, attach
from ffnn._initializers import Parameters
from ffnn._metrics import measure
from ffnn._plan import Plan
from ffnn._reading import draw_blocks, mean_cost, outputs

__all__ = ["Run", "print_line"]

_EVIDENCE = ["effective_parameters", "noise_variance", "weight_variance"]


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
        pace = "evaluations" if plan.is_whole else "learning_rate"
        names = ["epoch", "cost", "data_cost", pace]
        self.is_bayesian = plan.trainer.evidence is not None
        names += _EVIDENCE if self.is_bayesian else []
        self.first_names = len(names)  # of the history, before what is measured
        for part in plan.parts:
            names += [part.prefix + "cost"] if part.prefix else []
            names += [part.prefix + name for name in plan.scores]
        self.history = History({name: [] for name in names})
        self.epoch = plan.first
        self.learning_rate: Any = plan.learning_rate
        self.recorded = 0  # record points whose parameters are saved
        self.epochs: list[int] = []  # that the states of the record points have behind them
        self.best: Record | None = None
        self.best_value: float | None = None
        self.best_epoch: int | None = None
        self.has_warned = False
        self.stopped_by: str | None = None
        plan.trainer.is_watched = not is_assignment
        self._remember_best()

    def go(self) -> Parameters:
        """Run to the end and return the parameters."""
        bar = self._progress_bar()
        try:
            self._loop(bar)
            self._check_end()
            if self.best is None and self.stopped_by == "diverged":
                self._restore()
            record = self.best or self._snapshot()
            if self.is_bayesian and self.stopped_by != "diverged":
                self.history.posterior = self._posterior(record)
            return self._finish(record)
        except BaseException as error:
            self._end_early(error)
            raise
        finally:
            if bar is not None:
                bar.close()
            if self.plan.reader is not None:
                self.plan.reader.close()

    # ---- epochs ----

    def _loop(self, bar: Any) -> None:
        plan = self.plan
        every, end = plan.record_every, plan.first + plan.epochs
        while self.epoch < end and self.stopped_by is None:
            epoch = self.epoch
            is_due = epoch % every == 0
            is_last = epoch == end - 1 or plan.trainer.ending is not None
            is_recorded = is_due or (is_last and not self.is_assignment)
            measured = {}
            if is_recorded and plan.is_full_batch:
                measured = self._measure()
                self.epochs.append(epoch)  # an interrupted step has had its record point
            cost = self._pass(len(self.costs) + 1 if is_recorded else None)
            value = float(cost)  # comparing 0-d arrays takes as long as many small steps
            if is_recorded:
                self.costs.append(cost)
                self._record(epoch, value, measured)
            if plan.print_cost and (is_due or is_last):
                print_line(f"Cost after {self.unit} {epoch}: {np.squeeze(cost)}{self._measured()}")
            has_ended = plan.is_whole and self.epoch == epoch
            if not np.isfinite(value) or (has_ended and plan.trainer.ending == "diverged"):
                self._diverge(value, epoch)
            elif is_recorded and self.recorded != len(self.costs):
                self._diverge(None, epoch)
            elif value < 0:
                self._meet_negative(epoch)
            if self.stopped_by is None and is_recorded:
                self._watch(epoch)
                self._call()
            if has_ended and self.stopped_by is None:
                self.stopped_by = plan.trainer.ending
            # On to the next record point, but the last epoch is done by itself, for its cost.
            if self.stopped_by is None:
                later = self._skip(min(self.epoch + -self.epoch % every, end - 1) - self.epoch)
                if plan.trainer.is_watched and not np.isfinite(later):
                    self._diverge(later, self.epoch - 1)
            if bar is not None:
                bar.set_postfix(cost=value, refresh=False)
                bar.update(self.epoch - epoch)

    def _pass(self, record: int | None = None) -> NDArray[Any]:
        """One epoch, at a record point if that has a number; its cost."""
        plan, trainer = self.plan, self.plan.trainer
        if plan.rate is not None:
            self.learning_rate = trainer.learning_rate = plan.rate(self.epoch)
        if plan.is_random:
            plan.random.begin(self.epoch)
        return self._steps(1, record if plan.is_full_batch else None)

    def _skip(self, epochs: int) -> float:
        """Epochs that nobody looks at, without Python between them where nothing changes.

        The last cost that was looked at is returned; one that is not finite ends a run's epochs.
        """
        plan, end, cost = self.plan, self.epoch + epochs, 0.0
        is_seeded = plan.is_random and plan.random.is_seeded
        is_by_one = plan.rate is not None or is_seeded or plan.has_drawn_order
        while (
            self.epoch < end
            and plan.trainer.ending is None
            and (np.isfinite(cost) or not plan.trainer.is_watched)
        ):
            cost = float(self._pass() if is_by_one else self._steps(end - self.epoch, None))
        return cost

    def _steps(self, epochs: int, record: int | None) -> NDArray[Any]:
        """So many epochs, or fewer where a cost is not finite; the cost of one of them."""
        plan = self.plan
        order = self._draw_order()
        draws_more = plan.has_dropout or (plan.is_random and order is None)
        with plan.random.bit_generator.lock if draws_more else nullcontext():
            cost = self._work(epochs, order, record)
        self.epoch += plan.trainer.epochs_done
        return cost

    def _draw_order(self) -> NDArray[np.intp] | None:
        """The order of the next epoch, where the core does not draw it; the reader reads in it."""
        plan = self.plan
        order, piece, shape = None, None, plan.trained.X.shape
        if plan.batch_size is None:
            return None
        if plan.has_drawn_order:
            if plan.shuffle == "blocks":
                order, piece = draw_blocks(plan.random.source, shape, plan.batch_size)
            else:
                order = plan.random.source.permutation(shape[1])
        if plan.reader is not None:
            plan.reader.begin(order, piece)
        return order

    def _work(
        self, epochs: int, order: NDArray[np.intp] | None, record: int | None
    ) -> NDArray[Any]:
        plan, trainer = self.plan, self.plan.trainer
        if plan.batch_size is None:
            return trainer.run(epochs, record=record)
        if plan.shuffle and order is None:
            return trainer.shuffled(epochs, plan.batch_size, record=record)
        return trainer.epoch(order, plan.batch_size, record=record)

    # ---- record points ----

    def _record(self, epoch: int, cost: float, measured: dict[str, float]) -> None:
        trainer, history, number = self.plan.trainer, self.history, len(self.costs)
        history["epoch"].append(epoch)
        history["cost"].append(cost)
        history["data_cost"].append(cost - trainer.l2_cost)
        if self.plan.is_whole:
            history["evaluations"].append(trainer.evaluations)
        else:
            history["learning_rate"].append(float(self.learning_rate))
        if trainer.evidence is not None:
            for name, value in zip(_EVIDENCE, trainer.evidence):
                history[name].append(value)
        if not self.plan.is_full_batch:
            self.epochs.append(self.epoch)
            measured = self._measure()
            if self.is_assignment or (np.isfinite(cost) and trainer.is_finite()):
                trainer.snapshot(number)
                self.recorded = number
        elif self.is_assignment or np.isfinite(cost):
            self.recorded = number
        for name, value in measured.items():
            history[name].append(value)

    def _restore(self) -> int:
        """To the last record point; the number of them."""
        length = self.plan.trainer.restore()
        self.epoch = self.epochs[length - 1] if length else self.plan.first
        return length

    def _end_early(self, error: BaseException) -> None:
        """Give the error what the last record point has, and nothing that came after it."""
        parameters = None
        while parameters is None:
            try:
                length = self._restore()
                del self.costs[length:]
                self.history.truncate(length)
                parameters = self._finish(self._snapshot())
            except KeyboardInterrupt:
                pass  # one more Ctrl-C: the run is ending already
            except (MemoryError, RuntimeError):
                break  # the costs are there
        attach(self.plan.function, error, parameters, self.history, self.costs)

    def _state(self, epoch: int, of_optimizer: Any) -> dict[str, Any]:
        state = {"epoch": epoch, "optimizer": self.plan.optimizer, **of_optimizer}
        if self.plan.stop is not None and self.best_epoch is not None:
            best = (self.plan.stop.monitor, self.best_value, self.best_epoch)
            state["best"] = dict(zip(("monitor", "value", "epoch"), best))
            if self.best is not None and self.best.state["epoch"] != epoch:
                state["best"] |= self.best._asdict()  # which the parameters beside it are not
        return state

    def _snapshot(self) -> Record:
        """Parameters and state as they are."""
        trainer = self.plan.trainer
        return Record(trainer.parameters(), self._state(self.epoch, trainer.state()))

    def _record_point(self) -> Record:
        """Parameters and state of the last record point."""
        number, parameters, of_optimizer = self.plan.trainer.record_point()
        epoch = self.epochs[number - 1] if number else self.plan.first
        return Record(parameters, self._state(epoch, of_optimizer))

    def _measure(self) -> dict[str, float]:
        """The costs and scores of all parts with the parameters as they are."""
        plan, trainer, values = self.plan, self.plan.trainer, {}
        parameters = trainer.parameters() if plan.scores and plan.parts else {}
        for part in plan.parts:
            if part.prefix:
                cost = mean_cost(trainer, part.X, part.Y, part.weights)
                values[part.prefix + "cost"] = float(cost)
            if plan.scores:
                values |= measure(part, plan.scores, outputs(part.X, parameters, plan.net))
        return values

    def _measured(self) -> str:
        """What was measured beside the cost, for a printed line."""
        found = [f"{name} {values[-1]:.6g}" for name, values in self._beside() if values]
        return f" ({', '.join(found)})" if found else ""

    def _beside(self) -> list[tuple[str, list[float]]]:
        return list(self.history.items())[self.first_names :]

    def _remember_best(self) -> None:
        """A run that goes on from the best of another never returns a worse one."""
        stop, state = self.plan.stop, self.plan.state
        best = None if state is None else state.get("best")
        if stop is None or best is None or best["monitor"] != stop.monitor:
            return
        self.best_value, self.best_epoch = best["value"], best["epoch"]
        here, trainer = self._snapshot(), self.plan.trainer
        if "parameters" not in best:
            self.best = here
            return
        trainer.set(best["parameters"], state=best["state"])  # which checks them
        self.best = Record(trainer.parameters(), best["state"])
        trainer.set(here.parameters, state=here.state)

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
            self.best_value, self.best_epoch = value, epoch
            self.best = None  # whose state is not in the new one's
            self.best = self._record_point()
        elif epoch - since >= stop.patience:
            self.stopped_by = "patience"

    def _call(self) -> None:
        callback = self.plan.callback
        if callback is None:
            return
        info: dict[str, Any] = {name: values[-1] for name, values in self.history.items()}
        info["parameters"], self.history.optimizer_state = self._record_point()
        info["history"] = self.history
        answer = callback(info)
        if isinstance(answer, (bool, np.bool_)) and answer and self.stopped_by is None:
            self.stopped_by = "callback"

    def _diverge(self, cost: float | None, epoch: int) -> None:
        """Stop where a cost, or else a parameter, is not finite.

        The assignment's models go on, as the assignment's code does.
        """
        end = ""
        if not self.is_assignment:
            self.stopped_by = "diverged"
            end = "; the run ends with the parameters of the last record point that was finite"
        if self.has_warned:
            return
        self.has_warned = True
        what = "a parameter overflows" if cost is None else "the cost is infinite"
        if cost is not None and np.isnan(cost):
            what = "the cost is NaN"
        elif cost is not None and np.isfinite(cost):
            what = "a gradient is infinite or NaN"
        rate = "" if self.plan.is_whole else f" with learning rate {self.learning_rate}"
        warnings.warn(
            f"{self.plan.function}: {what}, first seen at {self.unit} {epoch}{rate}{end}. "
            f"{self.plan.advice()}",
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

    def _check_end(self) -> None:
        """The last step may have been one too many; and who gets no history is told of an end."""
        plan = self.plan
        is_free = not self.is_assignment and self.best is None
        if is_free and self.stopped_by != "diverged" and not plan.trainer.is_finite():
            self._diverge(None, self.epoch - 1)
        if self.is_assignment and self.stopped_by == "patience" and plan.stop is not None:
            warnings.warn(
                f"{plan.function}: stopped after {self.unit} {self.epoch - 1} by "
                f"patience={plan.stop.patience}; the parameters are those of {self.unit} "
                f"{self.best_epoch}, the best {plan.stop.monitor}",
                RuntimeWarning,
                stacklevel=self.depth + 3,
            )

    def _posterior(self, record: Record) -> dict[str, Any]:
        """The distribution around the parameters that are returned."""
        trainer = self.plan.trainer
        if record is self.best:
            trainer.set(record.parameters, state=record.state)
        return trainer.posterior()

    def _finish(self, record: Record) -> Parameters:
        self.history.optimizer_state = record.state
        self.history.best_epoch = self.best_epoch
        self.history.stopped_by = self.stopped_by
        return record.parameters

    def _progress_bar(self) -> Any:
        plan = self.plan
        if plan.bar is None:
            return None
        return plan.bar(total=plan.first + plan.epochs, initial=plan.first, unit=self.unit)


def print_line(line: str) -> None:
    """Print a line as a whole and at once: a notebook shows it while the run goes on."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
