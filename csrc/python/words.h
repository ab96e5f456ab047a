/* words.h - a word out of a list, and the one that was meant by another. */
#ifndef FFNN_WORDS_H
#define FFNN_WORDS_H

#include "errors.h"

enum { FFNN_MOST_WORDS = 32, FFNN_LONGEST_WORD = 40 };

/* count <= FFNN_MOST_WORDS rows of a table, each of which begins with its name. */
typedef struct {
    const void *rows;
    size_t row_bytes;
    int count;
} ffnn_words;

/* The index of a name, or -1 with an error that suggests one. */
int ffnn_word_parse(ffnn_place place, PyObject *object, ffnn_words rows);
/* A new str: `opening`, then the candidate that `word` misspells or says in another library's way,
 * and a remark on the difference; "" where there is none. NULL: no memory. */
PyObject *ffnn_word_hint(const char *opening, PyObject *word, const char *const *candidates,
                         int count);

#endif
