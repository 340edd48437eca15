#include "model/graph.h"

#include "model/graph_build.h"

#include <stdlib.h>

/* 1 GB of one layer's values; also keeps sizes within int. */
enum { LAYER_SIZE_MAX = 1 << 28 };

int
graph_index(const struct graph *net, struct site site)
{
	int i = site.block >= 0 ? net->first[site.block] : 0;

	while (i < net->layers - 1 && (net->layer[i].site.kind != site.kind || net->layer[i].site.block != site.block))
		i = site.block < 0 && i + 1 == net->first[0] ? net->end[net->blocks - 1] : i + 1;
	return i;
}

const struct layer *
site_layer(const struct model *model, struct site site)
{
	return &model->graph->layer[graph_index(model->graph, site)];
}

const struct layer *
layer_source(const struct graph *net, const struct layer *layer)
{
	return layer->from[0] == LAYER_INPUT ? NULL : &net->layer[layer->from[0]];
}

bool
layer_reads(const struct layer *layer, int index)
{
	for (int i = 0; i < LAYER_READS; i++)
		if (layer->from[i] == index)
			return true;
	return false;
}

size_t
layer_places(const struct layer *layer)
{
	return (layer->height > 0 ? (size_t)layer->height : 1) * (layer->width > 0 ? (size_t)layer->width : 1);
}

size_t
layer_size(const struct layer *layer)
{
	return layer_places(layer) * (size_t)layer->channels;
}

int
layer_normalised(const struct graph *net, int center)
{
	int i = center + 1;

	while (net->layer[i].op != LAYER_NORMALISE || net->layer[i].from[0] != center)
		i++;
	return i;
}

bool
layer_is_spatial(const struct layer *layer)
{
	switch (layer->op) {
	case LAYER_CONVOLUTION:
	case LAYER_RELU:
	case LAYER_MAX_POOL:
	case LAYER_AVERAGE_POOL:
	case LAYER_GLOBAL_POOL:
	case LAYER_TOKENS:
		return true;
	default:
		return false;
	}
}

int
graph_weight_layers(const struct graph *net)
{
	int count = 0;

	for (int i = 0; i < net->layers; i++)
		count += net->layer[i].op == LAYER_HEAD ||
			 (net->layer[i].op == LAYER_CONVOLUTION && net->layer[i].site.kind != SITE_SHORTCUT);
	return count;
}

struct attention_shape
graph_attention(const struct graph *net, int block)
{
	for (int i = block >= 0 ? net->first[block] : 0; block >= 0 && i < net->end[block]; i++) {
		const struct layer *scores = &net->layer[i];

		if (scores->op == LAYER_SCORES)
			return (struct attention_shape){.heads = scores->heads,
							.head_dim = net->layer[scores->from[0]].channels / scores->heads,
							.queries = scores->width > 0 ? scores->width : 1,
							.tokens = scores->channels};
	}
	return (struct attention_shape){0};
}

struct attention_shape
graph_maps(const struct model *model)
{
	const struct graph *net = model->graph;

	for (int b = 0; b < net->blocks; b++) {
		struct attention_shape a = graph_attention(net, b);

		if (a.queries > 1)
			return a;
	}
	return (struct attention_shape){0};
}

bool
graph_has(const struct graph *net, enum layer_op op)
{
	for (int i = 0; i < net->layers; i++)
		if (net->layer[i].op == op)
			return true;
	return false;
}

enum activation
graph_activation(const struct graph *net)
{
	for (int i = 0; i < net->layers; i++)
		if (net->layer[i].op == LAYER_ACTIVATION)
			return net->layer[i].act;
	return ACT_RELU;
}

struct patch_grid
graph_patches(const struct model *model)
{
	if (!graph_has(model->graph, LAYER_EMBED))
		return (struct patch_grid){0};
	return (struct patch_grid){model->prefix, model->image_size / model->patch_size, model->patch_size};
}

bool
graph_is_block(const struct graph *net, int first)
{
	static const enum layer_op part[BLOCK_PARTS] = {
	    [PART_CENTER1] = LAYER_CENTER,
	    [PART_RSQRT1] = LAYER_RSQRT,
	    [PART_NORMALISE1] = LAYER_NORMALISE,
	    [PART_Q] = LAYER_LINEAR,
	    [PART_K] = LAYER_LINEAR,
	    [PART_V] = LAYER_LINEAR,
	    [PART_SCORES] = LAYER_SCORES,
	    [PART_EXP] = LAYER_EXP,
	    [PART_RECIPROCAL] = LAYER_RECIPROCAL,
	    [PART_PROBABILITY] = LAYER_PROBABILITY,
	    [PART_MIX] = LAYER_MIX,
	    [PART_PROJECTION] = LAYER_LINEAR,
	    [PART_CENTER2] = LAYER_CENTER,
	    [PART_RSQRT2] = LAYER_RSQRT,
	    [PART_NORMALISE2] = LAYER_NORMALISE,
	    [PART_FC1] = LAYER_LINEAR,
	    [PART_ACTIVATION] = LAYER_ACTIVATION,
	    [PART_COPY] = LAYER_COPY,
	    [PART_FC2] = LAYER_LINEAR,
	    [PART_ADD] = LAYER_ADD,
	};

	if (first + BLOCK_PARTS > net->layers)
		return false;
	for (int i = 0; i < BLOCK_PARTS; i++)
		if (net->layer[first + i].op != part[i])
			return false;
	return net->layer[first + PART_Q].weight == net->layer[first + PART_V].weight;
}

