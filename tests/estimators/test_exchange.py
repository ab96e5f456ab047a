"""The same net as ffnn's estimator, scikit-learn's, and the course's dict: each way, each kind."""

import pickle

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_digits

import ffnn

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore")]
M = 150


def kinds():
    """name: (class, y, the classes that from_parameters takes)"""
    X, y = load_digits(return_X_y=True)
    names = np.array(["no", "yes"])
    return X[:M] / 16, {
        "binary": ("MLPClassifier", names[(y[:M] > 4) * 1], ["no", "yes"]),
        "classes": ("MLPClassifier", y[:M], np.arange(10)),
        "labels": ("MLPClassifier", (X[:M, 10:13] > 5) * 1, "multilabel"),
        "target": ("MLPRegressor", X[:M, 20] / 16, None),
        "targets": ("MLPRegressor", X[:M, 20:23] / 16, None),
    }


X, KINDS = kinds()
OPTIONS = {"hidden_layer_sizes": (9, 5), "activation": "tanh", "max_iter": 6, "random_state": 2}


def outputs(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def make(kind, module=ffnn, **options):
    name, y, _ = KINDS[kind]
    return getattr(module, name)(**OPTIONS | options).fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_again(kind, solver):
    theirs = make(kind, sklearn.neural_network, solver=solver)
    ours = ffnn.from_sklearn(theirs)
    np.testing.assert_allclose(outputs(ours, X), outputs(theirs, X), rtol=0, atol=1e-14)
    back = pickle.loads(pickle.dumps(ours.to_sklearn()))
    assert type(back) is type(theirs) and back.get_params() == theirs.get_params()
    assert all((a == b).all() for a, b in zip(back.coefs_, theirs.coefs_, strict=True))
    assert not any(
        np.shares_memory(a, b)
        for one, other in ((ours, theirs), (ours, back))
        for a, b in zip(one.coefs_, other.coefs_, strict=True)
    )
    if solver == "lbfgs":
        return
    y = KINDS[kind][1]
    for model in theirs, ours, back:
        model.partial_fit(X, y)
    for model in theirs, back:
        np.testing.assert_allclose(ours.coefs_[0], model.coefs_[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_courses_dict_is_views(kind):
    model = make(kind)
    parameters = model.parameters_
    assert list(parameters) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    AL = ffnn.predict_proba(X.T, parameters)
    due = outputs(model, X)
    if kind == "binary":
        due = due[:, 1]
    np.testing.assert_allclose(AL.T.reshape(due.shape), due, rtol=0, atol=1e-15)
    parameters["W3"][:] = 0
    parameters["b3"][:] = 0
    assert not model.coefs_[-1].any() and not model.intercepts_[-1].any()
    assert np.ptp(outputs(model, X), axis=0).max() == 0


@pytest.mark.parametrize("form", [dict, ffnn.NetParameters])
@pytest.mark.parametrize("kind", KINDS)
def test_a_dict_is_an_estimator(kind, form):
    """As good as the fitted one: to predict, clone, pickle, and to train on."""
    name, y, classes = KINDS[kind]
    model = make(kind)
    known = {} if classes is None else {"classes": classes}
    options = {k: v for k, v in OPTIONS.items() if k not in ("hidden_layer_sizes", "activation")}
    if form is dict:
        options["activation"] = "tanh"
    given = model.parameters_ if form is ffnn.NetParameters else dict(model.parameters_)
    made = getattr(ffnn, name).from_parameters(given, **known, **options)
    assert made.activation == "tanh" and tuple(made.hidden_layer_sizes) == (9, 5)
    assert (made.predict(X) == model.predict(X)).all()
    np.testing.assert_allclose(outputs(made, X), outputs(model, X), rtol=0, atol=1e-15)
    assert made.score(X, y) == pytest.approx(model.score(X, y))
    again = pickle.loads(pickle.dumps(made))
    for each in made, again:
        each.set_params(warm_start=True, max_iter=3).fit(X, y)
        assert each.n_iter_ == 3
    assert all((a == b).all() for a, b in zip(made.coefs_, again.coefs_, strict=True))
    assert (made.coefs_[0] != model.coefs_[0]).any()
    theirs = made.to_sklearn()
    np.testing.assert_allclose(outputs(theirs, X), outputs(made, X), rtol=0, atol=1e-14)


def test_other_tools_read_to_sklearns_model():
    """Where skl2onnx and onnxruntime are installed: floats, so to float's precision."""
    skl2onnx = pytest.importorskip("skl2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    for kind in "binary", "classes", "target":
        model = make(kind, activation="relu")
        options = {"zipmap": False} if kind != "target" else None
        graph = skl2onnx.to_onnx(model.to_sklearn(), X[:1].astype(np.float32), options=options)
        session = onnxruntime.InferenceSession(
            graph.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        found = session.run(None, {"X": X.astype(np.float32)})
        due = outputs(model, X)
        np.testing.assert_allclose(found[-1].reshape(due.shape), due, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "call",
    [
        ffnn.to_c,
        ffnn.to_state_dict,
        ffnn.summary,
        lambda model: ffnn.save_parameters("net.npz", model),
        lambda model: ffnn.save_checkpoint("net.npz", model, {"optimizer_state": {}}),
    ],
    ids=["to_c", "to_state_dict", "summary", "save_parameters", "save_checkpoint"],
)
def test_an_estimator_in_place_of_its_parameters_has_a_way_out(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = ffnn.MLPClassifier((3,), max_iter=2, random_state=0).fit(X, KINDS["classes"][1])
    with pytest.raises(TypeError, match=r"must be a dict, not MLPClassifier: pass model.parame"):
        call(model)
    with pytest.raises(TypeError, match=r"scikit-learn's .*: pass ffnn.from_sklearn\(model\)\.p"):
        call(model.to_sklearn())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("call", [ffnn.predict_proba, ffnn.predict_classes, ffnn.L_model_forward])
def test_the_core_has_that_way_out_too(call):
    model = ffnn.MLPClassifier((3,), max_iter=2, random_state=0).fit(X, KINDS["classes"][1])
    with pytest.raises(TypeError, match=r"must be a dict, not MLPClassifier: pass model.parame"):
        call(X.T, model)
    with pytest.raises(TypeError, match="grads must be a dict, not MLPClassifier$"):
        ffnn.update_parameters(model.parameters_, model, 0.1)


def test_only_scikit_learns_two_are_turned_into_ours():
    for other in None, {}, ffnn.MLPClassifier:
        with pytest.raises(TypeError, match="from_sklearn: estimator must be scikit-learn's"):
            ffnn.from_sklearn(other)
