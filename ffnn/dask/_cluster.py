"""A cluster as a run sees it: work that is sent, answers that come, nothing left in the end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import Any

import dask
from dask.distributed import Client
from distributed.protocol import to_serialize

from ffnn import _ffnn
from ffnn._checks import choose
from ffnn.dask._tasks import Seat

__all__ = ["Cluster", "check_optimizer"]

# Y goes to the workers with the tasks; Dask would warn of each array above 10 MB.
_LARGE = {"distributed.admin.large-graph-warning-threshold": "4 GiB"}
_one_at_a_time = threading.Lock()  # for these settings are of the whole process
_SECONDS_OF_A_LOOK = 0.5  # whether a worker that has not answered is still there


def check_optimizer(function: str, optimizer: str | None) -> None:
    """Refuse the one that needs more than sums."""
    if optimizer == "levenberg_marquardt":
        raise ValueError(
            f"{function}: optimizer='levenberg_marquardt' needs the errors of all examples, not "
            "their sums alone: optimizer='lbfgs' is the other one that takes whole batches"
        )


class Cluster:
    """The client of one run. `function` is in whose name errors are raised."""

    def __init__(
        self, function: str, client: Any, isa: str | None = None, local_steps: int = 1
    ) -> None:
        if not isinstance(client, Client):
            raise TypeError(
                f"{function}: client must be a dask.distributed.Client, not {type(client).__name__}"
            )
        if client.asynchronous:
            raise TypeError(f"{function}: client must not be asynchronous")
        self.function, self.client = function, client
        self.net: dict[str, Any] = {}  # a Trainer's keywords, as soon as they are known,
        self.m = 0  # and how many examples are trained on
        self.local_steps = local_steps
        self.learning_rate: Callable[[], float] = float  # of the epoch, once there is a run
        self._held: set[Any] = set()
        self._actors: dict[str, Any] = {}  # Seats, by the address of their worker
        self._ways: dict[str, asyncio.Task[bool]] = {}  # to those, past the scheduler
        if client.status != "running":
            raise ValueError(f"{function}: the client is {client.status}")
        self.address = client.scheduler.address
        if isa is not None:
            choose(function, "isa", isa, ["common", *_ffnn.config()["built"]])
        self.isa = self._agree(isa)

    def _agree(self, isa: str | None) -> str:
        """The instruction set of the run, which every worker must have."""
        have = {"this process": list(_ffnn.config()["available"])}
        have |= self._ask(lambda: self.client.run(_available))
        if len(have) == 1:
            raise ValueError(f"{self.function}: the cluster has no workers")
        own = _ffnn.config()["isa"]
        common = [name for name in have["this process"] if all(name in h for h in have.values())]
        wanted = (common + [own])[0] if isa == "common" else isa or own
        lacking = [who for who, names in have.items() if wanted not in names]
        if lacking:
            raise ValueError(
                f"{self.function}: isa {wanted!r} does not run on {', '.join(sorted(lacking))}; "
                "isa='common' takes the best that runs everywhere, which is "
                f"{common[0] if common else 'none'}"
            )
        return wanted

    def seats(self) -> list[Any]:
        """The addresses of the workers, each as often as it has threads."""
        threads = self._ask(self.client.nthreads)
        found = [address for address in sorted(threads) for _ in range(threads[address])]
        return found or [None]  # nobody at this moment: whoever comes

    # ---- work ----

    def submit(self, function: Callable[..., Any], *args: Any, seat: str | None = None) -> Any:
        """Send a task; `seat` is where it is done, if it can be."""
        where = {} if seat is None else {"workers": [seat], "allow_other_workers": True}
        with _one_at_a_time, dask.config.set(_LARGE):
            future = self._ask(lambda: self.client.submit(function, *args, pure=False, **where))
        self._held.add(future)
        return future

    def call(self, method: str, arguments: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
        """What the Seats of some workers answer: a message to each, no task.

        Of a worker that does not answer, for whatever reason, there is no answer here.
        """
        actors = {address: self.actor(address) for address in arguments}

        def is_there(actor: Any) -> bool:
            return bool(self.client.status == "running" and actor.status == "finished")

        ready = [address for address, actor in actors.items() if is_there(actor)]

        async def one(address: str) -> Any:
            message = {"actor": actors[address].key, "function": method}
            answer = self._send(address, message | {"args": to_serialize(arguments[address])})
            asked = asyncio.ensure_future(answer)
            while not (await asyncio.wait({asked}, timeout=_SECONDS_OF_A_LOOK))[0]:
                if not is_there(actors[address]):  # which Dask tries to reach for half a minute
                    asked.cancel()
                    return {}
            return await asked

        async def all_of() -> list[Any]:
            return await asyncio.gather(*map(one, ready), return_exceptions=True)

        answers = self._ask(lambda: self.client.sync(all_of)) if ready else []
        return {
            address: answer["result"]
            for address, answer in zip(ready, answers)
            if isinstance(answer, dict) and answer.get("status") == "OK"
        }

    async def _send(self, address: str, message: dict[str, Any]) -> Any:
        """A Seat's answer, straight from its worker where that can be reached from here.

        Until that is known, and where it cannot, the scheduler passes it on.
        """
        way = self._ways.get(address)
        if way is None:
            greeting = message | {"function": "greet", "args": ()}
            way = asyncio.ensure_future(self._is_straight(address, greeting))
            self._ways[address] = way
        if not (way.done() and way.result()):
            message |= {"op": "actor_execute"}
            return await self.client.scheduler.proxy(worker=address, msg=message)
        try:
            return await self.client.rpc(address).actor_execute(**message)
        except OSError:
            self._ways[address] = asyncio.ensure_future(_never())
            raise

    async def _is_straight(self, address: str, greeting: dict[str, Any]) -> bool:
        """Whether the worker that the scheduler knows by an address is the one that has it here."""
        if self.client.direct_to_workers is False:
            return False
        try:
            answer = await self.client.rpc(address).actor_execute(**greeting)
        except Exception:
            return False
        return bool(answer["status"] == "OK")

    def actor(self, address: str) -> Any:
        """The Seat of a worker."""
        actor = self._actors.get(address)
        if actor is None:
            actor = self._ask(
                lambda: self.client.submit(Seat, pure=False, workers=[address], actor=True)
            )
            self._actors[address] = actor
            self._held.add(actor)
        return actor

    def places(self, futures: Sequence[Any]) -> list[str | None]:
        """The address of a worker that holds each result, None where there is none."""
        holders = self._ask(lambda: self.client.who_has(futures))
        return [next(iter(holders.get(future.key, ())), None) for future in futures]

    def compute(self, collections: list[Any]) -> list[Any]:
        """Send Dask's own collections."""
        with _one_at_a_time, dask.config.set(_LARGE):
            futures: list[Any] = self._ask(lambda: self.client.compute(collections))
        self._held.update(futures)
        return futures

    def gather(self, futures: Sequence[Any], names: Sequence[str]) -> list[Any]:
        """The results, which are then released; an error says which of `names` it came from."""
        try:
            return list(self._ask(lambda: self.client.gather(list(futures))))
        except Exception as error:
            for future, name in zip(futures, names):
                if future.status == "error":
                    error.add_note(f"{self.function}: in {name}")
                    break
            raise
        finally:
            self.release(futures)

    def release(self, futures: Sequence[Any]) -> None:
        """Let go of results, and of work that nobody waits for any more."""
        self._held.difference_update(futures)
        for future in futures:
            future.release()

    def close(self) -> None:
        """Leave nothing of this run on the cluster, whatever is in flight.

        What nobody wants any more the scheduler ends. To cancel it would be the end of the client
        where a result that was let go still has to be forgotten.
        """
        self.release(list(self._held))
        for way in self._ways.values():
            if not way.done() and self.client.status == "running":
                self.client.loop.add_callback(way.cancel)

    def _ask(self, question: Callable[[], Any]) -> Any:
        """What the scheduler answers, or why there is no answer."""
        try:
            return question()
        except Exception as error:
            is_running = self.client.status == "running"
            if is_running and not isinstance(error, CancelledError):
                raise
            otherwise = "has forgotten the run" if is_running else "the client was closed"
            raise ConnectionError(
                f"{self.function}: the scheduler at {self.address} is gone, or {otherwise}"
            ) from error


async def _never() -> bool:
    return False


def _available() -> list[str]:
    return list(_ffnn.config()["available"])
