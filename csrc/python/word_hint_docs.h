/* word_hint_docs.h - the docstring of word_hint.c.
 *
 * A first line "name(arguments)", then "--", becomes __text_signature__.
 */

static const char word_hint_doc[] =
    "word_hint(opening, word, words)\n"
    "--\n"
    "\n"
    "Return a hint at the one of some words that was meant, or \"\" where none was.\n"
    "\n"
    "=======  ================  ===================================================\n"
    "opening  str               how the hint begins\n"
    "word     str               as it was given\n"
    "words    iterable of str   of 40 letters at most: longer ones are never near\n"
    "=======  ================  ===================================================\n"
    "\n"
    "Another library's word is known from csrc/foreign_words.def. Else near is one slip, or one\n"
    "in three letters of a word of six or more: a letter too many, too few, wrong, or in its\n"
    "neighbour's place. Case does not count. The first of equals. TypeError for what is no str.\n"
    "\n"
    ">>> from ffnn import _ffnn\n"
    ">>> _ffnn.word_hint(\"; did you mean\", \"Sigmiod\", [\"relu\", \"sigmoid\"])\n"
    "\"; did you mean 'sigmoid'?\"";
