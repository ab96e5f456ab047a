/* words.c - a word out of a list, and the one that was meant by another.
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

/* The candidate that is a few slips away: one, or one in three letters of a longer word; every
 * letter wrong is no slip. */
static const char *nearest(const char *word, const char *const *candidates, int count)
{
    const char *found = NULL;
    int least = INT_MAX;
    for (int i = 0; i < count; i++) {
        const size_t length = strlen(candidates[i]);
        const int d = distance(word, candidates[i]), allowed = length < 6 ? 1 : (int)(length / 3);
        if (d > allowed || (size_t)d >= length || d >= least) continue;
        found = candidates[i];
        least = d;
    }
    return found;
}

/* ---- words of other libraries ---- */

typedef struct {
    const char *foreign, *ours, *remark;
} foreign_word;

static const foreign_word foreign_words[] = {
#define FFNN_FOREIGN_WORD(foreign, ours, remark) {#foreign, #ours, remark},
#include "../foreign_words.def"
#undef FFNN_FOREIGN_WORD
};

static const char *past_joints(const char *text)
{
    while (*text == '_' || *text == '-' || *text == ' ') text++;
    return text;
}

/* Without regard to case and to what joins the parts of a word. */
static bool is_same(const char *a, const char *b)
{
    for (a = past_joints(a), b = past_joints(b); *a != 0 && *b != 0;
         a = past_joints(a + 1), b = past_joints(b + 1))
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
    return *a == *b;
}

static const char *same_of(const char *word, const char *const *candidates, int count)
{
    for (int i = 0; i < count; i++)
        if (candidates[i][0] != 0 && is_same(word, candidates[i])) return candidates[i];
    return NULL;
}

/* The word that was meant, or NULL; the remark of its row. */
static const char *meant(const char *word, const char *const *candidates, int count,
                         const char **remark)
{
    *remark = "";
    const char *same = same_of(word, candidates, count);
    if (same != NULL) return same;
    for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words; i++) {
        if (!is_same(word, foreign_words[i].foreign)) continue;
        for (int j = 0; j < count; j++)
            if (strcmp(candidates[j], foreign_words[i].ours) == 0) {
                *remark = foreign_words[i].remark;
                return candidates[j];
            }
    }
    return nearest(word, candidates, count);
}

PyObject *ffnn_word_hint(const char *opening, PyObject *word, const char *const *candidates,
                         int count)
{
    const char *text = PyUnicode_AsUTF8(word), *remark;
    if (text == NULL) PyErr_Clear(); /* a lone surrogate has no spelling that could be near */
    const char *found = meant(text == NULL ? "" : text, candidates, count, &remark);
    if (found == NULL) return PyUnicode_FromString("");
    return PyUnicode_FromFormat("%s '%s'?%s%s", opening, found, remark[0] == 0 ? "" : " ", remark);
}

/* Most differ in their first letter, which a call would take longer to find. */
static inline bool is_word(PyObject *object, const char *word)
{
    if (!PyUnicode_IS_COMPACT_ASCII(object))
        return PyUnicode_CompareWithASCIIString(object, word) == 0;
    const char *text = (const char *)PyUnicode_1BYTE_DATA(object), *end = text;
    while (*end == *word && *word != 0) end++, word++;
    return *end == *word && end - text == PyUnicode_GET_LENGTH(object);
}

static inline const char *word_of(ffnn_words words, int i)
{
    const char *row = (const char *)words.rows + (size_t)i * words.row_bytes;
    return *(const char *const *)(const void *)row;
}

int ffnn_word_parse(ffnn_place place, PyObject *object, ffnn_words rows)
{
    const int count = rows.count;
    if (!PyUnicode_Check(object))
        return ffnn_error_raise(PyExc_TypeError, place, "must be a str, not %s",
                                Py_TYPE(object)->tp_name);
    for (int i = 0; i < count; i++)
        if (is_word(object, word_of(rows, i))) return i;
    const char *words[FFNN_MOST_WORDS];
    char list[FFNN_MOST_WORDS * (FFNN_LONGEST_WORD + 4)] = "";
    for (int i = 0; i < count; i++) words[i] = word_of(rows, i);
    for (int i = 0; i < count; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s'%s'", i == 0 ? "" : ", ", words[i]);
    }
    PyObject *hint = ffnn_word_hint("; did you mean", object, words, count);
    if (hint == NULL) return -1;
    ffnn_error_raise(PyExc_ValueError, place, "must be one of %s, not %R%U", list, object, hint);
    Py_DECREF(hint);
    return -1;
}
