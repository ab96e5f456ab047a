"""Images to train on: the digits that come with ffnn, and the assignment's cat pictures on disk.

Everything returned by load_digits has one column per example, as every function of ffnn wants it.
load_data returns the images as the assignment's files hold them, one per row of the first axis; the
notebooks flatten them themselves.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn._checks import suggest_keywords

__all__ = ["load_data", "load_digits"]

# File, and the arrays that are taken from it.
_COURSE_FILES = (
    ("train_catvnoncat.h5", ("train_set_x", "train_set_y")),
    ("test_catvnoncat.h5", ("test_set_x", "test_set_y", "list_classes")),
)


def load_digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the 1,797 handwritten digits that come with ffnn.

    ====  ===========  =======  ==========================================================
    X     (64, 1797)   float64  8 x 8 grey images, pixels row by row, 0 (white) to 1 (ink)
    Y     (1, 1797)    int64    the digit itself, 0 to 9
    ====  ===========  =======  ==========================================================

    The arrays are new with each call, in the order of the source: the test part of "Optical
    Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak, UCI Machine Learning
    Repository, CC BY 4.0.

    >>> from ffnn.datasets import load_digits
    >>> X, Y = load_digits()
    >>> X.shape, Y.shape, Y[0, :5].tolist()
    ((64, 1797), (1, 1797), [0, 1, 2, 3, 4])
    """
    from importlib import resources  # takes longer to import than all else in ffnn

    with resources.files("ffnn").joinpath("data/digits.npz").open("rb") as file:
        with np.load(file) as archive:
            pixels, labels = archive["pixels"], archive["labels"]
    # An image is contiguous in memory, as it is after the assignment's reshape(m, -1).T.
    return (pixels / 16.0).T, labels.astype(np.int64).reshape(1, -1)


@suggest_keywords
def load_data(
    folder: str | os.PathLike[str] = "datasets",
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.bytes_]]:
    """Return the assignment's cat pictures, read from two HDF5 files in `folder`.

    ==================  ================  =================================================
    train_set_x_orig    (m, 64, 64, 3)    the training images, uint8
    train_set_y         (1, m)            1 where the picture shows a cat, else 0
    test_set_x_orig     (n, 64, 64, 3)
    test_set_y          (1, n)
    classes             (2,)              the names of 0 and 1, as bytes
    ==================  ================  =================================================

    The files are `train_catvnoncat.h5` and `test_catvnoncat.h5` of the course; they don't come with
    ffnn. FileNotFoundError names a file that isn't there, KeyError an array that a file lacks,
    ImportError the extra that brings h5py.
    """
    return read_cats("load_data", folder)


def read_cats(
    caller: str, folder: str | os.PathLike[str]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.bytes_]]:
    """Return what load_data returns; errors name `caller`."""
    try:
        import h5py
    except ImportError as error:
        raise ImportError(
            f"{caller}: reading .h5 files needs h5py: pip install 'ffnn[data]'"
        ) from error

    found: dict[str, NDArray[Any]] = {}
    for name, keys in _COURSE_FILES:
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"{caller}: there is no {path!r}: `folder` is where the course's "
                f"{_COURSE_FILES[0][0]} and {_COURSE_FILES[1][0]} lie"
            )
        with h5py.File(path, "r") as file:
            for key in keys:
                if key not in file:
                    raise KeyError(f"{caller}: {path!r} holds no array {key!r}")
                found[key] = np.asarray(file[key][:])
    return (
        found["train_set_x"],
        found["train_set_y"].reshape(1, -1),
        found["test_set_x"],
        found["test_set_y"].reshape(1, -1),
        found["list_classes"].astype(np.bytes_),
    )
