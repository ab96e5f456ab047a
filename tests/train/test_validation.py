"""Examples held back: their weights, their checks, classes in equal shares, classes that lack."""

import re
import warnings

import numpy as np
import pytest

import ffnn
from support import assert_same_dict, plain_train

DIMS = [3, 5, 1]


def order(m):
    return np.random.RandomState(0).permutation(m)


def data(rng, m=60):
    X = rng.standard_normal((3, m))
    return X, (X[:1] + rng.standard_normal((1, m)) > 0) * 1


def by_hand(held, m, *arrays):
    """Each array's columns for training, in their order, and for validation."""
    kept = np.setdiff1d(np.arange(m), held)
    return [a[..., kept] for a in arrays], tuple(a[..., held] for a in arrays)


# ---- weights -------------------------------------------------------------------------------------


@pytest.mark.parametrize("class_weight", [None, "balanced", {1: 3.0}])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_a_fraction_is_the_split_by_hand(rng, class_weight, weighted, output):
    """Weights go with their examples; class weights are those of the examples trained on."""
    X, Y = data(rng, 50)
    held = order(50)[:15]
    Y[0] = 0
    Y[0, held[:8]] = 1
    Y[0, np.setdiff1d(np.arange(50), held)[:4]] = 1
    w = rng.integers(0, 3, 50) * rng.random(50)
    (X_kept, Y_kept, w_kept), held_data = by_hand(held, 50, X, Y, w)
    options = {"seed": 1, "num_epochs": 5, "learning_rate": 0.3, "class_weight": class_weight,
               "output_activation": output, "metrics": ["accuracy", "roc_auc", "f1"],
               "patience": 2}  # fmt: skip
    dims = [3, 5, 1 if output == "sigmoid" else 2]
    ours, history = plain_train(
        X, Y, dims, validation_fraction=0.3, sample_weight=w if weighted else None, **options
    )
    expected, expected_history = plain_train(
        X_kept, Y_kept, dims, sample_weight=w_kept if weighted else None,
        validation_data=held_data if weighted else held_data[:2], **options,
    )  # fmt: skip
    assert_same_dict(ours, expected)
    names = ["cost", "val_cost", "accuracy", "val_accuracy", "val_roc_auc", "val_f1", "best_epoch"]
    assert all(history[name] == expected_history[name] for name in names)


