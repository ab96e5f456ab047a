"""Build, train and use deep feed-forward networks, with the functions of the course's assignment.

`from ffnn import *` gives a notebook the assignment's own names. A column is an example, parameters
and gradients are plain dicts of NumPy arrays, and the arithmetic is done in C.
"""

from ffnn import datasets as datasets
from ffnn._ffnn import (
    L_model_backward,
    L_model_forward,
    compute_cost,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    update_parameters,
)
from ffnn._ffnn import (
    activations as activations,
)
from ffnn._ffnn import (
    get_num_threads as get_num_threads,
)
from ffnn._ffnn import (
    set_num_threads as set_num_threads,
)
from ffnn.config import show_config as show_config
from ffnn.datasets import load_data
from ffnn.initialize import initialize_parameters, initialize_parameters_deep
from ffnn.plotting import plot_costs, print_mislabeled_images
from ffnn.threadpools import register_threadpoolctl as register_threadpoolctl
from ffnn.training import L_layer_model, predict, two_layer_model

__version__ = "0.1.0"

# The assignment's names and no others; what ffnn adds is reached as ffnn.name.
__all__ = [
    "L_layer_model",
    "L_model_backward",
    "L_model_forward",
    "compute_cost",
    "initialize_parameters",
    "initialize_parameters_deep",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "load_data",
    "plot_costs",
    "predict",
    "print_mislabeled_images",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "two_layer_model",
    "update_parameters",
]
