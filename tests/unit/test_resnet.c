/* Residual networks: against torchvision, their sites, and what is refused. */
#include "ann/ann.h"

#include "model/files/safetensors.h"
#include "model/graph.h"
#include "snn/snn.h"
#include "study/energy/energy.h"
#include "study/spike.h"
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

/* Of the largest magnitude: float32 sums in another order. */
#define TOLERANCE 1e-4

static float *
read_tensor(const struct safetensors *file, const char *name, size_t *count)
{
	const struct st_tensor *t = safetensors_find(file, name);
	float *values;

	assert_non_null(t);
	values = calloc(t->count, sizeof(*values));
	assert_true(safetensors_read(t, 0, t->count, values, NULL));
	*count = t->count;
	return values;
}

static void
see_nothing(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	int *seen = ctx;

	(void)site;
	(void)pictures;
	(void)input;
	(void)data;
	++*seen;
}

/* The reference's logits of both pictures, with an observer and without. */
static void
check_fixture(const char *name)
{
	const char *path = models_shared(name);
	struct status st = {0};
	char expected[400];
	size_t pixels_count, count;
	int seen = 0;
	float logits[2][64], *pixels, *want;
	struct ann_observer observer = {see_nothing, &seen};
	double worst = 0, largest = 0;
	struct safetensors *file;
	struct model *model;
	struct ann *ann;

	if (!path)
		skip();
	snprintf(expected, sizeof(expected), "%s/expected.safetensors", path);
	model = model_load_at(path, 64, &st);
	file = safetensors_open(expected, &st);
	if (!model || !file)
		fail_msg("%s", st.message);
	pixels = read_tensor(file, "pixel_values", &pixels_count);
	want = read_tensor(file, "logits", &count);
	ann = ann_new(model, 2, &st);
	assert_true(ann_forward(ann, pixels, 2, logits[0], NULL, &st));
	assert_true(ann_forward(ann, pixels, 2, logits[1], &observer, &st));
	assert_int_equal(seen, site_count(model));
	assert_memory_equal(logits[0], logits[1], count * sizeof(float));
	for (size_t i = 0; i < count; i++) {
		worst = fmax(worst, fabs((double)logits[0][i] - (double)want[i]));
		largest = fmax(largest, fabs((double)want[i]));
	}
	assert_true(worst <= TOLERANCE * largest);
	ann_free(ann);
	free(pixels);
	free(want);
	safetensors_close(file);
	model_free(model);
}

static void
basic_blocks_agree(void **state)
{
	(void)state;
	check_fixture("fixtures/tv_resnet_basic");
}

static void
bottlenecks_agree(void **state)
{
	(void)state;
	check_fixture("fixtures/tv_resnet_bottleneck");
}

static struct model *
load_example(void)
{
	struct status st = {0};
	struct model *model = model_load("examples/cifar10-resnet20", &st);

	if (!model)
		fail_msg("%s", st.message);
	return model;
}

static void
sites_have_names_and_places(void **state)
{
	struct model *model = load_example();
	char name[SITE_NAME_MAX];
	struct site site;
	int dim[3];

	(void)state;
	assert_int_equal(model->depth, 9);
	assert_int_equal(graph_weight_layers(model->graph), 20);
	for (int i = 0; i < site_count(model); i++) {
		assert_int_equal(site_index(model, site_at(model, i)), i);
		assert_true(site_parse(model, site_name(site_at(model, i), name), &site));
		assert_int_equal(site_index(model, site), i);
	}
	assert_true(site_parse(model, "layer2.0.downsample", &site));
	assert_int_equal(site.block, 3);
	assert_int_equal(site_shape(model, site, dim), 3);
	assert_int_equal(dim[0], 16);
	assert_int_equal(dim[2], 32);
	assert_true(site_parse(model, "pool", &site));
	assert_int_equal(site_shape(model, site, dim), 1);
	assert_int_equal(dim[0], 64);
	assert_string_equal(site_name(site_of_block(model, 8), name), "layer3.2");
	assert_false(site_parse(model, "blocks.0.attn", &site));
	model_free(model);
}

