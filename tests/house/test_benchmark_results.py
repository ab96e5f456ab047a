"""What is made from the races' figures: files, README's table, the chart."""

import json
import re
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.skipif(
        not (TREE / "benchmarks" / "__main__.py").exists(),
        reason="needs the source tree beside the tests",
    ),
    pytest.mark.once,
]
FACTS = {
    "date": "2030-01-02",
    "processor": "Abacus 9, 2 of them",
    "system": "Linux",
    "ffnn": "1.0",
    "NumPy": "2.9, openblas",
    "torch": "3.0",
    "threads": "1, 2",
    "load before": "0.1",
}


def contender(name, threads, median, **more):
    figures = {"median": median, "minimum": median, "cores": 1.0, "flops": 1000, "of_peak": None}
    return {"name": name, "note": "", "threads": threads} | figures | more


@pytest.fixture
def canned():
    return {
        "title": "a step",
        "contenders": [
            contender("ffnn", 1, 1e-3, of_peak=0.8, steps=7, long=[1.0], short=[0.5]),
            contender("NumPy", 1, 2e-2),
            contender("PyTorch", 1, 4e-3),
            contender("PyTorch", 1, 3e-3),
            contender("JAX", 1, -5e-3),
            contender("ffnn", 2, 5e-4, of_peak=0.7),
            contender("NumPy", 2, 1e-2),
            contender("PyTorch", 2, 8e-3),
        ],
        "missing": [{"name": "scikit-learn", "note": "not installed"}],
        "peak_gflops": {"1": 100.0, "2": 200.0},
        "doubts": [],
    }


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(TREE))
    from benchmarks import report

    return report


def test_a_row_for_each_race(report, canned):
    """A rival's quickest way and setting counts, and no time below zero does."""
    rows = report.summary({"calls-tiny": canned}).splitlines()
    assert rows[2:] == [
        "| `calls-tiny` | a step | 1.00 ms / 500 us | 20 | 3.0 / 6.0 | - | - | 80 % / 70 % |"
    ]
    titles = ["ffnn", "NumPy", "PyTorch", "JAX", "scikit-learn", "of peak |"]
    assert rows[0].split(" | ")[2:] == titles


def test_doubts_are_seen(report, canned):
    canned["doubts"] = ["no processor"]
    text = report.summary({"run-tiny": canned})
    assert "`run-tiny` (?)" in text and text.splitlines()[-1].startswith("(?)")


def test_figures_take_the_place_of_their_race_alone(report, canned, tmp_path, capsys):
    path = report.save(FACTS, {"one": canned, "two": canned}, tmp_path)
    later = FACTS | {"date": "2030-02-03", "load before": "9"}
    report.save(later, {"two": canned | {"title": "new"}}, tmp_path)
    kept = json.loads(path.read_text())
    assert [race["title"] for race in kept["races"].values()] == ["a step", "new"]
    assert [race["date"] for race in kept["races"].values()] == ["2030-01-02", "2030-02-03"]
    assert not {"long", "short", "steps"} & set(kept["races"]["one"]["contenders"][0])
    assert "2030-01-02 to 2030-02-03" in report.where_and_when(kept)
    assert not capsys.readouterr().out
    report.save(FACTS | {"NumPy": "3.0"}, {"two": canned}, tmp_path)
    assert list(json.loads(path.read_text())["races"]) == ["two"]
    assert "one, two" in capsys.readouterr().out


def test_readme_has_its_rows_and_the_page_all(report, canned, tmp_path, capsys):
    path = report.save(FACTS, dict.fromkeys([*report.FRONT, "another"], canned), tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.write(folder=tmp_path, readme=readme)
    first = readme.read_text()
    assert first.startswith(f"before\n{report.BEGIN}\n| race |") and "old" not in first
    assert first.endswith(f"\n{report.END}\nafter\n") and "another" not in first
    assert re.findall(r"^\| `([\w-]+)` \| a step \|", first, re.MULTILINE) == [*report.FRONT]
    assert "Abacus 9" in first and "2030-01-02" in first and path.stem + ".md" in first
    report.write(folder=tmp_path, readme=readme)
    assert readme.read_text() == first
    page = path.with_suffix(".md").read_text()
    assert "| `another` | a step |" in page and "| `calls-tiny` | a step |" in page
    assert "| NumPy | 2 | 10.0 ms |" in page and "not installed" in page
    with pytest.raises(SystemExit):
        report.put_between_marks("no marks", "")


def test_readme_stays_where_a_row_of_it_is_lacking(report, canned, tmp_path, capsys):
    path = report.save(FACTS, {"calls-tiny": canned}, tmp_path)
    readme = tmp_path / "README.md"
    readme.write_text("as it is")
    report.write(folder=tmp_path, readme=readme)
    assert readme.read_text() == "as it is" and path.with_suffix(".md").exists()
    assert "has no run-tiny, run-wide, dense-256, clock" in capsys.readouterr().out


def test_the_share_of_the_floor_is_shown_where_there_is_one(report, canned):
    header, rows = report.race_rows(canned["contenders"], True)
    assert "of floor" not in header
    canned["contenders"][0]["of_floor"] = 0.65
    header, rows = report.race_rows(canned["contenders"], True)
    assert header[-2:] == ["of floor", ""]
    assert [row[-2] for row in rows] == ["65 %"] + [""] * 7


def test_the_page_tells_that_a_machine_was_shared(canned, report):
    for load, is_told in ("0.1", False), ("28.0", True):
        kept = {"machine": FACTS, "races": {"one": canned | {"load before": load}}}
        assert ("Shared: up to 28 programs" in report.where_and_when(kept)) == is_told


def test_several_races_as_one(canned, report):
    """A time is the geometric mean of the times, of those who took part in each."""
    from benchmarks.measure import combined

    canned |= {"rounds": 3, "doubts": ["no processor"]}
    canned["contenders"][3]["note"] = "compiled"
    others = [c for c in canned["contenders"] if c["name"] in ("ffnn", "NumPy")]
    four = [c | {"median": 4 * c["median"]} for c in others]
    race = combined({"one": canned, "four": canned | {"contenders": four}})
    assert [r["name"] for r in race["contenders"]] == ["ffnn", "NumPy"] * 2
    assert race["contenders"][1]["median"] == pytest.approx(4e-2)
    assert report.ratio(race, "NumPy", 1) == pytest.approx(20)
    assert race["tables"][0]["rows"][0] == ["one", 1, "NumPy", "1.00 ms", "20.0 ms", "20.00"]
    assert "2 races" in race["remark"] and "three" not in race["remark"]
    assert race["doubts"][-1] == "four: no processor"


def test_the_chart(report, canned, tmp_path):
    pytest.importorskip("matplotlib")
    kept = {"machine": FACTS, "races": {"one": canned, "none": {"title": "no contenders"}}}
    [(name, ratios)] = report.bars(kept)
    assert name == "one" and ratios == pytest.approx({"NumPy": 20, "PyTorch": 6})
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    report.draw(kept, one)
    report.draw(kept, two)
    assert one.read_bytes() == two.read_bytes() and "against NumPy" in one.read_text()


def test_readme_holds_what_was_measured(report):
    """No figure in README is typed: without results its table is empty."""
    text = (TREE / "README.md").read_text()
    inside = text.partition(report.BEGIN)[2].partition(report.END)[0].strip()
    blocks = []
    for path in report.FOLDER.glob("*.json"):
        blocks.append(report.front(path, json.loads(path.read_text())).strip())
    assert inside in (blocks or [""])
