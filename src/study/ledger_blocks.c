/* One step of a transformer in the ledger. */
#include "snn/neuron.h"
#include "study/ledger_count.h"

/* --- what meets what ------------------------------------------------------ */

/* The site whose values a LayerNorm gives to the layer behind it. */
static enum site_kind
norm_operand(bool fold_norm, int which)
{
	static const enum site_kind folded[] = {SITE_NORM1_CENTER, SITE_NORM2_CENTER}, whole[] = {SITE_NORM1, SITE_NORM2};

	return fold_norm ? folded[which] : whole[which];
}

static enum ledger_edge
edge(const struct model *model, bool fold_norm, enum site_kind kind, uint64_t *fan_out)
{
	*fan_out = 0;
	if (kind == norm_operand(fold_norm, 0))
		*fan_out = 3 * (uint64_t)model->width;
	else if (kind == norm_operand(fold_norm, 1))
		*fan_out = (uint64_t)model->mlp_width;
	else if (kind == SITE_AV || kind == SITE_ACT_OUT)
		*fan_out = (uint64_t)model->width;
	if (*fan_out > 0)
		return LEDGER_EDGE_SYNAPSE;
	if (kind == SITE_Q || kind == SITE_K || kind == SITE_V || kind == SITE_SOFTMAX) {
		*fan_out = (uint64_t)(kind == SITE_SOFTMAX ? model->head_dim : model->tokens);
		return LEDGER_EDGE_PRODUCT;
	}
	if (!plan_has_function(kind))
		return LEDGER_EDGE_NONE;
	*fan_out = 1;
	return LEDGER_EDGE_UGO;
}

enum ledger_edge
ledger_edge(const struct plan *plan, struct site site, uint64_t *fan_out)
{
	return edge(plan->model, plan->fold_norm, site.kind, fan_out);
}

void
ledger_memory(const struct model *model, struct site site, double *weights, double *states)
{
	double tokens = model->tokens, width = model->width, wide = model->mlp_width;

	*weights = *states = 0;
	if (model->resnet) {
		ledger_layer_memory(model, site, weights, states);
		return;
	}
	switch (site.kind) {
	case SITE_NORM1_CENTER:
	case SITE_NORM1:
		*weights = 3 * width * width;
		*states = 3 * tokens * width;
		break;
	case SITE_NORM2_CENTER:
	case SITE_NORM2:
		*weights = width * wide;
		*states = tokens * wide;
		break;
	case SITE_ACT_OUT:
		*weights = width * wide;
		*states = tokens * width;
		break;
	case SITE_AV:
		*weights = width * width;
		*states = tokens * width;
		break;
	default:
		if (site_in_block(site.kind))
			*states = (double)site_size(model, site);
	}
}

/* --- one step ------------------------------------------------------------- */

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
	switch (p->neuron) {
	case NEURON_IF:
	case NEURON_LIF:
	case NEURON_SIGNED:
	case NEURON_STBIF:
		return true;
	case NEURON_ROUND:
		return p->burst == 1;
	case NEURON_MT:
		return p->burst == 1 && p->repeat == 1 && p->refine == 0;
	default:
		return false;
	}
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
	if (e == LEDGER_EDGE_PRODUCT)
		site.kind = site.kind == SITE_Q || site.kind == SITE_K ? SITE_QK : SITE_AV;
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
count_graded(const struct model *model, enum ledger_edge e, uint64_t size, uint64_t fan_out, struct ledger_row *to)
{
	uint64_t all = size * fan_out, sums = (uint64_t)model->tokens * fan_out;

	if (e == LEDGER_EDGE_PRODUCT) {
		to->n[LEDGER_PRODUCT_GRADED] += all;
		ledger_count_memory(to, e, all);
		return;
	}
	ledger_count_graded(to, all, sums);
}

/* What is done at a site in every step whatever fires. folded: LayerNorm's 1/sigma is
 * applied behind the linear layer; decoded: trains are divided by t. */
