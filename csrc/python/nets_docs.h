/* nets_docs.h - the docstrings of nets.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char register_net_types_doc[] =
    "register_net_types(parameters, caches)\n"
    "--\n"
    "\n"
    "Take the subclasses of dict and of list that know the activations of their net.";
