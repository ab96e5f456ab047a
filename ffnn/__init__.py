"""Build, train and use deep feed-forward networks, with the functions of the course's assignment.

`from ffnn import *` gives a notebook the assignment's own names. A column is an example, parameters
and gradients are plain dicts of NumPy arrays, and the arithmetic is done in C.
"""

from ffnn import coursera as coursera, datasets as datasets
from ffnn._assignment_models import L_layer_model, two_layer_model
from ffnn._config import show_config as show_config
from ffnn._ffnn import (
    L_model_backward,
    L_model_forward,
    activations as activations,
    compute_cost,
    cost_and_gradients as cost_and_gradients,
    costs as costs,
    get_num_threads as get_num_threads,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    optimizers as optimizers,
    predict_proba as predict_proba,
    relu,
    relu_backward,
    set_num_threads as set_num_threads,
    sigmoid,
    sigmoid_backward,
    update_parameters,
)
from ffnn._files import load_parameters as load_parameters, save_parameters as save_parameters
from ffnn._gradient_check import (
    dictionary_to_vector as dictionary_to_vector,
    gradient_check as gradient_check,
    gradients_to_vector as gradients_to_vector,
    vector_to_dictionary as vector_to_dictionary,
)
from ffnn._initializers import initialize_parameters, initialize_parameters_deep
from ffnn._mini_batches import random_mini_batches as random_mini_batches
from ffnn._plot_assignment import plot_costs, print_mislabeled_images
from ffnn._plot_nets import (
    plot_decision_boundary as plot_decision_boundary,
    plot_history as plot_history,
    plot_weights as plot_weights,
)
from ffnn._prediction import predict, predict_classes as predict_classes
from ffnn._schedules import (
    cosine_lr_decay as cosine_lr_decay,
    schedule_lr_decay as schedule_lr_decay,
    update_lr as update_lr,
)
from ffnn._summary import summary as summary
from ffnn._threads import register_threadpoolctl as register_threadpoolctl
from ffnn._train import train as train
from ffnn._vectors import (
    parameters_to_vector as parameters_to_vector,
    vector_to_parameters as vector_to_parameters,
)
from ffnn.datasets import load_data

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
