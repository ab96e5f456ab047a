"""The same random_state gives scikit-learn's model: coefs_ to 1e-10, and as many epochs."""

import inspect
import itertools
import warnings

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris

import ffnn

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore")]
M = 130
FIT = inspect.signature(sklearn.neural_network.MLPClassifier.fit)
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
HAS_SCORES_OF_STRINGS = VERSION >= (1, 9)  # early stopping raised a TypeError before
HAS_WEIGHTS = "sample_weight" in FIT.parameters  # since 1.7


def scaled(X):
    X = X[:M] - X[:M].mean(axis=0)
    return X / (X.std(axis=0) + 0.1)


def tasks():
    """name: (class, X, y, parameters)"""
    digits, cancer = load_digits(return_X_y=True), load_breast_cancer(return_X_y=True)
    sugar = load_diabetes(return_X_y=True)
    X = scaled(sugar[0])
    counts = np.random.RandomState(1).poisson(np.exp(X[:, 2] / 2))
    return {
        "binary": ("MLPClassifier", scaled(cancer[0]), cancer[1][:M], {}),
        "strings": ("MLPClassifier", scaled(cancer[0]), np.array(["b", "a"])[cancer[1][:M]], {}),
        "classes": ("MLPClassifier", digits[0][:M] / 16, digits[1][:M], {}),
        "labels": ("MLPClassifier", X, (X[:, :3] > 0).astype(int), {}),
        "target": ("MLPRegressor", X, sugar[1][:M] / 100, {}),
        "targets": ("MLPRegressor", X, X[:, :3] ** 2, {}),
        "poisson": ("MLPRegressor", X, counts.astype(float), {"loss": "poisson"}),
    }


TASKS = tasks()
if VERSION < (1, 7):  # which has no other loss
    del TASKS["poisson"]
SOLVERS = {
    "adam": {"solver": "adam"},
    "lbfgs": {"solver": "lbfgs"},
    **{
        f"{schedule}-{'nesterov' if nesterov else 'classical'}": {
            "solver": "sgd",
            "learning_rate": schedule,
            "nesterovs_momentum": nesterov,
            "learning_rate_init": 0.03,
            "power_t": 0.3,
        }
        for schedule in ("constant", "invscaling", "adaptive")
        for nesterov in (True, False)
    },
}
WEIGHTS = np.random.RandomState(2).uniform(0.2, 3, M)


def both(name, X, y, weights=None, **parameters):
    """scikit-learn's model and ours, or their errors."""
    models = []
    for module in sklearn.neural_network, ffnn:
        model = getattr(module, name)(**parameters)
        try:
            extra = {} if weights is None else {"sample_weight": weights}
            models.append(model.fit(X, y, **extra))
        except ValueError as error:
            models.append(repr(error))
    return models


def distance(theirs, ours):
    return max(
        np.abs(a - b).max()
        for a, b in zip(
            [*theirs.coefs_, *theirs.intercepts_], [*ours.coefs_, *ours.intercepts_], strict=True
        )
    )


def assert_same(theirs, ours, within=1e-10):
    if isinstance(theirs, str):
        assert ours == theirs
        return
    assert distance(theirs, ours) < within
    assert ours.n_iter_ == theirs.n_iter_ and ours.t_ == theirs.t_
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-9)
    if theirs.solver == "lbfgs":
        return
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)
    assert ours._optimizer.learning_rate == pytest.approx(theirs._optimizer.learning_rate)
    if theirs.early_stopping:
        assert ours.validation_scores_ == pytest.approx(theirs.validation_scores_, nan_ok=True)
        assert ours.best_loss_ is None
    else:
        assert ours.best_loss_ == pytest.approx(theirs.best_loss_)
        assert ours.validation_scores_ is None


@pytest.fixture
def clipped(monkeypatch):
    """Filled where scikit-learn clips a probability, and so a log loss above 36."""
    found = []

    def watched(log_loss):
        def clipping_log_loss(y, p, *weights):
            of_label = np.where(y > 0, p, 1 - p) if log_loss.__name__[0] == "b" else (y * p).sum(1)
            found.extend(of_label[of_label < np.finfo(p.dtype).eps])
            return log_loss(y, p, *weights)

        return clipping_log_loss

    losses = sklearn.neural_network._multilayer_perceptron.LOSS_FUNCTIONS
    for name in "log_loss", "binary_log_loss":
        monkeypatch.setitem(losses, name, watched(losses[name]))
    return found


ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
TASKS_BY_SOLVERS = [pair for pair in itertools.product(TASKS, SOLVERS)
                    if pair != ("targets", "lbfgs")]  # fmt: skip
LATTICE = list(itertools.product(ACTIVATIONS, (False, True), (None, WEIGHTS)))
SOME = [LATTICE[i] for i in (1, 6, 8, 15)]  # each activation, stop and weight once or twice


@pytest.mark.parametrize("lattice", [SOME, pytest.param(LATTICE, marks=pytest.mark.slow)],
                         ids=["some", "all"])  # fmt: skip
