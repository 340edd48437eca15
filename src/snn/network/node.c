#include "base/timing.h"
#include "kernels/kernel.h"
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <math.h>

/* Where fewer than this share of the neurons have sent, spike by spike is faster. */
#define SPARSE 0.4

/* Thresholds spread over the row, one row per side. */
static bool
spread_thresholds(struct node *node, struct arena *arena)
{
	const struct site_plan *p = node->plan;
	int sides = p->split ? 2 : 1;

	node->threshold = arena_floats(arena, (size_t)(sides * node->columns));
	node->scratch = arena_floats(arena, p->split ? node->size : 0);
	if (!node->threshold || !node->scratch)
		return false;
	for (int side = 0; side < sides; side++)
		for (int c = 0; c < node->columns; c++)
			node->threshold[side * node->columns + c] =
			    p->threshold[(p->channels == 1 ? 0 : c) * p->per_channel + side];
	return true;
}

bool
node_packs(const struct site_plan *p)
{
	int most = p->mode == FUNCTION_MODE_NONE ? neuron_most(p->neuron, &p->settings) : 0;

	return p->threshold && !p->split && most > 0 && most <= FIXED_COUNT_MOST;
}

size_t
node_room(int columns)
{
	enum { ENOUGH = 4096 };

	return columns > ENOUGH ? (size_t)columns : ENOUGH;
}

static bool
pack(struct node *node, struct arena *arena)
{
	const struct site_plan *p = node->plan;
	struct neuron_rule rule = {.kind = p->neuron, .burst = p->settings.burst, .grain = 1, .fine = 1};

	node->quantum = arena_floats(arena, (size_t)node->columns);
	node->inverse = arena_floats(arena, (size_t)node->columns);
	if (!node->quantum || !node->inverse)
		return false;
	for (int i = 0; i < node->columns; i++) {
		node->quantum[i] = neuron_quantum(&rule, node->threshold[i]);
		node->inverse[i] = node->quantum[i] > 0 ? 1 / node->quantum[i] : 0;
	}
	return true;
}

bool
node_init(struct node *node, enum function exact, struct arena *arena)
{
	if (node->plan->mode == FUNCTION_MODE_NONE)
		return node->plan->neuron == NEURON_NONE ||
		       (spread_thresholds(node, arena) && (!node->packed || pack(node, arena)));
	node->population = (struct population){.plan = node->plan, .exact = exact, .rows = node->rows, .columns = node->columns};
	return population_init(&node->population, arena);
}

/* Does nobody need what the site sends in a step by itself? */
static bool
alternates(const struct node *node)
{
	enum site_kind kind = node->plan->site.kind;
	bool graded = node->plan->neuron == NEURON_NONE;

	return node->plan->mode != FUNCTION_MODE_NONE || kind == SITE_QK || kind == SITE_BLOCK || (kind == SITE_FC1 && graded);
}

/* Is the total of the step before read by the next one? Encoders have a state of their own,
 * but for the self-correction of the softmax. */
static bool
adds_up(const struct node *node)
{
	return !alternates(node) && !node->derived &&
	       (node->plan->neuron == NEURON_NONE || node->plan->site.kind == SITE_SOFTMAX);
}

void
node_layout(struct node *node, struct carve *state)
{
	size_t sides = node->plan->split ? 2 : 1;

	node->step = carve(state, sizeof(*node->step));
	node->all = carve(state, sizeof(*node->all));
	node->alarms = carve(state, sizeof(*node->alarms));
	if (node->fan_out)
		node->reach = carve(state, 2 * sizeof(*node->reach));
	if (adds_up(node))
		node->total = carve_floats(state, node->size);
	if (node->plan->mode == FUNCTION_MODE_NONE && node->plan->neuron != NEURON_NONE)
		node->m = carve(state, sides * node->size * neuron_state_size(node->plan->neuron));
	if (node->plan->site.kind == SITE_SOFTMAX)
		node->target = carve_floats(state, node->size);
	if (node->population.plan && population_uniform_size(&node->population) > 0)
		node->population.uniform = carve(state, population_uniform_size(&node->population));
}

void
node_layout_written(struct node *node, struct carve *state)
{
	enum site_kind kind = node->plan->site.kind;

	if (alternates(node) || node->derived)
		return;
	if (!adds_up(node))
		node->total = carve_floats(state, node->size);
	if (node->packed)
		node->counts = carve(state, fixed_counts_size(node->rows, node->columns));
	else
		node->sent = carve_floats(state, node->size);
	if (node->plan->neuron == NEURON_NONE)
		return;
	if (plan_encodes(kind) && kind != SITE_ACT_OUT && kind != SITE_SOFTMAX)
		node->target = carve_floats(state, node->size);
	if (node->plan->split)
		node->side = carve_floats(state, 2 * node->size);
}

void
node_layout_sums(struct node *node, struct carve *state)
{
	for (int i = 0; i < 2 && alternates(node); i++)
		node->sums[i] = carve_floats(state, node->size);
	node_align(node, 0);
}

void
node_align(struct node *node, int t)
{
	if (!alternates(node))
		return;
	node->total = node->sums[t & 1];
	node->before = node->sums[~t & 1];
}

