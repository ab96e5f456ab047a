"""Fixtures for every test. The instruction set is chosen outside, by FFNN_ISA: one run for each."""

import os
import signal
import sys

import numpy as np
import pytest
from hypothesis import settings

import ffnn

os.environ.setdefault("MPLBACKEND", "Agg")

# The same examples on every machine and in every run; no time limit: sanitised builds are slow.
settings.register_profile("ffnn", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("ffnn")


@pytest.fixture(scope="session", autouse=True)
def ctrl_c():
    """A shell's & hands its children a SIGINT that is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def rng():
    """A generator that starts at the same place in every test."""
    return np.random.default_rng(20170807)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def real(request):
    """Each of the two types that ffnn computes in."""
    return request.param


@pytest.fixture
def threads():
    """Sets the number of ffnn's threads; what it was comes back."""
    before = ffnn.get_num_threads()
    yield ffnn.set_num_threads
    ffnn.set_num_threads(before)


@pytest.fixture
def restless():
    """Python's threads change places as often as the interpreter lets them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture(autouse=True)
def global_generator():
    """Hands NumPy's global generator back as it was: runs seed it."""
    state = np.random.get_state()
    yield
    np.random.set_state(state)
