/* What spikes do to UGOs, and UGOs of sites. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

/* The inputs that the golden figures were measured with. */
static const struct ugo_normal mixture = {.mean = 0, .deviation = 1.5, .share = 0.5};

static const struct ugo_request gelu = {
    .function = FUNCTION_GELU, .lo = -10, .hi = 10, .hidden = 32, .normal = {0, 1.5, 0.5, false}};

static struct spike_result
run(const struct ugo *u, struct spike_options options)
{
	struct spike_inputs train, test;
	struct spike_result result;
	struct status st = {0};

	if (!spike_inputs_constant(&train, u, 0.25, SPIKE_POINTS, &st) ||
	    !spike_inputs_constant(&test, u, 0.75, SPIKE_POINTS, &st) || !spike_run(u, &options, &train, &test, &result, &st))
		fail_msg("%s", st.message);
	assert_int_equal(result.wrong, 0);
	assert_int_equal(result.checked, options.neuron == NEURON_IF ? (int64_t)u->hidden * SPIKE_POINTS : 0);
	spike_inputs_done(&train);
	spike_inputs_done(&test);
	return result;
}

static struct ugo
make(struct spike_plan plan, int hidden, int T)
{
	struct status st = {0};
	struct ugo u = {0};

	if (!spike_make(&u, &plan, hidden, T, &st))
		fail_msg("%s", st.message);
	return u;
}

static bool
near(double value, double golden, double part)
{
	print_message("%.4g, golden %.4g\n", value, golden);
	return fabs(value / golden - 1) <= part;
}

static bool
released(struct ugo *u)
{
	const char *shared = getenv("SPIKESCOPE_SHARED");
	struct status st = {0};
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/fixtures/sta_released_ugo.safetensors", shared ? shared : "../shared");
	file = fopen(path, "rb");
	if (!file) {
		print_message("skipped: no %s; set SPIKESCOPE_SHARED\n", path);
		return false;
	}
	fclose(file);
	if (!ugo_import(u, path, "gelu", &st) || !ugo_aim(u, FUNCTION_QUICK_GELU, -10, 10, &st))
		fail_msg("%s", st.message);
	u->normal = mixture;
	return true;
}

/* Errors and spikes of the released weights, with and without a refit: measured independently. */
static void
test_released(void **state)
{
	static const struct {
		int T;
		double plain, refit;
	} fire[] = {{4, .707, .103}, {8, .389, .071}, {16, .206, .034}, {32, .107, .0159}},
	  burst[] = {{4, .331, .040}, {8, .188, .0226}, {16, .101, .0119}, {32, .0532, .0077}};
	struct ugo u = {0};

	(void)state;
	if (!released(&u))
		skip();
	for (int i = 0; i < 4; i++) {
		struct spike_options options = {.neuron = NEURON_IF, .T = fire[i].T, .threshold = SPIKE_THRESHOLD_MMSE};
		struct spike_result plain = run(&u, options), refit;

		options.refit = true;
		refit = run(&u, options);
		assert_true(near(plain.rmse, fire[i].plain, 0.05) && near(refit.rmse, fire[i].refit, 0.08));
		assert_true(plain.spikes == refit.spikes);
		options = (struct spike_options){.neuron = NEURON_BURST, .T = burst[i].T, .threshold = SPIKE_THRESHOLD_MMSE};
		plain = run(&u, options);
		options.refit = true;
		refit = run(&u, options);
		assert_true(near(plain.rmse, burst[i].plain, 0.05) && near(refit.rmse, burst[i].refit, 0.08));
		assert_true(plain.spikes == refit.spikes);
	}
	assert_true(run(&u, (struct spike_options){NEURON_IF, 0, 32, SPIKE_THRESHOLD_MMSE, SPIKE_ZERO, true}).rmse <= .017);
	assert_true(run(&u, (struct spike_options){NEURON_BURST, 0, 32, SPIKE_THRESHOLD_MMSE, SPIKE_ZERO, true}).rmse <= .008);
	ugo_done(&u);
}

