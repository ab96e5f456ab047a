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
    "numpy_api NumPy's C API version.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.config()[\"isa\"] in _ffnn.config()[\"available\"]\n"
    "True";

static const char activations_doc[] = "activations()\n"
                                      "--\n"
                                      "\n"
                                      "Return a tuple of the names of all activations.\n"
                                      "\n"
                                      ">>> import ffnn\n"
                                      ">>> ffnn.activations()\n"
                                      "('relu', 'sigmoid')";

static const char fail_allocation_doc[] =
    "fail_allocation(n, /)\n"
    "--\n"
    "\n"
    "Make the n-th allocation of ffnn's own memory from now on fail, for tests.\n"
    "\n"
    "0 makes none fail.";
