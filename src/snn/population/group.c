#include "snn/population/group.h"

#include "base/arena.h"
#include "base/hash.h"
#include "kernels/kernel.h"
#include "snn/population/pass.h"

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
	size_t units = tile_units(g);

	return units ? (units + units / (size_t)g->plan->ugo->hidden) * sizeof(uint16_t) : 0;
}

/* Can the group's neurons be in one state? With an initial potential of a whole threshold
 * a neuron fires without any input. */
static bool
shares(const struct group *g)
{
	struct neuron_rule rule = neuron_rule_at(g->plan->neuron, &g->plan->settings, 1);

	return neuron_type(rule.kind)->loops(&rule)->one && g->plan->settings.initial < 1;
}

size_t
group_elements(const struct group *g)
{
	return (size_t)g->rows * (size_t)g->columns;
}

bool
group_sorts(const struct group *g)
{
	return spiking(g) && g->plan->channels == 1 && g->plan->ugo->h && group_elements(g) > 4 * NEURON_TILE && shares(g);
}

size_t
group_order_size(const struct group *g)
{
	return group_sorts(g) ? tiles_in_row(g) * NEURON_TILE * sizeof(*g->order) : 0;
}

size_t
group_first_size(const struct group *g)
{
	return group_sorts(g) ? group_elements(g) * sizeof(*g->received) : 0;
}

/* Columns behind the last one have no thresholds. */
static void
spread_thresholds(struct group *g)
{
	const struct site_plan *p = g->plan;
	const struct neuron_type *type = neuron_type(p->neuron);
	struct neuron_rule rule = neuron_rule_at(p->neuron, &p->settings, 1);
	int hidden = p->ugo->hidden, columns = g->per_column ? g->columns : 1;

	for (int i = 0; i < hidden; i++)
		for (int c = 0; c < (int)g->across; c++) {
			float v = c < columns ? p->threshold[c * hidden + i] : 0;
			size_t at = (size_t)i * g->across + (size_t)c;

			g->threshold[at] = g->per_column && v == 0.0f ? type->never : v;
			g->weight[at] = p->ugo->w2[i] * (type->counts ? neuron_quantum(&rule, v) : 1);
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
	g->sums = group_sorts(g) ? arena_floats(arena, GROUP_STEPS * GROUP_CHUNK) : NULL;
	g->laid = group_sorts(g) ? arena_floats(arena, GROUP_STEPS * GROUP_CHUNK) : NULL;
	g->known = arena_floats(arena, GROUP_ENDS * hidden);
	g->known_units = arena_alloc(arena, GROUP_ENDS * hidden * sizeof(*g->known_units));
	g->limits = arena_alloc(arena, GROUP_STEPS * hidden * sizeof(*g->limits));
	g->answer = arena_alloc(arena, 2 * hidden * sizeof(*g->answer));
	g->todo = arena_alloc(arena, hidden + GROUP_MARKS_BEHIND);
	g->loose = arena_alloc(arena, hidden + GROUP_MARKS_BEHIND);
	g->wanted = arena_alloc(arena, hidden * sizeof(*g->wanted));
	g->turn = arena_alloc(arena, hidden * sizeof(*g->turn));
	g->beyond = arena_alloc(arena, hidden * sizeof(*g->beyond));
	if ((group_sorts(g) && (!g->sums || !g->laid)) || !g->known || !g->known_units || !g->answer || !g->wanted || !g->todo ||
	    !g->loose || !g->threshold || !g->weight || !g->bias || !g->top || !g->full || !g->limits || !g->turn || !g->beyond)
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
	g->received = order ? arena_alloc(arena, group_first_size(g)) : NULL;
	if (!g->m || !g->common || !g->slot || (order && (!g->order || !g->place || !g->received)))
		return false;
	group_reset(g);
	return true;
}

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

struct pass
group_pass(struct group *g, struct group_step *step, int steps)
{
	const struct neuron_type *type = neuron_type(step->rule.kind);
	struct pass p = {.group = g,
			 .loops = type->loops(&step->rule),
			 .state_size = type->state_size,
			 .cut = g->plan->ugo->h || type->cut,
			 .shares = shares(g),
			 .steps = steps,
			 .step = step};

	for (int k = 0; k < steps; k++)
		prepare_step(&p, k);
	for (int i = 0; i < 2 * g->plan->ugo->hidden; i++)
		g->answer[i].from = NAN;
	return p;
}

int
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
		struct neuron_tile t = tile_of(p, bench.step, tile);

		if (column + NEURON_TILE < n) {
			struct neuron_tile next = tile_of(p, NULL, tile + 1);

			fetch_in_turn(p, &t, &next);
		}
		t.threshold += g->per_column ? column : 0;
		t.weight += g->per_column ? column : 0;
		lay_out(p, &bench, at + column, elements);
		run_tile(p, &t, elements);
		for (int k = 0; k < p->steps; k++) {
			struct group_step *step = &p->step[k];

			add_tally(bench.tally[k], elements, &step->tally);
			memcpy(step->total + at + column, bench.y[k], (size_t)elements * sizeof(float));
		}
	}
}

