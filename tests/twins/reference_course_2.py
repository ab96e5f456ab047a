"""Plain NumPy twins of the modules of course 2; TWINS names them by module."""

import numpy as np

import reference

# ---- the net of three layers ---------------------------------------------------------------------


def sigmoid(x):
    """The value alone."""
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def relu(x):
    """The value alone."""
    return np.maximum(x, 0.0)


def forward_propagation(X, parameters):
    """a3 and the twelve arrays."""
    W1, b1, W2, b2, W3, b3 = (parameters[k] for k in ("W1", "b1", "W2", "b2", "W3", "b3"))
    z1 = W1 @ X + b1
    a1 = relu(z1)
    z2 = W2 @ a1 + b2
    a2 = relu(z2)
    z3 = W3 @ a2 + b3
    a3 = sigmoid(z3)
    return a3, (z1, a1, W1, b1, z2, a2, W2, b2, z3, a3, W3, b3)


def backward_propagation_divided(X, Y, cache):
    """1/m in dz3, keys in lower case."""
    z1, a1, W1, _, z2, a2, W2, _, _, a3, W3, _ = cache
    m = X.shape[1]
    dz3 = (a3 - Y) / m
    da2 = W3.T @ dz3
    dz2 = da2 * (a2 > 0)
    da1 = W2.T @ dz2
    dz1 = da1 * (a1 > 0)
    grads = {}
    for number, dz, a, da in ((3, dz3, a2, da2), (2, dz2, a1, da1), (1, dz1, X, None)):
        grads |= {f"dz{number}": dz, f"dW{number}": dz @ a.T}
        grads[f"db{number}"] = dz.sum(axis=1, keepdims=True)
        if da is not None:
            grads[f"da{number - 1}"] = da
    return grads


def backward_propagation(X, Y, cache):
    """1/m in dW and db, keys in upper case."""
    m, grads = X.shape[1], {}
    for key, value in backward_propagation_divided(X, Y, cache).items():
        upper = key.replace("dz", "dZ").replace("da", "dA")
        grads[upper] = value if key[1] in "Wb" else value * m
    return grads


def update_parameters(parameters, grads, learning_rate):
    """The same dict with new arrays."""
    return reference.update_parameters(parameters, grads, learning_rate)


def _terms(a3, Y):
    a3 = np.asarray(a3)
    return np.multiply(-np.log(a3), Y) + np.multiply(-np.log(1 - a3), 1 - np.asarray(Y))


def cost_without_nan(a3, Y):
    """A mean by nansum."""
    return np.array(np.nansum(_terms(a3, Y)) / np.shape(a3)[1])


def mean_cost(a3, Y):
    """A mean."""
    return np.array(np.sum(_terms(a3, Y)) / np.shape(a3)[1])


def total_cost(a3, Y):
    """A total."""
    return np.array(np.sum(_terms(a3, Y)))


def predict(X, y, parameters):
    """0 and 1 as integers, and the accuracy."""
    p = (forward_propagation(X, parameters)[0] > 0.5).astype(int)
    print("Accuracy: " + str(np.mean(p[0] == np.ravel(y))))
    return p


def predict_dec(parameters, X):
    """Booleans."""
    return forward_propagation(X, parameters)[0] > 0.5


# ---- beginnings ----------------------------------------------------------------------------------


def _drawn(layer_dims, factor):
    np.random.seed(3)
    parameters = {}
    for number in range(1, len(layer_dims)):
        n, n_prev = layer_dims[number], layer_dims[number - 1]
        parameters[f"W{number}"] = np.random.randn(n, n_prev) * factor(n_prev)
        parameters[f"b{number}"] = np.zeros((n, 1))
    return parameters


def initialize_parameters_root(layer_dims):
    """Over the root of the layer below."""
    return _drawn(layer_dims, lambda n_prev: 1 / np.sqrt(n_prev))


def initialize_parameters_he(layers_dims):
    """He's."""
    return _drawn(layers_dims, lambda n_prev: np.sqrt(2 / n_prev))


def initialize_parameters_he_of(layer_dims):
    """He's, as the helper calls its argument."""
    return initialize_parameters_he(layer_dims)


def initialize_parameters_random(layers_dims):
    """Times 10."""
    return _drawn(layers_dims, lambda n_prev: 10)


def initialize_parameters_zeros(layers_dims):
    """Zeros."""
    parameters = {}
    for number in range(1, len(layers_dims)):
        parameters[f"W{number}"] = np.zeros((layers_dims[number], layers_dims[number - 1]))
        parameters[f"b{number}"] = np.zeros((layers_dims[number], 1))
    return parameters


def load_params_and_grads(seed=1):
    """Draws of fixed shapes."""
    np.random.seed(seed)
    shapes = ((2, 3), (2, 1), (3, 3), (3, 1)) * 2
    return tuple(np.random.randn(*shape) for shape in shapes)


# ---- regularisation ------------------------------------------------------------------------------


def compute_cost_with_regularization(A3, Y, parameters, lambd):
    """With lambd / (2 m) times all W^2."""
    squares = sum(np.sum(parameters[f"W{i}"] ** 2) for i in (1, 2, 3))
    return cost_without_nan(A3, Y) + lambd / (2 * np.shape(A3)[1]) * squares


