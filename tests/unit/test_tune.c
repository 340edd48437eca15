/* The search for the cheapest plan, on a host that knows what it will find; and plans whose
 * levels are changed without calibrating again. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CALIBRATION = 64, SIDE = 3 * 8 * 8, PICTURES = 1000 };

struct example {
	struct model *model;
	float *pixels; /* [CALIBRATION, SIDE] */
	struct plan *delta;
};

static struct plan *
build(const struct example *e, const char *recipe, const char *sites)
{
	struct status st = {0};
	struct plan_options options = {
	    .recipe = recipe, .T = 4, .rule = -1, .pixels = e->pixels, .pictures = CALIBRATION, .sites = sites};
	struct plan *plan = plan_build(e->model, &options, NULL, &st);

	if (!plan)
		fail_msg("%s", st.message);
	return plan;
}

static int
setup(void **state)
{
	static struct example e;
	struct status st = {0};
	struct dataset *calibration = dataset_open("examples/digits-vit/calibration.safetensors", &st);

	e.model = model_load("examples/digits-vit", &st);
	e.pixels = malloc(CALIBRATION * SIDE * sizeof(float));
	if (!calibration || !e.model || !e.pixels)
		fail_msg("%s", st.message);
	for (int i = 0; i < CALIBRATION; i++)
		assert_true(dataset_get(calibration, i, e.model, e.pixels + (size_t)i * SIDE, NULL, &st));
	dataset_close(calibration);
	e.delta = build(&e, "delta", NULL);
	*state = &e;
	return 0;
}

static int
teardown(void **state)
{
	struct example *e = *state;

	plan_free(e->delta);
	free(e->pixels);
	model_free(e->model);
	return 0;
}

/* --- a host that makes it up ---------------------------------------------- */

/* Energy falls with every level that norm and act.out have less, and the error grows; other
 * overrides do nothing. At t = 1 all is twice as wrong and half as dear. */
struct world {
	int measured, stop_after;
	bool lucky; /* on fewer than PICTURES the error is a third less */
	int images[64];
};

static double
error_of(int norm, int out)
{
	return 0.004 * (1 + norm * norm + 4 * out * out);
}

static int
levels_of(const char *sites, const char *name, int otherwise)
{
	const char *at = strstr(sites, name), *levels = at ? strstr(at, "levels=") : NULL;
	const char *end = at ? strchr(at, ' ') : NULL;

	return levels && (!end || levels < end) ? atoi(levels + strlen("levels=")) : otherwise;
}

static void
fill_point(struct eval_result *r, int point, int t, double rmse)
{
	int flips = (int)(rmse * 0.25 * r->images + 0.5);

	r->point[point] = (struct eval_point){.t = t,
					      .accuracy = 0.9 - (double)flips / r->images,
					      .agreement = 1 - (double)flips / r->images,
					      .gap = -(double)flips / r->images,
					      .gap_in = eval_paired(0.9 * r->images - flips, 0, flips, 0.1 * r->images),
					      .logit_rmse = rmse};
	/* Every flip loses the picture. */
	for (int i = 0; i < r->images; i++)
		r->outcome[i * r->points + point].top = i < flips ? 1 : 0;
}

static bool
made_up(void *ctx, const struct tune_candidate *c, int first, int count, void (*done)(void *to, const struct tune_measured *m),
	void *to, struct status *st)
{
	struct world *w = ctx;
	int norm = 6 - levels_of(c->sites, "norm1.center", 6), out = 7 - levels_of(c->sites, "act.out", 7);
	double luck = w->lucky && count < PICTURES ? 2.0 / 3 : 1;
	double energy = 0.5 - 0.04 * norm - 0.03 * out, rmse = luck * error_of(norm, out);
	struct tune_measured m = {.run = w->measured + 100};
	struct eval_result r = {.images = count, .points = 2};

	(void)first;
	if (w->stop_after > 0 && w->measured == w->stop_after)
		return status_fail(st, STATUS_CANCELLED, "stopped");
	w->images[w->measured++ % 64] = count;
	r.point = calloc(2, sizeof(*r.point));
	r.label = calloc((size_t)count, sizeof(*r.label));
	r.ann_top = calloc((size_t)count, sizeof(*r.ann_top));
	r.outcome = calloc(2 * (size_t)count, sizeof(*r.outcome));
	fill_point(&r, 0, 1, 2 * rmse);
	fill_point(&r, 1, 2, rmse);
	m.result = &r;
	m.energy[0] = energy / 2;
	m.energy[1] = energy;
	done(to, &m);
	eval_done(&r);
	return true;
}

