#include "snn/group.h"

#include "base/arena.h"
#include "snn/neuron_rule.h"

#include <string.h>

enum { MANY = 1 << 16 }; /* events are counted above this, spikes below */

/* What is done with the neurons that a tile has at one hidden unit. */
enum turn {
	TURN_EACH,  /* all step for themselves */
	TURN_ONE,   /* all are in the same state with the same target, and step as one */
	TURN_SILENT /* the same, and they have sent what they should */
};

static bool
spiking(const struct group *g)
{
	return g->plan->mode == FUNCTION_MODE_SPIKING;
}

static int
tiles_in_row(const struct group *g)
{
	size_t row = g->per_column ? (size_t)g->columns : (size_t)g->rows * (size_t)g->columns;

	return (int)((row + GROUP_TILE - 1) / GROUP_TILE);
}

size_t
group_tiles(const struct group *g)
{
	return !spiking(g) ? 0 : (size_t)tiles_in_row(g) * (size_t)(g->per_column ? g->rows : 1);
}

size_t
group_state_size(const struct group *g)
{
	return !spiking(g) ? 0 : group_tiles(g) * (size_t)g->plan->ugo->hidden * GROUP_TILE * neuron_state_size(g->plan->neuron);
}

size_t
group_common_size(const struct group *g)
{
	return !spiking(g) ? 0 : group_tiles(g) * (size_t)g->plan->ugo->hidden * sizeof(float);
}

static bool
units_init(struct group_units *u, int hidden, struct arena *arena)
{
	float **array[] = {&u->w1, &u->bias, &u->top, &u->quantum, &u->low, &u->high, &u->reach};

	for (size_t i = 0; i < sizeof(array) / sizeof(*array); i++)
		if (!(*array[i] = arena_floats(arena, (size_t)hidden)))
			return false;
	return (u->turn = arena_alloc(arena, (size_t)hidden * sizeof(*u->turn)));
}

static void
spread_thresholds(struct group *g)
{
	const struct site_plan *p = g->plan;
	struct neuron_rule rule = {p->neuron, p->burst, p->repeat, 1, ldexpf(1, -p->refine)};
	int hidden = p->ugo->hidden;

	for (int i = 0; i < hidden; i++)
		for (int c = 0; c < (g->per_column ? g->columns : 1); c++) {
			float v = p->threshold[c * hidden + i];
			size_t at = (size_t)i * (size_t)g->across + (size_t)c;

			g->threshold[at] = v;
			g->weight[at] = p->ugo->w2[i] * (p->neuron == NEURON_BURST ? 1 : neuron_quantum(&rule, v));
		}
}

bool
group_init(struct group *g, struct arena *arena)
{
	size_t thresholds;

	g->scratch = arena_floats(arena, (size_t)g->columns);
	if (!g->scratch || !spiking(g))
		return g->scratch != NULL;
	g->per_column = g->plan->channels > 1;
	g->across = g->per_column ? tiles_in_row(g) * GROUP_TILE : 1;
	thresholds = (size_t)g->plan->ugo->hidden * (size_t)g->across;
	g->threshold = arena_floats(arena, thresholds);
	g->weight = arena_floats(arena, thresholds);
	if (!g->threshold || !g->weight || !units_init(&g->units, g->plan->ugo->hidden, arena))
		return false;
	spread_thresholds(g);
	return true;
}

/* One tile in one step. x, y and what else is in tiles: [GROUP_TILE]. */
struct tile {
	const struct group *group;
	const struct neuron_rule *rule;
	const float *x;
	float base;                      /* b2 s */
	const float *threshold, *weight; /* of the tile's first column, [hidden, across] */
	void *m;                         /* [hidden, GROUP_TILE] */
	float *common;                   /* [hidden] */
	float *y;                        /* what has been sent in all */
	int32_t *tally;                  /* events times MANY and spikes, by element */
};