static void
run_spiking(struct group *g, struct group_step *step, int steps)
{
	size_t columns = (size_t)g->columns;
	struct pass p;

	if (group_sorts(g)) {
		run_sorted(g, step, steps);
		return;
	}
	p = group_pass(g, step, steps);
	if (!g->per_column)
		run_row(&p, 0, 0, group_elements(g));
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
	size_t size = group_elements(g);
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
	bool shared = hidden && shares(g);

	if (!hidden)
		return;
	memset(g->slot, UINT8_MAX, group_slot_size(g)); /* NEURON_NO_SLOT */
	for (size_t tile = 0; tile < tile_units(g) / hidden; tile++) {
		uint16_t *slot = g->slot + tile * (hidden + 1);

		for (size_t i = 0; !shared && i < hidden; i++)
			slot[i] = (uint16_t)i;
		slot[hidden] = shared ? 0 : (uint16_t)hidden;
	}
	if (!shared)
		memset(g->m, 0, group_state_size(g));
}

/* Where a unit of a tile, of all that the group has, has its states. */
static uint16_t
slot_of(const struct group *g, size_t unit)
{
	return g->slot[unit + unit / (size_t)g->plan->ugo->hidden];
}

/* The states of a unit of a tile, of all that the group has. */
static char *
unit_states(const struct group *g, size_t unit)
{
	size_t hidden = (size_t)g->plan->ugo->hidden, size = NEURON_TILE * neuron_state_size(g->plan->neuron);

	return (char *)g->m + (unit / hidden * hidden + slot_of(g, unit)) * size;
}

void
group_hash(const struct group *g, struct hash *hash)
{
	size_t units = tile_units(g), size = units ? NEURON_TILE * neuron_state_size(g->plan->neuron) : 0;

	for (size_t i = 0; i < units; i++)
		if (slot_of(g, i) != NEURON_NO_SLOT)
			hash_add(hash, unit_states(g, i), size);
}

float
group_threshold(const struct group *g, size_t element, int i)
{
	const struct site_plan *p = g->plan;

	return p->threshold[(g->per_column ? element % (size_t)g->columns : 0) * (size_t)p->ugo->hidden + (size_t)i];
}

/* Where an element's tile has hidden unit i, and the element in it. */
static size_t
find_unit(const struct group *g, size_t element, int i, size_t *lane)
{
	size_t row = g->per_column ? element / (size_t)g->columns : 0, at = element - row * (size_t)g->columns;

	if (group_sorts(g))
		at = element / GROUP_CHUNK * GROUP_CHUNK + g->place[element];

	*lane = at % NEURON_TILE;
	return (row * tiles_in_row(g) + at / NEURON_TILE) * (size_t)g->plan->ugo->hidden + (size_t)i;
}

float
group_neuron(const struct group *g, size_t element, int i)
{
	size_t lane, unit = find_unit(g, element, i, &lane);

	return slot_of(g, unit) == NEURON_NO_SLOT ? g->common[unit]
						  : neuron_type(g->plan->neuron)->read(unit_states(g, unit), lane);
}

float
group_membrane(const struct group *g, size_t element, int i)
{
	size_t lane, unit = find_unit(g, element, i, &lane);
	const struct neuron_type *type = neuron_type(g->plan->neuron);

	return type->membrane ? type->membrane(unit_states(g, unit), lane) : NAN;
}
