/* Plans as values, and what studies say of them, on the embedded example. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CALIBRATION = 64, SIDE = 3 * 8 * 8 };

struct example {
	struct model *model;
	struct dataset *test;
	float *pixels; /* [CALIBRATION, SIDE] */
	struct plan *delta;
};

static struct plan *
build(const struct example *e, const char *recipe, int T, const char *sites)
{
	struct status st = {0};
	struct plan_options options = {
	    .recipe = recipe, .T = T, .rule = -1, .pixels = e->pixels, .pictures = CALIBRATION, .sites = sites};
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
	e.test = dataset_open("examples/digits-vit/test.safetensors", &st);
	e.pixels = malloc(CALIBRATION * SIDE * sizeof(float));
	if (!calibration || !e.model || !e.test || !e.pixels)
		fail_msg("%s", st.message);
	for (int i = 0; i < CALIBRATION; i++)
		assert_true(dataset_get(calibration, i, e.model, e.pixels + (size_t)i * SIDE, NULL, &st));
	dataset_close(calibration);
	e.delta = build(&e, "delta", 4, NULL);
	*state = &e;
	return 0;
}

static int
teardown(void **state)
{
	struct example *e = *state;

	plan_free(e->delta);
	free(e->pixels);
	dataset_close(e->test);
	model_free(e->model);
	return 0;
}

static const struct site_plan *
at(const struct plan *plan, enum site_kind kind, int block)
{
	return &plan->site[site_index(plan->model, site_in(kind, block))];
}

static void
evaluate(const struct plan *plan, const struct example *e, int count, int t, struct eval_result *r)
{
	struct eval_options options = {.count = count, .t = &t, .ts = 1};
	struct status st = {0};

	if (!eval_run(plan, e->test, &options, r, NULL, &st))
		fail_msg("%s", st.message);
}

/* --- recipes and overrides ------------------------------------------------ */

/* What is promised of the embedded example: delta loses nothing in four steps, sta
 * nothing in 16, and every recipe runs. */
static void
recipes_keep_their_promises(void **state)
{
	struct example *e = *state;
	struct plan *sta = build(e, "sta", 16, NULL);
	struct eval_result r;

	evaluate(e->delta, e, 0, 4, &r);
	assert_true(r.point[0].accuracy >= r.ann_accuracy && r.point[0].agreement >= 0.99);
	eval_done(&r);
	evaluate(sta, e, 0, 16, &r);
	assert_true(r.point[0].accuracy >= r.ann_accuracy);
	eval_done(&r);
	plan_free(sta);
	for (const struct recipe_info *recipe = recipe_table; recipe->transformers; recipe++) {
		struct plan *plan = build(e, recipe->name, 8, NULL);

		evaluate(plan, e, 20, 8, &r);
		print_message("%s at t = 8: agreement %.2f, logit RMSE %.3f\n", recipe->name, r.point[0].agreement,
			      r.point[0].logit_rmse);
		assert_true(isfinite(r.point[0].logit_rmse) && r.point[0].units_per_image >= r.point[0].events_per_image);
		eval_done(&r);
		plan_free(plan);
	}
}

/* Levels over t go on closing in where fixed levels have reached their floor (docs/spiking.md#ecmt-and-dcgs). */
static void
differential_coding_closes_in(void **state)
{
	struct example *e = *state;
	struct plan *dcgs = build(e, "dcgs", 8, NULL);
	int t[] = {1, 2, 4, 8};
	struct eval_options options = {.count = 60, .t = t, .ts = 4};
	struct eval_result r;
	struct status st = {0};

	assert_true(eval_run(dcgs, e->test, &options, &r, NULL, &st));
	for (int i = 1; i < 4; i++)
		assert_true(r.point[i].logit_rmse < r.point[i - 1].logit_rmse);
	assert_true(r.point[2].logit_rmse < r.point[0].logit_rmse / 5);
	eval_done(&r);
	plan_free(dcgs);
}

