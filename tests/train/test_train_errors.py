"""What train refuses, in which words; before anything is drawn, and with nothing changed."""

import re

import numpy as np
import pytest

import ffnn
from calls import snapshot
from support import network, plain_train

DIMS = [4, 5, 3]
M = 20
PARAMETERS = network(np.random.default_rng(0), DIMS, np.float64)
STATE = plain_train(np.ones((4, 5)), np.ones((3, 5)), DIMS, seed=1, optimizer="adam",
                   num_epochs=2)[1]["optimizer_state"]  # fmt: skip
GOING_ON = {"layer_dims": None, "parameters": PARAMETERS, "optimizer": "adam"}


def without(state, key):
    return {name: value for name, value in state.items() if name != key}


BAD = [
    # what C checks, in the name of train
    (ValueError, "X has shape (20, 4) where layer_dims[0] wants 4 rows: examples are columns, "
     "pass X.T", {"X": np.ones((20, 4))}),
    (ValueError, "Y has shape (3, 19) where the output layer has shape (3, 20)",
     {"Y": np.ones((3, 19))}),
    (ValueError, "Y has shape (20,) where the output layer has shape (3, 20); integer classes go "
     "with cost='categorical_cross_entropy'", {"Y": np.ones(20, int)}),
    (ValueError, "Y holds 3.0 at example 7, which is none of the classes 0 to 2",
     {"Y": np.arange(20) == 7, "output_activation": "softmax", "scale": 3}),
    (ValueError, "no examples", {"X": np.ones((4, 0)), "Y": np.ones((3, 0))}),
    (TypeError, "X", {"X": np.ones((4, 20), np.float16)}),
    (ValueError, "hidden_activation must be one of ...; did you mean 'tanh'",
     {"hidden_activation": "tahn"}),
    (ValueError, "'softmax' is for the output layer alone", {"hidden_activation": "softmax"}),
    (ValueError, "hidden_activation has length 2, expected one for each of 1 hidden layers",
     {"hidden_activation": ["relu", "relu"]}),
    (ValueError, "optimizer must be one of ...; did you mean 'adam'", {"optimizer": "Adam"}),
    (ValueError, "cost must be one of ", {"cost": "crossentropy"}),
    (ValueError, "cost 'categorical_cross_entropy' goes with output_activation='softmax'",
     {"cost": "categorical_cross_entropy"}),
    (ValueError, "keep_prob must be above 0 and at most 1, not 0", {"keep_prob": 0}),
    (ValueError, "keep_prob must be above 0 and at most 1, not 1.5", {"keep_prob": 1.5}),
    (ValueError, "learning_rate must be finite", {"learning_rate": np.inf}),
    (TypeError, "learning_rate must be", {"learning_rate": "fast"}),
    (TypeError, "learning_rate(0) must be a real number, not None",
     {"learning_rate": lambda epoch: None}),
    (ValueError, "learning_rate(0) must be finite, not nan",
     {"learning_rate": lambda epoch: np.nan}),
    (ValueError, "lambd must be at least 0, not -1", {"lambd": -1}),
    (ValueError, "clip_norm must be above 0, not 0", {"clip_norm": 0}),
    (ValueError, "quantile must be above 0 and below 1, not 1",
     {"quantile": 1, "cost": "quantile", "output_activation": "linear"}),
    (ValueError, "quantile must be above 0 and below 1, not 0",
     {"quantile": 0, "cost": "quantile", "output_activation": "linear"}),
    (ValueError, "quantile goes with cost='quantile', not 'huber'",
     {"quantile": 0.5, "cost": "huber", "output_activation": "linear"}),
    # what has no effect, though it was given
    (ValueError, "weight_decay goes with optimizer=..., not 'gd'; lambd is the L2 term",
     {"weight_decay": 0.1}),
    (ValueError, "beta1 goes with optimizer=..., not 'gd'", {"beta1": 0.9}),
    (ValueError, "beta goes with optimizer=..., not 'adam'", {"beta": 0.9, "optimizer": "adam"}),
    (ValueError, "epsilon goes with optimizer=..., not 'gd'",
     {"epsilon": 1e-8}),
    (ValueError, "decay_rate=0.5 goes with decay", {"decay_rate": 0.5}),
    (ValueError, "min_delta=0 goes with patience", {"min_delta": 0}),
    (ValueError, "shuffle goes with mini-batches, and mini_batch_size is 'all'",
     {"mini_batch_size": "all", "shuffle": True}),
    (ValueError, "shuffle goes with mini-batches, and mini_batch_size is 'all'",
     {"mini_batch_size": "all", "shuffle": False}),
    (ValueError, "Y holds 7 at example 2, and 'binary_cross_entropy' needs labels from 0 to 1; "
     "for numbers to predict: output_activation='linear'",
     {"Y": np.where(np.arange(20) == 2, 7, 0) * np.ones((3, 1), int)}),
    (ValueError, "Y holds -1.0 at example 0, and 'poisson' needs labels of at least 0; for others: "
     "cost='mean_squared_error'", {"Y": -np.ones((3, M)), "output_activation": "exp"}),
    # the net and its beginning
    (TypeError, "give layer_dims or parameters", {"layer_dims": None}),
    (TypeError, "layer_dims must be a list of integers, not int", {"layer_dims": 4}),
    (ValueError, "layer_dims[1] must be at least 1, not 0", {"layer_dims": [4, 0, 3]}),
    (ValueError, "layer_dims [4, 6, 3] is not that of the parameters, [4, 5, 3]",
     {"layer_dims": [4, 6, 3], "parameters": PARAMETERS}),
    (ValueError, "parameters['b1'] has shape (5,), expected (5, 1)",
     {"layer_dims": None, "parameters": {**PARAMETERS, "b1": np.ones(5)}}),
    (KeyError, "parameters has no 'b2'",
     {"layer_dims": None, "parameters": without(PARAMETERS, "b2")}),
    (ValueError, "initialization must be one of ...; did you mean 'xavier'?",
     {"initialization": "xavir"}),
    (TypeError, "initialization must be a str, not int", {"initialization": 3}),
    (TypeError, "seed must be an integer, not 1.5", {"seed": 1.5}),
    (ValueError, "seed must be from 0 to 2**32 - 1, not -1", {"seed": -1}),
    (ValueError, "seed must be from 0 to 2**32 - 1, not 4294967296", {"seed": 2**32}),
    # what it goes on with
    (ValueError, "optimizer_state goes with the parameters of the same run",
     {"optimizer_state": STATE, "optimizer": "adam"}),
    (ValueError, "optimizer_state is that of 'adam', not 'rmsprop'",
     {**GOING_ON, "optimizer_state": STATE, "optimizer": "rmsprop"}),
    (TypeError, "optimizer_state must be a dict, not list", {**GOING_ON, "optimizer_state": []}),
    (KeyError, "optimizer_state has no 's'",
     {**GOING_ON, "optimizer_state": without(STATE, "s")}),
    (ValueError, "optimizer_state['v']['dW1'] has shape (2, 2), expected (5, 4)",
     {**GOING_ON, "optimizer_state": {**STATE, "v": {**STATE["v"], "dW1": np.ones((2, 2))}}}),
    (ValueError, "optimizer_state['epoch'] must be at least 0, not -2",
     {**GOING_ON, "optimizer_state": {**STATE, "epoch": -2}}),
    # numbers
    (ValueError, "num_epochs must be at least 0, not -1", {"num_epochs": -1}),
    (TypeError, "num_epochs must be an integer, not 1.5", {"num_epochs": 1.5}),
    (ValueError, "mini_batch_size must be at least 1, not 0", {"mini_batch_size": 0}),
    (ValueError, "mini_batch_size must be an integer or 'all', not '64'",
     {"mini_batch_size": "64"}),
    (TypeError, "mini_batch_size must be an integer, not 6.5", {"mini_batch_size": 6.5}),
    (ValueError, "record_every must be at least 1, not 0", {"record_every": 0}),
    (TypeError, "decay must be a function such as update_lr, not 0.5", {"decay": 0.5}),
    (ValueError, "decay goes with a number as learning_rate",
     {"decay": ffnn.update_lr, "learning_rate": lambda epoch: 0.1}),
    (TypeError, "decay_rate must be a real number, not 'fast'",
     {"decay": ffnn.update_lr, "decay_rate": "fast"}),
    # weights
    (ValueError, "sample_weight has shape (19,), expected (20,)", {"sample_weight": np.ones(19)}),
    (ValueError, "sample_weight must be finite and at least 0", {"sample_weight": -np.ones(M)}),
    (ValueError, "sample_weight must be finite and at least 0",
     {"sample_weight": np.full(M, np.nan)}),
    (TypeError, "sample_weight must hold real numbers, not ", {"sample_weight": ["a"] * M}),
    (ValueError, "no example has a weight above 0", {"sample_weight": np.zeros(M)}),
    (ValueError, "the weights of all examples have an infinite sum: ",
     {"sample_weight": np.full(M, 1e308)}),
    (ValueError, "the weights of all examples have an infinite sum: ",
     {"class_weight": {0: 1e200}, "sample_weight": np.full(M, 1e200),
      "output_activation": "softmax"}),
    (ValueError, "no example to train on has a weight above 0",
     {"sample_weight": np.arange(M) == 18, "validation_fraction": 0.95}),
    (ValueError, "class_weight needs one class for each example, and 3 outputs without softmax",
     {"class_weight": "balanced"}),
    (ValueError, "class_weight must be 'balanced' or a dict, not 'balance'",
     {"class_weight": "balance", "Y": np.zeros(M, int), "output_activation": "softmax"}),
    (TypeError, "class_weight must be 'balanced' or a dict, not list",
     {"class_weight": [1, 2, 3], "Y": np.zeros(M, int), "output_activation": "softmax"}),
    (ValueError, "class_weight has the key 3, which is none of the classes 0 to 2",
     {"class_weight": {3: 1}, "Y": np.zeros(M, int), "output_activation": "softmax"}),
    (ValueError, "class_weight[1] must be at least 0, not -1",
     {"class_weight": {1: -1}, "Y": np.zeros(M, int), "output_activation": "softmax"}),
    (ValueError, "class_weight needs labels of 0 and 1",
     {"class_weight": "balanced", "Y": np.full(M, 0.5), "layer_dims": [4, 1]}),
    # validation
    (ValueError, "give validation_data or validation_fraction, not both",
     {"validation_fraction": 0.1, "validation_data": (np.ones((4, 2)), np.ones((3, 2)))}),
    (TypeError, "validation_data must be (X, Y), or (X, Y, sample_weight)",
     {"validation_data": np.ones((4, 2))}),
    (TypeError, "validation_data must be (X, Y), or (X, Y, sample_weight)",
     {"validation_data": (1, 2, 3, 4)}),
    (ValueError, "validation_data: sample_weight has shape (3,), expected (2,) for X (4, 2)",
     {"validation_data": (np.ones((4, 2)), np.ones((3, 2)), np.ones(3))}),
    (ValueError, "validation_data: sample_weight must be finite and at least 0",
     {"validation_data": (np.ones((4, 2)), np.ones((3, 2)), [1, -1])}),
    (ValueError, "validation_data: no example has a weight above 0",
     {"validation_data": (np.ones((4, 2)), np.ones((3, 2)), [0, 0])}),
    (ValueError, "no example held back has a weight above 0",
     {"sample_weight": np.arange(M) == 0, "validation_fraction": 0.1}),
    (ValueError, "validation_data: X has shape (5, 2) where",
     {"validation_data": (np.ones((5, 2)), np.ones((3, 2)))}),
    (ValueError, "validation_data: Y has shape (3, 1) where",
     {"validation_data": (np.ones((4, 2)), np.ones((3, 1)))}),
    (ValueError, "validation_data: Y holds 1.5 at example 0, and 'binary_cross_entropy' needs",
     {"validation_data": (np.ones((4, 2)), np.full((3, 2), 1.5))}),
    (ValueError, "validation_data: Y holds 3.0 at example 1, which is none of the classes 0 to 2",
     {"validation_data": (np.ones((4, 2)), [0, 3]), "output_activation": "softmax",
      "Y": np.zeros(M, int)}),
    (ValueError, "validation_fraction must be above 0 and below 1, not 1.0",
     {"validation_fraction": 1}),
    (ValueError, "validation_fraction must be above 0 and below 1, not 0.0",
     {"validation_fraction": 0}),
    (ValueError, "validation_fraction=0.99 of 20 examples leaves none to train on",
     {"validation_fraction": 0.99}),
    (TypeError, "validation_fraction must be a real number, not True",
     {"validation_fraction": True}),
    # what is watched
    (ValueError, "metrics must hold functions and names of ..., not 'acuracy'; did you mean "
     "'accuracy'?", {"metrics": "acuracy"}),
    (TypeError, "metrics must hold names and functions, not 3", {"metrics": [3]}),
    (ValueError, "metrics: the name 'accuracy' is taken", {"metrics": ["accuracy"] * 2}),
    (ValueError, "metrics: the name 'cost' is taken", {"metrics": {"cost": "accuracy"}}),
    (ValueError, "metrics: 'accuracy' needs classes, which output_activation='linear' has not",
     {"metrics": "accuracy", "output_activation": "linear"}),
    (ValueError, "metrics: 'categorical_cross_entropy' goes with output_activation='softmax'",
     {"metrics": "categorical_cross_entropy"}),
    (ValueError, "metrics: 'huber' needs labels of 3 rows, not integer classes",
     {"metrics": "huber", "Y": np.zeros(M, int), "output_activation": "softmax"}),
    (ValueError, "patience must be at least 1, not 0", {"patience": 0}),
    (ValueError, "min_delta must be at least 0, not -1", {"min_delta": -1, "patience": 3}),
    (ValueError, "monitor must be one of 'cost', 'data_cost', not 'val_cost'",
     {"monitor": "val_cost", "patience": 3}),
    (ValueError, "monitor must be one of 'val_cost', 'cost', 'data_cost', 'f1', 'val_f1', not "
     "'val_f2'; did you mean 'val_f1'?",
     {"monitor": "val_f2", "patience": 3, "metrics": "f1", "validation_fraction": 0.5}),
    (ValueError, "monitor='cost' goes with patience", {"monitor": "cost"}),
    (TypeError, "callback must be callable, not 'stop'", {"callback": "stop"}),
]  # fmt: skip


