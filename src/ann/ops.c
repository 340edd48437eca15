/* The pieces of a transformer that the reference and the spiking network share. */
#include "ann/ann.h"

#include "kernels/dense.h"
#include "kernels/kernel.h"
#include "kernels/panels.h"

#include <math.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <string.h>

/* Work below which waking other threads costs more than it saves (multiply-adds),
 * above all on a busy machine, where each barrier may wait for a time slice. */
#define SHARE_WORK 2e7

/* oneDNN refuses valid sizes only when it finds no memory to work in. */
static void
plain_product(bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, float beta,
	      float *c, int ldc)
{
	for (int i = 0; i < m; i++)
		for (int j = 0; j < n; j++) {
			float sum = 0, *out = &c[(size_t)i * (size_t)ldc + (size_t)j];

			for (int l = 0; l < k; l++)
				sum += a[(size_t)i * (size_t)lda + (size_t)l] * (transpose_b
										     ? b[(size_t)j * (size_t)ldb + (size_t)l]
										     : b[(size_t)l * (size_t)ldb + (size_t)j]);
			*out = alpha * sum + (beta == 0 ? 0 : beta * *out);
		}
}

void
dense_product(bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda, const float *b, int ldb, float beta,
	      float *c, int ldc)
{
	int threads = omp_get_max_threads();
	bool alone = threads > 1 && (double)m * n * k < SHARE_WORK;
	bool done;

	if (alone)
		omp_set_num_threads(1); /* oneDNN takes this thread's setting */
	done = dnnl_sgemm('N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) == dnnl_success;
	if (alone)
		omp_set_num_threads(threads);
	if (!done)
		plain_product(transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void
linear_apply(const struct linear *l, const float *x, int rows, float *y, bool accumulate)
{
	size_t out = (size_t)l->out;
	bool bias = l->bias && !accumulate;

	if (l->panels) {
		dense_run(&(struct dense){.rows = rows,
					  .in = l->in,
					  .out = l->out,
					  .x = x,
					  .ldx = l->in,
					  .weight = l->panels,
					  .bias = bias ? l->bias : NULL,
					  .accumulate = accumulate,
					  .y = y,
					  .ldy = l->out});
		return;
	}
	if (bias)
		for (size_t r = 0; r < (size_t)rows; r++)
			memcpy(y + r * out, l->bias, out * sizeof(*y));
	dense_product(true, rows, l->out, l->in, 1, x, l->in, l->weight, l->in, bias || accumulate ? 1 : 0, y, l->out);
}

/* The mean of a row and 1/sqrt(variance + eps). */
KERNEL static void
measure_row(const struct norm *norm, const float *x, float *mean, float *scale)
{
	int width = norm->width;
	float sum = 0, m, squares = 0;

#pragma omp simd reduction(+ : sum)
	for (int i = 0; i < width; i++)
		sum += x[i];
	m = sum / (float)width;
#pragma omp simd reduction(+ : squares)
	for (int i = 0; i < width; i++)
		squares += (x[i] - m) * (x[i] - m);
	*mean = m;
	*scale = 1 / sqrtf(squares / (float)width + norm->eps);
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
	float piece[256], mean, scale;

	measure_row(norm, x, &mean, &scale);
	for (int at = 0; at < head->in; at += 256) {
		int n = head->in - at < 256 ? head->in - at : 256;

		normalise(norm, x, mean, scale, at, n, piece);
		dense_product(true, 1, head->out, n, 1, piece, n, head->weight + at, head->in, 1, logits, head->out);
	}
	for (int i = 0; head->bias && i < head->out; i++)
		logits[i] += head->bias[i];
}

/* What z = projection(x) adds to the logits and to |z|^2 in its elements at..at+n-1. norm: of x; NULL when x is normalised. */
static float
add_projected(const struct model *model, const struct norm *norm, const float *x, int at, int n, float *logits)
{
	const struct linear *l = &model->projection, *head = &model->head;
	float z[256] = {0}, piece[256], mean = 0, scale = 0, square = 0;

	if (norm)
		measure_row(norm, x, &mean, &scale);
	if (l->bias)
		memcpy(z, l->bias + at, (size_t)n * sizeof(*z));
	for (int i = 0; i < l->in; i += 256) {
		int m = l->in - i < 256 ? l->in - i : 256;

		if (norm)
			normalise(norm, x, mean, scale, i, m, piece);
		dense_product(true, 1, n, m, 1, norm ? piece : x + i, m, l->weight + (size_t)at * (size_t)l->in + i, l->in, 1, z,
			      n);
	}
	dense_product(true, 1, head->out, n, 1, z, n, head->weight + at, head->in, 1, logits, head->out);
	for (int i = 0; i < n; i++)
		square += z[i] * z[i];
	return square;
}

void
projected_head(const struct model *model, const struct norm *norm, const float *x, float *logits)
{
	float square = 0, scale;

	memset(logits, 0, (size_t)model->classes * sizeof(*logits));
	for (int at = 0; at < model->projection.out; at += 256) {
		int n = model->projection.out - at < 256 ? model->projection.out - at : 256;

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
				  .ldw = direct ? h->stride : 0,
				  .y = out,
				  .ldy = out_stride});
}
