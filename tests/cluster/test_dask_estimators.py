"""ffnn.dask's estimators against ffnn's own: the same model to the bit, on any cluster."""

import copy
import pickle
import warnings

import dask.array
import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402

import ffnn  # noqa: E402
import ffnn.dask  # noqa: E402
from clusters import assert_nothing_left  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Got `batch_size`"),
]
M = 2600
LEARNT = (
    "coefs_ intercepts_ loss_curve_ validation_scores_ validation_loss_curve_ n_iter_ t_ classes_ "
    "n_features_in_ n_outputs_ out_activation_"
).split()


@pytest.fixture
def X(rng):
    return rng.standard_normal((M, 6))


@pytest.fixture
def words(X):
    return np.array(["low", "middle", "top"])[(X[:, 0] > -0.5) * 1 + (X[:, 0] > 0.5)]


def cut(array, rows=700):
    return dask.array.from_array(array, chunks=(rows, *array.shape[1:]))


def assert_same(own, found):
    """All that a fit leaves, to the bit."""
    for name in LEARNT:
        a, b = getattr(own, name, None), getattr(found, name, None)
        if isinstance(a, list):
            assert len(a) == len(b), name
            for one, other in zip(a, b):
                np.testing.assert_array_equal(one, other, err_msg=name, strict=True)
        else:
            np.testing.assert_array_equal(a, b, err_msg=name)


def both(kind, X, y, sample_weight=None, client=None, rows=700, **options):
    """The same fit here and on the cluster, which keeps nothing."""
    options = {"hidden_layer_sizes": (5,), "max_iter": 3, "batch_size": 1100, "random_state": 4} | (
        options
    )
    own = getattr(ffnn, kind)(**options).fit(X, y, sample_weight)
    found = getattr(ffnn.dask, kind)(**options)
    found.client = client
    weights = None if sample_weight is None else cut(sample_weight, rows)
    found.fit(cut(X, rows), cut(y, rows), weights)
    assert_nothing_left(found.client)
    assert_same(own, found)
    return own, found


@pytest.mark.parametrize("size, shuffle", [(M, True), (1100, True), (1024, False), (600, True)])
def test_batches_on_any_number_of_workers(client, X, words, size, shuffle):
    both("MLPClassifier", X, words, batch_size=size, shuffle=shuffle, client=client)


@pytest.mark.parametrize("rows", [M, 2599, 512, (1, 2, 997, 0, 1600)])
def test_chunks_change_nothing(two, X, words, rows):
    both("MLPClassifier", X, words, client=two, rows=rows)


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1},
        {"solver": "sgd", "learning_rate": "invscaling", "nesterovs_momentum": False},
        {"early_stopping": True, "validation_fraction": 0.5, "n_iter_no_change": 1},
        {"optimizer": "lbfgs", "max_iter": 6},
        {"solver": "lbfgs", "max_iter": 6},
        {"optimizer": "adamw", "optimizer_options": {"weight_decay": 0.1}, "clip_norm": 0.1},
        {"class_weight": "balanced", "restore_best": True, "activation": ["tanh"]},
        {"reproducible": True, "initialization": "he"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_parameters(two, X, words, options):
    weights = np.random.default_rng(1).uniform(0, 2, M)
    weights[:1200] = 0  # the first batch of a fit without shuffling
    both("MLPClassifier", X, words, client=two, **options)
    both("MLPClassifier", X, words, weights, client=two, shuffle=False, **options)


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "huber", "quantile"])
def test_regression(two, X, loss):
    y = np.exp(X[:, 1])
    level = {"quantile": 0.9} if loss == "quantile" else {}
    both("MLPRegressor", X, y, client=two, loss=loss, early_stopping=True, **level)


def test_validation_beside_a_method_of_all_rows(two, X):
    y = np.stack([X[:, 0], X[:, 1] ** 2], axis=1)
    both("MLPRegressor", X, y, client=two, optimizer="lbfgs", early_stopping=True)


def test_several_targets_and_float32(two, X):
    y = np.stack([X[:, 0], X[:, 1] ** 2, -X[:, 2]], axis=1).astype(np.float32)
    single = X.astype(np.float32)
    own, found = both("MLPRegressor", single, y, client=two, early_stopping=True)
    assert found.coefs_[0].dtype == np.float32
    predicted = found.predict(cut(single))
    assert isinstance(predicted, dask.array.Array)
    assert (predicted.shape, predicted.dtype) == ((M, 3), np.float32)
    np.testing.assert_array_equal(predicted.compute(), own.predict(single), strict=True)
    assert found.score(cut(single), cut(y)) == own.score(single, y) == found.score(single, y)


