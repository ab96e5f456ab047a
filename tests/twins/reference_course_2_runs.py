"""Course 2's whole runs and data in plain NumPy; TWINS names all its twins by module."""

import numpy as np

import reference
from reference_course_2 import (
    backward_propagation,
    backward_propagation_divided,
    backward_propagation_with_dropout,
    backward_propagation_with_regularization,
    compute_cost_with_regularization,
    cost_without_nan,
    forward_propagation,
    forward_propagation_n,
    forward_propagation_with_dropout,
    gradient_check,
    gradient_check_n,
    initialize_adam,
    initialize_parameters_he,
    initialize_parameters_he_of,
    initialize_parameters_random,
    initialize_parameters_root,
    initialize_parameters_zeros,
    initialize_velocity,
    line,
    load_params_and_grads,
    mean_cost,
    predict,
    predict_dec,
    relu,
    sigmoid,
    slope_of_line,
    total_cost,
    update_parameters,
    update_parameters_with_adam,
    update_parameters_with_momentum,
)

# ---- whole runs ----------------------------------------------------------------------------------


def model_initialization(X, Y, learning_rate=0.01, num_iterations=15000, print_cost=True,
                         initialization="he"):  # fmt: skip
    """Full batches; the literal cost every 1000."""
    begin = {"zeros": initialize_parameters_zeros, "random": initialize_parameters_random,
             "he": initialize_parameters_he}[initialization]  # fmt: skip
    parameters = begin([X.shape[0], 10, 5, 1])
    for i in range(num_iterations):
        a3, cache = forward_propagation(X, parameters)
        if print_cost and i % 1000 == 0:
            print(f"Cost after iteration {i}: {cost_without_nan(a3, Y)}")
        update_parameters(parameters, backward_propagation_divided(X, Y, cache), learning_rate)
    return parameters


def model_regularization(X, Y, learning_rate=0.3, num_iterations=30000, print_cost=True, lambd=0,
                         keep_prob=1):  # fmt: skip
    """Full batches, L2 or dropout; the literal cost every 10,000."""
    parameters = initialize_parameters_root([X.shape[0], 20, 3, 1])
    for i in range(num_iterations):
        if keep_prob == 1:
            a3, cache = forward_propagation(X, parameters)
            grads = backward_propagation_with_regularization(X, Y, cache, lambd)
        else:
            a3, cache = forward_propagation_with_dropout(X, parameters, keep_prob)
            grads = backward_propagation_with_dropout(X, Y, cache, keep_prob)
        if print_cost and i % 10000 == 0:
            cost = compute_cost_with_regularization(a3, Y, parameters, lambd)
            print(f"Cost after iteration {i}: {cost if lambd else cost_without_nan(a3, Y)}")
        update_parameters(parameters, grads, learning_rate)
    return parameters


def model_optimization(X, Y, layers_dims, optimizer, learning_rate=0.0007, mini_batch_size=64,
                       beta=0.9, beta1=0.9, beta2=0.999, epsilon=1e-8, num_epochs=5000,
                       print_cost=True, decay=None, decay_rate=1):  # fmt: skip
    """Mini-batches, whose seed begins at 10 and grows by one."""
    parameters, seed, t, rate = initialize_parameters_he(layers_dims), 10, 0, learning_rate
    v, s = initialize_adam(parameters)
    for i in range(num_epochs):
        seed, total = seed + 1, 0
        for batch_X, batch_Y in reference.random_mini_batches(X, Y, mini_batch_size, seed):
            a3, cache = forward_propagation(batch_X, parameters)
            total, t = total + total_cost(a3, batch_Y), t + 1
            grads = backward_propagation_divided(batch_X, batch_Y, cache)
            if optimizer == "gd":
                update_parameters(parameters, grads, rate)
            elif optimizer == "momentum":
                update_parameters_with_momentum(parameters, grads, v, beta, rate)
            else:
                update_parameters_with_adam(
                    parameters, grads, v, s, t, rate, beta1, beta2, epsilon
                )  # fmt: skip
        if decay:
            rate = decay(learning_rate, i, decay_rate)
        if print_cost and i % 1000 == 0:
            print(f"Cost after epoch {i}: {total / X.shape[1]:f}")
            if decay:
                print(f"learning rate after epoch {i}: {rate:f}")
    return parameters


# ---- data ----------------------------------------------------------------------------------------


def _pair(points, labels):
    return points.T, labels.reshape(1, -1)


def load_circles():
    """scikit-learn's circles, after seeds 1 and 2."""
    from sklearn.datasets import make_circles

    np.random.seed(1)
    train = _pair(*make_circles(n_samples=300, noise=0.05))
    np.random.seed(2)
    return (*train, *_pair(*make_circles(n_samples=100, noise=0.05)))


