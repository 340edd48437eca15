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
 * Fitting: knots by equidistribution of (w f''^2)^(1/5), bottom-up merging and
 * dynamic programming as starts, then Newton-Levenberg-Marquardt on the knots
 * with the values eliminated (variable projection); the best of all starts and
 * flat ends is kept. Deterministic. */
#ifndef SPIKESCOPE_UGO_UGO_H
#define SPIKESCOPE_UGO_UGO_H

#include "base/status.h"

#include <stddef.h>

enum function {
	FUNCTION_GELU,	     /* x Phi(x), by erf */
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
	FUNCTION_IDENTITY,
	FUNCTIONS
};

/* One row per function: drives parsing, help and completion. */
struct function_info {
	const char *name;	/* "gelu" */
	const char *formula;	/* "x Phi(x)" */
	double (*eval)(double x);
	double lo, hi;		/* default range to fit */
	double domain_lo, domain_hi; /* where it is defined (open at infinities and at poles) */
	bool relative;		/* errors are relative by default (reciprocal, rsqrt) */
};
extern const struct function_info function_table[FUNCTIONS];

bool function_parse(const char *name, enum function *f); /* exact name or unambiguous prefix */
double function_eval(enum function f, double x);

enum ugo_weighting { UGO_ABSOLUTE, UGO_RELATIVE };
enum { UGO_HIDDEN_MAX = 1024 };

struct ugo_request {
	enum function function;
	double lo, hi;		/* fitted range */
	int hidden;		/* 1..UGO_HIDDEN_MAX neurons */
	enum ugo_weighting weighting;
	/* Density of the input over the range: NULL is uniform; else `bins` equal
	 * bins over [lo, hi] with non-negative counts, mixed with 5% uniform. */
	const double *density;
	int bins;
	/* Knots equally spaced, values by least squares: no descent. What plain training
	 * ends with; for the recipe that does what the released code does. */
	bool uniform_knots;
};

struct ugo {
	char name[48];
	bool known;		/* function says what it approximates */
	enum function function;
	double lo, hi;
	int hidden;
	float *w1, *b1, *w2;	/* [hidden] */
	float b2;
	float *h;		/* [hidden] saturation of the segment form; NULL in ReLU form */
	double *t, *y;		/* [nodes] knots and values */
	int nodes;
	double rmse, max_error; /* against function over [lo, hi], uniform density; absolute */
	double rel_rmse, rel_max_error; /* the same relative to |f| (0 where f is 0) */
};

/* Fits; u must be zeroed or done. Fails with STATUS_USAGE (range outside the
 * function's domain, hidden out of bounds). A fit in ReLU form. */
bool ugo_fit(struct ugo *u, const struct ugo_request *request, struct status *st);
void ugo_done(struct ugo *u);
bool ugo_copy(struct ugo *to, const struct ugo *from, struct status *st);

/* The segment ("thermometer") form of a piecewise-linear fit: unit i covers one
 * segment, w1 = +-1, b1, h = its length, w2 = +-slope; it saturates outside
 * [lo, hi]. center: the node nearest to it is where both directions start (the
 * value there is b2). */
bool ugo_segments(struct ugo *to, const struct ugo *from, double center, struct status *st);

double ugo_eval(const struct ugo *u, double x); /* the float32 weights, evaluated in double */
/* y[i] = g(x[i]) in float32, as an analog MLP. */
void ugo_apply(const struct ugo *u, const float *x, float *y, size_t count);

/* Asymptotic best error of a continuous piecewise-linear function with n pieces
 * (de Boor; METHODS: RMSE = sqrt((int |f''|^(2/5))^5 / (720 n^4 (b-a))),
 * max = (int sqrt|f''|)^2 / (16 n^2)); relative weighting replaces f'' by f''/f. */
void ugo_limit(enum function f, double lo, double hi, enum ugo_weighting weighting, int n, double *rmse, double *max_error);

/* Largest |residual moment| over the segments, relative to the RMSE: 0 at an
 * optimum (each piece is the local best line). */
double ugo_certificate(const struct ugo *u);

/* Fills rmse, max_error, rel_*, against function over [lo, hi]. */
void ugo_measure(struct ugo *u);

/* Weights from a safetensors file: tensors PREFIX.w1 [H] or [H,1], .b1 [H], .w2
 * [H] or [1,H], .b2 [1]. function/range may be unknown (known = false). */
bool ugo_import(struct ugo *u, const char *path, const char *prefix, struct status *st);
bool ugo_export(const struct ugo *u, const char *path, const char *prefix, bool force, struct status *st);

#endif
