"""Build, train and use deep feed-forward networks, with the functions of the course's assignment.

`from ffnn import *` gives a notebook the assignment's own names; all others are ffnn.name. A column
is an example, parameters and gradients are plain dicts of NumPy arrays, and the arithmetic is done
in C.

===============  ===================================================================================
train            train; the assignment's models: two_layer_model, L_layer_model
predict          predict_classes, predict_proba, predictor, predict_interval; the assignment's:
                 predict
begin            initialize_parameters, initialize_parameters_deep
forward          linear_forward, linear_activation_forward, L_model_forward, compute_cost
backward         linear_backward, linear_activation_backward, L_model_backward, update_parameters
activate         sigmoid, relu, sigmoid_backward, relu_backward
choose by name   activations, costs, optimizers
learning rates   update_lr, schedule_lr_decay, cosine_lr_decay
mini-batches     random_mini_batches
your own loop    cost_and_gradients, parameters_to_vector, vector_to_parameters
check gradients  gradient_check, dictionary_to_vector, gradients_to_vector, vector_to_dictionary
draw             plot_costs, plot_history, plot_decision_boundary, plot_weights,
                 print_mislabeled_images; a net as a table: summary
parameters       NetParameters, a dict that knows its net's activations
files            save_parameters, load_parameters, save_checkpoint, load_checkpoint
export           to_onnx, from_onnx; as C: to_c; PyTorch's: to_state_dict, from_state_dict
data             datasets.load_digits; the assignment's: load_data
the machine      show_config, get_num_threads, set_num_threads, get_reproducible,
                 set_reproducible, register_threadpoolctl
scikit-learn     MLPClassifier, MLPRegressor, from_sklearn: rows are examples there
a cluster        dask.train, dask.predict_proba, dask.MLPClassifier, dask.MLPRegressor: on Dask's
                 arrays, by the workers of a client; import ffnn.dask
other courses    coursera: the helper files and notebooks of courses 1 and 2, edition by edition
===============  ===================================================================================
"""

from ffnn import coursera as coursera, datasets as datasets
from ffnn._assignment_models import L_layer_model, two_layer_model
from ffnn._c_source import to_c as to_c
from ffnn._checkpoints import (
    load_checkpoint as load_checkpoint,
    save_checkpoint as save_checkpoint,
)
from ffnn._config import show_config as show_config
from ffnn._ffnn import (
    L_model_backward,
    L_model_forward,
    activations as activations,
    compute_cost,
    cost_and_gradients as cost_and_gradients,
    costs as costs,
    get_num_threads as get_num_threads,
    get_reproducible as get_reproducible,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
    optimizers as optimizers,
    predict_proba as predict_proba,
    predictor as predictor,
    relu,
    relu_backward,
    set_num_threads as set_num_threads,
    set_reproducible as set_reproducible,
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
from ffnn._intervals import predict_interval as predict_interval
from ffnn._mini_batches import random_mini_batches as random_mini_batches
from ffnn._onnx_read import from_onnx as from_onnx
from ffnn._onnx_write import to_onnx as to_onnx
from ffnn._parameters import NetParameters as NetParameters
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
from ffnn._sources import rows as rows
from ffnn._state_dict import (
    from_state_dict as from_state_dict,
    to_state_dict as to_state_dict,
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


# These come when they are asked for, and bring scikit-learn with them.
_ESTIMATORS = ("MLPClassifier", "MLPRegressor", "from_sklearn")
_INNER = ("dask", "estimators")  # modules that stand among the names once they are imported


def __getattr__(name: str) -> object:
    if name == "dask":  # which comes in the same way
        from importlib import import_module

        return import_module("ffnn.dask")
    if name not in _ESTIMATORS:
        raise AttributeError(f"module 'ffnn' has no attribute {name!r}")
    from ffnn import estimators

    return getattr(estimators, name)


def __dir__() -> list[str]:
    """Return what there is to use; inner files begin with an underscore.

    The estimators are among it where scikit-learn is installed: help(ffnn) asks for each name.
    """
    from importlib.util import find_spec

    names = [name for name in globals() if not name.startswith("_") and name not in _INNER]
    lazy = _ESTIMATORS if find_spec("sklearn") else ()
    return sorted(["__version__", *lazy, *names])
