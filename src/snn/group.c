#include "snn/group.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/kernel.h"
#include "snn/rows.h"

#include <math.h>
#include <string.h>

static bool
spiking(const struct group *g)
{
	return g->plan->mode == FUNCTION_MODE_SPIKING;
}

static size_t
tiles_in_row(const struct group *g)
{
	size_t row = g->per_column ? (size_t)g->columns : (size_t)g->rows * (size_t)g->columns;

	return (row + NEURON_TILE - 1) / NEURON_TILE;
}

/* Hidden units of all tiles. */
static size_t
tile_units(const struct group *g)
{
	return !spiking(g) ? 0 : tiles_in_row(g) * (size_t)(g->per_column ? g->rows : 1) * (size_t)g->plan->ugo->hidden;
}

size_t
group_state_size(const struct group *g)
{
	return tile_units(g) * NEURON_TILE * (spiking(g) ? neuron_state_size(g->plan->neuron) : 0);
}

size_t
group_common_size(const struct group *g)
{
	return tile_units(g) * sizeof(float);
}

size_t
group_slot_size(const struct group *g)
{
	return tile_units(g) * sizeof(uint16_t);
}

/* Can the group's neurons be in one state? With an initial potential of a whole threshold
 * a neuron fires without any input. */
static bool
shares(const struct group *g)
{
	struct neuron_rule rule = {.kind = g->plan->neuron, .burst = g->plan->burst, .repeat = g->plan->repeat};

	return neuron_type(rule.kind)->loops(&rule)->one && g->plan->initial < 1;
}

static size_t
elements_of(const struct group *g)
{
	return (size_t)g->rows * (size_t)g->columns;
}

/* Few elements need no order; in ReLU form most targets lie within their range. */
static bool
sorted(const struct group *g)
{
	return spiking(g) && g->plan->channels == 1 && g->plan->ugo->h && elements_of(g) > 4 * NEURON_TILE && shares(g);
}

size_t
group_order_size(const struct group *g)
{
	return sorted(g) ? tiles_in_row(g) * NEURON_TILE * sizeof(*g->order) : 0;
}

static void
spread_thresholds(struct group *g)
{
	const struct site_plan *p = g->plan;
	struct neuron_rule rule = {.kind = p->neuron, .burst = p->burst, .grain = 1, .fine = ldexpf(1, -p->refine)};
	int hidden = p->ugo->hidden;

	for (int i = 0; i < hidden; i++)
		for (int c = 0; c < (g->per_column ? g->columns : 1); c++) {
			float v = p->threshold[c * hidden + i];
			size_t at = (size_t)i * g->across + (size_t)c;

			g->threshold[at] = v;
			g->weight[at] = p->ugo->w2[i] * (neuron_type(p->neuron)->counts ? neuron_quantum(&rule, v) : 1);
		}
}

bool
group_init(struct group *g, struct arena *arena)
{
	size_t hidden;

	g->scratch = arena_floats(arena, (size_t)g->columns);
	if (!g->scratch || !spiking(g))
		return g->scratch != NULL;
	hidden = (size_t)g->plan->ugo->hidden;
	g->per_column = g->plan->channels > 1;
	g->across = g->per_column ? tiles_in_row(g) * NEURON_TILE : 1;
	g->threshold = arena_floats(arena, hidden * g->across);
	g->weight = arena_floats(arena, hidden * g->across);
	g->bias = arena_floats(arena, GROUP_STEPS * hidden);
	g->top = arena_floats(arena, GROUP_STEPS * hidden);
	g->full = arena_floats(arena, GROUP_STEPS * hidden);
	g->sums = sorted(g) ? arena_floats(arena, GROUP_STEPS * GROUP_CHUNK) : NULL;
	g->limits = arena_alloc(arena, GROUP_STEPS * hidden * sizeof(*g->limits));
	g->turn = arena_alloc(arena, hidden * sizeof(*g->turn));
	g->beyond = arena_alloc(arena, hidden * sizeof(*g->beyond));
	if ((sorted(g) && !g->sums) || !g->threshold || !g->weight || !g->bias || !g->top || !g->full || !g->limits || !g->turn ||
	    !g->beyond)
		return false;
	spread_thresholds(g);
	return true;
}

bool
group_stand_alone(struct group *g, struct arena *arena)
{
	size_t order = group_order_size(g);

	g->m = arena_alloc(arena, group_state_size(g));
	g->common = arena_alloc(arena, group_common_size(g));
	g->slot = arena_alloc(arena, group_slot_size(g));
	g->order = order ? arena_alloc(arena, order) : NULL;
	g->place = order ? arena_alloc(arena, order) : NULL;
	if (!g->m || !g->common || !g->slot || (order && (!g->order || !g->place)))
		return false;
	group_reset(g);
	return true;
}

