"""The house is as drawn: lengths, words, tables and their twins, stubs, docstrings, the drawing."""

import ast
import inspect
import re

import pytest

import ffnn
import reference_activations
import reference_train
import reference_whole
from tree import CORE, CSRC, TEMPLATES, TREE, code_of, relative, rows

pytestmark = [
    pytest.mark.skipif(
        not (TREE / "setup.py").exists(), reason="needs the source tree beside the tests"
    ),
    pytest.mark.once,
]
SOURCES = sorted(
    path
    for path in TREE.rglob("*")
    if path.suffix in {".py", ".pyi", ".c", ".h", ".def", ".mk", ".toml"}
    and path.relative_to(TREE).parts[0] in {"ffnn", "csrc", "tests", "benchmarks", "setup.py"}
    or path.relative_to(TREE).as_posix() in {".ci/run", "Makefile", "pyproject.toml"}
)


# ---- lengths and words ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_no_file_is_long(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 400
    # A row of a table is one line, however long; so is a macro that makes something of each row.
    of_tables = path in TEMPLATES and "clang-format off" in path.read_text()
    long = [
        i
        for i, line in enumerate(lines, 1)
        if len(line) > 100 and not (of_tables and line.startswith("#define "))
    ]
    assert path.suffix == ".def" or not long, f"wider than 100 columns: lines {long}"


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.suffix in (".c", ".h", ".def")], ids=relative
)
def test_c_files_say_what_they_are(path):
    """A header that begins with the file's own name."""
    assert re.match(rf"/\* ([\w/]+/)?{re.escape(path.name)} - ", path.read_text())


@pytest.mark.parametrize("path", [p for p in SOURCES if CSRC in p.parents], ids=relative)
def test_house_rules_of_c(path):
    code = code_of(path)
    assert not re.search(r"\\\n[^\n]*\\\n", code), "a macro body of several lines"
    assert not re.search(r"typedef[^;]*\b\w+_t;", code), "a _t type"
    assert not re.search(r"\bassert\s*\(|#\s*pragma\s+omp|-ffast-math", code)
    # A mode that a thread gives back: never for the whole process.
    assert "_mm_setcsr" not in code or path.name == "float_mode.h"


# ---- tables and their twins ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "macro", "names", "twins"),
    [
        ("activations", "FFNN_ACTIVATION", ffnn.activations(), reference_activations.ACTIVATIONS),
        ("costs", "FFNN_COST", ffnn.costs(), reference_activations.COSTS),
        (
            "optimizers",
            "FFNN_OPTIMIZER",
            ffnn.optimizers(),
            {**reference_train.OPTIMIZERS, **reference_whole.METHODS},
        ),
    ],
)
def test_every_row_has_its_twin(table, macro, names, twins):
    assert names and tuple(rows(f"{table}.def", macro)) == names == tuple(twins)


def test_every_instruction_set_is_known_to_the_build():
    names = rows("isa.def", "FFNN_ISA")
    config = ffnn._ffnn.config()
    assert set(config["built"]) <= set(names) and config["isa"] in config["available"]
    assert [name for name in names if name in config["available"]] == config["available"]


# ---- the stub ------------------------------------------------------------------------------------


# Of a Trainer.
ATTRIBUTES = (
    *("learning_rate", "is_watched", "epochs_done", "l2_cost"),
    *("is_whole", "whole_cost", "evaluations", "evidence", "ending"),
)


