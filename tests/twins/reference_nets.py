"""The twins of what trains, predicts and checks any network, in plain NumPy."""

import contextlib
import math

import numpy as np

from reference_activations import COSTS, default_cost, forward, layers_told, told
from reference_train import Trainer

# ---- before a run --------------------------------------------------------------------------------


def initialize_parameters_deep(
    layer_dims, *, initialization="assignment", scale=None, dtype=np.float64
):
    """W_l (n_l, n_{l-1}) by the rule, or draws * scale; zero biases; rounded to dtype."""
    if initialization == "nguyen_widrow" and scale is None:
        return _nguyen_widrow(layer_dims, dtype)
    parameters = {}
    for layer in range(1, len(layer_dims)):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        if scale is not None:
            W = np.random.randn(n, n_prev) * scale
        elif initialization == "assignment":
            W = np.random.randn(n, n_prev) / np.sqrt(n_prev)
        elif initialization == "he":
            W = np.random.randn(n, n_prev) * np.sqrt(2.0 / n_prev)
        elif initialization == "xavier":
            W = np.random.randn(n, n_prev) * np.sqrt(2.0 / (n_prev + n))
        elif initialization == "xavier_uniform":
            r = np.sqrt(6.0 / (n_prev + n))
            W = np.random.uniform(-r, r, (n, n_prev))
        elif initialization == "lecun":
            W = np.random.randn(n, n_prev) * np.sqrt(1.0 / n_prev)
        else:
            W = np.zeros((n, n_prev))
        parameters[f"W{layer}"] = W.astype(dtype)
        parameters[f"b{layer}"] = np.zeros((n, 1), dtype)
    return parameters


def _nguyen_widrow(layer_dims, dtype):
    parameters = {}
    for layer in range(1, len(layer_dims) - 1):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        W, r = np.random.uniform(-1, 1, (n, n_prev)), 0.7 * n ** (1 / n_prev)
        W = W * (r / np.sqrt((W**2).sum(axis=1, keepdims=True)))
        b = (np.linspace(-r, r, n) if n > 1 else np.zeros(1)) * np.sign(W[:, 0])
        parameters[f"W{layer}"] = W.astype(dtype)
        parameters[f"b{layer}"] = b.reshape(n, 1).astype(dtype)
    last, n, n_prev = len(layer_dims) - 1, layer_dims[-1], layer_dims[-2]
    parameters[f"W{last}"] = np.random.uniform(-0.5, 0.5, (n, n_prev)).astype(dtype)
    parameters[f"b{last}"] = np.random.uniform(-0.5, 0.5, (n, 1)).astype(dtype)
    return parameters


def update_lr(learning_rate0, epoch_num, decay_rate):
    """The rate falls with each epoch."""
    return learning_rate0 / (1 + decay_rate * epoch_num)


def schedule_lr_decay(learning_rate0, epoch_num, decay_rate, time_interval=1000):
    """The rate falls once each time_interval epochs."""
    return learning_rate0 / (1 + decay_rate * np.floor(epoch_num / time_interval))


def cosine_lr_decay(learning_rate0, epoch_num, num_epochs, learning_rate_min=0.0):
    """The rate falls along half a cosine, and stays at its end."""
    share = (1 + np.cos(np.pi * min(epoch_num, num_epochs) / num_epochs)) / 2
    return learning_rate_min + (learning_rate0 - learning_rate_min) * share


def random_mini_batches(X, Y, mini_batch_size=64, seed=0):
    """The course's: shuffle, cut, and the rest."""
    np.random.seed(seed)
    m = X.shape[1]
    permutation = list(np.random.permutation(m))
    X, Y = X[:, permutation], np.reshape(Y, (-1, m))[:, permutation]
    whole = math.floor(m / mini_batch_size)
    batches = []
    for k in range(whole):
        cut = slice(k * mini_batch_size, (k + 1) * mini_batch_size)
        batches.append((X[:, cut], Y[:, cut]))
    if m % mini_batch_size != 0:
        cut = slice(whole * mini_batch_size, None)
        batches.append((X[:, cut], Y[:, cut]))
    return batches


# ---- prediction ----------------------------------------------------------------------------------


def predict_proba(X, parameters, *, hidden_activation=None, output_activation=None):
    """The output AL."""
    L = len(parameters) // 2
    A = X
    activations = layers_told(parameters, L, hidden_activation, output_activation)
    for layer, name in enumerate(activations, 1):
        A = forward(name, parameters[f"W{layer}"] @ A + parameters[f"b{layer}"])
    return A


def predict_classes(
    X, parameters, *, hidden_activation=None, output_activation=None, threshold=0.5
):
    """0 and 1 of a sigmoid, the greatest of a softmax, else the output."""
    AL = predict_proba(
        X, parameters, hidden_activation=hidden_activation, output_activation=output_activation
    )
    output = told(parameters, hidden_activation, output_activation)["output_activation"]
    if output == "softmax":
        return AL.argmax(axis=0)[None, :]
    return (AL > threshold).astype(np.int64) if output == "sigmoid" else AL


