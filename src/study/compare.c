#include "study/compare.h"

#include <math.h>

void
compare_values(struct comparison *c, const float *value, const float *reference, size_t n)
{
	struct comparison own = {.count = (double)n};

	for (size_t i = 0; i < n; i++) {
		double v = (double)value[i], r = (double)reference[i];

		own.squared_error += (v - r) * (v - r);
		own.squared_reference += r * r;
		own.squared_value += v * v;
		own.product += v * r;
	}
	compare_merge(c, &own);
}

void
compare_merge(struct comparison *c, const struct comparison *more)
{
	c->squared_error += more->squared_error;
	c->squared_reference += more->squared_reference;
	c->squared_value += more->squared_value;
	c->product += more->product;
	c->count += more->count;
}

double
compare_rmse(const struct comparison *c)
{
	return c->count > 0 ? sqrt(c->squared_error / c->count) : 0;
}

double
compare_relative(const struct comparison *c)
{
	return c->squared_reference > 0 ? sqrt(c->squared_error / c->squared_reference) : 0;
}

double
compare_cosine(const struct comparison *c)
{
	double norm = c->squared_reference * c->squared_value;

	return norm > 0 ? c->product / sqrt(norm) : 0;
}
