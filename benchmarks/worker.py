"""A process for each rival and number of threads.

So the operating system holds everybody to the agreed number of processors, XLA's pool (which knows
no other setting) included, no library meets another's threads, and both settings take part in the
same rounds. Only one of these processes has something to do at any time.
"""

import atexit
import multiprocessing
import signal

from benchmarks import threads  # and nothing that imports NumPy


class Worker:
    """The other end of a process that does what Party can do."""

    def __init__(self, rival, count):
        self.rival, self.threads = rival, count
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, rival, count), daemon=True)
        self._process.start()
        theirs.close()
        atexit.register(self.close)

    def call(self, method, *arguments):
        """What Party's method returns; its exception as a RuntimeError."""
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
    threads.confine(count)
    from benchmarks.party import Party

    party = Party(rival, count)
    while True:
        try:
            method, arguments = pipe.recv()
        except EOFError:
            return
        try:
            answer = False, getattr(party, method)(*arguments)
        except Exception as error:
            answer = True, f"{type(error).__name__}: {error}"
        pipe.send(answer)
