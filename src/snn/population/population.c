#include "snn/population/population.h"

#include "base/arena.h"
#include "base/hash.h"
#include "kernels/kernel.h"
#include "snn/population/pass.h"

#include <math.h>
#include <string.h>

static bool
spiking(const struct population *pop)
{
	return pop->plan->mode == FUNCTION_MODE_SPIKING;
}

static size_t
tiles_in_row(const struct population *pop)
{
	size_t row = pop->per_column ? (size_t)pop->columns : (size_t)pop->rows * (size_t)pop->columns;

	return (row + NEURON_TILE - 1) / NEURON_TILE;
}

/* Hidden units of all tiles. */
static size_t
tile_units(const struct population *pop)
{
	return !spiking(pop) ? 0 : tiles_in_row(pop) * (size_t)(pop->per_column ? pop->rows : 1) * (size_t)pop->plan->ugo->hidden;
}

size_t
population_state_size(const struct population *pop)
{
	return tile_units(pop) * NEURON_TILE * (spiking(pop) ? neuron_state_size(pop->plan->neuron) : 0);
}

size_t
population_uniform_size(const struct population *pop)
{
	return tile_units(pop) * sizeof(float);
}

size_t
population_slot_size(const struct population *pop)
{
	size_t units = tile_units(pop);

	return units ? (units + units / (size_t)pop->plan->ugo->hidden) * sizeof(uint16_t) : 0;
}

/* Can units be uniform? With an initial potential of a whole threshold
 * a neuron fires without any input. */
static bool
can_be_uniform(const struct population *pop)
{
	struct neuron_rule rule = neuron_rule_at(pop->plan->neuron, &pop->plan->settings, 1);

	return neuron_type(rule.kind)->loops(&rule)->step_uniform && pop->plan->settings.initial < 1;
}

size_t
population_elements(const struct population *pop)
{
	return (size_t)pop->rows * (size_t)pop->columns;
}

bool
population_sorts(const struct population *pop)
{
	return spiking(pop) && pop->plan->channels == 1 && pop->plan->ugo->h && population_elements(pop) > 4 * NEURON_TILE &&
	       can_be_uniform(pop);
}

size_t
population_permutation_size(const struct population *pop)
{
	return population_sorts(pop) ? tiles_in_row(pop) * NEURON_TILE * sizeof(*pop->permutation) : 0;
}

size_t
population_first_size(const struct population *pop)
{
	return population_sorts(pop) ? population_elements(pop) * sizeof(*pop->first_input) : 0;
}

/* Columns behind the last one have no thresholds. */
static void
spread_thresholds(struct population *pop)
{
	const struct site_plan *p = pop->plan;
	const struct neuron_type *type = neuron_type(p->neuron);
	struct neuron_rule rule = neuron_rule_at(p->neuron, &p->settings, 1);
	int hidden = p->ugo->hidden, columns = pop->per_column ? pop->columns : 1;

	for (int i = 0; i < hidden; i++)
		for (int c = 0; c < (int)pop->across; c++) {
			float v = c < columns ? p->threshold[c * hidden + i] : 0;
			size_t at = (size_t)i * pop->across + (size_t)c;

			pop->threshold[at] = pop->per_column && v == 0.0f ? type->never : v;
			pop->weight[at] = p->ugo->w2[i] * (type->counts ? neuron_quantum(&rule, v) : 1);
		}
}

bool
population_init(struct population *pop, struct arena *arena)
{
	size_t hidden;

	pop->scratch = arena_floats(arena, (size_t)pop->columns);
	if (!pop->scratch || !spiking(pop))
		return pop->scratch != NULL;
	hidden = (size_t)pop->plan->ugo->hidden;
	pop->per_column = pop->plan->channels > 1;
	pop->across = pop->per_column ? tiles_in_row(pop) * NEURON_TILE : 1;
	pop->threshold = arena_floats(arena, hidden * pop->across);
	pop->weight = arena_floats(arena, hidden * pop->across);
	pop->bias = arena_floats(arena, POPULATION_STEPS * hidden);
	pop->top = arena_floats(arena, POPULATION_STEPS * hidden);
	pop->full = arena_floats(arena, POPULATION_STEPS * hidden);
	pop->sent = population_sorts(pop) ? arena_floats(arena, POPULATION_STEPS * POPULATION_CHUNK) : NULL;
	pop->gathered = population_sorts(pop) ? arena_floats(arena, POPULATION_STEPS * POPULATION_CHUNK) : NULL;
	pop->closed_form = arena_floats(arena, POPULATION_ENDS * hidden);
	pop->closed_form_units = arena_alloc(arena, POPULATION_ENDS * hidden * sizeof(*pop->closed_form_units));
	pop->limits = arena_alloc(arena, POPULATION_STEPS * hidden * sizeof(*pop->limits));
	pop->cached = arena_alloc(arena, 2 * hidden * sizeof(*pop->cached));
	pop->action = arena_alloc(arena, hidden * sizeof(*pop->action));
	pop->unit_class = arena_alloc(arena, hidden * sizeof(*pop->unit_class));
	pop->saturated = arena_alloc(arena, hidden * sizeof(*pop->saturated));
	if ((population_sorts(pop) && (!pop->sent || !pop->gathered)) || !pop->closed_form || !pop->closed_form_units ||
	    !pop->cached || !pop->action || !pop->threshold || !pop->weight || !pop->bias || !pop->top || !pop->full ||
	    !pop->limits || !pop->unit_class || !pop->saturated)
		return false;
	spread_thresholds(pop);
	return true;
}

