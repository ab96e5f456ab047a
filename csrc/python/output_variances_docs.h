/* output_variances_docs.h - the docstring of output_variances.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char output_variances_doc[] =
    "output_variances(function, X, parameters, factor, *, hidden_activation=None, "
    "output_activation=None)\n"
    "--\n"
    "\n"
    "Compute |L^-1 g|^2 for the gradient g of each output with respect to all parameters.\n"
    "\n"
    "=================  ==============  ==================================================\n"
    "X                  (n_x, m)        inputs, a column per example\n"
    "parameters         dict            W1, b1, ..., WL, bL: P numbers\n"
    "factor             (P, P)          the lower triangular L of a posterior of train\n"
    "hidden_activation  str or list     as L_model_forward has it\n"
    "output_activation  str             likewise\n"
    "variances          (n_y, m)        float64; times the noise's variance those of the outputs\n"
    "=================  ==============  ==================================================\n"
    "\n"
    "Memory beyond the result does not grow with m. Errors begin with the name of that function,\n"
    "and are those of L_model_forward; ValueError for a factor of another shape.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])}\n"
    ">>> X, L = np.array([[0., 3.]]), np.array([[1., 0.], [0., 2.]])\n"
    ">>> _ffnn.output_variances(\"demo\", X, parameters, L, output_activation=\"linear\")\n"
    "array([[0.25, 9.25]])";
