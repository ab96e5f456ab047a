"""The documentation's pages: every public name in the reference, every section of README in a page.

Building the site is a step of its own (make docs), in which a warning is an error.
"""

import re
import sys

import pytest

import ffnn
from tree import TREE

DOCS = TREE / "docs"
pytestmark = [
    pytest.mark.skipif(not DOCS.exists(), reason="needs the source tree beside the tests"),
    pytest.mark.once,
]


@pytest.fixture
def reference_pages(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    yield __import__("reference_pages")
    sys.modules.pop("reference_pages", None)


def test_the_reference_has_every_public_name(reference_pages):
    pytest.importorskip("sklearn")
    names = [name for names in reference_pages.tasks().values() for name in names]
    assert len(names) == len(set(names)), "a name on two pages"
    public = {name for name in dir(ffnn) if callable(getattr(ffnn, name))}
    assert public <= set(names), "a public name that help(ffnn) does not list"


def test_every_section_of_the_readme_is_in_a_page():
    sections = re.findall(r"(?m)^## (.*)$", (TREE / "README.md").read_text())
    pages = [path.read_text() for path in DOCS.rglob("*.md") if "_build" not in path.parts]
    starts = re.findall(r':start-after: "## (.*)"', "\n".join(pages))
    # How fast stands there with all tables, of which README has some rows.
    assert sorted({*starts, "How fast"}) == sorted(sections)


def test_a_table_of_a_docstring_becomes_parameters_and_returned_values(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    from docstring_fields import process

    def double(x):
        pass

    lines = [
        "Double it.",
        "",
        "======  ======  ==========",
        "x       (m,)    what to",
        "                double",
        "y       float   the result",
        "======  ======  ==========",
    ]
    process(None, "function", "double", double, None, lines)
    assert lines[2:] == [
        ":Parameters:",
        "    * **x** (m,): what to double",
        ":Returns:",
        "    * **y** (float): the result",
    ]
