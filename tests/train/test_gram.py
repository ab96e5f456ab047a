"""The first layer by way of X^T X: the same training as the plain one, whatever the shapes."""

import numpy as np
import pytest

import ffnn
from calls import trainer_of
from support import assert_same_dict

# Layers, examples: one layer and several, one output unit and three, one slab and two; the Gram
# form pays in the first ones only, and is right in all.
NETS = [([40, 1], 9), ([50, 7, 3], 33), ([700, 11, 5, 1], 600), ([9, 4, 1], 30), ([1, 2, 1], 3)]
# Roundings of one iteration grow with the iterations, not with a power of them, as long as the
# training itself is stable; so many epsilons of the largest element are allowed.
ALLOWED = {np.dtype(np.float32): 2e4, np.dtype(np.float64): 1e4}


def problem(rng, dims, m, real, order="C"):
    """Labels that a net can learn, so that no rounding decides the course of the training."""
    X = np.asarray(rng.standard_normal((dims[0], m)).astype(real), order=order)
    Y = rng.standard_normal((dims[-1], dims[0])) @ X > 0
    np.random.seed(5)
    return X, Y, ffnn.initialize_parameters_deep(dims)


def assert_near(some, others, real):
    for name, x in others.items():
        bound = ALLOWED[np.dtype(real)] * np.finfo(real).eps * np.abs(x).max()
        assert np.abs(some[name] - x).max() <= bound, name


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("dims", "m"), NETS)
def test_the_same_training(rng, real, dims, m, order):
    X, Y, parameters = problem(rng, dims, m, real, order)
    plain = trainer_of(X, Y, parameters, 0.05, gram=False)
    gram = trainer_of(X, Y, parameters, 0.05, gram=True)
    for _ in range(4):
        cost = plain.run(5)
        assert abs(gram.run(5) - cost) <= ALLOWED[cost.dtype] * np.finfo(real).eps * cost
    assert_near(gram.parameters(), plain.parameters(), real)
    moved = np.abs(plain.parameters()["W1"] - parameters["W1"]).max()
    assert moved > 1e3 * np.finfo(real).eps, "nothing was learned that could be wrong"


@pytest.mark.slow
def test_2500_iterations_of_the_image_classifiers_shape(rng):
    X, Y, parameters = problem(rng, [3000, 20, 7, 5, 1], 209, np.float64, "F")
    plain = trainer_of(X, Y, parameters, 0.0075, gram=False)
    gram = trainer_of(X, Y, parameters, 0.0075, gram=True)
    for _ in range(25):
        assert abs(gram.run(100) - plain.run(100)) <= 1e-9
    for name, x in plain.parameters().items():
        assert np.abs(gram.parameters()[name] - x).max() <= 1e-10 * np.abs(x).max(), name


def test_asking_changes_nothing(rng, real):
    """Neither where a run is cut into calls nor when its parameters are read."""
    X, Y, parameters = problem(rng, [50, 7, 3], 33, real)
    once, often = (trainer_of(X, Y, parameters, 0.05, gram=True) for _ in range(2))
    assert_same_dict(often.parameters(), {n: x.astype(real) for n, x in parameters.items()})
    once.run(20)
    for _ in range(20):
        often.run(1)
        assert_same_dict(often.parameters(), often.parameters())
    assert_same_dict(often.parameters(), once.parameters())


@pytest.mark.parametrize(
    ("dims", "m", "pays"),
    [
        ([400, 9, 1], 399, True),
        ([400, 9, 1], 400, False),  # no fewer examples than inputs
        ([40, 3, 1], 39, False),  # so small that a step is done before
        ([900, 3, 1], 60, True),
        ([4200, 64, 1], 4096, None),  # 64 MiB in float32 alone
    ],
)
def test_the_shapes_decide(rng, real, dims, m, pays):
    """And how many plain steps come first: as many as making X^T X costs."""
    X, Y, parameters = problem(rng, dims, m, real)
    pays = real == np.float32 if pays is None else pays
    ours, plain = (trainer_of(X, Y, parameters, 0.05, gram=gram) for gram in (None, False))
    for trainer in ours, plain:
        trainer.run(m // (2 * dims[1]))
    assert_same_dict(ours.parameters(), plain.parameters())
    for trainer in ours, plain:
        trainer.run(1)
    same = ours.parameters()["W1"].tobytes() == plain.parameters()["W1"].tobytes()
    assert same != pays


def test_the_option_is_a_truth_value(rng):
    X, Y, parameters = problem(rng, [4, 1], 3, np.float64)
    with pytest.raises(ValueError, match="ambiguous"):
        trainer_of(X, Y, parameters, 0.1, gram=np.ones(2))
    with pytest.raises(TypeError, match="takes 4 positional arguments but 5 were given"):
        ffnn._ffnn.Trainer("Trainer", X, Y, [4, 1], True)
