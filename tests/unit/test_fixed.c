/* Products of counts and of values with weights in fixed point: what exact arithmetic gives, and the same bits
 * from every kernel and on any number of threads. */
#include "spikescope.h"

#include "base/arena.h"
#include "kernels/fixed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct shape {
	int rows, in, out;
};

static const struct shape shapes[] = {{1, 1, 1},     {1, 5, 3},     {17, 70, 50},   {81, 64, 16},  {33, 400, 10},
				      {65, 192, 96}, {65, 768, 48}, {197, 100, 37}, {160, 65, 17}, {50, 1000, 33}};
enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

struct operands {
	struct arena *arena;
	struct fixed *fixed;
	float *w, *quantum, *x, *y, *again;
	int8_t *counts, *scratch;
};

/* Counts up to FIXED_COUNT_MOST of the quantum times grain; some inputs never send. */
static void
operands_init(struct operands *o, struct shape s, float grain, struct rng *rng)
{
	size_t in = (size_t)s.in, out = (size_t)s.out, rows = (size_t)s.rows;
	float *inverse;

	o->arena = arena_new();
	o->w = arena_floats(o->arena, in * out);
	o->quantum = arena_floats(o->arena, in);
	o->x = arena_floats(o->arena, rows * in);
	o->y = arena_floats(o->arena, rows * out);
	o->again = arena_floats(o->arena, rows * out);
	o->counts = arena_alloc(o->arena, fixed_counts_size(s.rows, s.in));
	inverse = arena_floats(o->arena, in);
	o->scratch = arena_alloc(o->arena, fixed_values_scratch(s.rows, s.in));
	o->fixed = fixed_new(o->arena, s.in, s.out);
	assert_non_null(o->fixed);
	for (size_t i = 0; i < in * out; i++)
		o->w[i] = (float)rng_normal(rng);
	for (size_t i = 0; i < in; i++)
		o->quantum[i] = rng_uniform(rng) < 0.1 ? 0 : (float)(0.001 + rng_uniform(rng));
	for (size_t i = 0; i < rows * in; i++) {
		int count = (int)(rng_uniform(rng) * (2 * FIXED_COUNT_MOST + 1)) - FIXED_COUNT_MOST;

		o->x[i] = (float)count * (o->quantum[i % in] * grain);
	}
	for (size_t i = 0; i < in; i++)
		inverse[i] = o->quantum[i] > 0 ? 1 / o->quantum[i] : 0;
	for (size_t r = 0; r < rows; r++)
		fixed_counts(o->x + r * in, inverse, grain, s.in, o->counts + r * fixed_row(s.in));
	for (size_t i = 0; i < rows * out; i++)
		o->y[i] = o->again[i] = (float)rng_normal(rng);
	fixed_fill(o->fixed, o->w, o->quantum);
}

/* Weights are rounded by 2^-24 of the largest; a sum is rounded by 2^-24 of itself, thrice, for
 * every chunk; sums of the largest values bound both. */
static void
follows_exact_arithmetic(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int k = 0; k < SHAPES; k++) {
		struct shape s = shapes[k];
		struct operands o;

		operands_init(&o, s, 0.25f, &rng);
		fixed_add(o.fixed, o.counts, s.rows, 0.25f, o.y);
		for (int r = 0; r < s.rows; r++)
			for (int c = 0; c < s.out; c++) {
				double want = (double)o.again[r * s.out + c], sent = 0, most = 0;

				for (int i = 0; i < s.in; i++) {
					double x = (double)o.x[r * s.in + i], w = (double)o.w[c * s.in + i];

					want += x * w;
					sent += o.quantum[i] > 0 ? fabs(x) / (double)o.quantum[i] : 0;
					most = fmax(most, fabs(w * (double)o.quantum[i]));
				}
				assert_float_equal(o.y[r * s.out + c], want, 6 * 0x1p-24 * (sent * most + fabs(want)) + 1e-30);
			}
		arena_free(o.arena);
	}
}

static void
kernels_and_threads_agree(void **state)
{
	int threads = omp_get_max_threads();
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2);
	for (int k = 0; k < SHAPES; k++) {
		struct shape s = shapes[k];
		size_t bytes = (size_t)s.rows * (size_t)s.out * sizeof(float);
		struct operands o;

		operands_init(&o, s, 1, &rng);
		fixed_add(o.fixed, o.counts, s.rows, 1, o.y);
		fixed_add_plain(o.fixed, o.counts, s.rows, 1, o.again);
		assert_memory_equal(o.y, o.again, bytes);
		arena_free(o.arena);
	}
	/* large enough to be shared out */
	for (int n = 1; n <= 3; n += 2) {
		static float first[512 * 700];
		struct shape s = {512, 384, 700};
		struct operands o;

		rng_seed(&rng, 3);
		operands_init(&o, s, 1, &rng);
		omp_set_num_threads(n);
		fixed_add(o.fixed, o.counts, s.rows, 1, o.y);
		if (n == 1)
			memcpy(first, o.y, sizeof(first));
		assert_memory_equal(o.y, first, sizeof(first));
		arena_free(o.arena);
	}
	omp_set_num_threads(threads);
}

