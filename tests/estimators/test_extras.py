"""Parameters that scikit-learn's estimators have not: optimisers, watchers, the best epoch."""

import inspect
import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ffnn
from ffnn._initializers import INITIALIZERS, draw_by
from ffnn.estimators import _watch

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::UserWarning")]
VERSION = tuple(map(int, sklearn.__version__.split(".")[:2]))
WHOLE = ("lbfgs", "levenberg_marquardt")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300] / 16, y[:300]


@pytest.fixture(scope="module")
def sugar():
    X, y = load_diabetes(return_X_y=True)
    return X * 20, (y - y.mean()) / y.std()


def fitted(digits, **options):
    return ffnn.MLPClassifier(**{"random_state": 0, "max_iter": 8} | options).fit(*digits)


def test_extras_stand_at_the_end_and_are_off():
    for name in "MLPClassifier", "MLPRegressor":
        ours = inspect.signature(getattr(ffnn, name)).parameters
        theirs = inspect.signature(getattr(sklearn.neural_network, name)).parameters
        known = [n for n in ours if n in theirs]
        assert known == [n for n in theirs if n in ours]  # in their order
        extras = list(ours)[len(known) :] if VERSION >= (1, 7) else []
        assert all(n not in theirs for n in extras) or VERSION < (1, 7)
        given = {n: ours[n].default for n in extras if n not in ("dropout", "quantile")}
        assert all(value is None or value is False for value in given.values())


# ---- optimisers ----


@pytest.mark.parametrize("name", [n for n in ffnn.optimizers() if n not in WHOLE])
def test_an_optimizer_steps_as_in_train(digits, name):
    """The same first weights, batches in order, and rate: the course's parameters of train."""
    X, y = digits
    numbers = {"weight_decay": 0.1} if name == "adamw" else {}
    model = fitted(
        digits, optimizer=name, optimizer_options=numbers, hidden_layer_sizes=(9,), shuffle=False,
        batch_size=50, learning_rate_init=0.02, alpha=0, tol=0,
    )  # fmt: skip
    start = fitted(digits, hidden_layer_sizes=(9,), learning_rate_init=1e-300, max_iter=1, alpha=0)
    due, history = ffnn.train(
        X.T, y, parameters=dict(start.parameters_), output_activation="softmax", num_epochs=8,
        optimizer=name, learning_rate=0.02, mini_batch_size=50, shuffle=False, **numbers,
    )  # fmt: skip
    for key, value in due.items():
        np.testing.assert_allclose(model.parameters_[key], value, rtol=0, atol=1e-10)
    assert model.loss_curve_ == pytest.approx(history["cost"])


@pytest.mark.parametrize("name", ["adamw", "rmsprop", "nesterov"])
def test_partial_fits_and_pickles_keep_an_optimizers_state(digits, name):
    options = {"optimizer": name, "hidden_layer_sizes": (9,), "shuffle": False, "tol": 0}
    whole = fitted(digits, **options)
    model = ffnn.MLPClassifier(random_state=0, **options)
    for _ in range(8):
        model = pickle.loads(pickle.dumps(model.partial_fit(*digits, classes=np.arange(10))))
    assert (model.coefs_[0] == whole.coefs_[0]).all()
    back = model.to_sklearn()
    np.testing.assert_allclose(back.predict_proba(digits[0]), model.predict_proba(digits[0]))
    back.partial_fit(*digits)  # with a new optimiser of its own


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", WHOLE)
def test_full_batch_methods_minimize_scikit_learns_objective(sugar, name, weighted):
    """Where both have converged: a net without hidden layers has one minimum."""
    X, y = sugar
    w = np.random.RandomState(0).uniform(0.2, 3, len(y)) if weighted else None
    options = {"hidden_layer_sizes": (), "alpha": 10.0, "max_iter": 500, "random_state": 1}
    model = ffnn.MLPRegressor(optimizer=name, tol=0, **options).fit(X, y, w)
    due = ffnn.MLPRegressor(solver="lbfgs", tol=1e-9, **options).fit(X, y, w)
    np.testing.assert_allclose(model.coefs_[0], due.coefs_[0], atol=1e-4)
    assert model.loss_ == pytest.approx(due.loss_, rel=1e-8)
    assert model.n_iter_ == len(model.loss_curve_) < 500
    assert np.diff(model.loss_curve_).max() <= 0
    assert not hasattr(model, "partial_fit") and hasattr(ffnn.MLPRegressor(), "partial_fit")


