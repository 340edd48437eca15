/* Linear layers, and the head. */
#include "ann/network.h"

#include <string.h>

/* Of the linear layers: rows that are read, and all outputs of the weight. */
size_t
linear_scratch(const struct graph *net)
{
	size_t most = 0;

	for (int l = 0; l < net->layers; l++) {
		const struct layer *layer = &net->layer[l];
		size_t widest, n;

		if (layer->op != LAYER_LINEAR)
			continue;
		widest = (size_t)(layer->weight->in > layer->weight->out ? layer->weight->in : layer->weight->out);
		n = layer_places(layer) * widest;
		most = n > most ? n : most;
	}
	return most;
}

/* The rows that the layer reads, side by side for all pictures: with gamma and beta, or as they are. */
static const float *
operand(const struct pass *p, const struct layer *layer)
{
	size_t rows = layer_places(layer), width = (size_t)layer->weight->in;
	float *y = p->ann->operand + (size_t)p->first * p->ann->linear_size;

	if (!layer->norm && (p->pictures == 1 || rows == layer_places(layer_source(p->net, layer))))
		return read_values(p, layer, 0, 0);
	for (int n = 0; n < p->pictures; n++) {
		const float *x = read_values(p, layer, 0, n);

		if (!layer->norm)
			memcpy(y + (size_t)n * rows * width, x, rows * width * sizeof(*y));
		for (size_t r = 0; layer->norm && r < rows; r++)
			for (size_t i = 0; i < width; i++)
				y[((size_t)n * rows + r) * width + i] =
				    x[r * width + i] * layer->norm->weight[i] + layer->norm->bias[i];
	}
	return y;
}

/* The first of the layers that share a weight works for all. */
void
op_linear(const struct pass *p, const struct layer *layer)
{
	size_t rows = (size_t)p->pictures * layer_places(layer), width = (size_t)layer->channels,
	       out = (size_t)layer->weight->out;
	float *joined = p->ann->joined + (size_t)p->first * p->ann->linear_size, *y = layer_values(p, layer, 0);

	if (width == out) {
		linear_apply(layer->weight, operand(p, layer), (int)rows, y, false);
		return;
	}
	if (layer->first == 0)
		linear_apply(layer->weight, operand(p, layer), (int)rows, joined, false);
	for (size_t r = 0; r < rows; r++)
		memcpy(y + r * width, joined + r * out + layer->first, width * sizeof(*y));
}

void
op_head(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		head_apply(p->model, read_values(p, layer, 0, i), layer_values(p, layer, i));
}
