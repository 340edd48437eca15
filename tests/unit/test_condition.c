/* Conditions: what they read, where they point when they are wrong, and what stops. */
#include "model/data/dataset.h"
#include "study/walk/breakpoint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DIGITS "examples/digits-vit"

enum { PICTURES = 16, SIDE = 3 * 8 * 8 };

static struct model *model;
static struct plan *plan;
static struct walk *walk;

static int
setup(void **state)
{
	struct status st = {0};
	struct dataset *data = dataset_open(DIGITS "/calibration.safetensors", &st);
	float *pixels = malloc(PICTURES * SIDE * sizeof(*pixels));
	int label;

	(void)state;
	model = model_load(DIGITS, &st);
	for (int i = 0; model && data && i < PICTURES; i++)
		if (!dataset_get(data, i, model, pixels + SIDE * i, &label, &st))
			return -1;
	dataset_close(data);
	plan = model ? plan_build(model, &(struct plan_options){.T = 8, .rule = -1, .pixels = pixels, .pictures = PICTURES}, NULL,
				  &st)
		     : NULL;
	walk = plan ? walk_new(plan, &st) : NULL;
	if (!walk || !walk_show(walk, pixels, 3, &st) || !walk_steps(walk, 3, NULL, &st))
		return -1;
	free(pixels);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	walk_free(walk);
	plan_free(plan);
	model_free(model);
	return 0;
}

static struct condition *
parse(const char *text)
{
	struct condition_fault fault;
	struct status st = {0};
	struct condition *c = condition_parse(text, model, &fault, &st);

	if (!c)
		fail_msg("%s: %s (at %zu)", text, st.message, fault.at);
	if (!condition_check(c, walk, &st))
		fail_msg("%s: %s", text, st.message);
	return c;
}

static bool
truth(const char *text)
{
	struct condition *c = parse(text);
	struct condition_found found;
	bool hit = condition_true(c, walk, &found);

	condition_free(c);
	return hit;
}

static double
number(const char *text, struct condition_found *found)
{
	struct condition *c = parse(text);
	double value = condition_value(c, walk, found);

	condition_free(c);
	return value;
}

static void
test_logic(void **state)
{
	(void)state;
	assert_true(truth("t == 3"));
	assert_true(truth("3 == t"));
	assert_true(truth("t>=3&&t<=3"));
	assert_false(truth("t != 3"));
	assert_true(truth("not t != 3"));
	assert_true(truth("!(t != 3)"));
	assert_true(truth("t"));
	assert_false(truth("0"));
	assert_true(truth("t == 1 or t == 3"));
	assert_true(truth("t == 1 || t == 2 or t == 3"));
	/* and binds closer than or */
	assert_true(truth("t == 3 or t == 1 and t == 2"));
	assert_false(truth("(t == 3 or t == 1) and t == 2"));
	assert_true(truth("not not t == 3"));
	assert_true(truth("label == 3 and -1 < .5 and 1e3 > 999"));
	assert_true(truth("top == ann") == (walk_last(walk)->top == walk->ann_top));
}

/* The same numbers as the walk and the network have. */
static void
test_quantities(void **state)
{
	struct site site = site_in(SITE_ATTN, 2), q = site_in(SITE_Q, 1);
	int index = site_index(model, site), qi = site_index(model, q);
	const struct walk_step *last = walk_last(walk);
	size_t at = (size_t)5 * (size_t)model->width + 17;
	struct condition_found found;

	(void)state;
	assert_true(number("logit_rmse", &found) == (double)last->logit_rmse);
	assert_true(number("error(blocks.2.attn)", &found) == (double)last->site[index].relative);
	assert_true(number("spikes(blocks.1.attn.q)", &found) == (double)last->site[qi].units);
	assert_true(number("rate(blocks.1.attn.q)", &found) == (double)last->site[qi].rate);
	assert_true(number("value(blocks.1.attn.q[5,17])", &found) == (double)snn_element(walk->snn, q, SNN_VALUE, at));
	assert_true(found.has_element && found.element == at && found.site.kind == SITE_Q && found.site.block == 1);
	assert_true(number("membrane( blocks.1.attn.q[ 5 , 17 ] )", &found) ==
		    (double)snn_element(walk->snn, q, SNN_MEMBRANE, at));
	assert_true(number("error(blocks.1.attn.q[5,17])", &found) ==
		    (double)snn_element(walk->snn, q, SNN_VALUE, at) - (double)walk->reference.value[qi][at]);
	assert_true(number("spikes(blocks.1.attn.q[5,17])", &found) == fabs((double)snn_element(walk->snn, q, SNN_COUNT, at)));
	assert_true(number("range(blocks.1.mlp.act)", &found) ==
		    (double)last->site[site_index(model, site_in(SITE_ACT, 1))].alarms);
}

