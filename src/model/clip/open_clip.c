/* Folders of open_clip: open_clip_config.json and tensors of OpenAI's names. */
#include "base/text.h"
#include "model/clip/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct preprocess clip_preprocessing = {
    .interpolation = INTERPOLATION_BICUBIC,
    .mean = {0.48145466f, 0.4578275f, 0.40821073f},
    .std = {0.26862954f, 0.26130258f, 0.27577711f},
};

static const struct model_names open_clip_names = {
    .prefixes = {"visual."},
    .class_token = "class_embedding",
    .positions = "positional_embedding",
    .patch = "conv1",
    .norm_pre = "ln_pre",
    OPEN_CLIP_BLOCK_NAMES,
    .norm = "ln_post",
    .projection = "visual.proj",
    .transposed_projection = true,
};

/* The file's path when it is there, else NULL (and st when out of memory). The caller frees. */
static char *
find_file(const char *folder, const char *name, struct status *st)
{
	char *path = text_format("%s/%s", folder, name);

	if (!path)
		status_nomem(st, "a file name");
	else if (access(path, F_OK) == 0)
		return path;
	free(path);
	return NULL;
}

bool
config_open(const char *folder, struct config *config, struct status *st)
{
	char *own = find_file(folder, "config.json", st), *open_clip = find_file(folder, "open_clip_config.json", st);

	*config = (struct config){0};
	if (own && !config_load(config->path = own, false, &config->json, st)) {
		free(open_clip);
		return false;
	}
	/* Hugging Face's own configuration comes first; timm's is that of the tower alone. */
	if (!open_clip || (own && config_text(config->json, "model_type"))) {
		free(open_clip);
		config->path = own ? own : text_format("%s/config.json", folder);
		return own || (config->path ? config_load(config->path, false, &config->json, st) : status_nomem(st, "a path"));
	}
	config_done(config);
	config->path = open_clip;
	return config_load(open_clip, false, &config->json, st);
}

void
config_done(struct config *config)
{
	json_decref(config->json);
	free((char *)config->path);
	*config = (struct config){0};
}

static const json_t *
model_part(const struct config *config)
{
	return json_object_get(config->json, "model_cfg");
}

bool
config_is_open_clip(const struct config *config)
{
	return model_part(config) != NULL;
}

bool
open_clip_is_resnet(const struct config *config)
{
	const json_t *vision = json_object_get(model_part(config), "vision_cfg");

	return json_is_array(json_object_get(vision, "layers")) || json_object_get(vision, "timm_model_name");
}

/* Settings that change the computation, each with what it may be. */
static bool
check_settings(const struct config *part, const char *name, struct status *st)
{
	static const struct {
		const char *key, *usual; /* NULL: may only be absent, null, false or 0 */
	} settings[] = {
	    {"ls_init_value", NULL},   {"attentional_pool", NULL},      {"no_ln_pre", NULL},      {"final_ln_after_pool", NULL},
	    {"input_patchnorm", NULL}, {"global_average_pool", NULL},   {"eva_model_name", NULL}, {"hf_model_name", NULL},
	    {"act_kwargs", NULL},      {"norm_kwargs", NULL},           {"embed_cls", NULL},      {"no_causal_mask", NULL},
	    {"proj_bias", NULL},       {"pos_embed_type", "learnable"}, {"proj_type", "linear"},  {"pool_type", NULL},
	};
	const char *pool = strcmp(name, "text_cfg") == 0 ? "argmax" : "tok";

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		const json_t *value = json_object_get(part->json, settings[i].key);
		const char *usual = strcmp(settings[i].key, "pool_type") == 0 ? pool : settings[i].usual;
		const char *text = json_string_value(value);

		if (!value || json_is_null(value) || json_is_false(value) ||
		    (json_is_number(value) && json_number_value(value) == 0))
			continue;
		if (json_is_object(value) && json_object_size(value) == 0)
			continue;
		if (!usual || !text || strcmp(text, usual) != 0)
			return status_fail(st, STATUS_DATA, "%s: '%s' in %s is not supported", part->path, settings[i].key, name);
	}
	return true;
}

