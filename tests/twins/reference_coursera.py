"""Plain NumPy twins of what ffnn.coursera has beyond the top level of ffnn.

TWINS names the twin of each function of each module; a function that is the very one at the top
level of ffnn has its twin in reference.py. Arguments are trusted.
"""

import numpy as np

import reference
import reference_course_2_runs

# ---- values, costs -------------------------------------------------------------------------------


def sigmoid(x):
    """The value alone."""
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def sigmoid_of_z(z):
    """Week 2's name for the argument."""
    return sigmoid(z)


def literal_terms(A, Y):
    """-(Y log A + (1 - Y) log(1 - A)), with NumPy's warnings."""
    A = np.asarray(A)
    Y = np.asarray(Y).reshape(A.shape).astype(np.float64)
    return -(np.multiply(Y, np.log(A)) + np.multiply(1 - Y, np.log(1 - A)))


def compute_cost(AL, Y):
    """The mean over the examples as a 0-d array."""
    return np.array(literal_terms(AL, Y).sum() / np.shape(AL)[1])


def compute_cost_float(A2, Y, parameters=None):
    """The same as a Python float; week 3 passed parameters once."""
    return float(compute_cost(A2, Y))


# ---- parameters ----------------------------------------------------------------------------------


def initialize_parameters(n_x, n_h, n_y):
    """Seed 1, as week 4 has it."""
    np.random.seed(1)
    return reference.initialize_parameters(n_x, n_h, n_y)


def initialize_parameters_deep(layer_dims):
    """Seed 1 and the root, as the application's helper has it."""
    np.random.seed(1)
    return reference.initialize_parameters_deep(layer_dims)


def initialize_parameters_deep_small(layer_dims):
    """Seed 3 and 0.01, as the step-by-step notebook has it."""
    np.random.seed(3)
    parameters = {}
    for number in range(1, len(layer_dims)):
        shape = layer_dims[number], layer_dims[number - 1]
        parameters[f"W{number}"] = np.random.randn(*shape) * 0.01
        parameters[f"b{number}"] = np.zeros((shape[0], 1))
    return parameters


def update_parameters(params, grads, learning_rate):
    """A new dict of new arrays."""
    return {key: value - learning_rate * grads["d" + key] for key, value in params.items()}


def L_model_backward(AL, Y, caches):
    """The index of each dA one too high."""
    grads = reference.L_model_backward(AL, Y, caches)
    return {
        f"dA{int(key[2:]) + 1}" if key[:2] == "dA" else key: value for key, value in grads.items()
    }


# ---- week 2 --------------------------------------------------------------------------------------


def initialize_with_zeros(dim):
    """A column of zeros, and the number 0.0."""
    return np.zeros((dim, 1)), 0.0


def propagate(w, b, X, Y):
    """Cost and gradients of one sigmoid unit."""
    A = sigmoid(np.dot(w.T, X) + b)
    dZ = A - np.reshape(Y, A.shape)
    m = X.shape[1]
    return {"dw": np.dot(X, dZ.T) / m, "db": np.sum(dZ) / m}, compute_cost(A, Y)


def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009, print_cost=False):
    """Gradient descent; the cost every 100 iterations."""
    costs = []
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        w, b = w - learning_rate * grads["dw"], b - learning_rate * grads["db"]
        if i % 100 == 0:
            costs.append(cost)
            if print_cost:
                print(f"Cost after iteration {i}: {cost:f}")
    return {"w": w, "b": b}, grads, costs


def predict_unit(w, b, X):
    """0.0 or 1.0 for each example."""
    A = sigmoid(np.dot(w.reshape(X.shape[0], 1).T, X) + b)
    return (A > 0.5).astype(np.float64)


def model(
    X_train, Y_train, X_test, Y_test, num_iterations=2000, learning_rate=0.5, print_cost=False
):
    """From zeros to the predictions for both sets."""
    w, b = initialize_with_zeros(X_train.shape[0])
    params, _, costs = optimize(w, b, X_train, Y_train, num_iterations, learning_rate, print_cost)
    on_test = predict_unit(params["w"], params["b"], X_test)
    on_train = predict_unit(params["w"], params["b"], X_train)
    if print_cost:
        for name, said, labels in (("train", on_train, Y_train), ("test", on_test, Y_test)):
            print(f"{name} accuracy: {100 - np.mean(np.abs(said - labels)) * 100} %")
    return {
        "costs": costs,
        "Y_prediction_test": on_test,
        "Y_prediction_train": on_train,
        "w": params["w"],
        "b": params["b"],
        "learning_rate": learning_rate,
        "num_iterations": num_iterations,
    }


# ---- week 3 --------------------------------------------------------------------------------------


def layer_sizes(X, Y):
    """Rows of X, four, rows of Y."""
    return X.shape[0], 4, Y.shape[0]


def forward_propagation(X, parameters):
    """tanh, then sigmoid."""
    W1, b1, W2, b2 = (parameters[key] for key in ("W1", "b1", "W2", "b2"))
    Z1 = np.dot(W1, X) + b1
    A1 = np.tanh(Z1)
    Z2 = np.dot(W2, A1) + b2
    A2 = sigmoid(Z2)
    return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}


