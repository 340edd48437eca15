/* Resampling by Pillow's rules (its Resample.c and, for nearest, its affine
 * transform describe them): every rounding is part of the contract, since models
 * were trained on pictures resized so. */
#include "model/image/image.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 8 bits for the result and two for overshoot of the negative lobes. */
enum { FIXED_BITS = 32 - 8 - 2 };

/* For each output position the first input position, how many, and their weights. */
struct taps {
	int width;       /* weights kept per output */
	int *first;      /* [out] */
	int *count;      /* [out] */
	int32_t *weight; /* [out, width] fixed point */
};

static double
triangle(double x)
{
	x = fabs(x);
	return x < 1 ? 1 - x : 0;
}

/* Keys' cubic convolution with a = -0.5. */
static double
cubic(double x)
{
	const double a = -0.5;

	x = fabs(x);
	if (x < 1)
		return ((a + 2) * x - (a + 3)) * x * x + 1;
	return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static void
taps_done(struct taps *t)
{
	free(t->first);
	free(t->count);
	free(t->weight);
}

/* The weights of one output position, which sum to 1, in fixed point. */
static void
taps_fill(struct taps *t, int at, double centre, double scale, double (*kernel)(double), double *w)
{
	double sum = 0;

	for (int i = 0; i < t->count[at]; i++)
		sum += w[i] = kernel((i + t->first[at] - centre + 0.5) * (1.0 / scale));
	for (int i = 0; i < t->count[at]; i++) {
		double fixed = (sum != 0 ? w[i] / sum : w[i]) * (1 << FIXED_BITS);

		t->weight[(size_t)at * (size_t)t->width + (size_t)i] = (int32_t)(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
	}
}

static bool
taps_make(struct taps *t, int in, int out, enum interpolation interpolation, struct status *st)
{
	double (*kernel)(double) = interpolation == INTERPOLATION_BICUBIC ? cubic : triangle;
	double ratio = (double)in / out, scale = ratio < 1 ? 1 : ratio;
	double support = (interpolation == INTERPOLATION_BICUBIC ? 2.0 : 1.0) * scale;
	double *w;

	t->width = (int)ceil(support) * 2 + 1;
	t->first = calloc((size_t)out, sizeof(*t->first));
	t->count = calloc((size_t)out, sizeof(*t->count));
	t->weight = calloc((size_t)out, (size_t)t->width * sizeof(*t->weight));
	w = calloc((size_t)t->width, sizeof(*w));
	if (!t->first || !t->count || !t->weight || !w) {
		free(w);
		return status_nomem(st, "resizing a picture");
	}
	for (int at = 0; at < out; at++) {
		double centre = (at + 0.5) * ratio;
		int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);

		t->first[at] = first < 0 ? 0 : first;
		t->count[at] = (end > in ? in : end) - t->first[at];
		taps_fill(t, at, centre, scale, kernel, w);
	}
	free(w);
	return true;
}

/* One output pixel from taps over pixels that lie stride bytes apart. */
static void
weigh(const uint8_t *in, size_t stride, const int32_t *weight, int count, uint8_t *out)
{
	int32_t sum[3] = {1 << (FIXED_BITS - 1), 1 << (FIXED_BITS - 1), 1 << (FIXED_BITS - 1)};

	for (int i = 0; i < count; i++, in += stride)
		for (int c = 0; c < 3; c++)
			sum[c] += in[c] * weight[i];
	for (int c = 0; c < 3; c++) {
		int value = sum[c] >> FIXED_BITS;

		out[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
	}
}

/* Resizes along one axis; the other side of out is that of in. */
static bool
resize_axis(const struct image *in, struct image *out, bool across, enum interpolation interpolation, struct status *st)
{
	size_t pitch = (size_t)in->width * 3;
	struct taps t = {0};
	bool ok = taps_make(&t, across ? in->width : in->height, across ? out->width : out->height, interpolation, st);

	for (int y = 0; ok && y < out->height; y++)
		for (int x = 0; x < out->width; x++) {
			int at = across ? x : y;
			const uint8_t *from = across ? in->rgb + (size_t)y * pitch + (size_t)t.first[at] * 3
						     : in->rgb + (size_t)t.first[at] * pitch + (size_t)x * 3;

			weigh(from, across ? 3 : pitch, t.weight + (size_t)at * (size_t)t.width, t.count[at],
			      out->rgb + ((size_t)y * (size_t)out->width + (size_t)x) * 3);
		}
	taps_done(&t);
	return ok;
}

/* The position is summed up, not multiplied, so that it rounds as Pillow's does. */
static bool
resize_nearest(const struct image *in, struct image *out, struct status *st)
{
	double dx = (double)in->width / out->width, dy = (double)in->height / out->height, sx = 0.5 * dx, sy = 0.5 * dy;
	int *from = calloc((size_t)out->width, sizeof(*from));

	if (!from)
		return status_nomem(st, "resizing a picture");
	for (int x = 0; x < out->width; x++, sx += dx)
		from[x] = sx < in->width ? (int)sx : in->width - 1;
	for (int y = 0; y < out->height; y++, sy += dy) {
		int row = sy < in->height ? (int)sy : in->height - 1;

		for (int x = 0; x < out->width; x++)
			memcpy(out->rgb + ((size_t)y * (size_t)out->width + (size_t)x) * 3,
			       in->rgb + ((size_t)row * (size_t)in->width + (size_t)from[x]) * 3, 3);
	}
	free(from);
	return true;
}

/* across then down; a pass that changes nothing is not made, as in Pillow. */
static bool
resize_passes(const struct image *in, struct image *out, enum interpolation interpolation, struct status *st)
{
	struct image middle = {0};
	bool ok;

	if (in->width == out->width)
		return resize_axis(in, out, false, interpolation, st);
	if (in->height == out->height)
		return resize_axis(in, out, true, interpolation, st);
	ok = image_new(&middle, out->width, in->height, "a picture between two sizes", st) &&
	     resize_axis(in, &middle, true, interpolation, st) && resize_axis(&middle, out, false, interpolation, st);
	image_done(&middle);
	return ok;
}

bool
image_resize(const struct image *in, int width, int height, enum interpolation interpolation, struct image *out,
	     struct status *st)
{
	bool ok;

	if (!image_new(out, width, height, "the resized picture", st))
		return false;
	if (in->width == width && in->height == height) {
		memcpy(out->rgb, in->rgb, (size_t)width * (size_t)height * 3);
		return true;
	}
	if (interpolation == INTERPOLATION_NEAREST)
		ok = resize_nearest(in, out, st);
	else
		ok = resize_passes(in, out, interpolation, st);
	if (!ok)
		image_done(out);
	return ok;
}
