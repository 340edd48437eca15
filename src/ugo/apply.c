#include "kernels/lanes.h"
#include "ugo/ugo.h"

#include <string.h>

/* TILE inputs at a time, in registers over all units. */
enum { GROUPS = 4, TILE = LANES * GROUPS };

/* y[TILE] = g(x[TILE]) */
KERNEL static void
apply_relu(const struct ugo *u, const float *x, float *y)
{
	lanes in[GROUPS], sum[GROUPS];

	memcpy(in, x, sizeof(in));
	for (int k = 0; k < GROUPS; k++)
		sum[k] = (lanes){0} + u->b2;
	for (int i = 0; i < u->hidden; i++) {
		float w1 = u->w1[i], b1 = u->b1[i], w2 = u->w2[i];

		for (int k = 0; k < GROUPS; k++) {
			lanes a = in[k] * w1 + b1;

			a = (lanes)((masks)a & ~(a <= 0)); /* a NaN passes */
			sum[k] += a * w2;
		}
	}
	memcpy(y, sum, sizeof(sum));
}

KERNEL static void
apply_segments(const struct ugo *u, const float *x, float *y)
{
	lanes in[GROUPS], sum[GROUPS];

	memcpy(in, x, sizeof(in));
	for (int k = 0; k < GROUPS; k++)
		sum[k] = (lanes){0} + u->b2;
	for (int i = 0; i < u->hidden; i++) {
		float w1 = u->w1[i], b1 = u->b1[i], w2 = u->w2[i];
		lanes h = (lanes){0} + u->h[i];

		for (int k = 0; k < GROUPS; k++) {
			lanes a = in[k] * w1 + b1;
			masks over = a > h;

			a = (lanes)((masks)a & ~(a <= 0));
			a = (lanes)(((masks)h & over) | ((masks)a & ~over));
			sum[k] += a * w2;
		}
	}
	memcpy(y, sum, sizeof(sum));
}

void
ugo_apply(const struct ugo *u, const float *x, float *y, size_t count)
{
	void (*apply)(const struct ugo *, const float *, float *) = u->h ? apply_segments : apply_relu;
	float rest[TILE] = {0};
	size_t i = 0;

	for (; i + TILE <= count; i += TILE)
		apply(u, x + i, y + i);
	if (i == count)
		return;
	memcpy(rest, x + i, (count - i) * sizeof(*x));
	apply(u, rest, rest);
	memcpy(y + i, rest, (count - i) * sizeof(*y));
}
