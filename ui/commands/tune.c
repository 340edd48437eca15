/* The cheapest plan that is good enough. */
#include "ui/commands/commands.h"

#include "base/text.h"
#include "base/timing.h"
#include "db/store.h"
#include "study/assign.h"
#include "ui/output/answer.h"
#include "ui/scene/findings.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that a rule's energy is counted on where the evaluation does not know it. */
enum { COUNTED = 32, DEFAULT_FEW = 200, DEFAULT_CANDIDATES = 60, SIZED = 8 };

/* A plan with UGOs of some sizes, from which others are made. */
struct sized {
	char *sizes; /* the override */
	struct plan *plan;
};

struct tuning {
	struct app *app;
	const struct call *call;
	struct tune_options options;
	struct rules rules;
	const struct rule *rule;
	struct plan_options plan;
	struct calibration_pictures which;
	int number;                /* of the candidate at hand */
	struct sized sized[SIZED]; /* the last first */
	double held_ann;
};

/* --- the host ------------------------------------------------------------- */

static struct plan *
build(struct tuning *t, const char *sites, struct status *st)
{
	struct plan_options options = t->plan;

	options.sites = *sites ? sites : NULL;
	return build_plan(t->app, &options, &t->which, st);
}

/* The plan with UGOs of these sizes, built when they are first asked for; owned by t. */
static const struct plan *
sized_plan(struct tuning *t, const char *sizes, struct status *st)
{
	struct sized *at = t->sized;

	for (int i = 0; i < SIZED && at[i].plan; i++)
		if (strcmp(at[i].sizes, sizes) == 0)
			return at[i].plan;
	plan_free(at[SIZED - 1].plan);
	free(at[SIZED - 1].sizes);
	memmove(at + 1, at, (SIZED - 1) * sizeof(*at));
	at[0] = (struct sized){strdup(sizes), build(t, sizes, st)};
	return at[0].sizes ? at[0].plan : NULL;
}

/* While searching thresholds that follow from levels are not calibrated again. */
static struct plan *
candidate_plan(struct tuning *t, const struct tune_candidate *c, struct status *st)
{
	const struct plan *sized = NULL;
	struct plan *plan = NULL;
	struct status own = {0};

	if (c->stage == TUNE_FINALIST || c->stage == TUNE_HELD_OUT)
		return build(t, c->sites, st);
	sized = sized_plan(t, c->sizes, st);
	if (!sized)
		return NULL;
	plan = plan_copy(sized, st);
	if (!plan || (assign_levels(plan, c->sites, &own) && plan_finish(plan, &own)))
		return plan;
	plan_free(plan);
	return build(t, c->sites, st);
}

/* Energy over the reference's after each step that is asked for: what the evaluation has of
 * all its pictures, or by other rules that of a few. */
static bool
count_energy(struct tuning *t, const struct plan *plan, int first, int count, const struct eval_result *r, double *energy,
	     struct status *st)
{
	int ts = t->options.ts;
	struct ledger_options options = {.first = first,
					 .count = count < COUNTED ? count : COUNTED,
					 .steps = t->options.t[ts - 1],
					 .threads = t->app->options.threads};
	struct progress progress = app_progress(t->app);
	struct ledger *ledger, *reference;

	if (strcmp(t->rule->name, "event") == 0 || strcmp(t->rule->name, "unit") == 0) {
		for (int i = 0; i < r->points; i++)
			energy[i] = strcmp(t->rule->name, "event") == 0 ? r->point[i].per_event : r->point[i].per_unit;
		return true;
	}
	ledger = ledger_run(plan, t->app->data, &options, &progress, st);
	reference = ledger_reference(t->app->model, plan->fold_norm, st);
	for (int i = 0; ledger && reference && i < ts; i++)
		energy[i] = rule_charge_ledger(t->rule, ledger, 0, t->options.t[i]).picojoules / ledger->pictures /
			    rule_charge_ledger(t->rule, reference, 0, 1).picojoules;
	ledger_free(ledger);
	ledger_free(reference);
	return st->code == STATUS_OK;
}

