#include "snn/group.h"

#include "base/arena.h"
#include "base/kernel.h"

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
	g->bias = arena_floats(arena, hidden);
	g->top = arena_floats(arena, hidden);
	g->full = arena_floats(arena, hidden);
	g->limits = arena_alloc(arena, hidden * sizeof(*g->limits));
	g->turn = arena_alloc(arena, hidden * sizeof(*g->turn));
	if (!g->threshold || !g->weight || !g->bias || !g->top || !g->full || !g->limits || !g->turn)
		return false;
	spread_thresholds(g);
	return true;
}

/* What a step of the group has in common for all its tiles. */
struct pass {
	struct group *group;
	struct neuron_rule rule;
	const struct neuron_loops *loops;
	size_t state_size;
	float floor, base;
	bool shares; /* neurons may be in one state */
	struct neuron_tally *tally;
};

/* With an initial potential of a whole threshold a neuron fires without any input. */
static struct pass
start_pass(struct group *g, struct neuron_rule rule, float s, struct neuron_tally *tally)
{
	const struct ugo *u = g->plan->ugo;
	const struct neuron_type *type = neuron_type(rule.kind);
	const struct neuron_loops *loops = type->loops(&rule);
	struct pass p = {g, rule, loops, type->state_size, u->h || type->cut ? 0 : -INFINITY, u->b2 * s, false, tally};
	int hidden = u->hidden;

	p.shares = loops->one && rule.initial < 1;
	for (int i = 0; i < hidden; i++) {
		float v = g->threshold[(size_t)i * g->across], worth, full;

		g->limits[i] = loops->limits(v, &rule);
		worth = g->limits[i].quantum;
		g->bias[i] = u->b1[i] * s;
		g->top[i] = u->h ? u->h[i] * s : INFINITY;
		full = rintf(g->top[i] / worth);
		g->full[i] = u->h && !g->per_column && worth > 0 && full * worth == g->top[i] ? full : NAN;
	}
	return p;
}

/* Every target of a unit lies between those of the tile's extremes: rounding keeps order.
 * Neurons that never sent stay silent at and below 0 whatever their thresholds. */
KERNEL static void
take_turns(const struct group *g, const float *restrict w1, const float *restrict common, int hidden, float least, float most,
	   bool one)
{
	const float *restrict bias = g->bias, *restrict top = g->top, *restrict full = g->full;
	int32_t *restrict turn = g->turn;

	for (int i = 0; i < hidden; i++) {
		float a = w1[i] * least + bias[i], b = w1[i] * most + bias[i];
		int below = greater(a, b) <= 0.0f, above = lesser(a, b) >= top[i], same = common[i] == common[i];
		int silent = (below & (common[i] == 0.0f)) | (above & (common[i] == full[i]));
		int together = one & same & (below | above);

		turn[i] = silent ? NEURON_TURN_SILENT : together ? NEURON_TURN_ONE : NEURON_TURN_EACH;
	}
}

static void
step_as_one(const struct pass *p, const struct neuron_tile *t, int i, int elements)
{
	float target = lesser(greater(t->w1[i] * t->x[0] + t->bias[i], t->floor), t->top[i]);
	int units;

	t->common[i] = p->loops->one(target, t->limits[i], t->common[i], &p->rule, &units);
	p->tally->events += units ? elements : 0;
	p->tally->units += (int64_t)units * elements;
}

static bool
beyond_range(const struct neuron_tile *t, int i, float least, float most)
{
	float a = t->w1[i] * least + t->bias[i], b = t->w1[i] * most + t->bias[i];

	return greater(a, b) <= 0 || lesser(a, b) >= t->top[i];
}

/* The states of neurons before and after a step in which they may have had one. */
static void
part_states(const struct pass *p, const struct neuron_tile *t, int elements)
{
	for (int i = 0; i < t->hidden; i++) {
		if (t->turn[i] == NEURON_TURN_ONE)
			step_as_one(p, t, i, elements);
		if (t->turn[i] != NEURON_TURN_EACH || t->common[i] != t->common[i])
			continue;
		p->loops->part(t->common[i], (char *)t->m + (size_t)i * NEURON_TILE * p->state_size);
		t->common[i] = NAN;
	}
}

