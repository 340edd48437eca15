#include "ui/commands/ugo_options.h"

#include <math.h>
#include <string.h>

const char *const ugo_objective_names[] = {"mse", "relative", "minimax", NULL};
const char *const ugo_density_names[] = {"uniform", "normal", "mixture", "octaves", "observed", NULL};
const char *const ugo_method_names[] = {"newton", "adam", NULL};
const char *const ugo_loss_names[] = {"mse", "huber", NULL};
const char *const ugo_form_names[] = {"relu", "ramps", NULL};
const char *const ugo_facing_names[] = {"best", "right", "left", NULL};
const char *const spike_threshold_names[] = {"max", "mmse", NULL};
const char *const spike_potential_names[] = {"zero", "half", "dither", NULL};

void
request_parts_done(struct request_parts *parts)
{
	curve_free(parts->curve);
}

static bool
site_of_call(struct app *app, const struct call *call, struct site *site, struct status *st)
{
	if (!need_model(app, st))
		return false;
	return site_parse(app->model, call_text(call, "site"), site) ||
	       status_fail(st, STATUS_USAGE, "%s: --site takes one site, and none is called \"%s\"; `model` lists them",
			   call->info->name, call_text(call, "site"));
}

static const struct observed *
observed_of_call(struct app *app, const struct call *call, struct status *st)
{
	struct site site;

	return site_of_call(app, call, &site, st) ? lab_observed(app, site, (int)call_int(call, "images", 0), st) : NULL;
}

/* What the site received, with a twentieth of room on either side; a function's domain
 * bounds it by a fifth of the least. */
static void
range_of_observed(const struct observed *seen, struct ugo_request *request)
{
	double room = fmax(0.05 * (seen->hi - seen->lo), 1e-3 * fmax(fabs(seen->hi), 1e-6));

	request->lo = seen->lo - room;
	request->hi = seen->hi + room;
	if (!request->curve && request->lo <= function_table[request->function].domain_lo)
		request->lo = 0.8 * seen->lo;
}

static void
normal_of_call(const struct call *call, struct ugo_request *request, double share)
{
	bool middle = request->lo < 0 && request->hi > 0;
	double width = request->hi - request->lo;

	request->normal = (struct ugo_normal){.mean = call_real(call, "mean", middle ? 0 : (request->lo + request->hi) / 2),
					      .deviation = call_real(call, "deviation", middle ? 1.5 : width / 6),
					      .share = share};
}

bool
density_of_call(struct app *app, const struct call *call, struct ugo_request *request, struct request_parts *parts,
		struct status *st)
{
	const struct observed *seen;

	switch ((enum ugo_density_name)call_choice(call, "density", DENSITY_UNIFORM)) {
	case DENSITY_NORMAL:
		normal_of_call(call, request, 0.95);
		break;
	case DENSITY_MIXTURE:
		normal_of_call(call, request, 0.5);
		break;
	case DENSITY_OCTAVES:
		request->normal = (struct ugo_normal){.octaves = true};
		break;
	case DENSITY_OBSERVED:
		if (!call_has(call, "site"))
			return status_fail(st, STATUS_USAGE, "%s: --density observed needs --site SITE", call->info->name);
		seen = observed_of_call(app, call, st);
		if (!seen)
			return false;
		observed_spread(seen, request->lo, request->hi, parts->density, OBSERVE_BINS);
		request->density = parts->density;
		request->bins = OBSERVE_BINS;
		break;
	default:
		break;
	}
	return true;
}

static void
objective_of_call(const struct call *call, struct ugo_request *request)
{
	int objective = call_choice(call, "objective", 0);

	if (objective == 1 || call_has(call, "relative"))
		request->weighting = UGO_RELATIVE;
	if (call_has(call, "absolute"))
		request->weighting = UGO_ABSOLUTE;
	request->objective = objective == 2 ? UGO_PEAK : UGO_SQUARE;
}

bool
request_of_call(struct app *app, const struct call *call, struct ugo_request *request, struct request_parts *parts,
		struct status *st)
{
	const struct observed *seen;
	struct site site;

	*parts = (struct request_parts){0};
	if (!lab_target(app, call->arg[0], request, &parts->curve, st))
		return false;
	if (call_has(call, "site")) {
		seen = observed_of_call(app, call, st);
		if (!seen)
			return false;
		range_of_observed(seen, request);
		site_parse(app->model, call_text(call, "site"), &site);
		if (request->curve || request->function != plan_function(app->model, site.kind))
			app_say(app, "note: %s computes %s", call_text(call, "site"),
				function_table[plan_function(app->model, site.kind)].name);
	}
	if (call_has(call, "range"))
		value_range(call_text(call, "range"), &request->lo, &request->hi);
	objective_of_call(call, request);
	request->samples = (int)call_int(call, "samples", 0);
	request->seed = (uint64_t)call_int(call, "seed", (long)app->options.seed);
	return density_of_call(app, call, request, parts, st);
}

bool
spike_options_of_call(const struct call *call, struct spike_plan *plan, struct status *st)
{
	char names[120];

	neuron_parse("if", &plan->options.neuron);
	if (call_has(call, "neuron") &&
	    (!neuron_parse(call_text(call, "neuron"), &plan->options.neuron) || plan->options.neuron == NEURON_NONE))
		return status_fail(st, STATUS_USAGE, "%s: there is no spiking neuron \"%s\"; there are %s", call->info->name,
				   call_text(call, "neuron"), neuron_names(names, sizeof(names)));
	plan->options.burst = (int)call_int(call, "burst", 0);
	plan->options.threshold = (enum spike_threshold)call_choice(call, "threshold", SPIKE_THRESHOLD_MAX);
	plan->options.potential = (enum spike_potential)call_choice(call, "potential", SPIKE_HALF);
	plan->options.refit = call_has(call, "refit");
	plan->ramps = call_choice(call, "form", 0) == 1;
	plan->facing = (enum ugo_facing)call_choice(call, "facing", UGO_FACING_BEST);
	plan->reduce = call_has(call, "reduce");
	return true;
}

const char *
spike_price(const struct spike_plan *plan)
{
	if (plan->reduce)
		return "not spiking: the exponent, which is found before the first spike, the scaling of the input and the shift "
		       "of "
		       "the output by it";
	if (plan->ramps)
		return "ramps want constant input: what fluctuates by more than some .1 to .3 is better sent in ReLU form";
	return "";
}
