/* Rules as JSON: the program's own and those of users. */
#include "base/json.h"
#include "base/text.h"
#include "study/energy/rules.h"
#include "study/energy/rules_text.h"

#include <stdlib.h>
#include <string.h>

enum { RULES_MAX = 256, TEXT_MAX = 1024 };

const char *const rule_spike_names[] = {"event", "unit", "popcount", "mac", "dense", NULL};
const char *const rule_part_names[] = {"synapses",  "products",  "pairs",   "ugo",       "scalings", "squares",
				       "additions", "functions", "neurons", "embedding", "memory",   NULL};

static int
word(const char *const *names, const char *text)
{
	for (int i = 0; text && names[i]; i++)
		if (strcmp(names[i], text) == 0)
			return i;
	return -1;
}

/* --- technologies --------------------------------------------------------- */

static bool
positive(const json_t *o, const char *key, double *out, struct status *st)
{
	const json_t *value = json_object_get(o, key);

	*out = json_number_value(value);
	return (json_is_number(value) && *out >= 0 && *out < 1e12) ||
	       status_fail(st, STATUS_DATA, "\"%s\" must be a number that is not negative", key);
}

static bool
read_memory(const json_t *o, struct technology *t, struct status *st)
{
	const json_t *memory = json_object_get(o, "memory");

	t->memories = (int)json_array_size(memory);
	if (t->memories > RULE_MEMORIES)
		return status_fail(st, STATUS_DATA, "\"memory\" has more than %d sizes", RULE_MEMORIES);
	for (int i = 0; i < t->memories; i++) {
		const json_t *pair = json_array_get(memory, (size_t)i);

		for (int k = 0; k < 2; k++)
			t->memory[i][k] = json_number_value(json_array_get(pair, (size_t)k));
		if (json_array_size(pair) != 2 || !(t->memory[i][0] > (i > 0 ? t->memory[i - 1][0] : 0)) ||
		    !(t->memory[i][1] >= 0))
			return status_fail(st, STATUS_DATA, "\"memory\" must be pairs [bytes, picojoules] with ascending bytes");
	}
	return true;
}

static bool
read_technology(const json_t *o, struct technology *t, struct status *st)
{
	const struct {
		const char *key;
		double *to;
	} keys[] = {{"bits", &t->bits},   {"add", &t->add},           {"mac", &t->mac},      {"multiply", &t->multiply},
		    {"shift", &t->shift}, {"function", &t->function}, {"update", &t->update}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!positive(o, keys[i].key, keys[i].to, st))
			return false;
	return read_memory(o, t, st);
}

/* --- rules ---------------------------------------------------------------- */

static char *
shown(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	char out[TEXT_MAX];

	return strdup(text_escape(text ? text : "", out, sizeof(out)));
}

static bool
read_parts(const json_t *o, struct rule *rule, struct status *st)
{
	const json_t *count = json_object_get(o, "count");

	for (size_t i = 0; i < json_array_size(count); i++) {
		int part = word(rule_part_names, json_string_value(json_array_get(count, i)));

		if (part < 0)
			return status_fail(st, STATUS_DATA,
					   "\"count\" knows synapses, products, pairs, ugo, scalings, squares, additions, "
					   "functions, neurons, embedding and memory");
		rule->counts[part] = true;
	}
	return json_array_size(count) > 0 || status_fail(st, STATUS_DATA, "\"count\" must list what counts, as [\"synapses\"]");
}

/* technologies: those of the file, then those of the program. */
static bool
read_rule(const json_t *o, const json_t *const technologies[2], struct rule *rule, struct status *st)
{
	const char *name = json_string_value(json_object_get(o, "technology"));
	const json_t *technology = NULL;
	int spike = word(rule_spike_names, json_string_value(json_object_get(o, "spike")));

	for (int i = 0; name && !technology && i < 2; i++)
		technology = json_object_get(technologies[i], name);
	if (!technology)
		return status_fail(st, STATUS_DATA, "\"technology\" must name one of \"technologies\", or fp32, fp16 or int8");
	if (spike < 0)
		return status_fail(st, STATUS_DATA, "\"spike\" must be event, unit, popcount or mac");
	rule->spike = (enum rule_spike)spike;
	return read_technology(technology, &rule->technology, st) && read_parts(o, rule, st);
}

static void
put(struct rules *rules, const struct rule *rule)
{
	struct rule *to = &rules->rule[rules->count];

	for (int i = 0; i < rules->count; i++)
		if (strcmp(rules->rule[i].name, rule->name) == 0)
			to = &rules->rule[i];
	if (to == &rules->rule[rules->count])
		rules->count++;
	free(to->name);
	free(to->help);
	free(to->source);
	*to = *rule;
}

static bool
add_rule(struct rules *rules, const json_t *o, const json_t *const technologies[2], struct status *st)
{
	struct rule rule = {.name = shown(o, "name"), .help = shown(o, "help"), .source = shown(o, "source")};
	bool ok = rule.name && rule.help && rule.source;

	if (!ok)
		status_nomem(st, "rules");
	else if (!(ok = rule.name[0] != '\0'))
		status_fail(st, STATUS_DATA, "a rule has no \"name\"");
	else if (!(ok = rules->count < RULES_MAX))
		status_fail(st, STATUS_DATA, "there are more than %d rules", RULES_MAX);
	else if (!(ok = read_rule(o, technologies, &rule, st)))
		status_prefix(st, "rule %.40s", rule.name);
	if (ok) {
		put(rules, &rule);
		return true;
	}
	free(rule.name);
	free(rule.help);
	free(rule.source);
	return false;
}

static bool
add_rules(struct rules *rules, const json_t *root, const json_t *own, struct status *st)
{
	const json_t *technologies[2] = {json_object_get(root, "technologies"), json_object_get(own, "technologies")};
	const json_t *list = json_object_get(root, "rules");

	if (json_array_size(list) == 0)
		return status_fail(st, STATUS_DATA, "there is no list \"rules\"");
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!add_rule(rules, json_array_get(list, i), technologies, st))
			return false;
	return true;
}

static bool
add_file(struct rules *rules, const char *path, const json_t *own, struct status *st)
{
	char name[256];
	json_t *root = json_read(path, JSON_REJECT_DUPLICATES, st);
	bool ok = root && add_rules(rules, root, own, st);

	if (root && !ok)
		status_prefix(st, "%s", text_escape(path, name, sizeof(name)));
	json_decref(root);
	return ok;
}

bool
rules_load(struct rules *rules, const char *path, struct status *st)
{
	json_t *own = json_loads(rules_text, 0, NULL);
	bool ok;

	*rules = (struct rules){.rule = calloc(RULES_MAX + 1, sizeof(*rules->rule))};
	ok = own && rules->rule ? add_rules(rules, own, own, st) : status_nomem(st, "rules");
	if (ok && path)
		ok = add_file(rules, path, own, st);
	json_decref(own);
	if (!ok)
		rules_done(rules);
	return ok;
}
