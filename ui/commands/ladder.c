/* Where accuracy is lost. */
#include "ui/commands/commands.h"

#include "ui/scene/findings.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures and steps, from the call's options. */
static bool
ladder_options(struct app *app, const struct call *call, struct ladder_options *o, struct status *st)
{
	long count = call_arg_int(call, 0, 0);

	if (!need_data(app, st) || !need_plan_or_default(app, st))
		return false;
	o->first = (int)call_int(call, "first", 0);
	if (o->first >= dataset_count(app->data))
		return status_fail(st, STATUS_USAGE, "--first must be below %d, the pictures of %s", dataset_count(app->data),
				   dataset_path(app->data));
	if (count > dataset_count(app->data) - o->first)
		return status_fail(st, STATUS_USAGE, "N must be at most %d here", dataset_count(app->data) - o->first);
	o->count = (int)count;
	o->t = (int)call_int(call, "t", 0);
	o->threads = app->options.threads;
	return true;
}

/* --- ladder --------------------------------------------------------------- */

static void
output_rungs(struct output *o, const struct ladder *ladder, bool labelled)
{
	output_table(o, "rungs");
	for (int i = 0; i < LADDER_RUNGS; i++) {
		const struct ladder_rung *rung = &ladder->rung[i];
		const struct eval_point *p = rung->result.points > 0 ? &rung->result.point[0] : NULL;

		if (!rung->done)
			continue;
		output_row(o);
		output_text(o, "name", rung->name);
		output_int(o, "t", i == LADDER_RUNGS - 1 ? ladder->t : 0);
		if (labelled)
			output_real(o, "accuracy", p ? p->accuracy : rung->result.ann_accuracy);
		output_real(o, "agreement", p ? p->agreement : 1);
		output_real(o, "logit_rmse", p ? p->logit_rmse : 0);
	}
	output_end(o);
}

static void
output_ladder_sites(struct output *o, const struct app *app, const struct ladder *ladder)
{
	output_table(o, "sites");
	for (int i = 0; i < site_count(app->model); i++) {
		struct site site = site_at(app->model, i);
		char name[SITE_NAME_MAX];

		for (int r = 1; r < LADDER_RUNGS; r++) {
			const struct ladder_rung *rung = &ladder->rung[r];

			if (!rung->done || !site_is_stepped(site.kind))
				continue;
			output_row(o);
			output_text(o, "site", site_name(site, name));
			output_text(o, "rung", rung->name);
			output_real(o, "rmse", rung->result.site[i].rmse);
			output_real(o, "relative", rung->result.site[i].relative);
			output_real(o, "cosine", rung->result.site[i].cosine);
		}
	}
	output_end(o);
}

static bool
print_ladder(struct app *app, const struct ladder *ladder, bool sites, struct status *st)
{
	struct output o;

	output_init(&o);
	output_int(&o, "images", ladder->rung[0].result.images);
	output_text(&o, "plan", app->plan->hash);
	output_rungs(&o, ladder, dataset_classes(app->data) > 0);
	if (sites || app->options.format == FORMAT_JSON)
		output_ladder_sites(&o, app, ladder);
	output_real(&o, "seconds", ladder->seconds);
	return output_print(&o, app->options.format, app->out, st);
}

/* Every rung as metrics "RUNG.accuracy", its sites at the rung's number as t. */
static void
record_ladder(struct app *app, int64_t run, const struct ladder *ladder)
{
	for (int i = 0; i < LADDER_RUNGS; i++) {
		const struct ladder_rung *rung = &ladder->rung[i];
		char name[40];

		if (!rung->done)
			continue;
		snprintf(name, sizeof(name), "%s.accuracy", rung->name);
		notebook_metric(app, run, 0, name,
				rung->result.points > 0 ? rung->result.point[0].accuracy : rung->result.ann_accuracy);
		if (rung->result.points == 0)
			continue;
		snprintf(name, sizeof(name), "%s.agreement", rung->name);
		notebook_metric(app, run, 0, name, rung->result.point[0].agreement);
		snprintf(name, sizeof(name), "%s.logit_rmse", rung->name);
		notebook_metric(app, run, 0, name, rung->result.point[0].logit_rmse);
		notebook_rung(app, run, i, &rung->result);
	}
}

