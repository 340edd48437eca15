/* The layers of a residual network: what reads what, and shapes. */
#include "model/resnet/resnet.h"

#include "model/resnet/build.h"

#include <stdlib.h>

/* 1 GB of one layer's values; also keeps sizes within int. */
enum { LAYER_SIZE_MAX = 1 << 28 };

int
resnet_index(const struct resnet *net, struct site site)
{
	int i = site.block >= 0 ? net->first[site.block] : 0;

	while (i < net->layers - 1 && (net->layer[i].site.kind != site.kind || net->layer[i].site.block != site.block))
		i++;
	return i;
}

const struct layer *
layer_source(const struct resnet *net, const struct layer *layer)
{
	return layer->from[0] == LAYER_PICTURE ? NULL : &net->layer[layer->from[0]];
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
resnet_depth(const struct resnet *net)
{
	int count = 0;

	for (int i = 0; i < net->layers; i++)
		count += net->layer[i].op == LAYER_LINEAR ||
			 (net->layer[i].op == LAYER_CONVOLUTION && net->layer[i].site.kind != SITE_SHORTCUT);
	return count;
}

int
resnet_blocks(const struct resnet_spec *spec)
{
	int count = spec->head_dim > 0; /* attention pooling */

	for (int i = 0; i < spec->stages; i++)
		count += spec->blocks[i];
	return count;
}

/* The list as it grows. */
struct builder {
	const struct model *model;
	const struct resnet_spec *spec;
	struct arena *arena;
	struct resnet *net;
	int stage, unit, block; /* of the sites that are added; block -1: outside */
};

static struct layer *
last(const struct builder *b)
{
	return &b->net->layer[b->net->layers - 1];
}

static int
side_after(int side, const struct layer *layer)
{
	return (side + 2 * layer->padding - layer->kernel) / layer->stride + 1;
}

/* Adds a layer that reads `from`; its shape is yet that. Returns its index. */
static int
add(struct builder *b, enum site_kind kind, enum layer_op op, int from)
{
	const struct layer *source = from == LAYER_PICTURE ? NULL : &b->net->layer[from];
	int side = b->model->image_size;

	b->net->layer[b->net->layers] = (struct layer){
	    .site = {kind, b->block, b->stage, b->unit},
	    .op = op,
	    .from = {from, LAYER_NOTHING},
	    .height = source ? source->height : side,
	    .width = source ? source->width : side,
	    .channels = source ? source->channels : b->model->channels,
	    .groups = 1,
	};
	return b->net->layers++;
}

static int
add_window(struct builder *b, enum site_kind kind, enum layer_op op, int from, int kernel, int stride)
{
	int index = add(b, kind, op, from);
	struct layer *layer = last(b);

	layer->kernel = kernel;
	layer->stride = stride;
	layer->padding = op == LAYER_AVERAGE_POOL ? 0 : kernel / 2;
	layer->height = side_after(layer->height, layer);
	layer->width = side_after(layer->width, layer);
	return index;
}

static int
add_convolution(struct builder *b, enum site_kind kind, int from, int channels, int kernel, int stride, int groups)
{
	int index = add_window(b, kind, LAYER_CONVOLUTION, from, kernel, stride);

	last(b)->channels = channels;
	last(b)->groups = groups;
	return index;
}

static int
add_stem(struct builder *b)
{
	bool small = b->spec->small_stem;
	int first = small ? b->spec->widths[0] : 64, at;

	at = add_convolution(b, SITE_STEM_CONV, LAYER_PICTURE, first, small ? 3 : 7, small ? 1 : 2, 1);
	at = add(b, SITE_STEM_RELU, LAYER_RELU, at);
	return small ? at : add_window(b, SITE_STEM_POOL, LAYER_MAX_POOL, at, 3, 2);
}

/* Three convolutions, of which the first strides, and a mean. */
static int
add_clip_stem(struct builder *b)
{
	int width = b->spec->widths[0], at;

	at = add_convolution(b, SITE_STEM_CONV1, LAYER_PICTURE, width / 2, 3, 2, 1);
	at = add(b, SITE_STEM_RELU1, LAYER_RELU, at);
	at = add_convolution(b, SITE_STEM_CONV2, at, width / 2, 3, 1, 1);
	at = add(b, SITE_STEM_RELU2, LAYER_RELU, at);
	at = add_convolution(b, SITE_STEM_CONV3, at, width, 3, 1, 1);
	at = add(b, SITE_STEM_RELU3, LAYER_RELU, at);
	return add_window(b, SITE_STEM_AVERAGE, LAYER_AVERAGE_POOL, at, 2, 2);
}

/* In CLIP's networks means take the place of strides. */
static bool
averages(const struct builder *b, int stride)
{
	return b->spec->head_dim > 0 && stride > 1;
}

static int
add_branch(struct builder *b, int from, int width, int stride)
{
	const struct resnet_spec *s = b->spec;
	int inner = width * s->width_per_group / 64 * s->groups, at;

	if (!s->bottleneck) {
		at = add_convolution(b, SITE_CONV1, from, width, 3, stride, 1);
		at = add(b, SITE_RELU1, LAYER_RELU, at);
		return add_convolution(b, SITE_CONV2, at, width, 3, 1, 1);
	}
	at = add_convolution(b, SITE_CONV1, from, inner, 1, 1, 1);
	at = add(b, SITE_RELU1, LAYER_RELU, at);
	at = add_convolution(b, SITE_CONV2, at, inner, 3, averages(b, stride) ? 1 : stride, s->groups);
	at = add(b, SITE_RELU2, LAYER_RELU, at);
	if (averages(b, stride))
		at = add_window(b, SITE_AVERAGE, LAYER_AVERAGE_POOL, at, stride, stride);
	return add_convolution(b, SITE_CONV3, at, RESNET_EXPANSION * width, 1, 1, 1);
}

static int
add_shortcut(struct builder *b, int from, int channels, int stride)
{
	if (averages(b, stride)) {
		from = add_window(b, SITE_SHORTCUT_AVERAGE, LAYER_AVERAGE_POOL, from, stride, stride);
		stride = 1;
	}
	return add_convolution(b, SITE_SHORTCUT, from, channels, 1, stride, 1);
}

static int
add_block(struct builder *b, int from, int width, int stride)
{
	int branch, shortcut = from, sum;

	b->net->first[b->block] = b->net->layers;
	branch = add_branch(b, from, width, stride);
	if (stride != 1 || b->net->layer[from].channels != b->net->layer[branch].channels)
		shortcut = add_shortcut(b, from, b->net->layer[branch].channels, stride);
	sum = add(b, SITE_RESIDUAL, LAYER_RELU, branch);
	last(b)->from[1] = shortcut;
	b->net->end[b->block] = b->net->layers;
	return sum;
}

/* [height, channels], or [channels] when height is 0; second: LAYER_NOTHING, or what it reads too. */
static int
add_rows(struct builder *b, enum site_kind kind, enum layer_op op, int from, int second, int height, int channels)
{
	int index = add(b, kind, op, from);

	last(b)->from[1] = second;
	last(b)->height = height;
	last(b)->width = 0;
	last(b)->channels = channels;
	return index;
}

static int
add_attention_pool(struct builder *b, int from)
{
	const struct layer *places = &b->net->layer[from];
	struct resnet *net = b->net;
	int channels = places->channels, n = (int)layer_places(places) + 1, x, q, k, v, at, e, sum;

	net->tokens = n;
	net->head_dim = b->spec->head_dim;
	net->heads = channels / net->head_dim;
	net->first[++b->block] = net->layers;
	b->stage = SITE_ATTENTION_POOL;
	b->unit = 0;
	x = add_rows(b, SITE_TOKENS, LAYER_TOKENS, from, LAYER_NOTHING, n, channels);
	q = add_rows(b, SITE_Q, LAYER_PROJECTION, x, LAYER_NOTHING, 0, channels);
	k = add_rows(b, SITE_K, LAYER_PROJECTION, x, LAYER_NOTHING, n, channels);
	v = add_rows(b, SITE_V, LAYER_PROJECTION, x, LAYER_NOTHING, n, channels);
	at = add_rows(b, SITE_QK, LAYER_SCORES, q, k, net->heads, n);
	e = add_rows(b, SITE_EXP, LAYER_EXP, at, LAYER_NOTHING, net->heads, n);
	sum = add_rows(b, SITE_RECIPROCAL, LAYER_RECIPROCAL, e, LAYER_NOTHING, 0, net->heads);
	at = add_rows(b, SITE_SOFTMAX, LAYER_PROBABILITY, e, sum, net->heads, n);
	at = add_rows(b, SITE_AV, LAYER_MIX, at, v, 0, channels);
	net->end[b->block] = net->layers;
	return at;
}

static void
add_tail(struct builder *b, int from)
{
	int at = from;

	if (b->spec->head_dim > 0)
		at = add_attention_pool(b, from);
	b->block = -1;
	b->stage = b->unit = 0;
	if (b->spec->head_dim == 0)
		at = add_rows(b, SITE_POOL, LAYER_GLOBAL_POOL, from, LAYER_NOTHING, 0, b->net->layer[from].channels);
	add(b, SITE_HEAD, LAYER_LINEAR, at);
	last(b)->height = last(b)->width = last(b)->channels = 0; /* as many as the model has classes */
}

static void
add_all(struct builder *b)
{
	int at = b->spec->head_dim > 0 ? add_clip_stem(b) : add_stem(b);

	for (int s = 0; s < b->spec->stages; s++)
		for (int i = 0; i < b->spec->blocks[s]; i++) {
			b->block++;
			b->stage = s + 1;
			b->unit = i;
			at = add_block(b, at, b->spec->widths[s], s > 0 && i == 0 ? 2 : 1);
		}
	add_tail(b, at);
}

static int
last_reader(const struct resnet *net, int index)
{
	int reader = index;

	for (int i = index + 1; i < net->layers; i++)
		if (net->layer[i].from[0] == index || net->layer[i].from[1] == index)
			reader = i;
	return reader;
}

/* A layer takes the first slot that nobody reads any more. */
static bool
give_slots(struct resnet *net)
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
	return busy_until != NULL;
}

