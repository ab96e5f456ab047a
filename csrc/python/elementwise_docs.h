/* elementwise_docs.h - the docstrings of elementwise.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char sigmoid_doc[] =
    "sigmoid(Z)\n"
    "--\n"
    "\n"
    "Compute A = 1 / (1 + exp(-Z)), element by element, and hand Z back as the cache.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "Z          any shape              float32, float64; integers and bools as float64\n"
    "A          the shape of Z         the float type of Z\n"
    "cache      Z itself               the very object that was passed\n"
    "=========  =====================  ==============================================\n"
    "\n"
    "Never overflows and never warns: computed through exp(-abs(Z)), to 1.5 ulp.\n"
    "TypeError for another dtype, a masked array or a numpy.matrix.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> Z = np.array([[0., -1000., 1000.]])\n"
    ">>> A, cache = ffnn.sigmoid(Z)\n"
    ">>> print(A, cache is Z)\n"
    "[[0.5 0.  1. ]] True";

static const char relu_doc[] =
    "relu(Z)\n"
    "--\n"
    "\n"
    "Compute A = max(0, Z), element by element, and hand Z back as the cache.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "Z          any shape              float32, float64; integers and bools as float64\n"
    "A          the shape of Z         the float type of Z\n"
    "cache      Z itself               the very object that was passed\n"
    "=========  =====================  ==============================================\n"
    "\n"
    "NaN stays NaN and -0.0 stays -0.0. TypeError for another dtype, a masked array or a\n"
    "numpy.matrix.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> A, cache = ffnn.relu(np.array([[-1., 0., 2.]]))\n"
    ">>> print(A)\n"
    "[[0. 0. 2.]]";

static const char sigmoid_backward_doc[] =
    "sigmoid_backward(dA, cache)\n"
    "--\n"
    "\n"
    "Compute dZ = dA * s * (1 - s) with s = sigmoid(Z), the chain rule through sigmoid.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "dA         any shape              gradient of the cost by A\n"
    "cache      the shape of dA        Z, as sigmoid handed it back\n"
    "dZ         the shape of dA        dA and Z as NumPy promotes them\n"
    "=========  =====================  ==============================================\n"
    "\n"
    "ValueError where the shapes differ; TypeError for another dtype.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> ffnn.sigmoid_backward(np.array([[1., 2.]]), np.array([[0., 0.]]))\n"
    "array([[0.25, 0.5 ]])";

static const char relu_backward_doc[] =
    "relu_backward(dA, cache)\n"
    "--\n"
    "\n"
    "Compute dZ = dA where Z > 0 and 0 where Z <= 0, the chain rule through relu.\n"
    "\n"
    "=========  =====================  ==============================================\n"
    "dA         any shape              gradient of the cost by A\n"
    "cache      the shape of dA        Z, as relu handed it back\n"
    "dZ         the shape of dA        the float type of dA\n"
    "=========  =====================  ==============================================\n"
    "\n"
    "The derivative at 0 is 0. Where Z is NaN, dA comes through; where Z <= 0 the result\n"
    "is 0 even for a dA that is NaN or infinite. ValueError where the shapes differ;\n"
    "TypeError for another dtype.\n"
    "\n"
    ">>> import numpy as np, ffnn\n"
    ">>> ffnn.relu_backward(np.array([[1., 2., 3.]]), np.array([[-1., 0., 4.]]))\n"
    "array([[0., 0., 3.]])";

static const char map_doc[] =
    "map(name, x)\n"
    "--\n"
    "\n"
    "Compute exp(x) or log(x) with the running kernels, for accuracy tests.\n"
    "\n"
    "name is 'exp' or 'log'; x is a float32 or float64 array of any shape, and so is the\n"
    "result.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.map(\"exp\", [0.0])\n"
    "array([1.])";
