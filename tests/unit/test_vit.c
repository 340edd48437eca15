/* Loading models: what is read from good ones, and what is said about broken ones. */
#include "model/model.h"

#include "model/site.h"
#include "tests/support/files.h"
#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HF_BLOCK "vit.encoder.layer.1."

static struct model *
load(const char *path)
{
	struct status st = {0};
	struct model *model = model_load(path, &st);

	if (!model)
		fail_msg("%s", st.message);
	return model;
}

static void
refuse(const char *path, const char *complaint)
{
	struct status st = {0};

	assert_null(model_load(path, &st));
	models_refused(&st, STATUS_DATA, complaint);
}

static void
refuse_edit(const char *model, struct model_edit edit, const char *complaint)
{
	refuse(models_edit(model, &edit), complaint);
}

static void
reads_hf_vit(void **state)
{
	struct model *model = load("tests/fixtures/hf_vit");
	char out[16];

	(void)state;
	assert_string_equal(model->family, "vit");
	assert_string_equal(model->name, "hf_vit");
	assert_int_equal(model->tokens, 17);
	assert_int_equal(model->head_dim, 12);
	assert_int_equal(model->classes, 7);
	assert_int_equal(model->prefix, 1);
	assert_false(model->has_norm_pre);
	assert_int_equal(model->parameters, 67447);
	assert_true(model->norm.eps == 1e-12f);
	assert_string_equal(activation_name(model->act), "gelu");
	assert_string_equal(model_label(model, 3, out), "LABEL_3");
	assert_string_equal(model_label(model, 9, out), "class 9");
	assert_int_equal(strlen(model->hash), HASH_HEX - 1);
	assert_true(model->prep.square && model->prep.resize == 32 && model->prep.mean[2] == 0.5f);
	assert_int_equal(model->prep.interpolation, INTERPOLATION_BILINEAR);
	model_free(model);
	model_free(NULL);
}

static void
reads_deit_and_timm(void **state)
{
	struct model *deit = load("tests/fixtures/hf_deit"), *timm = load("tests/fixtures/timm_vit");

	(void)state;
	assert_int_equal(deit->prefix, 2);
	assert_true(deit->distilled);
	assert_int_equal(deit->head_dist.out, 7);
	assert_int_equal(timm->mlp_width, 96);
	assert_true(timm->norm.eps == 1e-6f);
	assert_null(timm->labels);
	assert_int_equal(timm->prep.resize, 35);
	assert_false(timm->prep.square);
	assert_int_equal(timm->prep.interpolation, INTERPOLATION_BICUBIC);
	model_free(deit);
	model_free(timm);
}

static void
accepts_names_without_prefix(void **state)
{
	struct model *model =
	    load(models_edit("hf_vit", &(struct model_edit){.cut_prefix = "vit.", .add = "pooler.dense.weight"}));

	(void)state;
	assert_int_equal(model->depth, 3);
	model_free(model);
}

/* DeiT without a teacher keeps the distillation token and has one head. */
static void
accepts_deit_with_one_head(void **state)
{
	struct model_edit edit = {.cut_prefix = "cls_", .drop = "distillation_classifier.weight"};
	struct model *model = load(models_edit("hf_deit", &edit));

	(void)state;
	assert_false(model->distilled);
	assert_int_equal(model->prefix, 2);
	model_free(model);
}

static void
refuses_missing_tensors(void **state)
{
	static const char *const names[] = {"vit.embeddings.cls_token",
					    "vit.embeddings.position_embeddings",
					    "classifier.bias",
					    "vit.embeddings.patch_embeddings.projection.bias",
					    HF_BLOCK "layernorm_before.bias",
					    HF_BLOCK "attention.attention.key.weight",
					    HF_BLOCK "output.dense.weight",
					    HF_BLOCK "attention.attention.value.bias",
					    HF_BLOCK "intermediate.dense.bias",
					    "vit.layernorm.weight",
					    "classifier.weight"};
	char complaint[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(complaint, sizeof(complaint), "tensor '%s' is missing", names[i]);
		refuse_edit("hf_vit", (struct model_edit){.drop = names[i]}, complaint);
	}
	refuse_edit("timm_vit", (struct model_edit){.drop = "blocks.2.attn.qkv.bias"}, "'blocks.2.attn.qkv.bias' is missing");
}

