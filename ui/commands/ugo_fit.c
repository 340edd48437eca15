/* Fitting a UGO, and training one for comparison. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "base/timing.h"
#include "ui/commands/ugo_options.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { METHOD_NEWTON, METHOD_ADAM };
enum { HIDDEN = 32, STEPS = 10000, BATCH = 1024 };

/* "gelu-32"; of what is not in the table "curve-32", or the name of its file. */
static bool
name_fit(struct ugo *ugo, const struct call *call, struct status *st)
{
	char name[sizeof(ugo->name)];
	const double *x, *y, *weight;

	if (call_has(call, "name"))
		return lab_rename(ugo, call_text(call, "name"), st);
	if (ugo->curve && curve_table(ugo->curve, &x, &y, &weight) > 0)
		snprintf(name, sizeof(name), "%.*s-%d", (int)strcspn(curve_name(ugo->curve), "."), curve_name(ugo->curve),
			 ugo->hidden);
	else
		snprintf(name, sizeof(name), "%s-%d", ugo->curve ? "curve" : function_table[ugo->function].name, ugo->hidden);
	return lab_rename(ugo, name, st);
}

static bool
train(struct app *app, const struct call *call, const struct ugo_request *request, struct ugo *ugo, struct status *st)
{
	struct progress progress = app_progress(app);
	struct ugo_lab *lab = ugo_lab(app);
	struct train_request t = {.fit = *request,
				  .steps = (int)call_int(call, "steps", STEPS),
				  .batch = (int)call_int(call, "batch", BATCH),
				  .rate = call_real(call, "learning-rate", 1e-3),
				  .cosine = call_has(call, "cosine"),
				  .loss = (enum train_loss)call_choice(call, "loss", TRAIN_MSE),
				  .delta = call_real(call, "delta", 1)};
	bool ok;

	if (!lab)
		return status_nomem(st, "the laboratory");
	ok = ugo_train(ugo, &t, &lab->loss, &progress, st);
	snprintf(lab->loss_of, sizeof(lab->loss_of), "%.60s, %d neurons, %s loss",
		 request->curve ? curve_name(request->curve) : function_table[request->function].name, request->hidden,
		 ugo_loss_names[t.loss]);
	return ok;
}

/* The form that was asked for, in place. */
static bool
to_segments(struct ugo *ugo, struct status *st)
{
	struct ugo segments = {0};

	if (!ugo_ramps(&segments, ugo, st))
		return false;
	ugo_done(ugo);
	*ugo = segments;
	return true;
}

static bool
fit(struct app *app, const struct call *call, const struct ugo_request *request, struct ugo *ugo, struct status *st)
{
	bool ok = call_choice(call, "method", METHOD_NEWTON) == METHOD_ADAM ? train(app, call, request, ugo, st)
									    : ugo_fit(ugo, request, st);

	/* What training had when it was stopped is kept. */
	if (!ok && !(st->code == STATUS_CANCELLED && ugo->w1))
		return false;
	return (!call_has(call, "segments") || to_segments(ugo, ok ? st : NULL)) && name_fit(ugo, call, ok ? st : NULL);
}

/* Things that a fit may have and its numbers do not tell. */
static void
say_warnings(struct app *app, const struct ugo *u, const struct ugo_request *request)
{
	const double *x, *y, *weight;
	int points = u->curve ? curve_table(u->curve, &x, &y, &weight) : 0;
	double most = 0, size = 0;

	points = points > 0 ? points : request->samples;
	if (points > 0 && points < 20 * (u->nodes - 1))
		app_say(app, "%d samples are fewer than 20 for each of %d pieces: noise in them would be fitted too", points,
			u->nodes - 1);
	for (int i = 0; !u->h && i < 1024; i++) {
		float in = (float)(u->lo + (u->hi - u->lo) * i / 1023), out;

		ugo_apply(u, &in, &out, 1);
		size = fmax(size, fabs(ugo_eval(u, (double)in)));
		most = fmax(most, fabs((double)out - ugo_eval(u, (double)in)));
	}
	if (most > 2e-6 * size && (most > u->max_error || most > 10 * u->rmse))
		app_say(app,
			"in float32 the ReLU form is off by up to %.2g, more than the fit: --segments keeps a form that is not",
			most);
}

static void
record_fit(struct app *app, int64_t run, const struct ugo *ugo, bool trained)
{
	const struct ugo_lab *lab = ugo_lab(app);

	record_ugo_metrics(app, run, ugo);
	for (int i = 0; trained && lab && i < lab->loss.count; i++) {
		notebook_metric(app, run, lab->loss.point[i].step, "loss", lab->loss.point[i].loss);
		notebook_metric(app, run, lab->loss.point[i].step, "train_rmse", lab->loss.point[i].rmse);
	}
}

static void
output_loss(struct output *o, const struct train_curve *curve)
{
	output_table(o, "curve");
	for (int i = 0; i < curve->count; i++) {
		output_row(o);
		output_int(o, "step", curve->point[i].step);
		output_real(o, "loss", curve->point[i].loss);
		output_real(o, "rmse", curve->point[i].rmse);
	}
	output_end(o);
}

static bool
print_fit(struct app *app, const struct ugo *ugo, double seconds, bool trained, struct status *st)
{
	struct output o;

	output_init(&o);
	output_ugo(&o, ugo);
	output_ugo_limits(&o, ugo);
	output_real(&o, "seconds", seconds);
	if (trained)
		output_loss(&o, &ugo_lab(app)->loss);
	return output_print(&o, app->options.format, app->out, st);
}

static bool
keep_fit(struct app *app, const struct ugo_request *request, struct ugo *ugo, int64_t run, double seconds, bool trained,
	 struct status *st)
{
	record_fit(app, run, ugo, trained);
	say_warnings(app, ugo, request);
	return lab_keep(app, ugo, st) && print_fit(app, ugo, seconds, trained, st);
}

bool
cmd_ugo_fit(struct app *app, const struct call *call, struct status *st)
{
	bool trained = call_choice(call, "method", METHOD_NEWTON) == METHOD_ADAM, ok;
	struct ugo_request request = {.hidden = (int)call_int(call, "hidden", HIDDEN)};
	struct ugo *ugo = calloc(1, sizeof(*ugo));
	struct request_parts parts;
	struct status kept = {0};
	double started, seconds;
	int64_t run;

	if (!ugo)
		return status_nomem(st, "a UGO");
	run = notebook_run_begin(app, "fit", NULL, NULL);
	ok = request_of_call(app, call, &request, &parts, st);
	started = timing_now();
	ok = ok && fit(app, call, &request, ugo, st);
	seconds = timing_now() - started;
	if (ugo->w1 && (ok || st->code == STATUS_CANCELLED)) {
		if (!keep_fit(app, &request, ugo, run, seconds, trained, &kept) && ok)
			ok = status_fail(st, kept.code, "%s", kept.message);
	} else {
		ugo_done(ugo);
		free(ugo);
	}
	notebook_run_end(app, run, st, seconds);
	request_parts_done(&parts);
	return ok;
}
