/* A walk goes back to the bit, enters a step site by site, and reads its past again. */
#include "study/walk/history.h"
#include "study/walk/walk.h"

#include "tests/support/models.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PICTURES = 16, SIDE = 3 * 8 * 8 };

static struct model *model;
static float *pixels; /* [PICTURES] */

static int
setup(void **state)
{
	(void)state;
	model = models_digits(&pixels, PICTURES);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(pixels);
	model_free(model);
	return 0;
}

static struct plan *
plan_of(const char *recipe)
{
	struct status st = {0};
	struct plan *plan = plan_build(
	    model, &(struct plan_options){.recipe = recipe, .T = 8, .rule = -1, .pixels = pixels, .pictures = PICTURES}, NULL,
	    &st);

	if (!plan)
		fail_msg("%s", st.message);
	return plan;
}

static struct walk *
walk_of(const struct plan *plan, int picture)
{
	struct status st = {0};
	struct walk *walk = walk_new(plan, &st);

	assert_non_null(walk);
	assert_true(walk_show(walk, pixels + SIDE * picture, -1, &st));
	return walk;
}

static void
step(struct walk *walk, int n)
{
	struct status st = {0};

	if (!walk_steps(walk, n, NULL, &st))
		fail_msg("%s", st.message);
}

static void
back(struct walk *walk, int t)
{
	struct status st = {0};

	if (!walk_back(walk, t, NULL, &st))
		fail_msg("%s", st.message);
	assert_int_equal(walk->t, t);
	assert_int_equal(snn_time(walk->snn), t);
}

/* The states of t = 0..n of a walk that never went back. */
static void
straight(const struct plan *plan, int n, char hash[][HASH_HEX])
{
	struct walk *walk = walk_of(plan, 0);

	walk_hash(walk, hash[0]);
	for (int t = 1; t <= n; t++) {
		step(walk, 1);
		walk_hash(walk, hash[t]);
	}
	walk_free(walk);
}

static void
assert_state(const struct walk *walk, char hash[][HASH_HEX])
{
	char now[HASH_HEX];

	walk_hash(walk, now);
	assert_string_equal(now, hash[walk->t]);
}

/* step 20, back 13, step 13; then all over the place, with room for all, for few and for no checkpoints. */
static void
test_back_is_exact(void **state)
{
	static const int visit[] = {19, 0, 12, 11};
	char hash[21][HASH_HEX];

	(void)state;
	for (const struct recipe_info *r = recipe_table; r->transformers; r++) {
		struct plan *plan = plan_of(r->name);
		struct walk *walk = walk_of(plan, 0);
		size_t size = snn_state_size(walk->snn), budget[] = {3 * size + 5, size};

		straight(plan, 20, hash);
		for (size_t b = 0; b < sizeof(budget) / sizeof(*budget); b++) {
			timeline_set_budget(&walk->timeline, budget[b]);
			step(walk, 20 - walk->t);
			back(walk, 7);
			step(walk, 13);
			assert_state(walk, hash);
			for (size_t i = 0; i < sizeof(visit) / sizeof(*visit); i++) {
				if (visit[i] > walk->t)
					step(walk, visit[i] - walk->t);
				else
					back(walk, visit[i]);
				assert_state(walk, hash);
				assert_true(walk->timeline.bytes <= budget[b]);
				assert_int_equal(walk->timeline.bytes,
						 (size_t)(walk->timeline.count + walk->timeline.spares) * size);
			}
		}
		walk_free(walk);
		plan_free(plan);
	}
}

/* The record of a step is the same when it is done again, and there is no more of it than steps done. */
static void
test_records_stay(void **state)
{
	struct plan *plan = plan_of("sta");
	struct walk *walk = walk_of(plan, 1);
	float rmse[6];

	(void)state;
	step(walk, 6);
	for (int i = 0; i < 6; i++)
		rmse[i] = walk->step[i].logit_rmse;
	back(walk, 2);
	assert_ptr_equal(walk_last(walk), &walk->step[1]);
	step(walk, 4);
	for (int i = 0; i < 6; i++)
		assert_true(walk->step[i].logit_rmse == rmse[i]);
	walk_free(walk);
	plan_free(plan);
}

static int
interrupt(void *ctx)
{
	int *left = ctx;

	return --*left;
}

static bool
report(void *ctx, const char *what, double done, double total)
{
	(void)what;
	(void)done;
	(void)total;
	return interrupt(ctx) > 0;
}

