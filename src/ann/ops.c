/* The pieces of a transformer that the reference and the spiking network share. */
#include "ann/ann.h"

#include "kernels/dense.h"
#include "kernels/kernel.h"
#include "kernels/panels.h"
#include "kernels/sums.h"

#include <math.h>
#include <string.h>

void
linear_apply(const struct linear *l, const float *x, int rows, float *y, bool accumulate)
{
	dense_run(&(struct dense){.rows = rows,
				  .in = l->in,
				  .out = l->out,
				  .x = x,
				  .ldx = l->in,
				  .weight = l->panels ? l->panels : l->weight,
				  .layout = l->panels ? DENSE_PANELS : DENSE_ROWS,
				  .ldw = l->in,
				  .bias = accumulate ? NULL : l->bias,
				  .accumulate = accumulate,
				  .y = y,
				  .ldy = l->out});
}

/* Columns of a row at once where there is no place for a whole one: as many as a product takes. */
enum { PIECE = DENSE_CHUNK };

/* y [out] += W x of a part of a matrix: rows `ldw` floats apart. */
static void
add_product(const float *weight, int ldw, int in, int out, const float *x, float *y)
{
	dense_run(&(struct dense){.rows = 1,
				  .in = in,
				  .out = out,
				  .x = x,
				  .ldx = in,
				  .weight = weight,
				  .layout = DENSE_ROWS,
				  .ldw = ldw,
				  .accumulate = true,
				  .y = y,
				  .ldy = out});
}

/* The mean of a row and 1/sqrt(variance + eps). */
KERNEL static void
measure_row(const struct norm *norm, const float *x, float *mean, float *scale)
{
	*mean = sum_row(x, norm->width) / (float)norm->width;
	*scale = 1 / sqrtf(sum_squares_about(x, *mean, norm->width) / (float)norm->width + norm->eps);
}

/* Columns first..first+count-1 of a row, normalised. */
KERNEL static void
normalise(const struct norm *norm, const float *x, float mean, float scale, int first, int count, float *y)
{
	const float *weight = norm->weight + first, *bias = norm->bias + first;

	x += first;
#pragma omp simd
	for (int i = 0; i < count; i++)
		y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
}

void
norm_apply(const struct norm *norm, const float *x, int rows, float *y)
{
	size_t width = (size_t)norm->width;

	for (size_t r = 0; r < (size_t)rows; r++) {
		float mean, scale;

		measure_row(norm, x + r * width, &mean, &scale);
		normalise(norm, x + r * width, mean, scale, 0, norm->width, y + r * width);
	}
}

/* logits += head(norm(x)), piece by piece, for want of a place for a whole row. */
static void
add_head(const struct norm *norm, const struct linear *head, const float *x, float *logits)
{
	float piece[PIECE], mean, scale;

	measure_row(norm, x, &mean, &scale);
	for (int at = 0; at < head->in; at += PIECE) {
		int n = head->in - at < PIECE ? head->in - at : PIECE;

		normalise(norm, x, mean, scale, at, n, piece);
		add_product(head->weight + at, head->in, n, head->out, piece, logits);
	}
	for (int i = 0; head->bias && i < head->out; i++)
		logits[i] += head->bias[i];
}

/* What z = projection(x) adds to the logits and to |z|^2 in its elements at..at+n-1. norm: of x; NULL when x is normalised. */
static float
add_projected(const struct model *model, const struct norm *norm, const float *x, int at, int n, float *logits)
{
	const struct linear *l = &model->projection, *head = &model->head;
	float z[PIECE] = {0}, piece[PIECE], mean = 0, scale = 0, square = 0;

	if (norm)
		measure_row(norm, x, &mean, &scale);
	if (l->bias)
		memcpy(z, l->bias + at, (size_t)n * sizeof(*z));
	for (int i = 0; i < l->in; i += PIECE) {
		int m = l->in - i < PIECE ? l->in - i : PIECE;

		if (norm)
			normalise(norm, x, mean, scale, i, m, piece);
		add_product(l->weight + (size_t)at * (size_t)l->in + i, l->in, m, n, norm ? piece : x + i, z);
	}
	add_product(head->weight + at, head->in, n, head->out, z, logits);
	for (int i = 0; i < n; i++)
		square += z[i] * z[i];
	return square;
}

