/* Multi-threshold with levels that shrink as 1/t (differential coding). No integer
 * counts sums of such levels, so M is a float. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, float *state, const struct neuron_rule *own)
{
	float base = v * own->grain, reach = base > 0.0f ? (4.0f / 3.0f) / base : 0.0f, start = *state, m = start;
	int units = 0, most = own->burst - 1;

	for (int i = 0; i < own->repeat; i++) {
		float r = x - m, a = fabsf(r) * reach;
		int k = exponent(a), fires = a >= 2.0f / 3.0f;

		k = k < 0 ? 0 : k;
		k = k > most ? most : k;
		m += (r < 0.0f ? -base : base) * (float)(fires * (1 << k));
		units += fires;
	}
	*state = m;
	return (struct fired){m, m - start, units};
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	return threshold * own->grain;
}

NEURON_LOOPS(differential, rule, float, NEURON_NUMBER, NEURON_CUT)

const struct neuron_type neuron_differential = {
    .name = "differential",
    .help = "multi-threshold with levels divided by t (DCGS)",
    .burst = 8,
    .burst_max = 10,
    .levels = true,
    .repeats = true,
    .signs = true,
    .sum = true,
    .share = share_levels,
    .quantum = quantum,
    NEURON_LOOPS_OF(differential),
};
