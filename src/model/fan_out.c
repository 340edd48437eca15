/* What a value of a residual network's layer meets. */
#include "model/graph.h"

#include <string.h>

struct extent {
	int height, width, channels;
};

static struct extent
extent_of(const struct model *model, int source)
{
	const struct layer *layer = source == LAYER_INPUT ? NULL : &model->graph->layer[source];

	if (layer)
		return (struct extent){layer->height, layer->width, layer->channels};
	return (struct extent){model->image_size, model->image_size, model->channels};
}

/* Does this layer multiply the other's values by its weights? */
static bool
weighs(const struct layer *layer, int source)
{
	return (layer->op == LAYER_CONVOLUTION || layer->op == LAYER_LINEAR) && layer->from[0] == source;
}

static size_t
places_of(struct extent e)
{
	return (size_t)(e.height > 0 ? e.height : 1) * (size_t)(e.width > 0 ? e.width : 1);
}

/* Output rows (or columns) of so many that read row y. */
static uint64_t
readers_of_row(const struct layer *layer, int outputs, int y)
{
	uint64_t count = 0;

	for (int i = 0; i < layer->kernel; i++) {
		int top = y + layer->padding - i;

		count += top >= 0 && top % layer->stride == 0 && top / layer->stride < outputs;
	}
	return count;
}

static void
add_readers(const struct layer *layer, struct extent e, uint64_t *fan_out)
{
	size_t projected = layer->op == LAYER_LINEAR ? layer_places(layer) : 0;
	uint64_t channels = (uint64_t)(layer->channels / layer->groups);

	for (size_t p = 0; p < projected; p++)
		fan_out[p] += (uint64_t)layer->channels;
	for (int y = 0; y < e.height && projected == 0; y++) {
		uint64_t rows = channels * readers_of_row(layer, layer->height, y);

		for (int x = 0; x < e.width; x++)
			fan_out[(size_t)y * (size_t)e.width + (size_t)x] += rows * readers_of_row(layer, layer->width, x);
	}
}

void
layer_fan_out(const struct model *model, int source, uint64_t *fan_out)
{
	struct extent e = extent_of(model, source);

	memset(fan_out, 0, places_of(e) * sizeof(*fan_out));
	for (int i = 0; i < model->graph->layers; i++)
		if (weighs(&model->graph->layer[i], source))
			add_readers(&model->graph->layer[i], e, fan_out);
}

/* Rows and columns are independent, so that the sum over places is a product of sums. */
static uint64_t
meetings_of(const struct layer *layer, struct extent e)
{
	uint64_t rows = 0, columns = 0;

	if (layer->op == LAYER_LINEAR)
		return (uint64_t)layer_places(layer) * (uint64_t)e.channels * (uint64_t)layer->channels;
	for (int y = 0; y < e.height; y++)
		rows += readers_of_row(layer, layer->height, y);
	for (int x = 0; x < e.width; x++)
		columns += readers_of_row(layer, layer->width, x);
	return rows * columns * (uint64_t)e.channels * (uint64_t)(layer->channels / layer->groups);
}

uint64_t
layer_meetings(const struct model *model, int source)
{
	struct extent e = extent_of(model, source);
	uint64_t sum = 0;

	for (int i = 0; i < model->graph->layers; i++)
		if (weighs(&model->graph->layer[i], source))
			sum += meetings_of(&model->graph->layer[i], e);
	return sum;
}

void
layer_readers(const struct model *model, int source, uint64_t *weights, uint64_t *values)
{
	*weights = *values = 0;
	for (int i = 0; i < model->graph->layers; i++) {
		const struct layer *layer = &model->graph->layer[i];

		if (!weighs(layer, source))
			continue;
		*weights += (uint64_t)layer->weight[0].in * (uint64_t)layer->channels;
		*values += layer_size(layer);
	}
}