static struct tune_options
options(double max_drop, double max_energy)
{
	return (struct tune_options){.target = {max_drop, max_energy},
				     .t = {1, 2},
				     .ts = 2,
				     .count = PICTURES,
				     .few = PICTURES,
				     .held_first = PICTURES,
				     .held_count = PICTURES,
				     .candidates = 60};
}

static const struct tune_candidate *
search(const struct example *e, struct world *w, const struct tune_options *o, struct tune *tune, struct status *st)
{
	struct tune_host host = {w, made_up};

	tune_run(e->delta, o, &host, tune, st);
	return tune->chosen >= 0 ? &tune->candidate[tune->chosen] : NULL;
}

/* The cheapest that is good enough among all settings of two classes is found, is better than
 * its neighbours, and is judged on pictures of its own. */
static void
the_cheapest_is_found(void **state)
{
	struct example *e = *state;
	struct world w = {0};
	struct tune_options o = options(0.01, NAN);
	struct tune tune;
	struct status st = {0};
	const struct tune_candidate *c = search(e, &w, &o, &tune, &st);
	const struct tune_point *p;

	assert_non_null(c);
	assert_int_equal(st.code, STATUS_OK);
	p = &c->point[c->best];
	assert_true(tune.met && 1.5 * p->expected <= 0.01 && c->stage == TUNE_FINALIST);
	for (int norm = 0; norm < 4; norm++)
		for (int out = 0; out < 5; out++) {
			double energy = 0.5 - 0.04 * norm - 0.03 * out, rmse = error_of(norm, out);

			/* Flips are a quarter of the error and all lost: what the shrunk drop is. */
			for (int twice = 1; twice <= 2; twice++) {
				double flips = rint(twice * rmse * 0.25 * PICTURES);
				double drop = tune_expected_drop(flips, flips, PICTURES, twice * rmse * 0.25);

				if (1.5 * drop <= 0.0099)
					assert_true(p->energy <= energy / twice + 1e-9);
			}
		}
	assert_int_equal(w.images[w.measured - 1], PICTURES);
	assert_int_equal(tune.candidate[tune.held].stage, TUNE_HELD_OUT);
	assert_string_equal(tune.candidate[tune.held].sites, c->sites);
	/* All flips are losses there, which is more than expected. */
	assert_true(tune.confirmed == (tune.candidate[tune.held].point[c->best].drop_in.hi <= 0.01));
	tune_done(&tune);
}

/* What looked cheapest on few pictures does not hold on all: the choice is what does, of all
 * that was tried. */
static void
luck_on_few_pictures_is_found_out(void **state)
{
	struct example *e = *state;
	struct world w = {.lucky = true};
	struct tune_options o = options(0.01, NAN);
	struct tune tune;
	struct status st = {0};
	const struct tune_candidate *c;
	const struct tune_point *p;
	int fooled = 0;

	o.few = 200;
	c = search(e, &w, &o, &tune, &st);
	assert_true(c && tune.met);
	p = &c->point[c->best];
	for (int i = 0; i < tune.candidates; i++) {
		const struct tune_candidate *other = &tune.candidate[i];

		for (int k = 0; tune_compares(other) && k < other->points; k++) {
			double rmse = 1.5 * sqrt(other->point[k].squared_error), flips = rint(rmse * 0.25 * PICTURES);

			if (other->point[k].energy >= p->energy - 1e-9)
				continue;
			assert_true(tune_expected_drop(flips, flips, PICTURES, rmse * 0.25) > 0.0095 / 1.5);
			fooled += 1.5 * other->point[k].expected <= 0.01;
		}
	}
	assert_true(fooled > 0);
	tune_done(&tune);
}

