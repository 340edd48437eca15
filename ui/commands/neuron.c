/* neuron: a single one on the bench. */
#include "ui/commands/commands.h"

#include "ui/workbench/show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "1,0,0.5": the input step by step. */
static bool
read_train(const char *text, struct single_settings *s, struct status *st)
{
	float *train = malloc(SINGLE_STEPS_MAX * sizeof(*train));
	int n = 0;
	char *end;

	if (!train)
		return status_nomem(st, "a train");
	s->train = train;
	for (;;) {
		double x = strtod(text, &end);

		if (end == text || !isfinite(x) || (*end && *end != ',') || n == SINGLE_STEPS_MAX)
			return status_fail(st, STATUS_USAGE,
					   "neuron: --train must be at most %d numbers as 1,0,0,1, not \"%.40s\"",
					   SINGLE_STEPS_MAX, text);
		train[n++] = (float)x;
		if (!*end)
			break;
		text = end + 1;
	}
	s->train_count = n;
	return true;
}

/* "beta=1.7,tau=20": settings of the neuron. */
static bool
read_set(const char *text, struct single_settings *s, struct status *st)
{
	while (*text) {
		char key[24];
		int used = 0;
		double value;

		if (sscanf(text, "%23[^=,]=%lf%n", key, &value, &used) != 2 || (text[used] && text[used] != ','))
			return status_fail(st, STATUS_USAGE, "neuron: --set must be as KEY=VALUE,KEY=VALUE, not \"%.40s\"", text);
		if (!single_set(s, key, value, st))
			return false;
		text += used + (text[used] == ',');
	}
	return true;
}

static bool
read_settings(const struct call *call, struct single_settings *s, struct status *st)
{
	enum neuron_kind kind;
	char names[200];

	if (!single_kind(call->arg[0], &kind))
		return status_fail(st, STATUS_USAGE, "neuron: there is no model \"%s\"; there are %s and delta", call->arg[0],
				   neuron_names(names, sizeof(names)));
	*s = single_defaults(kind);
	s->current = (float)call_real(call, "current", (double)s->current);
	s->steps = (int)call_int(call, "steps", s->steps);
	s->threshold = (float)call_real(call, "threshold", (double)s->threshold);
	s->set.burst = (int)call_int(call, "burst", s->set.burst);
	s->set.initial = (float)call_real(call, "initial", (double)s->set.initial);
	s->once = call_has(call, "once");
	s->dt = (float)call_real(call, "dt", (double)s->dt);
	s->rest = (float)call_real(call, "rest", (double)s->rest);
	s->reset = (float)call_real(call, "reset", (double)s->reset);
	s->resistance = (float)call_real(call, "resistance", (double)s->resistance);
	if (call_has(call, "tau") && !single_set(s, "tau", call_real(call, "tau", 0), st))
		return false;
	if (call_has(call, "set") && !read_set(call_text(call, "set"), s, st))
		return false;
	return !call_has(call, "train") || read_train(call_text(call, "train"), s, st);
}

static void
output_steps(struct output *o, const struct single_trace *trace)
{
	output_table(o, "steps");
	for (int i = 0; i < trace->steps; i++) {
		output_row(o);
		output_int(o, "t", i + 1);
		output_real(o, "input", (double)trace->input[i]);
		output_real(o, "membrane", (double)trace->membrane[i]);
		output_real(o, "sent", (double)trace->sent[i]);
		output_real(o, "total", (double)trace->total[i]);
	}
	output_end(o);
}

static void
output_curve(struct output *o, const struct single_curve *curve)
{
	output_table(o, "curve");
	for (int i = 0; i < SINGLE_CURVE; i++) {
		output_row(o);
		output_real(o, "current", (double)curve->current[i]);
		output_real(o, "rate", (double)curve->rate[i]);
		if (isfinite(curve->theory[i]))
			output_real(o, "theory", (double)curve->theory[i]);
		else
			output_null(o, "theory");
	}
	output_end(o);
}

static bool
print_single(struct app *app, const struct single *single, struct status *st)
{
	const struct single_trace *trace = &single->trace;
	bool people = app->options.format == FORMAT_TABLE;
	struct output o;

	output_init(&o);
	output_text(&o, "neuron", neuron_name(single->settings.kind));
	output_int(&o, "count", trace->steps);
	output_real(&o, "events", trace->events);
	output_real(&o, "units", trace->units);
	output_real(&o, "rate_per_step", trace->rate);
	output_real(&o, "decoded", single->settings.once ? trace->mean * trace->steps : trace->mean);
	if (!people) {
		output_steps(&o, trace);
		output_curve(&o, &single->curve);
	}
	if (!output_print(&o, app->options.format, app->out, st))
		return false;
	return !people || app->capture || show_print(app, view_find("single", st), &(struct view_args){0}, app->out, st);
}

bool
cmd_neuron(struct app *app, const struct call *call, struct status *st)
{
	struct single *single = calloc(1, sizeof(*single));
	struct single_settings *s = single ? &single->settings : NULL;
	bool ok = single != NULL || status_nomem(st, "a neuron");

	ok = ok && read_settings(call, s, st) && single_run(s, &single->trace, st) &&
	     single_rate_curve(s, 0, neuron_type(s->kind)->leaky ? 5 * s->threshold / s->resistance : 3 * s->threshold,
			       &single->curve, st);
	if (!ok) {
		single_free(single);
		return false;
	}
	single_free(app->single);
	app->single = single;
	return print_single(app, single, st);
}
