/* Evaluation over a data set. */
#include "ui/commands/commands.h"

#include "ui/workbench/notebook.h"

#include <stdlib.h>
#include <string.h>

enum { EVAL_POINTS = 64 };

int
default_points(int T, int *t, int most)
{
	int n = 0;

	for (int at = 1; at < T && n < most - 1; at *= 2)
		t[n++] = at;
	t[n++] = T;
	return n;
}

/* "87.2% ±1.5" for people, three numbers for programs. */
static void
output_interval(struct output *o, bool people, const char *key, double value, struct eval_interval in)
{
	char name[32], text[40];

	if (people) {
		snprintf(text, sizeof(text), strcmp(key, "gap") == 0 ? "%+.2f \u00b1%.2f" : "%.2f \u00b1%.2f", 100 * value,
			 50 * (in.hi - in.lo));
		output_text(o, key, text);
		return;
	}
	output_real(o, key, value);
	snprintf(name, sizeof(name), "%s_lo", key);
	output_real(o, name, in.lo);
	snprintf(name, sizeof(name), "%s_hi", key);
	output_real(o, name, in.hi);
}

static void
output_points(struct output *o, const struct eval_result *r, bool people, bool labelled)
{
	output_table(o, "points");
	for (int i = 0; i < r->points; i++) {
		const struct eval_point *p = &r->point[i];

		output_row(o);
		output_int(o, "t", p->t);
		if (labelled)
			output_interval(o, people, "accuracy", p->accuracy, p->accuracy_in);
		if (labelled)
			output_interval(o, people, "gap", p->gap, p->gap_in);
		output_interval(o, people, "agreement", p->agreement, p->agreement_in);
		output_real(o, "logit_rmse", p->logit_rmse);
		if (!people) {
			output_real(o, "logit_rmse_lo", p->logit_rmse_in.lo);
			output_real(o, "logit_rmse_hi", p->logit_rmse_in.hi);
		}
		output_real(o, "spikes_per_image", p->units_per_image);
		output_real(o, "events_per_image", p->events_per_image);
		output_real(o, "energy_ratio", p->per_event);
		output_real(o, "energy_ratio_spikes", p->per_unit);
	}
	output_end(o);
}

/* UGO sites that received something outside their range: how often and how far. */
static void
output_alarms(struct output *o, const struct app *app, const struct eval_result *r)
{
	double steps = r->points > 0 ? r->point[r->points - 1].t : 0;

	output_table(o, "alarms");
	for (int i = 0; i < r->sites; i++) {
		struct site site = site_at(app->model, i);
		char name[SITE_NAME_MAX];

		if (!(r->site[i].alarms > 0))
			continue;
		output_row(o);
		output_text(o, "site", site_name(site, name));
		output_real(o, "alarms_per_image", r->site[i].alarms / r->images);
		output_real(o, "share", r->site[i].alarms / (r->images * steps * (double)site_size(app->model, site)));
		output_real(o, "reach", r->site[i].reach);
	}
	output_end(o);
}

static bool
print_eval(struct app *app, const struct eval_result *r, bool labelled, struct status *st)
{
	bool people = app->options.format == FORMAT_TABLE || app->options.format == FORMAT_MARKDOWN;
	struct output o;

	output_init(&o);
	output_int(&o, "images", r->images);
	if (labelled)
		output_real(&o, "ann_accuracy", r->ann_accuracy);
	else
		output_null(&o, "ann_accuracy");
	if (r->points > 0) {
		output_points(&o, r, people, labelled);
		output_alarms(&o, app, r);
	}
	output_real(&o, "seconds", r->seconds);
	return output_print(&o, app->options.format, app->out, st);
}

/* The run that an evaluation is kept in while it goes on. */
struct keeper {
	struct app *app;
	int64_t run;
	const struct eval_options *options;
};

static void
keep(void *ctx, const struct eval_result *so_far, int from)
{
	const struct keeper *k = ctx;

	notebook_eval(k->app, k->run, k->options, so_far, from);
}

/* What was calibrated with and is evaluated too: kept with the run. */
static void
note_overlap(struct app *app, int64_t run, const struct plan *plan, const struct dataset *data,
	     const struct eval_options *options, bool aloud)
{
	int overlap = calibration_overlap(app, plan, data, options->first, options->count);

	if (overlap > 0)
		notebook_metric(app, run, 0, "calibration_overlap", overlap);
	if (aloud)
		say_overlap(app, overlap, options->count > 0 ? options->count : dataset_count(data) - options->first);
}

