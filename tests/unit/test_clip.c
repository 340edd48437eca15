/* CLIP: both towers against what OpenAI's code computed (tests/fixtures/README.md), and what is said about
 * broken folders. */
#include "ann/ann.h"
#include "ann/text.h"
#include "snn/plan/plan.h"
#include "snn/snn.h"
#include "tests/support/files.h"
#include "tests/support/models.h"
#include "tests/support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/fixtures/hf_clip"

enum { PICTURES = 2, TEXTS = 5, CONTEXT = 16, PROJECTION = 24, PIXELS = 3 * 32 * 32 };

/* The two computations differ in the order of their sums. */
#define TOLERANCE 1e-4

struct golden {
	float pixels[PICTURES * PIXELS], image[PICTURES * PROJECTION], text[TEXTS * PROJECTION], logits[PICTURES * TEXTS];
	int id[TEXTS * CONTEXT];
	struct text_ids texts[TEXTS];
};

static void
read_floats(const struct safetensors *file, const char *name, size_t count, float *out)
{
	const struct st_tensor *t = safetensors_find(file, name);

	assert_non_null(t);
	assert_int_equal(t->count, count);
	assert_true(safetensors_read(t, 0, count, out, NULL));
}

static void
read_golden(struct golden *g)
{
	struct status st = {0};
	struct safetensors *file = safetensors_open(FOLDER "/expected.safetensors", &st);
	float ids[TEXTS * CONTEXT];

	assert_non_null(file);
	read_floats(file, "pixel_values", PICTURES * PIXELS, g->pixels);
	read_floats(file, "image_embeds", PICTURES * PROJECTION, g->image);
	read_floats(file, "text_embeds", TEXTS * PROJECTION, g->text);
	read_floats(file, "logits_per_image", PICTURES * TEXTS, g->logits);
	read_floats(file, "input_ids", TEXTS * CONTEXT, ids);
	for (int i = 0; i < TEXTS * CONTEXT; i++)
		g->id[i] = (int)ids[i];
	for (int i = 0; i < TEXTS; i++)
		g->texts[i] = (struct text_ids){g->id + i * CONTEXT, CONTEXT};
	safetensors_close(file);
}

static void
assert_near(const float *got, const float *want, int count)
{
	for (int i = 0; i < count; i++)
		if (!(fabs((double)got[i] - (double)want[i]) <= TOLERANCE))
			fail_msg("element %d is %g, not %g", i, (double)got[i], (double)want[i]);
}

static struct model *
load(const char *path)
{
	struct status st = {0};
	struct model *model = model_load(path, &st);

	if (!model)
		fail_msg("%s", st.message);
	return model;
}

static struct text_tower *
load_text(const char *path)
{
	struct status st = {0};
	struct text_tower *tower = text_tower_load(path, &st);

	if (!tower)
		fail_msg("%s", st.message);
	return tower;
}

static void
set_classes(struct model *model, int classes, const float *embeddings)
{
	static const char *const labels[] = {"a", "b", "c\x1b", "d", "e"};
	struct status st = {0};

	assert_true(model_set_classes(model, classes, labels, embeddings, "prompts", &st));
}

static void
reads_the_vision_tower(void **state)
{
	struct model *model = load(FOLDER);

	(void)state;
	assert_string_equal(model->family, "clip");
	assert_int_equal(model->classes, 0);
	assert_int_equal(model->tokens, 17);
	assert_int_equal(model->projection.out, PROJECTION);
	assert_true(model->has_norm_pre && model->act == ACT_QUICK_GELU && model->norm.eps == 1e-5f);
	assert_true(!model->prep.square && model->prep.resize == 32 && model->prep.interpolation == INTERPOLATION_BICUBIC);
	assert_true(model->prep.mean[0] == 0.48145466f && model->prep.std[2] == 0.27577711f);
	model_free(model);
}