static bool
measure(void *ctx, const struct tune_candidate *c, int first, int count, void (*done)(void *to, const struct tune_measured *m),
	void *to, struct status *st)
{
	struct tuning *t = ctx;
	struct eval_options options = {
	    .first = first, .count = count, .t = t->options.t, .ts = t->options.ts, .threads = t->app->options.threads};
	struct eval_result result = {0};
	struct tune_measured m = {.result = &result};
	struct plan *plan = candidate_plan(t, c, st);
	bool ok = plan && run_eval(t->app, "tune", plan, t->app->data, &options, &result, st);

	m.run = t->app->run;
	ok = ok && count_energy(t, plan, first, count, &result, m.energy, st);
	if (ok)
		done(to, &m);
	if (ok && t->app->interactive)
		app_say(t->app, "%d: %s, %s", t->number++, tune_stage_names[c->stage], c->change);
	if (ok && c->stage == TUNE_HELD_OUT)
		t->held_ann = result.ann_accuracy;
	eval_done(&result);
	plan_free(plan);
	return ok;
}

/* --- output --------------------------------------------------------------- */

static void
output_point(struct output *o, const struct tune_point *p)
{
	output_int(o, "t", p->t);
	output_real(o, "energy", p->energy);
	output_real(o, "accuracy", p->accuracy);
	output_real(o, "agreement", p->agreement);
	output_real(o, "logit_rmse", sqrt(p->squared_error));
	output_real(o, "drop", p->drop);
	output_real(o, "expected_drop", p->expected);
}

static void
output_candidates(struct output *o, const struct tune *tune, bool people)
{
	output_table(o, "candidates");
	for (int i = 0; i < tune->candidates; i++) {
		const struct tune_candidate *c = &tune->candidate[i];

		output_row(o);
		output_int(o, "number", i);
		output_text(o, "stage", tune_stage_names[c->stage]);
		output_text(o, "change", c->change);
		output_int(o, "run", c->run);
		output_int(o, "images", c->images);
		output_point(o, &c->point[c->best]);
		if (!people)
			output_text(o, "sites", c->sites);
	}
	output_end(o);
}

static json_t *
front_json(const struct tune *tune)
{
	int front[TUNE_CANDIDATES], n = tune_front(tune, front);
	json_t *list = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_integer(front[i]));
	return list;
}

static json_t *
held_json(const struct tuning *t, const struct tune_candidate *c)
{
	const struct tune_point *p = &c->point[c->best];
	struct eval_interval in = p->drop_in;

	return json_pack("{s:i,s:i,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "images", c->images, "t", p->t, "energy", p->energy,
			 "accuracy", p->accuracy, "ann_accuracy", t->held_ann, "drop", p->drop, "drop_lo", in.lo, "drop_hi",
			 in.hi, "agreement", p->agreement, "logit_rmse", sqrt(p->squared_error));
}

/* Why it is not confirmed, and what would settle it. */
static void
output_missing(struct output *o, const struct tuning *t, const struct tune_candidate *held, bool confirmed, bool people)
{
	const struct tune_point *p = held ? &held->point[held->best] : NULL;
	double needed = held && !confirmed ? tune_pictures(&t->options.target, p, held->images) : 0;
	char text[200];

	if (!people) {
		if (needed > 0)
			output_int(o, "pictures_needed", (int64_t)needed);
		else
			output_null(o, "pictures_needed");
		return;
	}
	if (!held || confirmed)
		return;
	if (needed > 0)
		snprintf(text, sizeof(text),
			 "the drop may be as large as %.2f points; about %.0f held-out pictures would settle it",
			 100 * p->drop_in.hi, needed);
	else
		snprintf(text, sizeof(text), "the held-out pictures miss the target");
	output_text(o, "because", text);
}

/* What is said of the target: in words for people. */
static void
output_verdict(struct output *o, const struct tuning *t, const struct tune *tune, bool people)
{
	const struct tune_candidate *held = tune->held >= 0 ? &tune->candidate[tune->held] : NULL;

	output_int(o, "chosen", tune->chosen);
	output_bool(o, "met", tune->met);
	if (held && people) {
		const struct tune_point *p = &held->point[held->best];
		struct eval_interval in = p->drop_in;
		char text[200];

		snprintf(
		    text, sizeof(text),
		    "%d pictures, t %d: energy %.4g, accuracy %.2f%% (ANN %.2f%%), drop %+.2f [%+.2f, %+.2f], agreement %.2f%%",
		    held->images, p->t, p->energy, 100 * p->accuracy, 100 * t->held_ann, 100 * p->drop, 100 * in.lo, 100 * in.hi,
		    100 * p->agreement);
		output_text(o, "held_out", text);
	} else if (held) {
		output_json(o, "held_out", held_json(t, held));
	} else {
		output_null(o, "held_out");
	}
	output_bool(o, "confirmed", tune->confirmed);
	output_missing(o, t, held, tune->confirmed, people);
}

