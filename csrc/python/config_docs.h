/* config_docs.h - the docstrings of config.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char config_doc[] =
    "config()\n"
    "--\n"
    "\n"
    "Return a dict of what was built and what runs.\n"
    "\n"
    "isa is the running instruction set; built and available list those in the extension\n"
    "and those that this machine can run, best first. tile maps 'float32' and 'float64'\n"
    "to (rows, columns, lanes) of the matrix product's tile. compiler names the compiler,\n"
    "numpy_api NumPy's C API version, reproducible whether set_reproducible or FFNN_REPRODUCIBLE "
    "asked\n"
    "for it.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.config()[\"isa\"] in _ffnn.config()[\"available\"]\n"
    "True";

static const char activations_doc[] =
    "activations()\n"
    "--\n"
    "\n"
    "Return a tuple of the names of all activations.\n"
    "\n"
    "softmax is for an output layer of two units or more. leaky_relu has the slope 0.01 below 0, "
    "elu its\n"
    "alpha of 1, and gelu is z times the normal distribution function, not tanh's stand-in.\n"
    "exp is meant for the output layer, as the mean of a Poisson distribution.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> \"tanh\" in ffnn.activations()\n"
    "True";

static const char costs_doc[] =
    "costs()\n"
    "--\n"
    "\n"
    "Return a tuple of the names of all costs, which compute_cost explains.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> ffnn.costs()[:2]\n"
    "('binary_cross_entropy', 'categorical_cross_entropy')";

static const char optimizers_doc[] =
    "optimizers()\n"
    "--\n"
    "\n"
    "Return a tuple of the names of all optimisers.\n"
    "\n"
    "With g the gradient of the cost, L2 term included, and t the number of the step:\n"
    "\n"
    "===================  ======================================================================\n"
    "gd                   w -= learning_rate g\n"
    "momentum             v = beta v + (1 - beta) g; w -= learning_rate v, the courses' form\n"
    "classical_momentum   v = beta v + g; w -= learning_rate v\n"
    "nesterov             v = beta v + g; w -= learning_rate (g + beta v)\n"
    "velocity             v = beta v - learning_rate g; w += v\n"
    "nesterov_velocity    v = beta v - learning_rate g; w += beta v - learning_rate g, which\n"
    "                     scikit-learn's solver=\"sgd\" and Keras compute\n"
    "rmsprop              v = beta v + (1 - beta) g^2; w -= learning_rate g / (sqrt(v) + epsilon)\n"
    "adam                 v and s are means of g and g^2 by beta1 and beta2, divided by 1 - "
    "beta1^t\n"
    "                     and 1 - beta2^t; w -= learning_rate v / (sqrt(s) + epsilon)\n"
    "adam_epsilon_hat     adam with sqrt(s) as it is: w -= learning_rate sqrt(1 - beta2^t) / (1 -\n"
    "                     beta1^t) v / (sqrt(s) + epsilon), which scikit-learn's solver=\"adam\"\n"
    "                     and Keras compute\n"
    "adamw                adam, after W -= learning_rate weight_decay W\n"
    "lbfgs                w -= step H g with all examples at once: H is the inverse Hessian that "
    "the\n"
    "                     last history_size changes of w and g give (limited-memory BFGS: "
    "Nocedal,\n"
    "                     1980), the step is found by a line search for the strong Wolfe "
    "conditions\n"
    "                     (Mor\u00e9 and Thuente, 1994); there is no learning rate. It ends where "
    "no\n"
    "                     element of g is larger than tol\n"
    "levenberg_marquardt  w -= (H + damping I)^-1 m g with all m examples at once: H is the "
    "Gauss-Newton\n"
    "                     matrix of the summed cost, the sum of J^T J over the examples, for\n"
    "                     mean_squared_error and the cross-entropies (Hagan and Menhaj, 1994;\n"
    "                     Schraudolph, 2002). damping begins at 1e-3; it is divided by 10 after "
    "a\n"
    "                     step that gains more than 3/4 of what H promises, multiplied by 10 "
    "after\n"
    "                     one that gains less than 1/4 (Fletcher, 1971). A step that does not\n"
    "                     lower the cost is taken back. It ends at a damping of 1e10, or by tol.\n"
    "                     For nets of up to 4,096 parameters: a run takes 16 P^2 + 4,672 P bytes.\n"
    "                     bayesian=True finds the weight of the L2 term by the evidence (MacKay,\n"
    "                     1992; Foresee and Hagan, 1997)\n"
    "===================  ======================================================================\n"
    "\n"
    "An element of v or s below the least normal number (1.2e-38 in float32, 2.2e-308 in\n"
    "float64) becomes 0. With AVX2 and AVX-512 so do all such numbers in training.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> ffnn.optimizers()[0]\n"
    "'gd'";

static const char optimizer_rows_doc[] =
    "optimizer_rows()\n"
    "--\n"
    "\n"
    "Return {name: (takes all examples at once, the numbers that it reads)} of all optimisers.";

static const char cost_of_doc[] =
    "cost_of(output_activation, /)\n"
    "--\n"
    "\n"
    "Return the name of the cost that goes with an output where none is named.";

static const char get_num_threads_doc[] =
    "get_num_threads()\n"
    "--\n"
    "\n"
    "Return how many threads may compute at once, the caller's included.\n"
    "\n"
    "At first FFNN_NUM_THREADS, or else the number of processors that the process may use:\n"
    "its affinity and its control group count. Results do not depend on it.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> ffnn.get_num_threads() >= 1\n"
    "True";

static const char set_num_threads_doc[] =
    "set_num_threads(n)\n"
    "--\n"
    "\n"
    "Let at most n threads compute at once, the caller's included; n from 1 to 256.\n"
    "\n"
    "Holds for the whole process, from the next product on. Small nets stay on the calling\n"
    "thread whatever n is. TypeError if n is no integer, ValueError outside 1 to 256.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> before = ffnn.get_num_threads()\n"
    ">>> ffnn.set_num_threads(1)\n"
    ">>> ffnn.get_num_threads()\n"
    "1\n"
    ">>> ffnn.set_num_threads(before)";

static const char get_reproducible_doc[] =
    "get_reproducible()\n"
    "--\n"
    "\n"
    "Return whether results have the same bits on every machine.\n"
    "\n"
    "At first FFNN_REPRODUCIBLE=1 decides, then set_reproducible. A bool.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> ffnn.get_reproducible()\n"
    "False";

static const char set_reproducible_doc[] =
    "set_reproducible(reproducible)\n"
    "--\n"
    "\n"
    "Give the same bits on every machine from now on (True), or the fastest results (False).\n"
    "\n"
    "True lets the generic instruction set run, whose results depend neither on the processor nor\n"
    "on the compiler or the operating system. Holds for the whole process and for calls that "
    "begin\n"
    "later; a run that train began goes on as it is. FFNN_REPRODUCIBLE=1 in the environment does "
    "it\n"
    "at import. TypeError for anything but True and False.\n"
    "\n"
    ">>> import ffnn\n"
    ">>> before = ffnn.get_reproducible()\n"
    ">>> ffnn.set_reproducible(True)\n"
    ">>> ffnn.get_reproducible()\n"
    "True\n"
    ">>> ffnn.set_reproducible(before)";

static const char limit_threads_doc[] =
    "limit_threads(n, /)\n"
    "--\n"
    "\n"
    "Let at most n threads compute at once for the calling thread; return the limit before.\n"
    "\n"
    "0 is no limit but set_num_threads'. Other threads' calls keep theirs.";

static const char fail_allocation_doc[] =
    "fail_allocation(n, /)\n"
    "--\n"
    "\n"
    "Make the n-th allocation of ffnn's own memory from now on fail, for tests.\n"
    "\n"
    "0 makes none fail.";
