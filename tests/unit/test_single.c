/* A single neuron against what is known of it without our code. */
#include "study/single.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct single_trace
run(const struct single_settings *s)
{
	struct single_trace trace;
	struct status st = {0};

	if (!single_run(s, &trace, &st))
		fail_msg("%s", st.message);
	return trace;
}

/* In fine steps the leaky neuron fires as the formula of its continuous equation says. */
static void
test_leaky_rate(void **state)
{
	static const float drive[] = {1.05f, 1.2f, 1.5f, 2, 4};

	(void)state;
	for (size_t i = 0; i < sizeof(drive) / sizeof(*drive); i++) {
		struct single_settings s = single_defaults(NEURON_LIF);
		struct single_trace trace;
		double period;

		s.current = drive[i];
		s.tau = 1;
		s.dt = 0.02f;
		s.steps = SINGLE_STEPS_MAX;
		s.rest = -0.2f;
		s.reset = -0.5f;
		s.resistance = 1.3f;
		/* tau ln((R I + rest - reset) / (R I + rest - V)) */
		period = log((1.3 * (double)drive[i] - 0.2 + 0.5) / (1.3 * (double)drive[i] - 0.2 - 1));
		trace = run(&s);
		assert_true(fabs(trace.rate - 1 / period) < 0.04 / period + 1 / (SINGLE_STEPS_MAX * 0.02));
		single_done(&trace);
	}
}

/* Below the threshold's current it relaxes to rest + R x and never fires. */
static void
test_leaky_rest(void **state)
{
	struct single_settings s = single_defaults(NEURON_LIF);
	struct single_trace trace;

	(void)state;
	s.current = 0.9f;
	s.rest = 0.05f;
	s.steps = 600;
	trace = run(&s);
	assert_true(trace.events == 0);
	assert_true(fabsf(trace.membrane[599] - 0.95f) < 1e-4f);
	/* Euler's method: u_1 = u_0 + dt / tau (rest + R x - u_0). */
	assert_true(fabsf(trace.membrane[0] - (0.05f + 0.9f / 20)) < 1e-6f);
	single_done(&trace);
}

/* if: after t steps of x it has sent floor(t x / V) V. Exact in eighths. */
static void
test_if_counts(void **state)
{
	(void)state;
	for (int i = 0; i <= 8; i++) {
		struct single_settings s = single_defaults(NEURON_IF);
		struct single_trace trace;

		s.current = (float)i / 8;
		s.threshold = 1;
		trace = run(&s);
		for (int t = 1; t <= trace.steps; t++)
			assert_true(trace.total[t - 1] == floorf((float)(t * i) / 8));
		single_done(&trace);
	}
}

/* Whatever the neuron, what it has sent is never further from its target than its membrane says. */
static void
test_sent_and_membrane(void **state)
{
	(void)state;
	for (int kind = NEURON_NONE + 1; kind < NEURON_KINDS; kind++) {
		struct single_settings s = single_defaults((enum neuron_kind)kind);
		struct single_trace trace = run(&s);
		float sum = 0, sent = 0;

		for (int i = 0; !neuron_type((enum neuron_kind)kind)->membrane && i < trace.steps; i++) {
			sum += trace.input[i];
			sent += trace.sent[i];
			assert_true(fabsf(sent - trace.total[i]) < 1e-3f);
			assert_true(fabsf(sum - trace.total[i] + s.set.initial * s.threshold - trace.membrane[i]) < 1e-3f);
		}
		single_done(&trace);
	}
}

/* The differential neuron, given its input once, comes to it as 1/t. */
static void
test_delta_converges(void **state)
{
	struct single_settings s = single_defaults(NEURON_DIFFERENTIAL);
	struct single_trace trace;
	enum neuron_kind kind;

	(void)state;
	assert_true(single_kind("delta", &kind) && kind == NEURON_DIFFERENTIAL);
	s.once = true;
	s.current = 0.7713f;
	trace = run(&s);
	for (int t = 4; t <= trace.steps; t++)
		assert_true(fabsf(trace.total[t - 1] - 0.7713f) <= 1.0f / (float)t);
	single_done(&trace);
}

static void
test_train(void **state)
{
	static const float train[] = {1, -1, 0.5f};
	struct single_settings s = single_defaults(NEURON_SIGNED);
	struct single_trace trace;

	(void)state;
	s.train = train;
	s.train_count = 3;
	s.steps = 6;
	trace = run(&s);
	/* up at 1, taken back at -1, 0.5, up at 1.5, not back at 0.5 - 1 = -0.5, 0 */
	assert_memory_equal(trace.sent, ((float[]){1, -1, 0, 1, 0, 0}), 6 * sizeof(float));
	single_done(&trace);
}

static void
test_curve(void **state)
{
	struct single_settings s = single_defaults(NEURON_IF);
	struct single_curve curve;
	struct status st = {0};

	(void)state;
	s.steps = 1000;
	assert_true(single_rate_curve(&s, 0, 3, &curve, &st));
	for (int i = 0; i < SINGLE_CURVE; i++)
		assert_true(fabsf(curve.rate[i] - curve.theory[i]) <= 0.0011f);
}

static void
test_bad_settings(void **state)
{
	struct single_settings s[6];

	(void)state;
	for (int i = 0; i < 6; i++)
		s[i] = single_defaults(NEURON_LIF);
	s[0].steps = 0;
	s[1].threshold = 0;
	s[2].dt = 30;
	s[3].reset = 1;
	s[4].threshold = NAN;
	s[5] = single_defaults(NEURON_ROUND);
	s[5].set.burst = 1000;
	for (int i = 0; i < 6; i++) {
		struct single_trace trace;
		struct status st = {0};

		assert_false(single_run(&s[i], &trace, &st));
		assert_int_equal(st.code, STATUS_USAGE);
		single_done(&trace);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_leaky_rate),      cmocka_unit_test(test_leaky_rest),
	    cmocka_unit_test(test_if_counts),       cmocka_unit_test(test_sent_and_membrane),
	    cmocka_unit_test(test_delta_converges), cmocka_unit_test(test_train),
	    cmocka_unit_test(test_curve),           cmocka_unit_test(test_bad_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
