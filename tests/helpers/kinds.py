"""Every kind of run that a Trainer does, each large enough to be cut for threads, but "small"."""

import numpy as np

from calls import trainer_of
from support import network, numbers_of

DIMS = [401, 131, 67, 3]
SMALL, WIDE, LONG = ([5, 4, 3, 1], 7), ([901, 131, 3], 203), (DIMS, 797)
# More than one shard: of products too small to share, and of such as are shared.
NARROW, MANY = ([9, 24, 17, 3], 2600), (DIMS, 1100)
BATCH = 256

# Its net and how many examples; what it is told; how it does n steps or epochs.
KINDS = {
    "small": (SMALL, {}, lambda run, n: run.run(n)),
    "slabs": (LONG, {}, lambda run, n: run.run(n)),
    "shards": (
        NARROW,
        {"optimizer": "adam", "sample_weight": np.linspace(0, 2, NARROW[1]), "lambd": 0.1},
        lambda run, n: run.run(n),
    ),
    "shared": (MANY, {"optimizer": "nesterov", "clip_norm": 0.5}, lambda run, n: run.run(n)),
    "shared gd": (MANY, {"sample_weight": np.linspace(2, 0, MANY[1])}, lambda run, n: run.run(n)),
    "shards ordered": (
        NARROW,
        {"hidden_activation": "silu"},
        lambda run, n: [run.epoch(np.arange(NARROW[1])[::-1], 2600) for _ in range(n)],
    ),
    "gram": (WIDE, {"gram": True}, lambda run, n: run.run(n)),
    "wide": (WIDE, {"gram": False}, lambda run, n: run.run(n)),
    "dropout": (LONG, {"keep_prob": 0.8}, lambda run, n: run.run(n)),
    "clipped": (
        LONG,
        {"optimizer": "adamw", "weight_decay": 0.1, "lambd": 0.1, "clip_norm": 0.01},
        lambda run, n: run.run(n),
    ),
    "weighted": (
        LONG,
        {"sample_weight": np.linspace(0, 2, LONG[1]), "hidden_activation": "gelu"},
        lambda run, n: run.run(n),
    ),
    "batches": (
        LONG,
        {"optimizer": "momentum", "output_activation": "linear"},
        lambda run, n: [run.epoch(None, BATCH) for _ in range(n)],
    ),
    "ordered": (
        LONG,
        {"optimizer": "rmsprop", "hidden_activation": "tanh"},
        lambda run, n: [run.epoch(np.arange(LONG[1])[::-1], BATCH) for _ in range(n)],
    ),
    "shuffled": (
        LONG,
        {"optimizer": "adam", "keep_prob": 0.9, "output_activation": "softmax"},
        lambda run, n: run.shuffled(n, BATCH),
    ),
    "sparse": (LONG, {"optimizer": "adam", "lambd": 0.1, "is_sparse": True},
               lambda run, n: [run.epoch(np.arange(LONG[1])[::-1], BATCH) for _ in range(n)]),
    "sparse shards": (NARROW, {"is_sparse": True}, lambda run, n: run.run(n)),
    "sparse shared": (MANY, {"optimizer": "momentum", "is_sparse": True},
                      lambda run, n: run.run(n)),
}  # fmt: skip


def given(kind, real=np.float64, order="C"):
    """X, Y and parameters."""
    dims, m = KINDS[kind][0]
    rng = np.random.default_rng(11)
    X = np.asarray(rng.standard_normal((dims[0], m)).astype(real), order=order)
    if "is_sparse" in KINDS[kind][1]:
        X *= rng.random(X.shape) < 0.1
    Y = np.eye(dims[-1])[:, rng.integers(0, dims[-1], m)]
    return X, Y, network(rng, dims, real)


def trainer(kind, X, Y, parameters):
    """A run that begins, with random numbers of its own."""
    options = {"bit_generator": np.random.MT19937(5), **KINDS[kind][1]}
    if options.pop("is_sparse", False):
        options["sparse"] = numbers_of(X)
        X = np.broadcast_to(X.dtype.type(0), X.shape)
    return trainer_of(X, Y, parameters, 0.01, **options)


def advance(kind, run, n):
    return KINDS[kind][2](run, n)
