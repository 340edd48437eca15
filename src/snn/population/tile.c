/* A tile of a population of UGOs in some steps: classifies its units, expands those whose lanes come apart,
 * steps, and collapses those whose lanes have come together (the picture is in population.h). */
#include "kernels/kernel.h"
#include "snn/population/pass.h"

#include <math.h>
#include <string.h>

enum { EXPAND = 1, STEP_UNIFORM = 2 };

/* Of a tile's units: has one an action, and may one be uniform after the step? */
struct actions {
	int any, may_collapse;
};

/* What decides on the classes of a tile's units in one step: arrays [hidden], and the extremes of what its
 * elements receive. */
struct classification {
	const float *w1, *bias, *top, *full, *uniform;
	float least, most;
	int first, may_step_uniform;
	int32_t *unit_class, *action, *saturated;
};

/* Every target of a unit lies between those of the tile's extremes, for rounding is monotonic. Neurons that never
 * sent stay silent at and below 0 whatever their thresholds. A class holds for every step up to the one at hand;
 * so do the action, and whether the unit is saturated. */
static inline void
classify_unit(const struct classification *s, int i)
{
	float a = s->w1[i] * s->least + s->bias[i], b = s->w1[i] * s->most + s->bias[i], state = s->uniform[i];
	int below = greater(a, b) <= 0.0f, above = lesser(a, b) >= s->top[i], same = state == state;
	int idle = (below & (state == 0.0f)) | (above & (state == s->full[i]));
	int uniform = s->may_step_uniform & same & (below | above) & ~idle;
	int now = UNIT_IDLE * idle + UNIT_UNIFORM * uniform;

	now *= s->first | (s->unit_class[i] == now); /* UNIT_DIVERGENT is 0 */
	s->unit_class[i] = now;
	s->action[i] = EXPAND * (same & (now == UNIT_DIVERGENT)) + STEP_UNIFORM * (now == UNIT_UNIFORM);
	s->saturated[i] = (below | above) & (now == UNIT_DIVERGENT);
}

KERNEL static struct actions
classify_units(const struct population *pop, int at, int first, const float *restrict uniform, float least, float most,
	       int may_step_uniform, int32_t *restrict unit_class, int32_t *restrict action, int32_t *restrict saturated)
{
	const int hidden = pop->plan->ugo->hidden;
	const struct classification s = {pop->plan->ugo->w1,
					 pop->bias + at * hidden,
					 pop->top + at * hidden,
					 pop->full + at * hidden,
					 uniform,
					 least,
					 most,
					 first,
					 may_step_uniform,
					 unit_class,
					 action,
					 saturated};
	int any = 0, may_collapse = 0;

#pragma omp simd
	for (int i = 0; i < hidden; i++)
		classify_unit(&s, i);
	for (int i = 0; i < hidden; i++) {
		any |= action[i];
		may_collapse |= saturated[i];
	}
	return (struct actions){any, may_collapse};
}

/* One state, one target, one step. Only where targets are cut: all of them are 0, or top. Tiles ask for the same
 * again and again, so the last answer is cached. */
static void
step_uniform(const struct pass *p, const struct neuron_tile *t, int i, int elements)
{
	const struct neuron_tile_step *step = t->step;
	bool above = t->w1[i] * step->x[0] + step->bias[i] > 0.0f;
	struct uniform_step *last = &p->population->cached[2 * i + above];

	if (!(t->uniform[i] == last->from)) {
		last->from = t->uniform[i];
		last->to =
		    p->loops->step_uniform(above ? step->top[i] : 0.0f, step->limits[i], last->from, &step->rule, &last->units);
	}
	t->uniform[i] = last->to;
	p->step->tally.events += last->units ? elements : 0;
	p->step->tally.units += (int64_t)last->units * elements;
}

char *
slot_at(const struct pass *p, const struct neuron_tile *t, int slot)
{
	return (char *)t->m + (size_t)slot * NEURON_TILE * p->state_size;
}

/* Does the actions of uniform units. In several steps they stay uniform where they are idle in every one. */
static void
expand_states(const struct pass *p, const struct neuron_tile *t, int elements)
{
	const int32_t *action = p->population->action;

	for (int i = 0; i < t->hidden; i++) {
		if (action[i] == STEP_UNIFORM)
			step_uniform(p, t, i, elements);
		if (action[i] != EXPAND)
			continue;
		t->slot[i] = t->slot[t->hidden]++;
		p->loops->expand(t->uniform[i], slot_at(p, t, t->slot[i]));
		t->uniform[i] = NAN;
	}
}

/* States in slots from `used` on move into vacant ones. */
static void
compact(const struct pass *p, const struct neuron_tile *t, const uint16_t *vacant, int used)
{
	for (int i = 0; i < t->hidden; i++) {
		if (t->slot[i] < used || t->slot[i] == NEURON_NO_SLOT)
			continue;
		while (*vacant >= used)
			vacant++;
		memcpy(slot_at(p, t, *vacant), slot_at(p, t, t->slot[i]), NEURON_TILE * p->state_size);
		t->slot[i] = *vacant++;
	}
	t->slot[t->hidden] = (uint16_t)used;
}

