/* Products of counts with weights in fixed point: what exact arithmetic gives, and the same bits
 * from every kernel and on any number of threads. */
#include "spikescope.h"

#include "ann/fixed.h"
#include "base/arena.h"

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
	int8_t *counts;
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
	    cmocka_unit_test(follows_exact_arithmetic),
	    cmocka_unit_test(kernels_and_threads_agree),
	    cmocka_unit_test(filled_again_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
