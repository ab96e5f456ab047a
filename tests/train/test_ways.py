"""Every way to run, crossed with what a run is told, against the twin: a way that forgets an
option, or takes it for other examples than its own, is found here."""

import numpy as np
import pytest
from test_trainer import agree, pair

from calls import trainer_of
from support import assert_same_dict, draw

# Small enough to be one vector or several, in slabs, in shards.
NETS = {
    "small": ([5, 4, 3], 7),
    "smallish": ([5, 4, 3], 43),
    "slabs": ([61, 27, 3], 797),
    "shards": ([9, 17, 3], 1100),
}
BATCH = {"small": 3, "smallish": 10, "slabs": 256, "shards": 1050}


def ordered(net, run):
    m, size = NETS[net][1], BATCH[net]
    return [run.epoch(np.arange(m)[::-1], size), run.epoch(np.roll(np.arange(m), 5), size)]


WAYS = {
    "all at once": lambda net, run: [run.run(1), run.run(2)],
    "in their own order": lambda net, run: [run.epoch(None, BATCH[net]) for _ in range(2)],
    "in a given order": ordered,
    "in drawn orders": lambda net, run: [run.shuffled(1, BATCH[net]), run.shuffled(2, BATCH[net])],
    "one after the other": lambda net, run: [
        run.run(1), run.epoch(None, BATCH[net]), *ordered(net, run), run.run(2)
    ],
}  # fmt: skip
TOLD = {
    "nothing": {},
    "weights": {"sample_weight": True},
    "weights of a plain cost": {"sample_weight": True, "cost": "mean_squared_error"},
    "weights that are divided by": {"sample_weight": True, "weighted_mean": True, "lambd": 0.3},
    "gelu": {"hidden_activation": "gelu", "optimizer": "momentum"},
    "dropout": {"keep_prob": 0.7, "hidden_activation": "silu"},
    "dropout and weights": {"keep_prob": 0.7, "sample_weight": True, "optimizer": "adam"},
    "a bound and L2": {"clip_norm": 0.1, "lambd": 0.5, "optimizer": "rmsprop"},
}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("told", TOLD)
def test_every_way_does_what_it_is_told(rng, net, way, told):
    dims, m = NETS[net]
    X, Y, parameters = draw(rng, dims, m, "softmax")
    options = {"output_activation": "softmax", **TOLD[told]}
    if "sample_weight" in options:  # some examples, and all of the first batch, do not count
        options["sample_weight"] = rng.random(m) * 2 * (np.arange(m) >= BATCH[net])
    if options.get("weighted_mean") is None and "sample_weight" in options:
        options["sample_weight"] += 0.1
    agree(*pair(X, Y, parameters, **options), lambda run: WAYS[way](net, run), rtol=1e-6)


@pytest.mark.parametrize("net", NETS)
def test_an_order_that_changes_nothing_changes_no_bit(rng, net):
    """epoch(None, ...) reads where the examples stand, the other gathers them."""
    dims, m = NETS[net]
    X, Y, parameters = draw(rng, dims, m, "softmax")
    weights = rng.random(m)
    in_place, gathered = (
        trainer_of(X, Y, parameters, 0.1, sample_weight=weights, output_activation="softmax")
        for _ in range(2)
    )
    for _ in range(2):
        assert in_place.epoch(None, BATCH[net]) == gathered.epoch(np.arange(m), BATCH[net])
    assert_same_dict(in_place.parameters(), gathered.parameters())


@pytest.mark.parametrize("dims", [[2, 3, 70_000], [70_000, 3, 2]])
def test_a_net_is_as_small_as_its_largest_layer(rng, dims):
    """A small net's steps count units by 16 bits, as many as a small layer has."""
    X, Y, parameters = draw(rng, dims, 3, "linear")
    told = {"output_activation": "linear"}
    agree(*pair(X, Y, parameters, **told), lambda run: [run.run(1), run.run(3)], rtol=1e-6)


