/* The rules of neuron.h for one neuron, to be inlined into kernels. Each takes the
 * target x, the threshold v and the state, which it updates. */
#ifndef SPIKESCOPE_SNN_NEURON_RULE_H
#define SPIKESCOPE_SNN_NEURON_RULE_H

#include "snn/kernel.h"
#include "snn/neuron.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct fired {
	float total, sent; /* M_t and what this step added to it */
	int units;         /* spikes */
};

static inline struct fired
rule_if(float x, float v, int16_t *state, const struct neuron_rule *rule)
{
	int m = *state, d = (x - (float)m * v >= v) & (v > 0.0f);

	(void)rule;
	*state = (int16_t)(m + d);
	return (struct fired){(float)(m + d) * v, (float)d * v, d};
}

static inline struct fired
rule_signed(float x, float v, int16_t *state, const struct neuron_rule *rule)
{
	int m = *state;
	float u = x - (float)m * v;
	int up = (u >= v) & (v > 0.0f), down = (u <= -v) & (m > 0) & (v > 0.0f);

	(void)rule;
	*state = (int16_t)(m + up - down);
	return (struct fired){(float)(m + up - down) * v, (float)(up - down) * v, up + down};
}

/* 1e5 and 1e-5 are the released code's. */
static inline struct fired
rule_burst(float x, float v, float *state, const struct neuron_rule *rule)
{
	float half = v * 0.5f, m = *state, u = x - m;
	int up = (u >= v) & (u < 1.0e5f), down = (u <= -v) & (u > -1.0e5f) & (m > 0.0f), k;
	float first = (float)(up - down) * v, r, n, second;

	u -= first;
	m += first;
	r = greater(-m, u);
	n = lesser(floorf(fabsf(r) / (half + 1e-5f)), (float)rule->burst);
	k = v > 0.0f ? (int)n : 0;
	second = (r < 0.0f ? -half : half) * (float)k;
	m += second;
	*state = m;
	return (struct fired){m, first + second, v > 0.0f ? up + down + k : 0};
}

static inline struct fired
rule_round(float x, float v, int16_t *state, const struct neuron_rule *rule)
{
	int m = *state, k;
	float b = (float)rule->burst, n = rintf((x - (float)m * v) / v);

	n = greater(lesser(n, b), -b);
	k = v > 0.0f ? (int)n : 0;
	*state = (int16_t)(m + k);
	return (struct fired){(float)(m + k) * v, (float)k * v, k < 0 ? -k : k};
}

/* floor(log2(a)) of a normal, positive float. */
static inline int
exponent(float a)
{
	int32_t bits;

	memcpy(&bits, &a, sizeof(bits));
	return (bits >> 23) - 127;
}

static inline struct fired
rule_mt(float x, float v, int16_t *state, const struct neuron_rule *rule)
{
	float quantum = v * rule->fine, base = v * rule->grain, reach = base > 0.0f ? (4.0f / 3.0f) / base : 0.0f;
	int start = *state, m = start, units = 0, unit = (int)(rule->grain / rule->fine), most = rule->burst - 1;

	for (int i = 0; i < rule->repeat; i++) {
		float r = x - (float)m * quantum, a = fabsf(r) * reach;
		int k = exponent(a), fires = a >= 2.0f / 3.0f, step;

		k = k < 0 ? 0 : k;
		k = k > most ? most : k;
		step = fires * (unit << k);
		m += r < 0.0f ? -step : step;
		units += fires;
	}
	*state = (int16_t)m;
	return (struct fired){(float)m * quantum, (float)(m - start) * quantum, units};
}

#endif
