"""What is raced: sizes, data in the layouts in which users have them, the start."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SEED = 1


@dataclass(frozen=True)
class Net:
    dims: tuple
    m: int
    dtype: str = "float64"
    learning_rate: float = 0.0075
    images: bool = False  # X as the assignment makes it, reshape(m, -1).T: an image is contiguous
    hidden: str = "relu"
    output: str = "sigmoid"
    batch: int | None = None  # examples of a step where not all take part
    keep_prob: float = 1.0

    def __str__(self):
        return f"{'-'.join(map(str, self.dims))}, m = {self.m}, {self.dtype}"

    @cached_property
    def X(self):
        generator = np.random.default_rng(3)
        if self.images:
            return generator.random((self.m, self.dims[0])).astype(self.dtype).T
        return generator.standard_normal((self.dims[0], self.m)).astype(self.dtype)

    @cached_property
    def classes(self):
        return np.arange(self.m) * 7 % 13 % self.dims[-1]

    @cached_property
    def Y(self):
        if self.output == "softmax":
            return (np.arange(self.dims[-1])[:, None] == self.classes).astype(self.dtype)
        labels = np.arange(self.dims[-1] * self.m).reshape(self.dims[-1], self.m)
        return (labels * 7 % 13 % 2).astype(self.dtype)  # of both kinds, however few there are

    @property
    def settled(self):
        """Iterations after which a run on data that do not change has what it prepares for the
        others: ffnn multiplies X^T X where m < n_x, at about iteration m / (2 n_1)."""
        return 2 + (self.m // (2 * self.dims[1]) + 1 if self.m < self.dims[0] else 0)

    @property
    def rows(self):
        """X and Y with an example in each row, contiguous: what everybody else wants."""
        return np.ascontiguousarray(self.X.T), np.ascontiguousarray(self.Y.T)

    @cached_property
    def start(self):
        """The parameters that L_layer_model begins with, in the type of the run."""
        generator = np.random.RandomState(SEED)
        parameters = {}
        for layer, (n_prev, n) in enumerate(zip(self.dims, self.dims[1:]), 1):
            W = generator.randn(n, n_prev) / np.sqrt(n_prev)
            parameters[f"W{layer}"] = W.astype(self.dtype)
            parameters[f"b{layer}"] = np.zeros((n, 1), self.dtype)
        return parameters

    def flops(self, with_dA0):
        """Of the products of one step: forward and dW in every layer, dA where it is wanted."""
        layers = [n_prev * n for n_prev, n in zip(self.dims, self.dims[1:])]
        return 2 * self.m * (3 * sum(layers) - (0 if with_dA0 else layers[0]))


@dataclass(frozen=True)
class Square:
    """A product of two square matrices in C order."""

    n: int
    dtype: str

    def __str__(self):
        return f"{self.n} x {self.n} by {self.n} x {self.n}, {self.dtype}"

    @cached_property
    def matrices(self):
        generator = np.random.default_rng(3)
        return [generator.standard_normal((self.n, self.n)).astype(self.dtype) for _ in range(2)]

    settled = 0  # nothing is prepared

    @cached_property
    def start(self):
        return {"C": np.zeros((self.n, self.n), self.dtype)}

    @property
    def flops(self):
        return 2 * self.n**3
