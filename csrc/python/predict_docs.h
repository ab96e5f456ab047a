/* predict_docs.h - the docstrings of predict.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char predict_doc[] =
    "predict(X, parameters)\n"
    "--\n"
    "\n"
    "Compute 1.0 where L_model_forward gives more than 0.5, and 0.0 elsewhere.\n"
    "\n"
    "Takes what L_model_forward takes and saves no caches; the result is float64 of shape\n"
    "(n_y, m).\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])}\n"
    ">>> _ffnn.predict(np.array([[-1., 0., 1.]]), parameters)\n"
    "array([[0., 0., 1.]])";

static const char predict_proba_doc[] =
    "predict_proba(X, parameters, *, hidden_activation='relu', output_activation='sigmoid')\n"
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
    "No units are dropped. Errors as L_model_forward has them.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])}\n"
    ">>> _ffnn.predict_proba(np.array([[0.]]), parameters)\n"
    "array([[0.5]])";
