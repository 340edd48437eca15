/* One step of a layer of tokens that is in no block which is stepped as a whole: the same functions of totals as there
 * (block.c), without what makes them fast. */
#include "ann/ann.h"
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <string.h>

static const struct node *
read_node(const struct snn *snn, int index, int which)
{
	return snn_node(snn, snn->model->graph->layer[index].from[which]);
}

/* What the layer's `which` has sent in all; of the input, what has entered. */
static const float *
read_total(struct snn *snn, int index, int which)
{
	const struct node *from = read_node(snn, index, which);

	if (from)
		return from->total;
	snn_enter(snn, snn->first);
	return snn->first;
}

static void
read_sum(struct snn *snn, int index, size_t size, float *sum)
{
	const struct layer *layer = &snn->model->graph->layer[index];

	memcpy(sum, read_total(snn, index, 0), size * sizeof(*sum));
	for (int r = 1; r < LAYER_READS && layer->from[r] >= 0; r++)
		rows_add(sum, 1, (int)size, read_total(snn, index, r));
}

static void
center(struct snn *snn, int index, struct node *node)
{
	read_sum(snn, index, node->size, snn->stream);
	rows_center(snn->stream, node->rows, node->columns, node->target);
	node_encode(node, *snn->t);
}

static void
rsqrt(struct snn *snn, int index, struct node *node)
{
	const struct node *from = read_node(snn, index, 0);
	float scale = snn_scale(snn), eps = snn->plan->eps ? snn->model->graph->layer[index].norm->eps : 0;

	rows_variance(from->total, from->rows, from->columns, scale, eps * scale, node->input);
	node_functions(node, node->input, scale, *snn->t);
}

static void
normalise(struct snn *snn, int index, struct node *node)
{
	rows_scale(read_total(snn, index, 0), node->rows, node->columns, read_total(snn, index, 1), snn_scale(snn), false,
		   node->target);
	node_encode(node, *snn->t);
}

/* Gamma and beta of the LayerNorm that the layer reads, on sums of `scale` values. */
static const float *
affine(struct snn *snn, const struct layer *layer, const float *x, int rows, float scale)
{
	const struct norm *norm = layer->norm;

	for (int r = 0; norm && r < rows; r++)
		for (int i = 0; i < norm->width; i++) {
			size_t at = (size_t)r * (size_t)norm->width + (size_t)i;

			snn->stream[at] = norm->weight[i] * x[at] + scale * norm->bias[i];
		}
	return norm ? snn->stream : x;
}

/* y = scale bias + W x, all outputs of the weight. */
static void
multiply(const struct linear *l, const float *x, int rows, float scale, float *y)
{
	for (size_t r = 0; r < (size_t)rows; r++)
		for (size_t i = 0; i < (size_t)l->out; i++)
			y[r * (size_t)l->out + i] = l->bias ? scale * l->bias[i] : 0;
	linear_apply(l, x, rows, y, true);
}

/* Of the outputs of a weight that layers share, this layer's are taken. */
static void
linear(struct snn *snn, int index, struct node *node)
{
	const struct layer *layer = &snn->model->graph->layer[index];
	const struct linear *l = layer->weight;
	float scale = snn_scale(snn), *to = node_next(node);
	const float *x = affine(snn, layer, read_total(snn, index, 0), node->rows, scale);
	size_t columns = (size_t)node->columns, out = (size_t)l->out;

	multiply(l, x, node->rows, scale, columns == out ? to : snn->joined);
	for (size_t r = 0; columns < out && r < (size_t)node->rows; r++)
		memcpy(to + r * columns, snn->joined + r * out + layer->first, columns * sizeof(*to));
	node_encode(node, *snn->t);
}

/* A constant current. */
static void
query(struct snn *snn, int index, struct node *node)
{
	float scale = snn_scale(snn);

	rows_scale(snn->model->graph->layer[index].positions, 1, node->columns, &scale, 1, false, node->target);
	node_encode(node, *snn->t);
}

/* By temporal correction: after t steps the product of the sums over t. */
static void
gate(struct snn *snn, int index, struct node *node)
{
	const float *a = read_total(snn, index, 0), *b = read_total(snn, index, 1);
	float scale = snn_scale(snn);

	for (size_t i = 0; i < node->size; i++)
		node->target[i] = a[i] * b[i] / scale;
	node_encode(node, *snn->t);
}

static void
add(struct snn *snn, int index, struct node *node)
{
	node_align(node, *snn->t - 1);
	read_sum(snn, index, node->size, node_next(node));
	node_encode(node, *snn->t);
}

bool
tokens_step(struct snn *snn, int index)
{
	struct node *node = &snn->layer[index];

	switch (snn->model->graph->layer[index].op) {
	case LAYER_CENTER:
		center(snn, index, node);
		return true;
	case LAYER_RSQRT:
		rsqrt(snn, index, node);
		return true;
	case LAYER_NORMALISE:
		normalise(snn, index, node);
		return true;
	case LAYER_LINEAR:
		linear(snn, index, node);
		return true;
	case LAYER_QUERY:
		query(snn, index, node);
		return true;
	case LAYER_ACTIVATION:
		node_functions(node, read_total(snn, index, 0), snn_scale(snn), *snn->t);
		return true;
	case LAYER_COPY:
		node->target = read_node(snn, index, 0)->total;
		node_encode(node, *snn->t);
		return true;
	case LAYER_GATE:
		gate(snn, index, node);
		return true;
	case LAYER_ADD:
		add(snn, index, node);
		return true;
	default:
		return false;
	}
}
