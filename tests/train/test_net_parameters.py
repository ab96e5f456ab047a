"""A dict of parameters that knows its net: who makes it, who keeps it, who uses it, who refuses."""

import copy
import io
import pickle
import re
from contextlib import redirect_stdout

import numpy as np
import pytest

import ffnn
import reference
from ffnn._parameters import NetCaches
from support import assert_same_bits, labels, network, plain_train

NETS = [
    ("tanh", "sigmoid"),
    ("relu", "softmax"),
    (("tanh", "elu"), "softmax"),
    (("gelu", "relu"), "linear"),
]
M = 9


def known(of):
    return of.hidden_activation, of.output_activation


def keywords(hidden, output):
    return {"hidden_activation": hidden, "output_activation": output}


def knowing(rng, hidden, output, real=np.float64):
    """A net 4-6-5-n_y that knows, X, and Y for its cost."""
    n_y = 3 if output == "softmax" else 1
    plain = network(rng, [4, 6, 5, n_y], real)
    X = rng.standard_normal((4, M)).astype(real)
    Y = rng.integers(0, 3, (1, M)) if output == "softmax" else labels(rng, (1, M))
    return ffnn.NetParameters(plain, **keywords(hidden, output)), X, Y


def printed(function, *arguments, **given):
    """What a call prints, and what it returns."""
    with redirect_stdout(io.StringIO()) as out:
        result = function(*arguments, **given)
    return out.getvalue(), result


def assert_same_arrays(ours, theirs):
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert_same_bits(ours[name], value)


# ---- who makes it --------------------------------------------------------------------------------


@pytest.mark.parametrize(("hidden", "output"), NETS)
def test_a_run_returns_what_knows_its_net(rng, hidden, output):
    _, X, Y = knowing(rng, hidden, output)
    seen = []
    dims = [4, 6, 5, 3 if output == "softmax" else 1]
    options = {"callback": lambda info: seen.append(info["parameters"]), **keywords(hidden, output)}
    trained, _ = plain_train(X, Y, dims, seed=1, num_epochs=2, **options)
    kept, _ = plain_train(
        X, Y, dims, seed=1, num_epochs=2, patience=1, validation_fraction=0.3, **options
    )
    model, _ = ffnn.L_layer_model(X, Y, dims, num_iterations=2, **options)
    for of in (trained, kept, model, *seen):
        assert type(of) is ffnn.NetParameters and known(of) == (hidden, output)

    def fail(info):
        raise LookupError

    with pytest.raises(LookupError) as error:
        plain_train(X, Y, dims, **{**options, "callback": fail})
    assert known(error.value.parameters) == (hidden, output)


def test_the_assignments_net_is_a_plain_dict(rng):
    _, X, Y = knowing(rng, "tanh", "sigmoid")
    for given in ({}, keywords("relu", "sigmoid"), keywords(["relu", "relu"], None)):
        parameters, _ = plain_train(X, Y, [4, 6, 5, 1], num_epochs=1, **given)
        assert type(parameters) is dict
        again, _ = plain_train(X, Y, parameters=ffnn.NetParameters(parameters), num_epochs=1)
        assert type(again) is dict
    # Without a hidden layer nothing is left that could be another net.
    assert type(plain_train(X, Y, [4, 1], num_epochs=1, hidden_activation="tanh")[0]) is dict
    assert type(ffnn.L_layer_model(X, Y, [4, 3, 1], num_iterations=1)[0]) is dict
    assert type(ffnn.two_layer_model(X, Y, [4, 3, 1], num_iterations=1)[0]) is dict


def test_names_shared_by_all_layers_are_one(rng):
    _, X, Y = knowing(rng, "tanh", "sigmoid")
    given = keywords(["tanh", "tanh"], "sigmoid")
    parameters, _ = plain_train(X, Y, [4, 6, 5, 1], num_epochs=1, **given)
    assert known(parameters) == ("tanh", "sigmoid")
    deep, _ = plain_train(X, Y, [4, *[2] * 11, 1], num_epochs=1, hidden_activation="tanh")
    assert known(deep) == ("tanh", "sigmoid")


