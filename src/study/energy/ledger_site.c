/* What a site's operands meet and its neurons do: of transformers and attention pooling, and what
 * the neurons of residual networks do. */
#include "model/graph.h"
#include "snn/neurons/neuron.h"
#include "study/energy/ledger_count.h"

/* --- what meets what ------------------------------------------------------ */

/* Outputs of the linear layers that read the values of a layer at each of its rows; 0: none does. Where LayerNorm is
 * folded, they read the centred values. */
static uint64_t
linear_outputs(const struct graph *net, bool fold_norm, int index)
{
	uint64_t sum = 0;

	if (fold_norm && net->layer[index].op == LAYER_NORMALISE)
		return 0;
	if (fold_norm && net->layer[index].op == LAYER_CENTER)
		index = layer_normalised(net, index);
	for (int i = index + 1; i < net->layers; i++)
		if (net->layer[i].op == LAYER_LINEAR && net->layer[i].from[0] == index)
			sum += (uint64_t)net->layer[i].channels;
	return sum;
}

/* With how many values of the other operand a product multiplies each of this one; 0: it is none. */
static uint64_t
product_partners(struct attention_shape a, enum site_kind kind)
{
	switch (kind) {
	case SITE_Q:
		return (uint64_t)a.tokens;
	case SITE_K:
	case SITE_V:
		return (uint64_t)a.queries;
	case SITE_SOFTMAX:
		return (uint64_t)a.head_dim;
	default:
		return 0;
	}
}

/* Is the layer multiplied value by value with another? */
static bool
reads_as_gate(const struct graph *net, int index)
{
	for (int i = index + 1; i < net->layers; i++)
		if (net->layer[i].op == LAYER_GATE && layer_reads(&net->layer[i], index))
			return true;
	return false;
}

static enum ledger_edge
edge(const struct model *model, bool fold_norm, struct site site, uint64_t *fan_out)
{
	int index = site_index(model, site);

	*fan_out = 0;
	if (layer_is_spatial(&model->graph->layer[index]))
		return LEDGER_EDGE_NONE;
	if ((*fan_out = linear_outputs(model->graph, fold_norm, index)) > 0)
		return LEDGER_EDGE_SYNAPSE;
	if ((*fan_out = product_partners(graph_attention(model->graph, site.block), site.kind)) > 0)
		return LEDGER_EDGE_PRODUCT;
	if ((*fan_out = reads_as_gate(model->graph, index)) > 0)
		return LEDGER_EDGE_PRODUCT;
	if (!plan_has_function(site.kind))
		return LEDGER_EDGE_NONE;
	*fan_out = 1;
	return LEDGER_EDGE_UGO;
}

enum ledger_edge
ledger_edge(const struct plan *plan, struct site site, uint64_t *fan_out)
{
	return edge(plan->model, plan->fold_norm, site, fan_out);
}

/* --- neurons and operands ------------------------------------------------- */

/* Where the counts of an edge begin: events, units, powers, single; graded behind them. */
static enum ledger_quantity
edge_quantity(enum ledger_edge e)
{
	return e == LEDGER_EDGE_SYNAPSE   ? LEDGER_SYNAPSE_EVENTS
	       : e == LEDGER_EDGE_PRODUCT ? LEDGER_PRODUCT_EVENTS
					  : LEDGER_UGO_EVENTS;
}

bool
ledger_single_level(const struct site_plan *p)
{
	const struct neuron_type *type = neuron_type(p->neuron);

	return type && type->single_level && type->single_level(&p->settings);
}

bool
ledger_binary(const struct site_plan *p)
{
	return ledger_single_level(p) && !p->split && !neuron_type(p->neuron)->signs;
}