bool
population_stand_alone(struct population *pop, struct arena *arena)
{
	size_t permutation = population_permutation_size(pop);

	pop->m = arena_alloc(arena, population_state_size(pop));
	pop->uniform = arena_alloc(arena, population_uniform_size(pop));
	pop->slot = arena_alloc(arena, population_slot_size(pop));
	pop->permutation = permutation ? arena_alloc(arena, permutation) : NULL;
	pop->inverse = permutation ? arena_alloc(arena, permutation) : NULL;
	pop->first_input = permutation ? arena_alloc(arena, population_first_size(pop)) : NULL;
	if (!pop->m || !pop->uniform || !pop->slot || (permutation && (!pop->permutation || !pop->inverse || !pop->first_input)))
		return false;
	population_reset(pop);
	return true;
}

static void
prepare_step(const struct pass *p, int k)
{
	struct population *pop = p->population;
	const struct ugo *u = pop->plan->ugo;
	const struct population_step *step = &p->step[k];

	for (int i = 0; i < u->hidden; i++) {
		int at = k * u->hidden + i;
		float full, worth;

		pop->limits[at] = p->loops->limits(pop->threshold[(size_t)i * pop->across], &step->rule);
		worth = pop->limits[at].quantum;
		pop->bias[at] = u->b1[i] * step->s;
		pop->top[at] = u->h ? u->h[i] * step->s : INFINITY;
		full = rintf(pop->top[at] / worth);
		pop->full[at] = u->h && !pop->per_column && worth > 0 && full * worth == pop->top[at] ? full : NAN;
	}
}

struct pass
population_pass(struct population *pop, struct population_step *step, int steps)
{
	const struct neuron_type *type = neuron_type(step->rule.kind);
	struct pass p = {.population = pop,
			 .loops = type->loops(&step->rule),
			 .state_size = type->state_size,
			 .cut = pop->plan->ugo->h || type->cut,
			 .can_be_uniform = can_be_uniform(pop),
			 .steps = steps,
			 .step = step};

	for (int k = 0; k < steps; k++)
		prepare_step(&p, k);
	for (int i = 0; i < 2 * pop->plan->ugo->hidden; i++)
		pop->cached[i].from = NAN;
	return p;
}

int
elements_left(size_t n, size_t at)
{
	return n - at < NEURON_TILE ? (int)(n - at) : NEURON_TILE;
}

/* Elements [at, at + n), whose tiles begin at first_tile. */
static void
run_row(const struct pass *p, size_t first_tile, size_t at, size_t n)
{
	const struct population *pop = p->population;
	struct tile_scratch scratch;

	for (size_t column = 0, tile = first_tile; column < n; column += NEURON_TILE, tile++) {
		int elements = elements_left(n, column);
		struct neuron_tile t = tile_of(p, scratch.step, tile);

		if (column + NEURON_TILE < n) {
			struct neuron_tile next = tile_of(p, NULL, tile + 1);

			prefetch_interleaved(p, &t, &next);
		}
		t.threshold += pop->per_column ? column : 0;
		t.weight += pop->per_column ? column : 0;
		load_tile(p, &scratch, at + column, elements);
		run_tile(p, &t, elements);
		for (int k = 0; k < p->steps; k++) {
			struct population_step *step = &p->step[k];

			add_tally(scratch.tally[k], elements, &step->tally);
			memcpy(step->total + at + column, scratch.y[k], (size_t)elements * sizeof(float));
		}
	}
}

static void
run_spiking(struct population *pop, struct population_step *step, int steps)
{
	size_t columns = (size_t)pop->columns;
	struct pass p;

	if (population_sorts(pop)) {
		run_sorted(pop, step, steps);
		return;
	}
	p = population_pass(pop, step, steps);
	if (!pop->per_column)
		run_row(&p, 0, 0, population_elements(pop));
	for (size_t row = 0; pop->per_column && row < (size_t)pop->rows; row++)
		run_row(&p, row * tiles_in_row(pop), row * columns, columns);
}

