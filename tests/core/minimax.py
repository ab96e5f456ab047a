"""Fit the polynomials of csrc/templates: `python tests/core/minimax.py` (minutes).

Remez exchange in 60 digits, or interpolation where the degree is high. In the former coefficients
are rounded one at a time, lowest power first, and the others are fitted again around each, so that
rounding costs next to nothing. Printed: coefficients and the largest relative error, which the
comments in csrc/templates repeat.
"""

from decimal import Decimal, getcontext, localcontext
from functools import cache
from math import cos, frexp, log2, pi

DIGITS = 60
LOG_2 = Decimal("0.693147180559945309417232121458176568075500134360255254120680009")
EDGE = Decimal("1.0001")  # beyond the ends, since an argument's reduction is rounded, too


def rounded(x, bits):
    """Return x with its significand rounded to nearest."""
    scale = Decimal(2) ** (bits - frexp(float(x))[1])
    return (x * scale).to_integral_value() / scale


def solve(rows):
    """Return the solution of a linear system, each row ending in its right-hand side."""
    for i in range(len(rows)):
        pivot = max(range(i, len(rows)), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [a / rows[i][i] for a in rows[i]]
        for k in range(len(rows)):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]


def extremes(errors, size):
    """Pick, from (x, error) in order, the `size` largest that alternate in sign."""
    peaks = []
    for x, e in errors:
        if peaks and (peaks[-1][1] > 0) == (e > 0):
            peaks[-1] = max(peaks[-1], (x, e), key=lambda peak: abs(peak[1]))
        else:
            peaks.append((x, e))
    while len(peaks) > size:
        sizes = [abs(e) for _, e in peaks]
        least = sizes.index(min(sizes))
        if least in (0, len(peaks) - 1):
            peaks.pop(least)
        elif len(peaks) == size + 1:
            peaks.pop(0 if sizes[0] < sizes[-1] else -1)
        else:  # its neighbours have one sign: the greater stands for both
            left = sizes[least - 1] >= sizes[least + 1]
            peaks[least - 1 : least + 2] = [peaks[least - 1 if left else least + 1]]
    return peaks


def remez(target, weight, powers, low, high):
    """Return the c for which weight * (target - sum of c x^p) is least at its largest."""
    size = len(powers) + 1
    middle, half = (low + high) / 2, (high - low) / 2
    points = [middle - half * Decimal(cos(pi * i / (size - 1))) for i in range(size)]
    # A weight of 0 at the middle, as exp's is, would say nothing there.
    points = sorted(x if abs(x - middle) > half / 100 else middle + half / 4 for x in points)
    grid = [low + (high - low) * (2 * i + 1) / 4002 for i in range(2001)] + [high]
    grid = [(x, weight(x), target(x)) for x in [low, *grid]]
    for _ in range(25):
        c = solve([
            [x**p for p in powers] + [(-1) ** i / weight(x), target(x)]
            for i, x in enumerate(points)
        ])[:-1]  # fmt: skip
        errors = [
            (x, w * (t - sum(a * x**p for a, p in zip(c, powers, strict=True)))) for x, w, t in grid
        ]
        peaks = extremes(errors, size)
        if len(peaks) < size:
            raise ArithmeticError(f"{len(peaks)} of {size} extremes")
        if max(abs(e) for _, e in errors) < min(abs(e) for _, e in peaks) * Decimal("1.001"):
            break
        points = [x for x, _ in peaks]
    return c  # the last ones are close, too, and what they are worth is measured at the end


def fit(name, target, weight, powers, low, high, bits, parts=1):
    """Round the coefficients of `powers` one by one, the first to `parts` numbers; print them."""
    done = []

    def left(x):
        return target(x) - sum(a * x**p for a, p in zip(done, powers, strict=False))

    for i in range(len(powers)):
        a = remez(left, weight, powers[i:], low, high)[0]
        done.append(rounded(a, bits if i else parts * bits))
    grid = [low + (high - low) * (2 * i + 1) / 10002 for i in range(5001)]
    worst = max(abs(weight(x) * left(x)) for x in grid)
    report(name, done, worst, bits)


