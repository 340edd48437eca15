/* A tile of a population of UGOs in some steps: which of its neurons step by themselves, and which
 * are in one state. */
#include "kernels/kernel.h"
#include "snn/population/pass.h"

#include <math.h>
#include <string.h>

enum { PART = 1, AS_ONE = 2 };

/* Of a tile's units: is one to part or to step as one, and may one be in one state after the step? */
struct turns {
	int busy, loose;
};

/* What decides on the turns of a tile's units in one step: arrays [hidden], and the extremes of
 * what its elements receive. */
struct step_at_hand {
	const float *w1, *bias, *top, *full, *common;
	float least, most;
	int first, join;
	int32_t *turn, *wanted, *beyond;
};

/* Every target of a unit lies between those of the tile's extremes: rounding keeps order.
 * Neurons that never sent stay silent at and below 0 whatever their thresholds. A turn is
 * that of every step up to the one at hand; so are what is wanted, and what is beyond. */
static inline void
take_turn(const struct step_at_hand *s, int i)
{
	float a = s->w1[i] * s->least + s->bias[i], b = s->w1[i] * s->most + s->bias[i], state = s->common[i];
	int below = greater(a, b) <= 0.0f, above = lesser(a, b) >= s->top[i], same = state == state;
	int silent = (below & (state == 0.0f)) | (above & (state == s->full[i]));
	int together = s->join & same & (below | above) & ~silent;
	int now = NEURON_TURN_SILENT * silent + NEURON_TURN_ONE * together;

	now *= s->first | (s->turn[i] == now); /* NEURON_TURN_EACH is 0 */
	s->turn[i] = now;
	s->wanted[i] = PART * (same & (now == NEURON_TURN_EACH)) + AS_ONE * (now == NEURON_TURN_ONE);
	s->beyond[i] = (below | above) & (now == NEURON_TURN_EACH);
}

/* Eight units at once: tiles have few of them, and what is left over is taken one by one. */
KERNEL static struct turns
take_turns(const struct group *g, int at, int first, const float *restrict common, float least, float most, int join,
	   int32_t *restrict turn, int32_t *restrict wanted, int32_t *restrict beyond, uint8_t *restrict todo,
	   uint8_t *restrict loose)
{
	enum { AT_ONCE = 8 };
	const int hidden = g->plan->ugo->hidden;
	const struct step_at_hand s = {g->plan->ugo->w1,
				       g->bias + at * hidden,
				       g->top + at * hidden,
				       g->full + at * hidden,
				       common,
				       least,
				       most,
				       first,
				       join,
				       turn,
				       wanted,
				       beyond};
	int busy = 0, may_join = 0, i = 0;

	for (; i + AT_ONCE <= hidden; i += AT_ONCE) {
#pragma omp simd
		for (int j = 0; j < AT_ONCE; j++)
			take_turn(&s, i + j);
	}
	for (; i < hidden; i++)
		take_turn(&s, i);
	for (i = 0; i < hidden; i++) {
		todo[i] = (uint8_t)wanted[i];
		loose[i] = (uint8_t)beyond[i];
		busy |= wanted[i];
		may_join |= beyond[i];
	}
	return (struct turns){busy, may_join};
}

/* One state, one target, one step. Only where targets are cut: all of them are 0, or top. Tiles
 * ask for the same again and again. */
static void
step_as_one(const struct pass *p, const struct neuron_tile *t, int i, int elements)
{
	const struct neuron_tile_step *step = t->step;
	bool above = t->w1[i] * step->x[0] + step->bias[i] > 0.0f;
	struct group_answer *last = &p->group->answer[2 * i + above];

	if (!(t->common[i] == last->from)) {
		last->from = t->common[i];
		last->to = p->loops->one(above ? step->top[i] : 0.0f, step->limits[i], last->from, &step->rule, &last->units);
	}
	t->common[i] = last->to;
	p->step->tally.events += last->units ? elements : 0;
	p->step->tally.units += (int64_t)last->units * elements;
}

char *
slot_at(const struct pass *p, const struct neuron_tile *t, int slot)
{
	return (char *)t->m + (size_t)slot * NEURON_TILE * p->state_size;
}

/* The first unit from this one on whose mark is not 0, or `hidden`. Behind the last are WORD zeros. */
static int
next_marked(const uint8_t *marks, int unit, int hidden)
{
	enum { WORD = GROUP_MARKS_BEHIND };

	for (; unit < hidden; unit += WORD) {
		uint64_t word;

		memcpy(&word, marks + unit, WORD);
		if (word)
			return unit + __builtin_ctzll(word) / 8;
	}
	return hidden;
}

/* What becomes of the common states. In several steps they last where they are silent in
 * every one. */
static void
part_states(const struct pass *p, const struct neuron_tile *t, int elements)
{
	const uint8_t *todo = p->group->todo;

	for (int i = next_marked(todo, 0, t->hidden); i < t->hidden; i = next_marked(todo, i + 1, t->hidden)) {
		if (todo[i] == AS_ONE) {
			step_as_one(p, t, i, elements);
			continue;
		}
		t->slot[i] = t->slot[t->hidden]++;
		p->loops->part(t->common[i], slot_at(p, t, t->slot[i]));
		t->common[i] = NAN;
	}
}

