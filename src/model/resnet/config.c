/* Configurations of residual networks. */
#include "model/clip/config.h"
#include "model/resnet/build.h"

#include <math.h>
#include <string.h>

/* What a name says; widths are 64, 128, 256, 512 and the stem is 7x7 unless small. */
static const struct named {
	const char *name;
	bool bottleneck;
	int blocks[4];
	int width_per_group, groups;
	bool small;
} names[] = {
    {"resnet18", false, {2, 2, 2, 2}, 64, 1, false},          {"resnet34", false, {3, 4, 6, 3}, 64, 1, false},
    {"resnet50", true, {3, 4, 6, 3}, 64, 1, false},           {"resnet101", true, {3, 4, 23, 3}, 64, 1, false},
    {"resnet152", true, {3, 8, 36, 3}, 64, 1, false},         {"wide_resnet50_2", true, {3, 4, 6, 3}, 128, 1, false},
    {"wide_resnet101_2", true, {3, 4, 23, 3}, 128, 1, false}, {"resnext50_32x4d", true, {3, 4, 6, 3}, 4, 32, false},
    {"resnext101_32x4d", true, {3, 4, 23, 3}, 4, 32, false},  {"resnext101_32x8d", true, {3, 4, 23, 3}, 8, 32, false},
    {"resnext101_64x4d", true, {3, 4, 23, 3}, 4, 64, false},  {"resnet20", false, {3, 3, 3, 0}, 64, 1, true},
    {"resnet32", false, {5, 5, 5, 0}, 64, 1, true},           {"resnet44", false, {7, 7, 7, 0}, 64, 1, true},
    {"resnet56", false, {9, 9, 9, 0}, 64, 1, true},           {"resnet110", false, {18, 18, 18, 0}, 64, 1, true},
};

/* Names of training recipes may follow a dot. */
static const struct named *
find_name(const char *architecture)
{
	size_t length = strcspn(architecture, ".");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i].name) == length && strncmp(names[i].name, architecture, length) == 0)
			return &names[i];
	return NULL;
}

bool
resnet_knows(const char *architecture)
{
	return strncmp(architecture, "resnet", 6) == 0 || strncmp(architecture, "resnext", 7) == 0 ||
	       strncmp(architecture, "wide_resnet", 11) == 0;
}

static void
spec_from_name(const struct named *named, struct resnet_spec *spec)
{
	static const int widths[] = {64, 128, 256, 512}, small[] = {16, 32, 64, 0};

	*spec = (struct resnet_spec){.width_per_group = 64, .groups = 1, .stages = 0};
	memcpy(spec->widths, named && named->small ? small : widths, sizeof(widths));
	if (!named)
		return;
	spec->bottleneck = named->bottleneck;
	spec->small_stem = named->small;
	spec->width_per_group = named->width_per_group;
	spec->groups = named->groups;
	for (int i = 0; i < 4 && named->blocks[i] > 0; i++)
		spec->blocks[spec->stages++] = named->blocks[i];
}

/* An array of whole numbers; *count keeps its value when the key is absent. */
static bool
read_numbers(const struct config *c, const char *key, int most, int *out, int *count, struct status *st)
{
	const json_t *value = json_object_get(c->json, key);
	size_t n = json_array_size(value);

	if (!value || json_is_null(value))
		return true;
	if (n < 1 || n > RESNET_STAGES_MAX)
		return status_fail(st, STATUS_DATA, "%s: '%s' must be 1 to %d whole numbers, one for every stage", c->path, key,
				   RESNET_STAGES_MAX);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(value, i);

		if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > most)
			return status_fail(st, STATUS_DATA, "%s: '%s' must hold whole numbers from 1 to %d", c->path, key, most);
		out[i] = (int)json_integer_value(v);
	}
	*count = (int)n;
	return true;
}

/* One of two words; *second keeps its value when the key is absent. */
static bool
read_choice(const struct config *c, const char *key, const char *first_word, const char *second_word, bool *second,
	    struct status *st)
{
	const char *text = config_text(c->json, key);

	if (!json_object_get(c->json, key))
		return true;
	if (!text || (strcmp(text, first_word) != 0 && strcmp(text, second_word) != 0))
		return status_fail(st, STATUS_DATA, "%s: '%s' must be \"%s\" or \"%s\"", c->path, key, first_word, second_word);
	*second = strcmp(text, second_word) == 0;
	return true;
}

