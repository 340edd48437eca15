#include "model/files/safetensors.h"
#include "tests/support/scratch.h"
#include "ugo/ugo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

static struct ugo_request
request_of(enum function f, int hidden)
{
	const struct function_info *info = &function_table[f];

	return (struct ugo_request){.function = f,
				    .lo = info->lo,
				    .hi = info->hi,
				    .hidden = hidden,
				    .weighting = info->relative ? UGO_RELATIVE : UGO_ABSOLUTE};
}

static struct ugo
fit_of(const struct ugo_request *request)
{
	struct status st = {0};
	struct ugo u = {0};

	if (!ugo_fit(&u, request, &st))
		fail_msg("%s", st.message);
	return u;
}

static struct ugo
fit_default(enum function f, int hidden)
{
	struct ugo_request request = request_of(f, hidden);

	return fit_of(&request);
}

static double
nodes_at(const struct ugo *u, double x)
{
	int k = 0;

	while (k < u->nodes - 2 && x > u->t[k + 1])
		k++;
	return u->y[k] + (u->y[k + 1] - u->y[k]) * (x - u->t[k]) / (u->t[k + 1] - u->t[k]);
}

static double
largest_value(const struct ugo *u)
{
	double most = 0;

	for (int k = 0; k < u->nodes; k++)
		most = fmax(most, fabs(u->y[k]));
	return most;
}

static void
test_names(void **state)
{
	enum function f;

	(void)state;
	for (int i = 0; i < FUNCTIONS; i++) {
		assert_true(function_parse(function_table[i].name, &f));
		assert_int_equal(f, i);
	}
	assert_true(function_parse("recip", &f));
	assert_int_equal(f, FUNCTION_RECIPROCAL);
	assert_true(function_parse("gelu", &f)); /* exact, though gelu_tanh begins with it */
	assert_int_equal(f, FUNCTION_GELU);
	assert_false(function_parse("s", &f));
	assert_false(function_parse("", &f));
	assert_false(function_parse("gelux", &f));
}

