#include "ugo/fit/request.h"

#include "ugo/forms.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

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

	if (!isfinite(lo) || !isfinite(hi))
		return status_fail(st, STATUS_USAGE,
				   "%s: what it receives goes from %g to %g: are the weights or the pixels too large?", name, lo,
				   hi);
	if (!(lo < hi))
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
	if (normal->octaves && !(request->lo > 0))
		return status_fail(st, STATUS_USAGE, "inputs even in log x need a range above 0, not [%g, %g]", request->lo,
				   request->hi);
	if (!(normal->share >= 0) || normal->share > 1)
		return status_fail(st, STATUS_USAGE, "a share of %g of a normal density; give 0 to 1", normal->share);
	if (normal->share > 0 && (!isfinite(normal->mean) || !isfinite(normal->deviation) || !(normal->deviation > 0)))
		return status_fail(st, STATUS_USAGE, "a normal density of mean %g and deviation %g; the deviation is above 0",
				   normal->mean, normal->deviation);
	return true;
}

bool
request_check(const struct ugo_request *request, struct status *st)
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

bool
request_check_cells(const struct ugo_request *request, const struct cells *cells, struct status *st)
{
	double most = 0;

	for (int i = 0; i < cells->count; i++)
		for (int k = 0; k < 5; k++) {
			double f = cells->at[i].f[k];

			if (!isfinite(f))
				return status_fail(st, STATUS_USAGE, "%s is %s at x = %.6g; choose a range where it is defined",
						   request_name(request), isnan(f) ? "not a number" : "infinite",
						   cells->at[i].a + (cells->at[i].b - cells->at[i].a) * k / 4);
			most = fmax(most, fabs(f));
		}
	return check_size(most, request, st);
}

bool
request_check_points(const struct ugo_request *request, const struct samples *points, struct status *st)
{
	double most = 0;

	if (points->count < request->hidden + 1)
		return status_fail(st, STATUS_USAGE,
				   "%d neurons bend more often than %d samples can say; take at most %d neurons, or more samples",
				   request->hidden, points->count, points->count - 1);
	for (int i = 0; i < points->count; i++) {
		if (!isfinite(points->y[i]))
			return status_fail(st, STATUS_USAGE, "%s is %s at x = %.6g; choose a range where it is defined",
					   request_name(request), isnan(points->y[i]) ? "not a number" : "infinite",
					   points->x[i]);
		most = fmax(most, fabs(points->y[i]));
	}
	return check_size(most, request, st);
}

struct target
request_target(const struct ugo_request *request)
{
	struct target target = request->curve ? target_curve(request->curve, request->lo, request->hi, request->weighting)
					      : target_function(request->function, request->lo, request->hi, request->weighting);

	target_normal(&target, request->normal);
	if (request->density)
		target_density(&target, request->density, request->bins);
	return target;
}

/* What was asked for, into u. */
bool
request_keep(struct ugo *u, const struct ugo_request *request, struct status *st)
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
