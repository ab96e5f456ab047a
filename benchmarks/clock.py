"""stub"""


def race(options):
    return {}