def words(message):
    return re.escape(message).replace(r"\.\.\.", ".*")


@pytest.mark.parametrize(
    ("error", "message", "edits"),
    BAD,
    ids=[f"{i}-{'-'.join(e)}" for i, (_, _, e) in enumerate(BAD)],
)
def test_bad_arguments_of_train(error, message, edits):
    rng = np.random.default_rng(0)
    given = {"X": rng.standard_normal((4, M)), "Y": rng.integers(0, 2, (3, M))}
    given |= {"layer_dims": DIMS, **edits}
    if "scale" in given:  # labels that are written as an expression of the examples' numbers
        given["Y"] = given["Y"] * given.pop("scale")
    before, generator = snapshot(given), np.random.get_state()
    with pytest.raises(error) as caught:
        plain_train(**given)
    said = caught.value.args[0]
    assert re.match(f"train: .*{words(message)}", said), said
    assert snapshot(given) == before
    after = np.random.get_state()
    assert (after[1] == generator[1]).all() and after[2] == generator[2]


def test_arguments_that_are_unknown_or_go_by_keyword_alone():
    X, Y = np.ones((4, 2)), np.ones((3, 2))
    with pytest.raises(TypeError, match="unexpected keyword argument 'optimiser'"):
        plain_train(X, Y, DIMS, optimiser="adam")
    with pytest.raises(TypeError, match="positional arguments"):
        plain_train(X, Y, DIMS, PARAMETERS)


