/* The burst neuron of STA's released code. */
#include "snn/neuron_rule.h"

/* 1e5 and 1e-5 are the released code's. */
static inline struct fired
rule(float x, float v, float *state, const struct neuron_rule *own)
{
	float half = v * 0.5f, m = *state, u = x - m + own->initial * v;
	int up = (u >= v) & (u < 1.0e5f), down = (u <= -v) & (u > -1.0e5f) & (m > 0.0f), k;
	float first = (float)(up - down) * v, r, n, second;

	u -= first;
	m += first;
	r = greater(-m, u);
	n = lesser(floorf(fabsf(r) / (half + 1e-5f)), (float)own->burst);
	k = v > 0.0f ? (int)n : 0;
	second = (r < 0.0f ? -half : half) * (float)k;
	m += second;
	*state = m;
	return (struct fired){m, first + second, v > 0.0f ? up + down + k : 0};
}

static float
quantum(const struct neuron_rule *own, float threshold)
{
	(void)own;
	return threshold * 0.5f;
}

NEURON_LOOPS(burst, rule, float, NEURON_NUMBER, NEURON_UNCUT)

const struct neuron_type neuron_burst = {
    .name = "burst",
    .help = "signed, then up to burst spikes of half the threshold (STA)",
    .burst = 2,
    .burst_max = 8,
    .signs = true,
    .has_initial = true,
    .mean = true,
    .sum = true,
    .share = share_whole,
    .quantum = quantum,
    NEURON_LOOPS_OF(burst),
};
