#include "snn/plan/plan.h"

#include "base/arena.h"
#include "model/graph.h"
#include "snn/network/network.h"
#include "snn/plan/recipe.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *
function_mode_name(enum function_mode m)
{
	static const char *const name[] = {[FUNCTION_MODE_NONE] = "none",
					   [FUNCTION_MODE_EXACT] = "exact",
					   [FUNCTION_MODE_ANALOG] = "analog",
					   [FUNCTION_MODE_SPIKING] = "spiking"};

	return name[m];
}

const char *
threshold_rule_name(enum threshold_rule rule)
{
	static const char *const name[] = {
	    [THRESHOLD_MAX] = "max", [THRESHOLD_PERCENTILE] = "percentile", [THRESHOLD_MMSE] = "mmse"};

	return name[rule];
}

enum function
plan_function(const struct model *model, enum site_kind kind)
{
	static const enum function of_act[] = {
	    [ACT_GELU] = FUNCTION_GELU, [ACT_GELU_TANH] = FUNCTION_GELU_TANH, [ACT_QUICK_GELU] = FUNCTION_QUICK_GELU,
	    [ACT_RELU] = FUNCTION_RELU, [ACT_SILU] = FUNCTION_SILU,
	};

	switch (kind) {
	case SITE_EXP:
		return FUNCTION_EXP;
	case SITE_RECIPROCAL:
		return FUNCTION_RECIPROCAL;
	case SITE_ACT:
		return of_act[model->act];
	default:
		return FUNCTION_RSQRT;
	}
}

bool
plan_has_function(enum site_kind kind)
{
	return kind == SITE_NORM1_RSQRT || kind == SITE_NORM2_RSQRT || kind == SITE_EXP || kind == SITE_RECIPROCAL ||
	       kind == SITE_ACT;
}

bool
plan_encodes(enum site_kind kind)
{
	if (site_rectifies(kind))
		return true;
	switch (kind) {
	case SITE_NORM1_CENTER:
	case SITE_NORM1:
	case SITE_Q:
	case SITE_K:
	case SITE_V:
	case SITE_SOFTMAX:
	case SITE_AV:
	case SITE_NORM2_CENTER:
	case SITE_NORM2:
	case SITE_FC1:
	case SITE_ACT_OUT:
	case SITE_GATE:
	case SITE_PRODUCT:
		return true;
	default:
		return false;
	}
}

void
plan_site_neuron(struct site_plan *site, enum neuron_kind kind)
{
	site->neuron = kind;
	site->settings = neuron_defaults(kind);
	site->split = false;
}

static void
site_from_recipe(struct site_plan *p, const struct recipe *recipe)
{
	const struct recipe_site *row = recipe_site(recipe, p->site.kind);

	plan_site_neuron(p, NEURON_NONE);
	p->rule = recipe->rule;
	p->mode = plan_has_function(p->site.kind) ? FUNCTION_MODE_EXACT : FUNCTION_MODE_NONE;
	p->scale = 1;
	p->channelwise = p->mode == FUNCTION_MODE_NONE;
	p->hidden = recipe->hidden;
	if (!row)
		return;
	plan_site_neuron(p, row->neuron);
	p->settings.burst = row->burst;
	if (neuron_setting(neuron_type(p->neuron), "refine"))
		p->settings.refine = recipe->refine;
	p->positive = row->positive;
	p->split = row->split;
	p->channelwise = row->per_channel;
	if (row->hidden > 0)
		p->hidden = row->hidden;
	if (row->mode != FUNCTION_MODE_NONE)
		p->mode = row->mode;
}

static void
settings_from_recipe(struct plan *plan, const struct recipe *recipe)
{
	snprintf(plan->recipe, sizeof(plan->recipe), "%s", recipe->name);
	plan->mean_decoded = !recipe->sum_decoded;
	plan->fold_norm = recipe->fold_norm;
	plan->self_correcting = recipe->self_correcting;
	plan->eps = recipe->eps;
	plan->exp_floor = recipe->exp_floor;
}

