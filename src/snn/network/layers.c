/* One step of a residual network, layer by layer.
 *
 * A convolution adds up what its weights make of the spikes that arrive; the first one
 * receives the picture's own sums as a constant current, every step (mean-decoded) or
 * once. A ReLU's encoder has the target max(0, X_t), X_t the sum of all it received, and
 * the residual stream is the sum of two such. Neurons that cannot take back what they
 * sent see X_t itself: they fire alike, for they stay silent below 0 anyhow, and their
 * membrane is that of the literature. Pooling is a function of totals: it sends
 * the difference between the maximum (or mean) of what has arrived and what it has sent.
 * Both are homogeneous, so that totals give t times what values give.
 *
 * Attention pooling is treated as the attention of a transformer's block is, with one
 * query: tokens are means and places of what has arrived, positions and biases enter as
 * constant currents, the encoders of q, k and v have the sums of their linear layers as
 * targets, and products and softmax follow by temporal correction (TCSA, attention.c). A
 * recipe without neurons for these sites (conventional) leaves them graded and exp and
 * reciprocal exact: analog, as the audit says. The projection behind it belongs to the head. */
#include "ann/layers.h"
#include "base/timing.h"
#include "kernels/rows.h"
#include "snn/network/network.h"
#include "snn/neurons/neuron.h"

#include <string.h>

static const struct layer *
layer_at(const struct snn *snn, int index)
{
	return &snn->model->resnet->layer[index];
}

static const struct layer *
read_by_head(const struct resnet *net)
{
	return layer_source(net, &net->layer[net->layers - 1]);
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
	snn->readout = arena_floats(snn->arena, layer_size(read_by_head(net)));
	snn->heads = arena_floats(snn->arena, head_scratch(net->tokens, net->head_dim));
	snn->scores = arena_floats(snn->arena, (size_t)net->heads * (size_t)net->tokens);
	snn->senders =
	    arena_alloc(snn->arena, (2 * (size_t)(net->heads * net->head_dim) + (size_t)net->tokens) * sizeof(*snn->senders));
	snn->spikes = spikes_new(snn->arena, LAYER_TILE, (int)net->patch_size);
	return snn->current && snn->patch_scratch && snn->stream && snn->graded && snn->readout && snn->heads && snn->scores &&
	       snn->senders && snn->spikes;
}

static struct node *
pool_node(struct snn *snn, enum site_kind kind)
{
	return &snn->layer[resnet_index(snn->model->resnet, (struct site){kind, snn->model->depth - 1, SITE_ATTENTION_POOL, 0})];
}

static void
init_attention(struct snn *snn)
{
	const struct resnet *net = snn->model->resnet;

	if (net->heads == 0)
		return;
	snn->pool = (struct attention){.heads = net->heads,
				       .head_dim = net->head_dim,
				       .tokens = net->tokens,
				       .queries = 1,
				       .q = pool_node(snn, SITE_Q),
				       .k = pool_node(snn, SITE_K),
				       .v = pool_node(snn, SITE_V),
				       .qk = pool_node(snn, SITE_QK),
				       .e = pool_node(snn, SITE_EXP),
				       .reciprocal = pool_node(snn, SITE_RECIPROCAL),
				       .p = pool_node(snn, SITE_SOFTMAX),
				       .av = pool_node(snn, SITE_AV)};
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
		enum site_kind kind = net->layer[i].site.kind;

		if (net->layer[i].op == LAYER_LINEAR)
			continue;
		node->plan = &snn->plan->site[i];
		node_shape(snn->model, net->layer[i].site, node);
		if (!node_init(node, plan_has_function(kind) ? plan_function(snn->model, kind) : 0, snn->arena) ||
		    !reach_init(snn, i))
			return false;
	}
	init_attention(snn);
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
	snn->pool.score = carve_floats(c, (size_t)snn->model->resnet->heads * (size_t)snn->model->resnet->tokens);
	snn->pool.row_sum = carve_floats(c, (size_t)snn->model->resnet->heads);
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
	else if (layer->op == LAYER_AVERAGE_POOL)
		average_pool_apply(source, layer, x, snn->stream);
	else if (layer->op == LAYER_TOKENS)
		tokens_apply(snn->model->resnet, source, x, snn_scale(snn), snn->stream);
	else
		global_pool_apply(source, x, snn->stream);
	send_values(snn->stream, 1, node->size, node->total, node->sent);
}

/* A query, key or value: what has arrived times the weight. */
static void
project(struct snn *snn, const struct layer *layer, struct node *node)
{
	projection_apply(layer, snn->layer[layer->from[0]].total, snn_scale(snn), node->target);
	node_encode(node, *snn->t);
}

/* The layers of attention pooling behind its first product are one step. */
static bool
joins_attention(const struct layer *layer)
{
	return layer->op == LAYER_EXP || layer->op == LAYER_RECIPROCAL || layer->op == LAYER_PROBABILITY ||
	       layer->op == LAYER_MIX;
}

static void
layer_step(struct snn *snn, int index)
{
	const struct layer *layer = layer_at(snn, index);
	struct node *node = &snn->layer[index];

	if (joins_attention(layer))
		return;
	if (layer->op == LAYER_SCORES) {
		attention_run(snn, snn->pool);
		return;
	}
	if (layer->from[0] == LAYER_PICTURE)
		send_values(snn->current, snn_scale(snn), node->size, node->total, node->sent);
	else if (layer->op == LAYER_CONVOLUTION)
		convolve(snn, layer, node);
	else if (layer->op == LAYER_RELU)
		rectify(snn, layer, node);
	else if (layer->op == LAYER_PROJECTION)
		project(snn, layer, node);
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
	pooled_head(snn->model, snn->readout, logits);
}
