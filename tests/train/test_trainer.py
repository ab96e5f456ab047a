"""The run in C against its twin in NumPy: activations, costs, optimisers, batches, dropout."""

import itertools

import numpy as np
import pytest

import reference_train
from calls import trainer_of
from support import HIDDEN, OUTPUTS, assert_same_dict, draw


def pair(X, Y, parameters, rate=0.05, **options):
    """The run in C and its twin."""
    ours = trainer_of(
        X, Y, parameters, rate, bit_generator=np.random.get_bit_generator(), **options
    )
    return ours, reference_train.Trainer(X, Y, parameters, rate, **options)


def agree(ours, twin, work, rtol=1e-9):
    """`work` of a run gives the same costs, parameters and moments; dropout draws the same."""
    np.random.seed(4)
    costs = work(ours)
    after = np.random.get_state()[1:3]
    np.random.seed(4)
    np.testing.assert_allclose(costs, work(twin), rtol=rtol, atol=rtol)
    assert after[1] == np.random.get_state()[2] and (after[0] == np.random.get_state()[1]).all()
    for key, value in twin.parameters().items():
        np.testing.assert_allclose(ours.parameters()[key], value, rtol=rtol, atol=rtol)
    state, expected = ours.state(), twin.state()
    assert state.keys() == expected.keys() and state["t"] == expected["t"]
    for name in state.keys() - {"t"}:
        assert list(state[name]) == list(expected[name])
        for key, value in expected[name].items():
            np.testing.assert_allclose(state[name][key], value, rtol=rtol, atol=rtol)


def some_of_all(run):
    """Full batches, an epoch in some order with a short last batch, an epoch in X's own."""
    m = run.X.shape[1] if hasattr(run, "X") else some_of_all.m
    order = np.random.default_rng(1).permutation(m)
    return [run.run(3), run.epoch(order, 16), run.epoch(None, m), run.run(1)]


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
def test_every_activation_with_every_cost(rng, hidden, output, cost):
    X, Y, parameters = draw(rng, [6, 9, 5, 3], 43, output)
    some_of_all.m = 43
    agree(*pair(X, Y, parameters, hidden_activation=hidden, output_activation=output, cost=cost),
          some_of_all)  # fmt: skip


@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
@pytest.mark.parametrize("lambd", [0, 0.7])
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_every_optimizer(rng, optimizer, lambd, clip_norm):
    X, Y, parameters = draw(rng, [6, 9, 3], 43, "softmax")
    some_of_all.m = 43
    options = {"optimizer": optimizer, "lambd": lambd, "clip_norm": clip_norm}
    options |= reference_train.numbers(optimizer)
    agree(*pair(X, Y, parameters, hidden_activation="tanh", output_activation="softmax", **options),
          some_of_all)  # fmt: skip


@pytest.mark.parametrize("keep_prob", [0.7, [1.0, 0.5, 0.9]])
@pytest.mark.parametrize("hidden", ["relu", "sigmoid", ["tanh", "silu", "linear"]])
@pytest.mark.parametrize("m", [1, 43, 700])
def test_dropout_draws_numpys_masks(rng, keep_prob, hidden, m):
    X, Y, parameters = draw(rng, [4, 9, 8, 7, 1], m, "sigmoid")
    some_of_all.m = m
    agree(*pair(X, Y, parameters, hidden_activation=hidden, keep_prob=keep_prob), some_of_all,
          rtol=1e-7)  # fmt: skip


@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
def test_sample_weights(rng, output, cost):
    X, Y, parameters = draw(rng, [6, 9, 3], 600, output)
    some_of_all.m = 600
    weights = rng.random(600) * 2
    agree(*pair(X, Y, parameters, output_activation=output, cost=cost, sample_weight=weights),
          some_of_all)  # fmt: skip


