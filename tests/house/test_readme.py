"""Each example of README.md by itself: its own process and folder, warnings being errors."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.once]

README = Path(__file__).resolve().parents[2] / "README.md"
if not README.exists():
    pytest.skip("needs the source tree beside the tests", allow_module_level=True)
TEXT = README.read_text(encoding="utf-8")
# (line, code) of each block that says it is Python.
EXAMPLES = [
    (TEXT.count("\n", 0, found.start(1)) + 1, found[1])
    for found in re.finditer(r"(?ms)^```python\n(.*?)^```$", TEXT)
]


EXTRAS = {"dask", "h5py", "matplotlib", "pandas", "safetensors", "scipy", "sklearn", "tqdm"}


def extras_of(code):
    """The modules that an example needs beside NumPy."""
    names = set(re.findall(r"\w+", code))
    plots = {"matplotlib"} if re.search(r"\bplot_|\bprint_mislabeled", code) else set()
    return EXTRAS & names | plots


def test_there_are_examples():
    assert len(EXAMPLES) == TEXT.count("```python") > 3


@pytest.mark.parametrize("line, code", EXAMPLES, ids=[f"line-{line}" for line, _ in EXAMPLES])
def test_an_example_runs_alone(line, code, tmp_path):
    for module in extras_of(code):
        pytest.importorskip(module)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
