"""The estimators within scikit-learn's tools: pipelines, searches, ensembles, calibration."""

import numpy as np
import pytest
import sklearn.neural_network
from hypothesis import given, settings, strategies as st
from sklearn import ensemble
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ffnn

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore")]
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
HAS_WEIGHTS = pytest.mark.skipif(VERSION < (1, 7), reason="sample_weight comes with 1.7")
OPTIONS = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 15}


def data():
    cancer, sugar = load_breast_cancer(return_X_y=True), load_diabetes(return_X_y=True)
    X, y = load_digits(return_X_y=True)
    return {
        "binary": (StandardScaler().fit_transform(cancer[0])[:160], cancer[1][:160]),
        "classes": (X[:160] / 16, y[:160]),
        "target": (sugar[0][:160] * 20, (sugar[1][:160] - 150) / 80),
    }


DATA = data()


def both(make, name):
    """What a tool made with scikit-learn's estimator gives, and with ours."""
    X, y = DATA[name]
    kind = "MLPRegressor" if name == "target" else "MLPClassifier"
    return [
        np.asarray(make(getattr(module, kind)(**OPTIONS), X, y))
        for module in (sklearn.neural_network, ffnn)
    ]


def fitted_output(tool, X, y):
    tool.fit(X, y)
    return tool.predict_proba(X) if hasattr(tool, "predict_proba") else tool.predict(X)


def search(model, X, y):
    found = GridSearchCV(model, {"alpha": [1e-4, 1.0], "solver": ["sgd", "adam"]}, cv=3).fit(X, y)
    return found.cv_results_["mean_test_score"]


def stacked(model, X, y):
    kind = ensemble.StackingRegressor if y.dtype.kind == "f" else ensemble.StackingClassifier
    return fitted_output(kind([("a", model), ("b", model)], cv=2), X, y)


def voting(model, X, y):
    if y.dtype.kind == "f":
        return fitted_output(ensemble.VotingRegressor([("a", model), ("b", model)]), X, y)
    return fitted_output(
        ensemble.VotingClassifier([("a", model), ("b", model)], voting="soft"), X, y
    )


def bagged(model, X, y):
    kind = ensemble.BaggingRegressor if y.dtype.kind == "f" else ensemble.BaggingClassifier
    return fitted_output(kind(model, n_estimators=3, random_state=0, max_features=0.6), X, y)


def boosted(model, X, y):
    kind = ensemble.AdaBoostRegressor if y.dtype.kind == "f" else ensemble.AdaBoostClassifier
    model.set_params(max_iter=60)
    return fitted_output(kind(model, n_estimators=3, random_state=0), X, y)


def importances(model, X, y):
    return permutation_importance(model.fit(X, y), X, y, n_repeats=2, random_state=0).importances


TOOLS = {
    "pipeline": lambda model, X, y: fitted_output(make_pipeline(StandardScaler(), model), X, y),
    "search": search,
    "random search": lambda model, X, y: RandomizedSearchCV(
        model, {"alpha": np.logspace(-4, 1, 9)}, n_iter=3, cv=2, random_state=0
    ).fit(X, y).cv_results_["mean_test_score"],
    "cross_val_score": lambda model, X, y: cross_val_score(model, X, y, cv=3),
    "cross_val_predict": lambda model, X, y: cross_val_predict(model, X, y, cv=3),
    "learning curve": lambda model, X, y: learning_curve(model, X, y, cv=2, train_sizes=[0.5, 1.0])[
        2
    ],
    "bagging": bagged,
    "stacking": stacked,
    "voting": voting,
    "importance": importances,
    "dependence": lambda model, X, y: partial_dependence(model.fit(X, y), X, [0])["average"],
    "selection": lambda model, X, y: SequentialFeatureSelector(
        model.set_params(max_iter=3), n_features_to_select=2, cv=2
    ).fit(X[:, 10:14] if X.shape[1] > 20 else X[:, :4], y).get_support(),
}  # fmt: skip


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_gives_scikit_learns_results(tool, name):
    theirs, ours = both(TOOLS[tool], name)
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(ours.astype(float), theirs.astype(float), rtol=0, atol=1e-9)


@HAS_WEIGHTS
@pytest.mark.parametrize("name", DATA)
def test_boosting_gives_weights(name):
    theirs, ours = both(boosted, name)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
@pytest.mark.parametrize("name", ["binary", "classes"])
def test_calibration(name, method):
    theirs, ours = both(
        lambda model, X, y: fitted_output(CalibratedClassifierCV(model, method=method, cv=2), X, y),
        name,
    )
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-7)


