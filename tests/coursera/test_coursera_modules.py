"""The modules of ffnn.coursera: their names, signatures, twins and docstrings, and their extras."""

import importlib
import inspect
import re
import subprocess
import sys
from doctest import DocTestParser
from types import ModuleType

import pytest

import ffnn
import reference
import reference_coursera
from ffnn import coursera

# The arguments of the courses' own files: what may be left out comes with its default.
WEEK_4 = "sigmoid(Z) relu(Z) sigmoid_backward(dA,cache) relu_backward(dA,cache)"
RUN = "learning_rate=0.0075,num_iterations=3000,print_cost=False"
APPLICATION = f"""
    {WEEK_4} load_data() initialize_parameters(n_x,n_h,n_y) initialize_parameters_deep(layer_dims)
    linear_forward(A,W,b) linear_activation_forward(A_prev,W,b,activation)
    L_model_forward(X,parameters) compute_cost(AL,Y) linear_backward(dZ,cache)
    linear_activation_backward(dA,cache,activation) L_model_backward(AL,Y,caches)
    update_parameters(parameters,grads,learning_rate) predict(X,y,parameters)
    print_mislabeled_images(classes,X,y,p)
"""
FILES = {
    "dnn_utils": (WEEK_4, "np"),
    "dnn_utils_v2": (WEEK_4, "np"),
    "dnn_app_utils_v2": (APPLICATION, "np plt h5py"),
    "dnn_app_utils_v3": (APPLICATION, "np plt h5py"),
    "lr_utils": ("load_dataset()", "np h5py"),
    "planar_utils": (
        "plot_decision_boundary(model,X,y) sigmoid(x) load_planar_dataset() load_extra_datasets()",
        "np plt sklearn",
    ),
    "application": (
        f"""two_layer_model(X,Y,layers_dims,{RUN}) L_layer_model(X,Y,layers_dims,{RUN})
        plot_costs(costs,learning_rate=0.0075)""",
        "",
    ),
    "step_by_step": (
        f"""{WEEK_4} initialize_parameters(n_x,n_h,n_y) initialize_parameters_deep(layer_dims)
        linear_forward(A,W,b) linear_activation_forward(A_prev,W,b,activation)
        L_model_forward(X,parameters) compute_cost(AL,Y) linear_backward(dZ,cache)
        linear_activation_backward(dA,cache,activation) L_model_backward(AL,Y,caches)
        update_parameters(params,grads,learning_rate)""",
        "",
    ),
    "logistic_regression": (
        """sigmoid(z) initialize_with_zeros(dim) propagate(w,b,X,Y)
        optimize(w,b,X,Y,num_iterations=100,learning_rate=0.009,print_cost=False) predict(w,b,X)
        model(X_train,Y_train,X_test,Y_test,num_iterations=2000,learning_rate=0.5,print_cost=False)
        """,
        "",
    ),
    "planar_classification": (
        """layer_sizes(X,Y) initialize_parameters(n_x,n_h,n_y) forward_propagation(X,parameters)
        compute_cost(A2,Y) backward_propagation(parameters,cache,X,Y)
        update_parameters(parameters,grads,learning_rate=1.2)
        nn_model(X,Y,n_h,num_iterations=10000,print_cost=False) predict(parameters,X)""",
        "",
    ),
}
PREDICT = "predict(X,y,parameters) predict_dec(parameters,X) plot_decision_boundary(model,X,y)"
STEP = "backward_propagation(X,Y,cache) update_parameters(parameters,grads,learning_rate)"
WEEK_2 = f"""
    sigmoid(x) relu(x) load_params_and_grads(seed=1) initialize_parameters(layer_dims)
    compute_cost(a3,Y) forward_propagation(X,parameters) backward_propagation(X,Y,cache) {PREDICT}
    load_2D_dataset(is_plot=True) load_dataset(is_plot=True)
"""
BATCHES = "mini_batch_size=64,beta=0.9"
ADAM = "beta1=0.9,beta2=0.999,epsilon=1e-08"
END = "num_epochs=5000,print_cost=True,decay=None,decay_rate=1"
FILES |= {
    "init_utils": (
        f"""sigmoid(x) relu(x) forward_propagation(X,parameters) {STEP} compute_loss(a3,Y) {PREDICT}
        load_cat_dataset() load_dataset()""",
        "np plt h5py sklearn",
    ),
    "reg_utils": (
        f"""sigmoid(x) relu(x) forward_propagation(X,parameters) {STEP} compute_cost(a3,Y) {PREDICT}
        initialize_parameters(layer_dims) load_planar_dataset(seed) load_dataset()
        load_2D_dataset()""",
        "np plt h5py sklearn scipy",
    ),
    "gc_utils": (
        """sigmoid(x) relu(x) dictionary_to_vector(parameters) vector_to_dictionary(theta)
        gradients_to_vector(gradients)""",
        "np",
    ),
    "opt_utils": (WEEK_2, "np plt h5py sklearn scipy"),
    "opt_utils_v1a": (WEEK_2, "np plt h5py sklearn scipy"),
    "initialization": (
        """initialize_parameters_zeros(layers_dims) initialize_parameters_random(layers_dims)
        initialize_parameters_he(layers_dims)
        model(X,Y,learning_rate=0.01,num_iterations=15000,print_cost=True,initialization='he')""",
        "",
    ),
    "regularization": (
        """model(X,Y,learning_rate=0.3,num_iterations=30000,print_cost=True,lambd=0,keep_prob=1)
        compute_cost_with_regularization(A3,Y,parameters,lambd)
        backward_propagation_with_regularization(X,Y,cache,lambd)
        forward_propagation_with_dropout(X,parameters,keep_prob=0.5)
        backward_propagation_with_dropout(X,Y,cache,keep_prob)""",
        "",
    ),
    "gradient_checking": (
        """forward_propagation(x,theta) backward_propagation(x,theta)
        gradient_check(x,theta,epsilon=1e-07,print_msg=False) forward_propagation_n(X,Y,parameters)
        backward_propagation_n(X,Y,cache)
        gradient_check_n(parameters,gradients,X,Y,epsilon=1e-07,print_msg=False)""",
        "",
    ),
    "optimization": (
        f"""update_parameters_with_gd(parameters,grads,learning_rate)
        random_mini_batches(X,Y,mini_batch_size=64,seed=0) initialize_velocity(parameters)
        update_parameters_with_momentum(parameters,grads,v,beta,learning_rate)
        initialize_adam(parameters)
        update_parameters_with_adam(parameters,grads,v,s,t,learning_rate=0.01,{ADAM})
        update_lr(learning_rate0,epoch_num,decay_rate)
        schedule_lr_decay(learning_rate0,epoch_num,decay_rate,time_interval=1000)
        model(X,Y,layers_dims,optimizer,learning_rate=0.0007,{BATCHES},{ADAM},{END})
        """,
        "",
    ),
}
SIGNATURES = [
    (module, *signature.rstrip(")").split("("))
    for module, (functions, _) in FILES.items()
    for signature in functions.split()
]
EACH = pytest.mark.parametrize(("module", "name", "arguments"), SIGNATURES)
# Their examples would need files, or matplotlib.
WITHOUT_EXAMPLE = {
    "load_2D_dataset",
    "load_cat_dataset",
    "load_dataset",
    "load_extra_datasets",
    "plot_costs",
    "plot_decision_boundary",
    "print_mislabeled_images",
}


