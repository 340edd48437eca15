/* Overrides: settings of sites that differ from the recipe's, as text. */
#include "base/text.h"
#include "snn/network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRY_MAX = 400 };

/* One KEY=VALUE for one site; returns false when it has no meaning there. Errors of
 * the value itself are in st. */
typedef bool setter(struct plan *plan, struct site_plan *p, const char *value, struct status *st);

static bool
whole(const char *value, int lo, int hi, int *out, struct status *st)
{
	char *end;
	long v = strtol(value, &end, 10);

	if (*value == '\0' || *end != '\0' || v < lo || v > hi)
		return status_fail(st, STATUS_USAGE, "wants a whole number from %d to %d, not '%s'", lo, hi, value);
	*out = (int)v;
	return true;
}

static bool
real(const char *value, double lo, double hi, float *out, struct status *st)
{
	char *end;
	double v = strtod(value, &end);

	if (*value == '\0' || *end != '\0' || !(v >= lo && v <= hi))
		return status_fail(st, STATUS_USAGE, "wants a number from %g to %g, not '%s'", lo, hi, value);
	*out = (float)v;
	return true;
}

/* LayerNorm's own encoder has no effect where its scale is folded into the next layer. */
static bool
may_spike(const struct plan *plan, const struct site_plan *p)
{
	bool norm = p->site.kind == SITE_NORM1 || p->site.kind == SITE_NORM2;

	return plan_has_function(p->site.kind) || (plan_encodes(p->site.kind) && !(norm && plan->fold_norm));
}

static bool
set_neuron(struct plan *plan, struct site_plan *p, const char *value, struct status *st)
{
	enum neuron_kind kind;

	if (!neuron_parse(value, &kind)) {
		char names[160];

		return status_fail(st, STATUS_USAGE, "knows no neuron '%s'; there are %s", value,
				   neuron_names(names, sizeof(names)));
	}
	if (!may_spike(plan, p))
		return false;
	plan_site_neuron(p, kind);
	if (plan_has_function(p->site.kind))
		p->mode = kind == NEURON_NONE ? FUNCTION_MODE_ANALOG : FUNCTION_MODE_SPIKING;
	return true;
}

static bool
set_rule(struct plan *plan, struct site_plan *p, const char *value, struct status *st)
{
	(void)plan;
	if (p->neuron == NEURON_NONE)
		return false;
	for (int rule = THRESHOLD_MAX; rule <= THRESHOLD_MMSE; rule++)
		if (strcmp(value, threshold_rule_name((enum threshold_rule)rule)) == 0) {
			p->rule = (enum threshold_rule)rule;
			return true;
		}
	return status_fail(st, STATUS_USAGE, "knows the rules max, percentile and mmse, not '%s'", value);
}

static bool
set_scale(struct plan *plan, struct site_plan *p, const char *value, struct status *st)
{
	(void)plan;
	return p->neuron != NEURON_NONE && real(value, 0.01, 100, &p->scale, st);
}

static bool
set_channels(struct plan *plan, struct site_plan *p, const char *value, struct status *st)
{
	bool each = strcmp(value, "each") == 0;

	(void)plan;
	if (p->neuron == NEURON_NONE || p->mode != FUNCTION_MODE_NONE)
		return false;
	p->channelwise = each;
	return each || strcmp(value, "shared") == 0 || status_fail(st, STATUS_USAGE, "wants each or shared, not '%s'", value);
}

static bool
set_function(struct plan *plan, struct site_plan *p, const char *value, struct status *st)
{
	(void)plan;
	if (!plan_has_function(p->site.kind))
		return false;
	for (int mode = FUNCTION_MODE_EXACT; mode <= FUNCTION_MODE_SPIKING; mode++) {
		if (strcmp(value, function_mode_name((enum function_mode)mode)) != 0)
			continue;
		if (mode == FUNCTION_MODE_SPIKING && p->neuron == NEURON_NONE)
			return status_fail(st, STATUS_USAGE, "needs a neuron for function=spiking; put neuron=NAME before it");
		p->mode = (enum function_mode)mode;
		if (mode != FUNCTION_MODE_SPIKING)
			p->neuron = NEURON_NONE;
		return true;
	}
	return status_fail(st, STATUS_USAGE, "knows the functions exact, analog and spiking, not '%s'", value);
}