/* Hidden neurons of a UGO: one by its number, and the largest of them. */
static void
test_hidden_neurons(void **state)
{
	struct site act = site_in(SITE_ACT, 2);
	int hidden = plan->site[site_index(model, act)].ugo->hidden, largest = 0;
	float *membrane = malloc((size_t)hidden * sizeof(*membrane));
	size_t at = (size_t)5 * (size_t)model->mlp_width + 17;
	struct condition_found found;
	struct status st = {0};

	(void)state;
	assert_true(snn_probe_hidden(walk->snn, act, at, NULL, membrane, &st));
	for (int i = 1; i < hidden; i++)
		if (fabsf(membrane[i]) > fabsf(membrane[largest]))
			largest = i;
	assert_true(number("membrane(blocks.2.mlp.act[5,17,3])", &found) == (double)membrane[3]);
	assert_int_equal(found.unit, 3);
	assert_true(number("membrane(blocks.2.mlp.act[5,17])", &found) == (double)membrane[largest]);
	assert_int_equal(found.unit, largest);
	free(membrane);
}

/* A glob is true when one site is, and tells the one that is furthest out. */
static void
test_globs(void **state)
{
	const struct walk_step *last = walk_last(walk);
	struct condition *c = parse("error(blocks.*.attn) > 0");
	struct condition_found found;
	int worst = -1, least = -1;

	(void)state;
	for (int b = 0; b < model->depth; b++) {
		int i = site_index(model, site_in(SITE_ATTN, b));

		worst = worst < 0 || last->site[i].relative > last->site[worst].relative ? i : worst;
		least = least < 0 || last->site[i].relative < last->site[least].relative ? i : least;
	}
	assert_true(condition_true(c, walk, &found));
	assert_int_equal(site_index(model, found.site), worst);
	condition_free(c);
	c = parse("10 > error(blocks.[0-3].attn)"); /* turned round: the smallest */
	assert_true(condition_true(c, walk, &found));
	assert_int_equal(site_index(model, found.site), least);
	condition_free(c);
	assert_false(truth("error(blocks.*.attn) > 1000"));
	/* One is enough, wherever in the order it stands. */
	for (int b = 0; b < model->depth; b++)
		for (int less = 0; less < 2; less++) {
			float at = last->site[site_index(model, site_in(SITE_ATTN, b))].relative;
			char text[80];

			snprintf(text, sizeof(text), "error(blocks.*.attn) %s %.17g", less ? "<=" : ">=", (double)at);
			c = parse(text);
			assert_true(condition_true(c, walk, &found));
			assert_true(less ? found.value <= (double)at * 1.000001 : found.value >= (double)at * 0.999999);
			condition_free(c);
		}
	assert_false(condition_is_value((c = parse("error(blocks.*.attn)"))));
	condition_free(c);
}

