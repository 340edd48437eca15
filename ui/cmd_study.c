/* Evaluation over a data set. */
#include "ui/commands.h"

#include "ui/notebook.h"

#include <stdlib.h>
#include <string.h>

enum { EVAL_POINTS = 64 };

/* 1, 2, 4, ... up to the plan's T, and T itself. */
static int
default_points(int T, int *t)
{
	int n = 0;

	for (int at = 1; at < T && n < EVAL_POINTS - 1; at *= 2)
		t[n++] = at;
	t[n++] = T;
	return n;
}

static void
output_points(struct output *o, const struct eval_result *r)
{
	output_table(o, "points");
	for (int i = 0; i < r->points; i++) {
		const struct eval_point *p = &r->point[i];

		output_row(o);
		output_int(o, "t", p->t);
		output_real(o, "accuracy", p->accuracy);
		output_real(o, "agreement", p->agreement);
		output_real(o, "logit_rmse", p->logit_rmse);
		output_real(o, "spikes_per_image", p->units_per_image);
		output_real(o, "events_per_image", p->events_per_image);
	}
	output_end(o);
}

static bool
print_eval(struct app *app, const struct eval_result *r, bool labelled, struct status *st)
{
	struct output o;

	output_init(&o);
	output_int(&o, "images", r->images);
	if (labelled)
		output_real(&o, "ann_accuracy", r->ann_accuracy);
	else
		output_null(&o, "ann_accuracy");
	if (r->points > 0)
		output_points(&o, r);
	output_real(&o, "seconds", r->seconds);
	return output_print(&o, app->options.format, app->out, st);
}

static bool
evaluate(struct app *app, const struct dataset *data, const struct eval_options *options, bool reference, struct status *st)
{
	struct progress progress = app_progress(app);
	struct eval_result result = {0};
	struct status printed = {0};
	int64_t run = notebook_run_begin(app, "eval", reference ? NULL : app->plan, data);
	bool ok;

	ok = reference ? eval_ann(app->vit, data, options, &result, &progress, st)
		       : eval_run(app->plan, data, options, &result, &progress, st);
	if (result.images > 0)
		notebook_eval(app, run, options, &result);
	notebook_run_end(app, run, st, result.seconds);
	/* What was done before a cancel is worth seeing. */
	if ((ok || st->code == STATUS_CANCELLED) && result.images > 0 &&
	    !print_eval(app, &result, dataset_classes(data) > 0, &printed))
		ok = status_fail(st, printed.code, "%s", printed.message);
	eval_done(&result);
	return ok;
}

static bool
eval_bounds(const struct dataset *data, const struct call *call, struct eval_options *options, struct status *st)
{
	long count = call_arg_int(call, 0, 0);

	options->first = (int)call_int(call, "first", 0);
	if (options->first >= dataset_count(data))
		return status_fail(st, STATUS_USAGE, "eval: --first must be below %d, the pictures of %s", dataset_count(data),
				   dataset_path(data));
	if (count > dataset_count(data) - options->first)
		return status_fail(st, STATUS_USAGE, "eval: N must be at most %d here", dataset_count(data) - options->first);
	options->count = (int)count;
	return true;
}

static bool
need_plan(struct app *app, struct status *st)
{
	if (app->plan)
		return true;
	app_say(app, "no plan yet: converting with the default recipe (type: help convert)");
	return convert(app, &(struct plan_options){.rule = -1}, NULL, 64, st);
}

static bool
eval_data(struct app *app, const struct call *call, const struct dataset *data, struct status *st)
{
	struct eval_options options = {.threads = (int)call_int(call, "threads", app->options.threads)};
	bool reference = call_has(call, "ann");
	int t[EVAL_POINTS];

	if (!eval_bounds(data, call, &options, st) || (!reference && !need_plan(app, st)))
		return false;
	options.t = t;
	if (call_has(call, "t"))
		options.ts = value_ints(call_text(call, "t"), t, EVAL_POINTS, 1, WALK_STEPS_MAX, true);
	else if (!reference)
		options.ts = default_points(app->plan->T, t);
	return evaluate(app, data, &options, reference, st);
}

bool
cmd_eval(struct app *app, const struct call *call, struct status *st)
{
	struct dataset *other = NULL;
	bool ok;

	if (!need_model(app, st))
		return false;
	if (!call_has(call, "data"))
		return need_data(app, st) && eval_data(app, call, app->data, st);
	other = dataset_open(call_text(call, "data"), st);
	ok = other && eval_data(app, call, other, st);
	dataset_close(other);
	return ok;
}
