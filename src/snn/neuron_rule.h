/* What the file of a neuron is made of: its rule for one neuron, and the loops over
 * many of them that this header writes around it.
 *
 * A rule takes the target x, what it needs of the threshold (which loops over neurons
 * that share one keep in registers) and the state, which it updates. Counts are whole
 * numbers in floats, and everything is a selection, nothing a branch, so that loops over
 * neurons vectorise. */
#ifndef SPIKESCOPE_SNN_NEURON_RULE_H
#define SPIKESCOPE_SNN_NEURON_RULE_H

#include "base/kernel.h"
#include "snn/neuron.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct fired {
	float state; /* M_t, as a count where the neuron counts */
	float sent;  /* what this step added to M */
	int units;   /* spikes */
};

/* One loop per rule: the rule is a constant inside it, so that it vectorises. */
#define NEURON_POPULATION(name, fire, limits_of, type)                                                                           \
	KERNEL static void name(const float *restrict x, const float *restrict threshold, void *restrict state,                  \
				float *restrict total, float *restrict sent, int n, struct neuron_rule own,                      \
				int32_t *restrict events, int32_t *restrict units)                                               \
	{                                                                                                                        \
		type *restrict m = state;                                                                                        \
		int32_t e = 0, u = 0;                                                                                            \
		for (int i = 0; i < n; i++) {                                                                                    \
			struct neuron_limits l = limits_of(threshold[i], &own);                                                  \
			struct fired f = fire(x[i], l, &m[i], &own);                                                             \
			total[i] = f.state * l.quantum;                                                                          \
			sent[i] = f.sent;                                                                                        \
			e += f.units != 0;                                                                                       \
			u += f.units;                                                                                            \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += u;                                                                                                     \
	}

/* Limits in a tile: of a unit's one threshold, or of every element's own. */
#define NEURON_SHARED(limits_of)                                                                                                 \
	const struct neuron_limits l = t->limits[i];                                                                             \
	const float weight = t->weight[i]
#define NEURON_SHARED_LANE(limits_of)
#define NEURON_OWN(limits_of)                                                                                                    \
	const float *restrict threshold = t->threshold + (size_t)i * t->across;                                                  \
	const float *restrict weights = t->weight + (size_t)i * t->across
#define NEURON_OWN_LANE(limits_of)                                                                                               \
	const struct neuron_limits l = limits_of(threshold[j], &own);                                                            \
	const float weight = weights[j]

/* The hidden units of a tile, one after the other; within one, lanes are elements. */
#define NEURON_HIDDEN(name, fire, limits_of, type, BEFORE, LANE)                                                                 \
	KERNEL static void name(const struct neuron_tile *t)                                                                     \
	{                                                                                                                        \
		const struct neuron_rule own = *t->rule;                                                                         \
		const float floor = t->floor, *restrict x = t->x;                                                                \
		float y[NEURON_TILE];                                                                                            \
		int32_t tally[NEURON_TILE];                                                                                      \
                                                                                                                                 \
		for (int j = 0; j < NEURON_TILE; j++) {                                                                          \
			y[j] = t->base;                                                                                          \
			tally[j] = 0;                                                                                            \
		}                                                                                                                \
		for (int i = 0; i < t->hidden; i++) {                                                                            \
			type *restrict m = (type *)t->m + (size_t)i * NEURON_TILE;                                               \
			const float w1 = t->w1[i], bias = t->bias[i], top = t->top[i];                                           \
			BEFORE(limits_of);                                                                                       \
                                                                                                                                 \
			if (t->turn[i] != NEURON_TURN_EACH) {                                                                    \
				float sent = t->weight[(size_t)i * t->across] * t->common[i];                                    \
				if (t->common[i] != 0)                                                                           \
					for (int j = 0; j < NEURON_TILE; j++)                                                    \
						y[j] += sent;                                                                    \
				continue;                                                                                        \
			}                                                                                                        \
			for (int j = 0; j < NEURON_TILE; j++) {                                                                  \
				LANE(limits_of);                                                                                 \
				float target = lesser(greater(w1 * x[j] + bias, floor), top);                                    \
				struct fired f = fire(target, l, &m[j], &own);                                                   \
                                                                                                                                 \
				y[j] += weight * f.state;                                                                        \
				tally[j] += f.units + (f.units != 0 ? NEURON_TILE_EVENT : 0);                                    \
			}                                                                                                        \
		}                                                                                                                \
		memcpy(t->y, y, sizeof(y));                                                                                      \
		memcpy(t->tally, tally, sizeof(tally));                                                                          \
	}

/* Neurons that are in one state and step as one. */
#define NEURON_COMMON(name, fire, type)                                                                                          \
	static float name##_one(float x, struct neuron_limits l, float state, const struct neuron_rule *own, int *units)         \
	{                                                                                                                        \
		type m = (type)state;                                                                                            \
		struct fired f = fire(x, l, &m, own);                                                                            \
		*units = f.units;                                                                                                \
		return f.state;                                                                                                  \
	}                                                                                                                        \
	static void name##_part(float state, void *to)                                                                           \
	{                                                                                                                        \
		type *m = to;                                                                                                    \
		for (int j = 0; j < NEURON_TILE; j++)                                                                            \
			m[j] = (type)state;                                                                                      \
	}                                                                                                                        \
	static float name##_join(const void *from)                                                                               \
	{                                                                                                                        \
		const type *m = from;                                                                                            \
		int differ = 0;                                                                                                  \
		for (int j = 1; j < NEURON_TILE; j++)                                                                            \
			differ |= m[j] != m[0];                                                                                  \
		return differ ? NAN : (float)m[0];                                                                               \
	}

/* All loops of a neuron, as struct neuron_loops name. NEURON_LOOPS_ALONE is for neurons
 * whose state is more than a number. OWN_LIMITS and own_fire are for thresholds that
 * differ by element. */
#define NEURON_LOOPS_BOTH(name, fire, limits_of, own_fire, own_limits_of, type)                                                  \
	NEURON_POPULATION(name##_step, own_fire, own_limits_of, type)                                                            \
	NEURON_HIDDEN(name##_shared, fire, limits_of, type, NEURON_SHARED, NEURON_SHARED_LANE)                                   \
	NEURON_HIDDEN(name##_own, own_fire, own_limits_of, type, NEURON_OWN, NEURON_OWN_LANE)
#define NEURON_LOOPS_OF(name, fire, limits_of, own_fire, own_limits_of, type)                                                    \
	NEURON_LOOPS_BOTH(name, fire, limits_of, own_fire, own_limits_of, type)                                                  \
	NEURON_COMMON(name, fire, type)                                                                                          \
	static const struct neuron_loops name = {name##_step, name##_shared, name##_own, limits_of,                              \
						 name##_one,  name##_part,   name##_join};
#define NEURON_LOOPS(name, fire, limits_of, type) NEURON_LOOPS_OF(name, fire, limits_of, fire, limits_of, type)
#define NEURON_LOOPS_ALONE(name, fire, limits_of, type)                                                                          \
	NEURON_LOOPS_BOTH(name, fire, limits_of, fire, limits_of, type)                                                          \
	static const struct neuron_loops name = {name##_step, name##_shared, name##_own, limits_of, NULL, NULL, NULL};

/* What reads a state, and its size, for struct neuron_type. */
#define NEURON_STATE(name, type, COUNT)                                                                                          \
	static float name##_read(const void *state, size_t i)                                                                    \
	{                                                                                                                        \
		const type *m = state;                                                                                           \
		return COUNT(m[i]);                                                                                              \
	}                                                                                                                        \
	enum { name##_state_size = sizeof(type) };
#define NEURON_STATE_OF(name) .state_size = name##_state_size, .read = name##_read
#define NEURON_NUMBER(m)      ((float)(m)) /* COUNT of a state that is a number */

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

/* A limit that no membrane reaches when the threshold is 0. */
static inline float
never_without(float threshold, float limit)
{
	return threshold > 0.0f ? limit : INFINITY;
}

static inline float
with_sign_of(float a, float sign)
{
	uint32_t bits, other;

	memcpy(&bits, &a, sizeof(bits));
	memcpy(&other, &sign, sizeof(other));
	bits ^= other & 0x80000000u;
	memcpy(&a, &bits, sizeof(a));
	return a;
}

/* 2^floor(log2(a)) of a normal, positive float; 0 of smaller ones. */
static inline float
power_below(float a)
{
	uint32_t bits;

	memcpy(&bits, &a, sizeof(bits));
	bits &= 0x7f800000u;
	memcpy(&a, &bits, sizeof(a));
	return a;
}

#endif
