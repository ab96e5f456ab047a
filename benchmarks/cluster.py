"""The cost of a step on a cluster: measured on this machine, and calculated for more workers.

python -m benchmarks.cluster        two workers of one thread, on this machine; then the table
python -m benchmarks.cluster table  the table alone

A step's overhead is its time on the cluster less the time that its slowest worker computes. The
table says what it stands on; put your own network in its place. Its bytes are what was counted of
two workers and batches of 8,192: 0.34 MB down and 1.53 MB up, in 12 messages of client, scheduler
and workers together (27, where each packet's sums are a task). Bytes pass through the scheduler.
"""

import math
import sys
import time

import numpy as np

NET = (100, 256, 64, 1)
BATCHES = (1024, 8192)
LEAST_STEPS = 24
FIRST_STEPS = 8  # whose messages are not counted
M = 32_768

# What the table is calculated with: float32, a network of 10 Gbit/s, a scheduler of Dask's.
SECONDS_OF_SHARD = 0.004  # 512 examples of NET on one thread
SECONDS_OF_ROUND_TRIP = 0.005
SECONDS_OF_TASK = 0.0002  # of the scheduler's one thread
SECONDS_OF_HOP = 0.001  # sums that go from one worker to the next
BYTES_A_SECOND = 1.25e9


def parameters_bytes() -> int:
    """Bytes of all parameters in float32."""
    return 4 * sum(n * (n_prev + 1) for n_prev, n in zip(NET, NET[1:]))


def step(workers: int, batch: int) -> dict[str, float]:
    """Tasks, or calls, bytes and seconds of a step, as ffnn/dask/_steps.py sends it."""
    P, shards = parameters_bytes(), math.ceil(batch / 512)
    packets = min(shards, max(workers, math.ceil(shards * P / (32 << 20))))
    is_chained = shards * P > 4 << 20
    is_passed_on = packets * P > 1 << 20
    tasks = packets + is_passed_on + (packets - 1 if is_chained else 0)
    down = P if is_passed_on else packets * P
    up = P if is_chained else (shards - shards // packets + 1) * P
    rounds = math.ceil(packets / workers) * math.ceil(shards / packets)
    seconds = rounds * SECONDS_OF_SHARD + SECONDS_OF_ROUND_TRIP + tasks * SECONDS_OF_TASK
    seconds += (down + up) / BYTES_A_SECOND
    if is_passed_on:  # from worker to worker, twice as many each time
        seconds += math.ceil(math.log2(packets)) * (SECONDS_OF_HOP + P / BYTES_A_SECOND)
    if is_chained:
        seconds += (packets - 1) * (SECONDS_OF_HOP + P / BYTES_A_SECOND)
    return {"tasks": tasks, "down": down, "up": up, "seconds": seconds,
            "alone": shards * SECONDS_OF_SHARD}  # fmt: skip


def table() -> None:
    """Print what 10, 100 and 1,000 workers give."""
    print("| batch | workers | tasks or calls | MB down | MB up | ms a step | times one process |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for batch in (8192, 65_536, 1_000_000):
        for workers in (2, 10, 30, 100, 1000):
            s = step(workers, batch)
            print(
                f"| {batch:,} | {workers:,} | {s['tasks']:,} "
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
    """Print what a step of the last run has sent, by who sent it, beside the calculation."""
    scheduler, here, sent = client.scheduler.address, count_writes(), {}
    for (_, to), (messages, size) in here.items():
        of_client = {own for own, peer in here if peer == scheduler}
        way = "client to scheduler" if to == scheduler else "scheduler to worker"
        way = "scheduler to client" if to in of_client else way
        sent[way] = np.add(sent.get(way, 0), (messages, size))
    for written in client.run(count_writes).values():
        for (_, to), entry in written.items():
            way = "worker to scheduler" if to == scheduler else "worker to scheduler or worker"
            sent[way] = np.add(sent.get(way, 0), entry)
    for way, (messages, size) in sorted(sent.items()):
        print(f"  {way}: {messages / steps:.1f} messages, {size / steps / 1e6:.2f} MB a step")
    by_hand = step(2, batch)
    print(f"  by calculation: {by_hand['down'] / 1e6:.2f} MB down, {by_hand['up'] / 1e6:.2f} MB up")


def measured() -> None:
    """Print the time of a step by ffnn.train and by two workers, how much is overhead, and what
    the step has sent."""
    from dask.distributed import Client, LocalCluster

    import ffnn.dask
    from ffnn.dask._steps import Packets

    rng = np.random.default_rng(0)
    X = rng.standard_normal((NET[0], M)).astype(np.float32)
    Y = (X[:1] > 0) * 1
    sums, stamps = Packets.sums, []

    def timed(self, *args, **keywords):
        if len(stamps) == FIRST_STEPS:  # the examples are there, and their places are known
            client.run(forget_writes)
            forget_writes()
        began = time.perf_counter()
        result = sums(self, *args, **keywords)
        stamps.append(time.perf_counter() - began)
        return result

    ffnn.set_num_threads(1)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        client.run(ffnn.set_num_threads, 1)
        for batch in BATCHES:
            keywords = {"seed": 1, "mini_batch_size": batch, "shuffle": False}
            own = []
            Packets.sums = sums
            for _ in range(3):
                began = time.perf_counter()
                ffnn.train(X, Y, NET, num_epochs=1, **keywords)
                own.append((time.perf_counter() - began) / (M // batch))
            Packets.sums, stamps[:] = timed, []
            epochs = math.ceil(LEAST_STEPS * batch / M)
            ffnn.dask.train(client, X, Y, NET, num_epochs=epochs, **keywords)
            least, median = min(stamps), float(np.median(stamps))
            print(
                f"batches of {batch:,}: one process {1e3 * min(own):.1f} ms a step; two workers "
                f"{1e3 * least:.1f} ms at least, {1e3 * median:.1f} in the median; overhead "
                f"{1e3 * (least - min(own) / 2):.1f} ms at least"
            )
            counted(client, len(stamps) - FIRST_STEPS, batch)
        Packets.sums = sums


if __name__ == "__main__":
    if sys.argv[1:] != ["table"]:
        measured()
    table()
