/* Hugging Face folders: config.json with model_type vit or deit, and
 * preprocessor_config.json. */
#include "base/text.h"
#include "model/vit/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct model_names hf_names = {
    .prefixes = {"vit.", "deit.", ""},
    .class_token = "embeddings.cls_token",
    .dist_token = "embeddings.distillation_token",
    .positions = "embeddings.position_embeddings",
    .patch = "embeddings.patch_embeddings.projection",
    .block = "encoder.layer.",
    .norm1 = "layernorm_before",
    .qkv = {"attention.attention.query", "attention.attention.key", "attention.attention.value"},
    .proj = "attention.output.dense",
    .norm2 = "layernorm_after",
    .fc1 = "intermediate.dense",
    .fc2 = "output.dense",
    .norm = "layernorm",
    .head = "classifier",
    .head_pair = {"cls_classifier", "distillation_classifier"},
};

bool
config_dimensions(const struct config *c, int patch, struct model *model, struct status *st)
{
	const json_t *j = c->json;

	return config_side(c, j, "image_size", 224, &model->image_size, st) &&
	       config_side(c, j, "patch_size", patch, &model->patch_size, st) &&
	       config_int(c, j, "num_channels", 3, 3, &model->channels, st) &&
	       config_int(c, j, "hidden_size", 768, CONFIG_DIM_MAX, &model->width, st) &&
	       config_int(c, j, "num_hidden_layers", 12, CONFIG_DEPTH_MAX, &model->depth, st) &&
	       config_int(c, j, "num_attention_heads", 12, CONFIG_DIM_MAX, &model->heads, st) &&
	       config_int(c, j, "intermediate_size", 3072, CONFIG_DIM_MAX, &model->mlp_width, st);
}

/* "size" is a number, {height, width} or {shortest_edge}; *square says whether, and comes with the family's
 * meaning of a number. */
static bool
read_size(const struct config *c, const char *key, int fallback, int *out, bool *square, struct status *st)
{
	const json_t *value = json_object_get(c->json, key);

	if (!json_is_object(value))
		return config_side(c, c->json, key, fallback, out, st);
	if (json_object_get(value, "shortest_edge")) {
		*square = false;
		return config_int(c, value, "shortest_edge", 0, CONFIG_DIM_MAX, out, st);
	}
	*square = true;
	if (!json_equal(json_object_get(value, "height"), json_object_get(value, "width")))
		return status_fail(st, STATUS_DATA, "%s: '%s' is not square; only square pictures are supported", c->path, key);
	return config_int(c, value, "height", 0, CONFIG_DIM_MAX, out, st);
}

/* Pillow's numbers. */
static bool
read_resample(const struct config *c, enum interpolation *out, struct status *st)
{
	const json_t *value = json_object_get(c->json, "resample");
	json_int_t resample = json_integer_value(value);

	if (!json_is_integer(value))
		return true;
	if (resample == 0)
		*out = INTERPOLATION_NEAREST;
	else if (resample == 2)
		*out = INTERPOLATION_BILINEAR;
	else if (resample == 3)
		*out = INTERPOLATION_BICUBIC;
	else
		return status_fail(st, STATUS_DATA, "%s: resample %lld is not supported; 0 nearest, 2 bilinear and 3 bicubic are",
				   c->path, (long long)resample);
	return true;
}

/* Pictures are brought to 0..1 before mean and std; another scale goes into them. */
static bool
read_normalisation(const struct config *c, struct preprocess *prep, struct status *st)
{
	double factor;

	if (!config_real(c, c->json, "rescale_factor", 1.0 / 255, &factor, st))
		return false;
	if (!config_bool(c->json, "do_rescale", true))
		factor = 1;
	if (config_bool(c->json, "do_normalize", true)) {
		if (!config_channels(c, c->json, "image_mean", prep->mean, st) ||
		    !config_channels(c, c->json, "image_std", prep->std, st))
			return false;
	} else {
		for (int i = 0; i < 3; i++) {
			prep->mean[i] = 0;
			prep->std[i] = 1;
		}
	}
	for (int i = 0; i < 3; i++) {
		prep->mean[i] = (float)(prep->mean[i] / (255 * factor));
		prep->std[i] = (float)(prep->std[i] / (255 * factor));
		if (!(prep->std[i] > 0) || !isfinite(prep->std[i]))
			return status_fail(st, STATUS_DATA, "%s: 'image_std' and 'rescale_factor' must be positive", c->path);
	}
	return true;
}

static bool
read_preprocessor(const struct config *c, struct preprocess *prep, bool crops, struct status *st)
{
	int resize, crop;
	bool square = !crops, unused = true;

	if (!read_resample(c, &prep->interpolation, st) || !read_normalisation(c, prep, st))
		return false;
	if (!config_bool(c->json, "do_resize", true) || !config_bool(c->json, "do_center_crop", crops)) {
		prep->square = true;
		return true;
	}
	if (!read_size(c, "size", prep->size, &resize, &square, st) || !read_size(c, "crop_size", prep->size, &crop, &unused, st))
		return false;
	if (crop != prep->size || resize < crop)
		return status_fail(st, STATUS_DATA, "%s: resize to %d and crop to %d, but the network takes %d pixels", c->path,
				   resize, crop, prep->size);
	prep->resize = resize;
	prep->square = square;
	return true;
}

bool
config_preprocessor(struct model *model, bool crops, struct status *st)
{
	struct config c = {0};
	char *path = text_format("%s/preprocessor_config.json", model->path);
	bool ok;

	if (!path)
		return status_nomem(st, "a file name");
	c.path = path;
	ok = config_load(path, true, &c.json, st) && (!c.json || read_preprocessor(&c, &model->prep, crops, st));
	json_decref(c.json);
	free(path);
	return ok;
}

static bool
read_preprocessing(struct model *model, struct status *st)
{
	model->prep = (struct preprocess){
	    .size = model->image_size,
	    .resize = model->image_size,
	    .square = true,
	    .interpolation = INTERPOLATION_BILINEAR,
	    .mean = {0.5f, 0.5f, 0.5f},
	    .std = {0.5f, 0.5f, 0.5f},
	};
	return config_preprocessor(model, false, st);
}

bool
vit_hf_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
	    struct status *st)
{
	const json_t *labels = json_object_get(config->json, "id2label");
	const char *act = config_text(config->json, "hidden_act");
	bool deit = strcmp(model->family, "deit") == 0;
	double eps;

	*spec = (struct vit_spec){.names = &hf_names, .qkv_bias = config_bool(config->json, "qkv_bias", true)};
	model->prefix = deit ? 2 : 1;
	model->distilled = deit && !safetensors_find(file, "classifier.weight");
	if (json_object_size(labels) > 16 * CONFIG_DIM_MAX)
		return status_fail(st, STATUS_DATA, "%s: too many labels in id2label", config->path);
	spec->classes = (int)json_object_size(labels);
	if (!config_real(config, config->json, "layer_norm_eps", 1e-12, &eps, st))
		return false;
	spec->eps = (float)eps;
	return config_dimensions(config, 16, model, st) && config_activation(config, act ? act : "gelu", &model->act, st) &&
	       config_derive(config, model, st) && read_preprocessing(model, st);
}
