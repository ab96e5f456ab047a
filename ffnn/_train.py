"""Training of any network, in batches or with all examples at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from numpy.typing import ArrayLike

from ffnn._checks import check_layer_dims, suggest_keywords
from ffnn._initializers import Parameters
from ffnn._plan import make_plan
from ffnn._run import Run

__all__ = ["train"]


@suggest_keywords
def train(
    X: ArrayLike,
    Y: ArrayLike,
    layer_dims: Any = None,
    *,
    parameters: Parameters | None = None,
    optimizer_state: dict[str, Any] | None = None,
    seed: int | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    hidden_activation: str | Sequence[str] | None = None,
    output_activation: str | None = None,
    cost: str | None = None,
    quantile: float | None = None,
    initialization: str | None = None,
    optimizer: str = "adam",
    learning_rate: float | Callable[[int], float] | None = None,
    decay: Callable[[float, int, float], float] | None = None,
    decay_rate: float | None = None,
    beta: float | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    epsilon: float | None = None,
    weight_decay: float | None = None,
    history_size: int | None = None,
    tol: float | None = None,
    cost_tol: float | None = None,
    max_evaluations: int | None = None,
    bayesian: bool | None = None,
    lambd: float = 0.0,
    keep_prob: float | Sequence[float] = 1.0,
    clip_norm: float | None = None,
    num_epochs: int = 100,
    mini_batch_size: int | Literal["all"] | None = None,
    shuffle: bool | Literal["blocks"] | None = None,
    sample_weight: ArrayLike | None = None,
    class_weight: Any = None,
    validation_data: tuple[ArrayLike, ...] | None = None,
    validation_fraction: float | None = None,
    stratify: bool = False,
    metrics: Any = (),
    patience: int | None = None,
    min_delta: float | None = None,
    monitor: str | None = None,
    mode: Literal["min", "max"] | None = None,
    record_every: int = 1,
    print_cost: bool = False,
    progress: bool = False,
    callback: Callable[[dict[str, Any]], Any] | None = None,
    reproducible: bool | None = None,
) -> tuple[Parameters, dict[str, Any]]:
    """Train a network and return its parameters and the run's history.

    The network, and what it begins with:

    ===================  =============  ====================================================
    X                    (n_x, m)       inputs, a column per example; or a source, see below
    Y                    (n_y, m)       labels, as compute_cost takes them
    layer_dims           integers       n_x, n_1, ..., n_y; not needed with parameters
    parameters           dict           W1, b1, ... to begin with; else they are drawn
    optimizer_state      dict           history["optimizer_state"] of the run to go on with
    seed                 int or None    where random numbers come from, see below
    dtype                str or None    "float32" or "float64", of the run; None: float32 where X
                                        is float32 or a source of float16, else float64
    hidden_activation    str or list    as in L_model_forward; None: what the parameters to
                                        begin with know, else "relu"
    output_activation    str            likewise, else "sigmoid"
    cost                 str or None    a name from ffnn.costs(); None: that of the output
    quantile             float or None  of cost="quantile": the share of labels that are to lie
                                        below the output; None: 0.5, the median
    initialization       str or None    as in initialize_parameters_deep; None: "he" where the
                                        first hidden layer is relu, leaky_relu, elu, gelu,
                                        silu or softplus, else "xavier"
    ===================  =============  ====================================================

    How it learns:

    ===================  =============  ====================================================
    optimizer            str            a name from ffnn.optimizers(), which explains them;
                                        default "adam"
    learning_rate        number         or a function of the epoch that returns one; None: 0.001
                                        with adam, adamw and rmsprop, nothing with lbfgs and
                                        levenberg_marquardt, else 0.01
    decay                function       update_lr or schedule_lr_decay: after epoch i the
                                        rate is decay(learning_rate, i, decay_rate)
    decay_rate           float or None  goes with decay; None: 1
    beta                 float or None  of the momenta and rmsprop; None: 0.9
    beta1, beta2         float or None  of adam and adamw; None: 0.9 and 0.999
    epsilon              float or None  of rmsprop, adam and adamw; None: 1e-8
    weight_decay         float or None  of adamw; None: 0
    history_size         int or None    of lbfgs; None: 10. So many changes of the parameters and
                                        the gradient are remembered
    tol                  float or None  of lbfgs and levenberg_marquardt; None: 1e-7. They end
                                        where no element of the gradient is larger
    cost_tol             float or None  of lbfgs; None: 0. It ends after a step that lowers the cost
                                        by no more than cost_tol max(1, cost)
    max_evaluations      int or None    of both; None: 0, no limit. They end after so many
                                        evaluations of the cost
    bayesian             bool or None   of levenberg_marquardt; None: False. True finds the weight
                                        of the L2 term, see below; for mean_squared_error
    lambd                float          of the L2 term, which the cost includes; default 0.0
    keep_prob            float or list  dropout: the share of units kept in each hidden layer;
                                        default 1.0, all of them
    clip_norm            float or None  the greatest norm of all gradients together
    num_epochs           integer        passes through the examples, in addition to those
                                        that optimizer_state has seen; default 100
    mini_batch_size      int or "all"   examples of a step; None: 64
    shuffle              bool or str    batches in a new order with each epoch, or not, or
                                        "blocks", see below; None: yes, where there are
                                        mini-batches, and "blocks" where X is a source that
                                        has to be asked for scattered examples one by one
    sample_weight        (m,)           how much each example counts, at least 0
    class_weight         dict or str    {class: weight}, 1 for those not named; "balanced":
                                        all classes of those trained on count the same.
                                        Multiplied with sample_weight; then all are scaled
                                        to mean 1
    reproducible         bool or None   the same bits on every machine, see below; None: as
                                        set_reproducible says
    ===================  =============  ====================================================

    What is watched, at every record_every-th epoch and at the last:

    ===================  =============  ====================================================
    validation_data      (X, Y)         examples that are only measured, or (X, Y, sample_weight)
    validation_fraction  float          or a share of X and Y: the first of
                                        np.random.RandomState(0).permutation(m), rounded up
    stratify             bool           the same share of each class, in that order; at least
                                        one example of each stays to train on
    metrics              one or a list  names and functions, see below; or a dict of such
    patience             int or None    stop this many epochs after the best, and return the
                                        parameters of the best
    min_delta            float or None  by how much the best must be beaten; None: 0
    monitor              str or None    a name of history, None: "val_cost", else "cost"
    mode                 str or None    "min" or "max": the best value of a function of your
                                        own; None: costs are to fall, scores to rise
    record_every         integer        epochs from one record point to the next; default 1
    print_cost           bool           print the cost at each record point
    progress             bool           show a bar; needs tqdm (pip install 'ffnn[progress]')
    callback             function       called with a dict: epoch, cost, learning_rate, what
                                        was measured, parameters (copies) and history,
                                        whose optimizer_state is that of the parameters:
                                        save_checkpoint takes both; returns True to stop
    ===================  =============  ====================================================

    history is a dict of lists, of which pandas.DataFrame(history) makes a table: epoch, cost,
    data_cost (the cost without the L2 term), learning_rate, val_cost where there are validation
    examples (without the L2 term and without dropout), and each metric, that of the validation
    examples after ``val_``. Beside them stand attributes, which history["optimizer_state"] and so
    on give, too: optimizer_state; posterior (with bayesian=True); best_epoch (with patience);
    stopped_by: None, "patience", "callback", "diverged", and of the two methods below "tol",
    "cost_tol", "max_evaluations", "line_search" (no step along the gradient lowers the cost by
    more than rounding) or "damping" (no damped step).

    lbfgs and levenberg_marquardt take all examples in each step, whose length they find
    themselves, and never a step to a higher cost. An epoch is a step; history has evaluations, the
    number of them so far, in place of learning_rate; mini_batch_size, shuffle, decay, keep_prob,
    clip_norm or a learning_rate other than the default is a ValueError.

    With bayesian=True (MacKay, 1992; Foresee and Hagan, 1997) targets are taken for outputs plus
    normal noise, of one variance for all outputs, and all parameters, biases included, for normal
    around 0: scale the rows of X and Y to mean 0 and deviation 1. The two variances are estimated
    after each step; lambd is then 2 noise_variance / weight_variance, of W and b, and no validation
    examples are needed to find it. The cost is that of the variances of the moment, so that it may
    rise between two steps. history has effective_parameters (how many of the P parameters the
    examples determine), noise_variance and weight_variance, those that the cost is of. Its
    attribute posterior, which predict_interval takes, is None where a run diverged or was
    interrupted, else a dict of these three as the run left them, and of

    ===================  ===================================================================
    factor               (P, P), float64: the lower triangular L of L L^T = J^T J +
                         noise_variance / weight_variance I. J are the derivatives of the
                         outputs, in the order of parameters_to_vector; noise_variance
                         (L L^T)^-1 is the covariance of the parameters returned
    log_evidence         the log of the targets' density, given the variances (Laplace's
                         approximation): of several seeds the greatest is best, among runs
                         that "tol" stopped. Sizes H differ by ln(H! 2^H), too, the units'
                         symmetries, which it leaves out
    ===================  ===================================================================

    With sample_weight an example's noise has variance noise_variance / weight, of weights with
    mean 1.

    With all examples in one step (a full batch) a record point lies before the step: the
    parameters that a callback gets, that are the best and that scores are measured on are those
    that the cost is of. In mini-batches an epoch's cost is the mean over the examples of what each
    cost before its own step, and all else is of the parameters after the epoch. Without patience
    a run returns the parameters after its last update.

    ===================  ===================================================================
    "accuracy"           the share of right classes; of several sigmoids, each for a class of
                         its own, the share of right entries of Y: one-hot labels of ten
                         classes make 0.9 where nothing is predicted, so use softmax for them
    "balanced_accuracy"  the mean recall of the classes that there are
    "precision", "f1"    and "recall": of class 1, or the mean over three or more classes
    "roc_auc"            area under the ROC curve: the mean over the units of several sigmoids,
                         over each class of a softmax against the rest; NaN for lack of a class
    "r2", "mae", "rmse"  the mean over the outputs of 1 - squared errors / squared distances
                         from the mean, of the mean absolute error, and of the root of the
                         mean squared error
    a cost               a name from ffnn.costs()
    a function           of (Y, AL), both read-only, which returns a number; if it has an
                         argument sample_weight, the weights (m,) or None
    ===================  ===================================================================

    Metrics of scikit-learn get arrays as it has them: (m,), or a row per example where there are
    several outputs; classes of a sigmoid or softmax for an argument y_pred, probabilities for
    y_score, y_proba and the log losses; functools.partial gives them more. Validation and metrics
    count each example by its sample_weight; class_weight is for training alone.

    With a seed, the weights are those that the initialiser draws after np.random.seed(seed), and
    epoch e draws its order and then its dropout masks after np.random.seed(seed + 1 + e); NumPy's
    global generator is left alone. Without, all are drawn from the global generator. A run that
    goes on from parameters and optimizer_state with the same seed equals one that was never
    interrupted, to the bit.

    reproducible=True makes parameters, costs and optimizer_state the same bits on every machine,
    whatever its processor, compiler, operating system and number of threads, for the same X, Y,
    weights and rates. To the first weights that holds where they are given or drawn with a seed, by
    any initialiser but nguyen_widrow; their last digits may then differ from NumPy's, so that
    FFNN_ISA=generic alone, where NumPy draws them, gives other bits. To rates, for
    numbers and the three functions of ffnn. Metrics are as NumPy sums them, and a run that stops
    early by one of them ends where they say.

    The parameters of relu and then sigmoid are a plain dict; those of any other net are a
    NetParameters, a dict that knows its activations, so that no function needs to be told them
    again: not those returned, nor a callback's, nor an error's.

    X may be a source, which is read while the run goes on and never as a whole: np.memmap,
    h5py.Dataset, a zarr array, anything with shape, dtype and slices whose columns are examples,
    or ffnn.rows(source), whose rows are. So may Y and weights, which are read at once. Integers and
    float16 become floats piece by piece, with the bits of a run on the converted array: of HDF5,
    zarr and the like, of one with shuffle="blocks" there. A thread reads ahead. NaN is found when
    it is read. Numbers are taken as they are: scale bytes from 0 to 255 to [0, 1]. Memory maps and
    arrays are gathered in any order. Of another source shuffle="blocks" reads blocks of
    2**18 / n_x neighbours, in a drawn order, into a buffer of 2**22 / n_x examples, whole batches
    of them, which is then shuffled; the same order for the same seed, shape and mini_batch_size,
    whatever X is. With all examples in each step a source is read once for each cost and gradient.

    A float32 X makes a float32 run, anything else one in float64, unless dtype says so. ValueError
    for shapes and values, for NaN and infinity in X, Y and validation_data, and for an option that
    is given but not read (beta1 with optimizer="gd", min_delta without patience); TypeError for
    kinds; all before anything is drawn. A class that only validation examples are of is warned of,
    and so is a label that the output's activation cannot give.
    A cost that is not finite, or a parameter that overflows, ends the run with a RuntimeWarning
    that looks at the data; the parameters returned are those of the last record point that was
    finite. A run with patience that goes on from the best of another never returns a worse one.
    Ctrl-C, or an error in a callback or a source, is raised with attributes `parameters` and
    `history` as they were at the last record point.

    >>> import numpy as np, ffnn
    >>> X, Y = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0, 0, 1, 1]])
    >>> parameters, history = ffnn.train(
    ...     X, Y, [1, 5, 1], seed=1, optimizer="adam", learning_rate=0.1, metrics="accuracy"
    ... )
    >>> len(history["cost"]), history["accuracy"][-1]
    (100, 1.0)
    >>> more, _ = ffnn.train(
    ...     X, Y, parameters=parameters, optimizer_state=history["optimizer_state"], seed=1,
    ...     optimizer="adam", learning_rate=0.1, num_epochs=50,
    ... )
    """
    given = dict(locals())  # nothing but the arguments is defined yet
    X, Y, layer_dims = (given.pop(name) for name in ("X", "Y", "layer_dims"))
    dims = None if layer_dims is None else check_layer_dims("train", "layer_dims", layer_dims)
    plan = make_plan("train", X, Y, dims, given)
    run = Run(plan, unit="epoch", depth=2, is_assignment=False)
    trained = run.go()
    return trained, run.history
