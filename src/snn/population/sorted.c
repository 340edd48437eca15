/* Elements in order, so that those of a tile are alike. */
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

/* Counting and placing take turns between PARTS of a chunk, so that one does not wait for what the
 * last has written. */
enum { PARTS = 4 };

/* Where the elements of every key begin, part after part. */
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

/* The order of a chunk of n elements; its last tile is filled with the last one. */
static void
sort_chunk(const float *x, int n, uint16_t *order, uint16_t *place)
{
	uint8_t key[GROUP_CHUNK];
	uint16_t start[PARTS][BUCKETS];
	int part = n / PARTS;

	find_keys(x, n, key);
	find_starts(key, part, start);
	for (int j = 0; j < part; j++)
		for (int k = 0; k < PARTS; k++) {
			int element = k * part + j, at = start[k][key[element]]++;

			order[at] = (uint16_t)element;
			place[element] = (uint16_t)at;
		}
	for (int at = part * PARTS; at < n; at++)
		order[at] = place[at] = (uint16_t)at;
	for (int at = n; at % NEURON_TILE != 0; at++)
		order[at] = order[n - 1];
}

/* What becomes of neurons whose targets are 0 or top in the first step, or in both of the first two:
 * known[2 a + b] of a unit for a and b, 1 for top, in either. */
static void
know_states(const struct pass *p)
{
	struct group *g = p->group;
	int hidden = g->plan->ugo->hidden;

	for (int end = 0; end < GROUP_ENDS; end++)
		for (int i = 0; i < hidden; i++) {
			float state = 0;
			int units = 0;

			for (int k = 0; k < p->steps; k++) {
				bool above = k + 1 == p->steps ? end & 1 : end >> 1;

				state = p->loops->one(above ? g->top[k * hidden + i] : 0.0f, g->limits[k * hidden + i], state,
						      &p->step[k].rule, &units);
			}
			g->known[end * hidden + i] = state;
			g->known_units[end * hidden + i] = units;
		}
}

/* The extremes of what a tile's elements receive in the first of the steps and in the last. */
struct range {
	float least[2], most[2];
};

/* Of a tile, in the first steps: finds the neurons whose states are known. What they send is added
 * to `sent`, for one element. */
