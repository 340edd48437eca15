/* The released STA code, run on cifar10-vit (docs/methods.md#reference-values), against `sta-release`: its
 * thresholds and UGOs, every block fed with what the trace's previous block sent. */
#include "spikescope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 4, BLOCKS = 6 };

static const double tolerance = 1e-4; /* float32 sums in another order; a flipped spike is 1000 times that */
static const double share = 0.97;     /* of a block's tokens over the steps: a float tie flips one now and then */

struct fixture {
	struct safetensors *trace;
	struct model *model;
	struct plan *plan;
	struct snn *snn;
};

static float *
read_tensor(const struct safetensors *file, const char *name, size_t *count)
{
	const struct st_tensor *t = safetensors_find(file, name);
	float *x;

	if (!t)
		fail_msg("the trace has no tensor %s", name);
	x = malloc(t->count * sizeof(float));
	assert_non_null(x);
	assert_true(safetensors_read(t, 0, t->count, x, NULL));
	if (count)
		*count = t->count;
	return x;
}

static void
set_threshold(struct fixture *f, enum site_kind kind, int block, const char *part, int channels, int per_channel)
{
	char name[160];
	struct status st = {0};
	size_t count;
	float *x;

	snprintf(name, sizeof(name), "threshold.model.transformer.resblocks.%d.%s.approximator.0", block, part);
	x = read_tensor(f->trace, name, &count);
	assert_int_equal(count, channels * per_channel);
	assert_true(plan_set_threshold(f->plan, site_in(kind, block), x, channels, per_channel, &st));
	free(x);
}

static void
set_ugo(struct fixture *f, enum site_kind kind, int block, const char *path, const char *name)
{
	struct status st = {0};
	struct ugo u = {0};

	if (!ugo_import(&u, path, name, &st))
		fail_msg("%s", st.message);
	assert_true(plan_set_ugo(f->plan, site_in(kind, block), &u, &st));
	ugo_done(&u);
}

static void
plan_from_trace(struct fixture *f, const char *path)
{
	struct status st = {0};
	const struct model *v = f->model;

	f->plan = plan_new(v, "sta-release", 8, &st);
	assert_non_null(f->plan);
	for (int b = 0; b < v->depth; b++) {
		set_ugo(f, SITE_NORM1_RSQRT, b, path, "ugo.rsqrt");
		set_ugo(f, SITE_NORM2_RSQRT, b, path, "ugo.rsqrt");
		set_ugo(f, SITE_EXP, b, path, "ugo.exp");
		set_ugo(f, SITE_RECIPROCAL, b, path, "ugo.inv");
		set_ugo(f, SITE_ACT, b, path, "ugo.gelu");
		set_threshold(f, SITE_NORM1_RSQRT, b, "ln_1.spike_sqrtinv", 1, 32);
		set_threshold(f, SITE_NORM2_RSQRT, b, "ln_2.spike_sqrtinv", 1, 32);
		set_threshold(f, SITE_NORM1, b, "ln_1.spike_x2x", v->width, 2);
		set_threshold(f, SITE_NORM2, b, "ln_2.spike_x2x", v->width, 2);
		set_threshold(f, SITE_SOFTMAX, b, "attn.spike_x2x_pos", v->tokens, 1);
		set_threshold(f, SITE_AV, b, "attn.spike_x2x", v->width, 2);
		set_threshold(f, SITE_ACT, b, "mlp.gelu", v->mlp_width, 64);
	}
	if (!plan_finish(f->plan, &st))
		fail_msg("%s", st.message);
}

static int
setup(void **state)
{
	static struct fixture f;
	const char *shared = getenv("SPIKESCOPE_SHARED");
	char path[512];
	struct status st = {0};

	snprintf(path, sizeof(path), "%s/fixtures/sta_trace_T8.safetensors", shared ? shared : "../shared");
	memset(&f, 0, sizeof(f));
	*state = &f;
	f.trace = safetensors_open(path, &st);
	if (!f.trace)
		return 0; /* the test says that it is skipped */
	status_clear(&st);
	f.model = model_load("examples/cifar10-vit", &st);
	if (!f.model)
		fail_msg("%s", st.message);
	plan_from_trace(&f, path);
	f.snn = snn_new(f.plan, &st);
	assert_non_null(f.snn);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	snn_free(f->snn);
	plan_free(f->plan);
	model_free(f->model);
	safetensors_close(f->trace);
	return 0;
}

/* The share of block b's tokens that agree; worst grows to the largest difference
 * among those. */
static double
agreement(const struct fixture *f, int block, const float *expected, float *scratch, double *worst)
{
	int width = f->model->width, tokens = f->model->tokens, same = 0;

	snn_block_sent(f->snn, block, scratch);
	for (int t = 0; t < tokens; t++) {
		double most = 0;

		for (int i = 0; i < width; i++)
			most = fmax(most, fabs((double)scratch[t * width + i] - (double)expected[t * width + i]));
		same += most <= tolerance;
		*worst = most <= tolerance ? fmax(*worst, most) : *worst;
	}
	return (double)same / tokens;
}

/* outs[b]: [8, 2, tokens, width] */
static void
replay(struct fixture *f, int picture, float **outs, double (*shares)[STEPS], double *worst)
{
	size_t stream = (size_t)f->model->tokens * (size_t)f->model->width;
	float *scratch = malloc(stream * sizeof(float));

	assert_non_null(scratch);
	for (int t = 0; t < STEPS; t++) {
		for (int b = 1; b < BLOCKS; b++)
			snn_feed_block(f->snn, b, outs[b - 1] + ((size_t)t * 2 + (size_t)picture) * stream);
		snn_step(f->snn);
		for (int b = 0; b < BLOCKS; b++)
			shares[b][t] = agreement(f, b, outs[b] + ((size_t)t * 2 + (size_t)picture) * stream, scratch, worst);
	}
	free(scratch);
}

static void
blocks_send_what_the_released_code_sends(void **state)
{
	struct fixture *f = *state;
	float *pixels, *outs[BLOCKS];
	double worst = 0;
	bool ok = true;

	if (!f->trace) {
		print_message("skipped: fixtures/sta_trace_T8.safetensors is absent (set SPIKESCOPE_SHARED)\n");
		skip();
	}
	pixels = read_tensor(f->trace, "pixel_values", NULL);
	for (int b = 0; b < BLOCKS; b++) {
		char name[32];

		snprintf(name, sizeof(name), "block.%d.out", b);
		outs[b] = read_tensor(f->trace, name, NULL);
	}
	for (int picture = 0; picture < 2; picture++) {
		double shares[BLOCKS][STEPS];

		snn_show(f->snn, pixels + (size_t)picture * 3 * 32 * 32);
		replay(f, picture, outs, shares, &worst);
		for (int b = 0; b < BLOCKS; b++) {
			const double *s = shares[b];

			print_message("picture %d block %d: tokens equal at t = 1..4: %.3f %.3f %.3f %.3f\n", picture, b, s[0],
				      s[1], s[2], s[3]);
			ok = ok && (s[0] + s[1] + s[2] + s[3]) / STEPS >= share;
		}
	}
	print_message("largest difference among equal tokens: %.2e\n", worst);
	for (int b = 0; b < BLOCKS; b++)
		free(outs[b]);
	free(pixels);
	assert_true(ok);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(blocks_send_what_the_released_code_sends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