@pytest.mark.parametrize("net", ["smallish", "shards"])
def test_a_batch_grows_from_call_to_call(rng, net):
    """Masks, gathered examples and shards are made for the largest so far."""
    dims, m = NETS[net]
    X, Y, parameters = draw(rng, dims, m, "softmax")

    def grow(run):
        order = np.arange(m)[::-1]
        return [run.epoch(order, size) for size in (2, m // 2, m)]

    agree(*pair(X, Y, parameters, output_activation="softmax", keep_prob=0.5), grow, rtol=1e-6)


def test_examples_of_a_step_are_not_the_runs_own(rng):
    """Which a small net has copied, once: as many others leave it alone, and are read."""
    X, Y, parameters = draw(rng, [5, 4, 3], 20, "softmax")
    others = rng.standard_normal(X.shape)
    run = trainer_of(X, Y, parameters, 0.1, output_activation="softmax")
    twin = trainer_of(others, Y, parameters, 0.1, output_activation="softmax")
    run.run(1)
    run.set(parameters)
    assert run.step(others, Y) == twin.run(1)
    assert_same_dict(run.parameters(), twin.parameters())
    again = trainer_of(X, Y, twin.parameters(), 0.1, output_activation="softmax")
    assert run.run(1) == again.run(1)


def test_a_copy_of_all_examples_is_made_anew_where_others_took_its_place(rng):
    """A small net's copy, and the examples that a large way gathered: the Gram form leads there."""
    X, Y, parameters = draw(rng, [5, 4, 3], 20, "softmax")
    run, fresh = (
        trainer_of(X, Y, parameters, 0.1, output_activation="softmax", gram=gram)
        for gram in (True, False)
    )
    for _ in range(2):
        run.epoch(None, 20)
    run.set(parameters)
    order = np.arange(20)[::-1]
    for work in lambda it: it.epoch(order, 3), lambda it: it.epoch(None, 20):
        assert abs(work(run) - work(fresh)) <= 1e-12
    for name, value in fresh.parameters().items():
        np.testing.assert_allclose(run.parameters()[name], value, rtol=1e-9)


def test_one_run_by_more_and_fewer_threads(rng, threads):
    """Workspaces are made for those that there are."""
    dims, m = [9, 24, 17, 3], 2600
    X, Y, parameters = draw(rng, dims, m, "softmax")
    once, often = (trainer_of(X, Y, parameters, 0.1, output_activation="softmax") for _ in range(2))
    threads(1)
    costs = [once.run(1) for _ in range(5)]
    for count, cost in zip((1, 2, 5, 3, 8), costs, strict=True):
        threads(count)
        assert often.run(1) == cost
    assert_same_dict(often.parameters(), once.parameters())


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "rmsprop"])
def test_long_arrays_are_updated_as_short_ones_are(rng, optimizer, threads):
    """Behind a bound, chunk by chunk: each with its own part of the moments."""
    X, Y, parameters = draw(rng, [1001, 131, 3], 70, "softmax")
    options = {"optimizer": optimizer, "output_activation": "softmax", "gram": False}
    plain = trainer_of(X, Y, parameters, 0.01, **options)
    bound = trainer_of(X, Y, parameters, 0.01, clip_norm=1e9, **options)
    threads(3)
    for _ in range(2):
        assert plain.run(3) == bound.run(3)
    assert_same_dict(bound.parameters(), plain.parameters())


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_an_epsilon_of_0_leaves_no_nan_beside_the_parameters(rng, optimizer):
    """0 / 0 in what pads them would make every later look at the run say that it diverged."""
    X, Y, parameters = draw(rng, [5, 4, 3], 1100, "softmax")
    options = {"optimizer": optimizer, "epsilon": 0, "output_activation": "softmax"}
    for more in {}, {"clip_norm": 1.0}:
        run = trainer_of(X, Y, parameters, 0.01, **options, **more)
        run.run(2)
        assert run.is_finite()
        run.step(X, Y)
        assert run.is_finite() and all(np.isfinite(x).all() for x in run.parameters().values())