/* Our own fit of 32 neurons: every choice, as measured independently (error; spikes). */
static void
test_choices(void **state)
{
	static const struct {
		enum neuron_kind neuron;
		int T;
		enum spike_threshold threshold;
		enum spike_potential potential;
		bool refit;
		double rmse, spikes;
	} row[] = {{NEURON_IF, 8, SPIKE_THRESHOLD_MAX, SPIKE_ZERO, false, .444, 34},
		   {NEURON_IF, 32, SPIKE_THRESHOLD_MAX, SPIKE_ZERO, false, .110, 160},
		   {NEURON_IF, 8, SPIKE_THRESHOLD_MMSE, SPIKE_ZERO, false, .39, 41},
		   {NEURON_IF, 8, SPIKE_THRESHOLD_MAX, SPIKE_HALF, false, .113, 42},
		   {NEURON_IF, 32, SPIKE_THRESHOLD_MAX, SPIKE_HALF, false, .0169, 168},
		   {NEURON_IF, 8, SPIKE_THRESHOLD_MAX, SPIKE_DITHER, false, .043, 42},
		   {NEURON_IF, 8, SPIKE_THRESHOLD_MAX, SPIKE_DITHER, true, .0327, 42},
		   {NEURON_IF, 32, SPIKE_THRESHOLD_MAX, SPIKE_DITHER, true, .0139, 168},
		   {NEURON_BURST, 8, SPIKE_THRESHOLD_MAX, SPIKE_ZERO, false, .11, 118},
		   {NEURON_BURST, 8, SPIKE_THRESHOLD_MMSE, SPIKE_ZERO, false, .188, 69},
		   {NEURON_BURST, 32, SPIKE_THRESHOLD_MMSE, SPIKE_ZERO, false, .0528, 273},
		   {NEURON_BURST, 8, SPIKE_THRESHOLD_MAX, SPIKE_HALF, false, .0169, 124},
		   {NEURON_BURST, 32, SPIKE_THRESHOLD_MAX, SPIKE_HALF, false, .0049, 497}};
	struct ugo u = make((struct spike_plan){.request = gelu, .options = {.neuron = NEURON_IF}}, 32, 8);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct spike_result r =
		    run(&u, (struct spike_options){row[i].neuron, 0, row[i].T, row[i].threshold, row[i].potential, row[i].refit});

		assert_true(near(r.rmse, row[i].rmse, 0.05) && fabs(r.spikes / row[i].spikes - 1) < 0.03);
	}
	ugo_done(&u);
}

static void
test_ramps(void **state)
{
	static const struct {
		enum neuron_kind neuron;
		int T;
		double rmse;
	} row[] = {{NEURON_IF, 8, .0096}, {NEURON_IF, 32, .0029}, {NEURON_BURST, 8, .0029}, {NEURON_BURST, 32, .00097}};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct spike_options options = {row[i].neuron, 0, row[i].T, SPIKE_THRESHOLD_MAX, SPIKE_HALF, false};
		struct ugo u = make((struct spike_plan){.request = gelu, .options = options, .ramps = true}, 32, row[i].T);
		double rmse = run(&u, options).rmse;

		print_message("%g\n", rmse);
		assert_non_null(u.h);
		assert_true(rmse <= row[i].rmse && rmse > 0.85 * row[i].rmse);
		ugo_done(&u);
	}
}

/* 1/x from the wrong side costs a factor of thousands. */
static void
test_facing(void **state)
{
	const struct ugo_request request = {
	    .function = FUNCTION_RECIPROCAL, .lo = 1, .hi = 200, .weighting = UGO_RELATIVE, .normal = {.octaves = true}};
	const struct spike_options options = {NEURON_IF, 0, 32, SPIKE_THRESHOLD_MAX, SPIKE_HALF, false};
	struct spike_plan plan = {.request = request, .options = options, .facing = UGO_FACING_BEST};
	struct ugo u = make(plan, 32, 32), wrong;
	struct spike_result r = run(&u, options);

	(void)state;
	assert_true(near(r.rmse, 5.9e-3, 0.05) && near(r.cost, 0.99, 0.02));
	plan.facing = UGO_FACING_RIGHT;
	wrong = make(plan, 32, 32);
	r = run(&wrong, options);
	assert_true(near(r.rmse, 43, 0.1) && near(r.cost, 334, 0.02));
	ugo_done(&wrong);
	ugo_done(&u);
}

