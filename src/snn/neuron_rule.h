/* What the file of a neuron is made of: its rule for one neuron, and the loops over
 * many of them that this header writes around it. A rule takes the target x, the
 * threshold v and the state, which it updates. */
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

/* One loop per rule: the rule is a constant inside it, so that it vectorises. */
#define NEURON_POPULATION(name, fire, type)                                                                                      \
	KERNEL static void name(const float *restrict x, const float *restrict threshold, void *restrict state,                  \
				float *restrict total, float *restrict sent, int n, struct neuron_rule own,                      \
				int32_t *restrict events, int32_t *restrict units)                                               \
	{                                                                                                                        \
		type *restrict m = state;                                                                                        \
		int32_t e = 0, u = 0;                                                                                            \
		for (int i = 0; i < n; i++) {                                                                                    \
			struct fired f = fire(x[i], threshold[i], &m[i], &own);                                                  \
			total[i] = f.total;                                                                                      \
			sent[i] = f.sent;                                                                                        \
			e += f.units != 0;                                                                                       \
			u += f.units;                                                                                            \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += u;                                                                                                     \
	}

#define NEURON_HIDDEN(name, fire, type, COUNT, TARGET)                                                                           \
	KERNEL static void name(struct neuron_unit un, const float *restrict x, const float *restrict threshold,                 \
				const float *restrict weight, void *restrict state, float *restrict y, int n,                    \
				int32_t *restrict events, int32_t *restrict units)                                               \
	{                                                                                                                        \
		type *restrict m = state;                                                                                        \
		int32_t e = 0, u = 0;                                                                                            \
		for (int j = 0; j < n; j++) {                                                                                    \
			float target = un.w1 * x[j] + un.bias;                                                                   \
			TARGET;                                                                                                  \
			struct fired f = fire(target, threshold[j], &m[j], &un.rule);                                            \
			y[j] += weight[j] * COUNT(m[j]);                                                                         \
			e += f.units != 0;                                                                                       \
			u += f.units;                                                                                            \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += u;                                                                                                     \
	}

#define NEURON_NUMBER(m) ((float)(m)) /* COUNT of a state that is a number */

/* Targets of hidden neurons. In ReLU form those that cannot send below zero need no cut. */
#define NEURON_UNCUT
#define NEURON_CUT  target = greater(target, 0.0f)
#define NEURON_CLIP target = lesser(greater(target, 0.0f), un.top)

/* All loops of a neuron, and NEURON_LOOPS_OF(name) for its struct neuron_type. */
#define NEURON_LOOPS(name, fire, type, COUNT, RELU)                                                                              \
	NEURON_POPULATION(name##_step, fire, type)                                                                               \
	NEURON_HIDDEN(name##_relu, fire, type, COUNT, RELU)                                                                      \
	NEURON_HIDDEN(name##_segment, fire, type, COUNT, NEURON_CLIP)                                                            \
	static float name##_read(const void *state, size_t i)                                                                    \
	{                                                                                                                        \
		const type *m = state;                                                                                           \
		return COUNT(m[i]);                                                                                              \
	}                                                                                                                        \
	enum { name##_state_size = sizeof(type) };
#define NEURON_LOOPS_OF(name)                                                                                                    \
	.state_size = name##_state_size, .read = name##_read, .step = name##_step, .relu = name##_relu, .segment = name##_segment

/* Shares and quanta that several neurons have. */
static inline float
share_whole(int burst)
{
	(void)burst;
	return 1;
}

static inline float
share_burst(int burst)
{
	return 1.0f / (float)burst;
}

static inline float
share_levels(int burst)
{
	return ldexpf(1, 1 - burst);
}

static inline float
quantum_threshold(const struct neuron_rule *rule, float threshold)
{
	(void)rule;
	return threshold;
}

/* floor(log2(a)) of a normal, positive float. */
static inline int
exponent(float a)
{
	int32_t bits;

	memcpy(&bits, &a, sizeof(bits));
	return (bits >> 23) - 127;
}

#endif
