/* nearest_word_docs.h - the docstring of nearest_word.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char nearest_word_doc[] =
    "nearest_word(word, words)\n"
    "--\n"
    "\n"
    "Return the one of some words that a word misspells, or None where none is near.\n"
    "\n"
    "=======  ================  ===================================================\n"
    "word     str               as it was given\n"
    "words    iterable of str   of 40 letters at most: longer ones are never near\n"
    "=======  ================  ===================================================\n"
    "\n"
    "Near is one slip, or one in three letters of a word of six or more: a letter too many,\n"
    "too few, wrong, or in its neighbour's place. Case does not count. The first of equals.\n"
    "TypeError for what is no str.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.nearest_word(\"Sigmiod\", [\"relu\", \"sigmoid\"])\n"
    "'sigmoid'";
