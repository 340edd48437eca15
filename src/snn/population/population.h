/* A UGO population: every element of a site has its own UGO of hidden neurons (ugo/ugo.h), and all of them
 * share the UGO's weights.
 *
 * The hidden neurons see the running sum X of what the site received. In ReLU form neuron i has the target
 * w1_i X + b1_i s, in segment form clip(w1_i X + b1_i s, 0, h_i s), where s is t for mean-decoded trains and
 * 1 for sum-decoded ones; the UGO has sent b2 s + sum_i w2_i M_i in all.
 *
 * Elements are taken in tiles of NEURON_TILE, whose lanes vectors step at once:
 *
 *	                     64 elements (lanes) of a site, sorted by what they receive
 *	                 +------------------------------------------------+
 *	 target  X       | x0  x1  x2  ...                           x63  |
 *	                 +------------------------------------------------+
 *	 hidden unit 0     idle:      one state for all lanes, nothing to send      uniform[0]
 *	 hidden unit 1     uniform:   one state, one target: steps as one neuron    uniform[1]
 *	 hidden unit 2   | m0  m1  m2  ...   divergent: a state a lane       m63 |  slot[2] = 0
 *	 hidden unit 3     idle                                                     uniform[3]
 *	 hidden unit 4   | m0  m1  m2  ...   divergent                       m63 |  slot[4] = 1
 *	                 +------------------------------------------------+
 *	 sent    y       | b2 s + sum over units of w2 M, in registers over all units
 *
 *	 m:  [slot 0: unit 2][slot 1: unit 4][free ...]   compacted: what divergent units have lies together
 *
 * Most units of a tile are saturated, that is, all targets are 0 or all are the top of the segment, and their
 * lanes are in one state: such a state is kept once (`uniform`, NAN for divergent units). When lanes come apart
 * a unit is expanded, when they come together again it is collapsed. So that this is so, elements with similar
 * inputs share a tile: in segment form they are sorted, in chunks, by what they receive in the first step, and
 * again by what they have received after the second, which is nearer to what they will have in the end: what
 * the first step did is then done again, for it costs less than to move the states. In that permutation they
 * stay. What an element does is the same in every one. docs/performance.md says what each of this gains. */
#ifndef SPIKESCOPE_SNN_POPULATION_H
#define SPIKESCOPE_SNN_POPULATION_H

#include "snn/plan/plan.h"

/* Inputs outside a UGO's range. */
struct alarm_tally {
	int64_t step, all; /* how many in the last step, and in all */
	float reach;       /* how far the farthest was outside, in widths of the range */
};

enum { POPULATION_STEPS = 8, POPULATION_CHUNK = 4096, POPULATION_ENDS = 4 };

/* What a unit that stepped as one neuron did last. */
struct uniform_step {
	float from, to;
	int units;
};

struct population {
	const struct site_plan *plan;
	enum function exact; /* the function itself, for FUNCTION_MODE_EXACT */
	int rows, columns;   /* elements */
	bool per_column;     /* thresholds differ by column: rows are tiled one by one; else all are one row */
	size_t across;       /* columns, rounded up to whole tiles, when per_column, else 1 */

	/* Of the units: constant, [hidden, across]. */
	float *threshold; /* if per_column, 0 is neuron_type.never, as behind the last column */
	float *weight;    /* w2 times the value of one unit of state */

	/* Of the steps at hand: [POPULATION_STEPS, hidden]. */
	float *bias, *top;
	struct neuron_limits *limits;
	float *full; /* the state of neurons that have sent top exactly, or NAN */

	/* Closed-form first steps: [POPULATION_ENDS, hidden] states after the first one or two, with all targets 0 or
	 * top, and what the last of the steps sends. */
	float *closed_form;
	int32_t *closed_form_units;

	/* Of the tile at hand: [hidden]. */
	int32_t *unit_class;         /* enum unit_class */
	int32_t *saturated;          /* all targets are 0 or top, but the states differ */
	int32_t *action;             /* what has to be done before the step: nothing, expand (1), step as one (2) */
	struct uniform_step *cached; /* [hidden, 2]: in this step, with a target of 0 and of top */

	float *scratch;         /* [columns], analog functions */
	float *gathered, *sent; /* [POPULATION_STEPS, chunk]: what the elements of a chunk receive, permuted, and what they
				 * send in all; NULL unless sorted */

	/* State. NULL unless sorted: */
	uint16_t *permutation; /* [elements, rounded up to tiles]: the element of its chunk that every lane has, */
	uint16_t *inverse;     /* [elements]: and the lane that every element has */
	float *first_input;    /* [elements]: received in the first step, until the second */
	/* and unless spiking: */
	void *m;        /* [tiles, hidden, NEURON_TILE]: states of divergent units, compacted */
	uint16_t *slot; /* [tiles, hidden + 1]: where a unit has its states in m, or NEURON_NO_SLOT; then how many do */
	float *uniform; /* [tiles, hidden]: the state of all lanes, NAN for divergent units */
};

struct arena;

/* Fills the population of a site of which plan, exact, rows and columns are set. False when
 * out of memory. The caller gives it its state: m, uniform, slot, permutation,
 * inverse and first_input. */
bool population_init(struct population *pop, struct arena *arena);
/* State for a population that stands alone, in the arena, and the start. False when out of memory. */
bool population_stand_alone(struct population *pop, struct arena *arena);
size_t population_state_size(const struct population *pop);       /* bytes of m; 0 unless spiking */
size_t population_uniform_size(const struct population *pop);     /* bytes of uniform */
size_t population_slot_size(const struct population *pop);        /* bytes of slot; 0 unless spiking */
size_t population_permutation_size(const struct population *pop); /* bytes of permutation, and of inverse; 0 unless sorted */
size_t population_first_size(const struct population *pop);       /* bytes of first_input; 0 unless sorted */

/* One step: settings of the hidden neurons (ignored unless spiking), the decoding
 * scale s, and x [rows, columns] sums received -> total [rows, columns] sums sent. */
struct population_step {
	struct neuron_rule rule;
	int t; /* since the start; 1 is the first */
	float s;
	const float *x;
	float *total;
	struct neuron_tally tally;
};

/* Up to POPULATION_STEPS steps, one after the other. Elements with x/s outside the UGO's range
 * are added to alarms. Many steps at once give the bits of one at a time. */
void population_run(struct population *pop, struct population_step *step, int steps, struct alarm_tally *alarms);

/* The start: uniform is zeroed by the caller, m only where it is read before it is written. */
void population_reset(struct population *pop);
/* Adds m to the hash, without what is no longer read. */
struct hash;
void population_hash(const struct population *pop, struct hash *hash);

/* Hidden neuron i of an element: its threshold, its state (a count, or M), and its membrane
 * potential where the neuron keeps that itself (struct neuron_type), else NAN. */
float population_threshold(const struct population *pop, size_t element, int i);
float population_neuron(const struct population *pop, size_t element, int i);
float population_membrane(const struct population *pop, size_t element, int i);

#endif
