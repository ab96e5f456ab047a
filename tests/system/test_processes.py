"""Signals, forks, other modes of the interpreter: in processes of their own, each with a time-out,
so that a hang is a failure and a crash ends nobody else."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import ffnn
from calls import child, digest, output_of, run_child

pytestmark = pytest.mark.process
SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")
# What "at once" means: the promise is 100 ms, a busy machine is given more.
AT_ONCE = 30 if SANITIZED else 2

# ---- Ctrl-C --------------------------------------------------------------------------------------

# An iteration takes 1.4 billion multiply-adds, so a hundred of them outlast AT_ONCE on any core.
# The second shape goes by way of X^T X, which takes 29 billion.
SHAPES = [(800, 3000), (5000, 2400)]
LONG = """
import signal
import sys
import numpy as np
import ffnn
from calls import trainer_of
from support import assert_same_bits, assert_same_dict

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell's & began it
rng = np.random.default_rng(3)
n_x, m = map(int, sys.argv[2:] or (800, 3000))
X, Y = rng.standard_normal((n_x, m)), rng.integers(0, 2, (1, m))
before = X.tobytes(), Y.tobytes()
dims, rate = [n_x, 300, 1], 0.01
"""

INTERRUPTED_MODEL = (
    LONG
    + """
model = getattr(ffnn, sys.argv[1])
try:
    model(X, Y, dims, rate, 10**6, True)
except KeyboardInterrupt as interrupt:
    print("interrupted", flush=True)
    parameters, _ = model(X, Y, dims, rate, 0)  # those that the first cost is of
    _, costs = model(X, Y, dims, rate, 1)
    assert_same_dict(interrupt.parameters, parameters)
    assert len(interrupt.costs) == 1
    assert_same_bits(interrupt.costs[0], costs[0])
    assert before == (X.tobytes(), Y.tobytes())
    print("done")
"""
)

INTERRUPTED_RUN = (
    LONG
    + """
parameters = ffnn.initialize_parameters_deep(dims)
given = dict(parameters)
bits = {name: value.tobytes() for name, value in given.items()}
trainer = trainer_of(X, Y, parameters, rate)
trainer.run(1)
print("Cost", flush=True)
try:
    trainer.run(10**6)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    assert all(parameters[name] is given[name] for name in given) and len(parameters) == len(given)
    assert bits == {name: value.tobytes() for name, value in given.items()}
    assert before == (X.tobytes(), Y.tobytes())
    for unfinished in trainer.parameters, lambda: trainer.run(1):
        try:
            unfinished()
        except RuntimeError as error:
            assert "interrupted" in str(error)
        else:
            raise SystemExit("half a step went by for a whole one")
    assert trainer.restore() == 0 and trainer.state()["t"] == 0
    assert bits == {name: value.tobytes() for name, value in trainer.parameters().items()}
    trainer.run(1)
    trainer_of(X, Y, parameters, rate).run(1)
    print("done")
"""
)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", ["L_layer_model", "two_layer_model", "Trainer"])
def test_ctrl_c_in_a_long_run(model, shape):
    """KeyboardInterrupt at once, with the last record point; what was given is as it was."""
    code = INTERRUPTED_RUN if model == "Trainer" else INTERRUPTED_MODEL
    options = [model, *map(str, shape)]
    arguments = child(f"import sys; sys.argv[1:] = {options!r}\n{code}")
    with subprocess.Popen(**arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        watchdog = threading.Timer(300, process.kill)
        watchdog.start()
        try:
            assert process.stdout.readline().startswith("Cost"), process.stderr.read()
            time.sleep(0.2)  # well into the hundred iterations that follow
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n", process.stderr.read()
            took = time.monotonic() - began
            assert process.stdout.read() == "done\n", process.stderr.read()
            assert process.wait() == 0
        finally:
            watchdog.cancel()
            process.kill()
    assert took < AT_ONCE


# ---- leaving ------------------------------------------------------------------------------------

EXIT = (
    LONG
    + """
import threading, time

def train():
    while True:
        ffnn.L_layer_model(X, Y, dims, rate, 10**6)

for _ in range(2):
    threading.Thread(target=train, daemon=True).start()
time.sleep(0.5)
print("leaving")
"""
)


def test_exit_while_threads_are_training():
    assert output_of(EXIT) == "leaving"


# ---- children ------------------------------------------------------------------------------------

CHILDREN = """
import multiprocessing, sys, threading
import calls