/* Options that would change the computation. */
static bool
check_options(const struct config *c, const struct resnet_spec *spec, struct status *st)
{
	const json_t *dilation = json_object_get(c->json, "replace_stride_with_dilation"), *v;
	size_t i;

	json_array_foreach(dilation, i, v)
	{
		if (json_is_true(v))
			return status_fail(st, STATUS_DATA, "%s: 'replace_stride_with_dilation' is not supported", c->path);
	}
	if (spec->bottleneck || (spec->width_per_group == 64 && spec->groups == 1))
		return true;
	return status_fail(st, STATUS_DATA, "%s: basic blocks have groups 1 and width_per_group 64", c->path);
}

/* Every stage after the first halves the side. */
static bool
check_widths(const struct config *c, const struct resnet_spec *spec, struct status *st)
{
	for (int i = 0; i < spec->stages; i++) {
		double inner = (double)spec->widths[i] * spec->width_per_group / 64;

		if (inner < 1 || inner * spec->groups > CONFIG_DIM_MAX)
			return status_fail(st, STATUS_DATA, "%s: bottlenecks of %g channels in %d groups are impossible", c->path,
					   inner, spec->groups);
	}
	return true;
}

static bool
read_layers(const struct config *c, struct resnet_spec *spec, struct status *st)
{
	const char *architecture = config_text(c->json, "architecture");
	const struct named *named = find_name(architecture);
	int widths;

	spec_from_name(named, spec);
	if (!named)
		resnet_clip_named(architecture, spec);
	widths = named && named->small ? 3 : 4;
	if (!read_choice(c, "block", "basic", "bottleneck", &spec->bottleneck, st) ||
	    !read_choice(c, "stem", "conv7x7", "conv3x3", &spec->small_stem, st) ||
	    !read_numbers(c, "layers", CONFIG_DEPTH_MAX, spec->blocks, &spec->stages, st) ||
	    !read_numbers(c, "widths", CONFIG_DIM_MAX / RESNET_EXPANSION, spec->widths, &widths, st) ||
	    !config_int(c, c->json, "width_per_group", spec->width_per_group, CONFIG_DIM_MAX, &spec->width_per_group, st) ||
	    !config_int(c, c->json, "groups", spec->groups, CONFIG_DIM_MAX, &spec->groups, st))
		return false;
	if (spec->stages == 0)
		return status_fail(st, STATUS_DATA,
				   "%s: the architecture '%.60s' is not known by its name; say 'block' and 'layers', as "
				   "\"bottleneck\" and [3, 4, 6, 3]",
				   c->path, architecture);
	if (spec->stages > widths)
		return status_fail(st, STATUS_DATA, "%s: 'layers' has %d stages, but there are %d widths", c->path, spec->stages,
				   widths);
	return check_options(c, spec, st) && check_widths(c, spec, st);
}

static bool
read_picture(const struct config *c, const struct resnet_spec *spec, int side, struct model *model, struct status *st)
{
	const json_t *cfg = json_object_get(c->json, "pretrained_cfg");
	const json_t *input = json_object_get(cfg, "input_size");
	const json_t *said = json_array_get(input, 1);
	struct preprocess imagenet = {.mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}};
	int said_side;

	model->channels = 3;
	model->image_size = said_side = json_is_integer(said) ? (int)json_integer_value(said) : 224;
	if (json_is_integer(json_array_get(input, 0)))
		model->channels = (int)json_integer_value(json_array_get(input, 0));
	if (side > 0)
		model->image_size = side;
	if (spec->head_dim > 0)
		return resnet_clip_check(c, spec, said_side, model, st) &&
		       config_preprocessing(c, 0.9, &clip_preprocessing, model, st);
	if (model->channels != 1 && model->channels != 3)
		return status_fail(st, STATUS_DATA, "%s: %d channels; pictures have 1 or 3", c->path, model->channels);
	if (model->image_size < RESNET_SIDE_MIN || model->image_size > RESNET_SIDE_MAX)
		return status_fail(st, side > 0 ? STATUS_USAGE : STATUS_DATA,
				   "%s: pictures of %d pixels; a residual network takes sides from %d to %d", c->path,
				   model->image_size, RESNET_SIDE_MIN, RESNET_SIDE_MAX);
	imagenet.interpolation = INTERPOLATION_BILINEAR;
	return config_preprocessing(c, model->image_size <= 64 ? 1 : 0.875, &imagenet, model, st);
}

bool
resnet_read(const struct config *config, int side, struct model *model, struct resnet_spec *spec, struct status *st)
{
	if (!read_layers(config, spec, st))
		return false;
	model->family = spec->head_dim > 0 ? "clip-resnet" : "resnet";
	return read_picture(config, spec, side, model, st) &&
	       (spec->head_dim > 0 || config_classes(config, NULL, &spec->classes, st));
}
