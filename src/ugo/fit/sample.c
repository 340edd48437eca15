#include "ugo/fit/sample.h"

#include "base/real.h"
#include "base/rng.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCAN = 1024, CELLS_LEAST = 1024, CELLS_PER_PIECE = 16, DRAW_STRIPS = 4096 };

const double gauss_point[GAUSS_POINTS] = {-0.861136311594052575, -0.339981043584856265, 0.339981043584856265,
					  0.861136311594052575};
const double gauss_share[GAUSS_POINTS] = {0.347854845137453857, 0.652145154862546143, 0.652145154862546143, 0.347854845137453857};

static const double uniform_share = 0.05; /* keeps the fit sane where no input was seen */
static const double relative_floor = 1e-9;
static const double least_cell = 1e-10; /* of the range: bisection stops at jumps */

static double
eval_table(const void *of, double x)
{
	return ((const struct function_info *)of)->eval(x);
}

static double
eval_curve(const void *of, double x)
{
	return curve_eval(of, x);
}

static struct target
target_make(double (*eval)(const void *, double), const void *of, double lo, double hi, enum ugo_weighting weighting)
{
	struct target target = {.eval = eval, .of = of, .lo = lo, .hi = hi, .weighting = weighting};
	double most = 0;

	for (int i = 0; i <= SCAN; i++)
		most = fmax(most, fabs(target_eval(&target, lo + (hi - lo) * i / SCAN)));
	target.floor = most > 0 ? relative_floor * most : 1;
	return target;
}

struct target
target_function(enum function f, double lo, double hi, enum ugo_weighting weighting)
{
	return target_make(eval_table, &function_table[f], lo, hi, weighting);
}

struct target
target_curve(const struct curve *curve, double lo, double hi, enum ugo_weighting weighting)
{
	return target_make(eval_curve, curve, lo, hi, weighting);
}

void
target_density(struct target *target, const double *density, int bins)
{
	double sum = 0;

	for (int i = 0; i < bins; i++)
		sum += density[i];
	if (!(sum > 0))
		return;
	target->density = density;
	target->bins = bins;
	target->density_sum = sum;
}

static double
normal_below(double z)
{
	return 0.5 * real_erfc(-z * M_SQRT1_2);
}

void
target_normal(struct target *target, struct ugo_normal normal)
{
	double below, mass;

	if (normal.octaves) {
		target->normal = normal;
		return;
	}
	below = normal_below((target->lo - normal.mean) / normal.deviation);
	mass = normal_below((target->hi - normal.mean) / normal.deviation) - below;

	if (!(normal.share > 0) || !(mass > 0))
		return;
	target->normal = normal;
	target->normal_mass = mass;
}

struct target
target_of(const struct ugo *u)
{
	struct target target = u->curve ? target_curve(u->curve, u->lo, u->hi, u->weighting)
					: target_function(u->function, u->lo, u->hi, u->weighting);

	target_normal(&target, u->normal);
	if (u->density)
		target_density(&target, u->density, u->bins);
	return target;
}

double
target_eval(const struct target *target, double x)
{
	return target->eval(target->of, x);
}

double
target_unit(const struct target *target, double y)
{
	return target->weighting == UGO_RELATIVE ? fmax(fabs(y), target->floor) : 1;
}

/* Of the input at x, where a uniform one is 1. */
static double
density_at(const struct target *target, double x)
{
	double width = target->hi - target->lo, p = 1;

	if (target->normal.octaves)
		p = width / (x * real_log(target->hi / target->lo));
	if (target->normal_mass > 0) {
		double z = (x - target->normal.mean) / target->normal.deviation;
		double share = target->normal.share;

		p = 1 - share +
		    share * width * real_exp(-z * z / 2) / (sqrt(2 * M_PI) * target->normal.deviation * target->normal_mass);
	}
	if (target->density) {
		int bin = (int)((x - target->lo) / width * target->bins);

		bin = bin < 0 ? 0 : bin >= target->bins ? target->bins - 1 : bin;
		p = uniform_share + (1 - uniform_share) * target->density[bin] / target->density_sum * target->bins;
	}
	return p;
}

double
target_weight(const struct target *target, double x, double y)
{
	double unit = target_unit(target, y);

	return density_at(target, x) / (target->hi - target->lo) / (unit * unit);
}

static void
cell_judge(struct cell *cell, const struct target *target, enum sample_goal goal)
{
	const double *f = cell->f;
	double width = cell->b - cell->a, middle = cell->a + width / 2;
	double d = fabs(f[2] - (f[0] + f[4]) / 2);

	d = fmax(d, fabs(f[1] - (3 * f[0] + f[4]) / 4));
	d = fmax(d, fabs(f[3] - (f[0] + 3 * f[4]) / 4));
	if (d <= 4 * DBL_EPSILON * fmax(fabs(f[0]), fabs(f[4]))) /* rounding, not shape */
		d = 0;
	if (goal == SAMPLE_SQUARE)
		cell->error = target_weight(target, middle, f[2]) * d * d * width;
	else
		cell->error = d / target_unit(target, f[2]);
	if (!isfinite(cell->error))
		cell->error = 0;
	cell->key = width / 2 < least_cell * (target->hi - target->lo) ? 0 : cell->error;
}

