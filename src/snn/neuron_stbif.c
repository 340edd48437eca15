/* ST-BIF+: ternary spikes, and a count that stays within what a quantised activation has. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, int16_t *state, const struct neuron_rule *own)
{
	int m = *state;
	float u = x - (float)m * v + own->initial * v;
	int up = (u >= v) & (m < own->burst) & (v > 0.0f), down = (u < 0.0f) & (m > -own->burst) & (v > 0.0f);

	*state = (int16_t)(m + up - down);
	return (struct fired){(float)(m + up - down) * v, (float)(up - down) * v, up + down};
}

NEURON_LOOPS(stbif, rule, int16_t, NEURON_NUMBER, NEURON_CUT)

const struct neuron_type neuron_stbif = {
    .name = "stbif",
    .help = "one quantum up or down a step, at most burst in all (ST-BIF+)",
    .counts = true,
    .burst = 16,
    .burst_max = 1024,
    .signs = true,
    .has_initial = true,
    .initial = 0.5f,
    .sum = true,
    .share = share_burst,
    .quantum = quantum_threshold,
    NEURON_LOOPS_OF(stbif),
};