# ---- who keeps it --------------------------------------------------------------------------------

COPIES = {
    "copy": lambda p: p.copy(),
    "copy.copy": copy.copy,
    "copy.deepcopy": copy.deepcopy,
    "pickle": lambda p: pickle.loads(pickle.dumps(p)),
    "pickle 2": lambda p: pickle.loads(pickle.dumps(p, 2)),
}


@pytest.mark.parametrize("way", COPIES)
def test_copies_know_as_much(rng, way):
    p, X, _ = knowing(rng, ("tanh", "elu"), "softmax")
    _, caches = ffnn.L_model_forward(X, p)
    for of in (p, caches):
        other = COPIES[way](of)
        assert type(other) is type(of) and known(other) == known(of) and other is not of
        other.hidden_activation = "relu"
        assert of.hidden_activation == ("tanh", "elu")
    assert_same_arrays(COPIES[way](p), p)
    assert (COPIES[way](p)["W1"] is p["W1"]) == (way in ("copy", "copy.copy"))


def test_pickles_name_the_public_type(rng):
    p, _, _ = knowing(rng, "tanh", "sigmoid")
    assert b"_parameters" not in pickle.dumps(p)


def test_merging(rng):
    p, _, _ = knowing(rng, "tanh", "linear")
    new = np.full((1, 1), 7.0)
    for merged in (p | {"b3": new}, p | ffnn.NetParameters({"b3": new}, **keywords(*known(p)))):
        assert type(merged) is ffnn.NetParameters and known(merged) == known(p)
        assert merged["b3"] is new and p["b3"] is not new and merged["W1"] is p["W1"]
    merged = {"b3": new, "extra": new} | p
    assert known(merged) == known(p) and merged["b3"] is p["b3"] and merged["extra"] is new
    assert list(merged) == list({"b3": new, "extra": new} | dict(p))
    same = p
    same |= {"b3": new}
    assert same is p and p["b3"] is new and known(p) == ("tanh", "linear")
    p.update({"b3": new * 2}, W3=new)
    assert p["b3"][0, 0] == 14 and p["W3"] is new
    for plain in (dict(p), {**p}, dict(p.items())):
        assert type(plain) is dict
    with pytest.raises(TypeError):
        p | [("b3", new)]
    with pytest.raises(TypeError):
        [("b3", new)] | p


def test_two_nets_are_not_merged(rng):
    p, _, _ = knowing(rng, ("tanh", "tanh"), "linear")
    same = ffnn.NetParameters(p, hidden_activation="tanh")
    assert known(p | same) == known(p)
    before = dict(p)
    for other in (
        ffnn.NetParameters(p, hidden_activation="elu"),
        ffnn.NetParameters(p, output_activation="sigmoid"),
    ):
        for merge in (lambda q: p | q, lambda q: q | p, lambda q: p.update(q), p.__ior__):
            with pytest.raises(ValueError, match=r"activation is .* here and .* they are two nets"):
                merge(other)
    assert_same_arrays(p, before)


