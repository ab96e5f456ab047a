/* optimizers.inl.h - for each row of optimizers.def its step, and the loop around it.
 *
 * FN(name_step)(w, g, v, s, c) returns the new w and brings the moments up to date. g is the
 * gradient of the mean cost, L2 included; c holds number and 1 - number for each number that an
 * optimiser may read: c->beta, c->one_minus_beta.
 */

/* ffnn_coefficients in vectors. */
typedef struct {
    vec rate;
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) vec name, one_minus_##name;
#define FFNN_WHOLE_NUMBER(name, range, default, hint)
#include "../options.def"
    vec corrected_rate, inverse_correction; /* rate / correction1, 1 / correction2 */
} FN(step);

FFNN_INLINE vec FN(gd_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)v, (void)s;
    return w - c->rate * g;
}

/* The courses' form: v is a mean of the gradients. */
FFNN_INLINE vec FN(momentum_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)s;
    *v = v_fma(c->beta, *v, c->one_minus_beta * g);
    return w - c->rate * *v;
}

FFNN_INLINE vec FN(classical_momentum_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)s;
    *v = v_fma(c->beta, *v, g);
    return w - c->rate * *v;
}

/* Sutskever's: the gradient is that of the point where v alone would lead. */
FFNN_INLINE vec FN(nesterov_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)s;
    *v = v_fma(c->beta, *v, g);
    return w - c->rate * v_fma(c->beta, *v, g);
}

/* Classical momentum whose v contains the rate: a new rate changes what is added from then on. */
FFNN_INLINE vec FN(velocity_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)s;
    *v = v_fma(c->beta, *v, -(c->rate * g));
    return w + *v;
}

FFNN_INLINE vec FN(nesterov_velocity_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)s;
    *v = v_fma(c->beta, *v, -(c->rate * g));
    return w + v_fma(c->beta, *v, -(c->rate * g));
}

FFNN_INLINE vec FN(rmsprop_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    (void)s;
    *v = v_fma(c->beta, *v, c->one_minus_beta * g * g);
    return w - c->rate * g / (v_sqrt(*v) + c->epsilon);
}

/* Kingma and Ba, epsilon outside the root. */
FFNN_INLINE vec FN(adam_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    *v = v_fma(c->beta1, *v, c->one_minus_beta1 * g);
    *s = v_fma(c->beta2, *s, c->one_minus_beta2 * g * g);
    return w - c->corrected_rate * *v / (v_sqrt(*s * c->inverse_correction) + c->epsilon);
}

/* The paper's second form, at the end of its section 2: epsilon stands beside the root of s as it
 * is, so that it counts for more the fewer steps are done. */
FFNN_INLINE vec FN(adam_epsilon_hat_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    *v = v_fma(c->beta1, *v, c->one_minus_beta1 * g);
    *s = v_fma(c->beta2, *s, c->one_minus_beta2 * g * g);
    vec root = v_sqrt(*s) + c->epsilon;
    return w - c->corrected_rate * *v / (root * v_sqrt(c->inverse_correction));
}

/* Loshchilov and Hutter: the decay does not pass through the moments. As a factor, since 0 times an
 * infinite w would be NaN. */
FFNN_INLINE vec FN(adamw_step)(vec w, vec g, vec *v, vec *s, const FN(step) * c)
{
    return FN(adam_step)(w * (v_set1(1) - c->rate * c->weight_decay), g, v, s, c);
}

/* Moments of a gradient that stays 0, a dead unit's say, fall until they are subnormal, and then
 * cost a hundred times as much at each step: below the least normal number they are 0. */
FFNN_INLINE vec FN(zero_if_subnormal)(vec x)
{
    return v_select(v_lt(v_abs(x), v_set1(LEAST_NORMAL)), v_set1(0), x);
}

FFNN_INLINE void FN(step_loop)(ptrdiff_t n, const ffnn_coefficients *o, const real *dw, real *w,
                               void *const *moments, int count,
                               vec (*f)(vec, vec, vec *, vec *, const FN(step) *))
{
    const FN(step) c = {
        .rate = v_set1((real)o->rate),
    /* clang-format off */
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) .name = v_set1((real)o->name), .one_minus_##name = v_set1((real)(1 - o->name)),
#define FFNN_WHOLE_NUMBER(name, range, default, hint)
/* clang-format on */
#include "../options.def"
        .corrected_rate = v_set1((real)(o->rate / o->correction1)),
        .inverse_correction = v_set1((real)(1 / o->correction2)),
    };
    const vec scale = v_set1((real)o->scale), l2 = v_set1((real)o->l2);
    const bool has_l2 = o->l2 != 0; /* 0 times an infinite w would be NaN */
    real *v = count > 0 ? moments[0] : NULL, *s = count > 1 ? moments[1] : NULL;
    for (ptrdiff_t j = 0; j < n; j += LANES) {
        const ptrdiff_t left = n - j < LANES ? n - j : LANES;
        vec x = FN(load_columns)(w + j, left), g = scale * FN(load_columns)(dw + j, left);
        vec v_j = v_set1(0), s_j = v_set1(0);
        if (has_l2) g = v_fma(l2, x, g);
        if (count > 0) v_j = FN(load_columns)(v + j, left);
        if (count > 1) s_j = FN(load_columns)(s + j, left);
        x = f(x, g, &v_j, &s_j, &c);
        FN(store_columns)(w + j, left, x);
        if (count > 0) FN(store_columns)(v + j, left, FN(zero_if_subnormal)(v_j));
        if (count > 1) FN(store_columns)(s + j, left, FN(zero_if_subnormal)(s_j));
    }
}

/* clang-format off */
#define STEP_ARGUMENTS ptrdiff_t n, const ffnn_coefficients *o, const void *dw, void *w, void *const *moments
#define STEP_LOOP(loop, f, count) static void loop(STEP_ARGUMENTS) { FN(step_loop)(n, o, dw, w, moments, count, f); }
#define STEP_LOOP_OF_PLAIN(name, moments) STEP_LOOP(FN(name##_step_loop), FN(name##_step), moments)
#define STEP_LOOP_OF_ELEMENT(name, moments) STEP_LOOP(FN(name##_step_loop), FN(name##_step), moments)
#define STEP_LOOP_OF_WHOLE(name, moments)
#define FFNN_OPTIMIZER(name, form, moments, corrects_bias, reads) STEP_LOOP_OF_##form(name, moments)
/* clang-format on */
#include "../optimizers.def"
#undef FFNN_OPTIMIZER
#undef STEP_LOOP
#undef STEP_LOOP_OF_PLAIN
#undef STEP_LOOP_OF_ELEMENT
#undef STEP_LOOP_OF_WHOLE
#undef STEP_ARGUMENTS
