/* Products with weights in panels: to the bit the plain sums,
 * however they are cut up, and the same from lists of spikes. */
#include "spikescope.h"

#include "kernels/dense.h"
#include "kernels/panels.h"

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

static const struct shape shapes[] = {{1, 1, 1},     {1, 5, 16},    {7, 3, 17},    {8, 192, 48},  {9, 64, 65},
				      {65, 64, 65},  {65, 200, 96}, {12, 50, 112}, {3, 193, 130}, {5, 400, 31},
				      {64, 48, 192}, {2, 7, 47},    {13, 385, 49}};
enum { SHAPES = sizeof(shapes) / sizeof(*shapes) };

struct operands {
	float *x, *w, *panels, *bias, *y, *want;
};

static float *
numbers(struct rng *rng, size_t n, double density)
{
	float *x = aligned_alloc(64, (n * sizeof(float) + 127) / 64 * 64);

	assert_non_null(x);
	for (size_t i = 0; i < n; i++)
		x[i] = rng_uniform(rng) < density ? (float)rng_normal(rng) : 0;
	return x;
}

static void
operands_init(struct operands *o, struct shape s, double density, struct rng *rng)
{
	size_t in = (size_t)s.in, out = (size_t)s.out, rows = (size_t)s.rows;

	o->x = numbers(rng, rows * in, density);
	o->w = numbers(rng, in * out, 1);
	o->panels = numbers(rng, panels_size(s.in, s.out), 1); /* not zero, to be overwritten */
	o->bias = numbers(rng, out, 1);
	o->y = numbers(rng, rows * out, 1);
	o->want = numbers(rng, rows * out, 1);
	panels_fill(o->panels, o->w, in, 1, s.in, s.out);
}

static void
operands_done(struct operands *o)
{
	free(o->x);
	free(o->w);
	free(o->panels);
	free(o->bias);
	free(o->y);
	free(o->want);
}

static bool
fuses(void)
{
#if defined(__x86_64__)
	return __builtin_cpu_supports("x86-64-v3");
#else
	return false;
#endif
}

/* want = start + x W', chunk by chunk, one input after the other; start [rows, out] or, by stride 0, [out]. */
static void
plain_product(const struct operands *o, struct shape s, const float *start, size_t stride)
{
	for (int r = 0; r < s.rows; r++)
		for (int c = 0; c < s.out; c++) {
			float total = start ? start[(size_t)r * stride + (size_t)c] : 0, sum = 0;

			for (int i = 0; i < s.in; i++) {
				float x = o->x[(size_t)r * (size_t)s.in + (size_t)i], w = o->w[c * s.in + i];

				sum = fuses() ? fmaf(x, w, sum) : sum + x * w;
				if ((i + 1) % DENSE_CHUNK != 0 && i + 1 < s.in)
					continue;
				total += sum;
				sum = 0;
			}
			o->want[r * s.out + c] = total;
		}
}

static void
check_same(const struct operands *o, struct shape s, const char *what)
{
	for (int i = 0; i < s.rows * s.out; i++)
		if (o->y[i] != o->want[i])
			fail_msg("%s, %d x %d x %d: output %d is %a, plainly %a", what, s.rows, s.in, s.out, i, (double)o->y[i],
				 (double)o->want[i]);
}

static void
products_are_plain_sums(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (int i = 0; i < SHAPES; i++) {
		struct shape s = shapes[i];
		struct operands o;
		struct dense d;

		operands_init(&o, s, 1, &rng);
		d = (struct dense){.rows = s.rows, .in = s.in, .out = s.out, .x = o.x, .ldx = s.in, .weight = o.panels};
		d.y = o.y;
		d.ldy = s.out;
		plain_product(&o, s, NULL, 0);
		dense_run(&d);
		check_same(&o, s, "without bias");
		d.bias = o.bias;
		plain_product(&o, s, o.bias, 0);
		dense_run(&d);
		check_same(&o, s, "with bias");
		d.bias = NULL;
		d.accumulate = true;
		plain_product(&o, s, o.y, (size_t)s.out);
		dense_run(&d);
		check_same(&o, s, "accumulated");
		operands_done(&o);
	}
}

/* The weight as a plain matrix [in, out] that is part of a wider one. */
static void
plain_matrices_need_no_panels(void **state)
{
	enum { ROWS = 9, IN = 21, OUT = 64, WIDE = 70 };
	struct shape s = {ROWS, IN, OUT};
	struct operands o;
	struct rng rng;
	float *wide;

	(void)state;
	rng_seed(&rng, 6);
	operands_init(&o, s, 1, &rng);
	wide = numbers(&rng, IN * WIDE, 1);
	for (int i = 0; i < IN; i++)
		for (int c = 0; c < OUT; c++)
			wide[i * WIDE + 3 + c] = o.w[c * IN + i];
	plain_product(&o, s, NULL, 0);
	dense_run(&(struct dense){.rows = ROWS,
				  .in = IN,
				  .out = OUT,
				  .x = o.x,
				  .ldx = IN,
				  .weight = wide + 3,
				  .layout = DENSE_COLUMNS,
				  .ldw = WIDE,
				  .y = o.y,
				  .ldy = OUT});
	check_same(&o, s, "a plain matrix");
	free(wide);
	operands_done(&o);
}

static void
spikes_give_what_the_product_gives(void **state)
{
	static const double densities[] = {0, 0.02, 0.3, 1};
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (int i = 0; i < SHAPES; i++)
		for (int k = 0; k < 4; k++) {
			struct shape s = shapes[i];
			struct arena *arena = arena_new();
			struct spikes *spikes = spikes_new(arena, s.rows, s.in);
			struct operands o;

			assert_non_null(spikes);
			operands_init(&o, s, densities[k], &rng);
			plain_product(&o, s, o.y, (size_t)s.out);
			spikes_list(spikes, o.x, s.rows, s.in);
			spikes_run(spikes, o.panels, s.out, o.y);
			check_same(&o, s, "spikes");
			operands_done(&o);
			arena_free(arena);
		}
}

/* Large enough to be shared, and then by rows: neither changes a bit. */
static void
threads_and_rows_change_nothing(void **state)
{
	struct shape s = {70, 400, 800};
	struct operands o;
	struct rng rng;
	int threads = omp_get_max_threads();
	struct dense d;

	(void)state;
	rng_seed(&rng, 8);
	operands_init(&o, s, 1, &rng);
	d = (struct dense){.rows = s.rows, .in = s.in, .out = s.out, .x = o.x, .ldx = s.in, .weight = o.panels};
	d.y = o.want;
	d.ldy = s.out;
	omp_set_num_threads(1);
	dense_run(&d);
	omp_set_num_threads(3);
	d.y = o.y;
	dense_run(&d);
	check_same(&o, s, "three threads");
	memset(o.y, 0, (size_t)s.rows * (size_t)s.out * sizeof(*o.y));
	d.rows = 1;
	for (int r = 0; r < s.rows; r++, d.x += s.in, d.y += s.out)
		dense_run(&d);
	check_same(&o, s, "row by row");
	omp_set_num_threads(threads);
	operands_done(&o);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(products_are_plain_sums),
	    cmocka_unit_test(plain_matrices_need_no_panels),
	    cmocka_unit_test(spikes_give_what_the_product_gives),
	    cmocka_unit_test(threads_and_rows_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
