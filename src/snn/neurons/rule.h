/* What the file of a neuron is made of: its rule for one neuron, and the loops over
 * many of them that this header writes around it.
 *
 * A rule takes the target x, what it needs of the threshold (which loops over neurons
 * that share one keep in registers) and the state, which it updates. Counts are whole
 * numbers in floats, and everything is a selection, nothing a branch, so that loops over
 * neurons vectorise. */
#ifndef SPIKESCOPE_SNN_NEURON_RULE_H
#define SPIKESCOPE_SNN_NEURON_RULE_H

#include "kernels/kernel.h"
#include "snn/neurons/neuron.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct fired {
	float state; /* M_t, as a count where the neuron counts */
	float sent;  /* what this step added to M */
	int units;   /* spikes */
};

enum { NEURON_COLUMNS = 768 }; /* at a time, of a population that is no UGO */

/* Counts, as they are kept. */
INLINE static int16_t
keep_count(float w)
{
	return (int16_t)(int)w;
}

INLINE static int32_t
keep_wide_count(float w)
{
	return (int32_t)w;
}

/* struct neuron_type.read of states that are a number. */
static inline float
read_count(const void *state, size_t i)
{
	return (float)((const int16_t *)state)[i];
}

static inline float
read_wide_count(const void *state, size_t i)
{
	return (float)((const int32_t *)state)[i];
}

static inline float
read_sum(const void *state, size_t i)
{
	return ((const float *)state)[i];
}

/* --- units of a tile (loops_template.h) ------------------------------------------------- */

/* One unit of a tile in one step. Its thresholds and weights, one for all elements, or of each. */
struct unit_step {
	float w1, bias, top, weight;
	int32_t floor;
	struct neuron_limits limits;
	const float *thresholds, *weights; /* [NEURON_TILE] where elements have their own */
};

INLINE static struct unit_step
unit_in_step(const struct neuron_tile *t, const struct neuron_tile_step *step, int i, bool own)
{
	size_t at = (size_t)i * (own ? t->across : 1);

	return (struct unit_step){.w1 = t->w1[i],
				  .bias = step->bias[i],
				  .top = step->top[i],
				  .weight = t->weight[at],
				  .floor = t->cut ? 0 : INT32_MIN,
				  .limits = step->limits[i],
				  .thresholds = t->threshold + at,
				  .weights = t->weight + at};
}

/* What neurons send that are in one state and stay in it. */
INLINE static void
add_uniform(float sent, float state, float *restrict y)
{
	for (int j = 0; j < NEURON_TILE && state != 0.0f; j++)
		y[j] += sent;
}

static inline void
add_uniform_steps(const struct neuron_tile *t, int i)
{
	float sent = t->weight[(size_t)i * t->across] * t->uniform[i];

	for (int k = 0; k < t->steps; k++)
		add_uniform(sent, t->uniform[i], t->step[k].y);
}

/* Bytes [at, at + size) of what will be read next. Memory answers while units step; asked for
 * everything at once, it would let the first of them wait. */
INLINE static void
prefetch_next(const struct neuron_tile *t, size_t at, size_t size)
{
	enum { LINE = 64 };

	for (size_t line = at; line < at + size && line < t->next_size; line += LINE)
		__builtin_prefetch(t->next_states + line, 1);
}

/* Are targets without a range and neurons without an initial potential, so that loops may leave both out? */
static inline bool
is_plain(const struct neuron_tile *t)
{
	return !t->cut && t->step->rule.initial == 0.0f;
}

/* The rule of a step, whose initial potential compilers know in plain loops. */
INLINE static struct neuron_rule
rule_in_tile(const struct neuron_tile_step *step, bool plain)
{
	struct neuron_rule rule = step->rule;

	rule.initial = plain ? 0.0f : rule.initial;
	return rule;
}

/* Settings that several neurons have. */
#define SETTING_AT(field) .at = offsetof(struct neuron_settings, field)
#define SETTING_COUNT(name, what, most, value)                                                                                   \
	{                                                                                                                        \
		.key = (name), .help = (what), .whole = true, .lo = 1, .hi = (most), .usual = (value), SETTING_AT(burst)         \
	}
#define SETTING_BURST(most, value)  SETTING_COUNT("burst", "quanta a step", most, value)
#define SETTING_LEVELS(most, value) SETTING_COUNT("levels", "thresholds: powers of two of the lowest", most, value)
#define SETTING_REPEAT                                                                                                           \
	{                                                                                                                        \
		.key = "repeat", .help = "spikes a step", .whole = true, .lo = 1, .hi = NEURON_REPEAT_MOST, .usual = 1,          \
		SETTING_AT(repeat)                                                                                               \
	}
#define SETTING_INITIAL(value)                                                                                                   \
	{                                                                                                                        \
		.key = "initial", .help = "membrane potential at the start, in thresholds", .hi = 1, .usual = (value),           \
		SETTING_AT(initial)                                                                                              \
	}
/* number: which of those that the neuron has alone. */
#define SETTING_OWN(number, name, what, least, most, value)                                                                      \
	{                                                                                                                        \
		.key = (name), .help = (what), .lo = (least), .hi = (most), .usual = (value), SETTING_AT(own[number])            \
	}

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

/* How many quanta: one; as many as the burst; as the highest level. */
static inline int
most_one(int burst)
{
	(void)burst;
	return 1;
}

static inline int
most_burst(int burst)
{
	return burst;
}

static inline int
most_level(int burst)
{
	return 1 << (burst - 1);
}

/* Is every spike one quantum, whatever the settings? */
static inline bool
always_single(const struct neuron_settings *settings)
{
	(void)settings;
	return true;
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

static inline int32_t
smaller(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static inline int32_t
larger(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static inline int32_t
magnitude(float a)
{
	return bits_of(a) & INT32_MAX;
}

static inline float
with_sign_of(int32_t magnitude, float sign)
{
	return float_of(magnitude ^ (bits_of(sign) & INT32_MIN));
}

enum { EXPONENT = 0x7f800000 }; /* its bits alone are 2^floor(log2(a)) of a normal, positive float */

/* clip(a, 0, top), or a with floor INT32_MIN and top infinite. */
static inline float
clip(float a, int32_t floor, float top)
{
	return float_of(smaller(larger(bits_of(a), floor), bits_of(top)));
}

#endif
