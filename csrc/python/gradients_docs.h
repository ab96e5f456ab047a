/* gradients_docs.h - the docstring of gradients.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char L_model_backward_doc[] =
    "L_model_backward(AL, Y, caches, *, input_gradient=True)\n"
    "--\n"
    "\n"
    "Compute the gradients of the cross-entropy by a net's parameters and activations.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "AL         (n_y, m)               the net's output\n"
    "Y          (n_y, m)               labels, real numbers allowed; where n_y is 1 also\n"
    "                                  (m,) and (m, 1)\n"
    "caches     list of L tuples       as L_model_forward handed it back\n"
    "grads      dict                   dA{l-1} (n_{l-1}, m), dW{l} (n_l, n_{l-1}), db{l} (n_l, 1)\n"
    "                                  for l = L down to 1, in that order\n"
    "=========  =====================  ==============================================\n"
    "\n"
    "input_gradient=False leaves dA0 out, which no update needs and which costs a third of\n"
    "all where n_x is large.\n"
    "\n"
    "All have the widest type among the operands; an integer Y never widens. Where AL is\n"
    "sigmoid(ZL) to the bit, dZL = AL - Y, the limit that stays finite at a saturated\n"
    "output; elsewhere the literal dAL * s * (1 - s) with dAL = -(Y/AL - (1-Y)/(1-AL)),\n"
    "and NumPy's warnings where AL is 0 or 1. Below, dW{l} = dZ{l} A{l-1}^T / m, db{l}\n"
    "the mean of dZ{l}, dA{l-1} = W{l}^T dZ{l}. ValueError where shapes do not fit and\n"
    "for m = 0; TypeError for another dtype or caches of another kind.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> parameters = {\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])}\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> AL, caches = ffnn.L_model_forward(X, parameters)\n"
    ">>> grads = ffnn.L_model_backward(AL, Y, caches)\n"
    ">>> print(list(grads), grads[\"dW1\"], grads[\"db1\"])\n"
    "['dA0', 'dW1', 'db1'] [[0.25]] [[0.]]";
