"""A plain NumPy twin of every public function of ffnn, under the same name.

Written to be read and to be right, not to be fast: the tests hold ffnn against it, the demo and the
benchmarks race it. Examples are columns. Arguments are trusted; only ffnn looks for mistakes.
"""

import re
import sys
import warnings
from pathlib import Path

import numpy as np

import reference_activations
from reference_activations import COSTS, default_cost, for_layers, layers_told, level_of, told
from reference_nets import (  # noqa: F401 - twins, found here by their names
    cosine_lr_decay,
    cost_and_gradients,
    dictionary_to_vector,
    gradient_check,
    gradients_to_vector,
    initialize_parameters_deep,
    parameters_to_vector,
    predict_classes,
    predict_proba,
    random_mini_batches,
    schedule_lr_decay,
    train,
    update_lr,
    vector_to_dictionary,
    vector_to_parameters,
)


def _floats(*arrays):
    """The arrays in the type NumPy promotes them to; float64 where that is no floating type."""
    arrays = [np.asarray(a) for a in arrays]
    common = np.result_type(*arrays)
    if not np.issubdtype(common, np.floating):
        common = np.dtype(np.float64)
    return [a.astype(common.newbyteorder("="), copy=False) for a in arrays]


def _labels(Y, like):
    """Y as (n_y, m), and `like` beside it in the same type, which an integer Y never widens."""
    like, Y = np.asarray(like), np.asarray(Y).reshape(np.shape(like))
    if not np.issubdtype(Y.dtype, np.floating):
        (like,) = _floats(like)
        return Y.astype(like.dtype), like
    return _floats(Y, like)


def _depth(parameters):
    """L, the largest l for which a W{l} or b{l} stands in the dict."""
    matches = (re.fullmatch("[Wb]([1-9][0-9]*)", str(key)) for key in parameters)
    return max(int(match[1]) for match in matches if match)


# ---- activations ---------------------------------------------------------------------------------


def sigmoid(Z):
    """A = 1 / (1 + exp(-Z)), and Z itself as the cache. The exponent is never positive, so that
    nothing overflows: with e = exp(-|Z|), A = 1 / (1 + e) for Z >= 0 and e / (1 + e) below."""
    (z,) = _floats(Z)
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(z))
    A = np.where(z >= 0, z.dtype.type(1), e) / (1 + e)
    return A, Z


def relu(Z):
    """A = max(0, Z), and Z itself as the cache. NaN stays NaN and -0.0 stays -0.0."""
    (z,) = _floats(Z)
    return np.where(z < 0, z.dtype.type(0), z), Z


def sigmoid_backward(dA, cache):
    """dZ = dA * s * (1 - s) with s = sigmoid(Z)."""
    dA, Z = _floats(dA, cache)
    s, _ = sigmoid(Z)
    return dA * s * (1 - s)


def relu_backward(dA, cache):
    """dZ = dA where not Z <= 0, else 0; of the type of dA."""
    (dA,) = _floats(dA)
    return np.where(np.asarray(cache) <= 0, dA.dtype.type(0), dA)


# ---- parameters ----------------------------------------------------------------------------------


def initialize_parameters(n_x, n_h, n_y):
    """W1 (n_h, n_x) and W2 (n_y, n_h) of draws * 0.01; zero biases."""
    W1 = np.random.randn(n_h, n_x) * 0.01
    W2 = np.random.randn(n_y, n_h) * 0.01
    return {"W1": W1, "b1": np.zeros((n_h, 1)), "W2": W2, "b2": np.zeros((n_y, 1))}


def update_parameters(parameters, grads, learning_rate):
    """W = W - learning_rate * dW and the same for b, as new arrays in the same dict."""
    names = [f"{kind}{layer}" for layer in range(1, _depth(parameters) + 1) for kind in "Wb"]
    new = {}
    for name in names:
        x, dx = _floats(parameters[name], grads["d" + name])
        new[name] = x - x.dtype.type(learning_rate) * dx
    parameters.update(new)
    return parameters


# ---- forward -------------------------------------------------------------------------------------


def linear_forward(A, W, b):
    """Z = W A + b, and (A, W, b) as the cache."""
    a, w, bias = _floats(A, W, b)
    return w @ a + bias, (A, W, b)


