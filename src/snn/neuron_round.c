/* Up to burst quanta a step, to the nearest. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, int16_t *state, const struct neuron_rule *own)
{
	int m = *state, k;
	float b = (float)own->burst, n = rintf((x - (float)m * v) / v);

	n = greater(lesser(n, b), -b);
	k = v > 0.0f ? (int)n : 0;
	*state = (int16_t)(m + k);
	return (struct fired){(float)(m + k) * v, (float)k * v, k < 0 ? -k : k};
}

NEURON_LOOPS(round, rule, int16_t, NEURON_NUMBER, NEURON_CUT)

const struct neuron_type neuron_round = {
    .name = "round",
    .help = "up to burst quanta a step, to the nearest",
    .counts = true,
    .burst = 4,
    .burst_max = 16,
    .signs = true,
    .mean = true,
    .sum = true,
    .share = share_burst,
    .quantum = quantum_threshold,
    NEURON_LOOPS_OF(round),
};
