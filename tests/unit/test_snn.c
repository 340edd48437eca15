/* The spiking network on the embedded example: against the reference, against its own
 * probes, and as a value. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALIBRATION = 64, SIDE = 3 * 8 * 8 };

struct example {
	struct model *model;
	struct dataset *test;
	float *pixels; /* [CALIBRATION, SIDE] */
	struct plan *sta, *release, *delta;
};

static float *
read_pictures(struct dataset *data, const struct model *model, int n)
{
	float *pixels = malloc((size_t)n * SIDE * sizeof(float));
	struct status st = {0};

	assert_non_null(pixels);
	for (int i = 0; i < n; i++)
		if (!dataset_get(data, i, model, pixels + (size_t)i * SIDE, NULL, &st))
			fail_msg("%s", st.message);
	return pixels;
}

static struct plan *
build(const struct example *e, const char *recipe, int T)
{
	struct status st = {0};
	struct plan_options options = {.recipe = recipe, .T = T, .rule = -1, .pixels = e->pixels, .pictures = CALIBRATION};
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
	struct dataset *calibration;

	e.model = model_load("examples/digits-vit", &st);
	e.test = dataset_open("examples/digits-vit/test.safetensors", &st);
	calibration = dataset_open("examples/digits-vit/calibration.safetensors", &st);
	if (!e.model || !e.test || !calibration)
		fail_msg("%s", st.message);
	e.pixels = read_pictures(calibration, e.model, CALIBRATION);
	dataset_close(calibration);
	e.sta = build(&e, "sta", 16);
	e.release = build(&e, "sta-release", 16);
	e.delta = build(&e, "delta", 8);
	*state = &e;
	return 0;
}

static int
teardown(void **state)
{
	struct example *e = *state;

	plan_free(e->sta);
	plan_free(e->release);
	plan_free(e->delta);
	free(e->pixels);
	dataset_close(e->test);
	model_free(e->model);
	return 0;
}

static struct snn *
network(const struct plan *plan)
{
	struct status st = {0};
	struct snn *snn = snn_new(plan, &st);

	if (!snn)
		fail_msg("%s", st.message);
	return snn;
}

static void
steps(struct snn *snn, int n)
{
	for (int i = 0; i < n; i++)
		snn_step(snn);
}

static void
probe(const struct snn *snn, struct site site, enum snn_quantity q, struct tensor *out)
{
	struct status st = {0};

	if (!snn_probe(snn, site, q, out, &st))
		fail_msg("%s", st.message);
}

/* With every site graded and every function exact one step is the reference: 1e-4 of
 * the largest logit, for float32 sums are taken in another order. */
static void
graded_network_is_the_reference(void **state)
{
	struct example *e = *state;
	static const char *const recipes[] = {"sta", "sta-release"};
	struct ann_trace trace;
	struct status st = {0};
	struct ann *ann = ann_new(e->model, 1, &st);

	assert_true(ann_trace_init(&trace, e->model, &st));
	assert_true(ann_trace_record(&trace, ann, e->pixels, &st));
	for (int r = 0; r < 2; r++) {
		struct plan *plan = plan_new(e->model, recipes[r], 1, &st);
		struct tensor value = {0};
		struct snn *snn;

		for (int i = 0; i < plan->sites; i++) {
			plan->site[i].neuron = NEURON_NONE;
			if (plan->site[i].mode != FUNCTION_MODE_NONE)
				plan->site[i].mode = FUNCTION_MODE_EXACT;
		}
		plan->eps = true;
		plan->exp_floor = -INFINITY;
		assert_true(plan_finish(plan, &st));
		snn = network(plan);
		snn_show(snn, e->pixels);
		steps(snn, 3); /* a constant input: every step says the same */
		for (int i = 0; i < plan->sites; i++) {
			struct site site = site_at(e->model, i);
			char name[SITE_NAME_MAX];
			double worst = 0, most = 0;

			if (!snn_has(snn, site, SNN_VALUE))
				continue;
			probe(snn, site, SNN_VALUE, &value);
			for (size_t k = 0; k < tensor_size(&value); k++) {
				worst = fmax(worst, fabs((double)value.data[k] - (double)trace.value[i][k]));
				most = fmax(most, fabs((double)trace.value[i][k]));
			}
			if (worst > 1e-4 * fmax(most, 1))
				fail_msg("%s: %s is off by %g of %g", recipes[r], site_name(site, name), worst, most);
		}
		tensor_done(&value);
		snn_free(snn);
		plan_free(plan);
	}
	ann_trace_done(&trace);
	ann_free(ann);
}