@pytest.mark.parametrize(("task", "solver"), TASKS_BY_SOLVERS)
def test_models_are_scikit_learns(task, solver, lattice, clipped):
    """50 epochs in float64, each activation, with and without early stopping and weights.

    L-BFGS's line searches magnify rounding: 15 iterations. Its tasks are those of one target, since
    scikit-learn minimises the mean over targets by gradients of their sum; and no line search of
    theirs met a log loss that scikit-learn clips.
    """
    name, X, y, parameters = TASKS[task]
    is_lbfgs = solver == "lbfgs"
    if is_lbfgs:
        X = X / 4
    for activation, early_stopping, weights in lattice:
        early_stopping = early_stopping and (HAS_SCORES_OF_STRINGS or task != "strings")
        weights = weights if HAS_WEIGHTS else None
        theirs, ours = both(
            name, X, y, weights, hidden_layer_sizes=(9, 6), activation=activation, batch_size=32,
            early_stopping=early_stopping, n_iter_no_change=4, tol=1e-3, alpha=0.05,
            random_state=7, max_iter=15 if is_lbfgs else 50, **SOLVERS[solver], **parameters,
        )  # fmt: skip
        if not is_lbfgs or not clipped:
            assert_same(theirs, ours, 1e-9 if is_lbfgs else 1e-10)
        elif activation != "relu":
            raise AssertionError("a smooth net's loss was clipped: take smaller inputs")
        clipped.clear()


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("task", TASKS)
def test_lbfgs_arrives_where_scikit_learn_does(task, activation):
    """Also where its log loss is clipped on the way, and of several targets."""
    name, X, y, parameters = TASKS[task]
    theirs, ours = both(name, X, y, hidden_layer_sizes=(9, 6), solver="lbfgs", alpha=0.05,
                        activation=activation, random_state=7, **parameters)  # fmt: skip
    assert ours.loss_ <= 1.05 * theirs.loss_
    assert len(ours.loss_curve_) == ours.n_iter_ and ours.loss_curve_[-1] == ours.loss_
    assert (np.diff(ours.loss_curve_) <= 0).all() or task == "targets"  # which are summed


def test_a_search_that_finds_no_end_is_given_up_as_there():
    """The 30th iteration meets a kink of relu's: both forget the pairs and begin anew."""
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs, ours = both("MLPClassifier", X, y, hidden_layer_sizes=(10,), solver="lbfgs",
                        max_iter=40, random_state=0)  # fmt: skip
    assert_same(theirs, ours, 1e-8)


@pytest.mark.parametrize("task", ["binary", "target"])
@pytest.mark.parametrize("limit", [{"max_fun": 7}, {"max_iter": 4}, {"max_iter": 1}])
def test_limits_of_lbfgs_are_scikit_learns(task, limit):
    name, X, y, _ = TASKS[task]
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        models = both(name, X / 8, y, solver="lbfgs", random_state=7, **limit)
    assert_same(*models, 1e-9)
    texts = [str(w.message) for w in seen if "lbfgs failed to converge" in str(w.message)]
    assert len(texts) == 2 and texts[0] == texts[1]


CHAOTIC = {
    "lbfgs": {"solver": "lbfgs", "max_iter": 60},
    "long-lbfgs": {"solver": "lbfgs", "max_iter": 200},
    "fast-adam": {"solver": "adam", "learning_rate_init": 0.1, "max_iter": 100},
    "fast-sgd": {"solver": "sgd", "learning_rate_init": 0.1, "max_iter": 100},
}


def magnitude(model):
    return max(np.abs(a).max() for a in [*model.coefs_, *model.intercepts_])


@pytest.mark.slow
@pytest.mark.parametrize(("task", "run"), [
    (task, run) for task, run in itertools.product(TASKS, CHAOTIC)
    if "lbfgs" not in run or task not in ("targets", "classes")
])  # fmt: skip
def test_a_chaotic_run_is_as_near_as_scikit_learn_is_to_itself(task, run):
    """Runs that magnify rounding: inputs that differ in their last bit show by how much.

    Without those of test_lbfgs_arrives_where_scikit_learn_does.
    """
    name, X, y, parameters = TASKS[task]
    options = {"hidden_layer_sizes": (9, 6), "activation": "tanh", "alpha": 0.05, "tol": 1e-5,
               "batch_size": 32, "random_state": 7, **CHAOTIC[run], **parameters}  # fmt: skip
    theirs, ours = both(name, X, y, **options)
    noise = []
    for seed in range(3):
        signs = np.random.RandomState(seed).choice([-1, 1], X.shape)
        model = getattr(sklearn.neural_network, name)(**options)
        noise.append(distance(theirs, model.fit(X * (1 + signs * 2.0**-52), y)))
    # Where a run magnifies little, the table's bound holds.
    assert distance(theirs, ours) <= max(10 * max(noise), 1e-10 * magnitude(theirs))


