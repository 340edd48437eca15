/* Leaky integrate and fire. What has leaked is lost, so the train carries less than its
 * target: for study, not for accuracy. */
#include "snn/neuron_rule.h"

struct leaky {
	float u;        /* membrane potential */
	float received; /* X of the step before */
	int32_t count;  /* spikes sent */
};

static inline struct fired
rule(float x, float v, struct leaky *state, const struct neuron_rule *own)
{
	float u = own->leak * state->u + (x - state->received);
	int fires = (u >= v) & (v > 0.0f);

	state->u = fires ? 0.0f : u;
	state->received = x;
	state->count += fires;
	return (struct fired){(float)state->count * v, fires ? v : 0.0f, fires};
}

#define SPIKES(m) ((float)(m).count)

NEURON_LOOPS(lif, rule, struct leaky, SPIKES, NEURON_UNCUT)

static float
membrane(const void *state, size_t i)
{
	const struct leaky *neuron = state;

	return neuron[i].u;
}

const struct neuron_type neuron_lif = {
    .name = "lif",
    .help = "leaky integrate and fire with hard reset (tau)",
    .counts = true,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .quantum = quantum_threshold,
    .membrane = membrane,
    NEURON_LOOPS_OF(lif),
};
