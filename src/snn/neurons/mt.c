/* Multi-threshold, nearest level, with levels that may be refined. */
#include "snn/neurons/rule.h"

/* low and high are the smallest and the largest step in quanta; step turns what is
 * missing into four thirds of it, in quanta; start is the least of these that is answered:
 * half the lowest level, or three quarters of it once refinement has ended. What then
 * remains after a spike is a quarter, so that a target which trembles does not bring
 * spikes back and forth for ever. */
static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	float base = v * own->grain, unit = own->grain / own->fine;
	bool settled = own->grain == own->fine && own->fine < 1.0f;

	return (struct neuron_limits){.quantum = v * own->fine,
				      .low = unit,
				      .high = unit * (float)(1 << (own->burst - 1)),
				      .step = base > 0.0f ? (4.0f / 3.0f) / base * unit : 0.0f,
				      .start = (settled ? 1.0f : 2.0f / 3.0f) * unit};
}

/* The exponent alone of what is missing is the level; its sign is the spike's. */
static inline int
answer(float x, struct neuron_limits l, float *m)
{
	float r = x - *m * l.quantum;
	int32_t a = magnitude(fabsf(r) * l.step), level = smaller(larger(a & EXPONENT, bits_of(l.low)), bits_of(l.high));
	int fires = a >= bits_of(l.start);

	*m += fires ? with_sign_of(level, r) : 0.0f;
	return fires;
}

static inline struct fired
answers(float x, struct neuron_limits l, float *state, int repeat)
{
	float start = *state, m = start;
	int units = 0;

	for (int i = 0; i < repeat; i++)
		units += answer(x, l, &m);
	*state = m;
	return (struct fired){m, (m - start) * l.quantum, units};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	(void)own;
	return answers(x, l, state, 1);
}

static inline struct fired
rule_twice(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	(void)own;
	return answers(x, l, state, 2);
}

static inline struct fired
rule_thrice(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	(void)own;
	return answers(x, l, state, 3);
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	return threshold * own->fine;
}

NEURON_LOOPS(once, rule, limits, int16_t, NEURON_COUNT)
NEURON_LOOPS(twice, rule_twice, limits, int16_t, NEURON_COUNT)
NEURON_LOOPS(thrice, rule_thrice, limits, int16_t, NEURON_COUNT)
NEURON_STATE(mt, int16_t, NEURON_NUMBER)

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	static const struct neuron_loops *const by_repeat[] = {&once, &twice, &thrice};

	return by_repeat[own->repeat - 1];
}

const struct neuron_type neuron_mt = {
    .name = "mt",
    .help = "multi-threshold: the nearest of the levels, powers of two of the threshold",
    .counts = true,
    .burst = 6,
    .burst_max = 8,
    .levels = true,
    .repeats = true,
    .signs = true,
    .sum = true,
    .share = share_levels,
    .most = most_level,
    .quantum = quantum,
    NEURON_STATE_OF(mt),
    .cut = true,
    .loops = loops,
};