static void
join_states(const struct pass *p, const struct neuron_tile *t, float least, float most)
{
	for (int i = 0; i < t->hidden; i++)
		if (t->turn[i] == NEURON_TURN_EACH && beyond_range(t, i, least, most))
			t->common[i] = p->loops->join((const char *)t->m + (size_t)i * NEURON_TILE * p->state_size);
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

/* elements: how many of the tile are real; the others repeat the last. */
static void
step_tile(const struct pass *p, const struct neuron_tile *t, int elements)
{
	struct group *g = p->group;
	float least, most;

	for (int i = 0; !p->shares && i < t->hidden; i++)
		g->turn[i] = NEURON_TURN_EACH;
	if (p->shares) {
		find_range(t->x, &least, &most);
		take_turns(g, t->w1, t->common, t->hidden, least, most, !g->per_column && p->floor == 0);
		part_states(p, t, elements);
	}
	(g->per_column ? p->loops->own : p->loops->shared)(t);
	if (p->shares)
		join_states(p, t, least, most);
	add_tally(t->tally, elements, p->tally);
}

/* The last tile of a row, which is not full. */
static void
step_rest(const struct pass *p, struct neuron_tile t, int elements)
{
	float x[NEURON_TILE], y[NEURON_TILE], *total = t.y;

	for (int j = 0; j < NEURON_TILE; j++)
		x[j] = t.x[j < elements ? j : elements - 1];
	t.x = x;
	t.y = y;
	step_tile(p, &t, elements);
	memcpy(total, y, (size_t)elements * sizeof(*y));
}

static void
step_row(const struct pass *p, size_t first_tile, const float *x, float *y, size_t n)
{
	const struct group *g = p->group;
	size_t hidden = (size_t)g->plan->ugo->hidden, size = hidden * NEURON_TILE * p->state_size;
	int32_t counts[NEURON_TILE];
	struct neuron_tile t = {.rule = &p->rule,
				.hidden = (int)hidden,
				.floor = p->floor,
				.w1 = g->plan->ugo->w1,
				.bias = g->bias,
				.top = g->top,
				.limits = g->limits,
				.turn = g->turn,
				.across = g->across,
				.base = p->base,
				.tally = counts};

	for (size_t at = 0, tile = first_tile; at < n; at += NEURON_TILE, tile++) {
		t.threshold = g->threshold + (g->per_column ? at : 0);
		t.weight = g->weight + (g->per_column ? at : 0);
		t.x = x + at;
		t.y = y + at;
		t.m = (char *)g->m + tile * size;
		t.common = g->common + tile * hidden;
		if (n - at < NEURON_TILE)
			step_rest(p, t, (int)(n - at));
		else
			step_tile(p, &t, NEURON_TILE);
	}
}

static void
step_spiking(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally)
{
	struct pass p = start_pass(g, rule, s, tally);
	size_t columns = (size_t)g->columns;

	if (!g->per_column) {
		step_row(&p, 0, x, total, (size_t)g->rows * columns);
		return;
	}
	for (size_t row = 0; row < (size_t)g->rows; row++)
		step_row(&p, row * tiles_in_row(g), x + row * columns, total + row * columns, columns);
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
apply_analog(const struct group *g, const float *x, float s, float *y)
{
	if (g->plan->mode == FUNCTION_MODE_EXACT) {
		for (int j = 0; j < g->columns; j++)
			y[j] = s * (float)function_eval(g->exact, (double)(x[j] / s));
		return;
	}
	for (int j = 0; j < g->columns; j++)
		g->scratch[j] = x[j] / s;
	ugo_apply(g->plan->ugo, g->scratch, y, (size_t)g->columns);
	for (int j = 0; j < g->columns; j++)
		y[j] *= s;
}

void
group_step(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally,
	   struct alarm_tally *alarms)
{
	size_t columns = (size_t)g->columns;
	const struct ugo *u = g->plan->ugo;

	alarms->step = 0;
	if (u)
		add_alarms((float)u->lo * s, (float)u->hi * s, x, (size_t)g->rows * columns, alarms);
	if (spiking(g))
		step_spiking(g, rule, x, s, total, tally);
	else
		for (size_t row = 0; row < (size_t)g->rows; row++)
			apply_analog(g, x + row * columns, s, total + row * columns);
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

	*lane = at % NEURON_TILE;
	return (row * tiles_in_row(g) + at / NEURON_TILE) * (size_t)g->plan->ugo->hidden + (size_t)i;
}

static bool
in_common(const struct group *g, size_t unit)
{
	struct neuron_rule rule = {.kind = g->plan->neuron, .burst = g->plan->burst, .repeat = g->plan->repeat};

	return neuron_type(rule.kind)->loops(&rule)->one && g->plan->initial < 1 && g->common[unit] == g->common[unit];
}

float
group_neuron(const struct group *g, size_t element, int i)
{
	size_t lane, unit = find_unit(g, element, i, &lane);

	return in_common(g, unit) ? g->common[unit] : neuron_type(g->plan->neuron)->read(g->m, unit * NEURON_TILE + lane);
}

float
group_membrane(const struct group *g, size_t element, int i)
{
	size_t lane, unit = find_unit(g, element, i, &lane);
	const struct neuron_type *type = neuron_type(g->plan->neuron);

	return type->membrane ? type->membrane(g->m, unit * NEURON_TILE + lane) : NAN;
}