static void
test_values(void **state)
{
	static const struct {
		enum function f;
		double x, y;
	} known[] = {{FUNCTION_GELU, 1, 0.841344746068543},
		     {FUNCTION_GELU, -10, -7.619853024160527e-23},
		     {FUNCTION_GELU_TANH, 1, 0.841191990608277},
		     {FUNCTION_QUICK_GELU, 1, 0.845795765932821},
		     {FUNCTION_SILU, -1, -0.268941421369995},
		     {FUNCTION_SOFTPLUS, -1000, 0},
		     {FUNCTION_SOFTPLUS, 1000, 1000},
		     {FUNCTION_SIGMOID, -1000, 0},
		     {FUNCTION_RSQRT, 4, 0.5},
		     {FUNCTION_SQUARE, -3, 9},
		     {FUNCTION_RELU, -2, 0},
		     {FUNCTION_IDENTITY, 0.3, 0.3}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_true(fabs(function_eval(known[i].f, known[i].x) - known[i].y) <= 1e-13 * fabs(known[i].y));
}

/* The formula of the header, integrated by hand. */
static void
test_limit(void **state)
{
	double rmse, most, fifths;

	(void)state;
	ugo_limit(FUNCTION_SQUARE, -3, 5, UGO_ABSOLUTE, 7, &rmse, &most);
	assert_true(fabs(rmse / (2 * 64 / (sqrt(720) * 49)) - 1) < 1e-6);
	assert_true(fabs(most / (64 / (8.0 * 49)) - 1) < 1e-6);
	ugo_limit(FUNCTION_EXP, -20, 0, UGO_ABSOLUTE, 32, &rmse, &most);
	fifths = (1 - exp(-8)) / 0.4;
	assert_true(fabs(rmse / (sqrt(pow(fifths, 5) / (720 * 20)) / 1024) - 1) < 1e-3);
	assert_true(fabs(most / (pow(2 * (1 - exp(-10)), 2) / (16 * 1024)) - 1) < 1e-3);
	ugo_limit(FUNCTION_RSQRT, 0.01, 100, UGO_RELATIVE, 64, &rmse, &most);
	fifths = pow(0.75, 0.4) * 5 * (pow(100, 0.2) - pow(0.01, 0.2));
	assert_true(fabs(rmse / (sqrt(pow(fifths, 5) / (720 * 99.99)) / 4096) - 1) < 1e-3);
	assert_true(fabs(most / (0.75 * pow(log(1e4), 2) / (16 * 4096)) - 1) < 1e-3);
	ugo_limit(FUNCTION_SQRT, 0, 100, UGO_ABSOLUTE, 64, &rmse, &most); /* singular at 0 */
	assert_true(fabs(most / (pow(2 * pow(100, 0.25), 2) / (16 * 4096)) - 1) < 1e-2);
	ugo_limit(FUNCTION_ABS, -1, 1, UGO_ABSOLUTE, 4, &rmse, &most);
	assert_true(rmse < 1e-9 && most < 1e-9);
}

static void
test_smooth(void **state)
{
	static const enum function smooth[] = {FUNCTION_GELU,       FUNCTION_GELU_TANH, FUNCTION_QUICK_GELU, FUNCTION_SILU,
					       FUNCTION_SIGMOID,    FUNCTION_TANH,      FUNCTION_SOFTPLUS,   FUNCTION_EXP,
					       FUNCTION_RECIPROCAL, FUNCTION_RSQRT,     FUNCTION_SQRT,       FUNCTION_SIN,
					       FUNCTION_SQUARE};

	(void)state;
	for (size_t i = 0; i < sizeof(smooth) / sizeof(smooth[0]); i++) {
		for (int hidden = 8; hidden <= 256; hidden *= 2) {
			struct ugo_request request = request_of(smooth[i], hidden);

			for (int weighting = UGO_ABSOLUTE; weighting <= (int)request.weighting; weighting++) {
				double rmse, most, reached, certificate;
				struct ugo u;

				request.weighting = (enum ugo_weighting)weighting;
				u = fit_of(&request);
				ugo_limit(smooth[i], u.lo, u.hi, request.weighting, hidden, &rmse, &most);
				reached = weighting == UGO_RELATIVE ? u.rel_rmse : u.rmse;
				certificate = ugo_certificate(&u);
				if (!(reached <= 1.05 * rmse) || !(certificate < 1e-2))
					fail_msg("%s %d: %.4f of the limit, certificate %.1e", u.name, hidden, reached / rmse,
						 certificate);
				assert_int_equal(u.hidden, hidden);
				ugo_done(&u);
			}
			request.weighting = UGO_ABSOLUTE;
		}
	}
}

static void
test_figures(void **state)
{
	struct ugo u = fit_default(FUNCTION_QUICK_GELU, 64);

	(void)state;
	assert_true(u.rmse <= 5.0e-5);
	assert_true(u.max_error < 6e-4);
	ugo_done(&u);
	u = fit_default(FUNCTION_EXP, 32);
	assert_true(u.rmse <= 7.7e-5);
	ugo_done(&u);
	u = fit_default(FUNCTION_GELU, 8);
	assert_true(u.rmse <= 2.3e-3);
	ugo_done(&u);
}

/* Functions that are piecewise linear themselves; a range without symmetry. */
static void
test_exact(void **state)
{
	static const int sizes[] = {2, 3, 4, 7, 16, 33, 64, 128, 257, 1024};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct ugo_request request = request_of(FUNCTION_ABS, sizes[i]);
		struct ugo u = fit_of(&request);

		assert_true(u.rmse < 1e-10);
		ugo_done(&u);
		request.lo = -1.37;
		request.hi = 4.211;
		u = fit_of(&request);
		for (int k = 0; k < u.nodes; k++)
			assert_true(fabs(u.y[k] - fabs(u.t[k])) < 1e-9);
		assert_true(u.rmse < 1e-6); /* float32 weights */
		ugo_done(&u);
		u = fit_default(FUNCTION_RELU, sizes[i] - 1);
		assert_true(u.rmse < 1e-10);
		ugo_done(&u);
		u = fit_default(FUNCTION_IDENTITY, sizes[i] - 1);
		assert_true(u.rmse < 1e-10);
		ugo_done(&u);
	}
}

/* A jump: a ramp as steep as float32 knots allow. In segment form its value is exact. */
static void
test_step(void **state)
{
	(void)state;
	for (int hidden = 2; hidden <= 128; hidden *= 4) {
		struct ugo u = fit_default(FUNCTION_STEP, hidden), segments = {0};

		assert_true(u.rmse < 1e-5);
		assert_true(ugo_segments(&segments, &u, -10, NULL));
		for (double x = -10; x <= 10; x += 0.1) {
			float in = (float)x, out;

			ugo_apply(&segments, &in, &out, 1);
			if (fabs(x) > 1e-6)
				assert_true(fabs((double)out - (x > 0)) < 1e-5);
		}
		ugo_done(&segments);
		ugo_done(&u);
	}
}

