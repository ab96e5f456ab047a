"""A Trainer's steps with examples that come with a call, its gradients, and its record points."""

import numpy as np
import pytest

import reference_train
from ffnn import _ffnn
from kinds import KINDS, given, trainer
from support import draw

OPTIMIZERS = ["gd", "momentum", "adam", "adamw"]


def bits_of(run):
    state = run.state()
    return [*run.parameters().values(), *(a for v in "vs" for a in state.get(v, {}).values())]


def same(these, those):
    return all((a == b).all() for a, b in zip(these, those, strict=True))


def make(X, Y, dims, parameters, **options):
    run = _ffnn.Trainer("train", X, Y, dims, learning_rate=0.05, **options)
    run.set(parameters)
    return run


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("options", [{}, {"lambd": 0.3}, {"clip_norm": 0.01}])
@pytest.mark.parametrize("dims, m", [([5, 4, 3, 2], 7), ([30, 41, 2], 300), ([30, 41, 2], 1500)])
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_a_step_is_a_gradient_and_an_update(rng, optimizer, options, dims, m, real):
    """To the bit; and equals an iteration of a run with the same examples, and the twin."""
    X, Y, parameters = draw(rng, dims, m, "sigmoid")
    X = X.astype(real)
    runs = [make(X, Y, dims, parameters, optimizer=optimizer, **options) for _ in range(3)]
    twin = reference_train.Trainer(X, Y, parameters, 0.05, optimizer=optimizer, **options)
    for _ in range(3):
        cost = runs[0].step(X, Y)
        total, gradients = runs[1].gradient(X, Y)
        runs[1].update(m)
        assert runs[2].run(1) == cost
        expected = twin.run(1)
        assert abs(cost - expected) <= 1e-4 * expected
        assert list(gradients) == ["d" + key for key in parameters]
        assert total <= cost * m * (1 + 1e-6)
        assert same(bits_of(runs[0]), bits_of(runs[1])) and same(bits_of(runs[0]), bits_of(runs[2]))
    for key, value in twin.parameters().items():
        tolerance = 2e-3 if real == np.float32 else 1e-9
        assert np.abs(runs[0].parameters()[key] - value).max() < tolerance


def test_gradients_of_parts_add_up(rng):
    X, Y, parameters = draw(rng, [8, 9, 3], 600, "softmax")
    run = make(X, Y, (8, 9, 3), parameters, output_activation="softmax", lambd=0.5)
    total, whole = run.gradient(X, Y)
    parts = [run.gradient(X[:, i : i + 200], Y[:, i : i + 200]) for i in (0, 200, 400)]
    assert abs(sum(cost for cost, _ in parts) - total) < 1e-10
    for key, value in whole.items():
        assert np.abs(sum(g[key] for _, g in parts) - value).max() < 1e-10


@pytest.mark.parametrize("count", [1, 3, 64, 700, 2100])
def test_a_step_takes_any_number_of_examples(rng, count):
    """Whatever the Trainer was made with: the same bits."""
    X, Y, parameters = draw(rng, [30, 41, 2], count, "sigmoid")
    other = rng.standard_normal((30, 333)), rng.integers(0, 2, (2, 333))
    few = make(*other, (30, 41, 2), parameters, optimizer="adam")
    own = make(X, Y, (30, 41, 2), parameters, optimizer="adam")
    assert few.step(X, Y) == own.step(X, Y)
    assert same(bits_of(few), bits_of(own))


def test_weights_of_given_examples(rng):
    X, Y, parameters = draw(rng, [4, 5, 1], 6, "sigmoid")
    run = make(X, Y, (4, 5, 1), parameters)
    w = np.array([1.0, 0, 2, 1, 1, 1])
    each = np.array([run.measure(X[:, [j]], Y[:, [j]]) for j in range(6)])
    assert abs(run.measure(X, Y) - each.mean()) < 1e-15
    assert abs(run.measure(X, Y, sample_weight=w) - (w * each).sum() / w.sum()) < 1e-15
    total, _ = run.gradient(X, Y, sample_weight=w)
    assert abs(total - (w * each).sum()) < 1e-14
    for bad, text in ((w[:5], r"\(5,\)"), (0 * w, "above 0")):
        with pytest.raises(ValueError, match=f"sample_weight.*{text}"):
            run.measure(X, Y, sample_weight=bad)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_measuring_changes_nothing_and_drops_nothing(kind, real):
    """In every kind of run, within the Gram form too: the cost by the forward pass."""
    X, Y, parameters = given(kind, real)
    options = KINDS[kind][1]
    run, undisturbed = trainer(kind, X, Y, parameters), trainer(kind, X, Y, parameters)
    for _ in range(2):
        KINDS[kind][2](run, 20 if kind == "gram" else 2)
        KINDS[kind][2](undisturbed, 20 if kind == "gram" else 2)
        names = ("hidden_activation", "output_activation")
        net = {name: options[name] for name in names if name in options}
        now = run.parameters()
        expected, _ = _ffnn.cost_and_gradients(X, Y, now, **net)
        measured = run.measure(X, Y)
        assert abs(measured - expected) <= 300 * np.finfo(real).eps * max(1, abs(expected))
    assert same(bits_of(run), bits_of(undisturbed))


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in ("batches", "ordered", "shuffled")]
)
def test_a_record_point_is_the_state_that_its_cost_is_of(kind):
    """Before the step, and before and behind the step at which the Gram form begins."""
    X, Y, parameters = given(kind)
    run, twin = trainer(kind, X, Y, parameters), trainer(kind, X, Y, parameters)
    for number, steps in enumerate((1, 3, 40, 1, 5), 1):
        before, done = bits_of(twin), twin.state()["t"]
        cost = run.run(steps, record=number)
        assert twin.run(steps) == cost
        found, recorded, state = run.record_point()
        assert found == number and state["t"] == done
        moments = [a for v in "vs" for a in state.get(v, {}).values()]
        assert same([*recorded.values(), *moments], before)
        assert same(bits_of(run), bits_of(twin))
    assert run.restore() == number
    assert same(bits_of(run), before) and run.state()["t"] == done


