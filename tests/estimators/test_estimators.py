"""The estimators beyond scikit-learn's: new parameters, other forms of a net, faults, threads."""

import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import ffnn
from ffnn import _ffnn

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:400] / 16, y[:400]


def fitted(digits, **options):
    return ffnn.MLPClassifier(**{"random_state": 0, "max_iter": 10} | options).fit(*digits)


# ---- new parameters ----


def test_dropout_draws_from_the_random_state(digits):
    models = [fitted(digits, dropout=0.3), fitted(digits, dropout=0.3), fitted(digits)]
    assert (models[0].coefs_[0] == models[1].coefs_[0]).all()
    assert np.abs(models[0].coefs_[0] - models[2].coefs_[0]).max() > 1e-3
    assert (models[0].predict_proba(digits[0]) == models[0].predict_proba(digits[0])).all()
    two = {"hidden_layer_sizes": (20, 10)}
    assert (fitted(digits, dropout=[0.0, 0.0], **two).coefs_[0] == fitted(digits, **two).coefs_[0]
            ).all()  # fmt: skip
    with pytest.raises(ValueError, match="dropout"):
        fitted(digits, dropout=1.0)


def test_class_weight_is_a_sample_weight(digits):
    X, y = digits
    weights = {k: 1.0 + (k == 3) for k in range(10)}
    ours = fitted(digits, class_weight=weights)
    due = ffnn.MLPClassifier(random_state=0, max_iter=10).fit(
        X, y, sample_weight=np.where(y == 3, 2.0, 1.0)
    )
    assert (ours.coefs_[0] == due.coefs_[0]).all()
    rare = np.where(np.arange(400) % 20 == 0, y, 0)
    assert fitted((X, rare), class_weight="balanced").score(X[rare > 0], rare[rare > 0]) > fitted(
        (X, rare)
    ).score(X[rare > 0], rare[rare > 0])
    with pytest.raises(ValueError, match="all labels at once"):
        ffnn.MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=np.arange(10))


def test_activations_by_layer(digits):
    both = {"hidden_layer_sizes": (20, 10)}
    same = fitted(digits, activation=["relu", "relu"], **both)
    assert (same.coefs_[1] == fitted(digits, **both).coefs_[1]).all()
    other = fitted(digits, activation=["silu", "logistic"], **both)
    AL = ffnn.predict_proba(digits[0].T, dict(other.parameters_), output_activation="softmax",
                            hidden_activation=["silu", "sigmoid"])  # fmt: skip
    assert (other.predict_proba(digits[0]) == AL.T).all()
    with pytest.raises(ValueError, match="activation has length 1, expected one for each of 2"):
        fitted(digits, activation=["relu"], **both)
    with pytest.raises(ValueError, match="'activation' parameter of MLPClassifier"):
        fitted(digits, activation="rleu")


@pytest.mark.parametrize("loss", ["absolute_error", "huber"])
def test_losses_resist_outliers(rng, loss):
    X = rng.uniform(-1, 1, (300, 2))
    y = X[:, 0] + 0.5 * X[:, 1]
    spoilt = np.where(np.arange(300) % 10 == 0, 40.0, y)
    options = {"random_state": 0, "hidden_layer_sizes": (), "learning_rate_init": 0.05}
    error = {
        name: np.abs(ffnn.MLPRegressor(name, **options).fit(X, spoilt).predict(X) - y).mean()
        for name in (loss, "squared_error")
    }
    assert error[loss] < 0.3 < error["squared_error"]


def test_clip_norm_bounds_a_step(digits):
    options = {"solver": "sgd", "momentum": 0, "learning_rate_init": 1.0, "max_iter": 1,
               "batch_size": 400}  # fmt: skip
    model, before = (
        fitted(digits, clip_norm=1e-3, **options),
        fitted(digits, clip_norm=1e-9, **options),
    )
    moved = sum(((a - b) ** 2).sum() for a, b in zip(
        model.coefs_ + model.intercepts_, before.coefs_ + before.intercepts_))  # fmt: skip
    assert np.sqrt(moved) == pytest.approx(1e-3, rel=1e-3)


