/* timm folders: config.json with architecture, model_args and pretrained_cfg. */
#include "model/vit/config.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct model_names timm_names = {
    .prefixes = {""},
    .class_token = "cls_token",
    .dist_token = "dist_token",
    .positions = "pos_embed",
    .patch = "patch_embed.proj",
    .norm_pre = "norm_pre",
    .block = "blocks.",
    .norm1 = "norm1",
    .qkv = {"attn.qkv"},
    .proj = "attn.proj",
    .norm2 = "norm2",
    .fc1 = "mlp.fc1",
    .fc2 = "mlp.fc2",
    .scale = {"ls1.gamma", "ls2.gamma"},
    .registers = "reg_token",
    .norm = "norm",
    .head = "head",
    .head_pair = {"head", "head_dist"},
};

/* What an architecture's name says: vit_{size}_patch{N}_..._{side}. */
struct architecture {
	int width, depth, heads, patch, side; /* 0: not said */
	bool clip, quick_gelu;
};

static bool
read_word(const char *word, struct architecture *a)
{
	static const struct {
		const char *name;
		int width, depth, heads;
	} sizes[] = {
	    {"tiny", 192, 12, 3}, {"small", 384, 12, 6}, {"base", 768, 12, 12}, {"large", 1024, 24, 16}, {"huge", 1280, 32, 16},
	};
	/* Words of training recipes, which leave the network as it is. */
	static const char *const recipes[] = {"distilled", "in21k", "in1k", "augreg", "miil", "dino", "dinov2", "sam", "mae"};
	char *end;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (strcmp(word, sizes[i].name) == 0) {
			a->width = sizes[i].width;
			a->depth = sizes[i].depth;
			a->heads = sizes[i].heads;
			return true;
		}
	for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++)
		if (strcmp(word, recipes[i]) == 0)
			return true;
	if (strcmp(word, "clip") == 0)
		return a->clip = true;
	if (strcmp(word, "quickgelu") == 0)
		return a->quick_gelu = true;
	if (strncmp(word, "reg", 3) == 0 && isdigit((unsigned char)word[3])) {
		strtol(word + 3, &end, 10); /* the tensor says how many registers there are */
		return *end == '\0';
	}
	if (strncmp(word, "patch", 5) == 0 && isdigit((unsigned char)word[5])) {
		a->patch = (int)strtol(word + 5, &end, 10);
		return *end == '\0';
	}
	a->side = (int)strtol(word, &end, 10);
	return isdigit((unsigned char)word[0]) && *end == '\0';
}

static bool
read_architecture(const struct config *c, const char *name, struct architecture *a, struct status *st)
{
	char words[128], *at = words, *word;

	memset(a, 0, sizeof(*a));
	snprintf(words, sizeof(words), "%s", name);
	words[strcspn(words, ".")] = '\0'; /* a tag names the weights, not the network */
	word = strsep(&at, "_");
	if (strcmp(word, "vit") != 0 && strcmp(word, "deit") != 0)
		return status_fail(
		    st, STATUS_DATA,
		    "%s: the architecture '%.60s' is not supported; timm's vit_{tiny,small,base,large}_patchN, with _clip, "
		    "and deit are, and Hugging Face's vit and deit",
		    c->path, name);
	while ((word = strsep(&at, "_")))
		if (!read_word(word, a))
			return status_fail(
			    st, STATUS_DATA,
			    "%s: '%.30s' in the architecture '%.60s' is not supported; plain and CLIP ViT and deit are", c->path,
			    word, name);
	return true;
}

