/* The reference network against what other implementations computed, and under observers. */
#include "ann/ann.h"

#include "model/files/safetensors.h"
#include "tests/support/models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the largest magnitude. */
#define TOLERANCE 1e-4

/* One golden model, its two pictures, and the network. */
struct golden {
	struct model *model;
	struct safetensors *expected;
	struct ann *ann;
	float *pixels; /* [pictures, channels, size, size] */
	int pictures;
	size_t picture; /* floats of one */
};

static void
open_golden(struct golden *g, const char *model, const char *expected)
{
	struct status st = {0};
	const struct st_tensor *t;

	*g = (struct golden){.model = model_load(model, &st), .expected = safetensors_open(expected, &st)};
	if (!g->model || !g->expected)
		fail_msg("%s", st.message);
	t = safetensors_find(g->expected, "pixel_values");
	assert_non_null(t);
	g->pictures = (int)t->dim[0];
	g->picture = t->count / (size_t)t->dim[0];
	g->pixels = calloc(t->count, sizeof(float));
	assert_true(safetensors_read(t, 0, t->count, g->pixels, NULL));
	g->ann = ann_new(g->model, g->pictures, &st);
	assert_non_null(g->ann);
}

static void
open_fixture(struct golden *g, const char *name)
{
	char model[256], expected[300];

	snprintf(model, sizeof(model), "tests/fixtures/%s", name);
	snprintf(expected, sizeof(expected), "%s/expected.safetensors", model);
	open_golden(g, model, expected);
}

static void
close_golden(struct golden *g)
{
	ann_free(g->ann);
	free(g->pixels);
	safetensors_close(g->expected);
	model_free(g->model);
}

static void
forward(const struct golden *g, float *logits, void (*see)(void *, struct site, int, const float *, float *), void *ctx)
{
	struct ann_observer observer = {see, ctx};
	struct status st = {0};

	assert_true(ann_forward(g->ann, g->pixels, g->pictures, logits, see ? &observer : NULL, &st));
}

/* The largest difference from the tensor, over the tensor's largest magnitude. */
static double
difference(const struct safetensors *file, const char *name, const float *found)
{
	const struct st_tensor *t = safetensors_find(file, name);
	float *want = calloc(t->count, sizeof(*want));
	double worst = 0, largest = 0;

	assert_true(safetensors_read(t, 0, t->count, want, NULL));
	for (size_t i = 0; i < t->count; i++) {
		double d = isfinite(found[i]) ? fabs((double)found[i] - want[i]) : INFINITY;

		worst = fmax(worst, d);
		largest = fmax(largest, fabs(want[i]));
	}
	free(want);
	return worst / largest;
}

struct block_check {
	const struct golden *golden;
	double worst;
	int seen;
};

static void
check_block(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct block_check *check = ctx;
	char name[64];

	(void)pictures;
	(void)input;
	snprintf(name, sizeof(name), "hidden_states.%d", site.block + 1);
	if (site.kind != SITE_BLOCK || !safetensors_find(check->golden->expected, name))
		return;
	check->worst = fmax(check->worst, difference(check->golden->expected, name, data));
	check->seen++;
}

static void
check_parity(const char *model, const char *expected, const char *logits_name)
{
	struct golden g;
	struct block_check blocks = {&g, 0, 0};
	float logits[2 * 16];
	double fast, observed;

	open_golden(&g, model, expected);
	assert_true(g.pictures == 2 && g.model->classes <= 16);
	forward(&g, logits, NULL, NULL);
	fast = difference(g.expected, logits_name, logits);
	forward(&g, logits, check_block, &blocks);
	observed = difference(g.expected, logits_name, logits);
	print_message("%s: logits %.1e, observed %.1e, %d blocks %.1e of the largest\n", g.model->name, fast, observed,
		      blocks.seen, blocks.worst);
	assert_true(fast < TOLERANCE && observed < TOLERANCE && blocks.worst < TOLERANCE);
	if (strcmp(g.model->name, "hf_vit") == 0)
		assert_int_equal(blocks.seen, 3);
	close_golden(&g);
}

