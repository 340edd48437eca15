#include "ugo/fit/newton.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BAND = 4, STEPS = 100, TRIES = 20, TRIAL_STEPS = 12, HOPELESS = 10000 };

bool
knots_new(struct knots *knots, int n, struct status *st)
{
	*knots = (struct knots){.n = n,
				.t = calloc((size_t)n + 1, sizeof(double)),
				.y = calloc((size_t)n + 1, sizeof(double)),
				.pivot = calloc((size_t)n + 1, sizeof(double)),
				.piece = calloc((size_t)n, sizeof(struct piece))};
	if (knots->t && knots->y && knots->pivot && knots->piece)
		return true;
	knots_done(knots);
	return status_nomem(st, "the knots of a fit");
}

void
knots_done(struct knots *knots)
{
	free(knots->t);
	free(knots->y);
	free(knots->pivot);
	free(knots->piece);
	*knots = (struct knots){0};
}

void
knots_copy(struct knots *to, const struct knots *from)
{
	memcpy(to->t, from->t, sizeof(double) * ((size_t)from->n + 1));
	memcpy(to->y, from->y, sizeof(double) * ((size_t)from->n + 1));
	memcpy(to->piece, from->piece, sizeof(struct piece) * (size_t)from->n);
	to->n = from->n;
	to->flat = from->flat;
	to->error = from->error;
}

/* phi1 = offset + scale (x - t_k), phi0 = 1 - phi1: constant on a flat piece,
 * whose value is that of its inner node. */
static void
piece_shape(const struct knots *knots, int k, double *offset, double *scale)
{
	bool left = knots->flat == FLAT_LEFT && k == 0, right = knots->flat == FLAT_RIGHT && k == knots->n - 1;

	*offset = left ? 1 : 0;
	*scale = left || right ? 0 : 1 / (knots->t[k + 1] - knots->t[k]);
}

static void
pieces_sum(struct knots *knots, const struct samples *samples)
{
	const double *x = samples->x, *f = samples->y, *w = samples->w;
	int i = 0;

	for (int k = 0; k < knots->n; k++) {
		struct piece sum = {.first = i};
		double start = knots->t[k], stop = k + 1 < knots->n ? knots->t[k + 1] : INFINITY, offset, scale;

		piece_shape(knots, k, &offset, &scale);
		for (; i < samples->count && x[i] < stop; i++) {
			double phi1 = offset + scale * (x[i] - start), phi0 = 1 - phi1, w0 = w[i] * phi0, w1 = w[i] * phi1;

			sum.a += w0 * phi0;
			sum.b += w0 * phi1;
			sum.c += w1 * phi1;
			sum.p += w0 * f[i];
			sum.q += w1 * f[i];
			sum.w += w[i];
		}
		sum.end = i;
		knots->piece[k] = sum;
	}
}

/* Pieces with hardly a sample leave their values open: a trace of coupling between
 * neighbours settles them. */
static void
pieces_couple(struct knots *knots, double weight)
{
	double trace = 1e-13 * weight / knots->n;

	for (int k = 0; k < knots->n; k++) {
		knots->piece[k].a += trace;
		knots->piece[k].b -= trace;
		knots->piece[k].c += trace;
	}
}

static void
pieces_residual(struct knots *knots, const struct samples *samples)
{
	const double *x = samples->x, *f = samples->y, *w = samples->w;

	knots->error = 0;
	for (int k = 0; k < knots->n; k++) {
		struct piece *piece = &knots->piece[k];
		double start = knots->t[k], y0 = knots->y[k], dy = knots->y[k + 1] - y0, offset, scale;
		double g0 = 0, g1 = 0, error = 0;

		piece_shape(knots, k, &offset, &scale);
		for (int i = piece->first; i < piece->end; i++) {
			double phi1 = offset + scale * (x[i] - start), r = y0 + dy * phi1 - f[i], wr = w[i] * r;

			g1 += wr * phi1;
			g0 += wr * (1 - phi1);
			error += wr * r;
		}
		piece->g0 = g0;
		piece->g1 = g1;
		knots->error += error;
	}
}

static double
diagonal_at(const struct knots *knots, int node)
{
	return (node > 0 ? knots->piece[node - 1].c : 0) + (node < knots->n ? knots->piece[node].a : 0);
}

/* Least-squares values: the normal equations of the hat functions are
 * tridiagonal and well conditioned whatever the knots. The outer node of a flat
 * end has no equation; a trace of diagonal keeps it harmless. */
