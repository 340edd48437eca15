#include "ui/workbench/notebook.h"

#include "db/store.h"
#include "spikescope.h"
#include "ui/commands/commands.h"
#include "ui/workbench/state.h"

#include <math.h>
#include <omp.h>
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

void
notebook_failed(struct app *app, const struct status *st)
{
	check(app, false, st);
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

/* What a change comes after has to be there first. */
static bool
record_first_state(struct app *app, struct status *st)
{
	if (!app->state_known && app->state)
		app->state_known = store_session_state(app->store, app->session, app->state, st);
	return app->state_known;
}

void
notebook_command_end(struct app *app, int64_t command, const struct status *st, double seconds)
{
	struct record_end end = {.status = ending(st), .message = st->code ? st->message : NULL, .seconds = seconds};
	struct status own = {0};
	char *state;

	if (!command)
		return;
	state = state_capture(app);
	if (state && app->state && strcmp(state, app->state) != 0 && record_first_state(app, &own))
		end.state = state;
	check(app, store_command_end(app->store, command, &end, &own), &own);
	free(app->state);
	app->state = state;
}

void
notebook_session_enter(struct app *app, int64_t session, bool state_known)
{
	app->session = session;
	app->state_known = state_known;
	free(app->state);
	app->state = state_capture(app);
}

static bool
put_model(struct app *app, struct status *st)
{
	const struct model *model = app->model;

	return store_model(app->store,
			   &(struct record_model){.hash = model->hash,
						  .name = model->name,
						  .family = model->family,
						  .path = model->path,
						  .parameters = (int64_t)model->parameters},
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

/* Whole, so that it can be opened again; once, since it may be large. */
bool
notebook_plan(struct app *app, const struct plan *plan, struct status *st)
{
	struct record_plan record = {.hash = plan->hash, .model_hash = plan->model->hash, .recipe = plan->recipe, .T = plan->T};
	char *json = NULL;
	void *content = NULL;
	bool ok;

	if (store_plan_has(app->store, plan->hash))
		return true;
	record.json = json = plan_json(plan);
	record.content = content = plan_pack(plan, &record.size, st);
	ok = content && (json || status_nomem(st, "a plan")) && store_plan(app->store, &record, st);
	free(json);
	free(content);
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
				 .threads = app->options.threads > 0 ? app->options.threads : omp_get_max_threads(),
				 .arithmetic = SPIKESCOPE_ARITHMETIC,
				 .state = app->state};
	struct status st = {0};
	bool ok = true;

	if (app->model && (ok = put_model(app, &st)))
		run.model_hash = app->model->hash;
	if (ok && plan && (ok = notebook_plan(app, plan, &st)))
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

/* The sites of the model as the store knows them, named once a model. */
static int
site_list(struct app *app, struct status *st)
{
	int count = site_count(app->model);
	char(*name)[SITE_NAME_MAX];
	const char **names;

	if (app->site_list > 0)
		return app->site_list - 1;
	name = malloc((size_t)count * sizeof(*name));
	names = malloc((size_t)count * sizeof(*names));
	for (int i = 0; name && names && i < count; i++)
		names[i] = site_name(site_at(app->model, i), name[i]);
	if (name && names)
		app->site_list = store_site_list(app->store, names, count, st) + 1;
	else
		status_nomem(st, "a list of sites");
	free(name);
	free(names);
	return app->site_list - 1;
}

/* Sites that send nothing have no rate, events, spikes and alarms. */
static bool
walk_sites(struct app *app, int64_t run, int t, struct status *st)
{
	const struct walk_step *step = &app->walk->step[t - 1];
	int count = site_count(app->model), list = site_list(app, st);
	struct record_site *site = list >= 0 ? malloc((size_t)count * sizeof(*site)) : NULL;
	bool ok;

	if (!site)
		return status_nomem(st, "measurements");
	for (int i = 0; i < count; i++) {
		const struct walk_site *s = &step->site[i];
		bool sends = app->walk->plan->site[i].neuron != NEURON_NONE;

		site[i] = (struct record_site){.rmse = s->rmse,
					       .relative = s->relative,
					       .cosine = s->cosine,
					       .rate = sends ? s->rate : NAN,
					       .events = sends ? s->events : NAN,
					       .spikes = sends ? s->units : NAN,
					       .alarms = sends ? s->alarms : NAN};
	}
	ok = store_site_step(app->store, run, t, list, site, count, st);
	free(site);
	return ok;
}

void
notebook_walk_step(struct app *app, int64_t run, int t)
{
	const struct walk_step *step = &app->walk->step[t - 1];
	struct status st = {0};

	if (!run)
		return;
	notebook_metric(app, run, t, "logit_rmse", (double)step->logit_rmse);
	notebook_metric(app, run, t, "top", step->top);
	notebook_metric(app, run, t, "events", step->events);
	notebook_metric(app, run, t, "spikes", step->units);
	notebook_metric(app, run, t, "seconds", step->seconds);
	check(app, walk_sites(app, run, t, &st) && keep_step(app, run, t, &st), &st);
}

void
notebook_ugo(struct app *app, const struct ugo *ugo)
{
	size_t n = (size_t)ugo->hidden;
	int rows = ugo->h ? 4 : 3;
	const float *row[4] = {ugo->w1, ugo->b1, ugo->w2, ugo->h};
	size_t nodes = (size_t)ugo->nodes;
	float *weights = malloc((size_t)rows * n * sizeof(*weights));
	double *knots = malloc((2 * nodes + 1) * sizeof(*knots));
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
				    .b2 = ugo->b2,
				    .knots = ugo->nodes > 1 ? knots : NULL,
				    .knot_count = ugo->nodes};
	struct status st = {0};
	bool ok = weights && knots;

	if (ok && nodes > 0) {
		memcpy(knots, ugo->t, nodes * sizeof(*knots));
		memcpy(knots + nodes, ugo->y, nodes * sizeof(*knots));
	}
	for (int i = 0; ok && i < rows; i++)
		memcpy(weights + (size_t)i * n, row[i], n * sizeof(*weights));
	check(app, ok ? store_ugo_put(app->store, &record, &st) != 0 : status_nomem(&st, "a UGO"), &st);
	free(knots);
	free(weights);
}
