/* Hugging Face folders of SigLIP (Zhai et al. 2023, https://arxiv.org/abs/2303.15343): the vision tower of SiglipModel
 * (model_type siglip) and SiglipVisionModel (siglip_vision_model).
 *
 * Its classes are embeddings of texts, [classes, width], in head.safetensors beside the weights (text_embeds.weight, or
 * linear.weight), which are made of length 1; label_names or id2label in config.json name them. A logit is
 * exp(logit_scale) cos(picture, class) + logit_bias, and its sigmoid the probability that the text fits. */
#include "base/real.h"
#include "model/clip/config.h"
#include "model/vit/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct model_names names = {
    .prefixes = {"vision_model.", "model.vision_model.", ""},
    .positions = "embeddings.position_embedding.weight",
    .patch = "embeddings.patch_embedding",
    CLIP_BLOCK_NAMES,
    .norm = "post_layernorm",
    .pool = "head.",
};

static bool
read_tower(const struct config *tower, struct model *model, struct vit_spec *spec, struct status *st)
{
	const char *act = config_text(tower->json, "hidden_act");
	double eps;

	if (!config_dimensions(tower, 16, model, st) || !config_real(tower, tower->json, "layer_norm_eps", 1e-6, &eps, st) ||
	    !config_activation(tower, act ? act : "gelu_pytorch_tanh", &model->act, st) || !config_derive(tower, model, st))
		return false;
	spec->eps = (float)eps;
	model->depth++; /* attention pooling */
	model->prep = (struct preprocess){.size = model->image_size,
					  .resize = model->image_size,
					  .square = true,
					  .interpolation = INTERPOLATION_BICUBIC,
					  .mean = {0.5f, 0.5f, 0.5f},
					  .std = {0.5f, 0.5f, 0.5f}};
	return config_preprocessor(model, false, st);
}

bool
vit_siglip_read(const struct config *config, const struct safetensors *file, struct model *model, struct vit_spec *spec,
		struct status *st)
{
	struct config tower = {.path = config->path};
	bool ok;

	*spec = (struct vit_spec){.names = &names, .qkv_bias = true};
	model->prefix = 0;
	model->unit_head = true;
	if (safetensors_find(file, "classifier.weight"))
		return status_fail(st, STATUS_DATA,
				   "%s: SigLIP with a classifier on the mean of its patches is not supported; SiglipModel and "
				   "SiglipVisionModel are",
				   config->path);
	if (!(tower.json = clip_tower(config, "vision_config", st)))
		return false;
	ok = read_tower(&tower, model, spec, st);
	json_decref(tower.json);
	return ok;
}

/* What asks is the same for every picture: its product with the query's weight is made once. */
static bool
make_query(struct binder *b, const struct linear *all, const float *probe, struct vit_pool *pool)
{
	size_t width = (size_t)b->width;
	float *query = arena_floats(b->arena, width);

	if (!query)
		return status_nomem(b->st, "attention pooling");
	for (size_t o = 0; o < width; o++) {
		double sum = (double)all->bias[o];

		for (size_t i = 0; i < width; i++)
			sum += (double)all->weight[o * width + i] * (double)probe[i];
		query[o] = (float)sum;
	}
	pool->query = query;
	pool->kv =
	    (struct linear){.in = all->in, .out = 2 * b->width, .weight = all->weight + width * width, .bias = all->bias + width};
	return binder_panels(b, &pool->kv);
}

bool
siglip_bind_pool(struct binder *b)
{
	struct vit_pool *pool = b->model->pool = arena_alloc(b->arena, sizeof(*pool));
	int64_t width = b->width, mlp = b->mlp_width;
	char part[NAME_MAX_LENGTH];
	struct linear all = {0};
	const float *probe;

	if (!pool)
		return status_nomem(b->st, "attention pooling");
#define PART(x) (snprintf(part, sizeof(part), "%s%s%s", b->prefix, b->names->pool, x), part)
	return (probe = binder_take(b, PART("probe"), (struct shape){3, {1, 1, width}}, NULL)) &&
	       binder_linear(b, PART("attention.in_proj_"), (struct shape){2, {3 * width, width}}, 1, &all) &&
	       make_query(b, &all, probe, pool) &&
	       binder_linear(b, PART("attention.out_proj"), (struct shape){2, {width, width}}, 1, &pool->proj) &&
	       binder_norm(b, PART("layernorm"), &pool->norm) &&
	       binder_linear(b, PART("mlp.fc1"), (struct shape){2, {mlp, width}}, 1, &pool->fc1) &&
	       binder_linear(b, PART("mlp.fc2"), (struct shape){2, {width, mlp}}, 1, &pool->fc2) &&
	       binder_panels(b, &pool->proj) && binder_panels(b, &pool->fc1) && binder_panels(b, &pool->fc2);
#undef PART
}

/* Leaves *value as it is where the file has no such number. */
static bool
read_scalar(const struct safetensors *file, const char *name, float *value, struct status *st)
{
	const struct st_tensor *t = safetensors_find(file, name);

	return !t || t->count != 1 || safetensors_read(t, 0, 1, value, st);
}

bool
siglip_finish_head(struct model *model, const struct safetensors *file, struct arena *arena, struct status *st)
{
	size_t classes = (size_t)model->classes, width = (size_t)model->width;
	float scale = 0, shift = 0;
	float *weight = arena_floats(arena, classes * width), *bias = arena_floats(arena, classes);

	if (!read_scalar(file, "logit_scale", &scale, st) || !read_scalar(file, "logit_bias", &shift, st))
		return false;
	scale = (float)real_exp((double)scale);
	if (!isfinite(scale) || !isfinite(shift))
		return status_fail(st, STATUS_DATA, "%s: 'logit_scale' and 'logit_bias' must be finite", model->path);
	if (model->head.in != model->width)
		return status_fail(st, STATUS_DATA, "%s: the classes' embeddings must be [classes, %d]", model->path,
				   model->width);
	if (!weight || !bias)
		return status_nomem(st, "classes");
	for (size_t c = 0; c < classes; c++) {
		const float *e = model->head.weight + c * width;
		double square = 0;

		for (size_t i = 0; i < width; i++)
			square += (double)e[i] * (double)e[i];
		for (size_t i = 0; i < width; i++)
			weight[c * width + i] = square > 0 ? (float)((double)scale * (double)e[i] / sqrt(square)) : 0;
		bias[c] = shift;
	}
	model->head = (struct linear){.in = model->width, .out = model->classes, .weight = weight, .bias = bias};
	return true;
}
