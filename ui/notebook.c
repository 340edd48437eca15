#include "ui/notebook.h"

#include "db/store.h"
#include "spikescope.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static bool
check(struct app *app, bool ok, const struct status *st)
{
	if (!ok && !app->recording_failed) {
		app->recording_failed = true;
		app_say(app, "warning: not recorded: %s", st->message);
	}
	return ok;
}

static const char *
ending(const struct status *st)
{
	if (st->code == STATUS_OK)
		return "done";
	return st->code == STATUS_CANCELLED ? "cancelled" : "failed";
}

int64_t
notebook_command_begin(struct app *app, const char *line)
{
	struct status st = {0};
	int64_t id = store_command_begin(app->store, app->session, line, &st);

	check(app, id != 0, &st);
	return id;
}

void
notebook_command_end(struct app *app, int64_t command, const struct status *st, double seconds)
{
	struct record_end end = {.status = ending(st), .message = st->code ? st->message : NULL, .seconds = seconds};
	struct status own = {0};

	if (command)
		check(app, store_command_end(app->store, command, &end, &own), &own);
}

static bool
put_model(struct app *app, struct status *st)
{
	const struct vit *vit = app->vit;

	return store_model(app->store,
			   &(struct record_model){.hash = vit->hash,
						  .name = vit->name,
						  .family = vit->family,
						  .path = vit->path,
						  .parameters = (int64_t)vit->parameters},
			   st);
}

static bool
put_dataset(struct app *app, const struct dataset *data, struct status *st)
{
	return store_dataset(app->store,
			     &(struct record_dataset){.hash = dataset_hash(data),
						      .path = dataset_path(data),
						      .images = dataset_count(data),
						      .classes = dataset_classes(data)},
			     st);
}

static bool
put_plan(struct app *app, const struct plan *plan, struct status *st)
{
	char *json = plan_json(plan);
	bool ok;

	if (!json)
		return status_nomem(st, "a plan");
	ok =
	    store_plan(app->store,
		       &(struct record_plan){
			   .hash = plan->hash, .model_hash = plan->vit->hash, .recipe = plan->recipe, .T = plan->T, .json = json},
		       st);
	free(json);
	return ok;
}

int64_t
notebook_run_begin(struct app *app, const char *kind, const struct plan *plan, const struct dataset *data)
{
	struct record_run run = {.session = app->session,
				 .command = app->command,
				 .kind = kind,
				 .seed = app->options.seed,
				 .version = SPIKESCOPE_VERSION,
				 .threads = app->options.threads};
	struct status st = {0};
	bool ok = true;

	if (app->vit && (ok = put_model(app, &st)))
		run.model_hash = app->vit->hash;
	if (ok && plan && (ok = put_plan(app, plan, &st)))
		run.plan_hash = plan->hash;
	if (ok && data && (ok = put_dataset(app, data, &st)))
		run.dataset_hash = dataset_hash(data);
	if (ok)
		app->run = store_run_begin(app->store, &run, &st);
	return check(app, ok && app->run, &st) ? app->run : 0;
}

void
notebook_run_end(struct app *app, int64_t run, const struct status *st, double seconds)
{
	struct record_end end = {.status = ending(st), .message = st->code ? st->message : NULL, .seconds = seconds};
	struct status own = {0};
	struct rusage usage;

	if (!run)
		return;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		end.peak_memory_bytes = (int64_t)usage.ru_maxrss * 1024;
	check(app, store_run_end(app->store, run, &end, &own), &own);
}

void
notebook_metric(struct app *app, int64_t run, int t, const char *name, double value)
{
	struct status st = {0};

	if (run)
		check(app, store_metric(app->store, run, t, name, value, &st), &st);
}

static void
site_metric(struct app *app, int64_t run, const char *site, int t, const char *name, double value)
{
	struct status st = {0};

	check(app, store_site_metric(app->store, run, site, t, name, value, &st), &st);
}

