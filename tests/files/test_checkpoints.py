"""Checkpoints: a run that goes on in another process, and what is no checkpoint."""

import subprocess
import sys

import numpy as np
import pytest

import ffnn

pytestmark = pytest.mark.once

SETTINGS = {
    "seed": 3, "optimizer": "adam", "learning_rate": 0.05, "mini_batch_size": 16, "keep_prob": 0.8,
    "validation_fraction": 0.25, "metrics": ["accuracy"],
}  # fmt: skip


@pytest.fixture(params=[".npz", ".safetensors"])
def path(request, tmp_path):
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"run{request.param}"


def data(real=np.float64):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3, 80)).astype(real)
    return X, (X[:1] * X[1:2] > 0).astype(int)


def assert_same(ours, expected):
    assert list(ours) == list(expected)
    for name, value in expected.items():
        if isinstance(value, dict):
            assert_same(ours[name], value)
        elif isinstance(value, np.ndarray):
            assert ours[name].dtype == value.dtype and ours[name].tobytes() == value.tobytes()
        else:
            assert type(ours[name]) is type(value) and ours[name] == value


@pytest.mark.parametrize("optimizer", ffnn.optimizers())
def test_what_is_saved_comes_back(path, real, optimizer):
    X, Y = data(real)
    settings = {**SETTINGS, "optimizer": optimizer}
    if optimizer in ("lbfgs", "levenberg_marquardt"):
        for name in ("learning_rate", "mini_batch_size", "keep_prob"):
            del settings[name]
    parameters, history = ffnn.train(X, Y, [3, 5, 1], num_epochs=4, patience=9, **settings)
    ffnn.save_checkpoint(path, parameters, history, settings=settings, mean=X.mean(axis=1))
    checkpoint = ffnn.load_checkpoint(path)
    assert type(checkpoint.parameters) is type(parameters)
    assert_same(checkpoint.parameters, parameters)
    assert_same(checkpoint.optimizer_state, history["optimizer_state"])
    assert type(checkpoint.history) is type(history)
    assert_same(checkpoint.history, history)
    for name in "optimizer_state", "best_epoch", "stopped_by":
        assert_same({name: checkpoint.history[name]}, {name: history[name]})
    assert_same(checkpoint.meta, {"settings": settings, "mean": X.mean(axis=1)})


GO_ON = """
import sys
import ffnn
sys.path[:0] = [{tests!r}]
from test_checkpoints import data
checkpoint = ffnn.load_checkpoint({path!r})
X, Y = data()
parameters, history = ffnn.train(
    X, Y, parameters=checkpoint.parameters, optimizer_state=checkpoint.optimizer_state,
    num_epochs=4, **checkpoint.meta["settings"],
)
for name, values in history.items():
    values[:0] = checkpoint.history[name]
ffnn.save_checkpoint({path!r}, parameters, history, settings=checkpoint.meta["settings"])
"""


@pytest.mark.process
@pytest.mark.parametrize("optimizer", ["gd", "nesterov", "adamw"])
def test_a_run_goes_on_in_another_process(path, optimizer):
    """Twice, as if it had never been interrupted: the same bits."""
    X, Y = data()
    settings = {**SETTINGS, "optimizer": optimizer}
    expected, whole = ffnn.train(X, Y, [3, 5, 1], num_epochs=12, **settings)
    parameters, history = ffnn.train(X, Y, [3, 5, 1], num_epochs=4, **settings)
    ffnn.save_checkpoint(path, parameters, history, settings=settings)
    code = GO_ON.format(tests=str(__file__).rpartition("/")[0], path=str(path))
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    checkpoint = ffnn.load_checkpoint(path)
    assert_same(checkpoint.parameters, expected)
    assert_same(checkpoint.optimizer_state, whole["optimizer_state"])
    for name in "epoch", "cost", "val_cost", "accuracy", "val_accuracy":
        assert checkpoint.history[name] == whole[name]


