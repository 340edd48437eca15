#include "kernels/rows.h"

#include "kernels/kernel.h"
#include "kernels/sums.h"

KERNEL void
rows_center(const float *restrict x, int rows, int width, float *restrict c)
{
	for (int r = 0; r < rows; r++, x += width, c += width) {
		float mean = sum_row(x, width) / (float)width;

		for (int i = 0; i < width; i++)
			c[i] = x[i] - mean;
	}
}

KERNEL void
rows_variance(const float *restrict c, int rows, int width, float scale, float add, float *restrict out)
{
	for (int r = 0; r < rows; r++, c += width)
		out[r] = sum_squares(c, width) / (float)width / scale + add;
}

KERNEL void
rows_scale(const float *restrict x, int rows, int width, const float *restrict factor, float scale, bool positive,
	   float *restrict y)
{
	float floor = positive ? 0.0f : -__builtin_inff();

	for (int r = 0; r < rows; r++, x += width, y += width) {
		float f = factor[r] / scale;

		for (int i = 0; i < width; i++)
			y[i] = greater(x[i] * f, floor);
	}
}

KERNEL void
rows_affine(const float *restrict x, int stride, int rows, int width, const float *restrict factor, float scale,
	    const float *restrict bias, float *restrict y)
{
	for (int r = 0; r < rows; r++, x += stride, y += width) {
		float f = factor ? factor[r] / scale : 1;

		for (int i = 0; i < width; i++)
			y[i] = x[i] * f + bias[i] * scale;
	}
}

static inline float
largest(const float *restrict x, int width)
{
	float part[SUM_PARTS], most;
	int i = SUM_PARTS;

	for (int k = 0; k < SUM_PARTS; k++)
		part[k] = k < width ? x[k] : x[0];
	for (; i + SUM_PARTS <= width; i += SUM_PARTS)
		for (int k = 0; k < SUM_PARTS; k++)
			part[k] = greater(x[i + k], part[k]);
	for (int k = 0; i + k < width; k++)
		part[k] = greater(x[i + k], part[k]);
	most = part[0];
	for (int k = 1; k < SUM_PARTS; k++)
		most = greater(part[k], most);
	return most;
}

KERNEL void
rows_shift(const float *restrict x, int rows, int width, float *restrict out)
{
	for (int r = 0; r < rows; r++, x += width, out += width) {
		float most = largest(x, width);

		for (int i = 0; i < width; i++)
			out[i] = x[i] - most;
	}
}

KERNEL void
rows_sum(const float *restrict x, int rows, int width, float *restrict out)
{
	for (int r = 0; r < rows; r++, x += width)
		out[r] = sum_row(x, width);
}

KERNEL void
add_arrays(const float *restrict a, const float *restrict b, size_t n, float *restrict sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] = a[i] + b[i];
}

KERNEL void
rows_add(float *restrict x, int rows, int width, const float *restrict bias)
{
	for (int r = 0; r < rows; r++, x += width)
		for (int i = 0; i < width; i++)
			x[i] += bias[i];
}

KERNEL void
divide_array(float *restrict x, size_t n, float by)
{
	for (size_t i = 0; i < n; i++)
		x[i] /= by;
}

KERNEL void
send_values(const float *x, float factor, size_t n, float *restrict total, float *restrict sent)
{
	for (size_t i = 0; i < n; i++) {
		float now = x[i] * factor;

		sent[i] = now - total[i];
		total[i] = now;
	}
}
