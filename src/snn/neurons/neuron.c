#include "snn/neurons/neuron.h"

#include <stdio.h>
#include <string.h>

/* A neuron is a file that defines its type, and a row here. */
extern const struct neuron_type neuron_if, neuron_lif, neuron_signed, neuron_burst, neuron_round, neuron_mt, neuron_differential,
    neuron_stbif, neuron_ecmt;

static const struct neuron_type *const types[NEURON_KINDS] = {
    [NEURON_IF] = &neuron_if,
    [NEURON_LIF] = &neuron_lif,
    [NEURON_SIGNED] = &neuron_signed,
    [NEURON_BURST] = &neuron_burst,
    [NEURON_ROUND] = &neuron_round,
    [NEURON_MT] = &neuron_mt,
    [NEURON_DIFFERENTIAL] = &neuron_differential,
    [NEURON_STBIF] = &neuron_stbif,
    [NEURON_ECMT] = &neuron_ecmt,
};

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

char *
neuron_names(char *out, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < NEURON_KINDS && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", neuron_name((enum neuron_kind)i));
	return out;
}

void
neuron_defaults(enum neuron_kind kind, struct site_plan *site)
{
	const struct neuron_type *type = neuron_type(kind);

	site->neuron = kind;
	site->burst = type ? type->burst : 0;
	site->initial = type ? type->initial : 0;
	site->repeat = 1;
	site->refine = 0;
	site->refine_after = PLAN_REFINE_AFTER;
	site->tau = 20;
	site->split = false;
}

float
neuron_quantum(const struct neuron_rule *rule, float threshold)
{
	return neuron_type(rule->kind)->quantum(rule, threshold);
}

int
neuron_most(const struct site_plan *site)
{
	const struct neuron_type *type = neuron_type(site->neuron);

	if (!type || !type->most)
		return 0;
	return type->most(site->burst) * (type->repeats ? site->repeat : 1);
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