def backward_propagation_with_regularization(X, Y, cache, lambd):
    """With lambd / m W."""
    grads = backward_propagation(X, Y, cache)
    for number, W in ((1, cache[2]), (2, cache[6]), (3, cache[10])):
        grads[f"dW{number}"] = grads[f"dW{number}"] + lambd / X.shape[1] * W
    return grads


def forward_propagation_with_dropout(X, parameters, keep_prob=0.5):
    """Masks after seed 1."""
    np.random.seed(1)
    W1, b1, W2, b2, W3, b3 = (parameters[k] for k in ("W1", "b1", "W2", "b2", "W3", "b3"))
    Z1 = W1 @ X + b1
    D1 = np.random.rand(*Z1.shape) < keep_prob
    A1 = relu(Z1) * D1 / keep_prob
    Z2 = W2 @ A1 + b2
    D2 = np.random.rand(*Z2.shape) < keep_prob
    A2 = relu(Z2) * D2 / keep_prob
    Z3 = W3 @ A2 + b3
    A3 = sigmoid(Z3)
    return A3, (Z1, D1, A1, W1, b1, Z2, D2, A2, W2, b2, Z3, A3, W3, b3)


def backward_propagation_with_dropout(X, Y, cache, keep_prob):
    """With the masks applied."""
    _, D1, A1, W1, _, _, D2, A2, W2, _, _, A3, W3, _ = cache
    m = X.shape[1]
    dZ3 = A3 - Y
    dA2 = W3.T @ dZ3 * D2 / keep_prob
    dZ2 = dA2 * (A2 > 0)
    dA1 = W2.T @ dZ2 * D1 / keep_prob
    dZ1 = dA1 * (A1 > 0)
    grads = {}
    for number, dZ, A, dA in ((3, dZ3, A2, dA2), (2, dZ2, A1, dA1), (1, dZ1, X, None)):
        grads |= {f"dZ{number}": dZ, f"dW{number}": dZ @ A.T / m}
        grads[f"db{number}"] = dZ.mean(axis=1, keepdims=True)
        if dA is not None:
            grads[f"dA{number - 1}"] = dA
    return grads


# ---- gradient checking ---------------------------------------------------------------------------


def line(x, theta):
    """theta x."""
    return theta * x


def slope_of_line(x, theta):
    """x."""
    return x


def _distance(g, d):
    return np.linalg.norm(g - d) / (np.linalg.norm(g) + np.linalg.norm(d))


def gradient_check(x, theta, epsilon=1e-7, print_msg=False):
    """By a central difference."""
    return _distance(x, (line(x, theta + epsilon) - line(x, theta - epsilon)) / (2 * epsilon))


def forward_propagation_n(X, Y, parameters):
    """The cost and the twelve arrays."""
    a3, cache = forward_propagation(X, parameters)
    return mean_cost(a3, Y), cache


def gradient_check_n(parameters, gradients, X, Y, epsilon=1e-7, print_msg=False):
    """For all numbers of a net."""
    keys = ("W1", "b1", "W2", "b2", "W3", "b3")
    grad, slopes = [], []
    for key in keys:
        grad.append(np.ravel(gradients[f"d{key}"]))
        for place in np.ndindex(parameters[key].shape):
            costs = []
            for sign in 1, -1:
                moved = {name: value.copy() for name, value in parameters.items()}
                moved[key][place] += sign * epsilon
                costs.append(forward_propagation_n(X, Y, moved)[0])
            slopes.append((costs[0] - costs[1]) / (2 * epsilon))
    return _distance(np.concatenate(grad), np.array(slopes))


# ---- optimisation --------------------------------------------------------------------------------


def initialize_velocity(parameters):
    """Zeros."""
    return {f"d{key}": np.zeros_like(value) for key, value in parameters.items()}


def initialize_adam(parameters):
    """Zeros, twice."""
    return initialize_velocity(parameters), initialize_velocity(parameters)


def update_parameters_with_momentum(parameters, grads, v, beta, learning_rate):
    """A mean of the gradients."""
    for key in parameters:
        v[f"d{key}"] = beta * v[f"d{key}"] + (1 - beta) * grads[f"d{key}"]
        parameters[key] = parameters[key] - learning_rate * v[f"d{key}"]
    return parameters, v


def update_parameters_with_adam(parameters, grads, v, s, t, learning_rate=0.01, beta1=0.9,
                                beta2=0.999, epsilon=1e-8):  # fmt: skip
    """Both means, corrected."""
    v_corrected, s_corrected = {}, {}
    for key in parameters:
        d = f"d{key}"
        v[d] = beta1 * v[d] + (1 - beta1) * grads[d]
        s[d] = beta2 * s[d] + (1 - beta2) * grads[d] ** 2
        v_corrected[d], s_corrected[d] = v[d] / (1 - beta1**t), s[d] / (1 - beta2**t)
        step = v_corrected[d] / (np.sqrt(s_corrected[d]) + epsilon)
        parameters[key] = parameters[key] - learning_rate * step
    return parameters, v, s, v_corrected, s_corrected