def test_the_model_refuses_in_its_own_name():
    X, Y = np.ones((4, 2)), np.ones((3, 2))
    for error, message, options in [
        (ValueError, "L_layer_model: mini_batch_size must be", {"mini_batch_size": 0}),
        (ValueError, "L_layer_model: optimizer must be one of", {"optimizer": "adan"}),
        (ValueError, "L_layer_model: num_iterations must be at least 0", {"num_iterations": -1}),
        (ValueError, "L_layer_model: keep_prob must be", {"keep_prob": 2}),
    ]:
        state = np.random.get_state()[1].copy()
        with pytest.raises(error, match=message):
            ffnn.L_layer_model(X, Y, DIMS, **options)
        assert (np.random.get_state()[1] == state).all()


def test_labels_beyond_0_and_1_are_the_assignments_own_affair():
    X, Y = np.ones((4, 2)), np.full((1, 2), 1.5)
    assert len(ffnn.L_layer_model(X, Y, [4, 1], num_iterations=1)[1]) == 1
    with pytest.raises(ValueError, match=r"Y holds 1.5 at example 0"):
        plain_train(X, Y, [4, 1])
    with pytest.warns(RuntimeWarning, match="'sigmoid' gives numbers from 0 to 1: scale Y"):
        plain_train(X, Y, [4, 1], seed=1, num_epochs=1, cost="mean_squared_error")


