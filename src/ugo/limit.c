#include "ugo/sample.h"

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

void
ugo_limit(enum function f, double lo, double hi, enum ugo_weighting weighting, int n, double *rmse, double *max_error)
{
	struct target target = target_function(f, lo, hi, weighting);
	struct cells cells = {0};
	double fifths = 0, halves = 0;

	if (!cells_make(&cells, &target, SAMPLE_PEAK, LIMIT_CELLS, NULL)) {
		*rmse = *max_error = NAN;
		return;
	}
	for (int i = 0; i < cells.count; i++) {
		double width = cells.at[i].b - cells.at[i].a;
		double bend = cell_curvature(&cells.at[i]) / target_unit(&target, cells.at[i].f[2]);

		fifths += width * pow(bend, 0.4);
		halves += width * sqrt(bend);
	}
	cells_done(&cells);
	*rmse = sqrt(pow(fifths, 5) / (720 * (hi - lo))) / ((double)n * n);
	*max_error = halves * halves / (16.0 * n * n);
}
