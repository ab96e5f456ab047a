"""Estimators on sparse rows: the bits of the same rows laid out."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

import ffnn

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::UserWarning")]


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:300] / 16, y[:300]


@pytest.mark.parametrize(
    "options",
    [
        {"solver": "adam", "early_stopping": True},
        {"solver": "sgd", "dropout": 0.2},
        {"optimizer": "adamw", "shuffle": False},
        {"optimizer": "lbfgs"},
        {"solver": "lbfgs"},
    ],
)
def test_sparse_rows_have_the_bits_of_dense_ones(digits, options):
    """Rows whose numbers fall, and come twice, which add up, too."""
    X, y = digits
    S = sparse.csr_array(X)
    back = np.lexsort((-S.indices, S.tocoo().coords[0]))
    double = sparse.csr_array(
        (np.repeat(S.data[back] / 2, 2), np.repeat(S.indices[back], 2), 2 * S.indptr), S.shape
    )
    options = {"random_state": 0, "max_iter": 4, **options}
    dense = ffnn.MLPClassifier(**options).fit(X, y)
    for rows in S, double, sparse.csc_matrix(X):
        thin = ffnn.MLPClassifier(**options).fit(rows, y)
        for ours, theirs in zip(thin.coefs_, dense.coefs_, strict=True):
            assert (ours == theirs).all()
        assert (thin.predict_proba(rows) == dense.predict_proba(X)).all()
        assert thin.loss_curve_ == dense.loss_curve_
    assert double.nnz == 2 * S.nnz and (double.indices[:2] == S.indices[back[:2]][0]).all()


@pytest.mark.parametrize("first, others", [(-0.5, 1.0), (-1.0, -1.0)])
def test_sparse_rows_with_weights_below_0(digits, first, others):
    """Which SciPy minimises, by the cost and the gradients of one call."""
    X, y = digits
    weights = np.r_[first, np.full(len(X) - 1, others)]
    options = {"solver": "lbfgs", "random_state": 0, "max_iter": 5}
    dense = ffnn.MLPClassifier(**options).fit(X, y, sample_weight=weights)
    thin = ffnn.MLPClassifier(**options).fit(sparse.csc_array(X), y, sample_weight=weights)
    for ours, theirs in zip(thin.coefs_, dense.coefs_, strict=True):
        assert (ours == theirs).all()


def test_sparse_rows_do_not_go_into_levenberg_marquardt(digits):
    X, y = digits
    model = ffnn.MLPRegressor(hidden_layer_sizes=(3,), optimizer="levenberg_marquardt")
    with pytest.raises(ValueError, match="optimizer='levenberg_marquardt' wants a dense X"):
        model.fit(sparse.csr_array(X), y)
