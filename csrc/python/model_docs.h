/* model_docs.h - the docstrings of model.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char L_model_forward_doc[] =
    "L_model_forward(X, parameters, *, hidden_activation='relu', output_activation='sigmoid', "
    "keep_prob=1.0)\n"
    "--\n"
    "\n"
    "Compute the output of a whole net: W A_prev + b and an activation, layer by layer.\n"
    "\n"
    "=================  ====================  ==============================================\n"
    "X                  (n_x, m)              inputs, a column per example\n"
    "parameters         dict                  W1 (n_1, n_x), b1 (n_1, 1), ..., WL, bL\n"
    "hidden_activation  str or list           a name from ffnn.activations() for layers 1 to\n"
    "                                         L-1, or a list of L-1 names; not softmax\n"
    "output_activation  str                   that of layer L\n"
    "keep_prob          float or list         inverted dropout: the chance in (0, 1] of each\n"
    "                                         hidden unit to stay, or a list of L-1\n"
    "AL                 (n_y, m)              probabilities, or values for a linear output\n"
    "caches             list of L tuples      ((A_prev, W, b), Z) of layers 1 to L; X and the\n"
    "                                         parameters are the very objects that were passed.\n"
    "                                         With dropout ((A_prev, W, b), Z, D), D the mask\n"
    "=================  ====================  ==============================================\n"
    "\n"
    "L is the largest l with a W{l} or b{l}; other keys are ignored. Each layer has the\n"
    "type to which NumPy promotes its operands. What comes out for an example does not\n"
    "depend, to the bit, on the others. A mask is np.random.rand(n_l, m) < keep_prob, drawn\n"
    "layer by layer; nothing is drawn for a keep_prob of 1. KeyError for a missing W{l} or\n"
    "b{l}; ValueError where shapes do not chain and for unknown names and other keep_probs;\n"
    "TypeError for another dtype, or parameters that are not a dict.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> parameters = {\"W1\": np.array([[1., -1.]]), \"b1\": np.array([[0.]]),\n"
    "...               \"W2\": np.array([[2.]]), \"b2\": np.array([[-2.]])}\n"
    ">>> AL, caches = ffnn.L_model_forward(np.array([[2., 1.], [1., 2.]]), parameters)\n"
    ">>> print(AL, len(caches))\n"
    "[[0.5        0.11920292]] 2";
