#include "model/model.h"

#include "model/classes.h"
#include "model/clip/config.h"
#include "model/resnet/build.h"
#include "model/source.h"
#include "model/vit/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model_private {
	struct safetensors *file;
	struct safetensors *head; /* of a head in a file of its own, or NULL */
	struct arena *arena;
};

/* The folder's last part: "." and symbolic links are resolved where they can be. */
static char *
name_folder(struct arena *arena, const char *path)
{
	char *real = realpath(path, NULL);
	const char *slash = real ? strrchr(real, '/') : NULL;
	char *name = arena_strdup(arena, slash && slash[1] ? slash + 1 : path);

	free(real);
	return name;
}

static struct model *
make_model(const char *path, struct status *st)
{
	struct arena *arena = arena_new();
	struct model *model = arena ? arena_alloc(arena, sizeof(*model)) : NULL;

	if (model && (model->own = arena_alloc(arena, sizeof(*model->own)))) {
		model->own->arena = arena;
		model->path = arena_strdup(arena, path);
		model->name = name_folder(arena, path);
		if (model->path && model->name)
			return model;
	}
	arena_free(arena);
	status_nomem(st, "a model");
	return NULL;
}

static bool
is_resnet(const struct config *config)
{
	const char *architecture = config_text(config->json, "architecture");

	if (config_is_open_clip(config))
		return open_clip_is_resnet(config);
	return !config_text(config->json, "model_type") && architecture && resnet_knows(architecture);
}

/* The family's name, or NULL. */
static const char *
find_family(const struct config *config, struct status *st)
{
	const char *type = config_text(config->json, "model_type"), *architecture = config_text(config->json, "architecture");

	if (config_is_open_clip(config))
		return open_clip_is_resnet(config) ? "clip-resnet" : "clip";
	if (type && strcmp(type, "vit") == 0)
		return "vit";
	if (type && strcmp(type, "deit") == 0)
		return "deit";
	if (type && (strcmp(type, "clip") == 0 || strcmp(type, "clip_vision_model") == 0))
		return "clip";
	if (type && (strcmp(type, "dinov2") == 0 || strcmp(type, "dinov2_with_registers") == 0))
		return "dinov2";
	if (type && (strcmp(type, "siglip") == 0 || strcmp(type, "siglip_vision_model") == 0))
		return "siglip";
	if (!type && architecture)
		return is_resnet(config) ? "resnet" : "timm";
	status_fail(
	    st, STATUS_DATA,
	    "%s: the model type '%.60s' is not supported; Hugging Face's vit, deit, clip, dinov2 and siglip, timm's ViT, CLIP "
	    "ViT, deit and "
	    "CLIP ResNet, open_clip's ViT and ResNet and torchvision's resnet are",
	    config->path, type ? type : "(none)");
	return NULL;
}

static bool
hash_tensors(struct hash *hash, const struct safetensors *file, struct status *st)
{
	for (int i = 0; file && i < safetensors_count(file); i++)
		if (!safetensors_hash(safetensors_at(file, i), hash, st))
			return false;
	return true;
}

/* Names the model by all that decides its results, however it is cut into shards. */
static bool
hash_model(struct model *model, const json_t *config, struct status *st)
{
	const struct preprocess *p = &model->prep;
	struct hash *hash = hash_new();
	char *text = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
	int sizes[] = {p->size, p->resize, p->square, (int)p->interpolation};

	if (!hash || !text) {
		free(text);
		hash_drop(hash);
		return status_nomem(st, "a hash");
	}
	hash_add(hash, text, strlen(text));
	hash_add(hash, sizes, sizeof(sizes));
	hash_add(hash, p->mean, sizeof(p->mean));
	hash_add(hash, p->std, sizeof(p->std));
	free(text);
	if (!hash_tensors(hash, model->own->file, st) || !hash_tensors(hash, model->own->head, st)) {
		hash_drop(hash);
		return false;
	}
	hash_finish(hash, model->hash);
	return true;
}

