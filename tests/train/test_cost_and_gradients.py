"""A cost and its gradients by one call, and parameters as one vector."""

import numpy as np
import pytest

import ffnn
import reference
from support import draw, labels, network

OUTPUTS = [
    ("sigmoid", None),
    ("softmax", None),
    ("linear", None),
    ("tanh", "huber"),
    ("sigmoid", "mean_squared_error"),
    ("linear", "mean_absolute_error"),
    ("linear", "quantile"),
]
HIDDEN = [name for name in ffnn.activations() if name not in ("softmax", "exp")]


def assert_near(actual, expected, eps=2**-40):
    for key, value in expected.items():
        size = max(np.abs(value).max(), 1.0)
        assert np.abs(actual[key] - value).max() <= eps * size, key


@pytest.mark.parametrize("output, cost", OUTPUTS)
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("lambd", [0, 0.7])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_equals_the_twin(rng, hidden, output, cost, lambd, is_weighted):
    for dims, m in (([5, 4, 3, 2], 7), ([30, 41, 3], 1100)):
        X, Y, parameters = draw(rng, dims, m, output)
        weights = rng.integers(0, 3, m).astype(float) if is_weighted else None
        given = {
            "hidden_activation": hidden, "output_activation": output, "cost": cost,
            "lambd": lambd, "sample_weight": weights,
        }  # fmt: skip
        value, gradients = ffnn.cost_and_gradients(X, Y, parameters, **given)
        expected, expected_gradients = reference.cost_and_gradients(X, Y, parameters, **given)
        assert isinstance(value, np.ndarray) and value.shape == () and value.dtype == np.float64
        assert abs(value - expected) <= 2**-40 * max(1, abs(expected))
        assert list(gradients) == list(expected_gradients)
        assert_near(gradients, expected_gradients)
        wrong = {key: g * (1 + 2**-20) for key, g in gradients.items()}
        with pytest.raises(AssertionError):
            assert_near(wrong, expected_gradients)


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_equals_the_three_calls(rng, real):
    X = rng.standard_normal((6, 300)).astype(real)
    Y, parameters = labels(rng, (2, 300)), network(rng, [6, 9, 2], real)
    cost, gradients = ffnn.cost_and_gradients(X, Y, parameters, lambd=0.3)
    AL, caches = ffnn.L_model_forward(X, parameters)
    grads = ffnn.L_model_backward(AL, Y, caches, lambd=0.3, input_gradient=False)
    eps = np.finfo(real).eps
    assert cost.dtype == real
    expected = ffnn.compute_cost(AL, Y, parameters=parameters, lambd=0.3)
    assert abs(cost - expected) <= 8 * eps * expected
    for key, g in gradients.items():
        assert g.dtype == real and g.shape == grads[key].shape
        assert np.abs(g - grads[key]).max() <= 300 * eps * np.abs(grads[key]).max()


def test_no_call_remembers_another(rng):
    """A small net's run waits for the next call, of nets that differ from it in one thing each."""
    X, Y, parameters = draw(rng, [5, 4, 3, 2], 4, "linear")
    wide, long = (network(rng, dims, np.float64) for dims in ([5, 4, 4, 2], [5, 4, 3, 3, 2]))
    singles = {name: array.astype(np.float32) for name, array in parameters.items()}
    first = {"X": X, "Y": Y, "parameters": parameters, "output_activation": "linear"}
    large = draw(rng, [50, 64, 3], 100, "sigmoid")  # whose run waits for nobody
    calls = [first] + [
        first | other
        for other in (
            {"X": 2 * X}, {"Y": Y + 1}, {"X": X[:, :3], "Y": Y[:, :3]}, {"parameters": wide},
            {"parameters": long}, {"hidden_activation": "tanh"}, {"output_activation": "tanh"},
            {"cost": "quantile"}, {"cost": "quantile", "quantile": 0.9}, {"lambd": 0.7},
            {"sample_weight": [1, 2, 0, 4]},
            {"X": np.float32(X), "Y": np.float32(Y), "parameters": singles},
        )
    ]  # fmt: skip

    def bits_of(call):
        cost, gradients = ffnn.cost_and_gradients(**call)
        return [array.tobytes() for array in (cost, *gradients.values())]

    alone = []
    for call in calls:
        ffnn.cost_and_gradients(*large)
        alone.append(bits_of(call))
    assert len({bits[0] for bits in alone}) == len(calls)
    for before in calls:
        for call, expected in zip(calls, alone, strict=True):
            bits_of(before)
            assert bits_of(call) == expected


