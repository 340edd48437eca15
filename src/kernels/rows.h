/* What stands between the neurons and the products of a block, on matrices row by row.
 * Sums of a row are taken as kernels/sums.h says. */
#ifndef SPIKESCOPE_SNN_ROWS_H
#define SPIKESCOPE_SNN_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/* c [rows, width] = x minus its row's mean */
void rows_center(const float *x, int rows, int width, float *c);
/* out [rows] = the row's sum of squares / width / scale + add */
void rows_variance(const float *c, int rows, int width, float scale, float add, float *out);
/* y [rows, width] = x times factor [rows] / scale, not below 0 when positive */
void rows_scale(const float *x, int rows, int width, const float *factor, float scale, bool positive, float *y);
/* y [rows, width] = x, rows `stride` floats apart, times factor [rows] / scale (NULL: 1), plus bias [width] times scale */
void rows_affine(const float *x, int stride, int rows, int width, const float *factor, float scale, const float *bias, float *y);
/* out = x minus its row's maximum */
void rows_shift(const float *x, int rows, int width, float *out);
/* out [rows] = the row's sum */
void rows_sum(const float *x, int rows, int width, float *out);
/* sum = a + b */
void add_arrays(const float *a, const float *b, size_t n, float *sum);
/* x += bias [width] in every row */
void rows_add(float *x, int rows, int width, const float *bias);
/* x /= by */
void divide_array(float *x, size_t n, float by);
/* What a graded site sends: sent = value - total, total = value, where value = x times factor. */
void send_values(const float *x, float factor, size_t n, float *total, float *sent);

#endif
