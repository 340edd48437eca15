/* DINOv2, register tokens and SigLIP: the reference against independent code, and the spiking network, whose blocks with
 * a gate and whose attention pooling are stepped layer by layer, against the reference. */
#include "ann/ann.h"
#include "model/graph.h"
#include "snn/snn.h"
#include "study/energy/ledger.h"
#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 5, PICTURES = 2, PICTURE = 3 * 24 * 24, LAST_BLOCK = 1 };

/* Of the largest magnitude: float32 on both sides, in another order. */
#define TOLERANCE 1e-4

struct golden {
	struct model *model;
	float pixels[PICTURES * PICTURE], logits[PICTURES * CLASSES];
	float *last; /* [pictures, tokens, width] behind the last block */
	size_t stream;
};

static float *
read_tensor(const struct safetensors *file, const char *name, size_t *count)
{
	const struct st_tensor *t = safetensors_find(file, name);
	float *out = calloc(t->count, sizeof(*out));

	assert_true(safetensors_read(t, 0, t->count, out, NULL));
	*count = t->count;
	return out;
}

static void
take_tensor(const struct safetensors *file, const char *name, size_t want, float *out)
{
	size_t n;
	float *all = read_tensor(file, name, &n);

	assert_int_equal(n, want);
	memcpy(out, all, n * sizeof(*out));
	free(all);
}

static void
open_golden(struct golden *g, const char *name)
{
	char path[256];
	struct status st = {0};
	struct safetensors *file;

	snprintf(path, sizeof(path), "tests/fixtures/%s/expected.safetensors", name);
	file = safetensors_open(path, &st);
	*strrchr(path, '/') = '\0';
	g->model = model_load(path, &st);
	if (!g->model || !file)
		fail_msg("%s", st.message);
	take_tensor(file, "pixel_values", PICTURES * PICTURE, g->pixels);
	take_tensor(file, "logits", PICTURES * CLASSES, g->logits);
	g->last = read_tensor(file, "last", &g->stream);
	safetensors_close(file);
	assert_int_equal(g->model->classes, CLASSES);
}

static void
close_golden(struct golden *g)
{
	free(g->last);
	model_free(g->model);
}

static void
assert_near(const float *got, const float *want, size_t n, double tolerance)
{
	double most = 0, worst = 0;

	for (size_t i = 0; i < n; i++) {
		most = fmax(most, fabs((double)want[i]));
		worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
	}
	if (!(worst <= tolerance * most))
		fail_msg("off by %.3g of the largest, %.3g", worst / most, most);
}

/* What the last block gives. */
static void
check_last(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	const struct golden *g = ctx;

	(void)input;
	if (site_is_block(g->model, site) && site.block == LAST_BLOCK)
		assert_near(data, g->last, (size_t)pictures * site_size(g->model, site), TOLERANCE);
}

static void
reference_agrees(void **state)
{
	static const char *const names[] = {"dinov2", "dinov2_swiglu", "timm_reg", "siglip"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		float logits[PICTURES * CLASSES];
		struct golden g;
		struct ann_observer observer = {check_last, &g};
		struct status st = {0};
		struct ann *ann;

		open_golden(&g, names[i]);
		ann = ann_new(g.model, PICTURES, &st);
		assert_true(ann_forward(ann, g.pixels, PICTURES, logits, NULL, &st));
		assert_near(logits, g.logits, PICTURES * CLASSES, TOLERANCE);
		assert_true(ann_forward(ann, g.pixels, PICTURES, logits, &observer, &st));
		assert_near(logits, g.logits, PICTURES * CLASSES, TOLERANCE);
		ann_free(ann);
		close_golden(&g);
	}
}

static struct plan *
convert(const struct golden *g, const char *recipe)
{
	struct plan_options options = {
	    .recipe = recipe, .T = 16, .rule = -1, .seed = 1, .pixels = g->pixels, .pictures = PICTURES};
	struct status st = {0};
	struct plan *plan = plan_build(g->model, &options, NULL, &st);

	if (!plan)
		fail_msg("%s", st.message);
	return plan;
}

static void
check_graded(const char *name, const char *recipe)
{
	struct status st = {0};
	struct golden g;
	float logits[CLASSES];
	struct plan *plan;
	struct snn *snn;

	open_golden(&g, name);
	plan = convert(&g, recipe);
	for (int i = 0; i < plan->sites; i++) {
		plan->site[i].neuron = NEURON_NONE;
		plan->site[i].mode = plan->site[i].mode == FUNCTION_MODE_NONE ? FUNCTION_MODE_NONE : FUNCTION_MODE_EXACT;
	}
	assert_true(plan_finish(plan, &st));
	snn = snn_new(plan, &st);
	snn_show(snn, g.pixels);
	for (int t = 1; t <= 3; t++) {
		snn_step(snn);
		snn_logits(snn, logits);
		assert_near(logits, g.logits, CLASSES, TOLERANCE);
	}
	snn_free(snn);
	plan_free(plan);
	close_golden(&g);
}

