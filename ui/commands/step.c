/* Stepping: the walk through time, forwards and back. */
#include "ui/commands/commands.h"

#include "base/timing.h"
#include "ui/workbench/steps.h"

#include <math.h>

#include <stdlib.h>
#include <string.h>

/* --- what a step prints --------------------------------------------------- */

static double
spikes_between(const struct walk *walk, int from, int to)
{
	double spikes = 0;

	for (int i = from; i < to; i++)
		spikes += walk->step[i].units;
	return spikes;
}

static double
logit_difference(const struct app *app, int t)
{
	const float *a = app->walk->step[t - 1].logits, *b = app->split.walk->step[t - 1].logits;
	double sum = 0;

	for (int i = 0; i < app->model->classes; i++)
		sum += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
	return sqrt(sum / app->model->classes);
}

static void
output_other_step(struct output *o, const struct app *app, int t)
{
	const struct walk_step *step = &app->split.walk->step[t - 1];
	char label[16];

	output_text(o, "other_top", model_label(app->model, step->top, label));
	output_real(o, "other_logit_rmse", (double)step->logit_rmse);
	output_real(o, "other_spikes", step->units);
	output_real(o, "logit_difference", logit_difference(app, t));
}

static double
step_alarms(const struct app *app, const struct walk_step *step)
{
	double alarms = 0;

	for (int i = 0; i < site_count(app->model); i++)
		alarms += (double)step->site[i].alarms;
	return alarms;
}

/* Inputs outside the ranges of UGOs in a step: how many, where most, and how far there. */
static void
output_alarms(struct output *o, const struct app *app, const struct walk_step *step)
{
	double most = 0, reach = 0;
	char name[SITE_NAME_MAX] = "";

	for (int i = 0; i < site_count(app->model); i++) {
		const struct walk_site *s = &step->site[i];

		if ((double)s->alarms <= most)
			continue;
		most = (double)s->alarms;
		reach = (double)s->reach;
		site_name(site_at(app->model, i), name);
	}
	output_real(o, "alarms", step_alarms(app, step));
	output_text(o, "alarm_site", name[0] ? name : NULL);
	output_real(o, "alarm_reach", reach);
}

static void
output_step_row(struct output *o, const struct app *app, int t)
{
	const struct walk *walk = app->walk;
	const struct walk_step *step = &walk->step[t - 1];
	char label[16], ann[16];
	float probability;
	int top;

	walk_top(step->logits, app->model->classes, 1, &top, &probability);
	output_row(o);
	output_int(o, "t", t);
	output_text(o, "top", model_label(app->model, top, label));
	output_real(o, "probability", (double)probability);
	output_text(o, "ann_top", model_label(app->model, walk->ann_top, ann));
	output_real(o, "logit_rmse", (double)step->logit_rmse);
	output_real(o, "spikes", step->units);
	output_real(o, "events", step->events);
	if (app->options.format == FORMAT_TABLE || app->options.format == FORMAT_MARKDOWN)
		output_real(o, "alarms", step_alarms(app, step));
	else
		output_alarms(o, app, step);
	output_real(o, "seconds", step->seconds);
	if (app->split.walk)
		output_other_step(o, app, t);
}

/* What the steps stopped at, for the results; null when at nothing. */
static void
output_stop(struct output *o, const struct app *app)
{
	const struct stop *stop = &app->stop;
	char name[SITE_NAME_MAX + 48];
	json_t *object;

	if (!stop->stopped) {
		output_null(o, "stopped");
		return;
	}
	found_name(app, &stop->found, name, sizeof(name));
	object = json_pack("{s:i, s:s, s:s*, s:f}", "number", stop->number, "condition", stop->text, "where",
			   name[0] ? name : NULL, "value", stop->found.value);
	output_json(o, "stopped", object);
}

static void
output_whole(struct output *o, const struct app *app, int from, double seconds)
{
	const struct walk *walk = app->walk;
	const struct walk_step *last = walk_last(walk);
	char hash[HASH_HEX], label[16];

	output_text(o, "image", app->title);
	output_int(o, "t", walk->t);
	output_floats(o, "logits", last->logits, (size_t)app->model->classes);
	output_top(o, app, last->logits);
	output_text(o, "ann_top", model_label(app->model, walk->ann_top, label));
	output_real(o, "spikes", spikes_between(walk, from, walk->t));
	output_real(o, "spikes_total", spikes_between(walk, 0, walk->t));
	output_real(o, "events_total", snn_events(walk->snn));
	output_real(o, "logit_rmse", (double)last->logit_rmse);
	walk_hash(walk, hash);
	output_text(o, "state_hash", hash);
	output_real(o, "seconds", seconds);
	output_stop(o, app);
	if (!app->split.walk)
		return;
	walk_hash(app->split.walk, hash);
	output_text(o, "other_state_hash", hash);
}

