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

/* Inputs outside a UGO's range. */
struct alarm_tally {
	int64_t step, all; /* how many in the last step, and in all */
	float reach;       /* how far the farthest was outside, in widths of the range */
};

struct group {
	const struct site_plan *plan;
	enum function exact;          /* the function itself, for FUNCTION_MODE_EXACT */
	int rows, columns;            /* elements */
	bool per_column;              /* thresholds differ by column: rows are tiled one by one; else all are one row */
	size_t across;                /* columns, rounded up to whole tiles, when per_column, else 1 */
	float *threshold;             /* [hidden, across], 0 behind the last column */
	float *weight;                /* w2 times the value of one unit of state, same shape */
	float *bias, *top;            /* [hidden]: of the step */
	struct neuron_limits *limits; /* [hidden]: of the step */
	float *full;                  /* [hidden]: of the step: the state of neurons that have sent top exactly, or NAN */
	int32_t *turn;                /* [hidden]: of the tile */
	float *scratch;               /* [columns], analog functions */
	void *m;                      /* state: [tiles, hidden, NEURON_TILE] neurons' states, NULL unless spiking */
	float *common;                /* state: [tiles, hidden]: of all neurons of a tile, NAN where they differ */
};

struct arena;

/* Fills the group of a site of which plan, exact, rows and columns are set. False when
 * out of memory. The caller gives it its state: m and common, zeroed. */
bool group_init(struct group *g, struct arena *arena);
size_t group_state_size(const struct group *g);  /* bytes of m; 0 unless spiking */
size_t group_common_size(const struct group *g); /* bytes of common */

/* One step: rule of the hidden neurons in this step (ignored unless spiking),
 * x [rows, columns] sums received, s the decoding scale -> total [rows, columns]
 * sums sent. Elements with x/s outside the UGO's range are added to alarms. */
void group_step(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally,
		struct alarm_tally *alarms);

/* Hidden neuron i of an element: its threshold, its state (a count, or M), and its membrane
 * potential where the neuron keeps that itself (struct neuron_type), else NAN. */
float group_threshold(const struct group *g, size_t element, int i);
float group_neuron(const struct group *g, size_t element, int i);
float group_membrane(const struct group *g, size_t element, int i);

#endif
