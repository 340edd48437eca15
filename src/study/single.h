/* A single neuron under a chosen input: what the network is made of.
 *
 * Every neuron of snn/neuron.h takes the sum of its input X_t = x_1 + .. + x_t as its
 * target and sends quanta of its threshold. The leaky neuron is integrated here with
 * all its constants (docs/methods.md#neurons): tau du/dt = -(u - rest) + R x by Euler's method with
 * the step dt; a spike at u >= V, then u = reset.
 *
 *	struct single_settings s = single_defaults(kind);
 *	s.current = 1.5f;
 *	single_run(&s, &trace, &st); */
#ifndef SPIKESCOPE_STUDY_SINGLE_H
#define SPIKESCOPE_STUDY_SINGLE_H

#include "base/status.h"
#include "snn/neurons/neuron.h"

enum { SINGLE_STEPS_MAX = 1024, SINGLE_CURVE = 41 };

struct single_settings {
	enum neuron_kind kind;
	struct neuron_settings set; /* as in the plan; set.initial counts for leaky neurons too */
	float threshold;            /* V > 0 */
	int steps;                  /* 1..SINGLE_STEPS_MAX */
	float current;              /* x at every step, */
	const float *train;         /* or this one [train_count], over and over; NULL: the current */
	int train_count;
	bool once; /* the input comes in the first step alone (sum-decoded trains) */
	/* leaky neurons (struct neuron_type) */
	float tau, dt; /* same unit of time, 0 < dt <= tau */
	float rest, reset, resistance;
};

struct single_settings single_defaults(enum neuron_kind kind);
/* Sets what the neuron can be set to ("beta", "levels" ...). STATUS_USAGE for keys that it does not have and
 * values out of range. */
bool single_set(struct single_settings *settings, const char *key, double value, struct status *st);
/* A neuron's name, or its other name. */
bool single_kind(const char *name, enum neuron_kind *kind);

struct single_trace {
	int steps;
	float *input, *membrane, *sent, *total; /* [steps] each; total: M_t */
	double events, units;
	double rate; /* events per step (lif: per unit of time) */
	double mean; /* total / steps: what the train is decoded to */
};

/* STATUS_USAGE for settings out of range. single_done() the trace in any case. */
bool single_run(const struct single_settings *settings, struct single_trace *trace, struct status *st);
void single_done(struct single_trace *trace);

/* Mean sent per step (once: sent in all; lif: spikes per unit of time) against constant
 * currents from lo to hi. theory: min(x, V) for if; for lif in continuous time
 * 1 / (tau ln((R x + rest - reset) / (R x + rest - V))); NAN for the others. */
struct single_curve {
	float current[SINGLE_CURVE], rate[SINGLE_CURVE], theory[SINGLE_CURVE];
};
bool single_rate_curve(const struct single_settings *settings, float lo, float hi, struct single_curve *curve, struct status *st);

#endif
