/* update_docs.h - the docstring of update.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char update_parameters_doc[] =
    "update_parameters(parameters, grads, learning_rate)\n"
    "--\n"
    "\n"
    "Take one step of gradient descent, W{l} - learning_rate * dW{l}, and so for b{l}.\n"
    "\n"
    "=============  =================  ==============================================\n"
    "parameters     dict               W1, b1, ..., WL, bL\n"
    "grads          dict               dW1, db1, ..., of the same shapes; other keys are ignored\n"
    "learning_rate  float              any finite real number; never widens a type\n"
    "result         dict               parameters itself, bound to new arrays\n"
    "=============  =================  ==============================================\n"
    "\n"
    "The old arrays, which the caches still hold, are not written. A call that raises has\n"
    "changed nothing: KeyError for a missing array, ValueError for another shape or a\n"
    "rate that is not finite, TypeError for another dtype or a rate that is no number,\n"
    "which a bool is not.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])}\n"
    ">>> grads = {\"dW1\": np.array([[2.]]), \"db1\": np.array([[-4.]])}\n"
    ">>> ffnn.update_parameters(parameters, grads, 0.25) is parameters\n"
    "True\n"
    ">>> print(parameters[\"W1\"], parameters[\"b1\"])\n"
    "[[0.5]] [[1.]]";