/* What some steps of the group have in common for all its tiles. */
struct pass {
	struct group *group;
	const struct neuron_loops *loops;
	size_t state_size;
	bool cut;    /* no target is negative */
	bool shares; /* neurons may be in one state */
	int steps;
	struct group_step *step;
};

static void
prepare_step(const struct pass *p, int k)
{
	struct group *g = p->group;
	const struct ugo *u = g->plan->ugo;
	const struct group_step *step = &p->step[k];

	for (int i = 0; i < u->hidden; i++) {
		int at = k * u->hidden + i;
		float full, worth;

		g->limits[at] = p->loops->limits(g->threshold[(size_t)i * g->across], &step->rule);
		worth = g->limits[at].quantum;
		g->bias[at] = u->b1[i] * step->s;
		g->top[at] = u->h ? u->h[i] * step->s : INFINITY;
		full = rintf(g->top[at] / worth);
		g->full[at] = u->h && !g->per_column && worth > 0 && full * worth == g->top[at] ? full : NAN;
	}
}

static struct pass
start_pass(struct group *g, struct group_step *step, int steps)
{
	const struct neuron_type *type = neuron_type(step->rule.kind);
	struct pass p = {g, type->loops(&step->rule), type->state_size, g->plan->ugo->h || type->cut, shares(g), steps, step};

	for (int k = 0; k < steps; k++)
		prepare_step(&p, k);
	return p;
}

/* Of a tile's units: how many have to part or to step as one; and how many may be in one
 * state after the step. */
struct turns {
	int busy, loose;
};

/* Every target of a unit lies between those of the tile's extremes: rounding keeps order.
 * Neurons that never sent stay silent at and below 0 whatever their thresholds. A turn is
 * that of every step up to k, and several steps are never taken as one; beyond: all targets
 * of step k are 0 or top. */
KERNEL static struct turns
take_turns(const struct group *g, int k, int steps, const float *restrict common, float least, float most, bool one,
	   int32_t *restrict turn, int32_t *restrict beyond)
{
	int busy = 0, loose = 0;
	const int hidden = g->plan->ugo->hidden, first = k == 0, join = one & (steps == 1);
	const float *restrict w1 = g->plan->ugo->w1, *restrict bias = g->bias + k * hidden;
	const float *restrict top = g->top + k * hidden, *restrict full = g->full + k * hidden;

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

/* One state, one target, one step. Only where targets are cut. */
static void
step_as_one(const struct pass *p, const struct neuron_tile *t, int i, int elements)
{
	const struct neuron_tile_step *step = t->step;
	float target = lesser(greater(t->w1[i] * step->x[0] + step->bias[i], 0.0f), step->top[i]);
	int units;

	t->common[i] = p->loops->one(target, step->limits[i], t->common[i], &step->rule, &units);
	p->step->tally.events += units ? elements : 0;
	p->step->tally.units += (int64_t)units * elements;
}

static char *
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

static void
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

KERNEL static void
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

KERNEL static void
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

	if (!p->shares)
		memset(g->turn, 0, (size_t)t->hidden * sizeof(*g->turn)); /* NEURON_TURN_EACH */
	for (int k = 0; p->shares && k < p->steps; k++) {
		find_range(t->step[k].x, &least, &most);
		turns = take_turns(g, k, p->steps, t->common, least, most, !g->per_column && p->cut, g->turn, g->beyond);
	}
	return turns;
}

/* elements: how many of the tile are real; the others repeat the last. */
static void
run_tile(const struct pass *p, const struct neuron_tile *t, int elements)
{
	struct turns turns = find_turns(p, t);

	if (turns.busy > 0)
		part_states(p, t, elements);
	(p->group->per_column ? p->loops->own : p->loops->shared)(t);
	if (turns.loose > 0)
		join_states(p, t);
}

/* Where a tile works: its last elements may be missing. Vectors must not cross lines of the
 * cache. */
struct bench {
	_Alignas(64) float x[GROUP_STEPS][NEURON_TILE];
	_Alignas(64) float y[GROUP_STEPS][NEURON_TILE];
	_Alignas(64) int32_t tally[GROUP_STEPS][NEURON_TILE];
	struct neuron_tile_step step[GROUP_STEPS];
};

KERNEL static void
start_sums(float base, float *restrict y, int32_t *restrict tally)
{
	for (int j = 0; j < NEURON_TILE; j++) {
		y[j] = base;
		tally[j] = 0;
	}
}

/* Not for every machine's own vectors: their gathers are slower than loads one by one. */
static void
gather(const float *restrict x, const uint16_t *restrict from, int n, float *restrict to)
{
	for (int j = 0; j < n; j++)
		to[j] = x[from[j]];
}

/* The tile at place `at` of step->x[0..], in the group's order where it has one. */
static void
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