static bool
set_hidden(struct plan *plan, struct site_plan *p, const char *value, struct status *st)
{
	(void)plan;
	return plan_has_function(p->site.kind) && whole(value, 1, UGO_HIDDEN_MAX, &p->hidden, st);
}

static const struct key {
	const char *key;
	setter *set;
	const char *where; /* it has a meaning */
} keys[] = {
    {"neuron", set_neuron, "an encoder or a function"},
    {"rule", set_rule, "a neuron"},
    {"scale", set_scale, "a neuron"},
    {"channels", set_channels, "an encoder"},
    {"function", set_function, "a function"},
    {"hidden", set_hidden, "a function"},
    {NULL, NULL, NULL},
};

/* A setting of the site's neuron. */
static bool
set_of_neuron(struct site_plan *p, const char *key, const char *value, struct status *st)
{
	const struct neuron_setting *s = neuron_setting(neuron_type(p->neuron), key);
	char *end;
	double number = strtod(value, &end);

	if (!s || (*value != '\0' && *end == '\0' && neuron_setting_set(s, number, &p->settings)))
		return s != NULL;
	return status_fail(st, STATUS_USAGE, "wants a %snumber from %g to %g, not '%s'", s->whole ? "whole " : "", s->lo, s->hi,
			   value);
}

static bool
no_key(const char *key, struct status *st)
{
	char names[200];

	return status_fail(
	    st, STATUS_USAGE,
	    "there is no key '%s'; there are neuron, rule, scale, channels, function and hidden, and of neurons %s", key,
	    neuron_setting_keys(names, sizeof(names)));
}

static bool
no_place(const char *glob, const char *setting, const char *where, int matched, struct status *st)
{
	char names[200];

	if (matched == 0)
		return status_fail(st, STATUS_USAGE, "no site matches '%s'; `model` lists them", glob);
	if (where)
		return status_fail(st, STATUS_USAGE, "no site that matches '%s' has %s, which %s is for", glob, where, setting);
	return status_fail(st, STATUS_USAGE, "no site that matches '%s' has a neuron that takes %s: %s", glob, setting,
			   neuron_takers(setting, names, sizeof(names)));
}

/* KEY=VALUE for every site that the glob matches; at least one must take it. */
static bool
apply_setting(struct plan *plan, const char *glob, char *setting, struct status *st)
{
	char *value = strchr(setting, '=');
	const struct key *key = keys;
	int matched = 0, taken = 0;

	if (!value)
		return status_fail(st, STATUS_USAGE, "'%s' is not KEY=VALUE", setting);
	*value++ = '\0';
	while (key->key && strcmp(key->key, setting) != 0)
		key++;
	if (!key->key && !neuron_takes(setting))
		return no_key(setting, st);
	for (int i = 0; i < plan->sites; i++) {
		struct site_plan *p = &plan->site[i];
		struct status own = {0};

		if (!site_matches(p->site, glob))
			continue;
		matched++;
		if (key->key ? key->set(plan, p, value, &own) : set_of_neuron(p, setting, value, &own))
			taken++;
		else if (own.code != STATUS_OK)
			return status_fail(st, own.code, "%s %s", setting, own.message);
	}
	return taken > 0 || no_place(glob, setting, key->where, matched, st);
}

/* GLOB:KEY=VALUE,... */
static bool
apply_entry(struct plan *plan, char *entry, struct status *st)
{
	char *settings = strrchr(entry, ':'), *rest, *one;

	if (!settings || settings == entry)
		return status_fail(st, STATUS_USAGE, "an override is GLOB:KEY=VALUE, as 'blocks.*.mlp.act:neuron=mt,levels=5'");
	*settings++ = '\0';
	for (one = strtok_r(settings, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
		if (!apply_setting(plan, entry, one, st))
			return false;
	return true;
}

bool
plan_override(struct plan *plan, const char *text, struct status *st)
{
	const char *blanks = " \t\n;", *at = text + strspn(text, blanks);
	char entry[ENTRY_MAX], shown[ENTRY_MAX];

	while (*at) {
		size_t length = strcspn(at, blanks);

		if (length >= sizeof(entry))
			return status_fail(st, STATUS_USAGE, "an override is longer than %d characters", ENTRY_MAX - 1);
		memcpy(entry, at, length);
		entry[length] = '\0';
		text_escape(entry, shown, sizeof(shown));
		if (!apply_entry(plan, entry, st))
			return status_prefix(st, "%s", shown);
		at += length;
		at += strspn(at, blanks);
	}
	return true;
}
