"""exp, log, the activations and their slopes against the true values, in units of the last place.

A sample for every day; tests/core/ulp.c goes through all floats. The truth comes from `decimal`,
which needs neither a wide long double nor a library.
"""

from decimal import Decimal, localcontext
from functools import cache
from math import frexp

import numpy as np
import pytest

import ffnn

BOUND = {
    "exp": 1.0,
    "log": 1.0,
    "sigmoid": 1.5,
    "tanh": 2.0,
    "leaky_relu": 1.0,
    "elu": 2.0,
    "gelu": 4.0,
    "silu": 2.0,
    "softplus": 2.0,
    "sigmoid_slope": 2.5,
    "tanh_slope": 1.5,
    "elu_slope": 1.0,
    "gelu_slope": 4.0,
    "silu_slope": 3.5,
    "softplus_slope": 1.5,
}
FUNCTIONS = sorted(BOUND)


def computed(name, x):
    """What the library makes of x."""
    if name in ("exp", "log"):
        return ffnn._ffnn.map(name, x)
    one, zero = np.ones((1, 1), x.dtype), -np.zeros((1, 1), x.dtype)  # -0.0 + -0.0 keeps its sign
    if name.endswith("_slope"):
        cache = (x[None], one, zero), x[None]
        activation = name.removesuffix("_slope")
        return ffnn.linear_activation_backward(np.ones_like(x[None]), cache, activation)[0][0]
    return ffnn.linear_activation_forward(x[None], one, zero, name)[0][0]


def sigmoid(x):
    e = (-abs(x)).exp()
    return (e if x < 0 else 1) / (1 + e)


@cache
def normal_tail(a):
    """1 - the normal distribution function at a >= 0, by its series or its continued fraction."""
    if a > 9:
        fraction = a
        for k in range(400, 0, -1):
            fraction = a + k / fraction
        return density(a) / fraction
    term = total = a
    k = 1
    while abs(term) > Decimal("1e-60"):
        k += 2
        term *= a * a / k
        total += term
    return Decimal("0.5") - total * density(a)


def density(x):
    return (-x * x / 2).exp() / (2 * PI).sqrt()


def normal(x):
    tail = normal_tail(abs(x))
    return tail if x < 0 else 1 - tail


def sigmoid_slope(x):
    return sigmoid(x) * sigmoid(-x)


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
    "leaky_relu": lambda x: x / 100 if x < 0 else x,
    "gelu": lambda x: x * normal(x),
    "silu": lambda x: x * sigmoid(x),
    "softplus": lambda x: max(x, Decimal(0)) + (1 + (-abs(x)).exp()).ln(),
    "sigmoid_slope": sigmoid_slope,
    "tanh_slope": lambda x: 4 * sigmoid_slope(2 * x),
    "elu_slope": lambda x: min(x, Decimal(0)).exp(),
    "gelu_slope": lambda x: normal(x) + x * density(x),
    "silu_slope": lambda x: sigmoid(x) + x * sigmoid_slope(x),
    "softplus_slope": sigmoid,
}
# A slope that is a difference is measured in ulps of its greater term; a (1 - a) and 1 - a^2 are
# made from a, which has lost what the differences need.
TERMS = {
    "sigmoid_slope": sigmoid,
    "tanh_slope": lambda x: Decimal(1),
    "gelu_slope": lambda x: max(normal(x), abs(x) * density(x)),
    "silu_slope": lambda x: max(sigmoid(x), abs(x) * sigmoid_slope(x)),
}


