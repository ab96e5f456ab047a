/* gauss_newton.h - what the files of Levenberg-Marquardt's method share.
 *
 *   jacobian.c             derivatives of the outputs with respect to all parameters
 *   curvature.c            H, the sum of J^T J, and its factor
 *   evidence.c             Bayesian regularisation: the variances
 *   levenberg_marquardt.c  damped steps
 *   posterior.c            what Bayesian regularisation leaves
 */
#ifndef FFNN_GAUSS_NEWTON_H
#define FFNN_GAUSS_NEWTON_H

#include "parts.h"

static inline double ffnn_read(const ffnn_kernels *k, const void *data, ptrdiff_t i)
{
    return k->real == FFNN_DOUBLE ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static inline void ffnn_write(const ffnn_kernels *k, void *data, ptrdiff_t i, double value)
{
    if (k->real == FFNN_DOUBLE)
        ((double *)data)[i] = value;
    else
        ((float *)data)[i] = (float)value;
}

/* ---- jacobian.c ---- */

/* Where the transpose of a slab's Jacobian goes, [P, slab]. */
typedef struct {
    double *data;
    ptrdiff_t columns; /* from one row to the next */
    double scale;      /* of all elements, for an output that is not fused with its cost */
} ffnn_jacobian;

/* From one row of a slab's Jacobian to the next. */
ptrdiff_t ffnn_jacobian_columns(const ffnn_run *run);
/* Of how many outputs, or of combinations of them, the derivatives make the Gauss-Newton matrix. */
ptrdiff_t ffnn_jacobian_count(const ffnn_run *run);
/* The derivatives of one of them, for all examples of a slab that has passed forward. True: stop.
 */
bool ffnn_jacobian_find(const ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t output,
                        const ffnn_jacobian *to, interrupt_check *check);

/* ---- curvature.c ---- */

struct ffnn_lm_memory {
    const ffnn_kernels *k; /* of doubles */
    ptrdiff_t count, row;  /* P; from one row of a matrix to the next */
    double *H, *factor;    /* [P, P], upper triangles */
    double *step;          /* d */
    ffnn_jacobian jacobian;
    double *negated; /* room for ffnn_cholesky_rows */
};

/* The sums over all examples of costs, gradients and H, without L2. True: stop. */
bool ffnn_curvature_sums(ffnn_run *run, double *cost, interrupt_check *check);
/* The factor of H + diagonal I; *is_definite is false where that matrix is not positive definite
 * within rounding. True: stop. */
bool ffnn_curvature_factor(const ffnn_run *run, double diagonal, bool *is_definite,
                           interrupt_check *check);
/* That of H + *ridge I, where *ridge may grow until that is positive definite. It is not where H is
 * not finite. True: stop. */
bool ffnn_curvature_factor_ridged(const ffnn_run *run, double *ridge, bool *is_definite,
                                  interrupt_check *check);

/* ---- evidence.c ---- */

/* Outputs of examples with a weight. */
double ffnn_evidence_errors(const ffnn_run *run);
/* Estimates the variances anew, from the parameters, the sum of their examples' costs without L2,
 * and H without it. True: stop. */
bool ffnn_evidence_estimate(ffnn_run *run, double cost, interrupt_check *check);

#endif
