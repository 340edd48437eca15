#include "ugo/forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The piecewise-linear function, its end pieces extended. */
static double
nodes_value(const struct ugo *u, double x)
{
	int low = 0, high = u->nodes - 1;

	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (x < u->t[middle])
			high = middle;
		else
			low = middle;
	}
	return u->y[low] + (u->y[high] - u->y[low]) * ((x - u->t[low]) / (u->t[high] - u->t[low]));
}

static bool
starts_flat(const struct ugo *u, bool right)
{
	return right ? u->y[0] == u->y[1] : u->y[u->nodes - 1] == u->y[u->nodes - 2];
}

static double
slope_of(const struct ugo *u, int k)
{
	return (u->y[k + 1] - u->y[k]) / (u->t[k + 1] - u->t[k]);
}

/* sum |w2| times the range of the unit, facing right or left. */
static double
facing_cost(const struct ugo *u, bool right)
{
	int pieces = u->nodes - 1;
	double lo = u->t[0], hi = u->t[pieces], cost = 0;

	for (int k = 1; k < pieces; k++)
		cost += fabs(slope_of(u, k) - slope_of(u, k - 1)) * (right ? hi - u->t[k] : u->t[k] - lo);
	return cost + fabs(slope_of(u, right ? 0 : pieces - 1)) * (hi - lo);
}

static bool
faces_right(const struct ugo *u)
{
	int pieces = u->nodes - 1;
	bool right = pieces - starts_flat(u, true) <= u->hidden, left = pieces - starts_flat(u, false) <= u->hidden;

	return right && (!left || facing_cost(u, true) <= facing_cost(u, false));
}

/* Each weight aims at the value that the next knot should have, starting from
 * what the float32 weights so far give: their rounding does not add up. */
static void
write_facing(struct ugo *u, const float *knot, bool right)
{
	int pieces = u->nodes - 1, first = right ? 0 : pieces, step = right ? 1 : -1, unit = 0;
	double value, slope = 0;

	value = u->b2 = (float)u->y[first];
	for (int k = starts_flat(u, right); k < pieces; k++, unit++) {
		float from = knot[first + step * k], to = knot[first + step * (k + 1)];
		double length = fabs((double)to - (double)from);

		u->w1[unit] = (float)step;
		u->b1[unit] = (float)-step * from;
		u->w2[unit] = (float)((nodes_value(u, to) - value) / length - slope);
		slope += (double)u->w2[unit];
		value += slope * length;
	}
	for (; unit < u->hidden; unit++) {
		u->w1[unit] = (float)step;
		u->b1[unit] = (float)-step * knot[pieces - first];
		u->w2[unit] = 0;
	}
}

/* The knots as float32, kept apart. */
static float *
knots_round(const struct ugo *u, struct status *st)
{
	float *knot = malloc(sizeof(float) * (size_t)u->nodes);

	if (!knot)
		status_nomem(st, "a UGO");
	for (int k = 0; knot && k < u->nodes; k++) {
		knot[k] = (float)u->t[k];
		if (k > 0 && knot[k] <= knot[k - 1])
			knot[k] = nextafterf(knot[k - 1], INFINITY);
	}
	return knot;
}

bool
ugo_write_relu(struct ugo *u, bool right, struct status *st)
{
	float *knot = knots_round(u, st);

	if (!knot)
		return false;
	write_facing(u, knot, right || faces_right(u));
	free(knot);
	return true;
}

static bool
is_sloped(const struct ugo *u, int k)
{
	return u->y[k + 1] != u->y[k];
}

static int
count_sloped(const struct ugo *u, int end)
{
	int count = 0;

	for (int k = 0; k < end; k++)
		count += is_sloped(u, k);
	return count;
}

/* The units of the pieces on one side of node start, the nearest being unit. */
static void
write_side(struct ugo *u, const float *knot, int start, int step, int unit)
{
	double value = u->b2;

	for (int node = start; step > 0 ? node < u->nodes - 1 : node > 0; node += step) {
		if (!is_sloped(u, step > 0 ? node : node - 1))
			continue;
		u->w1[unit] = (float)step;
		u->b1[unit] = (float)-step * knot[node];
		u->h[unit] = fabsf(knot[node + step] - knot[node]);
		u->w2[unit] = (float)((nodes_value(u, knot[node + step]) - value) / (double)u->h[unit]);
		value += (double)u->w2[unit] * (double)u->h[unit];
		unit += step;
	}
}

static int
nearest_node(const struct ugo *u, double x)
{
	int nearest = 0;

	for (int k = 1; k < u->nodes; k++)
		if (fabs(u->t[k] - x) < fabs(u->t[nearest] - x))
			nearest = k;
	return nearest;
}

static void
write_segments(struct ugo *u, const float *knot, double center)
{
	int start = nearest_node(u, center), left = count_sloped(u, start);

	u->b2 = (float)u->y[start];
	if (count_sloped(u, u->nodes - 1) == 0) { /* a constant: one unit that adds nothing */
		u->w1[0] = 1;
		u->b1[0] = -knot[0];
		u->h[0] = knot[u->nodes - 1] - knot[0];
		return;
	}
	write_side(u, knot, start, 1, left);
	write_side(u, knot, start, -1, left - 1);
}

bool
ugo_segments(struct ugo *to, const struct ugo *from, double center, struct status *st)
{
	int sloped = count_sloped(from, from->nodes - 1);
	float *knot = knots_round(from, st);
	bool ok = knot && ugo_alloc(to, sloped > 0 ? sloped : 1, from->nodes, true, st) && ugo_copy_nodes(to, from, st);

	if (ok) {
		write_segments(to, knot, center);
		ugo_measure(to);
	}
	free(knot);
	if (!ok)
		ugo_done(to);
	return ok;
}

static int
order_doubles(const void *one, const void *two)
{
	const double *a = one, *b = two;

	return (*a > *b) - (*a < *b);
}

int
ugo_bends(const struct ugo *u, double lo, double hi, double *at)
{
	int count = 0, kept = 0;

	for (int i = 0; i < u->hidden; i++) {
		double w = u->w1[i], b = u->b1[i];

		if (w == 0 || u->w2[i] == 0)
			continue;
		at[count++] = -b / w;
		if (u->h)
			at[count++] = ((double)u->h[i] - b) / w;
	}
	qsort(at, (size_t)count, sizeof(*at), order_doubles);
	for (int i = 0; i < count; i++)
		if (at[i] > lo && at[i] < hi && (kept == 0 || at[i] > at[kept - 1]))
			at[kept++] = at[i];
	return kept;
}

bool
ugo_read_nodes(struct ugo *u, double lo, double hi, struct status *st)
{
	size_t most = 2 * (size_t)u->hidden + 2;
	double *t = malloc(sizeof(double) * most), *y = malloc(sizeof(double) * most);

	if (!t || !y) {
		free(t), free(y);
		return status_nomem(st, "the nodes of a UGO");
	}
	free(u->t), free(u->y);
	u->lo = lo;
	u->hi = hi;
	u->t = t;
	u->y = y;
	u->nodes = ugo_bends(u, lo, hi, t + 1) + 2;
	t[0] = lo;
	t[u->nodes - 1] = hi;
	for (int k = 0; k < u->nodes; k++)
		y[k] = ugo_eval(u, t[k]);
	return true;
}