def test_validation_examples_of_ones_own(digits):
    X, y = digits
    model = ffnn.MLPClassifier(random_state=0, max_iter=12)
    model.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert len(model.validation_scores_) == len(model.validation_loss_curve_) == model.n_iter_
    assert model.validation_scores_[-1] == model.score(X[300:], y[300:])
    p = model.predict_proba(X[300:])[np.arange(100), y[300:]]
    assert model.validation_loss_curve_[-1] == pytest.approx(-np.log(p).mean())
    plain = ffnn.MLPClassifier(random_state=0, max_iter=12).fit(X[:300], y[:300])
    assert (model.coefs_[0] == plain.coefs_[0]).all()
    assert plain.validation_loss_curve_ is None
    stopped = ffnn.MLPClassifier(random_state=0, early_stopping=True, n_iter_no_change=2)
    stopped.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])
    assert stopped.score(X[300:], y[300:]) == max(stopped.validation_scores_)
    with pytest.raises(ValueError, match="X_val and y_val, or neither"):
        plain.fit(X, y, X_val=X)
    with pytest.raises(ValueError, match="X_val and y_val go with solver='sgd' or 'adam', not"):
        ffnn.MLPClassifier(solver="lbfgs").fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match=r"y_val has classes \[77\]"):
        plain.fit(X, y, X_val=X[:2], y_val=[77, 1])
    with pytest.raises(ValueError, match="features"):
        plain.fit(X, y, X_val=X[:2, :5], y_val=y[:2])


# ---- other forms ----


def test_there_and_back(digits):
    X, y = digits
    theirs = sklearn.neural_network.MLPClassifier(max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning):
        theirs.fit(X, y)
    ours = ffnn.from_sklearn(theirs)
    assert type(ours) is ffnn.MLPClassifier and ours.max_iter == 5
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-14)
    back = ours.to_sklearn()
    assert type(back) is sklearn.neural_network.MLPClassifier
    assert (back.predict_proba(X) == theirs.predict_proba(X)).all()
    for model in ours, back:  # the optimiser's state came along
        model.partial_fit(X, y)
    np.testing.assert_allclose(ours.coefs_[0], back.coefs_[0], rtol=0, atol=1e-12)
    assert np.abs(ours.coefs_[0] - theirs.coefs_[0]).max() > 1e-5
    with pytest.raises(ValueError, match="scikit-learn has no activation='gelu'"):
        fitted(digits, activation="gelu").to_sklearn()
    with pytest.raises(TypeError, match="not StandardScaler"):
        ffnn.from_sklearn(StandardScaler())


def test_from_what_train_returns(digits):
    X, y = digits
    parameters, _ = ffnn.train(X.T, y, [64, 12, 10], output_activation="softmax", num_epochs=5,
                               optimizer="adam", seed=1, learning_rate=0.01)[:2]  # fmt: skip
    model = ffnn.MLPClassifier.from_parameters(parameters, classes=np.arange(10))
    due = ffnn.predict_classes(X.T, parameters, output_activation="softmax")
    assert (model.predict(X) == due.ravel()).all()
    assert all((model.parameters_[key] == parameters[key]).all() for key in parameters)
    before = model.score(X, y)
    for _ in range(20):
        model.partial_fit(X, y)
    assert model.score(X, y) > before
    assert not np.shares_memory(model.coefs_[0], parameters["W1"])
    assert np.shares_memory(model.parameters_["W1"], model.coefs_[0])
    tanh = ffnn.NetParameters(dict(parameters), hidden_activation="tanh",
                              output_activation="softmax")  # fmt: skip
    model = ffnn.MLPClassifier.from_parameters(tanh, classes=np.arange(10))
    assert model.activation == "tanh" and model.parameters_.hidden_activation == "tanh"
    assert (ffnn.predict_classes(X.T, model.parameters_).ravel() == model.predict(X)).all()
    with pytest.raises(ValueError, match="hidden_activation is 'relu' where"):
        ffnn.MLPClassifier.from_parameters(tanh, classes=np.arange(10), activation="relu")
    with pytest.raises(ValueError, match="output_activation is 'sigmoid' where"):
        ffnn.MLPClassifier.from_parameters(tanh, classes="multilabel")
    with pytest.raises(ValueError, match="classes has 3 labels, the output layer 10 units"):
        ffnn.MLPClassifier.from_parameters(parameters, classes=[1, 2, 3])
    labels = ffnn.MLPClassifier.from_parameters(dict(parameters), classes="multilabel").predict(X)
    assert labels.shape == (400, 10) and set(np.unique(labels)) <= {0, 1}


