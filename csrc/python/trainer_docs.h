/* trainer_docs.h - the docstrings of trainer.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char trainer_doc[] =
    "Trainer(function, X, Y, layer_dims, *"
#define FFNN_OPTION(name, shown) ", " #name "=" #shown
#include "../options.def"
    ", gram=None, sample_weight=None, weighted_mean=False, bit_generator=None, "
    "input_name='layer_dims[0]', reproducible=None, source=None)\n"
    "--\n"
    "\n"
    "Hold a whole run of training: parameters, what the optimiser remembers, all workspaces.\n"
    "\n"
    "Its parameters come by set, before which it does not run.\n"
    "\n"
    "=================  =================  ==============================================\n"
    "function           str                in whose name errors are raised\n"
    "X                  (n_x, m)           inputs; read in place, in any layout, while runs last\n"
    "Y                  (n_y, m)           labels, as compute_cost takes them\n"
    "layer_dims         tuple              n_x, n_1, ..., n_y\n"
    "learning_rate      float              any finite real number; an attribute, which may be set\n"
    "hidden_activation  str or list        as L_model_forward has it\n"
    "output_activation  str                likewise\n"
    "cost               str or None        as L_model_backward has it; cross-entropies are taken\n"
    "                                      from the logits, so that none is ever NaN or inf\n"
    "quantile           float or None      as compute_cost has it\n"
    "optimizer          str                a name from ffnn.optimizers(), which explains it\n"
    "beta, beta1, beta2, epsilon, weight_decay, history_size, tol, max_evaluations, bayesian\n"
    "                   float or None      the optimiser's numbers, as train has them; one that\n"
    "                                      the optimiser does not read is a ValueError\n"
    "lambd              float              of the L2 term, see compute_cost; part of the cost\n"
    "keep_prob          float or list      dropout, as L_model_forward has it\n"
    "clip_norm          float or None      the greatest norm of all gradients together\n"
    "gram               bool or None       keep Z1 up to date by way of X^T X, and never read X\n"
    "                                      again; None: where that pays, m < n_x and X^T X at\n"
    "                                      most 64 MiB, and from the step m / (2 n_1) on. For\n"
    "                                      gd without lambd and clip_norm\n"
    "sample_weight      (m,) or None       factors of the examples' costs; their mean should be 1\n"
    "weighted_mean      bool               divide a step's sums, L2 among them, by the sum of its\n"
    "                                      weights, not by the number of its examples\n"
    "bit_generator      BitGenerator       of NumPy, for dropout; who calls run and epoch holds\n"
    "                                      its lock meanwhile\n"
    "input_name         str                how an error calls what n_x comes from\n"
    "reproducible       bool or None       the same bits on every machine; None: as\n"
    "                                      set_reproducible says\n"
    "source             object             reads X, of which only shape and type count then:\n"
    "                                      read(first, count) returns (begin, columns), which\n"
    "                                      hold so many from `first` on of a pass, in the order\n"
    "                                      of the epoch; a pass goes forward and begins at 0\n"
    "=================  =================  ==============================================\n"
    "\n"
    "The run is in float32 where X is float32, else in float64; the parameters are\n"
    "rounded to it once. One thread at a time: RuntimeError for another that comes in\n"
    "between. Errors as L_model_forward and L_model_backward have them.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[0, 1]])\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", X, Y, (1, 1), learning_rate=1.0)\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
    ">>> trainer.run(1)\n"
    "array(0.69314718)\n"
    ">>> trainer.parameters()\n"
    "{'W1': array([[0.25]]), 'b1': array([[0.]])}\n"
    ">>> _ffnn.Trainer(\"demo\", X, Y, (3, 1))\n"
    "Traceback (most recent call last):\n"
    "    ...\n"
    "ValueError: demo: X has shape (1, 2) where layer_dims[0] wants 3 rows";

static const char set_doc[] =
    "set($self, parameters, *, state=None)\n"
    "--\n"
    "\n"
    "Begin from copies of the parameters, and of what the optimiser remembers, at any time.\n"
    "\n"
    "==========  =====  ==================================================\n"
    "parameters  dict   W1, b1, ..., WL, bL\n"
    "state       dict   what state() gave; None: step 0, moments of 0\n"
    "==========  =====  ==================================================\n"
    "\n"
    "Both are checked before either is taken; errors call state optimizer_state. What was\n"
    "remembered by snapshot is replaced by this beginning.";

static const char check_doc[] =
    "check($self, name, X, Y)\n"
    "--\n"
    "\n"
    "Raise, calling them by that name, where other examples do not fit the net as its own do.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", np.array([[1., 2.]]), np.array([[1, 0]]), (1, 1))\n"
    ">>> trainer.check(\"validation_data\", np.ones((2, 3)), np.ones((1, 3)))\n"
    "Traceback (most recent call last):\n"
    "    ...\n"
    "ValueError: demo: validation_data: X has shape (2, 3) where layer_dims[0] wants 1 rows";

static const char run_doc[] =
    "run($self, n, *, record=None)\n"
    "--\n"
    "\n"
    "Do n >= 1 iterations with all examples and return the cost before the first, a 0-d array.\n"
    "\n"
    "With a number of at least 1 as record that moment is a record point, if its cost is finite:\n"
    "what snapshot would have saved before the call. Ctrl-C raises KeyboardInterrupt out of it;\n"
    "the Trainer is of no use then, until it has been restored.";

static const char epoch_doc[] =
    "epoch($self, order, batch_size, *, record=None)\n"
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
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", X, Y, (1, 1), learning_rate=1.0)\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
    ">>> trainer.epoch(np.array([1, 0]), 1)\n"
    "array(1.19728023)";

static const char shuffled_doc[] =
    "shuffled($self, n, batch_size, *, record=None)\n"
    "--\n"
    "\n"
    "Do n epochs, each in a new order; return the cost of the last.\n"
    "\n"
    "The order is drawn from the bit generator as np.random.RandomState(...).permutation(m) draws\n"
    "it, before the masks of the epoch. The caller holds the generator's lock. Else as epoch.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", X, Y, (1, 1), learning_rate=1.0,\n"
    "...                         bit_generator=np.random.MT19937(3))\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
    ">>> trainer.shuffled(2, 1)\n"
    "array(1.11698638)";

static const char snapshot_doc[] =
    "snapshot($self, n)\n"
    "--\n"
    "\n"
    "Remember parameters, moments and steps as they are, under the number n.\n"
    "\n"
    "At first they are those that were set, under 0.";

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
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", X, Y, (1, 1), learning_rate=1.0)\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
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
    "moments v and s, dicts of dW1, db1, ..., dWL, dbL. For lbfgs s and y are (k, P) arrays, a\n"
    "row for each of its k newest pairs, the oldest first, in the order of\n"
    "parameters_to_vector; for levenberg_marquardt damping is a float, 0 before the first step, "
    "and if\n"
    "bayesian so are noise_variance, weight_variance and effective_parameters.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", X, Y, (1, 1), optimizer=\"momentum\")\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
    ">>> trainer.state()\n"
    "{'t': 0, 'v': {'dW1': array([[0.]]), 'db1': array([[0.]])}}";

static const char layer_dims_doc[] =
    "layer_dims(function, parameters)\n"
    "--\n"
    "\n"
    "Return n_x, n_1, ..., n_y of parameters, checked in the name of `function`.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.layer_dims(\"demo\", {\"W1\": np.zeros((3, 2)), \"b1\": np.zeros((3, 1))})\n"
    "(2, 3)";

static const char record_point_doc[] =
    "record_point($self)\n"
    "--\n"
    "\n"
    "Return what was saved last: its number, and parameters and state as copies.";

static const char posterior_doc[] =
    "posterior($self)\n"
    "--\n"
    "\n"
    "Return what a bayesian run knows of its parameters: the history['posterior'] of train.\n"
    "\n"
    "ValueError for another run.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1., 0.]])\n"
    ">>> trainer = _ffnn.Trainer(\"demo\", X, Y, (1, 1), output_activation=\"linear\",\n"
    "...                         optimizer=\"levenberg_marquardt\", bayesian=True)\n"
    ">>> trainer.set({\"W1\": np.array([[1.]]), \"b1\": np.array([[0.]])})\n"
    ">>> cost = trainer.run(1)\n"
    ">>> trainer.posterior()[\"factor\"].shape\n"
    "(2, 2)";

static const char measure_doc[] =
    "measure($self, X, Y, *, sample_weight=None, source=None)\n"
    "--\n"
    "\n"
    "Return the mean cost of other examples, without L2 and dropout, a 0-d array.\n"
    "\n"
    "Examples pass in slabs, so that memory does not grow with them. sample_weight, (m,), makes\n"
    "it a weighted mean; a source reads X, as a Trainer's does.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> trainer = _ffnn.Trainer(\"train\", X, Y, (1, 1))\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
    ">>> trainer.measure(X, Y, sample_weight=[1, 0])\n"
    "array(0.69314718)";

static const char step_doc[] =
    "step($self, X, Y, *, sample_weight=None)\n"
    "--\n"
    "\n"
    "Take one step with these examples and return their mean cost before it, a 0-d array.\n"
    "\n"
    "The weights multiply costs as they are; their mean should be 1. Ctrl-C as in run.";

static const char gradient_doc[] =
    "gradient($self, X, Y, *, sample_weight=None)\n"
    "--\n"
    "\n"
    "Return the sums over these examples of costs and gradients, both without L2.\n"
    "\n"
    "A 0-d array and a dict dW1, db1, ..., dWL, dbL of copies. Sums over parts add up to those\n"
    "over the whole. The Trainer keeps the gradients for update.\n"
    "\n"
    ">>> import numpy as np\n"
    ">>> from ffnn import _ffnn\n"
    ">>> X, Y = np.array([[1., 2.]]), np.array([[1, 0]])\n"
    ">>> trainer = _ffnn.Trainer(\"train\", X, Y, (1, 1), learning_rate=1.0)\n"
    ">>> trainer.set({\"W1\": np.array([[0.]]), \"b1\": np.array([[0.]])})\n"
    ">>> trainer.gradient(X, Y)\n"
    "(array(1.38629436), {'dW1': array([[0.5]]), 'db1': array([[0.]])})\n"
    ">>> trainer.update(2)\n"
    ">>> trainer.parameters()\n"
    "{'W1': array([[-0.25]]), 'b1': array([[0.]])}";

static const char update_doc[] =
    "update($self, m)\n"
    "--\n"
    "\n"
    "Take the optimiser's step with the gradients of gradient, as sums over m examples.\n"
    "\n"
    "L2 is added and the norm clipped here. gradient and update give the bits of step.";