# ---- runs ----------------------------------------------------------------------------------------

# What one is told beside the options of a Trainer.
DEFAULTS = {
    "parameters": None,
    "seed": None,
    "output_activation": "sigmoid",
    "cost": None,
    "initialization": None,
    "learning_rate": 0.0075,
    "decay": None,
    "decay_rate": None,
    "num_epochs": 100,
    "mini_batch_size": None,
    "shuffle": None,
    "sample_weight": None,
    "class_weight": None,
    "validation_fraction": None,
    "accuracy": False,
}


@contextlib.contextmanager
def _seeded(seed):
    """NumPy's global generator seeded for a while; None leaves it as it is."""
    if seed is None:
        yield
        return
    state = np.random.get_state()
    np.random.seed(seed)
    yield
    np.random.set_state(state)


def _columns(Y, n_y, m):
    """Labels as (n_y, m) floats, and the class of each example where it has one."""
    Y = np.asarray(Y)
    if Y.shape != (n_y, m):
        Y = Y.reshape(1, m)
        Y = np.eye(n_y)[:, Y[0]] if n_y > 1 else Y
    return Y.astype(float), Y.argmax(axis=0) if n_y > 1 else Y[0]


def _weights(sample_weight, class_weight, classes, count):
    weights = np.ones(classes.size) if sample_weight is None else np.asarray(sample_weight, float)
    if class_weight == "balanced":
        present = len(set(classes.tolist()))
        number = {c: np.sum(classes == c) for c in range(count)}
        class_weight = {c: classes.size / (present * n) for c, n in number.items() if n}
    for label, weight in (class_weight or {}).items():
        weights = np.where(classes == label, weights * weight, weights)
    return weights


def train(X, Y, layer_dims=None, **options):
    """The parameters of a run and its history: cost and what else was asked for, by epoch."""
    own = {name: options.pop(name, default) for name, default in DEFAULTS.items()}
    seed, output = own["seed"], own["output_activation"]
    size = 64 if own["mini_batch_size"] is None else own["mini_batch_size"]
    decay_rate = 1.0 if own["decay_rate"] is None else own["decay_rate"]
    parameters = own["parameters"]
    if parameters is None:
        with _seeded(seed):
            parameters = initialize_parameters_deep(
                layer_dims, initialization=own["initialization"] or "assignment"
            )
    n_y, m = len(parameters[f"b{len(parameters) // 2}"]), X.shape[1]
    Y, classes = _columns(Y, n_y, m)
    weights = _weights(own["sample_weight"], own["class_weight"], classes, max(n_y, 2))
    held = np.random.RandomState(0).permutation(m)[
        : math.ceil((own["validation_fraction"] or 0) * m)
    ]
    kept = np.setdiff1d(np.arange(m), held)
    X_val, Y_val = X[:, held], Y[:, held]
    X, Y, m, weights = X[:, kept], Y[:, kept], kept.size, weights[kept]

    cost = own["cost"] or default_cost(output)
    trainer = Trainer(
        X,
        Y,
        parameters,
        0.0,
        output_activation=output,
        cost=cost,
        sample_weight=weights / weights.mean(),
        **options,
    )
    net = {
        "output_activation": output,
        "hidden_activation": options.get("hidden_activation", "relu"),
    }
    history = {"cost": [], "learning_rate": [], "val_cost": [], "accuracy": []}

    def measure():
        if held.size:
            losses = COSTS[cost][0](predict_proba(X_val, trainer.parameters(), **net), Y_val)
            history["val_cost"].append(losses.sum() / held.size)
        if own["accuracy"]:
            p = predict_classes(X, trainer.parameters(), **net)
            labels = Y.argmax(axis=0)[None] if output == "softmax" else Y
            history["accuracy"].append(np.mean(p == labels))

    is_full_batch = size == "all" or size >= m  # then all is of the parameters before the step
    for epoch in range(own["num_epochs"]):
        if is_full_batch:
            measure()
        rate = own["learning_rate"]
        if own["decay"] is not None and epoch > 0:
            rate = own["decay"](rate, epoch - 1, decay_rate)
        trainer.learning_rate = rate(epoch) if callable(rate) else rate
        with _seeded(None if seed is None else seed + 1 + epoch):
            shuffled = own["shuffle"] is not False and size != "all"
            order = np.random.permutation(m) if shuffled else None
            history["cost"].append(float(trainer.epoch(order, m if size == "all" else size)))
        history["learning_rate"].append(trainer.learning_rate)
        if not is_full_batch:
            measure()
    return trainer.parameters(), {**history, "optimizer_state": trainer.state()}