def linear_activation_forward(A_prev, W, b, activation):
    """A = g(W A_prev + b), and ((A_prev, W, b), Z) as the cache."""
    Z, linear_cache = linear_forward(A_prev, W, b)
    return _activate(activation, Z), (linear_cache, Z)


def _activate(name, Z):
    """The assignment's two as they stand here, the others from reference_activations.py."""
    if name in ("relu", "sigmoid"):
        return {"relu": relu, "sigmoid": sigmoid}[name](Z)[0]
    return reference_activations.forward(name, Z)


def _derive(name, dA, Z):
    if name in ("relu", "sigmoid"):
        return {"relu": relu_backward, "sigmoid": sigmoid_backward}[name](dA, Z)
    return reference_activations.backward(name, dA, Z)


def L_model_forward(X, parameters, *, hidden_activation=None, output_activation=None,
                    keep_prob=1.0):  # fmt: skip
    """g(W A_prev + b) layer by layer; AL and one cache for each layer, with dropout's mask."""
    L = _depth(parameters)
    activations = layers_told(parameters, L, hidden_activation, output_activation)
    keep_prob = for_layers(keep_prob, L - 1, 1.0)
    caches = []
    A = X
    for i, (activation, keep) in enumerate(zip(activations, keep_prob, strict=True), 1):
        A, cache = linear_activation_forward(
            A, parameters[f"W{i}"], parameters[f"b{i}"], activation
        )
        if keep < 1:
            D = np.random.rand(*A.shape) < keep
            A, cache = A * D / A.dtype.type(keep), (*cache, D)
        caches.append(cache)
    return A, caches


def _times_log(y, p):
    """y log(p), which is 0 in the limit where both are 0."""
    return y * np.log(np.where((y == 0) & (p == 0), p.dtype.type(1), p))


def compute_cost(AL, Y, *, cost=None, parameters=None, lambd=0.0, sample_weight=None,
                 quantile=None):  # fmt: skip
    """The mean of the examples' losses, by weight, plus lambd / 2 m times all W^2; 0-d."""
    cost = cost or default_cost(told(parameters, None, None)["output_activation"])
    Y, AL = _labels(Y, AL)
    if cost == "binary_cross_entropy":
        losses = -(_times_log(Y, AL) + _times_log(1 - Y, 1 - AL))
    elif cost == "categorical_cross_entropy":
        losses = -_times_log(Y, AL)
    else:
        losses = COSTS[cost][0](AL, Y, *level_of(quantile))
    m = AL.shape[1]
    if sample_weight is None:
        mean = np.sum(losses) / m
    else:
        w = np.asarray(sample_weight, float)
        mean = np.sum(losses[:, w > 0] * w[w > 0]) / np.sum(w)
    if lambd:
        mean += lambd / 2 * sum((parameters[k] ** 2).sum() for k in parameters if "W" in k) / m
    return np.asarray(mean, AL.dtype)


# ---- backward ------------------------------------------------------------------------------------


def linear_backward(dZ, cache):
    """dA_prev = W^T dZ, dW = dZ A_prev^T / m, db = the row means of dZ."""
    A_prev, W, _ = cache
    dZ, A_prev, W = _floats(dZ, A_prev, W)
    m = A_prev.shape[1]
    return W.T @ dZ, dZ @ A_prev.T / m, np.sum(dZ, axis=1, keepdims=True) / m


def linear_activation_backward(dA, cache, activation):
    """dZ = dA g'(Z), then linear_backward."""
    linear_cache, Z = cache
    return linear_backward(_derive(activation, dA, Z), linear_cache)


def output_gradient(AL, Y, Z):
    """dZ of the last layer: AL - Y where AL is the sigmoid of Z to the bit. Elsewhere
    dAL s (1 - s) with dAL = -(Y / AL - (1 - Y) / (1 - AL)) and s = sigmoid(Z)."""
    Y, AL = _labels(Y, AL)
    Y, AL, Z = _floats(Y, AL, Z)
    s, _ = sigmoid(Z)
    dZ = AL - Y
    literal = AL != s
    if literal.any():
        y, a, s = Y[literal], AL[literal], s[literal]
        dAL = -(y / a - (1 - y) / (1 - a))
        dZ[literal] = dAL * s * (1 - s)
    return dZ


