/* train/line_search.h - the search for a step along a direction: strong Wolfe conditions. */
#ifndef FFNN_LINE_SEARCH_H
#define FFNN_LINE_SEARCH_H

#include <stdbool.h>

typedef enum {
    FFNN_SEARCH_GOES_ON,  /* the cost and the slope at `step` are wanted */
    FFNN_SEARCH_WOLFE,    /* `step` satisfies the strong Wolfe conditions */
    FFNN_SEARCH_ROUNDING, /* no step between the ends of the interval is left to try */
    FFNN_SEARCH_NARROW,   /* the interval is as narrow a share of its upper end as was said */
    FFNN_SEARCH_LARGEST,  /* the cost still falls at the largest step */
    FFNN_SEARCH_TRIALS,   /* as many trials as there may be */
    FFNN_SEARCH_ASCENT,   /* the slope at 0 is not below 0 */
} ffnn_search_exit;

/* A step, and the cost and its slope there. */
typedef struct {
    double step, cost, slope;
} ffnn_trial;

typedef struct {
    double step;      /* the one to try, or, at an end, the one that was tried last */
    ffnn_trial best;  /* the lowest of those tried, the beginning (0) among them */
    ffnn_trial other; /* the other end of the interval, once there is one */
    ffnn_trial begin;
    double largest, narrow;
    double barrier;             /* no step at or beyond it: the cost is not finite there */
    double low, high;           /* bounds of the next step */
    double width, width_before; /* of the interval, after this trial and after the last */
    bool has_interval;          /* a minimum lies between `best` and `other` */
    bool is_modified; /* the first stage: no step was low enough with a slope that rises */
    int trials;
} ffnn_line_search;

/* Begins at step 0, where the cost and the slope are these, with `step` to be tried first. It ends
 * where the interval is no wider than `narrow` times its upper end. */
ffnn_search_exit ffnn_search_begin(ffnn_line_search *s, double cost, double slope, double step,
                                   double largest, double narrow);
/* Takes the cost and the slope at s->step. Those may be infinite or NaN. */
ffnn_search_exit ffnn_search_next(ffnn_line_search *s, double cost, double slope);

#endif