def test_update_parameters_and_vectors_keep_it(rng):
    p, X, Y = knowing(rng, "tanh", "softmax")
    _, grads = ffnn.cost_and_gradients(X, Y, p)
    assert type(grads) is dict
    cut = ffnn.vector_to_parameters(ffnn.parameters_to_vector(p), p)
    assert type(cut) is ffnn.NetParameters and known(cut) == known(p)
    assert_same_arrays(cut, p)
    assert type(ffnn.vector_to_parameters(ffnn.parameters_to_vector(grads), grads)) is dict
    assert ffnn.update_parameters(p, grads, 0.1) is p and known(p) == ("tanh", "softmax")


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_files_keep_it(rng, tmp_path, suffix):
    if suffix == ".safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"net{suffix}"
    p, _, _ = knowing(rng, ("tanh", "elu"), "softmax")
    ffnn.save_parameters(path, p, hidden="a word of the user's")
    loaded, meta = ffnn.load_parameters(path)
    assert type(loaded) is ffnn.NetParameters and known(loaded) == known(p)
    assert_same_arrays(loaded, p)
    assert meta == {"hidden": "a word of the user's"}
    content = path.read_bytes()
    assert content.count(b'"elu"') == 1 or content.count(b'\\"elu\\"') == 1
    path.write_bytes(content.replace(b"elu", b"gel"))
    with pytest.raises(ValueError, match="damaged, or not written by save_parameters"):
        ffnn.load_parameters(path)
    ffnn.save_parameters(path, dict(p))
    assert type(ffnn.load_parameters(path)[0]) is dict
    assert b"hidden_activation" not in path.read_bytes()


# ---- who uses it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("hidden", "output"), NETS)
def test_functions_use_what_is_known(rng, real, hidden, output):
    """The same as the keywords beside a plain dict, to the bit; and the twin's."""
    p, X, Y = knowing(rng, hidden, output, real)
    plain, net = dict(p), keywords(hidden, output)

    AL, caches = ffnn.L_model_forward(X, p)
    expected, told = ffnn.L_model_forward(X, plain, **net)
    assert_same_bits(AL, expected)
    for of in (caches, told):
        assert type(of) is NetCaches and isinstance(of, list) and known(of) == (hidden, output)
        assert len(of) == 3 and of[0][0][0] is X and of[0][0][1] is p["W1"]
    assert_same_bits(ffnn.predict_proba(X, p), expected)
    assert_same_bits(
        ffnn.predict_classes(X, p), ffnn.predict_classes(X, plain, **net, threshold=0.5)
    )
    twin, twin_caches = reference.L_model_forward(X, p)
    tolerance = {"rtol": 3e-5, "atol": 1e-5} if real == np.float32 else {"rtol": 1e-10}
    np.testing.assert_allclose(AL, twin, **tolerance)
    np.testing.assert_allclose(ffnn.predict_proba(X, p), reference.predict_proba(X, p), **tolerance)

    grads = ffnn.L_model_backward(AL, Y, caches)
    assert type(grads) is dict
    assert_same_arrays(grads, ffnn.L_model_backward(AL, Y, list(caches), **net))
    assert_same_arrays(grads, ffnn.L_model_backward(AL, Y, caches, **net))
    one_hot = np.eye(3)[:, Y[0]] if output == "softmax" else Y
    twin = reference.L_model_backward(AL, one_hot, twin_caches, **net)
    for name, value in twin.items():
        np.testing.assert_allclose(grads[name], value, **{**tolerance, "atol": 1e-5})

    assert ffnn.compute_cost(AL, Y, parameters=p) == ffnn.compute_cost(
        AL, Y, cost=reference.default_cost(output)
    )
    np.testing.assert_allclose(
        ffnn.compute_cost(AL, Y, parameters=p, lambd=0.1),
        reference.compute_cost(AL, one_hot, parameters=p, lambd=0.1),
        rtol=1e-5,
    )
    ours, told = ffnn.cost_and_gradients(X, Y, p), ffnn.cost_and_gradients(X, Y, plain, **net)
    assert ours[0] == told[0]
    assert_same_arrays(ours[1], told[1])
    assert ffnn.gradient_check(p, X, Y) == ffnn.gradient_check(plain, X, Y, **net)
    assert ffnn.summary(p) == ffnn.summary(plain, **net) and output in ffnn.summary(p)
    if output != "linear":
        assert str(printed(ffnn.predict, X, Y, p)) == str(printed(ffnn.predict, X, Y, plain, **net))