/* Slots behind `used` take the places of those that are free. */
static void
close_gaps(const struct pass *p, const struct neuron_tile *t, const uint16_t *gap, int used)
{
	for (int i = 0; i < t->hidden; i++) {
		if (t->slot[i] < used || t->slot[i] == NEURON_NO_SLOT)
			continue;
		while (*gap >= used)
			gap++;
		memcpy(slot_at(p, t, *gap), slot_at(p, t, t->slot[i]), NEURON_TILE * p->state_size);
		t->slot[i] = *gap++;
	}
	t->slot[t->hidden] = (uint16_t)used;
}

/* Those that are in one state now. */
static void
join_states(const struct pass *p, const struct neuron_tile *t)
{
	const uint8_t *loose = p->group->loose;
	uint16_t gap[UGO_HIDDEN_MAX];
	int gaps = 0;

	for (int i = next_marked(loose, 0, t->hidden); i < t->hidden; i = next_marked(loose, i + 1, t->hidden)) {
		t->common[i] = p->loops->join(slot_at(p, t, t->slot[i]));
		if (t->common[i] != t->common[i])
			continue;
		gap[gaps++] = t->slot[i];
		t->slot[i] = NEURON_NO_SLOT;
	}
	if (gaps > 0)
		close_gaps(p, t, gap, t->slot[t->hidden] - gaps);
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

static struct turns
find_turns(const struct pass *p, const struct neuron_tile *t)
{
	struct group *g = p->group;
	float least, most;
	struct turns turns = {0, 0};
	bool join = p->steps == 1 && !g->per_column && p->cut; /* several steps are never taken as one */

	if (!p->shares)
		memset(g->turn, 0, (size_t)t->hidden * sizeof(*g->turn)); /* NEURON_TURN_EACH */
	for (int k = 0; p->shares && k < p->steps; k++) {
		find_range(t->step[k].x, &least, &most);
		turns = take_turns(g, k, k == 0, t->common, least, most, join, g->turn, g->wanted, g->beyond, g->todo, g->loose);
	}
	return turns;
}

void
run_tile(const struct pass *p, const struct neuron_tile *t, int elements)
{
	struct turns turns = find_turns(p, t);

	if (turns.busy > 0)
		part_states(p, t, elements);
	(p->group->per_column ? p->loops->own : p->loops->shared)(t);
	if (turns.loose > 0)
		join_states(p, t);
}

KERNEL static void
start_sums(float base, float *restrict y, int32_t *restrict tally)
{
	for (int j = 0; j < NEURON_TILE; j++) {
		y[j] = base;
		tally[j] = 0;
	}
}

/* Not for every machine's own vectors: their gathers are slower than loads one by one. */
void
gather(const float *restrict x, const uint16_t *restrict from, int n, float *restrict to)
{
	for (int j = 0; j < n; j++)
		to[j] = x[from[j]];
}

/* The tile at place `at` of step->x[0..]. */
void
lay_out(const struct pass *p, struct bench *bench, size_t at, int elements)
{
	const struct group *g = p->group;
	int hidden = g->plan->ugo->hidden;

	for (int k = 0; k < p->steps; k++) {
		const struct group_step *step = &p->step[k];
		const float *x = step->x + at;
		float base = g->plan->ugo->b2 * step->s;

		for (int j = 0; elements < NEURON_TILE && j < NEURON_TILE; j++)
			bench->x[k][j] = x[j < elements ? j : elements - 1];
		start_sums(base, bench->y[k], bench->tally[k]);
		bench->step[k] = (struct neuron_tile_step){step->rule,
							   g->bias + k * hidden,
							   g->top + k * hidden,
							   g->limits + k * hidden,
							   elements < NEURON_TILE ? bench->x[k] : x,
							   bench->y[k],
							   bench->tally[k]};
	}
}

struct neuron_tile
tile_of(const struct pass *p, const struct neuron_tile_step *step, size_t tile)
{
	const struct group *g = p->group;
	size_t hidden = (size_t)g->plan->ugo->hidden;

	return (struct neuron_tile){.hidden = (int)hidden,
				    .steps = p->steps,
				    .cut = p->cut,
				    .w1 = g->plan->ugo->w1,
				    .turn = g->turn,
				    .across = g->across,
				    .threshold = g->threshold,
				    .weight = g->weight,
				    .m = (char *)g->m + tile * hidden * NEURON_TILE * p->state_size,
				    .slot = g->slot + tile * (hidden + 1),
				    .common = g->common + tile * hidden,
				    .step = step};
}

/* States from a slot on. A part of what calls it: to compilers a call that only fetches does
 * nothing. */
INLINE static void
fetch(const struct pass *p, const struct neuron_tile *t, int slot)
{
	enum { LINE = 64 };
	const char *end = slot_at(p, t, t->slot[t->hidden]);

	for (const char *at = slot_at(p, t, slot); at < end; at += LINE)
		__builtin_prefetch(at, 1);
}

void
fetch_ahead(const struct pass *p, const struct neuron_tile *next)
{
	fetch(p, next, 0);
}

void
fetch_in_turn(const struct pass *p, struct neuron_tile *t, const struct neuron_tile *next)
{
	t->ahead = next->m;
	t->ahead_size = (size_t)next->slot[next->hidden] * NEURON_TILE * p->state_size;
	fetch(p, next, t->slot[t->hidden]);
}
