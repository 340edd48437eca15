/* What the network costs, by every rule at once. */
#include "model/graph.h"
#include "ui/commands/commands.h"

#include "base/text.h"
#include "base/timing.h"
#include "ui/scene/findings.h"
#include "ui/workbench/notebook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct rule *
find_rule(const struct rules *rules, const char *name, struct status *st)
{
	const struct rule *rule = rules_find(rules, name);
	char names[400] = "", shown[80];

	if (rule)
		return rule;
	for (int i = 0; i < rules->count; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? ", " : "", rules->rule[i].name);
	status_fail(st, STATUS_USAGE, "no rule is called '%s'; there are %s", text_escape(name, shown, sizeof(shown)), names);
	return NULL;
}

/* --- output --------------------------------------------------------------- */

static void
output_rules(struct output *o, const struct energy_finding *e)
{
	output_table(o, "rules");
	for (int i = 0; i < e->rules.count; i++) {
		const struct rule *rule = &e->rules.rule[i];
		struct rule_verdict v = rule_compare(rule, e->network, e->reference);
		struct rule_cost cost = rule_charge_ledger(rule, e->network, 0, e->network->steps);
		double n = e->network->pictures;

		output_row(o);
		output_text(o, "rule", rule->name);
		output_real(o, "ratio", v.ratio);
		output_real(o, "picojoules", v.network);
		output_real(o, "ann_picojoules", v.reference);
		output_real(o, "rate", v.rate);
		output_real(o, "break_even", v.break_even);
		output_real(o, "additions", cost.add / n);
		output_real(o, "multiplications", cost.mac / n);
		output_real(o, "shifts", cost.shift / n);
		output_real(o, "accesses", cost.access / n);
	}
	output_end(o);
}

static void
output_places(struct output *o, const struct energy_finding *e, const struct rule *rule)
{
	struct account_place place[SITE_KINDS];
	int n = account_places(rule, e->network, e->reference, place);
	double all = rule_compare(rule, e->network, e->reference).network;

	output_table(o, "places");
	for (int i = 0; i < n; i++) {
		output_row(o);
		output_text(o, "place", place[i].name);
		output_real(o, "picojoules", place[i].network);
		output_real(o, "ann_picojoules", place[i].reference);
		output_real(o, "share", all > 0 ? place[i].network / all : 0);
		output_real(o, "spikes", place[i].spikes);
		output_real(o, "rate", place[i].rate);
	}
	output_end(o);
}

static bool
output_steps(struct output *o, const struct energy_finding *e, const struct rule *rule, struct status *st)
{
	struct account_step *step = calloc((size_t)e->network->steps, sizeof(*step));

	if (!step)
		return status_nomem(st, "steps");
	account_steps(rule, e->network, e->reference, step);
	output_table(o, "steps");
	for (int t = 0; t < e->network->steps; t++) {
		output_row(o);
		output_int(o, "t", t + 1);
		output_real(o, "picojoules", step[t].picojoules);
		output_real(o, "ratio", step[t].ratio);
		output_real(o, "rate", step[t].rate);
	}
	output_end(o);
	free(step);
	return true;
}

/* They are of transformers. */
static void
output_claims(struct output *o, const struct energy_finding *e, const struct rule *rule)
{
	struct account_claim claim[ACCOUNT_CLAIMS];

	account_claims(rule, e->network, e->reference, claim);
	output_table(o, "published");
	for (int i = 0; i < ACCOUNT_CLAIMS && graph_has(e->network->model->graph, LAYER_CENTER); i++) {
		output_row(o);
		output_text(o, "claim", claim[i].what);
		output_real(o, "assumed_rate", claim[i].assumed_rate);
		output_real(o, "published_saving", claim[i].published);
		output_real(o, "measured_rate", claim[i].measured_rate);
		output_real(o, "counted_saving", claim[i].counted);
	}
	output_end(o);
}

/* Everything that was counted, a row for each site and step. */
static void
output_ledger(struct output *o, const struct ledger *ledger)
{
	output_table(o, "ledger");
	for (int t = 0; t < ledger->steps; t++)
		for (int i = 0; i < ledger->sites; i++) {
			struct ledger_row row = ledger_sum(ledger, i, t, t + 1);
			char name[SITE_NAME_MAX];

			output_row(o);
			output_text(o, "site", site_name(site_at(ledger->model, i), name));
			output_int(o, "t", t + 1);
			for (int q = 0; q < LEDGER_QUANTITIES; q++)
				output_int(o, ledger_names[q], (int64_t)row.n[q]);
		}
	output_end(o);
}

static void
output_sources(struct output *o, const struct rules *rules)
{
	output_table(o, "rules");
	for (int i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rule[i];

		output_row(o);
		output_text(o, "rule", rule->name);
		output_text(o, "spike", rule_spike_names[rule->spike]);
		output_real(o, "add", rule->technology.add);
		output_real(o, "mac", rule->technology.mac);
		output_text(o, "help", rule->help);
		output_text(o, "source", rule->source);
	}
	output_end(o);
}

