#include "model/clip/text_tower.h"

#include "model/clip/config.h"
#include "model/vit/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EARLY_END_ID = 2, VOCABULARY_MAX = 1 << 24 };

struct text_tower_private {
	struct safetensors *file;
	struct arena *arena; /* holds the tower itself */
};

static const struct model_names text_names = {
    .prefixes = {"text_model.", "clip.text_model.", "model.text_model.", NULL},
    .positions = "embeddings.position_embedding.weight",
    CLIP_BLOCK_NAMES,
    .norm = "final_layer_norm",
    .projection = "text_projection",
};
static const char token_embedding[] = "embeddings.token_embedding.weight";

/* open_clip's; "text." where vision and text may be any towers. */
static const struct model_names open_clip_names = {
    .prefixes = {"", "text.", NULL},
    .positions = "positional_embedding",
    OPEN_CLIP_BLOCK_NAMES,
    .norm = "ln_final",
    .projection = "text_projection",
    .transposed_projection = true,
};
static const char open_clip_token_embedding[] = "token_embedding.weight";

static bool
derive_heads(const struct config *c, struct text_tower *tower, struct status *st)
{
	if (tower->width % tower->heads != 0)
		return status_fail(st, STATUS_DATA, "%s: the text tower's width %d is not a multiple of %d heads", c->path,
				   tower->width, tower->heads);
	tower->head_dim = tower->width / tower->heads;
	tower->end_id = -1;
	return true;
}

/* Absent keys mean the defaults of open_clip's CLIPTextCfg; the end token is the largest id. */
static bool
read_open_clip(const struct config *c, struct text_tower *tower, struct status *st)
{
	const json_t *j = c->json;

	return config_int(c, j, "vocab_size", 49408, VOCABULARY_MAX, &tower->vocabulary, st) &&
	       config_int(c, j, "width", 512, CONFIG_DIM_MAX, &tower->width, st) &&
	       config_int(c, j, "layers", 12, CONFIG_DEPTH_MAX, &tower->depth, st) &&
	       config_int(c, j, "heads", 8, CONFIG_DIM_MAX, &tower->heads, st) &&
	       config_int(c, j, "context_length", 77, 4096, &tower->context, st) &&
	       open_clip_mlp_width(c, tower->width, &tower->mlp_width, st) && derive_heads(c, tower, st);
}

/* Absent keys mean the defaults of CLIPTextConfig. */
static bool
read_dimensions(const struct config *c, struct text_tower *tower, struct status *st)
{
	const json_t *j = c->json, *end = json_object_get(j, "eos_token_id");

	if (!config_int(c, j, "vocab_size", 49408, VOCABULARY_MAX, &tower->vocabulary, st) ||
	    !config_int(c, j, "hidden_size", 512, CONFIG_DIM_MAX, &tower->width, st) ||
	    !config_int(c, j, "num_hidden_layers", 12, CONFIG_DEPTH_MAX, &tower->depth, st) ||
	    !config_int(c, j, "num_attention_heads", 8, CONFIG_DIM_MAX, &tower->heads, st) ||
	    !config_int(c, j, "intermediate_size", 2048, CONFIG_DIM_MAX, &tower->mlp_width, st) ||
	    !config_int(c, j, "max_position_embeddings", 77, 4096, &tower->context, st))
		return false;
	if (!derive_heads(c, tower, st))
		return false;
	if (json_is_integer(end) && json_integer_value(end) != EARLY_END_ID && json_integer_value(end) >= 0 &&
	    json_integer_value(end) < tower->vocabulary)
		tower->end_id = (int)json_integer_value(end);
	return true;
}

static bool
take_tokens(struct binder *b, const char *embedding, struct text_tower *tower)
{
	char name[NAME_MAX_LENGTH];
	const struct st_tensor *t;

	snprintf(name, sizeof(name), "%s%s", b->prefix, embedding);
	t = safetensors_find(b->file, name);
	if (!t)
		return status_fail(b->st, STATUS_DATA, "%s: tensor '%s' is missing: there is no text tower in this folder",
				   b->path, name);
	if (t->dims != 2 || t->dim[0] != tower->vocabulary || t->dim[1] != tower->width || t->dtype > DTYPE_F64)
		return status_fail(b->st, STATUS_DATA, "%s: tensor '%s' should be floats [%d, %d], as config.json says", b->path,
				   name, tower->vocabulary, tower->width);
	tower->tokens = t;
	tower->parameters += t->count;
	return true;
}

