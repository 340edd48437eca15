#include "snn/plan.h"

#include "ann/ann.h"
#include "base/arena.h"
#include "snn/network.h"
#include "snn/recipe.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T_MAX = 1024 };

const char *
neuron_name(enum neuron_kind kind)
{
	static const char *const name[] = {[NEURON_NONE] = "graded", [NEURON_IF] = "if",       [NEURON_SIGNED] = "signed",
					   [NEURON_BURST] = "burst", [NEURON_ROUND] = "round", [NEURON_MT] = "mt"};

	return name[kind];
}

const char *
function_mode_name(enum function_mode m)
{
	static const char *const name[] = {[FUNCTION_MODE_NONE] = "none",
					   [FUNCTION_MODE_EXACT] = "exact",
					   [FUNCTION_MODE_ANALOG] = "analog",
					   [FUNCTION_MODE_SPIKING] = "spiking"};

	return name[m];
}

static const char *
rule_name(enum threshold_rule rule)
{
	static const char *const name[] = {
	    [THRESHOLD_MAX] = "max", [THRESHOLD_PERCENTILE] = "percentile", [THRESHOLD_MMSE] = "mmse"};

	return name[rule];
}

/* W diag(gamma) and W beta + b. */
static bool
fold(struct arena *arena, const struct linear *layer, const struct norm *norm, struct linear *folded)
{
	float *weight = arena_floats(arena, (size_t)layer->out * (size_t)layer->in);
	float *bias = arena_floats(arena, (size_t)layer->out);

	if (!weight || !bias)
		return false;
	for (int o = 0; o < layer->out; o++) {
		const float *row = layer->weight + (size_t)o * (size_t)layer->in;
		float *to = weight + (size_t)o * (size_t)layer->in;
		double sum = layer->bias ? (double)layer->bias[o] : 0;

		for (int i = 0; i < layer->in; i++) {
			to[i] = row[i] * norm->weight[i];
			sum += (double)row[i] * (double)norm->bias[i];
		}
		bias[o] = (float)sum;
	}
	*folded = (struct linear){layer->in, layer->out, weight, bias};
	return true;
}

static bool
fold_blocks(struct plan *plan)
{
	const struct vit *vit = plan->vit;

	plan->folded = arena_alloc(plan->arena, (size_t)vit->depth * sizeof(*plan->folded));
	if (!plan->folded)
		return false;
	for (int i = 0; i < vit->depth; i++) {
		const struct vit_block *b = &vit->blocks[i];

		if (!fold(plan->arena, &b->qkv, &b->norm1, &plan->folded[i].qkv) ||
		    !fold(plan->arena, &b->fc1, &b->norm2, &plan->folded[i].fc1))
			return false;
	}
	return true;
}

enum function
plan_function(const struct vit *vit, enum site_kind kind)
{
	static const enum function of_act[] = {
	    [ACT_GELU] = FUNCTION_GELU,
	    [ACT_GELU_TANH] = FUNCTION_GELU_TANH,
	    [ACT_QUICK_GELU] = FUNCTION_QUICK_GELU,
	    [ACT_RELU] = FUNCTION_RELU,
	};

	switch (kind) {
	case SITE_EXP:
		return FUNCTION_EXP;
	case SITE_RECIPROCAL:
		return FUNCTION_RECIPROCAL;
	case SITE_ACT:
		return of_act[vit->act];
	default:
		return FUNCTION_RSQRT;
	}
}

static bool
is_function(enum site_kind kind)
{
	return kind == SITE_NORM1_RSQRT || kind == SITE_NORM2_RSQRT || kind == SITE_EXP || kind == SITE_RECIPROCAL ||
	       kind == SITE_ACT;
}