KERNEL static void
add_alarms(float lo, float hi, const float *restrict x, size_t n, struct alarm_tally *alarms)
{
	float farthest = 0;
	int64_t outside = 0;

#pragma omp simd reduction(+ : outside) reduction(max : farthest)
	for (size_t j = 0; j < n; j++) {
		float saturated = greater(lo - x[j], x[j] - hi);

		outside += saturated > 0.0f;
		farthest = greater(saturated, farthest);
	}
	alarms->step = outside;
	alarms->all += outside;
	alarms->reach = greater(alarms->reach, farthest / (hi - lo));
}

static void
apply_analog(const struct population *pop, const struct population_step *step, size_t at)
{
	size_t columns = (size_t)pop->columns;
	float *in = pop->scratch, *out = step->total + at;

	for (size_t j = 0; j < columns; j++)
		in[j] = step->x[at + j] / step->s;
	if (pop->plan->mode == FUNCTION_MODE_EXACT)
		for (size_t j = 0; j < columns; j++)
			out[j] = (float)function_eval(pop->exact, (double)in[j]);
	else
		ugo_apply(pop->plan->ugo, in, out, columns);
	for (size_t j = 0; j < columns; j++)
		out[j] *= step->s;
}

void
population_run(struct population *pop, struct population_step *step, int steps, struct alarm_tally *alarms)
{
	size_t size = population_elements(pop);
	const struct ugo *u = pop->plan->ugo;

	alarms->step = 0;
	for (int k = 0; k < steps; k++) {
		step[k].tally = (struct neuron_tally){0, 0};
		if (u)
			add_alarms((float)u->lo * step[k].s, (float)u->hi * step[k].s, step[k].x, size, alarms);
	}
	if (spiking(pop)) {
		run_spiking(pop, step, steps);
		return;
	}
	for (int k = 0; k < steps; k++)
		for (size_t at = 0; at < size; at += (size_t)pop->columns)
			apply_analog(pop, &step[k], at);
}

void
population_reset(struct population *pop)
{
	size_t hidden = spiking(pop) ? (size_t)pop->plan->ugo->hidden : 0;
	bool shared = hidden && can_be_uniform(pop);

	if (!hidden)
		return;
	memset(pop->slot, UINT8_MAX, population_slot_size(pop)); /* NEURON_NO_SLOT */
	for (size_t tile = 0; tile < tile_units(pop) / hidden; tile++) {
		uint16_t *slot = pop->slot + tile * (hidden + 1);

		for (size_t i = 0; !shared && i < hidden; i++)
			slot[i] = (uint16_t)i;
		slot[hidden] = shared ? 0 : (uint16_t)hidden;
	}
	if (!shared)
		memset(pop->m, 0, population_state_size(pop));
}

/* Where a unit of a tile, of all that the population has, has its states. */
static uint16_t
slot_of(const struct population *pop, size_t unit)
{
	return pop->slot[unit + unit / (size_t)pop->plan->ugo->hidden];
}

/* Its states. */
static char *
unit_states(const struct population *pop, size_t unit)
{
	size_t hidden = (size_t)pop->plan->ugo->hidden, size = NEURON_TILE * neuron_state_size(pop->plan->neuron);

	return (char *)pop->m + (unit / hidden * hidden + slot_of(pop, unit)) * size;
}

void
population_hash(const struct population *pop, struct hash *hash)
{
	size_t units = tile_units(pop), size = units ? NEURON_TILE * neuron_state_size(pop->plan->neuron) : 0;

	for (size_t i = 0; i < units; i++)
		if (slot_of(pop, i) != NEURON_NO_SLOT)
			hash_add(hash, unit_states(pop, i), size);
}

float
population_threshold(const struct population *pop, size_t element, int i)
{
	const struct site_plan *p = pop->plan;

	return p->threshold[(pop->per_column ? element % (size_t)pop->columns : 0) * (size_t)p->ugo->hidden + (size_t)i];
}

/* Where an element's tile has hidden unit i, and the element in it. */
static size_t
find_unit(const struct population *pop, size_t element, int i, size_t *lane)
{
	size_t row = pop->per_column ? element / (size_t)pop->columns : 0, at = element - row * (size_t)pop->columns;

	if (population_sorts(pop))
		at = element / POPULATION_CHUNK * POPULATION_CHUNK + pop->inverse[element];

	*lane = at % NEURON_TILE;
	return (row * tiles_in_row(pop) + at / NEURON_TILE) * (size_t)pop->plan->ugo->hidden + (size_t)i;
}

float
population_neuron(const struct population *pop, size_t element, int i)
{
	size_t lane, unit = find_unit(pop, element, i, &lane);

	return slot_of(pop, unit) == NEURON_NO_SLOT ? pop->uniform[unit]
						    : neuron_type(pop->plan->neuron)->read(unit_states(pop, unit), lane);
}

float
population_membrane(const struct population *pop, size_t element, int i)
{
	size_t lane, unit = find_unit(pop, element, i, &lane);
	const struct neuron_type *type = neuron_type(pop->plan->neuron);

	return type->membrane ? type->membrane(unit_states(pop, unit), lane) : NAN;
}
