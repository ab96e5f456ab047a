"""What must hold for any shape and any value, on examples that hypothesis looks for."""

import io
import itertools
from contextlib import redirect_stdout

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

import ffnn
import reference
from support import assert_close, assert_same_bits, assert_same_dict, labels, network

REALS = st.sampled_from([np.float32, np.float64])
SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 40)
# Depths from 1 to 4 layers; the last number is n_y.
DIMS = st.lists(st.integers(1, 24), min_size=2, max_size=5)


def numbers(real):
    """0 and +-[2^-10, 2^10]: no product under- or overflows, or a relative bound couldn't hold."""
    return st.one_of(
        st.just(0.0),
        st.floats(2.0**-10, 2.0**10, width=np.finfo(real).bits),
        st.floats(-(2.0**10), -(2.0**-10), width=np.finfo(real).bits),
    )


@st.composite
def layers(draw, elements):
    """A (depth, cols), W (rows, depth), b (rows, 1) and dZ (rows, cols)."""
    real = draw(REALS)
    rows, depth, cols = (draw(st.integers(1, 14)) for _ in range(3))
    shapes = (depth, cols), (rows, depth), (rows, 1), (rows, cols)
    return tuple(draw(hnp.arrays(real, shape, elements=elements(real))) for shape in shapes)


@given(layers(numbers))
def test_products_of_any_values(arrays):
    A, W, b, dZ = arrays
    assert_close(ffnn.linear_forward(A, W, b)[0], W, A, b)
    dA_prev, dW, db = ffnn.linear_backward(dZ, (A, W, b))
    m = A.shape[1]
    assert_close(dA_prev, W.T, dZ)
    assert_close(dW, dZ, A.T, divisor=m)
    assert_close(db, dZ, np.ones((m, 1)), divisor=m)


@given(layers(lambda real: st.integers(-500, 500).map(float)))
def test_integers_come_out_equal(arrays):
    A, W, b, dZ = arrays
    a, w, bias, dz = (x.astype(np.int64) for x in arrays)
    real, m = A.dtype.type, A.shape[1]
    assert_same_bits(ffnn.linear_forward(A, W, b)[0], (w @ a + bias).astype(real))
    dA_prev, dW, db = ffnn.linear_backward(dZ, (A, W, b))
    assert_same_bits(dA_prev, (w.T @ dz).astype(real))
    assert_same_bits(dW, (dz @ a.T).astype(real) / real(m))
    assert_same_bits(db, dz.sum(axis=1, keepdims=True).astype(real) / real(m))


@st.composite
def parts(draw):
    """A batch of m examples, and the numbers of some of them: a slice of any step, or any list."""
    m = draw(st.integers(1, 90))
    start, stop = sorted((draw(st.integers(0, m)), draw(st.integers(0, m))))
    step = draw(st.sampled_from([1, 2, 3, -1, -2]))
    some = slice(start, stop)
    return m, draw(st.sampled_from([some, np.r_[some][::step], [m - 1], list(range(m))[::-1]]))


@given(REALS, SEEDS, DIMS, parts())
def test_an_example_does_not_depend_on_its_batch(real, seed, dims, part):
    """To the bit: every value on the way forward, and the prediction."""
    m, some = part
    rng = np.random.default_rng(seed)
    parameters = network(rng, dims, real)
    X = rng.standard_normal((dims[0], m)).astype(real)
    AL, caches = ffnn.L_model_forward(X, parameters)
    AL_some, caches_some = ffnn.L_model_forward(X[:, some], parameters)
    assert_same_bits(AL_some, AL[:, some])
    for ((A, W, b), Z), ((A_some, _, _), Z_some) in zip(caches, caches_some, strict=True):
        assert_same_bits(A_some, A[:, some])
        assert_same_bits(Z_some, Z[:, some])
        assert_same_bits(ffnn.linear_forward(A[:, some], W, b)[0], Z[:, some])
        for g in "relu", "sigmoid":
            alone, _ = ffnn.linear_activation_forward(A[:, some], W, b, g)
            assert_same_bits(alone, ffnn.linear_activation_forward(A, W, b, g)[0][:, some])
    with redirect_stdout(io.StringIO()):
        p = ffnn.predict(X, np.zeros(AL.shape), parameters)
        p_some = ffnn.predict(X[:, some], np.zeros(AL_some.shape), parameters)
    assert_same_bits(p_some, p[:, some])
    assert_same_bits(p, (AL > 0.5).astype(np.float64))


@pytest.mark.parametrize("depth", [1, 255, 257, 600])
def test_an_example_of_many_features_does_not_depend_on_its_batch(rng, real, depth):
    """Every size of batch up to some tiles, and each column by itself."""
    parameters = network(rng, [depth, 9, 3], real)
    X = np.asfortranarray(rng.standard_normal((depth, 101)).astype(real))
    AL, caches = ffnn.L_model_forward(X, parameters)
    for m in range(102):
        AL_m, caches_m = ffnn.L_model_forward(X[:, :m], parameters)
        assert_same_bits(AL_m, AL[:, :m])
        assert_same_bits(caches_m[0][1], caches[0][1][:, :m])
    for j in range(101):
        assert_same_bits(ffnn.L_model_forward(X[:, j : j + 1], parameters)[0], AL[:, j : j + 1])