static void
logits_are_those_of_clip(void **state)
{
	struct model *model = load(FOLDER);
	struct status st = {0};
	struct ann *ann = ann_new(model, PICTURES, &st);
	static struct golden g;
	float logits[PICTURES * TEXTS], image[PICTURES * PROJECTION];
	static float unit[PROJECTION * PROJECTION];
	const char *labels[PROJECTION];

	(void)state;
	read_golden(&g);
	set_classes(model, TEXTS, g.text);
	assert_true(ann_forward(ann, g.pixels, PICTURES, logits, NULL, &st));
	assert_near(logits, g.logits, PICTURES * TEXTS);
	/* With the unit vectors as classes the logits are the picture's own embedding, scaled. */
	for (int i = 0; i < PROJECTION; i++) {
		unit[i * (PROJECTION + 1)] = 1;
		labels[i] = "";
	}
	assert_true(model_set_classes(model, PROJECTION, labels, unit, "units", &st));
	assert_true(ann_forward(ann, g.pixels, PICTURES, image, NULL, &st));
	for (int i = 0; i < PICTURES * PROJECTION; i++)
		image[i] /= model->logit_scale;
	assert_near(image, g.image, PICTURES * PROJECTION);
	ann_free(ann);
	model_free(model);
}

static void
text_embeddings_are_those_of_clip(void **state)
{
	struct text_tower *tower = load_text(FOLDER);
	static struct golden g;
	float got[TEXTS * PROJECTION], alone[PROJECTION];
	struct status st = {0};
	int threads = omp_get_max_threads();

	(void)state;
	read_golden(&g);
	assert_int_equal(tower->projection.out, PROJECTION);
	assert_int_equal(tower->end_id, 299);
	assert_true(text_embed(tower, g.texts, TEXTS, got, NULL, &st));
	assert_near(got, g.text, TEXTS * PROJECTION);
	/* Neither company nor threads change a bit. */
	omp_set_num_threads(1);
	for (int i = 0; i < TEXTS; i++) {
		assert_true(text_embed(tower, &g.texts[i], 1, alone, NULL, &st));
		assert_memory_equal(alone, got + i * PROJECTION, sizeof(alone));
	}
	omp_set_num_threads(threads);
	text_tower_free(tower);
	text_tower_free(NULL);
}

static void
texts_are_checked(void **state)
{
	struct text_tower *tower = load_text(FOLDER);
	struct text_ids text;
	float out[PROJECTION];
	struct status st = {0};

	(void)state;
	text = (struct text_ids){(int[]){298, 3, 300}, 3};
	assert_false(text_embed(tower, &text, 1, out, NULL, &st));
	assert_non_null(strstr(st.message, "has the token 300; the text tower knows 0 to 299"));
	st = (struct status){0};
	text = (struct text_ids){(int[]){298, 3}, 2};
	assert_false(text_embed(tower, &text, 1, out, NULL, &st));
	assert_non_null(strstr(st.message, "no end token (299)"));
	st = (struct status){0};
	text = (struct text_ids){(int[17]){298}, 17};
	assert_false(text_embed(tower, &text, 1, out, NULL, &st));
	assert_non_null(strstr(st.message, "takes 1 to 16"));
	text_tower_free(tower);
}

static bool
stop_at_once(void *ctx, const char *what, double done, double total)
{
	(void)ctx;
	(void)what;
	return done == 0 && total < 0;
}

static void
texts_can_be_stopped(void **state)
{
	struct text_tower *tower = load_text(FOLDER);
	static struct golden g;
	float out[TEXTS * PROJECTION];
	struct progress progress = {stop_at_once, NULL};
	struct status st = {0};

	(void)state;
	read_golden(&g);
	assert_false(text_embed(tower, g.texts, TEXTS, out, &progress, &st));
	assert_int_equal(st.code, STATUS_CANCELLED);
	text_tower_free(tower);
}

/* Configurations as Hugging Face's versions wrote them. */
#define VISION                                                                                                                   \
	"\"hidden_size\":48,\"intermediate_size\":192,\"num_hidden_layers\":3,\"num_attention_heads\":4,\"image_size\":32,"      \
	"\"patch_size\":8"