static void
refuses_misshapen_tensors(void **state)
{
	(void)state;
	refuse_edit("hf_vit", (struct model_edit){.reshape = "classifier.weight"},
		    "'classifier.weight' has the shape [8, 48], but config.json asks for [7, 48]");
	refuse_edit("hf_vit", (struct model_edit){.reshape = HF_BLOCK "attention.attention.query.weight"}, "[49, 48]");
	refuse_edit("hf_vit", (struct model_edit){.reshape = "vit.embeddings.patch_embeddings.projection.weight"},
		    "[49, 3, 8, 8]");
	refuse_edit("timm_vit", (struct model_edit){.reshape = "pos_embed"}, "[2, 17, 48]");
	refuse_edit("timm_vit", (struct model_edit){.reshape = "blocks.0.attn.qkv.bias"}, "[145]");
}

static void
refuses_broken_weights(void **state)
{
	(void)state;
	refuse_edit("hf_vit", (struct model_edit){.poison = "vit.layernorm.bias", .value = NAN},
		    "'vit.layernorm.bias' holds 1 values");
	refuse_edit("hf_vit", (struct model_edit){.poison = HF_BLOCK "attention.attention.value.weight", .value = INFINITY},
		    "value.weight' holds 1 values");
	refuse_edit("timm_vit", (struct model_edit){.poison = "head.weight", .value = -INFINITY}, "'head.weight' holds 1 values");
}