def test_schedules_and_their_words_hold_for_an_optimizer(digits, capsys):
    model = fitted(digits, optimizer="gd", learning_rate="invscaling", power_t=0.5, max_iter=3)
    assert model._optimizer.learning_rate == pytest.approx(0.001 / np.sqrt(901))
    fitted(digits, optimizer="adamw", learning_rate="adaptive", tol=10.0, n_iter_no_change=1,
           verbose=True, max_iter=6)  # fmt: skip
    assert "Setting learning rate to 0.000200" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "sgd"}, "'optimizer' parameter of MLPClassifier must be"),
        ({"optimizer": "adam", "solver": "lbfgs"}, "stands in place of a solver"),
        ({"optimizer_options": {"beta": 0.5}}, "optimizer_options go with optimizer"),
        ({"optimizer": "gd", "optimizer_options": {"beta": 0.5}}, "no 'beta'; gd reads none; "),
        (
            {"optimizer": "adamw", "optimizer_options": {"wd": 0.01}},
            "^MLPClassifier.fit: optimizer_options has no 'wd'; adamw reads beta1, beta2, epsilon, "
            "weight_decay; learning_rate_init is the rate, alpha is the L2 term$",
        ),
        ({"optimizer": "adam", "optimizer_options": {"learning_rate": 0.1}}, "no 'learning_rate';"),
        ({"optimizer": "adam", "optimizer_options": {"beta_1": 0.1}}, "did you mean 'beta1'"),
        ({"optimizer": "lbfgs", "optimizer_options": {"lambd": 9}}, "evaluations; alpha is the L2"),
        (
            {"optimizer": "levenberg_marquardt", "optimizer_options": {"bayesian": True}},
            "^MLPClassifier.fit: bayesian=True finds the L2 term itself: pass alpha=0, not 0.0001$",
        ),
        ({"dropout": [0.1] * 3}, "^MLPClassifier.fit: dropout has length 3, expected one for each"),
        ({"optimizer": "lbfgs", "dropout": 0.5}, "dropout does not go with optimizer='lbfgs'"),
        ({"solver": "lbfgs", "dropout": [0.5]}, "^MLPClassifier.fit: dropout does not go with sol"),
        ({"solver": "lbfgs", "clip_norm": 1.0}, "clip_norm does not go with solver='lbfgs'"),
        ({"initialization": "hee"}, "'initialization' parameter of MLPClassifier must be"),
        ({"n_threads": 0}, "'n_threads' parameter of MLPClassifier must be"),
        ({"callback": 3}, "'callback' parameter of MLPClassifier must be"),
        ({"restore_best": 3}, "'restore_best' parameter of MLPClassifier must be"),
    ],
)
def test_extras_that_are_none(digits, options, message):
    model = fitted(digits).set_params(**options)
    before = dict(vars(model))
    arrays = pickle.dumps([model.coefs_, model.intercepts_, model.loss_curve_])
    with pytest.raises(ValueError, match=message):
        model.fit(*digits)
    assert vars(model).keys() == before.keys()
    assert all(value is before[name] for name, value in vars(model).items())
    assert pickle.dumps([model.coefs_, model.intercepts_, model.loss_curve_]) == arrays


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_initializers_draw_from_the_random_state(digits, name, dtype):
    X, y = digits[0].astype(dtype), digits[1]
    model = ffnn.MLPClassifier(hidden_layer_sizes=(9,), random_state=4, initialization=name,
                               solver="sgd", learning_rate_init=1e-30, max_iter=1, alpha=0,
                               momentum=0).fit(X, y)  # fmt: skip
    due = draw_by(name, (64, 9, 10), np.random.RandomState(4))
    for key, value in model.parameters_.items():
        assert value.dtype == dtype
        np.testing.assert_allclose(value, due[key].astype(dtype), rtol=1e-6, atol=1e-25)


