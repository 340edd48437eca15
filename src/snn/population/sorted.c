/* Elements permuted, so that those of a tile are alike, and the closed-form first steps. */
#include "kernels/kernel.h"
#include "snn/population/pass.h"

#include <math.h>
#include <string.h>

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

/* A counting sort of PARTS of a chunk in turns: increments of one counter depend on each other, and four chains of
 * them run side by side. */
enum { PARTS = 4 };

/* Where the elements of every bucket begin, part after part. */
static void
find_starts(const uint8_t *key, int part, uint16_t (*start)[BUCKETS])
{
	uint16_t sum = 0;

	memset(start, 0, PARTS * sizeof(*start));
	for (int j = 0; j < part; j++)
		for (int k = 0; k < PARTS; k++)
			start[k][key[k * part + j]]++;
	for (int b = 0; b < BUCKETS; b++)
		for (int k = 0; k < PARTS; k++) {
			uint16_t count = start[k][b];

			start[k][b] = sum;
			sum = (uint16_t)(sum + count);
		}
}

/* The permutation of a chunk of n elements; its last tile is filled with the last one. */
static void
sort_chunk(const float *x, int n, uint16_t *permutation, uint16_t *inverse)
{
	uint8_t key[POPULATION_CHUNK];
	uint16_t start[PARTS][BUCKETS];
	int part = n / PARTS;

	find_keys(x, n, key);
	find_starts(key, part, start);
	for (int j = 0; j < part; j++)
		for (int k = 0; k < PARTS; k++) {
			int element = k * part + j, at = start[k][key[element]]++;

			permutation[at] = (uint16_t)element;
			inverse[element] = (uint16_t)at;
		}
	for (int at = part * PARTS; at < n; at++)
		permutation[at] = inverse[at] = (uint16_t)at;
	for (int at = n; at % NEURON_TILE != 0; at++)
		permutation[at] = permutation[n - 1];
}

/* Closed form of units whose targets are 0 or top in the first step, or in both of the first two:
 * closed_form[2 a + b] for a and b, 1 for top, in either. */
static void
solve_first_steps(const struct pass *p)
{
	struct population *pop = p->population;
	int hidden = pop->plan->ugo->hidden;

	for (int end = 0; end < POPULATION_ENDS; end++)
		for (int i = 0; i < hidden; i++) {
			float state = 0;
			int units = 0;

			for (int k = 0; k < p->steps; k++) {
				bool above = k + 1 == p->steps ? end & 1 : end >> 1;

				state = p->loops->step_uniform(above ? pop->top[k * hidden + i] : 0.0f,
							       pop->limits[k * hidden + i], state, &p->step[k].rule, &units);
			}
			pop->closed_form[end * hidden + i] = state;
			pop->closed_form_units[end * hidden + i] = units;
		}
}

/* The extremes of what a tile's elements receive in the first of the steps and in the last. */
struct range {
	float least[2], most[2];
};

/* Of a tile, in the first steps: makes units uniform whose states have a closed form. What they send is added to
 * `sent`, for one element. */
KERNEL static void
apply_closed_form(const struct population *pop, int last, struct range range, float *restrict uniform,
		  int32_t *restrict unit_class, int32_t *restrict saturated, struct neuron_tally *sent)
{
	const int hidden = pop->plan->ugo->hidden;
	const float *restrict w1 = pop->plan->ugo->w1, *restrict bias = pop->bias, *restrict top = pop->top;
	const float *restrict bias_last = pop->bias + last * hidden, *restrict top_last = pop->top + last * hidden;
	const float *restrict closed_form = pop->closed_form;
	const int32_t *restrict closed_form_units = pop->closed_form_units;
	int events = 0, units = 0;

	for (int i = 0; i < hidden; i++) {
		float a = w1[i] * range.least[0] + bias[i], b = w1[i] * range.most[0] + bias[i];
		float c = w1[i] * range.least[1] + bias_last[i], d = w1[i] * range.most[1] + bias_last[i];
		int above = lesser(a, b) >= top[i], above_last = lesser(c, d) >= top_last[i];
		int saturated_last = above_last | (greater(c, d) <= 0.0f);
		int is_closed = saturated_last & (above | (greater(a, b) <= 0.0f));
		int32_t low = choose(bits_of(closed_form[i]), bits_of(closed_form[hidden + i]), above_last);
		int32_t high = choose(bits_of(closed_form[2 * hidden + i]), bits_of(closed_form[3 * hidden + i]), above_last);
		int32_t low_units = choose(closed_form_units[i], closed_form_units[hidden + i], above_last);
		int32_t high_units = choose(closed_form_units[2 * hidden + i], closed_form_units[3 * hidden + i], above_last);
		int32_t now = choose(low_units, high_units, above) & -is_closed;

		uniform[i] = float_of(choose(bits_of(NAN), choose(low, high, above), is_closed));
		unit_class[i] = is_closed; /* UNIT_IDLE is 1, UNIT_DIVERGENT 0 */
		saturated[i] = saturated_last;
		events += now != 0;
		units += now;
	}
	sent->events = events;
	sent->units = units;
}

