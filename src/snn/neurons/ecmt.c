/* Multi-threshold by ECMT's rule, which rounds down except at the lowest level. */
#include "snn/neurons/rule.h"

static inline struct neuron_limits
limits(float v, const struct neuron_rule *own)
{
	return (struct neuron_limits){.quantum = v, .low = never_without(v, v), .high = (float)(1 << (own->burst - 1))};
}

static inline struct fired
rule(float x, struct neuron_limits l, float *state, const struct neuron_rule *own)
{
	float m = *state, u = x - m * l.quantum, a = fabsf(u) / l.low + 0.5f, step;
	int fires = a >= 1.0f;

	(void)own;
	step = fires ? with_sign_of(smaller(bits_of(a) & EXPONENT, bits_of(l.high)), u) : 0.0f;
	m += step;
	*state = m;
	return (struct fired){m, step * l.quantum, fires};
}

NEURON_LOOPS(only, rule, limits, int32_t, NEURON_WIDE_COUNT)
NEURON_STATE(ecmt, int32_t, NEURON_NUMBER)

static const struct neuron_loops *
loops(const struct neuron_rule *own)
{
	(void)own;
	return &only;
}

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
    .most = most_level,
    .quantum = quantum_threshold,
    NEURON_STATE_OF(ecmt),
    .cut = true,
    .loops = loops,
};
