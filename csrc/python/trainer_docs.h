/* trainer_docs.h - the docstrings of trainer.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char trainer_doc[] =
    "Trainer(X, Y, parameters, learning_rate, *, gram=None)\n"
    "--\n"
    "\n"
    "Hold a whole run of full-batch gradient descent on a relu net with sigmoid output.\n"
    "\n"
    "=============  =================  ==============================================\n"
    "X              (n_x, m)           inputs; read in place, in any layout, while runs last\n"
    "Y              (n_y, m)           labels; where n_y is 1 also (m,) and (m, 1)\n"
    "parameters     dict               W1, b1, ..., WL, bL to begin with; copied\n"
    "learning_rate  float              any finite real number\n"
    "gram           bool or None       keep Z1 up to date by way of X^T X, and never read X\n"
    "                                  again; None: where that pays, which follows from the\n"
    "                                  shapes (m < n_x and X^T X at most 64 MiB)\n"
    "=============  =================  ==============================================\n"
    "\n"
    "The run is in float32 where X is float32, else in float64; the parameters are\n"
    "rounded to it once. One thread at a time: RuntimeError for another that comes in\n"
    "between. Errors as L_model_forward and L_model_backward have them.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])}\n"
    ">>> trainer = _ffnn.Trainer(np.array([[1., 2.]]), np.array([[1, 0]]), parameters, 1.0)\n"
    ">>> trainer.run(1)\n"
    "array(0.69314718)\n"
    ">>> trainer.parameters()\n"
    "{'W1': array([[-0.25]]), 'b1': array([[0.]])}";

static const char run_doc[] =
    "run($self, n)\n"
    "--\n"
    "\n"
    "Do n >= 1 iterations and return the cost before the first of them, a 0-d array.\n"
    "\n"
    "Ctrl-C raises KeyboardInterrupt out of it; the Trainer is of no use then.";

static const char parameters_doc[] =
    "parameters($self)\n"
    "--\n"
    "\n"
    "Return a dict of fresh copies of the parameters: W1, b1, ..., WL, bL.";

static const char check_run_doc[] =
    "check_run(function, X, Y, layer_dims, learning_rate)\n"
    "--\n"
    "\n"
    "Raise, in the name of `function`, what training on X and Y would raise.\n"
    "\n"
    "layer_dims is a tuple of two or more integers. Nothing is drawn, allocated or\n"
    "converted for a run, so that a caller can refuse bad arguments before it touches the\n"
    "random generator.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.check_run(\"demo\", [[1.0, 2.0, 3.0]], [[0, 1, 1]], (2, 1), 0.1)\n"
    "Traceback (most recent call last):\n"
    "    ...\n"
    "ValueError: demo: X has shape (1, 3) where layers_dims[0] wants 2 rows";
