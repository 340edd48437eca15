/* One step of a residual network in the ledger, layer by layer. */
#include "model/resnet/resnet.h"
#include "study/energy/ledger_count.h"

/* What is done at a layer whatever fires; ledger_count_site() has the rest of what attention does. */
struct layer_work {
	uint64_t additions, scalings; /* in every step */
	uint64_t constants;           /* additions of constant inputs: every step of mean-decoded trains, else the first */
	uint64_t macs;                /* once a picture */
};

/* The picture's own sums are made once; they, positions and biases are constant currents. */
static struct layer_work
work_of(const struct model *model, const struct layer *layer)
{
	uint64_t size = layer_size(layer), window = (uint64_t)layer->kernel * (uint64_t)layer->kernel;

	switch (layer->op) {
	case LAYER_CONVOLUTION:
		return (struct layer_work){.constants = size,
					   .macs = layer->from[0] == LAYER_PICTURE ? layer_meetings(model, LAYER_PICTURE) : 0};
	case LAYER_RELU:
		return (struct layer_work){.additions = layer->from[1] != LAYER_NOTHING ? size : 0};
	case LAYER_AVERAGE_POOL:
		return (struct layer_work){.additions = size * window, .scalings = size};
	case LAYER_GLOBAL_POOL:
		return (struct layer_work){.additions = layer_size(layer_source(model->resnet, layer)), .scalings = size};
	case LAYER_TOKENS:
		return (struct layer_work){.additions = layer_size(layer_source(model->resnet, layer)),
					   .scalings = (uint64_t)layer->channels,
					   .constants = size};
	case LAYER_PROJECTION:
		return (struct layer_work){.constants = size};
	case LAYER_LINEAR:
		return (struct layer_work){.macs = ledger_head_macs(model)};
	default:
		return (struct layer_work){0};
	}
}

static void
count_work(const struct model *model, const struct layer *layer, bool constants, bool first, struct ledger_row *row)
{
	struct layer_work w = work_of(model, layer);

	row->n[LEDGER_ADDITIONS] += w.additions + (constants ? w.constants : 0);
	row->n[LEDGER_SCALINGS] += w.scalings;
	row->n[LEDGER_EMBEDDING_MACS] += first ? w.macs : 0;
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

	for (int i = 0; i < plan->model->resnet->layers; i++) {
		count_work(plan->model, &plan->model->resnet->layer[i], plan->mean_decoded || first, first, &row[i]);
		count_reach(snn, i, &row[i]);
		ledger_count_site(snn, i, row);
	}
}

void
ledger_reference_layers(const struct model *model, struct ledger_row *row)
{
	for (int i = 0; i < model->resnet->layers; i++) {
		uint64_t weights, sums;

		count_work(model, &model->resnet->layer[i], true, true, &row[i]);
		layer_readers(model, i, &weights, &sums);
		ledger_count_graded(&row[i], layer_meetings(model, i), sums);
		ledger_reference_site(model, false, model->resnet->layer[i].site, row);
	}
}

void
ledger_layer_memory(const struct model *model, struct site site, double *weights, double *states)
{
	uint64_t read, sums;

	layer_readers(model, resnet_index(model->resnet, site), &read, &sums);
	*weights = (double)read;
	*states = sums > 0 ? (double)sums : (double)site_size(model, site);
}