static bool
measure(const struct model *model, struct resnet *net, struct status *st)
{
	for (int i = 0; i < net->layers; i++) {
		const struct layer *layer = &net->layer[i], *source = layer_source(net, layer);
		double size = (double)layer_places(layer) * layer->channels;
		size_t patch =
		    (size_t)layer->kernel * (size_t)layer->kernel * (size_t)(source ? source->channels : model->channels);

		if (size > LAYER_SIZE_MAX)
			return status_fail(st, STATUS_DATA, "%s: a layer of %.3g values is impossible; take smaller pictures",
					   model->path, size);
		net->slot_size = layer_size(layer) > net->slot_size ? layer_size(layer) : net->slot_size;
		if (layer->op == LAYER_CONVOLUTION && patch > net->patch_size)
			net->patch_size = patch;
	}
	return true;
}

struct resnet *
resnet_build(const struct model *model, const struct resnet_spec *spec, struct arena *arena, struct status *st)
{
	struct resnet *net = arena_alloc(arena, sizeof(*net));
	struct builder b = {.model = model, .spec = spec, .arena = arena, .net = net, .block = -1};
	size_t depth = (size_t)model->depth;

	if (!net || !(net->layer = arena_alloc(arena, (9 * depth + 16) * sizeof(*net->layer))) ||
	    !(net->first = arena_alloc(arena, depth * sizeof(*net->first))) ||
	    !(net->end = arena_alloc(arena, depth * sizeof(*net->end)))) {
		status_nomem(st, "layers");
		return NULL;
	}
	add_all(&b);
	if (!give_slots(net)) {
		status_nomem(st, "layers");
		return NULL;
	}
	return measure(model, net, st) ? net : NULL;
}
