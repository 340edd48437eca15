/* Products of counts with weights in fixed point: the sums of whole numbers that kernels/fixed.h defines, to the bit,
 * from all kernels that the machine has, for all inputs or spike by spike, and on any number of threads. */
#include "spikescope.h"

#include "base/arena.h"
#include "kernels/cpu.h"
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
	struct fixed_room *room;
	float *w, *quantum, *x, *y, *again;
	int8_t *counts;
};

/* Of rows one after another none sends, few, some and all do, small counts and then large ones. */
static int
random_count(int row, struct rng *rng)
{
	static const double density[] = {0, 0.03, 0.3, 1, 0.1};
	int most = row % 2 ? 2 : FIXED_COUNT_MOST;

	if (rng_uniform(rng) >= density[row % 5])
		return 0;
	return (int)(rng_uniform(rng) * (2 * most + 1)) - most;
}

/* Counts of the quantum times grain; some inputs never send. */
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
	o->room = fixed_room_new(o->arena, s.rows, s.in);
	o->fixed = fixed_new(o->arena, s.in, s.out);
	assert_true(o->room && o->fixed);
	for (size_t i = 0; i < in * out; i++)
		o->w[i] = (float)rng_normal(rng);
	for (size_t i = 0; i < in; i++)
		o->quantum[i] = rng_uniform(rng) < 0.1 ? 0 : (float)(0.001 + rng_uniform(rng));
	for (size_t i = 0; i < rows * in; i++)
		o->x[i] = (float)random_count((int)(i / in), rng) * (o->quantum[i % in] * grain);
	for (size_t i = 0; i < in; i++)
		inverse[i] = o->quantum[i] > 0 ? 1 / o->quantum[i] : 0;
	for (size_t r = 0; r < rows; r++)
		fixed_counts(o->x + r * in, inverse, grain, s.in, o->counts + r * fixed_row(s.in));
	for (size_t i = 0; i < rows * out; i++)
		o->y[i] = o->again[i] = (float)rng_normal(rng);
	fixed_fill(o->fixed, o->w, o->quantum);
}

/* Weights are rounded by 2^-24 of the largest, and a sum by 2^-24 of itself, twice for every chunk; sums of the
 * largest values bound both. */
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
		fixed_add(o.fixed, o.counts, s.rows, 0.25f, o.room, o.y);
		for (int r = 0; r < s.rows; r++)
			for (int c = 0; c < s.out; c++) {
				double want = (double)o.again[r * s.out + c], sent = 0, most = 0;

				for (int i = 0; i < s.in; i++) {
					double x = (double)o.x[r * s.in + i], w = (double)o.w[c * s.in + i];

					want += x * w;
					sent += o.quantum[i] > 0 ? fabs(x) / (double)o.quantum[i] : 0;
					most = fmax(most, fabs(w * (double)o.quantum[i]));
				}
				assert_float_equal(o.y[r * s.out + c], want, 4 * 0x1p-24 * (sent * most + fabs(want)) + 1e-30);
			}
		arena_free(o.arena);
	}
}

/* The definition, with 64-bit sums. */
static void
add_by_definition(const struct operands *o, struct shape s, float grain, float *y)
{
	for (int c = 0; c < s.out; c++) {
		double most = 0;
		float scale;

		for (int i = 0; i < s.in; i++)
			most = fmax(most, fabs((double)o->w[c * s.in + i] * (double)o->quantum[i]));
		scale = (float)(most / FIXED_MOST);
		for (int r = 0; r < s.rows; r++)
			for (int from = 0; from < s.in; from += FIXED_CHUNK) {
				int64_t sum = 0;

				for (int i = from; i < s.in && i < from + FIXED_CHUNK; i++) {
					double q = rint((double)o->w[c * s.in + i] * (double)o->quantum[i] * (1 / (double)scale));

					sum += (int64_t)o->counts[(size_t)r * fixed_row(s.in) + (size_t)i] *
					       (int64_t)fmin(fmax(q, -FIXED_MOST), FIXED_MOST);
				}
				y[r * s.out + c] = fmaf((float)sum, scale * grain, y[r * s.out + c]);
			}
	}
}