def named(module):
    return importlib.import_module(f"ffnn.coursera.{module}")


def is_top_level(module, name):
    return getattr(named(module), name) is getattr(ffnn, name, None)


@pytest.mark.parametrize("module", FILES)
def test_a_module_has_what_its_file_has(module):
    functions, imports = FILES[module]
    expected = {signature.split("(")[0] for signature in functions.split()} | {*imports.split()}
    namespace = {}
    exec(f"from ffnn.coursera.{module} import *", namespace)
    assert set(namespace) - {"__builtins__"} == expected == set(named(module).__all__)


def test_modules_are_attributes_of_the_package():
    assert {*coursera.HELPER_FILES, *coursera.NOTEBOOKS} >= set(FILES)
    for name in (*coursera.HELPER_FILES, *coursera.NOTEBOOKS):
        assert getattr(coursera, name) is named(name)
        assert name in dir(coursera)
    with pytest.raises(AttributeError, match="dnn_app_utils_v9"):
        _ = coursera.dnn_app_utils_v9


@EACH
def test_arguments_are_those_of_the_file(module, name, arguments):
    """By position, in that order; what ffnn adds may be left out."""
    parameters = list(inspect.signature(getattr(named(module), name)).parameters.values())
    expected = [argument.partition("=") for argument in arguments.split(",") if argument]
    for parameter, (argument, has_default, default) in zip(parameters, expected, strict=False):
        assert parameter.name == argument
        assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        assert (parameter.default is parameter.empty) == (not has_default)
        assert not has_default or repr(parameter.default) == default
    assert len(parameters) >= len(expected)
    more = parameters[len(expected) :]
    assert all(p.default is not p.empty or p.kind is p.VAR_KEYWORD for p in more)