/* Units whose lanes are in one state now become uniform. */
static void
collapse_states(const struct pass *p, const struct neuron_tile *t)
{
	const int32_t *saturated = p->population->saturated;
	uint16_t vacant[UGO_HIDDEN_MAX];
	int count = 0;

	for (int i = 0; i < t->hidden; i++) {
		if (!saturated[i])
			continue;
		t->uniform[i] = p->loops->collapse(slot_at(p, t, t->slot[i]));
		if (t->uniform[i] != t->uniform[i])
			continue;
		vacant[count++] = t->slot[i];
		t->slot[i] = NEURON_NO_SLOT;
	}
	if (count > 0)
		compact(p, t, vacant, t->slot[t->hidden] - count);
}

KERNEL void
find_range(const float *restrict x, float *least, float *most)
{
	float lo = x[0], hi = x[0];

#pragma omp simd reduction(min : lo) reduction(max : hi)
	for (int j = 0; j < NEURON_TILE; j++) {
		lo = lesser(x[j], lo);
		hi = greater(x[j], hi);
	}
	*least = lo;
	*most = hi;
}

KERNEL void
add_tally(const int32_t *restrict tally, int elements, struct neuron_tally *sum)
{
	int32_t events = 0, units = 0;

	for (int j = 0; j < elements; j++) {
		events += tally[j] / NEURON_TILE_EVENT;
		units += tally[j] % NEURON_TILE_EVENT;
	}
	sum->events += events;
	sum->units += units;
}

static struct actions
find_actions(const struct pass *p, const struct neuron_tile *t)
{
	struct population *pop = p->population;
	float least, most;
	struct actions actions = {0, 0};
	bool may_step_uniform = p->steps == 1 && !pop->per_column && p->cut; /* in several steps a unit is idle or divergent */

	if (!p->can_be_uniform)
		memset(pop->unit_class, 0, (size_t)t->hidden * sizeof(*pop->unit_class)); /* UNIT_DIVERGENT */
	for (int k = 0; p->can_be_uniform && k < p->steps; k++) {
		find_range(t->step[k].x, &least, &most);
		actions = classify_units(pop, k, k == 0, t->uniform, least, most, may_step_uniform, pop->unit_class, pop->action,
					 pop->saturated);
	}
	return actions;
}

void
run_tile(const struct pass *p, const struct neuron_tile *t, int elements)
{
	struct actions actions = find_actions(p, t);

	if (actions.any > 0)
		expand_states(p, t, elements);
	(p->population->per_column ? p->loops->own : p->loops->shared)(t);
	if (actions.may_collapse > 0)
		collapse_states(p, t);
}

KERNEL static void
start_sums(float base, float *restrict y, int32_t *restrict tally)
{
	for (int j = 0; j < NEURON_TILE; j++) {
		y[j] = base;
		tally[j] = 0;
	}
}

/* No KERNEL: gather instructions are slower than single loads. */
void
gather(const float *restrict x, const uint16_t *restrict from, int n, float *restrict to)
{
	for (int j = 0; j < n; j++)
		to[j] = x[from[j]];
}

void
load_tile(const struct pass *p, struct tile_scratch *scratch, size_t at, int elements)
{
	const struct population *pop = p->population;
	int hidden = pop->plan->ugo->hidden;

	for (int k = 0; k < p->steps; k++) {
		const struct population_step *step = &p->step[k];
		const float *x = step->x + at;
		float base = pop->plan->ugo->b2 * step->s;

		for (int j = 0; elements < NEURON_TILE && j < NEURON_TILE; j++)
			scratch->x[k][j] = x[j < elements ? j : elements - 1];
		start_sums(base, scratch->y[k], scratch->tally[k]);
		scratch->step[k] = (struct neuron_tile_step){step->rule,
							     pop->bias + k * hidden,
							     pop->top + k * hidden,
							     pop->limits + k * hidden,
							     elements < NEURON_TILE ? scratch->x[k] : x,
							     scratch->y[k],
							     scratch->tally[k]};
	}
}

struct neuron_tile
tile_of(const struct pass *p, const struct neuron_tile_step *step, size_t tile)
{
	const struct population *pop = p->population;
	size_t hidden = (size_t)pop->plan->ugo->hidden;

	return (struct neuron_tile){.hidden = (int)hidden,
				    .steps = p->steps,
				    .cut = p->cut,
				    .w1 = pop->plan->ugo->w1,
				    .unit_class = pop->unit_class,
				    .across = pop->across,
				    .threshold = pop->threshold,
				    .weight = pop->weight,
				    .m = (char *)pop->m + tile * hidden * NEURON_TILE * p->state_size,
				    .slot = pop->slot + tile * (hidden + 1),
				    .uniform = pop->uniform + tile * hidden,
				    .step = step};
}

/* States from a slot on. always_inline, or GCC drops a call that only prefetches. */
INLINE static void
prefetch_states(const struct pass *p, const struct neuron_tile *t, int slot)
{
	enum { LINE = 64 };
	const char *end = slot_at(p, t, t->slot[t->hidden]);

	for (const char *at = slot_at(p, t, slot); at < end; at += LINE)
		__builtin_prefetch(at, 1);
}

void
prefetch_tile(const struct pass *p, const struct neuron_tile *next)
{
	prefetch_states(p, next, 0);
}

void
prefetch_interleaved(const struct pass *p, struct neuron_tile *t, const struct neuron_tile *next)
{
	t->next_states = next->m;
	t->next_size = (size_t)next->slot[next->hidden] * NEURON_TILE * p->state_size;
	prefetch_states(p, next, t->slot[t->hidden]);
}
