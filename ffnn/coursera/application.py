"""Course 1, week 4, application, as the notebook has it from 2021 on: the two models.

They are those at the top level of ffnn, which seed NumPy's generator with 1.
"""

from ffnn import L_layer_model, plot_costs, two_layer_model

__all__ = ["L_layer_model", "plot_costs", "two_layer_model"]