static void
plans_are_deterministic_values(void **state)
{
	struct example *e = *state;
	struct plan *again = build(e, "sta", 16), *other = build(e, "sta", 8);
	char *text = plan_json(e->sta);
	json_t *json = json_loads(text, 0, NULL);

	assert_string_equal(e->sta->hash, again->hash);
	assert_string_not_equal(e->sta->hash, other->hash);
	assert_string_not_equal(e->sta->hash, e->release->hash);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "recipe")), "sta");
	assert_int_equal(json_integer_value(json_object_get(json, "T")), 16);
	assert_int_equal(plan_analog_functions(e->sta), 0);
	assert_int_equal(plan_analog_functions(e->release), 2 * e->model->depth); /* exp and reciprocal */
	json_decref(json);
	free(text);
	plan_free(again);
	plan_free(other);
}

static void
state_is_a_value(void **state)
{
	struct example *e = *state;
	const struct plan *plans[] = {e->sta, e->release, e->delta};

	for (int i = 0; i < 3; i++) {
		struct snn *snn = network(plans[i]);
		void *saved = malloc(snn_state_size(snn));
		char at20[HASH_HEX], again[HASH_HEX], at7[HASH_HEX];

		snn_show(snn, e->pixels);
		steps(snn, 7);
		snn_state_save(snn, saved);
		snn_state_hash(snn, at7);
		steps(snn, 13);
		snn_state_hash(snn, at20);
		assert_string_not_equal(at7, at20);
		snn_state_load(snn, saved);
		assert_int_equal(snn_time(snn), 7);
		steps(snn, 13);
		snn_state_hash(snn, again);
		assert_string_equal(at20, again);
		snn_reset(snn);
		steps(snn, 20);
		snn_state_hash(snn, again);
		assert_string_equal(at20, again);
		free(saved);
		snn_free(snn);
	}
}

/* Steps of one network, one by one, and of another, so many at once: then both are in one state. */
static void
run_beside(struct snn *stepped, struct snn *run, int n)
{
	char want[HASH_HEX], found[HASH_HEX];
	struct status st = {0};

	steps(stepped, n);
	assert_true(snn_run(run, n, &st));
	snn_state_hash(stepped, want);
	snn_state_hash(run, found);
	assert_int_equal(snn_time(run), snn_time(stepped));
	if (strcmp(want, found) != 0)
		fail_msg("%s: after %d steps, the last %d at once, the state is another", snn_plan(run)->recipe, snn_time(run),
			 n);
	assert_true(snn_events(run) == snn_events(stepped) && snn_units(run) == snn_units(stepped));
}

/* Steps that nobody watches leave the same bits, however many are taken at once, from the start or
 * later, also when the network then goes on step by step, and after another picture. */
static void
runs_are_their_steps(void **state)
{
	struct example *e = *state;
	static const char *const recipes[] = {"sta", "delta", "sta-release", "ternary", "ecmt", "dcgs"};
	static const int parts[][4] = {{1, 5, 8, 11}, {2, 1, 3, 1}, {3, 2, 1, 4}, {4, 4, 1, 2}, {1, 1, 2, 6}};
	struct status st = {0};

	for (int r = 0; r < 6; r++) {
		struct plan *plan = build(e, recipes[r], 16);
		struct snn *stepped = network(plan), *run = network(plan);

		snn_show(run, e->pixels + SIDE);
		assert_true(snn_run(run, 9, &st));
		for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++) {
			snn_show(stepped, e->pixels);
			snn_show(run, e->pixels);
			for (int i = 0; i < 4; i++)
				run_beside(stepped, run, parts[k][i]);
			steps(run, 1);
			steps(stepped, 1);
			run_beside(stepped, run, 1);
		}
		snn_free(stepped);
		snn_free(run);
		plan_free(plan);
	}
}

/* Brute force over what probes show. */
static void
check_encoder(const struct snn *snn, struct site site)
{
	struct tensor count = {0}, sent = {0}, threshold = {0}, membrane = {0};
	struct snn_activity a;
	double events = 0, units = 0;

	probe(snn, site, SNN_COUNT, &count);
	probe(snn, site, SNN_SENT, &sent);
	probe(snn, site, SNN_THRESHOLD, &threshold);
	probe(snn, site, SNN_MEMBRANE, &membrane);
	for (size_t i = 0; i < tensor_size(&count); i++) {
		events += count.data[i] != 0;
		units += fabs((double)count.data[i]);
		assert_true(fabsf(sent.data[i] - count.data[i] * threshold.data[i]) <= 1e-6f * fabsf(sent.data[i]));
	}
	snn_activity(snn, site, &a);
	assert_true(a.events_step == events);
	assert_true(a.units_step == units);
	assert_true(a.neurons == (double)tensor_size(&count));
	tensor_done(&count);
	tensor_done(&sent);
	tensor_done(&threshold);
	tensor_done(&membrane);
}

