#include "ui/canvas/heat_scale.h"

#include <math.h>
#include <stdlib.h>

/* Quantiles are those of so many values at most; a few large beside many small: one so
 * many times the median; the least place of a value that is not 0 on a logarithmic ramp. */
enum { SAMPLE = 4096, FEW_LARGE = 20, DECADES = 5 };
static const double log_start = 0.08;

const char *const heat_scale_names[] = {"auto", "linear", "log", "percentile", NULL};

void
heat_range(const float *data, size_t count, double *lo, double *hi)
{
	bool any = false;
	size_t i;

	*lo = *hi = 0;
	for (i = 0; i < count; i++) {
		if (!isfinite(data[i]))
			continue;
		*lo = any ? fmin(*lo, data[i]) : data[i];
		*hi = any ? fmax(*hi, data[i]) : data[i];
		any = true;
	}
}

static int
ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Magnitudes that are not 0, in order; at most SAMPLE of them, evenly taken. */
static int
sample_make(const struct heat *heat, float *sample)
{
	size_t all = (size_t)heat->rows * (size_t)heat->cols, each = all / SAMPLE + 1;
	int stride = heat->stride ? heat->stride : heat->cols, n = 0;

	for (size_t i = 0; i < all; i += each) {
		size_t row = i / (size_t)heat->cols, col = i % (size_t)heat->cols;
		float v = fabsf(heat->data[row * (size_t)stride + col]);

		if (isfinite(v) && v > 0)
			sample[n++] = v;
	}
	qsort(sample, (size_t)n, sizeof(*sample), ascending);
	return n;
}

static void
prepare_range(struct heat *heat)
{
	double lo = INFINITY, hi = -INFINITY;
	int stride = heat->stride ? heat->stride : heat->cols;

	for (int row = 0; row < heat->rows; row++) {
		double a, b;

		heat_range(heat->data + (size_t)row * (size_t)stride, (size_t)heat->cols, &a, &b);
		lo = fmin(lo, a);
		hi = fmax(hi, b);
	}
	if (heat->rows == 0)
		lo = hi = 0;
	heat->lo = lo;
	heat->hi = heat->is_signed ? fmax(fabs(lo), fabs(hi)) : hi;
}

/* The scale that was asked for, or that the sample calls for; log needs a floor above 0. */
static void
prepare_scale(struct heat *heat, enum heat_scale wanted, const float *sample, int n)
{
	if (heat->scale == SCALE_AUTO)
		heat->scale = wanted;
	if (heat->scale == SCALE_AUTO)
		heat->scale = n > 1 && heat->hi > FEW_LARGE * (double)sample[n / 2] ? SCALE_LOG : SCALE_LINEAR;
	if (heat->scale == SCALE_LOG && heat->floor <= 0)
		heat->floor = n ? fmax((double)sample[n / 20], heat->hi * pow(10, -DECADES)) : 0;
	if (heat->scale == SCALE_LOG && !(heat->floor > 0 && heat->floor < heat->hi))
		heat->scale = SCALE_LINEAR;
	if (heat->scale == SCALE_PERCENTILE && n)
		heat->hi = fmin(heat->hi, (double)sample[(n - 1) * 98L / 100]);
}

void
heat_prepare(struct heat *heat, enum heat_scale wanted)
{
	float *sample;

	if (heat->data && heat->lo == heat->hi)
		prepare_range(heat);
	if (heat->scale == SCALE_LINEAR || (heat->scale == SCALE_LOG && heat->floor > 0))
		return;
	sample = heat->data ? malloc((SAMPLE + 1) * sizeof(*sample)) : NULL;
	prepare_scale(heat, sample ? wanted : SCALE_LINEAR, sample, sample ? sample_make(heat, sample) : 0);
	free(sample);
}

/* A magnitude on the ramp from 0 to hi. */
static double
place_size(const struct heat *heat, double v)
{
	if (heat->scale != SCALE_LOG)
		return heat->hi > 0 ? v / heat->hi : 0;
	if (v <= 0)
		return 0;
	return log_start + (1 - log_start) * fmax(log(v / heat->floor) / log(heat->hi / heat->floor), 0);
}

double
heat_place(const struct heat *heat, double v)
{
	if (heat->is_signed)
		return 0.5 + copysign(fmin(place_size(heat, fabs(v)), 1), v) / 2;
	if (heat->scale == SCALE_LOG)
		return fmin(place_size(heat, v), 1);
	return heat->hi > heat->lo ? fmin(fmax((v - heat->lo) / (heat->hi - heat->lo), 0), 1) : 0;
}

double
heat_value(const struct heat *heat, double f)
{
	double size = heat->is_signed ? fabs(2 * f - 1) : f, v;

	if (heat->scale != SCALE_LOG)
		return heat->is_signed ? (2 * f - 1) * heat->hi : heat->lo + f * (heat->hi - heat->lo);
	v = size < log_start ? 0 : heat->floor * pow(heat->hi / heat->floor, (size - log_start) / (1 - log_start));
	return heat->is_signed ? copysign(v, f - 0.5) : v;
}

void
heat_ends(const struct heat *heat, char *lo, char *hi, size_t size)
{
	char number[16];
	bool clipped = heat->scale == SCALE_PERCENTILE;

	short_number(heat->is_signed ? -heat->hi : heat->scale == SCALE_LOG ? heat->floor : heat->lo, number, sizeof(number));
	snprintf(lo, size, "%s%s", clipped && heat->is_signed ? "≤" : "", number);
	short_number(heat->hi, number, sizeof(number));
	snprintf(hi, size, "%s%s", clipped ? "≥" : "", number);
}