KERNEL static void
find_known(const struct group *g, int last, struct range range, float *restrict common, int32_t *restrict turn,
	   int32_t *restrict beyond, struct neuron_tally *sent)
{
	const int hidden = g->plan->ugo->hidden;
	const float *restrict w1 = g->plan->ugo->w1, *restrict bias = g->bias, *restrict top = g->top;
	const float *restrict bias_last = g->bias + last * hidden, *restrict top_last = g->top + last * hidden;
	const float *restrict known = g->known;
	const int32_t *restrict known_units = g->known_units;
	int events = 0, units = 0;

	for (int i = 0; i < hidden; i++) {
		float a = w1[i] * range.least[0] + bias[i], b = w1[i] * range.most[0] + bias[i];
		float c = w1[i] * range.least[1] + bias_last[i], d = w1[i] * range.most[1] + bias_last[i];
		int above = lesser(a, b) >= top[i], above_last = lesser(c, d) >= top_last[i];
		int beyond_last = above_last | (greater(c, d) <= 0.0f);
		int is_known = beyond_last & (above | (greater(a, b) <= 0.0f));
		int32_t low = choose(bits_of(known[i]), bits_of(known[hidden + i]), above_last);
		int32_t high = choose(bits_of(known[2 * hidden + i]), bits_of(known[3 * hidden + i]), above_last);
		int32_t low_units = choose(known_units[i], known_units[hidden + i], above_last);
		int32_t high_units = choose(known_units[2 * hidden + i], known_units[3 * hidden + i], above_last);
		int32_t now = choose(low_units, high_units, above) & -is_known;

		common[i] = float_of(choose(bits_of(NAN), choose(low, high, above), is_known));
		turn[i] = is_known; /* NEURON_TURN_SILENT, or NEURON_TURN_EACH */
		beyond[i] = beyond_last;
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
	const struct group *g = p->group;
	struct group_step *step = &p->step[p->steps - 1];
	struct neuron_tally sent;
	struct range range;
	int used = 0;

	find_range(t->step[0].x, &range.least[0], &range.most[0]);
	find_range(t->step[p->steps - 1].x, &range.least[1], &range.most[1]);
	find_known(g, p->steps - 1, range, t->common, g->turn, g->beyond, &sent);
	step->tally.events += sent.events * elements;
	step->tally.units += sent.units * elements;
	if (p->steps == 2) {
		p->loops->anew(t, g->beyond);
		return;
	}
	for (int i = 0; i < t->hidden; i++)
		t->slot[i] = g->turn[i] == NEURON_TURN_EACH ? (uint16_t)used++ : NEURON_NO_SLOT;
	t->slot[t->hidden] = (uint16_t)used;
	memset(t->m, 0, (size_t)used * NEURON_TILE * p->state_size);
	p->loops->shared(t);
}

/* All neurons of a tile in one state, that of the start. */
static void
start_tile(const struct neuron_tile *t)
{
	memset(t->common, 0, (size_t)t->hidden * sizeof(*t->common));
	memset(t->slot, UINT8_MAX, (size_t)t->hidden * sizeof(*t->slot)); /* NEURON_NO_SLOT */
	t->slot[t->hidden] = 0;
}

KERNEL static void
fill(float *restrict x, float value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = value;
}

/* Where the tiles of a chunk work, one after the other: what they receive in their order lies in
 * the group, and so does what they send. */
struct desk {
	_Alignas(64) int32_t tally[GROUP_STEPS][NEURON_TILE];
	struct neuron_tile_step step[GROUP_STEPS];
	int tiles; /* that have added to tally */
};

/* The elements of a chunk, n with those that fill up the last tile, in the chunk's order. All of
 * them before any tile works, for what has just been stored in pieces is not read at once in
 * larger ones. */
static void
lay_chunk(const struct pass *p, struct desk *desk, size_t at, size_t n)
{
	const struct group *g = p->group;
	int hidden = g->plan->ugo->hidden;

	memset(desk->tally, 0, sizeof(desk->tally));
	desk->tiles = 0;
	for (int k = 0; k < p->steps; k++) {
		const struct group_step *step = &p->step[k];
		float *x = g->laid + (size_t)k * GROUP_CHUNK, *y = g->sums + (size_t)k * GROUP_CHUNK;

		gather(step->x + at, g->order + at, (int)n, x);
		fill(y, g->plan->ugo->b2 * step->s, n);
		desk->step[k] = (struct neuron_tile_step){
		    step->rule, g->bias + k * hidden, g->top + k * hidden, g->limits + k * hidden, x, y, desk->tally[k]};
	}
}

/* Adds up the tallies of full tiles, or of one that has so many elements. */
static void
clear_tallies(const struct pass *p, struct desk *desk, int elements)
{
	for (int k = 0; desk->tiles > 0 && k < p->steps; k++) {
		add_tally(desk->tally[k], elements, &p->step[k].tally);
		memset(desk->tally[k], 0, sizeof(desk->tally[k]));
	}
	desk->tiles = 0;
}

/* How many tiles may add to one tally before its spikes do not fit: none sends more of them than 16. */
static int
tiles_at_once(const struct pass *p)
{
	int tiles = (NEURON_TILE_EVENT - 1) / (16 * p->group->plan->ugo->hidden);

	return tiles > 1 ? tiles : 1;
}

/* A tile of so many elements; the desk's steps go on to the next. */
static void
run_place(const struct pass *p, struct desk *desk, size_t tile, int elements)
{
	struct neuron_tile t = tile_of(p, desk->step, tile);

	if (elements < NEURON_TILE)
		clear_tallies(p, desk, NEURON_TILE);
	if (p->first) {
		run_first(p, &t, elements);
	} else {
		if (p->step->t == 1)
			start_tile(&t);
		run_tile(p, &t, elements);
	}
	if (++desk->tiles == tiles_at_once(p) || elements < NEURON_TILE)
		clear_tallies(p, desk, elements);
	for (int k = 0; k < p->steps; k++) {
		desk->step[k].x += NEURON_TILE;
		desk->step[k].y += NEURON_TILE;
	}
}

/* Elements [at, at + n), a chunk. */
static void
run_chunk(const struct pass *p, size_t at, size_t n)
{
	const struct group *g = p->group;
	size_t first = at / NEURON_TILE, tiles = (n + NEURON_TILE - 1) / NEURON_TILE;
	bool reads = !p->first && p->step->t > 1;
	struct desk desk;

	lay_chunk(p, &desk, at, tiles * NEURON_TILE);
	for (size_t i = 0; i < tiles; i++) {
		if (reads && i + 1 < tiles) {
			struct neuron_tile next = tile_of(p, NULL, first + i + 1);

			fetch_ahead(p, &next);
		}
		run_place(p, &desk, first + i, elements_left(n, i * NEURON_TILE));
	}
	clear_tallies(p, &desk, NEURON_TILE);
	for (int k = 0; k < p->steps; k++)
		if (p->step[k].total)
			gather(g->sums + (size_t)k * GROUP_CHUNK, g->place + at, (int)n, p->step[k].total + at);
}

/* by: what elements are to be sorted by; NULL: they stay in their order. */
static void
run_chunks(struct group *g, struct group_step *step, int steps, bool first, const float *by)
{
	struct pass p = group_pass(g, step, steps);

	p.first = first;
	if (first)
		know_states(&p);
	for (size_t at = 0; at < group_elements(g); at += GROUP_CHUNK) {
		size_t n = group_elements(g) - at < GROUP_CHUNK ? group_elements(g) - at : GROUP_CHUNK;

		if (by)
			sort_chunk(by + at, (int)n, g->order + at, g->place + at);
		run_chunk(&p, at, n);
	}
}

/* The second step, and before it the first again, in the order of the second. */
static void
run_second(struct group *g, struct group_step *step)
{
	struct group_step both[] = {*step, *step};

	both[0].t = 1;
	both[0].rule.grain = 1; /* nothing is refined yet */
	both[0].s = 1;
	both[0].x = g->received;
	both[0].total = NULL;
	run_chunks(g, both, 2, true, step->x);
	step->tally = both[1].tally;
}

/* The first steps: returns how many. Few are taken at once. Of many the first two are taken one by
 * one, for the order is not yet as good in them as in the others. */
static int
run_start(struct group *g, struct group_step *step, int steps)
{
	enum { FEW = 4 };

	if (steps == 1) {
		run_chunks(g, step, 1, true, step->x);
		memcpy(g->received, step->x, group_first_size(g));
		return 1;
	}
	if (steps <= FEW) {
		run_chunks(g, step, steps, false, step[1].x);
		return steps;
	}
	run_chunks(g, step, 1, true, step[1].x);
	run_chunks(g, step + 1, 1, false, NULL);
	return 2;
}

void
run_sorted(struct group *g, struct group_step *step, int steps)
{
	int done = 0;

	if (step->t == 1) {
		done = run_start(g, step, steps);
	} else if (step->t == 2) {
		run_second(g, step);
		done = 1;
	}
	if (done < steps)
		run_chunks(g, step + done, steps - done, false, NULL);
}