# ---- the quantile ----


@pytest.mark.parametrize(
    "solver", [{"solver": "adam"}, {"solver": "lbfgs"}, {"optimizer": "lbfgs"}]
)
@pytest.mark.parametrize("level", [0.1, 0.9])
def test_so_many_targets_lie_below_a_quantile(rng, solver, level):
    X = rng.uniform(-1, 1, (400, 1))
    y = X[:, 0] + rng.normal(size=400) * (1.2 + X[:, 0])
    model = ffnn.MLPRegressor("quantile", (8,), "tanh", quantile=level, random_state=0,
                              learning_rate_init=0.02, max_iter=300, **solver)  # fmt: skip
    below = np.mean(y < model.fit(X, y).predict(X))
    assert abs(below - level) < 0.04
    d = y - model.predict(X)
    pinball = np.maximum(level * d, (level - 1) * d).mean()
    median = ffnn.MLPRegressor("absolute_error", (8,), "tanh", random_state=0).fit(X, y)
    d = y - median.predict(X)
    assert pinball < np.maximum(level * d, (level - 1) * d).mean() * 0.9
    with pytest.raises(ValueError, match="'quantile' parameter of MLPRegressor must be"):
        clone(model).set_params(quantile=1).fit(X, y)
    with pytest.raises(ValueError, match="^MLPRegressor.fit: quantile=0.[19] goes with loss="):
        clone(model).set_params(loss="huber").fit(X, y)
    with pytest.raises(ValueError, match="scikit-learn has no loss='quantile'"):
        model.to_sklearn()


def test_the_half_quantile_is_half_the_absolute_error(sugar):
    X, y = sugar
    Y = np.column_stack([y, X[:, 2]])
    options = {"hidden_layer_sizes": (5,), "max_iter": 20, "alpha": 0, "random_state": 3}
    model = ffnn.MLPRegressor("quantile", **options).fit(X, Y)
    due = ffnn.MLPRegressor("absolute_error", **options).fit(X, Y)
    assert model.loss_curve_[0] == pytest.approx(due.loss_curve_[0] / 2, rel=1e-2)
    d = np.abs(Y - model.predict(X))
    model.set_params(learning_rate_init=1e-300).partial_fit(X, Y)
    assert model.loss_ == pytest.approx(d.mean() / 2, rel=0.05)  # the optimiser's own rate goes on


# ---- the best epoch ----


def test_the_best_epoch_comes_back(digits):
    X, y = digits
    options = {"random_state": 1, "learning_rate_init": 0.3, "max_iter": 25, "n_iter_no_change": 25}
    held = {"X_val": X[200:], "y_val": y[200:]}
    last = ffnn.MLPClassifier(**options).fit(X[:200], y[:200], **held)
    best = ffnn.MLPClassifier(restore_best=True, **options).fit(X[:200], y[:200], **held)
    assert best.validation_scores_ == last.validation_scores_
    assert last.score(X[200:], y[200:]) == last.validation_scores_[-1]
    assert best.score(X[200:], y[200:]) == max(best.validation_scores_)
    assert best.score(X[200:], y[200:]) > last.score(X[200:], y[200:])
    at = int(np.argmax(best.validation_scores_)) + 1
    due = ffnn.MLPClassifier(**options | {"max_iter": at}).fit(X[:200], y[:200])
    assert (best.coefs_[0] == due.coefs_[0]).all()
    options |= {"learning_rate_init": 3.0}  # the loss rises
    by_loss = ffnn.MLPClassifier(restore_best=True, **options).fit(X[:200], y[:200])
    at = int(np.argmin(by_loss.loss_curve_)) + 1
    due = ffnn.MLPClassifier(**options | {"max_iter": at}).fit(X[:200], y[:200])
    assert at < len(by_loss.loss_curve_) and (by_loss.coefs_[0] == due.coefs_[0]).all()


