/* Ops of pictures: convolutions and pooling. */
#include "ann/layers.h"
#include "ann/network.h"

static const float *
picture(const struct pass *p, int i)
{
	size_t at =
	    (size_t)(p->first + i) * (size_t)p->model->channels * (size_t)p->model->image_size * (size_t)p->model->image_size;

	picture_interleave(p->model, p->pixels + at, p->ann->picture + at);
	return p->ann->picture + at;
}

void
op_convolution(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for schedule(dynamic) if (p->pictures > 1)
	for (int i = 0; i < p->pictures; i++)
		convolution_apply(p->model, layer, layer->from[0] == LAYER_INPUT ? picture(p, i) : read_values(p, layer, 0, i),
				  p->ann->window + (size_t)(p->first + i) * layer_scratch(p->net), NULL, false,
				  layer_values(p, layer, i));
}

void
op_max_pool(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for schedule(dynamic) if (p->pictures > 1)
	for (int i = 0; i < p->pictures; i++)
		max_pool_apply(layer_source(p->net, layer), layer, read_values(p, layer, 0, i), layer_values(p, layer, i));
}

void
op_average_pool(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for schedule(dynamic) if (p->pictures > 1)
	for (int i = 0; i < p->pictures; i++)
		average_pool_apply(layer_source(p->net, layer), layer, read_values(p, layer, 0, i), layer_values(p, layer, i));
}

void
op_global_pool(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		global_pool_apply(layer_source(p->net, layer), read_values(p, layer, 0, i), layer_values(p, layer, i));
}

void
op_tokens(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		tokens_apply(layer_source(p->net, layer), layer, read_values(p, layer, 0, i), 1, layer_values(p, layer, i));
}
