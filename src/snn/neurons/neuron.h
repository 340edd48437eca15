/* Neurons: stateful quantisers of a cumulative target.
 *
 * A neuron should have sent X_t in all after step t; it has sent M. Its membrane
 * potential is u = X_t - M (plus `initial` V, where it has an initial potential); its
 * state is M alone wherever possible: as an integer m, M = m V, so that a neuron never
 * drifts. V is its threshold.
 *
 *   if            +1 quantum V when u >= V (soft reset)
 *   lif           leaky, Euler step of tau du/dt = -u + R x with R = tau: u = (1 - 1/tau) u + x,
 *                 +1 quantum V and u = 0 when u >= V (hard reset, rest at 0)
 *   signed        as if, and -1 when u <= -V and m > 0 (STA: signed with memory)
 *   burst         +-V by the rule of signed, then k spikes of V/2, k = floor(|r| / (V/2 + 1e-5))
 *                 with the sign of r = max(-M, u), |k| <= burst (STA, released code). M is a
 *                 float, added up as the released code does: what its rounding leaves of a
 *                 train that was taken back decides whether more is taken back.
 *   round         quantum V: the nearest integer to u / V, at most +-burst a step
 *                 (an initial potential of V/2; SPIKING 0.3)
 *   mt            multi-threshold with the nearest rule (SPIKING 2): levels V 2^k for k in
 *                 0..levels-1; what is missing, r = X_t - M, is answered by the level nearest
 *                 to |r| with its sign, by nothing below V/2. `repeat` such spikes a step. The
 *                 levels may be refined: at step t they are scaled by `grain`, a power of 2
 *                 that is at least `fine`; the quantum is V fine. When refinement has ended
 *                 (grain = fine < 1), nothing below three quarters of the lowest level is
 *                 answered, so that the neuron falls silent.
 *   differential  mt with all levels divided by t (DCGS, arXiv 2503.00301, in sums: its
 *                 membrane u_t = t (r_t - M) against levels V 2^k). M is a float.
 *   stbif         +1 quantum V when u >= V and m < burst, -1 when u < 0 and m > -burst; the
 *                 initial potential is V/2 unless said (ST-BIF+, SpikeZIP-TF, arXiv 2406.03470)
 *   ecmt          levels V 2^k, the largest with |u| >= V 2^k - V/2 fires with the sign of u
 *                 (ECMT, arXiv 2502.21193, equation 10)
 *
 * A threshold of 0 marks a neuron that never sends. A neuron is one file that defines its
 * struct neuron_type, its constant (plan.h) and a row of the table in neuron.c. */
#ifndef SPIKESCOPE_SNN_NEURON_H
#define SPIKESCOPE_SNN_NEURON_H

#include "snn/plan/plan.h"

#include <stddef.h>
#include <stdint.h>

struct neuron_rule {
	enum neuron_kind kind; /* not NEURON_NONE */
	int burst;             /* 0..neuron_type.burst_max */
	int repeat;            /* mt, differential: spikes a step, 1..3 */
	float grain, fine;     /* mt: 2^-i, fine <= grain <= 1; differential: grain = 1/t */
	float initial;         /* membrane potential at the start, in thresholds */
	float leak;            /* lif: 1 - 1/tau, 0..1 */
};

/* Integers, so that sums do not depend on the order of threads. */
struct neuron_tally {
	int64_t events; /* neurons that sent */
	int64_t units;  /* quanta, or spikes where a spike is worth several quanta */
};

/* Rows of n neurons, at most 2^24 in all: x [rows, n] targets X_t, threshold [n], state [rows, n]
 * updated; total [rows, n] receives M_t, sent [rows, n] what this step sent. Adds to events and
 * units. */
typedef void neuron_population(const float *x, const float *threshold, void *state, float *total, float *sent, int rows, int n,
			       struct neuron_rule rule, int32_t *events, int32_t *units);

/* What a rule needs of a threshold in one step. */
struct neuron_limits {
	float quantum;   /* value of one unit of state: 1 where the state is M */
	float low, high; /* as the rule has it */
	float step;      /* value of what is sent, or of a step's smallest part of it */
	float start;     /* initial membrane potential */
};

/* How the neurons of a tile take a step: each for itself; all in one state with one
 * target, as one; or in one state with nothing to send (in any of several steps). */
enum neuron_turn { NEURON_TURN_EACH, NEURON_TURN_SILENT, NEURON_TURN_ONE };

enum { NEURON_TILE = 64, NEURON_TILE_EVENT = 1 << 16, NEURON_NO_SLOT = UINT16_MAX };