static void
test_constant(void **state)
{
	struct ugo_request request = {.function = FUNCTION_RELU, .lo = -5, .hi = -1, .hidden = 4};
	struct ugo u = fit_of(&request), segments = {0};

	(void)state;
	assert_true(u.rmse == 0 && ugo_eval(&u, -2) == 0);
	assert_true(ugo_segments(&segments, &u, -3, NULL));
	assert_int_equal(segments.hidden, 1);
	assert_true(ugo_eval(&segments, 7) == 0);
	ugo_done(&segments);
	ugo_done(&u);
}

static void
check_forms(enum function f, int hidden, double center)
{
	struct ugo relu = fit_default(f, hidden), segments = {0};
	double lo = relu.lo, hi = relu.hi, size = largest_value(&relu);
	int sloped = 0;

	assert_true(ugo_segments(&segments, &relu, center, NULL));
	for (int k = 0; k + 1 < relu.nodes; k++)
		sloped += relu.y[k] != relu.y[k + 1];
	assert_int_equal(segments.hidden, sloped);
	assert_int_equal(segments.nodes, relu.nodes);
	for (int i = 0; i <= 4000; i++) {
		double x = lo + (hi - lo) * i / 4000, g = nodes_at(&relu, x);

		assert_true(fabs(ugo_eval(&relu, x) - g) <= 1e-5 * size);
		assert_true(fabs(ugo_eval(&segments, x) - g) <= 1e-5 * size);
	}
	for (int i = 0; i < segments.hidden; i++)
		assert_true(fabsf(segments.w1[i]) == 1 && segments.h[i] > 0);
	for (int i = 1; i <= 3; i++) {
		assert_true(fabs(ugo_eval(&segments, lo - i) - ugo_eval(&segments, lo)) <= 1e-5 * size);
		assert_true(fabs(ugo_eval(&segments, hi + i) - ugo_eval(&segments, hi)) <= 1e-5 * size);
		assert_true(ugo_eval(&segments, hi + i) == ugo_eval(&segments, hi + 1));
	}
	assert_true(fabs(segments.rmse - relu.rmse) <= 1e-6 * size);
	ugo_done(&segments);
	ugo_done(&relu);
}

static void
test_forms(void **state)
{
	(void)state;
	for (int f = 0; f < FUNCTIONS; f++) {
		const struct function_info *info = &function_table[f];

		if (f == FUNCTION_STEP) /* no slope that float32 adds up: see test_step */
			continue;
		check_forms((enum function)f, 1, info->lo);
		check_forms((enum function)f, 24, info->lo);
		check_forms((enum function)f, 24, info->hi + 5);
		check_forms((enum function)f, 64, info->lo + 0.4 * (info->hi - info->lo));
		check_forms((enum function)f, 256, 0);
	}
}

static void
test_center(void **state)
{
	struct ugo relu = fit_default(FUNCTION_RECIPROCAL, 24), segments = {0};
	int right = 0, sloped = 0;

	(void)state;
	assert_true(ugo_segments(&segments, &relu, relu.t[5] + 1e-6, NULL));
	assert_true(segments.b2 == (float)relu.y[5]);
	assert_true(fabs(ugo_eval(&segments, segments.t[5]) - relu.y[5]) < 1e-6);
	for (int k = 5; k + 1 < relu.nodes; k++)
		sloped += relu.y[k] != relu.y[k + 1];
	for (int i = 0; i < segments.hidden; i++)
		right += segments.w1[i] > 0;
	assert_int_equal(right, sloped);
	ugo_done(&segments);
	ugo_done(&relu);
}

/* 1/x is steep at the left and level at the right: facing right would need weights whose
 * sum times range is some 300 times larger. */
static void
test_facing(void **state)
{
	struct ugo_request request = request_of(FUNCTION_RECIPROCAL, 32);
	struct ugo u = fit_of(&request);
	double cost = 0;

	(void)state;
	for (int i = 0; i < u.hidden; i++) {
		assert_true(u.w1[i] == -1);
		cost += fabs((double)u.w2[i]) * ((double)u.b1[i] - u.lo);
	}
	assert_true(cost < 2);
	ugo_done(&u);
	request.uniform_knots = true;
	u = fit_of(&request);
	for (int i = 0; i < u.hidden; i++)
		assert_true(u.w1[i] == 1 && fabs(u.t[i] - (1 + 199.0 * i / 32)) < 1e-9);
	assert_true(ugo_certificate(&u) > 0.02);
	ugo_done(&u);
}