@pytest.mark.parametrize(("hidden", "output"), NETS)
def test_a_run_goes_on_as_the_net_that_it_was(rng, hidden, output):
    p, X, Y = knowing(rng, hidden, output)
    options = {"seed": 3, "num_epochs": 4, "mini_batch_size": 4}
    ours, history = plain_train(X, Y, parameters=p, **options)
    told, expected = plain_train(X, Y, parameters=dict(p), **keywords(hidden, output), **options)
    assert_same_arrays(ours, told)
    assert history["cost"] == expected["cost"] and known(ours) == known(told) == (hidden, output)
    dims = [4, 6, 5, len(p["b3"])]
    ours, costs = ffnn.L_layer_model(X, Y, dims, num_iterations=3, parameters=p)
    told, expected = ffnn.L_layer_model(
        X, Y, dims, num_iterations=3, parameters=dict(p), **keywords(hidden, output)
    )
    assert_same_arrays(ours, told)
    assert costs == expected and known(ours) == (hidden, output)


def test_scores_of_a_run_that_goes_on(rng):
    """Those by name look at the output that the parameters know."""
    p, X, Y = knowing(rng, "tanh", "softmax")
    _, history = plain_train(X, Y, parameters=p, num_epochs=1, metrics="accuracy", learning_rate=0)
    assert history["accuracy"] == [np.mean(ffnn.predict_classes(X, p) == Y)]


def test_the_plane_is_that_of_the_net(rng):
    pytest.importorskip("matplotlib").use("Agg")
    X, y = rng.standard_normal((2, 30)), rng.integers(0, 2, 30)
    p = ffnn.NetParameters(network(rng, [2, 5, 1], np.float64), hidden_activation="tanh")
    told = ffnn.plot_decision_boundary(dict(p), X, y, hidden_activation="tanh")
    other = ffnn.plot_decision_boundary(dict(p), X, y)
    colours = [
        ax.collections[0].get_array() for ax in (ffnn.plot_decision_boundary(p, X, y), told, other)
    ]
    assert (colours[0] == colours[1]).all() and (colours[0] != colours[2]).any()


def test_other_dicts_and_lists_know_nothing(rng):
    """An attribute of the same name on another subclass is no net's."""

    class Other(dict):
        hidden_activation = "tanh"
        output_activation = "linear"

    p, X, _ = knowing(rng, "tanh", "sigmoid")
    assert_same_bits(ffnn.predict_proba(X, Other(p)), ffnn.predict_proba(X, dict(p)))


def test_a_subclass_of_ones_own(rng):
    class Named(ffnn.NetParameters):
        """With a name beside."""

    p, X, _ = knowing(rng, "tanh", "sigmoid")
    mine = Named(p)
    mine.name = "mine"
    assert type(mine.copy()) is Named and known(mine | {}) == known(p)
    assert_same_bits(ffnn.predict_proba(X, mine), ffnn.predict_proba(X, p))
    assert repr(mine).startswith("Named({'W1'")


# ---- who refuses ---------------------------------------------------------------------------------


