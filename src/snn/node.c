#include "snn/kernel.h"
#include "snn/network.h"

#include <string.h>

void
node_send_total(struct node *node, const float *total)
{
	for (size_t i = 0; i < node->size; i++) {
		float now = total[i];

		node->sent[i] = now - node->total[i];
		node->total[i] = now;
	}
}

KERNEL static void
decode(const float *restrict quantum, const int16_t *restrict m, const int16_t *restrict delta, float sign, float *restrict total,
       float *restrict sent, int n)
{
	for (int i = 0; i < n; i++) {
		total[i] += sign * quantum[i] * (float)m[i];
		sent[i] += sign * quantum[i] * (float)delta[i];
	}
}

/* One population of the encoder: the positive neurons, or the negative ones of a
 * split encoder, which see the negated target. */
static void
encode_side(struct node *node, float sign)
{
	bool negative = sign < 0;
	size_t offset = negative ? node->size : 0;
	const float *threshold = node->threshold + (negative ? 2 * node->columns : 0);
	struct neuron_rule rule = {node->plan->neuron, node->plan->burst};

	for (int row = 0; row < node->rows; row++) {
		size_t at = (size_t)row * (size_t)node->columns;

		neuron_step(rule, node->target + at, threshold, node->m + offset + at, node->delta + offset + at,
			    (size_t)node->columns, node->step);
		decode(threshold + node->columns, node->m + offset + at, node->delta + offset + at, sign, node->total + at,
		       node->sent + at, node->columns);
	}
}

static void
negate(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = -x[i];
}

void
node_encode(struct node *node)
{
	*node->step = (struct neuron_tally){0, 0};
	if (node->plan->neuron == NEURON_NONE) {
		node_send_total(node, node->target);
		return;
	}
	memset(node->total, 0, node->size * sizeof(float));
	memset(node->sent, 0, node->size * sizeof(float));
	encode_side(node, 1);
	if (node->plan->split) {
		negate(node->target, node->size);
		encode_side(node, -1);
		negate(node->target, node->size);
	}
	node->all->events += node->step->events;
	node->all->units += node->step->units;
}

void
node_group(struct node *node, const float *received, float scale)
{
	*node->step = (struct neuron_tally){0, 0};
	*node->alarms = 0;
	/* sent holds the old total until the new one is there */
	memcpy(node->sent, node->total, node->size * sizeof(float));
	group_step(&node->group, received, scale, node->total, node->step, node->alarms);
	for (size_t i = 0; i < node->size; i++)
		node->sent[i] = node->total[i] - node->sent[i];
	node->all->events += node->step->events;
	node->all->units += node->step->units;
}