struct plan *
plan_new(const struct model *model, const char *name, int T, struct status *st)
{
	const struct recipe *recipe = recipe_find(name);
	struct plan *plan;

	if (!recipe) {
		status_fail(st, STATUS_USAGE, "no recipe is called '%s'; `help convert` lists them", name);
		return NULL;
	}
	if (!recipe->site && !graph_has(model->graph, LAYER_RELU)) {
		status_fail(st, STATUS_USAGE, "recipe %s is for residual networks: its neurons cannot send negative values",
			    name);
		return NULL;
	}
	if (T < 1 || T > PLAN_T_MAX) {
		status_fail(st, STATUS_USAGE, "T must be 1 to %d steps, not %d", PLAN_T_MAX, T);
		return NULL;
	}
	plan = calloc(1, sizeof(*plan));
	if (!plan || !(plan->arena = arena_new()))
		goto nomem;
	plan->model = model;
	plan->T = T;
	settings_from_recipe(plan, recipe);
	plan->sites = site_count(model);
	plan->site = arena_alloc(plan->arena, (size_t)plan->sites * sizeof(*plan->site));
	if (!plan->site)
		goto nomem;
	for (int i = 0; i < plan->sites; i++) {
		plan->site[i].site = site_at(model, i);
		site_from_recipe(&plan->site[i], recipe);
	}
	if (recipe->sites && graph_has(model->graph, LAYER_CENTER) && !plan_override(plan, recipe->sites, st)) {
		plan_free(plan);
		return NULL;
	}
	return plan;
nomem:
	plan_free(plan);
	status_nomem(st, "a plan");
	return NULL;
}

void
plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (int i = 0; plan->site && i < plan->sites; i++)
		if (plan->site[i].ugo)
			ugo_done(plan->site[i].ugo);
	arena_free(plan->arena);
	free(plan);
}

bool
plan_set_threshold(struct plan *plan, struct site site, const float *threshold, int channels, int per_channel, struct status *st)
{
	struct site_plan *p = &plan->site[site_index(plan->model, site)];
	size_t n = (size_t)channels * (size_t)per_channel;

	p->threshold = arena_floats(plan->arena, n);
	if (!p->threshold)
		return status_nomem(st, "thresholds");
	memcpy(p->threshold, threshold, n * sizeof(float));
	p->channels = channels;
	p->per_channel = per_channel;
	return true;
}

bool
plan_set_ugo(struct plan *plan, struct site site, const struct ugo *ugo, struct status *st)
{
	struct site_plan *p = &plan->site[site_index(plan->model, site)];

	if (!p->ugo && !(p->ugo = arena_alloc(plan->arena, sizeof(*p->ugo))))
		return status_nomem(st, "a UGO");
	ugo_done(p->ugo);
	return ugo_copy(p->ugo, ugo, st);
}

static bool
check_site(const struct plan *plan, const struct site_plan *p, struct status *st)
{
	char name[SITE_NAME_MAX];
	int dim[3], dims = site_shape(plan->model, p->site, dim);
	int want = p->mode == FUNCTION_MODE_SPIKING ? (p->ugo ? p->ugo->hidden : 0) : p->split ? 2 : 1;

	site_name(p->site, name);
	if ((p->mode == FUNCTION_MODE_SPIKING || p->mode == FUNCTION_MODE_ANALOG) && !p->ugo)
		return status_fail(st, STATUS_FAILED, "%s has no UGO", name);
	if (p->neuron == NEURON_NONE)
		return p->mode != FUNCTION_MODE_SPIKING || status_fail(st, STATUS_FAILED, "%s has no neuron to spike with", name);
	if (!p->threshold || p->per_channel != want || (p->channels != 1 && p->channels != dim[dims - 1]))
		return status_fail(st, STATUS_FAILED, "%s needs %d thresholds for 1 or %d channels", name, want, dim[dims - 1]);
	for (int i = 0; i < p->channels * want; i++)
		if (!(p->threshold[i] >= 0 && p->threshold[i] < INFINITY))
			return status_fail(st, STATUS_DATA, "%s: threshold %d is %g", name, i, (double)p->threshold[i]);
	return true;
}

bool
plan_check_neurons(const struct plan *plan, struct status *st)
{
	for (int i = 0; i < plan->sites; i++) {
		const struct site_plan *p = &plan->site[i];
		const struct neuron_type *type = neuron_type(p->neuron);
		char name[SITE_NAME_MAX];

		if (!type || (plan->mean_decoded ? type->mean : type->sum))
			continue;
		return status_fail(st, STATUS_USAGE,
				   "%s: neurons of type %s work in %s-decoded trains, and those of recipe %s are not",
				   site_name(p->site, name), type->name, type->mean ? "mean" : "sum", plan->recipe);
	}
	return true;
}

bool
plan_finish(struct plan *plan, struct status *st)
{
	char *json;

	if (!plan_check_neurons(plan, st))
		return false;
	for (int i = 0; i < plan->sites; i++)
		if (!check_site(plan, &plan->site[i], st))
			return false;
	json = plan_receivers(plan) ? plan_json(plan) : NULL;
	if (!json)
		return status_nomem(st, "a plan");
	hash_of(json, strlen(json), plan->hash);
	free(json);
	return true;
}

int
plan_analog_functions(const struct plan *plan)
{
	int count = 0;

	for (int i = 0; i < plan->sites; i++)
		count += plan->site[i].mode == FUNCTION_MODE_EXACT || plan->site[i].mode == FUNCTION_MODE_ANALOG;
	return count;
}
