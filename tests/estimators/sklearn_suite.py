"""scikit-learn's own test_mlp.py with the two names replaced, for test_sklearn_suite.py to run.

The file is read from the installed package. Its warnings are those of scikit-learn's settings.
"""

from pathlib import Path

import pytest
import sklearn.neural_network

from ffnn import MLPClassifier, MLPRegressor  # noqa: F401

SOURCE = Path(sklearn.neural_network.__file__).parent / "tests" / "test_mlp.py"
IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor\n"

text = SOURCE.read_text()
assert text.count(IMPORT) == 1
exec(compile(text.replace(IMPORT, "\n"), SOURCE, "exec"))


@pytest.fixture
def global_random_seed():
    """A fixture of scikit-learn's conftest.py."""
    return 42
