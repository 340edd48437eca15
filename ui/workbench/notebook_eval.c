/* Evaluations in the store: kept while they run, and read again to go on. */
#include "ui/workbench/notebook.h"

#include "db/query.h"
#include "db/store.h"
#include "spikescope.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
put_picture(struct app *app, int64_t run, int first, const struct eval_result *r, int i, struct status *st)
{
	bool ok = true;

	if (r->points == 0)
		return store_prediction(
		    app->store,
		    &(struct record_prediction){
			.run = run, .picture = first + i, .label = r->label[i], .ann = r->ann_top[i], .snn = -1},
		    st);
	for (int k = 0; ok && k < r->points; k++) {
		const struct eval_outcome *o = &r->outcome[(size_t)i * (size_t)r->points + (size_t)k];
		struct record_outcome outcome = {o->squared_error, o->events, o->units, o->per_event, o->per_unit};
		struct record_prediction p = {run, first + i, r->label[i], r->ann_top[i], o->top, r->point[k].t, &outcome};

		ok = store_prediction(app->store, &p, st);
	}
	return ok;
}

static bool
put_sites(struct app *app, int64_t run, const struct eval_result *r, struct status *st)
{
	int t = r->points > 0 ? r->point[r->points - 1].t : 0;
	bool ok = true;

	for (int i = 0; ok && i < r->sites; i++) {
		const struct eval_site *s = &r->site[i];
		char name[SITE_NAME_MAX];

		site_name(site_at(app->model, i), name);
		if (s->neurons > 0)
			ok = store_site_metric(app->store, run, name, t, "events", s->events, st);
		if (ok && plan_has_function(site_at(app->model, i).kind))
			ok = store_site_metric(app->store, run, name, t, "alarms", s->alarms, st) &&
			     store_site_metric(app->store, run, name, t, "reach", s->reach, st);
	}
	return ok;
}

static void
put_points(struct app *app, int64_t run, const struct eval_result *r)
{
	for (int i = 0; i < r->points; i++) {
		const struct eval_point *p = &r->point[i];

		notebook_metric(app, run, p->t, "accuracy", p->accuracy);
		notebook_metric(app, run, p->t, "accuracy_lo", p->accuracy_in.lo);
		notebook_metric(app, run, p->t, "accuracy_hi", p->accuracy_in.hi);
		notebook_metric(app, run, p->t, "agreement", p->agreement);
		notebook_metric(app, run, p->t, "logit_rmse", p->logit_rmse);
		notebook_metric(app, run, p->t, "events_per_image", p->events_per_image);
		notebook_metric(app, run, p->t, "spikes_per_image", p->units_per_image);
		notebook_metric(app, run, p->t, "energy_ratio", p->per_event);
		notebook_metric(app, run, p->t, "energy_ratio_spikes", p->per_unit);
	}
}

void
notebook_eval(struct app *app, int64_t run, const struct eval_options *options, const struct eval_result *so_far, int from)
{
	struct status st = {0};
	bool ok = true;

	if (!run)
		return;
	for (int i = from; ok && i < so_far->images; i++)
		ok = put_picture(app, run, options->first, so_far, i, &st);
	ok = ok && put_sites(app, run, so_far, &st);
	notebook_metric(app, run, 0, "images", so_far->images);
	notebook_metric(app, run, 0, "ann_accuracy", so_far->ann_accuracy);
	put_points(app, run, so_far);
	ok = ok && store_flush(app->store, &st);
	if (!ok)
		notebook_failed(app, &st);
}

void
notebook_ledger(struct app *app, int64_t run, int t, struct site site, const struct ledger_row *row, int pictures)
{
	struct status st = {0};
	char name[SITE_NAME_MAX];
	bool ok = true;

	site_name(site, name);
	for (int q = 0; ok && q < LEDGER_QUANTITIES; q++)
		if (row->n[q] > 0)
			ok = store_site_metric(app->store, run, name, t, ledger_names[q], (double)row->n[q] / pictures, &st);
	if (!ok)
		notebook_failed(app, &st);
}

void
notebook_rung(struct app *app, int64_t run, int t, const struct eval_result *r)
{
	struct status st = {0};
	bool ok = true;

	for (int i = 0; run && ok && i < r->sites; i++) {
		struct site site = site_at(app->model, i);
		char name[SITE_NAME_MAX];

		if (!site_is_stepped(site.kind))
			continue;
		site_name(site, name);
		ok = store_site_metric(app->store, run, name, t, "rmse", r->site[i].rmse, &st) &&
		     store_site_metric(app->store, run, name, t, "relative", r->site[i].relative, &st) &&
		     store_site_metric(app->store, run, name, t, "cosine", r->site[i].cosine, &st);
	}
	if (!ok)
		notebook_failed(app, &st);
}

/* --- going on ------------------------------------------------------------- */

/* The evaluation of most pictures from ?5 on, the last of equals. */
static const char find_run[] =
    "SELECT r.id FROM runs AS r CROSS JOIN predictions AS p ON p.run_id = r.id "
    "WHERE r.kind IN ('eval', 'sweep') AND r.model_hash = ?1 AND r.plan_hash = ?2 AND r.dataset_hash = ?3 AND r.version = ?4 "
    "AND p.picture >= ?5 AND p.squared_error IS NOT NULL AND EXISTS (SELECT 1 FROM predictions WHERE run_id = r.id AND picture = "
    "?5) "
    "GROUP BY r.id ORDER BY count(DISTINCT p.picture) DESC, r.id DESC LIMIT 1";
