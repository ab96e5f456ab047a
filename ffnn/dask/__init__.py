"""Training and predictions on a cluster of Dask's: ffnn.dask.train, ffnn.dask.predict_proba.

ffnn.dask.MLPClassifier and MLPRegressor, which want scikit-learn too, come when they are asked for.
"""

from __future__ import annotations

import inspect
from typing import Any

try:
    import dask
    import distributed  # noqa: F401
except ImportError as error:
    raise ImportError("ffnn.dask needs Dask: pip install 'ffnn[dask]'") from error

import numpy as np

from ffnn import _ffnn
from ffnn._checks import check_keywords, check_layer_dims, check_size, choose
from ffnn._initializers import Parameters
from ffnn._plan import make_plan
from ffnn._run import Run
from ffnn._train import train as _train
from ffnn.dask._cluster import Cluster, check_optimizer
from ffnn.dask._examples import as_columns, as_here, as_remote, check_kind, is_remote
from ffnn.dask._tasks import output

__all__ = ["predict_proba", "train"]

_ESTIMATORS = ("MLPClassifier", "MLPRegressor")

_DEFAULTS = {
    name: one.default
    for name, one in inspect.signature(_train).parameters.items()
    if one.kind is one.KEYWORD_ONLY
}


def train(
    client: Any,
    X: Any,
    Y: Any,
    layer_dims: Any = None,
    *,
    isa: str | None = None,
    local_steps: int = 1,
    **keywords: Any,
) -> tuple[Parameters, dict[str, Any]]:
    """Train a network on a cluster, to the bits that ffnn.train gives in one process.

    ===========  ===============  ==========================================================
    client       Client           of dask.distributed
    X            (n_x, m)         a Dask array whose chunks hold whole examples, or ffnn.rows of
                                  one (m, n_x); an array, which is sent to the workers first
    Y            (n_y, m)         labels: a Dask array or an array; they come to this process
    layer_dims   integers         as in ffnn.train
    isa          str or None      the instruction set of all sums, of validation and of metrics: a
                                  name from show_config; "common", the best that all workers have;
                                  None: that of this process
    local_steps  integer          steps of gradient descent that each shard takes by itself
    keywords                      those of ffnn.train
    parameters   dict             what ffnn.train returns,
    history      History          likewise
    ===========  ===============  ==========================================================

    A step is cut into shards by shapes and batch alone: fewer than 1,024 examples are one shard,
    more have shards of at most 512. Workers compute the shards' sums, which are added in the order
    of the shards; the update happens here. So parameters and history are those of ffnn.train on
    the same arrays with the same keywords, to the bit, with any number of workers and any chunks,
    and when workers die or join meanwhile, which costs no more than the step in hand. The bits
    depend on the instruction set alone, so all workers use one.

    A step is a round trip to the workers, 2 to 5 ms: a call to each, straight where the client can
    reach it, else through the scheduler (Client(direct_to_workers=False) asks for that); or tasks,
    where many parameters go to many workers, and where one does not answer. It pays where a step
    takes longer: large batches ("all", or thousands of examples), wide nets, or an X that no
    machine holds; below that ffnn.train is faster. A batch keeps no more workers busy than it has
    shards. lbfgs takes all examples in few steps, which suits a cluster best. With shuffle, the
    default, each epoch sends X from worker to worker once, some batches ahead of their steps;
    without, and with "all", nothing but parameters and sums is sent.

    Where a round trip costs more than a step (small nets), local_steps=k lets each shard of a batch
    take k steps of gradient descent at the epoch's learning_rate by itself. The optimizer gets the
    gradients that a shard met on its way, added up; with "gd" the parameters after a step are the
    mean of those that the shards came to, weighted by their examples (local SGD, McMahan et al.
    2017). No cluster changes these bits either. It takes fewer steps of the run, not the same ones.
    It does not go with lambd or lbfgs.

    validation_data may be Dask arrays too; metrics are of outputs, which come to this process as
    Y does. keep_prob below 1 is a ValueError, since the masks are one stream of random numbers
    that no shard can jump into; levenberg_marquardt is one too, since it needs more than sums.
    Other errors are those of ffnn.train. ConnectionError where the scheduler is gone, or the client
    is closed meanwhile; like Ctrl-C and errors of callbacks it has attributes `parameters` and
    `history` as they were at the last record point. An error of a worker's task says in a note
    which examples it had. Whatever happens, nothing stays on the cluster.

    >>> import dask.array, ffnn.dask, numpy as np
    >>> from dask.distributed import Client
    >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
    ...     X = dask.array.from_array(np.array([[0.0, 1.0, 2.0, 3.0]]), chunks=(1, 2))
    ...     parameters, history = ffnn.dask.train(
    ...         client, X, [[0, 0, 1, 1]], [1, 5, 1], seed=1, learning_rate=0.1, num_epochs=3
    ...     )
    >>> len(history["cost"])
    3
    """
    function = "ffnn.dask.train"
    check_keywords(function, keywords, ("isa", "local_steps", *_DEFAULTS))
    check_kind(function, "X", X)
    given = _DEFAULTS | keywords
    dims = None if layer_dims is None else check_layer_dims(function, "layer_dims", layer_dims)
    check_size(function, "local_steps", local_steps)
    _check_methods(function, given, local_steps)
    wanted = None if dims is None else (dims[0], "layer_dims[0]")
    if dims is None and given["parameters"] is not None:
        wanted = _ffnn.layer_dims(function, given["parameters"])[0], "W1"
    cluster = Cluster(function, client, isa, local_steps)
    try:
        given["sample_weight"] = as_here(cluster, "sample_weight", given["sample_weight"])
        given["validation_data"] = _validation(cluster, given["validation_data"], wanted)
        labels = as_here(cluster, "Y", Y)
        plan = make_plan(function, as_remote(cluster, "X", X, wanted), labels, dims, given)
        cluster.learning_rate = lambda: plan.trainer.learning_rate
        run = Run(plan, unit="epoch", depth=1, is_assignment=False)
        trained = run.go()
    finally:
        cluster.close()
    return trained, run.history


