#include "study/energy/energy.h"

#include "model/graph.h"
#include "study/energy/ledger.h"

/* Picojoules, 45 nm, fp32. */
static const double ACCUMULATE = 0.9, MULTIPLY = 4.6;

const char *const energy_part_names[] = {"linear", "product", "ugo", NULL};

/* What leaves a site as an operand: every spike meets fan_out weights or values. */
static void
charge(const struct snn *snn, struct site site, double fan_out, struct energy *to)
{
	struct snn_activity a;
	const struct plan *plan = snn_plan(snn);

	if (plan->site[site_index(plan->model, site)].neuron == NEURON_NONE) {
		double all = MULTIPLY * fan_out * (double)site_size(plan->model, site) * snn_time(snn);

		to->per_event += all;
		to->per_unit += all;
		return;
	}
	snn_activity(snn, site, &a);
	to->per_event += ACCUMULATE * fan_out * a.events_total;
	to->per_unit += ACCUMULATE * fan_out * a.units_total;
}

/* What the site's spikes meet, as the ledger has it. */
static void
charge_site(const struct snn *snn, struct site site, struct energy *part)
{
	static const enum energy_part of_edge[] = {
	    [LEDGER_EDGE_SYNAPSE] = ENERGY_LINEAR, [LEDGER_EDGE_PRODUCT] = ENERGY_PRODUCT, [LEDGER_EDGE_UGO] = ENERGY_UGO};
	const struct plan *plan = snn_plan(snn);
	uint64_t fan_out;
	enum ledger_edge edge = ledger_edge(plan, site, &fan_out);
	bool analog = edge == LEDGER_EDGE_UGO && plan->site[site_index(plan->model, site)].mode != FUNCTION_MODE_SPIKING;

	if (edge != LEDGER_EDGE_NONE && !analog)
		charge(snn, site, (double)fan_out, &part[of_edge[edge]]);
}

/* What convolutions read of a layer. */
static void
charge_layer(const struct snn *snn, struct site site, struct energy *to)
{
	struct snn_reach r;

	snn_reach(snn, site, &r);
	to->per_event += (r.graded ? MULTIPLY : ACCUMULATE) * (double)r.events_total;
	to->per_unit += (r.graded ? MULTIPLY : ACCUMULATE) * (double)r.units_total;
}

struct energy
energy_of(const struct snn *snn, struct energy *part)
{
	struct energy own[ENERGY_PARTS] = {{0, 0}}, sum = {0, 0};
	const struct graph *net = snn_plan(snn)->model->graph;

	for (int i = 0; i < net->layers; i++) {
		charge_layer(snn, net->layer[i].site, &own[ENERGY_LINEAR]);
		charge_site(snn, net->layer[i].site, own);
	}
	for (int i = 0; i < ENERGY_PARTS; i++) {
		sum.per_event += own[i].per_event;
		sum.per_unit += own[i].per_unit;
		if (part)
			part[i] = own[i];
	}
	return sum;
}

/* Of what layers multiply by weights, but the input, and of the products of attention. */
static uint64_t
multiplications(const struct model *model)
{
	const struct graph *net = model->graph;
	uint64_t sum = 0;

	for (int i = 0; i < net->layers; i++)
		sum += layer_meetings(model, i) + (net->layer[i].op == LAYER_GATE ? layer_size(&net->layer[i]) : 0);
	for (int b = 0; b < net->blocks; b++) {
		struct attention_shape a = graph_attention(net, b);

		sum += 2 * (uint64_t)a.heads * (uint64_t)a.queries * (uint64_t)a.tokens * (uint64_t)a.head_dim;
	}
	return sum;
}

double
energy_ann(const struct model *model)
{
	return MULTIPLY * (double)multiplications(model);
}
