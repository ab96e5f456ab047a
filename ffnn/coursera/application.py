"""Course 1, week 4, application, as the notebook has it from 2021 on: the models, the cost curve.

The models are those at the top level of ffnn, which seed NumPy's generator with 1.
"""

from collections.abc import Iterable
from typing import Any

import ffnn
from ffnn import L_layer_model, two_layer_model

__all__ = ["L_layer_model", "plot_costs", "two_layer_model"]


def plot_costs(costs: Iterable[Any], learning_rate: float = 0.0075) -> None:
    """Draw the costs of every hundredth iteration, with the notebook's labels and title.

    =============  ========  ==================================================
    costs          numbers   as the two models return them
    learning_rate  float     named in the title
    =============  ========  ==================================================

    As the notebook's, it returns nothing. Errors are those of ffnn.plot_costs, which returns the
    axes and names no rate that it was not told.
    """
    ffnn.plot_costs(costs, learning_rate, xlabel="iterations (per hundreds)")
