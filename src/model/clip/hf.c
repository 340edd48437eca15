/* Hugging Face folders of CLIP: the vision tower, for CLIPModel (model_type clip) and
 * CLIPVisionModelWithProjection (clip_vision_model). */
#include "model/clip/config.h"

#include <string.h>

static const struct model_names clip_names = {
    .prefixes = {"vision_model.", "clip.vision_model.", "model.vision_model.", ""},
    .class_token = "embeddings.class_embedding",
    .positions = "embeddings.position_embedding.weight",
    .patch = "embeddings.patch_embedding",
    .norm_pre = "pre_layrnorm", /* Hugging Face's own spelling */
    CLIP_BLOCK_NAMES,
    .norm = "post_layernorm",
    .projection = "visual_projection",
};

json_t *
clip_tower(const struct config *config, const char *key, struct status *st)
{
	const json_t *part = json_object_get(config->json, key);
	char older[64] = "";
	json_t *tower = json_copy(json_is_object(part) ? (json_t *)part : config->json);

	strncat(older, key, 40);
	strncat(older, "_dict", 6);
	part = json_object_get(config->json, older);
	if (tower && (!json_is_object(part) || json_object_update(tower, (json_t *)part) == 0))
		return tower;
	json_decref(tower);
	status_nomem(st, "a configuration");
	return NULL;
}

bool
clip_activation(const struct config *tower, enum activation *act, float *eps, struct status *st)
{
	const char *name = config_text(tower->json, "hidden_act");
	double value;

	if (!config_activation(tower, name ? name : "quick_gelu", act, st) ||
	    !config_real(tower, tower->json, "layer_norm_eps", 1e-5, &value, st))
		return false;
	*eps = (float)value;
	return true;
}

/* Absent keys mean the defaults of CLIPImageProcessor. */
static bool
read_preprocessing(struct model *model, struct status *st)
{
	model->prep = clip_preprocessing;
	model->prep.size = model->prep.resize = model->image_size;
	return config_preprocessor(model, true, st);
}

/* Heads that CLIP's own do not resemble. */
static bool
check_architecture(const struct config *config, const struct safetensors *file, struct status *st)
{
	if (!safetensors_find(file, "classifier.weight"))
		return true;
	return status_fail(st, STATUS_DATA,
			   "%s: CLIP with a classifier on the mean of its patches is not supported; CLIPModel and "
			   "CLIPVisionModelWithProjection are",
			   config->path);
}

static bool
read_tower(const struct config *tower, struct model *model, struct vit_spec *spec, struct status *st)
{
	return config_dimensions(tower, 32, model, st) && clip_activation(tower, &model->act, &spec->eps, st) &&
	       config_derive(tower, model, st) && read_preprocessing(model, st);
}

bool
vit_clip_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
	      struct status *st)
{
	struct config tower = {.path = config->path};
	double scale;
	bool ok;

	*spec = (struct vit_spec){.names = &clip_names, .qkv_bias = true, .bias_optional = true};
	model->prefix = 1;
	model->has_norm_pre = true;
	if (!check_architecture(config, file, st) ||
	    !config_real(config, config->json, "logit_scale_init_value", CLIP_LOGIT_SCALE, &scale, st) ||
	    !(tower.json = clip_tower(config, "vision_config", st)))
		return false;
	model->logit_scale = (float)scale;
	ok = read_tower(&tower, model, spec, st);
	json_decref(tower.json);
	return ok;
}
