"""The cost of a step on a cluster: measured on this machine, and calculated for more workers.

python -m benchmarks.cluster        two workers of one thread, on this machine; then the table
python -m benchmarks.cluster table  the table alone

A step's overhead is its time on the cluster less the time that its slowest worker computes; beside
it stands one process with as many threads as there are workers, in turns with the cluster. The
table says what it stands on; put your own network in its place. Parameters and sums pass between
the client and the workers straight, and, where the step goes by tasks, through the scheduler.
"""

import math
import sys
import time

import numpy as np

NET = (100, 256, 64, 1)
WORKERS = 2
JOBS = ((1024, 1), (8192, 1), (40_960, 1), (8192, 5))  # examples of a batch, local_steps
STEPS = 24  # of each turn
FIRST_STEPS = 6  # which find out where the examples are
TURNS = 5
M = 2 * 40_960

# What the table is calculated with: float32, a network of 10 Gbit/s, a scheduler of Dask's.
SECONDS_OF_SHARD = 0.0007  # 512 examples of NET on one thread
SECONDS_OF_ROUND_TRIP = 0.0015  # to workers that are called straight
SECONDS_OF_CALL = 0.0002  # of the client's one thread
SECONDS_OF_TASKS = 0.01  # from the first that is sent to the last that is back
SECONDS_OF_TASK = 0.0002  # of the scheduler's one thread
SECONDS_OF_HOP = 0.001  # sums that go from one worker to the next
BYTES_A_SECOND = 1.25e9


def parameters_bytes() -> int:
    """Bytes of all parameters in float32."""
    return 4 * sum(n * (n_prev + 1) for n_prev, n in zip(NET, NET[1:]))