/* Values that are needed at once never share a slot. */
static void
slots_do_not_collide(void **state)
{
	struct model *model = load_example();
	const struct graph *net = model->graph;

	(void)state;
	for (int reader = 0; reader < net->layers; reader++)
		for (int k = 0; k < 2; k++) {
			int from = net->layer[reader].from[k];

			for (int i = from + 1; from >= 0 && i <= reader; i++)
				assert_int_not_equal(net->layer[i].slot, net->layer[from].slot);
		}
	model_free(model);
}

static void
refuse(struct model_edit edit, const char *says)
{
	struct status st = {0};

	assert_null(model_load(models_edit("../../examples/cifar10-resnet20", &edit), &st));
	models_refused(&st, STATUS_DATA, says);
}

static void
refuses_other_configurations(void **state)
{
	static const struct {
		const char *config, *says;
	} broken[] = {
	    {"{\"architecture\": \"resnet17\"}", "say 'block' and 'layers'"},
	    {"{\"architecture\": \"resnet18\"}", "has the shape"},
	    {"{\"architecture\": \"resnet\", \"layers\": [0]}", "from 1 to"},
	    {"{\"architecture\": \"resnet\", \"layers\": 3}", "for every stage"},
	    {"{\"architecture\": \"resnet\", \"layers\": [1], \"block\": \"odd\"}", "\"basic\" or \"bottleneck\""},
	    {"{\"architecture\": \"resnet\", \"layers\": [1], \"groups\": 2}", "basic blocks"},
	    {"{\"architecture\": \"resnet\", \"layers\": [1, 1], \"widths\": [8]}", "there are 1 widths"},
	    {"{\"architecture\": \"resnet32\"}", "is missing"},
	    {"{\"architecture\": \"resnet20\", \"layers\": [3, 3, 2], \"num_classes\": 10}", "has no place"},
	    {"{\"architecture\": \"resnet20\", \"num_classes\": 7}", "has the shape"},
	    {"{\"architecture\": \"resnet20\", \"pretrained_cfg\": {\"input_size\": [3, 9, 9]}}", "sides from 32"},
	    {"{\"architecture\": \"resnet50\", \"replace_stride_with_dilation\": [false, true, true]}", "dilation"},
	    {"{\"architecture\": \"resnext50_32x4d\", \"widths\": [1, 2, 3, 4]}", "impossible"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++)
		refuse((struct model_edit){.config = broken[i].config}, broken[i].says);
}

static void
refuses_broken_weights(void **state)
{
	(void)state;
	refuse((struct model_edit){.drop = "layer2.0.bn1.running_var"}, "'layer2.0.bn1.running_var' is missing");
	refuse((struct model_edit){.reshape = "layer1.0.conv1.weight"}, "has the shape");
	refuse((struct model_edit){.poison = "layer1.0.bn1.running_var", .value = -1}, "variance -1");
	refuse((struct model_edit){.poison = "fc.bias", .value = NAN}, "NaN or infinite");
	refuse((struct model_edit){.add = "layer9.0.conv1.weight"}, "has no place");
}

/* Other sizes are other networks, with other names. */
static void
takes_pictures_of_any_size(void **state)
{
	struct status st = {0};
	struct model *model = load_example(), *larger = model_load_at("examples/cifar10-resnet20", 48, &st);

	(void)state;
	assert_non_null(larger);
	assert_int_equal(model->image_size, 32);
	assert_int_equal(larger->image_size, 48);
	assert_string_not_equal(model->hash, larger->hash);
	assert_null(model_load_at("examples/cifar10-resnet20", 31, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	st = (struct status){0};
	assert_null(model_load_at("tests/fixtures/hf_vit", 64, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	model_free(larger);
	model_free(model);
}

/* --- the spiking network -------------------------------------------------------- */

enum { SIDE = 32, PICTURE = 3 * SIDE * SIDE };

/* Smooth pictures, so that nothing depends on data that may not be here. */
static void
paint(float *pixels, int pictures)
{
	for (int i = 0; i < pictures * PICTURE; i++) {
		int picture = i / PICTURE, c = i / (SIDE * SIDE) % 3, y = i / SIDE % SIDE, x = i % SIDE;

		pixels[i] = 1.5f * sinf(0.13f * (float)((picture + 1) * x + 3 * c)) * cosf(0.17f * (float)(y - 5 * picture));
	}
}

struct stepped {
	struct model *model;
	struct plan *plan;
	struct snn *snn;
	struct ann *ann;
	float pixels[4 * PICTURE], reference[10];
};

static void
convert(struct stepped *s, const char *recipe, int T, const char *sites)
{
	struct status st = {0};
	struct plan_options options = {.recipe = recipe, .T = T, .rule = -1, .sites = sites, .pictures = 4};

	s->model = load_example();
	paint(s->pixels, 4);
	options.pixels = s->pixels;
	s->plan = plan_build(s->model, &options, NULL, &st);
	if (!s->plan)
		fail_msg("%s", st.message);
	s->snn = snn_new(s->plan, &st);
	s->ann = ann_new(s->model, 1, &st);
	assert_non_null(s->snn);
	assert_true(ann_forward(s->ann, s->pixels, 1, s->reference, NULL, &st));
	snn_show(s->snn, s->pixels);
}

static void
stepped_done(struct stepped *s)
{
	ann_free(s->ann);
	snn_free(s->snn);
	plan_free(s->plan);
	model_free(s->model);
}

/* Root mean square of the logits' error over that of the logits. */
static double
logit_error(const struct stepped *s)
{
	float logits[10];
	double error = 0, all = 0;

	snn_logits(s->snn, logits);
	for (int i = 0; i < 10; i++) {
		error += pow((double)logits[i] - (double)s->reference[i], 2);
		all += pow((double)s->reference[i], 2);
	}
	return sqrt(error / all);
}

/* Every recipe comes close to the reference: how near is what its neurons can tell apart
 * in so many steps. */
static void
every_recipe_approaches_the_reference(void **state)
{
	static const struct {
		const char *recipe;
		int T;
		double error;
	} known[] = {{"delta", 8, 0.01}, {"sta", 16, 0.1},  {"ternary", 64, 0.15},
		     {"ecmt", 32, 0.2},  {"dcgs", 16, 0.1}, {"sta-release", 128, 0.35}};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct stepped s;
		double error;

		convert(&s, known[i].recipe, known[i].T, NULL);
		for (int t = 0; t < known[i].T; t++)
			snn_step(s.snn);
		error = logit_error(&s);
		if (!(error < known[i].error))
			fail_msg("%s is off by %g after %d steps", known[i].recipe, error, known[i].T);
		assert_true(energy_of(s.snn, NULL).per_event > 0);
		stepped_done(&s);
	}
}

/* Under a constant current IF neurons send what the closed form says, in every channel and place. */
static void
if_neurons_count_as_the_law_says(void **state)
{
	static const float initial[] = {0, 0.5f};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct stepped s;
		struct status st = {0};
		struct tensor current = {0}, value = {0}, threshold = {0};
		struct site conv, relu;
		int T = 20, wrong = 0;

		convert(&s, "conventional", T, k ? "*:initial=0.5" : NULL);
		assert_true(site_parse(s.model, "conv1", &conv) && site_parse(s.model, "relu", &relu));
		for (int t = 0; t < T; t++)
			snn_step(s.snn);
		assert_true(snn_probe(s.snn, conv, SNN_VALUE, &current, &st));
		assert_true(snn_probe(s.snn, relu, SNN_VALUE, &value, &st));
		assert_true(snn_probe(s.snn, relu, SNN_THRESHOLD, &threshold, &st));
		for (size_t i = 0; i < tensor_size(&value); i++) {
			float v = threshold.data[i];
			int want = spike_count_if(current.data[i] * (float)T, v, initial[k], T);

			/* One spike where float32 rounds T times the current to the other side. */
			wrong += fabsf(value.data[i] * (float)T / v - (float)want) > 0.01f;
		}
		assert_true(wrong <= 2);
		tensor_done(&current);
		tensor_done(&value);
		tensor_done(&threshold);
		stepped_done(&s);
	}
}

/* Going back, running ahead and a plan that was kept give the same bits. */
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
	convert(&s, "delta", 8, NULL);
	for (int t = 0; t < 3; t++)
		snn_step(s.snn);
	kept = malloc(snn_state_size(s.snn));
	snn_state_save(s.snn, kept);
	for (int t = 0; t < 3; t++)
		snn_step(s.snn);
	snn_state_hash(s.snn, want);
	snn_state_load(s.snn, kept);
	assert_true(snn_run(s.snn, 3, &st));
	snn_state_hash(s.snn, got);
	assert_string_equal(want, got);
	packed = plan_pack(s.plan, &size, &st);
	same = plan_unpack(s.model, packed, size, s.plan->hash, &st);
	assert_non_null(same);
	other = snn_new(same, &st);
	snn_show(other, s.pixels);
	assert_true(snn_run(other, 6, &st));
	snn_state_hash(other, got);
	assert_string_equal(want, got);
	snn_free(other);
	plan_free(same);
	free(packed);
	free(kept);
	stepped_done(&s);
}

/* A site's value is max(0, .) of what arrived but for its neuron's last level, and the head reads the mean. */
static void
sites_follow_the_reference(void **state)
{
	struct stepped s;
	struct status st = {0};
	struct ann_trace trace;
	struct tensor value = {0};

	(void)state;
	convert(&s, "delta", 12, NULL);
	assert_true(ann_trace_init(&trace, s.model, &st) && ann_trace_record(&trace, s.ann, s.pixels, &st));
	assert_true(snn_run(s.snn, 12, &st));
	for (int i = 0; i < site_count(s.model); i++) {
		double error = 0, all = 0;

		assert_true(snn_probe(s.snn, site_at(s.model, i), SNN_VALUE, &value, &st));
		for (size_t k = 0; k < tensor_size(&value); k++) {
			error += pow((double)value.data[k] - (double)trace.value[i][k], 2);
			all += pow((double)trace.value[i][k], 2);
		}
		assert_true(sqrt(error / all) < 0.02);
	}
	tensor_done(&value);
	ann_trace_done(&trace);
	stepped_done(&s);
}

static void
conventional_is_for_residual_networks(void **state)
{
	struct status st = {0};
	struct model *model = model_load("tests/fixtures/hf_vit", &st);

	(void)state;
	assert_null(plan_new(model, "conventional", 8, &st));
	assert_int_equal(st.code, STATUS_USAGE);
	model_free(model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(basic_blocks_agree),
	    cmocka_unit_test(bottlenecks_agree),
	    cmocka_unit_test(sites_have_names_and_places),
	    cmocka_unit_test(slots_do_not_collide),
	    cmocka_unit_test(refuses_other_configurations),
	    cmocka_unit_test(refuses_broken_weights),
	    cmocka_unit_test(takes_pictures_of_any_size),
	    cmocka_unit_test(every_recipe_approaches_the_reference),
	    cmocka_unit_test(if_neurons_count_as_the_law_says),
	    cmocka_unit_test(states_are_values),
	    cmocka_unit_test(sites_follow_the_reference),
	    cmocka_unit_test(conventional_is_for_residual_networks),
	};

	return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
