/* Saturating ramps: where their knots belong, and about which node they start. */
#include "base/real.h"
#include "ugo/fit/newton.h"
#include "ugo/fit/request.h"
#include "ugo/forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 2000, BISECTIONS = 60 };

void
ugo_density_places(const struct ugo *u, double place, double *x, int count)
{
	struct target target = target_of(u);

	for (int i = 0; i < count; i++)
		x[i] = (i + place) / count;
	target_places(&target, x, count);
}

/* --- the node to start from ------------------------------------------------------ */

/* How full the ramp over piece k is on average, seen from its left end. */
static double
piece_filling(const struct ugo *u, int k, const double *x)
{
	double h = u->t[k + 1] - u->t[k], sum = 0;

	for (int i = 0; i < PLACES; i++)
		sum += fmin(fmax((x[i] - u->t[k]) / h, 0), 1);
	return sum / PLACES;
}

/* Right of the start ramps fill from their left end, left of it from their right one. */
static double
quietest_node(const struct ugo *u)
{
	double x[PLACES], cost = 0, best, at = u->t[0];

	ugo_density_places(u, 0.5, x, PLACES);
	best = cost;
	for (int k = 0; k + 1 < u->nodes; k++) { /* against a start at node 0 */
		if (u->y[k] != u->y[k + 1])
			cost += 1 - 2 * piece_filling(u, k, x);
		if (cost < best) {
			best = cost;
			at = u->t[k + 1];
		}
	}
	return at;
}

bool
ugo_ramps(struct ugo *to, const struct ugo *from, struct status *st)
{
	return ugo_segments(to, from, quietest_node(from), st);
}

/* --- knots ------------------------------------------------------------------------- */

/* The h at which one more knot gains lambda: weight (4 bend h^5 + 2 rise h^3) = lambda. */
static double
ramp_length(double weight, double bend, double rise, double lambda, double most)
{
	double low = 0, high = most;

	for (int i = 0; i < BISECTIONS; i++) {
		double h = (low + high) / 2, h3 = h * h * h;

		if (weight * (4 * bend * h * h + 2 * rise) * h3 < lambda)
			low = h;
		else
			high = h;
	}
	return (low + high) / 2;
}

/* Fills share with the pieces that lie in every cell and returns their sum. */
static double
cell_pieces(const struct target *target, const struct cells *cells, double levels, double lambda, double *share)
{
	double sum = 0;

	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->at[i];
		double width = cell->b - cell->a, quarter = width / 4;
		double slope = (cell->f[4] - cell->f[0]) / width;
		double second = (cell->f[1] - 2 * cell->f[2] + cell->f[3]) / (quarter * quarter);
		double weight = target_weight(target, cell->a + width / 2, cell->f[2]);

		share[i] = width / ramp_length(weight, second * second / 720, slope * slope / (12 * levels * levels), lambda,
					       target->hi - target->lo);
		sum += share[i];
	}
	return sum;
}

static void
place_knots(double *t, int n, const struct cells *cells, const double *share, double sum)
{
	double passed = 0;
	int knot = 1;

	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->at[i];

		for (; knot < n && passed + share[i] >= sum * knot / n; knot++)
			t[knot] = cell->a + (cell->b - cell->a) * (sum * knot / n - passed) / share[i];
		passed += share[i];
	}
	t[0] = cells->at[0].a;
	t[n] = cells->at[cells->count - 1].b;
	for (; knot < n; knot++) /* rounding left the last ones out */
		t[knot] = t[knot - 1] + (t[n] - t[knot - 1]) / 2;
}

/* As many pieces as asked for: lambda by bisection of its logarithm. */
static bool
ramp_knots(double *t, int n, const struct target *target, const struct cells *cells, double levels, struct status *st)
{
	double *share = malloc(sizeof(double) * (size_t)cells->count), low = -120, high = 60, sum = 0;

	if (!share)
		return status_nomem(st, "the knots of ramps");
	for (int i = 0; i < BISECTIONS; i++) {
		double middle = (low + high) / 2;

		sum = cell_pieces(target, cells, levels, real_exp(middle), share);
		if (sum > n)
			low = middle;
		else
			high = middle;
	}
	place_knots(t, n, cells, share, sum);
	free(share);
	return true;
}

static bool
ramps_of_knots(struct ugo *u, const struct ugo_request *request, const struct knots *knots, struct status *st)
{
	struct ugo nodes = {0};
	bool ok = ugo_alloc(&nodes, request->hidden, knots->n + 1, false, st) && request_keep(&nodes, request, st);

	if (ok) {
		memcpy(nodes.t, knots->t, sizeof(double) * (size_t)nodes.nodes);
		memcpy(nodes.y, knots->y, sizeof(double) * (size_t)nodes.nodes);
		ok = ugo_ramps(u, &nodes, st);
	}
	ugo_done(&nodes);
	return ok;
}

static bool
fit_balanced(struct ugo *u, const struct ugo_request *request, double levels, struct status *st)
{
	struct target target = request_target(request);
	struct ground ground = {0};
	struct knots knots = {0};
	bool ok = ground_make(&ground, &target, request->hidden, st) && request_check_cells(request, &ground.cells, st) &&
		  knots_new(&knots, request->hidden, st) && ramp_knots(knots.t, knots.n, &target, &ground.cells, levels, st);

	if (ok) {
		knots_solve(&knots, &ground, true);
		ok = ramps_of_knots(u, request, &knots, st);
	}
	knots_done(&knots);
	ground_done(&ground);
	return ok;
}

bool
ugo_fit_ramps(struct ugo *u, const struct ugo_request *request, double levels, struct status *st)
{
	const double *x, *y, *weight;
	bool table = request->curve && curve_table(request->curve, &x, &y, &weight) > 0;
	struct ugo fitted = {0};
	bool ok;

	*u = (struct ugo){0};
	if (!table && request->samples == 0 && request->objective == UGO_SQUARE)
		return request_check(request, st) && fit_balanced(u, request, levels, st);
	ok = ugo_fit(&fitted, request, st) && ugo_ramps(u, &fitted, st);
	ugo_done(&fitted);
	return ok;
}
