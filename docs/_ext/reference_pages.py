"""A page of the reference for each task in ffnn's own docstring, which lists all public names."""

import inspect
import operator
import re
from pathlib import Path

import ffnn

FOLDER = Path(__file__).resolve().parents[1] / "reference"


def tasks():
    """{task: names} by the table of help(ffnn); a name is `train` or `datasets.load_digits`."""
    table = re.search(r"(?ms)^=+ +=+\n(.*?)^=+ +=+$", ffnn.__doc__)[1]
    start = len(re.search(r"(?m)^=+ +(?==)", ffnn.__doc__)[0])
    found = {}
    for line in table.splitlines():
        task = line[:start].strip() or next(reversed(found))
        names = found.setdefault(task, [])
        seen = {name for names in found.values() for name in names}
        new = [name for name in re.findall(r"[\w.]+", line[start:]) if is_public(name)]
        names += [name for name in dict.fromkeys(new) if name not in seen]
    return found


def is_public(name):
    owner = ffnn
    for part in name.split("."):
        if part.startswith("_") or not hasattr(owner, part):
            return False
        owner = getattr(owner, part)
    return callable(owner)


def page_of(task, names):
    lines = [task.capitalize(), "=" * len(task), ""]
    for name in names:
        is_class = inspect.isclass(operator.attrgetter(name)(ffnn))
        lines += [name, "-" * len(name), ""]
        lines += [f".. auto{'class' if is_class else 'function'}:: ffnn.{name}"]
        lines += ["    :members:", ""] if is_class else [""]
    return "\n".join(lines)


def write(app):
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.rst"):
        old.unlink()
    pages = []
    for task, names in tasks().items():
        if names:
            page = re.sub(r"\W+", "_", task)
            pages.append(page)
            (FOLDER / f"{page}.rst").write_text(page_of(task, names), encoding="utf-8")
    index = ["Reference", "=========", ""]
    index += ["Every public name, by task; ``help(ffnn)`` lists them, too."]
    index += ["", ".. toctree::", "    :maxdepth: 2", "", *(f"    {page}" for page in pages), ""]
    (FOLDER / "index.rst").write_text("\n".join(index), encoding="utf-8")


def setup(app):
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
