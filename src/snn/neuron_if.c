/* Integrate and fire with soft reset. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, int16_t *state, const struct neuron_rule *own)
{
	int m = *state, d = (x - (float)m * v + own->initial * v >= v) & (v > 0.0f);

	*state = (int16_t)(m + d);
	return (struct fired){(float)(m + d) * v, (float)d * v, d};
}

NEURON_LOOPS(if, rule, int16_t, NEURON_NUMBER, NEURON_UNCUT)

const struct neuron_type neuron_if = {
    .name = "if",
    .help = "integrate and fire with soft reset; cannot take back",
    .counts = true,
    .has_initial = true,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .quantum = quantum_threshold,
    NEURON_LOOPS_OF(if),
};