def test_scipy_is_not_reproducible(digits):
    X, y = digits
    weights = np.r_[-1.0, np.ones(len(X) - 1)]
    with pytest.raises(ValueError, match="fit: reproducible does not go with solver='lbfgs' where"):
        ffnn.MLPClassifier(solver="lbfgs", reproducible=True).fit(X, y, weights)


def test_lbfgs_leaves_a_loss_curve(digits, capsys):
    model = fitted(digits, solver="lbfgs", max_iter=30, verbose=True)
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == f"Iteration {model.n_iter_}, loss = {model.loss_:.8f}"
    assert len(model.loss_curve_) == model.n_iter_ and model.loss_curve_[-1] == model.loss_
    assert np.diff(model.loss_curve_).max() <= 0
    assert (model.coefs_[0] == fitted(digits, solver="lbfgs", max_iter=30).coefs_[0]).all()


# ---- watchers ----


@pytest.mark.parametrize("solver", [{}, {"solver": "lbfgs"}, {"optimizer": "lbfgs"}])
def test_a_callback_of_ffnns_sees_each_epoch_and_may_end_the_fit(digits, solver):
    seen = []

    def callback(info):
        seen.append(info)
        return len(seen) == 5

    model = fitted(digits, callback=callback, max_iter=20, tol=0, **solver)
    assert model.n_iter_ == len(seen) == 5
    assert [info["epoch"] for info in seen] == [0, 1, 2, 3, 4]
    assert [info["cost"] for info in seen] == model.loss_curve_ == seen[-1]["history"]["cost"]
    for key, value in seen[-1]["parameters"].items():
        assert (value == model.parameters_[key]).all()
        assert not np.shares_memory(value, model.parameters_[key])
    assert (ffnn.predict_classes(digits[0].T, seen[-1]["parameters"]) == model.predict(digits[0])
            ).all()  # fmt: skip
    assert (seen[0]["parameters"]["W1"] != seen[1]["parameters"]["W1"]).any()
    seen.clear()
    if not solver:
        clone(model).fit(*digits, X_val=digits[0][:50], y_val=digits[1][:50])
        assert {"val_cost", "val_score", "learning_rate"} <= seen[0].keys() and len(seen) == 5
        model.partial_fit(*digits)
        assert len(seen) == 5  # partial_fit is nothing to watch
    if solver == {"solver": "lbfgs"}:  # by SciPy
        model.fit(*digits, sample_weight=np.r_[-0.1, np.ones(len(digits[1]) - 1)])
        assert model.n_iter_ == len(seen) == 5


def test_an_error_of_a_callback_leaves_the_model(digits):
    model = fitted(digits)
    before = [coef.copy() for coef in model.coefs_]

    def callback(info):
        raise RuntimeError("a callback's")

    with pytest.raises(RuntimeError, match="a callback's"):
        model.set_params(callback=callback, random_state=1).fit(*digits)
    assert all((a == b).all() for a, b in zip(model.coefs_, before, strict=True))


def test_a_bar_shows_the_loss(digits, capsys, monkeypatch):
    pytest.importorskip("tqdm")
    model = fitted(digits, progress=True)
    shown = capsys.readouterr().err
    assert "8/8" in shown and f"loss={model.loss_:.3g}"[:8] in shown
    fitted(digits)
    assert capsys.readouterr().err == ""
    closed = []
    close = _watch.Watch.close
    monkeypatch.setattr(_watch.Watch, "close", lambda w: (closed.append(1), close(w)))
    with pytest.raises(ValueError, match="Input X"):
        ffnn.MLPClassifier(progress=True).fit(np.full((5, 2), np.nan), [0, 1, 0, 1, 0])
    assert closed == [1]


class Recorder:
    """A callback of scikit-learn's protocol."""

    def __init__(self, most=None):
        self.calls, self.scores, self.most = [], [], most

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.calls.append(f"end {context.task_name}")
        if fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X, y))
        return context.task_name == "epoch" and self.calls.count("end epoch") == self.most


