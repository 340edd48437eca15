/* The loops around a neuron's rule: real functions, written once and compiled for every rule. A neuron's file
 * names the parts and includes this, once for each struct neuron_loops that it defines:
 *
 *	#define LOOPS  only     // the struct neuron_loops, and what its functions' names begin with
 *	#define RULE   rule     // struct fired rule(float x, struct neuron_limits, WORK *, const struct neuron_rule *)
 *	#define LIMITS limits   // struct neuron_limits limits(float threshold, const struct neuron_rule *)
 *	#define STATE  int16_t  // as a state is kept; counts and sums are worked with as floats
 *	#include "snn/neurons/loops_template.h"
 *
 * and where that is not all:
 *
 *	WORK         as a state is worked with, unless a float: the neuron then has more than a number, and no neurons
 *	             of a tile step as one
 *	KEEP(w)      a state to be kept, from one worked with
 *	STEP_RULE, STEP_LIMITS   those of populations that are no UGOs
 *	OWN_RULE, OWN_LIMITS     those of tiles whose elements have thresholds of their own
 *	OWN_TALLIES  1: OWN_RULE adds its spikes to a tally itself, and its state is M, of which weights are the unit's
 *
 * The rule is a constant inside every loop, so that it vectorises: a lane is an element. */

#ifndef WORK
#define WORK            float
#define STATE_IS_NUMBER 1
#else
#define STATE_IS_NUMBER 0
#endif
#ifndef KEEP
#define KEEP(w) (w)
#endif
#ifndef STEP_RULE
#define STEP_RULE   RULE
#define STEP_LIMITS LIMITS
#endif
#ifndef OWN_RULE
#define OWN_RULE   RULE
#define OWN_LIMITS LIMITS
#endif
#ifndef OWN_TALLIES
#define OWN_TALLIES 0
#endif

#define PASTE(a, b)       a##_##b
#define PASTE_NAMES(a, b) PASTE(a, b)
#define NAME(part)        PASTE_NAMES(LOOPS, part)

/* --- populations that are no UGOs ------------------------------------------------------- */

/* What thresholds give is worked out once for all rows, some columns at a time. */
KERNEL static void
NAME(step)(const float *restrict x, const float *restrict threshold, void *restrict state, float *restrict total,
	   float *restrict sent, int rows, int n, struct neuron_rule own, int32_t *restrict events, int32_t *restrict units)
{
	STATE *restrict m = state;
	int32_t e = 0, u = 0;

	for (int at = 0; at < n; at += NEURON_COLUMNS) {
		const int width = n - at < NEURON_COLUMNS ? n - at : NEURON_COLUMNS;
		float quantum[NEURON_COLUMNS], low[NEURON_COLUMNS], high[NEURON_COLUMNS], step[NEURON_COLUMNS],
		    start[NEURON_COLUMNS];

		for (int i = 0; i < width; i++) {
			struct neuron_limits l = STEP_LIMITS(threshold[at + i], &own);

			quantum[i] = l.quantum;
			low[i] = l.low;
			high[i] = l.high;
			step[i] = l.step;
			start[i] = l.start;
		}
		for (int r = 0; r < rows; r++) {
			const size_t from = (size_t)r * (size_t)n + (size_t)at;

#pragma GCC ivdep
			for (int i = 0; i < width; i++) {
				struct neuron_limits l = {quantum[i], low[i], high[i], step[i], start[i]};
				WORK w = (WORK)m[from + (size_t)i];
				struct fired f = STEP_RULE(x[from + (size_t)i], l, &w, &own);

				m[from + (size_t)i] = KEEP(w);
				total[from + (size_t)i] = f.state * l.quantum;
				sent[from + (size_t)i] = f.sent;
				e += f.units != 0;
				u += f.units;
			}
		}
	}
	*events += e;
	*units += u;
}

/* --- tiles of UGOs ---------------------------------------------------------------------- */