@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, lambda x: x[::-1]])
@pytest.mark.parametrize("batch_size", [1, 7, 64, 600, 10**6])
def test_batches_in_any_layout_of_X(rng, layout, batch_size):
    X, Y, parameters = draw(rng, [5, 9, 4], 600, "softmax")
    ours, twin = pair(layout(X), Y, parameters, output_activation="softmax", optimizer="adam")
    order = rng.permutation(600)
    agree(ours, twin, lambda run: [run.epoch(order, batch_size) for _ in range(2)], rtol=1e-7)


@pytest.mark.parametrize("keep_prob", [1.0, 0.8])
@pytest.mark.parametrize("m", [1, 2, 64, 65, 300])
def test_orders_are_numpys(rng, m, keep_prob):
    """Drawn before the masks of each epoch; the generator stands where NumPy leaves it."""
    X, Y, parameters = draw(rng, [5, 9, 1], m, "sigmoid")
    ours, twin = pair(X, Y, parameters, hidden_activation="tanh", keep_prob=keep_prob)
    agree(ours, twin, lambda run: [run.shuffled(1, 64), run.shuffled(3, 7)])


def test_orders_of_another_generator(rng):
    X, Y, parameters = draw(rng, [5, 9, 1], 300, "sigmoid")
    run = trainer_of(X, Y, parameters, 0.1, bit_generator=np.random.PCG64(5))
    twin = trainer_of(X, Y, parameters, 0.1)
    order = np.random.RandomState(np.random.PCG64(5)).permutation(300)
    assert run.shuffled(1, 16) == twin.epoch(order, 16)
    for key, value in twin.parameters().items():
        np.testing.assert_array_equal(run.parameters()[key], value)


def test_no_order_without_a_generator(rng):
    X, Y, parameters = draw(rng, [5, 9, 1], 30, "sigmoid")
    with pytest.raises(ValueError, match=r"Trainer\.shuffled: the Trainer has no bit_generator"):
        trainer_of(X, Y, parameters, 0.1).shuffled(1, 16)


def test_a_run_that_keeps_all_units_wants_no_generator(rng):
    X, Y, parameters = draw(rng, [5, 9, 4, 1], 30, "sigmoid")
    plain = trainer_of(X, Y, parameters, 0.1)
    for keep_prob in 1, 1.0, [1, 1.0]:
        run = trainer_of(X, Y, parameters, 0.1, keep_prob=keep_prob)
        run.run(2)
        run.restore()
        assert run.run(1) == plain.run(1) and plain.restore() == 0


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("key", ["W1", "b1", "W2", "b2"])
def test_is_finite(rng, real, key, value):
    X, Y, parameters = draw(rng, [5, 9, 1], 30, "sigmoid")
    parameters = {name: x.astype(real) for name, x in parameters.items()}
    parameters["W1"][0, 0] = np.finfo(real).max
    assert trainer_of(X.astype(real), Y, parameters, 0.1).is_finite() is True
    parameters[key][-1, -1] = value
    assert trainer_of(X.astype(real), Y, parameters, 0.1).is_finite() is False


@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
def test_a_run_goes_on_from_its_state(rng, real, optimizer):
    """To the bit: what state() and parameters() give is all that there is."""
    X, Y, parameters = draw(rng, [5, 9, 1], 50, "sigmoid")
    X = X.astype(real)
    whole = trainer_of(X, Y, parameters, 0.1, optimizer=optimizer)
    whole.run(3)
    state, middle = whole.state(), whole.parameters()
    rest = trainer_of(X, Y, middle, 0.1, optimizer=optimizer, state=state)
    assert whole.run(4) == rest.run(4)
    for key, value in whole.parameters().items():
        assert value.dtype == real and (value == rest.parameters()[key]).all()


