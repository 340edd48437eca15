#include "ugo/fit/starts.h"

#include "base/real.h"

#include <math.h>
#include <stdlib.h>

enum { MERGE_BLOCKS = 1024, PARTITION_BLOCKS = 384 };

/* Weighted moments of samples about their means. Merging them (Chan, Golub and
 * LeVeque 1983) loses no digits, unlike differences of running sums. */
struct moments {
	double w, x, y;    /* weight and means */
	double xx, xy, yy; /* sums of weighted squares about the means */
};

static struct moments
moments_join(struct moments a, struct moments b)
{
	double w = a.w + b.w, share = w > 0 ? b.w / w : 0, product = a.w * share;
	double dx = b.x - a.x, dy = b.y - a.y;

	return (struct moments){.w = w,
				.x = a.x + share * dx,
				.y = a.y + share * dy,
				.xx = a.xx + b.xx + product * dx * dx,
				.xy = a.xy + b.xy + product * dx * dy,
				.yy = a.yy + b.yy + product * dy * dy};
}

/* Squared error of the best line. */
static double
moments_error(struct moments m)
{
	return fmax(0, m.yy - (m.xx > 0 ? m.xy * m.xy / m.xx : 0));
}

static int
block_first(const struct samples *samples, int blocks, int block)
{
	return (int)((long)block * samples->count / blocks);
}

static void
blocks_fill(struct moments *m, int blocks, const struct samples *samples)
{
	for (int i = 0; i < blocks; i++) {
		m[i] = (struct moments){0};
		for (int k = block_first(samples, blocks, i); k < block_first(samples, blocks, i + 1); k++)
			m[i] = moments_join(m[i], (struct moments){samples->w[k], samples->x[k], samples->y[k], 0, 0, 0});
	}
}

/* The place of the border before a block: between the samples beside it. */
static double
block_border(const struct samples *samples, int blocks, int block)
{
	int first = block_first(samples, blocks, block);

	return (samples->x[first - 1] + samples->x[first]) / 2;
}

/* Cells at a kink or a jump count for nothing: they want one knot, not many. */
static double
cell_mass(const struct cell *cell)
{
	return cell->key > 0 ? real_pow(cell->error, 0.2) : 0;
}

void
start_equal(double *t, int n, const struct cells *cells)
{
	double lo = cells->at[0].a, hi = cells->at[cells->count - 1].b;
	double total = 0, floor, passed = 0;
	int knot = 1;

	for (int i = 0; i < cells->count; i++)
		total += cell_mass(&cells->at[i]);
	floor = total > 0 ? 1e-3 * total / (hi - lo) : 1;
	total += floor * (hi - lo);
	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->at[i];
		double mass = cell_mass(cell) + floor * (cell->b - cell->a);

		for (; knot < n && passed + mass >= total * knot / n; knot++)
			t[knot] = cell->a + (cell->b - cell->a) * (total * knot / n - passed) / mass;
		passed += mass;
	}
	for (; knot < n; knot++) /* rounding left the last ones out */
		t[knot] = t[knot - 1] + (hi - t[knot - 1]) / 2;
	t[0] = lo;
	t[n] = hi;
}

struct merge {
	struct moments *m;
	double *cost; /* of joining a block with the next alive one; infinite for none */
	int *next, *previous;
};

static void
merge_price(struct merge *merge, int i)
{
	int next = merge->next[i];

	if (next < 0)
		merge->cost[i] = INFINITY;
	else
		merge->cost[i] = moments_error(moments_join(merge->m[i], merge->m[next])) - moments_error(merge->m[i]) -
				 moments_error(merge->m[next]);
}

static void
merge_cheapest(struct merge *merge, int blocks)
{
	int i = 0, gone;

	for (int k = 1; k < blocks; k++)
		if (merge->cost[k] < merge->cost[i])
			i = k;
	gone = merge->next[i];
	merge->m[i] = moments_join(merge->m[i], merge->m[gone]);
	merge->next[i] = merge->next[gone];
	merge->cost[gone] = INFINITY;
	if (merge->next[i] >= 0)
		merge->previous[merge->next[i]] = i;
	merge_price(merge, i);
	if (merge->previous[i] >= 0)
		merge_price(merge, merge->previous[i]);
}