static void
values_solve(struct knots *knots)
{
	const struct piece *piece = knots->piece;
	double *y = knots->y, *pivot = knots->pivot, most = 0;
	int n = knots->n;

	for (int i = 0; i <= n; i++)
		most = fmax(most, pivot[i] = diagonal_at(knots, i));
	pivot[0] += 1e-30 * most;
	pivot[n] += 1e-30 * most;
	y[0] = piece[0].p;
	for (int k = 0; k < n; k++) {
		double factor = piece[k].b / pivot[k];

		pivot[k + 1] -= factor * piece[k].b;
		y[k + 1] = piece[k].q + (k + 1 < n ? piece[k + 1].p : 0) - factor * y[k];
	}
	y[n] /= pivot[n];
	for (int k = n; k-- > 0;)
		y[k] = (y[k] - piece[k].b * y[k + 1]) / pivot[k];
	if (knots->flat == FLAT_LEFT)
		y[0] = y[1];
	if (knots->flat == FLAT_RIGHT)
		y[n] = y[n - 1];
}

void
knots_solve(struct knots *knots, struct ground *ground, bool values)
{
	ground_cut(ground, knots->t, knots->n);
	pieces_sum(knots, &ground->cut);
	if (ground->sampled)
		pieces_couple(knots, ground->cut.weight);
	if (values)
		values_solve(knots);
	pieces_residual(knots, &ground->cut);
}

/* A symmetric band matrix, row i: columns i .. i - 3. */
typedef double band_row[BAND];

struct system {
	int size;
	band_row *matrix, *factor;
	double *gradient, *step;
};

static void
system_done(struct system *system)
{
	free(system->matrix);
	free(system->factor);
	free(system->gradient);
	free(system->step);
}

static bool
system_new(struct system *system, int n, struct status *st)
{
	size_t size = 2 * ((size_t)n + 1);

	*system = (struct system){.size = (int)size,
				  .matrix = calloc(size, sizeof(band_row)),
				  .factor = calloc(size, sizeof(band_row)),
				  .gradient = calloc(size, sizeof(double)),
				  .step = calloc(size, sizeof(double))};
	if (system->matrix && system->factor && system->gradient && system->step)
		return true;
	system_done(system);
	return status_nomem(st, "the knots of a fit");
}

static double
slope_at(const struct knots *knots, int k)
{
	return (knots->y[k + 1] - knots->y[k]) / (knots->t[k + 1] - knots->t[k]);
}

/* Adds piece k's part of the gradient and of the Hessian. */
static void
system_add_piece(struct system *system, const struct knots *knots, int k)
{
	const struct piece *m = &knots->piece[k];
	double h = knots->t[k + 1] - knots->t[k], s = slope_at(knots, k);
	band_row *row = system->matrix + 2 * k;
	double *g = system->gradient + 2 * k;

	g[0] += m->g0;
	g[1] -= s * m->g0;
	g[2] += m->g1;
	g[3] -= s * m->g1;
	row[0][0] += m->a;                                   /* y0 y0 */
	row[1][0] += s * s * m->a - 2 * s * m->g0 / h;       /* t0 t0 */
	row[1][1] += -s * m->a + m->g0 / h;                  /* t0 y0 */
	row[2][0] += m->c;                                   /* y1 y1 */
	row[2][1] += -s * m->b - m->g0 / h;                  /* y1 t0 */
	row[2][2] += m->b;                                   /* y1 y0 */
	row[3][0] += s * s * m->c + 2 * s * m->g1 / h;       /* t1 t1 */
	row[3][1] += -s * m->c - m->g1 / h;                  /* t1 y1 */
	row[3][2] += s * s * m->b + s * (m->g0 - m->g1) / h; /* t1 t0 */
	row[3][3] += -s * m->b + m->g1 / h;                  /* t1 y0 */
}

/* Ground that changes pieces as knot j moves. */
static void
system_add_border(struct system *system, const struct knots *knots, const struct ground *ground, int j)
{
	const struct piece *left = &knots->piece[j - 1], *right = &knots->piece[j];
	double f = target_eval(ground->target, knots->t[j]), weight;

	if (ground->sampled)
		weight = 0.5 * (left->w / (knots->t[j] - knots->t[j - 1]) + right->w / (knots->t[j + 1] - knots->t[j]));
	else
		weight = target_weight(ground->target, knots->t[j], f);
	system->matrix[2 * j + 1][0] += weight * (knots->y[j] - f) * (slope_at(knots, j) - slope_at(knots, j - 1));
}

static void
system_hold(struct system *system, int i)
{
	for (int k = 1; k < BAND; k++) {
		system->matrix[i][k] = 0;
		if (i + k < system->size)
			system->matrix[i + k][k] = 0;
	}
	system->matrix[i][0] = 1;
	system->gradient[i] = 0;
}

