#include "model/vit.h"

#include "base/text.h"
#include "model/vit_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vit_private {
	struct safetensors *file;
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

static struct vit *
make_vit(const char *path, struct status *st)
{
	struct arena *arena = arena_new();
	struct vit *vit = arena ? arena_alloc(arena, sizeof(*vit)) : NULL;

	if (vit && (vit->own = arena_alloc(arena, sizeof(*vit->own)))) {
		vit->own->arena = arena;
		vit->path = arena_strdup(arena, path);
		vit->name = name_folder(arena, path);
		if (vit->path && vit->name)
			return vit;
	}
	arena_free(arena);
	status_nomem(st, "a model");
	return NULL;
}

/* The family's name, or NULL. */
static const char *
find_family(const struct config *config, struct status *st)
{
	const char *type = config_text(config->json, "model_type"), *architecture = config_text(config->json, "architecture");

	if (type && strcmp(type, "vit") == 0)
		return "vit";
	if (type && strcmp(type, "deit") == 0)
		return "deit";
	if (!type && architecture)
		return "timm";
	status_fail(
	    st, STATUS_DATA,
	    "%s: the model type '%.60s' is not supported; Hugging Face's vit and deit and timm's ViT, CLIP ViT and deit are",
	    config->path, type ? type : "(none)");
	return NULL;
}

/* Names the model by all that decides its results, however it is cut into shards. */
static bool
hash_model(struct vit *vit, const json_t *config, struct status *st)
{
	const struct preprocess *p = &vit->prep;
	struct hash *hash = hash_new();
	char *text = json_dumps(config, JSON_COMPACT | JSON_SORT_KEYS);
	int sizes[] = {p->size, p->resize, p->square, (int)p->interpolation};

	if (!hash || !text) {
		free(text);
		free(hash);
		return status_nomem(st, "a hash");
	}
	hash_add(hash, text, strlen(text));
	hash_add(hash, sizes, sizeof(sizes));
	hash_add(hash, p->mean, sizeof(p->mean));
	hash_add(hash, p->std, sizeof(p->std));
	for (int i = 0; i < safetensors_count(vit->own->file); i++) {
		const struct st_tensor *t = safetensors_at(vit->own->file, i);

		hash_add(hash, t->name, strlen(t->name) + 1);
		hash_add(hash, &t->dtype, sizeof(t->dtype));
		hash_add(hash, t->data, t->count * dtype_size(t->dtype));
	}
	hash_finish(hash, vit->hash);
	free(text);
	return true;
}

static bool
load_into(struct vit *vit, const struct config *config, struct status *st)
{
	struct vit_private *own = vit->own;
	struct vit_spec spec;
	bool ok;

	vit->family = find_family(config, st);
	if (!vit->family || !(own->file = safetensors_open(vit->path, st)))
		return false;
	if (strcmp(vit->family, "timm") == 0)
		ok = vit_timm_read(config, own->file, vit, &spec, st);
	else
		ok = vit_hf_read(config, own->file, vit, &spec, st);
	ok = ok && vit_weights_bind(vit, &spec, own->file, own->arena, st) && config_labels(config, vit, own->arena, st) &&
	     hash_model(vit, config->json, st);
	safetensors_unload(own->file); /* products read the weights from panels */
	return ok;
}

struct vit *
vit_load(const char *path, struct status *st)
{
	struct config config = {0};
	struct vit *vit = make_vit(path, st);
	char *config_path = text_format("%s/config.json", path);
	bool ok = false;

	if (vit && config_path) {
		config.path = config_path;
		ok = config_load(config_path, false, &config.json, st) && load_into(vit, &config, st);
	} else {
		status_nomem(st, "a model");
	}
	json_decref(config.json);
	free(config_path);
	if (ok)
		return vit;
	vit_free(vit);
	return NULL;
}

void
vit_free(struct vit *vit)
{
	if (!vit)
		return;
	safetensors_close(vit->own->file);
	arena_free(vit->own->arena); /* holds vit itself */
}

const char *
activation_name(enum activation act)
{
	static const char *const names[] = {
	    [ACT_GELU] = "gelu", [ACT_GELU_TANH] = "gelu_tanh", [ACT_QUICK_GELU] = "quick_gelu", [ACT_RELU] = "relu"};

	return names[act];
}

const char *
vit_label(const struct vit *vit, int class_index, char out[16])
{
	if (vit->labels && class_index >= 0 && class_index < vit->classes)
		return vit->labels[class_index];
	snprintf(out, 16, "class %d", class_index);
	return out;
}
