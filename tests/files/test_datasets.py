"""The digits inside the package, and the course's files on disk."""

import builtins
import hashlib
from importlib import resources

import numpy as np
import pytest

import ffnn
from ffnn.datasets import load_digits

pytestmark = pytest.mark.once


def test_digits_are_columns_between_0_and_1():
    X, Y = load_digits()
    assert X.shape == (64, 1797)
    assert X.dtype == np.float64
    assert Y.shape == (1, 1797)
    assert Y.dtype == np.int64
    assert X.min() == 0
    assert X.max() == 1
    assert (np.rint(X * 16) == X * 16).all()


def test_digits_are_in_the_original_order():
    X, Y = load_digits()
    # Facts of the published set: its first labels, how often each digit occurs, the first image.
    assert Y[0, :12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]
    assert np.bincount(Y[0]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (X[:8, 0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    whole = (X.T * 16).astype(np.uint8).tobytes() + Y.astype(np.uint8).tobytes()
    assert hashlib.sha256(whole).hexdigest() == (
        "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    )


def test_digits_are_those_of_scikit_learn():
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    theirs = sklearn_datasets.load_digits()
    X, Y = load_digits()
    assert (X.T * 16 == theirs.data).all()
    assert (Y[0] == theirs.target).all()


def test_digits_are_new_arrays_each_time():
    X, Y = load_digits()
    X[:], Y[:] = -1, -1
    again, labels = load_digits()
    assert again.min() == 0
    assert labels.min() == 0


def test_digits_are_small_and_attributed():
    data = resources.files("ffnn") / "data"
    assert len((data / "digits.npz").read_bytes()) < 150_000
    attribution = (data / "README").read_text()
    for fact in ("Alpaydin", "Kaynak", "CC BY 4.0", "UCI", "10.24432/C50P49"):
        assert fact in attribution


# ---- load_data -----------------------------------------------------------------------------


@pytest.fixture
def course(tmp_path, rng):
    """The two files of the course, small, in the course's form: labels (m,), classes as bytes."""
    h5py = pytest.importorskip("h5py")
    pixels = rng.integers(0, 256, (7, 64, 64, 3), dtype=np.uint8)
    labels = rng.integers(0, 2, 7)
    with h5py.File(tmp_path / "train_catvnoncat.h5", "w") as file:
        file["train_set_x"], file["train_set_y"] = pixels[:5], labels[:5]
    with h5py.File(tmp_path / "test_catvnoncat.h5", "w") as file:
        file["test_set_x"], file["test_set_y"] = pixels[5:], labels[5:]
        file["list_classes"] = np.array([b"non-cat", b"cat"])
    return tmp_path, pixels, labels


def test_load_data_gives_the_five_arrays(course):
    folder, pixels, labels = course
    train_x, train_y, test_x, test_y, classes = ffnn.load_data(folder)
    assert train_x.dtype == test_x.dtype == np.uint8
    assert (train_x == pixels[:5]).all()
    assert (test_x == pixels[5:]).all()
    assert train_y.tolist() == [labels[:5].tolist()]
    assert test_y.tolist() == [labels[5:].tolist()]
    assert classes.tolist() == [b"non-cat", b"cat"]
    assert classes[1].decode("utf-8") == "cat"


def test_load_data_looks_in_datasets(course, monkeypatch):
    folder, pixels, _ = course
    (folder / "datasets").mkdir()
    for file in folder.glob("*.h5"):
        file.rename(folder / "datasets" / file.name)
    monkeypatch.chdir(folder)
    assert (ffnn.load_data()[0] == pixels[:5]).all()


def test_load_data_names_the_missing_file(tmp_path):
    pytest.importorskip("h5py")
    with pytest.raises(FileNotFoundError, match=r"load_data: .*train_catvnoncat\.h5"):
        ffnn.load_data(tmp_path)


def test_load_data_names_the_missing_array(course):
    h5py = pytest.importorskip("h5py")
    folder, _, _ = course
    with h5py.File(folder / "test_catvnoncat.h5", "a") as file:
        del file["list_classes"]
    with pytest.raises(KeyError, match="list_classes"):
        ffnn.load_data(folder)


def test_load_data_names_the_extra(monkeypatch):
    real_import = builtins.__import__

    def without_h5py(name, *args, **kwargs):
        if name == "h5py":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without_h5py)
    with pytest.raises(ImportError, match=r"load_data: .*ffnn\[data\]"):
        ffnn.load_data()
