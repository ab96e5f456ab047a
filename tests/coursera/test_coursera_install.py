"""install() puts ffnn's modules before the user's own files, and uninstall() brings these back."""

import importlib
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import ffnn
from ffnn import coursera

pytestmark = pytest.mark.once

THEIRS = "np = 'theirs'\ndef sigmoid(Z):\n    return 'theirs'\n"


@pytest.fixture(autouse=True)
def tidy():
    """Leaves nothing installed, and imported names as they were."""
    before = {name: sys.modules.get(name) for name in coursera.HELPER_FILES}
    yield
    coursera.uninstall()
    for name, module in before.items():
        if module is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = module


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A folder with a file of the course's name, where the notebook runs."""
    (tmp_path / "dnn_app_utils_v3.py").write_text(THEIRS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    return tmp_path


@pytest.mark.parametrize("name", coursera.HELPER_FILES)
def test_every_helper_file_is_found(name):
    coursera.install()
    assert importlib.import_module(name) is getattr(coursera, name)
    coursera.uninstall()
    assert name not in sys.modules
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(name)


@pytest.mark.parametrize("name", coursera.NOTEBOOKS)
def test_notebooks_are_not_installed(name):
    coursera.install()
    assert name not in sys.modules


def test_ours_come_before_a_file_beside_the_notebook(notebook):
    coursera.install()
    namespace = {}
    exec("from dnn_app_utils_v3 import *", namespace)
    assert namespace["sigmoid"] is ffnn.sigmoid
    coursera.uninstall()
    exec("from dnn_app_utils_v3 import *", namespace)
    assert namespace["sigmoid"](0) == namespace["np"] == "theirs"


def test_what_was_imported_before_comes_back(notebook):
    theirs = importlib.import_module("dnn_app_utils_v3")
    coursera.install()
    assert importlib.import_module("dnn_app_utils_v3") is coursera.dnn_app_utils_v3
    coursera.install()
    coursera.uninstall()
    assert importlib.import_module("dnn_app_utils_v3") is theirs
    coursera.uninstall()
    assert sys.modules["dnn_app_utils_v3"] is theirs


def test_a_module_of_somebody_else_stays():
    coursera.install()
    other = sys.modules["planar_utils"] = types.ModuleType("planar_utils")
    coursera.uninstall()
    assert sys.modules["planar_utils"] is other
    assert "lr_utils" not in sys.modules


def test_a_module_reloads():
    coursera.install()
    module = importlib.import_module("planar_utils")
    assert importlib.reload(module) is module


@pytest.mark.process
def test_a_notebook_runs_as_it_is(notebook):
    """In a fresh interpreter, whose first path is the notebook's folder."""
    code = """
import ffnn
ffnn.coursera.install()
import dnn_app_utils_v3
from dnn_app_utils_v3 import *
assert dnn_app_utils_v3.__name__ == "ffnn.coursera.dnn_app_utils_v3"
parameters = initialize_parameters_deep([3, 4, 1])
AL, caches = L_model_forward(np.ones((3, 2)), parameters)
grads = L_model_backward(AL, np.array([[0, 1]]), caches)
parameters = update_parameters(parameters, grads, 0.1)
p = predict(np.ones((3, 2)), np.array([[1, 1]]), parameters)
print(*grads)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(ffnn.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == "Accuracy: 1.0 dA1 dW2 db2 dA0 dW1 db1".split()
