"""What `make demo` runs: train on real handwritten digits, race NumPy, leave a picture.

"Is it even?" is asked of 8 x 8 images. ffnn and the plain NumPy twin of tests/twins/reference.py do
the same training, from the same start, in double precision, each with one thread.
"""

import os
import sys
import time
from pathlib import Path

# Before NumPy comes in: a BLAS reads them once. Layers this small only lose by a second thread.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_variable] = "1"

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "twins")]

import ffnn  # noqa: E402
import reference  # noqa: E402
from ffnn.datasets import load_digits  # noqa: E402

ffnn.set_num_threads(1)
LAYERS = [64, 32, 16, 1]
LEARNING_RATE = 0.3
ITERATIONS = 2500
TRAINING_SHARE = 0.8
SPLIT_SEED = 1
PICTURE = "demo.png"
CLASSES = ["odd", "even"]


def split_digits():
    """(X, Y) to train with and (X, Y) to test with; Y is 1 where the digit is even."""
    X, digits = load_digits()
    Y = (digits % 2 == 0).astype(np.int64)
    order = np.random.default_rng(SPLIT_SEED).permutation(X.shape[1])
    cut = int(TRAINING_SHARE * len(order))
    # Fortran order, as X has after the assignment's reshape(m, -1).T.
    return [(np.asfortranarray(X[:, part]), Y[:, part]) for part in (order[:cut], order[cut:])]


def timed_training(module, X, Y, print_cost):
    start = time.perf_counter()
    parameters, costs = module.L_layer_model(
        X, Y, LAYERS, LEARNING_RATE, ITERATIONS, print_cost=print_cost
    )
    return parameters, costs, time.perf_counter() - start


def largest_difference(one, other):
    return max(np.abs(one[name] - other[name]).max() for name in other)


def draw(costs, X, Y, predictions, accuracy):
    """Leave the picture: the cost curve, and test images that the network got wrong."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 7), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.5, 1), hspace=0.06)

    ax = ffnn.plot_costs(costs, record_every=100, ax=top.subplots())
    ax.set_yscale("log")
    ax.set_title(f"Cost, {'-'.join(map(str, LAYERS))} network, learning rate {LEARNING_RATE}")
    ax.set_ylabel("cost (logarithmic)")
    ax.grid(alpha=0.3)

    wrong = int((predictions != Y).sum())
    bottom.suptitle(
        f"Is the digit even? {accuracy:.1%} of {Y.shape[1]} test images right, {wrong} wrong"
    )
    ffnn.print_mislabeled_images(CLASSES, X, Y, predictions, figure=bottom, limit=8)
    figure.savefig(PICTURE, dpi=120)


def main():
    (X, Y), (X_test, Y_test) = split_digits()
    print(
        f"Is the digit even? {X.shape[1]} images to train with, {X_test.shape[1]} to test with, "
        f"layers {'-'.join(map(str, LAYERS))}\n"
    )
    print(f"ffnn ({ffnn._ffnn.config()['isa']}, float64):")
    parameters, costs, seconds = timed_training(ffnn, X, Y, print_cost=True)
    print("\nTraining set:  ", end="", flush=True)
    ffnn.predict(X, Y, parameters)
    print("Test set:      ", end="", flush=True)
    predictions = ffnn.predict(X_test, Y_test, parameters)
    accuracy = float((predictions == Y_test).mean())

    print(f"\nThe same training with NumPy {np.__version__}, one thread each ...", flush=True)
    twins, _, twin_seconds = timed_training(reference, X, Y, print_cost=False)
    print(f"  ffnn   {seconds:8.3f} s  {1e6 * seconds / ITERATIONS:8.1f} us an iteration")
    print(f"  NumPy  {twin_seconds:8.3f} s  {1e6 * twin_seconds / ITERATIONS:8.1f} us an iteration")
    print(f"  ffnn is {twin_seconds / seconds:.1f} times as fast")
    print(f"  largest difference of a parameter: {largest_difference(parameters, twins):.1e}")

    draw(costs, X_test, Y_test, predictions, accuracy)
    print(f"\nThe cost curve and the mislabelled digits are in {PICTURE}")


if __name__ == "__main__":
    main()