def stub():
    """{name: arguments} of the stub's functions; a class's methods as Class.method."""
    found = {}
    for node in ast.parse((TREE / "ffnn" / "_ffnn.pyi").read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node.args
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found[node.name] = None
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name not in ATTRIBUTES:
                    found[f"{node.name}.{method.name}"] = method.args
    return found


REQUIRED = inspect.Parameter.empty


def arguments_of(args):
    """{name: default} of a stub's function."""
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + args.defaults + args.kw_defaults
    return {
        arg.arg: REQUIRED if default is None else ast.literal_eval(default)
        for arg, default in zip([*plain, *args.kwonlyargs], defaults, strict=True)
    }


def test_the_stub_names_what_the_module_has():
    expected = {name for name in dir(ffnn._ffnn) if not name.startswith("_")}
    trainer = {f"Trainer.{name}" for name in vars(ffnn._ffnn.Trainer) if name[0] != "_"}
    trainer -= {f"Trainer.{name}" for name in ATTRIBUTES}
    assert set(stub()) == expected | trainer | {"Trainer.__new__"}


@pytest.mark.parametrize("name", [name for name, args in stub().items() if args])
def test_the_stub_has_the_modules_arguments(name):
    owner, _, method = name.rpartition(".")
    function = getattr(ffnn._ffnn, owner) if owner else getattr(ffnn._ffnn, name)
    if owner and method != "__new__":
        function = getattr(function, method)
    expected = arguments_of(stub()[name])
    if owner:
        expected.pop("cls" if method == "__new__" else "self")
    ours = {
        argument.name: argument.default
        for argument in inspect.signature(function).parameters.values()
        if argument.name != "self"
    }
    if stub()[name].kwarg is not None:  # what an optimiser reads
        numbers = [
            *rows("options.def", "FFNN_OPTIMIZER_NUMBER"),
            *rows("options.def", "FFNN_WHOLE_NUMBER"),
        ]
        assert numbers and {ours.pop(number) for number in numbers} == {None}
    assert ours == expected and list(ours) == list(expected)


# ---- docstrings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({*ffnn.__all__, *stub()} - {"Trainer.__new__"}))
def test_a_docstring_says_it_all(name):
    """An imperative line; in C with a signature that help() and Shift-Tab show."""
    owner, _, method = name.rpartition(".")
    thing = getattr(ffnn if name in ffnn.__all__ else ffnn._ffnn, owner or name)
    if owner:
        thing = getattr(thing, method)
    doc = inspect.getdoc(thing)
    assert doc and re.match(r"[A-Z][a-z]+\b.*\.$", doc.splitlines()[0]), doc
    if not inspect.isfunction(thing):
        assert thing.__text_signature__, f"{name} shows no arguments"
        assert not doc.startswith(name)


@pytest.mark.parametrize("name", ffnn.__all__)
def test_a_docstring_tells_every_argument(name):
    text = getattr(ffnn, name).__doc__
    if match := re.search(r"as in (\w+)\.", text):
        text += getattr(ffnn, match[1]).__doc__
    for argument in inspect.signature(getattr(ffnn, name)).parameters:
        assert re.search(rf"\b{argument}\b", text), argument


def test_what_completion_and_help_show():
    """Each name that ffnn/__init__.py imports, in dir() and in the docstring, and no other."""
    tree = ast.parse((TREE / "ffnn" / "__init__.py").read_text())
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    imported |= {"MLPClassifier", "MLPRegressor", "from_sklearn"}  # by __getattr__
    names = dir(ffnn)
    assert names == sorted(names) and set(names) == imported | {"__version__"}
    assert {name for name in names if inspect.ismodule(getattr(ffnn, name))} == {
        "coursera",
        "datasets",
    }
    (table,) = re.findall(r"^===+  ===+\n(.*)^===", inspect.getdoc(ffnn), re.DOTALL | re.MULTILINE)
    cells = " ".join(line[15:] for line in table.splitlines())
    assert imported <= set(re.findall(r"\w+", cells))
    assert set(re.findall(r"\w+_\w+", cells)) <= imported | {"load_digits"}


# ---- the drawing ---------------------------------------------------------------------------------


def test_contributing_names_every_room():
    text = (TREE / "CONTRIBUTING.md").read_text()
    folders = {"ffnn", "csrc", "tests", "benchmarks", "notebooks", ".ci"}
    inside = {path.name for path in CSRC.iterdir() if path.is_dir()}
    for name in sorted(folders | inside):
        assert re.search(rf"(?<![\w/]){re.escape(name)}/", text), f"{name}/ is not drawn"
    for path in (*CORE, *CSRC.glob("*.def")):
        assert path.name in text, f"{path.name} is not drawn"


def rows_of_tests():
    """(sources, tests) of each row of CONTRIBUTING's table, both as patterns of paths."""
    text = (TREE / "CONTRIBUTING.md").read_text()
    lines = re.search(r"\| source \| test \|\n.*\n((?:\|.*\n)+)", text)[1].splitlines()
    return [[re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3]] for line in lines]


def test_contributing_says_where_every_source_is_tested():
    rows = rows_of_tests()
    patterns = {name for sources, _ in rows for name in sources}
    assert {"ffnn/", "csrc/"}.isdisjoint(patterns), "a row for everything says nothing"
    matched = {name: set(TREE.glob(name.rstrip("/"))) for name in patterns}
    assert all(matched.values()), [name for name, paths in matched.items() if not paths]
    named = set().union(*matched.values())
    for folder in ("csrc", "ffnn", "benchmarks", "notebooks"):
        for path in (TREE / folder).rglob("*"):
            if path.suffix in {".py", ".pyi", ".c", ".h", ".def", ".ipynb"}:
                assert {path, *path.parents} & named, f"{relative(path)} is in no row"


def test_contributing_names_tests_that_exist_and_forgets_none():
    named = {TREE / name for _, tests in rows_of_tests() for name in tests}
    assert all(path.exists() for path in named), sorted(p for p in named if not p.exists())
    for path in (TREE / "tests").rglob("test_*.py"):
        assert {path, *path.parents} & named, f"{relative(path)} is in no row"