def backward_propagation(parameters, cache, X, Y):
    """From A1 and A2 alone."""
    A1, A2, m = cache["A1"], cache["A2"], X.shape[1]
    dZ2 = A2 - np.reshape(Y, A2.shape)
    dZ1 = np.dot(parameters["W2"].T, dZ2) * (1 - A1**2)
    return {
        "dW1": np.dot(dZ1, X.T) / m,
        "db1": np.sum(dZ1, axis=1, keepdims=True) / m,
        "dW2": np.dot(dZ2, A1.T) / m,
        "db2": np.sum(dZ2, axis=1, keepdims=True) / m,
    }


def update_parameters_fast(parameters, grads, learning_rate=1.2):
    """Week 3's default rate."""
    return update_parameters(parameters, grads, learning_rate)


def nn_model(X, Y, n_h, num_iterations=10000, print_cost=False, *, seed=3):
    """Seed, draw, descend; the cost every 1000 iterations."""
    if seed is not None:
        np.random.seed(seed)
    parameters = reference.initialize_parameters(X.shape[0], n_h, Y.shape[0])
    for i in range(num_iterations):
        A2, cache = forward_propagation(X, parameters)
        if print_cost and i % 1000 == 0:
            print(f"Cost after iteration {i}: {compute_cost_float(A2, Y):f}")
        grads = backward_propagation(parameters, cache, X, Y)
        parameters = update_parameters_fast(parameters, grads)
    return parameters


def predict_bool(parameters, X):
    """True where the output is above 0.5."""
    return forward_propagation(X, parameters)[0] > 0.5


def load_planar_dataset():
    """Two flowers of radius 4 sin(4 t), both blurred."""
    np.random.seed(1)
    X, Y = np.zeros((400, 2)), np.zeros((400, 1), dtype="uint8")
    for j in range(2):
        rows = range(200 * j, 200 * (j + 1))
        t = np.linspace(j * 3.12, (j + 1) * 3.12, 200) + np.random.randn(200) * 0.2
        r = 4 * np.sin(4 * t) + np.random.randn(200) * 0.2
        X[rows] = np.c_[r * np.sin(t), r * np.cos(t)]
        Y[rows] = j
    return X.T, Y.T


def load_extra_datasets():
    """Five pairs by scikit-learn, from the generator as it stands."""
    from sklearn import datasets

    return (
        datasets.make_circles(n_samples=200, factor=0.5, noise=0.3),
        datasets.make_moons(n_samples=200, noise=0.2),
        datasets.make_blobs(n_samples=200, random_state=5, n_features=2, centers=6),
        datasets.make_gaussian_quantiles(cov=0.5, n_samples=200, n_features=2, n_classes=2),
        (np.random.rand(200, 2), np.random.rand(200, 2)),
    )


def plot_decision_boundary(model, X, y, *, ax=None):
    """A filled contour on a grid of step 0.01, one wider than the data all round."""
    from matplotlib import pyplot

    axes = pyplot.gca() if ax is None else ax
    sides = [np.arange(row.min() - 1, row.max() + 1, 0.01) for row in X]
    xx, yy = np.meshgrid(*sides)
    axes.contourf(xx, yy, model(np.c_[xx.ravel(), yy.ravel()]).reshape(xx.shape), cmap="Spectral")
    axes.scatter(X[0], X[1], c=np.ravel(y), cmap="Spectral")


def plot_costs(costs, learning_rate=0.0075):
    """The costs against their number, with the notebook's labels."""
    reference.plot_costs(costs, learning_rate, xlabel="iterations (per hundreds)")


def print_mislabeled_images(classes, X, y, p):
    """The images whose predictions differ from their labels, in one row; no axes come back."""
    reference.print_mislabeled_images(classes, X, y, p)


def load_dataset():
    """The cat pictures of the folder `datasets`."""
    return reference.load_data()


TWINS = {
    **reference_course_2_runs.TWINS,
    "application": {"plot_costs": plot_costs},
    "dnn_app_utils_v2": {
        "L_model_backward": L_model_backward,
        "compute_cost": compute_cost,
        "initialize_parameters": initialize_parameters,
        "initialize_parameters_deep": initialize_parameters_deep,
        "print_mislabeled_images": print_mislabeled_images,
    },
    "dnn_app_utils_v3": {
        "compute_cost": compute_cost,
        "initialize_parameters": initialize_parameters,
        "initialize_parameters_deep": initialize_parameters_deep,
        "print_mislabeled_images": print_mislabeled_images,
    },
    "lr_utils": {"load_dataset": load_dataset},
    "planar_utils": {
        "load_extra_datasets": load_extra_datasets,
        "load_planar_dataset": load_planar_dataset,
        "plot_decision_boundary": plot_decision_boundary,
        "sigmoid": sigmoid,
    },
    "logistic_regression": {
        "initialize_with_zeros": initialize_with_zeros,
        "model": model,
        "optimize": optimize,
        "predict": predict_unit,
        "propagate": propagate,
        "sigmoid": sigmoid_of_z,
    },
    "planar_classification": {
        "backward_propagation": backward_propagation,
        "compute_cost": compute_cost_float,
        "forward_propagation": forward_propagation,
        "layer_sizes": layer_sizes,
        "nn_model": nn_model,
        "predict": predict_bool,
        "update_parameters": update_parameters_fast,
    },
    "step_by_step": {
        "compute_cost": compute_cost,
        "initialize_parameters": initialize_parameters,
        "initialize_parameters_deep": initialize_parameters_deep_small,
        "update_parameters": update_parameters,
    },
}
