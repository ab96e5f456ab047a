/* predict_docs.h - the docstrings of predict.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char net_output_doc[] =
    "net_output(function, X, parameters, *, hidden_activation=None, output_activation=None)\n"
    "--\n"
    "\n"
    "Compute what predict_proba does; errors begin with the name of that function.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])}\n"
    ">>> _ffnn.net_output(\"demo\", np.array([[0.]]), parameters)\n"
    "array([[0.5]])";

static const char layer_activations_doc[] =
    "layer_activations(function, parameters, *, hidden_activation=None, output_activation=None)\n"
    "--\n"
    "\n"
    "Return the names of the activations of layers 1 to L: those given, or those known.\n"
    "\n"
    "Errors begin with the name of that function, and are those of L_model_forward.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]]),\n"
    "...               \"W2\": np.array([[1.]]), \"b2\": np.array([[0.]])}\n"
    ">>> _ffnn.layer_activations(\"demo\", parameters, hidden_activation=\"tanh\")\n"
    "('tanh', 'sigmoid')";

static const char predict_proba_doc[] =
    "predict_proba(X, parameters, *, hidden_activation=None, output_activation=None)\n"
    "--\n"
    "\n"
    "Compute the AL of L_model_forward and keep no caches.\n"
    "\n"
    "=================  ==============  ==================================================\n"
    "X                  (n_x, m)        inputs, a column per example\n"
    "parameters         dict            W1, b1, ..., WL, bL\n"
    "hidden_activation  str or list     as L_model_forward has it\n"
    "output_activation  str             likewise\n"
    "AL                 (n_y, m)        probabilities of a sigmoid or a softmax, of another\n"
    "                                   output its values\n"
    "=================  ==============  ==================================================\n"
    "\n"
    "An example with NaN in X has NaN. No units are dropped. Errors as L_model_forward has them.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])}\n"
    ">>> ffnn.predict_proba(np.array([[0.]]), parameters)\n"
    "array([[0.5]])";