def step(workers: int, batch: int) -> dict[str, float]:
    """Calls, or tasks, bytes and seconds of a step, as ffnn/dask/_steps.py sends it."""
    P, shards = parameters_bytes(), math.ceil(batch / 512)
    packets = min(shards, max(workers, math.ceil(shards * P / (32 << 20))))
    called = min(workers, packets)  # of the workers
    is_called = P * called <= max(4 << 20, 4 * P)
    is_chained = shards * P > 4 << 20
    is_passed_on = not is_called and packets * P > 1 << 20
    hops = (called if is_called else packets) - 1 if is_chained else 0
    down, up = P * called, (shards - shards // packets + 1) * P
    if is_chained:
        down, up = down + hops * P, P + hops * P
    if not is_called:
        down, up = P if is_passed_on else packets * P, P if is_chained else up
    seconds = math.ceil(packets / workers) * math.ceil(shards / packets) * SECONDS_OF_SHARD
    seconds += (down + up) / BYTES_A_SECOND + hops * SECONDS_OF_HOP
    if is_called:
        messages = called + hops
        seconds += SECONDS_OF_ROUND_TRIP + messages * SECONDS_OF_CALL
    else:
        messages = packets + is_passed_on + hops
        seconds += SECONDS_OF_TASKS + messages * SECONDS_OF_TASK + hops * P / BYTES_A_SECOND
    if is_passed_on:  # from worker to worker, twice as many each time
        seconds += math.ceil(math.log2(packets)) * (SECONDS_OF_HOP + P / BYTES_A_SECOND)
    return {"messages": messages, "is_called": is_called, "down": down, "up": up,
            "seconds": seconds, "alone": shards * SECONDS_OF_SHARD}  # fmt: skip


def table() -> None:
    """Print what 10, 100 and 1,000 workers give."""
    print("| batch | workers | calls or tasks | MB down | MB up | ms a step | times one process |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for batch in (8192, 65_536, 1_000_000):
        for workers in (2, 10, 30, 100, 1000):
            s = step(workers, batch)
            print(
                f"| {batch:,} | {workers:,} | {s['messages']:,} "
                f"{'calls' if s['is_called'] else 'tasks'} "
                f"| {s['down'] / 1e6:.1f} | {s['up'] / 1e6:.1f} "
                f"| {1e3 * s['seconds']:.0f} | {s['alone'] / s['seconds']:.1f} |"
            )


def count_writes():
    """Count what this process writes from now on; return {(from, to): [messages, bytes]}."""
    from distributed.comm.tcp import TCP

    if not hasattr(TCP, "written"):
        TCP.written, write = {}, TCP.write

        async def counted(self, *args, **keywords):
            size = await write(self, *args, **keywords)
            entry = TCP.written.setdefault((self.local_address, self.peer_address), [0, 0])
            entry[0] += 1
            entry[1] += size
            return size

        TCP.write = counted
    return TCP.written


def forget_writes():
    count_writes().clear()


def counted(client, steps, batch):
    """Print what a step of the last turn has sent, by who sent it, beside the calculation."""
    scheduler, here, sent = client.scheduler.address, count_writes(), {}
    for (own, to), (messages, size) in here.items():
        of_client = {one for one, peer in here if peer == scheduler}
        way = "client to workers"
        way = "scheduler to workers" if own == scheduler else way
        way = "scheduler to client" if to in of_client else way
        way = "client to scheduler" if to == scheduler else way
        sent[way] = np.add(sent.get(way, 0), (messages, size))
    for written in client.run(count_writes).values():
        for (_, to), entry in written.items():
            way = "workers to scheduler" if to == scheduler else "workers to client, or each other"
            sent[way] = np.add(sent.get(way, 0), entry)
    for way, (messages, size) in sorted(sent.items()):
        print(f"  {way}: {messages / steps:.1f} messages, {size / steps / 1e6:.2f} MB a step")
    by_hand = step(WORKERS, batch)
    print(
        f"  by calculation: {by_hand['messages']} calls and their answers, "
        f"{by_hand['down'] / 1e6:.2f} MB down, {by_hand['up'] / 1e6:.2f} MB up"
    )


def note_work():
    """Note when this process computes sums from now on; return the last turn's [begin, end]."""
    from ffnn.dask import _tasks

    if not hasattr(_tasks, "spans"):
        _tasks.spans, sum_shards = [], _tasks.sum_shards

        def noted(*args):
            began = time.perf_counter()
            result = sum_shards(*args)
            _tasks.spans.append((began, time.perf_counter()))
            return result

        _tasks.sum_shards = noted
    spans = _tasks.spans[:]
    _tasks.spans.clear()
    return spans


class Steps:
    """The steps of one turn on the cluster: when each began and ended."""

    def __init__(self, client):
        from ffnn.dask._steps import Packets

        self.client, self.kind, self.sums = client, Packets, Packets.sums

    def __enter__(self):
        self.stamps, sums = [], self.sums

        def timed(packets, *args, **keywords):
            if len(self.stamps) == FIRST_STEPS:
                self.client.run(forget_writes)
                forget_writes()
            began = time.perf_counter()
            result = sums(packets, *args, **keywords)
            self.stamps.append((began, time.perf_counter()))
            return result

        self.client.run(note_work)
        self.kind.sums = timed
        return self

    def __exit__(self, *_):
        self.kind.sums = self.sums
        spans = [span for one in self.client.run(note_work).values() for span in one]
        self.seconds, self.overheads = [], []
        for began, ended in self.stamps[FIRST_STEPS:]:
            work = [b - a for a, b in spans if began <= a and b <= ended]
            self.seconds.append(ended - began)
            self.overheads.append(ended - began - max(work))


def measured() -> None:
    """Print the time of a step by ffnn.train and by two workers, how much is overhead, and what
    the step has sent."""
    from dask.distributed import Client, LocalCluster

    import ffnn.dask

    rng = np.random.default_rng(0)
    X = rng.standard_normal((NET[0], M)).astype(np.float32)
    Y = (X[:1] > 0) * 1
    with (
        LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(ffnn.set_num_threads, 1)
        for batch, local_steps in JOBS:
            keywords = {"seed": 1, "mini_batch_size": batch, "shuffle": False}
            epochs = math.ceil(STEPS * batch / M)
            own, seconds, overheads = [], [], []
            for _ in range(TURNS):
                ffnn.set_num_threads(WORKERS)
                for _ in range(3):
                    began = time.perf_counter()
                    ffnn.train(X, Y, NET, num_epochs=1, **keywords)
                    own.append((time.perf_counter() - began) / (M // batch) * local_steps)
                ffnn.set_num_threads(1)
                with Steps(client) as turn:
                    ffnn.dask.train(
                        client, X, Y, NET, num_epochs=epochs, local_steps=local_steps, **keywords
                    )
                seconds += turn.seconds
                overheads += turn.overheads
            print(
                f"batches of {batch:,}, local_steps={local_steps}: one process {ms(own)} a step, "
                f"{WORKERS} workers {ms(seconds)}, overhead {ms(overheads)}"
            )
            counted(client, len(turn.stamps) - FIRST_STEPS, batch)


def ms(seconds):
    """The least of some times, and their median."""
    return f"{1e3 * min(seconds):.1f} ms at least, {1e3 * float(np.median(seconds)):.1f} median"


if __name__ == "__main__":
    if sys.argv[1:] != ["table"]:
        measured()
    table()
