/* CLIP with a residual network: against torch (tests/fixtures/README.md), under every naming of its tensors, spiking,
 * and what is refused. */
#include "ann/ann.h"
#include "ann/layers.h"
#include "ann/text.h"
#include "model/graph.h"
#include "snn/snn.h"
#include "study/audit.h"
#include "study/ladder.h"
#include "tests/support/files.h"
#include "tests/support/models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME    "open_clip_rn"
#define FOLDER  "tests/fixtures/" NAME
#define WEIGHTS "open_clip_model.safetensors"
#define CONFIG  "open_clip_config.json"

enum { PICTURES = 2, TEXTS = 5, CONTEXT = 16, PROJECTION = 24, PIXELS = 3 * 64 * 64 };

/* Of the largest magnitude: float32 sums in another order. */
#define TOLERANCE 1e-4

struct golden {
	float pixels[PICTURES * PIXELS], image[PICTURES * PROJECTION], text[TEXTS * PROJECTION], logits[PICTURES * TEXTS];
	int id[TEXTS * CONTEXT];
	struct text_ids texts[TEXTS];
};

static struct golden golden;

static void
read_floats(const struct safetensors *file, const char *name, size_t count, float *out)
{
	const struct st_tensor *t = safetensors_find(file, name);

	assert_non_null(t);
	assert_int_equal(t->count, count);
	assert_true(safetensors_read(t, 0, count, out, NULL));
}

static int
read_golden(void **state)
{
	struct status st = {0};
	struct safetensors *file = safetensors_open(FOLDER "/expected.safetensors", &st);
	float ids[TEXTS * CONTEXT];

	assert_non_null(file);
	read_floats(file, "pixel_values", PICTURES * PIXELS, golden.pixels);
	read_floats(file, "image_embeds", PICTURES * PROJECTION, golden.image);
	read_floats(file, "text_embeds", TEXTS * PROJECTION, golden.text);
	read_floats(file, "logits_per_image", PICTURES * TEXTS, golden.logits);
	read_floats(file, "input_ids", TEXTS * CONTEXT, ids);
	for (int i = 0; i < TEXTS * CONTEXT; i++)
		golden.id[i] = (int)ids[i];
	for (int i = 0; i < TEXTS; i++)
		golden.texts[i] = (struct text_ids){golden.id + i * CONTEXT, CONTEXT};
	safetensors_close(file);
	return files_setup(state);
}

