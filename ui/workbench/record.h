/* What a walk sent, step by step: the memory behind the raster.
 *
 * After every step the counts of every spiking site (SNN_COUNT: quanta of the
 * threshold, signed) are kept for up to RECORD_NEURONS neurons of the site, evenly
 * spread over it, for the last RECORD_STEPS steps. Memory is bounded by
 * sites * RECORD_NEURONS * RECORD_STEPS bytes.
 *
 *	struct record *record = record_new(walk->plan, &st);
 *	record_steps(record, walk, 4, &progress, &st);	instead of walk_steps() */
#ifndef SPIKESCOPE_UI_RECORD_H
#define SPIKESCOPE_UI_RECORD_H

#include "study/walk/walk.h"

#include <stdint.h>

enum { RECORD_NEURONS = 256, RECORD_STEPS = 512 };

struct record;

struct record *record_new(const struct plan *plan, struct status *st);
void record_free(struct record *record); /* NULL is fine */

/* walk_steps(), recorded. On failure or cancel what was done is recorded. */
bool record_steps(struct record *record, struct walk *walk, int n, const struct progress *progress, struct status *st);
/* Keeps the step just done (walk->t >= 1); steps at and after it are forgotten. */
void record_step(struct record *record, const struct walk *walk);
/* Forgets what came after t (0: everything), as the walk went back to t. */
void record_back(struct record *record, int t);

/* Neurons kept of the site (0: it does not spike); the n-th is element n * *stride
 * of its flattened shape. */
int record_neurons(const struct record *record, int site_index, int *stride);
/* Steps kept: *first .. *last (1-based t); false when there are none. */
bool record_span(const struct record *record, int *first, int *last);
/* Counts after step t [record_neurons], clipped to -127..127; NULL when not kept. */
const int8_t *record_counts(const struct record *record, int site_index, int t);

#endif