static void
fixtures_agree(void **state)
{
	(void)state;
	check_parity("tests/fixtures/hf_vit", "tests/fixtures/hf_vit/expected.safetensors", "logits");
	check_parity("tests/fixtures/hf_deit", "tests/fixtures/hf_deit/expected.safetensors", "logits");
	check_parity("tests/fixtures/timm_vit", "tests/fixtures/timm_vit/expected.safetensors", "logits");
}

static void
shared_fixtures_agree(void **state)
{
	static const char *const names[] = {"hf_vit_bf16",       "hf_vit_fp16", "hf_vit_gelu_tanh", "hf_vit_no_qkv_bias",
					    "hf_vit_quick_gelu", "hf_vit_relu", "hf_vit_sharded"};
	char name[64], expected[600];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *model;

		snprintf(name, sizeof(name), "fixtures/%s", names[i]);
		if (!(model = models_shared(name)))
			continue;
		snprintf(expected, sizeof(expected), "%s/expected.safetensors", model);
		check_parity(model, expected, "logits");
	}
}

/* A CLIP-style model (norm before the blocks, quick GELU, no patch bias), by the code that trained it. */
static void
clip_style_agrees(void **state)
{
	const char *model = models_shared("models/cifar10-vit"), *trace = models_shared("fixtures/sta_trace_T8.safetensors");

	(void)state;
	if (!model || !trace)
		skip();
	check_parity(model, trace, "ann_logits");
}

