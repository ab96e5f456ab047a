"""What estimators are fitted to, and costs to be reached by methods that take all examples."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

# Two arguments make classes, one makes a target: rows, columns, classes.
MADE = {
    "made-150": (150, 10, 3),
    "made-500": (500, 20, 2),
    "made-1000": (1000, 50, 5),
    "made-2000": (2000, 20, None),
    "made-4000": (4000, 30, 2),
    "made-8000": (8000, 40, 10),
    "made-12000": (12000, 15, None),
    "made-20000": (20000, 20, 2),
    "small": (5000, 20, 2),
    "rows": (200_000, 8, None),
    "wide": (20_000, 784, 10),
}
LOADED = ("digits", "wine", "iris", "breast_cancer", "diabetes")
PATTERNS = [*LOADED, *(name for name in MADE if name.startswith("made-"))]


def rows_of(name):
    """(X, y) of a data set by name, an example in each row; y are classes or, as floats, targets"""
    from sklearn import datasets

    if name == "sparse":
        return sparse_rows(20_000, 5_000, 0.01)
    if name in MADE:
        m, n_x, classes = MADE[name]
        if classes is None:
            X, y = datasets.make_regression(m, n_x, n_informative=n_x, noise=1.0, random_state=0)
        else:
            informative = {"n_informative": max(4, n_x // 2), "n_classes": classes}
            X, y = datasets.make_classification(m, n_x, **informative, random_state=0)
    else:
        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    X = (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)
    return X, y if y.dtype.kind == "i" else (y - y.mean()) / y.std()


def sparse_rows(m, n_x, density):
    from scipy import sparse

    generator = np.random.default_rng(3)
    X = sparse.random_array((m, n_x), density=density, format="csr", rng=generator)
    return X, (X @ generator.standard_normal(n_x) > 0).astype(int)


@dataclass(frozen=True)
class Task:
    """Data for scikit-learn's estimators and for ffnn's, and the options of both."""

    data: str
    hidden: tuple = (100,)
    dtype: str = "float64"
    options: dict = field(default_factory=dict)
    starts: int = 1  # seeds that a step fits from, one after the other

    settled, start = 0, {}

    def __str__(self):
        X, _ = self.rows
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        return f"{self.data}, {X.shape[0]} x {X.shape[1]}, {self.hidden}, {self.dtype}; {options}"

    @cached_property
    def rows(self):
        X, y = rows_of(self.data)
        return X.astype(self.dtype), y if y.dtype.kind == "i" else y.astype(self.dtype)

    @property
    def is_classes(self):
        return self.rows[1].dtype.kind == "i"

    def estimator(self, module, seed=0, **more):
        make = module.MLPClassifier if self.is_classes else module.MLPRegressor
        return make(hidden_layer_sizes=self.hidden, random_state=seed, **self.options, **more)

    def first_parameters(self, seed):
        """As scikit-learn draws them, for tanh: the same start for everybody."""
        X, y = self.rows
        dims = (X.shape[1], *self.hidden, len(np.unique(y)))
        random, parameters = np.random.RandomState(seed), {}
        for layer, (n_prev, n) in enumerate(zip(dims, dims[1:]), 1):
            bound = np.sqrt(6 / (n_prev + n))
            parameters[f"W{layer}"] = random.uniform(-bound, bound, (n_prev, n)).T
            parameters[f"b{layer}"] = random.uniform(-bound, bound, n)[:, None]
        return parameters


@dataclass(frozen=True)
class Goal:
    """A cost that a net of tanh has to reach from each of several starts."""

    data: str
    dims: tuple
    cost: float
    output: str = "linear"
    seeds: int = 10
    most_iterations: int = 200  # of a second-order method
    most_epochs: int = 20_000  # of Adam, with all examples in a step; 0: it takes no part

    dtype, settled, start = "float64", 0, {}

    def __str__(self):
        dims = "-".join(map(str, self.dims))
        return f"{self.data}, m = {self.X.shape[1]}, {dims} tanh, {self.output}, to {self.cost:g}"

    @cached_property
    def rows(self):
        if self.data not in ("sine", "sinc"):
            return rows_of(self.data)
        x = np.linspace(-1, 1, 41 if self.data == "sine" else 20_000)
        return x[:, None], np.sin(np.pi * x) if self.data == "sine" else np.sinc(10 / np.pi * x)

    @cached_property
    def X(self):
        return np.ascontiguousarray(self.rows[0].T)

    @cached_property
    def Y(self):
        y = self.rows[1]
        if self.output == "softmax":
            return (np.arange(self.dims[-1])[:, None] == y).astype(float)
        return y[None]

    @property
    def activations(self):
        return {"hidden_activation": "tanh", "output_activation": self.output}

    def first_parameters(self, seed):
        import ffnn

        state = np.random.get_state()
        np.random.seed(seed)
        try:
            return ffnn.initialize_parameters_deep(self.dims, initialization="nguyen_widrow")
        finally:
            np.random.set_state(state)
