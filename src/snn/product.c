#include "snn/product.h"

#include "ann/ann.h"

void
product_step(const struct train *a, const struct train *b, bool transposed, int rows, int columns, int inner, float *r)
{
	dense_product(transposed, rows, columns, inner, 1, a->all, a->stride, b->sent, b->stride, 1, r, columns);
	dense_product(transposed, rows, columns, inner, 1, a->sent, a->stride, b->before, b->stride, 1, r, columns);
}

void
product_send(const float *r, float factor, float *total, float *sent, int count)
{
	for (int i = 0; i < count; i++) {
		float now = r[i] * factor;

		sent[i] = now - total[i];
		total[i] = now;
	}
}