@pytest.mark.parametrize(
    ("output", "limits", "reached", "out_of_reach"),
    [
        ("sigmoid", "from 0 to 1", (0, 1), (-0.1, 1.1)),
        ("tanh", "from -1 to 1", (-1, 1), (-1.1, 1.1)),
        ("relu", "of at least 0", (0, 1e6), (-0.1,)),
        ("softplus", "of at least 0", (0, 1e6), (-0.1,)),
        ("exp", "of at least 0", (0, 1e6), (-0.1,)),
        ("elu", "of at least -1", (-1, 1e6), (-1.1,)),
        ("gelu", "of at least -0.17", (-0.169, 1e6), (-0.18,)),
        ("silu", "of at least -0.278", (-0.278, 1e6), (-0.28,)),
        ("linear", "", (-1e6, 1e6), ()),
        ("leaky_relu", "", (-1e6, 1e6), ()),
    ],
)
def test_labels_that_an_output_cannot_give_are_warned_of(output, limits, reached, out_of_reach):
    X, options = np.ones((4, 2)), {"output_activation": output, "cost": "mean_absolute_error"}
    options |= {"seed": 1, "num_epochs": 1}
    plain_train(X, np.array([reached], float), [4, 1], **options)  # warnings are errors
    for label in out_of_reach:
        text = f"train: Y holds {label} at example 1, and output_activation='{output}' gives "
        text += f"numbers {limits}: scale Y, or take output_activation='linear'"
        with pytest.warns(RuntimeWarning, match=re.escape(text)) as caught:
            ffnn.train(X, [[0.5, label]], [4, 1], **options)
        assert caught[0].filename == __file__


