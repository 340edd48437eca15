/* Plans: what they are, kept by name, and how two differ. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "db/store.h"
#include "ui/workbench/notebook.h"

#include <stdlib.h>
#include <string.h>

/* --- plan ----------------------------------------------------------------- */

static void
output_thresholds(struct output *o, const struct site_plan *p)
{
	int count = p->threshold ? p->channels * p->per_channel : 0;
	double lo = 0, hi = 0;

	for (int i = 0; i < count; i++) {
		double v = (double)p->threshold[i];

		lo = i == 0 || v < lo ? v : lo;
		hi = i == 0 || v > hi ? v : hi;
	}
	output_int(o, "thresholds", count);
	output_real(o, "threshold_lo", lo);
	output_real(o, "threshold_hi", hi);
}

static void
output_planned_site(struct output *o, const struct site_plan *p)
{
	char name[SITE_NAME_MAX];

	output_row(o);
	output_text(o, "site", site_name(p->site, name));
	output_text(o, "neuron", neuron_name(p->neuron));
	output_int(o, "burst", p->settings.burst);
	output_text(o, "function", function_mode_name(p->mode));
	output_int(o, "hidden", p->ugo ? p->ugo->hidden : 0);
	output_real(o, "lo", p->ugo ? p->ugo->lo : (double)p->observed_lo);
	output_real(o, "hi", p->ugo ? p->ugo->hi : (double)p->observed_hi);
	output_real(o, "ugo_rmse", p->ugo ? p->ugo->rmse : 0);
	output_thresholds(o, p);
}

static bool
print_plan_json(struct app *app, struct status *st)
{
	char *text = plan_json(app->plan);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;
	struct output o;

	free(text);
	if (!json)
		return status_nomem(st, "the plan");
	output_init(&o);
	json_decref(o.root);
	o.root = json;
	output_text(&o, "hash", app->plan->hash);
	return output_print(&o, FORMAT_JSON, app->out, st);
}

bool
need_plan(struct app *app, struct status *st)
{
	if (!need_model(app, st))
		return false;
	return app->plan || status_fail(st, STATUS_FAILED, "there is no plan; type: convert");
}

bool
cmd_plan(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	(void)call;
	if (!need_plan(app, st))
		return false;
	if (app->options.format == FORMAT_JSON)
		return print_plan_json(app, st);
	output_init(&o);
	output_plan(&o, app);
	output_table(&o, "sites");
	for (int i = 0; i < app->plan->sites; i++)
		if (app->plan->site[i].threshold || app->plan->site[i].mode != FUNCTION_MODE_NONE)
			output_planned_site(&o, &app->plan->site[i]);
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- kept plans ----------------------------------------------------------- */

/* A copy of what the notebook has of a plan. */
struct kept_plan {
	char hash[HASH_HEX];
	char *json;
	void *content;
	size_t size;
	int found;
	bool failed; /* out of memory */
};

static bool
take_plan(void *ctx, const struct record_plan *plan)
{
	struct kept_plan *kept = ctx;

	if (kept->found++ > 0)
		return false;
	snprintf(kept->hash, sizeof(kept->hash), "%s", plan->hash);
	kept->json = strdup(plan->json);
	kept->size = plan->size;
	if (plan->content && (kept->content = malloc(plan->size + 1)))
		memcpy(kept->content, plan->content, plan->size);
	kept->failed = !kept->json || (plan->content && !kept->content);
	return true;
}

static void
kept_done(struct kept_plan *kept)
{
	free(kept->json);
	free(kept->content);
}

static bool
find_plan(struct app *app, const char *text, struct kept_plan *kept, struct status *st)
{
	bool ok;

	memset(kept, 0, sizeof(*kept));
	ok = store_plan_find(app->store, text, take_plan, kept, st);
	if (ok && kept->failed)
		ok = status_nomem(st, "a plan");
	if (ok && kept->found > 1)
		ok = status_fail(st, STATUS_USAGE, "several plans begin with %s; give more of the hash (plan list)", text);
	if (!ok)
		kept_done(kept);
	return ok;
}

struct plan *
open_plan(struct app *app, const char *text, struct status *st)
{
	struct kept_plan kept;
	struct plan *plan = NULL;

	if (!need_model(app, st) || !find_plan(app, text, &kept, st))
		return NULL;
	if (kept.content)
		plan = plan_unpack(app->model, kept.content, kept.size, kept.hash, st);
	else
		status_fail(st, STATUS_DATA, "plan %.12s was recorded without its content; make it again with convert",
			    kept.hash);
	kept_done(&kept);
	return plan;
}

bool
cmd_plan_save(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	if (!need_plan(app, st) || !notebook_plan(app, app->plan, st) ||
	    !store_plan_name(app->store, call->arg[0], app->plan->hash, call_has(call, "force"), st))
		return false;
	output_init(&o);
	output_text(&o, "name", call->arg[0]);
	output_text(&o, "plan", app->plan->hash);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_plan_open(struct app *app, const struct call *call, struct status *st)
{
	struct plan *plan = open_plan(app, call->arg[0], st);
	struct output o;

	if (!plan || !adopt_plan(app, plan, st))
		return false;
	output_init(&o);
	output_plan(&o, app);
	return output_print(&o, app->options.format, app->out, st);
}

static bool
list_plan(void *ctx, const struct record_plan *plan)
{
	struct output *o = ctx;

	output_row(o);
	output_text(o, "name", plan->name);
	output_text(o, "plan", plan->hash);
	output_text(o, "model", plan->model_name);
	output_text(o, "recipe", plan->recipe);
	output_int(o, "T", plan->T);
	output_text(o, "created", plan->created);
	return true;
}

bool
cmd_plan_list(struct app *app, const struct call *call, struct status *st)
{
	struct output o;

	(void)call;
	output_init(&o);
	output_table(&o, "plans");
	if (!store_plan_list(app->store, list_plan, &o, st)) {
		output_done(&o);
		return false;
	}
	output_end(&o);
	return output_print(&o, app->options.format, app->out, st);
}

char *
plan_description(struct app *app, const char *text, char hash[HASH_HEX], struct status *st)
{
	struct kept_plan kept;

	if (!find_plan(app, text, &kept, st))
		return NULL;
	snprintf(hash, HASH_HEX, "%s", kept.hash);
	free(kept.content);
	return kept.json;
}
