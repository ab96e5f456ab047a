"""Validation examples of one's own, threads of predictions, weights that are equal everywhere."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

import ffnn
from ffnn._initializers import draw_by
from ffnn._randomness import PortableDraws

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module")
def sugar():
    X, y = load_diabetes(return_X_y=True)
    return X * 20, (y - y.mean()) / y.std()


def test_targets_without_a_poisson_loss_are_warned_of(sugar):
    X, y = sugar
    model = ffnn.MLPRegressor("poisson", (5,), max_iter=2)
    with pytest.warns(
        RuntimeWarning, match=f"MLPRegressor.fit: y holds {y[y < 0][0]}, and"
    ) as seen:
        model.fit(X, y)
    assert seen[0].filename == __file__ and np.isnan(model.loss_)
    model.fit(X, np.abs(y))  # warnings are errors


@pytest.mark.parametrize("option", ["early_stopping", "restore_best"])
def test_one_row_has_no_score(sugar, option):
    X, y = sugar
    model = ffnn.MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, **{option: True})
    with pytest.raises(ValueError, match="X_val has one row"):
        model.fit(X, y, X_val=X[:1], y_val=y[:1])


def test_y_val_has_the_columns_of_y(sugar):
    X, y = sugar
    model = ffnn.MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, early_stopping=True)
    with pytest.raises(ValueError, match="y_val has 2 columns where y has 1"):
        model.fit(X, y, X_val=X, y_val=np.column_stack([y, y]))


def test_n_threads_holds_for_predictions(sugar, monkeypatch):
    """The limit is there while the net computes."""
    model = ffnn.MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, n_threads=1).fit(*sugar)
    forward, seen = type(model)._forward_pass_fast, []

    def look(self, *arguments, **keywords):
        seen.append(ffnn.get_num_threads())
        return forward(self, *arguments, **keywords)

    before = ffnn.get_num_threads()
    ffnn.set_num_threads(2)
    try:
        monkeypatch.setattr(type(model), "_forward_pass_fast", look)
        model.predict(sugar[0])
    finally:
        ffnn.set_num_threads(before)
    assert seen == [1]


def test_reproducible_draws_are_the_portable_ones(sugar):
    X, y = sugar
    model = ffnn.MLPRegressor(
        hidden_layer_sizes=(400,),
        max_iter=1,
        random_state=3,
        reproducible=True,
        initialization="he",
        solver="sgd",
        alpha=0.0,
        learning_rate_init=1e-300,
    ).fit(X, y)
    portable = draw_by("he", (X.shape[1], 400, 1), PortableDraws(np.random.RandomState(3)))
    plain = draw_by("he", (X.shape[1], 400, 1), np.random.RandomState(3))
    assert (portable["W1"] != plain["W1"]).any(), "no machine could tell"
    assert (model.coefs_[0].T == portable["W1"]).all()