@pytest.mark.skipif(VERSION < (1, 9), reason="sklearn.callback comes with scikit-learn 1.9")
class TestCallbacksOfScikitLearn:
    @pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"optimizer": "lbfgs"}])
    def test_a_fit_is_a_task_of_epochs(self, digits, options):
        recorder = Recorder()
        names = np.array(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])
        model = ffnn.MLPClassifier(random_state=0, max_iter=8, **options).set_callbacks(recorder)
        model.fit(digits[0], names[digits[1]])
        epochs = ["begin epoch", "end epoch"] * 8
        assert recorder.calls == ["setup", "begin fit", *epochs, "end fit", "teardown"]
        assert len(recorder.scores) == 9
        assert recorder.scores[-2:] == [model.score(digits[0], names[digits[1]])] * 2
        plain = ffnn.MLPClassifier(random_state=0, max_iter=8, **options)
        assert (model.coefs_[0] == plain.fit(digits[0], names[digits[1]]).coefs_[0]).all()
        assert not hasattr(model, "_callback_fit_ctx")

    @pytest.mark.parametrize("solver", ["adam", "lbfgs"])
    def test_may_end_it(self, digits, solver):
        recorder = Recorder(most=3)
        model = ffnn.MLPClassifier(solver=solver, random_state=0).set_callbacks(recorder)
        model.fit(*digits)
        assert model.n_iter_ == 3 and recorder.calls[-2:] == ["end fit", "teardown"]

    def test_an_epoch_that_finds_the_end_ends(self, digits):
        recorder = Recorder()
        model = ffnn.MLPClassifier(solver="lbfgs", tol=0.1, max_iter=90, random_state=0)
        model.set_callbacks(recorder).fit(*digits)
        epochs = ["begin epoch", "end epoch"] * (model.n_iter_ + 1)
        assert model.n_iter_ < 90
        assert recorder.calls == ["setup", "begin fit", *epochs, "end fit", "teardown"]

    def test_an_error_tears_down_and_leaves_the_model(self, digits):
        recorder = Recorder()
        model = fitted(digits).set_callbacks(recorder)
        before = pickle.dumps(model.coefs_)
        with pytest.raises(ValueError, match="Input X"):
            model.fit(np.full((5, 64), np.nan), np.zeros(5))
        assert recorder.calls == ["setup", "begin fit", "teardown"]
        assert pickle.dumps(model.coefs_) == before and not hasattr(model, "_callback_fit_ctx")

    def test_scores_of_each_epoch_through_a_pipeline(self, digits):
        from sklearn.callback import ScoringMonitor

        monitor = ScoringMonitor(scoring="accuracy")
        model = ffnn.MLPClassifier(random_state=0, max_iter=6).set_callbacks(monitor)
        make_pipeline(StandardScaler(), model).fit(*digits)
        model = ffnn.MLPClassifier(random_state=0, max_iter=6).set_callbacks(monitor)
        model.fit(*digits)
        rows = monitor.get_logs().data
        scores = [row["accuracy"] for row in rows if row["task_name"] == "epoch"]
        assert len(scores) == 6 and scores[-1] == model.score(*digits)
        assert not hasattr(ffnn.MLPClassifier().to_sklearn(), "_skl_callbacks")
        assert not hasattr(model.to_sklearn(), "_skl_callbacks")


# ---- all of them within scikit-learn's tools ----


def test_extras_are_cloned_searched_and_routed(digits):
    def callback(info):
        return False

    extras = {
        "dropout": 0.1, "clip_norm": 1.0, "class_weight": "balanced", "initialization": "he",
        "optimizer": "adamw", "optimizer_options": {"weight_decay": 0.01}, "restore_best": True,
        "callback": callback, "n_threads": 1,
    }  # fmt: skip
    model = ffnn.MLPClassifier(max_iter=3, random_state=0, **extras)
    assert clone(model).get_params() == model.get_params()
    assert "optimizer='adamw'" in repr(model)
    grid = {"optimizer": ["gd", "adamw"], "optimizer_options": [None], "restore_best": [False]}
    with pytest.warns(ConvergenceWarning):
        search = GridSearchCV(model, grid, cv=2).fit(*digits)
    assert search.best_params_["optimizer"] == "adamw"