#define TEXT                                                                                                                     \
	"\"vocab_size\":300,\"hidden_size\":40,\"intermediate_size\":160,\"num_hidden_layers\":2,\"num_attention_heads\":4,"     \
	"\"max_position_embeddings\":16"

static void
forms_of_the_configuration_agree(void **state)
{
	static const char *const configs[] = {
	    "{\"model_type\":\"clip\",\"vision_config\":{" VISION "},\"text_config\":{" TEXT ",\"eos_token_id\":2}}",
	    "{\"model_type\":\"clip\",\"vision_config\":{\"patch_size\":4},\"vision_config_dict\":{" VISION
	    "},\"text_config\":{},\"text_config_dict\":{" TEXT ",\"eos_token_id\":299}}",
	};
	static struct golden g;
	float logits[TEXTS], text[TEXTS * PROJECTION];
	struct status st = {0};

	(void)state;
	read_golden(&g);
	for (int i = 0; i < 2; i++) {
		const char *path = models_edit(
		    "hf_clip", &(struct model_edit){.config = configs[i], .add = "vision_model.embeddings.position_ids"});
		struct model *model = load(path);
		struct text_tower *tower = load_text(path);
		struct ann *ann = ann_new(model, 1, &st);

		assert_int_equal(tower->end_id, i == 0 ? -1 : 299);
		assert_true(text_embed(tower, g.texts, TEXTS, text, NULL, &st));
		assert_near(text, g.text, TEXTS * PROJECTION);
		set_classes(model, TEXTS, text);
		assert_true(ann_forward(ann, g.pixels, 1, logits, NULL, &st));
		assert_near(logits, g.logits, TEXTS);
		ann_free(ann);
		text_tower_free(tower);
		model_free(model);
	}
}

/* --- open_clip's names --------------------------------------------------------- */

