#include "study/single.h"

#include "base/real.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct single_settings
single_defaults(enum neuron_kind kind)
{
	const struct neuron_type *type = neuron_type(kind);

	return (struct single_settings){.kind = kind,
					.set = neuron_defaults(kind),
					.threshold = 1,
					.steps = type->steps ? type->steps : 64,
					.current = type->current != 0.0f ? type->current : 0.3f,
					.tau = 20,
					.dt = 1,
					.resistance = 1};
}

bool
single_set(struct single_settings *s, const char *key, double value, struct status *st)
{
	const struct neuron_type *type = neuron_type(s->kind);
	const struct neuron_setting *setting = neuron_setting(type, key);

	if (!setting)
		return status_fail(st, STATUS_USAGE, "neuron: %s has no %s", type->name, key);
	if (type->leaky && strcmp(key, "tau") == 0)
		s->tau = (float)value;
	else if (!neuron_setting_set(setting, value, &s->set))
		return status_fail(st, STATUS_USAGE, "neuron: %s of %s must be a %snumber from %g to %g", key, type->name,
				   setting->whole ? "whole " : "", setting->lo, setting->hi);
	return true;
}

bool
single_kind(const char *name, enum neuron_kind *kind)
{
	for (int i = NEURON_NONE + 1; i < NEURON_KINDS; i++) {
		const char *alias = neuron_type((enum neuron_kind)i)->alias;

		if (alias && strcmp(name, alias) == 0) {
			*kind = (enum neuron_kind)i;
			return true;
		}
	}
	return neuron_parse(name, kind) && *kind != NEURON_NONE;
}

static bool
check(const struct single_settings *s, struct status *st)
{
	const struct neuron_type *type = neuron_type(s->kind);
	int most = neuron_burst_most(type);

	if (s->steps < 1 || s->steps > SINGLE_STEPS_MAX)
		return status_fail(st, STATUS_USAGE, "neuron: steps must be from 1 to %d", SINGLE_STEPS_MAX);
	if (!(s->threshold > 0) || !isfinite(s->threshold))
		return status_fail(st, STATUS_USAGE, "neuron: the threshold must be above 0");
	if (s->set.burst < (most ? 1 : 0) || s->set.burst > most)
		return status_fail(st, STATUS_USAGE, "neuron: %s takes a burst from %d to %d", type->name, most ? 1 : 0, most);
	if (type->leaky && !(s->dt > 0 && s->dt <= s->tau))
		return status_fail(st, STATUS_USAGE, "neuron: dt must be above 0 and at most tau");
	if (type->leaky && !(s->reset < s->threshold))
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
	float u = s->rest + s->set.initial * s->threshold, total = 0;

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
		neuron_step(neuron_rule_at(s->kind, &s->set, i + 1), &target, &s->threshold, state, &trace->total[i],
			    &trace->sent[i], 1, 1, &tally);
		trace->membrane[i] =
		    type->membrane ? type->membrane(state, 0) : target - trace->total[i] + s->set.initial * s->threshold;
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
	if (!neuron_type(s->kind)->leaky)
		return run_network(s, trace, st);
	run_leaky(s, trace);
	return true;
}

static float
theory(const struct single_settings *s, float x)
{
	const struct neuron_type *type = neuron_type(s->kind);
	double drive = (double)s->resistance * (double)x + (double)s->rest;

	if (type->closed_form)
		return x <= 0 ? 0 : fminf(x, s->threshold);
	if (!type->leaky)
		return NAN;
	if (drive <= (double)s->threshold)
		return 0;
	return (float)(1 / ((double)s->tau * real_log((drive - (double)s->reset) / (drive - (double)s->threshold))));
}

bool
single_rate_curve(const struct single_settings *settings, float lo, float hi, struct single_curve *curve, struct status *st)
{
	struct single_settings s = *settings;
	bool leaky = neuron_type(s.kind)->leaky;

	s.train = NULL;
	for (int i = 0; i < SINGLE_CURVE; i++) {
		struct single_trace trace;

		s.current = lo + (hi - lo) * (float)i / (SINGLE_CURVE - 1);
		if (!single_run(&s, &trace, st)) {
			single_done(&trace);
			return false;
		}
		curve->current[i] = s.current;
		curve->rate[i] = (float)(leaky ? trace.rate : s.once ? trace.mean * s.steps : trace.mean);
		curve->theory[i] = theory(&s, s.current);
		single_done(&trace);
	}
	return true;
}
