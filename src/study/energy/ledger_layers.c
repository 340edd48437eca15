/* One step of a network in the ledger, layer by layer. */
#include "model/graph.h"
#include "study/energy/ledger_count.h"

/* What is done at a layer whatever fires; ledger_count_site() has the rest of what attention does. */
struct layer_work {
	uint64_t additions, scalings, squares; /* in every step */
	uint64_t constants; /* additions of constant inputs: every step of mean-decoded trains, else the first */
	uint64_t macs;      /* once a picture */
};

/* Is what the layer gives added to a residual stream? */
static bool
joins_stream(const struct graph *net, int index)
{
	for (int i = index + 1; i < net->layers; i++)
		if (net->layer[i].op == LAYER_ADD && layer_reads(&net->layer[i], index))
			return true;
	return false;
}

/* What 1/sigma is multiplied with: the centred values, or, folded, what the linear layers behind it give. */
static uint64_t
scaled_by(const struct model *model, int rsqrt, bool folded)
{
	const struct graph *net = model->graph;
	uint64_t weights, values;

	if (!folded)
		return layer_size(layer_source(net, &net->layer[rsqrt]));
	layer_readers(model, layer_normalised(net, net->layer[rsqrt].from[0]), &weights, &values);
	return values;
}

/* Behind LayerNorm the bias enters with the scale, in every step. */
static struct layer_work
work_of_linear(const struct graph *net, int index)
{
	const struct layer *layer = &net->layer[index];
	uint64_t size = layer_size(layer);

	if (layer->norm)
		return (struct layer_work){.additions = size};
	if (joins_stream(net, index))
		return (struct layer_work){.additions = size, .constants = layer->weight->bias ? size : 0};
	return (struct layer_work){.constants = size};
}

/* The input's own sums are made once; they, positions and biases are constant currents. folded: LayerNorm's 1/sigma
 * is applied behind the linear layer. */
static struct layer_work
work_of(const struct model *model, int index, bool folded)
{
	const struct graph *net = model->graph;
	const struct layer *layer = &net->layer[index], *source = layer_source(net, layer);
	uint64_t size = layer_size(layer), window = (uint64_t)layer->kernel * (uint64_t)layer->kernel;

	switch (layer->op) {
	case LAYER_EMBED:
		return (struct layer_work){.macs = ledger_embed_macs(model)};
	case LAYER_CENTER:
		return (struct layer_work){.additions = 2 * size};
	case LAYER_RSQRT:
		return (struct layer_work){.squares = layer_size(source), .scalings = scaled_by(model, index, folded)};
	case LAYER_LINEAR:
		return work_of_linear(net, index);
	case LAYER_CONVOLUTION:
		return (struct layer_work){.constants = size, .macs = source ? 0 : layer_meetings(model, LAYER_INPUT)};
	case LAYER_RELU:
		return (struct layer_work){.additions = layer->from[1] != LAYER_NOTHING ? size : 0};
	case LAYER_AVERAGE_POOL:
		return (struct layer_work){.additions = size * window, .scalings = size};
	case LAYER_GLOBAL_POOL:
		return (struct layer_work){.additions = layer_size(source), .scalings = size};
	case LAYER_TOKENS:
		return (struct layer_work){
		    .additions = layer_size(source), .scalings = (uint64_t)layer->channels, .constants = size};
	case LAYER_HEAD:
		return (struct layer_work){.macs = ledger_head_macs(model)};
	default:
		return (struct layer_work){0};
	}
}

static void
count_work(const struct layer_work *w, bool constants, bool first, struct ledger_row *row)
{
	row->n[LEDGER_ADDITIONS] += w->additions + (constants ? w->constants : 0);
	row->n[LEDGER_SCALINGS] += w->scalings;
	row->n[LEDGER_SQUARES] += w->squares;
	row->n[LEDGER_EMBEDDING_MACS] += first ? w->macs : 0;
}

static void
count_reach(const struct snn *snn, int index, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	struct snn_reach r;
	uint64_t weights, sums;

	snn_reach(snn, plan->site[index].site, &r);
	if (r.graded) {
		layer_readers(plan->model, index, &weights, &sums);
		ledger_count_graded(row, r.step.events, sums);
		return;
	}
	row->n[LEDGER_SYNAPSE_EVENTS] += r.step.events;
	row->n[LEDGER_SYNAPSE_UNITS] += r.step.units;
	row->n[LEDGER_SYNAPSE_POWERS] += r.step.powers;
	row->n[LEDGER_SYNAPSE_SINGLE] += ledger_single_level(&plan->site[index]) ? r.step.events : 0;
	row->n[LEDGER_SLOTS] += r.slots;
	row->n[LEDGER_SYNAPSE_DENSE] +=
	    plan->site[index].neuron != NEURON_NONE && ledger_binary(&plan->site[index]) ? 0 : r.slots;
	ledger_count_memory(row, LEDGER_EDGE_SYNAPSE, r.step.events);
}

void
ledger_count_layers(const struct snn *snn, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	bool first = snn_time(snn) == 1;

	for (int i = 0; i < plan->model->graph->layers; i++) {
		struct layer_work work = work_of(plan->model, i, plan->fold_norm);

		count_work(&work, plan->mean_decoded || first, first, &row[i]);
		if (layer_is_spatial(&plan->model->graph->layer[i]))
			count_reach(snn, i, &row[i]);
		ledger_count_site(snn, i, row);
	}
}

void
ledger_reference_layers(const struct model *model, bool fold_norm, struct ledger_row *row)
{
	for (int i = 0; i < model->graph->layers; i++) {
		struct layer_work work = work_of(model, i, false);
		uint64_t weights, sums;

		count_work(&work, true, true, &row[i]);
		if (layer_is_spatial(&model->graph->layer[i])) {
			layer_readers(model, i, &weights, &sums);
			ledger_count_graded(&row[i], layer_meetings(model, i), sums);
		}
		ledger_reference_site(model, fold_norm, site_at(model, i), row);
	}
}

/* LayerNorm's centred values are read through what it gives. */
void
ledger_memory(const struct model *model, struct site site, double *weights, double *states)
{
	const struct graph *net = model->graph;
	int index = site_index(model, site);
	uint64_t read, sums;

	*weights = *states = 0;
	if (!site_is_stepped(site.kind))
		return;
	layer_readers(model, net->layer[index].op == LAYER_CENTER ? layer_normalised(net, index) : index, &read, &sums);
	*weights = (double)read;
	*states = sums > 0 ? (double)sums : (double)site_size(model, site);
}