static bool
print_energy(struct app *app, const struct energy_finding *e, const struct call *call, struct status *st)
{
	const struct rule *rule = rules_find(&e->rules, e->rule);
	struct account_advice advice;
	struct output o;

	output_init(&o);
	if (call_has(call, "ledger")) {
		output_int(&o, "images", e->network->pictures);
		output_ledger(&o, e->network);
		return output_print(&o, app->options.format, app->out, st);
	}
	account_advise(rule, e->network, e->reference, &advice);
	output_int(&o, "images", e->network->pictures);
	output_int(&o, "t", e->network->steps);
	output_text(&o, "plan", app->plan->hash);
	output_real(&o, "per_event", rule_compare(rules_find(&e->rules, "event"), e->network, e->reference).ratio);
	output_real(&o, "per_unit_spike", rule_compare(rules_find(&e->rules, "unit"), e->network, e->reference).ratio);
	output_rules(&o, e);
	output_text(&o, "rule", rule->name);
	output_places(&o, e, rule);
	if (!output_steps(&o, e, rule, st)) {
		output_done(&o);
		return false;
	}
	output_claims(&o, e, rule);
	output_text(&o, "dominates", advice.dominates);
	output_text(&o, "needs", advice.needs);
	output_real(&o, "seconds", e->seconds);
	return output_print(&o, app->options.format, app->out, st);
}

/* --- the run -------------------------------------------------------------- */

/* Ratios by rule, and of every site and step what was counted, a picture. */
static void
record(struct app *app, int64_t run, const struct energy_finding *e)
{
	const struct ledger *ledger = e->network;

	if (!run)
		return;
	notebook_metric(app, run, 0, "images", ledger->pictures);
	for (int i = 0; i < e->rules.count; i++) {
		struct rule_verdict v = rule_compare(&e->rules.rule[i], ledger, e->reference);
		char name[64];

		snprintf(name, sizeof(name), "energy.%.40s", e->rules.rule[i].name);
		notebook_metric(app, run, ledger->steps, name, v.ratio);
	}
	for (int t = 0; t < ledger->steps; t++)
		for (int i = 0; i < ledger->sites; i++)
			notebook_ledger(app, run, t + 1, site_at(ledger->model, i),
					&ledger->row[(size_t)t * (size_t)ledger->sites + (size_t)i], ledger->pictures);
}

static bool
energy_options(struct app *app, const struct call *call, struct ledger_options *o, struct status *st)
{
	struct eval_options bounds = {0};

	if (!need_model(app, st) || !need_data(app, st) || !eval_bounds(app->data, call, &bounds, st) ||
	    !need_plan_or_default(app, st))
		return false;
	*o = (struct ledger_options){
	    .first = bounds.first, .count = bounds.count, .steps = (int)call_int(call, "t", 0), .threads = app->options.threads};
	return true;
}

/* Counts into the workbench's finding, in place of the last one; takes rules. False: nothing
 * was counted. Stopped, what was counted is there, and *st says so. */
static bool
count(struct app *app, const struct ledger_options *options, struct rules *rules, const char *rule, struct status *st)
{
	struct progress progress = app_progress(app);
	struct energy_finding *e = &app->findings->energy;
	double started = timing_now();
	int64_t run = notebook_run_begin(app, "energy", app->plan, app->data);
	struct ledger *network = ledger_run(app->plan, app->data, options, &progress, st);
	struct ledger *reference = network ? ledger_reference(app->model, app->plan->fold_norm, st) : NULL;

	energy_finding_done(e);
	*e = (struct energy_finding){
	    .network = network, .reference = reference, .rules = *rules, .seconds = timing_now() - started};
	snprintf(e->rule, sizeof(e->rule), "%s", rule);
	snprintf(e->plan, sizeof(e->plan), "%s", app->plan->hash);
	if (reference)
		record(app, run, e);
	else
		energy_finding_done(e);
	notebook_run_end(app, run, st, timing_now() - started);
	app->serial++;
	return reference != NULL;
}

static bool
print_rules(struct app *app, const struct rules *rules, struct status *st)
{
	struct output o;

	output_init(&o);
	output_sources(&o, rules);
	return output_print(&o, app->options.format, app->out, st);
}

bool
cmd_energy(struct app *app, const struct call *call, struct status *st)
{
	const char *name = call_has(call, "rule") ? call_text(call, "rule") : "unit";
	struct ledger_options options;
	struct status printed = {0};
	struct rules rules;
	bool list = call_has(call, "list"), ok;

	if (!rules_load(&rules, call_text(call, "rules"), st))
		return false;
	ok = list ? print_rules(app, &rules, st) : find_rule(&rules, name, st) && energy_options(app, call, &options, st);
	if (list || !ok) {
		rules_done(&rules);
		return ok;
	}
	/* What was counted before a cancel is worth seeing. */
	if (count(app, &options, &rules, name, st) && !print_energy(app, &app->findings->energy, call, &printed))
		return status_fail(st, printed.code, "%s", printed.message);
	return st->code == STATUS_OK;
}