static const char read_pictures[] =
    "SELECT picture, t, label, ann, snn, squared_error, events, spikes, energy_event, energy_unit FROM predictions "
    "WHERE run_id = ?1 AND picture >= ?2 AND squared_error IS NOT NULL ORDER BY picture, t";
static const char read_sites[] = "SELECT site, name, value FROM v_site_metrics WHERE run = ?1 AND t = ?2";

struct reader {
	const struct eval_options *options;
	const struct model *model;
	struct eval_result *known;
	int capacity, at; /* at: steps of the picture in hand that were found */
	int64_t run;
	bool failed;
};

static double
real(const struct query_value *v)
{
	return v->type == QUERY_INTEGER ? (double)v->integer : v->type == QUERY_REAL ? v->real : NAN;
}

static bool
run_row(void *ctx, int count, const struct query_value *v)
{
	(void)count;
	*(int64_t *)ctx = v[0].integer;
	return true;
}

static bool
reserve(struct reader *r)
{
	struct eval_result *k = r->known;
	int capacity = r->capacity ? 2 * r->capacity : 256;
	int *label, *ann;
	struct eval_outcome *outcome;

	if (k->images < r->capacity)
		return true;
	label = realloc(k->label, (size_t)capacity * sizeof(*label));
	k->label = label ? label : k->label;
	ann = realloc(k->ann_top, (size_t)capacity * sizeof(*ann));
	k->ann_top = ann ? ann : k->ann_top;
	outcome = realloc(k->outcome, (size_t)capacity * (size_t)r->options->ts * sizeof(*outcome));
	k->outcome = outcome ? outcome : k->outcome;
	r->capacity = capacity;
	return label && ann && outcome;
}

/* Pictures count as long as they follow each other and have every step asked for. */
static bool
picture_row(void *ctx, int count, const struct query_value *v)
{
	struct reader *r = ctx;
	struct eval_result *k = r->known;
	int picture = (int)v[0].integer - r->options->first;

	(void)count;
	if (picture != k->images)
		return picture < k->images; /* steps beyond those asked for */
	if ((int)v[1].integer != r->options->t[r->at])
		return true;
	if (!reserve(r)) {
		r->failed = true;
		return false;
	}
	k->label[picture] = v[2].type == QUERY_INTEGER ? (int)v[2].integer : -1;
	k->ann_top[picture] = (int)v[3].integer;
	k->outcome[(size_t)picture * (size_t)r->options->ts + (size_t)r->at] = (struct eval_outcome){
	    .top = (int)v[4].integer,
	    .squared_error = real(&v[5]),
	    .events = real(&v[6]),
	    .units = real(&v[7]),
	    .per_event = real(&v[8]),
	    .per_unit = real(&v[9]),
	};
	if (++r->at == r->options->ts) {
		r->at = 0;
		k->images++;
	}
	return true;
}

static bool
site_row(void *ctx, int count, const struct query_value *v)
{
	struct reader *r = ctx;
	struct site site;
	struct eval_site *s;

	(void)count;
	if (v[0].type != QUERY_TEXT || v[1].type != QUERY_TEXT || !site_parse(r->model, v[0].text, &site))
		return true;
	s = &r->known->site[site_index(r->model, site)];
	if (strcmp(v[1].text, "events") == 0)
		s->events = real(&v[2]);
	else if (strcmp(v[1].text, "alarms") == 0)
		s->alarms = real(&v[2]);
	else if (strcmp(v[1].text, "reach") == 0)
		s->reach = real(&v[2]);
	return true;
}

static bool
ask(struct app *app, const char *sql, const struct query_value *params, int count,
    bool (*row)(void *ctx, int count, const struct query_value *values), void *ctx, struct status *st)
{
	struct query query = {.sql = sql, .params = params, .param_count = count};

	return query_run(app->store, &query, &(struct query_output){.row = row, .ctx = ctx}, st);
}

#define TEXT(s)                                                                                                                  \
	{                                                                                                                        \
		.type = QUERY_TEXT, .text = (s)                                                                                  \
	}
#define NUMBER(n)                                                                                                                \
	{                                                                                                                        \
		.type = QUERY_INTEGER, .integer = (n)                                                                            \
	}

static bool
find(struct app *app, const struct plan *plan, const struct dataset *data, int first, int64_t *run, struct status *st)
{
	const struct query_value which[] = {TEXT(app->model->hash), TEXT(plan->hash), TEXT(dataset_hash(data)),
					    TEXT(SPIKESCOPE_VERSION), NUMBER(first)};

	*run = 0;
	return ask(app, find_run, which, 5, run_row, run, st);
}

bool
notebook_eval_known(struct app *app, const struct plan *plan, const struct dataset *data, const struct eval_options *options,
		    struct eval_result *known, int64_t *run, struct status *st)
{
	struct reader r = {.options = options, .model = app->model, .known = known};

	memset(known, 0, sizeof(*known));
	if (!find(app, plan, data, options->first, run, st))
		return false;
	known->points = options->ts;
	known->sites = site_count(app->model);
	known->site = calloc((size_t)known->sites, sizeof(*known->site));
	if (!known->site)
		return status_nomem(st, "an evaluation");
	if (*run) {
		const struct query_value pictures[] = {NUMBER(*run), NUMBER(options->first)};
		const struct query_value sites[] = {NUMBER(*run), NUMBER(options->t[options->ts - 1])};

		if (!ask(app, read_pictures, pictures, 2, picture_row, &r, st) ||
		    !ask(app, read_sites, sites, 2, site_row, &r, st)) {
			eval_done(known);
			return false;
		}
	}
	return !r.failed || status_nomem(st, "an evaluation");
}