def test_a_keyword_that_contradicts(rng):
    p, X, Y = knowing(rng, ("tanh", "elu"), "softmax")
    AL, caches = ffnn.L_model_forward(X, p)
    calls = {
        "L_model_forward": lambda **net: ffnn.L_model_forward(X, p, **net),
        "predict_proba": lambda **net: ffnn.predict_proba(X, p, **net),
        "predict_classes": lambda **net: ffnn.predict_classes(X, p, **net),
        "predict": lambda **net: ffnn.predict(X, Y, p, **net),
        "cost_and_gradients": lambda **net: ffnn.cost_and_gradients(X, Y, p, **net),
        "gradient_check": lambda **net: ffnn.gradient_check(p, X, Y, **net),
        "summary": lambda **net: ffnn.summary(p, **net),
        "train": lambda **net: plain_train(X, Y, parameters=p, **net),
        "L_layer_model": lambda **net: ffnn.L_layer_model(X, Y, [4, 6, 5, 3], parameters=p, **net),
        "L_model_backward": lambda **net: ffnn.L_model_backward(AL, Y, caches, **net),
    }
    for name, call in calls.items():
        of = "caches" if name == "L_model_backward" else "parameters"
        for key, given, has in (
            ("hidden_activation", "tanh", ("tanh", "elu")),
            ("hidden_activation", ["elu", "tanh"], ("tanh", "elu")),
            ("output_activation", "sigmoid", "softmax"),
        ):
            says = f"{name}: {key} is {given!r} where the {of} know {has!r}: leave it out"
            with pytest.raises(ValueError, match=f"^{re.escape(says)}"):
                call(**{key: given})
        with pytest.raises(ValueError, match=f"{name}: output_activation must be one of"):
            call(output_activation="sofmax")
    pytest.importorskip("matplotlib").use("Agg")
    flat = ffnn.NetParameters(
        {"W1": np.ones((1, 2)), "b1": np.ones((1, 1))}, **keywords("tanh", "linear")
    )
    with pytest.raises(
        ValueError, match=r"^plot_decision_boundary: output_activation is 'sigmoid'"
    ):
        ffnn.plot_decision_boundary(flat, X[:2], Y[0] % 2, output_activation="sigmoid")
    with pytest.raises(ValueError, match="goes with output_activation='sigmoid', not 'softmax'"):
        ffnn.compute_cost(AL, np.eye(3)[:, Y[0]], cost="binary_cross_entropy", parameters=p)


@pytest.mark.parametrize("kind", [ffnn.NetParameters, NetCaches])
def test_a_wrong_activation_is_refused(kind):
    of = ffnn.NetParameters()
    if kind is NetCaches:
        plain = {"W1": np.ones((1, 1)), "b1": np.ones((1, 1))}
        _, of = ffnn.L_model_forward(np.ones((1, 1)), plain, output_activation="tanh")
    before = known(of)
    for name, value, error, says in (
        ("hidden_activation", "tan", ValueError, r"must be one of .*; did you mean 'tanh'\?"),
        ("hidden_activation", ["tanh", "tan"], ValueError, r"hidden_activation\[1\] must be one"),
        ("hidden_activation", "softmax", ValueError, "must be one of"),
        ("hidden_activation", 1, TypeError, "must be a str, not int"),
        ("output_activation", "sofmax", ValueError, "did you mean 'softmax'"),
        ("output_activation", ["tanh"], TypeError, "must be a str, not list"),
        ("hiden_activation", "tanh", AttributeError, "hiden_activation"),
    ):
        with pytest.raises(error, match=says):
            setattr(of, name, value)
    assert known(of) == before
    for name in ffnn.activations():
        of.output_activation = name
    of.hidden_activation = ["tanh", "elu"]
    assert known(of) == (("tanh", "elu"), ffnn.activations()[-1])


def test_a_list_of_another_depth(rng):
    p, X, _ = knowing(rng, "tanh", "sigmoid")
    p.hidden_activation = ["tanh", "elu", "relu"]
    with pytest.raises(ValueError, match="has length 3, expected one for each of 2 hidden layers"):
        ffnn.predict_proba(X, p)
    with pytest.raises(ValueError, match="must be one of"):
        ffnn.NetParameters(p, output_activation="sofmax")


def test_the_types_that_the_binding_takes():
    for arguments in ((list, list), (dict, dict), (dict, 1), ("dict", list)):
        with pytest.raises(TypeError, match="register_net_types: .* must be a subclass of"):
            ffnn._ffnn.register_net_types(*arguments)


def test_it_shows_itself():
    p = ffnn.NetParameters({"W1": np.ones((1, 1))}, hidden_activation=["tanh", "elu"])
    namespace = {"NetParameters": ffnn.NetParameters, "array": np.array}
    again = eval(repr(p), namespace)
    assert known(again) == known(p) and again["W1"] == 1
    assert p == dict(p) and isinstance(p, dict)
