/* From nodes to weights and back; the inside of this layer. */
#ifndef SPIKESCOPE_UGO_FORMS_H
#define SPIKESCOPE_UGO_FORMS_H

#include "ugo/fit/sample.h"

/* Zeroes u and gives it arrays; h only for the segment form. On failure u is done. */
bool ugo_alloc(struct ugo *u, int hidden, int nodes, bool segments, struct status *st);
bool ugo_keep_density(struct ugo *u, const double *density, int bins, struct status *st);

/* All of from but its weights, into a u of as many nodes. */
bool ugo_copy_nodes(struct ugo *to, const struct ugo *from, struct status *st);

/* Weights from the nodes; u->hidden neurons are enough for them (a level piece
 * needs none), those left over get w2 = 0. */
bool ugo_write_relu(struct ugo *u, enum ugo_facing facing, struct status *st);

/* The fewest neurons that the ReLU form of these nodes takes: a level piece saves one. */
int ugo_fewest_units(const double *y, int nodes);

/* Where g bends, ascending, strictly inside (lo, hi); room for 2 * hidden.
 * Returns how many. */
int ugo_bends(const struct ugo *u, double lo, double hi, double *at);

/* Nodes on [lo, hi] from the weights, in place of those that u has. */
bool ugo_read_nodes(struct ugo *u, double lo, double hi, struct status *st);

#endif
