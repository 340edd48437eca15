/* One step of a layer that is in no block that is stepped as a whole.
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
#include "kernels/rows.h"
#include "snn/network/network.h"
#include "snn/neurons/neuron.h"

#include <string.h>

static const struct layer *
layer_at(const struct snn *snn, int index)
{
	return &snn->model->graph->layer[index];
}

bool
layer_init(struct snn *snn, int index)
{
	struct node *node = &snn->layer[index];
	enum site_kind kind = layer_at(snn, index)->site.kind;

	node->plan = &snn->plan->site[index];
	node_shape(snn->model, node->plan->site, node);
	return node_init(node, plan_has_function(kind) ? plan_function(snn->model, kind) : 0, snn->arena) &&
	       reach_init(snn, index);
}

struct attention
snn_attention(const struct snn *snn, int block)
{
	const struct graph *net = snn->model->graph;
	struct attention_shape shape = graph_attention(net, block);
	struct attention a = {.heads = shape.heads, .head_dim = shape.head_dim, .tokens = shape.tokens, .queries = shape.queries};

	if (snn->block[block].part)
		return block_attention(&snn->block[block]);
	for (int i = net->first[block]; i < net->end[block]; i++) {
		const struct layer *layer = &net->layer[i];

		if (layer->op == LAYER_SCORES) {
			a.qk = &snn->layer[i];
			a.q = &snn->layer[layer->from[0]];
			a.k = &snn->layer[layer->from[1]];
		} else if (layer->op == LAYER_EXP) {
			a.e = &snn->layer[i];
		} else if (layer->op == LAYER_RECIPROCAL) {
			a.reciprocal = &snn->layer[i];
		} else if (layer->op == LAYER_MIX) {
			a.p = &snn->layer[layer->from[0]];
			a.v = &snn->layer[layer->from[1]];
			a.av = &snn->layer[i];
		}
	}
	return a;
}

void
layers_show(struct snn *snn)
{
	const struct layer *first = layer_at(snn, 0);

	if (first->op == LAYER_EMBED) {
		ann_embed(snn->model, snn->pixels, snn->patch_scratch, snn->current);
		return;
	}
	picture_interleave(snn->model, snn->pixels, snn->stream);
	convolution_apply(snn->model, first, snn->stream, snn->patch_scratch, NULL, false, snn->current);
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
		tokens_apply(source, layer, x, snn_scale(snn), snn->stream);
	else
		global_pool_apply(source, x, snn->stream);
	send_values(snn->stream, 1, node->size, node->total, node->sent);
}

/* The layers of attention pooling behind its first product are one step. */
static bool
joins_attention(const struct layer *layer)
{
	return layer->op == LAYER_EXP || layer->op == LAYER_RECIPROCAL || layer->op == LAYER_PROBABILITY ||
	       layer->op == LAYER_MIX;
}

void
layer_step(struct snn *snn, int index)
{
	const struct layer *layer = layer_at(snn, index);
	struct node *node = &snn->layer[index];

	if (joins_attention(layer))
		return;
	if (layer->op == LAYER_SCORES) {
		attention_run(snn, snn_attention(snn, layer->site.block));
		return;
	}
	if (layer->from[0] == LAYER_INPUT && layer->op == LAYER_CONVOLUTION)
		send_values(snn->current, snn_scale(snn), node->size, node->total, node->sent);
	else if (layer->op == LAYER_CONVOLUTION)
		convolve(snn, layer, node);
	else if (layer->op == LAYER_RELU)
		rectify(snn, layer, node);
	else if (!tokens_step(snn, index))
		pool(snn, layer, node);
	reach_values(snn, index);
	snn_spent(snn, node);
}
