#include "snn/neuron.h"

#include "snn/neuron_rule.h"

float
neuron_quantum(enum neuron_kind kind, float threshold)
{
	return kind == NEURON_BURST ? threshold * 0.5f : threshold;
}

/* One loop per rule: the rule is a constant inside it, so that it vectorises. */
#define POPULATION(name, rule)                                                                                                   \
	KERNEL static void name(const float *restrict x, const float *restrict threshold, int16_t *restrict m,                   \
				int16_t *restrict delta, int n, int burst, int32_t *events, int32_t *units)                      \
	{                                                                                                                        \
		int32_t e = 0, un = 0;                                                                                           \
		for (int i = 0; i < n; i++) {                                                                                    \
			struct fired f = rule(x[i], threshold[i], m[i], burst);                                                  \
			delta[i] = (int16_t)f.delta;                                                                             \
			m[i] = (int16_t)(m[i] + f.delta);                                                                        \
			e += f.units != 0;                                                                                       \
			un += f.units;                                                                                           \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += un;                                                                                                    \
	}

POPULATION(step_if, rule_if)
POPULATION(step_signed, rule_signed)
POPULATION(step_burst, rule_burst)
POPULATION(step_round, rule_round)

typedef void population(const float *, const float *, int16_t *, int16_t *, int, int, int32_t *, int32_t *);

static population *
population_of(enum neuron_kind kind)
{
	switch (kind) {
	case NEURON_IF:
		return step_if;
	case NEURON_SIGNED:
		return step_signed;
	case NEURON_BURST:
		return step_burst;
	default:
		return step_round;
	}
}

void
neuron_step(struct neuron_rule rule, const float *x, const float *threshold, int16_t *m, int16_t *delta, size_t n,
	    struct neuron_tally *tally)
{
	enum { TILE = 1 << 16 };
	population *step = population_of(rule.kind);

	for (size_t at = 0; at < n; at += TILE) {
		int count = n - at < TILE ? (int)(n - at) : TILE;
		int32_t events = 0, units = 0;

		step(x + at, threshold + at, m + at, delta + at, count, rule.burst, &events, &units);
		tally->events += events;
		tally->units += units;
	}
}
