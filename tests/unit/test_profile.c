/* The profile of a plan: every step and site has a time, spikes are those of the steps,
 * the clock changes nothing, and what is stopped keeps what was done. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

enum { PICTURES = 8, SIDE = 3 * 8 * 8, STEPS = 5 };

struct example {
	struct model *model;
	struct plan *plan;
	float pixels[PICTURES * SIDE];
};

static int
setup(void **state)
{
	static struct example e;
	struct plan_options options = {.recipe = "delta", .T = STEPS, .rule = -1, .pixels = e.pixels, .pictures = PICTURES};
	struct status st = {0};
	struct rng rng;

	rng_seed(&rng, 2);
	for (int i = 0; i < PICTURES * SIDE; i++)
		e.pixels[i] = (float)rng_normal(&rng);
	e.model = model_load("examples/digits-vit", &st);
	if (!e.model || !(e.plan = plan_build(e.model, &options, NULL, &st)))
		fail_msg("%s", st.message);
	*state = &e;
	return 0;
}

static int
teardown(void **state)
{
	struct example *e = *state;

	plan_free(e->plan);
	model_free(e->model);
	return 0;
}

static void
profiles_are_of_the_steps(void **state)
{
	struct example *e = *state;
	struct profile_options options = {.pixels = e->pixels, .repeats = 2};
	struct profile p;
	struct status st = {0};
	struct snn *snn = snn_new(e->plan, &st);
	double events = 0;

	assert_true(profile_run(e->plan, &options, &p, NULL, &st));
	assert_int_equal(p.steps, STEPS);
	assert_int_equal(p.repeats, 2);
	assert_string_equal(p.hash, e->plan->hash);
	assert_true(p.reference > 0 && p.run > 0);
	snn_show(snn, e->pixels);
	for (int t = 0; t < STEPS; t++) {
		assert_true(p.step[t] > 0);
		snn_step(snn);
	}
	for (int i = 0; i < p.sites; i++) {
		events += p.site[i].events * STEPS;
		if (site_in_block(site_at(e->model, i).kind))
			assert_true(p.site[i].seconds > 0 && p.site[i].bytes > 0);
	}
	assert_true(fabs(events - snn_events(snn)) < 0.5);
	profile_done(&p);
	snn_free(snn);
}

static void
the_clock_changes_nothing(void **state)
{
	struct example *e = *state;
	struct status st = {0};
	struct snn *plain = snn_new(e->plan, &st), *timed = snn_new(e->plan, &st);
	double seconds[256] = {0};
	char want[HASH_HEX], found[HASH_HEX];

	assert_true(e->plan->sites <= 256);
	snn_show(plain, e->pixels);
	snn_show(timed, e->pixels);
	snn_clock(timed, seconds);
	for (int t = 0; t < STEPS; t++) {
		snn_step(plain);
		snn_step(timed);
	}
	snn_state_hash(plain, want);
	snn_state_hash(timed, found);
	assert_string_equal(want, found);
	snn_free(plain);
	snn_free(timed);
}

static bool
stop_after_one(void *ctx, const char *what, double done, double total)
{
	(void)ctx;
	(void)what;
	(void)total;
	return done < 1;
}

static void
what_is_stopped_keeps_what_was_done(void **state)
{
	struct example *e = *state;
	struct progress progress = {stop_after_one, NULL};
	struct profile_options options = {.pixels = e->pixels, .steps = 2, .repeats = 50};
	struct profile p;
	struct status st = {0};

	assert_false(profile_run(e->plan, &options, &p, &progress, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_int_equal(p.repeats, 1);
	assert_int_equal(p.steps, 2);
	assert_true(p.step[1] > 0);
	profile_done(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(profiles_are_of_the_steps),
	    cmocka_unit_test(the_clock_changes_nothing),
	    cmocka_unit_test(what_is_stopped_keeps_what_was_done),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
