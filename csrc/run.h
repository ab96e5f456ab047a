/* run.h - what the files of a whole run share (train.c, gram.c). */
#ifndef FFNN_RUN_H
#define FFNN_RUN_H

#include "ffnn.h"

#include <string.h>

typedef struct {
    ptrdiff_t n, n_prev;
    void *W, *b, *dW, *db;
    void *A;
} layer;

/* Work done since the signals were last looked at. */
typedef struct {
    ffnn_poll *poll;
    void *context;
    double work;
} patience;

/* Adds a product's work; true where the run is to stop. */
bool ffnn_patience_spend(patience *p, ptrdiff_t rows, ptrdiff_t depth, ptrdiff_t cols);

/* The Gram form's arrays: G [m, m], the others [n_1, m]; rows are `row` elements apart. */
typedef struct {
    ptrdiff_t m, row;
    void *G, *Z, *dZ, *S;
    void *change; /* dZ G */
    bool is_ready;
} gram_form;

bool ffnn_gram_start(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X, patience *p);
bool ffnn_gram_step(gram_form *g, const ffnn_kernels *k, const layer *l, double rate, patience *p);
void *ffnn_gram_weights(const gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X,
                        double rate);

#endif