/* A tile in the first steps, which is one, or two of which the first has been done before. */
static void
run_first(const struct pass *p, const struct neuron_tile *t, int elements)
{
	const struct population *pop = p->population;
	struct population_step *step = &p->step[p->steps - 1];
	struct neuron_tally sent;
	struct range range;
	int used = 0;

	find_range(t->step[0].x, &range.least[0], &range.most[0]);
	find_range(t->step[p->steps - 1].x, &range.least[1], &range.most[1]);
	apply_closed_form(pop, p->steps - 1, range, t->uniform, pop->unit_class, pop->saturated, &sent);
	step->tally.events += sent.events * elements;
	step->tally.units += sent.units * elements;
	if (p->steps == 2) {
		p->loops->first_two(t, pop->saturated);
		return;
	}
	for (int i = 0; i < t->hidden; i++)
		t->slot[i] = pop->unit_class[i] == UNIT_DIVERGENT ? (uint16_t)used++ : NEURON_NO_SLOT;
	t->slot[t->hidden] = (uint16_t)used;
	memset(t->m, 0, (size_t)used * NEURON_TILE * p->state_size);
	p->loops->shared(t);
}

/* All units of a tile uniform, in the state of the start. */
static void
start_tile(const struct neuron_tile *t)
{
	memset(t->uniform, 0, (size_t)t->hidden * sizeof(*t->uniform));
	memset(t->slot, UINT8_MAX, (size_t)t->hidden * sizeof(*t->slot)); /* NEURON_NO_SLOT */
	t->slot[t->hidden] = 0;
}

KERNEL static void
fill(float *restrict x, float value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = value;
}

/* Scratch of a chunk, whose tiles step one after the other: what they receive, permuted, lies in the population,
 * and so does what they send. */
struct chunk_scratch {
	_Alignas(64) int32_t tally[POPULATION_STEPS][NEURON_TILE];
	struct neuron_tile_step step[POPULATION_STEPS];
	int tiles; /* that have added to tally */
};

/* Gathers the elements of a chunk, n with those that fill up the last tile. All of them before any tile steps:
 * a vector load right after the scalar stores of its parts would fail to be forwarded, and wait. */
static void
gather_chunk(const struct pass *p, struct chunk_scratch *scratch, size_t at, size_t n)
{
	const struct population *pop = p->population;
	int hidden = pop->plan->ugo->hidden;

	memset(scratch->tally, 0, sizeof(scratch->tally));
	scratch->tiles = 0;
	for (int k = 0; k < p->steps; k++) {
		const struct population_step *step = &p->step[k];
		float *x = pop->gathered + (size_t)k * POPULATION_CHUNK, *y = pop->sent + (size_t)k * POPULATION_CHUNK;

		gather(step->x + at, pop->permutation + at, (int)n, x);
		fill(y, pop->plan->ugo->b2 * step->s, n);
		scratch->step[k] = (struct neuron_tile_step){
		    step->rule, pop->bias + k * hidden, pop->top + k * hidden, pop->limits + k * hidden, x, y, scratch->tally[k]};
	}
}

/* Adds up the tallies of full tiles, or of one that has so many elements. */
static void
flush_tallies(const struct pass *p, struct chunk_scratch *scratch, int elements)
{
	for (int k = 0; scratch->tiles > 0 && k < p->steps; k++) {
		add_tally(scratch->tally[k], elements, &p->step[k].tally);
		memset(scratch->tally[k], 0, sizeof(scratch->tally[k]));
	}
	scratch->tiles = 0;
}