/* The state after the steps from + 1 .. t. For people and CSV, a row for each;
 * JSON has the whole. */
static bool
print_steps(struct app *app, int from, double seconds, struct status *st)
{
	struct output o;

	output_init(&o);
	if (app->options.format == FORMAT_JSON)
		output_whole(&o, app, from, seconds);
	output_table(&o, "steps");
	for (int t = from + 1; t <= app->walk->t; t++)
		output_step_row(&o, app, t);
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* "breakpoint 2, error(blocks.*.attn) > 0.1: blocks.3.attn is .142 at t = 5" */
static void
say_stop(struct app *app)
{
	const struct stop *stop = &app->stop;
	char name[SITE_NAME_MAX + 48], head[32], value[24], before[24];

	if (!stop->stopped)
		return;
	snprintf(head, sizeof(head), stop->number ? "%s %d" : "%s",
		 stop->number == 0 ? "until"
		 : stop->is_watch  ? "watch"
				   : "breakpoint",
		 stop->number);
	found_name(app, &stop->found, name, sizeof(name));
	output_human("value", stop->found.value, value, sizeof(value));
	output_human("value", stop->before, before, sizeof(before));
	if (stop->is_watch)
		app_say(app, "%s, %s: %s, was %s, at t = %d", head, stop->text, value, before, app->walk->t);
	else if (name[0])
		app_say(app, "%s, %s: %s has %s at t = %d", head, stop->text, name, value, app->walk->t);
	else
		app_say(app, "%s, %s, at t = %d", head, stop->text, app->walk->t);
}

/* The values that silent watches follow. */
static void
say_watched(struct app *app)
{
	for (int i = 0; i < app->breakpoints.count; i++) {
		const struct breakpoint *p = &app->breakpoints.list[i];
		char value[24];

		if (p->is_watch && p->is_silent && p->enabled && p->known)
			app_say(app, "watch %d, %s: %s", p->number, p->text,
				output_human("value", p->value, value, sizeof(value)));
	}
}

/* On cancel the steps that were done are printed all the same. */
static bool
step_and_print(struct app *app, int n, const struct condition *until, struct status *st)
{
	double started = timing_now();
	int from = app->walk->t;
	bool ok = steps_take(app, n, until, st);

	if (app->walk->t > from || (ok && app->walk->t > 0)) {
		struct status printed = {0};

		if (!print_steps(app, app->walk->t > from ? from : from - 1, timing_now() - started, &printed))
			ok = status_fail(st, printed.code, "%s", printed.message);
	}
	say_watched(app);
	say_stop(app);
	return ok;
}

/* --- sites ---------------------------------------------------------------- */

static bool
print_site(struct app *app, struct status *st)
{
	const struct walk *walk = app->walk;
	int index = walk->site >= 0 ? walk->site : site_count(walk->model) - 1;
	const struct walk_site *s = walk_site_now(walk, index);
	char name[SITE_NAME_MAX], hash[HASH_HEX];
	struct output o;

	output_init(&o);
	output_text(&o, "site", site_name(site_at(walk->model, index), name));
	output_int(&o, "t", walk->site >= 0 ? walk->t + 1 : walk->t);
	output_bool(&o, "step_done", walk->site < 0);
	output_real(&o, "relative", (double)s->relative);
	output_real(&o, "rmse", (double)s->rmse);
	output_real(&o, "rate", (double)s->rate);
	output_real(&o, "spikes", (double)s->units);
	output_real(&o, "alarms", (double)s->alarms);
	if (app->options.format == FORMAT_JSON) {
		walk_hash(walk, hash);
		output_text(&o, "state_hash", hash);
		output_stop(&o, app);
	}
	return output_print(&o, app->options.format, app->out, st);
}

static bool
sites_and_print(struct app *app, int n, struct status *st)
{
	if (!steps_take_sites(app, n, st) || !print_site(app, st))
		return false;
	say_stop(app);
	return true;
}

bool
cmd_step(struct app *app, const struct call *call, struct status *st)
{
	int n = (int)call_arg_int(call, 0, 1);

	if (!need_walk(app, st))
		return false;
	return call_has(call, "site") ? sites_and_print(app, n, st) : step_and_print(app, n, NULL, st);
}

bool
cmd_run(struct app *app, const struct call *call, struct status *st)
{
	int t;

	if (!need_walk(app, st))
		return false;
	t = (int)call_arg_int(call, 0, app->plan->T);
	if (app->walk->t >= t)
		app_say(app, "already at t = %d; type: step, or reset", app->walk->t);
	return step_and_print(app, app->walk->t < t ? t - app->walk->t : 0, NULL, st);
}

bool
cmd_until(struct app *app, const struct call *call, struct status *st)
{
	int n = (int)call_int(call, "steps", 0);
	struct condition *until;
	bool ok;

	if (!need_walk(app, st) || !(until = read_condition(app, call, st)))
		return false;
	if (n == 0)
		n = 2 * app->plan->T;
	if (n > WALK_STEPS_MAX - app->walk->t)
		n = WALK_STEPS_MAX - app->walk->t;
	ok = step_and_print(app, n, until, st);
	if (ok && !app->stop.stopped)
		ok = status_fail(st, STATUS_FAILED, "not true in %d steps; until --steps N goes further", n);
	condition_free(until);
	return ok;
}

/* Where one has come to: for people in one row, for programs the whole state. */
static bool
print_place(struct app *app, struct status *st)
{
	const struct walk *walk = app->walk;
	char hash[HASH_HEX], label[16];
	struct output o;

	if (app->options.format == FORMAT_JSON || app->options.format == FORMAT_CSV)
		return print_state(app, st);
	output_init(&o);
	output_table(&o, "state");
	output_row(&o);
	output_int(&o, "t", walk->t);
	walk_hash(walk, hash);
	hash[12] = '\0';
	output_text(&o, "state_hash", hash);
	output_text(&o, "top", walk->t > 0 ? model_label(app->model, walk_last(walk)->top, label) : NULL);
	output_text(&o, "ann_top", walk->shown ? model_label(app->model, walk->ann_top, label) : NULL);
	if (walk->t > 0)
		output_real(&o, "logit_rmse", (double)walk_last(walk)->logit_rmse);
	else
		output_null(&o, "logit_rmse");
	output_real(&o, "spikes_total", spikes_between(walk, 0, walk->t));
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- back and forth ------------------------------------------------------- */

bool
cmd_reset(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	return need_walk(app, st) && steps_back(app, 0, st) && print_place(app, st);
}

bool
cmd_back(struct app *app, const struct call *call, struct status *st)
{
	long n = call_arg_int(call, 0, 1);
	int t;

	if (!need_walk(app, st))
		return false;
	/* An entered step is the first one to be taken back. */
	t = app->walk->t - (int)n + (app->walk->site >= 0);
	if (t < 0)
		return status_fail(st, STATUS_USAGE, "back %ld is before the start: t is %d", n, app->walk->t);
	return steps_back(app, t, st) && print_place(app, st);
}

bool
cmd_goto(struct app *app, const struct call *call, struct status *st)
{
	int t = (int)call_arg_int(call, 0, 0);

	if (!need_walk(app, st))
		return false;
	if (t <= app->walk->t ? !steps_back(app, t, st) : !steps_take(app, t - app->walk->t, NULL, st))
		return false;
	say_stop(app);
	return print_place(app, st);
}

static void
output_checkpoints(struct output *o, const struct walk *walk)
{
	output_int(o, "checkpoints", walk->timeline.count);
	output_int(o, "checkpoint_every", walk->timeline.every);
	output_int(o, "checkpoint_bytes", (int64_t)walk->timeline.bytes);
	output_int(o, "checkpoint_limit_bytes", (int64_t)walk->timeline.budget);
}

static void
output_walk(struct output *o, const struct app *app)
{
	const struct walk *walk = app->walk;
	char hash[HASH_HEX], label[16], name[SITE_NAME_MAX];

	output_int(o, "t", walk->t);
	if (walk->site >= 0)
		output_text(o, "within", site_name(site_at(walk->model, walk->site), name));
	output_int(o, "T", app->plan->T);
	output_text(o, "ann_top", walk->shown ? model_label(app->model, walk->ann_top, label) : NULL);
	if (walk->t > 0) {
		output_text(o, "snn_top", model_label(app->model, walk_last(walk)->top, label));
		output_real(o, "logit_rmse", (double)walk_last(walk)->logit_rmse);
	}
	output_real(o, "spikes_total", spikes_between(walk, 0, walk->t));
	walk_hash(walk, hash);
	output_text(o, "state_hash", hash);
	output_int(o, "state_bytes", (int64_t)snn_state_size(walk->snn));
	output_int(o, "network_bytes", (int64_t)snn_memory(walk->snn));
	output_checkpoints(o, walk);
	if (!app->split.walk)
		return;
	output_text(o, "other_recipe", app->split.plan->recipe);
	output_text(o, "other_plan", app->split.plan->hash);
	walk_hash(app->split.walk, hash);
	output_text(o, "other_state_hash", hash);
}

bool
print_state(struct app *app, struct status *st)
{
	struct output o;

	output_init(&o);
	output_text(&o, "model", app->model ? app->model->name : NULL);
	output_text(&o, "data", app->data ? dataset_path(app->data) : NULL);
	output_text(&o, "image", app->title);
	output_text(&o, "recipe", app->plan ? app->plan->recipe : NULL);
	output_text(&o, "plan", app->plan ? app->plan->hash : NULL);
	if (app->walk)
		output_walk(&o, app);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_state(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	return print_state(app, st);
}