/* With one threshold for all elements. */
#define SHARED(limits_of)                                                                                                        \
	const struct limits l = {units.quantum[i], units.low[i], units.high[i], units.reach[i]};                                 \
	const float weight = t->weight[i]
#define SHARED_LANE(limits_of)
/* With a threshold for every column. */
#define OWN(limits_of)                                                                                                           \
	const float *restrict threshold = t->threshold + (size_t)i * across, *restrict weights = t->weight + (size_t)i * across
#define OWN_LANE(limits_of)                                                                                                      \
	const struct limits l = limits_of(threshold[j], &rule);                                                                  \
	const float weight = weights[j]

#define COUNT(state) (int16_t)(int)(state)
#define SUM(state)   (state)

/* The hidden units of a tile, one after the other; within one, lanes are elements. */
#define TILE(name, fire, limits_of, type, narrow, BEFORE, LANE)                                                                  \
	KERNEL static void name(const struct tile *t)                                                                            \
	{                                                                                                                        \
		const struct group_units units = t->group->units;                                                                \
		const struct neuron_rule rule = *t->rule;                                                                        \
		const size_t across = (size_t)t->group->across;                                                                  \
		const int hidden = t->group->plan->ugo->hidden;                                                                  \
		const float floor = units.floor, *restrict x = t->x;                                                             \
		float y[GROUP_TILE];                                                                                             \
		int32_t tally[GROUP_TILE];                                                                                       \
                                                                                                                                 \
		for (int j = 0; j < GROUP_TILE; j++) {                                                                           \
			y[j] = t->base;                                                                                          \
			tally[j] = 0;                                                                                            \
		}                                                                                                                \
		(void)across;                                                                                                    \
		for (int i = 0; i < hidden; i++) {                                                                               \
			type *restrict m = (type *)t->m + (size_t)i * GROUP_TILE;                                                \
			const float w1 = units.w1[i], bias = units.bias[i], top = units.top[i];                                  \
			BEFORE(limits_of);                                                                                       \
                                                                                                                                 \
			if (units.turn[i] != TURN_EACH) {                                                                        \
				float sent = t->weight[(size_t)i * across] * t->common[i];                                       \
				if (t->common[i] != 0)                                                                           \
					for (int j = 0; j < GROUP_TILE; j++)                                                     \
						y[j] += sent;                                                                    \
				continue;                                                                                        \
			}                                                                                                        \
			for (int j = 0; j < GROUP_TILE; j++) {                                                                   \
				LANE(limits_of);                                                                                 \
				float target = lesser(greater(w1 * x[j] + bias, floor), top);                                    \
				struct fired f = fire(target, l, (float)m[j], &rule);                                            \
                                                                                                                                 \
				m[j] = narrow(f.state);                                                                          \
				y[j] += weight * f.state;                                                                        \
				tally[j] += f.units + (f.units != 0 ? MANY : 0);                                                 \
			}                                                                                                        \
		}                                                                                                                \
		memcpy(t->y, y, sizeof(y));                                                                                      \
		memcpy(t->tally, tally, sizeof(tally));                                                                          \
	}

