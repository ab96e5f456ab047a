"""Two operands that do not fit: the error names both, with both shapes.

Nobody but the caller knows which of the two is wrong.
"""

import numpy as np
import pytest

import ffnn
from bad_calls import Bad
from calls import FUNCTIONS, at, call, called, good, paths, replaced, trainer_of
from support import plain_train

# Nothing else in the call has a column for each example.
LEGAL = {
    ("linear_forward", ("A",), 1),
    ("linear_activation_forward", ("A_prev",), 1),
    ("L_model_forward", ("X",), 1),
}


def disagreements():
    """Each array of each call with one row more, and with one column more.

    All others still fit, so the grown one is half of every pair that does not.
    """
    for name in FUNCTIONS[2:]:  # sigmoid and relu have one operand
        arguments = good(name, np.random.default_rng(0))
        for path in paths(arguments):
            for axis in (0, 1):
                if (name, path, axis) in LEGAL:
                    continue
                x = at(arguments, path)
                grown = np.concatenate([x, x.take([0], axis)], axis)
                edit = {path[0]: lambda old, p=path[1:], v=grown: replaced(old, p, v)}
                spot = "-".join(map(str, (name, *path, axis)))
                yield pytest.param(Bad(name, ValueError, f"^{name}: ", edit), path, id=spot)


def is_named(path, x, message):
    name = path[-1] if isinstance(path[-1], str) else called(path)
    return name in message and str(x.shape) in message


@pytest.mark.parametrize(("bad", "path"), list(disagreements()))
def test_both_operands_are_named_with_their_shapes(bad, path, rng):
    arguments = bad.arguments(rng)
    with pytest.raises(ValueError, match=bad.match) as caught:
        call(bad.name, arguments)
    message = caught.value.args[0]
    named = [p for p in paths(arguments) if is_named(p, at(arguments, p), message)]
    assert path in named, message
    by_number = "layers_dims[0] wants 6 rows" in message  # which has no shape
    assert len(named) > 1 or by_number, message


def _more(rng):
    """Pairs that only keywords bring, and those that need two edits to be seen first."""
    backward = good("L_model_backward", rng)
    AL, Y, caches = backward.values()
    few = AL[:, 1:]
    yield (
        "AL has shape (1, 6) where Z of caches[2] has shape (1, 7)",
        lambda: ffnn.L_model_backward(few, Y[:, 1:], caches),
    )
    X, parameters = good("L_model_forward", rng).values()
    AL, masked = ffnn.L_model_forward(X, parameters, keep_prob=0.5)
    (linear, Z, D), *rest = masked
    for mask, says in (
        (D[:2], "D of caches[0] has shape (2, 7) where Z of caches[0] has shape (5, 7)"),
        (D[0], "D of caches[0] has shape (7,) where Z of caches[0] has shape (5, 7)"),
    ):
        yield (
            says,
            lambda mask=mask: ffnn.L_model_backward(
                AL, Y, [(linear, Z, mask), *rest], keep_prob=0.5
            ),
        )
    wants = "X has shape (5, 7) where W1 wants 6 rows; W1 has shape (5, 6)"
    yield wants, lambda: ffnn.predict_proba(X[1:], parameters)
    yield wants, lambda: ffnn.predict_classes(X[1:], parameters)
    yield (
        "sample_weight has shape (3,), expected (7,) for X (6, 7)",
        lambda: plain_train(X, Y, [6, 1], sample_weight=np.ones(3)),
    )
    yield (
        "sample_weight has shape (3,), expected (7,) for X (6, 7)",
        lambda: trainer_of(X, Y, parameters, 0.1, sample_weight=np.ones(3)),
    )
    yield (
        "Y has shape (1, 6) where the output layer has shape (1, 7); X has shape (6, 7)",
        lambda: plain_train(X, Y[:, 1:], [6, 1]),
    )
    yield (
        "sample_weight has shape (3,) where X has shape (6, 7)",
        lambda: ffnn.cost_and_gradients(X, Y, parameters, sample_weight=np.ones(3)),
    )
    yield wants, lambda: ffnn.cost_and_gradients(X[1:], Y, parameters)
    yield (
        "Y has shape (1, 6) where X has shape (6, 7)",
        lambda: ffnn.random_mini_batches(X, Y[:, 1:]),
    )


@pytest.mark.parametrize("number", range(len(list(_more(np.random.default_rng(0))))))
def test_the_rest_of_the_pairs(number, rng):
    says, bad_call = list(_more(rng))[number]
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        bad_call()
    assert says in caught.value.args[0]