def load_moons(is_plot=True):
    """scikit-learn's moons, after seed 3."""
    from sklearn.datasets import make_moons

    np.random.seed(3)
    return _pair(*make_moons(n_samples=300, noise=0.2))


def load_planar_dataset(seed):
    """The flower of a seed."""
    np.random.seed(seed)
    X, Y = np.zeros((400, 2)), np.zeros((400, 1), np.uint8)
    for label in 0, 1:
        mine = slice(200 * label, 200 * (label + 1))
        t = np.linspace(label * 3.12, (label + 1) * 3.12, 200) + np.random.randn(200) * 0.2
        r = 4 * np.sin(4 * t) + np.random.randn(200) * 0.2
        X[mine], Y[mine] = np.column_stack([r * np.sin(t), r * np.cos(t)]), label
    return X.T, Y.T


def load_2D_dataset():
    """datasets/data.mat."""
    from scipy.io import loadmat

    data = loadmat("datasets/data.mat")
    return tuple(data[key].T for key in ("X", "y", "Xval", "yval"))


def load_2D_dataset_quietly(is_plot=True):
    """The same with the argument of week 2."""
    return load_2D_dataset()


def load_cat_dataset():
    """The cat pictures, flattened and from 0 to 1."""
    train_x, train_y, test_x, test_y, classes = reference.load_data()
    flat = [x.reshape(len(x), -1).T / 255 for x in (train_x, test_x)]
    return flat[0], train_y, flat[1], test_y, classes


def plot_decision_boundary(model, X, y, *, ax=None):
    """Contours of the model on a grid."""
    import matplotlib.pyplot as plt

    ax = ax or plt.gca()
    grid = [np.arange(row.min() - 1, row.max() + 1, 0.01) for row in X]
    across, up = np.meshgrid(*grid)
    Z = model(np.column_stack([across.ravel(), up.ravel()])).reshape(across.shape)
    ax.contourf(across, up, Z, cmap="Spectral")
    ax.scatter(*X, c=np.ravel(y), cmap="Spectral")


_VALUES = {"relu": relu, "sigmoid": sigmoid, "plot_decision_boundary": plot_decision_boundary}
_NET = {"forward_propagation": forward_propagation, "predict": predict, "predict_dec": predict_dec}
_OPT = {
    **_VALUES,
    **_NET,
    "backward_propagation": backward_propagation_divided,
    "initialize_parameters": initialize_parameters_he_of,
    "load_2D_dataset": load_2D_dataset_quietly,
    "load_dataset": load_moons,
    "load_params_and_grads": load_params_and_grads,
}
TWINS = {
    "gc_utils": _VALUES,
    "init_utils": {
        **_VALUES,
        **_NET,
        "backward_propagation": backward_propagation_divided,
        "compute_loss": cost_without_nan,
        "load_cat_dataset": load_cat_dataset,
        "load_dataset": load_circles,
        "update_parameters": update_parameters,
    },
    "reg_utils": {
        **_VALUES,
        **_NET,
        "backward_propagation": backward_propagation,
        "compute_cost": cost_without_nan,
        "initialize_parameters": initialize_parameters_root,
        "load_2D_dataset": load_2D_dataset,
        "load_dataset": load_circles,
        "load_planar_dataset": load_planar_dataset,
        "update_parameters": update_parameters,
    },
    "opt_utils": {**_OPT, "compute_cost": mean_cost},
    "opt_utils_v1a": {**_OPT, "compute_cost": total_cost},
    "initialization": {
        "initialize_parameters_he": initialize_parameters_he,
        "initialize_parameters_random": initialize_parameters_random,
        "initialize_parameters_zeros": initialize_parameters_zeros,
        "model": model_initialization,
    },
    "regularization": {
        "backward_propagation_with_dropout": backward_propagation_with_dropout,
        "backward_propagation_with_regularization": backward_propagation_with_regularization,
        "compute_cost_with_regularization": compute_cost_with_regularization,
        "forward_propagation_with_dropout": forward_propagation_with_dropout,
        "model": model_regularization,
    },
    "gradient_checking": {
        "backward_propagation": slope_of_line,
        "backward_propagation_n": backward_propagation,
        "forward_propagation": line,
        "forward_propagation_n": forward_propagation_n,
        "gradient_check": gradient_check,
        "gradient_check_n": gradient_check_n,
    },
    "optimization": {
        "initialize_adam": initialize_adam,
        "initialize_velocity": initialize_velocity,
        "model": model_optimization,
        "update_parameters_with_adam": update_parameters_with_adam,
        "update_parameters_with_gd": update_parameters,
        "update_parameters_with_momentum": update_parameters_with_momentum,
    },
}
