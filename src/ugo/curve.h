/* Scalar functions that are not in the function table: expressions in x, and
 * tables of points. What a UGO is fitted to, besides `enum function`.
 *
 * Expressions are made of numbers, x, pi, e, + - * / ^ (right to left), brackets
 * and the functions of the table and of expression_function() ("max(x, 0)").
 * Tables are lines x,y or x,y,weight: between its points a table is the line
 * through them, but a fit sees the points alone.
 *
 * A curve never changes. It is shared by counting: copies of a UGO keep it, from
 * one thread at a time; evaluating is safe from any. */
#ifndef SPIKESCOPE_UGO_CURVE_H
#define SPIKESCOPE_UGO_CURVE_H

#include "base/status.h"

#include <stddef.h>

struct curve;

enum { EXPRESSION_MOST = 200, TABLE_POINTS_MOST = 1000000 };

/* *at: the byte of text where the fault is. STATUS_USAGE. */
struct curve *curve_expression(const char *text, size_t *at, struct status *st);
/* Points in ascending order of x, copied; weight NULL: all alike. At least two; x
 * strictly ascending, all finite, weights not negative and not all zero. */
struct curve *curve_points(const char *name, const double *x, const double *y, const double *weight, int count,
			   struct status *st);
/* A CSV file of points; one heading line is passed over, and so are lines that are
 * empty or start with #. STATUS_DATA, naming the line. */
struct curve *curve_read(const char *path, struct status *st);

struct curve *curve_keep(struct curve *curve); /* one owner more; NULL is fine; returns curve */
void curve_free(struct curve *curve);          /* one owner less; NULL is fine */

const char *curve_name(const struct curve *curve); /* the expression's text, or the table's name */
double curve_eval(const struct curve *curve, double x);
/* The points of a table; 0 for expressions. Borrowed. */
int curve_table(const struct curve *curve, const double **x, const double **y, const double **weight);

/* Names of the functions that expressions know besides the function table; NULL past the last. */
const char *expression_function(int index);

#endif
