/* predict_docs.h - the docstrings of predict.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char net_output_doc[] =
    "net_output(function, X, parameters, *, hidden_activation=None, output_activation=None, "
    "isa=None, sparse=None)\n"
    "--\n"
    "\n"
    "Compute what predict_proba does; errors begin with the name of that function.\n"
    "\n"
    "isa is the instruction set, None: that of the module; sparse as a Trainer has it.\n"
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
    "X                  (n_x, m)        inputs, a column per example; or a source, see train\n"
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

static const char predictor_doc[] =
    "predictor(parameters, *, hidden_activation=None, output_activation=None)\n"
    "--\n"
    "\n"
    "Return a function of X alone that computes what predict_proba does, sooner for one example.\n"
    "\n"
    "=================  ==============  ==================================================\n"
    "parameters         dict            W1, b1, ..., WL, bL\n"
    "hidden_activation  str or list     as L_model_forward has it\n"
    "output_activation  str             likewise\n"
    "net                function        net(X) is predict_proba(X, parameters); of one\n"
    "                                   example, X (n_x,), it is (n_y,)\n"
    "=================  ==============  ==================================================\n"
    "\n"
    "The dict is the caller's own: a change of an array in place is seen at the next call, and so "
    "is\n"
    "another array under a key. The activations are those of now: ValueError at a call that finds\n"
    "another number of layers. Threads may call it at once. It cannot be pickled: the parameters\n"
    "can. Errors as L_model_forward has them.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1., 2.]]), \"b1\": np.array([[-2.]])}\n"
    ">>> net = ffnn.predictor(parameters)\n"
    ">>> net(np.array([0., 1.]))\n"
    "array([0.5])\n"
    ">>> parameters[\"b1\"][0, 0] = 1000\n"
    ">>> net(np.array([[0.], [1.]]))\n"
    "array([[1.]])";

static const char predictor_type_doc[] = "Compute the output of one net; ffnn.predictor makes it.";
