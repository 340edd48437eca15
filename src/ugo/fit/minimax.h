/* The least largest error: a path of as few links as possible through the tube
 * [f - eps v, f + eps v], and bisection on eps. Globally optimal on the samples.
 * The inside of the fitter.
 *
 * A link leaves the tube where the steepest (or least steep) line through it does.
 * What the next link has to cross is that line between its last contact and the
 * place where it leaves the tube's edge, which lies between two samples: with a
 * sample's own place instead, errors come out 5-19% too large at 64 pieces. */
#ifndef SPIKESCOPE_UGO_MINIMAX_H
#define SPIKESCOPE_UGO_MINIMAX_H

#include "ugo/fit/newton.h"

/* Knots and values for `hidden` neurons into knots, which has room for hidden + 1
 * pieces. Tried: no level piece, and hidden + 1 pieces of which the first, the last
 * or one around an extremum is level. Fails with STATUS_USAGE where the target
 * jumps. */
bool minimax_fit(struct knots *knots, const struct target *target, int hidden, struct status *st);

/* The least largest error, in the target's units, that `hidden` neurons reach on the
 * samples: below this no such fit goes. NaN when out of memory or at a jump. */
double minimax_bound(const struct target *target, int hidden);

#endif