static bool
read_dimensions(const struct config *c, const struct architecture *a, struct model *model, struct status *st)
{
	const json_t *args = json_object_get(c->json, "model_args"), *cfg = json_object_get(c->json, "pretrained_cfg");
	const json_t *input = json_array_get(json_object_get(cfg, "input_size"), 1);
	int side = json_is_integer(input) ? (int)json_integer_value(input) : a->side;
	double ratio;

	if (!config_side(c, args, "img_size", side, &model->image_size, st) ||
	    !config_side(c, args, "patch_size", a->patch, &model->patch_size, st) ||
	    !config_int(c, args, "in_chans", 3, 3, &model->channels, st) ||
	    !config_int(c, args, "embed_dim", a->width, CONFIG_DIM_MAX, &model->width, st) ||
	    !config_int(c, args, "depth", a->depth, CONFIG_DEPTH_MAX, &model->depth, st) ||
	    !config_int(c, args, "num_heads", a->heads, CONFIG_DIM_MAX, &model->heads, st) ||
	    !config_real(c, args, "mlp_ratio", 4, &ratio, st))
		return false;
	if (ratio * model->width < 1 || ratio * model->width > 8 * CONFIG_DIM_MAX)
		return status_fail(st, STATUS_DATA, "%s: 'mlp_ratio' %g is impossible", c->path, ratio);
	model->mlp_width = (int)(ratio * model->width);
	return true;
}

/* Arguments that change the computation without leaving a mark in the tensors. */
static bool
check_arguments(const struct config *c, const json_t *args, struct status *st)
{
	const char *pool = config_text(args, "global_pool"), *norm = config_text(args, "norm_layer");

	if (!pool)
		pool = config_text(c->json, "global_pool");
	if (pool && strcmp(pool, "token") != 0)
		return status_fail(st, STATUS_DATA,
				   "%s: global_pool '%.20s' is not supported; only 'token', where the class token is read",
				   c->path, pool);
	if (!config_bool(args, "class_token", true))
		return status_fail(st, STATUS_DATA, "%s: a model without class token is not supported", c->path);
	if (norm && strcasecmp(norm, "layernorm") != 0)
		return status_fail(st, STATUS_DATA, "%s: norm_layer '%.40s' is not supported; only LayerNorm is", c->path, norm);
	return true;
}

static bool
read_registers(const struct config *c, const struct safetensors *file, struct model *model, struct vit_spec *spec,
	       struct status *st)
{
	const struct st_tensor *t = safetensors_find(file, "reg_token");

	if (!t)
		return true;
	if (model->distilled || t->dims != 3 || t->dim[1] < 1 || t->dim[1] > 1024)
		return status_fail(st, STATUS_DATA,
				   "%s: 'reg_token' must be [1, up to 1024, width], and no 'dist_token' beside it", c->path);
	spec->registers = (int)t->dim[1];
	model->prefix += spec->registers;
	return true;
}

bool
vit_timm_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
	      struct status *st)
{
	const json_t *args = json_object_get(config->json, "model_args");
	const char *act = config_text(args, "act_layer");
	const struct preprocess usual = {
	    .interpolation = INTERPOLATION_BICUBIC, .mean = {0.5f, 0.5f, 0.5f}, .std = {0.5f, 0.5f, 0.5f}};
	struct architecture a;

	if (!read_architecture(config, config_text(config->json, "architecture"), &a, st) || !check_arguments(config, args, st))
		return false;
	model->has_norm_pre = safetensors_find(file, "norm_pre.weight") || a.clip || config_bool(args, "pre_norm", false);
	model->family = a.clip ? "timm-clip" : "timm";
	*spec = (struct vit_spec){
	    .names = &timm_names,
	    .eps = a.clip ? 1e-5f : 1e-6f,
	    .qkv_bias = config_bool(args, "qkv_bias", true),
	    .bias_optional = model->has_norm_pre,
	};
	model->prefix = safetensors_find(file, "dist_token") ? 2 : 1;
	model->distilled = model->prefix == 2;
	spec->scaled = safetensors_find(file, "blocks.0.ls1.gamma") != NULL;
	if (!read_registers(config, file, model, spec, st))
		return false;
	if (!act)
		act = a.quick_gelu ? "quick_gelu" : "gelu";
	return read_dimensions(config, &a, model, st) && config_classes(config, args, &spec->classes, st) &&
	       config_activation(config, act, &model->act, st) && config_derive(config, model, st) &&
	       config_preprocessing(config, 0.9, &usual, model, st);
}