bool
start_merge(double *t, int n, const struct samples *samples, double lo, double hi, struct status *st)
{
	int blocks = 2 * n > MERGE_BLOCKS ? 2 * n : MERGE_BLOCKS, knot = 0;
	struct merge merge;

	blocks = blocks < samples->count ? blocks : samples->count;
	merge = (struct merge){.m = calloc((size_t)blocks, sizeof(*merge.m)),
			       .cost = calloc((size_t)blocks, sizeof(*merge.cost)),
			       .next = calloc((size_t)blocks, sizeof(int)),
			       .previous = calloc((size_t)blocks, sizeof(int))};
	if (!merge.m || !merge.cost || !merge.next || !merge.previous) {
		free(merge.m), free(merge.cost), free(merge.next), free(merge.previous);
		return status_nomem(st, "the starts of a fit");
	}
	blocks_fill(merge.m, blocks, samples);
	for (int i = 0; i < blocks; i++) {
		merge.next[i] = i + 1 < blocks ? i + 1 : -1;
		merge.previous[i] = i - 1;
	}
	for (int i = 0; i < blocks; i++)
		merge_price(&merge, i);
	for (int left = blocks; left > n; left--)
		merge_cheapest(&merge, blocks);
	for (int i = merge.next[0]; i >= 0; i = merge.next[i])
		t[++knot] = block_border(samples, blocks, i);
	t[0] = lo;
	t[n] = hi;
	free(merge.m), free(merge.cost), free(merge.next), free(merge.previous);
	return true;
}

/* error[first * blocks + last]: of the line through blocks first..last. */
static void
partition_price(double *error, int blocks, const struct moments *m)
{
	for (int first = 0; first < blocks; first++) {
		struct moments sum = {0};

		for (int last = first; last < blocks; last++) {
			sum = moments_join(sum, m[last]);
			error[first * blocks + last] = moments_error(sum);
		}
	}
}

/* from[k * blocks + last]: first block of the last of k + 1 lines over blocks 0..last. */
static void
partition_solve(int *from, int n, int blocks, const double *error, double *best, double *better)
{
	for (int last = 0; last < blocks; last++)
		best[last] = error[last];
	for (int k = 1; k < n; k++) {
		for (int last = k; last < blocks; last++) {
			better[last] = INFINITY;
			for (int first = k; first <= last; first++) {
				double sum = best[first - 1] + error[first * blocks + last];

				if (sum < better[last]) {
					better[last] = sum;
					from[k * blocks + last] = first;
				}
			}
		}
		for (int last = k; last < blocks; last++)
			best[last] = better[last];
	}
}

bool
start_partition(double *t, int n, const struct samples *samples, double lo, double hi, struct status *st)
{
	int blocks = samples->count < PARTITION_BLOCKS ? samples->count : PARTITION_BLOCKS, last = blocks - 1;
	struct moments *m = calloc((size_t)blocks, sizeof(*m));
	double *error = calloc((size_t)blocks * (size_t)(blocks + 2), sizeof(*error));
	int *from = calloc((size_t)blocks * (size_t)n, sizeof(*from));
	bool ok = m && error && from;

	if (ok) {
		double *best = error + (size_t)blocks * (size_t)blocks;

		blocks_fill(m, blocks, samples);
		partition_price(error, blocks, m);
		partition_solve(from, n, blocks, error, best, best + blocks);
		for (int k = n - 1; k > 0; k--) {
			int first = from[k * blocks + last];

			t[k] = block_border(samples, blocks, first);
			last = first - 1;
		}
		t[0] = lo;
		t[n] = hi;
	}
	free(m), free(error), free(from);
	return ok ? true : status_nomem(st, "the starts of a fit");
}