/* The hidden neurons of NEURON_TILE UGOs in some steps. Neuron i of the element with input
 * x has the target clip(w1_i x + bias_i, floor, top_i). Arrays over neurons: [hidden];
 * over neurons and elements: [hidden, across], across 1 where elements share. */
struct neuron_tile_step {
	struct neuron_rule rule;
	const float *bias, *top;
	const struct neuron_limits *limits; /* of shared thresholds */
	const float *x;                     /* [NEURON_TILE] */
	float *y;                           /* [NEURON_TILE]: += sum of weight times state */
	int32_t *tally;                     /* [NEURON_TILE]: += spikes, and NEURON_TILE_EVENT for every neuron that sent */
};
struct neuron_tile {
	int hidden, steps;
	bool cut; /* floor 0; else there is none */
	const float *w1;
	const int32_t *turn; /* enum neuron_turn */
	size_t across;
	const float *threshold; /* [hidden, across] */
	const float *weight;    /* [hidden, across]: of one unit of state */
	uint16_t *slot;         /* [hidden]: where in m its states are, while they step for themselves; how many do */
	void *m;                /* [hidden, NEURON_TILE] states */
	float *common;          /* [hidden] states of the others */
	const char *ahead;      /* what will be read next, far away: a unit fetches of it what lies where its own states do */
	size_t ahead_size;      /* bytes */
	const struct neuron_tile_step *step; /* [steps] */
};
typedef void neuron_hidden(const struct neuron_tile *tile);

/* What a neuron does, for the settings of a rule. */
struct neuron_loops {
	neuron_population *step;
	neuron_hidden *shared, *own; /* with one threshold for all elements, and one each */
	/* The first two steps at once, of neurons whose state is a number; else NULL: with one
	 * threshold for all elements, and to y and tally only of the second. Gives out slots, but not
	 * to neurons that are beyond their range [hidden] and all in one state, which is then common. */
	void (*anew)(const struct neuron_tile *tile, const int32_t *beyond);
	struct neuron_limits (*limits)(float threshold, const struct neuron_rule *rule); /* for `shared` and `one` */
	/* Of neurons whose state is a number; else NULL: one neuron with this state, which
	 * gives the next; and a tile's states from one, or the one that all are, or NAN. */
	float (*one)(float x, struct neuron_limits limits, float state, const struct neuron_rule *rule, int *units);
	void (*part)(float state, void *m);
	float (*join)(const void *m);
};

struct neuron_type {
	const char *name, *help;
	size_t state_size;         /* bytes per neuron; zero is the start */
	bool counts;               /* the state counts quanta; else it is M */
	int burst, burst_max;      /* the setting's default and largest value; 0: there is none */
	bool levels;               /* burst counts levels, powers of two */
	bool repeats;              /* sends up to three spikes a step */
	bool signs;                /* can take back what it sent */
	bool has_initial;          /* takes an initial potential, */
	float initial;             /* this one unless said */
	bool mean, sum;            /* works in mean-decoded and in sum-decoded trains */
	float (*share)(int burst); /* threshold over the largest value to send */
	float (*quantum)(const struct neuron_rule *rule, float threshold); /* value of one quantum */
	int (*most)(int burst); /* quanta in one spike, or step, without refinement; NULL: not in whole ones */
	float (*read)(const void *state, size_t i);     /* neuron i's count, or M */
	float (*membrane)(const void *state, size_t i); /* NULL: X_t - M */
	float never;                                    /* stands for a threshold of 0 where elements have their own */
	bool cut;                                       /* hidden neurons in ReLU form see no negative target */
	const struct neuron_loops *(*loops)(const struct neuron_rule *rule);
};

/* The type of a kind; NULL for NEURON_NONE. */
const struct neuron_type *neuron_type(enum neuron_kind kind);
/* Their names separated by commas. Returns out. */
char *neuron_names(char *out, size_t size);

/* Gives the site this neuron, with its default settings. */
void neuron_defaults(enum neuron_kind kind, struct site_plan *site);

/* The value of one quantum at threshold V. */
float neuron_quantum(const struct neuron_rule *rule, float threshold);

/* How many quanta of the unrefined threshold, or of the step's grain, a neuron of the site sends
 * in a step at most; 0 when it does not send whole ones. */
int neuron_most(const struct site_plan *site);

/* Bytes of state per neuron. Zero is the start. */
size_t neuron_state_size(enum neuron_kind kind);

/* One step of rows of n neurons, as neuron_population, but any number of them. A count stays below 32767: at most 1024
 * steps (plan.h) of at most 16 quanta. */
void neuron_step(struct neuron_rule rule, const float *x, const float *threshold, void *state, float *total, float *sent,
		 int rows, int n, struct neuron_tally *tally);

#endif
