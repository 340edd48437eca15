/* What a walk sent, step by step: the memory behind the raster.
 *
 * After every step the counts of every spiking site (SNN_COUNT: quanta of the
 * threshold, signed) are kept for up to SPIKE_LOG_NEURONS neurons of the site, evenly
 * spread over it, for the last SPIKE_LOG_STEPS steps. Memory is bounded by
 * sites * SPIKE_LOG_NEURONS * SPIKE_LOG_STEPS bytes.
 *
 *	struct spike_log *log = spike_log_new(walk->plan, &st);
 *	spike_log_steps(log, walk, 4, &progress, &st);	instead of walk_steps() */
#ifndef SPIKESCOPE_STUDY_SPIKE_LOG_H
#define SPIKESCOPE_STUDY_SPIKE_LOG_H

#include "study/walk/walk.h"

#include <stdint.h>

enum { SPIKE_LOG_NEURONS = 256, SPIKE_LOG_STEPS = 512 };

struct spike_log;

struct spike_log *spike_log_new(const struct plan *plan, struct status *st);
/* For spikes that are not a walk's: of the sites that `spiking` [site_count] names. */
struct spike_log *spike_log_of(const struct model *model, const bool *spiking, struct status *st);
void spike_log_free(struct spike_log *log); /* NULL is fine */

/* walk_steps(), recorded. On failure or cancel what was done is recorded. */
bool spike_log_steps(struct spike_log *log, struct walk *walk, int n, const struct progress *progress, struct status *st);
/* Keeps the step just done (walk->t >= 1); steps at and after it are forgotten. */
void spike_log_step(struct spike_log *log, const struct walk *walk);
/* The counts of a site in step t [spike_log_neurons], to be written; a new step begins with
 * zeros. NULL: the site does not spike. */
int8_t *spike_log_add(struct spike_log *log, int site_index, int t);
/* Forgets what came after t (0: everything), as the walk went back to t. */
void spike_log_back(struct spike_log *log, int t);

/* Neurons kept of the site (0: it does not spike); the n-th is element n * *stride
 * of its flattened shape. */
int spike_log_neurons(const struct spike_log *log, int site_index, int *stride);
/* Steps kept: *first .. *last (1-based t); false when there are none. */
bool spike_log_span(const struct spike_log *log, int *first, int *last);
/* Counts after step t [spike_log_neurons], clipped to -127..127; NULL when not kept. */
const int8_t *spike_log_counts(const struct spike_log *log, int site_index, int t);

#endif
