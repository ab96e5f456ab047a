"""Course 1, week 2, logistic regression: the notebook's reader of the cat pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ffnn.coursera._common import h5py
from ffnn.datasets import read_cats

__all__ = ["h5py", "load_dataset", "np"]


def load_dataset() -> tuple[
    NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], NDArray[np.bytes_]
]:
    """Return the cat pictures of the folder `datasets` beside the notebook.

    ====================  ================  =============================================
    train_set_x_orig      (m, 64, 64, 3)    the training images, uint8
    train_set_y_orig      (1, m)            1 where the picture shows a cat, else 0
    test_set_x_orig       (n, 64, 64, 3)
    test_set_y_orig       (1, n)
    classes               (2,)              the names of 0 and 1, as bytes
    ====================  ================  =============================================

    FileNotFoundError where a file isn't there, KeyError for an array that a file lacks, ImportError
    without h5py. ffnn.load_data reads another folder.
    """
    return read_cats("load_dataset", "datasets")
