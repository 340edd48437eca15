/* The rules of neuron.h for one neuron, to be inlined into kernels. */
#ifndef SPIKESCOPE_SNN_NEURON_RULE_H
#define SPIKESCOPE_SNN_NEURON_RULE_H

#include "snn/kernel.h"

#include <math.h>
#include <stdint.h>

struct fired {
	int delta; /* quanta, signed */
	int units; /* spikes */
};

static inline struct fired
rule_if(float x, float v, int m, int burst)
{
	float u = x - (float)m * v;
	int d = (u >= v) & (v > 0.0f);

	(void)burst;
	return (struct fired){d, d};
}

static inline struct fired
rule_signed(float x, float v, int m, int burst)
{
	float u = x - (float)m * v;
	int up = (u >= v) & (v > 0.0f), down = (u <= -v) & (m > 0) & (v > 0.0f);

	(void)burst;
	return (struct fired){up - down, up + down};
}

static inline struct fired
rule_burst(float x, float v, int m, int burst)
{
	/* 1e5 and 1e-5 are the released code's. */
	float half = v * 0.5f, u = x - (float)m * half, r, n, b = (float)burst;
	int up = (u >= v) & (u < 1.0e5f), down = (u <= -v) & (u > -1.0e5f) & (m > 0), k;

	u -= (float)(up - down) * v;
	m += 2 * (up - down);
	r = fmaxf((float)-m * half, u);
	n = floorf(fabsf(r) / (half + 1e-5f));
	n = fminf(n, b);
	k = (int)n;
	k = r < 0.0f ? -k : k;
	if (v <= 0.0f)
		up = down = k = 0;
	return (struct fired){2 * (up - down) + k, up + down + (k < 0 ? -k : k)};
}

static inline struct fired
rule_round(float x, float v, int m, int burst)
{
	float b = (float)burst, n = rintf((x - (float)m * v) / v);
	int k;

	n = fmaxf(fminf(n, b), -b);
	k = v > 0.0f ? (int)n : 0;
	return (struct fired){k, k < 0 ? -k : k};
}

#endif
