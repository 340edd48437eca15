/* Universal group operators (STA, ICLR 2024, section 4.1): a scalar function as a
 * small group of neurons.
 *
 *	g(x) = b2 + sum_i w2_i relu(w1_i x + b1_i)			(ReLU form)
 *	g(x) = b2 + sum_i w2_i clip(w1_i x + b1_i, 0, h_i)		(segment form)
 *
 * The canonical object is the continuous piecewise-linear function through its
 * nodes (t_0 < ... < t_n, y_0..y_n); both forms are written from it. An imported
 * UGO has a ReLU form only; its nodes are derived from it.
 *
 * In the ReLU form the units face right (w1 = 1) or left (w1 = -1): away from a
 * level piece if the fit has one (at an end all face one way, inside they part
 * there), which then needs no unit of its own; else all the way that makes
 * sum |w2_i| times the unit's range smaller, on which the error of spiking units
 * depends. Beyond the last hinge that way g is constant.
 * Knots are rounded to float32 and each weight is chosen against the rounding of
 * those before it, so that both forms pass through the nodes to about 1e-7.
 *
 * Fitting: knots by equidistribution of (w f''^2)^(1/5), bottom-up merging and
 * dynamic programming as starts, then Newton-Levenberg-Marquardt on the knots
 * with the values eliminated (variable projection); the best of all starts and
 * flat ends is kept. Deterministic. */
#ifndef SPIKESCOPE_UGO_UGO_H
#define SPIKESCOPE_UGO_UGO_H

#include "base/progress.h"
#include "base/status.h"
#include "ugo/curve.h"

#include <stddef.h>
#include <stdint.h>

enum function {
	FUNCTION_GELU, /* x Phi(x), by erf */
	FUNCTION_GELU_TANH,
	FUNCTION_QUICK_GELU, /* x sigmoid(1.702 x) */
	FUNCTION_RELU,
	FUNCTION_SILU,
	FUNCTION_SIGMOID,
	FUNCTION_TANH,
	FUNCTION_SOFTPLUS,
	FUNCTION_EXP,
	FUNCTION_RECIPROCAL,
	FUNCTION_RSQRT,
	FUNCTION_SQRT,
	FUNCTION_SQUARE,
	FUNCTION_SIN,
	FUNCTION_ABS,
	FUNCTION_STEP,
	FUNCTION_IDENTITY,
	FUNCTIONS
};

/* One row per function: drives parsing, help and completion. */
struct function_info {
	const char *name;    /* "gelu" */
	const char *formula; /* "x Phi(x)" */
	double (*eval)(double x);
	double lo, hi;               /* default range to fit */
	double domain_lo, domain_hi; /* where it is defined (open at infinities and at poles) */
	bool relative;               /* errors are relative by default (reciprocal, rsqrt) */
};
extern const struct function_info function_table[FUNCTIONS];

bool function_parse(const char *name, enum function *f); /* exact name or unambiguous prefix */
double function_eval(enum function f, double x);

enum ugo_weighting { UGO_ABSOLUTE, UGO_RELATIVE };
enum ugo_objective {
	UGO_SQUARE, /* the mean of the squared error */
	UGO_PEAK    /* the largest error (minimax) */
};
enum { UGO_HIDDEN_MAX = 1024, UGO_SAMPLES_MAX = 1000000 };

/* A share of a normal distribution, cut at the ends of the range, in a uniform one. */
struct ugo_normal {
	double mean, deviation, share; /* share 0: uniform alone */
	bool octaves;                  /* instead: uniform in log x; needs lo > 0 */
};

/* Which way the units of a ReLU form look (see above); BEST: as costs least. */
enum ugo_facing { UGO_FACING_BEST, UGO_FACING_RIGHT, UGO_FACING_LEFT };