static void
the_most_exact_within_a_budget_is_found(void **state)
{
	struct example *e = *state;
	struct world w = {0};
	struct tune_options o = options(NAN, 0.45);
	struct tune tune;
	struct status st = {0};
	const struct tune_candidate *c;

	o.t[0] = 2; /* the made-up host has two points all the same: the second is dear, the first wrong */
	c = search(e, &w, &o, &tune, &st);
	assert_true(c && tune.met);
	assert_true(c->point[c->best].energy <= 0.45);
	for (int i = 0; i < tune.candidates; i++)
		for (int k = 0; k < tune.candidate[i].points; k++)
			assert_false(tune_compares(&tune.candidate[i]) && tune.candidate[i].point[k].energy <= 0.45 &&
				     tune.candidate[i].point[k].squared_error < c->point[c->best].squared_error - 1e-12);
	tune_done(&tune);
}

static void
a_stopped_search_keeps_the_best(void **state)
{
	struct example *e = *state;
	struct world w = {.stop_after = 22};
	struct tune_options o = options(0.01, NAN);
	struct tune tune;
	struct status st = {0};
	const struct tune_candidate *c = search(e, &w, &o, &tune, &st);

	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_int_equal(tune.candidates, 22);
	assert_true(c && tune.held < 0 && !tune.confirmed);
	for (int i = 0; i < tune.candidates; i++)
		assert_false(tune.candidate[i].stage == TUNE_SEARCH &&
			     tune_better(&o.target, &tune.candidate[i].point[tune.candidate[i].best], &c->point[c->best]));
	tune_done(&tune);
}

static void
the_front_is_not_beaten(void **state)
{
	struct example *e = *state;
	struct world w = {0};
	struct tune_options o = options(0.01, NAN);
	struct tune tune;
	struct status st = {0};
	int front[TUNE_CANDIDATES], n;

	search(e, &w, &o, &tune, &st);
	n = tune_front(&tune, front);
	assert_true(n > 1);
	for (int i = 1; i < n; i++) {
		const struct tune_candidate *a = &tune.candidate[front[i - 1]], *b = &tune.candidate[front[i]];

		assert_true(a->point[a->best].energy < b->point[b->best].energy);
		assert_true(a->point[a->best].squared_error > b->point[b->best].squared_error);
	}
	tune_done(&tune);
}

/* The bad end of the interval decides, and how many pictures would bring it in. */
static void
few_pictures_confirm_nothing(void **state)
{
	const struct tune_target target = {.max_drop = 0.003, .max_energy = NAN};
	struct tune_point p = {.agreement = 1, .drop_in = {-0.1135, 0.1135}};

	(void)state;
	assert_false(tune_confirms(&target, &p));
	/* z^2 (3 / 30) / 0.003^2 */
	assert_true(fabs(tune_pictures(&target, &p, 30) - 42684) < 2);
	p.drop_in.hi = 0.003;
	assert_true(tune_confirms(&target, &p));
	p.drop = 0.004;
	assert_false(tune_confirms(&target, &p));
	assert_true(tune_pictures(&target, &p, 30) == 0);
	assert_true(tune_confirms(&(struct tune_target){.max_drop = NAN, .max_energy = 1}, &p));
}

