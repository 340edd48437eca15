#include "model/classes.h"

#include "base/arena.h"
#include "base/text.h"
#include "model/model.h"

#include <string.h>

struct model_classes {
	struct arena *arena;      /* holds the set itself, labels and weights */
	char bare_hash[HASH_HEX]; /* of the model without classes */
};

void
model_classes_free(struct model_classes *set)
{
	if (set)
		arena_free(set->arena);
}

static char **
copy_labels(struct arena *arena, int classes, const char *const *labels)
{
	char **copy = arena_alloc(arena, (size_t)classes * sizeof(*copy));

	for (int i = 0; copy && i < classes; i++) {
		size_t room = 4 * strlen(labels[i]) + 1; /* an escaped byte takes four */

		copy[i] = arena_alloc(arena, room);
		if (!copy[i])
			return NULL;
		text_escape(labels[i], copy[i], room);
	}
	return copy;
}

/* The scale goes into the weights: the head is an ordinary one. */
static float *
scale_embeddings(struct arena *arena, const struct model *model, int classes, const float *embeddings)
{
	size_t count = (size_t)classes * (size_t)model->projection.out;
	float *weight = arena_floats(arena, count);

	for (size_t i = 0; weight && i < count; i++)
		weight[i] = model->logit_scale * embeddings[i];
	return weight;
}

static bool
hash_classes(const struct model_classes *set, int classes, const char *const *labels, const char *prompts_hash,
	     char hex[HASH_HEX])
{
	struct hash *hash = hash_new();

	if (!hash)
		return false;
	hash_add(hash, set->bare_hash, HASH_HEX);
	hash_add(hash, prompts_hash, strlen(prompts_hash) + 1);
	for (int i = 0; i < classes; i++)
		hash_add(hash, labels[i], strlen(labels[i]) + 1);
	hash_finish(hash, hex);
	return true;
}

bool
model_set_classes(struct model *model, int classes, const char *const *labels, const float *embeddings, const char *prompts_hash,
		  struct status *st)
{
	struct arena *arena = arena_new();
	struct model_classes *set = arena ? arena_alloc(arena, sizeof(*set)) : NULL;
	char **kept = set ? copy_labels(arena, classes, labels) : NULL, hash[HASH_HEX];
	float *weight = kept ? scale_embeddings(arena, model, classes, embeddings) : NULL;

	if (weight) {
		set->arena = arena;
		memcpy(set->bare_hash, model->set ? model->set->bare_hash : model->hash, HASH_HEX);
	}
	if (!weight || !hash_classes(set, classes, labels, prompts_hash, hash)) {
		arena_free(arena);
		return status_nomem(st, "classes");
	}
	model_classes_free(model->set);
	model->set = set;
	model->classes = classes;
	model->labels = kept;
	model->head = (struct linear){.in = model->projection.out, .out = classes, .weight = weight};
	memcpy(model->hash, hash, HASH_HEX);
	return true;
}