# ---- promises ----


def test_importing_ffnn_brings_neither_scikit_learn_nor_scipy():
    code = "import sys, ffnn; print([n for n in ('sklearn', 'scipy') if n in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_without_scikit_learn_the_error_names_the_extra():
    code = "import sys; sys.modules['sklearn'] = None; import ffnn; ffnn.MLPClassifier"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True)
    assert "pip install 'ffnn[sklearn]'" in done.stderr


def test_a_raising_fit_leaves_the_model(digits):
    X, y = digits
    model = fitted(digits)
    before = pickle.dumps(model)
    for bad in (np.full_like(X, np.inf), np.full_like(X[:, :3], np.nan)):
        with pytest.raises(ValueError, match="Input X contains"):
            model.fit(bad, y)
    model.set_params(solver="sgd", learning_rate_init=1e200)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        with np.errstate(all="ignore"):
            model.fit(X, y)
    model.set_params(solver="adam", learning_rate_init=0.001)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize("options", [{}, {"early_stopping": True, "validation_fraction": 0.3}])
def test_a_raising_fit_that_goes_on_leaves_the_curves(digits, options):
    model = fitted(digits, solver="sgd", warm_start=True, **options)
    names = ("loss_curve_", "validation_scores_", "validation_loss_curve_", "coefs_", "n_iter_")
    before = pickle.dumps([getattr(model, name) for name in names])
    model.set_params(learning_rate_init=1e200)
    for call in (model.fit,) if options else (model.fit, model.partial_fit):
        model._optimizer.learning_rate = 1e200  # that of a partial_fit
        with pytest.raises(ValueError, match="non-finite parameter weights"):
            with np.errstate(all="ignore"):
                call(*digits)
        assert pickle.dumps([getattr(model, name) for name in names]) == before


def test_few_rows_are_checked_as_many_are(digits):
    model = fitted(digits)
    for value, is_good in ((1e200, True), (np.inf, False), (-np.inf, False), (np.nan, False)):
        for rows in (1, 100, 300):
            X = np.repeat(digits[0][:1], rows, axis=0)
            X[-1, 5] = value
            if is_good:
                assert np.isfinite(model.predict_proba(X)).all()
            else:
                with pytest.raises(ValueError, match="Input X contains"):
                    model.predict_proba(X)


def test_ctrl_c_in_a_partial_fit_takes_it_back(digits, monkeypatch):
    from ffnn.estimators import _steps

    X, y = digits
    model, run = fitted(digits), _steps.Epochs.run
    names = ("coefs_", "intercepts_", "loss_curve_", "t_")
    before = pickle.dumps([getattr(model, name) for name in names])
    moments, steps = pickle.dumps(model._optimizer.ms), model._optimizer.t

    def interrupted(self, order):
        run(self, order)
        raise KeyboardInterrupt

    monkeypatch.setattr(_steps.Epochs, "run", interrupted)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.partial_fit(X[:32], y[:32])
    assert pickle.dumps([getattr(model, name) for name in names]) == before
    assert (pickle.dumps(model._optimizer.ms), model._optimizer.t) == (moments, steps)


def test_ctrl_c_keeps_the_last_whole_epoch(digits, monkeypatch):
    from ffnn.estimators import _steps

    run, calls = _steps.Epochs.run, []

    def interrupted(self, order):
        calls.append(order)
        if len(calls) == 4:
            run(self, order)
            raise KeyboardInterrupt
        return run(self, order)

    monkeypatch.setattr(_steps.Epochs, "run", interrupted)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = fitted(digits)
    calls.clear()
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        best = fitted(digits, early_stopping=True)
    monkeypatch.undo()
    assert len(best.validation_scores_) == best.n_iter_ == 3
    assert best.best_validation_score_ == max(best.validation_scores_)
    assert model.n_iter_ == 3
    assert (model.coefs_[0] == fitted(digits, max_iter=3).coefs_[0]).all()


def test_pickled_models_go_on_as_they_would(digits):
    model = fitted(digits, max_iter=3)
    copy = pickle.loads(pickle.dumps(model))
    for each in model, copy:
        each.partial_fit(*digits)
    assert (model.coefs_[0] == copy.coefs_[0]).all()