static void
overrides_change_what_they_name(void **state)
{
	struct example *e = *state;
	struct plan *plan = build(e, "delta", 4,
				  "blocks.*.mlp.act:neuron=mt,levels=5,hidden=12;blocks.0.attn.q:neuron=round,burst=8,rule=mmse\n"
				  "blocks.1.attn.k:neuron=graded blocks.2.attn.v:scale=2 blocks.3.*.exp:function=exact");
	const struct site_plan *q = at(plan, SITE_Q, 0), *v = at(plan, SITE_V, 2);

	assert_true(at(plan, SITE_ACT, 3)->neuron == NEURON_MT && at(plan, SITE_ACT, 3)->settings.burst == 5);
	assert_true(at(plan, SITE_ACT, 3)->ugo->hidden <= 12);
	assert_true(q->neuron == NEURON_ROUND && q->settings.burst == 8 && q->rule == THRESHOLD_MMSE);
	assert_true(at(plan, SITE_Q, 1)->neuron == NEURON_MT);
	assert_true(at(plan, SITE_K, 1)->neuron == NEURON_NONE);
	for (int i = 0; i < v->channels; i++)
		assert_true(v->threshold[i] == 2 * at(e->delta, SITE_V, 2)->threshold[i]);
	assert_true(at(plan, SITE_EXP, 3)->mode == FUNCTION_MODE_EXACT);
	assert_int_equal(plan_analog_functions(plan), 1);
	assert_string_not_equal(plan->hash, e->delta->hash);
	plan_free(plan);
}

static void
wrong_overrides_are_named(void **state)
{
	static const struct {
		const char *recipe, *sites, *says;
	} wrong[] = {
	    {"delta", "blocks.*.mlp.act", "GLOB:KEY=VALUE"},
	    {"delta", "blocks.*.mlp.act:neuron", "not KEY=VALUE"},
	    {"delta", "blocks.*.mlp.act:neurn=mt", "no key 'neurn'"},
	    {"delta", "blocks.*.mlp.act:neuron=mtt", "no neuron 'mtt'; there are graded, if, lif"},
	    {"delta", "blocks.9.mlp.act:neuron=mt", "no site matches"},
	    {"delta", "blocks.*.mlp.act:levels=9", "from 1 to 8"},
	    {"delta", "blocks.*.mlp.act:levels=x", "whole number"},
	    {"delta", "blocks.*.attn.qk:neuron=mt", "no site that matches"},
	    {"delta", "blocks.*.norm1:neuron=mt", "no site that matches"},
	    {"delta", "blocks.*.attn.q:initial=0.5", "takes initial: if, signed"},
	    {"delta", "blocks.*.attn.q:scale=nan", "number from"},
	    {"delta", "blocks.*.attn.q:rule=median", "percentile"},
	    {"delta", "blocks.*.attn.q:function=exact", "a function"},
	    {"delta", "\033[1mx:neuron=mt", "\\x1b"},
	    {"sta", "blocks.*.attn.q:neuron=mt", "sum-decoded"},
	    {"sta-release", "blocks.*.exp:function=spiking", "needs a neuron"},
	};
	struct example *e = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct plan_options options = {.recipe = wrong[i].recipe,
					       .T = 4,
					       .rule = -1,
					       .pixels = e->pixels,
					       .pictures = CALIBRATION,
					       .sites = wrong[i].sites};
		struct status st = {0};

		assert_null(plan_build(e->model, &options, NULL, &st));
		if (st.code != STATUS_USAGE || !strstr(st.message, wrong[i].says))
			fail_msg("%s says: %s", wrong[i].sites, st.message);
	}
}