def _dZ_of_output(AL, Y, Z, output_activation, cost, quantile):
    if output_activation == "sigmoid" and cost == "binary_cross_entropy":
        return output_gradient(AL, Y, Z)
    Y, AL = _labels(Y, AL)
    if cost == "categorical_cross_entropy":
        return AL * Y.sum(axis=0, keepdims=True) - Y
    return _derive(output_activation, COSTS[cost][1](AL, Y, *level_of(quantile)), Z)


def L_model_backward(AL, Y, caches, *, hidden_activation=None, output_activation=None,
                     cost=None, lambd=0.0, keep_prob=1.0, input_gradient=True,
                     quantile=None):  # fmt: skip
    """dA{l-1}, dW{l}, db{l} for l = L .. 1, in this order; without dA0 where it is not wanted."""
    grads = {}
    L = len(caches)
    activations = layers_told(caches, L, hidden_activation, output_activation)
    keep_prob = for_layers(keep_prob, L - 1, 1.0)
    cost = cost or default_cost(activations[-1])
    for layer in range(L, 0, -1):
        linear_cache, Z = caches[layer - 1][:2]
        if layer == L:
            dZ = _dZ_of_output(AL, Y, Z, activations[-1], cost, quantile)
        else:
            dZ = _derive(activations[layer - 1], grads[f"dA{layer}"], Z)
        dA_prev, dW, db = linear_backward(dZ, linear_cache)
        if lambd:
            dW = dW + lambd / dZ.shape[1] * linear_cache[1]
        if layer > 1 and len(caches[layer - 2]) == 3:
            dA_prev = dA_prev * caches[layer - 2][2] / dA_prev.dtype.type(keep_prob[layer - 2])
        if layer > 1 or input_gradient:
            grads[f"dA{layer - 1}"] = dA_prev
        grads[f"dW{layer}"], grads[f"db{layer}"] = dW, db
    return grads


# ---- whole runs ----------------------------------------------------------------------------------


def cost_from_logits(Z, Y):
    """The cost of AL = sigmoid(Z) without AL: the mean over examples of log(1 + exp(Z)) - Y Z,
    whose exponential is taken of -|Z| alone: finite wherever Z is."""
    softplus = np.maximum(Z, 0) + np.log1p(np.exp(-np.abs(Z)))
    return np.asarray(np.sum(softplus - Y * Z) / Z.shape[1], Z.dtype)


def _train(X, Y, parameters, learning_rate, num_iterations, print_cost):
    X = np.asarray(X)
    is_float32 = X.dtype.newbyteorder("=") == np.float32
    X = X.astype(np.float32 if is_float32 else np.float64, copy=False)
    Y = np.asarray(Y).reshape(-1, X.shape[1]).astype(X.dtype)
    parameters = {name: value.astype(X.dtype) for name, value in parameters.items()}
    costs, warned = [], False
    for i in range(num_iterations):
        AL, caches = L_model_forward(X, parameters)
        with np.errstate(under="ignore"):
            cost = cost_from_logits(caches[-1][1], Y)
        grads = L_model_backward(AL, Y, caches)
        update_parameters(parameters, grads, learning_rate)
        if i % 100 == 0:
            costs.append(cost)
        if print_cost and (i % 100 == 0 or i == num_iterations - 1):
            print(f"Cost after iteration {i}: {np.squeeze(cost)}")
            sys.stdout.flush()
        if i % 100 == 0 and np.isnan(cost) and not warned:
            warnings.warn(
                f"the cost is NaN at iteration {i} (learning rate {learning_rate})",
                RuntimeWarning,
                stacklevel=3,
            )
            warned = True
    return parameters, costs


def two_layer_model(
    X, Y, layers_dims, learning_rate=0.0075, num_iterations=3000, print_cost=False, *, seed=1
):
    """linear, relu, linear, sigmoid, by gradient descent: the parameters and every 100th cost."""
    if seed is not None:
        np.random.seed(seed)
    parameters = initialize_parameters(*layers_dims)
    return _train(X, Y, parameters, learning_rate, num_iterations, print_cost)


