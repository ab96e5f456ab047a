"""Labels that are whole numbers, told apart in less time than scikit-learn takes for all kinds."""

from typing import Any

import numpy as np
from sklearn.preprocessing import LabelBinarizer

__all__ = ["are_whole_numbers", "binarizer_of", "indicators_of"]


def are_whole_numbers(y: Any) -> bool:
    """In an array of this machine's byte order, which labels of a model have."""
    return type(y) is np.ndarray and y.dtype.kind in "iu" and y.dtype.isnative


def binarizer_of(classes: Any) -> Any:
    """A LabelBinarizer as fit makes it of whole numbers, of which these are all there are."""
    binarizer = LabelBinarizer()
    binarizer.y_type_ = "binary" if len(classes) == 2 else "multiclass"
    binarizer.sparse_input_ = False
    binarizer.classes_ = classes
    return binarizer


def indicators_of(y: Any, m: int, binarizer: Any) -> Any:
    """Whole numbers as labels (m, n_y) of True and False; None where another check is due."""
    classes = binarizer.classes_
    kinds = {classes.dtype.kind, getattr(getattr(y, "dtype", None), "kind", None)}
    if type(y) is not np.ndarray or y.shape != (m,) or not kinds <= {"i", "u"}:
        return None
    if binarizer.y_type_ not in ("binary", "multiclass") or len(classes) < 2:
        return None
    indicators = y[:, None] == classes
    if np.count_nonzero(indicators) < m:
        return None
    return indicators[:, 1:] if len(classes) == 2 else indicators