void
node_layout_population(struct node *node, struct carve *state)
{
	struct population *g = &node->population;

	if (!g->plan || population_state_size(g) == 0)
		return;
	g->slot = carve(state, population_slot_size(g));
	if (population_permutation_size(g) > 0) {
		g->permutation = carve(state, population_permutation_size(g));
		g->inverse = carve(state, population_permutation_size(g));
		g->first_input = carve(state, population_first_size(g));
	}
	g->m = carve(state, population_state_size(g));
}

struct neuron_rule
site_rule(const struct site_plan *site, int t)
{
	return neuron_rule_at(site->neuron, &site->settings, t);
}

/* One population of the encoder: row by row where weights that spikes meet are counted. */
static void
encode_side(struct node *node, struct neuron_rule rule, int side, float *total, float *sent)
{
	size_t bytes = neuron_state_size(node->plan->neuron);
	int rows = node->fan_out ? 1 : node->rows;

	for (int row = 0; row < node->rows; row += rows) {
		size_t at = (size_t)row * (size_t)node->columns;
		struct neuron_tally before = *node->step;

		neuron_step(rule, node->target + at, node->threshold + side * node->columns,
			    (char *)node->m + ((size_t)side * node->size + at) * bytes, total + at, sent + at, rows,
			    node->columns, node->step);
		if (node->fan_out) {
			node->reach->events += (int64_t)node->fan_out[row] * (node->step->events - before.events);
			node->reach->units += (int64_t)node->fan_out[row] * (node->step->units - before.units);
		}
	}
}

/* A few rows at a time, which stay in the nearest cache until they are counted. */
static void
encode_packed(struct node *node, struct neuron_rule rule)
{
	size_t bytes = neuron_state_size(node->plan->neuron), columns = (size_t)node->columns;
	size_t row_bytes = fixed_row(node->columns);
	int most = (int)(node_room(node->columns) / columns);

	for (int row = 0; row < node->rows; row += most) {
		int rows = node->rows - row < most ? node->rows - row : most;
		size_t at = (size_t)row * columns;

		neuron_step(rule, node->target + at, node->threshold, (char *)node->m + at * bytes, node->total + at, node->room,
			    rows, node->columns, node->step);
		for (int r = 0; r < rows; r++)
			fixed_counts(node->room + (size_t)r * columns, node->inverse, rule.grain, node->columns,
				     node->counts + (size_t)(row + r) * row_bytes);
	}
}

/* The same number as the neuron's own, which is counts times the quantum too: a grain is a power of two. */
float
node_sent(const struct node *node, float grain, size_t element)
{
	size_t row = element / (size_t)node->columns, column = element % (size_t)node->columns;

	if (!node->packed)
		return node->sent[element];
	return (float)node->counts[row * fixed_row(node->columns) + column] * (node->quantum[column] * grain);
}

static void
negate(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = -x[i];
}

/* The negative neurons see the negated target, and what they send counts negative. */
static void
encode_split(struct node *node, struct neuron_rule rule)
{
	float *positive = node->side, *negative = node->side + node->size;

	encode_side(node, rule, 0, node->total, positive);
	negate(node->target, node->size);
	encode_side(node, rule, 1, node->scratch, negative);
	negate(node->target, node->size);
	for (size_t i = 0; i < node->size; i++) {
		node->total[i] -= node->scratch[i];
		node->sent[i] = positive[i] - negative[i];
	}
}

void
node_tally(struct node *node, struct neuron_tally step)
{
	*node->step = step;
	node->all->events += step.events;
	node->all->units += step.units;
}

float *
node_next(const struct node *node)
{
	return node->before ? node->before : node->target;
}

void
node_encode(struct node *node, int t)
{
	struct neuron_rule rule = site_rule(node->plan, t);

	*node->step = (struct neuron_tally){0, 0};
	if (node->before) {
		node_align(node, t);
		return;
	}
	if (node->plan->neuron == NEURON_NONE) {
		send_values(node->target, 1, node->size, node->total, node->sent);
		return;
	}
	if (node->fan_out)
		node->reach[0] = (struct neuron_tally){0, 0};
	if (node->packed)
		encode_packed(node, rule);
	else if (node->plan->split)
		encode_split(node, rule);
	else
		encode_side(node, rule, 0, node->total, node->sent);
	node_tally(node, *node->step);
	if (node->fan_out) {
		node->reach[1].events += node->reach[0].events;
		node->reach[1].units += node->reach[0].units;
	}
}

void
node_functions(struct node *node, const float *received, float scale, int t)
{
	struct population_step step = {
	    .rule = site_rule(node->plan, t), .t = t, .s = scale, .x = received, .total = node_next(node)};

	node_align(node, t);
	population_run(&node->population, &step, 1, node->alarms);
	node_tally(node, step.tally);
}

void
node_floor(struct node *node, const float *received, float floor)
{
	for (size_t i = 0; floor > -INFINITY && i < node->size; i++)
		if (!(received[i] > floor))
			node->total[i] = 0;
}

bool
node_is_sparse(const struct node *node)
{
	return node->plan->neuron != NEURON_NONE && (double)node->step->events <= SPARSE * (double)node->size;
}

void
snn_spent(struct snn *snn, const struct node *node)
{
	double now;

	if (!snn->clock)
		return;
	now = timing_now();
	snn->clock[site_index(snn->model, node->plan->site)] += now - snn->clock_at;
	snn->clock_at = now;
}