@pytest.mark.parametrize("optimizer", [o for o in reference_train.OPTIMIZERS if o != "gd"])
def test_moments_that_die_out_become_zero(rng, real, optimizer):
    """Those of weights whose gradient stays 0: subnormal numbers would slow down each step."""
    X, Y, parameters = draw(rng, [5, 9, 1], 50, "sigmoid")
    X, dead, tiny = X.astype(real), 2, np.finfo(real).tiny
    X[dead] = 0
    run = trainer_of(X, Y, parameters, 0.1, optimizer=optimizer)
    run.run(1)
    state = run.state()
    moments = {name: state[name] for name in ("v", "s") if name in state}
    for arrays in moments.values():
        arrays["dW1"][:, dead] = tiny
    rest = trainer_of(X, Y, run.parameters(), 0.1, optimizer=optimizer, state=state)
    rest.run(1)
    for name in moments:
        after = rest.state()[name]["dW1"]
        assert (after[:, dead] == 0).all(), name
        assert (np.delete(after, dead, axis=1) != 0).any(), name


def test_classes_are_columns_of_a_one(rng):
    X, Y, parameters = draw(rng, [5, 9, 4], 50, "softmax")
    classes = Y.argmax(axis=0)
    for labels in classes, classes[None], classes[:, None], classes.astype(float), list(classes):
        a, b = (
            trainer_of(X, of, parameters, 0.1, output_activation="softmax") for of in (Y, labels)
        )
        assert a.run(5) == b.run(5)
        assert (a.parameters()["W1"] == b.parameters()["W1"]).all()


def test_the_learning_rate_can_change_between_calls(rng):
    """With the Gram form too, which has kept what the rates were."""
    X, Y, parameters = draw(rng, [80, 9, 1], 20, "sigmoid")
    for gram in False, True:
        ours = trainer_of(X, Y, parameters, 0.1, gram=gram)
        twin = reference_train.Trainer(X, Y, parameters, 0.1)
        for rate in 0.1, 0.5, 0.0, 0.2:
            ours.learning_rate = twin.learning_rate = rate
            assert ours.learning_rate == rate
            np.testing.assert_allclose(ours.run(3), twin.run(3), rtol=1e-10)
        np.testing.assert_allclose(ours.parameters()["W1"], twin.parameters()["W1"], rtol=1e-9)
        np.testing.assert_allclose(ours.epoch(None, 7), twin.epoch(None, 7), rtol=1e-10)
        np.testing.assert_allclose(ours.run(2), twin.run(2), rtol=1e-10)
        np.testing.assert_allclose(ours.parameters()["W1"], twin.parameters()["W1"], rtol=1e-9)


def test_saturated_outputs_cost_what_their_logits_say():
    """The literal formula would give inf and NaN."""
    X, W = np.array([[1.0, -1.0]]), np.array([[1000.0]])
    run = trainer_of(X, np.array([[0, 1]]), {"W1": W, "b1": np.zeros((1, 1))}, 0.1)
    assert run.run(1) == 1000
    parameters = {"W1": np.array([[1000.0], [-1000.0]]), "b1": np.zeros((2, 1))}
    run = trainer_of(X, np.array([1, 0]), parameters, 0.1, output_activation="softmax")
    assert run.run(1) == 2000
    assert np.isfinite(run.parameters()["W1"]).all()


# ---- the numbers of an optimiser -----------------------------------------------------------------


@pytest.mark.parametrize("number", reference_train.NUMBERS)
@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
def test_what_an_optimiser_reads(rng, optimizer, number):
    """What the twin says: it counts, None is its default, and to others it cannot be given."""
    X, Y, parameters = draw(rng, [6, 9, 3], 43, "sigmoid")

    def trained(**given):
        run = trainer_of(X, Y, parameters, 0.05, optimizer=optimizer, **given)
        run.run(3)
        return run.parameters()

    default, other = reference_train.NUMBERS[number]
    readers = [name for name, row in reference_train.OPTIMIZERS.items() if number in row[2].split()]
    if optimizer in readers:
        assert_same_dict(trained(), trained(**{number: default}))
        assert_same_dict(trained(), trained(**{number: None}))
        assert (trained()["W1"] != trained(**{number: other})["W1"]).any()
        return
    listed = " or ".join(", ".join(map(repr, readers)).rsplit(", ", 1))
    said = f"Trainer: {number} goes with optimizer={listed}, not {optimizer!r}"
    with pytest.raises(ValueError, match=rf"^{said}(;|$)"):
        trained(**{number: default})


