/* Newton-Levenberg-Marquardt on the knots of a continuous piecewise-linear
 * function, its values eliminated: at every step they are the least-squares
 * values for the knots (variable projection). The inside of the fitter.
 *
 * Piece k runs from t_k to t_{k+1}; on it g = y_k phi0 + y_{k+1} phi1, slope s.
 * Unknowns in the order y_0 t_0 y_1 t_1 ..., so the Hessian is a band of half
 * width 3. Besides the Gauss-Newton part it holds the terms of the residual
 * moments G0 = sum w r phi0, G1 = sum w r phi1 and of the ground that changes
 * pieces when a knot moves; without these it converges 2-4 times slower. */
#ifndef SPIKESCOPE_UGO_NEWTON_H
#define SPIKESCOPE_UGO_NEWTON_H

#include "ugo/fit/sample.h"

/* A piece at an end may be held flat: a ReLU network gets it for nothing. */
enum flat { FLAT_NONE, FLAT_LEFT, FLAT_RIGHT, FLATS };

struct piece {
	double a, b, c; /* sums of w phi0^2, w phi0 phi1, w phi1^2 */
	double p, q;    /* sums of w f phi0, w f phi1 */
	double w;       /* sum of w */
	double g0, g1;  /* residual moments */
	int first, end; /* its samples */
};

struct knots {
	int n; /* pieces */
	enum flat flat;
	double *t, *y;       /* [n + 1] */
	double *pivot;       /* [n + 1], scratch of the solution for y */
	struct piece *piece; /* [n] */
	double error;        /* sum of w (g - f)^2 */
};

bool knots_new(struct knots *knots, int n, struct status *st);
void knots_done(struct knots *knots);
void knots_copy(struct knots *to, const struct knots *from); /* of the same n */

/* Fills piece, error and, if values is true, the least-squares y, from t. */
void knots_solve(struct knots *knots, struct ground *ground, bool values);

/* Descends from t until two steps running gain less than tolerance, relatively.
 * Gives up early when the error stays far above rival, that of the best fit so
 * far (INFINITY for none): a flat end at the wrong side never gets there. */
bool newton_descend(struct knots *knots, struct ground *ground, double tolerance, double rival, struct status *st);

#endif