static void
targets_compare(void **state)
{
	struct tune_target drop = {0.01, NAN}, energy = {NAN, 0.4}, both = {0.01, 0.4};
	struct tune_point cheap = {.energy = 0.3, .expected = 0.02, .squared_error = 4},
			  good = {.energy = 0.5, .expected = 0.005, .squared_error = 1},
			  better = {.energy = 0.39, .expected = 0.006, .squared_error = 2};

	(void)state;
	assert_true(tune_better(&drop, &good, &cheap) && tune_better(&drop, &better, &good));
	assert_true(tune_better(&energy, &better, &cheap) && tune_better(&energy, &cheap, &good));
	assert_true(tune_better(&both, &better, &cheap) && tune_better(&both, &better, &good));
	assert_true(tune_meets(&both, &better, false) && !tune_meets(&both, &good, false));
	/* Chosen with a margin, judged without. */
	better.expected = better.drop = 0.008;
	assert_true(!tune_meets(&both, &better, false) && tune_meets(&both, &better, true));
	/* Much that was seen counts for itself, little for what is usual, and luck for nothing. */
	assert_true(fabs(tune_expected_drop(0, 0, 10, 0.02) - 0.125 * 0.02 * 2000 / 2010) < 1e-12);
	assert_true(tune_expected_drop(400, 100, 10000, 0.04) > 0.009 && tune_expected_drop(400, 100, 10000, 0.04) < 0.01);
	assert_true(tune_expected_drop(400, -50, 10000, 0.04) == 0.125 * 0.04);
}

/* --- levels without calibrating ------------------------------------------- */

/* What override gives without pictures is what calibration gives with them. */
static void
thresholds_follow_levels(void **state)
{
	static const char sites[] =
	    "blocks.*.norm?.center:levels=4 blocks.*.mlp.act:levels=4,scale=1.5 blocks.*.attn.q:scale=0.7";
	struct example *e = *state;
	struct status st = {0};
	struct plan *changed = plan_copy(e->delta, &st), *built = build(e, "delta", sites);

	assert_true(changed && assign_levels(changed, sites, &st) && plan_finish(changed, &st));
	for (int i = 0; i < built->sites; i++) {
		const struct site_plan *a = &changed->site[i], *b = &built->site[i];

		assert_int_equal(a->settings.burst, b->settings.burst);
		for (int k = 0; b->threshold && k < b->channels * b->per_channel; k++)
			assert_true(fabsf(a->threshold[k] - b->threshold[k]) <= 1e-6f * b->threshold[k]);
	}
	plan_free(changed);
	changed = plan_copy(e->delta, &st);
	assert_false(assign_levels(changed, "blocks.*.mlp.act:hidden=12", &st));
	assert_int_equal(st.code, STATUS_USAGE);
	plan_free(changed);
	plan_free(built);
	/* Thresholds by mmse depend on how much a neuron sends. */
	built = build(e, "sta", NULL);
	st = (struct status){0};
	assert_false(assign_levels(built, "blocks.*.attn.q:burst=3", &st));
	plan_free(built);
}

/* Steps after which refinement begins are part of the plan, kept and named. */
static void
refinement_begins_when_said(void **state)
{
	struct example *e = *state;
	struct status st = {0};
	struct plan *late = build(e, "delta", "blocks.*.attn.q:after=7"), *copy = plan_copy(late, &st);
	int q = site_index(e->model, site_in(SITE_Q, 0)), center = site_index(e->model, site_in(SITE_NORM1_CENTER, 0));

	assert_true(copy && copy->site[q].settings.refine_after == 7 && copy->site[q].settings.refine == 6);
	assert_int_equal(copy->site[center].settings.refine_after, 4);
	assert_string_equal(copy->hash, late->hash);
	assert_string_not_equal(late->hash, e->delta->hash);
	plan_free(copy);
	plan_free(late);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_cheapest_is_found),
	    cmocka_unit_test(luck_on_few_pictures_is_found_out),
	    cmocka_unit_test(the_most_exact_within_a_budget_is_found),
	    cmocka_unit_test(a_stopped_search_keeps_the_best),
	    cmocka_unit_test(the_front_is_not_beaten),
	    cmocka_unit_test(targets_compare),
	    cmocka_unit_test(few_pictures_confirm_nothing),
	    cmocka_unit_test(thresholds_follow_levels),
	    cmocka_unit_test(refinement_begins_when_said),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
