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

static double
slope_of(const struct ugo *u, int k)
{
	return (u->y[k + 1] - u->y[k]) / (u->t[k + 1] - u->t[k]);
}

static bool
is_level(const struct ugo *u, int k)
{
	return k >= 0 && k < u->nodes - 1 && u->y[k] == u->y[k + 1];
}

int
ugo_fewest_units(const double *y, int nodes)
{
	for (int k = 0; k + 1 < nodes; k++)
		if (y[k] == y[k + 1])
			return nodes > 2 ? nodes - 2 : 1;
	return nodes - 1;
}

/* The ReLU form grows out of an origin: a level piece k, from which units face right
 * at nodes k + 1 .. n - 1 and left at nodes k .. 1. Without one it is -1, all units
 * facing right from node 0, or n, all facing left from node n. */
static int
origin_units(const struct ugo *u, int origin)
{
	int pieces = u->nodes - 1;

	return is_level(u, origin) ? pieces - 1 : pieces;
}

/* sum |w2| times the range of the unit. */
static double
origin_cost(const struct ugo *u, int origin)
{
	int pieces = u->nodes - 1;
	double lo = u->t[0], hi = u->t[pieces], cost = 0;

	for (int k = origin + 1; k < pieces; k++)
		cost += fabs(slope_of(u, k) - (k > origin + 1 ? slope_of(u, k - 1) : 0)) * (hi - u->t[k]);
	for (int k = origin; k > 0; k--)
		cost += fabs(slope_of(u, k - 1) - (k < origin ? slope_of(u, k) : 0)) * (u->t[k] - lo);
	return cost;
}

static int
origin_right(const struct ugo *u)
{
	return is_level(u, 0) ? 0 : -1;
}

static int
origin_left(const struct ugo *u)
{
	int pieces = u->nodes - 1;

	return is_level(u, pieces - 1) ? pieces - 1 : pieces;
}

static bool
origin_beats(const struct ugo *u, int origin, int best)
{
	if (origin_units(u, origin) > u->hidden)
		return false;
	return origin_units(u, best) > u->hidden || origin_cost(u, origin) < origin_cost(u, best);
}

/* The cheapest that the neurons suffice for. */
static int
origin_best(const struct ugo *u)
{
	int best = origin_right(u);

	for (int k = 1; k < u->nodes - 2; k++)
		if (is_level(u, k) && origin_beats(u, k, best))
			best = k;
	return origin_beats(u, origin_left(u), best) ? origin_left(u) : best;
}

static int
origin_facing(const struct ugo *u, enum ugo_facing facing)
{
	if (facing == UGO_FACING_BEST)
		return origin_best(u);
	return facing == UGO_FACING_RIGHT ? origin_right(u) : origin_left(u);
}

/* The units of nodes first, first + step, ... before last. Each weight aims at the
 * value that the next knot should have, starting from what the float32 weights so
 * far give: their rounding does not add up. Returns the next unit. */
static int
write_units(struct ugo *u, const float *knot, int first, int last, int step, int unit)
{
	double value = u->b2, slope = 0;

	for (int k = first; step * (last - k) > 0; k += step, unit++) {
		float from = knot[k], to = knot[k + step];
		double length = fabs((double)to - (double)from);

		u->w1[unit] = (float)step;
		u->b1[unit] = (float)-step * from;
		u->w2[unit] = (float)((nodes_value(u, to) - value) / length - slope);
		slope += (double)u->w2[unit];
		value += slope * length;
	}
	return unit;
}

static void
write_from(struct ugo *u, const float *knot, int origin)
{
	int pieces = u->nodes - 1, unit;

	u->b2 = (float)u->y[origin < 0 ? 0 : origin];
	unit = write_units(u, knot, origin + 1, pieces, 1, 0);
	unit = write_units(u, knot, origin, 0, -1, unit);
	for (; unit < u->hidden; unit++) {
		bool right = origin < pieces - 1;

		u->w1[unit] = right ? 1 : -1;
		u->b1[unit] = right ? -knot[pieces] : knot[0];
		u->w2[unit] = 0;
	}
}

