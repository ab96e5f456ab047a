"""A run of train that goes on where another ended, to the bit; and what its path depends on."""

import functools
import threading

import numpy as np
import pytest

import ffnn
import reference_train
from calls import trainer_of
from support import assert_same_dict, network, plain_train, runner

DIMS = [4, 7, 6, 3]
M = 41


@pytest.fixture
def run(rng):
    return runner(rng)


@pytest.mark.parametrize("optimizer", reference_train.OPTIMIZERS)
@pytest.mark.parametrize("keep_prob", [1.0, 0.8])
@pytest.mark.parametrize("mini_batch_size", ["all", 16])
def test_a_run_in_three_parts_is_the_whole_run(run, optimizer, keep_prob, mini_batch_size):
    """To the bit, wherever the numbers come from: the same orders, masks, rates and examples."""
    for seed in 5, None:
        options = {
            "seed": seed,
            "optimizer": optimizer,
            "keep_prob": keep_prob,
            "mini_batch_size": mini_batch_size,
            "learning_rate": lambda epoch: 0.1 / (epoch + 1),
            "validation_fraction": 0.2,
        }
        np.random.seed(3)
        whole, history = run(num_epochs=9, **options)
        np.random.seed(3)
        parameters, parts = run(num_epochs=4, **options)
        costs, epochs = parts["cost"], parts["epoch"]
        for num_epochs in 0, 2, 3:
            parameters, parts = run(
                num_epochs=num_epochs,
                parameters=parameters,
                optimizer_state=parts["optimizer_state"],
                **options,
            )
            costs, epochs = costs + parts["cost"], epochs + parts["epoch"]
        assert_same_dict(parameters, whole)
        assert costs == history["cost"] and epochs == history["epoch"] == list(range(9))
        state, expected = parts["optimizer_state"], history["optimizer_state"]
        assert state.keys() == expected.keys()
        assert state["epoch"] == 9 and state["optimizer"] == optimizer
        for name in state.keys() & {"v", "s"}:
            assert_same_dict(state[name], expected[name])


def test_wide_data_goes_on_to_the_bit_too(rng):
    """Where the assignment's model would take the way through X^T X."""
    X, Y = rng.standard_normal((90, 20)), rng.integers(0, 2, (1, 20))
    run = functools.partial(ffnn.train, X, Y, [90, 5, 1], seed=1, mini_batch_size="all")
    whole, _ = run(num_epochs=40)
    half, history = run(num_epochs=17)
    rest, _ = run(num_epochs=23, parameters=half, optimizer_state=history["optimizer_state"])
    assert_same_dict(rest, whole)


def test_parameters_alone_begin_anew(run):
    parameters, _ = run(optimizer="adam")
    again, history = run(optimizer="adam", parameters=parameters)
    assert history["epoch"][0] == 0 and history["optimizer_state"]["t"] == 8 * 3
    other, _ = run(optimizer="adam", parameters=parameters, learning_rate=0.2)
    assert not (again["W1"] == other["W1"]).all()


def test_the_courses_moments_will_do(run):
    """A state that is made by hand: v, s and t."""
    parameters, _ = run(num_epochs=0)
    zeros = {"d" + key: np.zeros_like(value) for key, value in parameters.items()}
    state = {"v": zeros, "s": zeros, "t": 0}
    ours, _ = run(optimizer="adam", parameters=parameters, optimizer_state=state)
    assert_same_dict(ours, run(optimizer="adam")[0])


def test_no_epochs(run):
    parameters, history = run(num_epochs=0, optimizer="adam", patience=3, metrics="accuracy")
    np.random.seed(1)
    assert_same_dict(parameters, ffnn.initialize_parameters_deep(DIMS))
    assert history["cost"] == history["accuracy"] == []
    assert history["optimizer_state"]["epoch"] == history["optimizer_state"]["t"] == 0


def test_a_seed_leaves_the_global_generator_alone(run):
    before = np.random.get_state()
    run(keep_prob=0.5, validation_fraction=0.2)
    after = np.random.get_state()
    assert (before[1] == after[1]).all() and before[2:] == after[2:]


def test_the_seeds_of_epochs_wrap(rng):
    X, Y, given = rng.standard_normal((4, M)), np.ones((3, M)), network(rng, DIMS, np.float64)
    ours, _ = plain_train(X, Y, parameters=given, seed=2**32 - 1, num_epochs=1)
    trainer = trainer_of(X, Y, given, 0.0075)
    trainer.epoch(np.random.RandomState(0).permutation(M), 64)
    assert_same_dict(ours, trainer.parameters())