static void
test_apply(void **state)
{
	enum { COUNT = 1000 };
	float x[COUNT + 1], y[COUNT + 1], one[1];

	(void)state;
	for (int f = 0; f < FUNCTIONS; f++) {
		struct ugo relu = fit_default((enum function)f, 33), u[2] = {relu};
		double size = f == FUNCTION_STEP ? INFINITY : largest_value(&relu);

		assert_true(ugo_segments(&u[1], &relu, (relu.lo + relu.hi) / 2, NULL));
		for (int form = 0; form < 2; form++) {
			for (int i = 0; i <= COUNT; i++)
				x[i] = (float)(relu.lo - 1 + (relu.hi - relu.lo + 2) * i / COUNT);
			ugo_apply(&u[form], x, y, COUNT + 1);
			for (int i = 0; i <= COUNT; i++)
				assert_true(fabs((double)y[i] - ugo_eval(&u[form], (double)x[i])) <= 2e-5 * size);
			for (int i = 0; i <= COUNT; i += 7) { /* alone, the same bits */
				ugo_apply(&u[form], x + i, one, 1);
				assert_memory_equal(one, y + i, sizeof(one));
			}
			ugo_apply(&u[form], x + 1, x + 1, COUNT); /* in place, off alignment */
			assert_memory_equal(x + 1, y + 1, COUNT * sizeof(*x));
			x[0] = NAN;
			ugo_apply(&u[form], x, one, 1);
			assert_true(isnan(one[0]) && isnan(ugo_eval(&u[form], NAN)));
			ugo_apply(&u[form], x, y, 0);
		}
		ugo_done(&u[1]);
		ugo_done(&relu);
	}
}

static void
test_same_bytes(void **state)
{
	double density[64];
	struct ugo_request request = request_of(FUNCTION_GELU, 48);
	struct ugo a, b;

	(void)state;
	for (int i = 0; i < 64; i++)
		density[i] = exp(-0.02 * (i - 30) * (i - 30));
	request.density = density;
	request.bins = 64;
	a = fit_of(&request);
	b = fit_of(&request);
	assert_int_equal(a.nodes, b.nodes);
	assert_memory_equal(a.t, b.t, sizeof(double) * (size_t)a.nodes);
	assert_memory_equal(a.y, b.y, sizeof(double) * (size_t)a.nodes);
	assert_memory_equal(a.w1, b.w1, sizeof(float) * 48);
	assert_memory_equal(a.b1, b.b1, sizeof(float) * 48);
	assert_memory_equal(a.w2, b.w2, sizeof(float) * 48);
	assert_memory_equal(&a.b2, &b.b2, sizeof(float));
	ugo_done(&b);
	assert_true(ugo_copy(&b, &a, NULL));
	assert_memory_equal(a.w2, b.w2, sizeof(float) * 48);
	assert_memory_equal(a.density, b.density, sizeof(density));
	assert_string_equal(a.name, b.name);
	assert_true(ugo_certificate(&b) < 1e-2 && b.rmse == a.rmse);
	ugo_done(&b);
	ugo_done(&a);
}

static double
error_under(const struct ugo *u, const double *density, int bins)
{
	double sum = 0, total = 0;

	for (int i = 0; i < 40 * bins; i++) {
		double x = u->lo + (u->hi - u->lo) * (i + 0.5) / (40 * bins), e = ugo_eval(u, x) - function_eval(u->function, x);

		sum += density[i / 40] * e * e;
		total += density[i / 40];
	}
	return sqrt(sum / total);
}

