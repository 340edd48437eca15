#include "ugo/fit/minimax.h"
#include "ugo/forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_LEAST = 8, PARTS_OVER_RANGE = 1024 };

struct tally {
	const struct target *target;
	double square, most, rel_square, rel_most;
	double goal_square; /* by the target's weighting and density */
};

/* target_weight() against that of a uniform density; a table's weights are counted already. */
static double
tally_weight(const struct target *target, double x, double f)
{
	return target_weight(target, x, f) * (target->hi - target->lo);
}

static void
tally_add(struct tally *tally, double x, double g, double weight)
{
	double f = target_eval(tally->target, x), error = fabs(g - f), relative = f != 0 ? error / fabs(f) : 0;

	tally->square += weight * error * error;
	tally->rel_square += weight * relative * relative;
	if (weight > 0)
		tally->goal_square += weight * error * error * tally_weight(tally->target, x, f);
	tally->most = fmax(tally->most, error);
	tally->rel_most = fmax(tally->rel_most, relative);
}

/* Between two neighbouring bends g is the line from (a, ga) to (b, gb). */
static void
tally_piece(struct tally *tally, double a, double b, double ga, double gb)
{
	double share = (b - a) / (tally->target->hi - tally->target->lo);
	int parts = PARTS_LEAST + (int)(share * PARTS_OVER_RANGE);

	for (int i = 0; i < parts; i++) {
		tally_add(tally, a + (b - a) * i / parts, ga + (gb - ga) * i / parts, 0);
		for (int k = 0; k < GAUSS_POINTS; k++) {
			double place = (i + 0.5 * (1 + gauss_point[k])) / parts;

			tally_add(tally, a + (b - a) * place, ga + (gb - ga) * place, 0.5 * gauss_share[k] * share / parts);
		}
	}
	tally_add(tally, b, gb, 0);
}

/* Over the points of a table, by their weights. */
static void
tally_points(struct tally *tally, const struct ugo *u)
{
	const double *x, *y, *weight;
	int count = curve_table(u->curve, &x, &y, &weight);
	double sum = 0;

	for (int i = 0; i < count; i++)
		if (x[i] >= u->lo && x[i] <= u->hi)
			sum += weight[i];
	for (int i = 0; sum > 0 && i < count; i++)
		if (x[i] >= u->lo && x[i] <= u->hi)
			tally_add(tally, x[i], ugo_eval(u, x[i]), weight[i] / sum);
}

static void
tally_range(struct tally *tally, const struct ugo *u, double *at)
{
	int count = ugo_bends(u, u->lo, u->hi, at + 1) + 2;

	at[0] = u->lo;
	at[count - 1] = u->hi;
	for (int i = 0; i + 1 < count; i++)
		tally_piece(tally, at[i], at[i + 1], ugo_eval(u, at[i]), ugo_eval(u, at[i + 1]));
}

void
ugo_measure(struct ugo *u)
{
	double *at = ugo_has_function(u) ? malloc(sizeof(double) * (2 * (size_t)u->hidden + 2)) : NULL;
	const double *x, *y, *weight;
	struct target target;
	struct tally tally = {.target = &target};

	u->rmse = u->max_error = u->rel_rmse = u->rel_max_error = u->goal_rmse = NAN;
	if (!at)
		return;
	target = target_of(u);
	if (u->curve && curve_table(u->curve, &x, &y, &weight) > 0)
		tally_points(&tally, u);
	else
		tally_range(&tally, u, at);
	free(at);
	u->rmse = sqrt(tally.square);
	u->max_error = tally.most;
	u->rel_rmse = sqrt(tally.rel_square);
	u->rel_max_error = tally.rel_most;
	u->goal_rmse = sqrt(tally.goal_square);
}

/* A flat end has one value and so one moment. */
static double
largest_moment(const struct knots *knots)
{
	double most = 0;

	for (int k = 0; k < knots->n; k++) {
		const struct piece *piece = &knots->piece[k];
		bool flat = (k == 0 || k == knots->n - 1) && knots->y[k] == knots->y[k + 1];

		most = fmax(most, flat ? fabs(piece->g0 + piece->g1) : fmax(fabs(piece->g0), fabs(piece->g1)));
	}
	return most;
}

static double
moment_share(const struct knots *knots, const struct samples *samples)
{
	if (knots->error <= 1e-24 * samples_size(samples)) /* nothing but rounding is left */
		return 0;
	return largest_moment(knots) * knots->n / sqrt(knots->error * samples->weight);
}

/* How far the largest error is above the least one there is. */
static double
peak_excess(const struct ugo *u, const struct target *target)
{
	double bound = minimax_bound(target, u->hidden), reached = u->weighting == UGO_RELATIVE ? u->rel_max_error : u->max_error;

	return reached <= 1e-10 * target_unit(target, u->y[0]) ? 0 : fmax(0, 1 - bound / reached);
}

static double
square_moments(const struct ugo *u, const struct target *target)
{
	struct ground ground;
	struct knots knots = {0};
	double share = NAN;

	/* Finer ground than the fit's: not the samples that the knots were tuned on. */
	if (ground_make(&ground, target, 2 * u->nodes, NULL) && knots_new(&knots, u->nodes - 1, NULL)) {
		memcpy(knots.t, u->t, sizeof(double) * (size_t)u->nodes);
		memcpy(knots.y, u->y, sizeof(double) * (size_t)u->nodes);
		knots_solve(&knots, &ground, false);
		share = moment_share(&knots, &ground.cut);
	}
	knots_done(&knots);
	ground_done(&ground);
	return share;
}

double
ugo_certificate(const struct ugo *u)
{
	const double *x, *y, *weight;
	struct samples points = {0};
	struct target target;
	double share = NAN;

	if (!ugo_has_function(u))
		return NAN;
	target = target_of(u);
	if (u->curve && curve_table(u->curve, &x, &y, &weight) > 0) {
		if (!samples_of_curve(&points, u->curve, &target, NULL))
			return NAN;
		target.points = &points;
	}
	share = u->objective == UGO_PEAK ? peak_excess(u, &target) : square_moments(u, &target);
	samples_done(&points);
	return share;
}
