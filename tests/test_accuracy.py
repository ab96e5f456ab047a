"""exp, log and the activations against the true values, in units of the last place.

A sample for every day; tests/ulp.c goes through all floats. The truth comes from `decimal`, which
needs neither a wide long double nor a library.
"""

from decimal import Decimal, localcontext
from math import frexp

import numpy as np
import pytest

import ffnn

BOUND = {
    "exp": 1.0,
    "log": 1.0,
    "sigmoid": 1.5,
    "tanh": 2.0,
    "elu": 2.0,
    "gelu": 4.0,
    "silu": 2.0,
    "softplus": 2.0,
}
FUNCTIONS = sorted(BOUND)


def computed(name, x):
    """What the library makes of x."""
    if name in ("exp", "log"):
        return ffnn._ffnn.map(name, x)
    one, zero = np.ones((1, 1), x.dtype), np.zeros((1, 1), x.dtype)
    return ffnn.linear_activation_forward(x[None], one, zero, name)[0][0]


def sigmoid(x):
    e = (-abs(x)).exp()
    return (e if x < 0 else 1) / (1 + e)


def normal_tail(a):
    """1 - the normal distribution function at a >= 0, by its series or its continued fraction."""
    density = (-a * a / 2).exp() / (2 * PI).sqrt()
    if a > 9:
        fraction = a
        for k in range(400, 0, -1):
            fraction = a + k / fraction
        return density / fraction
    term = total = a
    k = 1
    while abs(term) > Decimal("1e-60"):
        k += 2
        term *= a * a / k
        total += term
    return Decimal("0.5") - total * density


def gelu(x):
    tail = normal_tail(abs(x))
    return x * (tail if x < 0 else 1 - tail)


def tanh(x):
    e = (-2 * abs(x)).exp()
    return ((1 - e) / (1 + e)).copy_sign(x)


PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
TRUTHS = {
    "exp": lambda x: x.exp(),
    "log": lambda x: x.ln(),
    "sigmoid": sigmoid,
    "tanh": tanh,
    "elu": lambda x: x.exp() - 1 if x < 0 else x,
    "gelu": gelu,
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: max(x, Decimal(0)) + (1 + (-abs(x)).exp()).ln(),
}