bool
cmd_ladder(struct app *app, const struct call *call, struct status *st)
{
	struct progress progress = app_progress(app);
	struct ladder_options options = {0};
	struct ladder *ladder = &app->findings->ladder;
	struct status printed = {0};
	int64_t run;
	bool ok;

	if (!ladder_options(app, call, &options, st))
		return false;
	ladder_done(ladder);
	run = notebook_run_begin(app, "ladder", app->plan, app->data);
	ok = ladder_run(app->plan, app->data, &options, ladder, &progress, st);
	if (run)
		record_ladder(app, run, ladder);
	notebook_run_end(app, run, st, ladder->seconds);
	app->serial++;
	if ((ok || st->code == STATUS_CANCELLED) && ladder->rung[0].done &&
	    !print_ladder(app, ladder, call_has(call, "sites"), &printed))
		return status_fail(st, printed.code, "%s", printed.message);
	return ok;
}

/* --- attribution ---------------------------------------------------------- */

static void
output_item(struct output *o, const struct attribution_item *item, bool labelled)
{
	if (!item->done)
		return;
	output_row(o);
	output_text(o, "spiking", item->name);
	if (labelled)
		output_real(o, "accuracy", item->accuracy);
	output_real(o, "agreement", item->agreement);
	output_real(o, "logit_rmse", item->logit_rmse);
	output_real(o, "excess", item->excess);
}

static bool
print_attribution(struct app *app, const struct attribution *a, struct status *st)
{
	bool labelled = dataset_classes(app->data) > 0;
	struct output o;

	output_init(&o);
	output_int(&o, "images", a->images);
	output_text(&o, "plan", app->plan->hash);
	output_int(&o, "t", a->t);
	if (labelled)
		output_real(&o, "ann_accuracy", a->ann_accuracy);
	output_table(&o, "items");
	output_item(&o, &a->nothing, labelled);
	for (int i = 0; i < a->items; i++)
		output_item(&o, &a->item[i], labelled);
	output_item(&o, &a->full, labelled);
	output_end(&o);
	output_real(&o, "excess_sum", a->sum);
	output_real(&o, "excess_all", a->full.excess);
	output_real(&o, "interaction", a->interaction);
	output_real(&o, "seconds", a->seconds);
	return output_print(&o, app->options.format, app->out, st);
}

static void
record_item(struct app *app, int64_t run, int t, const struct attribution_item *item)
{
	char name[SITE_NAME_MAX + 16];

	if (!item->done)
		return;
	snprintf(name, sizeof(name), "%s.logit_rmse", item->name);
	notebook_metric(app, run, t, name, item->logit_rmse);
	snprintf(name, sizeof(name), "%s.accuracy", item->name);
	notebook_metric(app, run, t, name, item->accuracy);
	snprintf(name, sizeof(name), "%s.agreement", item->name);
	notebook_metric(app, run, t, name, item->agreement);
}

static void
record_attribution(struct app *app, int64_t run, const struct attribution *a)
{
	record_item(app, run, a->t, &a->nothing);
	record_item(app, run, a->t, &a->full);
	for (int i = 0; i < a->items; i++)
		record_item(app, run, a->t, &a->item[i]);
	notebook_metric(app, run, a->t, "interaction", a->interaction);
}

bool
cmd_attribution(struct app *app, const struct call *call, struct status *st)
{
	struct progress progress = app_progress(app);
	struct attribution_options options = {.others = call_choice(call, "others", 0) == 0 ? FUNCTION_MODE_EXACT
											    : FUNCTION_MODE_ANALOG,
					      .sites = call_text(call, "sites")};
	struct attribution *a = &app->findings->attribution;
	struct status printed = {0};
	int64_t run;
	bool ok;

	if (!ladder_options(app, call, &options.run, st))
		return false;
	attribution_done(a);
	run = notebook_run_begin(app, "attribution", app->plan, app->data);
	ok = attribution_run(app->plan, app->data, &options, a, &progress, st);
	record_attribution(app, run, a);
	notebook_run_end(app, run, st, a->seconds);
	app->serial++;
	if ((ok || st->code == STATUS_CANCELLED) && a->nothing.done && !print_attribution(app, a, &printed))
		return status_fail(st, printed.code, "%s", printed.message);
	return ok;
}
