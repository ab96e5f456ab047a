/* words.c - a word out of a list, and the nearest to one that is misspelt.
 *
 * The distance is Damerau's and Levenshtein's (optimal string alignment), without regard to case.
 */
#include "words.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

/* Insertions, deletions, replacements and exchanges of neighbours that lead from a to b. */
static int distance(const char *a, const char *b)
{
    int rows[3][FFNN_LONGEST_WORD + 1];
    const size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > FFNN_LONGEST_WORD || b_length > FFNN_LONGEST_WORD) return INT_MAX;
    const int n = (int)a_length, m = (int)b_length;
    int *before = rows[0], *last = rows[1], *row = rows[2];
    for (int j = 0; j <= m; j++) last[j] = before[j] = j;
    for (int i = 1; i <= n; i++) {
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            int least = last[j - 1] + (x != y);
            if (last[j] + 1 < least) least = last[j] + 1;
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < least)
                least = before[j - 2] + 1;
            row[j] = least;
        }
        int *free_row = before;
        before = last, last = row, row = free_row;
    }
    return last[m];
}

bool ffnn_word_is_nearer(const char *word, const char *candidate, int *least)
{
    /* One slip, or one in three letters of a longer word; every letter wrong is no slip. */
    const size_t length = strlen(candidate);
    const int d = distance(word, candidate), allowed = length < 6 ? 1 : (int)(length / 3);
    if (d > allowed || (size_t)d >= length || d >= *least) return false;
    *least = d;
    return true;
}

const char *ffnn_word_nearest(const char *word, const char *const *candidates, int count)
{
    const char *nearest = NULL;
    int least = INT_MAX;
    for (int i = 0; i < count; i++)
        if (ffnn_word_is_nearer(word, candidates[i], &least)) nearest = candidates[i];
    return nearest;
}

int ffnn_word_parse(ffnn_place place, PyObject *object, const char *const *words, int count)
{
    if (!PyUnicode_Check(object))
        return ffnn_error_raise(PyExc_TypeError, place, "must be a str, not %s",
                                Py_TYPE(object)->tp_name);
    for (int i = 0; i < count; i++)
        if (PyUnicode_CompareWithASCIIString(object, words[i]) == 0) return i;
    char list[FFNN_MOST_WORDS * (FFNN_LONGEST_WORD + 4)] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s'%s'", i == 0 ? "" : ", ", words[i]);
    }
    const char *word = PyUnicode_AsUTF8(object), *near = NULL;
    if (word == NULL)
        PyErr_Clear();
    else
        near = ffnn_word_nearest(word, words, count);
    if (near == NULL)
        return ffnn_error_raise(PyExc_ValueError, place, "must be one of %s, not %R", list, object);
    return ffnn_error_raise(PyExc_ValueError, place,
                            "must be one of %s, not %R; did you mean '%s'?", list, object, near);
}