static void
batch_equals_single(void **state)
{
	struct golden g;
	struct status st = {0};
	float both[14], one[7];

	(void)state;
	open_fixture(&g, "hf_deit");
	forward(&g, both, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		assert_true(ann_forward(g.ann, g.pixels + (size_t)i * g.picture, 1, one, NULL, &st));
		for (int c = 0; c < 7; c++)
			assert_true(fabsf(one[c] - both[i * 7 + c]) < 1e-6f);
	}
	assert_false(ann_forward(g.ann, g.pixels, 3, both, NULL, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	close_golden(&g);
}

struct order_check {
	const struct model *model;
	int next;
};

static void
check_order(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct order_check *check = ctx;
	struct site want = site_at(check->model, check->next++);
	bool function = site.kind == SITE_NORM1_RSQRT || site.kind == SITE_NORM2_RSQRT || site.kind == SITE_EXP ||
			site.kind == SITE_RECIPROCAL || site.kind == SITE_ACT;

	assert_int_equal(pictures, 2);
	assert_non_null(data);
	assert_true(want.kind == site.kind && want.block == site.block);
	assert_int_equal(input != NULL, function);
}

static void
sites_come_in_order(void **state)
{
	struct golden g;
	struct order_check check = {0};
	float logits[14];

	(void)state;
	open_fixture(&g, "timm_vit");
	check.model = g.model;
	forward(&g, logits, check_order, &check);
	assert_int_equal(check.next, site_count(g.model));
	close_golden(&g);
}

static void
assert_close(double found, double want)
{
	if (!(fabs(found - want) <= 1e-5 * (1 + fabs(want))))
		fail_msg("%g is not %g", found, want);
}

/* Each function's value is its function of the input; products are products. */
struct meaning {
	const struct model *model;
	struct ann_trace *trace;
};

static const float *
value(const struct meaning *m, enum site_kind kind, int block)
{
	return m->trace->value[site_index(m->model, site_in(kind, block))];
}

static void
check_norm(const struct meaning *m, const float *stream)
{
	const float *center = value(m, SITE_NORM1_CENTER, 0), *rsqrt = value(m, SITE_NORM1_RSQRT, 0),
		    *norm = value(m, SITE_NORM1, 0);
	size_t width = (size_t)m->model->width;

	for (size_t t = 0; t < (size_t)m->model->tokens; t++) {
		double mean = 0, var = 0;

		for (size_t i = 0; i < width; i++)
			mean += stream[t * width + i] / (double)width;
		for (size_t i = 0; i < width; i++)
			var += pow(stream[t * width + i] - mean, 2) / (double)width;
		assert_close(rsqrt[t], 1 / sqrt(var + m->model->blocks[0].norm1.eps));
		for (size_t i = 0; i < width; i++) {
			assert_close(center[t * width + i], stream[t * width + i] - mean);
			assert_close(norm[t * width + i], (double)center[t * width + i] * rsqrt[t]);
		}
	}
}

static void
check_attention(const struct meaning *m)
{
	const float *q = value(m, SITE_Q, 0), *k = value(m, SITE_K, 0), *v = value(m, SITE_V, 0), *qk = value(m, SITE_QK, 0);
	const float *a = value(m, SITE_SOFTMAX, 0), *e = value(m, SITE_EXP, 0), *r = value(m, SITE_RECIPROCAL, 0),
		    *av = value(m, SITE_AV, 0);
	size_t n = (size_t)m->model->tokens, w = (size_t)m->model->width, d = (size_t)m->model->head_dim;

	for (size_t h = 0; h < (size_t)m->model->heads; h++)
		for (size_t i = 0; i < n; i++) {
			size_t row = (h * n + i) * n;
			double sum = 0, mix = 0, most = 0;

			for (size_t j = 0; j < n; j++) {
				double score = 0;

				for (size_t c = 0; c < d; c++)
					score += (double)q[i * w + h * d + c] * k[j * w + h * d + c] / sqrt((double)d);
				assert_close(qk[row + j], score);
				assert_close(a[row + j], (double)e[row + j] * r[h * n + i]);
				sum += e[row + j];
				most = fmax(most, e[row + j]);
				mix += (double)a[row + j] * v[j * w + h * d];
			}
			assert_true(most == 1);
			assert_close(r[h * n + i], 1 / sum);
			assert_close(av[i * w + h * d], mix);
		}
}

static void
traces_mean_what_they_say(void **state)
{
	struct golden g;
	struct ann_trace trace;
	struct meaning m = {.trace = &trace};
	struct status st = {0};
	float logits[14], *scratch, tokens[18 * 48];

	(void)state;
	open_fixture(&g, "hf_deit");
	m.model = g.model;
	g.model->blocks[0].norm1.eps = 0.5f; /* so large that its absence shows */
	assert_true(ann_trace_init(&trace, g.model, &st));
	assert_true(ann_trace_record(&trace, g.ann, g.pixels, &st));
	forward(&g, logits, NULL, NULL);
	for (int c = 0; c < 7; c++) {
		assert_close(trace.logits[c], logits[c]);
		assert_close(value(&m, SITE_HEAD, -1)[c], logits[c]);
	}
	scratch = calloc(ann_embed_scratch(g.model), sizeof(*scratch));
	ann_embed(g.model, g.pixels, scratch, tokens);
	free(scratch);
	check_norm(&m, tokens);
	check_attention(&m);
	ann_head(g.model, value(&m, SITE_BLOCK, 2), tokens);
	for (int c = 0; c < 7; c++)
		assert_close(tokens[c], logits[c]);
	ann_trace_done(&trace);
	close_golden(&g);
}

/* Changes one site of block 1 and looks at what follows. */
struct change {
	const struct model *model;
	enum site_kind kind;
	float *kept; /* a copy of the changed data, or of what is needed later */
	bool checked;
};

static void
copy(float **to, const float *from, size_t count)
{
	free(*to);
	*to = calloc(count, sizeof(**to));
	memcpy(*to, from, count * sizeof(**to));
}

/* Uniform attention makes av the mean of the values. */
static void
change_softmax(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct change *c = ctx;
	size_t size = site_size(c->model, site), w = (size_t)c->model->width, n = (size_t)c->model->tokens;

	(void)input;
	if (site.block != 1)
		return;
	if (site.kind == SITE_V)
		copy(&c->kept, data, (size_t)pictures * size);
	if (site.kind == SITE_SOFTMAX)
		for (size_t i = 0; i < (size_t)pictures * size; i++)
			data[i] = 1 / (float)n;
	if (site.kind == SITE_AV) {
		double mean = 0;

		for (size_t t = 0; t < n; t++)
			mean += c->kept[(n + t) * w + 5] / (double)n;
		assert_close(data[(n + 3) * w + 5], mean); /* the second picture */
		c->checked = true;
	}
}

/* Row sums are of the changed exponentials. */
static void
change_exp(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct change *c = ctx;
	size_t n = (size_t)c->model->tokens;

	(void)pictures;
	if (site.block != 1)
		return;
	if (site.kind == SITE_EXP) {
		for (size_t i = 0; i < n; i++) {
			assert_close(data[i], exp(input[i]));
			data[i] = 2;
		}
	} else if (site.kind == SITE_RECIPROCAL) {
		assert_close(input[0], 2 * (double)n);
		assert_close(data[0], 0.5 / (double)n);
		data[0] = 10;
	} else if (site.kind == SITE_SOFTMAX) {
		assert_close(data[1], 20);
		c->checked = true;
	}
}

/* The variance is of the changed centred values. */
static void
change_center(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct change *c = ctx;
	size_t w = (size_t)c->model->width;

	(void)pictures;
	if (site.block != 1)
		return;
	if (site.kind == SITE_NORM2_CENTER) {
		for (size_t i = 0; i < w; i++)
			data[i] = 3;
	} else if (site.kind == SITE_NORM2_RSQRT) {
		assert_close(input[0], 9 + (double)c->model->norm.eps);
		assert_close(data[0], 1 / 3.0);
		data[0] = 5;
	} else if (site.kind == SITE_NORM2) {
		assert_close(data[w - 1], 15);
		c->checked = true;
	}
}

/* Silencing both branches leaves the stream as it came. */
static void
change_branches(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct change *c = ctx;
	size_t size = (size_t)pictures * site_size(c->model, site);

	(void)input;
	if (site.kind == SITE_BLOCK && site.block == 0)
		copy(&c->kept, data, size);
	if (site.block == 1 && (site.kind == SITE_ATTN || site.kind == SITE_MLP))
		memset(data, 0, size * sizeof(*data));
	if (site.kind == SITE_BLOCK && site.block == 1) {
		assert_memory_equal(data, c->kept, size * sizeof(*data));
		c->checked = true;
	}
}

/* With a dead encoder, fc2 gives its bias. */
static void
change_act_out(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct change *c = ctx;

	(void)input;
	if (site.block != 1)
		return;
	if (site.kind == SITE_ACT_OUT)
		memset(data, 0, (size_t)pictures * site_size(c->model, site) * sizeof(*data));
	if (site.kind == SITE_MLP) {
		for (int i = 0; i < c->model->width; i++)
			assert_close(data[i], c->model->blocks[1].fc2.bias[i]);
		c->checked = true;
	}
}

static void
observers_intervene(void **state)
{
	void (*const changes[])(void *, struct site, int, const float *, float *) = {change_softmax, change_exp, change_center,
										     change_branches, change_act_out};
	struct golden g;
	float before[14], after[14];

	(void)state;
	open_fixture(&g, "hf_vit");
	forward(&g, before, NULL, NULL);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct change change = {.model = g.model};

		forward(&g, after, changes[i], &change);
		assert_true(change.checked);
		assert_memory_not_equal(before, after, sizeof(before));
		free(change.kept);
	}
	forward(&g, after, NULL, NULL); /* nothing stays behind */
	assert_memory_equal(before, after, sizeof(before));
	close_golden(&g);
}

static void
products_are_products(void **state)
{
	static const float bt[] = {5, 7, 6, 8};
	static const float bias[] = {100, 200};
	struct linear l = {.in = 2, .out = 2, .weight = bt, .bias = bias};
	float x[] = {1, 2, 3, 4}, y[4];

	(void)state;
	linear_apply(&l, x, 2, y, false);
	assert_true(y[0] == 119 && y[1] == 222 && y[2] == 143 && y[3] == 250);
	linear_apply(&l, x, 2, y, true);
	assert_true(y[0] == 138 && y[3] == 300);
	l.bias = NULL;
	linear_apply(&l, x, 2, y, false);
	assert_true(y[0] == 19 && y[3] == 50);
}

/* At -2, -0.5, 0 and 1.5, worked out in double precision elsewhere. */
static void
activations_are_right(void **state)
{
	static const double want[][4] = {
	    [ACT_GELU] = {-0.045500263896358417, -0.15426876936299344, 0, 1.3997891980866028},
	    [ACT_GELU_TANH] = {-0.04540230591222494, -0.15428599017485606, 0, 1.3995715769802328},
	    [ACT_QUICK_GELU] = {-0.06434137685579186, -0.1496115633936199, 0, 1.3916621984470767},
	    [ACT_RELU] = {0, 0, 0, 1.5},
	};

	(void)state;
	for (int act = ACT_GELU; act <= ACT_RELU; act++) {
		float x[4] = {-2, -0.5f, 0, 1.5f};

		activation_apply((enum activation)act, x, 4);
		for (int i = 0; i < 4; i++)
			assert_true(fabs(x[i] - want[act][i]) < 3e-7);
	}
}

/* The C library's functions in double precision, over the range that activations have
 * and far beyond it. */
static void
functions_follow_the_library(void **state)
{
	enum { N = 40001 };
	float *x = malloc(N * sizeof(*x)), *y = malloc(N * sizeof(*y)), *e = malloc(N * sizeof(*e));
	double worst = 0, worst_exp = 0;

	(void)state;
	assert_true(x && y && e);
	for (int i = 0; i < N; i++)
		x[i] = y[i] = (float)(i - N / 2) * (i % 7 == 0 ? 5e-3f : 4e-4f);
	activation_apply(ACT_GELU, y, N);
	for (int i = 0; i < N; i++) {
		double z = (double)x[i], want = 0.5 * z * erfc(-z / sqrt(2));

		worst = fmax(worst, fabs((double)y[i] - want) / (1 + fabs(z)));
	}
	memcpy(y, x, N * sizeof(*x));
	exp_rows(y, 1, N, e);
	for (int i = 0; i < N; i++) {
		double want = exp((double)y[i]);

		if (want > 1.3e-38)
			worst_exp = fmax(worst_exp, fabs((double)e[i] - want) / want);
		else
			assert_true((double)e[i] <= 1.3e-38);
	}
	print_message("gelu is off by %.2g (1 + |x|), exp by %.2g e^x at most\n", worst, worst_exp);
	assert_true(worst < 1e-7);
	assert_true(worst_exp < 2e-7);
	free(x);
	free(y);
	free(e);
}

static void
softmax_survives_large_scores(void **state)
{
	float x[] = {1000, 1000, -1000, 0, 0, logf(2)};

	(void)state;
	softmax_rows(x, 2, 3);
	assert_close(x[0], 0.5);
	assert_true(x[2] == 0);
	assert_close(x[5], 0.5);
	assert_close(x[3], 0.25);
}

static void
impossible_batches_are_refused(void **state)
{
	struct golden g;
	struct status st = {0};

	(void)state;
	open_fixture(&g, "hf_vit");
	assert_null(ann_new(g.model, 0, &st));
	assert_int_equal(st.code, STATUS_FAILED);
	status_clear(&st);
	assert_null(ann_new(g.model, 2000000000, &st));
	assert_non_null(strstr(st.message, "at once"));
	close_golden(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fixtures_agree),
	    cmocka_unit_test(shared_fixtures_agree),
	    cmocka_unit_test(clip_style_agrees),
	    cmocka_unit_test(batch_equals_single),
	    cmocka_unit_test(sites_come_in_order),
	    cmocka_unit_test(traces_mean_what_they_say),
	    cmocka_unit_test(observers_intervene),
	    cmocka_unit_test(products_are_products),
	    cmocka_unit_test(activations_are_right),
	    cmocka_unit_test(functions_follow_the_library),
	    cmocka_unit_test(softmax_survives_large_scores),
	    cmocka_unit_test(impossible_batches_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
