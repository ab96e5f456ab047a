"""The first layer by way of X^T X: the same training as the plain one, whatever the shapes."""

import numpy as np
import pytest

import ffnn
from calls import trainer_of
from support import HIDDEN, assert_same_dict

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
        # 64 MiB in float32 alone.
        pytest.param([4200, 64, 1], 4096, None, marks=pytest.mark.once),
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


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("m", [33, 600])
def test_every_activation_of_the_first_layer(rng, hidden, m):
    """Its derivative is taken from A or from Z, and Z of the Gram form stands elsewhere."""
    X, Y, parameters = problem(rng, [700, 7, 3], m, np.float64)
    plain, gram = (
        trainer_of(X, Y, parameters, 0.01, gram=gram, hidden_activation=hidden)
        for gram in (False, True)
    )
    for _ in range(3):
        assert abs(gram.run(4) - plain.run(4)) <= 1e-9
    assert_near(gram.parameters(), plain.parameters(), np.float64)


@pytest.mark.parametrize("told", ["weights", "dropout", "biases"])
def test_what_a_run_is_told(rng, told):
    X, Y, parameters = problem(rng, [300, 9, 3], 60, np.float64)
    options = {"sample_weight": rng.random(60) * 2} if told == "weights" else {}
    if told == "dropout":
        options = {"keep_prob": 0.8}
    if told == "biases":
        parameters["b1"] = rng.standard_normal((9, 1))
    runs = [
        trainer_of(X, Y, parameters, 0.05, gram=gram, bit_generator=np.random.MT19937(3), **options)
        for gram in (False, True)
    ]
    for _ in range(3):
        plain, gram = (run.run(3) for run in runs)
        assert abs(gram - plain) <= 1e-9 * plain
    assert_near(runs[1].parameters(), runs[0].parameters(), np.float64)


NET, M = [400, 9, 3], 360  # the Gram form begins after 20 steps
BEGINS = M // (2 * NET[1])


def begun(rng, gram=None):
    X, Y, parameters = problem(rng, NET, M, np.float64)
    return X, Y, trainer_of(X, Y, parameters, 0.05, gram=gram)


def begun_plain():
    """The same without the Gram form, whatever was drawn meanwhile."""
    return begun(np.random.default_rng(20170807), gram=False)[2]


@pytest.mark.parametrize("before", [None, 1, BEGINS - 2])
@pytest.mark.parametrize("steps", [BEGINS - 1, BEGINS, BEGINS + 1, BEGINS + 5])
def test_record_points_around_its_first_step(rng, before, steps):
    """Each is gone back to as often as one likes, whatever was asked for meanwhile."""
    _, _, run = begun(rng)
    if before is not None:
        run.run(before)
        run.snapshot(1)
    run.run(steps - (before or 0))
    run.snapshot(2)
    kept = run.parameters()
    for _ in range(2):
        run.run(5)
        later = run.parameters()
        number, recorded, state = run.record_point()
        assert number == 2 and state["t"] == steps
        assert_same_dict(recorded, kept)
        assert_same_dict(run.parameters(), later)
        assert (later["W1"] != kept["W1"]).any()
        assert run.restore() == 2
        assert_same_dict(run.parameters(), kept)
    run.run(3)
    plain = begun_plain()
    plain.run(steps + 3)
    assert_near(run.parameters(), plain.parameters(), np.float64)


@pytest.mark.parametrize(
    "work",
    [
        lambda run, X, Y: run.measure(X, Y),
        lambda run, X, Y: run.gradient(X, Y)[0],
        lambda run, X, Y: run.step(X, Y),
        lambda run, X, Y: run.epoch(None, 50),
        lambda run, X, Y: run.gradient(X, Y)[0] + (run.update(3) or 0),
    ],
    ids=["measure", "gradient", "step", "epoch", "update"],
)
def test_other_work_in_between(rng, work):
    """It reads W1 as it is, and the run goes on from there."""
    X, Y, gram = begun(rng)
    plain = begun_plain()
    others = rng.standard_normal((NET[0], 11)), Y[:, :11]
    for _ in range(2):
        for run in plain, gram:
            run.run(BEGINS + 5)
        assert abs(work(gram, *others) - work(plain, *others)) <= 1e-9
        assert_near(gram.parameters(), plain.parameters(), np.float64)
    for run in plain, gram:
        run.run(4)
    assert_near(gram.parameters(), plain.parameters(), np.float64)


def test_a_run_that_is_set_anew_begins_anew(rng):
    X, Y, run = begun(rng)
    parameters = run.parameters()
    run.run(BEGINS + 7)
    run.parameters()
    once, ended = run.run(1), run.parameters()
    run.epoch(None, 50)
    run.set(parameters)
    assert_same_dict(run.parameters(), parameters)
    run.run(BEGINS + 7)
    assert run.run(1) == once
    assert_same_dict(run.parameters(), ended)
