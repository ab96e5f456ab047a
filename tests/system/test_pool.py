"""ffnn's own threads: the same bits for any number of them, and no trouble from them anywhere."""

import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

import ffnn
from calls import arrays, child, output_of, run_child
from support import assert_same_bits

COUNTS = [1, 2, 3, 5, 8]
# Every product of this net is cut into chunks; none of the sizes is a multiple of a tile's.
DIMS, EXAMPLES = [401, 131, 67, 103], 397


@pytest.fixture
def net(rng, real):
    parameters = {
        name: value.astype(real) for name, value in ffnn.initialize_parameters_deep(DIMS).items()
    }
    X = rng.standard_normal((DIMS[0], EXAMPLES)).astype(real)
    return X, rng.integers(0, 2, (DIMS[-1], EXAMPLES)), parameters


def four_calls(X, Y, parameters):
    """All arrays that a step makes."""
    AL, caches = ffnn.L_model_forward(X, parameters)
    cost = ffnn.compute_cost(AL, Y)
    grads = ffnn.L_model_backward(AL, Y, caches)
    updated = ffnn.update_parameters(dict(parameters), grads, 0.1)
    return arrays((AL, caches, cost, grads, updated))


def assert_all_same(some, others):
    assert len(some) == len(others) > 0
    for x, y in zip(some, others, strict=True):
        assert_same_bits(x, y)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_number_of_threads_changes_no_bit_of_a_step(net, order, threads):
    X, Y, parameters = net
    X = np.asarray(X, order=order)
    threads(1)
    alone = four_calls(X, Y, parameters)
    for n in COUNTS:
        threads(n)
        for _ in range(3):
            assert_all_same(four_calls(X, Y, parameters), alone)


def test_the_count_changes_while_others_compute(net, threads, restless):
    """Python threads share the pool: one has it, the others work alone; nobody waits for good."""
    X, Y, parameters = net
    threads(1)
    alone = four_calls(X, Y, parameters)
    stop, wrong = threading.Event(), []

    def compute():
        try:
            while not stop.is_set():
                assert_all_same(four_calls(X, Y, parameters), alone)
        except BaseException as error:
            wrong.append(error)

    workers = [threading.Thread(target=compute) for _ in range(16)]
    for worker in workers:
        worker.start()
    for i in range(100):
        ffnn.set_num_threads(COUNTS[i % len(COUNTS)])
        stop.wait(0.005)
    stop.set()
    for worker in workers:
        worker.join()
    assert not wrong


def test_the_number_of_threads_changes_no_bit_of_an_update(rng, real, threads):
    parameters = {"W1": rng.standard_normal((7, 40_001)).astype(real), "b1": np.ones((7, 1), real)}
    grads = {
        "d" + name: rng.standard_normal(x.shape).astype(real) for name, x in parameters.items()
    }
    for n in COUNTS:
        threads(n)
        updated = ffnn.update_parameters(dict(parameters), grads, 0.1)
        for name, x in parameters.items():
            assert_same_bits(updated[name], x - real(0.1) * grads["d" + name], name)


def test_counts_and_their_errors(threads):
    for n in 1, np.int64(3), 256:
        threads(n)
        assert ffnn.get_num_threads() == n
    ffnn.set_num_threads(n=2)
    for n, error in (0, ValueError), (-1, ValueError), (257, ValueError), (10**30, ValueError):
        with pytest.raises(error, match=r"^set_num_threads: n must be at (least 1|most 256), not"):
            threads(n)
    for n in 2.0, "2", None:
        with pytest.raises(TypeError, match="^set_num_threads: n must be an integer, not"):
            threads(n)
    assert ffnn.get_num_threads() == 2
    for n in -1, 257:
        with pytest.raises(ValueError, match=f"^limit_threads: n must be from 0 to 256, not {n}"):
            ffnn._ffnn.limit_threads(n)
    with pytest.raises(TypeError):
        ffnn._ffnn.limit_threads("2")
    assert ffnn.get_num_threads() == 2


COUNT = "import ffnn; print(ffnn.get_num_threads())"


@pytest.mark.process
def test_the_environment_decides():
    for count in "1", "7", "256":
        assert output_of(COUNT, FFNN_NUM_THREADS=count) == count
    for wrong in "0", "-1", "257", "two", "1.5", "2 ":
        done = run_child(COUNT, FFNN_NUM_THREADS=wrong)
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert re.fullmatch(r"ImportError: FFNN_NUM_THREADS=.*: must be an integer .* 256", last)


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
def test_affinity_decides_where_nothing_else_does():
    one = f"import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); {COUNT}"
    assert output_of(one, FFNN_NUM_THREADS="") == "1"
    assert 1 <= int(output_of(COUNT, FFNN_NUM_THREADS="")) <= len(os.sched_getaffinity(0))


