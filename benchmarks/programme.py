"""All that can be measured, by name: the races, and what has a way of its own."""

from dataclasses import dataclass

from benchmarks import clock, contest, imports, races, scaling


@dataclass(frozen=True)
class Item:
    """measure(name, options) prints its table and returns its figures."""

    title: str
    measure: object
    extra: bool = False  # takes minutes: only where it is asked for


def race(name, options):
    return contest.run_race(name, races.RACES[name], options)


def titled(title, measure):
    return lambda name, options: {"title": title, **measure(options)}


def other(title, measure, extra=False):
    return Item(title, titled(title, measure), extra)


ITEMS = {
    **{name: Item(one.title, race, one.extra) for name, one in races.RACES.items()},
    "imports": other("what importing takes, in fresh processes", imports.race),
    "clock": other("from a process's start to a net that reads digits", clock.race, extra=True),
    "scaling": other("how time and memory grow", scaling.race, extra=True),
}


def chosen(names):
    """The races of these names, beginnings or parts of names; all but the extra ones for none."""
    if not names:
        return [name for name, item in ITEMS.items() if not item.extra]
    found = []
    for name in names:
        matches = (
            [known for known in ITEMS if known == name]
            or [known for known in ITEMS if known.startswith(name)]
            or [known for known in ITEMS if name in known.split("-")]
        )
        if not matches:
            raise SystemExit(f"there is no race {name!r}; --list shows them")
        found += [match for match in matches if match not in found]
    return found
