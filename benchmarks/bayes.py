"""`bayes`: one Bayesian run beside a grid of 20 regularisations chosen by a validation set.

Both fit by Levenberg-Marquardt from the same draws. The grid has examples more, to choose by; the
error is that of further examples, as a ratio to the grid's, draw by draw.
"""

import time
from functools import partial
from statistics import mean

import numpy as np

import ffnn
from benchmarks import report, tasks

LAMBDAS = np.logspace(-4, 2, 20)
STARTS = 5  # of which the evidence chooses one
STEPS = 300


def sine(generator):
    """50 examples to train on, 50 to choose by, 1,000 to judge by, in [-1, 1]; noise 0.2."""
    X = generator.uniform(-1, 1, (1, 1100))
    Y = np.sin(np.pi * X) + 0.2 * generator.standard_normal(X.shape)
    return (1, 20, 1), [(X[:, s], Y[:, s]) for s in (slice(50), slice(50, 100), slice(100, None))]


def diabetes(generator):
    """300, 71 and 71 of scikit-learn's 442 patients."""
    X, y = tasks.rows_of("diabetes")
    order = generator.permutation(len(y))
    parts = order[:300], order[300:371], order[371:]
    return (10, 15, 1), [(np.ascontiguousarray(X[some].T), y[some][None]) for some in parts]


def fit(X, Y, dims, seed, **settings):
    return ffnn.train(
        X,
        Y,
        dims,
        hidden_activation="tanh",
        output_activation="linear",
        optimizer="levenberg_marquardt",
        initialization="nguyen_widrow",
        num_epochs=STEPS,
        record_every=STEPS,
        seed=seed,
        **settings,
    )


def error(parameters, X, Y):
    return float(np.mean((ffnn.predict_proba(X, parameters) - Y) ** 2))


def by_evidence(train, dims, seeds):
    """The parameters of the start whose posterior is the most probable one."""
    runs = [fit(*train, dims, seed, bayesian=True) for seed in seeds]
    return max(runs, key=lambda run: run[1]["posterior"]["log_evidence"])[0]


def by_grid(train, choose, dims, seed):
    nets = [fit(*train, dims, seed, lambd=float(lambd))[0] for lambd in LAMBDAS]
    return min(nets, key=lambda net: error(net, *choose))


def run(name, options):
    rows, kept = [], {}
    for data in (sine, diabetes):
        found = {"one run": [], f"best of {STARTS}": [], "grid": []}
        for draw in range(2 if options.quick else 20):
            dims, (train, choose, judge) = data(np.random.default_rng(draw))
            contenders = {
                "one run": partial(by_evidence, train, dims, [draw]),
                f"best of {STARTS}": partial(by_evidence, train, dims, range(draw, draw + STARTS)),
                "grid": partial(by_grid, train, choose, dims, draw),
            }
            for way, choose_net in contenders.items():
                start = time.perf_counter()
                net = choose_net()
                found[way].append((error(net, *judge), time.perf_counter() - start))
        errors = {way: mean(each for each, _ in pairs) for way, pairs in found.items()}
        seconds = {way: mean(each for _, each in pairs) for way, pairs in found.items()}
        for way in found:
            ratio = errors[way] / errors["grid"]
            faster = seconds["grid"] / seconds[way]
            rows.append([data.__name__, way, f"{errors[way]:.4f}", f"{ratio:.3f}", f"{faster:.1f}"])
        kept[data.__name__] = {"errors": errors, "seconds": seconds}
    print(report.table(["data", "", "error of further examples", "to the grid's", "faster"], rows))
    return {"bayes": kept}
