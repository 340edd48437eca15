/* Plans as text: canonical JSON, whose hash names the plan. */
#include "snn/network/network.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *
ugo_json(const struct ugo *u)
{
	return json_pack("{s:s, s:i, s:[f,f], s:s, s:f, s:f}", "function",
			 ugo_has_function(u) ? ugo_function_name(u) : "imported", "hidden", u->hidden, "range", u->lo, u->hi,
			 "form", u->h ? "segments" : "relu", "rmse", u->rmse, "max_error", u->max_error);
}

/* What the neuron can be set to. */
static void
settings_json(json_t *o, const struct site_plan *p)
{
	for (const struct neuron_setting *s = neuron_type(p->neuron)->settings; s && s->key; s++) {
		double value = neuron_setting_value(s, &p->settings);

		if (!s->said || s->said(&p->settings))
			json_object_set_new(o, s->json ? s->json : s->key,
					    s->whole ? json_integer((json_int_t)value) : json_real(value));
	}
}

static json_t *
site_json(const struct site_plan *p)
{
	char name[SITE_NAME_MAX];
	json_t *o = json_pack("{s:s, s:s, s:s}", "site", site_name(p->site, name), "neuron", neuron_name(p->neuron), "function",
			      function_mode_name(p->mode));

	if (p->neuron != NEURON_NONE) {
		settings_json(o, p);
		json_object_set_new(o, "scale", json_real((double)p->scale));
		json_object_set_new(o, "channels", json_integer(p->channels));
		json_object_set_new(
		    o, "threshold_rule",
		    json_string(p->mode == FUNCTION_MODE_SPIKING && p->ugo->h ? "segment" : threshold_rule_name(p->rule)));
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
		      plan->model->hash, "T", plan->T, "decoding", plan->mean_decoded ? "mean" : "sum", "fold_norm",
		      plan->fold_norm, "self_correcting", plan->self_correcting, "eps", plan->eps, "seed", (json_int_t)plan->seed,
		      "calibration_pictures", plan->calibration_pictures, "calibration_hash", plan->calibration_hash,
		      "weights_hash", hex, "sites", sites);
	text = o ? json_dumps(o, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
	json_decref(o);
	return text;
}
