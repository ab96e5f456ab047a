/* line_search.c - Moré and Thuente's line search (ACM Transactions on Mathematical Software 20,
 * 1994, 286-307).
 *
 * It looks for a step with a cost at most begin.cost + DECREASE step begin.slope and a slope of at
 * most CURVATURE |begin.slope| in magnitude. The interval between the best step and another one
 * shrinks around such a step; each trial is the minimum of a cubic or of a parabola through costs
 * and slopes, safeguarded. The caller evaluates: the search asks for one trial at a time.
 *
 * Beyond the paper: where the cost is infinite or NaN, the search comes back towards the best step
 * and never goes so far again.
 */
#include "line_search.h"

#include <float.h>
#include <math.h>

/* As L-BFGS-B has them (Zhu, Byrd, Lu and Nocedal, ACM Transactions on Mathematical Software 23,
 * 1997, 550-560), so that the iterates are its own; growth and shares are the paper's. */
static const double DECREASE = 1e-3, CURVATURE = 0.9;
static const double LEAST_GROWTH = 1.1, MOST_GROWTH = 4, SHARE = 0.66;
static const double RETREAT = 0.1; /* from a cost that is not finite */
enum { MOST_TRIALS = 20 };

ffnn_search_exit ffnn_search_begin(ffnn_line_search *s, double cost, double slope, double step,
                                   double largest, double narrow)
{
    const ffnn_trial begin = {0, cost, slope};
    *s = (ffnn_line_search){
        .step = fmin(step, largest),
        .best = begin,
        .other = begin,
        .begin = begin,
        .largest = largest,
        .narrow = narrow,
        .barrier = HUGE_VAL,
        .high = step + MOST_GROWTH * step,
        .width = largest,
        .width_before = 2 * largest,
        .is_modified = true,
    };
    return slope < 0 ? FFNN_SEARCH_GOES_ON : FFNN_SEARCH_ASCENT;
}

/* ---- the next step from three trials ---- */

/* The extremum of the cubic through costs and slopes at a and b that lies from b towards a, as a
 * share of the way; `at_b` of the two roots. A negative discriminant is rounding, or no extremum:
 * *root is then 0. */
static double cubic_share(const ffnn_trial *a, const ffnn_trial *b, double *root)
{
    const double theta = 3 * (a->cost - b->cost) / (b->step - a->step) + a->slope + b->slope;
    const double scale = fmax(fabs(theta), fmax(fabs(a->slope), fabs(b->slope)));
    const double t = theta / scale;
    *root = scale * sqrt(fmax(0, t * t - (a->slope / scale) * (b->slope / scale)));
    const double gamma = b->step > a->step ? -*root : *root;
    return ((gamma - b->slope) + theta) / (((gamma - b->slope) + gamma) + a->slope);
}

/* The same, from a towards b. */
static double cubic_step(const ffnn_trial *a, const ffnn_trial *b)
{
    double root;
    return b->step + cubic_share(a, b, &root) * (a->step - b->step);
}

/* Where the line through the slopes at a and b meets 0. */
static double secant_step(const ffnn_trial *a, const ffnn_trial *b)
{
    return b->step + b->slope / (b->slope - a->slope) * (a->step - b->step);
}

static double nearer(double to, double x, double y)
{
    return fabs(x - to) < fabs(y - to) ? x : y;
}

static double farther(double from, double x, double y)
{
    return fabs(x - from) > fabs(y - from) ? x : y;
}

/* The trial's cost is above the best: a minimum lies between. */
static double step_after_rise(const ffnn_trial *best, const ffnn_trial *trial)
{
    const double way = trial->step - best->step;
    const double cubic = cubic_step(trial, best);
    const double parabola =
        best->step + best->slope / ((best->cost - trial->cost) / way + best->slope) / 2 * way;
    if (fabs(cubic - best->step) < fabs(parabola - best->step)) return cubic;
    return cubic + (parabola - cubic) / 2;
}

/* The trial's cost is no higher, and its slope has the best's sign and is flatter: the cubic may
 * have its minimum beyond the trial or none at all. */
static double step_after_flattening(const ffnn_line_search *s, const ffnn_trial *best,
                                    const ffnn_trial *other, const ffnn_trial *trial)
{
    const bool is_up = trial->step > best->step;
    double root, cubic = is_up ? s->high : s->low;
    const double share = cubic_share(best, trial, &root);
    if (share < 0 && root != 0) cubic = trial->step + share * (best->step - trial->step);
    const double secant = secant_step(best, trial);
    if (!s->has_interval) return fmin(fmax(farther(trial->step, cubic, secant), s->low), s->high);
    const double step = nearer(trial->step, cubic, secant);
    const double bound = trial->step + SHARE * (other->step - trial->step);
    return is_up ? fmin(bound, step) : fmax(bound, step);
}