static void
check_hidden(const struct snn *before, const struct snn *after, struct site site, size_t elements, int hidden)
{
	float *then = malloc((size_t)hidden * sizeof(float)), *now = malloc((size_t)hidden * sizeof(float));
	struct status st = {0};
	struct snn_activity a;
	double events = 0, units = 0;

	for (size_t i = 0; i < elements; i++) {
		assert_true(snn_probe_hidden(before, site, i, then, NULL, &st));
		assert_true(snn_probe_hidden(after, site, i, now, NULL, &st));
		for (int h = 0; h < hidden; h++) {
			events += now[h] != then[h];
			units += fabs((double)now[h] - (double)then[h]);
		}
	}
	snn_activity(after, site, &a);
	assert_true(a.events_step == events);
	assert_true(a.units_step == units);
	free(then);
	free(now);
}

static void
activity_is_what_probes_show(void **state)
{
	struct example *e = *state;
	struct snn *before = network(e->sta), *after = network(e->sta);
	double events = 0;

	snn_show(before, e->pixels);
	snn_show(after, e->pixels);
	steps(before, 3);
	steps(after, 4);
	for (int i = 0; i < e->sta->sites; i++) {
		const struct site_plan *p = &e->sta->site[i];
		struct snn_activity a;

		if (snn_has(after, p->site, SNN_COUNT))
			check_encoder(after, p->site);
		else if (p->mode == FUNCTION_MODE_SPIKING)
			check_hidden(before, after, p->site, site_size(e->model, p->site), p->ugo->hidden);
		snn_activity(after, p->site, &a);
		events += a.events_total;
	}
	assert_true(events == snn_events(after) && events > 0);
	assert_true(snn_events(before) + snn_events_step(after) == snn_events(after));
	snn_free(before);
	snn_free(after);
}

/* Inside the network: the decoded scores are the product of the decoded q and k. */
static void
scores_are_products_of_decoded_values(void **state)
{
	struct example *e = *state;
	const struct model *v = e->model;
	struct tensor q = {0}, k = {0}, qk = {0};
	struct snn *snn = network(e->sta);

	snn_show(snn, e->pixels + SIDE);
	for (int t = 1; t <= 12; t++) {
		double worst = 0, most = 0;

		snn_step(snn);
		probe(snn, site_in(SITE_Q, 1), SNN_VALUE, &q);
		probe(snn, site_in(SITE_K, 1), SNN_VALUE, &k);
		probe(snn, site_in(SITE_QK, 1), SNN_VALUE, &qk);
		for (size_t i = 0; i < tensor_size(&qk); i++) {
			size_t tokens = (size_t)v->tokens, head = i / (tokens * tokens), row = i / tokens % tokens,
			       column = i % tokens;
			double sum = 0;

			for (size_t d = head * (size_t)v->head_dim; d < (head + 1) * (size_t)v->head_dim; d++)
				sum += (double)q.data[row * (size_t)v->width + d] * (double)k.data[column * (size_t)v->width + d];
			sum /= sqrt(v->head_dim);
			worst = fmax(worst, fabs(sum - (double)qk.data[i]));
			most = fmax(most, fabs(sum));
		}
		if (worst > 1e-5 * most)
			fail_msg("t %d: scores are off by %g of %g", t, worst, most);
	}
	tensor_done(&q);
	tensor_done(&k);
	tensor_done(&qk);
	snn_free(snn);
}

static void
conversion_keeps_the_answers(void **state)
{
	struct example *e = *state;
	int t[] = {4, 16};
	struct eval_options options = {.t = t, .ts = 2};
	struct eval_result one, two;
	struct status st = {0};

	options.threads = 1;
	assert_true(eval_run(e->sta, e->test, &options, &one, NULL, &st));
	options.threads = 2;
	assert_true(eval_run(e->sta, e->test, &options, &two, NULL, &st));
	print_message("sta on %d digits: ANN %.4f, t = 4 %.4f (%.3f agree), t = 16 %.4f (%.3f agree)\n", one.images,
		      one.ann_accuracy, one.point[0].accuracy, one.point[0].agreement, one.point[1].accuracy,
		      one.point[1].agreement);
	assert_int_equal(one.images, dataset_count(e->test));
	assert_true(one.ann_accuracy >= 0.97);
	assert_true(one.point[1].agreement >= 0.98);
	assert_memory_equal(one.point, two.point, 2 * sizeof(*one.point)); /* threads do not change results */
	assert_memory_equal(one.outcome, two.outcome, (size_t)one.images * 2 * sizeof(*one.outcome));
	assert_memory_equal(one.site, two.site, (size_t)one.sites * sizeof(*one.site));
	eval_done(&one);
	eval_done(&two);
}

