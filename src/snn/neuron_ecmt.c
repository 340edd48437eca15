/* Multi-threshold by ECMT's rule, which rounds down except at the lowest level. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, int32_t *state, const struct neuron_rule *own)
{
	int m = *state, most = own->burst - 1;
	float u = x - (float)m * v, a = v > 0.0f ? fabsf(u) / v + 0.5f : 0.0f;
	int fires = a >= 1.0f, k = exponent(a), step;

	k = k < 0 ? 0 : k;
	k = k > most ? most : k;
	step = fires * (1 << k);
	step = u < 0.0f ? -step : step;
	*state = m + step;
	return (struct fired){(float)(m + step) * v, (float)step * v, fires};
}

NEURON_LOOPS(ecmt, rule, int32_t, NEURON_NUMBER, NEURON_CUT)

const struct neuron_type neuron_ecmt = {
    .name = "ecmt",
    .help = "multi-threshold, rounding down (ECMT)",
    .counts = true,
    .burst = 8,
    .burst_max = 10,
    .levels = true,
    .signs = true,
    .mean = true,
    .sum = true,
    .share = share_levels,
    .quantum = quantum_threshold,
    NEURON_LOOPS_OF(ecmt),
};
