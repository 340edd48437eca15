#include "snn/neuron.h"

#include "snn/neuron_rule.h"

float
neuron_quantum(const struct neuron_rule *rule, float threshold)
{
	return rule->kind == NEURON_BURST ? threshold * 0.5f : rule->kind == NEURON_MT ? threshold * rule->fine : threshold;
}

size_t
neuron_state_size(enum neuron_kind kind)
{
	return kind == NEURON_BURST ? sizeof(float) : sizeof(int16_t);
}

#define COUNT(state) (int16_t)(int)(state)
#define SUM(state)   (state)

/* One loop per rule: the rule is a constant inside it, so that it vectorises. `narrow`
 * turns a state into what is kept, `worth` is the value of one unit of it. */
#define POPULATION(name, fire, limits_of, type, narrow, worth)                                                                   \
	KERNEL static void name(const float *restrict x, const float *restrict threshold, void *restrict state,                  \
				float *restrict total, float *restrict sent, int n, struct neuron_rule own, int32_t *events,     \
				int32_t *units)                                                                                  \
	{                                                                                                                        \
		type *restrict m = state;                                                                                        \
		int32_t e = 0, u = 0;                                                                                            \
		for (int i = 0; i < n; i++) {                                                                                    \
			struct limits l = limits_of(threshold[i], &own);                                                         \
			struct fired f = fire(x[i], l, (float)m[i], &own);                                                       \
			m[i] = narrow(f.state);                                                                                  \
			total[i] = f.state * worth;                                                                              \
			sent[i] = f.sent;                                                                                        \
			e += f.units != 0;                                                                                       \
			u += f.units;                                                                                            \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += u;                                                                                                     \
	}

POPULATION(step_if, rule_if, limits_if, int16_t, COUNT, l.quantum)
POPULATION(step_signed, rule_signed, limits_if, int16_t, COUNT, l.quantum)
POPULATION(step_burst, rule_burst, limits_burst, float, SUM, 1)
POPULATION(step_burst2, rule_burst2, limits_burst, float, SUM, 1)
POPULATION(step_round, rule_round, limits_round, int16_t, COUNT, l.quantum)
POPULATION(step_mt, rule_mt, limits_mt, int16_t, COUNT, l.quantum)
POPULATION(step_mt_twice, rule_mt_twice, limits_mt, int16_t, COUNT, l.quantum)
POPULATION(step_mt_thrice, rule_mt_thrice, limits_mt, int16_t, COUNT, l.quantum)

typedef void population(const float *, const float *, void *, float *, float *, int, struct neuron_rule, int32_t *, int32_t *);

static population *
population_of(const struct neuron_rule *rule)
{
	static population *const mt[] = {step_mt, step_mt_twice, step_mt_thrice};

	switch (rule->kind) {
	case NEURON_IF:
		return step_if;
	case NEURON_SIGNED:
		return step_signed;
	case NEURON_BURST:
		return rule->burst == 2 ? step_burst2 : step_burst;
	case NEURON_MT:
		return mt[rule->repeat - 1];
	default:
		return step_round;
	}
}

void
neuron_step(struct neuron_rule rule, const float *x, const float *threshold, void *state, float *total, float *sent, size_t n,
	    struct neuron_tally *tally)
{
	enum { TILE = 1 << 16 }; /* so that the tallies of a tile fit in 32 bits */
	population *step = population_of(&rule);
	size_t size = neuron_state_size(rule.kind);

	for (size_t at = 0; at < n; at += TILE) {
		int count = n - at < TILE ? (int)(n - at) : TILE;
		int32_t events = 0, units = 0;

		step(x + at, threshold + at, (char *)state + at * size, total + at, sent + at, count, rule, &events, &units);
		tally->events += events;
		tally->units += units;
	}
}
