/* A few neighbouring elements of a site, stepped without the network: from what drives
 * them (snn_source()), kept step by step, they do again to the bit what they did there.
 *
 *	struct excerpt *e = excerpt_new(plan, site, first, count, &st);
 *	for (int t = 1; t <= T; t++)
 *		excerpt_step(e, source[t] + first);
 *	excerpt_element(e, SNN_MEMBRANE, 0); */
#ifndef SPIKESCOPE_SNN_EXCERPT_H
#define SPIKESCOPE_SNN_EXCERPT_H

#include "snn/snn.h"

struct excerpt;

/* Elements [first, first + count) of a site in a block, all in one row (the last dimension
 * of the site's shape), at t = 0. plan must outlive it. */
struct excerpt *excerpt_new(const struct plan *plan, struct site site, size_t first, int count, struct status *st);
void excerpt_free(struct excerpt *e); /* NULL is fine */

/* One step. source [count]: snn_source() of the elements after that step. */
void excerpt_step(struct excerpt *e, const float *source);

/* As snn_has(), snn_element() and snn_probe_hidden(); i in 0..count-1. excerpt_hidden() is
 * for sites whose function is spiking; both arrays [hidden]. */
bool excerpt_has(const struct excerpt *e, enum snn_quantity q);
float excerpt_element(const struct excerpt *e, enum snn_quantity q, int i);
void excerpt_hidden(const struct excerpt *e, int i, float *counts, float *membrane);

#endif