/* Interrupted on the way back it stands at a step of its own, and goes on from there. */
static void
test_back_interrupted(void **state)
{
	struct plan *plan = plan_of("delta");
	struct walk *walk = walk_of(plan, 0);
	struct status st = {0};
	char hash[21][HASH_HEX];
	int left = 4;
	struct progress progress = {report, &left};

	(void)state;
	straight(plan, 20, hash);
	timeline_set_budget(&walk->timeline, 0);
	step(walk, 20);
	assert_false(walk_back(walk, 15, &progress, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_true(walk->t > 0 && walk->t < 15);
	assert_state(walk, hash);
	step(walk, 20 - walk->t);
	assert_state(walk, hash);
	walk_free(walk);
	plan_free(plan);
}

/* Site by site a step ends where a whole one does. In between, the sites reached are
 * those of the next step, the others those of the last one. */
static void
test_sites(void **state)
{
	struct plan *plan = plan_of("sta");
	struct walk *walk = walk_of(plan, 2), *before = walk_of(plan, 2), *after = walk_of(plan, 2);
	char hash[HASH_HEX], whole[HASH_HEX], last[HASH_HEX] = "";
	struct status st = {0};
	int stops = 0;

	(void)state;
	step(walk, 3);
	step(before, 3);
	step(after, 4);
	walk_hash(after, whole);
	do {
		assert_true(walk_next_site(walk, &st));
		stops++;
		walk_hash(walk, hash);
		assert_string_not_equal(hash, last);
		memcpy(last, hash, HASH_HEX);
		for (int i = 0; walk->site >= 0 && i < site_count(model); i += 3) {
			struct site site = site_at(model, i);
			const struct walk *same = i <= walk->site ? after : before;

			if (snn_has(walk->snn, site, SNN_VALUE))
				assert_true(snn_element(walk_network(walk, site), site, SNN_VALUE, 1) ==
					    snn_element(same->snn, site, SNN_VALUE, 1));
			assert_true(walk_site_now(walk, i)->rmse == walk_site_now(same, i)->rmse);
		}
	} while (walk->site >= 0);
	assert_int_equal(walk->t, 4);
	assert_string_equal(hash, whole);
	assert_true(stops > 20 * model->depth);
	/* Left in the middle: a step finishes it, back leaves it. */
	assert_true(walk_next_site(walk, &st) && walk_next_site(walk, &st));
	step(walk, 1);
	assert_int_equal(walk->t, 5);
	assert_true(walk_next_site(walk, &st));
	back(walk, 4);
	walk_hash(walk, hash);
	assert_string_equal(hash, whole);
	walk_free(walk);
	walk_free(before);
	walk_free(after);
	plan_free(plan);
}

static bool
same(float a, float b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* What is read again by replay is what the network had, and products telescope (docs/methods.md#products-of-two-trains):
 * the corrections add up to the sum, and the sum is A B / t. */
static void
check_history(const char *recipe)
{
	struct plan *plan = plan_of(recipe);
	struct walk *walk = walk_of(plan, 3);
	struct history_request r = {
	    .site = site_in(SITE_ACT, 1), .element = 300, .unit = 5, .layer = 1, .head = 2, .q = 4, .k = 7};
	struct status st = {0};
	struct history *read = history_new(&st), *live = history_new(&st);
	double sum = 0;

	assert_true(history_ask(live, walk, &r, &st));
	for (int t = 1; t <= 8; t++) {
		step(walk, 1);
		assert_true(history_append(live, walk, &st));
		assert_true(history_ready(live, walk));
	}
	assert_true(history_ask(read, walk, &r, &st));
	assert_false(history_ready(read, walk));
	assert_true(history_advance(read, walk, 3, &st) && !history_ready(read, walk));
	assert_true(history_advance(read, walk, 100, &st) && history_ready(read, walk));
	for (int t = 1; t <= 8; t++) {
		const struct history_point *a = history_at(read, t), *b = history_at(live, t);
		double product = 0, scale = plan->mean_decoded ? t : 1;

		assert_true(same(a->value, b->value) && same(a->membrane, b->membrane) && same(a->count, b->count));
		assert_true(a->score_sum == b->score_sum && a->score_sent == b->score_sent);
		for (int i = 0; i < model->head_dim; i++)
			product += (double)a->A[i] * (double)a->B[i];
		sum += (double)a->score_sent;
		assert_true(fabs(sum - (double)a->score_sum) < 1e-4);
		assert_true(fabs(product / scale / sqrt(model->head_dim) - (double)a->score_sum) < 1e-3 * (1 + fabs(sum)));
	}
	assert_null(history_at(read, 9));
	assert_null(history_at(read, 0));
	/* Another neuron is known at once. */
	r.element++;
	assert_true(history_ask(read, walk, &r, &st) && history_ready(read, walk));
	history_free(read);
	history_free(live);
	walk_free(walk);
	plan_free(plan);
}

static void
test_history(void **state)
{
	(void)state;
	for (const struct recipe_info *r = recipe_table; r->transformers; r++)
		check_history(r->name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_back_is_exact), cmocka_unit_test(test_records_stay), cmocka_unit_test(test_back_interrupted),
	    cmocka_unit_test(test_sites),         cmocka_unit_test(test_history),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
