#include "ugo/fit/sample.h"

#include "base/real.h"

#include <float.h>
#include <math.h>

enum { LIMIT_CELLS = 8192 };

/* Second differences rather than derivatives: they serve any function, and the
 * cells are small where it bends. */
static double
cell_curvature(const struct cell *cell)
{
	const double *f = cell->f;
	double quarter = (cell->b - cell->a) / 4, scale = fmax(fabs(f[0]), fmax(fabs(f[2]), fabs(f[4])));
	double second = fabs(f[1] - 2 * f[2] + f[3]);

	return second > 4 * DBL_EPSILON * scale ? second / (quarter * quarter) : 0;
}

static void
limit_of(const struct target *target, int n, double *rmse, double *max_error)
{
	struct cells cells = {0};
	double fifths = 0, halves = 0;

	*rmse = *max_error = NAN;
	if (!cells_make(&cells, target, SAMPLE_PEAK, LIMIT_CELLS, NULL))
		return;
	for (int i = 0; i < cells.count; i++) {
		const struct cell *cell = &cells.at[i];
		double width = cell->b - cell->a, bend = cell_curvature(cell), f = cell->f[2];

		fifths += width * real_pow(bend * bend * target_weight(target, cell->a + width / 2, f), 0.2);
		halves += width * sqrt(bend / target_unit(target, f));
	}
	cells_done(&cells);
	*rmse = sqrt(pow(fifths, 5) / 720) / ((double)n * n);
	*max_error = halves * halves / (16.0 * n * n);
}

void
ugo_limit(enum function f, double lo, double hi, enum ugo_weighting weighting, int n, double *rmse, double *max_error)
{
	struct target target = target_function(f, lo, hi, weighting);

	limit_of(&target, n, rmse, max_error);
}

void
ugo_limit_of(const struct ugo *u, int n, double *rmse, double *max_error)
{
	const double *x, *y, *weight;
	struct target target;

	*rmse = *max_error = NAN;
	if (!ugo_has_function(u) || (u->curve && curve_table(u->curve, &x, &y, &weight) > 0))
		return;
	target = target_of(u);
	limit_of(&target, n, rmse, max_error);
}