#define BOTH(name, fire, limits_of, type, narrow)                                                                                \
	TILE(name##_shared, fire, limits_of, type, narrow, SHARED, SHARED_LANE)                                                  \
	TILE(name##_own, fire, limits_of, type, narrow, OWN, OWN_LANE)

BOTH(tile_if, rule_if, limits_if, int16_t, COUNT)
BOTH(tile_signed, rule_signed, limits_if, int16_t, COUNT)
BOTH(tile_burst, rule_burst, limits_burst, float, SUM)
BOTH(tile_burst2, rule_burst2, limits_burst, float, SUM)
BOTH(tile_round, rule_round, limits_round, int16_t, COUNT)
TILE(tile_round2_shared, rule_round2, limits_round2, int16_t, COUNT, SHARED, SHARED_LANE)
BOTH(tile_mt, rule_mt, limits_mt, int16_t, COUNT)
BOTH(tile_mt_twice, rule_mt_twice, limits_mt, int16_t, COUNT)
BOTH(tile_mt_thrice, rule_mt_thrice, limits_mt, int16_t, COUNT)

/* A rule in all the forms that a group needs. */
struct rule_forms {
	void (*shared)(const struct tile *), (*own)(const struct tile *);
	struct limits (*limits)(float v, const struct neuron_rule *rule);
	struct fired (*one)(float x, struct limits l, float m, const struct neuron_rule *rule);
};

static const struct rule_forms *
forms_of(const struct neuron_rule *rule)
{
	static const struct rule_forms if_forms = {tile_if_shared, tile_if_own, limits_if, rule_if},
				       signed_forms = {tile_signed_shared, tile_signed_own, limits_if, rule_signed},
				       burst[] = {{tile_burst_shared, tile_burst_own, limits_burst, rule_burst},
						  {tile_burst2_shared, tile_burst2_own, limits_burst, rule_burst2}},
				       round[] = {{tile_round_shared, tile_round_own, limits_round, rule_round},
						  {tile_round2_shared, tile_round_own, limits_round2, rule_round2}},
				       mt[] = {{tile_mt_shared, tile_mt_own, limits_mt, rule_mt},
					       {tile_mt_twice_shared, tile_mt_twice_own, limits_mt, rule_mt_twice},
					       {tile_mt_thrice_shared, tile_mt_thrice_own, limits_mt, rule_mt_thrice}};

	switch (rule->kind) {
	case NEURON_IF:
		return &if_forms;
	case NEURON_SIGNED:
		return &signed_forms;
	case NEURON_BURST:
		return &burst[rule->burst == 2];
	case NEURON_MT:
		return &mt[rule->repeat - 1];
	default:
		return &round[rule->burst <= 2];
	}
}

/* What the hidden neurons are in this step. IF, signed and burst neurons of ReLU form see
 * negative targets; the others nothing below 0. */
static void
prepare_units(struct group *g, const struct rule_forms *forms, const struct neuron_rule *rule, float s)
{
	const struct ugo *u = g->plan->ugo;
	struct group_units *to = &g->units;

	to->floor = u->h || rule->kind == NEURON_ROUND || rule->kind == NEURON_MT ? 0 : -INFINITY;
	for (int i = 0; i < u->hidden; i++) {
		struct limits l = forms->limits(g->threshold[(size_t)i * (size_t)g->across], rule);

		to->w1[i] = u->w1[i];
		to->bias[i] = u->b1[i] * s;
		to->top[i] = u->h ? u->h[i] * s : INFINITY;
		to->quantum[i] = l.quantum;
		to->low[i] = l.low;
		to->high[i] = l.high;
		to->reach[i] = l.reach;
	}
}

static void
range(const float *x, float *least, float *most)
{
	float lo = x[0], hi = x[0];

#pragma omp simd reduction(min : lo) reduction(max : hi)
	for (int j = 0; j < GROUP_TILE; j++) {
		lo = lesser(x[j], lo);
		hi = greater(x[j], hi);
	}
	*least = lo;
	*most = hi;
}

/* Every target of a unit lies between those of the tile's extremes: rounding keeps order.
 * Neurons that never sent are silent at and below 0 whatever their thresholds. */
KERNEL static void
take_turns(const struct group_units *u, const float *restrict common, int hidden, float least, float most, bool own)
{
	const float *restrict w1 = u->w1, *restrict bias = u->bias, *restrict top = u->top, *restrict quantum = u->quantum;
	int32_t *restrict turn = u->turn;
	int clipped = !own && u->floor == 0;

	for (int i = 0; i < hidden; i++) {
		float a = w1[i] * least + bias[i], b = w1[i] * most + bias[i], sent = common[i] * quantum[i];
		float lo = lesser(a, b), hi = greater(a, b);
		int below = hi <= 0, above = lo >= top[i], same = common[i] == common[i];
		int silent = below ? common[i] == 0 || (clipped & (sent == 0)) : clipped & above & (sent == top[i]);
		int one = clipped & same & (below | above);

		turn[i] = silent ? TURN_SILENT : one ? TURN_ONE : TURN_EACH;
	}
}

static void
step_as_one(const struct tile *t, const struct rule_forms *forms, int i, int elements, struct neuron_tally *tally)
{
	const struct group_units *u = &t->group->units;
	struct limits l = {u->quantum[i], u->low[i], u->high[i], u->reach[i]};
	float below = u->w1[i] * t->x[0] + u->bias[i];
	struct fired f = forms->one(lesser(greater(below, u->floor), u->top[i]), l, t->common[i], t->rule);

	t->common[i] = f.state;
	tally->events += f.units ? elements : 0;
	tally->units += (int64_t)f.units * elements;
}

#define SPREAD(name, type, narrow)                                                                                               \
	static void name(float state, void *to)                                                                                  \
	{                                                                                                                        \
		type *m = to;                                                                                                    \
		for (int j = 0; j < GROUP_TILE; j++)                                                                             \
			m[j] = narrow(state);                                                                                    \
	}
SPREAD(spread_count, int16_t, COUNT)
SPREAD(spread_sum, float, SUM)

/* The state that all neurons are in, or NAN. */
#define AGREE(name, type)                                                                                                        \
	static float name(const void *from)                                                                                      \
	{                                                                                                                        \
		const type *m = from;                                                                                            \
		int differ = 0;                                                                                                  \
		for (int j = 1; j < GROUP_TILE; j++)                                                                             \
			differ |= m[j] != m[0];                                                                                  \
		return differ ? NAN : (float)m[0];                                                                               \
	}
AGREE(agree_count, int16_t)
AGREE(agree_sum, float)

/* Neurons that so far had one state get each their own. */
static void
part(const struct tile *t, int i, size_t size)
{
	void *m = (char *)t->m + (size_t)i * GROUP_TILE * size;

	if (t->common[i] != t->common[i])
		return;
	if (size == sizeof(float))
		spread_sum(t->common[i], m);
	else
		spread_count(t->common[i], m);
	t->common[i] = NAN;
}

static void
join(const struct tile *t, int i, size_t size)
{
	const void *m = (const char *)t->m + (size_t)i * GROUP_TILE * size;

	t->common[i] = size == sizeof(float) ? agree_sum(m) : agree_count(m);
}

static bool
beyond_range(const struct group_units *u, int i, float least, float most)
{
	float a = u->w1[i] * least + u->bias[i], b = u->w1[i] * most + u->bias[i];

	return greater(a, b) <= 0 || lesser(a, b) >= u->top[i];
}

/* elements: how many of the tile are real; the others repeat the last. */
static void
step_tile(const struct tile *t, const struct rule_forms *forms, int elements, struct neuron_tally *tally)
{
	const struct group *g = t->group;
	int hidden = g->plan->ugo->hidden;
	size_t size = neuron_state_size(g->plan->neuron);
	float least, most;

	range(t->x, &least, &most);
	take_turns(&g->units, t->common, hidden, least, most, g->per_column);
	for (int i = 0; i < hidden; i++) {
		if (g->units.turn[i] == TURN_EACH)
			part(t, i, size);
		else if (g->units.turn[i] == TURN_ONE)
			step_as_one(t, forms, i, elements, tally);
	}
	(g->per_column ? forms->own : forms->shared)(t);
	for (int i = 0; i < hidden; i++)
		if (g->units.turn[i] == TURN_EACH && beyond_range(&g->units, i, least, most))
			join(t, i, size);
	for (int j = 0; j < elements; j++) {
		tally->events += t->tally[j] / MANY;
		tally->units += t->tally[j] % MANY;
	}
}

/* The last tile of a row, which is not full: what is behind its end repeats the last element. */
static void
step_rest(struct tile t, const struct rule_forms *forms, int elements, struct neuron_tally *tally)
{
	float x[GROUP_TILE], y[GROUP_TILE], *total = t.y;

	for (int j = 0; j < GROUP_TILE; j++)
		x[j] = t.x[j < elements ? j : elements - 1];
	t.x = x;
	t.y = y;
	step_tile(&t, forms, elements, tally);
	memcpy(total, y, (size_t)elements * sizeof(*y));
}

static void
spiking_row(struct group *g, const struct rule_forms *forms, const struct neuron_rule *rule, size_t first_tile, const float *x,
	    float s, float *y, size_t n, struct neuron_tally *tally)
{
	const struct ugo *u = g->plan->ugo;
	size_t hidden = (size_t)u->hidden, size = hidden * GROUP_TILE * neuron_state_size(g->plan->neuron);
	int32_t counts[GROUP_TILE];

	for (size_t at = 0, tile = first_tile; at < n; at += GROUP_TILE, tile++) {
		size_t column = g->per_column ? at : 0;
		struct tile t = {g,
				 rule,
				 x + at,
				 u->b2 * s,
				 g->threshold + column,
				 g->weight + column,
				 (char *)g->m + tile * size,
				 g->common + tile * hidden,
				 y + at,
				 counts};

		if (n - at < GROUP_TILE)
			step_rest(t, forms, (int)(n - at), tally);
		else
			step_tile(&t, forms, GROUP_TILE, tally);
	}
}

static int64_t
count_alarms(const struct ugo *u, const float *x, float s, size_t n)
{
	float lo = (float)u->lo * s, hi = (float)u->hi * s;
	int64_t outside = 0;

	for (size_t j = 0; j < n; j++)
		outside += (x[j] < lo) | (x[j] > hi);
	return outside;
}

static void
analog_row(const struct group *g, const float *x, float s, float *y)
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

static void
spiking_step(struct group *g, const struct neuron_rule *rule, const float *x, float s, float *total, struct neuron_tally *tally)
{
	const struct rule_forms *forms = forms_of(rule);
	size_t columns = (size_t)g->columns, tiles = (size_t)tiles_in_row(g);

	prepare_units(g, forms, rule, s);
	if (!g->per_column) {
		spiking_row(g, forms, rule, 0, x, s, total, (size_t)g->rows * columns, tally);
		return;
	}
	for (size_t row = 0; row < (size_t)g->rows; row++)
		spiking_row(g, forms, rule, row * tiles, x + row * columns, s, total + row * columns, columns, tally);
}

void
group_step(struct group *g, struct neuron_rule rule, const float *x, float s, float *total, struct neuron_tally *tally,
	   int64_t *alarms)
{
	size_t columns = (size_t)g->columns;

	if (g->plan->ugo)
		*alarms += count_alarms(g->plan->ugo, x, s, (size_t)g->rows * columns);
	if (spiking(g))
		spiking_step(g, &rule, x, s, total, tally);
	else
		for (size_t row = 0; row < (size_t)g->rows; row++)
			analog_row(g, x + row * columns, s, total + row * columns);
}

float
group_threshold(const struct group *g, size_t element, int i)
{
	return g->threshold[(size_t)i * (size_t)g->across + (g->per_column ? element % (size_t)g->columns : 0)];
}

float
group_neuron(const struct group *g, size_t element, int i)
{
	size_t row = g->per_column ? element / (size_t)g->columns : 0, at = element - row * (size_t)g->columns;
	size_t tile = row * (size_t)tiles_in_row(g) + at / GROUP_TILE;
	size_t unit = tile * (size_t)g->plan->ugo->hidden + (size_t)i, neuron = unit * GROUP_TILE + at % GROUP_TILE;

	if (g->common[unit] == g->common[unit])
		return g->common[unit];
	return g->plan->neuron == NEURON_BURST ? ((const float *)g->m)[neuron] : (float)((const int16_t *)g->m)[neuron];
}