static void
test_density(void **state)
{
	double density[256], none[2] = {0, 0};
	struct ugo_request request = request_of(FUNCTION_GELU, 8);
	struct ugo plain = fit_of(&request), fitted;

	(void)state;
	for (int i = 0; i < 256; i++) { /* N(-0.5, 0.8) */
		double z = (-10 + 20 * (i + 0.5) / 256 + 0.5) / 0.8;

		density[i] = 1e6 * exp(-z * z / 2);
	}
	request.density = density;
	request.bins = 256;
	fitted = fit_of(&request);
	assert_true(error_under(&fitted, density, 256) <= 3.0e-3);
	assert_true(error_under(&fitted, density, 256) < 0.7 * error_under(&plain, density, 256));
	assert_true(fitted.rmse < 5e-3); /* the uniform share keeps the tails */
	assert_true(ugo_certificate(&fitted) < 0.05);
	ugo_done(&fitted);
	request.density = none;
	request.bins = 2;
	fitted = fit_of(&request); /* nothing seen: uniform */
	assert_true(fitted.rmse == plain.rmse);
	ugo_done(&fitted);
	ugo_done(&plain);
}

static void
test_refusals(void **state)
{
	static const double negative[] = {1, -1}, infinite[] = {1, INFINITY}, odd[] = {NAN, 1};
	const struct ugo_request bad[] = {
	    {.function = FUNCTION_RECIPROCAL, .lo = -1, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_RECIPROCAL, .lo = 0, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_RSQRT, .lo = -2, .hi = -1, .hidden = 8},
	    {.function = FUNCTION_RSQRT, .lo = 0, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_SQRT, .lo = -1, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = 1, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = 2, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = NAN, .hi = 1, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = NAN, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = INFINITY, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = -1e300, .hi = 1e300, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = 1000, .hi = 1000.0001, .hidden = 8},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = 0},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = -3},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = UGO_HIDDEN_MAX + 1},
	    {.function = FUNCTION_EXP, .lo = 0, .hi = 200, .hidden = 8},
	    {.function = FUNCTION_EXP, .lo = 0, .hi = 2000, .hidden = 8},
	    {.function = FUNCTION_EXP, .lo = -700, .hi = -600, .hidden = 8, .weighting = UGO_RELATIVE},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = 8, .density = negative, .bins = 2},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = 8, .density = infinite, .bins = 2},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = 8, .density = odd, .bins = 2},
	    {.function = FUNCTION_GELU, .lo = 0, .hi = 1, .hidden = 8, .density = odd, .bins = 0},
	    {.function = FUNCTIONS, .lo = 0, .hi = 1, .hidden = 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct status st = {0};
		struct ugo u = {0};

		if (ugo_fit(&u, &bad[i], &st))
			fail_msg("request %zu was taken", i);
		assert_int_equal(st.code, STATUS_USAGE);
		assert_true(strlen(st.message) > 20);
		assert_null(u.w1);
	}
}