/* Any element: the extreme, as a scan of the whole site finds it. */
/* all, any, max and min against the walk's own numbers, one by one. */
static void
test_folds(void **state)
{
	const struct walk_step *last = walk_last(walk);
	struct condition_found found;
	double most = 0, least = 1e9;
	char text[120];

	(void)state;
	for (int i = 0; i < site_count(model); i++) {
		double e = (double)last->site[i].relative;

		if (!site_matches(site_at(model, i), "blocks.*.attn"))
			continue;
		most = e > most ? e : most;
		least = e < least ? e : least;
	}
	assert_true(least < most);
	assert_true(number("max(error(blocks.*.attn))", &found) == most);
	assert_true(found.has_site && (double)last->site[site_index(model, found.site)].relative == most);
	assert_true(number("min( error(blocks.*.attn) )", &found) == least);
	snprintf(text, sizeof(text), "all(error(blocks.*.attn)) < %.9g", (least + most) / 2);
	assert_false(truth(text));
	snprintf(text, sizeof(text), "any(error(blocks.*.attn)) < %.9g", (least + most) / 2);
	assert_true(truth(text));
	snprintf(text, sizeof(text), "all(error(blocks.*.attn)) <= %.17g and all(error(blocks.*.attn)) >= %.17g", most, least);
	assert_true(truth(text));
	snprintf(text, sizeof(text), "%.9g > all(error(blocks.*.attn))", most * 1.01);
	assert_true(truth(text));
	assert_true(truth("max(error(blocks.*.attn)) > min(error(blocks.*.attn))"));
	assert_true(truth("all(error(blocks.*.attn)) != -1") && !truth("all(error(blocks.*.attn)) == 1"));
	assert_true(truth("all(value(blocks.1.attn.q)) > -1000 and not all(value(blocks.1.attn.q)) > 0"));
	assert_true(truth("max(value(blocks.1.attn.q)) > 0"));
}

static void
test_elements(void **state)
{
	struct site q = site_in(SITE_Q, 0);
	struct tensor t = {0};
	struct status st = {0};
	struct condition_found found;
	struct condition *c = parse("membrane(blocks.0.attn.q) > -1000");
	size_t best = 0;

	(void)state;
	assert_true(snn_probe(walk->snn, q, SNN_MEMBRANE, &t, &st));
	for (size_t i = 1; i < tensor_size(&t); i++)
		if (t.data[i] > t.data[best])
			best = i;
	assert_true(condition_true(c, walk, &found));
	assert_int_equal(found.element, best);
	assert_true(found.value == (double)t.data[best]);
	condition_free(c);
	tensor_done(&t);
	assert_true(truth("value(blocks.0.attn.q) == value(blocks.0.attn.q[2,3])"));
	assert_false(truth("value(*) > 1e30"));
}

static void
test_faults(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *says;
	} wrong[] = {
	    {"", 0, "ends"},
	    {"t >", 3, "ends"},
	    {"t > 3 and", 9, "ends"},
	    {"(t > 3", 0, "closing"},
	    {"t > 3)", 5, "end here"},
	    {"t > 3 t", 6, "end here"},
	    {"error > 3", 6, "needs a site"},
	    {"error( > 3", 5, "not closed"},
	    {"error() > 3", 6, "site is expected"},
	    {"error(nothing.*) > 3", 6, "no site matches"},
	    {"nonsense > 3", 0, "nothing that can be compared"},
	    {"t = 3", 2, "comparisons are"},
	    {"t > > 3", 4, "expected"},
	    {"t > 1e999", 4, "not a number"},
	    {"value(blocks.0.attn.q[5,9999]) > 1", 6, "no such element"},
	    {"value(blocks.0.attn.q[5]) > 1", 6, "no such element"},
	    {"value(blocks.0.attn.q[1,2,3,4,5]) > 1", 6, "no site matches"},
	    {"rate(blocks.0.attn.q[5,9]) > 1", 20, "whole site"},
	    {"error(blocks.*.attn) > error(blocks.*.mlp)", 23, "one side"},
	    {"((((((((((((((((((((((((((((((((((((((t))))))))))))))))))))))))))))))))))))))", 32, "nest"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct condition_fault fault;
		struct status st = {0};

		if (condition_parse(wrong[i].text, model, &fault, &st))
			fail_msg("\"%s\" is a condition", wrong[i].text);
		if (st.code != STATUS_USAGE || fault.at != wrong[i].at || !strstr(st.message, wrong[i].says))
			fail_msg("\"%s\": %s, at %zu", wrong[i].text, st.message, fault.at);
	}
}