bool
open_clip_part(const struct config *config, const char *name, struct config *part, struct status *st)
{
	*part = (struct config){config->path, json_object_get(model_part(config), name)};
	if (!json_is_object(part->json))
		return status_fail(st, STATUS_DATA, "%s: model_cfg has no '%s'", config->path, name);
	if (json_is_number(json_object_get(model_part(config), "init_logit_bias")))
		return status_fail(st, STATUS_DATA, "%s: 'init_logit_bias' (SigLIP) is not supported", config->path);
	return check_settings(part, name, st);
}

enum activation
open_clip_activation(const struct config *config)
{
	return config_bool(model_part(config), "quick_gelu", false) ? ACT_QUICK_GELU : ACT_GELU;
}

bool
open_clip_mlp_width(const struct config *part, int width, int *mlp_width, struct status *st)
{
	double ratio;

	if (!config_real(part, part->json, "mlp_ratio", 4, &ratio, st))
		return false;
	if (ratio * width < 1 || ratio * width > 8 * CONFIG_DIM_MAX)
		return status_fail(st, STATUS_DATA, "%s: 'mlp_ratio' %g is impossible", part->path, ratio);
	*mlp_width = (int)(ratio * width);
	return true;
}

bool
open_clip_preprocessing(const struct config *config, struct model *model, struct status *st)
{
	struct config part = {config->path, json_object_get(config->json, "preprocess_cfg")};
	const char *mode = config_text(part.json, "resize_mode");

	if (mode && strcmp(mode, "shortest") != 0 && strcmp(mode, "squash") != 0)
		return status_fail(st, STATUS_DATA, "%s: resize_mode '%.20s' is not supported; 'shortest' and 'squash' are",
				   config->path, mode);
	if (!config_preprocessing(&part, 1, &clip_preprocessing, model, st))
		return false;
	model->prep.square = mode && strcmp(mode, "squash") == 0;
	return true;
}

struct safetensors *
clip_weights_open(const char *folder, const struct config *config, struct status *st)
{
	static const char *const names[] = {"open_clip_model.safetensors", "open_clip_pytorch_model.safetensors"};
	struct safetensors *file;
	char *path = NULL;

	for (size_t i = 0; config_is_open_clip(config) && !path && i < sizeof(names) / sizeof(*names); i++)
		path = find_file(folder, names[i], st);
	file = safetensors_open(path ? path : folder, st);
	free(path);
	return file;
}

static bool
read_dimensions(const struct config *vision, struct model *model, struct status *st)
{
	const json_t *j = vision->json;
	int head_width;

	model->channels = 3;
	if (!config_side(vision, j, "image_size", 224, &model->image_size, st) ||
	    !config_side(vision, j, "patch_size", 16, &model->patch_size, st) ||
	    !config_int(vision, j, "width", 768, CONFIG_DIM_MAX, &model->width, st) ||
	    !config_int(vision, j, "layers", 12, CONFIG_DEPTH_MAX, &model->depth, st) ||
	    !config_int(vision, j, "head_width", 64, CONFIG_DIM_MAX, &head_width, st) ||
	    !open_clip_mlp_width(vision, model->width, &model->mlp_width, st))
		return false;
	if (model->width % head_width != 0)
		return status_fail(st, STATUS_DATA, "%s: the width %d is not a multiple of a head's %d", vision->path,
				   model->width, head_width);
	model->heads = model->width / head_width;
	return config_derive(vision, model, st);
}

bool
vit_open_clip_read(const struct config *config, struct model *model, struct vit_spec *spec, struct status *st)
{
	struct config vision;

	*spec = (struct vit_spec){.names = &open_clip_names, .eps = 1e-5f, .qkv_bias = true, .bias_optional = true};
	model->prefix = 1;
	model->has_norm_pre = true;
	model->logit_scale = (float)CLIP_LOGIT_SCALE;
	model->act = open_clip_activation(config);
	return open_clip_part(config, "vision_cfg", &vision, st) && read_dimensions(&vision, model, st) &&
	       open_clip_preprocessing(config, model, st);
}
