/* Class embeddings from class names, as OpenAI's CLIP notebook makes them ("Prompt
 * Engineering for ImageNet"): of each class the mean over all templates of the normalised
 * text embeddings, normalised again. */
#ifndef SPIKESCOPE_ANN_ZERO_SHOT_H
#define SPIKESCOPE_ANN_ZERO_SHOT_H

#include "ann/text.h"
#include "model/text/tokenizer.h"

struct zero_shot {
	const char *const *name; /* [classes] */
	int classes;
	const char *const *template; /* [templates]; each {} becomes the name */
	int templates;
	/* Instead of names and templates: one text a class, already as ids; NULL otherwise. */
	const struct text_ids *ids; /* [classes] */
};

/* embeddings [classes, projection.out] of length 1; hash names the texts' ids (what they depend
 * on: names, templates, vocabulary), the same on every machine. tokenizer may be NULL with ids. Progress counts texts. Fails with
 * STATUS_DATA (a template without {}, a text that is too long, a vocabulary that is not the
 * tower's) or STATUS_CANCELLED. */
bool zero_shot_embed(const struct text_tower *tower, const struct tokenizer *tokenizer, const struct zero_shot *prompts,
		     float *embeddings, char hash[HASH_HEX], const struct progress *progress, struct status *st);

#endif
