"""What holds for every kind of run: any number of threads, no memory, Ctrl-C."""

import os
import signal
import subprocess
import threading
import time

import numpy as np
import pytest

import ffnn
import kinds
from calls import child, snapshot
from support import assert_same_bits, assert_same_dict

SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")
AT_ONCE = 30 if SANITIZED else 2  # the promise is 100 ms, a busy machine is given more

every_kind = pytest.mark.parametrize("kind", kinds.KINDS)


@every_kind
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_number_of_threads_changes_no_bit(kind, real, order, threads):
    X, Y, parameters = kinds.given(kind, real, order)

    def run(count):
        threads(count)
        trainer = kinds.trainer(kind, X, Y, parameters)
        costs = kinds.advance(kind, trainer, 2)
        return np.array(costs), trainer.parameters(), trainer.state()

    costs, trained, state = run(1)
    assert np.isfinite(costs).all()
    for count in 1, 2, 3, 5, 8:
        again, found, found_state = run(count)
        assert_same_bits(again, costs)
        assert_same_dict(found, trained)
        for name in state.keys() - {"t"}:
            assert_same_dict(found_state[name], state[name])


@every_kind
def test_a_run_goes_back_to_what_was_kept(kind, real):
    """Parameters, moments and steps, to the bit; what follows is what followed before."""
    X, Y, parameters = kinds.given(kind, real)
    trainer = kinds.trainer(kind, X, Y, parameters)
    kinds.advance(kind, trainer, 1)
    assert trainer.restore() == 0
    assert_same_dict(trainer.parameters(), parameters)
    for number in 7, 8:
        for earlier in number - 2, number:
            kinds.advance(kind, trainer, 1)
            trainer.snapshot(earlier)  # the second from the first, not from where it returned to
        kept, state = trainer.parameters(), trainer.state()
        assert any((kept[name] != parameters[name]).any() for name in kept)
        cost = kinds.advance(kind, trainer, 2)
        after = trainer.parameters()
        for _ in range(2):
            assert trainer.restore() == number
            assert_same_dict(trainer.parameters(), kept)
            found = trainer.state()
            assert found["t"] == state["t"]
            for name in state.keys() - {"t"}:
                assert_same_dict(found[name], state[name])
        if kind in ("dropout", "shuffled"):  # whose draws have gone on
            continue
        again = kinds.advance(kind, trainer, 2)
        # The Gram form starts again, from other roundings; a step moves W1 by 1e-4 or so.
        near = 0 if kind != "gram" else 1e-6 if real == np.float32 else 1e-9
        np.testing.assert_allclose(again, cost, rtol=near)
        for name, value in trainer.parameters().items():
            np.testing.assert_allclose(value, after[name], rtol=near, atol=near)


def test_a_run_goes_back_to_what_was_kept_before_it_left_the_gram_form(real):
    X, Y, parameters = kinds.given("gram", real)
    trainer = kinds.trainer("gram", X, Y, parameters)
    trainer.run(3)
    trainer.snapshot(1)
    kept = trainer.parameters()
    trainer.run(2)
    trainer.epoch(None, 50)
    assert trainer.restore() == 1
    assert_same_dict(trainer.parameters(), kept)
    trainer.epoch(None, 50)
    assert (trainer.parameters()["W1"] != kept["W1"]).any()


@every_kind
def test_the_nth_allocation_fails(kind):
    """Of a new run, then of one that was made: MemoryError, nothing changed, and on it goes."""
    X, Y, parameters = arguments = kinds.given(kind)
    before = snapshot(arguments)
    alone = kinds.trainer(kind, X, Y, parameters)
    costs = np.array(kinds.advance(kind, alone, 2))
    try:
        for has_run in False, True:
            failures = 0
            for n in range(1, 50):
                trainer = kinds.trainer(kind, X, Y, parameters) if has_run else None
                ffnn._ffnn.fail_allocation(n)
                try:
                    trainer = trainer or kinds.trainer(kind, X, Y, parameters)
                    found = kinds.advance(kind, trainer, 2)
                except MemoryError:
                    failures += 1
                    ffnn._ffnn.fail_allocation(0)
                    assert snapshot(arguments) == before
                    if not has_run:
                        continue
                    assert_same_dict(trainer.parameters(), parameters)
                    found = kinds.advance(kind, trainer, 2)
                else:
                    ffnn._ffnn.fail_allocation(0)
                    n = None
                assert_same_bits(np.array(found), costs)
                assert_same_dict(trainer.parameters(), alone.parameters())
                if n is None:
                    break
            else:
                pytest.fail(f"failed {failures} times and never succeeded")
            # Gathered examples, masks and orders are made when they are needed.
            late = {"dropout", "ordered", "shuffled"}
            assert failures > 0 or has_run and kind not in late, "the hook reaches nothing"
    finally:
        ffnn._ffnn.fail_allocation(0)


INTERRUPTED = """
import signal, sys
import kinds
from calls import snapshot
from support import assert_same_dict

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell's & began it
kind = sys.argv[1]
X, Y, parameters = arguments = kinds.given(kind)
before = snapshot(arguments)
trainer = kinds.trainer(kind, X, Y, parameters)
kinds.advance(kind, trainer, 1)
print("ready", flush=True)
try:
    kinds.advance(kind, trainer, 10**10)
except KeyboardInterrupt:
    print("interrupted", flush=True)
assert snapshot(arguments) == before
some, other = (kinds.trainer(kind, X, Y, parameters) for _ in range(2))
kinds.advance(kind, some, 1), kinds.advance(kind, other, 1)
assert_same_dict(some.parameters(), other.parameters())
print("done")
"""


@every_kind
@pytest.mark.process
def test_ctrl_c(kind):
    arguments = child(f"import sys; sys.argv[1:] = [{kind!r}]\n{INTERRUPTED}")
    with subprocess.Popen(**arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        try:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
            time.sleep(0.2)
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n", process.stderr.read()
            took = time.monotonic() - began
            assert process.stdout.read() == "done\n", process.stderr.read()
        finally:
            watchdog.cancel()
            process.kill()
    assert took < AT_ONCE