def truth(name, x):
    """The exact result for the float x, to 50 digits and more after all differences."""
    x = Decimal(x)
    with localcontext() as context:
        # What 1 +- exp(x) and exp(x) - 1 may lose.
        context.prec = 75 + max(0, -x.adjusted(), int(abs(x)) // 2 if name == "softplus" else 0)
        return TRUTHS[name](x)


def error(actual, expected, real):
    """The distance in ulps, an ulp being the spacing of `real` at the true value."""
    finfo = np.finfo(real)
    exponent = frexp(float(expected))[1] if float(expected) else finfo.minexp
    if abs(expected) < Decimal(2) ** (exponent - 1):  # float() rounded up to a power of two
        exponent -= 1
    ulp = Decimal(2) ** (max(exponent, finfo.minexp + 1) - finfo.nmant - 1)
    return abs(Decimal(float(actual)) - expected) / ulp


def sample(name, real, rng):
    """Arguments with finite results, dense where something about them or the results changes."""
    finfo = np.finfo(real)
    lowest = float(np.log(finfo.smallest_normal)) - finfo.nmant * np.log(2)  # below it, exp is 0
    highest = float(np.log(finfo.max))
    steps = rng.integers(lowest / 0.35, highest / 0.35, 200) * np.log(2) / 2
    if name == "log":
        x = np.concatenate([
            np.exp(rng.uniform(lowest, highest, 300)),
            1 + rng.uniform(-1, 1, 200) * 2.0 ** rng.integers(-finfo.nmant, 0, 200),
            (1 + rng.uniform(-1, 1, 100) * 1e-3) * 2.0 ** (rng.integers(-100, 100, 100) + 0.5),
            rng.uniform(0, 1, 100) * float(finfo.smallest_normal),
            [float(finfo.max), float(finfo.smallest_normal), float(finfo.smallest_subnormal)],
        ])  # fmt: skip
        x = x.astype(real)
        return x[(x > 0) & np.isfinite(x)]
    x = np.concatenate([
        rng.uniform(-5, 5, 300),
        rng.uniform(lowest, highest - 0.01, 200),
        rng.uniform(lowest - 2, lowest + finfo.nmant * np.log(2) + 2, 300),  # subnormal results
        steps * (1 + rng.uniform(-1, 1, 200) * 1e-6),
        rng.uniform(-1, 1, 200) * 2.0 ** rng.integers(-100, 0, 200),
        [0.0, -0.0, float(finfo.smallest_subnormal), -float(finfo.smallest_subnormal)],
    ])  # fmt: skip
    x = x[x < highest - 0.001]
    return np.concatenate([x] if name == "exp" else [x, -x, [-1e4, 1e4]]).astype(real)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_stay_within_the_bound(name, real, rng):
    x = sample(name, real, rng)
    result = computed(name, x)
    assert result.dtype == real and result.shape == x.shape
    with localcontext() as context:
        context.prec = 50
        expected = [truth(name, float(argument)) for argument in x]
        errors = [error(*pair, real) for pair in zip(result, expected, strict=True)]
        worst = int(np.argmax(errors))
        assert errors[worst] <= BOUND[name], f"{errors[worst]:.3f} ulp at {x[worst]!r}"
        # The yardstick is fine enough: some numbers away from 0, not one of them would pass.
        for _ in range(int(2 * BOUND[name]) + 1):
            result = np.nextafter(result, np.copysign(real(np.inf), result))
        assert all(error(*pair, real) > BOUND[name] for pair in zip(result, expected, strict=True))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_bits_do_not_depend_on_the_place(name, real, rng):
    x = sample(name, real, rng)
    whole = computed(name, x)
    for first in range(1, 18):
        assert (computed(name, x[first:]) == whole[first:]).all()
        assert (computed(name, x[:first]) == whole[:first]).all()


def test_sigmoid_at_its_ends(real):
    x = np.array([0.0, -0.0, np.inf, -np.inf, 1e4, -1e4, np.finfo(real).max, np.finfo(real).min])
    with np.errstate(all="raise"):
        result = ffnn.sigmoid(x.astype(real))[0]
    assert result.tolist() == [0.5, 0.5, 1, 0, 1, 0, 1, 0]
    assert not np.signbit(result).any()


def test_sigmoid_of_subnormal_size():
    """Far below the smallest normal number the results are still the nearest ones, not 0."""
    tiny = np.finfo(np.float64).smallest_subnormal
    result = ffnn.sigmoid(np.array([-745.0, -745.1332191, -746.0]))[0]
    assert result.tolist() == [tiny, tiny, 0]
    tiny = np.finfo(np.float32).smallest_subnormal
    result = ffnn.sigmoid(np.array([-103.0, -103.97, -104.5], np.float32))[0]
    assert result.tolist() == [tiny, tiny, 0]


def test_exp_at_its_ends(real):
    result = ffnn._ffnn.map("exp", np.array([0.0, -0.0, np.inf, -np.inf, 1e4, -1e4], real))
    assert result.tolist() == [1, 1, np.inf, 0, np.inf, 0]


def test_log_at_its_ends(real):
    result = ffnn._ffnn.map("log", np.array([1.0, 0.0, -0.0, np.inf], real))
    assert result.tolist() == [0, -np.inf, -np.inf, np.inf]
    negative = np.array([-1.0, -np.inf, -np.finfo(real).smallest_subnormal], real)
    assert np.isnan(ffnn._ffnn.map("log", negative)).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_propagates(name, real):
    x = np.full(37, 0.25, real)
    x[::5] = np.nan
    assert (np.isnan(computed(name, x)) == np.isnan(x)).all()