/* Range reduction with eight neurons, for any exponent: relative errors. */
static void
test_reduced(void **state)
{
	static const struct {
		enum function f;
		double lo, hi, rmse, spiking;
	} row[] = {{FUNCTION_EXP, -20, 0, 3e-4, 0},
		   {FUNCTION_RECIPROCAL, 1e-3, 1e5, 6e-4, 3.2e-3},
		   {FUNCTION_RSQRT, 1e-4, 1e6, 9e-4, 3.2e-3}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct spike_plan plan = {.request = {.function = row[i].f,
						      .lo = row[i].lo,
						      .hi = row[i].hi,
						      .weighting = UGO_RELATIVE,
						      .normal = {.octaves = i > 0}},
					  .options = {.neuron = NEURON_IF, .potential = SPIKE_HALF},
					  .ramps = true,
					  .reduce = true,
					  .hidden = {8},
					  .T = {8},
					  .sizes = 1,
					  .steps = 1};
		struct ugo u = make((struct spike_plan){.request = plan.request, .options = plan.options, .reduce = true}, 8, 8);
		struct spike_map map;

		assert_true(u.rel_rmse <= row[i].rmse && u.rel_rmse > 0.85 * row[i].rmse);
		ugo_done(&u);
		assert_true(spike_map_make(&map, &plan, NULL, NULL));
		assert_true(row[i].spiking == 0 || near(map.cell[0].result.rmse, row[i].spiking, 0.1));
	}
	assert_false(spike_make(&(struct ugo){0}, &(struct spike_plan){.request = gelu, .reduce = true}, 8, 8, NULL));
}

/* Errors under white noise around the mean, measured independently; noise of another seed. */
static void
test_noise(void **state)
{
	static const double sigma[] = {.3, 1, 3}, dither[] = {.043, .067, .286}, ramp[] = {.040, .176, .56},
			    quarter[] = {.0171, .047, .147};

	(void)state;
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 3; k++) {
			struct spike_options options = {k == 2 ? NEURON_BURST : NEURON_IF,  0,    8, SPIKE_THRESHOLD_MAX,
							k == 0 ? SPIKE_DITHER : SPIKE_HALF, false};
			struct ugo u = make((struct spike_plan){.request = gelu, .options = options, .ramps = k == 1}, 32, 8);
			double golden = k == 0 ? dither[i] : k == 1 ? ramp[i] : quarter[i];
			struct spike_inputs in;
			struct spike_result r;

			assert_true(spike_inputs_noise(&in, &u, 0.5, SPIKE_POINTS, 8, sigma[i], 3, NULL));
			assert_true(spike_run(&u, &options, &in, &in, &r, NULL));
			assert_true(near(r.rmse, golden, 0.1));
			spike_inputs_done(&in);
			ugo_done(&u);
		}
	}
}

