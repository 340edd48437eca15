/* A query that is the same for every input. */
#include "ann/network.h"

#include <string.h>

void
op_query(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		memcpy(layer_values(p, layer, i), layer->positions, layer_size(layer) * sizeof(float));
}
