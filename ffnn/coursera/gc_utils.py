"""Course 2, week 1, gradient checking: what the notebook imports from its helper.

The vectors are wired to a net of 4, 5, 3 and 1 units: 47 numbers.
"""

import numpy as np

from ffnn._gradient_check import dictionary_to_vector, gradients_to_vector, vector_to_dictionary
from ffnn.coursera._common import relu, sigmoid

__all__ = [
    "dictionary_to_vector",
    "gradients_to_vector",
    "np",
    "relu",
    "sigmoid",
    "vector_to_dictionary",
]
