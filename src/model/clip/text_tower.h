/* CLIP's text tower: a causal pre-LN transformer over token ids.
 *
 *   x = tokens[ids] + positions -> blocks as in model.h, with token i seeing tokens 0..i ->
 *   norm of the end token -> projection -> length 1
 *
 * (Radford et al. 2021, section 2.4.) Read from the same folder as the vision tower, but
 * apart from it: it is only needed to make class embeddings. */
#ifndef SPIKESCOPE_MODEL_TEXT_TOWER_H
#define SPIKESCOPE_MODEL_TEXT_TOWER_H

#include "model/files/safetensors.h"
#include "model/model.h"

struct text_tower {
	int vocabulary, width, depth, heads, head_dim, mlp_width;
	int context; /* tokens at most */
	int end_id;  /* of the end token; -1: it is the largest id of a text (eos_token_id 2 means that in Hugging Face's
			early configurations) */
	enum activation act;
	const struct st_tensor *tokens; /* [vocabulary, width]; read row by row */
	const float *positions;         /* [context, width] */
	struct vit_block *blocks;       /* [depth] */
	struct norm norm;
	struct linear projection;
	size_t parameters;
	char hash[HASH_HEX]; /* of its weights */
	struct text_tower_private *own;
};

/* path: a folder with config.json and weights. Fails with STATUS_DATA when it has no text
 * tower, or as model_load() does. */
struct text_tower *text_tower_load(const char *path, struct status *st);
void text_tower_free(struct text_tower *tower); /* NULL is fine */

#endif
