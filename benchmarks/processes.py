"""A process for each rival and number of threads, and how it is held to that number.

A process is confined to so many processors before NumPy, torch and XLA are imported: XLA's pool
knows no other setting that can be trusted (it counts the processors it may run on), and what the
operating system enforces needs no good will. The counts are set as well, or two threads of a
library that has not looked would take turns on one processor. The column "cores" shows what came
of it. Without sched_setaffinity (macOS) the counts alone rule.

With a process each, no library meets another's threads, and all settings take part in the same
rounds. Only one of these processes has something to do at any time.
"""

import atexit
import os
import signal
import sys
from contextlib import contextmanager

# A child imports this module before it is confined: nothing here imports NumPy. The user's clock
# runs meanwhile: what takes long to import is imported where it is used.

VARIABLES = """
    FFNN_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS BLIS_NUM_THREADS VECLIB_MAXIMUM_THREADS
    OMP_NUM_THREADS NPROC
""".split()


def available():
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def confine(count):
    """Before anything is imported. SystemExit where there are fewer processors."""
    for name in VARIABLES:
        os.environ[name] = str(count)
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < count:
        raise SystemExit(f"--threads {count}: this process may use {len(allowed)} processor(s)")
    # The last ones: interrupts and whatever else runs tend to be on the first.
    os.sched_setaffinity(0, allowed[-count:])


class Worker:
    """The other end of a process that does what sampling.Contenders can do."""

    def __init__(self, rival, count):
        import multiprocessing

        self.rival, self.threads = rival, count
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, rival, count))
        self._process.start()
        theirs.close()
        atexit.register(self.close)

    def call(self, method, *arguments):
        """What the method of Contenders returns; its exception as a RuntimeError."""
        self._pipe.send((method, arguments))
        try:
            failed, result = self._pipe.recv()
        except EOFError:
            self._process.join()
            failed, result = True, f"ended with exit code {self._process.exitcode}"
        if failed:
            raise RuntimeError(f"{self.rival}, {self.threads} thread(s), {method}: {result}")
        return result

    def close(self):
        self._pipe.close()
        self._process.join(timeout=5)
        if self._process.is_alive():
            self._process.terminate()


def serve(pipe, rival, count):
    """Answers calls until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's affair
    confine(count)
    from benchmarks.sampling import Contenders

    contenders = Contenders(rival, count)
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer = False, getattr(contenders, method)(*arguments)
        except Exception as error:
            answer = True, f"{type(error).__name__}: {error}"
        pipe.send(answer)


class Workers:
    """The processes of a session, started when they are needed."""

    def __init__(self):
        self._started = {}

    def get(self, rival, threads):
        if (rival, threads) not in self._started:
            self._started[rival, threads] = Worker(rival, threads)
        return self._started[rival, threads]

    def close(self):
        for worker in self._started.values():
            worker.close()


# Ends by itself when the process that started it is gone.
BUSY = """
import os, sys
parent = os.getppid()
os.sched_setaffinity(0, {int(sys.argv[1])})
print("ready", flush=True)
while os.getppid() == parent:
    for _ in range(100_000):
        pass
"""


class BusyProcess:
    """Another program that keeps one processor busy, but only within `with busy.running():`."""

    def __init__(self, processor):
        import subprocess

        command = [sys.executable, "-c", BUSY, str(processor)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._process.stdout.readline()
        self._process.send_signal(signal.SIGSTOP)

    @contextmanager
    def running(self):
        self._process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGSTOP)

    def close(self):
        self._process.kill()
        self._process.communicate()