# ---- bad input -----------------------------------------------------------------------------------

BAD = [
    ({"hidden_activation": "softmax"}, ValueError, "'softmax' is for the output layer alone"),
    ({"hidden_activation": "tahn"}, ValueError, "hidden_activation.*did you mean 'tanh'"),
    ({"hidden_activation": ["relu"]}, ValueError, "has length 1.*each of 2 hidden layers"),
    ({"hidden_activation": ["relu", "no"]}, ValueError, r"hidden_activation\[1\] must be one of"),
    ({"output_activation": 3}, TypeError, "output_activation must be a str, not int"),
    ({"cost": "categorical_cross_entropy"}, ValueError, "goes with output_activation='softmax'"),
    ({"cost": "mse"}, ValueError, "cost must be one of"),
    ({"optimizer": "Adam"}, ValueError, "did you mean 'adam'"),
    (
        {"beta": 1.0, "optimizer": "nesterov"},
        ValueError,
        "beta must be at least 0 and below 1, not 1.0",
    ),
    ({"beta2": -0.1, "optimizer": "adam"}, ValueError, "beta2 must be"),
    ({"epsilon": float("nan"), "optimizer": "rmsprop"}, ValueError, "epsilon must be finite"),
    ({"lambd": -1}, ValueError, "lambd must be at least 0, not -1"),
    ({"history_size": 2.5, "optimizer": "lbfgs"}, TypeError, "must be an integer, not 2.5"),
    ({"clip_norm": 0}, ValueError, "clip_norm must be above 0, not 0"),
    ({"keep_prob": 0}, ValueError, "keep_prob must be above 0 and at most 1, not 0"),
    ({"keep_prob": 1.5}, ValueError, "keep_prob must be"),
    ({"keep_prob": [0.5, 2]}, ValueError, r"keep_prob\[1\] must be above 0"),
    ({"keep_prob": 0.5}, ValueError, "bit_generator is needed"),
    ({"weight_decay": 0.1}, ValueError, "weight_decay goes with optimizer='adamw'"),
    ({"gram": True, "optimizer": "adam"}, ValueError, "gram fits optimizer='gd' alone"),
    ({"sample_weight": np.ones(3)}, ValueError, r"sample_weight has shape \(3,\), expected \(8,\)"),
    ({"state": 3}, TypeError, "Trainer: optimizer_state must be a dict"),
    ({"state": {}}, KeyError, "Trainer: optimizer_state has no 't'"),
    ({"state": {"t": 0}, "optimizer": "adam"}, KeyError, "Trainer: optimizer_state has no 'v'"),
    ({"state": {"t": -1}}, ValueError, r"Trainer: optimizer_state\['t'\] must be at least 0"),
]


@pytest.mark.parametrize(("options", "error", "says"), BAD)
def test_bad_options_are_refused(rng, options, error, says):
    X, Y, parameters = draw(rng, [3, 4, 5, 1], 8, "sigmoid")
    with pytest.raises(error, match=says):
        trainer_of(X, Y, parameters, 0.1, **options)


SMALL = 2.0**-40
SHARE, AMOUNT = ([0, 1 - SMALL], [-SMALL, 1]), ([0, SMALL, 1e9], [-SMALL, np.inf])
# Each number's optimiser, what it may be at the ends of its range, and what it may not.
ENDS_OF_RANGES = {
    "beta": ("momentum", *SHARE),
    "beta1": ("adam", *SHARE),
    "beta2": ("adam", *SHARE),
    "epsilon": ("adam", *AMOUNT),
    "weight_decay": ("adamw", *AMOUNT),
    "history_size": ("lbfgs", [1, 50], [0, -1]),
    "max_evaluations": ("lbfgs", [1, 10**6], [0, -1]),
    "tol": ("lbfgs", *AMOUNT),
    "quantile": ("gd", [SMALL, 1 - SMALL], [0, 1]),
    "lambd": ("gd", *AMOUNT),
    "keep_prob": ("gd", [SMALL, 1], [0, 1 + SMALL]),
    "clip_norm": ("gd", [SMALL, 1e9], [0, -SMALL, np.inf]),
}


