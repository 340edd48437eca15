/* What became of every layer. */
#include "ui/commands/commands.h"

#include "snn/neurons/neuron.h"
#include "study/audit.h"

#include <math.h>
#include <stdlib.h>

static void
output_ugo(struct output *o, const struct site_plan *p)
{
	if (!p->ugo) {
		output_null(o, "ugo");
		output_null(o, "lo");
		output_null(o, "hi");
		return;
	}
	output_int(o, "ugo", p->ugo->hidden);
	output_real(o, "lo", p->ugo->lo);
	output_real(o, "hi", p->ugo->hi);
}

static void
output_site(struct output *o, const struct app *app, const struct audit_site *a)
{
	const struct site_plan *p = a->plan;
	const struct neuron_type *type = neuron_type(p->neuron);
	const struct walk_step *last = app->walk ? walk_last(app->walk) : NULL;
	bool seen = p->observed_lo < p->observed_hi;
	char name[SITE_NAME_MAX];

	output_row(o);
	output_text(o, "site", site_name(a->site, name));
	output_text(o, "state", audit_state_name(a->state));
	output_text(o, "neuron", type ? type->name : NULL);
	if (neuron_burst_most(type) > 0)
		output_int(o, "levels", p->settings.burst);
	else
		output_null(o, "levels");
	output_text(o, "threshold", type ? a->source : NULL);
	output_text(o, "function", p->mode == FUNCTION_MODE_NONE ? NULL : function_mode_name(p->mode));
	output_ugo(o, p);
	output_real(o, "observed_lo", seen ? (double)p->observed_lo : (double)NAN);
	output_real(o, "observed_hi", seen ? (double)p->observed_hi : (double)NAN);
	if (last && p->ugo)
		output_real(o, "alarms", (double)last->site[site_index(app->model, a->site)].alarms);
	else
		output_null(o, "alarms");
	output_text(o, "verdict", a->verdict);
}

static void
output_summary(struct output *o, const struct app *app, const struct audit_site *site, int count)
{
	int states[3] = {0}, warnings = 0;

	for (int i = 0; i < count; i++) {
		states[site[i].state]++;
		warnings += site[i].state == AUDIT_SPIKING && !site[i].ok;
	}
	output_text(o, "recipe", app->plan->recipe);
	output_text(o, "plan", app->plan->hash);
	output_text(o, "decoding", app->plan->mean_decoded ? "mean: value = sum sent / t" : "sum: value = sum sent");
	output_int(o, "spiking", states[AUDIT_SPIKING]);
	output_int(o, "analog", states[AUDIT_ANALOG]);
	output_int(o, "graded", states[AUDIT_GRADED]);
	output_int(o, "warnings", warnings);
}

bool
cmd_audit(struct app *app, const struct call *call, struct status *st)
{
	const char *glob = call->args > 0 ? call->arg[0] : "*";
	struct audit_site *site;
	struct output o;
	int count, shown = 0;

	if (!need_plan(app, st))
		return false;
	site = calloc((size_t)app->plan->sites, sizeof(*site));
	if (!site)
		return status_nomem(st, "an audit");
	count = audit_plan(app->plan, site);
	output_init(&o);
	output_summary(&o, app, site, count);
	output_table(&o, "sites");
	for (int i = 0; i < count; i++) {
		if (!site_matches(site[i].site, glob) || (call_has(call, "wrong") && site[i].ok))
			continue;
		output_site(&o, app, &site[i]);
		shown++;
	}
	output_end(&o);
	free(site);
	if (shown == 0 && !call_has(call, "wrong")) {
		output_done(&o);
		return status_fail(st, STATUS_USAGE, "no site of the audit matches '%s'; `audit` lists them", glob);
	}
	return output_print(&o, app->options.format, app->out, st);
}