/* How many tiles may add to one tally before its spikes do not fit: none sends more of them than 16. */
static int
tiles_at_once(const struct pass *p)
{
	int tiles = (NEURON_TILE_EVENT - 1) / (16 * p->population->plan->ugo->hidden);

	return tiles > 1 ? tiles : 1;
}

/* A tile of so many elements; the scratch's steps go on to the next. */
static void
run_chunk_tile(const struct pass *p, struct chunk_scratch *scratch, size_t tile, int elements)
{
	struct neuron_tile t = tile_of(p, scratch->step, tile);

	if (elements < NEURON_TILE)
		flush_tallies(p, scratch, NEURON_TILE);
	if (p->first) {
		run_first(p, &t, elements);
	} else {
		if (p->step->t == 1)
			start_tile(&t);
		run_tile(p, &t, elements);
	}
	if (++scratch->tiles == tiles_at_once(p) || elements < NEURON_TILE)
		flush_tallies(p, scratch, elements);
	for (int k = 0; k < p->steps; k++) {
		scratch->step[k].x += NEURON_TILE;
		scratch->step[k].y += NEURON_TILE;
	}
}

/* Elements [at, at + n), a chunk. */
static void
run_chunk(const struct pass *p, size_t at, size_t n)
{
	const struct population *pop = p->population;
	size_t first = at / NEURON_TILE, tiles = (n + NEURON_TILE - 1) / NEURON_TILE;
	bool reads = !p->first && p->step->t > 1;
	struct chunk_scratch scratch;

	gather_chunk(p, &scratch, at, tiles * NEURON_TILE);
	for (size_t i = 0; i < tiles; i++) {
		if (reads && i + 1 < tiles) {
			struct neuron_tile next = tile_of(p, NULL, first + i + 1);

			prefetch_tile(p, &next);
		}
		run_chunk_tile(p, &scratch, first + i, elements_left(n, i * NEURON_TILE));
	}
	flush_tallies(p, &scratch, NEURON_TILE);
	for (int k = 0; k < p->steps; k++)
		if (p->step[k].total)
			gather(pop->sent + (size_t)k * POPULATION_CHUNK, pop->inverse + at, (int)n, p->step[k].total + at);
}

/* by: what elements are to be sorted by; NULL: the permutation stays. */
static void
run_chunks(struct population *pop, struct population_step *step, int steps, bool first, const float *by)
{
	struct pass p = population_pass(pop, step, steps);

	p.first = first;
	if (first)
		solve_first_steps(&p);
	for (size_t at = 0; at < population_elements(pop); at += POPULATION_CHUNK) {
		size_t n = population_elements(pop) - at < POPULATION_CHUNK ? population_elements(pop) - at : POPULATION_CHUNK;

		if (by)
			sort_chunk(by + at, (int)n, pop->permutation + at, pop->inverse + at);
		run_chunk(&p, at, n);
	}
}

/* The second step, and before it the first again, permuted as the second. */
static void
run_second(struct population *pop, struct population_step *step)
{
	struct population_step both[] = {*step, *step};

	both[0].t = 1;
	both[0].rule.grain = 1; /* nothing is refined yet */
	both[0].s = 1;
	both[0].x = pop->first_input;
	both[0].total = NULL;
	run_chunks(pop, both, 2, true, step->x);
	step->tally = both[1].tally;
}

/* The first steps: returns how many. Few are taken at once. Of many the first two are taken one by one, for the
 * permutation is not yet as good in them as in the others. */
static int
run_start(struct population *pop, struct population_step *step, int steps)
{
	enum { FEW = 4 };

	if (steps == 1) {
		run_chunks(pop, step, 1, true, step->x);
		memcpy(pop->first_input, step->x, population_first_size(pop));
		return 1;
	}
	if (steps <= FEW) {
		run_chunks(pop, step, steps, false, step[1].x);
		return steps;
	}
	run_chunks(pop, step, 1, true, step[1].x);
	run_chunks(pop, step + 1, 1, false, NULL);
	return 2;
}

void
run_sorted(struct population *pop, struct population_step *step, int steps)
{
	int done = 0;

	if (step->t == 1) {
		done = run_start(pop, step, steps);
	} else if (step->t == 2) {
		run_second(pop, step);
		done = 1;
	}
	if (done < steps)
		run_chunks(pop, step + done, steps - done, false, NULL);
}