@pytest.mark.parametrize("weighted", [False, True])
def test_balanced_classes_weigh_the_same_among_those_trained_on(rng, weighted):
    """Weights of 2 count as examples that are there twice."""
    X, Y = data(rng)
    w = rng.integers(0, 4, 60)
    options = {"seed": 1, "num_epochs": 5, "mini_batch_size": "all", "learning_rate": 0.3}
    again = np.repeat(np.arange(60), w)
    given = {"sample_weight": w} if weighted else {}
    Z, T = (X[:, again], Y[:, again]) if weighted else (X, Y)
    ours, _ = plain_train(X, Y, DIMS, class_weight="balanced", **given, **options)
    numbers = np.bincount(T[0])
    twin, _ = plain_train(Z, T, DIMS, sample_weight=(1 / numbers)[T[0]], **options)
    for key, value in twin.items():
        np.testing.assert_allclose(ours[key], value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("by_fraction", [True, False])
def test_an_example_without_weight_decides_nothing(rng, by_fraction):
    X, Y = data(rng)
    held = order(60)[:12]
    w = np.ones(60)
    w[held[:4]] = 0
    Y[0, held[:4]] = 1 - Y[0, held[:4]]
    options = {"seed": 2, "num_epochs": 40, "learning_rate": 0.5, "metrics": "accuracy",
               "patience": 10}  # fmt: skip
    (X_kept, Y_kept), _ = by_hand(held, 60, X, Y)
    if by_fraction:
        parameters, history = plain_train(
            X, Y, DIMS, sample_weight=w, validation_fraction=0.2, **options
        )
    else:
        pair = X[:, held], Y[:, held], w[held]
        parameters, history = plain_train(X_kept, Y_kept, DIMS, validation_data=pair, **options)
    good = X[:, held[4:]], Y[:, held[4:]]
    expected, expected_history = plain_train(X_kept, Y_kept, DIMS, validation_data=good, **options)
    assert history["best_epoch"] == expected_history["best_epoch"]
    np.testing.assert_allclose(history["val_cost"], expected_history["val_cost"], rtol=1e-12)
    assert history["val_accuracy"] == expected_history["val_accuracy"]
    best = history["best_epoch"]
    J = ffnn.compute_cost(ffnn.predict_proba(good[0], parameters), good[1])
    assert history["val_cost"][best] == pytest.approx(float(J), rel=1e-12)


# ---- checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "validation_data: "])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("which, row", [("X", 2), ("Y", 0)])
def test_numbers_that_are_none_are_refused(rng, real, place, bad, which, row):
    """In both pairs, in each type and layout, with the place of the first."""
    X, Y = data(rng)
    arrays = {"X": X.astype(real), "Y": Y.astype(real)}
    good = arrays["X"].copy(), arrays["Y"].copy()
    arrays[which][row, 7] = arrays[which][row, 9] = bad
    message = f"train: {place}{which} holds {bad} at row {row}, column 7: "
    for layout in np.asarray, np.asfortranarray, lambda a: np.repeat(a, 2, axis=1)[:, ::2]:
        given = layout(arrays["X"]), layout(arrays["Y"])
        state = np.random.get_state()[1].copy()
        pairs, options = (good, {"validation_data": given}) if place else (given, {})
        with pytest.raises(ValueError, match=re.escape(message)):
            plain_train(*pairs, DIMS, output_activation="linear", **options)
        assert (np.random.get_state()[1] == state).all()


def test_numbers_that_are_huge_are_numbers(rng):
    X, Y = data(rng)
    X[0, :2] = np.finfo(float).max, -np.finfo(float).max
    plain_train(X, Y, DIMS, num_epochs=0)


@pytest.mark.parametrize("labels", [[-1, 1], [0, 2], [0.5, 1.5], [np.nan, 0]])
def test_validation_labels_are_checked_as_labels_are(rng, labels):
    X, Y = data(rng, 2)
    said = []
    for given in {"Y": [labels]}, {"Y": Y, "validation_data": (X, [labels])}:
        with pytest.raises(ValueError, match="train: ") as caught:
            plain_train(X, layer_dims=DIMS, num_epochs=1, **given)
        said.append(str(caught.value))
    assert said[0].replace("train: ", "train: validation_data: ") == said[1]


# ---- classes in equal shares ---------------------------------------------------------------------


def twin_of_the_split(classes, fraction):
    """Largest remainders, one of each class left; each class's first in the order."""
    m = len(classes)
    count = int(np.ceil(fraction * m))
    sizes = {c: np.sum(classes == c) for c in np.unique(classes)}
    quotas = {c: min(int(n * count / m), n - 1) for c, n in sizes.items()}
    while sum(quotas.values()) < count:
        open_ones = [c for c in sizes if quotas[c] < sizes[c] - 1]
        quotas[max(open_ones, key=lambda c: sizes[c] * count / m - quotas[c])] += 1
    held = []
    for j in order(m):
        if quotas[classes[j]] > 0:
            quotas[classes[j]] -= 1
            held.append(j)
    return np.array(held)


@pytest.mark.parametrize("fraction", [0.05, 0.2, 1 / 3, 0.5, 0.9])
@pytest.mark.parametrize("sizes", [[57, 3], [20, 20, 20], [50, 1, 9], [1, 58, 1]])
def test_stratify(rng, fraction, sizes):
    classes = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    X = rng.standard_normal((3, 60))
    held = twin_of_the_split(classes, fraction)
    assert len(held) == np.ceil(fraction * 60)
    (X_kept, Y_kept), held_data = by_hand(held, 60, X, classes)
    assert set(Y_kept) == set(range(len(sizes)))
    shares = np.bincount(held_data[1], minlength=len(sizes)) - np.array(sizes) * len(held) / 60
    assert np.abs(shares).max() < 1 or min(sizes) == 1
    options = {"seed": 1, "num_epochs": 2, "output_activation": "softmax"}
    dims = [3, 4, len(sizes)]
    ours, history = plain_train(
        X, classes, dims, validation_fraction=fraction, stratify=True, **options
    )
    expected, expected_history = plain_train(
        X_kept, Y_kept, dims, validation_data=held_data, **options
    )
    assert_same_dict(ours, expected)
    assert history["val_cost"] == expected_history["val_cost"]


@pytest.mark.parametrize("error, message, options", [
    (ValueError, "stratify=True goes with validation_fraction", {"validation_fraction": None}),
    (TypeError, "stratify must be True or False, not [1, 0]", {"stratify": [1, 0]}),
    (ValueError, "stratify needs labels of 0 and 1", {"Y": np.full((1, 60), 0.5)}),
    (ValueError, "stratify needs one class for each example, and 3 outputs without softmax",
     {"Y": np.ones((3, 60)), "layer_dims": [3, 3]}),
    (ValueError, "stratify=True cannot hold back 59 of 60 examples and leave one of each of 2",
     {"validation_fraction": 0.975}),
])  # fmt: skip
def test_a_stratify_that_cannot_be(rng, error, message, options):
    X, Y = data(rng)
    given = {"Y": Y, "layer_dims": DIMS, "stratify": True, "validation_fraction": 0.2, **options}
    with pytest.raises(error, match="train: " + re.escape(message)):
        plain_train(X, **given)


# ---- a class that lacks --------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["train", "L_layer_model"])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_a_class_that_only_validation_examples_are_of(rng, call, output):
    X, held = rng.standard_normal((3, 60)), order(60)[:12]
    Y = np.zeros(60, int)
    Y[held[:3]] = 1
    w = np.ones(60)
    options = {"output_activation": output, "class_weight": "balanced"}
    run = {
        "train": lambda Y, **o: plain_train(X, Y, dims, num_epochs=2, **options, **o),
        "L_layer_model": lambda Y, **o: ffnn.L_layer_model(X, Y, dims, 0.1, 2, **options, **o),
    }[call]
    dims = [3, 4, 1 if output == "sigmoid" else 3]
    says = f"{call}: of class 1 there are validation examples, and none to train on .of"
    with pytest.warns(RuntimeWarning, match=f"{says} 48.; stratify=True shares") as caught:
        run(Y, validation_fraction=0.2)
    assert len(caught) == 1 and caught[0].filename == __file__
    with pytest.warns(RuntimeWarning, match=f"{says} 60.; add some"):
        run(np.zeros(60, int), validation_data=(X, Y))
    trained_too = Y.copy()
    trained_too[np.setdiff1d(np.arange(60), held)[0]] = 1
    w[trained_too - Y > 0] = 0  # which no more trains on it than if it were not there
    with pytest.warns(RuntimeWarning, match=says):
        run(trained_too, validation_fraction=0.2, sample_weight=w)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(trained_too, validation_fraction=0.2)
        run(Y, validation_fraction=0.2, stratify=True)
        run(np.zeros(60, int), validation_fraction=0.2)