def test_the_same_bits_in_any_layout_and_number_of_threads(rng):
    X, Y, parameters = draw(rng, [50, 64, 3], 4000, "softmax")
    _, expected = ffnn.cost_and_gradients(X, Y, parameters, output_activation="softmax")
    before = ffnn.get_num_threads()
    try:
        for threads in (1, 2, 3, 5):
            ffnn.set_num_threads(threads)
            for layout in (np.asfortranarray(X), X[::-1][::-1], np.repeat(X, 2, axis=1)[:, ::2]):
                _, found = ffnn.cost_and_gradients(
                    layout, Y, parameters, output_activation="softmax"
                )
                for key, g in expected.items():
                    assert (found[key] == g).all(), key
    finally:
        ffnn.set_num_threads(before)


def test_equal_weights_change_nothing_and_double_weight_is_a_double_example(rng):
    X, Y, parameters = draw(rng, [4, 5, 1], 6, "sigmoid")
    plain = ffnn.cost_and_gradients(X, Y, parameters)
    equal = ffnn.cost_and_gradients(X, Y, parameters, sample_weight=np.full(6, 2.0))
    assert abs(plain[0] - equal[0]) < 1e-15
    twice = ffnn.cost_and_gradients(X, Y, parameters, sample_weight=[2, 1, 1, 1, 1, 1])
    repeated = ffnn.cost_and_gradients(
        np.hstack([X[:, :1], X]), np.hstack([Y[:, :1], Y]), parameters
    )
    assert abs(twice[0] - repeated[0]) < 1e-15
    assert_near(twice[1], repeated[1], 1e-14)
    assert abs(twice[0] - plain[0]) > 1e-3


def test_classes_are_labels_too(rng):
    X, Y, parameters = draw(rng, [4, 5, 3], 20, "softmax")
    one = ffnn.cost_and_gradients(X, Y, parameters, output_activation="softmax")
    other = ffnn.cost_and_gradients(X, Y.argmax(0), parameters, output_activation="softmax")
    assert one[0] == other[0] and all((one[1][key] == other[1][key]).all() for key in one[1])


def test_changes_nothing_and_shares_nothing(rng):
    X, Y, parameters = draw(rng, [4, 5, 3], 20, "softmax")
    before = {key: value.copy() for key, value in parameters.items()}
    _, gradients = ffnn.cost_and_gradients(X, Y, parameters, output_activation="softmax")
    for key, value in before.items():
        assert (parameters[key] == value).all()
        assert not np.shares_memory(gradients["d" + key], parameters[key])


def test_keys_that_a_loop_put_together(rng):
    """They are not interned; another key that begins like one of them is not taken for it."""
    X, Y, parameters = draw(rng, [4, 5, 3, 1], 6, "sigmoid")
    expected = ffnn.cost_and_gradients(X, Y, parameters)[1]
    own = {"".join([key[0], key[1:]]): value for key, value in parameters.items()}
    for others in {"".join(["W1", "_before"]): None}, {}:
        gradients = ffnn.cost_and_gradients(X, Y, others | own)[1]
        assert all((gradients[key] == value).all() for key, value in expected.items())


def test_a_net_of_more_layers_than_stand_on_the_stack(rng):
    dims = [4] * 11 + [1]
    X, Y, parameters = draw(rng, dims, 9, "sigmoid")
    _, gradients = ffnn.cost_and_gradients(X, Y, parameters, hidden_activation="tanh")
    _, expected = reference.cost_and_gradients(X, Y, parameters, hidden_activation="tanh")
    assert_near(gradients, expected)