static bool
take_all(struct binder *b, const char *embedding, struct text_tower *tower)
{
	const char *own_name = strstr(b->prefix, "text_model.");
	int outer = (int)(own_name ? (size_t)(own_name - b->prefix) : strlen(b->prefix));
	char name[NAME_MAX_LENGTH];

	if (!take_tokens(b, embedding, tower))
		return false;
	snprintf(name, sizeof(name), "%s%s", b->prefix, b->names->positions);
	tower->positions = binder_take(b, name, (struct shape){2, {tower->context, tower->width}}, NULL);
	if (!tower->positions || !(tower->blocks = binder_blocks(b, tower->depth)))
		return false;
	snprintf(name, sizeof(name), "%s%s", b->prefix, b->names->norm);
	if (!binder_norm(b, name, &tower->norm))
		return false;
	snprintf(name, sizeof(name), "%.*s%s", outer, b->prefix, b->names->projection);
	return binder_projection(b, name, 0, &tower->projection) && binder_panels(b, &tower->projection) &&
	       binder_no_more_blocks(b, tower->depth);
}

static bool
hash_tower(const struct binder *b, struct text_tower *tower)
{
	struct hash *hash = hash_new();
	int numbers[] = {tower->heads, tower->end_id, (int)tower->act};

	if (!hash)
		return status_nomem(b->st, "a hash");
	hash_add(hash, numbers, sizeof(numbers));
	hash_add(hash, &b->eps, sizeof(b->eps));
	for (int i = 0; i < safetensors_count(b->file); i++) {
		const struct st_tensor *t = safetensors_at(b->file, i);

		if (!b->used[i] && t != tower->tokens)
			continue;
		if (!safetensors_hash(t, hash, b->st)) {
			hash_drop(hash);
			return false;
		}
	}
	hash_finish(hash, tower->hash);
	return true;
}

static bool
bind_tower(struct text_tower *tower, const char *path, bool open_clip, float eps, struct status *st)
{
	const struct model_names *names = open_clip ? &open_clip_names : &text_names;
	const char *embedding = open_clip ? open_clip_token_embedding : token_embedding;
	struct safetensors *file = tower->own->file;
	struct binder b = {.path = path,
			   .file = file,
			   .arena = tower->own->arena,
			   .names = names,
			   .prefix = binder_prefix(file, names->prefixes, embedding),
			   .width = tower->width,
			   .mlp_width = tower->mlp_width,
			   .eps = eps,
			   .qkv_bias = true,
			   .parameters = &tower->parameters,
			   .st = st};
	bool ok;

	b.used = calloc((size_t)safetensors_count(file) + 1, sizeof(*b.used));
	if (!b.used)
		return status_nomem(st, "the list of tensors");
	ok = take_all(&b, embedding, tower) && hash_tower(&b, tower);
	free(b.used);
	return ok;
}

static bool
load_into(struct text_tower *tower, const char *path, const struct config *config, struct status *st)
{
	struct config part = {.path = config->path};
	float eps;
	bool ok;

	tower->own->file = clip_weights_open(path, config, st);
	if (!tower->own->file)
		return false;
	if (config_is_open_clip(config)) {
		tower->act = open_clip_activation(config);
		return open_clip_part(config, "text_cfg", &part, st) && read_open_clip(&part, tower, st) &&
		       bind_tower(tower, path, true, 1e-5f, st);
	}
	if (!(part.json = clip_tower(config, "text_config", st)))
		return false;
	ok = read_dimensions(&part, tower, st) && clip_activation(&part, &tower->act, &eps, st) &&
	     bind_tower(tower, path, false, eps, st);
	json_decref(part.json);
	return ok;
}

static struct text_tower *
make_tower(struct status *st)
{
	struct arena *arena = arena_new();
	struct text_tower *tower = arena ? arena_alloc(arena, sizeof(*tower)) : NULL;

	if (tower && (tower->own = arena_alloc(arena, sizeof(*tower->own)))) {
		tower->own->arena = arena;
		return tower;
	}
	arena_free(arena);
	status_nomem(st, "a text tower");
	return NULL;
}

struct text_tower *
text_tower_load(const char *path, struct status *st)
{
	struct config config = {0};
	struct text_tower *tower = make_tower(st);
	bool ok = tower && config_open(path, &config, st) && load_into(tower, path, &config, st);

	config_done(&config);
	if (ok)
		return tower;
	text_tower_free(tower);
	return NULL;
}

void
text_tower_free(struct text_tower *tower)
{
	if (!tower)
		return;
	safetensors_close(tower->own->file);
	arena_free(tower->own->arena);
}
