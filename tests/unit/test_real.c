/* Functions of real numbers: near what the C library's wider functions give, and the same bits on every machine. */
#include "base/hash.h"
#include "base/real.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

enum { PLACES = 20001 };

/* least: errors are measured in units in the last place of at least this. */
static const struct row {
	const char *name;
	double (*function)(double);
	long double (*wider)(long double);
	double lo, hi, least;
	const char *hash; /* how it begins, of the values at PLACES arguments from lo to hi */
} rows[] = {
    {"exp", real_exp, expl, -745, 709, 0, "cc412f5818bcbd6a"},
    {"exp2", real_exp2, exp2l, -60, 60, 0, "21868e116e37e531"},
    {"expm1", real_expm1, expm1l, -3, 3, 0, "8076fec0e6f6660f"},
    {"log", real_log, logl, 0.0003, 40, 0, "17356391ed8482b7"},
    {"log1p", real_log1p, log1pl, -0.99, 9, 0, "a1a3860e9298046c"},
    {"log2", real_log2, log2l, 0.0003, 40, 0, "96517408429e0bf5"},
    {"log10", real_log10, log10l, 0.0003, 40, 0, "ed26324cffda84cf"},
    {"sin", real_sin, sinl, -100, 100, 0x1p-10, "a5408d39b7f63edb"},
    {"cos", real_cos, cosl, -100, 100, 0x1p-10, "127018f21316eb22"},
    {"tan", real_tan, tanl, -1.5, 1.5, 0x1p-10, "7f29d2746380249d"},
    {"asin", real_asin, asinl, -1, 1, 0, "6b8bd572c0f49cf9"},
    {"acos", real_acos, acosl, -1, 1, 0, "27224c2d3bd3ec60"},
    {"atan", real_atan, atanl, -9, 9, 0, "83f0fa9d1b82868c"},
    {"sinh", real_sinh, sinhl, -20, 20, 0, "4aa98ce424f1b734"},
    {"cosh", real_cosh, coshl, -20, 20, 0, "48914af7121706be"},
    {"tanh", real_tanh, tanhl, -6, 6, 0, "fe3d1e531d7f1d64"},
    {"erf", real_erf, erfl, -4, 4, 0, "a20dfb5a1cdcee44"},
    {"erfc", real_erfc, erfcl, -6, 26, 0, "8c9e01f052f20094"},
};
enum { ROWS = sizeof(rows) / sizeof(*rows) };

static double
place(const struct row *row, int i)
{
	return row->lo + (row->hi - row->lo) * i / (PLACES - 1);
}

static void
functions_are_near_the_library(void **state)
{
	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		double worst = 0;

		for (int i = 0; i < PLACES; i++) {
			double x = place(row, i);
			long double want = row->wider((long double)x);
			double unit = fmax(fabs((double)want), fmax(row->least, 0x1p-1022));

			unit = nextafter(unit, INFINITY) - unit;
			worst = fmax(worst, (double)fabsl((long double)row->function(x) - want) / unit);
		}
		print_message("%s is off by %.2f units in the last place at most\n", row->name, worst);
		assert_true(worst <= 6);
	}
}

static void
bits_are_the_same_everywhere(void **state)
{
	static double value[PLACES];

	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		char hash[HASH_HEX];

		for (int i = 0; i < PLACES; i++)
			value[i] = row->function(place(row, i));
		hash_of(value, sizeof(value), hash);
		hash[16] = '\0';
		if (strcmp(hash, row->hash) != 0)
			print_message("%s: %s\n", row->name, hash);
		assert_string_equal(hash, row->hash);
	}
}

static void
powers_are_right(void **state)
{
	(void)state;
	assert_true(real_pow(3, 2) == 9 && real_pow(-2, 3) == -8 && real_pow(2, -3) == 0.125 && real_pow(0, 0) == 1);
	assert_true(isnan(real_pow(-2, 0.5)) && real_pow(0, 0.5) == 0 && isinf(real_pow(0, -0.5)));
	assert_true(real_pow(-1, 101) == -1 && real_log2(8) == 3);
	for (int i = 1; i < 4000; i++) {
		double x = i * 0.01, y = 0.2 + (i % 7) * 0.31, want = pow(x, y);

		assert_float_equal(real_pow(x, y), want, 1e-15 * want * (1 + fabs(y * log(x))));
	}
	assert_float_equal(real_atan2(-1, -2), atan2(-1, -2), 1e-15);
	assert_float_equal(real_hypot(3, -4), 5, 0);
}

static void
ends_are_the_librarys(void **state)
{
	static const double ends[] = {INFINITY, -INFINITY, NAN, 0.0, -0.0};
	static double (*const library[])(double) = {exp,  exp2, expm1, log,  log1p, log2, log10, NULL, NULL,
						    NULL, asin, acos,  atan, sinh,  cosh, tanh,  erf,  erfc};

	(void)state;
	for (int k = 0; k < ROWS; k++)
		for (size_t i = 0; i < sizeof(ends) / sizeof(*ends) && library[k]; i++) {
			double got = rows[k].function(ends[i]), want = library[k](ends[i]);

			if (!(isnan(want) ? isnan(got) : fabs(got - want) <= 4e-16 || got == want))
				fail_msg("%s(%g) is %g, not %g", rows[k].name, ends[i], got, want);
		}
	assert_true(isnan(real_sin(INFINITY)) && isnan(real_cos(0x1p30)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(functions_are_near_the_library),
	    cmocka_unit_test(bits_are_the_same_everywhere),
	    cmocka_unit_test(powers_are_right),
	    cmocka_unit_test(ends_are_the_librarys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