struct ugo_request {
	enum function function;
	struct curve *curve;          /* instead of function, unless NULL; not owned, but kept by the fit */
	double lo, hi;                /* fitted range; of a table: what lies between counts */
	int hidden;                   /* 1..UGO_HIDDEN_MAX neurons */
	enum ugo_weighting weighting; /* relative: error / |f|, with |f| at least 1e-9 of its maximum */
	enum ugo_objective objective;
	/* Density of the input over the range (UGO_PEAK and tables, which have weights,
	 * ignore it): uniform, or a share of normal or octaves, or `bins` equal bins over [lo, hi]
	 * with non-negative counts, mixed with 5% uniform (NULL: none). */
	struct ugo_normal normal;
	const double *density;
	int bins;
	/* Draw so many inputs from the density with this seed and fit to them alone, as
	 * training does; 0: integrate over the density. */
	int samples;
	uint64_t seed;
	/* Knots equally spaced, values by least squares, units facing right: no descent.
	 * What plain training ends with; for the recipe that does what the released code does. */
	bool uniform_knots;
};

struct ugo {
	char name[48];
	bool known; /* function says what it approximates */
	enum function function;
	struct curve *curve; /* what it approximates when that is not in the table; else NULL */
	double lo, hi;
	int hidden;
	float *w1, *b1, *w2; /* [hidden] */
	float b2;
	float *h;      /* [hidden] saturation of the segment form; NULL in ReLU form */
	double *t, *y; /* [nodes] knots and values, t[0] = lo, t[nodes - 1] = hi */
	int nodes;
	enum ugo_weighting weighting; /* what a fit minimised, */
	enum ugo_objective objective; /* how, */
	struct ugo_normal normal;     /* and under which density: */
	double *density;              /* [bins], or NULL */
	int bins;
	double rmse, max_error;         /* against the function over [lo, hi], uniform density; absolute */
	double rel_rmse, rel_max_error; /* the same relative to |f| (0 where f is 0) */
	double goal_rmse;               /* by the weighting and density of the fit */
};

/* "gelu", an expression, a table's name; NULL where it is unknown. */
const char *ugo_function_name(const struct ugo *u);
bool ugo_has_function(const struct ugo *u);
double ugo_function_at(const struct ugo *u, double x); /* NaN where it is unknown */
/* `count` inputs, ascending, that cut the density of u's range into equal shares: the
 * i-th is at the share (i + place) / count of it, 0 < place < 1. */
void ugo_density_places(const struct ugo *u, double place, double *x, int count);

/* Fits; u must be zeroed or done, and is done after a failure. Fails with
 * STATUS_USAGE (range empty, outside the function's domain, or finer than
 * float32; hidden out of bounds; a negative or infinite density; fewer samples
 * than pieces; a jump under UGO_PEAK, which no continuous function can follow to
 * better than half its height). A fit in ReLU form. 64 neurons take some 10 ms,
 * 256 some 50 ms. */
bool ugo_fit(struct ugo *u, const struct ugo_request *request, struct status *st);
void ugo_done(struct ugo *u);
/* to must be zeroed or done. */
bool ugo_copy(struct ugo *to, const struct ugo *from, struct status *st);

/* The segment ("thermometer") form of a piecewise-linear fit: unit i covers one
 * segment, w1 = +-1, b1, h = its length, w2 = +-slope; it saturates outside
 * [lo, hi]. center: the node nearest to it is where both directions start (the
 * value there is b2). A piece of zero slope needs no unit, so hidden is the
 * number of sloped pieces (at least 1). to must be zeroed or done. */
bool ugo_segments(struct ugo *to, const struct ugo *from, double center, struct status *st);

/* The ReLU form of from's nodes with all units facing one way, or the best way. A
 * side without a level end takes one unit more than there are hinges. to must be
 * zeroed or done. */
bool ugo_face(struct ugo *to, const struct ugo *from, enum ugo_facing facing, struct status *st);
/* sum |w2_i| times the largest value of unit i's input on [lo, hi] (at most h_i): the
 * error of T steps of spikes is about this by T. */
double ugo_spike_cost(const struct ugo *u);

/* Moves an inner knot to (t, y), by hand, and writes the weights anew; what lies
 * between its neighbours is allowed. u is in ReLU form, or in segment form about the
 * same centre. STATUS_USAGE: no such knot, or past a neighbour. u is unchanged then. */
bool ugo_move_knot(struct ugo *u, int knot, double t, double y, struct status *st);

/* Knots for saturating ramps of T spikes: they balance the error of the line, f''^2 h^4 / 720,
 * against that of the quantiser, f'^2 h^2 / (12 levels^2), where a ramp of length h is sent
 * in `levels` quanta. request->hidden pieces, values by least squares; the result is in
 * segment form about the node that needs the fewest spikes. For tables and UGO_PEAK the
 * knots are those of ugo_fit(). */
