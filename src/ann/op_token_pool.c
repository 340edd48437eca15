/* The class token beside the mean of the patches. */
#include "ann/layers.h"
#include "ann/network.h"

#include <string.h>

void
token_pool_apply(const struct layer *source, const struct layer *layer, const float *x, float *y)
{
	size_t width = (size_t)source->channels;
	int count = source->height - layer->first;
	float *mean = y + width;

	memcpy(y, x, width * sizeof(*y));
	memset(mean, 0, width * sizeof(*mean));
	for (int r = layer->first; r < source->height; r++)
		for (size_t i = 0; i < width; i++)
			mean[i] += x[(size_t)r * width + i];
	for (size_t i = 0; i < width; i++)
		mean[i] /= (float)count;
}

void
op_token_pool(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		token_pool_apply(layer_source(p->net, layer), layer, read_values(p, layer, 0, i), layer_values(p, layer, i));
}