/* Values that are sent as they are say everything in one step: LayerNorm folded and not. */
static void
graded_network_is_the_reference(void **state)
{
	(void)state;
	check_graded("dinov2_swiglu", "sta");
	check_graded("dinov2_swiglu", "ecmt");
	check_graded("siglip", "sta");
	check_graded("siglip", "ecmt");
	check_graded("siglip", "delta");
}

/* Also several steps at once, and from a state that was kept. */
static void
spikes_converge(void **state)
{
	static const char *const names[] = {"dinov2", "dinov2_swiglu", "timm_reg", "siglip"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		float once[CLASSES], again[CLASSES];
		struct status st = {0};
		struct golden g;
		struct plan *plan;
		struct snn *snn;
		void *kept;

		open_golden(&g, names[i]);
		plan = convert(&g, "sta");
		snn = snn_new(plan, &st);
		snn_show(snn, g.pixels);
		assert_true(snn_run(snn, 40, &st));
		kept = malloc(snn_state_size(snn));
		snn_state_save(snn, kept);
		assert_true(snn_run(snn, 24, &st));
		snn_logits(snn, once);
		assert_near(once, g.logits, CLASSES, 0.1);
		snn_state_load(snn, kept);
		for (int t = 40; t < 64; t++)
			snn_step(snn);
		snn_logits(snn, again);
		assert_memory_equal(once, again, sizeof(once));
		free(kept);
		snn_free(snn);
		plan_free(plan);
		close_golden(&g);
	}
}

/* Both operands of a gate meet one value each, in every block of [tokens, mlp_width]. */
static void
ledger_counts_gates(void **state)
{
	struct status st = {0};
	struct golden g;
	struct ledger *ledger;
	struct site product;

	(void)state;
	open_golden(&g, "dinov2_swiglu");
	ledger = ledger_reference(g.model, true, &st);
	assert_true(site_parse(g.model, "blocks.1.mlp.product", &product));
	assert_int_equal(ledger->row[site_index(g.model, product)].n[LEDGER_PRODUCT_GRADED], 10 * 32);
	assert_int_equal(ledger->row[site_index(g.model, product)].n[LEDGER_SYNAPSE_GRADED], 10 * 32 * 24);
	ledger_free(ledger);
	close_golden(&g);
}

static void
sites_and_prefixes(void **state)
{
	struct golden g;
	struct site site;
	int dim[3];

	(void)state;
	open_golden(&g, "dinov2");
	assert_int_equal(g.model->prefix, 4);
	assert_int_equal(graph_patches(g.model).prefix, 4);
	assert_true(site_parse(g.model, "token_pool", &site));
	assert_int_equal(site_shape(g.model, site, dim), 1);
	assert_int_equal(dim[0], 48);
	assert_false(site_parse(g.model, "blocks.0.mlp.gate", &site));
	close_golden(&g);
}

static void
siglip_pools_in_a_block(void **state)
{
	static const char *const names[] = {"attnpool.norm1", "attnpool.q",       "attnpool.av",
					    "attnpool.attn",  "attnpool.mlp.act", "attnpool"};
	struct golden g;
	struct site site;
	char name[SITE_NAME_MAX];

	(void)state;
	open_golden(&g, "siglip");
	assert_int_equal(g.model->depth, 3);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_true(site_parse(g.model, names[i], &site) && site.block == 2);
		assert_string_equal(site_name(site_at(g.model, site_index(g.model, site)), name), names[i]);
	}
	assert_int_equal(graph_attention(g.model->graph, 2).queries, 1);
	assert_int_equal(graph_maps(g.model).queries, 9);
	close_golden(&g);
}

static void
wants_a_head(void **state)
{
	static const char config[] = "{\"model_type\": \"dinov2\", \"image_size\": 24, \"patch_size\": 8, \"hidden_size\": 24, "
				     "\"num_hidden_layers\": 2, \"num_attention_heads\": 3, \"mlp_ratio\": 2, "
				     "\"use_swiglu_ffn\": true}";
	struct model_edit edit = {.config = config};
	struct status st = {0};

	(void)state;
	assert_null(model_load(models_edit("dinov2_swiglu", &edit), &st));
	models_refused(&st, STATUS_DATA, "put a linear head");
	edit = (struct model_edit){.drop = "dinov2.encoder.layer.1.layer_scale2.lambda1"};
	st = (struct status){0};
	assert_null(model_load(models_edit("dinov2_swiglu", &edit), &st));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reference_agrees),   cmocka_unit_test(graded_network_is_the_reference),
	    cmocka_unit_test(spikes_converge),    cmocka_unit_test(ledger_counts_gates),
	    cmocka_unit_test(sites_and_prefixes), cmocka_unit_test(siglip_pools_in_a_block),
	    cmocka_unit_test(wants_a_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