def test_a_run_that_was_interrupted_goes_on(path):
    X, Y = data()
    expected, _ = ffnn.train(X, Y, [3, 5, 1], num_epochs=6, **SETTINGS)

    def stop(info):
        if info["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        ffnn.train(X, Y, [3, 5, 1], num_epochs=6, callback=stop, **SETTINGS)
    ffnn.save_checkpoint(path, caught.value.parameters, caught.value.history)
    checkpoint = ffnn.load_checkpoint(path)
    left = 6 - checkpoint.optimizer_state["epoch"]
    resumed, _ = ffnn.train(
        X, Y, parameters=checkpoint.parameters, optimizer_state=checkpoint.optimizer_state,
        num_epochs=left, **SETTINGS,
    )  # fmt: skip
    assert left == 3 and checkpoint.meta == {}
    assert_same(resumed, expected)


@pytest.mark.parametrize("mini_batch_size", [16, "all"])
def test_a_checkpoint_of_each_epoch(path, mini_batch_size):
    """From a callback; the run goes on from any of them as if it had never been interrupted."""
    X, Y = data()
    settings = {**SETTINGS, "mini_batch_size": mini_batch_size}

    def keep(info):
        place = path.with_stem(f"run{info['epoch']}")
        ffnn.save_checkpoint(place, info["parameters"], info["history"], cost=info["cost"])

    expected, history = ffnn.train(X, Y, [3, 5, 1], num_epochs=6, callback=keep, **settings)
    for epoch in range(6):
        checkpoint = ffnn.load_checkpoint(path.with_stem(f"run{epoch}"))
        assert checkpoint.history["cost"] == history["cost"][: epoch + 1]
        assert checkpoint.meta == {"cost": history["cost"][epoch]}
        done = epoch if mini_batch_size == "all" else epoch + 1
        assert checkpoint.optimizer_state["epoch"] == done
        resumed, _ = ffnn.train(
            X, Y, parameters=checkpoint.parameters, optimizer_state=checkpoint.optimizer_state,
            num_epochs=6 - done, **settings,
        )  # fmt: skip
        assert_same(resumed, expected)


def test_the_optimizers_state_alone(path):
    X, Y = data()
    parameters, history = ffnn.train(X, Y, [3, 5, 1], num_epochs=2, **SETTINGS)
    ffnn.save_checkpoint(path, parameters, history["optimizer_state"], note="x")
    checkpoint = ffnn.load_checkpoint(path)
    assert checkpoint.history == {} and checkpoint.meta == {"note": "x"}
    assert checkpoint.history.optimizer_state is checkpoint.optimizer_state
    assert_same(checkpoint.optimizer_state, history["optimizer_state"])


def test_parameters_are_read_alone_too(path):
    X, Y = data()
    parameters, history = ffnn.train(X, Y, [3, 5, 1], num_epochs=2, **SETTINGS)
    ffnn.save_checkpoint(path, parameters, history, note="x")
    loaded, meta = ffnn.load_parameters(path)
    assert_same(loaded, parameters)
    assert_same(meta["optimizer_state"], history["optimizer_state"])


def small(path):
    parameters, history = ffnn.train([[0.0, 1.0]], [[0, 1]], [1, 1], optimizer="momentum",
                                     num_epochs=20, seed=1)  # fmt: skip
    ffnn.save_checkpoint(path, parameters, history)
    return path.read_bytes(), ffnn.load_checkpoint(path)


def is_noticed(path, content, saved):
    """Damage is one error, or stands where it means nothing."""
    path.write_bytes(content)
    try:
        loaded = ffnn.load_checkpoint(path)
    except ValueError as error:
        if not str(error).startswith(f"load_checkpoint: {path}: damaged, or not written by save_"):
            raise
        return True
    for ours, expected in zip(loaded, saved):
        assert_same(ours, expected)
    return False


def test_every_truncation_is_noticed(path):
    content, saved = small(path)
    for length in range(len(content)):
        assert is_noticed(path, content[:length], saved), length


@pytest.mark.parametrize("flips", [500, pytest.param(5_000, marks=pytest.mark.slow)])
def test_flipped_bytes_are_noticed(rng, path, flips):
    content, saved = small(path)
    noticed = 0
    for place, flip in zip(rng.integers(0, len(content), flips), rng.integers(1, 256, flips)):
        changed = bytearray(content)
        changed[place] ^= flip
        noticed += is_noticed(path, bytes(changed), saved)
    assert noticed > 0.7 * flips


@pytest.mark.parametrize(
    ("history", "meta", "error", "says"),
    [
        ([], {}, TypeError, "history must be a dict, not list"),
        ({}, {}, ValueError, "history holds no optimizer_state: give .*callback save_parameters"),
        ({"cost": [1.0]}, {}, ValueError, "history holds no optimizer_state"),
        ({"optimizer_state": 3}, {}, ValueError, "history holds no optimizer_state"),
        ({"optimizer": "gd"}, {"optimizer_state": {}}, ValueError, "optimizer_state is taken"),
        ({"optimizer": "gd", "v": {1: 2}}, {}, TypeError, "optimizer_state has no form in JSON"),
        ({"optimizer": "gd"}, {"a": object()}, TypeError, "a has no form in JSON"),
    ],
)
def test_bad_arguments_write_nothing(path, history, meta, error, says):
    with pytest.raises(error, match=f"^save_checkpoint: {says}"):
        ffnn.save_checkpoint(path, {"W1": np.ones((1, 1))}, history, **meta)
    assert not path.exists()


def test_parameters_are_no_checkpoint(path):
    ffnn.save_parameters(path, {"W1": np.ones((1, 1))}, note="x")
    with pytest.raises(ValueError, match=r"^load_checkpoint: .*run\.\w+: holds parameters, but no"):
        ffnn.load_checkpoint(path)
    with pytest.raises(FileNotFoundError):
        ffnn.load_checkpoint(path.with_name("nothing.npz"))