/* Odd but legal requests: finite weights, a measured error. */
static void
test_extremes(void **state)
{
	const struct ugo_request odd[] = {
	    {.function = FUNCTION_GELU, .lo = -10, .hi = 10, .hidden = 16, .weighting = UGO_RELATIVE},
	    {.function = FUNCTION_EXP, .lo = -20, .hi = 0, .hidden = 64, .weighting = UGO_RELATIVE},
	    {.function = FUNCTION_EXP, .lo = -80, .hi = 60, .hidden = 64},
	    {.function = FUNCTION_SQUARE, .lo = -1e6, .hi = 1e6, .hidden = 3},
	    {.function = FUNCTION_RECIPROCAL, .lo = 1e-6, .hi = 1e6, .hidden = 64, .weighting = UGO_RELATIVE},
	    {.function = FUNCTION_SIN, .lo = -100, .hi = 100, .hidden = 20},
	    {.function = FUNCTION_SIGMOID, .lo = -1e6, .hi = 1e6, .hidden = 5}, /* a step, at this scale */
	    {.function = FUNCTION_TANH, .lo = 5000, .hi = 5010, .hidden = 1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct ugo u = fit_of(&odd[i]), segments = {0};

		for (int k = 0; k < u.hidden; k++)
			assert_true(isfinite(u.w1[k]) && isfinite(u.b1[k]) && isfinite(u.w2[k]));
		for (int k = 1; k < u.nodes; k++)
			assert_true(u.t[k] > u.t[k - 1] && isfinite(u.y[k]));
		assert_true(isfinite(u.rmse) && u.rmse <= largest_value(&u));
		assert_true(ugo_segments(&segments, &u, 0, NULL));
		for (int k = 0; k < segments.hidden; k++)
			assert_true(segments.h[k] > 0 && isfinite(segments.w2[k]));
		ugo_done(&segments);
		ugo_done(&u);
	}
}

static void
test_round_trip(void **state)
{
	struct ugo relu = fit_default(FUNCTION_SILU, 20), segments = {0}, back = {0};
	struct status st = {0};

	(void)state;
	scratch_make();
	assert_true(ugo_segments(&segments, &relu, -1, NULL));
	assert_true(ugo_export(&relu, scratch_path("relu.safetensors"), "silu", false, &st));
	assert_false(ugo_export(&relu, scratch_path("relu.safetensors"), "silu", false, &st));
	status_clear(&st);
	assert_true(ugo_export(&segments, scratch_path("relu.safetensors"), "a.b", true, &st));
	assert_false(ugo_import(&back, scratch_path("relu.safetensors"), "silu", &st));
	assert_int_equal(st.code, STATUS_DATA);
	status_clear(&st);
	assert_true(ugo_import(&back, scratch_path("relu.safetensors"), "a.b", &st));
	assert_string_equal(back.name, "a.b");
	assert_false(back.known);
	assert_true(isnan(back.rmse) && isnan(ugo_certificate(&back)));
	assert_true(back.lo == -10 && back.hi == 10 && back.hidden == segments.hidden);
	for (double x = -12; x < 12; x += 0.01)
		assert_true(ugo_eval(&back, x) == ugo_eval(&segments, x));
	assert_true(ugo_aim(&back, FUNCTION_SILU, -10, 10, &st));
	assert_true(fabs(back.rmse - segments.rmse) <= 1e-9);
	assert_false(ugo_aim(&back, FUNCTION_SILU, 10, -10, &st));
	ugo_done(&back);
	ugo_done(&segments);
	ugo_done(&relu);
	scratch_remove();
}

static void
refuse_import(const struct st_out *tensors, int count)
{
	struct status st = {0};
	struct ugo u = {0};

	assert_true(safetensors_write(scratch_path("bad.safetensors"), tensors, count, true, NULL));
	assert_false(ugo_import(&u, scratch_path("bad.safetensors"), "g", &st));
	assert_int_equal(st.code, STATUS_DATA);
	assert_non_null(strstr(st.message, "g."));
	assert_null(u.w1);
}

static void
test_bad_imports(void **state)
{
	static float some[1025] = {1, 2, 3, 4}, odd[4] = {1, NAN, 2, 3}, range[2] = {3, 1};
	const struct st_out good[] = {
	    {"g.w1", 2, {4, 1}, some}, {"g.b1", 1, {4}, some}, {"g.w2", 2, {1, 4}, some}, {"g.b2", 1, {1}, some}};
	struct st_out bad[5];
	struct ugo u = {0};

	(void)state;
	scratch_make();
	assert_true(safetensors_write(scratch_path("good.safetensors"), good, 4, true, NULL));
	assert_true(ugo_import(&u, scratch_path("good.safetensors"), "g", NULL));
	assert_true(ugo_eval(&u, 1) == 1 + 1 * 2 + 2 * 4 + 3 * 6 + 4 * 8);
	ugo_done(&u);
	for (int gone = 0; gone < 4; gone++) {
		memcpy(bad, good, sizeof(good));
		bad[gone] = bad[3];
		refuse_import(bad, 3);
	}
	for (int i = 0; i < 3; i++) {
		memcpy(bad, good, sizeof(good));
		bad[i].data = odd;
		refuse_import(bad, 4);
		bad[i] = (struct st_out){good[i].name, 1, {3}, some};
		refuse_import(bad, 4);
		bad[i] = (struct st_out){good[i].name, 2, {2, 2}, some};
		refuse_import(bad, 4);
	}
	for (int i = 0; i < 3; i++)
		bad[i] = (struct st_out){good[i].name, 1, {1025}, some};
	refuse_import(bad, 4);
	memcpy(bad, good, sizeof(good));
	bad[4] = (struct st_out){"g.range", 1, {2}, range};
	refuse_import(bad, 5);
	bad[4] = (struct st_out){"g.h", 1, {3}, some};
	refuse_import(bad, 5);
	assert_false(ugo_import(&u, scratch_path("absent.safetensors"), "g", NULL));
	scratch_remove();
}

/* RMSE with log x uniform, as the published figure for 1/x has it. */
static double
error_over_octaves(const struct ugo *u)
{
	double sum = 0;

	for (int i = 0; i < 20000; i++) {
		double x = u->lo * pow(u->hi / u->lo, (i + 0.5) / 20000), e = ugo_eval(u, x) - function_eval(u->function, x);

		sum += e * e;
	}
	return sqrt(sum / 20000);
}

/* Errors of the released weights, measured independently. */
static void
test_released(void **state)
{
	static const struct {
		const char *name;
		enum function f;
		double lo, hi, rmse, most, rel_most; /* 0: not known */
	} row[] = {{"gelu", FUNCTION_QUICK_GELU, -10, 10, 7.2e-4, 4.6e-3, 0},
		   {"gelu", FUNCTION_GELU, -10, 10, 7.6e-3, 2.0e-2, 0},
		   {"exp", FUNCTION_EXP, -5, 3, 1.9e-2, 0.163, 0},
		   {"exp", FUNCTION_EXP, -20, 0, 3.2e-3, 2.5e-2, 0},
		   {"inv", FUNCTION_RECIPROCAL, 2.7, 50, 2.9e-3, 1.24e-2, 0.162},
		   {"rsqrt", FUNCTION_RSQRT, 0.01, 1, 0, 0, 0.053}};
	const char *shared = getenv("SPIKESCOPE_SHARED");
	char path[1024];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/fixtures/sta_released_ugo.safetensors", shared ? shared : "../shared");
	file = fopen(path, "rb");
	if (!file) {
		print_message("skipped: no %s; set SPIKESCOPE_SHARED\n", path);
		skip();
	}
	fclose(file);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct status st = {0};
		struct ugo u = {0};

		if (!ugo_import(&u, path, row[i].name, &st) || !ugo_aim(&u, row[i].f, row[i].lo, row[i].hi, &st))
			fail_msg("%s", st.message);
		print_message("%s against %s on [%g, %g]: rmse %.3e max %.3e relative %.3e\n", u.name,
			      function_table[u.function].name, u.lo, u.hi, u.rmse, u.max_error, u.rel_max_error);
		assert_true(row[i].rmse == 0 || fabs(u.rmse / row[i].rmse - 1) < 0.03);
		assert_true(row[i].most == 0 || fabs(u.max_error / row[i].most - 1) < 0.03);
		assert_true(row[i].rel_most == 0 || fabs(u.rel_max_error / row[i].rel_most - 1) < 0.03);
		if (row[i].f == FUNCTION_RECIPROCAL)
			assert_true(fabs(error_over_octaves(&u) / 3.94e-3 - 1) < 0.01);
		ugo_done(&u);
	}
}

