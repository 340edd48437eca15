#include "study/assign.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
check_function(const struct plan *plan, const struct site_plan *p, const struct ugo *ugo, bool any, struct status *st)
{
	enum function wanted = plan_function(plan->model, p->site.kind);
	char name[SITE_NAME_MAX];

	site_name(p->site, name);
	if (p->mode == FUNCTION_MODE_NONE)
		return status_fail(st, STATUS_USAGE, "%s has no function", name);
	if (any || !ugo_has_function(ugo) || (ugo->known && ugo->function == wanted))
		return true;
	return status_fail(st, STATUS_USAGE, "%s computes %s, and %s is of %s; add --force to use it all the same", name,
			   function_table[wanted].name, ugo->name, ugo_function_name(ugo));
}

static bool
in_form(struct ugo *to, const struct ugo *ugo, bool segments, struct status *st)
{
	if (segments == (ugo->h != NULL))
		return ugo_copy(to, ugo, st);
	return segments ? ugo_ramps(to, ugo, st) : ugo_face(to, ugo, UGO_FACING_BEST, st);
}

/* As calibration sets them, but for the part that only pictures can tell. */
static bool
set_thresholds(struct plan *plan, const struct site_plan *p, struct status *st)
{
	const struct ugo *u = p->ugo;
	float threshold[UGO_HIDDEN_MAX];

	for (int i = 0; i < u->hidden; i++) {
		double w = u->w1[i], b = u->b1[i], most = fmax(fmax(w * u->lo + b, w * u->hi + b), 0);
		float share = neuron_share(p->neuron, p->settings.burst, u->h != NULL);

		threshold[i] = (u->h ? u->h[i] : (float)most) * share * p->scale;
	}
	return plan_set_threshold(plan, p->site, threshold, 1, u->hidden, st);
}

bool
assign_ugo(struct plan *plan, struct site site, const struct ugo *ugo, enum assign_form form, bool any, struct status *st)
{
	struct site_plan *p = &plan->site[site_index(plan->model, site)];
	bool segments = form == ASSIGN_SEGMENTS || (form == ASSIGN_SAME && (!p->ugo || p->ugo->h));
	struct ugo formed = {0};
	bool ok =
	    check_function(plan, p, ugo, any, st) && in_form(&formed, ugo, segments, st) && plan_set_ugo(plan, site, &formed, st);

	ugo_done(&formed);
	if (!ok)
		return false;
	p->hidden = p->ugo->hidden;
	if (p->neuron == NEURON_NONE)
		p->mode = FUNCTION_MODE_ANALOG;
	return p->neuron == NEURON_NONE || set_thresholds(plan, p, st);
}

/* What a site's thresholds are multiplied with once they are found. */
static float
factor(const struct site_plan *p)
{
	bool function = p->mode == FUNCTION_MODE_SPIKING;

	return p->scale * (function && !p->ugo->h ? 1 : neuron_share(p->neuron, p->settings.burst, function));
}

/* Have only levels and scale changed, so that thresholds follow? */
static bool
follows(const struct site_plan *before, const struct site_plan *now)
{
	const struct neuron_settings *a = &before->settings, *b = &now->settings;
	bool same = before->neuron == now->neuron && a->refine == b->refine && a->refine_after == b->refine_after &&
		    before->mode == now->mode && before->rule == now->rule && before->hidden == now->hidden;

	return same &&
	       (a->burst == b->burst || now->rule != THRESHOLD_MMSE || (now->mode == FUNCTION_MODE_SPIKING && now->ugo->h));
}

bool
assign_levels(struct plan *plan, const char *sites, struct status *st)
{
	struct site_plan *before = malloc((size_t)plan->sites * sizeof(*before));
	bool ok = before || status_nomem(st, "a plan");

	if (ok)
		memcpy(before, plan->site, (size_t)plan->sites * sizeof(*before));
	ok = ok && plan_override(plan, sites, st);
	for (int i = 0; ok && i < plan->sites; i++) {
		struct site_plan *p = &plan->site[i];
		char name[SITE_NAME_MAX];

		if (!(ok = follows(&before[i], p)))
			status_fail(st, STATUS_USAGE, "thresholds of %s have to be calibrated for that",
				    site_name(p->site, name));
		for (int k = 0; ok && p->neuron != NEURON_NONE && k < p->channels * p->per_channel; k++)
			p->threshold[k] *= factor(p) / factor(&before[i]);
	}
	free(before);
	return ok;
}
