"""PyTorch's state dicts: names and shapes, tensors by what they can do, and what is refused."""

import re

import numpy as np
import pytest

import ffnn
from support import assert_same_dict, network

pytestmark = pytest.mark.once


class Tensor:
    """What is used of a torch.Tensor, which may stand on another device and know its gradient."""

    def __init__(self, array, dtype="torch.float32"):
        self.array, self.dtype, self.state = array, dtype, "on the graph"

    def detach(self):
        self.state = "elsewhere"
        return self

    def cpu(self):
        assert self.state == "elsewhere"
        self.state = "here"
        return self

    def numpy(self):
        assert self.state == "here"
        return self.array


def test_there_and_back(rng, real):
    net = network(rng, [5, 4, 3, 2], real)
    state = ffnn.to_state_dict(net)
    keys = [f"{i}.{kind}" for i in (0, 2, 4) for kind in ("weight", "bias")]
    assert list(state) == keys
    assert [x.shape for x in state.values()] == [(4, 5), (4,), (3, 4), (3,), (2, 3), (2,)]
    back = ffnn.from_state_dict(state)
    assert type(back) is dict and list(back) == list(net)
    for key in net:
        assert back[key].dtype == real and (back[key] == net[key]).all()
        assert not np.shares_memory(back[key], net[key])
    assert not np.shares_memory(state["0.weight"], net["W1"])
    assert not np.shares_memory(state["0.weight"], back["W1"])


def test_names_and_activations(rng):
    net = network(rng, [5, 4, 2], np.float32)
    state = ffnn.to_state_dict(net, ["body.fc1", "head"])
    assert list(state) == ["body.fc1.weight", "body.fc1.bias", "head.weight", "head.bias"]
    back = ffnn.from_state_dict(state, hidden_activation="tanh", output_activation="softmax")
    assert (back.hidden_activation, back.output_activation) == ("tanh", "softmax")


def test_tensors_and_no_bias(rng):
    W = rng.standard_normal((2, 3)).astype(np.float32)
    net = ffnn.from_state_dict({"fc.weight": Tensor(W)})
    assert (net["W1"] == W).all() and (net["b1"] == 0).all() and net["b1"].shape == (2, 1)


def test_torch_itself(rng):
    torch = pytest.importorskip("torch")
    net = ffnn.NetParameters(network(rng, [5, 4, 2], np.float32), output_activation="softmax")
    module = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
    state = {key: torch.from_numpy(x) for key, x in ffnn.to_state_dict(net).items()}
    module.load_state_dict(state)
    X = rng.standard_normal((5, 6)).astype(np.float32)
    theirs = torch.softmax(module(torch.from_numpy(X.T.copy())), 1).detach().numpy().T
    np.testing.assert_allclose(theirs, ffnn.predict_proba(X, net), rtol=1e-5)
    back = ffnn.from_state_dict(module.state_dict(), output_activation="softmax")
    assert all((back[key] == net[key]).all() for key in net)


TWO = {"0.weight": np.ones((4, 3)), "0.bias": np.ones(4), "2.weight": np.ones((1, 4)),
       "2.bias": np.ones(1)}  # fmt: skip
BAD = [
    (TypeError, "state must be a dict, not list", [], {}),
    (ValueError, "state holds no weight", {}, {}),
    (ValueError, "state holds '1.running_mean'", {**TWO, "1.running_mean": np.ones(4)}, {}),
    (ValueError, "'1' has a weight (4,) and a bias (4,): it is no Linear",
     {**TWO, "1.weight": np.ones(4), "1.bias": np.ones(4)}, {}),
    (ValueError, "'0' has a weight (4, 3) and a bias (3,)", {**TWO, "0.bias": np.ones(3)}, {}),
    (ValueError, "do not chain", {**TWO, "2.weight": np.ones((1, 5))}, {}),
    (ValueError, "parameters['W1'] holds nan", {**TWO, "0.weight": np.full((4, 3), np.nan)}, {}),
    (TypeError, "'0.bias' has dtype float16", {**TWO, "0.bias": np.ones(4, np.float16)}, {}),
    (TypeError, "'0.weight' is of torch.bfloat16: pass .float()",
     {"0.weight": Tensor(np.ones((1, 1)), "torch.bfloat16")}, {}),
    (ValueError, "hidden_activation", TWO, {"hidden_activation": "step"}),
    (ValueError, "hidden_activation", TWO, {"hidden_activation": ["relu", "relu"]}),
]  # fmt: skip


def test_activations_may_come_one_by_one():
    state = {**TWO, "2.weight": np.ones((5, 4)), "2.bias": np.ones(5), "4.weight": np.ones((1, 5))}
    net = ffnn.from_state_dict(state, hidden_activation=iter(["tanh", "elu"]))
    assert list(net.hidden_activation) == ["tanh", "elu"]
    assert_same_dict(net, ffnn.from_state_dict(state, hidden_activation=["tanh", "elu"]))


@pytest.mark.parametrize("error, says, state, options", BAD)
def test_bad_states(error, says, state, options):
    with pytest.raises(error, match="from_state_dict: .*" + re.escape(says)):
        ffnn.from_state_dict(state, **options)


@pytest.mark.parametrize(
    "error, names",
    [(ValueError, ["a"]), (ValueError, ["a", "a"]), (TypeError, "ab"), (TypeError, [1, 2])],
)
def test_bad_names(rng, error, names):
    with pytest.raises(error, match="to_state_dict: names must be"):
        ffnn.to_state_dict(network(rng, [3, 2, 1], np.float64), names)
