#include "study/single.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct single_settings
single_defaults(enum neuron_kind kind)
{
	struct site_plan site = {0};

	neuron_defaults(kind, &site);
	return (struct single_settings){.kind = kind,
					.burst = site.burst,
					.initial = site.initial,
					.threshold = 1,
					.steps = kind == NEURON_LIF ? 200 : 64,
					.current = kind == NEURON_LIF ? 1.5f : 0.3f,
					.tau = 20,
					.dt = 1,
					.resistance = 1};
}

bool
single_kind(const char *name, enum neuron_kind *kind)
{
	if (strcmp(name, "delta") == 0) {
		*kind = NEURON_DIFFERENTIAL;
		return true;
	}
	return neuron_parse(name, kind) && *kind != NEURON_NONE;
}

static bool
check(const struct single_settings *s, struct status *st)
{
	const struct neuron_type *type = neuron_type(s->kind);

	if (s->steps < 1 || s->steps > SINGLE_STEPS_MAX)
		return status_fail(st, STATUS_USAGE, "neuron: steps must be from 1 to %d", SINGLE_STEPS_MAX);
	if (!(s->threshold > 0) || !isfinite(s->threshold))
		return status_fail(st, STATUS_USAGE, "neuron: the threshold must be above 0");
	if (s->burst < (type->burst_max ? 1 : 0) || s->burst > type->burst_max)
		return status_fail(st, STATUS_USAGE, "neuron: %s takes a burst from %d to %d", type->name,
				   type->burst_max ? 1 : 0, type->burst_max);
	if (s->kind == NEURON_LIF && !(s->dt > 0 && s->dt <= s->tau))
		return status_fail(st, STATUS_USAGE, "neuron: dt must be above 0 and at most tau");
	if (s->kind == NEURON_LIF && !(s->reset < s->threshold))
		return status_fail(st, STATUS_USAGE, "neuron: reset must be below the threshold");
	return true;
}

static float
input_at(const struct single_settings *s, int t)
{
	if (s->once && t > 1)
		return 0;
	return s->train ? s->train[(t - 1) % s->train_count] : s->current;
}

static bool
trace_init(struct single_trace *trace, int steps, struct status *st)
{
	*trace = (struct single_trace){.steps = steps};
	trace->input = calloc(4 * (size_t)steps, sizeof(float));
	if (!trace->input)
		return status_nomem(st, "a neuron");
	trace->membrane = trace->input + steps;
	trace->sent = trace->membrane + steps;
	trace->total = trace->sent + steps;
	return true;
}

void
single_done(struct single_trace *trace)
{
	free(trace->input);
	*trace = (struct single_trace){0};
}

static void
run_leaky(const struct single_settings *s, struct single_trace *trace)
{
	float u = s->rest + s->initial * s->threshold, total = 0;

	for (int i = 0; i < s->steps; i++) {
		float x = input_at(s, i + 1);
		bool fires;

		u += s->dt / s->tau * (-(u - s->rest) + s->resistance * x);
		fires = u >= s->threshold;
		u = fires ? s->reset : u;
		total += fires ? 1 : 0;
		trace->input[i] = x;
		trace->membrane[i] = u;
		trace->sent[i] = fires;
		trace->total[i] = total;
		trace->events += fires;
		trace->units += fires;
	}
	trace->rate = trace->events / ((double)s->steps * (double)s->dt);
	trace->mean = (double)total / s->steps;
}

/* The rule in step t, as the network has it. */
static struct neuron_rule
rule_at(const struct single_settings *s, int t)
{
	return (struct neuron_rule){.kind = s->kind,
				    .burst = s->burst,
				    .repeat = 1,
				    .grain = s->kind == NEURON_DIFFERENTIAL ? 1 / (float)t : 1,
				    .fine = 1,
				    .initial = s->initial};
}

static bool
run_network(const struct single_settings *s, struct single_trace *trace, struct status *st)
{
	const struct neuron_type *type = neuron_type(s->kind);
	void *state = calloc(1, type->state_size);
	struct neuron_tally tally = {0, 0};
	float target = 0;

	if (!state)
		return status_nomem(st, "a neuron");
	for (int i = 0; i < s->steps; i++) {
		trace->input[i] = input_at(s, i + 1);
		target += trace->input[i];
		neuron_step(rule_at(s, i + 1), &target, &s->threshold, state, &trace->total[i], &trace->sent[i], 1, 1, &tally);
		trace->membrane[i] =
		    type->membrane ? type->membrane(state, 0) : target - trace->total[i] + s->initial * s->threshold;
	}
	free(state);
	trace->events = (double)tally.events;
	trace->units = (double)tally.units;
	trace->rate = trace->events / s->steps;
	trace->mean = (double)trace->total[s->steps - 1] / s->steps;
	return true;
}

bool
single_run(const struct single_settings *s, struct single_trace *trace, struct status *st)
{
	*trace = (struct single_trace){0};
	if (!check(s, st) || !trace_init(trace, s->steps, st))
		return false;
	if (s->kind != NEURON_LIF)
		return run_network(s, trace, st);
	run_leaky(s, trace);
	return true;
}

static float
theory(const struct single_settings *s, float x)
{
	double drive = (double)s->resistance * (double)x + (double)s->rest;

	if (s->kind == NEURON_IF)
		return x <= 0 ? 0 : fminf(x, s->threshold);
	if (s->kind != NEURON_LIF)
		return NAN;
	if (drive <= (double)s->threshold)
		return 0;
	return (float)(1 / ((double)s->tau * log((drive - (double)s->reset) / (drive - (double)s->threshold))));
}

bool
single_rate_curve(const struct single_settings *settings, float lo, float hi, struct single_curve *curve, struct status *st)
{
	struct single_settings s = *settings;

	s.train = NULL;
	for (int i = 0; i < SINGLE_CURVE; i++) {
		struct single_trace trace;

		s.current = lo + (hi - lo) * (float)i / (SINGLE_CURVE - 1);
		if (!single_run(&s, &trace, st)) {
			single_done(&trace);
			return false;
		}
		curve->current[i] = s.current;
		curve->rate[i] = (float)(s.kind == NEURON_LIF ? trace.rate : s.once ? trace.mean * s.steps : trace.mean);
		curve->theory[i] = theory(&s, s.current);
		single_done(&trace);
	}
	return true;
}