/* --- building ------------------------------------------------------------- */

int
graph_add(struct graph_builder *b, enum site_kind kind, enum layer_op op, int from)
{
	const struct layer *source = from == LAYER_INPUT ? NULL : &b->net->layer[from];
	int side = b->model->image_size;

	b->net->layer[b->net->layers] = (struct layer){
	    .site = {kind, b->block, b->stage, b->unit},
	    .op = op,
	    .from = {from, LAYER_NOTHING, LAYER_NOTHING},
	    .height = source ? source->height : side,
	    .width = source ? source->width : side,
	    .channels = source ? source->channels : b->model->channels,
	    .groups = 1,
	};
	return b->net->layers++;
}

struct layer *
graph_last(const struct graph_builder *b)
{
	return &b->net->layer[b->net->layers - 1];
}

int
graph_add_rows(struct graph_builder *b, enum site_kind kind, enum layer_op op, int from, int second, int height, int channels)
{
	int index = graph_add(b, kind, op, from);

	graph_last(b)->from[1] = second;
	graph_last(b)->height = height;
	graph_last(b)->width = 0;
	graph_last(b)->channels = channels;
	return index;
}

/* [heads, queries, columns], without dimensions that are 1 for a single query. */
static int
add_map(struct graph_builder *b, enum site_kind kind, enum layer_op op, int from, int second, int heads, int queries)
{
	int index = graph_add(b, kind, op, from);
	struct layer *map = graph_last(b);

	map->from[1] = second;
	map->heads = heads;
	if (op == LAYER_RECIPROCAL) {
		map->height = queries > 0 ? heads : 0;
		map->width = 0;
		map->channels = queries > 0 ? queries : heads;
	} else {
		map->height = heads;
		map->width = queries;
	}
	return index;
}

int
graph_add_attention(struct graph_builder *b, int q, int k, int v, int heads)
{
	int queries = b->net->layer[q].height, tokens = b->net->layer[k].height, at, e, sum;

	at = add_map(b, SITE_QK, LAYER_SCORES, q, k, heads, queries);
	graph_last(b)->channels = tokens;
	e = add_map(b, SITE_EXP, LAYER_EXP, at, LAYER_NOTHING, heads, queries);
	sum = add_map(b, SITE_RECIPROCAL, LAYER_RECIPROCAL, e, LAYER_NOTHING, heads, queries);
	at = add_map(b, SITE_SOFTMAX, LAYER_PROBABILITY, e, sum, heads, queries);
	at = graph_add_rows(b, SITE_AV, LAYER_MIX, at, v, queries, b->net->layer[v].channels);
	graph_last(b)->heads = heads;
	return at;
}

void
graph_add_head(struct graph_builder *b, int from)
{
	b->block = -1;
	b->stage = b->unit = 0;
	graph_add(b, SITE_HEAD, LAYER_HEAD, from);
	graph_last(b)->height = graph_last(b)->width = graph_last(b)->channels = 0;
}

struct graph *
graph_new(struct arena *arena, int depth, int layers, struct status *st)
{
	struct graph *net = arena_alloc(arena, sizeof(*net));

	if (net)
		net->blocks = depth;
	if (net && (net->layer = arena_alloc(arena, (size_t)layers * sizeof(*net->layer))) &&
	    (net->first = arena_alloc(arena, (size_t)depth * sizeof(*net->first))) &&
	    (net->end = arena_alloc(arena, (size_t)depth * sizeof(*net->end))))
		return net;
	status_nomem(st, "layers");
	return NULL;
}

static int
last_reader(const struct graph *net, int index)
{
	int reader = index;

	for (int i = index + 1; i < net->layers; i++)
		if (layer_reads(&net->layer[i], index))
			reader = i;
	return reader;
}

/* A layer takes the first slot that nobody reads any more. */
static bool
give_slots(struct graph *net, struct arena *arena)
{
	int *busy_until = calloc((size_t)net->layers, sizeof(*busy_until));

	for (int i = 0; busy_until && i < net->layers; i++) {
		int slot = 0;

		while (slot < net->slots && busy_until[slot] >= i)
			slot++;
		net->slots = slot < net->slots ? net->slots : slot + 1;
		net->layer[i].slot = slot;
		busy_until[slot] = last_reader(net, i);
	}
	free(busy_until);
	return busy_until && (net->slot_size = arena_alloc(arena, (size_t)net->slots * sizeof(*net->slot_size)));
}

static void
raise_to(size_t *most, size_t n)
{
	*most = n > *most ? n : *most;
}

static bool
measure(const struct model *model, struct graph *net, struct status *st)
{
	for (int i = 0; i < net->layers; i++) {
		const struct layer *layer = &net->layer[i], *source = layer_source(net, layer);
		double size = (double)layer_places(layer) * layer->channels;
		size_t patch =
		    (size_t)layer->kernel * (size_t)layer->kernel * (size_t)(source ? source->channels : model->channels);

		if (size > LAYER_SIZE_MAX)
			return status_fail(st, STATUS_DATA, "%s: a layer of %.3g values is impossible; take smaller pictures",
					   model->path, size);
		raise_to(&net->largest, layer_size(layer));
		raise_to(&net->slot_size[layer->slot], layer_size(layer));
		if (layer->op == LAYER_CONVOLUTION)
			raise_to(&net->patch_size, patch);
	}
	return true;
}

bool
graph_finish(const struct model *model, struct graph *net, struct arena *arena, struct status *st)
{
	if (!give_slots(net, arena))
		return status_nomem(st, "layers");
	return measure(model, net, st);
}