/* Sum-decoded levels close in on the reference, each step better than the last until
 * the refinement ends, and then the network quietens. */
static void
delta_closes_in_and_quietens(void **state)
{
	struct example *e = *state;
	int t[] = {1, 2, 4, 8};
	struct eval_options options = {.count = 100, .t = t, .ts = 4};
	struct eval_result r;
	struct status st = {0};
	struct snn *snn = network(e->delta);
	double neurons = 0, first;

	assert_true(eval_run(e->delta, e->test, &options, &r, NULL, &st));
	print_message("delta on 100 digits: logit RMSE %.4f %.4f %.4f %.4f at t = 1, 2, 4, 8\n", r.point[0].logit_rmse,
		      r.point[1].logit_rmse, r.point[2].logit_rmse, r.point[3].logit_rmse);
	for (int i = 1; i < 4; i++)
		assert_true(r.point[i].logit_rmse < r.point[i - 1].logit_rmse);
	assert_true(r.point[2].agreement >= 0.99);
	eval_done(&r);
	assert_int_equal(plan_analog_functions(e->delta), 0);
	snn_show(snn, e->pixels);
	snn_step(snn);
	first = snn_events_step(snn);
	steps(snn, 31);
	for (int i = 0; i < e->delta->sites; i++) {
		struct snn_activity a;

		snn_activity(snn, e->delta->site[i].site, &a);
		neurons += a.neurons;
	}
	print_message("events per neuron: %.4f at t = 1, %.4f at t = 32\n", first / neurons, snn_events_step(snn) / neurons);
	assert_true(snn_events_step(snn) < first / 4);
	snn_free(snn);
}

static bool
stop_after_some(void *ctx, const char *what, double done, double total)
{
	(void)what;
	(void)total;
	return done < *(double *)ctx;
}

static void
work_stops_when_told(void **state)
{
	struct example *e = *state;
	double after = 20;
	int t[] = {2};
	struct progress progress = {stop_after_some, &after};
	struct eval_options options = {.t = t, .ts = 1, .threads = 2};
	struct plan_options build_options = {.T = 8, .rule = -1, .pixels = e->pixels, .pictures = CALIBRATION};
	struct eval_result r;
	struct status st = {0};

	assert_false(eval_run(e->sta, e->test, &options, &r, &progress, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_true(r.images > 0 && r.images < 360 && r.points == 1);
	eval_done(&r);
	status_clear(&st);
	assert_null(plan_build(e->model, &build_options, &progress, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
}

static void
wrong_requests_are_refused(void **state)
{
	struct example *e = *state;
	struct plan_options options = {.recipe = "stb", .T = 8, .rule = -1, .pixels = e->pixels, .pictures = CALIBRATION};
	struct status st = {0};

	assert_null(plan_build(e->model, &options, NULL, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	assert_non_null(strstr(st.message, "stb"));
	status_clear(&st);
	options.recipe = "sta";
	options.T = 5000;
	assert_null(plan_build(e->model, &options, NULL, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	status_clear(&st);
	options.T = 8;
	options.pictures = 0;
	assert_null(plan_build(e->model, &options, NULL, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	status_clear(&st);
	/* a plan without thresholds does not pass */
	{
		struct plan *plan = plan_new(e->model, "sta", 8, &st);

		assert_non_null(plan);
		assert_false(plan_finish(plan, &st));
		assert_non_null(strstr(st.message, "blocks.0."));
		plan_free(plan);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(graded_network_is_the_reference),
	    cmocka_unit_test(plans_are_deterministic_values),
	    cmocka_unit_test(state_is_a_value),
	    cmocka_unit_test(runs_are_their_steps),
	    cmocka_unit_test(activity_is_what_probes_show),
	    cmocka_unit_test(scores_are_products_of_decoded_values),
	    cmocka_unit_test(conversion_keeps_the_answers),
	    cmocka_unit_test(delta_closes_in_and_quietens),
	    cmocka_unit_test(work_stops_when_told),
	    cmocka_unit_test(wrong_requests_are_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
