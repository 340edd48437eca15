#include "ugo/forms.h"
#include "ugo/minimax.h"
#include "ugo/starts.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTITION_MOST = 32 };

static const double least_value = 1e-30, most_value = 1e30; /* safe as float32 weights */

static const char *
request_name(const struct ugo_request *request)
{
	return request->curve ? curve_name(request->curve) : function_table[request->function].name;
}

static bool
check_range(const struct ugo_request *request, struct status *st)
{
	double lo = request->lo, hi = request->hi, size = fmax(fabs(lo), fabs(hi));
	const struct function_info *info = &function_table[request->function];
	const char *name = request_name(request);

	if (!isfinite(lo) || !isfinite(hi) || !(lo < hi))
		return status_fail(st, STATUS_USAGE, "%s: range [%g, %g] is empty; give it as LO HI with LO below HI", name, lo,
				   hi);
	if (size > most_value || hi - lo < 8.0 * FLT_EPSILON * size * request->hidden)
		return status_fail(st, STATUS_USAGE, "%s: float32 cannot resolve %d neurons on [%.9g, %.9g]; widen the range",
				   name, request->hidden, lo, hi);
	if (request->curve)
		return true;
	if (lo < info->domain_lo || hi > info->domain_hi || !isfinite(info->eval(lo)) || !isfinite(info->eval(hi)))
		return status_fail(st, STATUS_USAGE, "%s is not defined on all of [%g, %g]; its domain is (%g, %g)", name, lo, hi,
				   info->domain_lo, info->domain_hi);
	return true;
}

static bool
check_density(const struct ugo_request *request, struct status *st)
{
	const struct ugo_normal *normal = &request->normal;

	if (request->density && request->bins < 1)
		return status_fail(st, STATUS_USAGE, "a density of %d bins; give at least one", request->bins);
	for (int i = 0; request->density && i < request->bins; i++)
		if (!(request->density[i] >= 0) || request->density[i] > most_value)
			return status_fail(st, STATUS_USAGE, "density bin %d is %g; counts are finite and not negative", i,
					   request->density[i]);
	if (!(normal->share >= 0) || normal->share > 1)
		return status_fail(st, STATUS_USAGE, "a share of %g of a normal density; give 0 to 1", normal->share);
	if (normal->share > 0 && (!isfinite(normal->mean) || !isfinite(normal->deviation) || !(normal->deviation > 0)))
		return status_fail(st, STATUS_USAGE, "a normal density of mean %g and deviation %g; the deviation is above 0",
				   normal->mean, normal->deviation);
	return true;
}

static bool
check_request(const struct ugo_request *request, struct status *st)
{
	if ((int)request->function < 0 || request->function >= FUNCTIONS)
		return status_fail(st, STATUS_USAGE, "function %d is not in the table", (int)request->function);
	if (request->hidden < 1 || request->hidden > UGO_HIDDEN_MAX)
		return status_fail(st, STATUS_USAGE, "%s: %d neurons; a UGO has 1 to %d", request_name(request), request->hidden,
				   UGO_HIDDEN_MAX);
	if (request->samples < 0 || request->samples > UGO_SAMPLES_MAX)
		return status_fail(st, STATUS_USAGE, "%d samples; a fit draws up to %d, or integrates with none",
				   request->samples, UGO_SAMPLES_MAX);
	return check_density(request, st) && check_range(request, st);
}

static bool
check_size(double most, const struct ugo_request *request, struct status *st)
{
	if (isfinite(most) && most <= most_value && (most == 0 || most >= least_value))
		return true;
	return status_fail(st, STATUS_USAGE, "%s leaves what float32 can hold on [%g, %g]; choose a smaller range",
			   request_name(request), request->lo, request->hi);
}

static bool
check_cells(const struct cells *cells, const struct ugo_request *request, struct status *st)
{
	double most = 0;

	for (int i = 0; i < cells->count; i++)
		for (int k = 0; k < 5; k++) {
			double f = cells->at[i].f[k];

			if (!isfinite(f))
				return status_fail(st, STATUS_USAGE, "%s is %g at x = %.6g; choose a range where it is defined",
						   request_name(request), f,
						   cells->at[i].a + (cells->at[i].b - cells->at[i].a) * k / 4);
			most = fmax(most, fabs(f));
		}
	return check_size(most, request, st);
}

static bool
check_points(const struct samples *points, const struct ugo_request *request, struct status *st)
{
	double most = 0;

	if (points->count < request->hidden + 1)
		return status_fail(st, STATUS_USAGE,
				   "%d neurons bend more often than %d samples can say; take at most %d neurons, or more samples",
				   request->hidden, points->count, points->count - 1);
	for (int i = 0; i < points->count; i++) {
		if (!isfinite(points->y[i]))
			return status_fail(st, STATUS_USAGE, "%s is %g at x = %.6g; choose a range where it is defined",
					   request_name(request), points->y[i], points->x[i]);
		most = fmax(most, fabs(points->y[i]));
	}
	return check_size(most, request, st);
}

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
	if (!check_points(&fit->points, request, st))
		return false;
	fit->target.points = &fit->points;
	return true;
}

static void
fit_aim(struct fit *fit, const struct ugo_request *request)
{
	fit->target = request->curve ? target_curve(request->curve, request->lo, request->hi, request->weighting)
				     : target_function(request->function, request->lo, request->hi, request->weighting);
	target_normal(&fit->target, request->normal);
	if (request->density)
		target_density(&fit->target, request->density, request->bins);
}

static bool
fit_open(struct fit *fit, const struct ugo_request *request, struct status *st)
{
	int most = request->hidden + 1;

	fit_aim(fit, request);
	fit->starts = calloc(3 * ((size_t)most + 1), sizeof(double));
	if (!fit->starts)
		return status_nomem(st, "the starts of a fit");
	if (!fit_points(fit, request, st) || !ground_make(&fit->ground, &fit->target, most, st) ||
	    !check_cells(&fit->ground.cells, request, st) || !knots_new(&fit->best, most, st) ||
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

/* What was asked for, into u. */
static bool
keep_request(struct ugo *u, const struct ugo_request *request, struct status *st)
{
	snprintf(u->name, sizeof(u->name), "%s", request->curve ? "curve" : request_name(request));
	u->known = request->curve == NULL;
	u->function = request->function;
	u->curve = curve_keep(request->curve);
	u->lo = request->lo;
	u->hi = request->hi;
	u->weighting = request->weighting;
	u->objective = request->objective;
	u->normal = request->normal;
	return !request->density || ugo_keep_density(u, request->density, request->bins, st);
}

static bool
fit_keep(struct ugo *u, const struct ugo_request *request, const struct knots *knots, struct status *st)
{
	if (!ugo_alloc(u, request->hidden, knots->n + 1, false, st) || !keep_request(u, request, st))
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
	ok = check_request(request, st) && fit_open(&fit, request, st) && fit_knots(&fit, request, st) &&
	     fit_keep(u, request, &fit.best, st);
	fit_done(&fit);
	if (!ok)
		ugo_done(u);
	return ok;
}