/* Values of rows of all sizes, the first of them silent, and quanta of 1. */
static void
values_init(struct operands *o, struct shape s, struct rng *rng)
{
	operands_init(o, s, 1, rng);
	for (int i = 0; i < s.in; i++)
		o->quantum[i] = 1;
	for (int r = 0; r < s.rows; r++)
		for (int i = 0; i < s.in; i++)
			o->x[r * s.in + i] = r == 0 ? 0 : ldexpf((float)rng_normal(rng), r % 40 - 20);
	for (int i = 0; i < s.rows * s.out; i++)
		o->y[i] = o->again[i] = 0;
	fixed_fill(o->fixed, o->w, o->quantum);
}

static double
largest(const float *x, int n)
{
	double most = 0;

	for (int i = 0; i < n; i++)
		most = fmax(most, fabs((double)x[i]));
	return most;
}

/* Rows are rounded by 2^-22.9 of their largest value, weights by 2^-24 of the largest, and sums four
 * times by 2^-24 for every chunk. Most errors are much smaller: in all, no larger than those of
 * sums of floats. */
static void
values_follow_exact_arithmetic(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (int k = 0; k < SHAPES; k++) {
		struct shape s = shapes[k];
		struct operands o;

		values_init(&o, s, &rng);
		fixed_add_values(o.fixed, o.x, s.rows, o.scratch, o.y);
		for (int r = 0; r < s.rows; r++) {
			double errors = 0, squares = 0;

			for (int c = 0; c < s.out; c++) {
				double most = largest(o.x + r * s.in, s.in) * largest(o.w + c * s.in, s.in), want = 0, error;

				for (int i = 0; i < s.in; i++)
					want += (double)o.x[r * s.in + i] * (double)o.w[c * s.in + i];
				error = fabs((double)o.y[r * s.out + c] - want);
				assert_true(error <= 8 * 0x1p-24 * most * s.in);
				errors += error * error;
				squares += want * want;
			}
			if (s.in >= 64)
				assert_true(errors <= 0x1p-42 * squares);
		}
		arena_free(o.arena);
	}
}

static void
kernels_agree_on_values(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 6);
	for (int k = 0; k < SHAPES; k++) {
		struct shape s = shapes[k];
		struct operands o;

		values_init(&o, s, &rng);
		fixed_add_values(o.fixed, o.x, s.rows, o.scratch, o.y);
		fixed_add_values_plain(o.fixed, o.x, s.rows, o.scratch, o.again);
		assert_memory_equal(o.y, o.again, (size_t)(s.rows * s.out) * sizeof(float));
		arena_free(o.arena);
	}
}

/* Large enough to be shared out. */
static void
threads_agree_on_values(void **state)
{
	static float first[512 * 700];
	int threads = omp_get_max_threads();

	(void)state;
	for (int n = 1; n <= 3; n += 2) {
		struct shape s = {512, 384, 700};
		struct operands o;
		struct rng rng;

		rng_seed(&rng, 7);
		values_init(&o, s, &rng);
		omp_set_num_threads(n);
		fixed_add_values(o.fixed, o.x, s.rows, o.scratch, o.y);
		if (n == 1)
			memcpy(first, o.y, sizeof(first));
		assert_memory_equal(o.y, first, sizeof(first));
		arena_free(o.arena);
	}
	omp_set_num_threads(threads);
}

/* A row that is not finite is no number, and other rows do not mind. */
static void
values_without_end_give_nan(void **state)
{
	static const float ends[] = {INFINITY, -INFINITY, NAN};
	struct shape s = {20, 100, 40};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 8);
	for (int k = 0; k < 3; k++) {
		struct operands o;

		values_init(&o, s, &rng);
		fixed_add_values(o.fixed, o.x, s.rows, o.scratch, o.again);
		o.x[7 * s.in + 3] = ends[k];
		fixed_add_values(o.fixed, o.x, s.rows, o.scratch, o.y);
		for (int i = 0; i < s.rows * s.out; i++)
			assert_true(i / s.out == 7 ? isnan(o.y[i]) : o.y[i] == o.again[i]);
		arena_free(o.arena);
	}
}

/* As when thresholds have changed. */
static void
filled_again_forgets(void **state)
{
	struct shape s = {20, 100, 40};
	struct operands o, other;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 4);
	operands_init(&o, s, 1, &rng);
	operands_init(&other, s, 1, &rng);
	fixed_fill(o.fixed, other.w, other.quantum);
	memcpy(o.y, other.y, (size_t)(s.rows * s.out) * sizeof(float));
	fixed_add(o.fixed, other.counts, s.rows, 1, o.y);
	fixed_add(other.fixed, other.counts, s.rows, 1, other.y);
	assert_memory_equal(o.y, other.y, (size_t)(s.rows * s.out) * sizeof(float));
	arena_free(o.arena);
	arena_free(other.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_exact_arithmetic),    cmocka_unit_test(kernels_and_threads_agree),
	    cmocka_unit_test(filled_again_forgets),        cmocka_unit_test(values_follow_exact_arithmetic),
	    cmocka_unit_test(kernels_agree_on_values),     cmocka_unit_test(threads_agree_on_values),
	    cmocka_unit_test(values_without_end_give_nan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
