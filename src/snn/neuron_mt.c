/* Multi-threshold, nearest level, with levels that may be refined. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, int16_t *state, const struct neuron_rule *own)
{
	float quantum = v * own->fine, base = v * own->grain, reach = base > 0.0f ? (4.0f / 3.0f) / base : 0.0f;
	int start = *state, m = start, units = 0, unit = (int)(own->grain / own->fine), most = own->burst - 1;

	for (int i = 0; i < own->repeat; i++) {
		float r = x - (float)m * quantum, a = fabsf(r) * reach;
		int k = exponent(a), fires = a >= 2.0f / 3.0f, step;

		k = k < 0 ? 0 : k;
		k = k > most ? most : k;
		step = fires * (unit << k);
		m += r < 0.0f ? -step : step;
		units += fires;
	}
	*state = (int16_t)m;
	return (struct fired){(float)m * quantum, (float)(m - start) * quantum, units};
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	return threshold * own->fine;
}

NEURON_LOOPS(mt, rule, int16_t, NEURON_NUMBER, NEURON_CUT)

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
    .quantum = quantum,
    NEURON_LOOPS_OF(mt),
};