@pytest.mark.parametrize("name", ENDS_OF_RANGES)
def test_ranges_have_these_ends(rng, name):
    optimizer, good, bad = ENDS_OF_RANGES[name]
    X, Y, parameters = draw(rng, [3, 4, 1], 8, "linear")
    rate = 0.0075 if optimizer == "lbfgs" else 0.1
    options = {"optimizer": optimizer, "output_activation": "linear"}
    options |= {"cost": "quantile"} if name == "quantile" else {}
    bits = np.random.MT19937(1)
    for value in good:
        trainer_of(X, Y, parameters, rate, bit_generator=bits, **options, **{name: value})
    for value in bad:
        with pytest.raises(ValueError, match=f"^Trainer: {name} must be "):
            trainer_of(X, Y, parameters, rate, bit_generator=bits, **options, **{name: value})


@pytest.mark.parametrize(
    ("order", "size", "error", "says"),
    [
        (np.arange(7), 2, ValueError, r"order has shape \(7,\), expected \(8,\)"),
        (np.zeros(8, int), 2, ValueError, "no permutation of 0 to 7: item 1 is 0"),
        (np.arange(1, 9), 2, ValueError, "item 7 is 8"),
        (np.arange(8) - 1, 2, ValueError, "item 0 is -1"),
        (None, 0, ValueError, "batch_size must be at least 1, not 0"),
        (None, 2.0, TypeError, "batch_size must be an integer"),
    ],
)
def test_bad_epochs_are_refused(rng, order, size, error, says):
    X, Y, parameters = draw(rng, [3, 4, 1], 8, "sigmoid")
    run = trainer_of(X, Y, parameters, 0.1)
    with pytest.raises(error, match=says):
        run.epoch(order, size)
    assert run.state() == {"t": 0} and (run.parameters()["W1"] == parameters["W1"]).all()


@pytest.mark.parametrize("labels", [[0, 1, 4, 0], [0, 1, -1, 0], [0, 1, 0.5, 0], [0, 1, np.nan, 0]])
def test_a_class_that_is_none(rng, labels):
    X, _, parameters = draw(rng, [3, 4], 4, "softmax")
    with pytest.raises(ValueError, match=r"Y holds .* at example 2, .*none of the classes 0 to 3"):
        trainer_of(X, labels, parameters, 0.1, output_activation="softmax")


@pytest.mark.parametrize(("output", "cost"), OUTPUTS)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_many_small_steps_are_as_many_single_ones(rng, real, hidden, output, cost):
    """To the bit: steps between record points take a way of their own where a net is small."""
    for dims, m in itertools.product(([5, 4, 3, 2], [2, 9, 1, 3], [17, 3]), (1, 4, 5, 8, 16, 33)):
        X, Y, parameters = draw(rng, dims, m, output)
        parameters = {name: value.astype(real) for name, value in parameters.items()}
        options = {"hidden_activation": hidden, "output_activation": output, "cost": cost}
        once, often = (trainer_of(X.astype(real), Y, parameters, 0.05, **options) for _ in range(2))
        once.run(9)
        for _ in range(9):
            often.run(1)
        assert once.state() == often.state() == {"t": 9}
        assert_same_dict(once.parameters(), often.parameters())
        assert any((once.parameters()[name] != parameters[name]).any() for name in parameters)
        np.testing.assert_array_equal(once.run(1), often.run(1))
