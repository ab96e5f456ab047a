"""`reproducible`: what the same bits on every machine cost, on one thread.

The same training with the fastest instruction set and with the generic one, in turns; the ratio is
the median of the rounds' own.
"""

import time
from statistics import median

import numpy as np

import ffnn
from benchmarks import report

NETS = {"64-100-10": (64, 100, 10), "784-512-256-10": (784, 512, 256, 10)}
EXAMPLES, FEWEST_ROUNDS = 1024, 7


def epoch_seconds(dims, X, Y, is_reproducible):
    """The time of one epoch of Adam in batches of 64, run as part of some that fill 50 ms."""
    trainer = ffnn._ffnn.Trainer(
        "reproducible",
        X,
        Y,
        dims,
        hidden_activation="relu",
        output_activation="softmax",
        cost="categorical_cross_entropy",
        optimizer="adam",
        reproducible=is_reproducible,
    )
    np.random.seed(1)
    trainer.set(ffnn.initialize_parameters_deep(dims, initialization="he", dtype=np.float32))
    trainer.epoch(None, 64)
    epochs, start = 0, time.perf_counter()
    while time.perf_counter() - start < 0.05:
        trainer.epoch(None, 64)
        epochs += 1
    return (time.perf_counter() - start) / epochs


def run(name, options):
    before = ffnn.get_num_threads()
    ffnn.set_num_threads(1)
    try:
        rows, kept = [], {}
        for net, dims in NETS.items():
            X = np.random.RandomState(0).random_sample((dims[0], EXAMPLES)).astype(np.float32)
            Y = np.eye(dims[-1], dtype=np.float32)[:, np.arange(EXAMPLES) % dims[-1]]
            pairs = []
            rounds = options.rounds if options.quick else max(FEWEST_ROUNDS, options.rounds)
            for turn in range(rounds):
                order = (False, True) if turn % 2 else (True, False)
                found = {on: epoch_seconds(dims, X, Y, on) for on in order}
                pairs.append((found[False], found[True]))
            fast, same = (median(times) for times in zip(*pairs))
            ratio = median(b / a for a, b in pairs)
            rows.append([net, report.time_text(fast), report.time_text(same), f"{ratio:.1f}", ""])
            kept[net] = {"fastest": fast, "reproducible": same, "ratio": ratio}
    finally:
        ffnn.set_num_threads(before)
    print(report.table(["an epoch", "fastest", "reproducible", "ratio", ""], rows))
    return {"nets": kept}
