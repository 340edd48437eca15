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

/* One loop per rule: the rule is a constant inside it, so that it vectorises. What thresholds
 * give is worked out once for all rows, some columns at a time. A state is kept as `type` and
 * worked with as `work`, which KEEP turns back. */
enum { NEURON_COLUMNS = 768 };

#define NEURON_POPULATION(name, fire, limits_of, type, work, KEEP)                                                               \
	KERNEL static void name(const float *restrict x, const float *restrict threshold, void *restrict state,                  \
				float *restrict total, float *restrict sent, int rows, int n, struct neuron_rule own,            \
				int32_t *restrict events, int32_t *restrict units)                                               \
	{                                                                                                                        \
		type *restrict m = state;                                                                                        \
		int32_t e = 0, u = 0;                                                                                            \
		for (int at = 0; at < n; at += NEURON_COLUMNS) {                                                                 \
			const int width = n - at < NEURON_COLUMNS ? n - at : NEURON_COLUMNS;                                     \
			float quantum[NEURON_COLUMNS], low[NEURON_COLUMNS], high[NEURON_COLUMNS], step[NEURON_COLUMNS],          \
			    start[NEURON_COLUMNS];                                                                               \
			for (int i = 0; i < width; i++) {                                                                        \
				struct neuron_limits l = limits_of(threshold[at + i], &own);                                     \
				quantum[i] = l.quantum;                                                                          \
				low[i] = l.low;                                                                                  \
				high[i] = l.high;                                                                                \
				step[i] = l.step;                                                                                \
				start[i] = l.start;                                                                              \
			}                                                                                                        \
			for (int r = 0; r < rows; r++) {                                                                         \
				const size_t from = (size_t)r * (size_t)n + (size_t)at;                                          \
				_Pragma("GCC ivdep") for (int i = 0; i < width; i++)                                             \
				{                                                                                                \
					struct neuron_limits l = {quantum[i], low[i], high[i], step[i], start[i]};               \
					work w = (work)m[from + (size_t)i];                                                      \
					struct fired f = fire(x[from + (size_t)i], l, &w, &own);                                 \
					m[from + (size_t)i] = KEEP(w);                                                           \
					total[from + (size_t)i] = f.state * l.quantum;                                           \
					sent[from + (size_t)i] = f.sent;                                                         \
					e += f.units != 0;                                                                       \
					u += f.units;                                                                            \
				}                                                                                                \
			}                                                                                                        \
		}                                                                                                                \
		*events += e;                                                                                                    \
		*units += u;                                                                                                     \
	}

/* What loops over a tile do by whose thresholds there are: a unit's one, or every element's own.
 * PLAIN: are targets without a range and neurons without an initial potential, so that loops
 * ("plain") may leave both out? Where units have one threshold this is rare, and few of a tile's states
 * are FETCHed: those of neurons that are not all in one state. */
#define NEURON_SHARED(limits_of) const float weight = t->weight[i]

#define NEURON_SHARED_STEP(limits_of) const struct neuron_limits l = step->limits[i]

#define NEURON_SHARED_LANE(limits_of)
#define NEURON_SHARED_FIRE(fire, target) struct fired f = fire(target, l, &w[j], &own)
#define NEURON_SHARED_TALLY              tally[j] += f.units + (f.units != 0 ? NEURON_TILE_EVENT : 0)
#define NEURON_SHARED_FETCH(type)
#define NEURON_SHARED_PLAIN(t) false
#define NEURON_OWN(limits_of)                                                                                                    \
	const float *restrict threshold = t->threshold + (size_t)i * t->across;                                                  \
	const float *restrict weights = t->weight + (size_t)i * t->across

#define NEURON_OWN_STEP(limits_of)
#define NEURON_OWN_LANE(limits_of)                                                                                               \
	const struct neuron_limits l = limits_of(threshold[j], &own);                                                            \
	const float weight = weights[j]
#define NEURON_OWN_FIRE        NEURON_SHARED_FIRE
#define NEURON_OWN_TALLY       NEURON_SHARED_TALLY
#define NEURON_OWN_FETCH(type) neuron_fetch(t, (size_t)t->slot[i] * NEURON_TILE * sizeof(type), NEURON_TILE * sizeof(type))
#define NEURON_OWN_PLAIN(t)    (!(t)->cut && (t)->step->rule.initial == 0.0f)

/* The same where the state is M, whose weight is the unit's, for rules that add their spikes to
 * the tally themselves. */
