"""The client of three_hosts.sh: trains, cuts one worker off at a step, compares the bits."""

import subprocess
import sys
import time
from pathlib import Path

import dask.array
import numpy as np
from dask.distributed import Client

import ffnn
import ffnn.dask
from ffnn.dask import _steps

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))

from clusters import assert_nothing_left, same  # noqa: E402

CUT_AT = 9  # of 4 steps in each epoch: the first of the third


def main(hub: str) -> None:
    """Compare three runs: on three hosts, on those that lose one, on the two that are left."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 40_000)).astype(np.float32)
    Y = (X[:3].sum(axis=0) > 0) * 1
    dims, keywords = [20, 30, 1], {"mini_batch_size": 10_000, "seed": 1, "num_epochs": 4}
    own = ffnn.train(X, Y, dims, **keywords)
    sums, done = _steps.Packets.sums, [0]

    def counted(self, *args, **kw):
        done[0] += 1
        if done[0] == len(own[1]["epoch"]) * 4 + CUT_AT:
            subprocess.run(["ip", "-n", hub, "link", "set", "port3", "down"], check=True)
        return sums(self, *args, **kw)

    _steps.Packets.sums = counted
    with Client("tcp://10.77.0.1:8786") as client:
        client.wait_for_workers(3, timeout=120)
        for name in "three hosts", "one of three cut off", "the two that are left":
            began = time.monotonic()
            cut = dask.array.from_array(X, chunks=(-1, 7000))
            found = ffnn.dask.train(client, cut, Y, dims, **keywords)
            same(own, found)
            assert_nothing_left(client)
            hosts = len(client.nthreads())
            took = time.monotonic() - began
            print(f"{name}: the bits of one process, {took:.1f} s, {hosts} hosts")
        assert hosts == 2


if __name__ == "__main__":
    main(sys.argv[1])
