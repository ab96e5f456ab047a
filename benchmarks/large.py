"""An epoch over examples in a file, beside the same epoch from memory: time, and memory.

The file is made on the spot, 4 GiB of float32 or 16 where the disk has room for four times as much;
a few MiB for a quick look. Every figure is from a process of its own, and the processes of a round
take turns. Cold is a file that the system has been told to forget.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import report

TREE = Path(__file__).resolve().parent.parent
DIMS, BATCH, CLASSES = (784, 512, 256, 10), 256, 10
QUICK, USUAL, MOST = 1 << 26, 1 << 32, 1 << 34
ROUNDS = 3
STEP = 1 << 14  # rows written together
BLOCK = 1 << 20  # bytes that dd would read at a time
PACE = 0.01  # seconds between two looks at the memory
# Where X is, its order, is it cold; and what it is compared with.
JOBS = {
    "memory": ("memory", True, False, None),
    "memory map": ("map", True, False, "memory"),
    "memory map, shuffle='blocks'": ("map", "blocks", False, "memory"),
    "memory map, cold": ("map", True, True, "memory"),
    "memory map, cold, shuffle='blocks'": ("map", "blocks", True, "memory"),
    "memory map, cold, shuffle=False": ("map", False, True, "memory"),
    "uint8 in memory, as float32": ("bytes", "blocks", False, None),
    "uint8 in HDF5, dtype='float32'": ("hdf5", "blocks", False, "uint8 in memory, as float32"),
}


# ---- one figure, in a process of its own ---------------------------------------------------------


def anonymous():
    """Bytes of memory that are no file's."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    return 0


class Growth:
    """How far the process grew, at its widest."""

    def __enter__(self):
        self.before = self.most = anonymous()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def _look(self):
        while not self._end.wait(PACE):
            self.most = max(self.most, anonymous())

    def __exit__(self, *_):
        self._end.set()
        self._thread.join()
        self.bytes = self.most - self.before


def forget(path):
    """Tell the system to drop a file from its cache."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def child(folder, m, where, shuffle, is_cold):
    """Prints {"seconds": of an epoch, "memory": bytes beyond X and the page cache}."""
    import ffnn

    folder = Path(folder)
    path = folder / ("X.h5" if where == "hdf5" else "X.float32")
    rows = (m, DIMS[0])
    if where == "hdf5":
        import h5py

        X = ffnn.rows(h5py.File(path)["X"])
    elif where == "bytes":
        X = np.fromfile(folder / "X.uint8", np.uint8).reshape(rows).T.astype(np.float32)
    elif where == "map":
        X = np.memmap(path, np.float32, "r", shape=rows).T
    else:
        X = np.fromfile(path, np.float32).reshape(rows).T
    Y = np.arange(m) % CLASSES
    settings = {"seed": 1, "mini_batch_size": BATCH, "output_activation": "softmax"}
    settings |= {"num_epochs": 1, "shuffle": shuffle, "dtype": "float32"}
    if is_cold:
        forget(path)
    with Growth() as grown:
        start = time.perf_counter()
        ffnn.train(X, Y, DIMS, **settings)
        seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "memory": grown.bytes}))


def ask(*arguments):
    code = "import json, sys; from benchmarks import large; large.child(*json.loads(sys.argv[1]))"
    command = [sys.executable, "-c", code, json.dumps(arguments)]
    run = subprocess.run(command, cwd=TREE, capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"large {arguments}: {run.stderr.strip().splitlines()[-1:]}")
    return json.loads(run.stdout)


def read_cold(path):
    """Seconds that reading a file in its order takes, as dd does it."""
    forget(path)
    start = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        while file.read(BLOCK):
            pass
    return time.perf_counter() - start


# ---- the table -----------------------------------------------------------------------------------


def write(folder, m):
    """The same examples as float32, as bytes and as chunks of bytes in HDF5."""
    import h5py

    draw = np.random.default_rng(1)
    with (
        open(folder / "X.float32", "wb") as floats,
        open(folder / "X.uint8", "wb") as plain,
        h5py.File(folder / "X.h5", "w") as file,
    ):
        X = file.create_dataset("X", (m, DIMS[0]), np.uint8, chunks=(1024, DIMS[0]))
        for first in range(0, m, STEP):
            rows = draw.integers(0, 2, (min(STEP, m - first), DIMS[0]), np.uint8)
            X[first : first + len(rows)] = rows
            plain.write(rows)
            floats.write(rows.astype(np.float32))


def size_for(options, free):
    if options.quick:
        return QUICK
    return MOST if free > 4 * MOST else USUAL


def run(_, options):
    size = size_for(options, shutil.disk_usage(TREE).free)
    m = size // (4 * DIMS[0])
    found = {job: [] for job in JOBS}
    with tempfile.TemporaryDirectory(prefix=".large-", dir=TREE) as name:
        write(Path(name), m)
        raw = []
        for _ in range(min(ROUNDS, options.rounds)):
            for job, (where, shuffle, is_cold, _) in JOBS.items():
                found[job].append(ask(name, m, where, shuffle, is_cold))
            raw.append(read_cold(Path(name) / "X.float32"))
    middle = {job: median(figure["seconds"] for figure in kept) for job, kept in found.items()}
    rows = []
    for job, (*_, beside) in JOBS.items():
        memory = max(figure["memory"] for figure in found[job])
        speed = f"{middle[beside] / middle[job]:.2f}" if beside else ""
        rows.append([job, report.time_text(middle[job]), speed, f"{memory / 2**20:.0f} MiB", ""])
    rows.append(["the file alone, read cold", report.time_text(median(raw)), "", "", ""])
    header = ["", "an epoch", "speed of memory's", "grown by", ""]
    title = f"{m:,} examples of {DIMS[0]}, batches of {BATCH}, {'-'.join(map(str, DIMS))}, float32"
    print(f"  {title}\n{report.table(header, rows)}", flush=True)
    return {"tables": [{"title": title, "header": header, "rows": rows}]}