# ---- gradients -----------------------------------------------------------------------------------


def _names(parameters, prefix=""):
    L = max(int(key[len(prefix) + 1 :]) for key in parameters if key.startswith(prefix + "W"))
    return [f"{prefix}{kind}{layer}" for layer in range(1, L + 1) for kind in "Wb"]


def dictionary_to_vector(parameters):
    """W1, b1, ... as a column, and the name of each number."""
    names = _names(parameters)
    theta = np.concatenate([np.reshape(parameters[name], (-1, 1)) for name in names])
    return theta, [name for name in names for _ in range(np.size(parameters[name]))]


def gradients_to_vector(gradients):
    """dW1, db1, ... as a column."""
    names = _names(gradients, "d")
    return np.concatenate([np.reshape(gradients[name], (-1, 1)) for name in names])


def vector_to_dictionary(theta, layer_dims=(4, 5, 3, 1)):
    """The column cut into W1, b1, ..."""
    parameters, rest = {}, list(np.ravel(theta))
    for layer in range(1, len(layer_dims)):
        n, n_prev = layer_dims[layer], layer_dims[layer - 1]
        for name, shape in (f"W{layer}", (n, n_prev)), (f"b{layer}", (n, 1)):
            count = shape[0] * shape[1]
            parameters[name] = np.reshape(rest[:count], shape)
            rest = rest[count:]
    return parameters


def gradient_check(
    parameters,
    X,
    Y,
    *,
    hidden_activation=None,
    output_activation=None,
    cost=None,
    lambd=0.0,
    epsilon=1e-7,
    quantile=None,
):
    """The distance of gradients and central differences, in shares of their lengths."""
    dims = [X.shape[0], *(len(parameters[name]) for name in _names(parameters)[1::2])]
    options = told(parameters, hidden_activation, output_activation)
    Y, _ = _columns(Y, dims[-1], X.shape[1])
    theta, _ = dictionary_to_vector(parameters)

    def run(theta):
        point = vector_to_dictionary(theta, dims)
        return Trainer(X, Y, point, 1.0, cost=cost, lambd=lambd, quantile=quantile, **options)

    step = run(theta)
    step.run(1)
    gradients = theta - dictionary_to_vector(step.parameters())[0]
    differences = np.zeros_like(theta)
    for i in range(len(theta)):
        above, below = theta.copy(), theta.copy()
        above[i] += epsilon
        below[i] -= epsilon
        differences[i] = (run(above).run(1) - run(below).run(1)) / (2 * epsilon)
    lengths = np.linalg.norm(gradients) + np.linalg.norm(differences)
    return np.linalg.norm(gradients - differences) / lengths


def cost_and_gradients(
    X, Y, parameters, *, hidden_activation=None, output_activation=None, cost=None,
    lambd=0.0, sample_weight=None, quantile=None,
):  # fmt: skip
    """The weighted mean of the costs, L2 added, and its gradients; Y has the output's shape."""
    m = X.shape[1]
    weights = np.ones(m) if sample_weight is None else np.asarray(sample_weight)
    trainer = Trainer(
        X, Y, parameters, 0.0, **told(parameters, hidden_activation, output_activation), cost=cost,
        quantile=quantile,
    )  # fmt: skip
    loss, slope = COSTS[trainer.cost]
    A, Z, D = trainer._forward(X)
    factors = weights / weights.mean()
    W = {key: value for key, value in parameters.items() if key[0] == "W"}
    value = (loss(A[-1], Y, *trainer.level) * factors).sum() / m
    value += lambd / (2 * m) * sum((w**2).sum() for w in W.values())
    gradients = trainer._backward(slope(A[-1], Y, *trainer.level) * factors, A, Z, D, m)
    for key, w in W.items():
        gradients[key] = gradients[key] + lambd / m * w
    order = [f"{kind}{layer}" for layer in range(1, len(W) + 1) for kind in "Wb"]
    return value, {"d" + key: gradients[key] for key in order}


def parameters_to_vector(parameters):
    """W1 row by row, b1, W2, ..."""
    d = "" if "W1" in parameters else "d"
    layers = range(1, 1 + sum(key.startswith(d + "W") for key in parameters))
    return np.hstack([parameters[f"{d}{kind}{n}"].ravel() for n in layers for kind in "Wb"])


def vector_to_parameters(vector, like):
    """The same cut up again."""
    d = "" if "W1" in like else "d"
    layers = range(1, 1 + sum(key.startswith(d + "W") for key in like))
    names = [f"{d}{kind}{n}" for n in layers for kind in "Wb"]
    ends = np.cumsum([like[name].size for name in names])
    parts = np.split(np.ravel(vector), ends[:-1])
    return {name: part.reshape(like[name].shape) for name, part in zip(names, parts)}
