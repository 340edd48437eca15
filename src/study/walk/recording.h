/* What drove the neurons of a network, step by step (snn_source()), so that any of them
 * can be read again without stepping the network (snn/excerpt.h).
 *
 * Holds whole blocks: all of them as long as they fit into the budget, then only those
 * that are asked for, then none. A step's block takes 4 bytes for each of its sites' elements. */
#ifndef SPIKESCOPE_STUDY_RECORDING_H
#define SPIKESCOPE_STUDY_RECORDING_H

#include "snn/snn.h"

enum { RECORDING_BUDGET = 256 << 20 };

/* The block that a site is recorded with: its own; what a residual network has before and
 * behind its blocks goes with the first and the last; -1: not recorded. */
int recording_block(const struct model *model, struct site site);

struct recording {
	const struct plan *plan;
	size_t budget;  /* bytes */
	size_t bytes;   /* held now */
	bool *held;     /* [depth]: which blocks; all false: nothing fits */
	size_t *offset; /* [site_count]: of the site in its block's floats */
	size_t *floats; /* [depth]: of a block in a step */
	float **step;   /* [count * depth]: of block b in step t at (t - 1) * depth + b, or NULL */
	int count;      /* steps held */
	int capacity;
};

bool recording_init(struct recording *r, const struct plan *plan, size_t budget, struct status *st);
void recording_done(struct recording *r);
/* Starts again at t = 0, meant for `steps` steps: all blocks if they fit, else those wanted [depth]. */
void recording_start(struct recording *r, const bool *wanted, int steps);
/* Keeps the network's step; its time must be count + 1. What no longer fits is given up: blocks
 * that are not wanted first. False when out of memory; nothing is kept then. */
bool recording_add(struct recording *r, const struct snn *snn, const bool *wanted, struct status *st);
/* snn_source() of a site after step t, 1..count; NULL when its block is not held. */
const float *recording_source(const struct recording *r, struct site site, int t);

#endif
