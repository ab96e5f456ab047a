"""The notebooks: that they run from start to end, and are stored with their texts and pictures."""

import ast
import importlib.util
import json
import os
import re
import sys
from pathlib import Path

import pytest

import ffnn

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = [
    "step_by_step",
    "application",
    "planar",
    "regularization",
    "optimization",
    "ten_digits",
    "regression",
    "large_data",
    "second_order",
    "from_scikit_learn",
]
PLOTS = re.compile(
    r"\b(plt\.subplots|plot_costs|plot_history|plot_weights|print_mislabeled_images)\("
)
LARGEST = 300_000  # bytes of a notebook with its pictures

# All of them: only where everything is tested does the folder lie beside the tests.
pytestmark = [pytest.mark.slow, pytest.mark.once]
each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


def load(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def sources(name, kind):
    return ["".join(c["source"]) for c in load(name)["cells"] if c["cell_type"] == kind]


def nodes(name):
    """The syntax of all code cells, without the magics, which are no Python."""
    for source in sources(name, "code"):
        yield from ast.walk(ast.parse(re.sub(r"(?m)^%.*$", "", source)))


def check_public(dotted):
    """Raise AttributeError where there is no ffnn.a.b, AssertionError where it is private."""
    first, *rest = dotted.split(".")
    thing = importlib.import_module(first)
    for part in rest:
        assert not part.startswith("_"), f"{dotted} is private"
        thing = getattr(thing, part)


def test_every_notebook_is_listed():
    assert {path.stem for path in FOLDER.glob("*.ipynb")} == set(NOTEBOOKS)


def test_the_race_sets_its_threads_before_numpy_comes_in():
    """IPython's inline plots import NumPy."""
    first = sources("application", "code")[0]
    loop = first.index("os.environ[name]")
    assert loop < first.index("%matplotlib") and loop < first.index("import numpy")
    assert "ffnn.set_num_threads(1)" in first


def check_outputs(cells):
    """A picture where one is drawn, no warning, no error."""
    pictures = 0
    for cell in cells:
        outputs = cell["outputs"]
        assert not [o for o in outputs if o.get("name") == "stderr"], "shows a warning"
        assert not [o for o in outputs if o["output_type"] == "error"]
        images = [o for o in outputs if "image/png" in o.get("data", {})]
        assert len(images) == bool(PLOTS.search("".join(cell["source"]))), cell["source"]
        pictures += len(images)
    assert pictures > 0


@each_notebook
def test_it_is_stored_with_its_outputs(name):
    """As `make notebooks` leaves it: executed once from top to bottom, and small."""
    notebook = load(name)
    assert (notebook["nbformat"], notebook["metadata"]["kernelspec"]["name"]) == (4, "python3")
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    assert all(cell["metadata"] == {} for cell in notebook["cells"])
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    check_outputs(code)
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < LARGEST
    assert not re.search(r"/(home|tmp|root|Users)/", path.read_text(encoding="utf-8"))


@each_notebook
def test_its_code_speaks_of_public_names(name):
    spoken = set()
    for node in nodes(name):
        if isinstance(node, ast.ImportFrom):
            spoken |= {f"{node.module}.{alias.name}" for alias in node.names if alias.name != "*"}
        elif isinstance(node, ast.Import):
            spoken |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            spoken.add(ast.unparse(node))
    ours = [dotted for dotted in spoken if re.fullmatch(r"ffnn(\.\w+)*", dotted)]
    assert "ffnn" in ours
    for dotted in ours:
        check_public(dotted)


@each_notebook
def test_its_text_speaks_of_public_names(name):
    known = {*ffnn.__all__, *ffnn.datasets.__all__, "help"}
    for text in sources(name, "markdown"):
        for dotted in re.findall(r"\bffnn(?:\.[A-Za-z_]\w*)+", text):
            check_public(dotted)
        assert set(re.findall(r"`([A-Za-z_]\w*)\(", text)) <= known


def test_together_they_use_the_whole_assignment():
    used = {node.id for name in NOTEBOOKS for node in nodes(name) if isinstance(node, ast.Name)}
    assert set(ffnn.__all__) - used == {"load_data"}  # its files don't come with ffnn


@pytest.mark.process
@each_notebook
def test_it_runs_from_start_to_end(name, tmp_path, monkeypatch):
    pytest.importorskip("nbclient", reason="needs the extra: pip install '.[notebooks]'")
    nbformat = pytest.importorskip("nbformat")
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    execute = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(execute)

    # Without the startup files of whoever runs the tests.
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import sys; print(sys.executable)"))
    execute.execute(notebook, tmp_path)  # a cell that fails raises
    assert os.path.samefile(notebook.cells.pop().outputs[0].text.strip(), sys.executable)
    check_outputs(cell for cell in notebook.cells if cell.cell_type == "code")
