"""The source tree as the tests of the house see it: its files, and C without its comments."""

import re
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
CSRC = TREE / "csrc"
ROOMS = ("product", "train", "system")
CORE = sorted(path for room in ROOMS for path in CSRC.glob(f"{room}/*.c"))
TEMPLATES = sorted(CSRC.glob("templates/*.h"))
ISAS = sorted(CSRC.glob("isa/*.c"))
HEADERS = sorted(
    [*CSRC.glob("*.h"), *(path for room in ROOMS for path in CSRC.glob(f"{room}/*.h"))]
)
BINDING = sorted(CSRC.glob("python/*.[ch]"))


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
