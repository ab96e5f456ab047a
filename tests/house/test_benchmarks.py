"""The races start, check their contenders and print ratios. How fast anybody is, no test asks."""

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

TREE = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.skipif(
        not (TREE / "benchmarks" / "__main__.py").exists(),
        reason="needs the source tree beside the tests",
    ),
    pytest.mark.slow,
    pytest.mark.process,
    pytest.mark.once,
]


def benchmarks(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=TREE,
        capture_output=True,
        text=True,
        timeout=300,
    )


def printed(*arguments):
    run = benchmarks(*arguments)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_list_names_every_race():
    names = [line.split()[0] for line in printed("--list").splitlines()]
    assert {"calls-tiny", "calls-wide", "run-small", "dense-256", "imports"} <= set(names)
    assert {"adam-128", "moons-epoch", "dropout-128", "clock", "scaling"} <= set(names)
    assert {"narrow-4", "narrow-busy", "gradients-tiny", "gradients-digits"} <= set(names)
    assert {"fit-default", "fit-small", "grid", "partial", "one-row", "lm-sine"} <= set(names)
    assert {"lbfgs-iris", "imports-estimators", "one-row-exports"} <= set(names)


def test_a_race_prints_ratios_and_keeps_its_samples(tmp_path):
    kept = tmp_path / "race.json"
    text = printed("calls-tiny", "run-tiny", "--rounds", "2", "--rivals", "ffnn,numpy",
                   "--threads", "1", "--json", str(kept))  # fmt: skip
    rows = re.findall(r"^ +(\w+) +1 +(-?[\d.]+) \w+ +(-?[\d.]+) \w+ +(-?[\d.]+) ", text,
                      re.MULTILINE)  # fmt: skip
    assert [row[0] for row in rows] == ["ffnn", "NumPy"] * 2
    assert [row[3] == "1.00" for row in rows] == [True, False] * 2
    for race in json.loads(kept.read_text())["races"].values():
        assert [len(contender["long"]) for contender in race["contenders"]] == [2, 2]
        assert [contender["threads"] for contender in race["contenders"]] == [1, 1]
        assert all(contender["cores"] > 0 for contender in race["contenders"])


