#include "snn/neurons/neuron.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEURON_EXTERN(number, constant, type)  extern const struct neuron_type type;
#define NEURON_ENTRY(number, constant, type)   [constant] = &(type),
#define NEURON_COUNTED(number, constant, type) +1

NEURON_ROWS(NEURON_EXTERN)

static const struct neuron_type *const types[NEURON_KINDS] = {NEURON_ROWS(NEURON_ENTRY)};

/* The numbers are a file format. */
_Static_assert(NEURON_KINDS == 1 NEURON_ROWS(NEURON_COUNTED), "numbers of neurons follow one another");
_Static_assert(NEURON_NONE == 0 && NEURON_IF == 1 && NEURON_ROUND == 5 && NEURON_ECMT == 9, "kept plans know these numbers");

const struct neuron_type *
neuron_type(enum neuron_kind kind)
{
	return types[kind];
}

const char *
neuron_name(enum neuron_kind kind)
{
	return kind == NEURON_NONE ? "graded" : neuron_type(kind)->name;
}

bool
neuron_parse(const char *name, enum neuron_kind *kind)
{
	for (int i = 0; i < NEURON_KINDS; i++)
		if (strcmp(name, neuron_name((enum neuron_kind)i)) == 0) {
			*kind = (enum neuron_kind)i;
			return true;
		}
	return false;
}

/* Appends a name, after a comma unless it is the first. */
static void
append(char *out, size_t size, const char *name)
{
	size_t used = strlen(out);

	snprintf(out + used, size - used, "%s%s", used > 0 ? ", " : "", name);
}

char *
neuron_names(char *out, size_t size)
{
	out[0] = '\0';
	for (int i = 0; i < NEURON_KINDS; i++)
		append(out, size, neuron_name((enum neuron_kind)i));
	return out;
}

char *
neuron_takers(const char *key, char *out, size_t size)
{
	out[0] = '\0';
	for (int i = 0; i < NEURON_KINDS; i++)
		if (neuron_setting(types[i], key))
			append(out, size, types[i]->name);
	return out;
}

bool
neuron_takes(const char *key)
{
	for (int i = 0; i < NEURON_KINDS; i++)
		if (neuron_setting(types[i], key))
			return true;
	return false;
}

/* Has a neuron before this one the key? */
static bool
key_known(int kind, const char *key)
{
	for (int i = 0; i < kind; i++)
		for (const struct neuron_setting *s = types[i] ? types[i]->settings : NULL; s && s->key; s++)
			if (strcmp(s->key, key) == 0)
				return true;
	return false;
}

char *
neuron_setting_keys(char *out, size_t size)
{
	out[0] = '\0';
	for (int i = 0; i < NEURON_KINDS; i++)
		for (const struct neuron_setting *s = types[i] ? types[i]->settings : NULL; s && s->key; s++)
			if (!key_known(i, s->key))
				append(out, size, s->key);
	return out;
}

struct neuron_settings
neuron_defaults(enum neuron_kind kind)
{
	const struct neuron_type *type = neuron_type(kind);
	struct neuron_settings settings = {.repeat = 1, .refine_after = NEURON_REFINE_AFTER};

	for (const struct neuron_setting *s = type ? type->settings : NULL; s && s->key; s++)
		neuron_setting_set(s, s->usual, &settings);
	return settings;
}

const struct neuron_setting *
neuron_setting(const struct neuron_type *type, const char *key)
{
	bool burst = strcmp(key, "burst") == 0 || strcmp(key, "levels") == 0;

	for (const struct neuron_setting *s = type ? type->settings : NULL; s && s->key; s++)
		if (strcmp(s->key, key) == 0 || (burst && s->at == offsetof(struct neuron_settings, burst)))
			return s;
	return NULL;
}

double
neuron_setting_value(const struct neuron_setting *setting, const struct neuron_settings *of)
{
	const char *at = (const char *)of + setting->at;
	int whole;
	float real;

	if (setting->whole) {
		memcpy(&whole, at, sizeof(whole));
		return whole;
	}
	memcpy(&real, at, sizeof(real));
	return (double)real;
}

bool
neuron_setting_set(const struct neuron_setting *setting, double value, struct neuron_settings *of)
{
	char *at = (char *)of + setting->at;
	int whole;
	float real = (float)value;

	if (!(value >= setting->lo && value <= setting->hi) || (setting->whole && value != floor(value)))
		return false;
	if (setting->whole) {
		whole = (int)value;
		memcpy(at, &whole, sizeof(whole));
	} else {
		memcpy(at, &real, sizeof(real));
	}
	return true;
}

bool
neuron_settings_valid(const struct neuron_type *type, const struct neuron_settings *settings)
{
	struct neuron_settings same = *settings;

	for (const struct neuron_setting *s = type ? type->settings : NULL; s && s->key; s++)
		if (!neuron_setting_set(s, neuron_setting_value(s, settings), &same))
			return false;
	return true;
}

int
neuron_burst_most(const struct neuron_type *type)
{
	const struct neuron_setting *burst = neuron_setting(type, "burst");

	return burst ? (int)burst->hi : 0;
}

struct neuron_rule
neuron_rule_at(enum neuron_kind kind, const struct neuron_settings *settings, int t)
{
	const struct neuron_type *type = neuron_type(kind);
	struct neuron_rule rule = {.kind = kind,
				   .burst = settings->burst,
				   .repeat = settings->repeat,
				   .grain = type && type->grain ? type->grain(settings, t) : 1,
				   .fine = ldexpf(1, -settings->refine),
				   .initial = settings->initial};

	if (type && type->derive)
		type->derive(settings->own, rule.own);
	else
		memcpy(rule.own, settings->own, sizeof(rule.own));
	return rule;
}

float
neuron_share(enum neuron_kind kind, int burst, bool segment)
{
	const struct neuron_type *type = neuron_type(kind);

	return (segment && type->segment_share ? type->segment_share : type->share)(burst);
}

float
neuron_quantum(const struct neuron_rule *rule, float threshold)
{
	return neuron_type(rule->kind)->quantum(rule, threshold);
}

int
neuron_most(enum neuron_kind kind, const struct neuron_settings *settings)
{
	const struct neuron_type *type = neuron_type(kind);

	if (!type || !type->most)
		return 0;
	return type->most(settings->burst) * (neuron_setting(type, "repeat") ? settings->repeat : 1);
}

size_t
neuron_state_size(enum neuron_kind kind)
{
	return neuron_type(kind)->state_size;
}

void
neuron_step(struct neuron_rule rule, const float *x, const float *threshold, void *state, float *total, float *sent, int rows,
	    int n, struct neuron_tally *tally)
{
	enum { MOST = 1 << 24 }; /* so that tallies fit in 32 bits */
	const struct neuron_type *type = neuron_type(rule.kind);
	neuron_population *step = type->loops(&rule)->step;
	int rows_at_once = n < MOST ? MOST / (n > 0 ? n : 1) : 1;

	for (int row = 0; row < rows; row += rows_at_once) {
		int count = rows - row < rows_at_once ? rows - row : rows_at_once;
		size_t at = (size_t)row * (size_t)n;
		int32_t events = 0, units = 0;

		step(x + at, threshold, (char *)state + at * type->state_size, total + at, sent + at, count, n, rule, &events,
		     &units);
		tally->events += events;
		tally->units += units;
	}
}
