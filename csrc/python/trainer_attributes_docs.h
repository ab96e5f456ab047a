/* trainer_attributes_docs.h - the docstrings of trainer_attributes.c. */

static const char learning_rate_doc[] = "The rate of the steps to come.";

static const char is_whole_doc[] =
    "Whether the optimiser takes all examples at once and finds the length of its steps itself.";

static const char whole_cost_doc[] =
    "The cost where the last step of such a method has led; run returns that where a step began.";

static const char evaluations_doc[] =
    "How often a method that takes all examples at once has evaluated the cost since set.";

static const char evidence_doc[] =
    "Effective parameters, and the variances of noise and weights, that the last call began with.\n"
    "\n"
    "None without bayesian=True.";

static const char ending_doc[] =
    "Why such a method takes no more steps, or None.\n"
    "\n"
    "'tol', 'cost_tol', 'max_evaluations', 'line_search', 'damping' or 'diverged'.";

static const char is_watched_doc[] = "Whether a cost that is not finite ends run and shuffled.";

static const char epochs_done_doc[] = "How many epochs or iterations the last call did.";

static const char l2_cost_doc[] = "What the L2 term added to the cost of the last call.";
