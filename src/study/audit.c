#include "study/audit.h"

#include "snn/neurons/neuron.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *
audit_state_name(enum audit_state state)
{
	static const char *const name[] = {[AUDIT_SPIKING] = "spiking", [AUDIT_ANALOG] = "analog", [AUDIT_GRADED] = "graded"};

	return name[state];
}

/* Does what the site sends go into a product, of weights or of another train? */
static bool
is_operand(const struct plan *plan, enum site_kind kind)
{
	switch (kind) {
	case SITE_NORM1:
	case SITE_NORM2:
		return !plan->fold_norm;
	case SITE_FC1:
		return false;
	default:
		return plan_encodes(kind);
	}
}

static void
note_thresholds(const struct site_plan *p, struct audit_site *a)
{
	const struct neuron_type *type = neuron_type(p->neuron);

	float share;

	if (!p->threshold || !type)
		return;
	a->thresholds = p->channels * p->per_channel;
	a->threshold_lo = INFINITY;
	for (int i = 0; i < a->thresholds; i++) {
		a->silent += p->threshold[i] == 0;
		a->threshold_lo = fminf(a->threshold_lo, p->threshold[i]);
		a->threshold_hi = fmaxf(a->threshold_hi, p->threshold[i]);
	}
	if (p->mode == FUNCTION_MODE_SPIKING && p->ugo->h)
		snprintf(a->source, sizeof(a->source), "segment length");
	else
		snprintf(a->source, sizeof(a->source), "%s", threshold_rule_name(p->rule));
	share = neuron_share(p->neuron, p->settings.burst, p->mode != FUNCTION_MODE_NONE);
	if (share != 1)
		snprintf(a->source + strlen(a->source), sizeof(a->source) - strlen(a->source), " / %g", 1 / (double)share);
	if (p->scale != 1)
		snprintf(a->source + strlen(a->source), sizeof(a->source) - strlen(a->source), " * %g", (double)p->scale);
}

/* The error where the inputs of calibration ended, relative where the UGO was fitted so. */
static double
error_at(const struct ugo *u, double x)
{
	double f = function_eval(u->function, x), error = fabs(ugo_eval(u, x) - f);

	return u->weighting == UGO_RELATIVE ? error / fabs(f) : error;
}

/* A UGO saturates outside its range: harmless where the function is flat. */
static bool
judge_range(const struct site_plan *p, struct audit_site *a)
{
	const struct ugo *u = p->ugo;
	double allowed, width = (double)p->observed_hi - (double)p->observed_lo;

	a->error_lo = a->error_hi = NAN;
	if (!u || !u->known || !(width > 0))
		return true;
	a->error_lo = error_at(u, (double)p->observed_lo);
	a->error_hi = error_at(u, (double)p->observed_hi);
	allowed = 2 * (u->weighting == UGO_RELATIVE ? u->rel_max_error : u->max_error) + 1e-6;
	if (a->error_lo > allowed && (double)p->observed_lo < u->lo) {
		snprintf(a->verdict, sizeof(a->verdict),
			 "range too narrow: inputs reach %.4g, the UGO ends at %.4g and is off by %.2g", (double)p->observed_lo,
			 u->lo, a->error_lo);
		return false;
	}
	if (a->error_hi > allowed && (double)p->observed_hi > u->hi) {
		snprintf(a->verdict, sizeof(a->verdict),
			 "range too narrow: inputs reach %.4g, the UGO ends at %.4g and is off by %.2g", (double)p->observed_hi,
			 u->hi, a->error_hi);
		return false;
	}
	if (u->hi - u->lo > 5 * width) {
		snprintf(a->verdict, sizeof(a->verdict),
			 "range %.1f times what was observed: units are spent where nothing arrives", (u->hi - u->lo) / width);
		return false;
	}
	return true;
}

static void
judge(const struct plan *plan, struct audit_site *a)
{
	const struct site_plan *p = a->plan;
	bool function = p->mode != FUNCTION_MODE_NONE, fits = judge_range(p, a);

	a->state = p->neuron != NEURON_NONE ? AUDIT_SPIKING : function ? AUDIT_ANALOG : AUDIT_GRADED;
	if (a->state == AUDIT_ANALOG)
		snprintf(a->verdict, sizeof(a->verdict), "analog: %s %s",
			 function_table[plan_function(plan->model, a->site.kind)].name,
			 p->mode == FUNCTION_MODE_EXACT ? "itself" : "by its UGO as an MLP");
	else if (a->state == AUDIT_GRADED)
		snprintf(a->verdict, sizeof(a->verdict), "graded: values go into a product as they are");
	else if (fits && a->silent > 0)
		snprintf(a->verdict, sizeof(a->verdict), "%d of %d thresholds are 0: these neurons never send", a->silent,
			 a->thresholds);
	a->ok = a->verdict[0] == '\0';
	if (a->ok)
		snprintf(a->verdict, sizeof(a->verdict), "ok");
}

int
audit_plan(const struct plan *plan, struct audit_site *site)
{
	int count = 0;

	for (int i = 0; i < plan->sites; i++) {
		const struct site_plan *p = &plan->site[i];

		if (p->neuron == NEURON_NONE && p->mode == FUNCTION_MODE_NONE && !is_operand(plan, p->site.kind))
			continue;
		site[count] = (struct audit_site){.site = p->site, .plan = p};
		note_thresholds(p, &site[count]);
		judge(plan, &site[count]);
		count++;
	}
	return count;
}