static char *
command_of(const struct tuning *t, const struct tune_candidate *c)
{
	const struct plan_options *p = &t->plan;

	return text_format("convert --recipe %s --T %d%s%s%s%s%s", p->recipe, p->T, t->which.path ? " --calibration " : "",
			   t->which.path ? t->which.path : "", *c->sites ? " --sites '" : "", c->sites, *c->sites ? "'" : "");
}

static bool
print_tune(const struct tuning *t, const struct tune_finding *found, double seconds, struct status *st)
{
	const struct tune *tune = &found->tune;
	bool people = t->app->options.format == FORMAT_TABLE || t->app->options.format == FORMAT_MARKDOWN;
	char *command = command_of(t, &tune->candidate[tune->chosen]);
	struct output o;

	output_init(&o);
	output_text(&o, "rule", found->rule);
	if (!isnan(t->options.target.max_drop))
		output_real(&o, "max_drop", t->options.target.max_drop);
	if (!isnan(t->options.target.max_energy))
		output_real(&o, "max_energy", t->options.target.max_energy);
	output_candidates(&o, tune, people);
	output_json(&o, "front", front_json(tune));
	output_verdict(&o, t, tune, people);
	output_text(&o, "name", found->name);
	output_text(&o, "plan", t->app->plan ? t->app->plan->hash : NULL);
	output_text(&o, "convert", command);
	output_real(&o, "seconds", seconds);
	free(command);
	return output_print(&o, t->app->options.format, t->app->out, st);
}

/* --- the command ---------------------------------------------------------- */

static bool
name_is_free(struct tuning *t, struct status *st)
{
	const char *name = call_text(t->call, "name");
	double found = 0;
	const struct query_value params[] = {{.type = QUERY_TEXT, .text = name}};

	if (!name || call_has(t->call, "force"))
		return true;
	if (!answer_number(t->app, "SELECT count(*) FROM plan_names WHERE name = ?1", params, 1, &found, st))
		return st->code == STATUS_OK;
	return found == 0 ||
	       status_fail(st, STATUS_USAGE, "a plan is called '%.60s' already; --force takes the name from it", name);
}

/* The pictures: half to tune by, half held out. */
static bool
split_pictures(struct tuning *t, struct status *st)
{
	struct eval_options bounds = {0};
	struct tune_options *o = &t->options;
	int all;

	if (!eval_bounds(t->app->data, t->call, &bounds, st))
		return false;
	all = bounds.count > 0 ? bounds.count : dataset_count(t->app->data) - bounds.first;
	if (dataset_classes(t->app->data) == 0)
		return status_fail(st, STATUS_USAGE, "%s has no labels, and without them there is no accuracy to keep",
				   dataset_path(t->app->data));
	if (all < 16)
		return status_fail(st, STATUS_USAGE,
				   "tuning needs at least 16 pictures, half of them to be held out; there are %d", all);
	o->first = bounds.first;
	o->count = all / 2;
	o->held_first = o->first + o->count;
	o->held_count = all - o->count;
	o->few = (int)call_int(t->call, "few", DEFAULT_FEW);
	o->few = o->few < o->count ? o->few : o->count;
	return true;
}

static bool
read_steps(struct tuning *t, struct status *st)
{
	struct tune_options *o = &t->options;

	if (call_has(t->call, "t")) {
		o->ts = value_ints(call_text(t->call, "t"), o->t, TUNE_STEPS, 1, PLAN_T_MAX, true);
		return o->ts > 0 || status_fail(st, STATUS_USAGE, "--t takes at most %d steps", TUNE_STEPS);
	}
	if (t->plan.T > TUNE_STEPS) {
		o->ts = default_points(t->plan.T, o->t, TUNE_STEPS);
		return true;
	}
	for (o->ts = 0; o->ts < t->plan.T; o->ts++)
		o->t[o->ts] = o->ts + 1;
	return true;
}