static void
check_ways(struct shape s, struct rng *rng)
{
	size_t bytes = (size_t)s.rows * (size_t)s.out * sizeof(float);

	for (int choice = FIXED_BY_DENSITY; choice <= FIXED_EVENTS; choice++) {
		struct operands o;

		operands_init(&o, s, 0.5f, rng);
		fixed_add_as((enum fixed_choice)choice, o.fixed, o.counts, s.rows, 0.5f, o.room, o.y);
		add_by_definition(&o, s, 0.5f, o.again);
		assert_memory_equal(o.y, o.again, bytes);
		arena_free(o.arena);
	}
}

static void
all_kernels_give_the_definition(void **state)
{
	struct rng rng;

	(void)state;
	for (int way = 0; way < KERNELS_WAYS; way++) {
		if (!kernels_has((enum kernels)way)) {
			print_message("skipped: no %s on this machine\n", kernels_name((enum kernels)way));
			continue;
		}
		assert_true(kernels_choose(kernels_name((enum kernels)way), NULL));
		rng_seed(&rng, 2);
		for (int k = 0; k < SHAPES; k++)
			check_ways(shapes[k], &rng);
	}
	assert_true(kernels_choose(NULL, NULL));
}

/* Large enough to be shared out. */
static void
threads_agree(void **state)
{
	static float first[512 * 700];
	int threads = omp_get_max_threads();

	(void)state;
	for (int n = 1; n <= 3; n++) {
		struct shape s = {512, 384, 700};
		struct operands o;
		struct rng rng;

		rng_seed(&rng, 3);
		operands_init(&o, s, 1, &rng);
		omp_set_num_threads(n);
		fixed_add(o.fixed, o.counts, s.rows, 1, o.room, o.y);
		if (n == 1)
			memcpy(first, o.y, sizeof(first));
		assert_memory_equal(o.y, first, sizeof(first));
		arena_free(o.arena);
	}
	omp_set_num_threads(threads);
}

/* A row that has sent nothing leaves even the sign of a zero alone, and so does a weight of nothing. */
static void
nothing_adds_nothing(void **state)
{
	struct shape s = {6, 70, 20};
	struct operands o;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 9);
	operands_init(&o, s, 1, &rng);
	memset(o.counts, 0, fixed_counts_size(s.rows, s.in));
	memcpy(o.again, o.y, (size_t)(s.rows * s.out) * sizeof(float));
	for (int choice = FIXED_BY_DENSITY; choice <= FIXED_EVENTS; choice++)
		fixed_add_as((enum fixed_choice)choice, o.fixed, o.counts, s.rows, 1, o.room, o.y);
	assert_memory_equal(o.y, o.again, (size_t)(s.rows * s.out) * sizeof(float));
	arena_free(o.arena);
}

static void
unknown_kernels_are_refused(void **state)
{
	struct status st = {0};
	enum kernels before = kernels_used();

	(void)state;
	assert_false(kernels_choose("sse9", &st));
	assert_int_equal(st.code, STATUS_USAGE);
	assert_non_null(strstr(st.message, "SPIKESCOPE_KERNELS"));
	assert_non_null(strstr(st.message, "'sse9'"));
	assert_non_null(strstr(st.message, "plain"));
	assert_int_equal(kernels_used(), before);
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
	fixed_add(o.fixed, other.counts, s.rows, 1, o.room, o.y);
	fixed_add(other.fixed, other.counts, s.rows, 1, other.room, other.y);
	assert_memory_equal(o.y, other.y, (size_t)(s.rows * s.out) * sizeof(float));
	arena_free(o.arena);
	arena_free(other.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_exact_arithmetic),
	    cmocka_unit_test(all_kernels_give_the_definition),
	    cmocka_unit_test(threads_agree),
	    cmocka_unit_test(nothing_adds_nothing),
	    cmocka_unit_test(filled_again_forgets),
	    cmocka_unit_test(unknown_kernels_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
