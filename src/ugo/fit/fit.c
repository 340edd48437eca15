#include "ugo/fit/minimax.h"
#include "ugo/fit/request.h"
#include "ugo/fit/starts.h"
#include "ugo/forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITION_MOST = 32 };

struct fit {
	struct target target;
	struct samples points; /* of a table, or drawn */
	struct ground ground;
	struct knots best;  /* room for hidden + 1 pieces; n is 0 until there is one */
	struct knots trial; /* likewise */
	double exact;       /* an error that is only rounding */
	double *starts;     /* [3][n + 1], of the current n */
	int start_count;
};

static void
fit_done(struct fit *fit)
{
	ground_done(&fit->ground);
	samples_done(&fit->points);
	knots_done(&fit->best);
	knots_done(&fit->trial);
	free(fit->starts);
}

/* Does the fit see points, rather than the function everywhere? */
static bool
fit_points(struct fit *fit, const struct ugo_request *request, struct status *st)
{
	const double *x, *y, *weight;
	bool table = request->curve && curve_table(request->curve, &x, &y, &weight) > 0;

	if (!table && request->samples == 0)
		return true;
	if (!(table ? samples_of_curve(&fit->points, request->curve, &fit->target, st)
		    : samples_draw(&fit->points, &fit->target, request->samples, request->seed, st)))
		return false;
	if (!request_check_points(request, &fit->points, st))
		return false;
	fit->target.points = &fit->points;
	return true;
}

static bool
fit_open(struct fit *fit, const struct ugo_request *request, struct status *st)
{
	int most = request->hidden + 1;

	fit->target = request_target(request);
	fit->starts = calloc(3 * ((size_t)most + 1), sizeof(double));
	if (!fit->starts)
		return status_nomem(st, "the starts of a fit");
	if (!fit_points(fit, request, st) || !ground_make(&fit->ground, &fit->target, most, st) ||
	    !request_check_cells(request, &fit->ground.cells, st) || !knots_new(&fit->best, most, st) ||
	    !knots_new(&fit->trial, most, st))
		return false;
	fit->best.n = 0;
	fit->exact = 1e-26 * samples_size(&fit->ground.whole);
	return true;
}

static bool
fit_start(struct fit *fit, int n, struct status *st)
{
	double lo = fit->target.lo, hi = fit->target.hi;

	fit->start_count = 0;
	if (!fit->ground.sampled)
		start_equal(fit->starts + (n + 1) * fit->start_count++, n, &fit->ground.cells);
	if (!start_merge(fit->starts + (n + 1) * fit->start_count++, n, &fit->ground.whole, lo, hi, st))
		return false;
	if (n > PARTITION_MOST + 1)
		return true;
	return start_partition(fit->starts + (n + 1) * fit->start_count++, n, &fit->ground.whole, lo, hi, st);
}

static bool
fit_try(struct fit *fit, int n, enum flat flat, struct status *st)
{
	for (int i = 0; i < fit->start_count; i++) {
		double best = fit->best.n > 0 ? fit->best.error * (1 - 1e-6) : INFINITY;

		if (best <= fit->exact)
			return true;
		fit->trial.n = n;
		fit->trial.flat = flat;
		memcpy(fit->trial.t, fit->starts + i * (n + 1), sizeof(double) * ((size_t)n + 1));
		if (!newton_descend(&fit->trial, &fit->ground, 1e-4, best, st))
			return false;
		if (fit->trial.error < best) /* beyond rounding: ties go to the simpler form */
			knots_copy(&fit->best, &fit->trial);
	}
	return true;
}

/* A forced flat end that does not suit the function shrinks to nothing: drop
 * its inner knot. */
static void
knots_trim(struct knots *knots)
{
	double least = 1e-9 * (knots->t[knots->n] - knots->t[0]);

	if (knots->n > 1 && knots->t[1] - knots->t[0] < least) {
		memmove(knots->t + 1, knots->t + 2, sizeof(double) * (size_t)(knots->n - 1));
		memmove(knots->y + 1, knots->y + 2, sizeof(double) * (size_t)(knots->n - 1));
		knots->n--;
	}
	if (knots->n > 1 && knots->t[knots->n] - knots->t[knots->n - 1] < least) {
		knots->t[knots->n - 1] = knots->t[knots->n];
		knots->y[knots->n - 1] = knots->y[knots->n];
		knots->n--;
	}
}

static void
fit_uniform(struct fit *fit, int n)
{
	double lo = fit->target.lo, hi = fit->target.hi;

	fit->best.n = n;
	fit->best.flat = FLAT_NONE;
	for (int k = 0; k <= n; k++)
		fit->best.t[k] = k < n ? lo + (hi - lo) * k / n : hi;
	knots_solve(&fit->best, &fit->ground, true);
}

static bool
fit_search(struct fit *fit, int hidden, struct status *st)
{
	/* A flat end brings a piece more, if there are samples for it. */
	bool flats = !fit->ground.sampled || fit->ground.whole.count > hidden + 1;

	if (!fit_start(fit, hidden, st) || !fit_try(fit, hidden, FLAT_NONE, st))
		return false;
	if (flats && (!fit_start(fit, hidden + 1, st) || !fit_try(fit, hidden + 1, FLAT_LEFT, st) ||
		      !fit_try(fit, hidden + 1, FLAT_RIGHT, st)))
		return false;
	if (!newton_descend(&fit->best, &fit->ground, 1e-9, INFINITY, st)) /* the winner to the bottom */
		return false;
	knots_trim(&fit->best);
	return true;
}

static bool
fit_knots(struct fit *fit, const struct ugo_request *request, struct status *st)
{
	if (request->objective == UGO_PEAK)
		return minimax_fit(&fit->best, &fit->target, request->hidden, st);
	if (!request->uniform_knots)
		return fit_search(fit, request->hidden, st);
	fit_uniform(fit, request->hidden);
	return true;
}

static bool
fit_keep(struct ugo *u, const struct ugo_request *request, const struct knots *knots, struct status *st)
{
	if (!ugo_alloc(u, request->hidden, knots->n + 1, false, st) || !request_keep(u, request, st))
		return false;
	memcpy(u->t, knots->t, sizeof(double) * (size_t)u->nodes);
	memcpy(u->y, knots->y, sizeof(double) * (size_t)u->nodes);
	if (!ugo_write_relu(u, request->uniform_knots ? UGO_FACING_RIGHT : UGO_FACING_BEST, st))
		return false;
	ugo_measure(u);
	return true;
}

bool
ugo_fit(struct ugo *u, const struct ugo_request *request, struct status *st)
{
	struct fit fit = {0};
	bool ok;

	*u = (struct ugo){0};
	ok = request_check(request, st) && fit_open(&fit, request, st) && fit_knots(&fit, request, st) &&
	     fit_keep(u, request, &fit.best, st);
	fit_done(&fit);
	if (!ok)
		ugo_done(u);
	return ok;
}
