"""What all recipes share: the data, the goal, the line that stops the clock."""

import numpy as np

LAYERS = (64, 64, 10)
RATE, BATCH, MOST_EPOCHS = 0.003, 64, 100
GOAL, TEST = 0.97, 360


def split(path):
    """Rows to train with and their digits, rows to test with and theirs; float32."""
    with np.load(path) as archive:
        X, digits = (archive["pixels"] / 16).astype(np.float32), archive["labels"].astype(np.int64)
    order = np.random.RandomState(0).permutation(len(X))
    test, train = order[:TEST], order[TEST:]
    return X[train], digits[train], X[test], digits[test]


def until_good(epoch, accuracy):
    """Epochs until the goal is reached on the test part."""
    score, done = 0.0, 0
    while score < GOAL and done < MOST_EPOCHS:
        epoch()
        score, done = float(accuracy()), done + 1
    tell(score, done)


def tell(score, epochs):
    print(f"trained {score:.4f} {epochs}", flush=True)
