"""The house is as drawn: who includes whom, lengths, tables and their twins, stubs, docstrings."""

import ast
import inspect
import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import ffnn
import reference_activations
import reference_train

TREE = Path(__file__).resolve().parents[2]
CSRC = TREE / "csrc"
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
ROOMS = ("product", "train", "system")
CORE = sorted(path for room in ROOMS for path in CSRC.glob(f"{room}/*.c"))
TEMPLATES = sorted(CSRC.glob("templates/*.h"))
ISAS = sorted(CSRC.glob("isa/*.c"))
HEADERS = sorted(
    [*CSRC.glob("*.h"), *(path for room in ROOMS for path in CSRC.glob(f"{room}/*.h"))]
)
BINDING = sorted(CSRC.glob("python/*.[ch]"))
# A room knows itself, the vocabulary, and the rooms below it.
MAY_INCLUDE = {
    "csrc": set(),
    "system": {"../ffnn.h", "system.h"},
    "product": {"../ffnn.h", "../system/system.h", "product.h", "parts.h"},
    "train": {
        "../ffnn.h",
        "../system/system.h",
        "../product/product.h",
        "train.h",
        "parts.h",
    },
}
# The headers of the binding and of the core below it, from the ground up: a file includes those
# that stand before its own. The first two come with every other.
GROUND = ["../ffnn.h", "numpy_api.h"]
FLOORS = [
    *GROUND,
    "../system/system.h",
    "../product/product.h",
    "../train/train.h",
    *(f"{name}.h" for name in "errors lock state results methods parse".split()),
    *(f"{name}.h" for name in "arrays shapes labels parameters options trainer".split()),
]
STANDARD = {
    f"<{name}.h>"
    for name in """
    assert ctype errno float inttypes limits math stdalign stdarg stdatomic stdbool stddef stdint
    stdio stdlib string time unistd pthread sched signal sys/auxv sys/mman sys/sysctl cpuid
""".split()
}
INTRINSICS = {"<immintrin.h>", "<arm_neon.h>", "<arm_acle.h>"}


def relative(path):
    return path.relative_to(TREE).as_posix()


def code_of(path):
    """The C without its comments."""
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", path.read_text(), flags=re.DOTALL)


def includes(path):
    """What a file includes, as it is spelt."""
    return re.findall(r'^\s*#\s*include\s+([<"][^>"]+[>"])', code_of(path), re.MULTILINE)


def rows(table, macro):
    """The first column of a .def file."""
    return re.findall(rf"^{macro}\((\w+)", code_of(CSRC / table), re.MULTILINE)


# ---- dependencies run one way --------------------------------------------------------------------


@pytest.mark.parametrize("path", [*CORE, *TEMPLATES, *ISAS, *BINDING, *HEADERS], ids=relative)
def test_who_includes_whom(path):
    for name in includes(path):
        plain = name.strip('<">')
        if path in BINDING:
            assert (
                name[0] == '"'
                and not plain.startswith(("../isa/", "../templates/"))
                or (name in STANDARD or plain == "Python.h" or plain.startswith("numpy/"))
            ), name
            continue
        assert plain != "Python.h" and not plain.startswith("numpy/"), name
        if path in ISAS:
            ours = plain == "../ffnn.h" or plain.startswith("../templates/")
            assert ours or name in STANDARD | INTRINSICS, name
        elif path in TEMPLATES:
            ours = plain.endswith((".inl.h", ".def", "begin.h", "end.h", "ffnn.h"))
            assert (ours and "python" not in plain and "isa/" not in plain) or name in STANDARD, (
                name
            )
        else:
            room = path.parent.name if path.parent != CSRC else "csrc"
            assert name in STANDARD or plain.endswith(".def") or plain in MAY_INCLUDE[room], name


def header_of(path):
    """The header of the binding that a file of it fills or is; trainer.h is that of three files."""
    name = f"{path.stem.partition('_')[0] if path.stem.startswith('trainer') else path.stem}.h"
    return name if name in FLOORS else None


def included(path):
    return {name.strip('"') for name in includes(path) if name.endswith('.h"')}


def owners():
    """{name: header} of all that begins with ffnn: the lowest floor where it stands."""
    found = {}
    for header in FLOORS:
        for name in re.findall(r"\bffnn_\w+", code_of(CSRC / "python" / header), re.IGNORECASE):
            found.setdefault(name, header)
    return found


@pytest.mark.parametrize("path", BINDING, ids=relative)
def test_the_binding_has_floors(path):
    """No file includes one that stands as high as it does, so there are no circles."""
    own = header_of(path)
    below = FLOORS[: FLOORS.index(own)] if own else [h for h in FLOORS if h != "trainer.h"]
    allowed = {*below, own, f"{path.stem}_docs.h"} - ({own} if path.suffix == ".h" else set())
    assert included(path) <= allowed


