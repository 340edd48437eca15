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
 * neurons step as one. So that this is so, elements with similar inputs share a tile: in
 * segment form they are sorted, in chunks, by what they receive in the first step, and again
 * by what they have received after the second, which is nearer to what they will have in the end:
 * what the first step did is then done again, for it costs less than to move the states. In
 * that order they stay. What an element does is the same in every order. */
#ifndef SPIKESCOPE_SNN_GROUP_H
#define SPIKESCOPE_SNN_GROUP_H

#include "snn/plan/plan.h"

/* Inputs outside a UGO's range. */
struct alarm_tally {
	int64_t step, all; /* how many in the last step, and in all */
	float reach;       /* how far the farthest was outside, in widths of the range */
};

enum { GROUP_STEPS = 8, GROUP_CHUNK = 4096, GROUP_ENDS = 4, GROUP_MARKS_BEHIND = 8 };

/* What a neuron that shares its state with a tile did last. */
struct group_answer {
	float from, to;
	int units;
};

struct group {
	const struct site_plan *plan;
	enum function exact;             /* the function itself, for FUNCTION_MODE_EXACT */
	int rows, columns;               /* elements */
	bool per_column;                 /* thresholds differ by column: rows are tiled one by one; else all are one row */
	size_t across;                   /* columns, rounded up to whole tiles, when per_column, else 1 */
	float *threshold;                /* [hidden, across]; if per_column, 0 is neuron_type.never, as behind the last column */
	float *weight;                   /* w2 times the value of one unit of state, same shape */
	float *bias, *top;               /* [GROUP_STEPS, hidden]: of the steps at hand */
	struct neuron_limits *limits;    /* the same */
	float *full;                     /* the same: the state of neurons that have sent top exactly, or NAN */
	struct group_answer *answer;     /* [hidden, 2]: in this step, with a target of 0 and of top */
	uint8_t *todo, *loose;           /* [hidden, and zeros behind]: which have to part (1) or to step as one (2); which may be
					  * in one state after the step */
	int32_t *turn, *beyond, *wanted; /* [hidden]: of the tile; beyond: all targets are 0 or top, but the states differ */
	float *scratch;                  /* [columns], analog functions */
	float *known;         /* [GROUP_ENDS, hidden]: states after the first one or two steps, with all targets 0 or top */
	int32_t *known_units; /* the same: what the last of the steps sends */
	float *laid, *sums;   /* [GROUP_STEPS, chunk]: what the elements of a chunk receive, in its order, and what they
			       * send in all; NULL unless sorted */
	uint16_t *order;      /* state: [elements, rounded up to tiles]: element of its chunk at every place, */
	uint16_t *place;      /* state: [elements]: and the inverse; NULL unless sorted */
	float *received;      /* state: [elements]: in the first step, until the second; NULL unless sorted */
	void *m;              /* state: [tiles, hidden, NEURON_TILE] neurons' states, NULL unless spiking */
	uint16_t *slot;       /* state: [tiles, hidden + 1]: where they are in m: next to one another, for memory is slow;
			       * NEURON_NO_SLOT of those in common; then how many slots are in use */
	float *common;        /* state: [tiles, hidden]: of all neurons of a tile, NAN where they differ */
};

struct arena;

/* Fills the group of a site of which plan, exact, rows and columns are set. False when
 * out of memory. The caller gives it its state: m, common, slot, order, place and received. */
bool group_init(struct group *g, struct arena *arena);
/* State for a group that stands alone, in the arena, and the start. False when out of memory. */
bool group_stand_alone(struct group *g, struct arena *arena);
size_t group_state_size(const struct group *g);  /* bytes of m; 0 unless spiking */
size_t group_common_size(const struct group *g); /* bytes of common */
size_t group_slot_size(const struct group *g);   /* bytes of slot; 0 unless spiking */
size_t group_order_size(const struct group *g);  /* bytes of order, and of place; 0 unless sorted */
size_t group_first_size(const struct group *g);  /* bytes of received; 0 unless sorted */

/* One step of a group: rule of the hidden neurons (ignored unless spiking), the decoding
 * scale s, and x [rows, columns] sums received -> total [rows, columns] sums sent. */
struct group_step {
	struct neuron_rule rule;
	int t; /* since the start; 1 is the first */
	float s;
	const float *x;
	float *total;
	struct neuron_tally tally;
};

/* Up to GROUP_STEPS steps, one after the other. Elements with x/s outside the UGO's range
 * are added to alarms. Many steps at once give the bits of one at a time. */
void group_run(struct group *g, struct group_step *step, int steps, struct alarm_tally *alarms);

/* The start: common is zeroed by the caller, m only where it is read before it is written. */
void group_reset(struct group *g);
/* Adds m to the hash, without what is no longer read. */
struct hash;
void group_hash(const struct group *g, struct hash *hash);

/* Hidden neuron i of an element: its threshold, its state (a count, or M), and its membrane
 * potential where the neuron keeps that itself (struct neuron_type), else NAN. */
float group_threshold(const struct group *g, size_t element, int i);
float group_neuron(const struct group *g, size_t element, int i);
float group_membrane(const struct group *g, size_t element, int i);

#endif
