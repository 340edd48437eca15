/* Signed with memory (STA): takes back no more than it has sent. */
#include "snn/neuron_rule.h"

static inline struct fired
rule(float x, float v, int16_t *state, const struct neuron_rule *own)
{
	int m = *state;
	float u = x - (float)m * v + own->initial * v;
	int up = (u >= v) & (v > 0.0f), down = (u <= -v) & (m > 0) & (v > 0.0f);

	*state = (int16_t)(m + up - down);
	return (struct fired){(float)(m + up - down) * v, (float)(up - down) * v, up + down};
}

NEURON_LOOPS(signed, rule, int16_t, NEURON_NUMBER, NEURON_UNCUT)

const struct neuron_type neuron_signed = {
    .name = "signed",
    .help = "integrate and fire that takes back what it sent (STA: signed with memory)",
    .counts = true,
    .signs = true,
    .has_initial = true,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .quantum = quantum_threshold,
    NEURON_LOOPS_OF(signed),
};