/* A percentile of 100 is the maximum; a lower one gives lower thresholds. */
static void
percentiles_lower_thresholds(void **state)
{
	struct example *e = *state;
	struct plan *plan[3];
	double percent[] = {100, 99, 90};

	for (int i = 0; i < 3; i++) {
		struct status st = {0};
		struct plan_options options = {.recipe = "delta",
					       .T = 4,
					       .rule = THRESHOLD_PERCENTILE,
					       .percentile = percent[i],
					       .pixels = e->pixels,
					       .pictures = CALIBRATION};

		plan[i] = plan_build(e->model, &options, NULL, &st);
		assert_non_null(plan[i]);
	}
	for (int c = 0; c < 48; c++) {
		float most = at(plan[0], SITE_Q, 0)->threshold[c], high = at(plan[1], SITE_Q, 0)->threshold[c];

		assert_true(most == at(e->delta, SITE_Q, 0)->threshold[c]);
		assert_true(high <= most && at(plan[2], SITE_Q, 0)->threshold[c] < most);
		assert_true(at(plan[2], SITE_Q, 0)->threshold[c] <= high);
	}
	for (int i = 0; i < 3; i++)
		plan_free(plan[i]);
}

/* --- plans as bytes ------------------------------------------------------- */

static void
plans_come_back_from_bytes(void **state)
{
	struct example *e = *state;
	struct plan *release = build(e, "sta-release", 8, NULL);
	const struct plan *plans[] = {e->delta, release};

	for (int i = 0; i < 2; i++) {
		struct status st = {0};
		size_t size;
		void *bytes = plan_pack(plans[i], &size, &st);
		struct plan *back = bytes ? plan_unpack(e->model, bytes, size, plans[i]->hash, &st) : NULL;
		struct eval_result a, b;

		if (!back)
			fail_msg("%s", st.message);
		assert_string_equal(back->hash, plans[i]->hash);
		evaluate(plans[i], e, 5, 4, &a);
		evaluate(back, e, 5, 4, &b);
		assert_memory_equal(a.outcome, b.outcome, 5 * sizeof(*a.outcome));
		eval_done(&a);
		eval_done(&b);
		plan_free(back);
		free(bytes);
	}
	plan_free(release);
}

/* Bytes that anything may have happened to are refused and never read beyond. */
static void
damaged_bytes_are_refused(void **state)
{
	struct example *e = *state;
	struct status st = {0};
	size_t size;
	unsigned char *bytes = plan_pack(e->delta, &size, &st);
	struct rng rng;

	assert_non_null(bytes);
	for (size_t cut = 0; cut < size; cut += size / 60 + 1) {
		unsigned char *part = malloc(cut + 1);

		memcpy(part, bytes, cut);
		status_clear(&st);
		assert_null(plan_unpack(e->model, part, cut, e->delta->hash, &st));
		assert_int_equal(st.code, STATUS_DATA);
		free(part);
	}
	rng_seed(&rng, 5);
	for (int i = 0; i < 60; i++) {
		size_t where = (size_t)rng_below(&rng, i < 30 ? 600 : size);
		unsigned char kept = bytes[where];
		struct plan *plan;

		bytes[where] ^= (unsigned char)(1 + rng_below(&rng, 255));
		status_clear(&st);
		plan = plan_unpack(e->model, bytes, size, e->delta->hash, &st);
		/* What the hash does not cover, as a UGO's name, may differ. */
		assert_true(plan || st.code != STATUS_OK);
		plan_free(plan);
		bytes[where] = kept;
	}
	free(bytes);
}

/* --- evaluation ----------------------------------------------------------- */

/* Newcombe (Statistics in Medicine 17, 1998), table I, method 3. */
static void
intervals_are_wilsons(void **state)
{
	static const struct {
		double k, n, lo, hi;
	} known[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct eval_interval in = eval_wilson(known[i].k, known[i].n);

		assert_true(fabs(in.lo - known[i].lo) < 6e-5 && fabs(in.hi - known[i].hi) < 6e-5);
	}
}