/* Moves the ends of the interval and s->step; the trials are of the cost or of the modified one. */
static void take_trial(ffnn_line_search *s, ffnn_trial *best, ffnn_trial *other, ffnn_trial trial)
{
    const bool is_higher = trial.cost > best->cost;
    const bool turns = trial.slope * copysign(1, best->slope) < 0;
    if (is_higher) {
        s->step = step_after_rise(best, &trial);
        s->has_interval = true;
    } else if (turns) {
        s->step = farther(trial.step, cubic_step(best, &trial), secant_step(best, &trial));
        s->has_interval = true;
    } else if (fabs(trial.slope) < fabs(best->slope)) {
        s->step = step_after_flattening(s, best, other, &trial);
    } else if (s->has_interval) {
        s->step = cubic_step(other, &trial);
    } else {
        s->step = trial.step > best->step ? s->high : s->low;
    }
    if (is_higher) {
        *other = trial;
        return;
    }
    if (turns) *other = *best;
    *best = trial;
}

/* ---- one trial after the other ---- */

/* What a step of at least DECREASE would cost less, taken away: the function of the first stage. */
static ffnn_trial modified(ffnn_trial trial, double slope)
{
    return (ffnn_trial){trial.step, trial.cost - trial.step * slope, trial.slope - slope};
}

static ffnn_trial unmodified(ffnn_trial trial, double slope)
{
    return (ffnn_trial){trial.step, trial.cost + trial.step * slope, trial.slope + slope};
}

static void choose_step(ffnn_line_search *s, ffnn_trial trial, double enough)
{
    const double wanted_slope = DECREASE * s->begin.slope;
    if (s->is_modified && trial.cost <= s->best.cost && trial.cost > enough) {
        ffnn_trial best = modified(s->best, wanted_slope), other = modified(s->other, wanted_slope);
        take_trial(s, &best, &other, modified(trial, wanted_slope));
        s->best = unmodified(best, wanted_slope);
        s->other = unmodified(other, wanted_slope);
    } else {
        take_trial(s, &s->best, &s->other, trial);
    }
    const double best = s->best.step, other = s->other.step;
    if (s->has_interval) {
        if (fabs(other - best) >= SHARE * s->width_before) s->step = best + (other - best) / 2;
        s->width_before = s->width;
        s->width = fabs(other - best);
        s->low = fmin(best, other);
        s->high = fmax(best, other);
    } else {
        s->low = s->step + LEAST_GROWTH * (s->step - best);
        s->high = s->step + MOST_GROWTH * (s->step - best);
    }
}

static bool is_narrow(const ffnn_line_search *s)
{
    return s->has_interval && s->high - s->low <= s->narrow * s->high;
}

static bool is_at_end(const ffnn_line_search *s)
{
    return s->has_interval && (s->step <= s->low || s->step >= s->high);
}

ffnn_search_exit ffnn_search_next(ffnn_line_search *s, double cost, double slope)
{
    const ffnn_trial trial = {s->step, cost, slope};
    const double enough = s->begin.cost + s->step * DECREASE * s->begin.slope;
    s->trials++;
    if (!isfinite(cost) || !isfinite(slope)) {
        s->barrier = s->step;
        s->step = s->best.step + RETREAT * (s->step - s->best.step);
        return s->trials < MOST_TRIALS ? FFNN_SEARCH_GOES_ON : FFNN_SEARCH_TRIALS;
    }
    const bool is_enough = cost <= enough;
    if (is_enough && fabs(slope) <= -CURVATURE * s->begin.slope) {
        s->best = trial;
        return FFNN_SEARCH_WOLFE;
    }
    if (is_narrow(s)) return FFNN_SEARCH_NARROW;
    if (is_at_end(s)) return FFNN_SEARCH_ROUNDING;
    if (s->step == s->largest && is_enough && slope <= DECREASE * s->begin.slope) {
        s->best = trial;
        return FFNN_SEARCH_LARGEST;
    }
    if (is_enough && slope >= 0) s->is_modified = false;
    choose_step(s, trial, enough);
    s->step = fmax(0, fmin(s->step, s->largest));
    if (s->step >= s->barrier) s->step = s->best.step + (s->barrier - s->best.step) / 2;
    if (s->trials == MOST_TRIALS) return FFNN_SEARCH_TRIALS;
    if (is_at_end(s) || is_narrow(s)) s->step = s->best.step;
    return FFNN_SEARCH_GOES_ON;
}
