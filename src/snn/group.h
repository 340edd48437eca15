/* A population of UGOs: every element of a site has its own small group of hidden
 * neurons (ugo/ugo.h), and all groups share the UGO's weights.
 *
 * The hidden neurons see the running sum X of what the site received. In ReLU form
 * neuron i has the target w1_i X + b1_i s, in segment form clip(w1_i X + b1_i s, 0,
 * h_i s), where s is t for mean-decoded trains and 1 for sum-decoded ones; the group
 * has sent b2 s + sum_i w2_i M_i in all. */
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
	enum function exact; /* the function itself, for FUNCTION_MODE_EXACT */
	int rows, columns;   /* elements; thresholds may differ by column */
	float *threshold;    /* [hidden, columns] or [hidden] (see per_column) */
	float *weight;       /* w2 times the value of one unit of state, same shape */
	bool per_column;
	void *m;        /* state: [rows, hidden, columns] of neuron_state_size, NULL unless spiking */
	float *scratch; /* [columns] */
};

/* Bytes that the group needs for its state. */
size_t group_state_size(const struct group *g);

/* One step: rule of the hidden neurons in this step (ignored unless spiking),
 * x [rows, columns] sums received, s the decoding scale -> total [rows, columns]
 * sums sent. Elements with x/s outside the UGO's range are added to alarms. */
void group_step(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally,
		struct alarm_tally *alarms);

#endif
