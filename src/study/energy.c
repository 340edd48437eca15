#include "study/energy.h"

#include "model/resnet.h"

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

static void
charge_ugo(const struct snn *snn, struct site site, struct energy *to)
{
	const struct plan *plan = snn_plan(snn);

	if (plan->site[site_index(plan->model, site)].mode == FUNCTION_MODE_SPIKING)
		charge(snn, site, 1, to);
}

static void
charge_block(const struct snn *snn, int b, struct energy *part)
{
	static const enum site_kind ugos[] = {SITE_NORM1_RSQRT, SITE_EXP, SITE_RECIPROCAL, SITE_NORM2_RSQRT, SITE_ACT};
	const struct plan *plan = snn_plan(snn);
	const struct model *model = plan->model;
	enum site_kind norm1 = plan->fold_norm ? SITE_NORM1_CENTER : SITE_NORM1;
	enum site_kind norm2 = plan->fold_norm ? SITE_NORM2_CENTER : SITE_NORM2;

	charge(snn, site_in(norm1, b), 3 * model->width, &part[ENERGY_LINEAR]);
	charge(snn, site_in(SITE_AV, b), model->width, &part[ENERGY_LINEAR]);
	charge(snn, site_in(norm2, b), model->mlp_width, &part[ENERGY_LINEAR]);
	charge(snn, site_in(SITE_ACT_OUT, b), model->width, &part[ENERGY_LINEAR]);
	charge(snn, site_in(SITE_Q, b), model->tokens, &part[ENERGY_PRODUCT]);
	charge(snn, site_in(SITE_K, b), model->tokens, &part[ENERGY_PRODUCT]);
	charge(snn, site_in(SITE_SOFTMAX, b), model->head_dim, &part[ENERGY_PRODUCT]);
	charge(snn, site_in(SITE_V, b), model->tokens, &part[ENERGY_PRODUCT]);
	for (size_t i = 0; i < sizeof(ugos) / sizeof(*ugos); i++)
		charge_ugo(snn, site_in(ugos[i], b), &part[ENERGY_UGO]);
}

/* Multiplications that spikes take the place of: the first layer has the picture itself. */
static double
layer_operations(const struct model *model, const struct layer *layer)
{
	return layer->op == LAYER_CONVOLUTION && layer->from[0] != LAYER_PICTURE ? layer_products(model, layer) : 0;
}

/* A convolution's operand is what the ReLU before it sent, whether or not it was pooled. */
static void
charge_layer(const struct snn *snn, const struct layer *layer, struct energy *to)
{
	const struct model *model = snn_plan(snn)->model;
	double operations = layer_operations(model, layer);
	const struct layer *source = layer_source(model->resnet, layer);

	if (operations == 0)
		return;
	while (source->op != LAYER_RELU)
		source = layer_source(model->resnet, source);
	charge(snn, source->site, operations / (double)layer_size(source), to);
}

struct energy
energy_of(const struct snn *snn, struct energy *part)
{
	struct energy own[ENERGY_PARTS] = {{0, 0}}, sum = {0, 0};
	const struct resnet *net = snn_plan(snn)->model->resnet;

	for (int i = 0; net && i < net->layers; i++)
		charge_layer(snn, &net->layer[i], &own[ENERGY_LINEAR]);
	for (int b = 0; !net && b < snn_plan(snn)->model->depth; b++)
		charge_block(snn, b, own);
	for (int i = 0; i < ENERGY_PARTS; i++) {
		sum.per_event += own[i].per_event;
		sum.per_unit += own[i].per_unit;
		if (part)
			part[i] = own[i];
	}
	return sum;
}

double
energy_ann(const struct model *model)
{
	double tokens = model->tokens, width = model->width, layers = 0;
	double linear = tokens * width * (4 * width + 2 * model->mlp_width), product = 2 * tokens * tokens * width;

	for (int i = 0; model->resnet && i < model->resnet->layers; i++)
		layers += layer_operations(model, &model->resnet->layer[i]);
	if (model->resnet)
		return MULTIPLY * layers;
	return MULTIPLY * model->depth * (linear + product);
}