/* Whatever the bytes, it ends with a condition or a fault within the text. */
static void
test_any_bytes(void **state)
{
	static const char *const part[] = {
	    "t",  "top", "error(", "blocks.*.attn", "[",  "3",   ",", "]", ")",      "(", " and ", "or", "not ", "<",
	    "=",  "!",   "&",      "\xff\xfe",      "\n", "1e9", "-", ".", "value(", "*", "'",     "|",  "&&",   "membrane(",
	    "ann"};
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct condition_fault fault;
		struct status st = {0};
		struct condition *c;
		char text[200] = "";
		int n = i % 12;

		for (int j = 0; j < n; j++) {
			seed = seed * 1664525u + 1013904223u;
			strcat(text, part[(seed >> 16) % (sizeof(part) / sizeof(*part))]);
		}
		c = condition_parse(text, model, &fault, &st);
		if (!c)
			assert_true(st.code == STATUS_USAGE && fault.at <= strlen(text));
		condition_free(c);
	}
}

static void
test_what_a_plan_lacks(void **state)
{
	static const char *const texts[] = {"membrane(blocks.0.attn) > 1", "range(blocks.0.attn) > 1", "spikes(patch_embed) > 1",
					    "membrane(blocks.0.mlp.act) > 1", "membrane(blocks.0.mlp.act[0,0,99]) > 1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct condition_fault fault;
		struct status st = {0};
		struct condition *c = condition_parse(texts[i], model, &fault, &st);

		assert_non_null(c);
		if (condition_check(c, walk, &st))
			fail_msg("%s can be read", texts[i]);
		assert_int_equal(st.code, STATUS_USAGE);
		condition_free(c);
	}
}

static struct breakpoint *
add(struct breakpoints *b, const char *text, bool watch, bool silent)
{
	struct condition_fault fault;
	struct status st = {0};
	struct breakpoint *p = breakpoints_add(b, text, watch, silent, model, walk, &fault, &st);

	if (!p)
		fail_msg("%s: %s", text, st.message);
	return p;
}

static void
test_breakpoints(void **state)
{
	struct breakpoints b = {0};
	struct condition_fault fault;
	struct status st = {0};

	(void)state;
	add(&b, "t == 4", false, false);
	add(&b, "t", true, false);
	add(&b, "t", true, true);
	add(&b, "top == -7", false, false);
	assert_null(breakpoints_add(&b, "error(blocks.*.attn)", true, false, model, walk, &fault, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	breakpoints_look(&b, walk);
	assert_null(breakpoints_after_step(&b, walk)); /* nothing has changed */
	assert_true(walk_steps(walk, 1, NULL, &st));
	assert_int_equal(breakpoints_after_step(&b, walk)->number, 1);
	assert_int_equal(breakpoints_find(&b, 2)->hits, 1);
	assert_true(breakpoints_find(&b, 2)->before == 3 && breakpoints_find(&b, 2)->value == 4);
	breakpoints_remove(&b, 1);
	assert_null(breakpoints_find(&b, 1));
	assert_true(walk_steps(walk, 1, NULL, &st));
	assert_int_equal(breakpoints_after_step(&b, walk)->number, 2);
	breakpoints_find(&b, 2)->enabled = false;
	assert_true(walk_steps(walk, 1, NULL, &st));
	assert_null(breakpoints_after_step(&b, walk)); /* the silent one was hit, and does not stop */
	assert_int_equal(breakpoints_find(&b, 3)->hits, 3);
	assert_int_equal(add(&b, "t", false, false)->number, 5); /* numbers are not used again */
	/* Without a model they sleep. */
	breakpoints_bind(&b, NULL, NULL);
	assert_null(breakpoints_find(&b, 3)->condition);
	assert_null(breakpoints_after_step(&b, walk));
	breakpoints_bind(&b, model, walk);
	assert_non_null(breakpoints_find(&b, 3)->condition);
	breakpoints_done(&b);
	assert_true(walk_back(walk, 3, NULL, &st));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_logic),       cmocka_unit_test(test_quantities), cmocka_unit_test(test_hidden_neurons),
	    cmocka_unit_test(test_globs),       cmocka_unit_test(test_folds),      cmocka_unit_test(test_elements),
	    cmocka_unit_test(test_faults),      cmocka_unit_test(test_any_bytes),  cmocka_unit_test(test_what_a_plan_lacks),
	    cmocka_unit_test(test_breakpoints),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
