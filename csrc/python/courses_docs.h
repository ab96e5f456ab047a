/* courses_docs.h - the docstrings of courses.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char literal_cost_doc[] =
    "literal_cost(function, name, A, Y, skip_nan)\n"
    "--\n"
    "\n"
    "Compute -sum(Y log(A) + (1 - Y) log(1 - A)) literally: 0 * log(0) is NaN.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "function   str                    whose errors these are\n"
    "name       str                    what `function` calls A\n"
    "A          (n_y, m)               probabilities\n"
    "Y          (n_y, m)               labels; where n_y is 1 also (m,) and (m, 1)\n"
    "skip_nan   bool                   leave out the terms that are NaN, as nansum does\n"
    "cost       0-d array              the total, not divided by m\n"
    "=========  =====================  ==============================================\n"
    "\n"
    "Warns as NumPy does where a logarithm or a product is undefined. Errors as\n"
    "compute_cost has them.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.literal_cost(\"demo\", \"A2\", [[0.5, 0.5]], [[0, 1]], False)\n"
    "array(1.38629436)";

static const char residual_doc[] =
    "residual(function, name, A, Y, divisor)\n"
    "--\n"
    "\n"
    "Compute (A - Y) / divisor, the error of a sigmoid output whoever made it.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "A          (n_y, m)               probabilities; errors call them `name`\n"
    "Y          (n_y, m)               labels; where n_y is 1 also (m,) and (m, 1)\n"
    "divisor    float                  1, or the number of examples\n"
    "dZ         (n_y, m)               A and a float Y as NumPy promotes them\n"
    "=========  =====================  ==============================================\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.residual(\"demo\", \"A2\", [[0.5, 0.25]], [[0, 1]], 1)\n"
    "array([[ 0.5 , -0.75]])";

static const char tanh_slope_doc[] =
    "tanh_slope(function, name, dA, A)\n"
    "--\n"
    "\n"
    "Compute dA * (1 - A**2), the chain rule through A = tanh(Z) without Z.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "dA         any shape              gradient of the cost by A\n"
    "A          the shape of dA        the activations; errors call them `name`\n"
    "dZ         the shape of dA        dA and A as NumPy promotes them\n"
    "=========  =====================  ==============================================\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.tanh_slope(\"demo\", \"A1\", [[1.0, 2.0]], [[0.0, 0.5]])\n"
    "array([[1. , 1.5]])";

static const char masked_doc[] =
    "masked(function, name, A, D, keep_prob)\n"
    "--\n"
    "\n"
    "Compute A * D / keep_prob, inverted dropout with a mask that was drawn before.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "A          any shape              activations, or their gradient\n"
    "D          the shape of A         the mask; errors call it `name`\n"
    "keep_prob  float                  the share of units that are kept\n"
    "result     the shape of A         A and a float D as NumPy promotes them\n"
    "=========  =====================  ==============================================\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.masked(\"demo\", \"D1\", [[1.0, 2.0]], [[True, False]], 0.5)\n"
    "array([[2., 0.]])";