def test_a_schedule_that_fails_later_says_when():
    X, Y = np.ones((4, 2)), np.ones((3, 2))
    for message, options in [
        ("train: learning_rate(3) must be finite, not nan",
         {"learning_rate": lambda epoch: np.nan if epoch == 3 else 0.1}),
        ("train: decay(learning_rate, 2, decay_rate) must be finite, not inf",
         {"learning_rate": 0.1, "decay": lambda rate, epoch, _: np.inf if epoch == 2 else rate}),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words(message)) as caught:
            plain_train(X, Y, DIMS, seed=1, num_epochs=6, **options)
        assert caught.value.history["epoch"] == [0, 1, 2]


def test_each_function_says_its_own_name_of_the_sizes():
    """train has layer_dims, as initialize_parameters_deep; the assignment's models layers_dims."""
    X, Y, sizes = np.ones((9, 2)), np.ones((3, 2)), [4, 5, 3]
    for call, name in [
        (ffnn.train, "layer_dims"),
        (ffnn.L_layer_model, "layers_dims"),
        (ffnn.two_layer_model, "layers_dims"),
    ]:
        for bad, message in (sizes, f"where {name}[0] wants 4 rows"), ([4], f"{name} must list"):
            with pytest.raises(
                ValueError, match=words(f"{call.__name__}: ") + ".*" + words(message)
            ):
                call(X, Y, bad)
    with pytest.raises(ValueError, match=words("L_layer_model: layers_dims [9, 3] is not that of")):
        ffnn.L_layer_model(X, Y, [9, 3], parameters=PARAMETERS)


def test_the_model_refuses_what_has_no_effect():
    X, Y = np.ones((4, 2)), np.ones((3, 2))
    for message, options in [
        ("L_layer_model: shuffle goes with mini-batches", {"shuffle": True}),
        ("L_layer_model: beta2 goes with optimizer=..., not 'gd'", {"beta2": 0.9}),
        ("L_layer_model: min_delta=0.5 goes with patience", {"min_delta": 0.5}),
    ]:
        with pytest.raises(ValueError, match=words(message)):
            ffnn.L_layer_model(X, Y, DIMS, **options)