static void
system_build(struct system *system, const struct knots *knots, const struct ground *ground)
{
	int n = knots->n;

	memset(system->matrix, 0, sizeof(band_row) * (size_t)system->size);
	memset(system->gradient, 0, sizeof(double) * (size_t)system->size);
	for (int k = 0; k < n; k++)
		system_add_piece(system, knots, k);
	for (int j = 1; j < n; j++)
		system_add_border(system, knots, ground, j);
	system_hold(system, 1);
	system_hold(system, 2 * n + 1);
	if (knots->flat == FLAT_LEFT)
		system_hold(system, 0);
	if (knots->flat == FLAT_RIGHT)
		system_hold(system, 2 * n);
}

/* Cholesky factor of the matrix with mu added; false if not positive definite. */
static bool
system_factor(struct system *system, double mu)
{
	band_row *l = system->factor;
	double most[2] = {0};

	for (int i = 0; i < system->size; i++)
		most[i & 1] = fmax(most[i & 1], fabs(system->matrix[i][0]));
	for (int i = 0; i < system->size; i++) {
		double d = system->matrix[i][0] + mu * fmax(fabs(system->matrix[i][0]), 1e-9 * most[i & 1]);

		for (int k = i < BAND - 1 ? i : BAND - 1; k > 0; k--) {
			double sum = system->matrix[i][k];

			for (int m = k + 1; m < BAND && m <= i; m++)
				sum -= l[i][m] * l[i - k][m - k];
			l[i][k] = sum / l[i - k][0];
			d -= l[i][k] * l[i][k];
		}
		if (!(d > 0))
			return false;
		l[i][0] = sqrt(d);
	}
	return true;
}

static void
system_solve(struct system *system)
{
	band_row *l = system->factor;
	double *step = system->step;
	int size = system->size;

	for (int i = 0; i < size; i++) {
		step[i] = -system->gradient[i];
		for (int k = 1; k < BAND && k <= i; k++)
			step[i] -= l[i][k] * step[i - k];
		step[i] /= l[i][0];
	}
	for (int i = size; i-- > 0;) {
		for (int k = 1; k < BAND && i + k < size; k++)
			step[i] -= l[i + k][k] * step[i + k];
		step[i] /= l[i][0];
	}
}

/* The longest step up to a whole one that shrinks no gap by more than 60%. */
static void
knots_move(struct knots *to, const struct knots *from, const double *step)
{
	double alpha = 1;

	for (int k = 0; k < from->n; k++) {
		double shrink = step[2 * k + 1] - step[2 * k + 3], room = 0.6 * (from->t[k + 1] - from->t[k]);

		if (shrink * alpha > room)
			alpha = room / shrink;
	}
	knots_copy(to, from);
	for (int j = 1; j < from->n; j++)
		to->t[j] += alpha * step[2 * j + 1];
}

static bool
knots_ascend(const struct knots *knots)
{
	for (int k = 0; k < knots->n; k++)
		if (!(knots->t[k + 1] > knots->t[k]))
			return false;
	return true;
}

/* One accepted step into trial; false when none lowers the error. */
static bool
newton_step(struct system *system, struct knots *trial, const struct knots *knots, struct ground *ground, double *mu)
{
	system_build(system, knots, ground);
	for (int i = 0; i < TRIES; i++) {
		if (!system_factor(system, *mu)) {
			*mu *= 8;
			continue;
		}
		system_solve(system);
		knots_move(trial, knots, system->step);
		if (knots_ascend(trial)) {
			knots_solve(trial, ground, true);
			if (trial->error < knots->error) {
				*mu *= 0.15;
				return true;
			}
		}
		*mu *= 6;
	}
	return false;
}

bool
newton_descend(struct knots *knots, struct ground *ground, double tolerance, double rival, struct status *st)
{
	struct system system;
	struct knots trial;
	double mu = 1e-3;

	if (!knots_new(&trial, knots->n, st))
		return false;
	if (!system_new(&system, knots->n, st)) {
		knots_done(&trial);
		return false;
	}
	knots_solve(knots, ground, true);
	for (int step = 0, slow = 0; step < STEPS && slow < 2; step++) {
		double before = knots->error;

		if (step == TRIAL_STEPS && before > HOPELESS * rival)
			break;
		if (!newton_step(&system, &trial, knots, ground, &mu))
			break;
		slow = before - trial.error < tolerance * before ? slow + 1 : 0;
		knots_copy(knots, &trial);
	}
	knots_done(&trial);
	system_done(&system);
	return true;
}