def truth(name, x, truths=TRUTHS):
    """The exact result for the float x, to 50 digits and more after all differences."""
    x = Decimal(x)
    with localcontext() as context:
        # What 1 +- exp(x) and exp(x) - 1 may lose.
        context.prec = 75 + max(0, -x.adjusted(), int(abs(x)) // 2 if name == "softplus" else 0)
        return truths[name](x)


def ulp(size, real):
    """The spacing of `real` at the true size."""
    finfo = np.finfo(real)
    exponent = frexp(float(size))[1] if float(size) else finfo.minexp
    if abs(size) < Decimal(2) ** (exponent - 1):  # float() rounded up to a power of two
        exponent -= 1
    return Decimal(2) ** (max(exponent, finfo.minexp + 1) - finfo.nmant - 1)


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
        expected = [truth(name, float(z)) for z in x]
        sizes = [truth(name, float(z), TERMS) for z in x] if name in TERMS else expected
        ulps = [ulp(size, real) for size in sizes]

        def errors(result):
            return [abs(Decimal(float(a)) - e) / unit
                    for a, e, unit in zip(result, expected, ulps, strict=True)]  # fmt: skip

        worst = int(np.argmax(errors(result)))
        assert max(errors(result)) <= BOUND[name], f"{errors(result)[worst]:.3f} ulp at {x[worst]}"
        # The yardstick is fine enough: some ulps away from 0, not one of them would pass.
        steps = (int(2 * BOUND[name]) + 1) * np.array([float(unit) for unit in ulps])
        off = (result + np.copysign(steps, result)).astype(real)
        assert min(errors(off)) > BOUND[name]


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


# name: (g(-inf), g(inf), g'(-inf), g'(inf))
ENDS = {
    "relu": (0, np.inf, 0, 1),
    "sigmoid": (0, 1, 0, 0),
    "tanh": (-1, 1, 0, 0),
    "linear": (-np.inf, np.inf, 1, 1),
    "leaky_relu": (-np.inf, np.inf, 0.01, 1),
    "elu": (-1, np.inf, 0, 1),
    "gelu": (0, np.inf, 0, 1),
    "silu": (0, np.inf, 0, 1),
    "softplus": (0, np.inf, 0, 1),
    "exp": (0, np.inf, 0, np.inf),
}


@pytest.mark.parametrize("name", sorted(set(ffnn.activations()) - {"softmax"}))
def test_activations_at_their_ends(name, real):
    low, high, low_slope, high_slope = np.array(ENDS[name], real)
    most = np.finfo(real).max
    infinite, finite = np.array([-np.inf, np.inf], real), np.array([-most, most])
    assert computed(name, infinite).tolist() == [low, high]
    expected = [-most if np.isinf(low) else low, most if np.isinf(high) else high]
    if name == "leaky_relu":
        expected[0] = real(0.01) * -most
    if name == "exp":
        expected[1] = np.inf
    assert computed(name, finite).tolist() == expected
    for ends in (infinite, finite):
        assert computed(f"{name}_slope", ends).tolist() == [low_slope, high_slope]


@pytest.mark.parametrize("name", ["relu", "tanh", "linear", "leaky_relu", "elu", "gelu", "silu"])
def test_zero_keeps_its_sign(name, real):
    result = computed(name, np.array([0.0, -0.0], real))
    assert result.tolist() == [0, 0] and np.signbit(result).tolist() == [False, True]


def test_tanh_is_odd_and_tiny_numbers_stay(real, rng):
    x = sample("tanh", real, rng)
    assert (computed("tanh", -x) == -computed("tanh", x)).all()
    tiny = np.finfo(real).smallest_normal * rng.uniform(-2, 2, 100).astype(real)
    assert (computed("tanh", tiny) == tiny).all()
    assert (computed("elu", tiny) == tiny).all()


def test_slopes_at_a_kink(real):
    """At 0 that of below; a NaN lets da through."""
    x = np.array([0.0, -0.0, np.nan], real)
    assert computed("relu_slope", x).tolist() == [0, 0, 1]
    assert computed("leaky_relu_slope", x).tolist() == [real(0.01), real(0.01), 1]
    assert computed("elu_slope", x)[:2].tolist() == [1, 1]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_propagates(name, real):
    x = np.full(37, 0.25, real)
    x[::5] = np.nan
    assert (np.isnan(computed(name, x)) == np.isnan(x)).all()