static void
assert_near(const float *got, const float *want, int count)
{
	double largest = 0;

	for (int i = 0; i < count; i++)
		largest = fmax(largest, fabs((double)want[i]));
	for (int i = 0; i < count; i++)
		if (!(fabs((double)got[i] - (double)want[i]) <= TOLERANCE * largest))
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

static void
set_classes(struct model *model)
{
	static const char *const labels[] = {"a", "b", "c", "d", "e"};
	struct status st = {0};

	assert_true(model_set_classes(model, TEXTS, labels, golden.text, "prompts", &st));
}

struct seen {
	const struct model *model;
	int sites;
	float image[PICTURES * PROJECTION];
};

static void
see(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct seen *seen = ctx;

	assert_int_equal(input != NULL, site.kind == SITE_EXP || site.kind == SITE_RECIPROCAL);
	seen->sites++;
	for (int i = 0; site.kind == SITE_AV && i < pictures; i++)
		ann_embedding(seen->model, data + (size_t)i * site_size(seen->model, site), seen->image + i * PROJECTION);
}

/* Logits with an observer and without, and embeddings. */
static void
check_vision(const char *path)
{
	struct model *model = load(path);
	struct status st = {0};
	struct ann *ann = ann_new(model, PICTURES, &st);
	float logits[2][PICTURES * TEXTS];
	struct seen seen = {.model = model};
	struct ann_observer observer = {see, &seen};

	assert_string_equal(model->family, "clip-resnet");
	assert_int_equal(model->projection.out, PROJECTION);
	set_classes(model);
	assert_true(ann_forward(ann, golden.pixels, PICTURES, logits[0], NULL, &st));
	assert_true(ann_forward(ann, golden.pixels, PICTURES, logits[1], &observer, &st));
	assert_int_equal(seen.sites, site_count(model));
	assert_memory_equal(logits[0], logits[1], sizeof(logits[0]));
	assert_near(logits[0], golden.logits, PICTURES * TEXTS);
	assert_near(seen.image, golden.image, PICTURES * PROJECTION);
	ann_free(ann);
	model_free(model);
}

static void
open_clip_names_agree(void **state)
{
	(void)state;
	check_vision(FOLDER);
}

static void
text_tower_agrees(void **state)
{
	struct status st = {0};
	struct text_tower *tower = text_tower_load(FOLDER, &st);
	float got[TEXTS * PROJECTION];

	(void)state;
	if (!tower)
		fail_msg("%s", st.message);
	assert_int_equal(tower->end_id, -1);
	assert_true(text_embed(tower, golden.texts, TEXTS, got, NULL, &st));
	assert_near(got, golden.text, TEXTS * PROJECTION);
	text_tower_free(tower);
}

/* As timm renames OpenAI's tensors (timm/models/byobnet.py, _convert_openai_clip). */
static void
timm_name(const char *name, const char *prefix, char out[MODEL_NAME_MAX])
{
	static const char *const conv[] = {"conv1_1x1", "conv2_kxk", "conv3_1x1"};
	static const char *const pool[][2] = {
	    {"positional_embedding", "pos_embed"}, {"q_proj.", "q."}, {"k_proj.", "k."}, {"v_proj.", "v."}, {"c_proj.", "proj."}};
	int stage, unit, n, end = 0;
	char part[16];

	snprintf(out, MODEL_NAME_MAX, "%s", name);
	if (strncmp(name, "visual.", 7) != 0)
		return;
	name += 7;
	if (sscanf(name, "layer%d.%d.downsample.%d%n", &stage, &unit, &n, &end) == 3)
		snprintf(out, MODEL_NAME_MAX, "%sstages.%d.%d.shortcut.conv.%s%s", prefix, stage - 1, unit, n ? "bn" : "conv",
			 name + end);
	else if (sscanf(name, "layer%d.%d.%15[a-z]%d%n", &stage, &unit, part, &n, &end) == 4)
		snprintf(out, MODEL_NAME_MAX, "%sstages.%d.%d.%s.%s%s", prefix, stage - 1, unit, conv[n - 1], part, name + end);
	else if (sscanf(name, "%15[a-z]%d%n", part, &n, &end) == 2)
		snprintf(out, MODEL_NAME_MAX, "%sstem.conv%d.%s%s", prefix, n, part, name + end);
	for (size_t i = 0; strncmp(name, "attnpool.", 9) == 0 && i < sizeof(pool) / sizeof(*pool); i++)
		if (strncmp(name + 9, pool[i][0], strlen(pool[i][0])) == 0)
			snprintf(out, MODEL_NAME_MAX, "%shead.%s%s", prefix, pool[i][1], name + 9 + strlen(pool[i][0]));
}

static void
timm_trunk_name(const char *name, char out[MODEL_NAME_MAX])
{
	timm_name(name, "visual.trunk.", out);
}

/* The text tower's tensors become some that nobody reads. */
static void
timm_tower_name(const char *name, char out[MODEL_NAME_MAX])
{
	timm_name(name, "", out);
	if (strncmp(name, "visual.", 7) != 0)
		snprintf(out, MODEL_NAME_MAX, "%s.num_batches_tracked", name);
}

static void
timm_names_agree(void **state)
{
	(void)state;
	check_vision(models_edit(
	    NAME, &(struct model_edit){.folder = "trunk", .weights = WEIGHTS, .config_name = CONFIG, .rename = timm_trunk_name}));
}

/* A tower alone, as timm saves it; its heads are 64 wide, so that its numbers are others. */
static void
timm_towers_load_alone(void **state)
{
	static const char config[] =
	    "{\"architecture\": \"resnet50_clip.openai\", \"num_classes\": 24, \"layers\": [1, 2, 1, 1], "
	    "\"widths\": [4, 8, 16, 32], \"pretrained_cfg\": {\"input_size\": [3, 64, 64]}}";
	struct model_edit edit = {.folder = "tower", .weights = WEIGHTS, .config = config, .rename = timm_tower_name};
	struct status st = {0};
	const char *path = models_edit(NAME, &edit);
	struct model *model = load(path);

	(void)state;
	assert_string_equal(model->family, "clip-resnet");
	assert_int_equal(graph_attention(model->graph, model->depth - 1).heads, 2);
	assert_true(model->prep.mean[0] == 0.48145466f && model->prep.interpolation == INTERPOLATION_BICUBIC);
	assert_int_equal(model->projection.out, PROJECTION);
	assert_null(text_tower_load(path, &st));
	models_refused(&st, STATUS_DATA, "there is no text tower");
	model_free(model);
	edit.add = "stages.4.0.conv1_1x1.bn.weight";
	st = (struct status){0};
	assert_null(model_load(models_edit(NAME, &edit), &st));
	models_refused(&st, STATUS_DATA, "'stages.4.0.conv1_1x1.bn.weight' has no place");
}

static void
sites_have_names_and_places(void **state)
{
	struct model *model = load(FOLDER);
	char name[SITE_NAME_MAX];
	struct site site;
	int dim[3];

	(void)state;
	assert_int_equal(model->depth, 6);
	for (int i = 0; i < site_count(model); i++) {
		assert_int_equal(site_index(model, site_at(model, i)), i);
		assert_int_equal(site_at(model, i).block >= 0, site_in_block(site_at(model, i).kind));
		assert_true(site_parse(model, site_name(site_at(model, i), name), &site));
		assert_int_equal(site_index(model, site), i);
	}
	assert_true(site_parse(model, "layer2.0.downsample.avgpool", &site));
	assert_int_equal(site_shape(model, site, dim), 3);
	assert_int_equal(dim[0], 8);
	assert_true(site_parse(model, "attnpool.softmax", &site));
	assert_int_equal(site_shape(model, site, dim), 2);
	assert_int_equal(dim[0], 4);
	assert_int_equal(dim[1], 5);
	assert_true(site_parse(model, "attnpool.q", &site));
	assert_int_equal(site_shape(model, site, dim), 1);
	assert_string_equal(site_name(site_of_block(model, 5), name), "attnpool.av");
	assert_false(site_parse(model, "pool", &site) || site_parse(model, "maxpool", &site));
	model_free(model);
}

static void
refuse(struct model_edit edit, const char *says)
{
	struct status st = {0};

	edit.weights = WEIGHTS;
	edit.config_name = CONFIG;
	assert_null(model_load(models_edit(NAME, &edit), &st));
	models_refused(&st, STATUS_DATA, says);
}

static void
refuses_broken_weights(void **state)
{
	(void)state;
	refuse((struct model_edit){.drop = "visual.layer2.0.bn3.running_mean"}, "'visual.layer2.0.bn3.running_mean' is missing");
	refuse((struct model_edit){.drop = "visual.conv1.weight"}, "'visual.conv1.weight' is missing");
	refuse((struct model_edit){.drop = "visual.attnpool.k_proj.bias"}, "'visual.attnpool.k_proj.bias' is missing");
	refuse((struct model_edit){.reshape = "visual.attnpool.positional_embedding"}, "[6, 128]");
	refuse((struct model_edit){.add = "visual.layer5.0.conv1.weight"}, "'visual.layer5.0.conv1.weight' has no place");
	refuse((struct model_edit){.poison = "visual.attnpool.c_proj.weight", .value = NAN}, "NaN or infinite");
	refuse((struct model_edit){.poison = "logit_scale", .value = 1e30f}, "logit_scale");
}

#define VISION(more) "{\"model_cfg\": {\"embed_dim\": 24, \"vision_cfg\": {\"image_size\": 64, " more "}, \"text_cfg\": {}}}"

static void
refuses_other_configurations(void **state)
{
	static const struct {
		const char *config, *says;
	} broken[] = {
	    {"{\"model_cfg\": {}}", "model_cfg has no 'vision_cfg'"},
	    {VISION("\"layers\": [1, 2, 1]"), "must be 4 whole numbers"},
	    {VISION("\"layers\": [1, 2, 1, 0]"), "must be 4 whole numbers"},
	    {VISION("\"layers\": [1, 2, 1, 1], \"width\": 5"), "even width"},
	    {VISION("\"layers\": [1, 2, 1, 1], \"width\": 4, \"head_width\": 48"), "a multiple of a head's 48"},
	    {VISION("\"layers\": [1, 2, 1, 1], \"width\": 8, \"head_width\": 32"), "has the shape"},
	    {VISION("\"layers\": [2, 2, 1, 1], \"width\": 4, \"head_width\": 32"), "'visual.layer1.1.conv1.weight' is missing"},
	    {VISION("\"layers\": [1, 1, 1, 1], \"width\": 4, \"head_width\": 32"), "has no place"},
	    {VISION("\"timm_model_name\": \"vit_base_patch32_clip_224\""), "'vit_base_patch32_clip_224' is not supported"},
	    {VISION("\"layers\": [1, 2, 1, 1], \"attentional_pool\": true"), "'attentional_pool' in vision_cfg is not supported"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		refuse((struct model_edit){.config = broken[i].config}, broken[i].says);
}

/* Positions are for one size. */
static void
takes_pictures_of_one_size(void **state)
{
	struct status st = {0};
	struct model *model = model_load_at(FOLDER, 64, &st);

	(void)state;
	assert_non_null(model);
	assert_null(model_load_at(FOLDER, 96, &st));
	models_refused(&st, STATUS_USAGE, "pictures of 64 pixels");
	model_free(model);
}

/* --- the spiking network -------------------------------------------------------- */

struct stepped {
	struct model *model;
	struct plan *plan;
	struct snn *snn;
};

static void
convert(struct stepped *s, const char *recipe, int T)
{
	struct plan_options options = {.recipe = recipe, .T = T, .rule = -1, .pixels = golden.pixels, .pictures = PICTURES};
	struct status st = {0};

	s->model = load(FOLDER);
	set_classes(s->model);
	s->plan = plan_build(s->model, &options, NULL, &st);
	if (!s->plan)
		fail_msg("%s", st.message);
	s->snn = snn_new(s->plan, &st);
	assert_non_null(s->snn);
	snn_show(s->snn, golden.pixels);
	assert_true(snn_run(s->snn, T, &st));
}

static void
stepped_done(struct stepped *s)
{
	snn_free(s->snn);
	plan_free(s->plan);
	model_free(s->model);
}

/* Root mean square of the logits' error over that of the logits; what each recipe's neurons can tell apart. */
static void
every_recipe_approaches_the_reference(void **state)
{
	static const struct {
		const char *recipe;
		int T;
		double error;
	} known[] = {{"delta", 8, 0.01}, {"sta", 32, 0.1},          {"ternary", 64, 0.1},      {"ecmt", 32, 0.1},
		     {"dcgs", 16, 0.02}, {"sta-release", 64, 0.15}, {"conventional", 512, 0.1}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct stepped s;
		float logits[TEXTS];
		double error = 0, all = 0;

		convert(&s, known[i].recipe, known[i].T);
		snn_logits(s.snn, logits);
		for (int k = 0; k < TEXTS; k++) {
			error += pow((double)logits[k] - (double)golden.logits[k], 2);
			all += pow((double)golden.logits[k], 2);
		}
		if (!(sqrt(error / all) < known[i].error))
			fail_msg("%s is off by %g after %d steps", known[i].recipe, sqrt(error / all), known[i].T);
		stepped_done(&s);
	}
}

/* In every site what has been decoded is the reference's value, but for the last level of the neurons. */
static void
sites_follow_the_reference(void **state)
{
	struct stepped s;
	struct status st = {0};
	struct ann_trace trace;
	struct ann *ann;
	struct tensor value = {0};

	(void)state;
	convert(&s, "delta", 14);
	ann = ann_new(s.model, 1, &st);
	assert_true(ann_trace_init(&trace, s.model, &st) && ann_trace_record(&trace, ann, golden.pixels, &st));
	for (int i = 0; i < site_count(s.model); i++) {
		double error = 0, all = 0;
		char name[SITE_NAME_MAX];

		assert_true(snn_probe(s.snn, site_at(s.model, i), SNN_VALUE, &value, &st));
		for (size_t k = 0; k < tensor_size(&value); k++) {
			error += pow((double)value.data[k] - (double)trace.value[i][k], 2);
			all += pow((double)trace.value[i][k], 2);
		}
		if (!(sqrt(error / all) < 0.05))
			fail_msg("%s is off by %g", site_name(site_at(s.model, i), name), sqrt(error / all));
	}
	tensor_done(&value);
	ann_trace_done(&trace);
	ann_free(ann);
	stepped_done(&s);
}

/* However trains are decoded, positions have their full weight from the first step on. */
static void
positions_enter_at_every_step(void **state)
{
	static const char *const recipes[] = {"delta", "sta"};

	(void)state;
	for (int r = 0; r < 2; r++)
		for (int t = 1; t <= 5; t += 2) {
			struct stepped s;
			struct status st = {0};
			struct tensor places = {0}, tokens = {0};
			struct site site;
			float *want;

			convert(&s, recipes[r], t);
			assert_true(site_parse(s.model, "layer4.0", &site) && snn_probe(s.snn, site, SNN_VALUE, &places, &st));
			assert_true(site_parse(s.model, "attnpool.tokens", &site) &&
				    snn_probe(s.snn, site, SNN_VALUE, &tokens, &st));
			want = calloc(tensor_size(&tokens), sizeof(*want));
			tokens_apply(site_layer(s.model, site) - 1, site_layer(s.model, site), places.data, 1, want);
			assert_near(tokens.data, want, (int)tensor_size(&tokens));
			free(want);
			tensor_done(&places);
			tensor_done(&tokens);
			stepped_done(&s);
		}
}

/* A state that was kept, and a plan that was packed, go on with the same bits. */
static void
states_are_values(void **state)
{
	struct stepped s;
	struct status st = {0};
	char want[HASH_HEX], got[HASH_HEX];
	void *kept, *packed;
	size_t size;
	struct plan *same;
	struct snn *other;

	(void)state;
	convert(&s, "sta", 6);
	kept = malloc(snn_state_size(s.snn));
	snn_state_save(s.snn, kept);
	snn_step(s.snn);
	snn_state_hash(s.snn, want);
	snn_state_load(s.snn, kept);
	snn_step(s.snn);
	snn_state_hash(s.snn, got);
	assert_string_equal(want, got);
	packed = plan_pack(s.plan, &size, &st);
	same = plan_unpack(s.model, packed, size, s.plan->hash, &st);
	assert_non_null(same);
	other = snn_new(same, &st);
	snn_show(other, golden.pixels);
	assert_true(snn_run(other, 7, &st));
	snn_state_hash(other, got);
	assert_string_equal(want, got);
	snn_free(other);
	plan_free(same);
	free(packed);
	free(kept);
	stepped_done(&s);
}

static int
count_states(const struct plan *plan, enum audit_state state, const char *glob)
{
	struct audit_site *site = calloc((size_t)plan->sites, sizeof(*site));
	int n = audit_plan(plan, site), count = 0;

	for (int i = 0; i < n; i++)
		count += site[i].state == state && site_matches(site[i].site, glob);
	free(site);
	return count;
}

/* Attribution reaches every site that spikes. */
static void
every_spiking_site_has_a_class(void **state)
{
	struct stepped s;

	(void)state;
	convert(&s, "sta", 4);
	for (int i = 0; i < s.plan->sites; i++) {
		int classes = 0;

		for (const struct site_class *c = site_class_table; c->name; c++)
			classes += site_class_has(c, s.plan->site[i].site.kind);
		assert_int_equal(classes, s.plan->site[i].neuron != NEURON_NONE);
	}
	stepped_done(&s);
}

/* What IF neurons cannot do is not left out silently. */
static void
conventional_says_what_is_analog(void **state)
{
	struct stepped s;

	(void)state;
	convert(&s, "conventional", 4);
	assert_int_equal(plan_analog_functions(s.plan), 2);
	assert_int_equal(count_states(s.plan, AUDIT_ANALOG, "attnpool.softmax.*"), 2);
	assert_int_equal(count_states(s.plan, AUDIT_GRADED, "attnpool.*"), 5);
	assert_int_equal(count_states(s.plan, AUDIT_SPIKING, "*"), 3 + 3 * 5);
	stepped_done(&s);
	convert(&s, "sta", 4);
	assert_int_equal(plan_analog_functions(s.plan), 0);
	assert_int_equal(count_states(s.plan, AUDIT_SPIKING, "attnpool.*"), 7);
	stepped_done(&s);
}

/* Of 128 channels and 2x2 places: every token that was sent meets the weights of k and v, the
 * first one those of q too. */
static void
projections_are_counted(void **state)
{
	static const char *const recipes[] = {"delta", "sta", "conventional"};

	(void)state;
	for (int r = 0; r < 3; r++) {
		struct stepped s;
		struct tensor sent = {0};
		struct status st = {0};
		struct site tokens;
		struct snn_reach reach;
		uint64_t meets = 0;

		convert(&s, recipes[r], 4);
		assert_true(site_parse(s.model, "attnpool.tokens", &tokens));
		assert_true(snn_probe(s.snn, tokens, SNN_SENT, &sent, &st));
		for (int i = 0; i < 5; i++)
			for (int c = 0; c < 128; c++)
				for (int o = 0; o < (i == 0 ? 3 : 2) * 128; o++)
					meets += sent.data[i * 128 + c] != 0;
		snn_reach(s.snn, tokens, &reach);
		assert_true(reach.graded && meets > 0);
		assert_int_equal(reach.step.events, meets);
		assert_int_equal(reach.slots, 128 * 128 * (5 + 5 + 1));
		assert_int_equal(layer_meetings(s.model, site_index(s.model, tokens)), 128 * 128 * (5 + 5 + 1));
		tensor_done(&sent);
		stepped_done(&s);
	}
}

/* Every pair of the pool's two products that was sent at once, one by one. */
static uint64_t
pairs_of(const struct stepped *s, const char *one, const char *other, bool values)
{
	struct tensor a = {0}, b = {0};
	struct site first, second;
	struct status st = {0};
	uint64_t pairs = 0;

	assert_true(site_parse(s->model, one, &first) && site_parse(s->model, other, &second));
	assert_true(snn_probe(s->snn, first, SNN_SENT, &a, &st));
	assert_true(snn_probe(s->snn, second, SNN_SENT, &b, &st));
	for (int j = 0; j < 5; j++)
		for (int c = 0; c < 128; c++)
			pairs += a.data[values ? c / 32 * 5 + j : c] != 0 && b.data[j * 128 + c] != 0;
	tensor_done(&a);
	tensor_done(&b);
	return pairs;
}

static void
pairs_have_one_query(void **state)
{
	static const char *const recipes[] = {"delta", "sta"};

	(void)state;
	for (int r = 0; r < 2; r++) {
		struct stepped s;
		struct site qk, av;
		uint64_t scores, values;

		convert(&s, recipes[r], 4);
		assert_true(site_parse(s.model, "attnpool.qk", &qk) && site_parse(s.model, "attnpool.av", &av));
		scores = pairs_of(&s, "attnpool.q", "attnpool.k", false);
		values = pairs_of(&s, "attnpool.softmax", "attnpool.v", true);
		assert_true(scores > 0 || values > 0);
		assert_int_equal(snn_step_pairs(s.snn, qk), scores);
		assert_int_equal(snn_step_pairs(s.snn, av), values);
		stepped_done(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(open_clip_names_agree),
	    cmocka_unit_test(text_tower_agrees),
	    cmocka_unit_test(timm_names_agree),
	    cmocka_unit_test(timm_towers_load_alone),
	    cmocka_unit_test(sites_have_names_and_places),
	    cmocka_unit_test(refuses_broken_weights),
	    cmocka_unit_test(refuses_other_configurations),
	    cmocka_unit_test(takes_pictures_of_one_size),
	    cmocka_unit_test(every_recipe_approaches_the_reference),
	    cmocka_unit_test(sites_follow_the_reference),
	    cmocka_unit_test(positions_enter_at_every_step),
	    cmocka_unit_test(states_are_values),
	    cmocka_unit_test(every_spiking_site_has_a_class),
	    cmocka_unit_test(conventional_says_what_is_analog),
	    cmocka_unit_test(projections_are_counted),
	    cmocka_unit_test(pairs_have_one_query),
	};

	return cmocka_run_group_tests(tests, read_golden, files_teardown);
}
