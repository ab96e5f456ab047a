"""predict_interval: variances against central differences, calibration, errors, memory."""

import re
from statistics import NormalDist

import numpy as np
import pytest
from test_bayesian import NET, bayesian, noisy_sine
from test_second_order import data

import ffnn
from calls import output_of
from reference_whole import jacobian
from support import HIDDEN, PEAK, draw, has_peak

OUTPUT = ["linear", "tanh", "sigmoid", "softmax", "exp"]


def factor_of(rng, count):
    """Of a matrix whose inverse is neither small nor large."""
    return np.tril(rng.standard_normal((count, count))) / count + np.eye(count)


def variances_twin(X, parameters, L, **net):
    """|L^-1 g|^2, g by central differences."""

    def outputs(vector):
        return ffnn.predict_proba(X, ffnn.vector_to_parameters(vector, parameters), **net).ravel()

    J = jacobian(outputs, ffnn.parameters_to_vector(parameters))
    return np.sum(np.linalg.solve(L, J.T) ** 2, axis=0).reshape(-1, X.shape[1])


@pytest.mark.parametrize("output", OUTPUT)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("dims", [[3, 2], [3, 5, 2], [3, 5, 14, 3]])
def test_variances_are_those_of_central_differences(rng, dims, hidden, output):
    X, _, parameters = draw(rng, dims, 6, "linear")
    for l in range(1, len(dims)):  # noqa: E741 - a unit at relu's kink has no derivative
        parameters[f"b{l}"] = rng.uniform(0.2, 0.5, (dims[l], 1))
    net = {"hidden_activation": hidden, "output_activation": output}
    L = factor_of(rng, sum(n * (p + 1) for p, n in zip(dims, dims[1:], strict=False)))
    ours = ffnn._ffnn.output_variances("test", X, parameters, L, **net)
    due = variances_twin(X, parameters, L, **net)
    np.testing.assert_allclose(ours, due, rtol=1e-5, atol=1e-8 * due.max())


def test_an_interval_is_quantiles_around_the_output(rng):
    """Of several outputs, too, with the one variance of their noise."""
    X, Y = data(rng, "linear", 60)
    parameters, history = bayesian(X, Y, [3, 6, 2], 30, seed=1)
    posterior = history["posterior"]
    X = 3 * rng.standard_normal((3, 11))
    middle = ffnn.predict_proba(X, parameters)
    factor = posterior["factor"]
    due = variances_twin(X, parameters, factor, **NET) * posterior["noise_variance"]
    for of, noise in (("mean", 0), ("observation", posterior["noise_variance"])):
        for coverage in 0.5, 0.9, 0.99:
            lower, upper = ffnn.predict_interval(X, parameters, posterior, coverage=coverage, of=of)
            assert lower.shape == upper.shape == (2, 11)
            half = NormalDist().inv_cdf(0.5 + coverage / 2) * np.sqrt(due + noise)
            np.testing.assert_allclose(upper - middle, half, rtol=1e-5)
            np.testing.assert_allclose(middle - lower, half, rtol=1e-5)
    ninety = ffnn.predict_interval(X, parameters, posterior)
    same = ffnn.predict_interval(X, dict(parameters), posterior, coverage=0.9, of="observation",
                                 **NET)  # fmt: skip
    assert (np.array(ninety) == np.array(same)).all()


@pytest.mark.parametrize("m", [1, 5, 40, 700])
def test_an_example_has_its_interval_whatever_stands_beside_it(rng, real, m):
    """To the bit, in any layout and by any number of threads; in the type of the prediction."""
    X, Y = (x.astype(real) for x in data(rng, "linear", 60))
    parameters, history = bayesian(X, Y, [3, 30, 2], 5, seed=1)
    X = rng.standard_normal((3, m)).astype(real)
    threads, results = ffnn.get_num_threads(), []
    try:
        for count in 1, 2, 3, 5, 8:
            ffnn.set_num_threads(count)
            given = np.asarray(X, order="F" if count > 1 else "C")
            results.append(ffnn.predict_interval(given, parameters, history["posterior"]))
    finally:
        ffnn.set_num_threads(threads)
    assert all(x.dtype == real and x.shape == (2, m) for x in results[0])
    assert all((np.array(other) == np.array(results[0])).all() for other in results[1:])
    for first in 0, m // 2, m - 1:
        one = ffnn.predict_interval(X[:, first : first + 1], parameters, history["posterior"])
        assert (np.array(one) == np.array(results[0])[:, :, first : first + 1]).all()
    none = ffnn.predict_interval(X[:, :0], parameters, history["posterior"])
    assert [x.shape for x in none] == [(2, 0), (2, 0)]


