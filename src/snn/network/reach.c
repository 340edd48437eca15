/* What the spikes of a residual network meet. */
#include "model/graph.h"
#include "snn/network/network.h"
#include "snn/neurons/neuron.h"

#include <math.h>

bool
reach_init(struct snn *snn, int layer)
{
	struct node *node = &snn->layer[layer];
	uint64_t *fan_out;

	if (!layer_is_spatial(&snn->model->graph->layer[layer]) || layer_meetings(snn->model, layer) == 0)
		return true;
	fan_out = arena_alloc(snn->arena, (size_t)node->rows * sizeof(*fan_out));
	if (!fan_out)
		return false;
	layer_fan_out(snn->model, layer, fan_out);
	node->fan_out = fan_out;
	return true;
}

/* The ReLU whose neurons' quanta the node passes on: itself, or the one before a max pool.
 * NULL: there is none, or they send no whole quanta. */
static const struct node *
source_of_quanta(const struct snn *snn, const struct node *node)
{
	const struct layer *layer = &snn->model->graph->layer[node - snn->layer];
	const struct neuron_type *type;

	while (layer->op == LAYER_MAX_POOL)
		layer = layer_source(snn->model->graph, layer);
	node = &snn->layer[layer - snn->model->graph->layer];
	type = layer->op == LAYER_RELU ? neuron_type(node->plan->neuron) : NULL;
	return type && type->counts ? node : NULL;
}

static bool
is_relu(const struct snn *snn, const struct node *node)
{
	return snn->model->graph->layer[node - snn->layer].op == LAYER_RELU;
}

/* Quanta that a pooled value changed by, channel by channel. */
static uint32_t
quanta(const struct node *source, const struct neuron_rule *rule, int channel, float change)
{
	float threshold = source->threshold[channel], quantum = threshold > 0 ? neuron_quantum(rule, threshold) : 0;

	return quantum > 0 ? (uint32_t)lrintf(fabsf(change) / quantum) : 0;
}

/* One row of what a pool passed on, as spikes of the neurons before it. */
static struct snn_spikes
spikes_of_row(const struct node *node, const struct node *source, int t, int row)
{
	const float *sent = node->sent + (size_t)row * (size_t)node->columns;
	struct neuron_rule rule = source ? site_rule(source->plan, t) : (struct neuron_rule){0};
	bool levels = source && neuron_type(source->plan->neuron)->levels;
	struct snn_spikes s = {0, 0, 0};

	for (int c = 0; c < node->columns; c++) {
		uint32_t n;

		if (sent[c] == 0)
			continue;
		n = source ? quanta(source, &rule, c, sent[c]) : 1;
		s.events++;
		s.powers += (uint64_t)__builtin_popcount(n);
		s.units += levels ? (uint64_t)__builtin_popcount(n) : n;
	}
	return s;
}

static struct snn_spikes
spikes_passed_on(const struct snn *snn, const struct node *node)
{
	const struct node *source = source_of_quanta(snn, node);
	struct snn_spikes sum = {0, 0, 0};

	for (int row = 0; row < node->rows; row++) {
		struct snn_spikes s = spikes_of_row(node, source, *snn->t, row);

		sum.events += node->fan_out[row] * s.events;
		sum.units += node->fan_out[row] * s.units;
		sum.powers += node->fan_out[row] * s.powers;
	}
	return sum;
}

static uint64_t
everything(const struct node *node)
{
	uint64_t sum = 0;

	for (int row = 0; row < node->rows; row++)
		sum += node->fan_out[row];
	return sum * (uint64_t)node->columns;
}

void
reach_values(const struct snn *snn, int layer)
{
	struct node *node = &snn->layer[layer];
	struct snn_spikes s;

	if (!node->fan_out || node->plan->neuron != NEURON_NONE)
		return;
	if (is_relu(snn, node))
		s.events = s.units = everything(node);
	else
		s = spikes_passed_on(snn, node);
	node->reach[0] = (struct neuron_tally){(int64_t)s.events, (int64_t)s.units};
	node->reach[1].events += node->reach[0].events;
	node->reach[1].units += node->reach[0].units;
}

/* As snn_step_spikes() has powers. */
static uint64_t
powers_met(const struct snn *snn, const struct node *node)
{
	const struct site_plan *p = node->plan;
	uint64_t sum = 0;

	if (p->neuron == NEURON_NONE)
		return is_relu(snn, node) ? (uint64_t)node->reach->events : spikes_passed_on(snn, node).powers;
	if (!sends_numbers(p))
		return (uint64_t)(neuron_type(p->neuron)->number ? node->reach->events : node->reach->units);
	for (int row = 0; row < node->rows; row++)
		sum += node->fan_out[row] *
		       set_bits_of_row(node->sent + (size_t)row * (size_t)node->columns, node->threshold, node->columns);
	return sum;
}

void
snn_reach(const struct snn *snn, struct site site, struct snn_reach *reach)
{
	const struct node *node = snn_node(snn, site_index(snn->model, site));

	*reach = (struct snn_reach){0};
	if (!node || !node->fan_out)
		return;
	reach->graded = node->plan->neuron == NEURON_NONE && !source_of_quanta(snn, node);
	reach->step = (struct snn_spikes){
	    .events = (uint64_t)node->reach[0].events, .units = (uint64_t)node->reach[0].units, .powers = powers_met(snn, node)};
	reach->events_total = (uint64_t)node->reach[1].events;
	reach->units_total = (uint64_t)node->reach[1].units;
	reach->slots = everything(node);
}
