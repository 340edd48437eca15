#include "model/site.h"

#include "model/graph.h"
#include "model/model.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

/* Names of sites in blocks are suffixes of "blocks.N" or "layerL.N". */
static const char *const names[SITE_KINDS] = {
    [SITE_PATCH_EMBED] = "patch_embed",
    [SITE_NORM_PRE] = "norm_pre",
    [SITE_NORM1_CENTER] = ".norm1.center",
    [SITE_NORM1_RSQRT] = ".norm1.rsqrt",
    [SITE_NORM1] = ".norm1",
    [SITE_Q] = ".attn.q",
    [SITE_K] = ".attn.k",
    [SITE_V] = ".attn.v",
    [SITE_QK] = ".attn.qk",
    [SITE_EXP] = ".attn.softmax.exp",
    [SITE_RECIPROCAL] = ".attn.softmax.reciprocal",
    [SITE_SOFTMAX] = ".attn.softmax",
    [SITE_AV] = ".attn.av",
    [SITE_ATTN] = ".attn",
    [SITE_NORM2_CENTER] = ".norm2.center",
    [SITE_NORM2_RSQRT] = ".norm2.rsqrt",
    [SITE_NORM2] = ".norm2",
    [SITE_FC1] = ".mlp.fc1",
    [SITE_ACT] = ".mlp.act",
    [SITE_ACT_OUT] = ".mlp.act.out",
    [SITE_MLP] = ".mlp",
    [SITE_BLOCK] = "",
    [SITE_NORM] = "norm",
    [SITE_HEAD] = "head",
    [SITE_STEM_CONV] = "conv1",
    [SITE_STEM_RELU] = "relu",
    [SITE_STEM_POOL] = "maxpool",
    [SITE_STEM_CONV1] = "conv1",
    [SITE_STEM_RELU1] = "relu1",
    [SITE_STEM_CONV2] = "conv2",
    [SITE_STEM_RELU2] = "relu2",
    [SITE_STEM_CONV3] = "conv3",
    [SITE_STEM_RELU3] = "relu3",
    [SITE_STEM_AVERAGE] = "avgpool",
    [SITE_CONV1] = ".conv1",
    [SITE_RELU1] = ".relu1",
    [SITE_CONV2] = ".conv2",
    [SITE_RELU2] = ".relu2",
    [SITE_AVERAGE] = ".avgpool",
    [SITE_CONV3] = ".conv3",
    [SITE_SHORTCUT_AVERAGE] = ".downsample.avgpool",
    [SITE_SHORTCUT] = ".downsample",
    [SITE_RESIDUAL] = "",
    [SITE_TOKENS] = ".tokens",
    [SITE_POOL] = "pool",
    [SITE_GATE] = ".mlp.gate",
    [SITE_PRODUCT] = ".mlp.product",
    [SITE_TOKEN_POOL] = "token_pool",
};

bool
site_in_block(enum site_kind kind)
{
	return (kind >= SITE_NORM1_CENTER && kind <= SITE_BLOCK) || (kind >= SITE_CONV1 && kind <= SITE_TOKENS) ||
	       kind == SITE_GATE || kind == SITE_PRODUCT;
}

struct site
site_of_block(const struct model *model, int block)
{
	return model->graph->layer[model->graph->end[block] - 1].site;
}

bool
site_is_block(const struct model *model, struct site site)
{
	return site.block >= 0 && site_of_block(model, site.block).kind == site.kind;
}

bool
site_is_stepped(enum site_kind kind)
{
	return site_in_block(kind) || (kind > SITE_HEAD && kind != SITE_TOKEN_POOL);
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
	const char *part = names[site.kind];

	if (site_pools(site)) /* ".attn.q" becomes "attnpool.q" */
		snprintf(out, SITE_NAME_MAX, "attnpool%s", strncmp(part, ".attn.", 6) == 0 ? part + strlen(".attn") : part);
	else if (site.stage > 0)
		snprintf(out, SITE_NAME_MAX, "layer%d.%d%s", site.stage, site.unit, names[site.kind]);
	else if (site_in_block(site.kind))
		snprintf(out, SITE_NAME_MAX, "blocks.%d%s", site.block, names[site.kind]);
	else
		snprintf(out, SITE_NAME_MAX, "%s", names[site.kind]);
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

int
site_count(const struct model *model)
{
	return model->graph->layers;
}

struct site
site_at(const struct model *model, int index)
{
	return model->graph->layer[index].site;
}

int
site_index(const struct model *model, struct site site)
{
	return graph_index(model->graph, site);
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
	const char *name = names[kind];

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
	const struct layer *layer = site_layer(model, site);

	if (layer->op == LAYER_HEAD)
		return set_shape(dim, 1, model->classes, 1, 1);
	if (layer->width > 0)
		return set_shape(dim, 3, layer->height, layer->width, layer->channels);
	if (layer->height > 0)
		return set_shape(dim, 2, layer->height, layer->channels, 1);
	return set_shape(dim, 1, layer->channels, 1, 1);
}

size_t
site_size(const struct model *model, struct site site)
{
	int dim[3];

	site_shape(model, site, dim);
	return (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2];
}