void
projected_head(const struct model *model, const struct norm *norm, const float *x, float *logits)
{
	float square = 0, scale;

	memset(logits, 0, (size_t)model->classes * sizeof(*logits));
	for (int at = 0; at < model->projection.out; at += PIECE) {
		int n = model->projection.out - at < PIECE ? model->projection.out - at : PIECE;

		square += add_projected(model, norm, x, at, n, logits);
	}
	scale = square > 0 ? 1 / sqrtf(square) : 0;
	for (int i = 0; i < model->classes; i++)
		logits[i] *= scale;
}

void
ann_embedding(const struct model *model, const float *norm, float *embedding)
{
	float square = 0;

	linear_apply(&model->projection, norm, 1, embedding, false);
	for (int i = 0; i < model->projection.out; i++)
		square += embedding[i] * embedding[i];
	for (int i = 0; i < model->projection.out; i++)
		embedding[i] *= square > 0 ? 1 / sqrtf(square) : 0;
}

void
ann_head(const struct model *model, const float *x, float *logits)
{
	if (model->projection.weight) {
		projected_head(model, &model->norm, x, logits);
		return;
	}
	memset(logits, 0, (size_t)model->classes * sizeof(*logits));
	add_head(&model->norm, &model->head, x, logits);
	if (!model->distilled)
		return;
	add_head(&model->norm, &model->head_dist, x + model->width, logits);
	for (int i = 0; i < model->classes; i++)
		logits[i] /= 2;
}

/* Of x made of length 1. */
static void
unit_head(const struct linear *head, const float *x, float *logits)
{
	float square = 0, scale;

	for (int i = 0; i < head->in; i++)
		square += x[i] * x[i];
	scale = square > 0 ? 1 / sqrtf(square) : 0;
	linear_apply(&(struct linear){head->in, head->out, head->weight, NULL, NULL}, x, 1, logits, false);
	for (int i = 0; i < head->out; i++)
		logits[i] = scale * logits[i] + head->bias[i];
}

/* A distilled model's logits are the mean of two heads. */
void
head_apply(const struct model *model, const float *x, float *logits)
{
	if (model->projection.weight) {
		projected_head(model, NULL, x, logits);
		return;
	}
	if (model->unit_head) {
		unit_head(&model->head, x, logits);
		return;
	}
	linear_apply(&model->head, x, 1, logits, false);
	if (!model->distilled)
		return;
	linear_apply(&model->head_dist, x + model->width, 1, logits, true);
	for (int i = 0; i < model->classes; i++)
		logits[i] = (logits[i] + (model->head_dist.bias ? model->head_dist.bias[i] : 0)) / 2;
}

size_t
head_scratch(int tokens, int head_dim)
{
	size_t keys = panels_size(head_dim, tokens), values = panels_size(tokens, head_dim);

	return keys > values ? keys : values;
}

void
head_scores(const struct head *h, const float *q, const float *k, float *scores)
{
	panels_fill(h->scratch, k, (size_t)h->stride, 1, h->head_dim, h->tokens);
	dense_run(&(struct dense){.rows = h->queries,
				  .in = h->head_dim,
				  .out = h->tokens,
				  .x = q,
				  .ldx = h->stride,
				  .weight = h->scratch,
				  .y = scores,
				  .ldy = h->tokens});
}

void
head_values(const struct head *h, const float *weights, const float *v, float *out, int out_stride)
{
	bool direct = h->head_dim % PANEL_PART == 0;

	if (!direct)
		panels_fill(h->scratch, v, 1, (size_t)h->stride, h->tokens, h->head_dim);
	dense_run(&(struct dense){.rows = h->queries,
				  .in = h->tokens,
				  .out = h->head_dim,
				  .x = weights,
				  .ldx = h->tokens,
				  .weight = direct ? v : h->scratch,
				  .layout = direct ? DENSE_COLUMNS : DENSE_PANELS,
				  .ldw = h->stride,
				  .y = out,
				  .ldy = out_stride});
}
