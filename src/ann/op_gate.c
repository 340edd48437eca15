/* The product of an activation and its gate. */
#include "ann/network.h"

void
op_gate(const struct pass *p, const struct layer *layer)
{
	size_t size = (size_t)p->pictures * layer_size(layer);
	const float *a = read_values(p, layer, 0, 0), *b = read_values(p, layer, 1, 0);
	float *y = layer_values(p, layer, 0);

	for (size_t i = 0; i < size; i++)
		y[i] = a[i] * b[i];
}
