"""Types of the compiled half of ffnn; its docstrings say what the functions do."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, SupportsFloat, SupportsIndex, TypeAlias, TypedDict, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Array: TypeAlias = NDArray[Any]
_LinearCache: TypeAlias = tuple[Any, Any, Any]
_Cache: TypeAlias = tuple[_LinearCache, Any]
_ModelCache: TypeAlias = _Cache | tuple[_LinearCache, Any, Any]
_Activation: TypeAlias = str
_Hidden: TypeAlias = _Activation | Sequence[_Activation]
_KeepProb: TypeAlias = SupportsFloat | Sequence[SupportsFloat]
_Sparse: TypeAlias = tuple[ArrayLike, ArrayLike, ArrayLike]  # values, features, starts

class _Config(TypedDict):
    isa: str
    built: list[str]
    available: list[str]
    tile: dict[str, tuple[int, int, int]]
    compiler: str
    numpy_api: int
    reproducible: bool

def sigmoid(Z: ArrayLike) -> tuple[_Array, Any]: ...
def relu(Z: ArrayLike) -> tuple[_Array, Any]: ...
def sigmoid_backward(dA: ArrayLike, cache: ArrayLike) -> _Array: ...
def relu_backward(dA: ArrayLike, cache: ArrayLike) -> _Array: ...
def linear_forward(A: ArrayLike, W: ArrayLike, b: ArrayLike) -> tuple[_Array, _LinearCache]: ...
def linear_activation_forward(
    A_prev: ArrayLike, W: ArrayLike, b: ArrayLike, activation: _Activation
) -> tuple[_Array, _Cache]: ...
def L_model_forward(
    X: ArrayLike,
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
    keep_prob: _KeepProb = 1.0,
) -> tuple[_Array, list[_ModelCache]]: ...
def compute_cost(
    AL: ArrayLike,
    Y: ArrayLike,
    *,
    cost: str | None = None,
    parameters: dict[str, Any] | None = None,
    lambd: SupportsFloat = 0.0,
    sample_weight: ArrayLike | None = None,
    quantile: SupportsFloat | None = None,
) -> _Array: ...
def linear_backward(dZ: ArrayLike, cache: _LinearCache) -> tuple[_Array, _Array, _Array]: ...
def linear_activation_backward(
    dA: ArrayLike, cache: _Cache, activation: _Activation
) -> tuple[_Array, _Array, _Array]: ...
def L_model_backward(
    AL: ArrayLike,
    Y: ArrayLike,
    caches: Sequence[_ModelCache],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
    cost: str | None = None,
    lambd: SupportsFloat = 0.0,
    keep_prob: _KeepProb = 1.0,
    input_gradient: bool = True,
    quantile: SupportsFloat | None = None,
) -> dict[str, _Array]: ...
def cost_and_gradients(
    X: ArrayLike,
    Y: ArrayLike,
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
    cost: str | None = None,
    lambd: SupportsFloat = 0.0,
    sample_weight: ArrayLike | None = None,
    quantile: SupportsFloat | None = None,
) -> tuple[_Array, dict[str, _Array]]: ...
def sparse_cost_and_gradients(
    X: ArrayLike,
    Y: ArrayLike,
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
    cost: str | None = None,
    lambd: SupportsFloat = 0.0,
    sample_weight: ArrayLike | None = None,
    quantile: SupportsFloat | None = None,
    sparse: _Sparse | None = None,
) -> tuple[_Array, dict[str, _Array]]: ...
def update_parameters(
    parameters: dict[str, Any], grads: dict[str, Any], learning_rate: SupportsFloat
) -> dict[str, Any]: ...
def net_output(
    function: str,
    X: ArrayLike,
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
    isa: str | None = None,
    sparse: _Sparse | None = None,
) -> _Array: ...
def output_variances(
    function: str,
    X: ArrayLike,
    parameters: dict[str, Any],
    factor: ArrayLike,
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
) -> _Array: ...
def predict_proba(
    X: ArrayLike,
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
) -> _Array: ...
def predictor(
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
) -> Callable[[ArrayLike], _Array]: ...
def layer_dims(function: str, parameters: dict[str, Any]) -> tuple[int, ...]: ...
def layer_activations(
    function: str,
    parameters: dict[str, Any],
    *,
    hidden_activation: _Hidden | None = None,
    output_activation: _Activation | None = None,
) -> tuple[str, ...]: ...
def register_net_types(parameters: type[dict[str, Any]], caches: type[list[Any]]) -> None: ...
def activations() -> tuple[str, ...]: ...
def costs() -> tuple[str, ...]: ...
def optimizers() -> tuple[str, ...]: ...
def optimizer_rows() -> dict[str, tuple[bool, tuple[str, ...]]]: ...
def cost_of(output_activation: str, /) -> str: ...
def config() -> _Config: ...
def get_num_threads() -> int: ...
def set_num_threads(n: SupportsIndex) -> None: ...
def get_reproducible() -> bool: ...
def set_reproducible(reproducible: bool) -> None: ...
def word_hint(opening: str, word: str, words: Iterable[str]) -> str: ...
def limit_threads(n: int, /) -> int: ...
def fail_allocation(n: int, /) -> None: ...
def map(name: Literal["exp", "log"], x: ArrayLike) -> _Array: ...

class _State(TypedDict, total=False):
    t: int
    v: dict[str, _Array]
    s: Any  # of lbfgs an array, and so y; else a dict
    y: _Array
    damping: float  # of levenberg_marquardt; and of a bayesian run:
    noise_variance: float
    weight_variance: float
    effective_parameters: float

@final
class Trainer:
    learning_rate: float
    is_watched: bool
    @property
    def is_whole(self) -> bool: ...
    @property
    def whole_cost(self) -> float: ...
    @property
    def evaluations(self) -> int: ...
    @property
    def evidence(self) -> tuple[float, float, float] | None: ...
    @property
    def ending(self) -> str | None: ...
    @property
    def epochs_done(self) -> int: ...
    @property
    def l2_cost(self) -> float: ...
    def __new__(
        cls,
        function: str,
        X: ArrayLike,
        Y: ArrayLike,
        layer_dims: Sequence[int],
        *,
        learning_rate: SupportsFloat = 0.0075,
        hidden_activation: _Hidden | None = None,
        output_activation: _Activation | None = None,
        cost: str | None = None,
        quantile: SupportsFloat | None = None,
        optimizer: str = "gd",
        lambd: SupportsFloat = 0.0,
        keep_prob: _KeepProb = 1.0,
        clip_norm: SupportsFloat | None = None,
        gram: bool | None = None,
        sample_weight: ArrayLike | None = None,
        weighted_mean: bool = False,
        bit_generator: np.random.BitGenerator | None = None,
        input_name: str = "layer_dims[0]",
        reproducible: bool | None = None,
        source: Any = None,
        sparse: _Sparse | None = None,
        sums: Callable[..., tuple[ArrayLike, ArrayLike]] | None = None,
        isa: str | None = None,
        **numbers: SupportsFloat | None,  # those of an optimiser, by csrc/options.def
    ) -> Trainer: ...
    def set(
        self, parameters: dict[str, Any], *, state: _State | dict[str, Any] | None = None
    ) -> None: ...
    def check(self, name: str, X: ArrayLike, Y: ArrayLike) -> None: ...
    def run(self, n: SupportsIndex, *, record: SupportsIndex | None = None) -> _Array: ...
    def epoch(
        self,
        order: ArrayLike | None,
        batch_size: SupportsIndex,
        *,
        record: SupportsIndex | None = None,
    ) -> _Array: ...
    def shuffled(
        self, n: SupportsIndex, batch_size: SupportsIndex, *, record: SupportsIndex | None = None
    ) -> _Array: ...
    def snapshot(self, n: SupportsIndex) -> None: ...
    def restore(self) -> int: ...
    def is_finite(self) -> bool: ...
    def parameters(self) -> dict[str, _Array]: ...
    def state(self) -> _State: ...
    def record_point(self) -> tuple[int, dict[str, _Array], _State]: ...
    def posterior(self) -> dict[str, Any]: ...
    def measure(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        *,
        sample_weight: ArrayLike | None = None,
        source: Any = None,
    ) -> _Array: ...
    def step(
        self, X: ArrayLike, Y: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> _Array: ...
    def gradient(
        self, X: ArrayLike, Y: ArrayLike, *, sample_weight: ArrayLike | None = None
    ) -> tuple[_Array, dict[str, _Array]]: ...
    def shard(
        self,
        X: ArrayLike,
        Y: ArrayLike,
        batch_size: SupportsIndex,
        *,
        sample_weight: ArrayLike | None = None,
        gradients: bool = True,
    ) -> tuple[float, _Array | None]: ...
    def shard_columns(self, count: SupportsIndex) -> int: ...
    def update(self, m: SupportsIndex) -> None: ...