/* Newcombe's example of 36, 12, 2 and 0 pairs, and the 1, 1, 7, 12 of Bentur et al. as Fagerland, Lydersen
 * and Laake (Statistical Analysis of Contingency Tables, 2017, 8.6) have them to four places; the
 * others by a program of its own that solves Wilson's quadratics. */
static void
paired_intervals_are_newcombes(void **state)
{
	static const struct {
		double both, own, other, neither, lo, hi;
	} known[] = {{36, 12, 2, 0, 0.056930, 0.340428},    {1, 1, 7, 12, -0.506920, -0.025559},
		     {20, 0, 0, 10, -0.072218, 0.072218},   {30, 0, 0, 0, -0.113513, 0.113513},
		     {430, 12, 8, 50, -0.010589, 0.027001}, {0, 0, 0, 25, -0.133192, 0.133192},
		     {59, 6, 16, 80, -0.118621, -0.004625}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct eval_interval in = eval_paired(known[i].both, known[i].own, known[i].other, known[i].neither);

		assert_true(fabs(in.lo - known[i].lo) < 2e-6 && fabs(in.hi - known[i].hi) < 2e-6);
	}
}

struct kept {
	struct eval_result last;
	int calls;
};

static void
keep(void *ctx, const struct eval_result *so_far, int from)
{
	struct kept *kept = ctx;

	assert_true(from < so_far->images);
	kept->calls++;
}

/* An evaluation that goes on from the first part of itself ends as the whole. */
static void
evaluations_go_on(void **state)
{
	struct example *e = *state;
	int t[] = {1, 3};
	struct kept kept = {.calls = 0};
	struct eval_options options = {.count = 30, .t = t, .ts = 2, .threads = 2, .keep = keep, .keep_ctx = &kept};
	struct eval_result whole, part, rest;
	struct status st = {0};

	assert_true(eval_run(e->delta, e->test, &options, &whole, NULL, &st));
	options.count = 11;
	assert_true(eval_run(e->delta, e->test, &options, &part, NULL, &st));
	options.count = 30;
	options.known = &part;
	assert_true(eval_run(e->delta, e->test, &options, &rest, NULL, &st));
	assert_true(kept.calls >= 3);
	assert_memory_equal(whole.outcome, rest.outcome, 60 * sizeof(*whole.outcome));
	assert_memory_equal(whole.point, rest.point, 2 * sizeof(*whole.point));
	for (int i = 0; i < whole.sites; i++)
		assert_true(whole.site[i].alarms == rest.site[i].alarms && whole.site[i].events == rest.site[i].events);
	eval_done(&whole);
	eval_done(&part);
	eval_done(&rest);
}

/* The blocks of cifar10-vit have 182.2 M multiplications a picture (6 x 65 x (12 x 192^2 + 2 x 65 x 192)), and a
 * network of graded sites pays them all, products twice: for both of their terms. */
static void
energy_counts_multiplications(void **state)
{
	struct example *e = *state;
	struct status st = {0};
	struct model *cifar = model_load("examples/cifar10-vit", &st);
	bool *none = calloc((size_t)e->delta->sites, sizeof(*none));
	struct plan *graded = plan_isolate(e->delta, none, FUNCTION_MODE_EXACT, &st);
	struct energy part[ENERGY_PARTS], sum;
	struct snn *snn = snn_new(graded, &st);
	double tokens = 17, width = 48, linear = 4.6 * 4 * tokens * width * (4 * width + 2 * 96);

	assert_non_null(cifar);
	assert_true(fabs(energy_ann(cifar) / 4.6 - 182.2e6) < 0.1e6);
	snn_show(snn, e->pixels);
	snn_step(snn);
	sum = energy_of(snn, part);
	assert_true(fabs(part[ENERGY_LINEAR].per_event - linear) < 1e-6 * linear);
	assert_true(fabs(part[ENERGY_LINEAR].per_event + part[ENERGY_PRODUCT].per_event / 2 - energy_ann(e->model)) <
		    1e-6 * linear);
	assert_true(part[ENERGY_UGO].per_event == 0 && sum.per_unit == sum.per_event);
	snn_free(snn);
	plan_free(graded);
	free(none);
	model_free(cifar);
}

