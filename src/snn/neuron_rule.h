/* The rules of neuron.h for one neuron, to be inlined into kernels. A rule takes the
 * target X_t, what it needs of the threshold (which loops over neurons that share one
 * keep in registers) and the state, of which it returns the successor. Counts are whole
 * numbers in floats. Everything is a selection, nothing a branch, so that loops over
 * neurons vectorise. */
#ifndef SPIKESCOPE_SNN_NEURON_RULE_H
#define SPIKESCOPE_SNN_NEURON_RULE_H

#include "snn/kernel.h"
#include "snn/neuron.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct fired {
	float state; /* after the step */
	float sent;  /* change of M */
	int units;   /* spikes */
};

/* What a rule needs of a threshold V in a step. Of V = 0 come limits that no membrane
 * reaches. */
struct limits {
	float quantum; /* value of one unit of state */
	float low, high;
	float reach; /* mt */
};

static inline uint32_t
bits_of(float a)
{
	uint32_t bits;

	memcpy(&bits, &a, sizeof(bits));
	return bits;
}

static inline float
float_of(uint32_t bits)
{
	float a;

	memcpy(&a, &bits, sizeof(a));
	return a;
}

enum { SIGN = INT32_MIN };

static inline float
with_sign_of(float a, float sign)
{
	return float_of(bits_of(a) ^ (bits_of(sign) & (uint32_t)SIGN));
}

static inline struct limits
limits_if(float v, const struct neuron_rule *rule)
{
	(void)rule;
	return (struct limits){.quantum = v, .low = v > 0 ? v : INFINITY};
}

static inline struct fired
rule_if(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	int up = x - m * l.quantum >= l.low;

	(void)rule;
	return (struct fired){m + (float)up, (float)up * l.quantum, up};
}

static inline struct fired
rule_signed(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	float u = x - m * l.quantum;
	int up = u >= l.low, down = (u <= -l.low) & (m > 0);

	(void)rule;
	return (struct fired){m + (float)(up - down), (float)(up - down) * l.quantum, up + down};
}

/* low is what is divided by: half the threshold and the released code's 1e-5. */
static inline struct limits
limits_burst(float v, const struct neuron_rule *rule)
{
	float half = v * 0.5f;

	(void)rule;
	return (struct limits){half, v > 0 ? half + 1e-5f : INFINITY, v > 0 ? v : INFINITY, 0};
}

/* The first spike: whole thresholds. 1e5 is the released code's. */
static inline int
burst_first(float u, struct limits l, float m, float *first)
{
	int up = (u >= l.high) & (u < 1.0e5f), down = (u <= -l.high) & (u > -1.0e5f) & (m > 0);

	*first = (up ? l.high : 0) - (down ? l.high : 0);
	return up + down;
}

static inline struct fired
rule_burst(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	float u = x - m, first, r, k, second;
	int units = burst_first(u, l, m, &first);

	u -= first;
	m += first;
	r = greater(-m, u);
	k = lesser(floorf(fabsf(r) / l.low), (float)rule->burst);
	second = with_sign_of(l.quantum * k, r);
	return (struct fired){m + second, first + second, units + (int)k};
}

/* The same for burst = 2: |r| / low reaches 1 or 2 exactly when |r| reaches low or 2 low,
 * also after rounding, for those are the quotients of neighbouring floats. */
static inline struct fired
rule_burst2(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	float u = x - m, first, r, half, second;
	int units = burst_first(u, l, m, &first), one, two;

	(void)rule;
	u -= first;
	m += first;
	r = greater(-m, u);
	one = fabsf(r) >= l.low;
	two = fabsf(r) >= 2 * l.low;
	half = with_sign_of(l.quantum, r);
	second = (one ? half : 0) + (two ? half : 0);
	return (struct fired){m + second, first + second, units + one + two};
}

static inline struct limits
limits_round(float v, const struct neuron_rule *rule)
{
	return (struct limits){.quantum = v, .high = v > 0 ? (float)rule->burst : 0};
}

/* What is added last makes -0 a 0. */
static inline struct fired
rule_round(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	float n = rintf((x - m * l.quantum) / l.quantum), k = greater(lesser(n, l.high), -l.high) + 0.0f;

	(void)rule;
	return (struct fired){m + k, k * l.quantum, (int)fabsf(k)};
}

/* For bursts of at most 2: the smallest floats whose quotient by V is rounded to 1 and 2,
 * so that nothing is divided. Ties go to the even neighbour: 1/2 (of V) to 0, 3/2 to 2. */
static inline struct limits
limits_round2(float v, const struct neuron_rule *rule)
{
	double two = (double)v * (1.5 - 0x1p-24);
	float high = (float)two;

	if ((double)high < two)
		high = nextafterf(high, INFINITY);
	return (struct limits){v, v > 0 ? 0.5f * v : INFINITY, v > 0 && rule->burst > 1 ? high : INFINITY, 0};
}

static inline struct fired
rule_round2(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	float u = x - m * l.quantum, sign = with_sign_of(1, u), k;
	int one = fabsf(u) > l.low, two = fabsf(u) >= l.high;

	(void)rule;
	k = (one ? sign : 0) + (two ? sign : 0);
	return (struct fired){m + k, k * l.quantum, one + two};
}

/* low and high are the smallest and the largest step in quanta; reach turns what is
 * missing into four thirds of it, in quanta. */
static inline struct limits
limits_mt(float v, const struct neuron_rule *rule)
{
	float base = v * rule->grain, unit = rule->grain / rule->fine;

	return (struct limits){v * rule->fine, unit, unit * (float)(1 << (rule->burst - 1)),
			       base > 0 ? (4.0f / 3.0f) / base * unit : 0};
}

/* The exponent alone of what is missing is the level; its sign is the spike's. */
static inline struct fired
rule_mt(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	float r = x - m * l.quantum, a = fabsf(r) * l.reach, level = float_of(bits_of(a) & 0x7f800000u), step;
	int fires = a >= 2.0f / 3.0f * l.low;

	(void)rule;
	level = lesser(greater(level, l.low), l.high);
	step = fires ? with_sign_of(level, r) : 0;
	return (struct fired){m + step, step * l.quantum, fires};
}

static inline struct fired
rule_mt_twice(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	struct fired one = rule_mt(x, l, m, rule), two = rule_mt(x, l, one.state, rule);

	return (struct fired){two.state, (two.state - m) * l.quantum, one.units + two.units};
}

static inline struct fired
rule_mt_thrice(float x, struct limits l, float m, const struct neuron_rule *rule)
{
	struct fired two = rule_mt_twice(x, l, m, rule), three = rule_mt(x, l, two.state, rule);

	return (struct fired){three.state, (three.state - m) * l.quantum, two.units + three.units};
}

#endif