/* The row that a product's operand is charged to. */
static struct site
charged(enum ledger_edge e, struct site site)
{
	switch (e == LEDGER_EDGE_PRODUCT ? site.kind : SITE_KINDS) {
	case SITE_Q:
	case SITE_K:
		site.kind = SITE_QK;
		break;
	case SITE_SOFTMAX:
	case SITE_V:
		site.kind = SITE_AV;
		break;
	case SITE_ACT_OUT:
	case SITE_GATE:
		site.kind = SITE_PRODUCT;
		break;
	default:
		break;
	}
	return site;
}

void
ledger_count_memory(struct ledger_row *row, enum ledger_edge e, uint64_t synapses)
{
	if (e != LEDGER_EDGE_PRODUCT)
		row->n[LEDGER_WEIGHT_READS] += synapses;
	row->n[LEDGER_STATE_READS] += (e == LEDGER_EDGE_PRODUCT ? 2 : 1) * synapses;
	row->n[LEDGER_STATE_WRITES] += synapses;
}

static void
count_spikes(const struct snn_spikes *s, const struct site_plan *p, enum ledger_edge e, uint64_t fan_out, struct ledger_row *own,
	     struct ledger_row *to)
{
	enum ledger_quantity first = edge_quantity(e);

	own->n[LEDGER_EVENTS] += s->events;
	own->n[LEDGER_UNITS] += s->units;
	own->n[LEDGER_POWERS] += s->powers;
	if (e == LEDGER_EDGE_NONE)
		return;
	to->n[first] += fan_out * s->events;
	to->n[first + 1] += fan_out * s->units;
	to->n[first + 2] += fan_out * s->powers;
	to->n[first + 3] += ledger_single_level(p) ? fan_out * s->events : 0;
	ledger_count_memory(to, e, fan_out * s->events);
}

void
ledger_count_graded(struct ledger_row *row, uint64_t synapses, uint64_t sums)
{
	row->n[LEDGER_SYNAPSE_GRADED] += synapses;
	row->n[LEDGER_WEIGHT_READS] += synapses;
	row->n[LEDGER_STATE_READS] += synapses + sums;
	row->n[LEDGER_STATE_WRITES] += sums;
}

static void
count_graded(const struct layer *layer, enum ledger_edge e, uint64_t fan_out, struct ledger_row *to)
{
	uint64_t all = layer_size(layer) * fan_out;

	if (e == LEDGER_EDGE_PRODUCT) {
		to->n[LEDGER_PRODUCT_GRADED] += all;
		ledger_count_memory(to, e, all);
		return;
	}
	ledger_count_graded(to, all, layer_places(layer) * fan_out);
}

static void
count_updates(struct ledger_row *row, uint64_t neurons)
{
	row->n[LEDGER_NEURONS] += neurons;
	row->n[LEDGER_WEIGHT_READS] += neurons;
	row->n[LEDGER_STATE_READS] += neurons;
	row->n[LEDGER_STATE_WRITES] += neurons;
}

static void
count_neurons(const struct snn *snn, struct site site, uint64_t fan_out, enum ledger_edge e, struct ledger_row *own,
	      struct ledger_row *to)
{
	struct snn_activity a;
	uint64_t neurons;

	snn_activity(snn, site, &a);
	neurons = (uint64_t)a.neurons;
	count_updates(own, neurons);
	if (e == LEDGER_EDGE_SYNAPSE || e == LEDGER_EDGE_PRODUCT)
		to->n[LEDGER_SLOTS] += fan_out * neurons;
	if (e == LEDGER_EDGE_SYNAPSE && !ledger_binary(&snn_plan(snn)->site[site_index(snn_plan(snn)->model, site)]))
		to->n[LEDGER_SYNAPSE_DENSE] += fan_out * neurons;
}

/* --- attention ------------------------------------------------------------ */