static void
site_from_recipe(struct site_plan *p, const struct recipe *recipe)
{
	const struct recipe_site *row = recipe_site(recipe, p->site.kind);

	p->rule = recipe->rule;
	p->mode = is_function(p->site.kind) ? FUNCTION_MODE_EXACT : FUNCTION_MODE_NONE;
	if (!row)
		return;
	p->neuron = row->neuron;
	p->burst = row->burst;
	p->repeat = 1;
	p->refine = row->neuron == NEURON_MT ? recipe->refine : 0;
	p->positive = row->positive;
	p->split = row->split;
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
plan_new(const struct vit *vit, const char *name, int T, struct status *st)
{
	const struct recipe *recipe = recipe_find(name);
	struct plan *plan;

	if (!recipe) {
		status_fail(st, STATUS_USAGE, "no recipe is called '%s'; `help convert` lists them", name);
		return NULL;
	}
	if (T < 1 || T > T_MAX) {
		status_fail(st, STATUS_USAGE, "T must be 1 to %d steps, not %d", T_MAX, T);
		return NULL;
	}
	plan = calloc(1, sizeof(*plan));
	if (!plan || !(plan->arena = arena_new()))
		goto nomem;
	plan->vit = vit;
	plan->T = T;
	settings_from_recipe(plan, recipe);
	plan->sites = site_count(vit);
	plan->site = arena_alloc(plan->arena, (size_t)plan->sites * sizeof(*plan->site));
	if (!plan->site || !fold_blocks(plan))
		goto nomem;
	for (int i = 0; i < plan->sites; i++) {
		plan->site[i].site = site_at(vit, i);
		site_from_recipe(&plan->site[i], recipe);
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
	struct site_plan *p = &plan->site[site_index(plan->vit, site)];
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
	struct site_plan *p = &plan->site[site_index(plan->vit, site)];

	if (!p->ugo && !(p->ugo = arena_alloc(plan->arena, sizeof(*p->ugo))))
		return status_nomem(st, "a UGO");
	ugo_done(p->ugo);
	return ugo_copy(p->ugo, ugo, st);
}

static bool
check_site(const struct plan *plan, const struct site_plan *p, struct status *st)
{
	char name[SITE_NAME_MAX];
	int dim[3], dims = site_shape(plan->vit, p->site, dim);
	int want = p->mode == FUNCTION_MODE_SPIKING ? (p->ugo ? p->ugo->hidden : 0) : p->split ? 2 : 1;

	site_name(p->site, name);
	if ((p->mode == FUNCTION_MODE_SPIKING || p->mode == FUNCTION_MODE_ANALOG) && !p->ugo)
		return status_fail(st, STATUS_FAILED, "%s has no UGO", name);
	if (p->neuron == NEURON_NONE)
		return true;
	if (!p->threshold || p->per_channel != want || (p->channels != 1 && p->channels != dim[dims - 1]))
		return status_fail(st, STATUS_FAILED, "%s needs %d thresholds for 1 or %d channels", name, want, dim[dims - 1]);
	return true;
}

static json_t *
ugo_json(const struct ugo *u)
{
	return json_pack("{s:s, s:i, s:[f,f], s:s, s:f, s:f}", "function",
			 ugo_has_function(u) ? ugo_function_name(u) : "imported", "hidden", u->hidden, "range", u->lo, u->hi,
			 "form", u->h ? "segments" : "relu", "rmse", u->rmse, "max_error", u->max_error);
}

static json_t *
site_json(const struct site_plan *p)
{
	char name[SITE_NAME_MAX];
	json_t *o = json_pack("{s:s, s:s, s:s}", "site", site_name(p->site, name), "neuron", neuron_name(p->neuron), "function",
			      function_mode_name(p->mode));

	if (p->neuron != NEURON_NONE) {
		json_object_set_new(o, p->neuron == NEURON_MT ? "levels" : "burst", json_integer(p->burst));
		if (p->neuron == NEURON_MT) {
			json_object_set_new(o, "repeat", json_integer(p->repeat));
			json_object_set_new(o, "refine", json_integer(p->refine));
		}
		json_object_set_new(o, "channels", json_integer(p->channels));
		json_object_set_new(o, "threshold_rule",
				    json_string(p->mode == FUNCTION_MODE_SPIKING && p->ugo->h ? "segment" : rule_name(p->rule)));
	}
	if (p->ugo)
		json_object_set_new(o, "ugo", ugo_json(p->ugo));
	if (p->observed_lo < p->observed_hi)
		json_object_set_new(o, "observed", json_pack("[f,f]", (double)p->observed_lo, (double)p->observed_hi));
	return o;
}

/* Thresholds and UGO weights, which the JSON stands for by this hash. */
static void
weights_hash(const struct plan *plan, char hex[HASH_HEX])
{
	struct hash *hash = hash_new();

	for (int i = 0; hash && i < plan->sites; i++) {
		const struct site_plan *p = &plan->site[i];

		if (p->threshold)
			hash_add(hash, p->threshold, (size_t)p->channels * (size_t)p->per_channel * sizeof(float));
		if (!p->ugo)
			continue;
		hash_add(hash, p->ugo->w1, (size_t)p->ugo->hidden * sizeof(float));
		hash_add(hash, p->ugo->b1, (size_t)p->ugo->hidden * sizeof(float));
		hash_add(hash, p->ugo->w2, (size_t)p->ugo->hidden * sizeof(float));
		hash_add(hash, &p->ugo->b2, sizeof(float));
	}
	hex[0] = '\0';
	if (hash)
		hash_finish(hash, hex);
}

char *
plan_json(const struct plan *plan)
{
	char hex[HASH_HEX], *text;
	json_t *sites = json_array(), *o;

	for (int i = 0; i < plan->sites; i++)
		if (plan->site[i].neuron != NEURON_NONE || plan->site[i].mode != FUNCTION_MODE_NONE)
			json_array_append_new(sites, site_json(&plan->site[i]));
	weights_hash(plan, hex);
	o = json_pack("{s:s, s:s, s:i, s:s, s:b, s:b, s:b, s:I, s:i, s:s, s:s, s:o}", "recipe", plan->recipe, "model_hash",
		      plan->vit->hash, "T", plan->T, "decoding", plan->mean_decoded ? "mean" : "sum", "fold_norm",
		      plan->fold_norm, "self_correcting", plan->self_correcting, "eps", plan->eps, "seed", (json_int_t)plan->seed,
		      "calibration_pictures", plan->calibration_pictures, "calibration_hash", plan->calibration_hash,
		      "weights_hash", hex, "sites", sites);
	text = o ? json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
	json_decref(o);
	return text;
}

bool
plan_finish(struct plan *plan, struct status *st)
{
	char *json;

	for (int i = 0; i < plan->sites; i++)
		if (!check_site(plan, &plan->site[i], st))
			return false;
	json = plan_json(plan);
	if (!json)
		return status_nomem(st, "a plan's description");
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