#define NEURON_OWN_SUM(limits_of)                                                                                                \
	const float *restrict threshold = t->threshold + (size_t)i * t->across;                                                  \
	const float weight = t->weight[(size_t)i * t->across]

#define NEURON_OWN_SUM_STEP(limits_of)
#define NEURON_OWN_SUM_LANE(limits_of)    const struct neuron_limits l = limits_of(threshold[j], &own)
#define NEURON_OWN_SUM_FIRE(fire, target) struct fired f = fire(target, l, &w[j], &tally[j], &own)
#define NEURON_OWN_SUM_TALLY
#define NEURON_OWN_SUM_FETCH NEURON_OWN_FETCH
#define NEURON_OWN_SUM_PLAIN NEURON_OWN_PLAIN

/* What the neurons of unit i send that are in one state and stay in it. */
static inline void
neuron_add_common(const struct neuron_tile *t, int i)
{
	float sent = t->weight[(size_t)i * t->across] * t->common[i];

	for (int k = 0; k < t->steps && t->common[i] != 0.0f; k++)
		for (int j = 0; j < NEURON_TILE; j++)
			t->step[k].y[j] += sent;
}

/* Bytes [at, at + size) of what will be read next. Memory answers while units step; asked for
 * everything at once, it would let the first of them wait. */
INLINE static void
neuron_fetch(const struct neuron_tile *t, size_t at, size_t size)
{
	enum { LINE = 64 };

	for (size_t line = at; line < at + size && line < t->ahead_size; line += LINE)
		__builtin_prefetch(t->ahead + line, 1);
}

/* The rule of a step, whose initial potential compilers know in plain loops. */
INLINE static struct neuron_rule
neuron_rule_of(const struct neuron_tile_step *step, bool plain)
{
	struct neuron_rule rule = step->rule;

	rule.initial = plain ? 0.0f : rule.initial;
	return rule;
}

/* One neuron of lane j in one step. */
#define NEURON_LANE(fire, limits_of, OWNER)                                                                                      \
	OWNER##_LANE(limits_of);                                                                                                 \
	const float target = w1 * x[j] + bias;                                                                                   \
	OWNER##_FIRE(fire, plain ? target : clip(target, floor, top));                                                           \
                                                                                                                                 \
	y[j] += weight * f.state;                                                                                                \
	OWNER##_TALLY

/* The hidden units of a tile, one after the other; lanes are elements. In one step sums and
 * tallies are in registers over all units; in several a unit takes all steps while its
 * states are. */