def test_many_labels_and_targets_by_wrappers():
    for tool, name in (
        (lambda model, X, y: fitted_output(OneVsRestClassifier(model), X, y), "classes"),
        (
            lambda model, X, y: ClassifierChain(model).fit(X, X[:, :3] > 0).predict_proba(X),
            "binary",
        ),
        (
            lambda model, X, y: MultiOutputRegressor(model).fit(X, X[:, :2] ** 2).predict(X),
            "target",
        ),
        (
            lambda model, X, y: TransformedTargetRegressor(
                model, func=np.cbrt, inverse_func=lambda z: z**3
            ).fit(X, y).predict(X),
            "target",
        ),
    ):  # fmt: skip
        theirs, ours = both(tool, name)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@HAS_WEIGHTS
def test_weights_are_routed():
    X, y = DATA["binary"]
    weights = np.random.RandomState(0).uniform(0.1, 3, len(y))
    with sklearn.config_context(enable_metadata_routing=True):
        model = ffnn.MLPClassifier(**OPTIONS).set_fit_request(sample_weight=True, X_val=True,
                                                              y_val=True)  # fmt: skip
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipe = make_pipeline(scaler, model).fit(X, y, sample_weight=weights, X_val=X, y_val=y)
    due = ffnn.MLPClassifier(**OPTIONS).fit(scaler.transform(X), y, sample_weight=weights)
    assert (pipe[-1].coefs_[0] == due.coefs_[0]).all()
    assert len(pipe[-1].validation_scores_) == 15


# ---- whatever the shapes, labels and weights ----

NAMES = np.array(["rock", "paper", "scissors", "well"])


@st.composite
def problems(draw):
    """A class, X, y and parameters."""
    m, n_x = draw(st.integers(8, 40)), draw(st.integers(1, 6))
    random = np.random.RandomState(draw(st.integers(0, 2**16)))
    X = random.normal(size=(m, n_x)).astype(draw(st.sampled_from([np.float32, np.float64])))
    kind = draw(st.sampled_from(["binary", "names", "multi", "floats", "one", "target", "targets"]))
    k = draw(st.integers(2, 4))
    classes = np.arange(m) % k
    y = {
        "binary": np.arange(m) % 2,
        "names": NAMES[classes],
        "multi": (random.uniform(size=(m, k)) < 0.5).astype(int),
        "floats": classes * 1.0,
        "one": np.array(["only"] * m),
        "target": random.normal(size=m),
        "targets": random.normal(size=(m, k)),
    }[kind]
    options = {
        "hidden_layer_sizes": tuple(draw(st.lists(st.integers(1, 9), max_size=3))),
        "activation": draw(st.sampled_from(["relu", "tanh", "logistic", "identity"])),
        "solver": draw(st.sampled_from(["sgd", "adam"])),
        "batch_size": draw(st.sampled_from(["auto", 1, 5, 64])),
        "max_iter": 3,
        "random_state": 0,
    }
    return "MLPRegressor" if kind.startswith("target") else "MLPClassifier", X, y, options


def distance(one, other):
    pairs = zip([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_], strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_any_shape_and_kind_of_labels_gives_scikit_learns_model(problem):
    name, X, y, options = problem
    theirs, ours = (
        getattr(module, name)(**options).fit(X, y) for module in (sklearn.neural_network, ffnn)
    )
    assert [a.shape for a in ours.coefs_] == [a.shape for a in theirs.coefs_]
    assert [a.dtype for a in ours.coefs_] == [a.dtype for a in theirs.coefs_]
    assert distance(theirs, ours) < (1e-3 if X.dtype == np.float32 else 1e-9)
    due = ours.predict(X)
    assert due.shape == theirs.predict(X).shape and due.dtype == theirs.predict(X).dtype
    back = ours.to_sklearn()
    np.testing.assert_allclose(np.asarray(back.predict(X) == due, float), 1) if due.dtype.kind in (
        "iUO"
    ) else np.testing.assert_allclose(back.predict(X), due, rtol=1e-4, atol=1e-4)
    for form in (np.asfortranarray(X), np.vstack([X, X])[: len(X)], X[:, ::-1][:, ::-1]):
        assert (getattr(ffnn, name)(**options).fit(form, y).coefs_[0] == ours.coefs_[0]).all()


@HAS_WEIGHTS
@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(0, 2**16))
def test_weight_2_is_the_row_twice(problem, seed):
    """One batch of all rows, in their order: nothing stands between."""
    name, X, y, options = problem
    X = X.astype(float)
    times = np.random.RandomState(seed).randint(0, 4, len(X))
    times[:4] = 1
    options |= {"shuffle": False, "batch_size": int(times.sum() + len(X))}
    if name == "MLPClassifier" and y.ndim == 1 and set(y[times > 0]) != set(y):
        times = np.maximum(times, 1)
    weighted = getattr(ffnn, name)(**options).fit(X, y, sample_weight=times)
    repeated = getattr(ffnn, name)(**options).fit(
        np.repeat(X, times, axis=0), np.repeat(y, times, 0)
    )
    assert distance(weighted, repeated) < 1e-9
    assert weighted.loss_ == np.float64(weighted.loss_) and np.isclose(
        weighted.loss_, repeated.loss_, rtol=1e-9
    )
