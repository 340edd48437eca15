/* LayerNorm, in one and in its three parts. */
#include "ann/network.h"
#include "kernels/rows.h"

#include <math.h>
#include <string.h>

void
op_norm(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++)
		norm_apply(layer->norm, read_values(p, layer, 0, i), (int)layer_places(layer), layer_values(p, layer, i));
}

static void
center_rows(float *x, size_t rows, size_t width)
{
	for (size_t r = 0; r < rows; r++) {
		float *row = x + r * width, mean;

		rows_sum(row, 1, (int)width, &mean);
		mean /= (float)width;
		for (size_t i = 0; i < width; i++)
			row[i] -= mean;
	}
}

void
op_center(const struct pass *p, const struct layer *layer)
{
	for (int i = 0; i < p->pictures; i++) {
		read_sum(p, layer, i, layer_values(p, layer, i));
		center_rows(layer_values(p, layer, i), layer_places(layer), (size_t)layer->channels);
	}
}

/* var = mean of squares + eps, rsqrt = 1/sqrt(var), by rows of y. */
static void
measure_rows(const float *y, int rows, size_t width, float eps, float *var, float *rsqrt)
{
	rows_variance(y, rows, (int)width, 1, eps, var);
	for (int r = 0; r < rows; r++)
		rsqrt[r] = 1 / sqrtf(var[r]);
}

void
op_rsqrt(const struct pass *p, const struct layer *layer)
{
	size_t rows = layer_size(layer);
	float *var = p->ann->received + (size_t)p->first * p->ann->received_size;

	measure_rows(read_values(p, layer, 0, 0), p->pictures * (int)rows, (size_t)layer->norm->width, layer->norm->eps, var,
		     layer_values(p, layer, 0));
}

void
op_normalise(const struct pass *p, const struct layer *layer)
{
	size_t rows = (size_t)p->pictures * layer_places(layer), width = (size_t)layer->channels;
	const float *x = read_values(p, layer, 0, 0), *scale = read_values(p, layer, 1, 0);
	float *y = layer_values(p, layer, 0);

	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < width; i++)
			y[r * width + i] = x[r * width + i] * scale[r];
}
