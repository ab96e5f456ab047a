/* words.h - a word out of a list, and the nearest to one that is misspelt. */
#ifndef FFNN_WORDS_H
#define FFNN_WORDS_H

#include "errors.h"

enum { FFNN_MOST_WORDS = 32, FFNN_LONGEST_WORD = 40 };

/* The index of one of `count` <= FFNN_MOST_WORDS words, or -1 with an error that suggests one. */
int ffnn_word_parse(ffnn_place place, PyObject *object, const char *const *words, int count);
/* The candidate that `word` misspells, ignoring case, or NULL where none is near. */
const char *ffnn_word_nearest(const char *word, const char *const *candidates, int count);

/* Is `candidate` near enough, and nearer than `least` (INT_MAX at first), which becomes its
 * distance? */
bool ffnn_word_is_nearer(const char *word, const char *candidate, int *least);

#endif
