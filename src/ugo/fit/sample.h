/* What a fit aims at, and samples of it: the inside of the fitter, not for
 * other layers. */
#ifndef SPIKESCOPE_UGO_SAMPLE_H
#define SPIKESCOPE_UGO_SAMPLE_H

#include "ugo/ugo.h"

/* Samples, ascending in x. */
struct samples {
	double *x, *y, *w;
	int count;
	double weight; /* sum of w */
};

struct target {
	double (*eval)(const void *of, double x);
	const void *of;
	double lo, hi;
	enum ugo_weighting weighting;
	const double *density; /* bins over [lo, hi], or NULL; not owned */
	int bins;
	double density_sum;
	struct ugo_normal normal;
	double normal_mass;           /* of the normal between lo and hi */
	const struct samples *points; /* the samples to fit to; NULL: the function itself. Not owned */
	double floor;                 /* least |f| that a relative weight divides by */
};

/* A function of the table over [lo, hi], and a curve. */
struct target target_function(enum function f, double lo, double hi, enum ugo_weighting weighting);
struct target target_curve(const struct curve *curve, double lo, double hi, enum ugo_weighting weighting);
void target_density(struct target *target, const double *density, int bins); /* mixed with 5% uniform */
void target_normal(struct target *target, struct ugo_normal normal);
/* What u approximates, under its density; ugo_has_function(u). */
struct target target_of(const struct ugo *u);

double target_eval(const struct target *target, double x);
/* Weight of the squared error at x, where the function is y; for a uniform
 * absolute target it integrates to 1 over [lo, hi]. */
double target_weight(const struct target *target, double x, double y);
/* |y|, floored, if the weighting is relative; else 1. */
double target_unit(const struct target *target, double y);

/* [a, b] with values at its ends, quarters and middle. */
struct cell {
	double a, b;
	double f[5];
	double error; /* by the goal, of the chord from a to b */
	double key;   /* what bisection orders by: 0 for cells too small to split */
};

struct cells {
	struct cell *at; /* ascending, touching, covering [lo, hi] */
	int count;
};

enum sample_goal {
	SAMPLE_SQUARE, /* mean square error: cell error = weight deviation^2 width */
	SAMPLE_PEAK,   /* largest error: cell error = deviation / unit */
};

/* At most count cells by greedy bisection of the worst one. */
bool cells_make(struct cells *cells, const struct target *target, enum sample_goal goal, int count, struct status *st);
void cells_done(struct cells *cells);
bool cells_finite(const struct cells *cells); /* no infinity or NaN among the values */

/* Gauss-Legendre quadrature on [-1, 1]. */
enum { GAUSS_POINTS = 4 };
extern const double gauss_point[GAUSS_POINTS], gauss_share[GAUSS_POINTS];

/* Room for count samples; samples_done() frees it. */
bool samples_new(struct samples *samples, size_t count, struct status *st);
/* The Gauss-Legendre points of each cell. */
bool samples_make(struct samples *samples, const struct target *target, const struct cells *cells, struct status *st);
/* A table's points between lo and hi, weights divided by the squared unit. */
bool samples_of_curve(struct samples *samples, const struct curve *curve, const struct target *target, struct status *st);
/* Inputs at the given shares (ascending, 0..1) of the target's density, in place. */
void target_places(const struct target *target, double *share, int count);
/* `count` inputs drawn from the target's density with the seed. */
bool samples_draw(struct samples *samples, const struct target *target, int count, uint64_t seed, struct status *st);
void samples_done(struct samples *samples);
double samples_size(const struct samples *samples); /* sum of w y^2 */

/* Samples that respect knots: a cell with a knot inside is sampled in parts, so
 * that sums over the pieces are smooth in the knots. Without that a descent gets
 * caught wherever a knot has to step over a sample. */
struct ground {
	const struct target *target; /* not owned */
	bool sampled;                /* target->points alone: no cells, nothing is cut */
	struct cells cells;
	struct samples whole; /* of the cells as they are */
	struct samples cut;   /* for the knots of the last ground_cut */
};

/* Cells and samples for up to `pieces` pieces. On failure ground_done is still due. */
bool ground_make(struct ground *ground, const struct target *target, int pieces, struct status *st);
void ground_done(struct ground *ground);
/* t: n + 1 ascending knots from lo to hi, n no more than `pieces` was. */
void ground_cut(struct ground *ground, const double *t, int n);

#endif
