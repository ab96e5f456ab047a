"""Frames and columns of numbers count as their arrays; what holds anything else hears a way out."""

import decimal
import sys

import numpy as np
import pytest

import ffnn
from calls import output_of
from ffnn._frames import numbers_of
from support import assert_same_bits, plain_train

pd = pytest.importorskip("pandas")
A, B = np.array([1.5, -2.0, 0.25]), np.array([True, False, True])


def of(a, b):
    return pd.DataFrame({"a": a, "b": b})


GOOD = {
    "floats": of(A, A),
    "bool beside float": of(A, B),
    "its transpose": of(A, B).T.T,
    "uint8 beside float32": of(A.astype(np.float32), B.astype(np.uint8)),
    "Float64": of(A, A).astype("Float64"),
    "Float32 beside boolean": of(pd.array(A, dtype="Float32"), pd.array(B, dtype="boolean")),
    "Int64 beside float64": of(pd.array([1, 2, 3], dtype="Int64"), A),
    "objects": of(A, B).astype(object),
    "objects beside Int64": of(
        pd.Series([1, 2.5, True], dtype=object), pd.array([1, 2, 3], "Int64")
    ),
    "categories of numbers": of(pd.Categorical([3, 1, 3]), A),
    "sparse": of(pd.arrays.SparseArray([0.0, 1.0, 0.0]), A),
}
TYPES = {"uint8 beside float32": np.float32, "Float32 beside boolean": np.float32}


@pytest.mark.parametrize("name", GOOD)
def test_a_frame_of_numbers_is_taken(name):
    frame, real = GOOD[name], TYPES.get(name, np.float64)
    assert numbers_of(frame).dtype == real
    for X in frame, frame.T:
        # The twin: column by column, through Python's own numbers.
        twin = np.array([[float(x) for x in row] for row in X.itertuples(index=False)], real)
        Z, (given, _, _) = ffnn.linear_forward(
            X, np.eye(len(X), dtype=real), np.zeros((len(X), 1), real)
        )
        assert given is X
        np.testing.assert_array_equal(Z, twin)


def test_a_frame_of_arrow_columns_is_taken():
    pytest.importorskip("pyarrow")
    X = of(A, B).convert_dtypes(dtype_backend="pyarrow")
    assert_same_bits(ffnn.relu(X)[0], ffnn.relu(of(A, B).to_numpy(float))[0])
    X.iloc[0, 0] = None
    with pytest.raises(TypeError, match="column 'a' holds NA"):
        ffnn.relu(X)