@given(REALS, SEEDS, st.integers(1, 200), st.data())
def test_activations_go_element_by_element(real, seed, n, data):
    """The same bits in any company, at any place of a vector, in any shape."""
    rng = np.random.default_rng(seed)
    Z = (rng.standard_normal(n) * 10.0 ** rng.integers(-3, 3, n)).astype(real)
    dA = rng.standard_normal(n).astype(real)
    start = data.draw(st.integers(0, n - 1))
    stop = data.draw(st.integers(start + 1, n))
    some = slice(start, stop)
    for g, backward in (ffnn.sigmoid, ffnn.sigmoid_backward), (ffnn.relu, ffnn.relu_backward):
        assert_same_bits(g(Z[some])[0], g(Z)[0][some])
        assert_same_bits(g(Z.reshape(1, 1, n))[0].ravel(), g(Z)[0])
        assert_same_bits(backward(dA[some], Z[some]), backward(dA, Z)[some])


@given(SEEDS, DIMS, st.integers(1, 12))
def test_gradients_are_the_slopes_of_the_cost(seed, dims, m):
    """Central differences of the cost in each weight, bias and input, in float64.

    A step of 1e-5 leaves an error of some 1e-10 from the curvature and 1e-11 from rounding. dA0 is
    that of the sum over examples, so m times the slope of the cost.
    """
    rng = np.random.default_rng(seed)
    values = {"X": rng.standard_normal((dims[0], m)), **network(rng, dims, np.float64)}
    Y = labels(rng, (dims[-1], m))
    step = 1e-5

    def forward():
        return ffnn.L_model_forward(values["X"], {k: v for k, v in values.items() if k != "X"})

    AL, caches = forward()
    kink = [Z for _, Z in caches[:-1]]
    grads = ffnn.L_model_backward(AL, Y, caches)
    expected = {"X": grads["dA0"] / m, **{k[1:]: v for k, v in grads.items() if k[1] in "Wb"}}
    checked = 0
    for name, x in values.items():
        for index in itertools.islice(np.ndindex(x.shape), 0, None, max(1, x.size // 12)):
            middle, costs, clear = x[index], [], True
            for at in middle + step, middle - step:
                x[index] = at
                AL, caches = forward()
                costs.append(float(ffnn.compute_cost(AL, Y)))
                # At the corner of a relu the cost has no slope.
                moved = zip(kink, caches, strict=False)
                clear &= all(((Z > 0) == (Z_kink > 0)).all() for Z_kink, (_, Z) in moved)
            x[index] = middle
            if clear:
                slope = (costs[0] - costs[1]) / (2 * step)
                error = abs(slope - expected[name][index])
                assert error <= 1e-8 * max(1, abs(slope)), (name, index)
                checked += 1
    assert checked > 0


@given(REALS, SEEDS, DIMS, SIZES)
def test_the_whole_backward_pass_against_the_twin(real, seed, dims, m):
    """From the same caches; only the rounding of products and sums may differ."""
    rng = np.random.default_rng(seed)
    parameters = network(rng, dims, real)
    X, Y = rng.standard_normal((dims[0], m)).astype(real), labels(rng, (dims[-1], m))
    AL, caches = ffnn.L_model_forward(X, parameters)
    AL_twin, _ = reference.L_model_forward(X.astype(np.longdouble), parameters)
    eps = np.finfo(real).eps
    np.testing.assert_allclose(AL, AL_twin.astype(np.float64), rtol=0, atol=300 * eps)
    grads, twin = ffnn.L_model_backward(AL, Y, caches), reference.L_model_backward(AL, Y, caches)
    assert list(grads) == list(twin)
    for name, value in twin.items():
        assert grads[name].dtype == real
        scale = max(1, np.abs(value).max())
        np.testing.assert_allclose(grads[name], value, rtol=0, atol=500 * eps * scale, strict=True)


@given(REALS, SEEDS, DIMS, st.floats(-10, 10))
def test_an_update_is_the_formula_to_the_bit(real, seed, dims, rate):
    """The rate rounded to the type, then its product, then the difference; old arrays stay."""
    rng = np.random.default_rng(seed)
    parameters = network(rng, dims, real)
    grads = {"d" + k: rng.standard_normal(v.shape).astype(real) for k, v in parameters.items()}
    old, before = dict(parameters), {k: v.copy() for k, v in parameters.items()}
    expected = {k: v - real(rate) * grads["d" + k] for k, v in parameters.items()}
    assert ffnn.update_parameters(parameters, grads, rate) is parameters
    assert_same_dict(parameters, expected)
    for name, value in before.items():
        assert parameters[name] is not old[name]
        assert_same_bits(old[name], value)


@given(REALS, SEEDS, st.integers(1, 5), st.integers(1, 300))
def test_cost_against_the_twin(real, seed, n_y, m):
    rng = np.random.default_rng(seed)
    AL = rng.uniform(0.001, 0.999, (n_y, m)).astype(real)
    AL[rng.random((n_y, m)) < 0.1] = 1
    Y = np.where(AL == 1, 1, labels(rng, (n_y, m)))
    cost = ffnn.compute_cost(AL, Y)
    twin = reference.compute_cost(AL.astype(np.float64), Y)
    assert abs(float(cost) - float(twin)) <= 8 * np.finfo(real).eps * max(1, float(twin))
