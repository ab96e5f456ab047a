"""Arrays, NumPy's scalars and an optimiser's state among a file's metadata."""

import json
import tracemalloc
import zipfile

import numpy as np
import pytest

import ffnn
from support import plain_train

pytestmark = pytest.mark.once

REALS = [np.bool_, *np.typecodes["AllInteger"], np.float16, np.float32, np.float64]


@pytest.fixture(params=[".npz", ".safetensors"])
def path(request, tmp_path):
    if request.param == ".safetensors":
        pytest.importorskip("safetensors")
    return tmp_path / f"net{request.param}"


def back(path, **meta):
    ffnn.save_parameters(path, {"W1": np.ones((1, 1))}, **meta)
    parameters, loaded = ffnn.load_parameters(path)
    assert list(parameters) == ["W1"]
    return loaded


def assert_same(loaded, saved):
    """Kind by kind, bit by bit; a tuple has become a list."""
    if isinstance(saved, np.ndarray):
        assert type(loaded) is np.ndarray and loaded.dtype == saved.dtype.newbyteorder("=")
        assert loaded.shape == saved.shape and loaded.flags.writeable
        assert loaded.tobytes() == saved.astype(loaded.dtype).tobytes()
    elif isinstance(saved, dict):
        assert type(loaded) is dict and list(loaded) == list(saved)
        for key, value in saved.items():
            assert_same(loaded[key], value)
    elif isinstance(saved, (list, tuple)):
        assert type(loaded) is list and len(loaded) == len(saved)
        for one, other in zip(loaded, saved):
            assert_same(one, other)
    else:
        assert type(loaded) is type(saved) and repr(loaded) == repr(saved)


@pytest.mark.parametrize("kind", REALS, ids=lambda kind: np.dtype(kind).name)
def test_arrays_of_every_kind(rng, path, kind):
    x = rng.standard_normal((3, 4)) * 100
    array = (x > 0) if kind is np.bool_ else np.abs(x).astype(kind)
    saved = {
        "mean": array[0], "turned": array.T, "apart": array[::-1, ::2], "one": array[0, 0:1],
        "none": array[:0], "scalar": np.array(array[1, 1]),
    }  # fmt: skip
    if np.dtype(kind).itemsize > 1:
        saved["swapped"] = array.astype(np.dtype(kind).newbyteorder(">"))
    assert_same(back(path, **saved), saved)


def test_scalars_of_numpy_become_pythons(path):
    given = {
        "classes": np.int64(2), "rate": np.float64(0.1), "narrow": np.float32(0.1),
        "half": np.float16(0.1), "is_one": np.bool_(True), "byte": np.uint8(7),
        "name": np.str_("a"),
    }  # fmt: skip
    expected = {key: value.item() for key, value in given.items()}
    assert_same(
        back(path, **given, all=list(given.values())), {**expected, "all": [*expected.values()]}
    )


def test_numbers_that_are_not_finite(path):
    saved = {"cost": [1.5, np.inf, -np.inf, np.nan], "nan": float("nan"), "zero": -0.0}
    assert_same(back(path, **saved), saved)
    assert_same(back(path, cost=saved["cost"] * 9), {"cost": saved["cost"] * 9})


def test_arrays_anywhere(rng, path):
    x = rng.standard_normal(3)
    saved = {
        "a": {"b": [1, {"c/d": x, "": x, "\ud800": None}, x], "meta/0": (x, (x, "text"))},
        "W1": x,
        "format": {"arrays": [[x]], "sha256": "no"},
    }  # fmt: skip
    assert_same(back(path, **saved), saved)


def test_long_lists_of_numbers_take_no_text(path):
    """And stay what they were: integers beyond 64 bits, bools, mixtures."""
    saved = {
        "cost": [0.1 * i for i in range(200000)], "epoch": list(range(200000)),
        "huge": [2**70] * 20, "flags": [True, False] * 20, "mixed": [1, 2.0] * 20,
        "few": [0.1] * 3, "many": tuple(range(50)), "names": ["a"] * 40, "nothing": [],
    }  # fmt: skip
    assert_same(back(path, **saved), saved)
    assert path.stat().st_size < 1.1 * 16 * 200000


def test_an_optimizers_state(rng, path):
    X = rng.standard_normal((3, 40))
    Y = (X[:1] > 0).astype(int)
    for optimizer in ffnn.optimizers():
        _, history = plain_train(X, Y, [3, 4, 1], seed=0, optimizer=optimizer, num_epochs=3)
        state = history["optimizer_state"]
        assert_same(back(path, optimizer_state=state)["optimizer_state"], state)


