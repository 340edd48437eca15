/* Sums of rows of floats: in 16 parts, which are then added two by two, so that every machine
 * rounds alike whatever the width of its vectors. Parts of kernels (kernels/kernel.h). */
#ifndef SPIKESCOPE_KERNELS_SUMS_H
#define SPIKESCOPE_KERNELS_SUMS_H

#include "kernels/kernel.h"

enum { SUM_PARTS = 16 };

INLINE static float
join_parts(float part[SUM_PARTS])
{
	for (int half = SUM_PARTS / 2; half > 0; half /= 2)
		for (int i = 0; i < half; i++)
			part[i] += part[i + half];
	return part[0];
}

/* The sum over a row of what TERM makes of an element, which is rounded before it is added. */
#define ROW_SUM(name, TERM)                                                                                                      \
	INLINE static float name(const float *restrict x, int width)                                                             \
	{                                                                                                                        \
		float part[SUM_PARTS] = {0};                                                                                     \
		int i = 0;                                                                                                       \
		for (; i + SUM_PARTS <= width; i += SUM_PARTS)                                                                   \
			for (int k = 0; k < SUM_PARTS; k++)                                                                      \
				part[k] += TERM(x[i + k]);                                                                       \
		for (int k = 0; i + k < width; k++)                                                                              \
			part[k] += TERM(x[i + k]);                                                                               \
		return join_parts(part);                                                                                         \
	}
#define SUM_ITSELF(a)  (a)
#define SUM_SQUARED(a) ((a) * (a))
ROW_SUM(sum_row, SUM_ITSELF)
ROW_SUM(sum_squares, SUM_SQUARED)

/* The same of (x - shift) squared. */
INLINE static float
sum_squares_about(const float *restrict x, float shift, int width)
{
	float part[SUM_PARTS] = {0};
	int i = 0;

	for (; i + SUM_PARTS <= width; i += SUM_PARTS)
		for (int k = 0; k < SUM_PARTS; k++)
			part[k] += (x[i + k] - shift) * (x[i + k] - shift);
	for (int k = 0; i + k < width; k++)
		part[k] += (x[i + k] - shift) * (x[i + k] - shift);
	return join_parts(part);
}

#endif