BAD = [
    (ValueError, "coverage must be above 0 and below 1, not 1", {"coverage": 1}),
    (ValueError, "coverage must be above 0 and below 1, not 0.0", {"coverage": 0.0}),
    (TypeError, "coverage must be", {"coverage": "0.9"}),
    (ValueError, "of must be one of 'observation', 'mean', not 'means'; did you mean 'mean'?",
     {"of": "means"}),
    (TypeError, "unexpected keyword argument 'covrage'. Did you mean 'coverage'?",
     {"covrage": 0.5}),
    (TypeError, "posterior must be a dict, not NoneType: train gives one with bayesian=True",
     {"posterior": None}),
    (TypeError, "posterior must be a dict, not ndarray", {"posterior": np.eye(26)}),
    (KeyError, "posterior has no 'factor'", {"posterior": {"noise_variance": 1.0}}),
    (KeyError, "posterior has no 'noise_variance'", {"posterior": {"factor": np.eye(26)}}),
    (ValueError, "posterior['noise_variance'] must be at least 0, not -1",
     {"posterior": {"factor": np.eye(26), "noise_variance": -1}}),
    (ValueError, "posterior['factor'] has shape (25, 26), expected (26, 26)",
     {"posterior": {"factor": np.eye(25, 26), "noise_variance": 1}}),
    (TypeError, "posterior['factor'] has dtype complex128",
     {"posterior": {"factor": np.eye(26, dtype=complex), "noise_variance": 1}}),
    (ValueError, "X has shape (7, 3) where W1 wants 3 rows: examples are columns, pass X.T",
     {"X": np.ones((7, 3))}),
    (ValueError, "X holds nan at row 1, column 2", {"X": np.array([[1, 1, 1], [1, 1, np.nan],
                                                                   [1, 1, 1]])}),
    (ValueError, "output_activation is 'tanh' where the parameters know 'linear'",
     {"output_activation": "tanh"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message", "change"), BAD)
def test_bad_calls(rng, kind, message, change):
    X, Y = data(rng, "linear")
    parameters, history = bayesian(X, Y, [3, 4, 2], 2, seed=1)
    given = {"X": X, "parameters": parameters, "posterior": history["posterior"], **change}
    with pytest.raises(kind, match=re.escape(message)) as caught:
        ffnn.predict_interval(**given)
    assert "predict_interval" in str(caught.value)


def test_inputs_are_left_as_they_were(rng):
    X, Y = data(rng, "linear")
    parameters, history = bayesian(X, Y, [3, 4, 2], 2, seed=1)
    arrays = [X, *parameters.values(), history["posterior"]["factor"]]
    before = [x.copy() for x in arrays]
    for x in arrays:
        x.flags.writeable = False
    ffnn.predict_interval(X, parameters, history["posterior"])
    assert all((x == y).all() for x, y in zip(arrays, before, strict=True))
    narrow = {**history["posterior"], "factor": history["posterior"]["factor"].tolist()}
    ffnn.predict_interval(X.tolist(), parameters, narrow)


@pytest.mark.slow
@pytest.mark.once
def test_calibration(capsys):
    """Of 200 draws of the noisy sine: the share of fresh observations within 90 % intervals."""
    shares = {"observation": [], "mean": []}
    for seed in range(200):
        X, Y = noisy_sine(seed)
        parameters, history = bayesian(X, Y, [1, 20, 1], 300, seed=seed, record_every=300,
                                       initialization="nguyen_widrow")  # fmt: skip
        fresh, observed = noisy_sine(1000 + seed, 500)
        truth = {"observation": observed, "mean": np.sin(np.pi * fresh)}
        for of, values in truth.items():
            lower, upper = ffnn.predict_interval(fresh, parameters, history["posterior"], of=of)
            shares[of].append(np.mean((lower <= values) & (values <= upper)))
    found = {of: np.mean(values) for of, values in shares.items()}
    with capsys.disabled():
        print(f"\n90 % intervals hold {found}")
    assert 0.87 <= found["observation"] <= 0.93
    assert 0.80 <= found["mean"] <= 0.95


MEMORY = """
import numpy as np
import ffnn

rng = np.random.default_rng(0)
dims = [50, 38, 1]
X = rng.standard_normal((50, {m}), np.float32)
np.random.seed(1)
parameters = ffnn.initialize_parameters_deep(dims)
parameters = {{name: value.astype(np.float32) for name, value in parameters.items()}}
factor = np.eye(38 * 51 + 39)
before = peak()
ffnn._ffnn.output_variances("test", X, parameters, factor)
print(peak() - before)
"""


@has_peak
@pytest.mark.process
@pytest.mark.slow
@pytest.mark.once
def test_memory_does_not_grow_with_the_examples():
    """The transpose of one slab's Jacobian, 8 MiB of 1,977 x 512 doubles, and 8 bytes a result."""
    few, many = (float(output_of(PEAK + MEMORY.format(m=m))) for m in (2_000, 40_000))
    assert 7 < many < 24 and many - few < 4
