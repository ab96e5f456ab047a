"""An interrupted run says where its last record point is."""

import re
import signal
import subprocess
import sys

import numpy as np
import pytest

import ffnn
import ffnn._run
from calls import trainer_of
from support import assert_same_dict

pytestmark = pytest.mark.once


def press(info):
    signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("name", ["train", "L_layer_model"])
def test_ctrl_c_says_where_the_parameters_are(rng, name):
    """In its own text, which a notebook shows; other errors, and one with a text, in a note."""
    X, Y = rng.standard_normal((2, 8)), rng.integers(0, 2, (1, 8))
    says = (
        rf"^{name}: the last record point hangs on this exception: \.parameters, \.history and "
        r"\.costs \(where nothing caught it: sys\.last_value\.parameters"
    )
    with pytest.raises(KeyboardInterrupt, match=says) as caught:
        getattr(ffnn, name)(X, Y, [2, 3, 1], callback=press)
    assert caught.value.parameters and caught.value.costs and caught.value.history
    assert not hasattr(caught.value, "__notes__")
    for error in ZeroDivisionError("mine"), KeyboardInterrupt("mine"):

        def fail(info, error=error):
            raise error

        with pytest.raises(type(error)):
            getattr(ffnn, name)(X, Y, [2, 3, 1], callback=fail)
        assert str(error) == "mine" and len(error.__notes__) == 1
        assert re.match(says, error.__notes__[0])
        assert error.parameters and error.costs


@pytest.mark.parametrize("presses", [1, 3])
def test_ctrl_c_while_a_run_is_ending_loses_nothing(rng, monkeypatch, presses):
    X, Y = rng.standard_normal((2, 8)), rng.integers(0, 2, (1, 8))
    restore, left = ffnn._run.Run._restore, iter(range(presses))

    def pressed(run):
        for _ in left:
            raise KeyboardInterrupt
        return restore(run)

    def third(info):
        if info["epoch"] == 2:
            press(info)

    monkeypatch.setattr(ffnn._run.Run, "_restore", pressed)
    with pytest.raises(KeyboardInterrupt) as caught:
        ffnn.train(X, Y, [2, 3, 1], callback=third)
    assert not list(left) and sorted(caught.value.parameters) == ["W1", "W2", "b1", "b2"]
    assert len(caught.value.costs) == len(caught.value.history["cost"]) == 3
    assert caught.value.history["optimizer_state"]["epoch"] == 2  # all examples: before the step


@pytest.mark.process
def test_ctrl_c_without_try_says_where_the_parameters_are():
    """What a terminal shows, and what a prompt has at hand then."""
    code = (
        "import signal, sys, ffnn\n"
        "_ = signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "stop = lambda info: signal.raise_signal(signal.SIGINT)\n"
        "ffnn.train([[0.0, 1.0]], [[0, 1]], [1, 1], callback=stop)\n"
        "print(sorted(sys.last_value.parameters))\n"
    )
    done = subprocess.run([sys.executable, "-i", "-q"], input=code, text=True,
                          capture_output=True, timeout=120)  # fmt: skip
    assert "KeyboardInterrupt: train: the last record point hangs on" in done.stderr
    assert done.stdout == "['W1', 'b1']\n"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer's signal")
def test_ctrl_c_while_masks_are_drawn(rng):
    """Their numbers take some 100 ms, the press comes after one: the step has not begun."""
    X, Y = rng.standard_normal((1, 60_000)), rng.standard_normal((1, 60_000))
    parameters = {"W1": np.ones((300, 1)), "b1": np.ones((300, 1)),
                  "W2": np.ones((1, 300)), "b2": np.ones((1, 1))}  # fmt: skip
    run = trainer_of(X, Y, parameters, 0.01, output_activation="linear", keep_prob=0.9,
                     bit_generator=np.random.MT19937(1))  # fmt: skip
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)

    def run_and_press():
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        run.run(1)

    try:
        with pytest.raises(KeyboardInterrupt):
            run_and_press()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert run.restore() == 0 and run.state() == {"t": 0}
    assert_same_dict(run.parameters(), parameters)


class Closed(Exception):
    """An exception of somebody's own that takes no attributes."""

    __slots__ = ()

    def __setattr__(self, name, value):
        raise TypeError("closed")


def test_an_exception_without_room_is_raised_as_it_is(rng):
    X, Y = rng.standard_normal((2, 8)), rng.integers(0, 2, (1, 8))

    def fail(info):
        raise Closed("mine")

    with pytest.raises(Closed, match="^mine$") as caught:
        ffnn.train(X, Y, [2, 3, 1], callback=fail)
    assert not hasattr(caught.value, "parameters")
