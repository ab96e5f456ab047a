"""The tables of ffnn's docstrings as lists of parameters and of returned values.

A row `name  shape  meaning` whose name stands in the signature is a parameter, any other one is
returned. The docstrings themselves stay as help() shows them.
"""

import inspect
import re

RULE = re.compile(r"=+(  +=+){2}$")


def rows_of(lines, columns):
    """[name, shape, meaning] of each row; lines without a name go on with the row above."""
    first, second, third = columns
    rows = []
    for line in lines:
        cells = [line[first:second].strip(), line[second:third].strip(), line[third:].strip()]
        if cells[0]:
            rows.append(cells)
        elif any(cells) and rows:
            rows[-1] = [" ".join(filter(None, both)) for both in zip(rows[-1], cells)]
    return rows


def names_of(obj):
    try:
        return set(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        return set()


def fields_of(rows, names):
    """Field lists; shapes stand in the text, since Sphinx would look for a class by that name."""
    taken, returned = [], []
    for name, shape, meaning in rows:
        is_parameter = names & set(re.findall(r"\w+", name))
        kind = shape if shape.startswith("(") else f"({shape})" if shape else ""
        text = f"    * **{name}** {kind}".rstrip()
        (taken if is_parameter else returned).append(f"{text}: {meaning}")
    fields = [":Parameters:", *taken] if taken else []
    return fields + ([":Returns:", *returned] if returned else [])


def slug(title):
    return title.replace(" ", "-")


def escaped(line):
    """Docstrings are plain text: stars, bars and last underscores mean nothing, but in code."""
    if line.lstrip().startswith((">>>", "...")):
        return line
    parts = re.split(r"(``.*?``|`[^`]*`)", line)
    parts[::2] = [re.sub(r"([*|]|_(?!\w))", r"\\\1", part) for part in parts[::2]]
    return "".join(parts)


def process(app, what, name, obj, options, lines):
    if what not in ("function", "method", "class"):
        return
    lines[:] = map(escaped, lines)
    names, at = names_of(obj), 0
    while at < len(lines):
        if not RULE.match(lines[at]):
            at += 1
            continue
        end = next((i for i in range(at + 1, len(lines)) if RULE.match(lines[i])), None)
        if end is None:
            return
        columns = [match.start() for match in re.finditer(r"=+", lines[at])]
        fields = fields_of(rows_of(lines[at + 1 : end], columns), names)
        lines[at : end + 1] = fields
        at += len(fields)


def skip(app, what, name, obj, skipped, options):
    """What scikit-learn gives its classes by itself is described there."""
    theirs = re.fullmatch(r"set_\w+_request|[gs]et_params|get_metadata_routing", name)
    return True if theirs else None


def setup(app):
    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
