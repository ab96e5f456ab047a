"""A Trainer whose sums come from elsewhere: shard by shard, they are those of its own steps."""

import numpy as np
import pytest

from ffnn import _ffnn
from ffnn._vectors import vector_to_parameters

OPTIMIZERS = [name for name in _ffnn.optimizers() if name != "levenberg_marquardt"]


def net(rng, dims, m, real):
    X = rng.standard_normal((dims[0], m)).astype(real)
    Y = rng.integers(0, 2, (dims[-1], m))
    parameters = {}
    for layer in range(1, len(dims)):
        W = rng.standard_normal((dims[layer], dims[layer - 1])) / np.sqrt(dims[layer - 1])
        parameters |= {f"W{layer}": W.astype(real), f"b{layer}": np.zeros((dims[layer], 1), real)}
    return X, Y, parameters


def placeholder(shape, real):
    """An array without memory, whose elements nobody reads."""
    return np.broadcast_to(np.full((), np.nan, real), shape)


class Shards:
    """Answers from the shards of X and Y, by a Trainer of its own for each step."""

    def __init__(self, X, Y, dims, weights=None):
        self.X, self.Y, self.dims, self.weights = X, Y, dims, weights
        self.size = X.shape[1]
        self.asked = []

    def __call__(self, vector, order, first, count):
        dims, m = self.dims, self.X.shape[1]
        columns = placeholder((1, m), self.X.dtype)
        trainer = _ffnn.Trainer("worker", np.broadcast_to(columns, (dims[0], m)), self.Y, dims)
        like = {}
        for layer in range(1, len(dims)):
            like[f"W{layer}"] = np.empty((dims[layer], dims[layer - 1]))
            like[f"b{layer}"] = np.empty((dims[layer], 1))
        trainer.set(vector_to_parameters(vector, like))
        each, costs, total = trainer.shard_columns(count), [], None
        self.asked.append((first, count, -(-count // each)))
        for begin in range(first, first + count, each):
            some = np.arange(begin, min(begin + each, first + count))
            some = some if order is None else order[some]
            w = None if self.weights is None else self.weights[some]
            cost, sums = trainer.shard(self.X[:, some], self.Y[:, some], self.size, sample_weight=w)
            costs.append(cost)
            total = sums if total is None else total + sums
        return costs, total


def both(X, Y, dims, parameters, weights=None, **options):
    """The run itself, and one that asks."""
    own = _ffnn.Trainer("own", X, Y, dims, sample_weight=weights, gram=False,
                        bit_generator=np.random.MT19937(5), **options)  # fmt: skip
    shards = Shards(X, Y, dims, weights)
    asking = _ffnn.Trainer("asking", placeholder(X.shape, X.dtype), Y, dims, sums=shards,
                           bit_generator=np.random.MT19937(5), **options)  # fmt: skip
    for trainer in own, asking:
        trainer.is_watched = True
        trainer.set(parameters)
    return own, asking, shards


def assert_same(own, asking):
    a, b = own.parameters(), asking.parameters()
    assert all((a[name] == b[name]).all() for name in a)
    a, b = own.state(), asking.state()
    assert a["t"] == b["t"]
    assert all((a[k][n] == b[k][n]).all() for k in "vs" if isinstance(a.get(k), dict) for n in a[k])


def test_weighted_means_of_asked_sums(rng):
    """A batch without weight is no step, of which the asked one hears all the same."""
    X, Y, parameters = net(rng, (6, 5, 1), 3000, np.float64)
    weights = rng.uniform(0, 2, 3000)
    weights[:1100] = 0
    options = {"lambd": 0.3, "optimizer": "adam", "weighted_mean": True}
    own = _ffnn.Trainer("own", X, Y, (6, 5, 1), sample_weight=weights, **options)
    shards = Shards(X, Y, (6, 5, 1), weights)
    asking = _ffnn.Trainer("asking", placeholder(X.shape, X.dtype), Y, (6, 5, 1), sums=shards,
                           sample_weight=weights, **options)  # fmt: skip
    shards.size = 1100
    for trainer in own, asking:
        trainer.set(parameters)
    for order in None, np.arange(3000)[::-1], np.arange(3000):
        assert own.epoch(order, 1100) == asking.epoch(order, 1100)
        assert own.l2_cost == asking.l2_cost
    assert_same(own, asking)
    assert own.state()["t"] == 6 and [first for first, *_ in shards.asked] == 3 * [0, 1100, 2200]
    with pytest.raises(ValueError, match=r"asking: sample_weight has shape \(2999,\)"):
        _ffnn.Trainer("asking", X, Y, (6, 5, 1), sums=shards, sample_weight=weights[1:])


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("m, size", [(9, 9), (60, 60), (700, 256), (1500, 1100), (2600, 2600)])
@pytest.mark.parametrize("dims", [(3, 4, 1), (40, 30, 20, 2)])
def test_runs_by_asked_sums_have_the_bits_of_their_own(rng, dims, m, size, real):
    X, Y, parameters = net(rng, dims, m, real)
    own, asking, shards = both(X, Y, dims, parameters, optimizer="adam", lambd=0.3)
    assert own.run(3, record=1) == asking.run(3, record=1)
    assert own.record_point()[0] == asking.record_point()[0] == 1
    assert_same(own, asking)
    shards.size = size
    assert own.shuffled(2, size) == asking.shuffled(2, size)
    assert own.l2_cost == asking.l2_cost
    assert own.epoch(None, size) == asking.epoch(None, size)
    assert_same(own, asking)
    assert max(shards.asked)[1] <= max(m, size) and (m < 1024) == (shards.asked[0][2] == 1)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_method_on_sums(rng, optimizer):
    X, Y, parameters = net(rng, (6, 5, 1), 1300, np.float64)
    weights = rng.uniform(0, 2, 1300)
    weights[:512] = 0  # a shard whose examples all weigh nothing
    own, asking, _ = both(X, Y, (6, 5, 1), parameters, weights, optimizer=optimizer)
    assert own.run(6) == asking.run(6)
    assert_same(own, asking)
    assert own.run(2) == asking.run(2)
    assert (own.ending, own.evaluations) == (asking.ending, asking.evaluations)


def test_costs_of_shards_are_what_is_measured(rng):
    X, Y, parameters = net(rng, (6, 5, 1), 1300, np.float64)
    trainer = _ffnn.Trainer("own", X, Y, (6, 5, 1))
    trainer.set(parameters)
    each = trainer.shard_columns(1300)
    costs = [
        trainer.shard(X[:, i : i + each], Y[:, i : i + each], 1300, gradients=False)
        for i in range(0, 1300, each)
    ]
    assert all(sums is None for _, sums in costs)
    assert sum(cost for cost, _ in costs) / 1300 == float(trainer.measure(X, Y))


def test_an_error_ends_the_step_and_leaves_the_record_point(rng):
    X, Y, parameters = net(rng, (6, 5, 1), 100, np.float64)

    def fail(*_):
        raise OSError("gone")

    trainer = _ffnn.Trainer("own", X, Y, (6, 5, 1), sums=fail)
    trainer.set(parameters)
    with pytest.raises(OSError, match="gone"):
        trainer.run(1)
    with pytest.raises(RuntimeError, match="interrupted"):
        trainer.run(1)
    assert trainer.restore() == 0 and (trainer.parameters()["W1"] == parameters["W1"]).all()


@pytest.mark.parametrize(
    "answer, error, message",
    [
        (None, TypeError, "own: sums must be a tuple"),
        (([1.0], np.zeros(3)), ValueError, r"must return \(costs, sums\), 41 sums, not 3"),
        ((np.ones((1, 1)), np.zeros(41)), ValueError, "object too deep"),
    ],
)
def test_wrong_answers(rng, answer, error, message):
    X, Y, parameters = net(rng, (6, 5, 1), 100, np.float64)
    trainer = _ffnn.Trainer("own", X, Y, (6, 5, 1), sums=lambda *_: answer)
    trainer.set(parameters)
    with pytest.raises(error, match=message):
        trainer.run(1)


def test_what_does_not_go_together(rng):
    X, Y, parameters = net(rng, (6, 5, 1), 100, np.float64)

    def make(**options):
        return _ffnn.Trainer("own", X, Y, (6, 5, 1), **options)

    with pytest.raises(TypeError, match="own: sums must be callable, not int"):
        make(sums=1)
    with pytest.raises(ValueError, match="own: sums do not go with keep_prob below 1"):
        make(sums=len, keep_prob=0.5, bit_generator=np.random.MT19937(0))
    with pytest.raises(ValueError, match="sums do not go with optimizer='levenberg_marquardt'"):
        make(sums=len, optimizer="levenberg_marquardt", output_activation="linear")
    with pytest.raises(ValueError, match="gram fits optimizer='gd' alone"):
        make(sums=len, gram=True)
    asking = make(sums=len)
    asking.set(parameters)
    for call in asking.gradient, asking.step, lambda X, Y: asking.shard(X, Y, 100):
        with pytest.raises(ValueError, match="asks for its sums and computes none"):
            call(X, Y)
    own = make()
    own.set(parameters)
    with pytest.raises(ValueError, match="X has 100 examples, more than a batch of 99"):
        own.shard(X, Y, 99)
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        own.shard(X, Y, 0)


def test_the_instruction_set_of_one_trainer(rng):
    X, Y, parameters = net(rng, (6, 5, 1), 300, np.float64)
    results = []
    for isa in ("generic", None, _ffnn.config()["isa"]):
        trainer = _ffnn.Trainer("own", X, Y, (6, 5, 1), isa=isa)
        trainer.set(parameters)
        trainer.run(20)
        results.append(trainer.parameters()["W1"])
    assert (results[1] == results[2]).all()
    np.testing.assert_allclose(results[0], results[1], rtol=1e-10)
    assert _ffnn.config()["isa"] == "generic" or (results[0] != results[1]).any()
    with pytest.raises(ValueError, match="own: isa is 'sse9': there is no such instruction set"):
        _ffnn.Trainer("own", X, Y, (6, 5, 1), isa="sse9")
    with pytest.raises(TypeError, match="own: isa must be a str, not int"):
        _ffnn.Trainer("own", X, Y, (6, 5, 1), isa=2)


@pytest.mark.parametrize("optimizer", ["lbfgs", "levenberg_marquardt"])
def test_a_shard_between_two_steps_changes_neither(rng, optimizer):
    X, Y, parameters = net(rng, (3, 5, 1), 400, float)
    costs = []
    for is_asked in False, True:
        trainer = _ffnn.Trainer("t", X, Y, (3, 5, 1), optimizer=optimizer)
        trainer.set(parameters)
        trainer.run(2)
        if is_asked:
            trainer.shard(X[:, :50], Y[:, :50], 400)
        costs.append([float(trainer.run(1)) for _ in range(3)])
    assert costs[0] == costs[1]


def test_a_shard_beside_the_gram_form_has_its_own_examples(rng):
    X, Y, parameters = net(rng, (60, 5, 1), 40, float)
    trainer = _ffnn.Trainer("t", X, Y, (60, 5, 1), optimizer="gd", gram=True)
    trainer.set(parameters)
    trainer.run(20)
    other = rng.standard_normal((60, 40))
    plain = _ffnn.Trainer("t", X, Y, (60, 5, 1), optimizer="gd", gram=False)
    plain.set(trainer.parameters())
    assert trainer.shard(other, Y, 40)[0] == pytest.approx(plain.shard(other, Y, 40)[0], rel=1e-12)


def test_so_many_examples_are_none():
    X, Y = np.ones((1, 2)), np.ones((1, 2))
    with pytest.raises(ValueError, match="^Trainer.shard_columns: count"):
        _ffnn.Trainer("t", X, Y, (1, 1)).shard_columns(2**63 - 1)