def test_edited_weights_are_honoured(digits):
    model = fitted(digits)
    for coef in model.coefs_:
        coef[:] = 0
    for intercept in model.intercepts_:
        intercept[:] = 0
    assert np.allclose(model.predict_proba(digits[0][:2]), 0.1)


def test_fits_at_once_are_fits_alone(digits):
    alone = fitted(digits)
    models = [None] * 8

    def work(i):
        models[i] = fitted(digits)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((model.coefs_[0] == alone.coefs_[0]).all() for model in models)


def test_in_a_pipeline_with_frames(digits):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(digits[0]).rename(columns=str)
    model = make_pipeline(StandardScaler(), ffnn.MLPClassifier(max_iter=20, random_state=0))
    assert model.set_output(transform="pandas").fit(X, digits[1]).score(X, digits[1]) > 0.9
    assert model[-1].feature_names_in_.tolist() == X.columns.tolist()


# ---- the core beneath ----


@pytest.mark.parametrize("order", [None, np.arange(50)[::-1]])
def test_a_weighted_mean_is_divided_by_its_weights(rng, order):
    """One batch after the other, in NumPy: sums, L2 among them, over the sum of the weights."""
    X, Y, w = rng.normal(size=(3, 50)), rng.normal(size=(1, 50)), rng.uniform(0.1, 3, 50)
    W, b = rng.normal(size=(1, 3)), np.zeros((1, 1))
    trainer = _ffnn.Trainer("test", X, Y, (3, 1), output_activation="linear", optimizer="gd",
                            cost="half_squared_error", learning_rate=0.1, lambd=0.7, gram=False,
                            sample_weight=w, weighted_mean=True)  # fmt: skip
    trainer.set({"W1": W, "b1": b})
    cost = trainer.epoch(order, 16)
    total = l2 = 0.0
    index = np.arange(50) if order is None else order
    for first in range(0, 50, 16):
        rows = index[first : first + 16]
        d, weight = W @ X[:, rows] + b - Y[:, rows], w[rows]
        share = len(rows) / weight.sum() / 50
        l2 += share * 0.35 * (W**2).sum()
        total += share * ((weight * d**2).sum() / 2 + 0.35 * (W**2).sum())
        W = W - 0.1 * ((d * weight) @ X[:, rows].T + 0.7 * W) / weight.sum()
        b = b - 0.1 * (d * weight).sum() / weight.sum()
    assert float(cost) == pytest.approx(total) and trainer.l2_cost == pytest.approx(l2)
    np.testing.assert_allclose(trainer.parameters()["W1"], W)
    np.testing.assert_allclose(trainer.parameters()["b1"], b)


def test_steps_are_an_epoch(rng):
    X, Y, w = rng.normal(size=(3, 50)), rng.normal(size=(2, 50)), rng.uniform(0.1, 3, 50)
    start = {"W1": rng.normal(size=(2, 3)), "b1": np.zeros((2, 1))}
    runs = [
        _ffnn.Trainer("test", X, Y, (3, 2), output_activation="linear", optimizer="adam",
                      lambd=0.5, sample_weight=w, weighted_mean=True)
        for _ in range(2)
    ]  # fmt: skip
    for run in runs:
        run.set(start)
    cost = runs[0].epoch(None, 20)
    costs = [float(runs[1].step(X[:, i : i + 20], Y[:, i : i + 20], sample_weight=w[i : i + 20]))
             for i in (0, 20, 40)]  # fmt: skip
    assert np.average(costs, weights=[20, 20, 10]) == pytest.approx(float(cost))
    assert (runs[0].parameters()["W1"] == runs[1].parameters()["W1"]).all()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"early_stopping": True}])
def test_losses_of_float32_can_be_written_as_json(rng, options):
    X, y = rng.normal(size=(40, 3)).astype(np.float32), rng.integers(0, 2, 40)
    model = ffnn.MLPClassifier((3,), max_iter=4, random_state=0, **options).fit(X, y)
    losses = [
        model.loss_,
        *model.loss_curve_,
        *(getattr(model, "validation_loss_curve_", None) or []),
    ]
    assert all(type(loss) is float for loss in losses)
    assert getattr(model, "best_loss_", None) is None or isinstance(model.best_loss_, float)