static struct cell
cell_make(const struct target *target, enum sample_goal goal, double a, double b)
{
	struct cell cell = {.a = a, .b = b};

	for (int i = 0; i < 5; i++)
		cell.f[i] = target_eval(target, i < 4 ? a + (b - a) * i / 4 : b);
	cell_judge(&cell, target, goal);
	return cell;
}

/* The half from value 2 * side on; two of its five values are new. */
static struct cell
cell_half(const struct cell *whole, int side, const struct target *target, enum sample_goal goal)
{
	double middle = whole->a + (whole->b - whole->a) / 2;
	struct cell half = {.a = side ? middle : whole->a, .b = side ? whole->b : middle};

	for (int i = 0; i < 3; i++)
		half.f[2 * i] = whole->f[2 * side + i];
	for (int i = 1; i < 4; i += 2)
		half.f[i] = target_eval(target, half.a + (half.b - half.a) * i / 4);
	cell_judge(&half, target, goal);
	return half;
}

static void
heap_down(struct cell *heap, int count, int i)
{
	for (int child; (child = 2 * i + 1) < count; i = child) {
		struct cell swap = heap[i];

		if (child + 1 < count && heap[child + 1].key > heap[child].key)
			child++;
		if (!(heap[child].key > swap.key))
			return;
		heap[i] = heap[child];
		heap[child] = swap;
	}
}

static void
heap_up(struct cell *heap, int i)
{
	for (int parent; i > 0 && heap[i].key > heap[parent = (i - 1) / 2].key; i = parent) {
		struct cell swap = heap[i];

		heap[i] = heap[parent];
		heap[parent] = swap;
	}
}

static int
cell_order(const void *one, const void *two)
{
	const struct cell *a = one, *b = two;

	return (a->a > b->a) - (a->a < b->a);
}

bool
cells_make(struct cells *cells, const struct target *target, enum sample_goal goal, int count, struct status *st)
{
	int start = count / 8 > 0 ? count / 8 : 1;
	struct cell *heap = calloc((size_t)count, sizeof(*heap));
	double lo = target->lo, width = target->hi - lo;

	if (!heap)
		return status_nomem(st, "the samples of a fit");
	for (int i = 0; i < start; i++)
		heap[i] =
		    cell_make(target, goal, lo + width * i / start, i + 1 < start ? lo + width * (i + 1) / start : target->hi);
	for (int i = start / 2; i-- > 0;)
		heap_down(heap, start, i);
	for (cells->count = start; cells->count < count && heap[0].key > 0; cells->count++) {
		struct cell whole = heap[0];

		heap[0] = cell_half(&whole, 0, target, goal);
		heap_down(heap, cells->count, 0);
		heap[cells->count] = cell_half(&whole, 1, target, goal);
		heap_up(heap, cells->count);
	}
	qsort(heap, (size_t)cells->count, sizeof(*heap), cell_order);
	cells->at = heap;
	return true;
}

void
cells_done(struct cells *cells)
{
	free(cells->at);
	*cells = (struct cells){0};
}

bool
cells_finite(const struct cells *cells)
{
	for (int i = 0; i < cells->count; i++)
		for (int k = 0; k < 5; k++)
			if (!isfinite(cells->at[i].f[k]))
				return false;
	return true;
}

bool
samples_new(struct samples *samples, size_t count, struct status *st)
{
	double *block = malloc(3 * count * sizeof(*block));

	if (!block)
		return status_nomem(st, "the samples of a fit");
	*samples = (struct samples){.x = block, .y = block + count, .w = block + 2 * count};
	return true;
}

static void
samples_add(struct samples *samples, const struct target *target, double a, double b)
{
	double half = (b - a) / 2, middle = a + half;

	for (int k = 0; k < GAUSS_POINTS; k++) {
		int at = samples->count++;

		samples->x[at] = middle + half * gauss_point[k];
		samples->y[at] = target_eval(target, samples->x[at]);
		samples->w[at] = gauss_share[k] * half * target_weight(target, samples->x[at], samples->y[at]);
	}
}

bool
samples_make(struct samples *samples, const struct target *target, const struct cells *cells, struct status *st)
{
	if (!samples_new(samples, (size_t)cells->count * GAUSS_POINTS, st))
		return false;
	for (int i = 0; i < cells->count; i++)
		samples_add(samples, target, cells->at[i].a, cells->at[i].b);
	for (int i = 0; i < samples->count; i++)
		samples->weight += samples->w[i];
	return true;
}

static void
samples_put(struct samples *samples, const struct target *target, double x, double y, double weight)
{
	double unit = target_unit(target, y);
	int at = samples->count++;

	samples->x[at] = x;
	samples->y[at] = y;
	samples->w[at] = weight / (unit * unit);
	samples->weight += samples->w[at];
}

