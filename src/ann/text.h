/* Texts through CLIP's text tower (model/text_tower.h). */
#ifndef SPIKESCOPE_ANN_TEXT_H
#define SPIKESCOPE_ANN_TEXT_H

#include "base/progress.h"
#include "model/clip/text_tower.h"

/* A text as token ids. What stands behind the end token changes nothing: the tower is causal. */
struct text_ids {
	const int *id; /* [count], each below the tower's vocabulary */
	int count;     /* 1 to the tower's context */
};

/* Texts -> embeddings [texts, projection.out] of length 1. The same bits for any number of
 * threads. Fails with STATUS_DATA when a text has no end token, an id is too large or
 * weights are NaN; with STATUS_CANCELLED when it was stopped. */
bool text_embed(const struct text_tower *tower, const struct text_ids *texts, int count, float *embeddings,
		const struct progress *progress, struct status *st);

#endif