static bool
load_vit(struct model *model, const struct config *config, struct status *st)
{
	struct model_private *own = model->own;
	struct vit_spec spec;
	bool ok;

	if (config_is_open_clip(config))
		ok = vit_open_clip_read(config, model, &spec, st);
	else if (strcmp(model->family, "timm") == 0)
		ok = vit_timm_read(config, own->file, model, &spec, st);
	else if (strcmp(model->family, "clip") == 0)
		ok = vit_clip_read(config, own->file, model, &spec, st);
	else if (strcmp(model->family, "dinov2") == 0)
		ok = vit_dinov2_read(config, own->file, model, &spec, st) &&
		     vit_head_open(model, &spec, own->file, &own->head, st);
	else if (strcmp(model->family, "siglip") == 0)
		ok = vit_siglip_read(config, own->file, model, &spec, st) &&
		     vit_head_open(model, &spec, own->file, &own->head, st);
	else
		ok = vit_hf_read(config, own->file, model, &spec, st);
	return ok && vit_weights_bind(model, &spec, own->file, own->arena, st) &&
	       (!model->unit_head || siglip_finish_head(model, own->file, own->arena, st)) &&
	       (model->graph = vit_graph(model, own->arena, st));
}

static bool
load_resnet(struct model *model, const struct config *config, int side, struct status *st)
{
	const struct model_private *own = model->own;
	struct resnet_spec spec;
	struct graph *net;

	bool ok = config_is_open_clip(config) ? resnet_clip_read(config, side, model, &spec, st)
					      : resnet_read(config, side, model, &spec, st);

	model->depth = ok ? resnet_blocks(&spec) : 0;
	if (!ok || !(net = resnet_build(model, &spec, own->arena, st)))
		return false;
	model->graph = net;
	return resnet_bind(model, net, &spec, own->file, own->arena, st);
}

/* A pixel of 0 to 1 less the mean over the deviation has to be a number that means something. */
static bool
check_preprocess(const struct model *model, struct status *st)
{
	const struct preprocess *p = &model->prep;

	for (int i = 0; i < 3; i++)
		if (!(fabsf(p->mean[i]) <= 1e4f) || !(p->std[i] >= 1e-6f && p->std[i] <= 1e6f))
			return status_fail(
			    st, STATUS_DATA,
			    "%s: pictures are normalised by mean %g and deviation %g: is its preprocessing damaged?", model->path,
			    (double)p->mean[i], (double)p->std[i]);
	return true;
}

static bool
load_into(struct model *model, const struct config *config, const char *weights, int side, struct status *st)
{
	struct model_private *own = model->own;
	bool ok, resnet;

	model->family = find_family(config, st);
	if (!model->family)
		return false;
	resnet = is_resnet(config);
	if (side > 0 && !resnet)
		return status_fail(st, STATUS_USAGE, "%s: only residual networks take pictures of another size", model->path);
	own->file = weights ? safetensors_open(weights, st) : clip_weights_open(model->path, config, st);
	if (!own->file)
		return false;
	ok = resnet ? load_resnet(model, config, side, st) : load_vit(model, config, st);
	ok = ok && check_preprocess(model, st) && (model->projection.weight || config_labels(config, model, own->arena, st)) &&
	     hash_model(model, config->json, st);
	return ok;
}

struct model *
model_load(const char *path, struct status *st)
{
	return model_load_at(path, 0, st);
}

struct model *
model_load_at(const char *path, int side, struct status *st)
{
	struct config config = {0};
	struct source source;
	struct model *model = source_find(&source, path, st) ? make_model(source.folder, st) : NULL;
	bool ok = model && config_open(source.folder, &config, st) && load_into(model, &config, source.weights, side, st);

	config_done(&config);
	source_done(&source);
	if (ok)
		return model;
	model_free(model);
	return NULL;
}

void
model_free(struct model *model)
{
	if (!model)
		return;
	model_classes_free(model->set);
	safetensors_close(model->own->head);
	safetensors_close(model->own->file);
	arena_free(model->own->arena); /* holds model itself */
}

const char *
activation_name(enum activation act)
{
	static const char *const names[] = {[ACT_GELU] = "gelu",
					    [ACT_GELU_TANH] = "gelu_tanh",
					    [ACT_QUICK_GELU] = "quick_gelu",
					    [ACT_RELU] = "relu",
					    [ACT_SILU] = "silu"};

	return names[act];
}

const char *
model_label(const struct model *model, int class_index, char out[16])
{
	if (model->labels && class_index >= 0 && class_index < model->classes)
		return model->labels[class_index];
	snprintf(out, 16, "class %d", class_index);
	return out;
}