static void
refuses_unknown_parts(void **state)
{
	static const char *const parts[][2] = {
	    {"blocks.0.ls1.gamma", "has the shape [1]"},   {"blocks.0.attn.q_norm.weight", "query and key norms"},
	    {"fc_norm.weight", "pooling by mean"},         {"reg_token", "'reg_token' must be"},
	    {"blocks.1.gamma_1", "layer scale"},           {"attn_pool.q.weight", "attention pooling"},
	    {"blocks.0.attn.norm.weight", "has no place"}, {"blocks.3.norm1.weight", "has no place"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		refuse_edit("timm_vit", (struct model_edit){.add = parts[i][0]}, parts[i][1]);
}

#define TIMM(architecture, rest) "{\"architecture\":\"" architecture "\"" rest "}"
#define TIMM_ARGS                "\"img_size\":32,\"patch_size\":8,\"embed_dim\":48,\"depth\":3,\"num_heads\":4,\"mlp_ratio\":2"

static void
reads_other_timm_configs(void **state)
{
	const char *config =
	    TIMM("vit_base_patch32_clip_quickgelu_224.openai",
		 ",\"model_args\":{" TIMM_ARGS "},\"mean\":[0.1,0.2,0.3],\"crop_pct\":1.0,\"crop_mode\":\"squash\"");
	struct model_edit edit = {.config = TIMM("vit_tiny_patch8_32",
						 ",\"model_args\":{" TIMM_ARGS ",\"act_layer\":\"relu\"},"
						 "\"label_names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\\u001b[1m\",\"g\"],"
						 "\"label_descriptions\":{\"b\":\"bee\"}")};
	struct model *model = load(models_edit("timm_vit", &edit));
	char out[16];

	(void)state;
	assert_int_equal(model->act, ACT_RELU);
	assert_string_equal(model_label(model, 0, out), "a");
	assert_string_equal(model_label(model, 1, out), "bee");
	assert_string_equal(model_label(model, 5, out), "f\\x1b[1m");
	model_free(model);
	refuse_edit("timm_vit", (struct model_edit){.config = config}, "'norm_pre.weight' is missing");
}

static void
refuses_other_timm_models(void **state)
{
	static const char *const configs[][2] = {
	    {TIMM("convnext_tiny", ""), "architecture 'convnext_tiny' is not supported"},
	    {TIMM("vit_", ""), "'' in the architecture"},
	    {TIMM("vit_tiny_patch8_32", ",\"global_pool\":\"avg\""), "global_pool 'avg' is not supported"},
	    {TIMM("vit_tiny_patch8_32", ",\"model_args\":{\"class_token\":false}"), "without class token"},
	    {TIMM("vit_tiny_patch8_32", ",\"model_args\":{\"norm_layer\":\"rmsnorm\"}"), "norm_layer 'rmsnorm'"},
	    {TIMM("vit_tiny_patch8_32", ",\"model_args\":{\"act_layer\":\"silu\"}"), "activation 'silu'"},
	    {TIMM("vit_tiny_patch8_32", ",\"num_classes\":0"), "'num_classes' must be at least 1"},
	    {TIMM("vit_tiny_patch8_32", ",\"interpolation\":\"lanczos\""), "interpolation 'lanczos'"},
	    {TIMM("vit_tiny_patch8_32", ",\"std\":0"), "'std' must be positive"},
	    {TIMM("vit_tiny_patch8_32", ",\"crop_pct\":0"), "'crop_pct'"},
	    {TIMM("vit_tiny_patch8", ""), "'img_size' is missing"},
	    {TIMM("vit_odd_patch8_32", ""), "'odd' in the architecture"},
	    {TIMM("vit_tiny_patch7_32", ""), "cannot be cut into patches of 7"},
	    {TIMM("vit_tiny_patch8_32", ",\"num_classes\":8,\"model_args\":{" TIMM_ARGS "}"), "asks for [8, 48]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++)
		refuse_edit("timm_vit", (struct model_edit){.config = configs[i][0]}, configs[i][1]);
}

#define HF(rest) "{\"model_type\":\"vit\"" rest "}"
#define HF_DIMS                                                                                                                  \
	",\"hidden_size\":48,\"num_hidden_layers\":3,\"num_attention_heads\":4,\"intermediate_size\":96,"                        \
	"\"image_size\":[32,32],\"patch_size\":8"

static void
refuses_broken_configs(void **state)
{
	static const char *const configs[][2] = {
	    {"", "not valid JSON"},
	    {"[]", "not a JSON object"},
	    {"{\"model_type\":", "not valid JSON"},
	    {"{}", "model type '(none)' is not supported"},
	    {"{\"model_type\":\"swin\\u0007\"}", "model type 'swin\\x07' is not supported"},
	    {"{\"model_type\":7}", "not supported"},
	    {HF(",\"hidden_size\":-1"), "'hidden_size' must be a whole number from 1 to"},
	    {HF(",\"hidden_size\":\"48\""), "'hidden_size' must be"},
	    {HF(",\"hidden_size\":1e99"), "'hidden_size' must be"},
	    {HF(",\"num_hidden_layers\":2000000000"), "'num_hidden_layers' must be"},
	    {HF(",\"image_size\":[32,64]"), "'image_size' is not square"},
	    {HF(",\"image_size\":65536,\"patch_size\":1"), "cannot be cut"},
	    {HF(",\"hidden_size\":50"), "the width 50 is not a multiple of 12 heads"},
	    {HF(",\"hidden_act\":\"mish\""), "activation 'mish' is not supported"},
	    {HF(",\"layer_norm_eps\":\"small\""), "'layer_norm_eps' must be a number"},
	    {HF(",\"num_channels\":2"), "2 channels"},
	    {HF(""), "but config.json asks for"},
	    {HF(HF_DIMS ",\"id2label\":{\"0\":\"a\"}"), "asks for [1, 48]"},
	    {HF(HF_DIMS ",\"label_names\":[\"a\"]"), "1 labels, but the head has 7 classes"},
	    {HF(HF_DIMS ",\"qkv_bias\":false"), "has no place"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++)
		refuse_edit("hf_vit", (struct model_edit){.config = configs[i][0]}, configs[i][1]);
	refuse(scratch_path("nowhere"), "nowhere: No such file");
	models_text("bare/config.json", HF(""));
	refuse(scratch_path("bare"), "has no model.safetensors");
}

static void
counts_classes_without_labels(void **state)
{
	struct model *model = load(models_edit("hf_vit", &(struct model_edit){.config = HF(HF_DIMS)}));
	char out[16];

	(void)state;
	assert_int_equal(model->classes, 7);
	assert_string_equal(model_label(model, 2, out), "class 2");
	model_free(model);
}

static struct model *
load_with_preprocessor(const char *json)
{
	const char *path = models_edit("hf_vit", &(struct model_edit){.config = HF(HF_DIMS)});

	models_text("broken/preprocessor_config.json", json);
	return load(path);
}

static void
reads_preprocessors(void **state)
{
	struct model *model = load_with_preprocessor("{\"do_center_crop\":true,\"size\":{\"shortest_edge\":40},\"crop_size\":32,"
						     "\"resample\":3,\"image_mean\":[0.1,0.2,0.3],\"image_std\":0.25}");

	(void)state;
	assert_int_equal(model->prep.resize, 40);
	assert_false(model->prep.square);
	assert_int_equal(model->prep.interpolation, INTERPOLATION_BICUBIC);
	assert_true(fabsf(model->prep.mean[1] - 0.2f) < 1e-6f && fabsf(model->prep.std[2] - 0.25f) < 1e-6f);
	model_free(model);
	model = load_with_preprocessor(
	    "{\"size\":{\"height\":32,\"width\":32},\"do_normalize\":false,\"rescale_factor\":0.0078431372549}");
	assert_true(model->prep.square && model->prep.mean[0] == 0 && fabsf(model->prep.std[0] - 0.5f) < 1e-6f);
	model_free(model);
	remove(scratch_path("broken/preprocessor_config.json"));
}

static void
refuses_broken_preprocessors(void **state)
{
	static const char *const configs[][2] = {
	    {"{\"resample\":1}", "resample 1 is not supported"},
	    {"{\"image_std\":[0.5,0,0.5]}", "must be positive"},
	    {"{\"image_mean\":[0.5,0.5]}", "one number a channel"},
	    {"{\"rescale_factor\":0}", "must be positive"},
	    {"{\"do_center_crop\":true,\"size\":40,\"crop_size\":24}", "the network takes 32 pixels"},
	    {"{\"do_center_crop\":true,\"size\":{\"height\":40,\"width\":50}}", "'size' is not square"},
	    {"{", "preprocessor_config.json: not valid JSON"},
	};

	(void)state;
	models_edit("hf_vit", &(struct model_edit){.config = HF(HF_DIMS)});
	for (size_t i = 0; i < sizeof(configs) / sizeof(*configs); i++) {
		models_text("broken/preprocessor_config.json", configs[i][0]);
		refuse(scratch_path("broken"), configs[i][1]);
	}
	remove(scratch_path("broken/preprocessor_config.json"));
}

static void
hash_tells_models_apart(void **state)
{
	struct model *a = load("tests/fixtures/hf_vit"), *b = load(models_edit("hf_vit", &(struct model_edit){0}));
	struct model *c = load(models_edit("hf_vit", &(struct model_edit){.poison = "classifier.bias", .value = 3}));

	(void)state;
	assert_string_equal(a->hash, b->hash);
	assert_string_not_equal(a->hash, c->hash);
	model_free(a);
	model_free(b);
	model_free(c);
}

static void
sites_are_one_list(void **state)
{
	static const char *const folders[] = {"tests/fixtures/hf_vit", "tests/fixtures/hf_clip"};
	char name[SITE_NAME_MAX];
	struct site site;

	(void)state;
	for (int norm_pre = 0; norm_pre < 2; norm_pre++) {
		struct model *model = load(folders[norm_pre]);

		assert_int_equal(site_count(model), 1 + norm_pre + 20 * model->depth + 2);
		for (int i = 0; i < site_count(model); i++) {
			struct site at = site_at(model, i);

			assert_int_equal(site_index(model, at), i);
			assert_true(site_parse(model, site_name(at, name), &site));
			assert_true(site.kind == at.kind && site.block == at.block);
			assert_int_equal(at.block >= 0, site_in_block(at.kind));
			assert_true(norm_pre || at.kind != SITE_NORM_PRE);
		}
		model_free(model);
	}
}

static void
sites_have_names_and_shapes(void **state)
{
	struct model *model = load("tests/fixtures/hf_vit");
	struct site qk = site_in(SITE_QK, 2), other;
	char name[SITE_NAME_MAX];
	int dim[3];

	(void)state;
	assert_string_equal(site_name(qk, name), "blocks.2.attn.qk");
	assert_int_equal(site_shape(model, qk, dim), 3);
	assert_true(dim[0] == 4 && dim[1] == 17 && dim[2] == 17);
	assert_int_equal(site_size(model, site_in(SITE_RECIPROCAL, 0)), 4 * 17);
	assert_int_equal(site_size(model, site_in(SITE_FC1, 0)), 17 * 96);
	assert_int_equal(site_size(model, site_in(SITE_HEAD, -1)), 7);
	assert_true(site_matches(qk, "blocks.*.attn.*"));
	assert_true(site_matches(qk, "blocks.[12].*"));
	assert_false(site_matches(qk, "*.mlp*"));
	assert_false(site_parse(model, "blocks.3.attn.qk", &other));
	assert_false(site_parse(model, "blocks.02.attn.qk", &other));
	assert_false(site_parse(model, "norm_pre", &other));
	assert_true(site_parse(model, "blocks.1", &other) && other.kind == SITE_BLOCK);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_hf_vit),
	    cmocka_unit_test(reads_deit_and_timm),
	    cmocka_unit_test(accepts_names_without_prefix),
	    cmocka_unit_test(accepts_deit_with_one_head),
	    cmocka_unit_test(refuses_missing_tensors),
	    cmocka_unit_test(refuses_misshapen_tensors),
	    cmocka_unit_test(refuses_broken_weights),
	    cmocka_unit_test(refuses_unknown_parts),
	    cmocka_unit_test(reads_other_timm_configs),
	    cmocka_unit_test(refuses_other_timm_models),
	    cmocka_unit_test(refuses_broken_configs),
	    cmocka_unit_test(counts_classes_without_labels),
	    cmocka_unit_test(reads_preprocessors),
	    cmocka_unit_test(refuses_broken_preprocessors),
	    cmocka_unit_test(hash_tells_models_apart),
	    cmocka_unit_test(sites_are_one_list),
	    cmocka_unit_test(sites_have_names_and_shapes),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
