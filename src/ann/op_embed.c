/* From a picture to tokens. */
#include "ann/network.h"

#include <string.h>

size_t
ann_embed_scratch(const struct model *model)
{
	return (size_t)model->patches * (size_t)model->patch.in;
}

/* pixels [channels, size, size] -> patches [patches, channels * patch * patch] */
static void
cut_patches(const struct model *model, const float *pixels, float *patches)
{
	size_t size = (size_t)model->image_size, patch = (size_t)model->patch_size, side = size / patch;

	for (size_t row = 0; row < side; row++)
		for (size_t column = 0; column < side; column++)
			for (size_t c = 0; c < (size_t)model->channels; c++)
				for (size_t y = 0; y < patch; y++) {
					memcpy(patches, pixels + (c * size + row * patch + y) * size + column * patch,
					       patch * sizeof(*patches));
					patches += patch;
				}
}

/* Prefix tokens and embedded patches, positions added: tokens [tokens, width]. */
static void
embed_tokens(const struct model *model, const float *pixels, float *patch_scratch, float *tokens)
{
	size_t width = (size_t)model->width, prefix = (size_t)model->prefix * width, count = (size_t)model->tokens * width;

	cut_patches(model, pixels, patch_scratch);
	if (prefix > 0)
		memcpy(tokens, model->prefix_tokens, prefix * sizeof(*tokens));
	linear_apply(&model->patch, patch_scratch, model->patches, tokens + prefix, false);
	for (size_t i = 0; i < count; i++)
		tokens[i] += model->positions[i];
}

void
ann_embed(const struct model *model, const float *pixels, float *patch_scratch, float *tokens)
{
	embed_tokens(model, pixels, patch_scratch, tokens);
	if (model->has_norm_pre)
		norm_apply(&model->norm_pre, tokens, model->tokens, tokens);
}

/* Patches of a picture are as many values as the picture. */
void
op_embed(const struct pass *p, const struct layer *layer)
{
	size_t size = (size_t)p->model->channels * (size_t)p->model->image_size * (size_t)p->model->image_size;

	for (int i = 0; i < p->pictures; i++) {
		size_t at = (size_t)(p->first + i) * size;

		embed_tokens(p->model, p->pixels + at, p->ann->picture + at, layer_values(p, layer, i));
	}
}