@pytest.mark.parametrize(
    "y_of, shape",
    [(lambda X: X[:, 0] > 0, (M, 2)), (lambda X: (X[:, :3] > 0) * 1, (M, 3)),
     (lambda X: np.digitize(X[:, 0], [-1, 0, 1]), (M, 4))],
    ids=["binary", "multilabel", "multi-class"],
)  # fmt: skip
def test_labels_and_lazy_predictions(two, X, y_of, shape):
    y = y_of(X)
    own, found = both("MLPClassifier", X, y, client=two)
    for given in cut(X), cut(X, (0, 600, 0, 2000)):
        proba, predicted = found.predict_proba(given), found.predict(given)
        assert isinstance(proba, dask.array.Array) and proba.shape == shape
        np.testing.assert_array_equal(proba.compute(), own.predict_proba(X), strict=True)
        np.testing.assert_array_equal(predicted.compute(), own.predict(X), strict=True)
        assert predicted.dtype == own.predict(X).dtype
    assert found.score(cut(X), cut(y)) == own.score(X, y)
    w = np.linspace(0, 1, M)
    assert found.score(cut(X), y, cut(w)) == own.score(X, y, w)


def test_bytes_and_arrays_of_this_process(two, X, words):
    images = np.round(50 * X + 120).clip(0, 255).astype(np.uint8)
    own = ffnn.MLPClassifier((5,), max_iter=2, batch_size=1200, random_state=1).fit(images, words)
    for given in cut(images), images:
        found = ffnn.dask.MLPClassifier((5,), max_iter=2, batch_size=1200, random_state=1)
        assert_same(own, found.fit(given, words))
    half = X.astype(np.float16)
    assert_same(own.fit(half, words), found.fit(cut(half), cut(words)))
    assert_nothing_left(two)


def test_validation_of_dask_and_a_fit_that_goes_on(two, X, words):
    options = {"batch_size": 1100, "random_state": 4, "max_iter": 2, "warm_start": True}
    held = X[:1100], words[:1100]
    own, found = ffnn.MLPClassifier((5,), **options), ffnn.dask.MLPClassifier((5,), **options)
    for _ in range(2):
        own.fit(X, words, X_val=held[0], y_val=held[1])
        found.fit(cut(X), cut(words), X_val=cut(held[0], 300), y_val=cut(held[1]))
        assert_same(own, found)
    assert_same(own.partial_fit(X, words), found.partial_fit(cut(X), cut(words)))
    assert_nothing_left(two)


def test_a_fitted_model_is_a_local_one_and_leaves_its_client(two, X, words):
    own, found = both("MLPClassifier", X, words, client=two)
    for model in pickle.loads(pickle.dumps(found)), copy.deepcopy(found):
        assert "_client" not in vars(model) and vars(found)["_client"] is two
        assert type(model) is ffnn.dask.MLPClassifier
        np.testing.assert_array_equal(model.predict(X[:9]), own.predict(X[:9]))
        assert model.score(X, words) == own.score(X, words)
    theirs = found.to_sklearn()
    assert type(theirs) is sklearn.neural_network.MLPClassifier
    np.testing.assert_array_equal(theirs.coefs_[0], own.coefs_[0])
    assert (ffnn.predict_proba(X[:5].T, found.parameters_).T == own.predict_proba(X[:5])).all()
    new = clone(found)
    assert new.get_params() == found.get_params() == own.get_params()
    assert not hasattr(new, "coefs_") and "_client" not in vars(new)
    assert repr(new).startswith("MLPClassifier(batch_size=1100")


