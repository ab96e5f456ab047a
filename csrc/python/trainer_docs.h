/* trainer_docs.h - the docstrings of trainer.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char trainer_doc[] =
    "Trainer(X, Y, parameters, learning_rate, *, hidden_activation='relu', "
    "output_activation='sigmoid', cost=None, optimizer='gd', beta=0.9, beta1=0.9, beta2=0.999, "
    "epsilon=1e-08, weight_decay=0.0, lambd=0.0, keep_prob=1.0, clip_norm=None, gram=None, "
    "sample_weight=None, bit_generator=None, state=None)\n"
    "--\n"
    "\n"
    "Hold a whole run of training: parameters, what the optimiser remembers, all workspaces.\n"
    "\n"
    "=================  =================  ==============================================\n"
    "X                  (n_x, m)           inputs; read in place, in any layout, while runs last\n"
    "Y                  (n_y, m)           labels, as compute_cost takes them\n"
    "parameters         dict               W1, b1, ..., WL, bL to begin with; copied\n"
    "learning_rate      float              any finite real number; an attribute, which may be set\n"
    "hidden_activation  str or list        as L_model_forward has it\n"
    "output_activation  str                likewise\n"
    "cost               str or None        as L_model_backward has it; cross-entropies are taken\n"
    "                                      from the logits, so that none is ever NaN or inf\n"
    "optimizer          str                a name from ffnn.optimizers(), which explains it\n"
    "beta               float              of the momenta and rmsprop; in [0, 1)\n"
    "beta1, beta2       float              of adam and adamw; in [0, 1)\n"
    "epsilon            float              of rmsprop, adam and adamw; not negative\n"
    "weight_decay       float              of adamw; not negative\n"
    "lambd              float              of the L2 term, see compute_cost; part of the cost\n"
    "keep_prob          float or list      dropout, as L_model_forward has it\n"
    "clip_norm          float or None      the greatest norm of all gradients together\n"
    "gram               bool or None       keep Z1 up to date by way of X^T X, and never read X\n"
    "                                      again; None: where that pays, m < n_x and X^T X at\n"
    "                                      most 64 MiB, and from the step m / (2 n_1) on. For\n"
    "                                      gd without lambd and clip_norm\n"
    "sample_weight      (m,) or None       factors of the examples' costs; their mean should be 1\n"
    "bit_generator      BitGenerator       of NumPy, for dropout; who calls run and epoch holds\n"
    "                                      its lock meanwhile\n"
    "state              dict or None       what state() gave, to go on from\n"
    "=================  =================  ==============================================\n"
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
    "Do n >= 1 iterations with all examples and return the cost before the first, a 0-d array.\n"
    "\n"
    "Ctrl-C raises KeyboardInterrupt out of it; the Trainer is of no use then, until it has gone\n"
    "back to what was kept.";

static const char epoch_doc[] =
    "epoch($self, order, batch_size)\n"
    "--\n"
    "\n"
    "Do a step for each batch_size examples, the last with what is left; return the cost.\n"
    "\n"
    "order is a permutation of the examples, an (m,) array of integers, or None for their own\n"
    "order. The cost, a 0-d array, is the mean over the examples of what each cost before the\n"
    "step that it took part in. Ctrl-C as in run.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])}\n"
    ">>> trainer = _ffnn.Trainer(np.array([[1., 2.]]), np.array([[1, 0]]), parameters, 1.0)\n"
    ">>> trainer.epoch(np.array([1, 0]), 1)\n"
    "array(1.19728023)";

static const char shuffled_doc[] =
    "shuffled($self, n, batch_size)\n"
    "--\n"
    "\n"
    "Do n epochs, each in a new order; return the cost of the last.\n"
    "\n"
    "The order is drawn from the bit generator as np.random.RandomState(...).permutation(m) draws\n"
    "it, before the masks of the epoch. The caller holds the generator's lock. Else as epoch.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])}\n"
    ">>> trainer = _ffnn.Trainer(np.array([[1., 2.]]), np.array([[1, 0]]), parameters, 1.0,\n"
    "...                         bit_generator=np.random.MT19937(3))\n"
    ">>> trainer.shuffled(2, 1)\n"
    "array(1.11698638)";

static const char snapshot_doc[] =
    "snapshot($self, n)\n"
    "--\n"
    "\n"
    "Remember parameters, moments and steps as they are, under the number n.\n"
    "\n"
    "At first they are those that the Trainer was made from, under 0.";

static const char restore_doc[] =
    "restore($self)\n"
    "--\n"
    "\n"
    "Make parameters, moments and steps what they were when they were kept; return that n.\n"
    "\n"
    "After Ctrl-C this makes the Trainer whole again. Random numbers that were drawn since stay\n"
    "drawn.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])}\n"
    ">>> trainer = _ffnn.Trainer(np.array([[1., 2.]]), np.array([[1, 0]]), parameters, 1.0)\n"
    ">>> cost = trainer.run(10)\n"
    ">>> trainer.restore(), trainer.state()\n"
    "(0, {'t': 0})";

static const char is_finite_doc[] = "is_finite($self)\n"
                                    "--\n"
                                    "\n"
                                    "Whether no parameter is infinite or NaN.";

static const char parameters_doc[] =
    "parameters($self)\n"
    "--\n"
    "\n"
    "Return a dict of fresh copies of the parameters: W1, b1, ..., WL, bL.";

static const char state_doc[] =
    "state($self)\n"
    "--\n"
    "\n"
    "Return what the optimiser remembers: steps and moments.\n"
    "\n"
    "A dict with t, the number of steps so far, and as far as the optimiser saves such\n"
    "moments v and s, dicts of dW1, db1, ..., dWL, dbL.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> parameters = {\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])}\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> _ffnn.Trainer(X, Y, parameters, 1.0, optimizer=\"momentum\").state()\n"
    "{'t': 0, 'v': {'dW1': array([[0.]]), 'db1': array([[0.]])}}";

static const char learning_rate_doc[] = "The rate of the steps to come.";

static const char check_run_doc[] =
    "check_run(function, X, Y, layer_dims, learning_rate, *, hidden_activation='relu', "
    "output_activation='sigmoid', cost=None, optimizer='gd', beta=0.9, beta1=0.9, beta2=0.999, "
    "epsilon=1e-08, weight_decay=0.0, lambd=0.0, keep_prob=1.0, clip_norm=None)\n"
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
