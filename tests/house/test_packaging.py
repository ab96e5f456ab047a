"""What is built and shipped: flags for each file, exported symbols, metadata, extras left alone."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
from importlib import metadata, resources
from pathlib import Path

import pytest

import ffnn

pytestmark = pytest.mark.once

TREE = Path(__file__).resolve().parents[2]
in_the_tree = pytest.mark.skipif(
    not (TREE / "setup.py").exists(), reason="needs the source tree beside the tests"
)

ROWS = """\
FFNN_ISA(wide,  X86_64, cpu->wide,  "-mwide -mfma")
FFNN_ISA(arm,   ARM64,  true,       "-marm")
FFNN_ISA(plain, ANY,    true,       "")
"""


@pytest.fixture(scope="module")
def build():
    """setup.py as a module: it builds only when it is run."""
    pytest.importorskip("setuptools", minversion="77")
    spec = importlib.util.spec_from_file_location("ffnn_setup", TREE / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@in_the_tree
@pytest.mark.parametrize(
    ("platform", "wide", "arm"),
    [
        ("linux-x86_64", ["-mwide", "-mfma"], []),
        ("linux-aarch64", [], ["-marm"]),
        ("linux-riscv64", [], []),
        (
            "macosx-11.0-universal2",
            ["-Xarch_x86_64", "-mwide", "-Xarch_x86_64", "-mfma"],
            ["-Xarch_arm64", "-marm"],
        ),
    ],
)
def test_flags_go_to_the_host_they_are_for(build, platform, wide, arm):
    assert build.isa_flags(ROWS, platform) == {"wide": wide, "arm": arm, "plain": []}


@in_the_tree
def test_every_instruction_set_has_its_row_and_its_file(build):
    rows = build.isa_flags((TREE / "csrc" / "isa.def").read_text(), "linux-x86_64")
    assert set(rows) == {path.stem for path in (TREE / "csrc" / "isa").glob("*.c")}
    assert "-mavx2" in rows["avx2"]
    assert rows["neon"] == rows["generic"] == []


@in_the_tree
def test_an_unreadable_table_is_an_error(build):
    with pytest.raises(build.PlatformError, match=r"isa\.def"):
        build.isa_flags("FFNN_ISA(wide)", "linux-x86_64")


@in_the_tree
def test_a_misspelt_sanitizer_is_an_error(build, monkeypatch):
    monkeypatch.setenv("FFNN_SANITIZE", "address,undefned")
    with pytest.raises(build.PlatformError, match="undefned"):
        build.chosen_sanitizers()


@in_the_tree
@pytest.mark.process
@pytest.mark.parametrize(
    ("compiler", "said"), [("no-such-compiler", "no C compiler"), ("false", "GCC 9, Clang 11")]
)
def test_a_missing_compiler_is_one_sentence(build, tmp_path, compiler, said):
    run = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "-t", tmp_path, "-b", tmp_path],
        cwd=TREE,
        env={"PATH": "/usr/bin:/bin", "CC": compiler},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    errors = [line for line in run.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert said in errors[0]
    assert "Traceback" not in run.stderr


def test_only_the_init_function_is_exported():
    if sys.platform != "linux" or shutil.which("nm") is None:
        pytest.skip("asks nm, as Linux has it")
    run = subprocess.run(
        ["nm", "-D", "--defined-only", ffnn._ffnn.__file__],
        capture_output=True,
        text=True,
        check=True,
    )
    symbols = {line.split()[-1] for line in run.stdout.splitlines()}
    # Sanitizers add symbols of their own.
    assert {name for name in symbols if not name.startswith("__")} == {"PyInit__ffnn"}


def test_the_package_holds_what_it_promises():
    files = resources.files("ffnn")
    for name in ("py.typed", "_ffnn.pyi", "data/digits.npz", "data/README", "coursera/_common.py"):
        assert (files / name).is_file(), name


def test_one_source_for_the_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", ffnn.__version__)
    assert metadata.version("ffnn") == ffnn.__version__


@in_the_tree
def test_the_version_has_its_changes_and_its_citation():
    changes = (TREE / "CHANGELOG.md").read_text(encoding="utf-8")
    # The newest of those that are out; a version under way stands above it as unreleased.
    newest = re.findall(r"(?m)^## (\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)$", changes)[0]
    assert newest[0] == ffnn.__version__
    cited = (TREE / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {newest[0]}\ndate-released: {newest[1]}\n" in cited


def test_numpy_is_the_only_dependency():
    needed = [line for line in metadata.requires("ffnn") if "extra ==" not in line]
    assert [re.split(r"[<>=!~ ]", line)[0] for line in needed] == ["numpy"]


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["-c"], ["-m", "ffnn"]], ids=["import", "-m"])
def test_it_is_found_beside_a_folder_of_its_name(tmp_path, arguments):
    """A clone seen from its parent, where a notebook lies beside it, is no empty namespace."""
    (tmp_path / "ffnn").symlink_to(TREE, target_is_directory=True)
    call = "--version" if "-m" in arguments else "import ffnn; print('ffnn', ffnn.__version__)"
    run = subprocess.run(
        [sys.executable, *arguments, call],
        cwd=tmp_path,
        # Neither a path that leads to the tree, nor one without the folder that is asked about.
        env={k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == f"ffnn {ffnn.__version__}\n"


# NumPy has brought most of them; all others wait for the call that needs them.
MAY_BRING = """
numpy.typing __future__ abc collections contextlib functools importlib inspect io math operator os
re sys threading types typing warnings
""".split()


@pytest.mark.process
def test_import_brings_nothing_but_numpy_and_a_few_modules():
    code = (
        f"import {', '.join(MAY_BRING)}; before = set(sys.modules); import ffnn; "
        "print(*(name for name in set(sys.modules) - before if name.split('.')[0] != 'ffnn'))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


@in_the_tree
@pytest.mark.process
def test_the_sdist_holds_every_file_but_four(tmp_path):
    """Whatever git knows, but for what only a clone has a use for; and nothing else."""
    if not (TREE / ".git").exists() or shutil.which("git") is None:
        pytest.skip("asks git which files there are")
    command = f"egg_info --egg-base {tmp_path} sdist --dist-dir {tmp_path} --formats gztar"
    subprocess.run(
        [sys.executable, "setup.py", "-q", *command.split()],
        cwd=TREE,
        capture_output=True,
        check=True,
    )
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        held = {name.partition("/")[2] for name in tar.getnames() if tar.getmember(name).isfile()}
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TREE,
        capture_output=True,
        text=True,
        check=True,
    )
    known = {name for name in listed.stdout.split("\0") if name and (TREE / name).is_file()}
    of_a_clone = {".ci/run", ".clang-format", ".gitignore", ".github/workflows/wheels.yml"}
    made = {name for name in held if name in ("PKG-INFO", "setup.cfg") or ".egg-info/" in name}
    assert held - made == known - of_a_clone
    assert of_a_clone <= known


@in_the_tree
def test_the_workflow_trusts_commits_and_gives_least_permissions():
    text = (TREE / ".github" / "workflows" / "wheels.yml").read_text(encoding="utf-8")
    assert re.search(r"(?m)^permissions: \{\}$", text)
    used = re.findall(r"uses: (\S+)", text)
    assert len(used) > 4
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used), used
    assert re.findall(r"([\w-]+): write", text) == ["id-token"] and "secrets." not in text