@pytest.mark.parametrize("path", BINDING, ids=relative)
def test_a_file_of_the_binding_includes_what_it_uses(path):
    """And nothing else, but for what its own header includes already."""
    owner, own = owners(), header_of(path)
    names = re.findall(r"\bffnn_\w+", code_of(path), re.IGNORECASE)
    used = {owner[name] for name in names if name in owner} - {own}
    given = {*GROUND, own}
    if own and path.suffix == ".c":
        given |= included(CSRC / "python" / own)
    docs = {name for name in included(path) if name.endswith("_docs.h")}
    assert included(path) - docs - {*GROUND, own} == used - given


def test_only_the_binding_knows_python():
    assert len(BINDING) > 3 and len(ISAS) == 4 and len(CORE) > 3 and len(TEMPLATES) > 3
    for path in (*CORE, *TEMPLATES, *ISAS, *HEADERS):
        assert not re.search(r"\bPy[A-Z_]\w+|\bnpy_", code_of(path)), relative(path)


def test_the_package_reaches_the_core_through_the_binding_alone():
    """And does no arithmetic over examples: no product, no sum of products."""
    for path in (TREE / "ffnn").rglob("*.py"):
        if path.name == "__main__.py":
            continue  # races NumPy
        text = path.read_text()
        assert not re.search(r"ctypes|cffi|np\.(dot|matmul|einsum|exp|log)\b", text), path.name


@pytest.mark.parametrize("path", CORE, ids=relative)
def test_the_core_asks_no_processor(path):
    code = code_of(path)
    assert not re.search(r"_mm\d*_|__m\d{3}|immintrin|arm_neon|target\(", code)
    if path.name != "dispatch.c":
        assert not re.search(r"cpuid|xgetbv", code, re.IGNORECASE)
        assert not re.search(r"^static\s+(?!const\b|inline\b|_Atomic\b)[\w\s\*]+(=|;)", code,
                             re.MULTILINE) or path.name in ("memory.c", "pool.c")  # fmt: skip


def disassembly():
    """(function, instruction) of the running build."""
    if (
        platform.machine() != "x86_64"
        or platform.system() != "Linux"
        or not shutil.which("objdump")
    ):
        pytest.skip("disassembles x86-64 with objdump")
    run = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", ffnn._ffnn.__file__],
        capture_output=True,
        text=True,
        check=True,
    )
    function = ""
    for line in run.stdout.splitlines():
        if match := re.fullmatch(r"[0-9a-f]+ <(.+)>:", line):
            function = match[1]
        elif "\t" in line:
            yield function, line.split("\t", 1)[1].strip()


def test_no_instruction_beyond_what_was_asked_for():
    """VEX and EVEX stand only in functions that are named after their instruction set."""
    functions, wide = set(), {"avx2": 0, "avx512": 0}
    for function, instruction in disassembly():
        functions.add(function)
        of_isa = next((name for name in ("avx512", "avx2") if name in function), None)
        if of_isa and re.search("%zmm" if of_isa == "avx512" else "%ymm", instruction):
            wide[of_isa] += 1
        vector = re.match(r"(\{\w+\} )?v[a-z0-9]+\s.*%[xyz]mm", instruction)
        assert not vector or of_isa, f"{function}: {instruction}"
        if of_isa == "avx2":
            assert not re.search(r"%zmm|%k[0-7]|%[xyz]mm(1[6-9]|2\d|3[01])", instruction), function
    if not any("avx2" in name for name in functions):
        pytest.skip("the build is stripped of its symbols")
    assert min(wide.values()) > 100


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
    assert not re.search(r"\bassert\s*\(|#\s*pragma\s+omp|-ffast-math|_mm_setcsr", code)


# ---- tables and their twins ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "macro", "names", "twins"),
    [
        ("activations", "FFNN_ACTIVATION", ffnn.activations(), reference_activations.ACTIVATIONS),
        ("costs", "FFNN_COST", ffnn.costs(), reference_activations.COSTS),
        ("optimizers", "FFNN_OPTIMIZER", ffnn.optimizers(), reference_train.OPTIMIZERS),
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


def stub():
    """{name: arguments} of the stub's functions; a class's methods as Class.method."""
    found = {}
    for node in ast.parse((TREE / "ffnn" / "_ffnn.pyi").read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node.args
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found[node.name] = None
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    found[f"{node.name}.{method.name}"] = method.args
    return found


def names_of(args):
    return [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]


def test_the_stub_names_what_the_module_has():
    expected = {name for name in dir(ffnn._ffnn) if not name.startswith("_")}
    trainer = {f"Trainer.{name}" for name in vars(ffnn._ffnn.Trainer) if name[0] != "_"}
    trainer.remove("Trainer.learning_rate")  # an attribute
    assert set(stub()) == expected | trainer | {"Trainer.__new__"}


@pytest.mark.parametrize("name", [name for name, args in stub().items() if args])
def test_the_stub_has_the_modules_arguments(name):
    owner, _, method = name.rpartition(".")
    function = getattr(ffnn._ffnn, owner) if owner else getattr(ffnn._ffnn, name)
    if owner and method != "__new__":
        function = getattr(function, method)
    expected = names_of(stub()[name])
    if owner:
        expected = expected[1:]
    ours = [p for p in inspect.signature(function).parameters if p != "self"]
    assert ours == expected


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