/* The knots as float32, kept apart. */
static float *
knots_round(const struct ugo *u, struct status *st)
{
	float *knot = malloc(sizeof(float) * (size_t)u->nodes);

	double least = 1e-10 * (u->t[u->nodes - 1] - u->t[0]); /* beside a jump: keeps slopes finite */

	if (!knot)
		status_nomem(st, "a UGO");
	for (int k = 0; knot && k < u->nodes; k++) {
		knot[k] = (float)u->t[k];
		if (k > 0 && (double)knot[k] - (double)knot[k - 1] < least)
			knot[k] = fmaxf((float)((double)knot[k - 1] + least), nextafterf(knot[k - 1], INFINITY));
	}
	return knot;
}

bool
ugo_write_relu(struct ugo *u, enum ugo_facing facing, struct status *st)
{
	float *knot = knots_round(u, st);

	if (!knot)
		return false;
	write_from(u, knot, origin_facing(u, facing));
	free(knot);
	return true;
}

bool
ugo_face(struct ugo *to, const struct ugo *from, enum ugo_facing facing, struct status *st)
{
	struct ugo sized = {.t = from->t, .y = from->y, .nodes = from->nodes, .hidden = from->nodes};
	int units = origin_units(&sized, origin_facing(&sized, facing));

	if (!ugo_alloc(to, units > from->hidden || from->h ? units : from->hidden, from->nodes, false, st))
		return false;
	if (ugo_copy_nodes(to, from, st) && ugo_write_relu(to, facing, st)) {
		ugo_measure(to);
		return true;
	}
	ugo_done(to);
	return false;
}

double
ugo_spike_cost(const struct ugo *u)
{
	double cost = 0;

	for (int i = 0; i < u->hidden; i++) {
		double w = u->w1[i], b = u->b1[i], most = fmax(fmax(w * u->lo + b, w * u->hi + b), 0);

		if (u->h)
			most = fmin(most, (double)u->h[i]);
		cost += fabs((double)u->w2[i]) * most;
	}
	return cost;
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

/* Where both directions of a segment form start. */
static double
segment_center(const struct ugo *u)
{
	double right = INFINITY, left = -INFINITY;

	for (int i = 0; i < u->hidden; i++)
		if (u->w1[i] > 0)
			right = fmin(right, -(double)u->b1[i]);
		else
			left = fmax(left, (double)u->b1[i]);
	return isfinite(left) ? left : right;
}

/* u's form, from nodes. */
static bool
form_again(struct ugo *to, const struct ugo *nodes, struct status *st)
{
	if (nodes->h)
		return ugo_segments(to, nodes, segment_center(nodes), st);
	return ugo_face(to, nodes, UGO_FACING_BEST, st);
}

bool
ugo_move_knot(struct ugo *u, int knot, double t, double y, struct status *st)
{
	struct ugo moved = {0};
	double old_t, old_y;
	bool ok;

	if (knot < 1 || knot > u->nodes - 2)
		return status_fail(st, STATUS_USAGE, "%s has inner knots 1 to %d, not %d", u->name, u->nodes - 2, knot);
	if (!(t > u->t[knot - 1]) || !(t < u->t[knot + 1]) || !isfinite(y))
		return status_fail(st, STATUS_USAGE, "knot %d of %s has to stay between its neighbours, %.6g and %.6g", knot,
				   u->name, u->t[knot - 1], u->t[knot + 1]);
	old_t = u->t[knot];
	old_y = u->y[knot];
	u->t[knot] = t;
	u->y[knot] = y;
	ok = form_again(&moved, u, st);
	if (ok) {
		ugo_done(u);
		*u = moved;
	} else {
		u->t[knot] = old_t;
		u->y[knot] = old_y;
	}
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
