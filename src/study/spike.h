/* What spikes do to a UGO: the error of a group of spiking hidden neurons after T
 * steps, against the function that the UGO stands for.
 *
 * Inputs are constant (with exact mean from the first step on), constant with white
 * noise around their mean, or trains that a site of a plan really received. Hidden
 * neurons are those of snn/neuron.h: what the network steps is what is measured.
 *
 *	spike_inputs_constant(&train, &ugo, 0.25, 2000, &st);
 *	spike_inputs_constant(&test, &ugo, 0.75, 2000, &st);
 *	spike_run(&ugo, &(struct spike_options){.neuron = kind, .T = 32}, &train, &test, &result, &st);
 *
 * Choices, and what each costs:
 *	potential   an initial membrane potential: 5-20% more spikes, nothing else
 *	threshold   max: of the input's largest value; mmse: by docs/methods.md#calibration, far fewer
 *	            spikes and a far larger error
 *	refit       the readout weights are fitted again to the quantised sums: no spike
 *	            more; it knows T and the neurons, and wants 10 points per weight
 *	ramps       (ugo_ramps, ugo_fit_ramps) each neuron spends its T spikes on its own
 *	            piece. Best for constant input; worse than ReLU form where the input
 *	            fluctuates by some .1-.3, for a ramp forgets what it has clipped
 *	reduction   (spike_reduce) exp, reciprocal and rsqrt of the mantissa alone. Not
 *	            spiking: finding the exponent, scaling the input, shifting the output
 *	            by it; and the exponent must be known before the first spike */
#ifndef SPIKESCOPE_STUDY_SPIKE_H
#define SPIKESCOPE_STUDY_SPIKE_H

#include "base/progress.h"
#include "snn/plan/plan.h"

enum spike_threshold { SPIKE_THRESHOLD_MAX, SPIKE_THRESHOLD_MMSE };

/* Of the quantum: none, half of it, or by unit i the fraction of i golden ratios; for neurons
 * that take one. */
enum spike_potential { SPIKE_ZERO, SPIKE_HALF, SPIKE_DITHER };

enum { SPIKE_T_MAX = 1024, SPIKE_POINTS = 2000 };

struct spike_options {
	enum neuron_kind neuron; /* not NEURON_NONE */
	int burst;               /* as in struct neuron_rule; 0: the neuron's usual one */
	int T;                   /* 1..SPIKE_T_MAX */
	enum spike_threshold threshold;
	enum spike_potential potential;
	bool refit;
};

struct spike_inputs {
	int count, T;     /* T: steps that value has; 1: constant */
	bool sum_decoded; /* the hidden neurons see the value itself, not t times it (delta) */
	float *value;     /* [T, count]: what has been decoded after each step */
	double *f;        /* [count]: the function of the last value */
	double *weight;   /* [count]: of the squared error; 1 / f^2 / count under UGO_RELATIVE */
	double outside;   /* part of the inputs beyond the UGO's range */
};

/* `count` points that cut the UGO's density into equal shares, at `place` (0..1) of
 * each; a table's own points instead. The UGO's function must be known (STATUS_USAGE). */
bool spike_inputs_constant(struct spike_inputs *in, const struct ugo *u, double place, int count, struct status *st);
/* The same with white noise of this deviation in every step, its mean taken off. */
bool spike_inputs_noise(struct spike_inputs *in, const struct ugo *u, double place, int count, int T, double deviation,
			uint64_t seed, struct status *st);
/* What the site receives in T steps of `pictures` pictures [pictures, channels, size,
 * size]: two disjoint sets of up to SPIKE_POINTS elements each, drawn with the seed. */
struct site_pictures {
	const struct plan *plan;
	struct site site; /* one with a function */
	const float *pixels;
	int pictures;
};
bool spike_inputs_site(struct spike_inputs *train, struct spike_inputs *test, const struct ugo *u,
		       const struct site_pictures *from, int T, uint64_t seed, const struct progress *progress,
		       struct status *st);
/* The first T steps of trains that have more, with u's function of what they end in. */
bool spike_inputs_first(struct spike_inputs *in, const struct spike_inputs *from, const struct ugo *u, int T, struct status *st);
void spike_inputs_done(struct spike_inputs *in);

struct spike_result {
	double rmse, max_error; /* relative under UGO_RELATIVE */
	double analog_rmse;     /* of the UGO without spikes */
	double spikes, events;  /* per evaluation, all hidden neurons, T steps */
	double cost;            /* sum |w2| times threshold times spikes a step: rmse is about cost / T or less */
	int64_t checked, wrong; /* IF under constant input: counts held against the closed form, and unlike it */
};

/* Thresholds and readout come from `train`, the result from `test`. STATUS_USAGE: T. */
bool spike_run(const struct ugo *u, const struct spike_options *options, const struct spike_inputs *train,
	       const struct spike_inputs *test, struct spike_result *result, struct status *st);

/* The law of an IF neuron under a constant input: clip(floor(total / threshold + initial),
 * 0, T) spikes in T steps, where total is T times the input and initial the potential at the
 * start in thresholds; in float32, as the neuron counts. */
int spike_count_if(float total, float threshold, float initial, int T);

/* Range reduction: what the request asks of the mantissa of its function (exp2 on
 * [0, 1), 1/m on [1, 2), 1/sqrt(m) on [1, 4), relative errors). *curve is to be freed.
 * STATUS_USAGE for other functions. */
bool spike_reduce(struct ugo_request *request, struct curve **curve, struct status *st);
/* Constant inputs of function f, turned into those of its mantissa: errors keep their meaning. */
void spike_inputs_reduce(struct spike_inputs *in, enum function f);

/* --- error over sizes and steps ---------------------------------------------------- */

enum { SPIKE_SIZES = 16, SPIKE_STEPS = 8 };

struct spike_plan {
	struct ugo_request request;   /* hidden is ignored */
	struct spike_options options; /* T is ignored */
	bool ramps, reduce;
	enum ugo_facing facing; /* of the ReLU form */
	int hidden[SPIKE_SIZES], T[SPIKE_STEPS];
	int sizes, steps;
};

struct spike_cell {
	int hidden, T;
	struct spike_result result;
	bool front; /* no other has both fewer spikes and less error */
};

struct spike_map {
	struct spike_cell cell[SPIKE_SIZES * SPIKE_STEPS]; /* size by size */
	int count;
};

/* The UGO that a plan of this kind makes for `hidden` neurons and T steps. to must be zeroed or done. */
bool spike_make(struct ugo *to, const struct spike_plan *plan, int hidden, int T, struct status *st);
/* Constant input. Interrupted, the map has the sizes that are complete. */
bool spike_map_make(struct spike_map *map, const struct spike_plan *plan, const struct progress *progress, struct status *st);

#endif