/* One neuron, of lane j, in one step. own: thresholds differ by element; plain: targets have no range. */
INLINE static void
NAME(lane)(struct unit_step u, const float *restrict x, int j, WORK *restrict w, float *restrict y, int32_t *restrict tally,
	   const struct neuron_rule *settings, bool own, bool plain)
{
	struct neuron_limits l = own ? OWN_LIMITS(u.thresholds[j], settings) : u.limits;
	float target = u.w1 * x[j] + u.bias, weight = own && !OWN_TALLIES ? u.weights[j] : u.weight;
	struct fired f;

	target = plain ? target : clip(target, u.floor, u.top);
#if OWN_TALLIES
	f = own ? OWN_RULE(target, l, w, &tally[j], settings) : RULE(target, l, w, settings);
#else
	f = own ? OWN_RULE(target, l, w, settings) : RULE(target, l, w, settings);
#endif
	y[j] += weight * f.state;
	if (!own || !OWN_TALLIES)
		tally[j] += f.units + (f.units != 0 ? NEURON_TILE_EVENT : 0);
}

/* One step: sums and tallies are in registers over all units. */
INLINE static void
NAME(one_step)(const struct neuron_tile *t, bool own, bool plain)
{
	const struct neuron_tile_step *step = t->step;
	const struct neuron_rule settings = rule_in_tile(step, plain);
	const float *restrict x = step->x;
	float y[NEURON_TILE];
	int32_t tally[NEURON_TILE];

	memcpy(y, step->y, sizeof(y));
	memcpy(tally, step->tally, sizeof(tally));
	for (int i = 0; i < t->hidden; i++) {
		STATE *restrict m = (STATE *)t->m + (size_t)t->slot[i] * NEURON_TILE;
		const struct unit_step u = unit_in_step(t, step, i, own);

		if (t->unit_class[i] != UNIT_DIVERGENT) {
			add_uniform(u.weight * t->uniform[i], t->uniform[i], y);
			continue;
		}
		if (own)
			prefetch_next(t, (size_t)t->slot[i] * NEURON_TILE * sizeof(STATE), NEURON_TILE * sizeof(STATE));
#pragma GCC ivdep
		for (int j = 0; j < NEURON_TILE; j++) {
			WORK w = (WORK)m[j];

			NAME(lane)(u, x, j, &w, y, tally, &settings, own, plain);
			m[j] = KEEP(w);
		}
	}
	memcpy(step->y, y, sizeof(y));
	memcpy(step->tally, tally, sizeof(tally));
}

/* Several: a unit takes all of them while its states are in registers. */
INLINE static void
NAME(all_steps)(const struct neuron_tile *t, bool own, bool plain)
{
	for (int i = 0; i < t->hidden; i++) {
		STATE *restrict m = (STATE *)t->m + (size_t)t->slot[i] * NEURON_TILE;
		WORK w[NEURON_TILE];

		if (t->unit_class[i] != UNIT_DIVERGENT) {
			add_uniform_steps(t, i);
			continue;
		}
		if (own)
			prefetch_next(t, (size_t)t->slot[i] * NEURON_TILE * sizeof(STATE), NEURON_TILE * sizeof(STATE));
		for (int j = 0; j < NEURON_TILE; j++)
			w[j] = (WORK)m[j];
		for (int k = 0; k < t->steps; k++) {
			const struct neuron_tile_step *step = &t->step[k];
			const struct neuron_rule settings = rule_in_tile(step, plain);
			const struct unit_step u = unit_in_step(t, step, i, own);
			const float *restrict x = step->x;
			float *restrict y = step->y;
			int32_t *restrict tally = step->tally;

#pragma GCC ivdep
			for (int j = 0; j < NEURON_TILE; j++)
				NAME(lane)(u, x, j, &w[j], y, tally, &settings, own, plain);
		}
		for (int j = 0; j < NEURON_TILE; j++)
			m[j] = KEEP(w[j]);
	}
}

KERNEL static void
NAME(shared_one)(const struct neuron_tile *t)
{
	NAME(one_step)(t, false, false);
}

KERNEL static void
NAME(shared_all)(const struct neuron_tile *t)
{
	NAME(all_steps)(t, false, false);
}