def _check_methods(function: str, given: dict[str, Any], local_steps: int) -> None:
    """Refuse what needs more than sums."""
    check_optimizer(function, given["optimizer"])
    refused = {"optimizer": given["optimizer"] == "lbfgs", "lambd": given["lambd"] != 0}
    for name, is_refused in refused.items():
        if local_steps > 1 and is_refused:
            raise ValueError(
                f"{function}: {name}={given[name]!r} does not go with local_steps={local_steps}"
            )
    keep = given["keep_prob"]
    if np.shape(keep) == () and keep == 1:
        return
    try:
        has_dropout = bool(np.min(np.asarray(keep, float), initial=1) < 1)
    except (TypeError, ValueError):
        return  # which is an error of its own
    if has_dropout:
        raise ValueError(
            f"{function}: keep_prob must be 1, not {keep!r}: dropout's masks are one stream of "
            "random numbers, which no shard can jump into; lambd or weight_decay work here"
        )


def _validation(cluster: Cluster, data: Any, wanted: tuple[int, str] | None) -> Any:
    """X on the cluster stays there, all else comes here."""
    if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
        return data
    X, *others = data
    name = "validation_data: X"
    is_there = is_remote(X)
    inputs = as_remote(cluster, name, X, wanted) if is_there else as_here(cluster, name, X)
    return (inputs, *(as_here(cluster, "validation_data", one) for one in others))


def predict_proba(
    X: Any,
    parameters: Parameters,
    *,
    hidden_activation: Any = None,
    output_activation: str | None = None,
    isa: str | None = None,
) -> Any:
    """Return the network's output as a Dask array, of which nothing is computed yet.

    ==========  ========  ==============================================================
    X           (n_x, m)  a Dask array whose chunks hold whole examples, or ffnn.rows of one
    parameters  dict      and activations as ffnn.predict_proba has them
    isa         str       the instruction set, a name from show_config; None: each worker's own
    AL          (n_y, m)  a Dask array in the chunks of X
    ==========  ========  ==============================================================

    >>> import dask.array, ffnn.dask, numpy as np
    >>> X = dask.array.ones((2, 6), chunks=(2, 4))
    >>> AL = ffnn.dask.predict_proba(X, {"W1": np.zeros((1, 2)), "b1": np.zeros((1, 1))})
    >>> AL.chunks, AL.compute(scheduler="sync")
    (((1,), (4, 2)), array([[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]]))
    """
    function = "ffnn.dask.predict_proba"
    dims = _ffnn.layer_dims(function, parameters)
    columns = as_columns(function, "X", X, (dims[0], "W1"))
    n_x, n_y = columns.shape[0], dims[-1]
    net = {"hidden_activation": hidden_activation, "output_activation": output_activation}
    if isa is not None:
        choose(function, "isa", isa, _ffnn.config()["built"])
    nothing = _ffnn.predict_proba(np.empty((n_x, 0), columns.dtype), parameters, **net)  # checks
    return columns.map_blocks(
        output,
        dask.delayed(parameters),  # once for all blocks
        net=net | {"isa": isa},
        chunks=((n_y,), columns.chunks[1]),
        meta=nothing,
    )


def __getattr__(name: str) -> object:
    if name not in _ESTIMATORS:
        raise AttributeError(f"module 'ffnn.dask' has no attribute {name!r}")
    from ffnn.dask import _estimators

    return getattr(_estimators, name)


def __dir__() -> list[str]:
    from importlib.util import find_spec

    names = [name for name in globals() if not name.startswith("_")]
    return sorted([*names, *(_ESTIMATORS if find_spec("sklearn") else ())])
