/* The rules of neuron.h for one neuron, to be inlined into kernels. Each takes the
 * target x, the threshold v and the state, which it updates. */
#ifndef SPIKESCOPE_SNN_NEURON_RULE_H
#define SPIKESCOPE_SNN_NEURON_RULE_H

#include "snn/kernel.h"

#include <math.h>
#include <stdint.h>

struct fired {
	float total, sent; /* M_t and what this step added to it */
	int units;         /* spikes */
};

static inline struct fired
rule_if(float x, float v, int16_t *state, int burst)
{
	int m = *state, d = (x - (float)m * v >= v) & (v > 0.0f);

	(void)burst;
	*state = (int16_t)(m + d);
	return (struct fired){(float)(m + d) * v, (float)d * v, d};
}

static inline struct fired
rule_signed(float x, float v, int16_t *state, int burst)
{
	int m = *state;
	float u = x - (float)m * v;
	int up = (u >= v) & (v > 0.0f), down = (u <= -v) & (m > 0) & (v > 0.0f);

	(void)burst;
	*state = (int16_t)(m + up - down);
	return (struct fired){(float)(m + up - down) * v, (float)(up - down) * v, up + down};
}

/* 1e5 and 1e-5 are the released code's. */
static inline struct fired
rule_burst(float x, float v, float *state, int burst)
{
	float half = v * 0.5f, m = *state, u = x - m;
	int up = (u >= v) & (u < 1.0e5f), down = (u <= -v) & (u > -1.0e5f) & (m > 0.0f), k;
	float first = (float)(up - down) * v, r, n, second;

	u -= first;
	m += first;
	r = fmaxf(-m, u);
	n = fminf(floorf(fabsf(r) / (half + 1e-5f)), (float)burst);
	k = v > 0.0f ? (int)n : 0;
	second = (r < 0.0f ? -half : half) * (float)k;
	m += second;
	*state = m;
	return (struct fired){m, first + second, v > 0.0f ? up + down + k : 0};
}

static inline struct fired
rule_round(float x, float v, int16_t *state, int burst)
{
	int m = *state, k;
	float b = (float)burst, n = rintf((x - (float)m * v) / v);

	n = fmaxf(fminf(n, b), -b);
	k = v > 0.0f ? (int)n : 0;
	*state = (int16_t)(m + k);
	return (struct fired){(float)(m + k) * v, (float)k * v, k < 0 ? -k : k};
}

#endif
