"""From the figures of a race: how many times ffnn is as fast as a rival."""


def best(race, title, threads):
    """A rival's quickest contender with that many threads or fewer; ffnn with exactly so many.

    A difference of two runs that noise made negative is no time at all.
    """
    fitting = [
        c
        for c in race["contenders"]
        if c["name"] == title
        and c["median"] > 0
        and (c["threads"] == threads if title == "ffnn" else c["threads"] <= threads)
    ]
    return min(fitting, key=lambda c: c["median"], default=None)


def settings(race):
    return sorted({c["threads"] for c in race.get("contenders", []) if c["name"] == "ffnn"})


def ratio(race, title, threads):
    """How many times ffnn is as fast, or None where that rival takes no part."""
    ours, theirs = best(race, "ffnn", threads), best(race, title, threads)
    return theirs["median"] / ours["median"] if ours and theirs else None


def ratio_text(value):
    if value is None:
        return "-"
    return f"{value:.2g}" if value < 1 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"