#define NEURON_HIDDEN(name, fire, limits_of, type, work, KEEP, OWNER)                                                            \
	INLINE static void name##_in_one(const struct neuron_tile *t, bool plain)                                                \
	{                                                                                                                        \
		const struct neuron_tile_step *step = t->step;                                                                   \
		const struct neuron_rule own = neuron_rule_of(step, plain);                                                      \
		const int32_t floor = t->cut ? 0 : INT32_MIN;                                                                    \
		const float *restrict x = step->x;                                                                               \
		float y[NEURON_TILE];                                                                                            \
		int32_t tally[NEURON_TILE];                                                                                      \
                                                                                                                                 \
		memcpy(y, step->y, sizeof(y));                                                                                   \
		memcpy(tally, step->tally, sizeof(tally));                                                                       \
		for (int i = 0; i < t->hidden; i++) {                                                                            \
			type *restrict m = (type *)t->m + (size_t)t->slot[i] * NEURON_TILE;                                      \
			const float w1 = t->w1[i], bias = step->bias[i], top = step->top[i];                                     \
			OWNER(limits_of);                                                                                        \
			OWNER##_STEP(limits_of);                                                                                 \
                                                                                                                                 \
			if (t->turn[i] != NEURON_TURN_EACH) {                                                                    \
				float sent = t->weight[(size_t)i * t->across] * t->common[i];                                    \
				for (int j = 0; j < NEURON_TILE && t->common[i] != 0.0f; j++)                                    \
					y[j] += sent;                                                                            \
				continue;                                                                                        \
			}                                                                                                        \
			OWNER##_FETCH(type);                                                                                     \
			_Pragma("GCC ivdep") for (int j = 0; j < NEURON_TILE; j++)                                               \
			{                                                                                                        \
				work w[NEURON_TILE];                                                                             \
				w[j] = (work)m[j];                                                                               \
				NEURON_LANE(fire, limits_of, OWNER);                                                             \
				m[j] = KEEP(w[j]);                                                                               \
			}                                                                                                        \
		}                                                                                                                \
		memcpy(step->y, y, sizeof(y));                                                                                   \
		memcpy(step->tally, tally, sizeof(tally));                                                                       \
	}                                                                                                                        \
	INLINE static void name##_in_many(const struct neuron_tile *t, bool plain)                                               \
	{                                                                                                                        \
		const int32_t floor = t->cut ? 0 : INT32_MIN;                                                                    \
                                                                                                                                 \
		for (int i = 0; i < t->hidden; i++) {                                                                            \
			type *restrict m = (type *)t->m + (size_t)t->slot[i] * NEURON_TILE;                                      \
			const float w1 = t->w1[i];                                                                               \
			work w[NEURON_TILE];                                                                                     \
			OWNER(limits_of);                                                                                        \
                                                                                                                                 \
			if (t->turn[i] != NEURON_TURN_EACH) {                                                                    \
				neuron_add_common(t, i);                                                                         \
				continue;                                                                                        \
			}                                                                                                        \
			OWNER##_FETCH(type);                                                                                     \
			for (int j = 0; j < NEURON_TILE; j++)                                                                    \
				w[j] = (work)m[j];                                                                               \
			for (int k = 0; k < t->steps; k++) {                                                                     \
				const struct neuron_tile_step *step = &t->step[k];                                               \
				const struct neuron_rule own = neuron_rule_of(step, plain);                                      \
				const float *restrict x = step->x;                                                               \
				const float bias = step->bias[i], top = step->top[i];                                            \
				float *restrict y = step->y;                                                                     \
				int32_t *restrict tally = step->tally;                                                           \
				OWNER##_STEP(limits_of);                                                                         \
                                                                                                                                 \
				_Pragma("GCC ivdep") for (int j = 0; j < NEURON_TILE; j++)                                       \
				{                                                                                                \
					NEURON_LANE(fire, limits_of, OWNER);                                                     \
				}                                                                                                \
			}                                                                                                        \
			for (int j = 0; j < NEURON_TILE; j++)                                                                    \
				m[j] = KEEP(w[j]);                                                                               \
		}                                                                                                                \
	}                                                                                                                        \
	KERNEL static void name##_once(const struct neuron_tile *t)                                                              \
	{                                                                                                                        \
		if (OWNER##_PLAIN(t))                                                                                            \
			name##_in_one(t, true);                                                                                  \
		else                                                                                                             \
			name##_in_one(t, false);                                                                                 \
	}                                                                                                                        \
	KERNEL static void name##_often(const struct neuron_tile *t)                                                             \
	{                                                                                                                        \
		if (OWNER##_PLAIN(t))                                                                                            \
			name##_in_many(t, true);                                                                                 \
		else                                                                                                             \
			name##_in_many(t, false);                                                                                \
	}                                                                                                                        \
	static void name(const struct neuron_tile *t)                                                                            \
	{                                                                                                                        \
		if (t->steps == 1)                                                                                               \
			name##_once(t);                                                                                          \
		else                                                                                                             \
			name##_often(t);                                                                                         \
	}

/* The first two steps of neurons that share thresholds. Slots are given out on the way. */
#define NEURON_ANEW(name, fire, type, KEEP)                                                                                      \
	KERNEL static void name##_anew(const struct neuron_tile *t, const int32_t *beyond)                                       \
	{                                                                                                                        \
		const struct neuron_tile_step *first = &t->step[0], *second = &t->step[1];                                       \
		const struct neuron_rule own = first->rule, then = second->rule;                                                 \
		const int32_t floor = t->cut ? 0 : INT32_MIN;                                                                    \
		const float *restrict x = first->x, *restrict now = second->x;                                                   \
		float y[NEURON_TILE];                                                                                            \
		int32_t tally[NEURON_TILE];                                                                                      \
		uint16_t used = 0;                                                                                               \
                                                                                                                                 \
		memcpy(y, second->y, sizeof(y));                                                                                 \
		memcpy(tally, second->tally, sizeof(tally));                                                                     \
		for (int i = 0; i < t->hidden; i++) {                                                                            \
			type *restrict m = (type *)t->m + (size_t)used * NEURON_TILE;                                            \
			const float w1 = t->w1[i], bias = first->bias[i], top = first->top[i], bias_now = second->bias[i],       \
				    top_now = second->top[i], weight = t->weight[i];                                             \
			const struct neuron_limits l = first->limits[i], limits_now = second->limits[i];                         \
                                                                                                                                 \
			t->slot[i] = NEURON_NO_SLOT;                                                                             \
			if (t->turn[i] != NEURON_TURN_EACH) {                                                                    \
				float sent = weight * t->common[i];                                                              \
				for (int j = 0; j < NEURON_TILE && t->common[i] != 0.0f; j++)                                    \
					y[j] += sent;                                                                            \
				continue;                                                                                        \
			}                                                                                                        \
			_Pragma("GCC ivdep") for (int j = 0; j < NEURON_TILE; j++)                                               \
			{                                                                                                        \
				float w = 0;                                                                                     \
				fire(clip(w1 *x[j] + bias, floor, top), l, &w, &own);                                            \
				struct fired f = fire(clip(w1 * now[j] + bias_now, floor, top_now), limits_now, &w, &then);      \
                                                                                                                                 \
				y[j] += weight * f.state;                                                                        \
				tally[j] += f.units + (f.units != 0 ? NEURON_TILE_EVENT : 0);                                    \
				m[j] = KEEP(w);                                                                                  \
			}                                                                                                        \
			if (beyond[i] && memcmp(m, m + 1, (NEURON_TILE - 1) * sizeof(*m)) == 0)                                  \
				t->common[i] = (float)m[0];                                                                      \
			else                                                                                                     \
				t->slot[i] = used++;                                                                             \
		}                                                                                                                \
		t->slot[t->hidden] = used;                                                                                       \
		memcpy(second->y, y, sizeof(y));                                                                                 \
		memcpy(second->tally, tally, sizeof(tally));                                                                     \
	}

/* Neurons that are in one state and step as one. */
#define NEURON_COMMON(name, fire, type)                                                                                          \
	KERNEL static float name##_one(float x, struct neuron_limits l, float state, const struct neuron_rule *own, int *units)  \
	{                                                                                                                        \
		struct fired f = fire(x, l, &state, own);                                                                        \
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
		return memcmp(m, m + 1, (NEURON_TILE - 1) * sizeof(*m)) != 0 ? NAN : (float)m[0];                                \
	}

/* KEEP of counts and of sums. */
#define NEURON_COUNT(w)      (int16_t)(int)(w)
#define NEURON_WIDE_COUNT(w) (int32_t)(w)
#define NEURON_SUM(w)        (w)

/* All loops of a neuron, as struct neuron_loops name. NEURON_LOOPS_ALONE is for neurons
 * whose state is more than a number; NEURON_LOOPS_OF for those with a rule or limits of their own
 * where thresholds differ by element: in a population, and in a tile. */
#define NEURON_LOOPS_BOTH(name, fire, limits_of, step_fire, step_limits_of, own_fire, own_limits_of, type, work, KEEP, OWNER)    \
	NEURON_POPULATION(name##_step, step_fire, step_limits_of, type, work, KEEP)                                              \
	NEURON_HIDDEN(name##_shared, fire, limits_of, type, work, KEEP, NEURON_SHARED)                                           \
	NEURON_HIDDEN(name##_own, own_fire, own_limits_of, type, work, KEEP, OWNER)
#define NEURON_LOOPS_OF(name, fire, limits_of, step_fire, step_limits_of, own_fire, own_limits_of, type, KEEP, OWNER)            \
	NEURON_LOOPS_BOTH(name, fire, limits_of, step_fire, step_limits_of, own_fire, own_limits_of, type, float, KEEP, OWNER)   \
	NEURON_ANEW(name, fire, type, KEEP)                                                                                      \
	NEURON_COMMON(name, fire, type)                                                                                          \
	static const struct neuron_loops name = {name##_step, name##_shared, name##_own,  name##_anew,                           \
						 limits_of,   name##_one,    name##_part, name##_join};
#define NEURON_LOOPS(name, fire, limits_of, type, KEEP)                                                                          \
	NEURON_LOOPS_OF(name, fire, limits_of, fire, limits_of, fire, limits_of, type, KEEP, NEURON_OWN)
#define NEURON_LOOPS_ALONE(name, fire, limits_of, type)                                                                          \
	NEURON_LOOPS_BOTH(name, fire, limits_of, fire, limits_of, fire, limits_of, type, type, NEURON_SUM, NEURON_OWN)           \
	static const struct neuron_loops name = {                                                                                \
	    .step = name##_step, .shared = name##_shared, .own = name##_own, .limits = limits_of};

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
