/* Stepping: the walk through time. */
#include "ui/commands.h"

#include "ui/notebook.h"

/* n steps, each recorded as soon as it is done. */
static bool
take_steps(struct app *app, int n, struct status *st)
{
	struct progress progress = app_progress(app);
	double started = seconds_now();
	int64_t run;
	bool ok = true;

	if (n == 0)
		return true;
	if (app->walk->t + n > WALK_STEPS_MAX)
		return status_fail(st, STATUS_USAGE, "t may be %d at most; type: reset", WALK_STEPS_MAX);
	run = notebook_run_begin(app, "step", app->plan, app->data);
	for (int i = 0; ok && i < n; i++) {
		if (!progress_report(&progress, "step", i, n))
			ok = status_fail(st, STATUS_CANCELLED, "stopped at t = %d", app->walk->t);
		else if ((ok = record_steps(app->record, app->walk, 1, NULL, st)))
			notebook_walk_step(app, run, app->walk->t);
	}
	notebook_run_end(app, run, st, seconds_now() - started);
	return ok;
}

static void
output_step_row(struct output *o, const struct app *app, int t)
{
	const struct walk *walk = app->walk;
	const struct walk_step *step = &walk->step[t - 1];
	char label[16], ann[16];
	float probability;
	int top;

	walk_top(step->logits, app->vit->classes, 1, &top, &probability);
	output_row(o);
	output_int(o, "t", t);
	output_text(o, "top", vit_label(app->vit, top, label));
	output_real(o, "probability", (double)probability);
	output_text(o, "ann_top", vit_label(app->vit, walk->ann_top, ann));
	output_real(o, "logit_rmse", (double)step->logit_rmse);
	output_real(o, "spikes", step->units);
	output_real(o, "events", step->events);
	output_real(o, "seconds", step->seconds);
}

static double
spikes_between(const struct walk *walk, int from, int to)
{
	double spikes = 0;

	for (int i = from; i < to; i++)
		spikes += walk->step[i].units;
	return spikes;
}

/* The state after the steps from + 1 .. t. For people and CSV, a row for each;
 * JSON has the whole. */
static bool
print_steps(struct app *app, int from, double seconds, struct status *st)
{
	const struct walk *walk = app->walk;
	const struct walk_step *last = walk_last(walk);
	char hash[HASH_HEX], label[16];
	struct output o;

	output_init(&o);
	if (app->options.format == FORMAT_JSON) {
		output_text(&o, "image", app->title);
		output_int(&o, "t", walk->t);
		output_floats(&o, "logits", last->logits, (size_t)app->vit->classes);
		output_top(&o, app, last->logits);
		output_text(&o, "ann_top", vit_label(app->vit, walk->ann_top, label));
		output_real(&o, "spikes", spikes_between(walk, from, walk->t));
		output_real(&o, "spikes_total", spikes_between(walk, 0, walk->t));
		output_real(&o, "events_total", snn_events(walk->snn));
		output_real(&o, "logit_rmse", (double)last->logit_rmse);
		snn_state_hash(walk->snn, hash);
		output_text(&o, "state_hash", hash);
		output_real(&o, "seconds", seconds);
	}
	output_table(&o, "steps");
	for (int t = from + 1; t <= walk->t; t++)
		output_step_row(&o, app, t);
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* On cancel the steps that were done are printed all the same. */
static bool
step_and_print(struct app *app, int n, struct status *st)
{
	double started = seconds_now();
	int from = app->walk->t;
	bool ok = take_steps(app, n, st);

	if (app->walk->t > from || (ok && app->walk->t > 0)) {
		struct status printed = {0};

		if (!print_steps(app, app->walk->t > from ? from : from - 1, seconds_now() - started, &printed))
			ok = status_fail(st, printed.code, "%s", printed.message);
	}
	return ok;
}

bool
cmd_step(struct app *app, const struct call *call, struct status *st)
{
	return need_walk(app, st) && step_and_print(app, (int)call_arg_int(call, 0, 1), st);
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
	return step_and_print(app, app->walk->t < t ? t - app->walk->t : 0, st);
}

static void
go_to_start(struct app *app)
{
	walk_reset(app->walk);
	record_back(app->record, 0);
}

bool
cmd_reset(struct app *app, const struct call *call, struct status *st)
{
	(void)call;
	if (!need_walk(app, st))
		return false;
	go_to_start(app);
	return print_state(app, st);
}

bool
cmd_goto(struct app *app, const struct call *call, struct status *st)
{
	int t = (int)call_arg_int(call, 0, 0);

	if (!need_walk(app, st))
		return false;
	if (t < app->walk->t)
		go_to_start(app);
	return take_steps(app, t - app->walk->t, st) && print_state(app, st);
}

static void
output_walk(struct output *o, const struct app *app)
{
	const struct walk *walk = app->walk;
	char hash[HASH_HEX], label[16];

	output_int(o, "t", walk->t);
	output_int(o, "T", app->plan->T);
	output_text(o, "ann_top", walk->shown ? vit_label(app->vit, walk->ann_top, label) : NULL);
	if (walk->t > 0) {
		output_text(o, "snn_top", vit_label(app->vit, walk_last(walk)->top, label));
		output_real(o, "logit_rmse", (double)walk_last(walk)->logit_rmse);
	}
	output_real(o, "spikes_total", spikes_between(walk, 0, walk->t));
	snn_state_hash(walk->snn, hash);
	output_text(o, "state_hash", hash);
	output_int(o, "state_bytes", (int64_t)snn_state_size(walk->snn));
	output_int(o, "network_bytes", (int64_t)snn_memory(walk->snn));
}

bool
print_state(struct app *app, struct status *st)
{
	struct output o;

	output_init(&o);
	output_text(&o, "model", app->vit ? app->vit->name : NULL);
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