static bool
read_options(struct tuning *t, bool functions, struct status *st)
{
	const struct call *call = t->call;
	const char *rule = call_has(call, "rule") ? call_text(call, "rule") : functions ? "operations" : "unit";
	double drop = call_has(call, "max-energy") ? NAN : 0.3;

	t->plan = (struct plan_options){.recipe = call_has(call, "recipe") ? call_text(call, "recipe") : "delta",
					.T = (int)call_int(call, "T", 4),
					.rule = -1,
					.percentile = 99.9};
	t->which =
	    (struct calibration_pictures){.path = call_text(call, "calibration"), .count = CALIBRATION_PICTURES, .silent = true};
	t->options.target = (struct tune_target){.max_drop = call_real(call, "max-drop", drop) / 100,
						 .max_energy = call_real(call, "max-energy", NAN)};
	t->options.functions = functions;
	t->options.candidates = (int)call_int(call, "candidates", DEFAULT_CANDIDATES);
	t->rule = find_rule(&t->rules, rule, st);
	return t->rule && read_steps(t, st) && split_pictures(t, st) && name_is_free(t, st);
}

/* The choice becomes a plan with a name, and the workbench's. */
static bool
keep_choice(struct tuning *t, struct tune_finding *found, struct status *st)
{
	const struct tune_candidate *c = &found->tune.candidate[found->tune.chosen];
	struct plan *plan = build(t, c->sites, st);

	if (!plan || !notebook_plan(t->app, plan, st)) {
		plan_free(plan);
		return false;
	}
	if (call_has(t->call, "name"))
		snprintf(found->name, sizeof(found->name), "%s", call_text(t->call, "name"));
	else
		snprintf(found->name, sizeof(found->name), "tuned-%lld", (long long)c->run);
	if (!store_plan_name(t->app->store, found->name, plan->hash, true, st)) {
		plan_free(plan);
		return false;
	}
	return adopt_plan(t->app, plan, st);
}

static bool
tune(struct tuning *t, struct status *st)
{
	const struct tune_host host = {t, measure};
	struct tune_finding *found = &t->app->findings->tune;
	const struct plan *base = sized_plan(t, "", st);
	double started = timing_now();
	struct status kept = {0};

	if (!base)
		return false;
	say_overlap(t->app,
		    calibration_overlap(t->app, base, t->app->data, t->options.first, t->options.count + t->options.held_count),
		    t->options.count + t->options.held_count);
	tune_done(&found->tune);
	found->options = t->options;
	found->name[0] = '\0';
	snprintf(found->rule, sizeof(found->rule), "%s", t->rule->name);
	tune_run(base, &t->options, &host, &found->tune, st);
	t->app->serial++;
	/* What was found before a cancel is kept, and building it is not cancelled as well. */
	atomic_store(&t->app->cancel, false);
	if (found->tune.chosen < 0 || (st->code != STATUS_OK && st->code != STATUS_CANCELLED))
		return false;
	if (!keep_choice(t, found, &kept) || !print_tune(t, found, timing_now() - started, &kept))
		return status_fail(st, kept.code, "%s", kept.message);
	return st->code == STATUS_OK;
}

static bool
run_tune(struct app *app, const struct call *call, bool functions, struct status *st)
{
	struct tuning t = {.app = app, .call = call};
	bool ok;

	if (!need_model(app, st) || !need_data(app, st) || !check_classes(app, app->data, st) ||
	    !rules_load(&t.rules, call_text(call, "rules"), st))
		return false;
	ok = read_options(&t, functions, st) && tune(&t, st);
	for (int i = 0; i < SIZED; i++) {
		plan_free(t.sized[i].plan);
		free(t.sized[i].sizes);
	}
	rules_done(&t.rules);
	return ok;
}

bool
cmd_tune(struct app *app, const struct call *call, struct status *st)
{
	return run_tune(app, call, false, st);
}

bool
cmd_ugo_tune(struct app *app, const struct call *call, struct status *st)
{
	return run_tune(app, call, true, st);
}
