#include "model/site.h"

#include "model/model.h"
#include "model/resnet/resnet.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum shape {
	TOKENS_WIDTH,
	TOKENS,
	TOKENS_MLP,
	HEADS_TOKENS,
	HEADS_TOKENS_TOKENS,
	PREFIX_WIDTH,
	CLASSES,
	OF_LAYER,
};

/* Names of sites in blocks are suffixes of "blocks.N" or "layerL.N"; shapes of residual networks
 * are those of their layers. */
static const struct {
	const char *name;
	enum shape shape;
} kinds[SITE_KINDS] = {
    [SITE_PATCH_EMBED] = {"patch_embed", TOKENS_WIDTH},
    [SITE_NORM_PRE] = {"norm_pre", TOKENS_WIDTH},
    [SITE_NORM1_CENTER] = {".norm1.center", TOKENS_WIDTH},
    [SITE_NORM1_RSQRT] = {".norm1.rsqrt", TOKENS},
    [SITE_NORM1] = {".norm1", TOKENS_WIDTH},
    [SITE_Q] = {".attn.q", TOKENS_WIDTH},
    [SITE_K] = {".attn.k", TOKENS_WIDTH},
    [SITE_V] = {".attn.v", TOKENS_WIDTH},
    [SITE_QK] = {".attn.qk", HEADS_TOKENS_TOKENS},
    [SITE_EXP] = {".attn.softmax.exp", HEADS_TOKENS_TOKENS},
    [SITE_RECIPROCAL] = {".attn.softmax.reciprocal", HEADS_TOKENS},
    [SITE_SOFTMAX] = {".attn.softmax", HEADS_TOKENS_TOKENS},
    [SITE_AV] = {".attn.av", TOKENS_WIDTH},
    [SITE_ATTN] = {".attn", TOKENS_WIDTH},
    [SITE_NORM2_CENTER] = {".norm2.center", TOKENS_WIDTH},
    [SITE_NORM2_RSQRT] = {".norm2.rsqrt", TOKENS},
    [SITE_NORM2] = {".norm2", TOKENS_WIDTH},
    [SITE_FC1] = {".mlp.fc1", TOKENS_MLP},
    [SITE_ACT] = {".mlp.act", TOKENS_MLP},
    [SITE_ACT_OUT] = {".mlp.act.out", TOKENS_MLP},
    [SITE_MLP] = {".mlp", TOKENS_WIDTH},
    [SITE_BLOCK] = {"", TOKENS_WIDTH},
    [SITE_NORM] = {"norm", PREFIX_WIDTH},
    [SITE_HEAD] = {"head", CLASSES},
    [SITE_STEM_CONV] = {"conv1", OF_LAYER},
    [SITE_STEM_RELU] = {"relu", OF_LAYER},
    [SITE_STEM_POOL] = {"maxpool", OF_LAYER},
    [SITE_STEM_CONV1] = {"conv1", OF_LAYER},
    [SITE_STEM_RELU1] = {"relu1", OF_LAYER},
    [SITE_STEM_CONV2] = {"conv2", OF_LAYER},
    [SITE_STEM_RELU2] = {"relu2", OF_LAYER},
    [SITE_STEM_CONV3] = {"conv3", OF_LAYER},
    [SITE_STEM_RELU3] = {"relu3", OF_LAYER},
    [SITE_STEM_AVERAGE] = {"avgpool", OF_LAYER},
    [SITE_CONV1] = {".conv1", OF_LAYER},
    [SITE_RELU1] = {".relu1", OF_LAYER},
    [SITE_CONV2] = {".conv2", OF_LAYER},
    [SITE_RELU2] = {".relu2", OF_LAYER},
    [SITE_AVERAGE] = {".avgpool", OF_LAYER},
    [SITE_CONV3] = {".conv3", OF_LAYER},
    [SITE_SHORTCUT_AVERAGE] = {".downsample.avgpool", OF_LAYER},
    [SITE_SHORTCUT] = {".downsample", OF_LAYER},
    [SITE_RESIDUAL] = {"", OF_LAYER},
    [SITE_TOKENS] = {".tokens", OF_LAYER},
    [SITE_POOL] = {"pool", OF_LAYER},
};

enum { BLOCK_KINDS = SITE_BLOCK - SITE_NORM1_CENTER + 1 };

bool
site_in_block(enum site_kind kind)
{
	return (kind >= SITE_NORM1_CENTER && kind <= SITE_BLOCK) || (kind >= SITE_CONV1 && kind <= SITE_TOKENS);
}

enum site_kind
site_block_first(const struct model *model)
{
	return model->resnet ? SITE_CONV1 : SITE_NORM1_CENTER;
}

enum site_kind
site_block_last(const struct model *model)
{
	return model->resnet ? SITE_RESIDUAL : SITE_BLOCK;
}

struct site
site_of_block(const struct model *model, int block)
{
	return model->resnet ? model->resnet->layer[model->resnet->end[block] - 1].site : site_in(SITE_BLOCK, block);
}

bool
site_is_block(const struct model *model, struct site site)
{
	return site.block >= 0 && site_of_block(model, site.block).kind == site.kind;
}

bool
site_is_stepped(enum site_kind kind)
{
	return site_in_block(kind) || kind > SITE_HEAD;
}

