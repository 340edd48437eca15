/* The layers of a residual network: what reads what, and shapes. */
#include "model/graph_build.h"
#include "model/resnet/build.h"

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
	struct graph_builder g;
	const struct resnet_spec *spec;
};

static int
side_after(int side, const struct layer *layer)
{
	return (side + 2 * layer->padding - layer->kernel) / layer->stride + 1;
}

static int
add_window(struct builder *b, enum site_kind kind, enum layer_op op, int from, int kernel, int stride)
{
	int index = graph_add(&b->g, kind, op, from);
	struct layer *layer = graph_last(&b->g);

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

	graph_last(&b->g)->channels = channels;
	graph_last(&b->g)->groups = groups;
	return index;
}

static int
add_stem(struct builder *b)
{
	bool small = b->spec->small_stem;
	int first = small ? b->spec->widths[0] : 64, at;

	at = add_convolution(b, SITE_STEM_CONV, LAYER_INPUT, first, small ? 3 : 7, small ? 1 : 2, 1);
	at = graph_add(&b->g, SITE_STEM_RELU, LAYER_RELU, at);
	return small ? at : add_window(b, SITE_STEM_POOL, LAYER_MAX_POOL, at, 3, 2);
}

/* Three convolutions, of which the first strides, and a mean. */
static int
add_clip_stem(struct builder *b)
{
	int width = b->spec->widths[0], at;

	at = add_convolution(b, SITE_STEM_CONV1, LAYER_INPUT, width / 2, 3, 2, 1);
	at = graph_add(&b->g, SITE_STEM_RELU1, LAYER_RELU, at);
	at = add_convolution(b, SITE_STEM_CONV2, at, width / 2, 3, 1, 1);
	at = graph_add(&b->g, SITE_STEM_RELU2, LAYER_RELU, at);
	at = add_convolution(b, SITE_STEM_CONV3, at, width, 3, 1, 1);
	at = graph_add(&b->g, SITE_STEM_RELU3, LAYER_RELU, at);
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
		at = graph_add(&b->g, SITE_RELU1, LAYER_RELU, at);
		return add_convolution(b, SITE_CONV2, at, width, 3, 1, 1);
	}
	at = add_convolution(b, SITE_CONV1, from, inner, 1, 1, 1);
	at = graph_add(&b->g, SITE_RELU1, LAYER_RELU, at);
	at = add_convolution(b, SITE_CONV2, at, inner, 3, averages(b, stride) ? 1 : stride, s->groups);
	at = graph_add(&b->g, SITE_RELU2, LAYER_RELU, at);
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

	b->g.net->first[b->g.block] = b->g.net->layers;
	branch = add_branch(b, from, width, stride);
	if (stride != 1 || b->g.net->layer[from].channels != b->g.net->layer[branch].channels)
		shortcut = add_shortcut(b, from, b->g.net->layer[branch].channels, stride);
	sum = graph_add(&b->g, SITE_RESIDUAL, LAYER_RELU, branch);
	graph_last(&b->g)->from[1] = shortcut;
	b->g.net->end[b->g.block] = b->g.net->layers;
	return sum;
}

static int
add_attention_pool(struct builder *b, int from)
{
	struct graph_builder *g = &b->g;
	int channels = g->net->layer[from].channels, n = (int)layer_places(&g->net->layer[from]) + 1, x, q, k, v, at;

	g->net->first[++g->block] = g->net->layers;
	g->stage = SITE_ATTENTION_POOL;
	g->unit = 0;
	x = graph_add_rows(g, SITE_TOKENS, LAYER_TOKENS, from, LAYER_NOTHING, n, channels);
	q = graph_add_rows(g, SITE_Q, LAYER_LINEAR, x, LAYER_NOTHING, 0, channels);
	k = graph_add_rows(g, SITE_K, LAYER_LINEAR, x, LAYER_NOTHING, n, channels);
	v = graph_add_rows(g, SITE_V, LAYER_LINEAR, x, LAYER_NOTHING, n, channels);
	at = graph_add_attention(g, q, k, v, channels / b->spec->head_dim);
	g->net->end[g->block] = g->net->layers;
	return at;
}

static void
add_tail(struct builder *b, int from)
{
	struct graph_builder *g = &b->g;
	int at;

	if (b->spec->head_dim > 0) {
		graph_add_head(g, add_attention_pool(b, from));
		return;
	}
	g->block = -1;
	g->stage = g->unit = 0;
	at = graph_add_rows(g, SITE_POOL, LAYER_GLOBAL_POOL, from, LAYER_NOTHING, 0, g->net->layer[from].channels);
	graph_add_head(g, at);
}

static void
add_all(struct builder *b)
{
	int at = b->spec->head_dim > 0 ? add_clip_stem(b) : add_stem(b);

	for (int s = 0; s < b->spec->stages; s++)
		for (int i = 0; i < b->spec->blocks[s]; i++) {
			b->g.block++;
			b->g.stage = s + 1;
			b->g.unit = i;
			at = add_block(b, at, b->spec->widths[s], s > 0 && i == 0 ? 2 : 1);
		}
	add_tail(b, at);
}

struct graph *
resnet_build(const struct model *model, const struct resnet_spec *spec, struct arena *arena, struct status *st)
{
	struct graph *net = graph_new(arena, model->depth, 9 * model->depth + 16, st);
	struct builder b = {.g = {.model = model, .net = net, .block = -1}, .spec = spec};

	if (!net)
		return NULL;
	add_all(&b);
	return graph_finish(model, net, arena, st) ? net : NULL;
}
