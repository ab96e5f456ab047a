"""A Trainer before it has parameters, and parameters that are set at any time; in whose name."""

import numpy as np
import pytest

import reference_train
from calls import trainer_of
from ffnn import _ffnn
from support import assert_same_dict, draw

GIVEN = np.ones((5, 3)), np.ones((1, 3))
METHODS = {
    "run": lambda run: run.run(1),
    "epoch": lambda run: run.epoch(None, 4),
    "shuffled": lambda run: run.shuffled(1, 4),
    "snapshot": lambda run: run.snapshot(1),
    "restore": lambda run: run.restore(),
    "is_finite": lambda run: run.is_finite(),
    "parameters": lambda run: run.parameters(),
    "state": lambda run: run.state(),
    "record_point": lambda run: run.record_point(),
    "measure": lambda run: run.measure(*GIVEN),
    "step": lambda run: run.step(*GIVEN),
    "gradient": lambda run: run.gradient(*GIVEN),
    "shard": lambda run: run.shard(*GIVEN, 8),
    "update": lambda run: run.update(8),
}


@pytest.mark.parametrize("method", METHODS)
def test_nothing_runs_before_there_are_parameters(rng, method):
    X, Y, parameters = draw(rng, [5, 4, 1], 8, "sigmoid")
    run = _ffnn.Trainer("demo", X, Y, (5, 4, 1), bit_generator=np.random.MT19937(1))
    run.learning_rate = 0.5
    run.check("others", X, Y)
    with pytest.raises(RuntimeError, match=rf"Trainer\.{method}: it has no parameters yet"):
        METHODS[method](run)
    run.set(parameters)
    METHODS[method](run)
    assert run.learning_rate == 0.5


@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
@pytest.mark.parametrize("dims, gram", [([5, 9, 1], None), ([80, 9, 1], False), ([80, 9, 1], True)])
def test_parameters_can_be_set_at_any_time(rng, real, optimizer, dims, gram):
    """What follows is, to the bit, what a new Trainer does: with the Gram form and after epochs."""
    if gram and optimizer != "gd":
        return
    X, Y, parameters = draw(rng, dims, 20, "sigmoid")
    X, options = X.astype(real), {"optimizer": optimizer, "gram": gram}
    _, _, others = draw(rng, dims, 20, "sigmoid")
    run, fresh = (trainer_of(X, Y, parameters, 0.1, **options) for _ in range(2))
    fresh.run(3)
    state = fresh.state()
    for before in lambda: run.run(4), lambda: run.epoch(None, 7), lambda: run.snapshot(3):
        before()
        run.set(others)
        assert run.state()["t"] == 0 and run.restore() == 0
        new = trainer_of(X, Y, others, 0.1, **options)
        assert_same_dict(run.parameters(), new.parameters())
        np.testing.assert_array_equal(run.run(5), new.run(5))
        assert_same_dict(run.parameters(), new.parameters())
    run.set(fresh.parameters(), state=state)
    costs = run.run(1), fresh.run(1)
    assert run.state()["t"] == 4
    if not gram:  # which saves a sum beside W1
        np.testing.assert_array_equal(*costs)
        assert_same_dict(run.parameters(), fresh.parameters())


@pytest.mark.parametrize(
    ("error", "says", "edit", "state"),
    [
        (KeyError, "parameters has no 'b2'", {"b2": None}, None),
        (ValueError, r"parameters\['W2'\] has shape \(2, 4\), expected \(1, 4\)",
         {"W2": np.ones((2, 4))}, None),
        (ValueError, r"parameters\['b1'\] has shape \(4,\), expected \(4, 1\)",
         {"b1": np.ones(4)}, None),
        (ValueError, "parameters has 3 layers, expected 2",
         {"W3": np.ones((1, 1)), "b3": np.ones((1, 1))}, None),
        (TypeError, r"parameters\['W1'\]", {"W1": np.ones((4, 5), complex)}, None),
        (KeyError, "optimizer_state has no 's'", {}, {"t": 3, "v": "good"}),
        (ValueError, r"optimizer_state\['s'\]\['db2'\] has shape \(2, 1\), expected \(1, 1\)", {},
         {"t": 3, "v": "good", "s": {"db2": np.ones((2, 1))}}),
        (ValueError, r"optimizer_state\['t'\] must be at least 0", {}, {"t": -1}),
    ],
)  # fmt: skip
def test_a_set_that_fails_changes_nothing(rng, error, says, edit, state):
    X, Y, parameters = draw(rng, [5, 4, 1], 8, "sigmoid")
    run, twin = (trainer_of(X, Y, parameters, 0.1, optimizer="adam") for _ in range(2))
    run.run(2)
    twin.run(2)
    good = run.state()["v"]
    bad = {name: x for name, x in {**parameters, **edit}.items() if x is not None}
    for name, moment in (state or {}).items():
        if name != "t":
            state = {**state, name: good if moment == "good" else {**good, **moment}}
    with pytest.raises(error, match=f"Trainer: {says}"):
        run.set(bad, state=state)
    assert_same_dict(run.parameters(), twin.parameters())
    assert run.state()["t"] == 2 and (run.state()["s"]["dW1"] == twin.state()["s"]["dW1"]).all()
    np.testing.assert_array_equal(run.run(3), twin.run(3))


