/* One step of a residual network, layer by layer.
 *
 * A convolution adds up what its weights make of the spikes that arrive; the first one
 * receives the picture's own sums as a constant current, every step (mean-decoded) or
 * once. A ReLU's encoder has the target max(0, X_t), X_t the sum of all it received, and
 * the residual stream is the sum of two such. Neurons that cannot take back what they
 * sent see X_t itself: they fire alike, for they stay silent below 0 anyhow, and their
 * membrane is that of the literature. Pooling is a function of totals: it sends
 * the difference between the maximum (or mean) of what has arrived and what it has sent.
 * Both are homogeneous, so that totals give t times what values give. */
#include "ann/layers.h"
#include "base/timing.h"
#include "snn/network.h"
#include "snn/neuron.h"
#include "snn/rows.h"

#include <string.h>

static const struct layer *
layer_at(const struct snn *snn, int index)
{
	return &snn->model->resnet->layer[index];
}

static bool
scratch_init(struct snn *snn)
{
	const struct resnet *net = snn->model->resnet;
	size_t side = (size_t)snn->model->image_size, picture = side * side * (size_t)snn->model->channels;

	snn->current = arena_floats(snn->arena, layer_size(&net->layer[0]));
	snn->patch_scratch = arena_floats(snn->arena, layer_scratch(net));
	snn->stream = arena_floats(snn->arena, picture > net->slot_size ? picture : net->slot_size);
	snn->graded = arena_floats(snn->arena, net->slot_size);
	snn->readout = arena_floats(snn->arena, (size_t)snn->model->head.in);
	snn->spikes = spikes_new(snn->arena, LAYER_TILE, (int)net->patch_size);
	return snn->current && snn->patch_scratch && snn->stream && snn->graded && snn->readout && snn->spikes;
}

bool
layers_init(struct snn *snn)
{
	const struct resnet *net = snn->model->resnet;

	snn->layer = arena_alloc(snn->arena, (size_t)net->layers * sizeof(*snn->layer));
	if (!snn->layer || !scratch_init(snn))
		return false;
	for (int i = 0; i < net->layers; i++) {
		struct node *node = &snn->layer[i];

		if (net->layer[i].op == LAYER_LINEAR)
			continue;
		node->plan = &snn->plan->site[i];
		node_shape(snn->model, net->layer[i].site, node);
		if (!node_init(node, 0, snn->arena) || !reach_init(snn, i))
			return false;
	}
	return true;
}

void
layers_layout(struct snn *snn, struct carve *c)
{
	for (int i = 0; i < snn->plan->sites; i++) {
		struct node *node = snn_node(snn, i);

		if (!node)
			continue;
		node_layout(node, c);
		node_layout_written(node, c);
		if (!node->target)
			node->target = snn->graded;
	}
}

void
layers_show(struct snn *snn)
{
	picture_interleave(snn->model, snn->pixels, snn->stream);
	convolution_apply(snn->model, layer_at(snn, 0), snn->stream, snn->patch_scratch, NULL, false, snn->current);
}

static void
convolve(struct snn *snn, const struct layer *layer, struct node *node)
{
	const struct node *from = &snn->layer[layer->from[0]];

	memset(node->sent, 0, node->size * sizeof(*node->sent));
	convolution_apply(snn->model, layer, from->sent, snn->patch_scratch, node_is_sparse(from) ? snn->spikes : NULL, true,
			  node->sent);
	for (int g = 0; g < layer->groups && snn_constant(snn) != 0; g++) {
		const struct linear *l = &layer->weight[g];

		for (int row = 0; row < node->rows; row++)
			rows_add(node->sent + row * node->columns + g * l->out, 1, l->out, l->bias);
	}
	rows_add(node->total, 1, (int)node->size, node->sent);
}

/* Can the node's neurons only add to what they sent? */
static bool
never_takes_back(const struct node *node)
{
	const struct neuron_type *type = neuron_type(node->plan->neuron);

	return type && !type->signs;
}

static void
rectify(struct snn *snn, const struct layer *layer, struct node *node)
{
	const struct node *from = &snn->layer[layer->from[0]];

	if (layer->from[1] == LAYER_NOTHING)
		memcpy(node->target, from->total, node->size * sizeof(*node->target));
	else
		add_arrays(from->total, snn->layer[layer->from[1]].total, node->size, node->target);
	if (!never_takes_back(node))
		activation_apply(ACT_RELU, node->target, node->size);
	node_encode(node, *snn->t);
}

static void
pool(struct snn *snn, const struct layer *layer, struct node *node)
{
	const struct layer *source = layer_at(snn, layer->from[0]);
	const float *x = snn->layer[layer->from[0]].total;

	if (layer->op == LAYER_MAX_POOL)
		max_pool_apply(source, layer, x, snn->stream);
	else
		global_pool_apply(source, x, snn->stream);
	send_values(snn->stream, 1, node->size, node->total, node->sent);
}

static void
layer_step(struct snn *snn, int index)
{
	const struct layer *layer = layer_at(snn, index);
	struct node *node = &snn->layer[index];

	if (layer->from[0] == LAYER_PICTURE)
		send_values(snn->current, snn_scale(snn), node->size, node->total, node->sent);
	else if (layer->op == LAYER_CONVOLUTION)
		convolve(snn, layer, node);
	else if (layer->op == LAYER_RELU)
		rectify(snn, layer, node);
	else
		pool(snn, layer, node);
	reach_values(snn, index);
	snn_spent(snn, node);
}

void
layers_step(struct snn *snn)
{
	if (snn->clock)
		snn->clock_at = timing_now();
	for (int i = 0; i < snn->plan->sites; i++)
		if (snn_node(snn, i))
			layer_step(snn, i);
}

void
layers_logits(const struct snn *snn, float *logits)
{
	const struct resnet *net = snn->model->resnet;
	const struct node *pooled = &snn->layer[net->layer[net->layers - 1].from[0]];
	float scale = snn_scale(snn);

	for (size_t i = 0; i < pooled->size; i++)
		snn->readout[i] = pooled->total[i] / scale;
	linear_apply(&snn->model->head, snn->readout, 1, logits, false);
}