def interpolate(name, target, top, low, high, bits):
    """Print the coefficients of the polynomial through Chebyshev's nodes, the first as two."""
    nodes = [(low + high + (high - low) * Decimal(cos(pi * (i + 0.5) / (top + 1)))) / 2
             for i in range(top + 1)]  # fmt: skip
    c = solve([[x**p for p in range(top + 1)] + [target(x)] for x in nodes])
    c = [rounded(a, bits if p else 2 * bits) for p, a in enumerate(c)]
    grid = [low + (high - low) * (2 * i + 1) / 4002 for i in range(2001)]
    worst = max(abs(sum(a * x**p for p, a in enumerate(c)) / target(x) - 1) for x in grid)
    report(name, c, worst, bits)


def report(name, c, worst, bits):
    """Print coefficients; what one has beyond its first number follows it."""
    print(f"{name}, {bits} bits: 2^{log2(worst):.1f}")
    for a in c:
        first = rounded(a, bits)
        print("   ", float(first).hex(), *([float(a - first).hex()] if a != first else []))


PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")


@cache
def mills(a):
    """(1 - the normal distribution function) / its density at a >= 0, times 1 / sqrt(2 pi)."""
    with localcontext() as context:
        context.prec = 2 * DIGITS
        if a < 9:
            # The odd part of the integral: a + a^3 / 3 + a^5 / (3 5) + ..., below sqrt(pi / 2).
            term = total = a
            k = 1
            while term > Decimal(10) ** (-DIGITS - 10):
                k += 2
                term *= a * a / k
                total += term
            return (a * a / 2).exp() / 2 - total / (2 * PI).sqrt()
        fraction = a
        for k in range(400, 0, -1):  # 1 / (a + 1 / (a + 2 / (a + 3 / ...)))
            fraction = a + k / fraction
        return 1 / fraction / (2 * PI).sqrt()


def main():
    getcontext().prec = DIGITS
    # exp(r) = 1 + r + sum of c r^p, |r| <= log(2) / 2.
    end = LOG_2 / 2 * EDGE
    for bits, top in ((24, 6), (53, 11)):
        powers = list(range(2, top + 1))
        fit("exp", lambda r: r.exp() - 1 - r, lambda r: (-r).exp(), powers, -end, end, bits)

    # log((1 + s) / (1 - s)) = 2 s + s * sum of c w^p, w = s^2, from sqrt(1/2) to sqrt(2).
    def excess(w):
        s = w.sqrt()
        return ((1 + s) / (1 - s)).ln() / s - 2

    s = (Decimal(2).sqrt() - 1) / (Decimal(2).sqrt() + 1) * EDGE
    for bits, top in ((24, 3), (53, 7)):
        powers = list(range(1, top + 1))
        fit("log", excess, lambda w: 1 / (2 + excess(w)), powers, Decimal("1e-12"), s * s, bits)

    # (1 + a) (the normal tail / exp(-a^2 / 2)) by powers of t = (a - 4) / (a + 4).
    @cache
    def tail(t):
        a = 4 * (1 + t) / (1 - t)
        return (1 + a) * mills(a)

    def inverse_tail(t):
        return 1 / tail(t)

    low, powers = Decimal(-1), list(range(11))
    fit("normal tail", tail, inverse_tail, powers, low, Decimal(11) / 19, 24, parts=2)  # a <= 15
    interpolate("normal tail", tail, 23, low, Decimal(36) / 44, 53)  # a <= 40

    for bits, kept in ((24, 15), (53, 41)):
        high = rounded(LOG_2, kept)
        print(f"log(2) in {bits} bits:", float(high).hex(), float(LOG_2 - high).hex())
    print("log2(e):", float(1 / LOG_2).hex())


if __name__ == "__main__":
    main()