COLUMNS = {
    "bool": pd.Series([True, False, True]),
    "Int64": pd.Series([1, 0, 1], dtype="Int64"),
    "boolean": pd.Series([True, False, True], dtype="boolean"),
    "objects": pd.Series([1, 0.0, True], dtype=object),
    "category": pd.Series([1, 0, 1], dtype="category"),
    "Index": pd.Index([1, 0, 1]),
    "extension array": pd.array([1, 0, 1], dtype="Int64"),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_is_taken_as_labels_and_as_weights(name):
    Y, plain = COLUMNS[name], np.array([1, 0, 1])
    X = of(A, B).T
    AL = np.array([[0.2, 0.5, 0.7]])
    assert_same_bits(ffnn.compute_cost(AL, Y), ffnn.compute_cost(AL, plain))
    options = {"seed": 0, "num_epochs": 3, "class_weight": {0: 2.0}}
    got, _ = plain_train(X, Y, [2, 2, 1], sample_weight=Y, **options)
    twin, _ = plain_train(X.to_numpy(float), plain, [2, 2, 1], sample_weight=plain, **options)
    for key in twin:
        assert_same_bits(got[key], twin[key])
    batches = ffnn.random_mini_batches(X, Y, 2)
    assert batches[0][0].dtype == np.float64
    assert batches[0][1].dtype != object


WORKS = "float32 and float64 work, integers and booleans are converted; "
LABELS = "np.unique(y, return_inverse=True)[1]"


def _refused():
    Int64 = pd.array([1, None, 3], dtype="Int64")
    yield "frame of str", of(A, ["x", "y", "z"]), "column 'b'", "pandas.get_dummies"
    yield "its transpose", of(A, ["x", "y", "z"]).T, "column 0 holds 'x' at 'b'", WORKS
    yield "categories", of(A, pd.Categorical(["x", "y", "z"])), "column 'b'", "get_dummies"
    yield "dates", of(A, pd.date_range("2020", periods=3)), "'b' has dtype datetime64", WORKS
    yield "intervals", of(A, pd.interval_range(0.0, 3.0)), "'b' has dtype interval", WORKS
    yield "nullable with NA", of(A, Int64), "column 'b' holds NA", "pass .fillna(value)"
    yield "boolean with NA", of(A, pd.array([True, None, False])), "'b' holds NA", ".fillna"
    yield "Float64 with NA", of(A, pd.array([1.0, None, 2.0], dtype="Float64")), "'b' holds NA", ""
    yield "objects with None", of(A, pd.Series([1, None, 2], dtype=object)), "'b' holds None", ""
    yield "its transpose ", of(A, Int64).T, "holds", ".fillna"
    yield "complex", of(A, A * 1j), "column 'b' has dtype complex128", WORKS
    yield "Decimal", of(A, [decimal.Decimal(1)] * 3), "column 'b' holds Decimal('1')", WORKS
    yield "a large integer", of(A, [10**400] * 3), "beyond float64", WORKS[:-2]
    yield "Series of str", pd.Series(["cat", "dog", "cat"]), "Series: it", LABELS
    yield "Series of objects", pd.Series(["cat", 1, 2], dtype=object), "it holds 'cat'", LABELS
    yield "Series with NA", pd.Series(Int64), "Series: it holds NA", ".fillna"
    yield "Series of categories", pd.Series(["b", "a", "b"], dtype="category"), "Series: it", LABELS
    yield "array of str", np.array(["cat", "dog"]), "dtype <U3", LABELS
    yield "array of objects with str", np.array(["cat", 1], dtype=object), "object", LABELS
    yield "array of objects", np.array([1.0, True], dtype=object), "dtype object", ".astype(float)"
    yield "list of objects", [decimal.Decimal(1)], "type list", ".astype(float)"
    yield "no array", {}, "dtype object", WORKS[:-2]
    yield "float16", np.zeros(2, np.float16), "dtype float16", ".astype(np.float32)"
    yield "complex array", np.zeros(2, complex), "dtype complex128", ".real"
    yield "durations", np.zeros(2, "m8[s]"), "dtype timedelta64[s]", "np.timedelta64(1, 's')"


@pytest.mark.parametrize("case", list(_refused()), ids=lambda case: case[0])
def test_what_holds_no_numbers_is_refused_with_a_way_out(case):
    _, thing, says, way = case
    for call, place in (
        (lambda: ffnn.relu(thing), "relu: Z is of type "),
        (lambda: plain_train(thing, [[0, 1, 0]], [2, 1], num_epochs=1), "train: X is of type "),
        (lambda: ffnn.compute_cost(np.full((1, 3), 0.5), thing), "compute_cost: Y is of type "),
    ):
        with pytest.raises(TypeError) as caught:
            call()
        message = str(caught.value)
        place = place if not isinstance(thing, np.ndarray) else place.replace("is of type", "has")
        assert message.startswith(place) and says in message and way in message, message


def test_a_column_with_na_is_refused_as_weights():
    weights = pd.Series([1, None, 3], dtype="Int64")
    with pytest.raises(TypeError, match="train: sample_weight is of type Series: it holds NA; "):
        plain_train(np.ones((2, 3)), [[0, 1, 0]], [2, 1], sample_weight=weights)


def test_nan_of_a_float_column_is_a_number():
    Z = of([1.0, np.nan, 2.0], B)
    np.testing.assert_array_equal(ffnn.relu(Z)[0], ffnn.relu(Z.to_numpy(float))[0])


def test_a_sparse_matrix_is_refused_with_a_way_out():
    sparse = pytest.importorskip("scipy.sparse")
    X = sparse.random(5, 4, 0.5, format="csr")
    for thing in X, sparse.coo_array(X):
        with pytest.raises(TypeError, match=r"relu: Z is .*sparse; pass \.toarray\(\)"):
            ffnn.relu(thing)


def test_pandas_is_never_imported():
    code = "import sys, ffnn; ffnn.relu(memoryview(b'ab')); print('pandas' in sys.modules)"
    assert output_of(code) == "False" and "pandas" in sys.modules