static struct neuron_tile
tile_of(const struct pass *p, const struct bench *bench, size_t tile)
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
				    .step = bench->step};
}

/* States that will be read in a moment are far away. */
static void
fetch_ahead(const struct pass *p, const struct neuron_tile *t)
{
	enum { LINE = 64 };
	const char *end = slot_at(p, t, slots_used(t));

	for (const char *at = t->m; at < end; at += LINE)
		__builtin_prefetch(at, 1);
}

static int
elements_left(size_t n, size_t at)
{
	return n - at < NEURON_TILE ? (int)(n - at) : NEURON_TILE;
}

/* Elements [at, at + n) of the group, whose tiles begin at first_tile. */
static void
run_row(const struct pass *p, size_t first_tile, size_t at, size_t n)
{
	const struct group *g = p->group;
	struct bench bench;

	for (size_t column = 0, tile = first_tile; column < n; column += NEURON_TILE, tile++) {
		int elements = elements_left(n, column);
		struct neuron_tile t = tile_of(p, &bench, tile);

		if (column + NEURON_TILE < n) {
			struct neuron_tile next = tile_of(p, &bench, tile + 1);

			fetch_ahead(p, &next);
		}
		t.threshold += g->per_column ? column : 0;
		t.weight += g->per_column ? column : 0;
		lay_out(p, &bench, at + column, NULL, elements);
		run_tile(p, &t, elements);
		for (int k = 0; k < p->steps; k++) {
			struct group_step *step = &p->step[k];

			add_tally(bench.tally[k], elements, &step->tally);
			memcpy(step->total + at + column, bench.y[k], (size_t)elements * sizeof(float));
		}
	}
}

/* --- elements in order ---------------------------------------------------- */

enum { BUCKETS = 256 };

/* Whatever x is, a key is a bucket. */
KERNEL static void
find_keys(const float *restrict x, int n, uint8_t *restrict key)
{
	float lo = x[0], hi = x[0], scale;

#pragma omp simd reduction(min : lo) reduction(max : hi)
	for (int j = 0; j < n; j++) {
		lo = lesser(x[j], lo);
		hi = greater(x[j], hi);
	}
	scale = hi > lo ? (BUCKETS - 1) / (hi - lo) : 0;
	for (int j = 0; j < n; j++)
		key[j] = (uint8_t)(int)lesser(greater((x[j] - lo) * scale, 0.0f), BUCKETS - 1.0f);
}

/* The order of a chunk of n elements; its last tile is filled with the last one. */
static void
sort_chunk(const float *x, int n, uint16_t *order, uint16_t *place)
{
	uint8_t key[GROUP_CHUNK];
	int start[BUCKETS + 1] = {0};

	find_keys(x, n, key);
	for (int j = 0; j < n; j++)
		start[key[j] + 1]++;
	for (int b = 0; b < BUCKETS; b++)
		start[b + 1] += start[b];
	for (int j = 0; j < n; j++) {
		int at = start[key[j]]++;

		order[at] = (uint16_t)j;
		place[j] = (uint16_t)at;
	}
	for (int at = n; at % NEURON_TILE != 0; at++)
		order[at] = order[n - 1];
}

/* Elements [at, at + n), a chunk. */
static void
run_chunk(const struct pass *p, size_t at, size_t n)
{
	const struct group *g = p->group;
	struct bench bench;

	if (p->step->first)
		sort_chunk(p->step->x + at, (int)n, g->order + at, g->place + at);
	for (size_t from = 0; from < n; from += NEURON_TILE) {
		int elements = elements_left(n, from);
		struct neuron_tile t = tile_of(p, &bench, (at + from) / NEURON_TILE);

		if (from + NEURON_TILE < n) {
			struct neuron_tile next = tile_of(p, &bench, (at + from) / NEURON_TILE + 1);

			fetch_ahead(p, &next);
		}
		lay_out(p, &bench, at, g->order + at + from, elements);
		run_tile(p, &t, elements);
		for (int k = 0; k < p->steps; k++) {
			add_tally(bench.tally[k], elements, &p->step[k].tally);
			memcpy(g->sums + (size_t)k * GROUP_CHUNK + from, bench.y[k], sizeof(bench.y[k]));
		}
	}
	for (int k = 0; k < p->steps; k++)
		gather(g->sums + (size_t)k * GROUP_CHUNK, g->place + at, (int)n, p->step[k].total + at);
}

static void
run_spiking(struct group *g, struct group_step *step, int steps)
{
	struct pass p = start_pass(g, step, steps);
	size_t columns = (size_t)g->columns;

	for (size_t at = 0; sorted(g) && at < elements_of(g); at += GROUP_CHUNK)
		run_chunk(&p, at, elements_of(g) - at < GROUP_CHUNK ? elements_of(g) - at : GROUP_CHUNK);
	if (!g->per_column && !sorted(g))
		run_row(&p, 0, 0, elements_of(g));
	for (size_t row = 0; g->per_column && row < (size_t)g->rows; row++)
		run_row(&p, row * tiles_in_row(g), row * columns, columns);
}