static void
count_arithmetic(const struct model *model, enum site_kind kind, uint64_t size, bool folded, bool decoded, struct ledger_row *row)
{
	uint64_t stream = (uint64_t)model->tokens * (uint64_t)model->width;

	switch (kind) {
	case SITE_NORM1_CENTER:
	case SITE_NORM2_CENTER:
		row->n[LEDGER_ADDITIONS] += 2 * size;
		break;
	case SITE_NORM1_RSQRT:
	case SITE_NORM2_RSQRT:
		row->n[LEDGER_SQUARES] += stream;
		row->n[LEDGER_SCALINGS] += !folded                    ? stream
					   : kind == SITE_NORM1_RSQRT ? 3 * stream
								      : size * (uint64_t)model->mlp_width;
		break;
	case SITE_QK:
		row->n[LEDGER_SCALINGS] += size;
		break;
	case SITE_EXP:
		row->n[LEDGER_ADDITIONS] += size;
		break;
	case SITE_RECIPROCAL:
		row->n[LEDGER_ADDITIONS] += size * (uint64_t)model->tokens;
		break;
	case SITE_SOFTMAX:
		row->n[LEDGER_SCALINGS] += size;
		break;
	case SITE_AV:
		row->n[LEDGER_SCALINGS] += decoded ? size : 0;
		break;
	case SITE_Q:
	case SITE_K:
	case SITE_V:
	case SITE_FC1:
		row->n[LEDGER_ADDITIONS] += size;
		break;
	case SITE_ATTN:
	case SITE_MLP:
		row->n[LEDGER_ADDITIONS] += size;
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

/* The bias of a layer whose output is added to the residual stream enters in every step
 * of mean-decoded trains, else in the first. */
static void
count_bias(const struct model *model, struct site site, uint64_t size, struct ledger_row *row)
{
	const struct vit_block *b = site.kind == SITE_ATTN || site.kind == SITE_MLP ? &model->blocks[site.block] : NULL;

	if (b && (site.kind == SITE_ATTN ? b->proj : b->fc2).bias)
		row->n[LEDGER_ADDITIONS] += size;
}

static uint64_t
embedding_macs(const struct model *model)
{
	return (uint64_t)model->patches * (uint64_t)model->patch.in * (uint64_t)model->width;
}

static void
count_ends(const struct model *model, struct ledger_row *row)
{
	row[site_index(model, site_in(SITE_PATCH_EMBED, -1))].n[LEDGER_EMBEDDING_MACS] += embedding_macs(model);
	row[site_index(model, site_in(SITE_HEAD, -1))].n[LEDGER_EMBEDDING_MACS] += ledger_head_macs(model);
}

void
ledger_count_updates(struct ledger_row *row, uint64_t neurons)
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
	ledger_count_updates(own, neurons);
	if (e == LEDGER_EDGE_SYNAPSE || e == LEDGER_EDGE_PRODUCT)
		to->n[LEDGER_SLOTS] += fan_out * neurons;
	if (e == LEDGER_EDGE_SYNAPSE && !ledger_binary(&snn_plan(snn)->site[site_index(snn_plan(snn)->model, site)]))
		to->n[LEDGER_SYNAPSE_DENSE] += fan_out * neurons;
}

static void
count_site(const struct snn *snn, int index, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	const struct model *model = plan->model;
	const struct site_plan *p = &plan->site[index];
	struct site site = p->site;
	uint64_t fan_out, size = site_size(model, site);
	enum ledger_edge e = edge(model, plan->fold_norm, site.kind, &fan_out);
	struct ledger_row *own = &row[index], *to = &row[site_index(model, charged(e, site))];

	count_arithmetic(model, site.kind, size, plan->fold_norm, plan->mean_decoded, own);
	if (plan->mean_decoded || snn_time(snn) == 1)
		count_bias(model, site, size, own);
	count_function(p, size, own);
	if (p->neuron != NEURON_NONE) {
		struct snn_spikes spikes;

		snn_step_spikes(snn, site, &spikes);
		count_spikes(&spikes, p, e, fan_out, own, to);
		count_neurons(snn, site, fan_out, e, own, to);
	} else if (e == LEDGER_EDGE_SYNAPSE || e == LEDGER_EDGE_PRODUCT) {
		count_graded(model, e, size, fan_out, to);
	}
}

/* The third term of a product: of spikes, or with a graded operand. */
static void
count_pairs(const struct snn *snn, struct site product, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	enum site_kind a = product.kind == SITE_QK ? SITE_Q : SITE_SOFTMAX, b = product.kind == SITE_QK ? SITE_K : SITE_V;
	bool graded = plan->site[site_index(plan->model, site_in(a, product.block))].neuron == NEURON_NONE ||
		      plan->site[site_index(plan->model, site_in(b, product.block))].neuron == NEURON_NONE;

	row[site_index(plan->model, product)].n[graded ? LEDGER_PAIRS_GRADED : LEDGER_PAIRS] += snn_step_pairs(snn, product);
}

void
ledger_count_blocks(const struct snn *snn, struct ledger_row *row)
{
	const struct model *model = snn_plan(snn)->model;

	for (int i = 0; i < site_count(model); i++)
		if (site_in_block(site_at(model, i).kind))
			count_site(snn, i, row);
	for (int b = 0; b < model->depth; b++) {
		count_pairs(snn, site_in(SITE_QK, b), row);
		count_pairs(snn, site_in(SITE_AV, b), row);
	}
	if (snn_time(snn) == 1)
		count_ends(model, row);
}

static void
reference_site(const struct model *model, bool fold_norm, struct site site, struct ledger_row *row)
{
	uint64_t fan_out, size = site_size(model, site);
	enum ledger_edge e = edge(model, fold_norm, site.kind, &fan_out);
	struct ledger_row *own = &row[site_index(model, site)];

	count_arithmetic(model, site.kind, size, false, false, own);
	count_bias(model, site, size, own);
	if (plan_has_function(site.kind))
		own->n[LEDGER_FUNCTIONS] += size;
	/* Either operand of a product names all of its multiplications. */
	if (e == LEDGER_EDGE_SYNAPSE || site.kind == SITE_Q || site.kind == SITE_SOFTMAX)
		count_graded(model, e, size, fan_out, &row[site_index(model, charged(e, site))]);
}

void
ledger_reference_blocks(const struct model *model, bool fold_norm, struct ledger_row *row)
{
	for (int i = 0; i < site_count(model); i++)
		if (site_in_block(site_at(model, i).kind))
			reference_site(model, fold_norm, site_at(model, i), row);
	count_ends(model, row);
}