def bad_calls():
    rng = np.random.default_rng(1)
    X, Y, parameters = draw(rng, [4, 5, 3], 6, "sigmoid")
    yield ValueError, r"X .*\(3, 6\).*4", (X[:3], Y, parameters), {}
    yield ValueError, r"Y has shape \(3, 5\)", (X, Y[:, :5], parameters), {}
    yield ValueError, "no examples", (X[:, :0], Y[:, :0], parameters), {}
    yield KeyError, "b2", (X, Y, {k: v for k, v in parameters.items() if k != "b2"}), {}
    yield ValueError, "relu", (X, Y, parameters), {"hidden_activation": "rleu"}
    yield ValueError, "lambd", (X, Y, parameters), {"lambd": -1}
    yield ValueError, r"\(5,\).*\(4, 6\)", (X, Y, parameters), {"sample_weight": np.ones(5)}
    yield ValueError, "finite", (X, Y, parameters), {"sample_weight": [1, 1, np.nan, 1, 1, 1]}
    yield ValueError, "at least 0", (X, Y, parameters), {"sample_weight": [1, 1, -1, 1, 1, 1]}
    yield ValueError, "above 0", (X, Y, parameters), {"sample_weight": np.zeros(6)}
    yield TypeError, "float16", (X.astype(np.float16), Y, parameters), {}
    yield TypeError, "keep_prob", (X, Y, parameters), {"keep_prob": 0.5}


@pytest.mark.parametrize("error, text, args, options", list(bad_calls()))
def test_refuses(error, text, args, options):
    with pytest.raises(error, match=text) as caught:
        ffnn.cost_and_gradients(*args, **options)
    assert "cost_and_gradients" in str(caught.value)


# ---- vectors ----


def test_there_and_back(rng):
    parameters = network(rng, [4, 5, 3], np.float64)
    vector = ffnn.parameters_to_vector(parameters)
    assert (vector == reference.parameters_to_vector(parameters)).all()
    back = ffnn.vector_to_parameters(vector, parameters)
    twin = reference.vector_to_parameters(vector, parameters)
    assert list(back) == list(twin) == list(parameters)
    for key, value in parameters.items():
        assert (back[key] == value).all() and (twin[key] == value).all()
        assert np.shares_memory(back[key], vector)
    gradients = {"d" + key: value for key, value in parameters.items()} | {"dA0": np.ones((4, 2))}
    assert (ffnn.parameters_to_vector(gradients) == vector).all()
    column = ffnn.vector_to_parameters(vector[:, None], gradients)
    assert list(column) == [key for key in gradients if key != "dA0"]


def test_vectors_of_another_size_or_gap_are_refused(rng):
    parameters = network(rng, [4, 5, 3], np.float32)
    vector = ffnn.parameters_to_vector(parameters)
    assert vector.dtype == np.float32
    with pytest.raises(ValueError, match=r"vector has shape \(42,\).*W1 \(5, 4\).*want \(43,\)"):
        ffnn.vector_to_parameters(vector[:-1], parameters)
    del parameters["b1"]
    for call in (
        lambda: ffnn.parameters_to_vector(parameters),
        lambda: ffnn.vector_to_parameters(vector, parameters),
    ):
        with pytest.raises(KeyError, match="b1"):
            call()
    with pytest.raises(ValueError, match="neither W1 nor dW1"):
        ffnn.parameters_to_vector({"V": vector})
    with pytest.raises(ValueError, match="b1 has 1 dimensions"):
        ffnn.parameters_to_vector({"W1": np.ones((2, 2)), "b1": np.ones(2)})


def test_an_output_without_units_costs_nothing():
    none = {"W1": np.ones((0, 3)), "b1": np.ones((0, 1))}
    cost, gradients = ffnn.cost_and_gradients(
        np.ones((3, 2000)), np.ones((0, 2000)), none, output_activation="linear"
    )
    assert cost == 0 and gradients["dW1"].shape == (0, 3)