bool ugo_fit_ramps(struct ugo *u, const struct ugo_request *request, double levels, struct status *st);
/* The segment form about the node that needs the fewest spikes under u's density. */
bool ugo_ramps(struct ugo *to, const struct ugo *from, struct status *st);

double ugo_eval(const struct ugo *u, double x); /* the float32 weights, evaluated in double */
/* y[i] = g(x[i]) in float32, as an analog MLP; the terms are added in the order
 * of the units, so results do not depend on count, place or machine. x may be y. */
void ugo_apply(const struct ugo *u, const float *x, float *y, size_t count);

/* Asymptotic best error of a continuous piecewise-linear function with n pieces
 * (docs/ugo.md#how-good-can-it-be: RMSE = sqrt((int |f''|^(2/5))^5 / (720 n^4 (b-a))),
 * max = (int sqrt|f''|)^2 / (16 n^2)); relative weighting replaces f'' by f''/f. */
void ugo_limit(enum function f, double lo, double hi, enum ugo_weighting weighting, int n, double *rmse, double *max_error);
/* The same for u's function, range, weighting and density (p: (int (p f''^2)^(1/5))^5
 * in place of the integral); to be compared with goal_rmse and the largest error.
 * NaN where the function is unknown or a table. */
void ugo_limit_of(const struct ugo *u, int n, double *rmse, double *max_error);

/* How far from an optimum the nodes are. UGO_SQUARE: at one, each piece is the best line for
 * its own part of the density, i.e. sum w r and sum w r x vanish on every piece.
 * Returns the largest such moment relative to the RMSE and the mean weight of a
 * piece: below 1e-2 for a converged fit, 0.03 to 0.9 for uniform knots, 0 for an
 * exact fit, NaN where the function is unknown. UGO_PEAK: the part of the largest
 * error that another fit could save, by the tube's bound (minimax.h):
 * some 1e-3 for the best fit, which is sampled as the bound is. */
double ugo_certificate(const struct ugo *u);

/* Fills rmse, max_error, rel_*, of the weights against function over [lo, hi];
 * NaN where it is unknown or memory ran out. */
void ugo_measure(struct ugo *u);

/* Says what u approximates and where: sets known, function, lo and hi, derives
 * the nodes of an imported UGO from its weights on that range, and measures. */
bool ugo_aim(struct ugo *u, enum function f, double lo, double hi, struct status *st);
/* The same for a curve, which u keeps. */
bool ugo_aim_curve(struct ugo *u, struct curve *curve, double lo, double hi, struct status *st);

/* Weights from a safetensors file: tensors PREFIX.w1 [H] or [H,1], .b1 [H], .w2
 * [H] or [1,H], .b2 [1]; optionally .h [H] (segment form) and .range [2]. The
 * function is unknown afterwards (see ugo_aim); without .range, lo and hi are a
 * little outside the first and last bend. name is PREFIX. Fails with STATUS_DATA. */
bool ugo_import(struct ugo *u, const char *path, const char *prefix, struct status *st);
/* The same tensors, .range included; an existing file is refused unless force. */
bool ugo_export(const struct ugo *u, const char *path, const char *prefix, bool force, struct status *st);

/* The knots as a table x,y (curve.h): the weights are written from them as a fit's are, so
 * that a fitted UGO comes back as it was. The function is unknown after an import. */
bool ugo_import_csv(struct ugo *u, const char *path, struct status *st);
bool ugo_export_csv(const struct ugo *u, const char *path, bool force, struct status *st);

/* A UGO of unknown function from 2..UGO_HIDDEN_MAX + 1 ascending nodes, and from weights
 * [hidden] with the nodes that follow from them (h NULL: ReLU form). u must be zeroed or done. */
bool ugo_of_nodes(struct ugo *u, const double *t, const double *y, int nodes, struct status *st);
struct ugo_weights {
	int hidden;
	const float *w1, *b1, *w2, *h;
	float b2;
};
bool ugo_of_weights(struct ugo *u, const struct ugo_weights *weights, double lo, double hi, struct status *st);
#endif