/* What is done at a site of attention in every step whatever fires. decoded: trains are divided by t. */
static void
count_attention(const struct model *model, struct site site, bool decoded, struct ledger_row *row)
{
	uint64_t size = site_size(model, site);

	switch (site.kind) {
	case SITE_QK:
	case SITE_SOFTMAX:
		row->n[LEDGER_SCALINGS] += size;
		break;
	case SITE_EXP:
		row->n[LEDGER_ADDITIONS] += size;
		break;
	case SITE_RECIPROCAL:
		row->n[LEDGER_ADDITIONS] += size * (uint64_t)graph_attention(model->graph, site.block).tokens;
		break;
	case SITE_AV:
	case SITE_PRODUCT:
		row->n[LEDGER_SCALINGS] += decoded ? size : 0;
		break;
	default:
		break;
	}
}

static void
count_function(const struct site_plan *p, uint64_t size, struct ledger_row *row)
{
	if (p->mode == FUNCTION_MODE_EXACT)
		row->n[LEDGER_FUNCTIONS] += size;
	else if (p->mode == FUNCTION_MODE_ANALOG)
		row->n[LEDGER_FUNCTION_MACS] += 2 * size * (uint64_t)p->ugo->hidden;
}

static bool
is_graded(const struct plan *plan, struct site site)
{
	return plan->site[site_index(plan->model, site)].neuron == NEURON_NONE;
}

/* The third term of a product: of spikes, or with a graded operand. */
static void
count_pairs(const struct snn *snn, struct site product, struct ledger_row *row)
{
	struct site a = product, b = product;
	bool graded;

	a.kind = product.kind == SITE_QK ? SITE_Q : product.kind == SITE_AV ? SITE_SOFTMAX : SITE_ACT_OUT;
	b.kind = product.kind == SITE_QK ? SITE_K : product.kind == SITE_AV ? SITE_V : SITE_GATE;
	graded = is_graded(snn_plan(snn), a) || is_graded(snn_plan(snn), b);
	row->n[graded ? LEDGER_PAIRS_GRADED : LEDGER_PAIRS] += snn_step_pairs(snn, product);
}

/* --- a site --------------------------------------------------------------- */

/* What its operand does: spikes, or values that are multiplied. */
static void
count_operand(const struct snn *snn, int index, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	const struct site_plan *p = &plan->site[index];
	uint64_t fan_out;
	enum ledger_edge e = ledger_edge(plan, p->site, &fan_out);
	struct ledger_row *own = &row[index], *to = &row[site_index(plan->model, charged(e, p->site))];

	if (p->neuron != NEURON_NONE) {
		struct snn_spikes spikes;

		snn_step_spikes(snn, p->site, &spikes);
		count_spikes(&spikes, p, e, fan_out, own, to);
		count_neurons(snn, p->site, fan_out, e, own, to);
	} else if (e == LEDGER_EDGE_SYNAPSE || e == LEDGER_EDGE_PRODUCT) {
		count_graded(&plan->model->graph->layer[index], e, fan_out, to);
	}
}

void
ledger_count_site(const struct snn *snn, int index, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	struct site site = plan->site[index].site;

	count_attention(plan->model, site, plan->mean_decoded, &row[index]);
	count_function(&plan->site[index], site_size(plan->model, site), &row[index]);
	count_operand(snn, index, row);
	if (site.kind == SITE_QK || site.kind == SITE_AV || site.kind == SITE_PRODUCT)
		count_pairs(snn, site, &row[index]);
}

void
ledger_reference_site(const struct model *model, bool fold_norm, struct site site, struct ledger_row *row)
{
	uint64_t fan_out, size = site_size(model, site);
	enum ledger_edge e = edge(model, fold_norm, site, &fan_out);
	struct ledger_row *own = &row[site_index(model, site)];

	count_attention(model, site, false, own);
	if (plan_has_function(site.kind))
		own->n[LEDGER_FUNCTIONS] += size;
	/* Either operand of a product names all of its multiplications. */
	if (e == LEDGER_EDGE_SYNAPSE || site.kind == SITE_Q || site.kind == SITE_SOFTMAX || site.kind == SITE_GATE)
		count_graded(site_layer(model, site), e, fan_out, &row[site_index(model, charged(e, site))]);
}
