"""Run the tests of the estimators with other versions of scikit-learn, each in an environment.

    python tests/estimators/versions.py [version ...]

The newest of each minor version from the oldest supported on, by default. The ffnn that runs this
is the one that is tested; whatever follows -- goes to pytest. Tests that a version cannot pass say
so themselves (test_sklearn_suite.py, EXCLUDED).
"""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import numpy

import ffnn

VERSIONS = ["1.5.2", "1.6.1", "1.7.2", "1.8.0"]
ROOT = Path(__file__).resolve().parents[2]


def run(version, folder, arguments):
    """The exit code of the tests."""
    venv.create(folder, with_pip=True)
    python = [str(folder / "bin" / "python"), "-m"]
    packages = [f"scikit-learn=={version}", f"numpy=={numpy.__version__}", "pytest", "hypothesis"]
    subprocess.run([*python, "pip", "install", "--quiet", *packages], check=True)
    print(f"== scikit-learn {version}", flush=True)
    paths = str(Path(ffnn.__file__).resolve().parents[1])
    command = [*python, "pytest", "-m", "not slow", "tests/estimators", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": paths}).returncode


def main(arguments):
    at = arguments.index("--") if "--" in arguments else len(arguments)
    versions, rest = arguments[:at] or VERSIONS, arguments[at + 1 :]
    failed = []
    for version in versions:
        with tempfile.TemporaryDirectory() as folder:
            if run(version, Path(folder), rest):
                failed.append(version)
    if failed:
        print("failed with", ", ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