def test_the_instruction_set_of_a_fit_is_that_of_its_predictions(two):
    X = np.random.default_rng(1).standard_normal((60, 300))
    y = X[:, 0] > 0
    model = ffnn.dask.MLPClassifier((5,), max_iter=2, random_state=1).fit(cut(X), y, isa="generic")
    net = {"hidden_activation": "relu", "output_activation": "sigmoid"}
    expected = ffnn._ffnn.net_output("own", X.T, model.parameters_, isa="generic", **net)[0]
    for one in model, pickle.loads(pickle.dumps(model)):
        assert (one.predict_proba(cut(X)).compute()[:, 1] == expected).all()
        assert (one.predict_proba(X)[:, 1] == expected).all()
    if ffnn._ffnn.config()["isa"] != "generic":
        assert (ffnn.predict_proba(X.T, model.parameters_)[0] != expected).any()
    assert model.partial_fit(cut(X), y)._isa == "generic"
    assert model.fit(cut(X), y)._isa is None


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_partial_fit_takes_an_instruction_set(two, kind):
    X = np.random.default_rng(1).standard_normal((60, 300))
    y, options = X[:, 0] > 0, {"hidden_layer_sizes": (5,), "max_iter": 1, "random_state": 1}
    first = {"classes": [False, True]} if kind == "MLPClassifier" else {}
    model = getattr(ffnn.dask, kind)(**options)
    model.partial_fit(cut(X), y, isa="generic", **first)
    at_once = getattr(ffnn.dask, kind)(**options).fit(cut(X), y, isa="generic")
    assert_same_weights(model, at_once)
    assert model._isa == "generic"
    with pytest.raises(ValueError, match=f"{kind}.partial_fit: isa must be one of 'common'"):
        model.partial_fit(cut(X), y, isa="sse9")
    assert model._isa == "generic"
    assert_same_weights(model, at_once)
    best = ffnn._ffnn.config()["available"][0]
    assert model.partial_fit(cut(X), y, isa="common")._isa == best
    assert model.partial_fit(cut(X), y)._isa == best
    whole = getattr(ffnn.dask, kind)(optimizer="lbfgs")
    assert not hasattr(whole, "partial_fit")


def assert_same_weights(a, b):
    for one, other in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_):
        np.testing.assert_array_equal(one, other, strict=True)


def test_threads_of_this_process_are_none_of_a_workers(two, X, words, monkeypatch):
    own, found = both("MLPClassifier", X, words, client=two, n_threads=1)
    monkeypatch.setattr(ffnn.estimators._gradients, "share_of_threads", None)
    np.testing.assert_array_equal(
        found.predict(cut(X)).compute(),
        found.classes_[found.predict_proba(cut(X)).compute().argmax(axis=1)],
    )
    with pytest.raises(TypeError):
        found.predict(X)  # here they are


def test_names_of_features(two, X, words):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    found = ffnn.dask.MLPClassifier((5,), max_iter=2, random_state=1).fit(frame, words)
    assert list(found.feature_names_in_) == list("abcdef")
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        predicted = found.predict(cut(X))
    np.testing.assert_array_equal(predicted.compute(), found.predict(frame))
    assert list(found.feature_names_in_) == list("abcdef")


def test_frames(two, X, words):
    pandas = pytest.importorskip("pandas")
    frames = pytest.importorskip("dask.dataframe", reason="needs pyarrow")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    y = pandas.Series(words)
    options = {"max_iter": 2, "batch_size": 1100, "random_state": 1}
    own = ffnn.MLPClassifier((5,), **options).fit(frame, y)
    found = ffnn.dask.MLPClassifier((5,), **options)
    given = frames.from_pandas(frame, npartitions=3)
    found.fit(given, frames.from_pandas(y, npartitions=2))
    assert_nothing_left(two)
    assert_same(own, found)
    assert list(found.feature_names_in_) == list("abcdef")
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "X does not have valid feature names")
        np.testing.assert_array_equal(found.predict(given).compute(), own.predict(frame))
        assert_same(own, clone(found).fit(frame, y))
    with pytest.raises(ValueError, match="feature names should match"):
        found.predict(given[list("bacdef")])
    with pytest.raises(TypeError, match="MLPClassifier.fit: X has dtype object"):
        found.fit(given.assign(a="text"), y)


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    "options, error, message",
    [
        ({"dropout": 0.5}, ValueError, "dropout must be 0 on a cluster, not 0.5"),
        ({"dropout": [0.5]}, ValueError, r"dropout must be 0 on a cluster, not \[0.5\]"),
        ({"optimizer": "levenberg_marquardt"}, ValueError, "optimizer='lbfgs' is the other one"),
        ({"solver": "lbfgs", "optimizer": "adam"}, ValueError, "stands in place of a solver"),
        ({"alpha": -1}, ValueError, "The 'alpha' parameter of MLPClassifier"),
    ],
)
def test_what_no_cluster_can_honour(two, X, words, monkeypatch, options, error, message):
    model = ffnn.dask.MLPClassifier(**options)
    monkeypatch.setattr(two, "run", None)  # not a word to the cluster
    with pytest.raises(error, match=message):
        model.fit(cut(X), words)
    assert not hasattr(model, "n_features_in_")