bool
run_eval(struct app *app, const char *kind, const struct plan *plan, const struct dataset *data, const struct eval_options *given,
	 struct eval_result *result, struct status *st)
{
	struct progress progress = app_progress(app);
	struct eval_options options = *given;
	struct keeper keeper = {app, notebook_run_begin(app, kind, plan, data), &options};
	bool ok;

	if (plan)
		note_overlap(app, keeper.run, plan, data, given, strcmp(kind, "eval") == 0);
	options.keep = keep;
	options.keep_ctx = &keeper;
	ok = plan ? eval_run(plan, data, &options, result, &progress, st)
		  : eval_ann(app->model, data, &options, result, &progress, st);
	notebook_run_end(app, keeper.run, st, result->seconds);
	return ok;
}

static bool
evaluate(struct app *app, const struct dataset *data, const struct eval_options *options, bool reference, struct status *st)
{
	struct eval_result result = {0};
	struct status printed = {0};
	bool ok = run_eval(app, "eval", reference ? NULL : app->plan, data, options, &result, st);

	/* What was done before a cancel is worth seeing. */
	if ((ok || st->code == STATUS_CANCELLED) && result.images > 0 &&
	    !print_eval(app, &result, dataset_classes(data) > 0, &printed))
		ok = status_fail(st, printed.code, "%s", printed.message);
	eval_done(&result);
	return ok;
}

/* Goes on from what earlier runs have recorded. */
static bool
resume(struct app *app, const struct dataset *data, struct eval_options *options, struct status *st)
{
	struct eval_result known;
	int64_t run;
	bool ok = notebook_eval_known(app, app->plan, data, options, &known, &run, st);

	if (!ok)
		return false;
	if (known.images > 0) {
		app_say(app, "going on from run %lld, which has %d pictures", (long long)run, known.images);
		options->known = &known;
	} else {
		app_say(app, "no earlier evaluation of this plan, data set and steps; starting at the first picture");
	}
	ok = evaluate(app, data, options, false, st);
	eval_done(&known);
	return ok;
}

bool
eval_bounds(const struct dataset *data, const struct call *call, struct eval_options *options, struct status *st)
{
	long count = call_arg_int(call, 0, 0);

	options->first = (int)call_int(call, "first", 0);
	if (options->first >= dataset_count(data))
		return status_fail(st, STATUS_USAGE, "--first must be below %d, the pictures of %s", dataset_count(data),
				   dataset_path(data));
	if (count > dataset_count(data) - options->first)
		return status_fail(st, STATUS_USAGE, "N must be at most %d here", dataset_count(data) - options->first);
	options->count = (int)count;
	return true;
}

/* Does a name of the data set say the same class as a label (or prompt) of the model? */
static bool
same_class(const char *name, const char *label)
{
	return strcasestr(label, name) || strcasestr(name, label);
}

/* A label that only numbers its class: of a checkpoint without names, or of texts given as tokens. */
static bool
is_number(const char *label)
{
	return strncmp(label, "LABEL_", 6) == 0 || strncmp(label, "text ", 5) == 0;
}

bool
check_classes(const struct app *app, const struct dataset *data, struct status *st)
{
	int n = dataset_classes(data), same = 0, named = 0;

	if (n > app->model->classes)
		return status_fail(st, STATUS_USAGE, "%s has %d classes, the model knows %d: accuracy would mean nothing",
				   dataset_path(data), n, app->model->classes);
	for (int i = 0; app->model->labels && i < n; i++)
		if (dataset_class(data, i) && !is_number(app->model->labels[i])) {
			named++;
			same += same_class(dataset_class(data, i), app->model->labels[i]);
		}
	return named == 0 || same > 0 ||
	       status_fail(st, STATUS_USAGE,
			   "class 0 is %.40s in %s and %.40s in the model, and no other agrees: accuracy would mean nothing",
			   dataset_class(data, 0) ? dataset_class(data, 0) : "nameless", dataset_path(data),
			   app->model->labels[0]);
}

static bool
eval_data(struct app *app, const struct call *call, const struct dataset *data, struct status *st)
{
	struct eval_options options = {.threads = (int)call_int(call, "threads", app->options.threads)};
	bool reference = call_has(call, "ann");
	int t[EVAL_POINTS];

	if (!check_classes(app, data, st) || !eval_bounds(data, call, &options, st) ||
	    (!reference && !need_plan_or_default(app, st)))
		return false;
	options.t = t;
	if (call_has(call, "t"))
		options.ts = value_ints(call_text(call, "t"), t, EVAL_POINTS, 1, WALK_STEPS_MAX, true);
	else if (!reference)
		options.ts = default_points(app->plan->T, t, EVAL_POINTS);
	if (call_has(call, "resume") && !reference)
		return resume(app, data, &options, st);
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
