#include "ugo/forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool
ugo_alloc(struct ugo *u, int hidden, int nodes, bool segments, struct status *st)
{
	size_t count = (size_t)hidden;

	*u = (struct ugo){.hidden = hidden,
			  .nodes = nodes,
			  .w1 = calloc(count, sizeof(float)),
			  .b1 = calloc(count, sizeof(float)),
			  .w2 = calloc(count, sizeof(float)),
			  .h = segments ? calloc(count, sizeof(float)) : NULL,
			  .t = calloc((size_t)nodes, sizeof(double)),
			  .y = calloc((size_t)nodes, sizeof(double))};
	if (u->w1 && u->b1 && u->w2 && (u->h || !segments) && u->t && u->y)
		return true;
	ugo_done(u);
	return status_nomem(st, "a UGO");
}

bool
ugo_keep_density(struct ugo *u, const double *density, int bins, struct status *st)
{
	u->density = malloc(sizeof(double) * (size_t)bins);
	if (!u->density)
		return status_nomem(st, "a UGO");
	memcpy(u->density, density, sizeof(double) * (size_t)bins);
	u->bins = bins;
	return true;
}

void
ugo_done(struct ugo *u)
{
	free(u->w1);
	free(u->b1);
	free(u->w2);
	free(u->h);
	free(u->t);
	free(u->y);
	free(u->density);
	curve_free(u->curve);
	*u = (struct ugo){0};
}

/* What u is of and how good, without its arrays. */
static void
copy_account(struct ugo *to, const struct ugo *from)
{
	memcpy(to->name, from->name, sizeof(to->name));
	to->known = from->known;
	to->function = from->function;
	to->curve = curve_keep(from->curve);
	to->lo = from->lo;
	to->hi = from->hi;
	to->b2 = from->b2;
	to->weighting = from->weighting;
	to->objective = from->objective;
	to->normal = from->normal;
	to->rmse = from->rmse;
	to->max_error = from->max_error;
	to->rel_rmse = from->rel_rmse;
	to->rel_max_error = from->rel_max_error;
	to->goal_rmse = from->goal_rmse;
}

bool
ugo_copy_nodes(struct ugo *to, const struct ugo *from, struct status *st)
{
	copy_account(to, from);
	memcpy(to->t, from->t, sizeof(double) * (size_t)from->nodes);
	memcpy(to->y, from->y, sizeof(double) * (size_t)from->nodes);
	return !from->density || ugo_keep_density(to, from->density, from->bins, st);
}

bool
ugo_copy(struct ugo *to, const struct ugo *from, struct status *st)
{
	size_t size = sizeof(float) * (size_t)from->hidden;

	if (!ugo_alloc(to, from->hidden, from->nodes, from->h != NULL, st))
		return false;
	memcpy(to->w1, from->w1, size);
	memcpy(to->b1, from->b1, size);
	memcpy(to->w2, from->w2, size);
	if (from->h)
		memcpy(to->h, from->h, size);
	if (ugo_copy_nodes(to, from, st))
		return true;
	ugo_done(to);
	return false;
}

const char *
ugo_function_name(const struct ugo *u)
{
	return u->curve ? curve_name(u->curve) : u->known ? function_table[u->function].name : NULL;
}

bool
ugo_has_function(const struct ugo *u)
{
	return u->curve || u->known;
}

double
ugo_function_at(const struct ugo *u, double x)
{
	return u->curve ? curve_eval(u->curve, x) : u->known ? function_eval(u->function, x) : NAN;
}

double
ugo_eval(const struct ugo *u, double x)
{
	double y = u->b2;

	for (int i = 0; i < u->hidden; i++) {
		double a = (double)u->w1[i] * x + (double)u->b1[i];

		if (a <= 0)
			continue;
		if (u->h && a > (double)u->h[i])
			a = (double)u->h[i];
		y += (double)u->w2[i] * a;
	}
	return y;
}

static bool
aim(struct ugo *u, double lo, double hi, struct status *st)
{
	if (!isfinite(lo) || !isfinite(hi))
		return status_fail(st, STATUS_USAGE,
				   "%s: what it receives goes from %g to %g: are the weights or the pixels too large?", u->name,
				   lo, hi);
	if (!(lo < hi))
		return status_fail(st, STATUS_USAGE, "%s: range [%g, %g] is empty; give it as LO HI with LO below HI", u->name,
				   lo, hi);
	return ugo_read_nodes(u, lo, hi, st);
}

bool
ugo_aim(struct ugo *u, enum function f, double lo, double hi, struct status *st)
{
	if (!aim(u, lo, hi, st))
		return false;
	curve_free(u->curve);
	u->curve = NULL;
	u->known = true;
	u->function = f;
	u->weighting = function_table[f].relative ? UGO_RELATIVE : UGO_ABSOLUTE;
	ugo_measure(u);
	return true;
}

bool
ugo_aim_curve(struct ugo *u, struct curve *curve, double lo, double hi, struct status *st)
{
	if (!aim(u, lo, hi, st))
		return false;
	curve_keep(curve);
	curve_free(u->curve);
	u->curve = curve;
	u->known = false;
	u->weighting = UGO_ABSOLUTE;
	ugo_measure(u);
	return true;
}

bool
ugo_of_nodes(struct ugo *u, const double *t, const double *y, int nodes, struct status *st)
{
	*u = (struct ugo){0};
	if (nodes < 2 || nodes > UGO_HIDDEN_MAX + 1)
		return status_fail(st, STATUS_USAGE, "a UGO has 2 to %d knots, not %d", UGO_HIDDEN_MAX + 1, nodes);
	if (!ugo_alloc(u, ugo_fewest_units(y, nodes), nodes, false, st))
		return false;
	memcpy(u->t, t, sizeof(double) * (size_t)nodes);
	memcpy(u->y, y, sizeof(double) * (size_t)nodes);
	u->lo = t[0];
	u->hi = t[nodes - 1];
	if (ugo_write_relu(u, UGO_FACING_BEST, st)) {
		ugo_measure(u);
		return true;
	}
	ugo_done(u);
	return false;
}

bool
ugo_of_weights(struct ugo *u, const struct ugo_weights *weights, double lo, double hi, struct status *st)
{
	size_t size = sizeof(float) * (size_t)weights->hidden;

	if (!ugo_alloc(u, weights->hidden, 2, weights->h != NULL, st))
		return false;
	memcpy(u->w1, weights->w1, size);
	memcpy(u->b1, weights->b1, size);
	memcpy(u->w2, weights->w2, size);
	if (weights->h)
		memcpy(u->h, weights->h, size);
	u->b2 = weights->b2;
	if (ugo_read_nodes(u, lo, hi, st)) {
		ugo_measure(u);
		return true;
	}
	ugo_done(u);
	return false;
}