/* How OpenAI calls what Hugging Face calls otherwise, piece by piece. */
static void
open_clip_name(const char *name, char out[MODEL_NAME_MAX])
{
	static const char *const pieces[][2] = {
	    {"vision_model.embeddings.patch_embedding", "visual.conv1"},
	    {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
	    {"vision_model.embeddings.", "visual."},
	    {"vision_model.pre_layrnorm", "visual.ln_pre"},
	    {"vision_model.post_layernorm", "visual.ln_post"},
	    {"vision_model.encoder.layers.", "visual.transformer.resblocks."},
	    {"visual_projection.weight", "visual.proj"},
	    {"text_projection.weight", "text_projection"},
	    {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
	    {"text_model.embeddings.", ""},
	    {"text_model.final_layer_norm", "ln_final"},
	    {"text_model.encoder.layers.", "transformer.resblocks."},
	    {"self_attn.q_proj.", "attn.in_proj_"},
	    {"self_attn.out_proj", "attn.out_proj"},
	    {"layer_norm", "ln_"},
	    {"mlp.fc1", "mlp.c_fc"},
	    {"mlp.fc2", "mlp.c_proj"},
	};
	char rest[MODEL_NAME_MAX], *at;

	snprintf(out, MODEL_NAME_MAX, "%s", name);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		if (!(at = strstr(out, pieces[i][0])))
			continue;
		snprintf(rest, sizeof(rest), "%s", at + strlen(pieces[i][0]));
		snprintf(at, (size_t)(out + MODEL_NAME_MAX - at), "%s%s", pieces[i][1], rest);
	}
}

/* Query, key and value in one; the same values otherwise. */
static struct st_out
open_clip_tensor(const struct safetensors *file, const struct st_tensor *t, char name[MODEL_NAME_MAX])
{
	struct st_out out = {.name = name, .dims = t->dims};
	char part[MODEL_NAME_MAX], *letter;
	float *data = calloc(3 * t->count, sizeof(*data));

	open_clip_name(t->name, name);
	memcpy(out.dim, t->dim, sizeof(out.dim));
	assert_true(safetensors_read(t, 0, t->count, data, NULL));
	snprintf(part, sizeof(part), "%s", t->name);
	for (int i = 1; i < 3 && (letter = strstr(part, i == 1 ? "q_proj" : "k_proj")); i++) {
		*letter = "qkv"[i];
		assert_true(safetensors_read(safetensors_find(file, part), 0, t->count, data + (size_t)i * t->count, NULL));
		out.dim[0] = t->dim[0] * (i + 1);
	}
	if (strstr(t->name, "_projection.weight")) {
		out.dim[0] = t->dim[1];
		out.dim[1] = t->dim[0];
		for (int64_t i = 0; i < t->dim[0]; i++)
			for (int64_t k = 0; k < t->dim[1]; k++)
				assert_true(safetensors_read(t, (size_t)(i * t->dim[1] + k), 1, data + k * t->dim[0] + i, NULL));
	}
	out.data = data;
	return out;
}

static const char *
open_clip_folder(void)
{
	static char names[128][MODEL_NAME_MAX];
	struct st_out out[128];
	struct status st = {0};
	struct safetensors *file = safetensors_open(FOLDER, &st);
	int count = 0;

	models_text(
	    "open/open_clip_config.json",
	    "{\"model_cfg\": {\"embed_dim\": 24, \"quick_gelu\": true, \"vision_cfg\": {\"image_size\": 32, \"layers\": 3, "
	    "\"width\": 48, \"head_width\": 12, \"patch_size\": 8}, \"text_cfg\": {\"context_length\": 16, "
	    "\"vocab_size\": 300, \"width\": 40, \"heads\": 4, \"layers\": 2}}, \"preprocess_cfg\": {\"resize_mode\": "
	    "\"squash\"}}");
	for (int i = 0; i < safetensors_count(file); i++) {
		const struct st_tensor *t = safetensors_at(file, i);

		if (!strstr(t->name, "k_proj") && !strstr(t->name, "v_proj"))
			out[count] = open_clip_tensor(file, t, names[count]), count++;
	}
	assert_true(safetensors_write(scratch_path("open/open_clip_model.safetensors"), out, count, true, &st));
	for (int i = 0; i < count; i++)
		free((void *)out[i].data);
	safetensors_close(file);
	return scratch_path("open");
}

static void
open_clip_names_agree(void **state)
{
	struct model *model = load(open_clip_folder());
	struct text_tower *tower = load_text(model->path);
	struct status st = {0};
	struct ann *ann = ann_new(model, PICTURES, &st);
	static struct golden g;
	float logits[PICTURES * TEXTS], text[TEXTS * PROJECTION];

	(void)state;
	read_golden(&g);
	assert_true(model->prep.square && model->prep.mean[0] == 0.48145466f);
	assert_true(text_embed(tower, g.texts, TEXTS, text, NULL, &st));
	assert_near(text, g.text, TEXTS * PROJECTION);
	set_classes(model, TEXTS, text);
	assert_true(ann_forward(ann, g.pixels, PICTURES, logits, NULL, &st));
	assert_near(logits, g.logits, PICTURES * TEXTS);
	ann_free(ann);
	text_tower_free(tower);
	model_free(model);
}

static void
vision_alone_is_enough_to_load(void **state)
{
	const char *path = models_edit(
	    "hf_clip", &(struct model_edit){.config = "{\"model_type\":\"clip_vision_model\",\"projection_dim\":24," VISION "}",
					    .drop = "text_model.embeddings.token_embedding.weight"});
	struct model *model = load(path);
	struct status st = {0};

	(void)state;
	assert_int_equal(model->projection.out, PROJECTION);
	assert_null(text_tower_load(path, &st));
	assert_non_null(strstr(st.message, "there is no text tower"));
	model_free(model);
}

static void
classes_name_the_model(void **state)
{
	struct model *model = load(FOLDER);
	static struct golden g;
	char bare[HASH_HEX], first[HASH_HEX], label[16];

	(void)state;
	read_golden(&g);
	memcpy(bare, model->hash, HASH_HEX);
	set_classes(model, 3, g.text);
	memcpy(first, model->hash, HASH_HEX);
	assert_string_not_equal(first, bare);
	assert_int_equal(model->classes, 3);
	assert_string_equal(model_label(model, 2, label), "c\\x1b");
	set_classes(model, 4, g.text);
	assert_string_not_equal(model->hash, first);
	set_classes(model, 3, g.text);
	assert_string_equal(model->hash, first);
	model_free(model);
}

static void
refuse(const char *path, bool text, const char *complaint)
{
	struct status st = {0};

	if (text)
		assert_null(text_tower_load(path, &st));
	else
		assert_null(model_load(path, &st));
	models_refused(&st, STATUS_DATA, complaint);
}

static void
broken_folders_are_refused(void **state)
{
	(void)state;
	refuse(models_edit("hf_clip", &(struct model_edit){.drop = "visual_projection.weight"}), false,
	       "'visual_projection.weight' is missing");
	refuse(models_edit("hf_clip", &(struct model_edit){.drop = "text_projection.weight"}), true,
	       "'text_projection.weight' is missing");
	refuse(models_edit("hf_clip", &(struct model_edit){.reshape = "vision_model.embeddings.position_embedding.weight"}),
	       false, "[18, 48]");
	refuse(models_edit("hf_clip", &(struct model_edit){.poison = "text_model.encoder.layers.1.mlp.fc1.bias", .value = NAN}),
	       true, "NaN");
	refuse(models_edit("hf_clip", &(struct model_edit){.poison = "logit_scale", .value = 1e30f}), false, "logit_scale");
	refuse(models_edit("hf_clip", &(struct model_edit){.add = "classifier.weight"}), false, "CLIP with a classifier");
	refuse(models_edit("hf_clip", &(struct model_edit){.config = "{\"model_type\":\"clip\",\"vision_config\":{\"image_size\":"
								     "[32,48]}}"}),
	       false, "not square");
	refuse("tests/fixtures/hf_vit", true, "there is no text tower");
	refuse(models_edit("hf_clip", &(struct model_edit){.add = "text_model.encoder.layers.2.mlp.fc1.bias"}), true,
	       "has no place in the model that config.json describes (depth 2)");
}

/* The spiking network's readout is the same head: with steps its logits come to the reference's. */
static void
the_spiking_readout_has_the_same_head(void **state)
{
	struct model *model = load(FOLDER);
	static struct golden g;
	struct plan_options options = {.recipe = "delta", .T = 8, .pixels = g.pixels, .pictures = PICTURES};
	struct status st = {0};
	float logits[TEXTS];
	struct plan *plan;
	struct snn *snn;
	double error = 0;

	(void)state;
	read_golden(&g);
	set_classes(model, TEXTS, g.text);
	plan = plan_build(model, &options, NULL, &st);
	if (!plan)
		fail_msg("%s", st.message);
	snn = snn_new(plan, &st);
	assert_non_null(snn);
	snn_show(snn, g.pixels);
	for (int t = 0; t < 8; t++)
		snn_step(snn);
	snn_logits(snn, logits);
	for (int i = 0; i < TEXTS; i++)
		error = fmax(error, fabs((double)logits[i] - (double)g.logits[i]));
	/* Of logits whose scale is 14.3; what is lost in eight steps of this recipe. */
	if (error > 0.5)
		fail_msg("the logits are %g off", error);
	snn_free(snn);
	plan_free(plan);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_vision_tower),
	    cmocka_unit_test(logits_are_those_of_clip),
	    cmocka_unit_test(text_embeddings_are_those_of_clip),
	    cmocka_unit_test(texts_are_checked),
	    cmocka_unit_test(texts_can_be_stopped),
	    cmocka_unit_test(forms_of_the_configuration_agree),
	    cmocka_unit_test(open_clip_names_agree),
	    cmocka_unit_test(vision_alone_is_enough_to_load),
	    cmocka_unit_test(classes_name_the_model),
	    cmocka_unit_test(broken_folders_are_refused),
	    cmocka_unit_test(the_spiking_readout_has_the_same_head),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