bool
site_rectifies(enum site_kind kind)
{
	return kind == SITE_STEM_RELU || kind == SITE_STEM_RELU1 || kind == SITE_STEM_RELU2 || kind == SITE_STEM_RELU3 ||
	       kind == SITE_RELU1 || kind == SITE_RELU2 || kind == SITE_RESIDUAL;
}

char *
site_name(struct site site, char out[SITE_NAME_MAX])
{
	if (site_pools(site)) /* ".attn.q" becomes "attnpool.q" */
		snprintf(out, SITE_NAME_MAX, "attnpool%s",
			 kinds[site.kind].name + (site.kind == SITE_TOKENS ? 0 : strlen(".attn")));
	else if (site.stage > 0)
		snprintf(out, SITE_NAME_MAX, "layer%d.%d%s", site.stage, site.unit, kinds[site.kind].name);
	else if (site_in_block(site.kind))
		snprintf(out, SITE_NAME_MAX, "blocks.%d%s", site.block, kinds[site.kind].name);
	else
		snprintf(out, SITE_NAME_MAX, "%s", kinds[site.kind].name);
	return out;
}

bool
site_parse(const struct model *model, const char *name, struct site *site)
{
	char known[SITE_NAME_MAX];
	int count = site_count(model);

	for (int i = 0; i < count; i++) {
		struct site s = site_at(model, i);

		if (strcmp(site_name(s, known), name) == 0) {
			*site = s;
			return true;
		}
	}
	return false;
}

/* The index of block 0's first site. */
static int
first_in_blocks(const struct model *model)
{
	return model->has_norm_pre ? 2 : 1;
}

int
site_count(const struct model *model)
{
	if (model->resnet)
		return model->resnet->layers;
	return first_in_blocks(model) + model->depth * BLOCK_KINDS + 2;
}

struct site
site_at(const struct model *model, int index)
{
	int i = index - first_in_blocks(model);

	if (model->resnet)
		return model->resnet->layer[index].site;
	if (i < 0)
		return site_in(index == 0 ? SITE_PATCH_EMBED : SITE_NORM_PRE, -1);
	if (i < model->depth * BLOCK_KINDS)
		return site_in(SITE_NORM1_CENTER + i % BLOCK_KINDS, i / BLOCK_KINDS);
	return site_in(i == model->depth * BLOCK_KINDS ? SITE_NORM : SITE_HEAD, -1);
}

int
site_index(const struct model *model, struct site site)
{
	if (model->resnet)
		return resnet_index(model->resnet, site);
	switch (site.kind) {
	case SITE_PATCH_EMBED:
		return 0;
	case SITE_NORM_PRE:
		return 1;
	case SITE_NORM:
		return site_count(model) - 2;
	case SITE_HEAD:
		return site_count(model) - 1;
	default:
		return first_in_blocks(model) + site.block * BLOCK_KINDS + (int)(site.kind - SITE_NORM1_CENTER);
	}
}

bool
site_find(const struct model *model, enum site_kind kind, int block, struct site *site)
{
	int count = site_count(model);

	for (int i = 0; i < count; i++) {
		struct site s = site_at(model, i);

		if (s.kind == kind && s.block == block) {
			*site = s;
			return true;
		}
	}
	return false;
}

const char *
site_kind_name(enum site_kind kind)
{
	const char *name = kinds[kind].name;

	return *name == '\0' ? "block" : *name == '.' ? name + 1 : name;
}

bool
site_matches(struct site site, const char *glob)
{
	char name[SITE_NAME_MAX];

	return fnmatch(glob, site_name(site, name), 0) == 0;
}

static int
set_shape(int dim[3], int dims, int a, int b, int c)
{
	dim[0] = a;
	dim[1] = b;
	dim[2] = c;
	return dims;
}

int
site_shape(const struct model *model, struct site site, int dim[3])
{
	bool of_layer = model->resnet && site.kind != SITE_HEAD;
	const struct layer *layer = of_layer ? &model->resnet->layer[resnet_index(model->resnet, site)] : NULL;

	if (layer && layer->width > 0)
		return set_shape(dim, 3, layer->height, layer->width, layer->channels);
	if (layer && layer->height > 0)
		return set_shape(dim, 2, layer->height, layer->channels, 1);
	if (layer)
		return set_shape(dim, 1, layer->channels, 1, 1);
	switch (kinds[site.kind].shape) {
	case TOKENS_WIDTH:
		return set_shape(dim, 2, model->tokens, model->width, 1);
	case TOKENS:
		return set_shape(dim, 1, model->tokens, 1, 1);
	case TOKENS_MLP:
		return set_shape(dim, 2, model->tokens, model->mlp_width, 1);
	case HEADS_TOKENS:
		return set_shape(dim, 2, model->heads, model->tokens, 1);
	case HEADS_TOKENS_TOKENS:
		return set_shape(dim, 3, model->heads, model->tokens, model->tokens);
	case PREFIX_WIDTH:
		return set_shape(dim, 2, model->prefix, model->width, 1);
	case CLASSES:
	default:
		return set_shape(dim, 1, model->classes, 1, 1);
	}
}

size_t
site_size(const struct model *model, struct site site)
{
	int dim[3];

	site_shape(model, site, dim);
	return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
}
