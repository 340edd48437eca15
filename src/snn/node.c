#include "snn/network.h"
#include "snn/rows.h"

#include <math.h>

struct neuron_rule
site_rule(const struct site_plan *site, int t)
{
	int halvings = t > site->refine_after ? t - site->refine_after : 0;

	halvings = halvings < site->refine ? halvings : site->refine;
	return (struct neuron_rule){
	    .kind = site->neuron,
	    .burst = site->burst,
	    .repeat = site->repeat,
	    .grain = site->neuron == NEURON_DIFFERENTIAL ? 1 / (float)t : ldexpf(1, -halvings),
	    .fine = ldexpf(1, -site->refine),
	    .initial = site->initial,
	    .leak = site->neuron == NEURON_LIF ? 1 - 1 / site->tau : 0,
	};
}

/* One population of the encoder, row by row because thresholds repeat with the row. */
static void
encode_side(struct node *node, struct neuron_rule rule, int side, float *total, float *sent)
{
	size_t bytes = neuron_state_size(node->plan->neuron);

	for (int row = 0; row < node->rows; row++) {
		size_t at = (size_t)row * (size_t)node->columns;

		neuron_step(rule, node->target + at, node->threshold + side * node->columns,
			    (char *)node->m + ((size_t)side * node->size + at) * bytes, total + at, sent + at,
			    (size_t)node->columns, node->step);
	}
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

void
node_encode(struct node *node, int t)
{
	struct neuron_rule rule = site_rule(node->plan, t);

	*node->step = (struct neuron_tally){0, 0};
	if (node->plan->neuron == NEURON_NONE) {
		send_values(node->target, 1, node->size, node->total, node->sent);
		return;
	}
	if (node->plan->split)
		encode_split(node, rule);
	else
		encode_side(node, rule, 0, node->total, node->sent);
	node_tally(node, *node->step);
}

void
node_group(struct node *node, const float *received, float scale, int t)
{
	struct group_step step = {.rule = site_rule(node->plan, t),
				  .s = scale,
				  .x = received,
				  .before = node->total,
				  .total = node->total,
				  .sent = node->sent};

	group_run(&node->group, &step, 1, node->alarms);
	node_tally(node, step.tally);
}
