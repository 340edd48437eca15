/* A tile of a population of UGOs in some steps: which of its neurons step by themselves, and which
 * are in one state. */
#include "base/kernel.h"
#include "snn/group_pass.h"

#include <math.h>
#include <string.h>

/* Of a tile's units: how many have to part or to step as one; and how many may be in one
 * state after the step. */
struct turns {
	int busy, loose;
};

/* Every target of a unit lies between those of the tile's extremes: rounding keeps order.
 * Neurons that never sent stay silent at and below 0 whatever their thresholds. A turn is
 * that of every step up to the one whose needs are at `at`; beyond: all targets of that
 * step are 0 or top. */
KERNEL static struct turns
take_turns(const struct group *g, int at, int first, const float *restrict common, float least, float most, int join,
	   int32_t *restrict turn, int32_t *restrict beyond)
{
	int busy = 0, loose = 0;
	const int hidden = g->plan->ugo->hidden;
	const float *restrict w1 = g->plan->ugo->w1, *restrict bias = g->bias + at * hidden;
	const float *restrict top = g->top + at * hidden, *restrict full = g->full + at * hidden;

	for (int i = 0; i < hidden; i++) {
		float a = w1[i] * least + bias[i], b = w1[i] * most + bias[i], state = common[i];
		int below = greater(a, b) <= 0.0f, above = lesser(a, b) >= top[i], same = state == state;
		int silent = (below & (state == 0.0f)) | (above & (state == full[i]));
		int together = join & same & (below | above) & ~silent;
		int now = NEURON_TURN_SILENT * silent + NEURON_TURN_ONE * together;

		now *= first | (turn[i] == now); /* NEURON_TURN_EACH is 0 */
		turn[i] = now;
		beyond[i] = below | above;
		busy += same & (now != NEURON_TURN_SILENT);
		loose += (below | above) & (now == NEURON_TURN_EACH);
	}
	return (struct turns){busy, loose};
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

static int
slots_used(const struct neuron_tile *t)
{
	int used = 0;

	for (int i = 0; i < t->hidden; i++)
		used += t->slot[i] != GROUP_NO_SLOT;
	return used;
}

/* What becomes of the common states. In several steps they last where they are silent in
 * every one. */
static void
part_states(const struct pass *p, const struct neuron_tile *t, int elements)
{
	const int32_t *turn = p->group->turn;
	int used = slots_used(t);

	for (int i = 0; i < t->hidden; i++) {
		if (turn[i] == NEURON_TURN_ONE)
			step_as_one(p, t, i, elements);
		if (turn[i] != NEURON_TURN_EACH || t->common[i] != t->common[i])
			continue;
		t->slot[i] = (uint16_t)used++;
		p->loops->part(t->common[i], slot_at(p, t, t->slot[i]));
		t->common[i] = NAN;
	}
}

/* The last slot takes the place of one that is given back. */
static void
give_back(const struct pass *p, const struct neuron_tile *t, int i)
{
	int last = slots_used(t) - 1;

	for (int j = 0; j < t->hidden && t->slot[i] != last; j++)
		if (t->slot[j] == last) {
			memcpy(slot_at(p, t, t->slot[i]), slot_at(p, t, last), NEURON_TILE * p->state_size);
			t->slot[j] = t->slot[i];
			break;
		}
	t->slot[i] = GROUP_NO_SLOT;
}

void
join_states(const struct pass *p, const struct neuron_tile *t)
{
	for (int i = 0; i < t->hidden; i++) {
		if (!p->group->beyond[i] || t->turn[i] != NEURON_TURN_EACH)
			continue;
		t->common[i] = p->loops->join(slot_at(p, t, t->slot[i]));
		if (t->common[i] == t->common[i])
			give_back(p, t, i);
	}
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
		turns = take_turns(g, k, k == 0, t->common, least, most, join, g->turn, g->beyond);
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

/* The tile at place `at` of step->x[0..], in the group's order where it has one. */
void
lay_out(const struct pass *p, struct bench *bench, size_t at, const uint16_t *order, int elements)
{
	const struct group *g = p->group;
	int hidden = g->plan->ugo->hidden;

	for (int k = 0; k < p->steps; k++) {
		const struct group_step *step = &p->step[k];
		const float *x = step->x + at;
		float base = g->plan->ugo->b2 * step->s;

		if (order)
			gather(x, order, NEURON_TILE, bench->x[k]);
		for (int j = 0; !order && elements < NEURON_TILE && j < NEURON_TILE; j++)
			bench->x[k][j] = x[j < elements ? j : elements - 1];
		start_sums(base, bench->y[k], bench->tally[k]);
		bench->step[k] = (struct neuron_tile_step){step->rule,
							   g->bias + k * hidden,
							   g->top + k * hidden,
							   g->limits + k * hidden,
							   order || elements < NEURON_TILE ? bench->x[k] : x,
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
				    .slot = g->slot + tile * hidden,
				    .common = g->common + tile * hidden,
				    .step = step};
}

/* States from a slot on. A part of what calls it: to compilers a call that only fetches does
 * nothing. */
INLINE static void
fetch(const struct pass *p, const struct neuron_tile *t, int slot)
{
	enum { LINE = 64 };
	const char *end = slot_at(p, t, slots_used(t));

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
	t->ahead_size = (size_t)slots_used(next) * NEURON_TILE * p->state_size;
	fetch(p, next, slots_used(t));
}