def L_layer_model(
    X,
    Y,
    layers_dims,
    learning_rate=0.0075,
    num_iterations=3000,
    print_cost=False,
    *,
    seed=1,
    **options,
):
    """L - 1 times linear and relu, then linear and sigmoid: the parameters and every 100th cost."""
    if seed is not None:
        np.random.seed(seed)
    parameters = initialize_parameters_deep(layers_dims)
    if options:
        options = {"mini_batch_size": "all", "num_epochs": num_iterations, **options}
        options |= {"parameters": parameters, "learning_rate": learning_rate, "seed": seed}
        parameters, history = train(X, Y, **options)
        return parameters, history["cost"][::100]
    return _train(X, Y, parameters, learning_rate, num_iterations, print_cost)


def predict(X, y, parameters, *, hidden_activation=None, output_activation=None):
    """1.0 where AL > 0.5, else 0.0, and of a softmax for the greatest; prints the share of entries
    that equal y, of a softmax that of examples whose class is right. 0.0 where X is not finite."""
    activations = layers_told(parameters, _depth(parameters), hidden_activation, output_activation)
    AL = predict_proba(X, parameters, hidden_activation=activations[:-1],
                       output_activation=activations[-1])  # fmt: skip
    n_y, m = AL.shape
    y, lost = np.asarray(y), ~np.isfinite(X).all(axis=0) | np.isnan(AL).any(axis=0)
    if activations[-1] == "softmax":
        p = np.eye(n_y)[:, AL.argmax(axis=0)]
        p[:, lost] = 0
        if y.shape != (n_y, m):
            y = np.eye(n_y)[:, y.ravel().astype(int)]
        right = np.array([(p[:, j] == (y[:, j] == y[:, j].max())).all() for j in range(m)])
    else:
        p = (AL > 0.5).astype(np.float64)
        p[:, lost] = 0
        right = p == y.reshape(p.shape)
    is_assignment = n_y == 1 and set(activations[:-1]) <= {"relu"} and activations[-1] == "sigmoid"
    share = np.sum(right / m) if is_assignment or m == 0 else np.mean(right)
    print("Accuracy: " + str(share))
    return p


# ---- data and pictures ---------------------------------------------------------------------------


def load_data(folder="datasets"):
    """train_x, train_y, test_x, test_y, classes of the course's two .h5 files."""
    import h5py

    arrays = []
    for part in ("train", "test"):
        with h5py.File(Path(folder) / f"{part}_catvnoncat.h5", "r") as file:
            arrays.append(np.array(file[f"{part}_set_x"]))
            arrays.append(np.array(file[f"{part}_set_y"]).reshape(1, -1))
            classes = np.array(file["list_classes"])
    return (*arrays, classes)


def plot_costs(costs, learning_rate=None, *, record_every=None, xlabel=None, ax=None):
    """The costs against the iteration, or a history's against its epochs; returns the axes."""
    import matplotlib.pyplot as plt

    ax = plt.subplots()[1] if ax is None else ax
    if isinstance(costs, dict):
        ax.plot(costs["epoch"], costs["cost"])
    else:
        ax.plot([(record_every or 1) * i for i in range(len(costs))], [float(c) for c in costs])
    unit = "epoch" if isinstance(costs, dict) else "iteration" if record_every else "record point"
    ax.set(xlabel=xlabel or unit, ylabel="cost")
    ax.set_title("" if learning_rate is None else f"Learning rate = {learning_rate}")
    return ax


def print_mislabeled_images(classes, X, y, p):
    """Every image whose prediction p is not its label y, with both; returns the axes."""
    import matplotlib.pyplot as plt

    y, p = np.ravel(y).astype(int), np.ravel(p).astype(int)
    wrong = np.flatnonzero(y != p)
    side = round((X.shape[0] / 3) ** 0.5)
    axes = plt.subplots(1, max(len(wrong), 1), squeeze=False)[1][0]
    for ax, k in zip(axes, wrong, strict=False):
        ax.imshow(np.reshape(X[:, k], (side, side, 3)), interpolation="nearest")
        ax.set_title(f"Prediction: {classes[p[k]].decode()}\nClass: {classes[y[k]].decode()}")
    for ax in axes:
        ax.axis("off")
    return axes