/* The closed form against the neuron itself, also at exact ties and beyond saturation. */
static void
test_closed_form(void **state)
{
	enum { T = 40 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	for (int i = 0; i < 20000; i++) {
		float threshold = (float)(0.01 + rng_uniform(&rng)), initial = i % 3 == 0 ? 0.5f : (float)rng_uniform(&rng);
		float a = i % 5 == 0 ? threshold * (float)(i % 9) / 4 : (float)(3 * rng_uniform(&rng) - 1), total, sent, x;
		struct neuron_rule rule = {.kind = NEURON_IF, .grain = 1, .fine = 1, .initial = initial};
		struct neuron_tally tally = {0};
		int16_t m = 0;

		for (int t = 1; t <= T; t++) {
			x = a * (float)t;
			neuron_step(rule, &x, &threshold, &m, &total, &sent, 1, 1, &tally);
		}
		assert_int_equal(m, spike_count_if(x, threshold, initial, T));
		assert_int_equal(tally.units, m);
	}
	assert_int_equal(spike_count_if(10, 0, 0, T), 0);
	assert_int_equal(spike_count_if(-3, 1, 0.5f, T), 0);
	assert_int_equal(spike_count_if(1e30f, 1e-30f, 0, T), T);
}

static bool
stop_at_two(void *ctx, const char *what, double done, double total)
{
	(void)ctx, (void)what, (void)total;
	return done < 2;
}

static void
test_map(void **state)
{
	struct spike_plan plan = {.request = gelu,
				  .options = {.neuron = NEURON_IF, .potential = SPIKE_HALF},
				  .hidden = {4, 8, 16, 32},
				  .T = {4, 16},
				  .sizes = 4,
				  .steps = 2};
	const struct progress progress = {stop_at_two, NULL};
	struct status st = {0};
	struct spike_map map;
	int front = 0;

	(void)state;
	assert_true(spike_map_make(&map, &plan, NULL, &st));
	assert_int_equal(map.count, 8);
	for (int i = 0; i < map.count; i++) {
		bool beaten = false;

		for (int j = 0; j < map.count; j++)
			beaten |= map.cell[j].result.spikes < map.cell[i].result.spikes &&
				  map.cell[j].result.rmse < map.cell[i].result.rmse;
		assert_true(!map.cell[i].front || !beaten);
		front += map.cell[i].front;
		assert_int_equal(map.cell[i].hidden, 4 << (i / 2));
	}
	assert_true(front >= 2 && front < 8);
	assert_false(spike_map_make(&map, &plan, &progress, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	assert_int_equal(map.count, 4);
}

static void
test_refusals(void **state)
{
	const float w = 1, b = 0;
	struct ugo u, unknown;
	struct spike_inputs in;
	struct spike_result r;

	(void)state;
	u = make((struct spike_plan){.request = gelu, .options = {.neuron = NEURON_IF}}, 8, 8);
	assert_true(ugo_of_weights(&unknown, &(struct ugo_weights){1, &w, &b, &w, NULL, 0}, -1, 1, NULL));
	assert_false(spike_inputs_constant(&in, &unknown, 0.5, 100, NULL));
	assert_true(spike_inputs_constant(&in, &u, 0.5, 12, NULL));
	assert_false(spike_run(&u, &(struct spike_options){.neuron = NEURON_IF, .T = 0}, &in, &in, &r, NULL));
	assert_false(spike_run(&u, &(struct spike_options){.neuron = NEURON_IF, .T = 1025}, &in, &in, &r, NULL));
	assert_false(spike_run(&u, &(struct spike_options){.neuron = NEURON_NONE, .T = 8}, &in, &in, &r, NULL));
	assert_false(spike_run(&u, &(struct spike_options){.neuron = NEURON_IF, .T = 8, .refit = true}, &in, &in, &r, NULL));
	for (int kind = NEURON_NONE + 1; kind < NEURON_KINDS; kind++) { /* every neuron runs */
		assert_true(
		    spike_run(&u, &(struct spike_options){.neuron = (enum neuron_kind)kind, .T = 16}, &in, &in, &r, NULL));
		assert_true(isfinite(r.rmse) && r.spikes > 0);
	}
	spike_inputs_done(&in);
	ugo_done(&unknown);
	ugo_done(&u);
}

/* --- with a model --------------------------------------------------------------------- */

enum { PICTURES = 16, SIDE = 3 * 8 * 8 };

struct example {
	struct model *model;
	struct plan *plan;
	float *pixels;
};

static struct example
open_model(void)
{
	struct status st = {0};
	struct dataset *data = dataset_open("examples/digits-vit/calibration.safetensors", &st);
	struct example m = {.model = model_load("examples/digits-vit", &st), .pixels = malloc(PICTURES * SIDE * sizeof(float))};
	struct plan_options options = {.recipe = "sta", .T = 8, .rule = -1, .pixels = m.pixels, .pictures = PICTURES};

	if (!data || !m.model)
		fail_msg("%s", st.message);
	for (int i = 0; i < PICTURES; i++)
		assert_true(dataset_get(data, i, m.model, m.pixels + (size_t)i * SIDE, NULL, &st));
	dataset_close(data);
	m.plan = plan_build(m.model, &options, NULL, &st);
	if (!m.plan)
		fail_msg("%s", st.message);
	return m;
}

static void
close_model(struct example *m)
{
	plan_free(m->plan);
	model_free(m->model);
	free(m->pixels);
}

static struct site
site_of(const struct example *m, const char *name)
{
	struct site site;

	assert_true(site_parse(m->model, name, &site));
	return site;
}

/* The trains that a site receives: two sets of them, and what they come to after fewer steps. */
static void
test_site_trains(void **state)
{
	struct example m = open_model();
	struct site_pictures from = {m.plan, site_of(&m, "blocks.0.mlp.act"), m.pixels, 4};
	const struct site_plan *site = &m.plan->site[site_index(m.model, from.site)];
	struct spike_options options = {.neuron = NEURON_ROUND, .burst = site->settings.burst, .T = 8};
	struct spike_inputs train, test, first;
	struct spike_result r, again;
	struct status st = {0};

	(void)state;
	if (!spike_inputs_site(&train, &test, site->ugo, &from, 8, 1, NULL, &st))
		fail_msg("%s", st.message);
	assert_int_equal(train.T, 8);
	assert_true(train.count == test.count && train.count <= SPIKE_POINTS && train.count > SPIKE_POINTS / 2);
	assert_memory_not_equal(train.value, test.value, sizeof(float) * (size_t)train.count);
	assert_true(spike_run(site->ugo, &options, &train, &test, &r, NULL));
	assert_true(r.rmse > r.analog_rmse && r.rmse < 0.2 && r.checked == 0);
	assert_true(spike_inputs_first(&first, &test, site->ugo, 4, NULL));
	assert_memory_equal(first.value, test.value, sizeof(float) * 4 * (size_t)test.count);
	for (int j = 0; j < first.count; j++)
		assert_true(fabs(first.f[j] - function_eval(FUNCTION_GELU, (double)first.value[3 * first.count + j])) < 1e-12);
	assert_false(spike_run(site->ugo, &options, &first, &first, &again, NULL)); /* fewer steps than T */
	spike_inputs_done(&first);
	assert_false(spike_inputs_first(&first, &test, site->ugo, 9, NULL));
	spike_inputs_done(&train);
	spike_inputs_done(&test);
	from.site = site_of(&m, "blocks.0.mlp");
	assert_false(spike_inputs_site(&train, &test, site->ugo, &from, 8, 1, NULL, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	close_model(&m);
}

static void
test_observe(void **state)
{
	struct example m = open_model();
	struct observation seen = {0};
	const struct observed *o;
	double sum = 0, spread[64], all = 0;
	struct site site = site_of(&m, "blocks.1.mlp.act");
	const struct site_plan *planned = &m.plan->site[site_index(m.model, site)];

	(void)state;
	assert_true(observe(&seen, m.model, m.pixels, PICTURES, NULL, NULL));
	o = &seen.site[site_index(m.model, site)];
	for (int i = 0; i < OBSERVE_BINS; i++)
		sum += o->histogram[i];
	assert_true(sum == o->count && o->count == (double)site_size(m.model, site) * PICTURES);
	assert_true((float)o->lo == planned->observed_lo && (float)o->hi == planned->observed_hi);
	assert_true(observed_spread(o, o->lo - 1, o->hi + 1, spread, 64) == 0);
	for (int i = 0; i < 64; i++)
		all += spread[i];
	assert_true(all == sum);
	assert_true(observed_spread(o, (o->lo + o->hi) / 2, o->hi, spread, 64) > 0.1);
	o = &seen.site[site_index(m.model, site_of(&m, "blocks.1.mlp"))];
	assert_true(o->count == 0 && o->lo > o->hi);
	observation_done(&seen);
	close_model(&m);
}

static float
logits_error(const struct plan *plan, const struct example *m, int T)
{
	struct snn *snn = snn_new(plan, NULL);
	struct ann *ann = ann_new(m->model, 1, NULL);
	float a[16], b[16], sum = 0;

	assert_true(m->model->classes <= 16);
	ann_forward(ann, m->pixels, 1, a, NULL, NULL);
	snn_show(snn, m->pixels);
	for (int t = 0; t < T; t++)
		snn_step(snn);
	snn_logits(snn, b);
	for (int i = 0; i < m->model->classes; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	snn_free(snn);
	ann_free(ann);
	return sqrtf(sum / (float)m->model->classes);
}

/* A plan with other UGOs: another hash, other numbers; too few neurons or too narrow a range do harm. */
static void
test_assign(void **state)
{
	struct example m = open_model();
	struct site act = site_of(&m, "blocks.0.mlp.act"), value = site_of(&m, "blocks.0.attn.v"),
		    exponent = site_of(&m, "blocks.0.attn.softmax.exp");
	struct ugo_request wide = {.function = FUNCTION_GELU, .lo = -8, .hi = 8, .hidden = 48}, narrow = wide;
	struct ugo good = {0}, bad = {0};
	struct plan *plan = plan_copy(m.plan, NULL), *worse = plan_copy(m.plan, NULL);
	const struct site_plan *site;
	struct status st = {0};

	(void)state;
	narrow.lo = -0.3;
	narrow.hi = 0.3;
	narrow.hidden = 2;
	assert_true(ugo_fit(&good, &wide, NULL) && ugo_fit(&bad, &narrow, NULL));
	assert_false(assign_ugo(plan, value, &good, ASSIGN_SAME, false, &st));
	status_clear(&st);
	assert_false(assign_ugo(plan, exponent, &good, ASSIGN_SAME, false, &st));
	assert_non_null(strstr(st.message, "computes exp"));
	assert_true(assign_ugo(plan, act, &good, ASSIGN_SAME, false, NULL));
	assert_true(plan_finish(plan, NULL));
	site = &plan->site[site_index(m.model, act)];
	assert_true(site->ugo->h && site->per_channel == site->ugo->hidden && site->neuron == NEURON_ROUND);
	assert_string_not_equal(plan->hash, m.plan->hash);
	assert_true(logits_error(plan, &m, 16) < 0.3f);
	for (int i = 0; i < m.model->depth; i++)
		assert_true(assign_ugo(worse, site_in(SITE_ACT, i), &bad, ASSIGN_RELU, false, NULL));
	assert_true(plan_finish(worse, NULL));
	assert_null(worse->site[site_index(m.model, act)].ugo->h);
	assert_true(logits_error(worse, &m, 16) > 2 * logits_error(m.plan, &m, 16));
	ugo_done(&good);
	ugo_done(&bad);
	plan_free(plan);
	plan_free(worse);
	close_model(&m);
}

/* Plans keep what their UGOs approximate, expressions and tables too. */
static void
test_kept_curves(void **state)
{
	const double x[] = {-8, -1, 0, 8}, y[] = {0, -0.15, 0, 8};
	struct example m = open_model();
	struct site act[2] = {site_of(&m, "blocks.0.mlp.act"), site_of(&m, "blocks.1.mlp.act")};
	struct ugo_request request = {.lo = -8, .hi = 8, .hidden = 3, .normal = mixture};
	struct plan *plan = plan_copy(m.plan, NULL), *back;
	size_t size, at;
	void *bytes;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ugo u = {0};

		request.curve =
		    i == 0 ? curve_expression("x/(1+exp(-1.7*x))", &at, NULL) : curve_points("four", x, y, NULL, 4, NULL);
		assert_true(ugo_fit(&u, &request, NULL));
		curve_free(request.curve);
		assert_true(assign_ugo(plan, act[i], &u, ASSIGN_SAME, true, NULL));
		ugo_done(&u);
	}
	assert_true(plan_finish(plan, NULL));
	bytes = plan_pack(plan, &size, NULL);
	back = plan_unpack(m.model, bytes, size, plan->hash, NULL);
	assert_non_null(back);
	assert_string_equal(ugo_function_name(back->site[site_index(m.model, act[0])].ugo), "x/(1+exp(-1.7*x))");
	assert_string_equal(ugo_function_name(back->site[site_index(m.model, act[1])].ugo), "four");
	assert_true(ugo_function_at(back->site[site_index(m.model, act[1])].ugo, -1) == -0.15);
	assert_true(back->site[site_index(m.model, act[0])].ugo->normal.deviation == 1.5);
	for (size_t cut = size - 1; cut > size - 400; cut -= 13)
		assert_null(plan_unpack(m.model, bytes, cut, NULL, NULL));
	free(bytes);
	plan_free(back);
	plan_free(plan);
	close_model(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_released),    cmocka_unit_test(test_choices), cmocka_unit_test(test_ramps),
	    cmocka_unit_test(test_facing),      cmocka_unit_test(test_reduced), cmocka_unit_test(test_noise),
	    cmocka_unit_test(test_closed_form), cmocka_unit_test(test_map),     cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_site_trains), cmocka_unit_test(test_observe), cmocka_unit_test(test_assign),
	    cmocka_unit_test(test_kept_curves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