@EACH
def test_has_a_twin(module, name, arguments):
    if is_top_level(module, name):
        assert callable(getattr(reference, name))
        return
    twin = reference_coursera.TWINS[module][name]
    ours = inspect.signature(getattr(named(module), name)).parameters.values()
    theirs = inspect.signature(twin).parameters.values()
    assert [(p.name, p.kind, p.default) for p in ours] == [
        (p.name, p.kind, p.default) for p in theirs
    ]


@EACH
def test_a_docstring_says_it_all(module, name, arguments):
    function = getattr(named(module), name)
    doc = inspect.getdoc(function)
    assert re.match(r"[A-Z][a-z]+\b.*\.$", doc.splitlines()[0]), doc
    if not is_top_level(module, name):
        for argument in inspect.signature(function).parameters:
            assert re.search(rf"\b{argument}\b", doc), argument
        examples = DocTestParser().get_examples(doc)
        assert examples or name in WITHOUT_EXAMPLE


# ---- extras --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [name for name in FILES if FILES[name][1]])
def test_extras_are_modules_that_come_when_used(module):
    for name, probe in (("plt", "gca"), ("h5py", "File"), ("sklearn", "datasets")):
        extra = getattr(named(module), name, None)
        if extra is None:
            continue
        assert isinstance(extra, ModuleType) and inspect.unwrap(extra) is extra
        real = pytest.importorskip(extra.__name__)
        assert getattr(extra, probe) is getattr(real, probe)
        assert probe in dir(extra)
        with pytest.raises(AttributeError):
            _ = extra.no_such_name


@pytest.mark.process
def test_modules_need_no_extra_before_it_is_used():
    code = """
import sys
missing = ["matplotlib", "h5py", "sklearn", "scipy"]
sys.modules.update(dict.fromkeys(missing))
import ffnn
ffnn.coursera.install()
from dnn_app_utils_v3 import *
from planar_utils import *
X, Y = load_planar_dataset()
for use in (lambda: plt.plot, lambda: h5py.File, lambda: h5py.__version__, load_extra_datasets,
            lambda: sklearn.datasets, lambda: plot_decision_boundary(lambda x: x[:, 0], X, Y),
            load_data, ffnn.coursera.lr_utils.load_dataset):
    try:
        use()
    except ImportError as error:
        print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "matplotlib.pyplot: matplotlib is missing: pip install 'ffnn[plot]'",
        "h5py: h5py is missing: pip install 'ffnn[data]'",
        "h5py: h5py is missing: pip install 'ffnn[data]'",
        "sklearn: scikit-learn is missing: pip install 'ffnn[data]'",
        "sklearn: scikit-learn is missing: pip install 'ffnn[data]'",
        "matplotlib.pyplot: matplotlib is missing: pip install 'ffnn[plot]'",
        "load_data: reading .h5 files needs h5py: pip install 'ffnn[data]'",
        "load_dataset: reading .h5 files needs h5py: pip install 'ffnn[data]'",
    ]


@pytest.mark.process
def test_extras_stay_where_they_are():
    code = """
import sys, ffnn
ffnn.coursera.install()
from dnn_app_utils_v3 import *
from planar_utils import *
print(*{"matplotlib", "h5py", "scipy", "sklearn"} & set(sys.modules))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