void
notebook_walk_step(struct app *app, int64_t run, int t)
{
	const struct walk *walk = app->walk;
	const struct walk_step *step = &walk->step[t - 1];

	if (!run)
		return;
	notebook_metric(app, run, t, "logit_rmse", (double)step->logit_rmse);
	notebook_metric(app, run, t, "top", step->top);
	notebook_metric(app, run, t, "events", step->events);
	notebook_metric(app, run, t, "spikes", step->units);
	notebook_metric(app, run, t, "seconds", step->seconds);
	for (int i = 0; i < site_count(walk->vit); i++) {
		const struct walk_site *s = &step->site[i];
		char name[SITE_NAME_MAX];

		site_name(site_at(walk->vit, i), name);
		site_metric(app, run, name, t, "rmse", (double)s->rmse);
		site_metric(app, run, name, t, "relative", (double)s->relative);
		site_metric(app, run, name, t, "cosine", (double)s->cosine);
		if (walk->plan->site[i].neuron == NEURON_NONE)
			continue;
		site_metric(app, run, name, t, "rate", (double)s->rate);
		site_metric(app, run, name, t, "events", (double)s->events);
		site_metric(app, run, name, t, "spikes", (double)s->units);
		site_metric(app, run, name, t, "alarms", (double)s->alarms);
	}
}

static void
eval_predictions(struct app *app, int64_t run, const struct eval_options *options, const struct eval_result *result)
{
	struct status st = {0};
	bool ok = true;

	for (int i = 0; ok && i < result->images; i++) {
		struct record_prediction p = {.run = run,
					      .picture = options->first + i,
					      .label = result->label[i],
					      .ann = result->ann_top[i],
					      .snn = result->points > 0 ? result->snn_top[i] : -1,
					      .t = result->points > 0 ? result->point[result->points - 1].t : 0};
		ok = store_prediction(app->store, &p, &st);
	}
	check(app, ok, &st);
}

void
notebook_eval(struct app *app, int64_t run, const struct eval_options *options, const struct eval_result *result)
{
	if (!run)
		return;
	notebook_metric(app, run, 0, "images", result->images);
	notebook_metric(app, run, 0, "ann_accuracy", result->ann_accuracy);
	for (int i = 0; i < result->points; i++) {
		const struct eval_point *p = &result->point[i];

		notebook_metric(app, run, p->t, "accuracy", p->accuracy);
		notebook_metric(app, run, p->t, "agreement", p->agreement);
		notebook_metric(app, run, p->t, "logit_rmse", p->logit_rmse);
		notebook_metric(app, run, p->t, "events_per_image", p->events_per_image);
		notebook_metric(app, run, p->t, "spikes_per_image", p->units_per_image);
	}
	eval_predictions(app, run, options, result);
}

void
notebook_ugo(struct app *app, const struct ugo *ugo)
{
	size_t n = (size_t)ugo->hidden;
	int rows = ugo->h ? 4 : 3;
	const float *row[4] = {ugo->w1, ugo->b1, ugo->w2, ugo->h};
	float *weights = malloc((size_t)rows * n * sizeof(*weights));
	struct record_ugo record = {.name = ugo->name,
				    .function = ugo_function_name(ugo),
				    .lo = ugo->lo,
				    .hi = ugo->hi,
				    .hidden = ugo->hidden,
				    .form = ugo->h ? "segment" : "relu",
				    .rmse = ugo->rmse,
				    .max_error = ugo->max_error,
				    .weights = weights,
				    .rows = rows,
				    .b2 = ugo->b2};
	struct status st = {0};

	for (int i = 0; weights && i < rows; i++)
		memcpy(weights + (size_t)i * n, row[i], n * sizeof(*weights));
	check(app, weights ? store_ugo_put(app->store, &record, &st) != 0 : status_nomem(&st, "a UGO"), &st);
	free(weights);
}