def test_what_was_given_is_left_alone(path):
    x = np.arange(3.0)
    meta = {"a": {"b": [x, (1, x)]}}
    back(path, **meta)
    assert meta["a"]["b"][0] is x and meta["a"]["b"][1][1] is x


def test_numpy_reads_these_arrays_too(tmp_path):
    back(tmp_path / "net.npz", mean=np.arange(3))
    with np.load(tmp_path / "net.npz", allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["meta/0"], np.arange(3))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.array(["cat", "dog"]), r"classes has dtype <U3; .*, and so has \.tolist\(\)$"),
        (np.array([{}]), "classes has dtype object"),
        (np.ones(2, complex), "classes has dtype complex128"),
        (np.ones(2, np.longdouble), "classes has dtype float128|longdouble"),
        (np.longdouble(1), "classes has dtype float128|longdouble"),
        (np.datetime64("2020-01-01"), "classes has dtype datetime64"),
        (np.ma.ones(2), "classes is a masked array"),
        ({"a": [np.ones(1, "M8[s]")]}, r"classes\['a'\]\[0\] has dtype datetime64"),
        ({1, 2}, "classes is of type set"),
        (b"bytes", "classes is of type bytes"),
        (ffnn.NetParameters(output_activation="tanh"), "classes would lose its net's activations"),
    ],
    ids=str,
)
def test_other_values_write_nothing(path, value, says):
    with pytest.raises(TypeError, match=f"^save_parameters: classes has no form in JSON: ({says})"):
        ffnn.save_parameters(path, {}, classes=value)
    assert not path.exists()


# ---- files that were made by hand ----------------------------------------------------------------


def remade(tmp_path, change, array=None):
    """A file whose JSON line is another; its checksum is right."""
    path = tmp_path / "net.npz"
    array = np.arange(40) if array is None else array
    ffnn.save_parameters(path, {}, a=array)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    line = json.loads(members["ffnn.npy"].split(b"\n", 1)[1])
    change(line)
    arrays = {"meta/0": array}
    content = {name: value for name, value in line.items() if name != "sha256"}
    line["sha256"] = ffnn._files._digest(content, arrays)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ffnn.npy", b"\n" + json.dumps(line).encode())
        archive.writestr("meta/0.npy", members["meta/0.npy"])
    return path


def test_a_file_made_by_hand_is_read(tmp_path):
    loaded = ffnn.load_parameters(remade(tmp_path, lambda line: None))[1]
    assert_same(loaded, {"a": np.arange(40)})
    listed = ffnn.load_parameters(remade(tmp_path, lambda line: line["places"][0].pop() or
                                         line["places"][0].append(True)))[1]  # fmt: skip
    assert_same(listed, {"a": list(range(40))})


@pytest.mark.parametrize(
    "places",
    [
        [], None, [[]], [[["a"]]], [[[], False]], [[["b"], False]], [[["a", "b"], False]],
        [[[0], False]], [[["a"], False], [["a"], False]], [[[["a"]], False]], "a", {"a": 1}, 3,
    ],
    ids=str,
)  # fmt: skip
def test_places_that_there_are_not(tmp_path, places):
    with pytest.raises(ValueError, match="damaged"):
        ffnn.load_parameters(remade(tmp_path, lambda line: line.update(places=places)))


def test_a_place_that_is_taken(tmp_path):
    with pytest.raises(ValueError, match="damaged"):
        ffnn.load_parameters(remade(tmp_path, lambda line: line["meta"].update(a=3)))


def test_bytes_that_are_no_bools(tmp_path):
    array = np.arange(40, dtype=np.uint8)

    def change(line):
        line["arrays"][0][1] = "bool"

    path = remade(tmp_path, change, array)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ffnn.npy", members["ffnn.npy"])
        archive.writestr("meta/0.npy", members["meta/0.npy"].replace(b"'|u1'", b"'|b1'"))
    with pytest.raises(ValueError, match="damaged.*neither True nor False"):
        ffnn.load_parameters(path)


def test_lists_take_a_few_times_the_memory_of_the_file(tmp_path):
    def listed(line):
        line["places"][0] = [["a"], True]

    path = remade(tmp_path, listed, np.arange(1 << 18) + (1 << 40))
    ffnn.load_parameters(path)
    tracemalloc.start()
    try:
        ffnn.load_parameters(path)
        assert tracemalloc.get_traced_memory()[1] < 9 * path.stat().st_size
    finally:
        tracemalloc.stop()
    with pytest.raises(ValueError, match="damaged.*a list is of another type"):
        ffnn.load_parameters(remade(tmp_path, listed, np.zeros(1 << 18, np.int8)))
