"""The races start, check their contenders and print ratios. How fast anybody is, no test asks."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

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
    from benchmarks import party
    from benchmarks.nets import Net
    from benchmarks.races import KINDS
    from benchmarks.rivals import contenders, numpy_code
    from benchmarks.rivals.assignment import FourCalls

    class Wrong:
        def __init__(self, **replaced):
            self.__dict__.update(vars(numpy_code), **replaced)

    def without_bias(parameters, grads, learning_rate):
        kept = {name: value for name, value in parameters.items() if name[0] == "b"}
        return numpy_code.update_parameters(parameters, grads, learning_rate) | kept

    def of_sums(parameters, grads, learning_rate):
        return numpy_code.update_parameters(parameters, grads, 4 * learning_rate)

    net = Net((5, 4, 3, 1), 4)
    [ours] = contenders("ffnn", "calls", net)
    expected = party.after_some_steps(ours)
    limit = KINDS["calls"].float64

    def disagreement(module):
        return party.disagreement(FourCalls("", module, net), expected, net.start)

    assert disagreement(numpy_code) <= limit
    for update in without_bias, of_sums:
        assert disagreement(Wrong(update_parameters=update)) > 0.1


@pytest.mark.filterwarnings("ignore")  # as Party does: a rival's warnings are its own affair
@pytest.mark.parametrize("rival", ["numpy", "torch", "jax", "sklearn"])
def test_rivals_compute_what_ffnn_computes(in_the_tree, rival):
    """Every kind of race, on a net small enough for a test. NumPy takes part in all."""
    from benchmarks import party, rivals
    from benchmarks.nets import Net, Square
    from benchmarks.races import KINDS, Race

    if reason := rivals.absent(rival):
        pytest.skip(f"{rivals.TITLES[rival]}: {reason}")
    plain = Net((6, 5, 3), 20)
    softmax = Net((20, 12, 10), 32, "float32", learning_rate=0.001, output="softmax")
    nets = dict.fromkeys(["calls", "lean", "run", "plain"], plain) | {
        "square": Square(40, "float32"),
        "adam": softmax,
        "dropout": replace(softmax, keep_prob=0.8, learning_rate=0.05),
        "epoch": Net((2, 5, 2, 1), 300, hidden="tanh", batch=64),
        "whole": plain,
    }
    assert set(nets) == set(KINDS)
    for kind, net in nets.items():
        ready, left_out = party.checked(rival, Race(net, kind))
        assert not left_out, (kind, left_out)
        assert ready or rival != "numpy", kind


def test_the_gradient_of_X_is_compared_too(in_the_tree):
    from benchmarks import party
    from benchmarks.nets import Net
    from benchmarks.rivals import contenders

    net = Net((5, 4, 3, 1), 4)
    expected = party.after_some_steps(contenders("ffnn", "calls", net)[0])
    [theirs] = contenders("numpy", "calls", net)
    assert party.disagreement(theirs, expected, net.start) < 1e-8
    expected["dA0"] = 2 * expected["dA0"]
    assert party.disagreement(theirs, expected, net.start) > 0.1


def test_groups_of_races(in_the_tree):
    from benchmarks.programme import chosen

    assert chosen(["tiny"]) == ["calls-tiny", "run-tiny"]
    assert chosen(["run"])[0] == "run-tiny" and chosen(["calls-tiny", "tiny"])[0] == "calls-tiny"
    assert "clock" not in chosen([]) and chosen(["clock"]) == ["clock"]


def test_the_peak_is_a_rate(in_the_tree):
    from benchmarks.peak import Peak, load

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
    from benchmarks import races, threads  # noqa: F401

    assert dict(os.environ) == before