def test_errors_are_the_callers(rng):
    """In the name that a Trainer was given, and in the words of who wants so many inputs."""
    X, Y, _ = draw(rng, [5, 4], 8, "softmax")
    options = {"output_activation": "softmax"}
    for dims, says, more in [
        ((6, 4), r"demo: X has shape \(5, 8\) where layer_dims\[0\] wants 6 rows", {}),
        ((8, 4), r"demo: .* where W1 wants 8 rows: .* pass X.T", {"input_name": "W1"}),
        ((5, 3), r"demo: Y has shape \(4, 8\) where the output layer has shape \(3, 8\)", {}),
        ((5, 0), r"demo: layer_dims\[1\] must be at least 1, not 0", {}),
        ((5,), "demo: layer_dims has length 1, expected at least 2", {}),
    ]:
        with pytest.raises(ValueError, match=says):
            _ffnn.Trainer("demo", X, Y, dims, **options, **more)
    run = _ffnn.Trainer("demo", X, Y, (5, 4), **options)
    for X_val, Y_val, says in [
        (X[:4], Y, r"demo: others: X has shape \(4, 8\) where layer_dims\[0\] wants 5 rows"),
        (X, Y[:, 1:], r"demo: others: Y has shape \(4, 7\) where"),
        (X, [0, 4] * 4, "demo: others: Y holds 4.0 at example 1, which is none of the classes"),
        (X[:, :0], Y[:, :0], "demo: others: no examples"),
    ]:
        with pytest.raises(ValueError, match=says):
            run.check("others", X_val, Y_val)
    with pytest.raises(TypeError, match="demo: others: X"):
        run.check("others", X.astype(np.float16), Y)


def test_layer_dims_of_parameters(rng):
    _, _, parameters = draw(rng, [5, 4, 2], 8, "sigmoid")
    assert _ffnn.layer_dims("demo", parameters) == (5, 4, 2)
    parameters["W2"] = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"demo: parameters\['W2'\] .* do not chain: 3 != 4"):
        _ffnn.layer_dims("demo", parameters)
    with pytest.raises(ValueError, match="demo: layer 0 has no units"):
        _ffnn.layer_dims("demo", {"W1": np.ones((2, 0)), "b1": np.ones((2, 1))})


def test_attributes_that_cannot_go_or_be_asked_for(rng):
    X, Y, parameters = draw(rng, [3, 4, 1], 8, "sigmoid")
    run = trainer_of(X, Y, parameters, 0.1)
    with pytest.raises(AttributeError, match="^Trainer.learning_rate cannot be deleted$"):
        del run.learning_rate
    with pytest.raises(ValueError, match="^Trainer: learning_rate must be finite"):
        run.learning_rate = float("nan")
    assert run.learning_rate == 0.1
    with pytest.raises(ValueError, match="^Trainer.posterior: the Trainer is not bayesian$"):
        run.posterior()


REFUSED = [
    (TypeError, "function and input_name must be str", {"function": 3}),
    (TypeError, "function and input_name must be str", {"input_name": b"W1"}),
    (TypeError, "demo: layer_dims must be a tuple of integers, not str", {"layer_dims": "341"}),
    (ValueError, "demo: layer_dims has length 1, expected at least 2", {"layer_dims": (3,)}),
    (TypeError, "demo: isa must be a str, not int", {"isa": 512}),
    (ValueError, "demo: isa is 'avx9': ", {"isa": "avx9"}),
    (TypeError, "demo: reproducible must be True, False or None", {"reproducible": 1}),
]


@pytest.mark.parametrize(("error", "says", "change"), REFUSED)
def test_a_trainer_is_not_made_of_anything_else(rng, error, says, change):
    X, Y, _ = draw(rng, [3, 4, 1], 8, "sigmoid")
    with pytest.raises(error, match=says):
        _ffnn.Trainer(**{"function": "demo", "X": X, "Y": Y, "layer_dims": (3, 4, 1)} | change)


@pytest.mark.parametrize("method", ["epoch", "shuffled", "step"])
def test_whole_methods_take_no_batches(rng, method):
    X, Y, parameters = draw(rng, [5, 4, 1], 8, "sigmoid")
    run = trainer_of(X, Y, parameters, 0.0075, optimizer="lbfgs")
    with pytest.raises(ValueError, match="optimizer='lbfgs' takes all examples at once"):
        METHODS[method](run)


def test_inner_functions_refuse_as_all_do():
    with pytest.raises(ValueError, match="fail_allocation: n must be at least 0, not -1"):
        _ffnn.fail_allocation(-1)
    with pytest.raises(ValueError, match="map: name must be 'exp' or 'log', not 'sin'"):
        _ffnn.map("sin", np.ones(3))
