"""scikit-learn's own tests of its two classes, and its checks of any estimator."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_suite
from ffnn import MLPClassifier, MLPRegressor

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("default")]

# All of them: those that reach for private names find these, too.
globals().update(
    {n: f for n, f in vars(sklearn_suite).items() if n.startswith(("test_", "global_random"))}
)


def test_the_suite_is_all_there():
    assert sum(name.startswith("test_") for name in vars(sklearn_suite)) >= 40


CHECKS = parametrize_with_checks(
    [
        MLPClassifier(max_iter=20),
        MLPClassifier(solver="lbfgs", max_iter=20, activation="tanh"),
        MLPClassifier(solver="sgd", learning_rate="adaptive", learning_rate_init=0.1),
        MLPRegressor(max_iter=20),
        MLPRegressor(solver="lbfgs", max_iter=20),
        MLPRegressor(solver="sgd", activation="tanh", learning_rate_init=0.1, max_iter=50),
    ]
)


# A list: pytest takes no generator, which scikit-learn gave it before 1.9.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_is_an_estimator(estimator, check):
    check(estimator)