def test_a_cost_that_is_not_finite_is_no_record_point(rng):
    X, Y, parameters = draw(rng, [4, 5, 1], 60, "linear")
    run = _ffnn.Trainer(
        "train", X, 1e200 * Y, (4, 5, 1), learning_rate=0.1, output_activation="linear"
    )
    run.set(parameters)
    run.is_watched = True
    cost = run.run(1, record=1)
    assert np.isinf(cost) and run.record_point()[0] == 0
    assert same(run.record_point()[1].values(), parameters.values())
    # Nor does it ask a later step for one; and a run that nobody watches goes on and records it.
    run.set(parameters)
    run.run(1, record=1)
    run.measure(X, Y)
    run.run(1)
    assert run.record_point()[0] == 0
    run.set(parameters)
    run.is_watched = False
    run.run(1, record=1)
    assert run.record_point()[0] == 1


@pytest.mark.parametrize("batch", [None, 16])
def test_a_watched_run_stops_where_its_cost_is_not_finite(rng, batch):
    X, Y, parameters = draw(rng, [4, 5, 1], 60, "linear")
    options = {"learning_rate": 3.0, "output_activation": "linear"}
    if batch:
        options["bit_generator"] = np.random.MT19937(1)
    costs = []
    for is_watched in (False, True):
        run = _ffnn.Trainer("train", X, 100 * Y, (4, 5, 1), **options)
        run.set(parameters)
        assert run.is_watched is False
        run.is_watched = is_watched
        costs.append(run.shuffled(2000, batch) if batch else run.run(2000))
        done = run.epochs_done
        assert (0 < done < 2000) if is_watched else done == 2000
    assert not np.isfinite(costs[1])


@pytest.mark.parametrize("dims", [(4, 5, 1), (80, 30, 1)])
def test_a_watched_run_has_the_numbers_of_any_other(rng, dims):
    """The cost is that of the first step, however many follow it."""
    X, Y, parameters = draw(rng, list(dims), 60, "sigmoid")
    free, watched = (make(X, Y, dims, parameters, lambd=0.7) for _ in range(2))
    watched.is_watched = True
    for n in 1, 5, 2:
        assert free.run(n) == watched.run(n) and free.l2_cost == watched.l2_cost
    assert same(bits_of(free), bits_of(watched))


def test_what_l2_added(rng):
    X, Y, parameters = draw(rng, [4, 5, 1], 60, "sigmoid")
    run = make(X, Y, (4, 5, 1), parameters, lambd=0.7)
    expected = 0.7 / 120 * sum((parameters[key] ** 2).sum() for key in ("W1", "W2"))
    data = run.measure(X, Y)
    cost = run.run(5)
    assert abs(run.l2_cost - expected) < 1e-15 and abs(cost - run.l2_cost - data) < 1e-14
    now = run.parameters()
    run.run(1)  # and not that of the steps before
    after = 0.7 / 120 * sum((now[key] ** 2).sum() for key in ("W1", "W2"))
    assert abs(run.l2_cost - after) < 1e-15
    run.epoch(None, 16)
    assert 2 * expected < run.l2_cost < 8 * expected  # four batches, each with its own share


def test_what_l2_added_to_a_weighted_mean(rng):
    """The cost without it is that of the examples, whose weights need not be 1 on average."""
    X, Y, parameters = draw(rng, [4, 5, 1], 60, "sigmoid")
    weights = rng.random(60) * 3
    run = make(X, Y, (4, 5, 1), parameters, lambd=0.7, sample_weight=weights, weighted_mean=True)
    data = run.measure(X, Y, sample_weight=weights)
    squares = sum((parameters[key] ** 2).sum() for key in ("W1", "W2"))
    cost = run.run(1)
    assert abs(run.l2_cost - 0.7 / 2 * squares / weights.sum()) < 1e-15
    assert abs(cost - run.l2_cost - data) < 1e-14


def test_bad_examples_are_refused_before_anything_changes(rng):
    X, Y, parameters = draw(rng, [4, 5, 1], 6, "sigmoid")
    run = make(X, Y, (4, 5, 1), parameters)
    before = bits_of(run)
    for method in (run.step, run.gradient, run.measure):
        with pytest.raises(ValueError, match=r"X has shape \(3, 6\)"):
            method(X[:3], Y)
        with pytest.raises(ValueError, match=r"Y has shape \(1, 5\).*\(4, 6\)"):
            method(X, Y[:, :5])
        with pytest.raises(ValueError, match="no examples"):
            method(X[:, :0], Y[:, :0])
        for weights in np.zeros(6), np.full(6, -1.0), np.full(6, np.nan):
            with pytest.raises(ValueError, match="sample_weight must have a sum above 0"):
                method(X, Y, sample_weight=weights)
        with pytest.raises(ValueError, match=r"sample_weight has shape \(5,\), expected \(6,\)"):
            method(X, Y, sample_weight=np.ones(5))
    assert same(bits_of(run), before)