CHILDREN = """
import multiprocessing, os, sys
import numpy as np
import ffnn

X = np.random.default_rng(1).standard_normal((300, 400))
parameters = {"W1": np.full((200, 300), 0.01), "b1": np.zeros((200, 1))}

def digest(_=None):
    return ffnn.L_model_forward(X, parameters)[0].tobytes()

def threads_of_this_process():
    return len(os.listdir("/proc/self/task"))

if __name__ == "__main__":
    ffnn.set_num_threads(3)
    expected = digest()
    started = threads_of_this_process() if os.path.exists("/proc/self/task") else 3
    assert started >= 3, started
    # A process for each round.
    with multiprocessing.get_context(sys.argv[1]).Pool(1, maxtasksperchild=1) as pool:
        for _ in range(50):
            assert pool.apply_async(digest).get(60) == expected
            assert digest() == expected
    print("done")
"""


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.once
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS's own libraries don't survive a fork")
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_50_children_of_a_process_with_live_workers(tmp_path, method):
    """The children of spawn and forkserver import the script, so it is a file."""
    script = tmp_path / "children.py"
    script.write_text(CHILDREN)
    arguments = child("")
    done = subprocess.run(
        [sys.executable, script, method],
        env=arguments["env"], capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


# ---- threads, one by one -------------------------------------------------------------------------

has_tasks = pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="reads Linux's /proc")
TASKS = """
import os, signal, threading, time, warnings
import numpy as np
import ffnn

warnings.simplefilter("ignore")  # that a process with threads forks is the point
A = np.random.default_rng(1).standard_normal((400, 400))
W, b = A[:300], np.zeros((300, 1))
others = set(os.listdir("/proc/self/task"))  # the main thread, and those of NumPy's BLAS

def compute(times=1):
    for _ in range(times):
        Z, _ = ffnn.linear_forward(A, W, b)
    return Z.tobytes()

def tasks():
    return len(set(os.listdir("/proc/self/task")) - others) + 1

def compute_by(threads):  # a worker that lost its processor rests, up to a second
    ffnn.set_num_threads(threads)
    until = time.monotonic() + 30
    found = compute()
    while tasks() < threads and time.monotonic() < until:
        found = compute()
    return found

def blocked(task):
    with open(f"/proc/self/task/{task}/status") as file:
        mask = next(int(line.split()[1], 16) for line in file if line.startswith("SigBlk"))
    return {number for number in range(1, 32) if mask >> number - 1 & 1}

expected = compute_by(3)
"""


@has_tasks
@pytest.mark.process
def test_there_are_as_many_threads_as_were_wanted():
    code = """
print(tasks(), ffnn.get_num_threads())
print(tasks(), compute_by(5) == expected, tasks())
ffnn.set_num_threads(2)
print(compute() == expected, ffnn.get_num_threads())
"""
    assert output_of(TASKS + code).splitlines() == ["3 3", "3 True 5", "True 2"]


@has_tasks
@pytest.mark.process
def test_signals_are_the_programs_own():
    """Workers block all that can be blocked; who starts them has the mask that he had."""
    code = """
main = str(os.getpid())
own = blocked(main)
compute_by(5)
workers = set(os.listdir("/proc/self/task")) - others
for task in workers:
    assert blocked(task) == set(range(1, 32)) - {signal.SIGKILL, signal.SIGSTOP}, blocked(task)
assert blocked(main) == own and not own & {signal.SIGINT, signal.SIGTERM}
print(len(workers))
"""
    assert int(output_of(TASKS + code)) >= 4


BUSY_PARENT = """
stop = threading.Event()
def work():
    while not stop.is_set():
        compute()
thread = threading.Thread(target=work)
thread.start()
time.sleep(0.1)
"""
FORKS = """
for _ in range({times}):
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        alone = len(os.listdir("/proc/self/task"))
        same = {{compute() for _ in range(20)}} == {{expected}}
        ours = len(os.listdir("/proc/self/task"))
        os._exit(0 if (alone, same, ours) == (1, True, 3) else 10 * same + ours)
    status = os.waitpid(pid, 0)[1]
    if status != 0:
        print("a child ended with", os.waitstatus_to_exitcode(status))
        break
{after}
print(compute() == expected)
"""


@has_tasks
@pytest.mark.process
@pytest.mark.parametrize("parent", ["idle", "busy"])
def test_a_forked_child_has_workers_of_its_own(parent):
    """Whether the parent's sleep or are in the middle of a job; and takes none of its chunks."""
    before, after = ("", "") if parent == "idle" else (BUSY_PARENT, "stop.set(); thread.join()")
    forks = FORKS.format(times=2 if parent == "idle" else 15, after=after)
    assert output_of(TASKS + before + forks) == "True"


LEAVE = """
import threading
import numpy as np
import ffnn

ffnn.set_num_threads(4)
A, W, b = np.ones((500, 500)), np.ones((500, 500)), np.zeros((500, 1))
ffnn.linear_forward(A, W, b)

def compute():
    while True:
        ffnn.linear_forward(A, W, b)

{background}
print("leaving")
"""
BUSY = "threading.Thread(target=compute, daemon=True).start()"


@pytest.mark.process
@pytest.mark.parametrize("background", ["", BUSY], ids=["idle", "busy"])
def test_the_interpreter_ends_with_live_workers(background):
    for _ in range(5):
        arguments = child(LEAVE.format(background=background))
        done = subprocess.run(**arguments, capture_output=True, timeout=60)
        assert (done.returncode, done.stdout) == (0, "leaving\n"), done.stderr
