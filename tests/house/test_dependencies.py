"""Dependencies run one way: who includes whom, and who knows Python, processors and the system."""

import graphlib
import platform
import re
import shutil
import subprocess

import pytest

import ffnn
from tree import (
    BINDING,
    CORE,
    CSRC,
    HEADERS,
    ISAS,
    ROOMS,
    TEMPLATES,
    TREE,
    code_of,
    includes,
    relative,
)

pytestmark = [
    pytest.mark.skipif(
        not (TREE / "setup.py").exists(), reason="needs the source tree beside the tests"
    ),
    pytest.mark.once,
]
# A room knows itself, the vocabulary, and the rooms below it.
MAY_INCLUDE = {
    "csrc": set(),
    "system": {"../ffnn.h", "float_mode.h", "os.h", "system.h"},
    "product": {"../ffnn.h", "../system/system.h", "product.h", "parts.h"},
    "train": {
        "../ffnn.h",
        "../system/system.h",
        "../product/product.h",
        "train.h",
        "parts.h",
        "line_search.h",
        "gauss_newton.h",
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
    *(f"{name}.h" for name in "errors words lock poll state results methods parse".split()),
    *(f"{name}.h" for name in "arrays shapes labels source sparse".split()),
    *(f"{name}.h" for name in "parameters nets options one_run trainer".split()),
]
STANDARD = {
    f"<{name}.h>"
    for name in """
    assert ctype errno float inttypes limits math stdalign stdarg stdatomic stdbool stddef stdint
    stdio stdlib string cpuid xmmintrin
""".split()
}
# The operating system's own, for csrc/system/os*.
SYSTEM = {f"<{name}.h>" for name in "pthread sched signal sys/mman time unistd windows".split()}
PYTHON = {"Python.h", "structmember.h"}
INTRINSICS = {"<immintrin.h>", "<arm_neon.h>", "<arm_acle.h>"}


@pytest.mark.parametrize("path", [*CORE, *TEMPLATES, *ISAS, *BINDING, *HEADERS], ids=relative)
def test_who_includes_whom(path):
    for name in includes(path):
        plain = name.strip('<">')
        if path in BINDING:
            assert (
                name[0] == '"'
                and not plain.startswith(("../isa/", "../templates/"))
                or (name in STANDARD or plain in PYTHON or plain.startswith("numpy/"))
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
            known = STANDARD | SYSTEM if path.stem.startswith("os") else STANDARD
            assert name in known or plain.endswith(".def") or plain in MAY_INCLUDE[room], name


def uses_within(room):
    """{file: {files of the same room that define a function it names}}."""
    code = {path.name: code_of(path) for path in CORE if path.parent.name == room}
    defined = {
        name: file
        for file, text in code.items()
        for name in re.findall(r"^(?!static\b)\w[\w *]*?\b(ffnn_\w+)\([^;{]*\)\s*{", text, re.M)
    }
    names = {file: set(re.findall(r"\bffnn_\w+", text)) for file, text in code.items()}
    return {
        file: {defined[name] for name in names[file] & defined.keys()} - {file} for file in code
    }


@pytest.mark.parametrize("room", ROOMS)
def test_no_circles_within_a_room(room):
    uses = uses_within(room)
    assert sum(map(bool, uses.values())) > 1
    assert list(graphlib.TopologicalSorter(uses).static_order()), "a circle is an error"


def test_training_calls_down():
    """The order that CONTRIBUTING draws."""
    text = (TREE / "CONTRIBUTING.md").read_text()
    drawn = re.search(r"```\n(run\.c .*?)```", text, re.DOTALL)[1].splitlines()
    floor = {file: i for i, line in enumerate(drawn) for file in re.findall(r"\w+\.c\b", line)}
    uses = uses_within("train")
    assert floor.keys() == uses.keys()
    for file, others in uses.items():
        assert not [other for other in others if floor[other] <= floor[file]], file


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
    names = set(re.findall(r"\bffnn_\w+", code_of(path), re.IGNORECASE))
    names -= set(re.findall(r"^#define (FFNN_\w+)", code_of(path), re.MULTILINE))  # for a table
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
    """And does no arithmetic over examples: no product, no sum of products.

    But for ffnn/coursera/_literal.py, whose formulas are the courses' own, in NumPy: literal, and
    slow by design. And __main__.py races NumPy.
    """
    arithmetic = set()
    for path in (TREE / "ffnn").rglob("*.py"):
        text = path.read_text()
        assert not re.search(r"ctypes|cffi", text), path.name
        if re.search(r"np\.(dot|matmul|einsum|exp|log)\b", text):
            arithmetic.add(relative(path))
    assert arithmetic == {"ffnn/__main__.py", "ffnn/coursera/_literal.py"}


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
    wide, instructions = {"avx2": 0, "avx512": 0}, list(disassembly())
    if not any("avx2" in function for function, _ in instructions):
        pytest.skip("the build is stripped of its symbols")
    for function, instruction in instructions:
        of_isa = next((name for name in ("avx512", "avx2") if name in function), None)
        if of_isa and re.search("%zmm" if of_isa == "avx512" else "%ymm", instruction):
            wide[of_isa] += 1
        vector = re.match(r"(\{\w+\} )?v[a-z0-9]+\s.*%[xyz]mm", instruction)
        assert not vector or of_isa, f"{function}: {instruction}"
        if of_isa == "avx2":
            assert not re.search(r"%zmm|%k[0-7]|%[xyz]mm(1[6-9]|2\d|3[01])", instruction), function
    assert min(wide.values()) > 100