KERNEL static void
NAME(own_one)(const struct neuron_tile *t)
{
	if (is_plain(t))
		NAME(one_step)(t, true, true);
	else
		NAME(one_step)(t, true, false);
}

KERNEL static void
NAME(own_all)(const struct neuron_tile *t)
{
	if (is_plain(t))
		NAME(all_steps)(t, true, true);
	else
		NAME(all_steps)(t, true, false);
}

static void
NAME(shared)(const struct neuron_tile *t)
{
	(t->steps == 1 ? NAME(shared_one) : NAME(shared_all))(t);
}

static void
NAME(own)(const struct neuron_tile *t)
{
	(t->steps == 1 ? NAME(own_one) : NAME(own_all))(t);
}

/* --- neurons of a tile that are in one state -------------------------------------------- */

#if STATE_IS_NUMBER
/* The first two steps of neurons that share thresholds. Slots are given out on the way. */
KERNEL static void
NAME(first_two)(const struct neuron_tile *t, const int32_t *saturated)
{
	const struct neuron_tile_step *first = &t->step[0], *second = &t->step[1];
	const struct neuron_rule settings = first->rule, then = second->rule;
	const float *restrict x = first->x, *restrict now = second->x;
	float y[NEURON_TILE];
	int32_t tally[NEURON_TILE];
	uint16_t used = 0;

	memcpy(y, second->y, sizeof(y));
	memcpy(tally, second->tally, sizeof(tally));
	for (int i = 0; i < t->hidden; i++) {
		STATE *restrict m = (STATE *)t->m + (size_t)used * NEURON_TILE;
		const struct unit_step u = unit_in_step(t, first, i, false), v = unit_in_step(t, second, i, false);

		t->slot[i] = NEURON_NO_SLOT;
		if (t->unit_class[i] != UNIT_DIVERGENT) {
			add_uniform(u.weight * t->uniform[i], t->uniform[i], y);
			continue;
		}
#pragma GCC ivdep
		for (int j = 0; j < NEURON_TILE; j++) {
			float w = 0;

			RULE(clip(u.w1 * x[j] + u.bias, u.floor, u.top), u.limits, &w, &settings);
			NAME(lane)(v, now, j, &w, y, tally, &then, false, false);
			m[j] = KEEP(w);
		}
		if (saturated[i] && memcmp(m, m + 1, (NEURON_TILE - 1) * sizeof(*m)) == 0)
			t->uniform[i] = (float)m[0];
		else
			t->slot[i] = used++;
	}
	t->slot[t->hidden] = used;
	memcpy(second->y, y, sizeof(y));
	memcpy(second->tally, tally, sizeof(tally));
}

KERNEL static float
NAME(step_uniform)(float x, struct neuron_limits l, float state, const struct neuron_rule *settings, int *units)
{
	struct fired f = RULE(x, l, &state, settings);

	*units = f.units;
	return f.state;
}

static void
NAME(expand)(float state, void *to)
{
	STATE *m = to;

	for (int j = 0; j < NEURON_TILE; j++)
		m[j] = (STATE)state;
}

static float
NAME(collapse)(const void *from)
{
	const STATE *m = from;

	return memcmp(m, m + 1, (NEURON_TILE - 1) * sizeof(*m)) != 0 ? NAN : (float)m[0];
}
#endif

static const struct neuron_loops LOOPS = {
    .step = NAME(step),
    .shared = NAME(shared),
    .own = NAME(own),
    .limits = LIMITS,
#if STATE_IS_NUMBER
    .first_two = NAME(first_two),
    .step_uniform = NAME(step_uniform),
    .expand = NAME(expand),
    .collapse = NAME(collapse),
#endif
};

#undef LOOPS
#undef RULE
#undef LIMITS
#undef STATE
#undef WORK
#undef KEEP
#undef STEP_RULE
#undef STEP_LIMITS
#undef OWN_RULE
#undef OWN_LIMITS
#undef OWN_TALLIES
#undef STATE_IS_NUMBER
#undef NAME
#undef PASTE_NAMES
#undef PASTE