bool
samples_of_curve(struct samples *samples, const struct curve *curve, const struct target *target, struct status *st)
{
	const double *x, *y, *weight;
	int count = curve_table(curve, &x, &y, &weight);
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += x[i] >= target->lo && x[i] <= target->hi ? weight[i] : 0;
	if (!samples_new(samples, count > 0 ? (size_t)count : 1, st))
		return false;
	for (int i = 0; i < count; i++)
		if (x[i] >= target->lo && x[i] <= target->hi)
			samples_put(samples, target, x[i], y[i], sum > 0 ? weight[i] / sum : 0);
	return true;
}

static int
order_doubles(const void *one, const void *two)
{
	const double *a = one, *b = two;

	return (*a > *b) - (*a < *b);
}

/* Strip i of the range, in log x where that is even. */
static double
strip_edge(const struct target *target, int i)
{
	double share = (double)i / DRAW_STRIPS;

	if (target->normal.octaves)
		return target->lo * real_pow(target->hi / target->lo, share);
	return target->lo + (target->hi - target->lo) * share;
}

/* By the inverse of the distribution function, which is summed over narrow strips. */
void
target_places(const struct target *target, double *share, int count)
{
	double below[DRAW_STRIPS + 1] = {0};

	for (int i = 0; i < DRAW_STRIPS; i++) {
		double a = strip_edge(target, i), b = strip_edge(target, i + 1);

		below[i + 1] = below[i] + density_at(target, (a + b) / 2) * (b - a);
	}
	for (int i = 0, strip = 0; i < count; i++) {
		double place = share[i] * below[DRAW_STRIPS], a, b;

		while (strip + 1 < DRAW_STRIPS && place >= below[strip + 1])
			strip++;
		a = strip_edge(target, strip);
		b = strip_edge(target, strip + 1);
		share[i] = a + (b - a) * (place - below[strip]) / (below[strip + 1] - below[strip]);
	}
}

static void
draw_inputs(double *x, const struct target *target, int count, uint64_t seed)
{
	struct rng rng;

	rng_seed(&rng, seed);
	for (int i = 0; i < count; i++)
		x[i] = rng_uniform(&rng);
	qsort(x, (size_t)count, sizeof(*x), order_doubles);
	target_places(target, x, count);
}

bool
samples_draw(struct samples *samples, const struct target *target, int count, uint64_t seed, struct status *st)
{
	if (!samples_new(samples, (size_t)count, st))
		return false;
	draw_inputs(samples->x, target, count, seed);
	for (int i = 0; i < count; i++)
		samples_put(samples, target, samples->x[i], target_eval(target, samples->x[i]), 1.0 / count);
	return true;
}

void
samples_done(struct samples *samples)
{
	free(samples->x);
	*samples = (struct samples){0};
}

double
samples_size(const struct samples *samples)
{
	double size = 0;

	for (int i = 0; i < samples->count; i++)
		size += samples->w[i] * samples->y[i] * samples->y[i];
	return size;
}

bool
ground_make(struct ground *ground, const struct target *target, int pieces, struct status *st)
{
	int count = CELLS_PER_PIECE * pieces > CELLS_LEAST ? CELLS_PER_PIECE * pieces : CELLS_LEAST;

	*ground = (struct ground){.target = target, .sampled = target->points != NULL};
	if (ground->sampled) {
		ground->whole = ground->cut = *target->points;
		return true;
	}
	return cells_make(&ground->cells, target, SAMPLE_SQUARE, count, st) &&
	       samples_make(&ground->whole, target, &ground->cells, st) &&
	       samples_new(&ground->cut, ((size_t)count + (size_t)pieces) * GAUSS_POINTS, st);
}

void
ground_done(struct ground *ground)
{
	if (ground->sampled) /* the samples are the target's */
		return;
	cells_done(&ground->cells);
	samples_done(&ground->whole);
	samples_done(&ground->cut);
}

static void
samples_repeat(struct samples *to, const struct samples *from, int first)
{
	size_t size = GAUSS_POINTS * sizeof(double);

	memcpy(to->x + to->count, from->x + first, size);
	memcpy(to->y + to->count, from->y + first, size);
	memcpy(to->w + to->count, from->w + first, size);
	to->count += GAUSS_POINTS;
}

void
ground_cut(struct ground *ground, const double *t, int n)
{
	int knot = 1;

	if (ground->sampled)
		return;
	ground->cut.count = 0;
	ground->cut.weight = ground->whole.weight;
	for (int i = 0; i < ground->cells.count; i++) {
		double from = ground->cells.at[i].a, to = ground->cells.at[i].b;

		if (knot == n || t[knot] >= to) {
			samples_repeat(&ground->cut, &ground->whole, i * GAUSS_POINTS);
			continue;
		}
		for (; knot < n && t[knot] < to; knot++) {
			samples_add(&ground->cut, ground->target, from, t[knot]);
			from = t[knot];
		}
		samples_add(&ground->cut, ground->target, from, to);
	}
}