@pytest.mark.parametrize("seed", [None, 1])
@pytest.mark.parametrize("options", [{"keep_prob": 0.5}, {"mini_batch_size": 16}])
def test_numbers_are_drawn_under_the_generators_lock(run, monkeypatch, seed, options):
    """While a run draws in C, no other thread may draw from the same generator."""
    steps, held = ffnn._run.Run._work, []

    def watched(self, *arguments):
        lock = self.plan.random.bit_generator.lock

        def look():
            is_free = lock.acquire(blocking=False)
            held.append(not is_free)
            if is_free:
                lock.release()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return steps(self, *arguments)

    monkeypatch.setattr(ffnn._run.Run, "_work", watched)
    run(seed=seed, num_epochs=2, **options)
    assert held == [True, True]


def test_threads_that_train_with_seeds_do_not_meet(run):
    expected, _ = run(keep_prob=0.6)
    results = []
    work = lambda: results.append(run(keep_prob=0.6)[0])  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for parameters in results:
        assert_same_dict(parameters, expected)
    assert len(results) == 8


def test_weights_never_change_the_draws(run):
    """Nor do metrics, validation data and callbacks: the path is the seed's alone."""
    watched, _ = run(
        keep_prob=0.7, metrics=["accuracy", "huber"], callback=lambda info: None, patience=100,
        monitor="cost", sample_weight=np.ones(M),
    )  # fmt: skip
    best, _ = run(keep_prob=0.7, patience=100, sample_weight=np.ones(M))
    assert_same_dict(watched, best)
    given = network(np.random.default_rng(1), DIMS, np.float64)
    X = np.random.default_rng(1).standard_normal((4, M))
    validated, _ = run(keep_prob=0.7, validation_data=(X, X[:3] > 0), parameters=given)
    assert_same_dict(validated, run(keep_prob=0.7, parameters=given)[0])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sample_weight": np.linspace(0, 2, 20)},
        {"keep_prob": 0.8},
        {"lambd": 0.5},
        {"optimizer": "adam"},
        {"clip_norm": 0.01},
    ],
    ids=lambda options: "-".join(options),
)
def test_the_model_on_wide_data(rng, options):
    """By way of X^T X where that is the same; against the twin, step by step."""
    X, Y = rng.standard_normal((90, 20)), rng.integers(0, 2, (1, 20)).astype(float)
    parameters, costs = ffnn.L_layer_model(
        X, Y, [90, 6, 5, 1], 0.02, 31, record_every=10, **options
    )
    np.random.seed(1)
    twin = reference_train.Trainer(
        X, Y, ffnn.initialize_parameters_deep([90, 6, 5, 1]), 0.02, **options
    )
    for epoch in range(31):
        np.random.seed(2 + epoch)
        cost = twin.run(1)
        if epoch % 10 == 0:
            np.testing.assert_allclose(costs[epoch // 10], cost, rtol=0, atol=1e-10)
    for key, value in twin.parameters().items():
        np.testing.assert_allclose(parameters[key], value, rtol=0, atol=1e-10)


def test_a_run_resumed_after_its_best_epoch_still_returns_that(rng, tmp_path):
    """A callback's checkpoint holds the best parameters beside those of its own epoch."""
    X = rng.standard_normal((5, 80))
    Y = (X[0] + rng.standard_normal(80) > 0).astype(int)
    settings = {"seed": 0, "validation_fraction": 0.3, "patience": 6, "learning_rate": 0.03}
    path = tmp_path / "run.npz"

    def save(info):
        ffnn.save_checkpoint(path, info["parameters"], info["history"])
        return info["epoch"] == last

    whole, history = ffnn.train(X, Y, [5, 64, 1], num_epochs=40, **settings)
    last = history.best_epoch + 3
    assert history.stopped_by == "patience" and last < history["epoch"][-1]
    ffnn.train(X, Y, [5, 64, 1], num_epochs=40, callback=save, **settings)
    saved = ffnn.load_checkpoint(path)
    more, resumed = ffnn.train(
        X,
        Y,
        parameters=saved.parameters,
        optimizer_state=saved.optimizer_state,
        num_epochs=40 - last - 1,
        **settings,
    )
    assert_same_dict(more, whole)
    assert resumed.best_epoch == history.best_epoch
    assert any((more[name] != saved.parameters[name]).any() for name in more)


def test_a_shuffle_of_numpys_false_is_off(run):
    costs = [run(num_epochs=1, seed=1, mini_batch_size=8, shuffle=value)[1]["cost"]
             for value in (False, np.False_, 0)]  # fmt: skip
    assert costs[0] == costs[1] == costs[2]
