/* A population of UGOs: every element of a site has its own small group of hidden
 * neurons (ugo/ugo.h), and all groups share the UGO's weights.
 *
 * The hidden neurons see the running sum X of what the site received. In ReLU form
 * neuron i has the target w1_i X + b1_i s, in segment form clip(w1_i X + b1_i s, 0,
 * h_i s), where s is t for mean-decoded trains and 1 for sum-decoded ones; the group
 * has sent b2 s + sum_i w2_i M_i in all.
 *
 * Elements are taken in tiles. Most hidden neurons of a tile are beyond their range for
 * all its elements and in the same state: such a state is kept once (`common`), and the
 * neurons step as one. */
#ifndef SPIKESCOPE_SNN_GROUP_H
#define SPIKESCOPE_SNN_GROUP_H

#include "snn/neuron.h"

enum { GROUP_TILE = 64 };

struct arena;

/* The hidden neurons in one step: arrays over them, [hidden]. */
struct group_units {
	float *w1, *bias, *top;              /* target = clip(w1 X + bias, floor, top) */
	float *quantum, *low, *high, *reach; /* limits of shared thresholds (neuron_rule.h) */
	int32_t *turn;                       /* what is done with a tile's neurons: enum turn */
	float floor;                         /* of the target: 0, or -INFINITY when the neurons see it unclipped */
};

struct group {
	const struct site_plan *plan;
	enum function exact; /* the function itself, for FUNCTION_MODE_EXACT */
	int rows, columns;   /* elements; thresholds may differ by column */
	bool per_column;     /* then rows are tiled one by one, else all elements are one row */
	int across;          /* columns, rounded up to whole tiles when per_column, else 1 */
	float *threshold;    /* [hidden, across], 0 behind the last column */
	float *weight;       /* w2 times the value of one unit of state, same shape */
	struct group_units units;
	float *scratch; /* [columns], analog functions */
	void *m;        /* state: [tiles, hidden, GROUP_TILE] of neuron_state_size, NULL unless spiking */
	float *common;  /* state: [tiles, hidden]: of all neurons of a tile, NAN where they differ and m has them */
};

/* Fills the group of a site of which plan, exact, rows and columns are set. False when
 * out of memory. The caller gives it its state: m and common. */
bool group_init(struct group *g, struct arena *arena);
size_t group_tiles(const struct group *g);       /* 0 unless spiking */
size_t group_state_size(const struct group *g);  /* bytes of m */
size_t group_common_size(const struct group *g); /* bytes of common */

/* One step: rule of the hidden neurons in this step (ignored unless spiking),
 * x [rows, columns] sums received, s the decoding scale -> total [rows, columns]
 * sums sent. Elements with x/s outside the UGO's range are counted in alarms. */
void group_step(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally,
		int64_t *alarms);

/* Hidden neuron i of an element: its threshold, and its state: a count of quanta, or M (burst). */
float group_threshold(const struct group *g, size_t element, int i);
float group_neuron(const struct group *g, size_t element, int i);

#endif