/* Spikes are charged where they go: counted here from the sites' own events. */
static void
energy_counts_spikes(void **state)
{
	struct example *e = *state;
	struct status st = {0};
	struct snn *snn = snn_new(e->delta, &st);
	double linear = 0, product = 0, ugo = 0;
	struct energy part[ENERGY_PARTS];

	snn_show(snn, e->pixels);
	for (int t = 0; t < 3; t++)
		snn_step(snn);
	for (int i = 0; i < e->delta->sites; i++) {
		struct site site = e->delta->site[i].site;
		struct snn_activity a;
		char name[SITE_NAME_MAX];

		site_name(site, name);
		snn_activity(snn, site, &a);
		if (strstr(name, "norm1.center"))
			linear += a.events_total * 3 * 48;
		else if (strstr(name, "norm2.center"))
			linear += a.events_total * 96;
		else if (strstr(name, "attn.av") || strstr(name, "act.out"))
			linear += a.events_total * 48;
		else if (strstr(name, "attn.q") || strstr(name, "attn.k") || strstr(name, "attn.v"))
			product += a.events_total * 17;
		else if (site.kind == SITE_SOFTMAX)
			product += a.events_total * 12;
		else
			ugo += a.events_total;
	}
	energy_of(snn, part);
	assert_true(linear > 0 && product > 0 && ugo > 0);
	assert_true(fabs(part[ENERGY_LINEAR].per_event - 0.9 * linear) < 1e-6 * linear);
	assert_true(fabs(part[ENERGY_PRODUCT].per_event - 0.9 * product) < 1e-6 * product);
	assert_true(fabs(part[ENERGY_UGO].per_event - 0.9 * ugo) < 1e-6 * ugo);
	snn_free(snn);
}

/* --- where it goes wrong -------------------------------------------------- */

static void
the_ladder_descends(void **state)
{
	struct example *e = *state;
	struct ladder_options options = {.count = 12};
	struct ladder ladder;
	struct status st = {0};
	int block = site_index(e->model, site_in(SITE_BLOCK, 3));

	assert_true(ladder_run(e->delta, e->test, &options, &ladder, NULL, &st));
	assert_int_equal(ladder.t, 4);
	assert_string_equal(ladder.rung[1].name, "activation");
	/* every rung has everything of the one before it, and more that is not exact */
	assert_true(ladder.rung[1].result.point[0].logit_rmse > 0);
	assert_true(ladder.rung[2].result.point[0].logit_rmse > ladder.rung[1].result.point[0].logit_rmse);
	assert_true(ladder.rung[3].result.point[0].logit_rmse > 2 * ladder.rung[2].result.point[0].logit_rmse);
	assert_true(ladder.rung[3].result.site[block].rmse > ladder.rung[2].result.site[block].rmse);
	assert_true(ladder.rung[3].result.site[block].cosine > 0.99 && ladder.rung[2].result.site[block].cosine <= 1 + 1e-9);
	ladder_done(&ladder);
}

