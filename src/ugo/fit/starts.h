/* Knots to start a fit from. Each function writes the n + 1 knots of n pieces,
 * strictly ascending from lo to hi; the inside of the fitter. */
#ifndef SPIKESCOPE_UGO_STARTS_H
#define SPIKESCOPE_UGO_STARTS_H

#include "ugo/fit/sample.h"

/* Equal shares of the cells' (w f''^2)^(1/5) per piece. */
void start_equal(double *t, int n, const struct cells *cells);

/* Merges blocks of samples bottom-up, the least increase of the squared error
 * of their own lines first. False only when out of memory. */
bool start_merge(double *t, int n, const struct samples *samples, double lo, double hi, struct status *st);

/* The best partition of 384 blocks into n lines, by dynamic programming; n <= 48. */
bool start_partition(double *t, int n, const struct samples *samples, double lo, double hi, struct status *st);

#endif