def test_another_optimizer_is_another_model(monkeypatch):
    """ffnn's own Adam has its epsilon elsewhere: the bound of the table tells them apart."""
    from ffnn.estimators import _steps

    name, X, y, parameters = TASKS["classes"]
    right = _steps._options_of
    monkeypatch.setattr(_steps, "_options_of", lambda o: right(o) | {"optimizer": "adam"})
    theirs, ours = both(name, X, y, max_iter=5, random_state=0)
    assert distance(theirs, ours) > 1e-6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_types_and_no_shuffling(task, dtype, shuffle):
    name, X, y, parameters = TASKS[task]
    y = y.astype(dtype) if name == "MLPRegressor" else y
    theirs, ours = both(name, X.astype(dtype), y, hidden_layer_sizes=(), shuffle=shuffle,
                        max_iter=20, random_state=3, **parameters)  # fmt: skip
    assert all(a.dtype == dtype for a in [*ours.coefs_, *ours.intercepts_])
    assert distance(theirs, ours) < (1e-4 if dtype == np.float32 else 1e-10)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_and_warm_fits(solver):
    name, X, y, _ = TASKS["classes"]
    options = {"solver": solver, "hidden_layer_sizes": 8, "random_state": 5, "max_iter": 6}
    models = [module.MLPClassifier(**options) for module in (sklearn.neural_network, ffnn)]
    for first in range(0, 120, 20):
        for model in models:
            rows = slice(first, first + 20)
            model.partial_fit(X[rows], y[rows], classes=np.arange(10))
        assert_same(*models)
    for model in models:
        model.set_params(warm_start=True).fit(X, y).fit(X, y)
    assert_same(*models)


@pytest.mark.parametrize("kind", ["csr_matrix", "csc_array"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows(kind, solver):
    from scipy import sparse

    name, X, y, _ = TASKS["classes"]
    options = {"solver": solver, "random_state": 1, "max_iter": 8, "batch_size": 50}
    dense = ffnn.MLPClassifier(**options).fit(X, y, sample_weight=WEIGHTS)
    S = getattr(sparse, kind)(X)
    model = ffnn.MLPClassifier(**options).fit(S, y, sample_weight=WEIGHTS)
    assert distance(dense, model) < 1e-9
    np.testing.assert_allclose(model.predict_proba(S), dense.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows_of_several_targets(solver):
    """One cost is minimised, in the core and by SciPy, and one loss reported."""
    from scipy import sparse

    name, X, y, _ = TASKS["targets"]
    options = {"solver": solver, "random_state": 1, "max_iter": 12, "alpha": 3.0}
    dense, model = (ffnn.MLPRegressor(**options).fit(rows, y) for rows in (X, sparse.csr_array(X)))
    assert distance(dense, model) < 1e-9
    np.testing.assert_allclose(model.loss_curve_, dense.loss_curve_, rtol=1e-9)
    assert model.loss_ == model.loss_curve_[-1]


@pytest.mark.skipif(not HAS_WEIGHTS, reason="sample_weight comes with 1.7")
@pytest.mark.parametrize("solver", ["adam", "constant-nesterov", "lbfgs"])
@pytest.mark.parametrize("shift", [0.3, -0.3, 4.0])
def test_weights_below_0_count_as_there(solver, shift):
    """Some batches' sums are below 0, or all, or none."""
    name, X, y, _ = TASKS["target"]
    weights = np.random.RandomState(3).randn(M) + shift
    theirs, ours = both(
        name, X / 4, y, weights, hidden_layer_sizes=(9,), activation="tanh", batch_size=10,
        random_state=7, max_iter=5, **SOLVERS[solver],
    )  # fmt: skip
    assert_same(theirs, ours, 1e-6 if solver == "lbfgs" else 1e-9)


def test_predictions_of_half_precision():
    name, X, y, _ = TASKS["classes"]
    model = ffnn.MLPClassifier(max_iter=2).fit(X, y)
    half = X.astype(np.float16)
    assert (model.predict_proba(half) == model.predict_proba(half.astype(float))).all()


@pytest.mark.parametrize("sizes", [(0,), (5, -1)])
def test_layers_without_units_are_refused_as_there(sizes):
    name, X, y, _ = TASKS["binary"]
    theirs, ours = both(name, X, y, hidden_layer_sizes=sizes)
    assert ours == theirs and "must be > 0" in ours


def test_words_of_a_verbose_fit(capsys):
    name, X, y, _ = TASKS["binary"]
    texts = []
    for options in (
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 1},
        {"early_stopping": True, "n_iter_no_change": 2},
        {"solver": "adam", "max_iter": 3},
    ):
        both(name, X, y, verbose=True, random_state=0, **{"max_iter": 60} | options)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) % 2 == 0
        half = len(lines) // 2
        assert lines[:half] == lines[half:] and half > 2
        texts += lines
    assert any("Setting learning rate" in text for text in texts)


def test_a_fit_that_ends_at_the_last_epoch_warns_of_it():
    name, X, y, _ = TASKS["binary"]
    for module in sklearn.neural_network, ffnn:
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            module.MLPClassifier(max_iter=2, batch_size=10**6).fit(X, y)
        assert [str(w.message)[:40] for w in seen] == [
            "Got `batch_size` less than 1 or larger t",
            "Stochastic Optimizer: Maximum iterations",
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", module="sklearn")  # as scikit-learn's examples do
            module.MLPClassifier(max_iter=2, batch_size=10**6).fit(X, y)
