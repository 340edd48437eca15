/* Ops on single values. */
#include "ann/network.h"

#include <string.h>

void
op_activation(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for if (p->pictures > 1)
	for (int i = 0; i < p->pictures; i++) {
		float *y = layer_values(p, layer, i);

		memcpy(y, read_values(p, layer, 0, i), layer_size(layer) * sizeof(*y));
		activation_apply(layer->act, y, layer_size(layer));
	}
}

void
op_copy(const struct pass *p, const struct layer *layer)
{
	memcpy(layer_values(p, layer, 0), read_values(p, layer, 0, 0), (size_t)p->pictures * layer_size(layer) * sizeof(float));
}

void
op_add(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		read_sum(p, layer, i, layer_values(p, layer, i));
}

void
op_relu(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for if (p->pictures > 1)
	for (int i = 0; i < p->pictures; i++) {
		read_sum(p, layer, i, layer_values(p, layer, i));
		activation_apply(ACT_RELU, layer_values(p, layer, i), layer_size(layer));
	}
}
