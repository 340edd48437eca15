/* Functions of many numbers: written so that loops over them vectorise, accurate to a few
 * units in the last place of float32. Every operation is written down, so that all machines
 * give the same bits: a fused multiply-add is fused() everywhere. */
#include "ann/ann.h"
#include "kernels/kernel.h"
#include "kernels/sums.h"

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <string.h>

/* Numbers below which waking other threads costs more than it saves. */
enum { SHARE = 1 << 18, PIECE = 1 << 12 };

static inline float
fused(float a, float b, float c)
{
	return __builtin_fmaf(a, b, c);
}

/* e^x = 2^n e^r with |r| <= ln(2) / 2, where the series of e^r to r^7 is exact to 5e-9.
 * Adding 1.5 2^23 rounds to the nearest integer, which is then in the lowest bits. */
static inline float
exp_of(float x)
{
	const float magic = 12582912.0f;
	float z = greater(lesser(x, 88.0f), -87.3f), shifted = fused(z, 1.44269504f, magic), n = shifted - magic;
	float r = fused(n, -1.42860677e-6f, fused(n, -0.693145752f, z)), p;
	uint32_t bits;

	p = fused(1.0f / 5040.0f, r, 1.0f / 720.0f);
	p = fused(p, r, 1.0f / 120.0f);
	p = fused(p, r, 1.0f / 24.0f);
	p = fused(p, r, 1.0f / 6.0f);
	p = fused(p, r, 0.5f);
	p = fused(p, r, 1.0f);
	p = fused(p, r, 1.0f);
	memcpy(&bits, &shifted, sizeof(bits));
	bits = (bits + 127u) << 23;
	memcpy(&shifted, &bits, sizeof(bits));
	return x < -87.3f ? 0.0f : p * shifted;
}

/* x Phi(x), where Phi(-|x|) = exp(S(|x|) - x^2 / 2) / 2. S is smooth: its polynomial
 * interpolates log(erfc(x / sqrt 2)) + x^2 / 2 at the Chebyshev nodes of [0, 6]; beyond
 * that nothing of it is left. The error is at most 3e-8 (1 + |x|). */
static inline float
gelu(float x)
{
	float a = fabsf(x), z = lesser(a, 6.0f), s = 1.40014411e-9f, tail;

	s = fused(s, z, -5.43687584e-8f);
	s = fused(s, z, 9.34702314e-7f);
	s = fused(s, z, -9.27709971e-6f);
	s = fused(s, z, 5.69027325e-5f);
	s = fused(s, z, -1.94814187e-4f);
	s = fused(s, z, -1.60091568e-5f);
	s = fused(s, z, 4.85146837e-3f);
	s = fused(s, z, -3.63833010e-2f);
	s = fused(s, z, 1.81706250e-1f);
	s = fused(s, z, -7.97886670e-1f);
	s = fused(s, z, 4.41103651e-8f);
	tail = 0.5f * exp_of(fused(-0.5f * a, a, s));
	return x * (x > 0.0f ? 1.0f - tail : tail);
}

/* 1 + tanh(y) = 2 / (1 + e^-2y) */
static inline float
gelu_tanh(float x)
{
	return x / (1.0f + exp_of(-1.59576912f * fused(0.044715f * x * x, x, x)));
}

static inline float
quick_gelu(float x)
{
	return x / (1.0f + exp_of(-1.702f * x));
}

static inline float
relu(float x)
{
	return x > 0.0f ? x : 0.0f;
}

static inline float
silu(float x)
{
	return x / (1.0f + exp_of(-x));
}

#define EACH(name, f)                                                                                                            \
	KERNEL static void name(float *restrict x, size_t count)                                                                 \
	{                                                                                                                        \
		for (size_t i = 0; i < count; i++)                                                                               \
			x[i] = f(x[i]);                                                                                          \
	}
EACH(each_gelu, gelu)
EACH(each_gelu_tanh, gelu_tanh)
EACH(each_quick_gelu, quick_gelu)
EACH(each_relu, relu)
EACH(each_silu, silu)

void
activation_apply(enum activation act, float *x, size_t count)
{
	static void (*const functions[])(float *, size_t) = {[ACT_GELU] = each_gelu,
							     [ACT_GELU_TANH] = each_gelu_tanh,
							     [ACT_QUICK_GELU] = each_quick_gelu,
							     [ACT_RELU] = each_relu,
							     [ACT_SILU] = each_silu};
	size_t pieces = (count + PIECE - 1) / PIECE;

	if (count < SHARE || omp_get_max_threads() == 1) {
		functions[act](x, count);
		return;
	}
#pragma omp parallel for schedule(static)
	for (size_t i = 0; i < pieces; i++)
		functions[act](x + i * PIECE, i + 1 < pieces ? PIECE : count - i * PIECE);
}

KERNEL static float
largest(const float *restrict x, int n)
{
	float most = x[0];

#pragma omp simd reduction(max : most)
	for (int i = 0; i < n; i++)
		most = greater(x[i], most);
	return most;
}

KERNEL static void
exp_row(const float *restrict x, float *restrict y, int n)
{
	for (int i = 0; i < n; i++)
		y[i] = exp_of(x[i]);
}

KERNEL static void
softmax_row(float *restrict x, int n, float most)
{
	float sum;

	for (int i = 0; i < n; i++)
		x[i] = exp_of(x[i] - most);
	sum = 1 / sum_row(x, n);
	for (int i = 0; i < n; i++)
		x[i] *= sum;
}

void
softmax_rows(float *x, int rows, int columns)
{
	bool share = (size_t)rows * (size_t)columns >= SHARE && omp_get_max_threads() > 1;

#pragma omp parallel for if (share)
	for (int r = 0; r < rows; r++) {
		float *row = x + (size_t)r * (size_t)columns;

		softmax_row(row, columns, largest(row, columns));
	}
}

void
exp_rows(float *x, int rows, int columns, float *e)
{
	for (int r = 0; r < rows; r++) {
		float *row = x + (size_t)r * (size_t)columns, most = largest(row, columns);

		for (int i = 0; i < columns; i++)
			row[i] -= most;
		exp_row(row, e + (size_t)r * (size_t)columns, columns);
	}
}