if __name__ == "__main__":
    expected = calls.digest()
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        found = set(pool.map_async(calls.digest, range(6)).get(250))
    sys.exit(found != {expected})
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_children_give_the_same_bits(tmp_path, method):
    script = tmp_path / "children.py"
    script.write_text(CHILDREN)
    arguments = child("")
    done = subprocess.run(
        [sys.executable, script, method],
        env=arguments["env"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr


FORK = (
    LONG
    + """
import os, signal, threading, time, warnings
import calls

warnings.simplefilter("ignore")  # that a process with threads forks is the point
expected = calls.digest()
thread = threading.Thread(target=lambda: ffnn.L_layer_model(X, Y, dims, rate, 10**6), daemon=True)
thread.start()
time.sleep(0.3)
for _ in range(3):
    pid = os.fork()
    if pid == 0:
        signal.alarm(100)
        parameters, costs = ffnn.L_layer_model(X, Y, dims, rate, 2)
        os._exit(calls.digest() != expected or len(costs) != 1)
    if os.waitpid(pid, 0)[1] != 0:
        raise SystemExit("the child failed")
print(calls.digest() == expected)
"""
)


def test_a_fork_in_the_middle_of_a_run():
    assert output_of(FORK) == "True"


# ---- modes of the interpreter --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        (["-W", "error"], {}),
        (["-X", "dev", "-W", "error"], {}),
        ([], {"PYTHONOPTIMIZE": "2"}),
        ([], {"PYTHONMALLOC": "debug"}),
        (["-b", "-b", "-W", "error"], {}),
        (["-X", "importtime"], {}),
        (["-S", "-E", "-s"], {}),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else "_".join(value.values()),
)
def test_modes_of_the_interpreter(options, variables):
    """The same bits, no warning, nothing on stderr; asserts switched off too."""
    if SANITIZED and variables.get("PYTHONMALLOC"):
        pytest.skip("the sanitizer needs malloc")
    code = f"import sys; sys.path[:0] = {sys.path!r}\nfrom calls import digest; print(digest())"
    done = run_child(code, *options, **variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest()
    assert "importtime" in options or done.stderr == ""


INTERPRETER = """
import sys
try:
    import _interpreters as interpreters  # 3.13
except ImportError:
    import _xxsubinterpreters as interpreters
import ffnn, calls

attempt = '''
import importlib.machinery, importlib.util, sys
sys.path[:0] = {path!r}
loader = importlib.machinery.ExtensionFileLoader("ffnn._ffnn", {file!r})
spec = importlib.util.spec_from_file_location("ffnn._ffnn", {file!r}, loader=loader)
try:
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
except ImportError as error:
    print("ImportError", error, flush=True)
else:
    print("imported", flush=True)
'''.format(path=sys.path, file=ffnn._ffnn.__file__)

before = calls.digest()
for _ in range(3):
    other = interpreters.create()
    interpreters.run_string(other, attempt)
    interpreters.destroy(other)
print(calls.digest() == before)
"""


def test_a_sub_interpreter():
    """A clean ImportError from Python 3.12 on; before, where nothing can be said, no crash."""
    lines = output_of(INTERPRETER).splitlines()
    assert lines[-1] == "True" and len(lines) == 4
    if sys.version_info >= (3, 12):
        assert all(line.startswith("ImportError") for line in lines[:-1]), lines
        assert all("does not support loading in subinterpreters" in line for line in lines[:-1])


def test_imported_twice_is_imported_once():
    code = """
import sys, ffnn, calls
first, before = ffnn._ffnn, calls.digest()
for name in [name for name in sys.modules if name.split(".")[0] == "ffnn"]:
    del sys.modules[name]
import ffnn
calls.ffnn = ffnn
print(calls.digest() == before, ffnn._ffnn.config() == first.config())
"""
    assert output_of(code) == "True True"


# ---- FFNN_ISA ------------------------------------------------------------------------------------

ISA = "from ffnn import _ffnn; print(_ffnn.config()['isa'])"


def test_every_instruction_set_can_be_chosen():
    config = ffnn._ffnn.config()
    assert set(config["available"]) <= set(config["built"]) and "generic" in config["available"]
    for name in config["available"]:
        assert output_of(ISA, FFNN_ISA=name) == name
        assert output_of(ISA, FFNN_ISA=name.upper()) == name
    assert output_of(ISA, FFNN_ISA="") == config["available"][0]


@pytest.mark.parametrize("name", ["avx513", "sse2 ", "none", "avx2,generic", "\u00e9", "%s%n"])
def test_an_unknown_instruction_set_is_an_import_error(name):
    done = run_child("import ffnn", FFNN_ISA=name, PYTHONUTF8="1")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: ") and name in last
    assert "there is no such instruction set" in last
    for possible in ffnn._ffnn.config()["available"]:
        assert possible in last


def test_an_impossible_instruction_set_is_an_import_error():
    """Of those that ffnn knows, the ones this machine lacks: NEON on x86, AVX-512 on most."""
    available = ffnn._ffnn.config()["available"]
    lacking = [name for name in ("avx512", "avx2", "neon") if name not in available]
    assert lacking
    for name in lacking:
        done = run_child("import ffnn", FFNN_ISA=name)
        last = done.stderr.splitlines()[-1]
        assert done.returncode == 1 and last.startswith("ImportError: ") and name in last
        assert "this machine cannot run it" in last
        assert all(possible in last for possible in available)


# ---- row 13: standard output ---------------------------------------------------------------------

PRINTING = """
import sys
import numpy as np
import ffnn
X, Y = np.random.default_rng(0).standard_normal((4, 9)), np.arange(9)[None] % 2
{before}
try:
    ffnn.L_layer_model(X, Y, [4, 3, 1], num_iterations=10**6, print_cost=True)
except {error} as error:
    print("caught", file=sys.stderr)
    parameters, costs = ffnn.L_layer_model(X, Y, [4, 3, 1], num_iterations=201)
    print(len(costs), file=sys.stderr)
sys.stdout = None
"""


def test_bad_input_13_a_pipe_that_nobody_reads():
    """BrokenPipeError comes through, and training goes on to work."""
    arguments = child(PRINTING.format(before="", error="BrokenPipeError"))
    with subprocess.Popen(**arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        watchdog = threading.Timer(120, process.kill)
        watchdog.start()
        try:
            first = process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read().split() == ["caught", "3"]
        finally:
            watchdog.cancel()
            process.kill()
    assert first.startswith("Cost after iteration 0: ")


@pytest.mark.parametrize(
    ("before", "error"),
    [("sys.stdout.close()", "ValueError"), ("import os; os.close(1)", "OSError")],
)
def test_bad_input_13_a_closed_stdout(before, error):
    done = run_child(PRINTING.format(before=before, error=error))
    assert done.stderr.split()[:2] == ["caught", "3"]
