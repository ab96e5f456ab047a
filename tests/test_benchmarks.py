"""The races start, check their contenders and print ratios. How fast anybody is, no test asks."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TREE = Path(__file__).resolve().parent.parent
pytestmark = [
    pytest.mark.skipif(
        not (TREE / "benchmarks" / "__main__.py").exists(),
        reason="needs the source tree beside the tests",
    ),
    pytest.mark.slow,
    pytest.mark.process,
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


def test_a_race_prints_ratios_and_keeps_its_samples(tmp_path):
    kept = tmp_path / "race.json"
    text = printed("calls-tiny", "run-tiny", "--rounds", "2", "--rivals", "ffnn,numpy",
                   "--json", str(kept))  # fmt: skip
    rows = re.findall(r"^ +(\w+) +([\d.]+) \w+ +([\d.]+) \w+ +([\d.]+) ", text, re.MULTILINE)
    assert [row[0] for row in rows] == ["ffnn", "NumPy"] * 2
    assert [row[3] == "1.00" for row in rows] == [True, False] * 2
    for race in json.loads(kept.read_text())["races"].values():
        assert [len(contender["long"]) for contender in race["contenders"]] == [2, 2]
        assert all(contender["median"] > 0 for contender in race["contenders"])


def test_the_import_is_timed():
    text = printed("imports", "--rounds", "1", "--rivals", "ffnn")
    assert re.search(r"^ +ffnn +[\d.]+ ms .* 1 +after import numpy$", text, re.MULTILINE)


def test_what_is_unknown_is_an_error():
    for arguments in ("no-such-race",), ("calls-tiny", "--rivals", "abacus"):
        run = benchmarks(*arguments)
        assert run.returncode and arguments[-1] in run.stderr
        assert "Traceback" not in run.stderr


@pytest.fixture
def in_the_tree(monkeypatch):
    monkeypatch.syspath_prepend(str(TREE))


def test_another_computation_is_left_out(in_the_tree):
    """Biases that stay, or a sum over examples for a mean: each is seen."""
    from benchmarks import races
    from benchmarks.nets import Net
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
    ours.work(races.STEPS_COMPARED)
    expected = {name: np.array(value) for name, value in ours.parameters().items()}
    limit = races.AGREEMENT["float64"]

    def disagreement(module):
        return races.disagreement(FourCalls("", module, net), expected, net.start)

    assert disagreement(numpy_code) <= limit
    for update in without_bias, of_sums:
        assert disagreement(Wrong(update_parameters=update)) > 0.1


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