KERNEL static void
add_alarms(float lo, float hi, const float *restrict x, size_t n, struct alarm_tally *alarms)
{
	float farthest = 0;
	int64_t outside = 0;

#pragma omp simd reduction(+ : outside) reduction(max : farthest)
	for (size_t j = 0; j < n; j++) {
		float beyond = greater(lo - x[j], x[j] - hi);

		outside += beyond > 0.0f;
		farthest = greater(beyond, farthest);
	}
	alarms->step = outside;
	alarms->all += outside;
	alarms->reach = greater(alarms->reach, farthest / (hi - lo));
}

static void
apply_analog(const struct group *g, const struct group_step *step, size_t at)
{
	size_t columns = (size_t)g->columns;
	float *in = g->scratch, *out = step->total + at;

	for (size_t j = 0; j < columns; j++)
		in[j] = step->x[at + j] / step->s;
	if (g->plan->mode == FUNCTION_MODE_EXACT)
		for (size_t j = 0; j < columns; j++)
			out[j] = (float)function_eval(g->exact, (double)in[j]);
	else
		ugo_apply(g->plan->ugo, in, out, columns);
	for (size_t j = 0; j < columns; j++)
		out[j] *= step->s;
}

void
group_run(struct group *g, struct group_step *step, int steps, struct alarm_tally *alarms)
{
	size_t size = elements_of(g);
	const struct ugo *u = g->plan->ugo;

	alarms->step = 0;
	for (int k = 0; k < steps; k++) {
		step[k].tally = (struct neuron_tally){0, 0};
		if (u)
			add_alarms((float)u->lo * step[k].s, (float)u->hi * step[k].s, step[k].x, size, alarms);
	}
	if (spiking(g)) {
		run_spiking(g, step, steps);
		return;
	}
	for (int k = 0; k < steps; k++)
		for (size_t at = 0; at < size; at += (size_t)g->columns)
			apply_analog(g, &step[k], at);
}

void
group_reset(struct group *g)
{
	size_t hidden = spiking(g) ? (size_t)g->plan->ugo->hidden : 0;

	if (!hidden)
		return;
	if (shares(g)) {
		memset(g->slot, UINT8_MAX, group_slot_size(g)); /* GROUP_NO_SLOT */
		return;
	}
	for (size_t i = 0; i < tile_units(g); i++)
		g->slot[i] = (uint16_t)(i % hidden);
	memset(g->m, 0, group_state_size(g));
}

/* The states of a unit of a tile, of all that the group has. */
static char *
unit_states(const struct group *g, size_t unit)
{
	size_t hidden = (size_t)g->plan->ugo->hidden, size = NEURON_TILE * neuron_state_size(g->plan->neuron);

	return (char *)g->m + (unit / hidden * hidden + g->slot[unit]) * size;
}

void
group_hash(const struct group *g, struct hash *hash)
{
	size_t units = tile_units(g), size = units ? NEURON_TILE * neuron_state_size(g->plan->neuron) : 0;

	for (size_t i = 0; i < units; i++)
		if (g->slot[i] != GROUP_NO_SLOT)
			hash_add(hash, unit_states(g, i), size);
}

float
group_threshold(const struct group *g, size_t element, int i)
{
	return g->threshold[(size_t)i * g->across + (g->per_column ? element % (size_t)g->columns : 0)];
}

/* Where an element's tile has hidden unit i, and the element in it. */
static size_t
find_unit(const struct group *g, size_t element, int i, size_t *lane)
{
	size_t row = g->per_column ? element / (size_t)g->columns : 0, at = element - row * (size_t)g->columns;

	if (sorted(g))
		at = element / GROUP_CHUNK * GROUP_CHUNK + g->place[element];

	*lane = at % NEURON_TILE;
	return (row * tiles_in_row(g) + at / NEURON_TILE) * (size_t)g->plan->ugo->hidden + (size_t)i;
}

float
group_neuron(const struct group *g, size_t element, int i)
{
	size_t lane, unit = find_unit(g, element, i, &lane);

	return g->slot[unit] == GROUP_NO_SLOT ? g->common[unit] : neuron_type(g->plan->neuron)->read(unit_states(g, unit), lane);
}

float
group_membrane(const struct group *g, size_t element, int i)
{
	size_t lane, unit = find_unit(g, element, i, &lane);
	const struct neuron_type *type = neuron_type(g->plan->neuron);

	return type->membrane ? type->membrane(unit_states(g, unit), lane) : NAN;
}
