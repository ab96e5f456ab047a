"""Methods that take the whole vector of gradients, in plain NumPy: a dense inverse Hessian for
L-BFGS, a least-squares problem for the step of Levenberg-Marquardt."""

import numpy as np

from reference_activations import COSTS, default_cost, for_layers, forward, softmax

# name: the numbers that it reads
METHODS = {
    "lbfgs": "history_size tol cost_tol max_evaluations",
    "levenberg_marquardt": "tol max_evaluations bayesian",
}
# name: (what it is where it is not given, another value of it)
NUMBERS = {"history_size": (10, 3), "tol": (1e-7, 1e-3), "cost_tol": (0, 1e-3),
           "max_evaluations": (0, 12), "bayesian": (False, True)}  # fmt: skip


def bfgs_direction(gradient, s, y):
    """-H g: H is (s y / y y) I of the newest pair, updated with all pairs, the oldest first."""
    H = np.eye(gradient.size)
    if len(s):
        H *= (s[-1] @ y[-1]) / (y[-1] @ y[-1])
    for change, of_gradient in zip(s, y, strict=True):
        rho = 1 / (change @ of_gradient)
        V = np.eye(gradient.size) - rho * np.outer(of_gradient, change)
        H = V.T @ H @ V + rho * np.outer(change, change)
    return -H @ gradient


class Net:
    """A net's costs and outputs as functions of one vector, W1 row by row, b1, W2, ..."""

    def __init__(self, X, Y, dims, *, hidden_activation="relu", output_activation="sigmoid",
                 cost=None, lambd=0.0, sample_weight=None):  # fmt: skip
        self.X, self.Y, self.dims, self.lambd = X, Y, dims, lambd
        self.activations = for_layers(hidden_activation, len(dims) - 2, output_activation)
        self.cost_name = cost or default_cost(output_activation)
        m = X.shape[1]
        self.weights = np.ones(m) if sample_weight is None else sample_weight
        self.weights = self.weights * m / self.weights.sum()
        self.is_weight = np.concatenate(
            [np.r_[np.ones(n * p), np.zeros(n)] for p, n in zip(dims, dims[1:], strict=False)]
        )

    def logits(self, vector):
        A, at = self.X, 0
        for l, (p, n) in enumerate(zip(self.dims, self.dims[1:], strict=False)):  # noqa: E741
            W, b = vector[at : at + n * p].reshape(n, p), vector[at + n * p : at + n * p + n]
            at += n * p + n
            Z = W @ A + b[:, None]
            A = forward(self.activations[l], Z)
        return Z

    def cost(self, vector):
        A = forward(self.activations[-1], self.logits(vector))
        losses = COSTS[self.cost_name][0](A, self.Y) * self.weights
        l2 = self.lambd / 2 * np.sum((self.is_weight * vector) ** 2)
        return (losses.sum() + l2) / self.X.shape[1]

    def gradient(self, vector, step=1e-6):
        return jacobian(lambda v: np.array([self.cost(v)]), vector, step)[0]

    def lm_step(self, vector, damping):
        """The minimum of |F J d - r|^2 + damping |d|^2 + lambd |W - d_W|^2, F F^T being the
        curvature of the cost by what J differentiates: outputs, or logits."""
        m, n = self.X.shape[1], self.dims[-1]
        Z = self.logits(vector)
        if self.cost_name == "mean_squared_error":
            J = jacobian(lambda v: forward(self.activations[-1], self.logits(v)).T.ravel(), vector)
            curvatures = [2 * np.eye(n)] * m
        else:
            J = jacobian(lambda v: self.logits(v).T.ravel(), vector)
            if self.cost_name == "binary_cross_entropy":
                p = 1 / (1 + np.exp(-Z))
                curvatures = [np.diag(q * (1 - q)) for q in p.T]
            else:
                curvatures = [np.diag(q) - np.outer(q, q) for q in softmax(Z).T]
        rows = []
        for j in range(m):
            values, vectors = np.linalg.eigh(self.weights[j] * curvatures[j])
            factor = vectors * np.sqrt(np.maximum(values, 0))
            rows.append(factor.T @ J[j * n : (j + 1) * n])
        H_half = np.vstack([*rows, np.diag(np.sqrt(damping + self.lambd * self.is_weight))])
        g = self.gradient(vector) * m
        # H d = g as a least-squares problem: with g in the range of H^T, d = lstsq(H_half, u).
        u = np.linalg.lstsq(H_half.T, g, rcond=None)[0]
        return np.linalg.lstsq(H_half, u, rcond=None)[0]

    def lm_iteration(self, vector, damping):
        """The first step that lowers the cost, and the damping of the next one: by the share that
        the step gains of what the parabola promises, which is (d g m + damping d d) / 2 m."""
        damping, m = damping or 1e-3, self.X.shape[1]
        while True:
            d = self.lm_step(vector, damping)
            gain = self.cost(vector) - self.cost(vector - d)
            if gain > 0:
                share = gain / (d @ self.gradient(vector) + damping / m * d @ d) * 2
                return d, damping * (0.1 if share > 0.75 else 10 if share < 0.25 else 1)
            damping *= 10


class BayesianNet(Net):
    """The same with a prior of one variance on all parameters, for squared errors."""

    def __init__(self, X, Y, dims, **options):
        super().__init__(X, Y, dims, **options)
        self.is_weight = np.ones_like(self.is_weight)

    def take(self, noise, weight):
        self.lambd = 2 * noise / weight

    def outputs(self, vector):
        return forward(self.activations[-1], self.logits(vector))

    def errors(self):
        """How many errors there are: an example without weight makes none."""
        return np.count_nonzero(self.weights) * self.dims[-1]

    def variances(self, vector, effective):
        """Of noise and weights, with so many effective parameters."""
        squares = np.sum((self.outputs(vector) - self.Y) ** 2 * self.weights)
        return squares / (self.errors() - effective), vector @ vector / effective

    def curvature(self, vector):
        """J^T J, whole."""
        J = jacobian(lambda v: (self.outputs(v) * np.sqrt(self.weights)).ravel(), vector)
        return J.T @ J

    def estimate(self, vector, noise=None, weight=None):
        """MacKay's estimate from those that stand, or from those of the beginning."""
        if noise is None:
            noise, weight = self.variances(vector, min(vector.size, self.errors() / 2))
        A = self.curvature(vector) + noise / weight * np.eye(vector.size)
        effective = vector.size - noise / weight * np.trace(np.linalg.inv(A))
        return effective, *self.variances(vector, effective)

    def log_evidence(self, vector, noise, weight):
        """By Laplace's approximation: the greatest density of targets and parameters, times the
        volume of the normal distribution that has its curvature."""
        variances = noise / self.weights[self.weights > 0]
        errors = (self.outputs(vector) - self.Y)[:, self.weights > 0]
        A = self.curvature(vector) / noise + np.eye(vector.size) / weight
        density = np.sum(errors**2 / variances + np.log(2 * np.pi * variances))
        density += np.sum(vector**2 / weight + np.log(2 * np.pi * weight))
        return 0.5 * (vector.size * np.log(2 * np.pi) - np.linalg.slogdet(A)[1] - density)


def jacobian(f, vector, step=1e-6):
    """Central differences, a column for each element of the vector."""
    columns = []
    for i in range(vector.size):
        d = np.zeros_like(vector)
        d[i] = step
        columns.append((f(vector + d) - f(vector - d)) / (2 * step))
    return np.array(columns).T