def test_lbfgs_wants_float64(two, X, words):
    model = ffnn.dask.MLPClassifier(solver="lbfgs")
    with pytest.raises(ValueError, match="fit: solver='lbfgs' computes in float64, and X is of"):
        model.fit(cut(X.astype(np.float32)), words)
    assert_nothing_left(two)


def nan_at(X, row, column):
    bad = X.copy()
    bad[row, column] = np.nan
    return cut(bad)


@pytest.mark.once
@pytest.mark.parametrize(
    "X_of, message",
    [
        (lambda X: nan_at(X, 1403, 2),
         "^MLPClassifier.fit: X holds nan at row 3, column 2, in the block of examples 1400 to"),
        (lambda X: cut(X)[:, 0], "MLPClassifier.fit: X.* has 1 dimensions, expected 2"),
        (lambda X: cut(X).rechunk((700, 2)), r"cut into chunks along its features.*rechunk\({1"),
        (lambda X: cut(X)[:99], "inconsistent numbers of samples: .99, 2600."),
        (lambda X: cut(X)[:0], "Found array with 0 sample|numbers of samples: .0, 2600."),
    ],
)  # fmt: skip
def test_wrong_rows_leave_the_model_that_was_there(two, X, words, X_of, message):
    own, found = both("MLPClassifier", X, words, client=two)
    with pytest.raises(ValueError, match=message):
        found.fit(X_of(X), words)
    assert_same(own, found)
    with pytest.raises(ValueError, match=message.replace("X holds", "X_val holds")):
        found.fit(cut(X), words, X_val=X_of(X), y_val=words)
    assert_same(own, found)
    assert_nothing_left(two)


@pytest.mark.once
def test_rows_of_unknown_number(two, X, words):
    some = X[:, 0] > 0
    options = {"max_iter": 2, "batch_size": 400, "random_state": 1}
    own = ffnn.MLPClassifier((5,), **options).fit(X[some], words[some])
    given = cut(X)[cut(some)]
    found = ffnn.dask.MLPClassifier((5,), **options).fit(given, cut(words)[cut(some)])
    assert_same(own, found)
    np.testing.assert_array_equal(found.predict(given).compute(), own.predict(X[some]))
    assert_nothing_left(two)


@pytest.mark.once
def test_predictions_that_are_refused(two, X, words):
    with pytest.raises(NotFittedError):
        ffnn.dask.MLPClassifier().predict(cut(X))
    _, found = both("MLPClassifier", X, words, client=two)
    with pytest.raises(ValueError, match="X has 5 features, but MLPClassifier is expecting 6"):
        found.predict(cut(X)[:, :5])
    with pytest.raises(ValueError, match=r"MLPClassifier.predict_proba: X .* X.rechunk\({1: -1}\)"):
        found.predict_proba(cut(X).rechunk((700, 2)))
    assert not hasattr(ffnn.dask.MLPRegressor(), "predict_proba")


@pytest.mark.once
def test_a_callback_that_fails_leaves_nothing(two, X, words):
    def callback(info):
        raise LookupError("enough")

    model = ffnn.dask.MLPClassifier((5,), batch_size=1100, callback=callback)
    with pytest.raises(LookupError, match="enough"):
        model.fit(cut(X), cut(words))
    assert not hasattr(model, "coefs_")
    assert_nothing_left(two)


@pytest.mark.once
def test_no_client(monkeypatch):
    def none():
        raise ValueError("No clients found")

    monkeypatch.setattr(ffnn.dask._estimators, "default_client", none)
    model = ffnn.dask.MLPRegressor()
    with pytest.raises(ValueError, match="MLPRegressor: there is no client: model.client = "):
        model.fit([[1.0]], [1.0])
    model.client = "tcp://127.0.0.1:8786"
    with pytest.raises(TypeError, match="MLPRegressor.fit: client must be a dask.distributed.Cl"):
        model.fit([[1.0]], [1.0])


@pytest.mark.once
def test_a_fit_that_has_not_converged_warns(two, X, words):
    model = ffnn.dask.MLPClassifier((5,), batch_size=1100, max_iter=1)
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        model.fit(cut(X), cut(words))
