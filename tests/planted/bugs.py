"""The planted bugs, as the .toml files beside this one have them.

    [pool-keeps-the-parents-chunks]            the name of a bug
    file = "csrc/system/pool.c"
    is = 'what stands there, once'             found by its text, so that moved lines do not matter
    put = 'what to put there'
    what = "the child does what is left of its parent's job"
    likely = ["tests/..."]                     before those of its file, in likely.toml
    equal = "why nobody can see it"            for one that changes nothing

A test is "core" with names of its checks, or arguments of pytest; variables may stand before them.
"""

import json
import textwrap
import tomllib
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).resolve().parent
TREE = FOLDER.parents[1]
CAUGHT = FOLDER / "caught.toml"


class Bug(NamedTuple):
    """One change of one file, and where it should be noticed."""

    name: str
    subject: str  # the .toml file
    file: str
    text: str
    planted: str
    what: str
    likely: tuple[str, ...]
    equal: str | None

    def planted_in(self, text: str) -> str:
        """Return a file's text with the bug; ValueError where that does not stand there once."""
        found = text.count(self.text)
        if found != 1:
            raise ValueError(f"{self.name}: its text stands {found} times in {self.file}")
        return text.replace(self.text, self.planted)


def read_caught() -> dict[str, str]:
    """Return the test that was seen to notice each bug, of those that were tried."""
    rows = tomllib.loads(CAUGHT.read_text())
    return {name: test for test, names in rows.items() for name in names}


def write_caught(caught: dict[str, str]) -> None:
    """Put that into the tree."""
    lines = [
        "# The bugs that a test was seen to notice: make planted PLANTED=record writes this.",
        "",
    ]
    for test in sorted(set(caught.values())):
        names = ", ".join(f'"{name}"' for name in sorted(caught) if caught[name] == test)
        row = textwrap.wrap(f"{names},", 96, break_on_hyphens=False)
        lines += [f"{json.dumps(test)} = [", *(f"    {line}" for line in row), "]"]
    CAUGHT.write_text("\n".join(lines) + "\n")


def read_bugs() -> dict[str, Bug]:
    """Return all bugs by their names, file by file."""
    bugs: dict[str, Bug] = {}
    tables = {path: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))}
    of_file = tables.pop(FOLDER / "likely.toml")
    tables.pop(FOLDER / "unreached.toml")
    tables.pop(CAUGHT)
    for path, content in tables.items():
        for name, row in content.items():
            if name in bugs:
                raise ValueError(f"{path.name}: there are two bugs {name}")
            likely = (*row.pop("likely", ()), *of_file.get(row["file"], ()))
            bugs[name] = Bug(
                name,
                path.stem,
                row.pop("file"),
                row.pop("is"),
                row.pop("put"),
                row.pop("what"),
                tuple(dict.fromkeys(likely)),
                row.pop("equal", None),
            )
            if row:
                raise ValueError(f"{path.name}: {name} has {', '.join(row)}")
    return bugs