def test_settings_share_the_rounds(tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")
    kept = tmp_path / "race.json"
    printed("moons", "--rounds", "1", "--rivals", "ffnn,numpy", "--threads", "1,2",
            "--json", str(kept))  # fmt: skip
    [race] = json.loads(kept.read_text())["races"].values()
    found = [(contender["name"], contender["threads"]) for contender in race["contenders"]]
    assert found == [("ffnn", 1), ("NumPy", 1), ("ffnn", 2), ("NumPy", 2)]


def test_the_import_is_timed():
    text = printed("imports", "--rounds", "1", "--rivals", "ffnn")
    assert re.search(r"^ +ffnn +[\d.]+ ms .* 1 +after import numpy$", text, re.MULTILINE)


def test_what_is_unknown_is_an_error():
    for arguments in ("no-such-race",), ("calls-tiny", "--rivals", "abacus"), ("--threads", "999"):
        run = benchmarks(*arguments)
        assert run.returncode and arguments[-1 if "999" not in arguments else 0] in run.stderr
        assert "Traceback" not in run.stderr


def test_figures_without_rivals_are_not_saved():
    run = benchmarks("calls-tiny", "--save", "--rivals", "ffnn")
    assert run.returncode and "--save" in run.stderr


@pytest.fixture
def in_the_tree(monkeypatch):
    monkeypatch.syspath_prepend(str(TREE))


def test_another_computation_is_left_out(in_the_tree):
    """Biases that stay, or a sum over examples for a mean: each is seen."""
    from benchmarks import sampling
    from benchmarks.contenders import FourCalls, contenders, numpy as plain
    from benchmarks.races import KINDS, Net

    class Wrong:
        def __init__(self, **replaced):
            self.__dict__.update(vars(plain), **replaced)

    def without_bias(parameters, grads, learning_rate):
        kept = {name: value for name, value in parameters.items() if name[0] == "b"}
        return plain.update_parameters(parameters, grads, learning_rate) | kept

    def of_sums(parameters, grads, learning_rate):
        return plain.update_parameters(parameters, grads, 4 * learning_rate)

    net = Net((5, 4, 3, 1), 4)
    [ours] = contenders("ffnn", "calls", net)
    expected = sampling.after_some_steps(ours)
    limit = KINDS["calls"].float64

    def disagreement(module):
        return sampling.disagreement(FourCalls("", module, net), expected, net.start)

    assert disagreement(plain) <= limit
    for update in without_bias, of_sums:
        assert disagreement(Wrong(update_parameters=update)) > 0.1


OF_ESTIMATORS = ("fit", "grid", "partial_fit", "one_row", "one_column", "lbfgs")
ALWAYS_THERE = {"sklearn": (*OF_ESTIMATORS, "exports"), "onnxruntime": ("exports",)}


def every_race():
    """[(kind, net)] of every kind, on nets small enough for a test."""
    from benchmarks.races import KINDS, Net, Square
    from benchmarks.tasks import Goal, Task

    iris = Task("iris", (6,), options={"max_iter": 2})
    whole = Task("iris", (6,), options={"solver": "lbfgs", "activation": "tanh", "max_iter": 50})
    plain = Net((6, 5, 3), 20)
    softmax = Net((20, 12, 10), 32, "float32", learning_rate=0.001, output="softmax")
    narrow = Net((4, 8, 6, 3), 500, "float32", learning_rate=0.001, hidden="tanh", output="softmax")
    races = [(kind, plain) for kind in ("calls", "lean", "run", "plain", "whole")] + [
        ("square", Square(40, "float32")),
        ("adam", softmax),
        ("adam", narrow),
        ("adam", replace(narrow, dims=(4, 8, 1), dtype="float64", output="sigmoid")),
        ("dropout", replace(softmax, keep_prob=0.8, learning_rate=0.05)),
        ("epoch", Net((2, 5, 2, 1), 300, hidden="tanh", batch=64)),
        ("gradients", plain),
        ("gradients", Net((64, 12, 10), 1797, data="digits", output="softmax")),
        ("exports", Net((6, 5, 3), 1, "float32", output="softmax")),
    ]
    races += [(kind, iris) for kind in OF_ESTIMATORS if kind != "lbfgs"] + [
        ("lbfgs", whole),
        ("goal", Goal("sine", (1, 5, 1), 0.002, seeds=3, most_epochs=4000)),
    ]
    assert {kind for kind, _ in races} == set(KINDS)
    return races


@pytest.mark.filterwarnings("ignore")  # as Contenders does: a rival's warnings are its own affair
@pytest.mark.parametrize("rival", ["numpy", "torch", "jax", "sklearn", "onnxruntime"])
def test_rivals_compute_what_ffnn_computes(in_the_tree, rival):
    """NumPy takes part in all but those of estimators and exports, and scikit-learn in these."""
    from benchmarks import contenders, sampling
    from benchmarks.races import Race

    if reason := contenders.absent(rival):
        pytest.skip(f"{contenders.TITLES[rival]}: {reason}")
    for kind, net in every_race():
        ready, left_out = sampling.checked(rival, Race(net, kind))
        assert not left_out, (kind, left_out)
        in_all_others = rival == "numpy" and kind not in ALWAYS_THERE["sklearn"]
        assert ready or not (in_all_others or kind in ALWAYS_THERE.get(rival, ())), kind
        assert not ready or kind in sampling.contenders.SELDOM.get(rival, {kind})


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_another_fit_is_left_out(in_the_tree):
    """Of fewer epochs, say: a loss, a score or a number of epochs tells."""
    from benchmarks import sampling
    from benchmarks.contenders import contenders
    from benchmarks.tasks import Task

    task = Task("iris", (6,), options={"max_iter": 30})
    expected = sampling.after_some_steps(contenders("ffnn", "fit", task)[0], 1)
    less = Task("iris", (6,), options={"max_iter": 20})
    for other, is_same in (task, True), (less, False):
        [ours] = contenders("ffnn", "fit", other)
        assert (sampling.disagreement(ours, expected, {}, 1) < 0.01) == is_same


def test_a_goal_that_no_start_reaches_has_no_contender(in_the_tree):
    from benchmarks.contenders import contenders
    from benchmarks.tasks import Goal

    goal = Goal("sine", (1, 2, 1), 1e-9, seeds=1, most_iterations=3, most_epochs=0)
    assert list(contenders("ffnn", "goal", goal)) == []


def test_the_gradient_of_X_is_compared_too(in_the_tree):
    from benchmarks import sampling
    from benchmarks.contenders import contenders
    from benchmarks.races import Net

    net = Net((5, 4, 3, 1), 4)
    expected = sampling.after_some_steps(contenders("ffnn", "calls", net)[0])
    [theirs] = contenders("numpy", "calls", net)
    assert sampling.disagreement(theirs, expected, net.start) < 1e-8
    expected["dA0"] = 2 * expected["dA0"]
    assert sampling.disagreement(theirs, expected, net.start) > 0.1


def test_a_missing_result_is_no_agreement(in_the_tree):
    """dA0 alone may be left out."""
    from benchmarks import sampling
    from benchmarks.contenders import contenders
    from benchmarks.races import Net

    net = Net((5, 4, 3, 1), 4)
    [ours] = contenders("ffnn", "calls", net)
    expected = sampling.after_some_steps(ours)
    assert sampling.disagreement(contenders("ffnn", "lean", net)[0], expected, net.start) == 0
    for name in "W1", "cost":
        wanted = expected | {name: np.ones((4, 5))}
        ours.parameters = lambda: {"b1": expected["b1"]}
        assert sampling.disagreement(ours, wanted, {}) == np.inf


def test_the_floor_is_products_and_activations(in_the_tree):
    from benchmarks import limits
    from benchmarks.races import Net, Race

    net = Net((4, 3, 1), 256, hidden="tanh")
    medians = {limits.ACTIVATIONS: 5e-6, limits.COPIES: 3e-6}
    flops = 2 * 256 * (4 * 3 * 2 + 3 * 1 * 3)
    found = limits.floor(Race(net, "adam", shows_floor=True), 2, 1e9, medians)
    assert found == pytest.approx(flops / 1e9 + 2 * 2e-6 / 2)


def test_two_threads_beside_a_busy_process(tmp_path):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")
    kept = tmp_path / "race.json"
    text = printed("narrow-busy", "--rounds", "1", "--json", str(kept))
    assert re.search(r"take \d\.\d\d times as long as one thread", text)
    [race] = json.loads(kept.read_text())["races"].values()
    found = [(contender["threads"], contender["note"]) for contender in race["contenders"]]
    assert found == [(1, "the other core idle"), (2, "beside a busy process")]


def test_a_busy_process_rests_outside_its_block(in_the_tree):
    from benchmarks.processes import BusyProcess

    def worked():
        fields = Path(f"/proc/{busy._process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])  # clock ticks

    if not Path("/proc/self/stat").exists():
        pytest.skip("no /proc")
    busy = BusyProcess(max(os.sched_getaffinity(0)))
    try:
        for _ in range(2):
            before = worked()
            time.sleep(0.3)
            assert worked() - before <= 1
            with busy.running():
                time.sleep(1)
            assert worked() - before > 5
    finally:
        busy.close()


def test_groups_of_races(in_the_tree):
    from benchmarks.__main__ import chosen

    assert chosen(["tiny"]) == ["calls-tiny", "gradients-tiny", "run-tiny"]
    assert chosen(["run"])[0] == "run-tiny" and chosen(["calls-tiny", "tiny"])[0] == "calls-tiny"
    assert chosen(["narrow"])[-1] == "narrow-busy"
    assert "clock" not in chosen([]) and chosen(["clock"]) == ["clock"]


def test_the_peak_is_a_rate(in_the_tree):
    from benchmarks.limits import Peak, load

    try:
        load("double")
    except OSError as error:
        pytest.skip(str(error))
    one = Peak("float64", 1)
    assert Peak("float64", 2).flops == 2 * one.flops and one.flops >= 4 * 12 * 10_000
    assert load("double").run_chains(100, 0.5, 0.25) == pytest.approx(
        12 * 0.5 * load("double").step_flops() / 24
    )
    one.work(3)


def test_the_environment_stays(in_the_tree):
    """Only `python -m benchmarks` confines a process, not an import."""
    before = dict(os.environ)
    from benchmarks import measure, processes, sampling  # noqa: F401

    assert dict(os.environ) == before