/* What the released weights say beyond their ranges, where the figures are known. */
static void
test_released_outside(void **state)
{
	static const struct {
		const char *name;
		double x, y, within;
	} row[] = {{"exp", 5, 148.413 * (1 - 0.63), 0.02}, /* 63% low */
		   {"inv", 1, 0.576, 0.005},
		   {"inv", 60, 0.0168, 0.01},
		   {"inv", 200, 0.0168, 0.01}, /* flat */
		   {"rsqrt", 1.66, 0.776151 * (1 - 0.59), 0.03}};
	const char *shared = getenv("SPIKESCOPE_SHARED");
	char path[1024];

	(void)state;
	snprintf(path, sizeof(path), "%s/fixtures/sta_released_ugo.safetensors", shared ? shared : "../shared");
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct ugo u = {0};

		if (!ugo_import(&u, path, row[i].name, NULL)) {
			print_message("skipped: no %s; set SPIKESCOPE_SHARED\n", path);
			skip();
		}
		print_message("%s at %g: %.5g\n", u.name, row[i].x, ugo_eval(&u, row[i].x));
		assert_true(fabs(ugo_eval(&u, row[i].x) / row[i].y - 1) < row[i].within);
		ugo_done(&u);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),      cmocka_unit_test(test_values),
	    cmocka_unit_test(test_limit),      cmocka_unit_test(test_smooth),
	    cmocka_unit_test(test_figures),    cmocka_unit_test(test_exact),
	    cmocka_unit_test(test_constant),   cmocka_unit_test(test_step),
	    cmocka_unit_test(test_forms),      cmocka_unit_test(test_center),
	    cmocka_unit_test(test_facing),     cmocka_unit_test(test_apply),
	    cmocka_unit_test(test_same_bytes), cmocka_unit_test(test_density),
	    cmocka_unit_test(test_refusals),   cmocka_unit_test(test_extremes),
	    cmocka_unit_test(test_round_trip), cmocka_unit_test(test_bad_imports),
	    cmocka_unit_test(test_released),   cmocka_unit_test(test_released_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