static void
attributions_add_up(void **state)
{
	struct example *e = *state;
	struct attribution_options options = {.run = {.count = 12}, .others = FUNCTION_MODE_EXACT};
	struct attribution a;
	struct status st = {0};
	double sum = 0;

	assert_true(attribution_run(e->delta, e->test, &options, &a, NULL, &st));
	assert_int_equal(a.items, 9);
	assert_true(a.nothing.logit_rmse < 1e-4); /* float32 sums in another order */
	for (int i = 0; i < a.items; i++) {
		assert_true(a.item[i].done && a.item[i].logit_rmse > a.nothing.logit_rmse);
		sum += a.item[i].excess;
	}
	assert_true(fabs(a.sum - sum) < 1e-12 && fabs(a.interaction - (a.full.excess - sum)) < 1e-12);
	attribution_done(&a);
	options.sites = "blocks.0.attn.*";
	assert_true(attribution_run(e->delta, e->test, &options, &a, NULL, &st));
	assert_int_equal(a.items, 7);
	assert_string_equal(a.item[0].name, "blocks.0.attn.q");
	attribution_done(&a);
	options.sites = "blocks.0.attn.qk";
	assert_false(attribution_run(e->delta, e->test, &options, &a, NULL, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	attribution_done(&a);
}

static const struct audit_site *
find(const struct audit_site *site, int count, struct site wanted)
{
	for (int i = 0; i < count; i++)
		if (site[i].site.kind == wanted.kind && site[i].site.block == wanted.block)
			return &site[i];
	fail_msg("the audit leaves out a site");
	return site;
}

/* Every operand and function is in the audit, and what is wrong is said. */
static void
audits_name_what_is_wrong(void **state)
{
	struct example *e = *state;
	struct audit_site *site = calloc((size_t)e->delta->sites, sizeof(*site));
	struct plan *release = build(e, "sta-release", 8, NULL), *narrow;
	struct ugo_request request = {.function = FUNCTION_GELU, .lo = -1, .hi = 1, .hidden = 24};
	struct ugo relu = {0}, ugo = {0};
	struct status st = {0};
	int count = audit_plan(e->delta, site);

	assert_int_equal(count, 4 * 13);
	for (int i = 0; i < count; i++)
		if (site[i].state != AUDIT_SPIKING)
			fail_msg("%s", site[i].verdict);
	count = audit_plan(release, site);
	assert_true(find(site, count, site_in(SITE_EXP, 2))->state == AUDIT_ANALOG);
	assert_non_null(strstr(find(site, count, site_in(SITE_EXP, 2))->verdict, "analog: exp by its UGO"));
	assert_true(find(site, count, site_in(SITE_Q, 1))->state == AUDIT_GRADED);
	assert_string_equal(find(site, count, site_in(SITE_SOFTMAX, 1))->source, "mmse");

	narrow = plan_copy(e->delta, &st);
	assert_true(ugo_fit(&relu, &request, &st) && ugo_segments(&ugo, &relu, 0, &st));
	assert_int_equal(ugo.hidden, at(narrow, SITE_ACT, 1)->ugo->hidden);
	assert_true(plan_set_ugo(narrow, site_in(SITE_ACT, 1), &ugo, &st) && plan_finish(narrow, &st));
	count = audit_plan(narrow, site);
	assert_non_null(strstr(find(site, count, site_in(SITE_ACT, 1))->verdict, "range too narrow"));
	assert_false(find(site, count, site_in(SITE_ACT, 1))->ok);
	assert_true(find(site, count, site_in(SITE_ACT, 0))->ok);
	ugo_done(&relu);
	ugo_done(&ugo);
	plan_free(narrow);
	plan_free(release);
	free(site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recipes_keep_their_promises),
	    cmocka_unit_test(differential_coding_closes_in),
	    cmocka_unit_test(overrides_change_what_they_name),
	    cmocka_unit_test(wrong_overrides_are_named),
	    cmocka_unit_test(percentiles_lower_thresholds),
	    cmocka_unit_test(plans_come_back_from_bytes),
	    cmocka_unit_test(damaged_bytes_are_refused),
	    cmocka_unit_test(intervals_are_wilsons),
	    cmocka_unit_test(paired_intervals_are_newcombes),
	    cmocka_unit_test(evaluations_go_on),
	    cmocka_unit_test(energy_counts_multiplications),
	    cmocka_unit_test(energy_counts_spikes),
	    cmocka_unit_test(the_ladder_descends),
	    cmocka_unit_test(attributions_add_up),
	    cmocka_unit_test(audits_name_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
