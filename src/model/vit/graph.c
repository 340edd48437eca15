/* The layers of a pre-LN vision transformer (model/model.h). */
#include "model/graph_build.h"
#include "model/vit/weights.h"

/* Sites of the two LayerNorms of a block. */
struct norm_kinds {
	enum site_kind center, rsqrt, norm;
};

static const struct norm_kinds norm1 = {SITE_NORM1_CENTER, SITE_NORM1_RSQRT, SITE_NORM1},
			       norm2 = {SITE_NORM2_CENTER, SITE_NORM2_RSQRT, SITE_NORM2};

/* Of from + second. */
static int
add_norm(struct graph_builder *b, const struct norm_kinds *kinds, const struct norm *norm, int from, int second)
{
	int center = graph_add(b, kinds->center, LAYER_CENTER, from), rsqrt, at;

	graph_last(b)->from[1] = second;
	rsqrt = graph_add_rows(b, kinds->rsqrt, LAYER_RSQRT, center, LAYER_NOTHING, 0, (int)layer_places(&b->net->layer[center]));
	graph_last(b)->norm = norm;
	at = graph_add(b, kinds->norm, LAYER_NORMALISE, center);
	graph_last(b)->from[1] = rsqrt;
	return at;
}

static int
add_linear(struct graph_builder *b, enum site_kind kind, struct linear *weight, const struct norm *norm, int from)
{
	int index = graph_add(b, kind, LAYER_LINEAR, from);

	graph_last(b)->weight = weight;
	graph_last(b)->norm = norm;
	graph_last(b)->channels = weight->out;
	return index;
}

/* A third of the joined weight. */
static int
add_third(struct graph_builder *b, enum site_kind kind, struct vit_block *block, int third, int from)
{
	int index = add_linear(b, kind, &block->qkv, &block->norm1, from);

	graph_last(b)->channels = block->qkv.out / 3;
	graph_last(b)->first = third * graph_last(b)->channels;
	return index;
}

/* What fc2 reads. A gate is the second half of fc1's rows. */
static int
add_hidden(struct graph_builder *b, struct vit_block *block, int from)
{
	int width = block->fc2.in, at = add_linear(b, SITE_FC1, &block->fc1, &block->norm2, from), gate = LAYER_NOTHING;

	graph_last(b)->channels = width;
	if (block->fc1.out == 2 * width) {
		gate = add_linear(b, SITE_GATE, &block->fc1, &block->norm2, from);
		graph_last(b)->channels = graph_last(b)->first = width;
	}
	at = graph_add(b, SITE_ACT, LAYER_ACTIVATION, at);
	graph_last(b)->act = b->model->act;
	at = graph_add(b, SITE_ACT_OUT, LAYER_COPY, at);
	if (gate == LAYER_NOTHING)
		return at;
	at = graph_add(b, SITE_PRODUCT, LAYER_GATE, at);
	graph_last(b)->from[1] = gate;
	return at;
}

static int
add_block(struct graph_builder *b, struct vit_block *block, int x)
{
	int at = add_norm(b, &norm1, &block->norm1, x, LAYER_NOTHING), q, k, v, attn, mlp;

	q = add_third(b, SITE_Q, block, 0, at);
	k = add_third(b, SITE_K, block, 1, at);
	v = add_third(b, SITE_V, block, 2, at);
	at = graph_add_attention(b, q, k, v, b->model->heads);
	attn = add_linear(b, SITE_ATTN, &block->proj, NULL, at);
	at = add_norm(b, &norm2, &block->norm2, x, attn);
	at = add_hidden(b, block, at);
	mlp = add_linear(b, SITE_MLP, &block->fc2, NULL, at);
	at = graph_add(b, SITE_BLOCK, LAYER_ADD, x);
	graph_last(b)->from[1] = attn;
	graph_last(b)->from[2] = mlp;
	return at;
}

static int
add_embedding(struct graph_builder *b, struct model *model)
{
	int at = graph_add_rows(b, SITE_PATCH_EMBED, LAYER_EMBED, LAYER_INPUT, LAYER_NOTHING, model->tokens, model->width);

	graph_last(b)->weight = &model->patch;
	graph_last(b)->positions = model->positions;
	if (!model->has_norm_pre)
		return at;
	at = graph_add(b, SITE_NORM_PRE, LAYER_NORM, at);
	graph_last(b)->norm = &model->norm_pre;
	return at;
}

/* The last block: one query asks all tokens. */
static int
add_pool(struct graph_builder *b, struct model *model, int x)
{
	struct vit_pool *pool = model->pool;
	int at, q, k, v, attn, mlp;

	at = add_norm(b, &norm1, &model->norm, x, LAYER_NOTHING);
	q = graph_add_rows(b, SITE_Q, LAYER_QUERY, LAYER_INPUT, LAYER_NOTHING, 0, model->width);
	graph_last(b)->positions = pool->query;
	k = add_linear(b, SITE_K, &pool->kv, &model->norm, at);
	graph_last(b)->channels = model->width;
	v = add_linear(b, SITE_V, &pool->kv, &model->norm, at);
	graph_last(b)->channels = graph_last(b)->first = model->width;
	at = graph_add_attention(b, q, k, v, model->heads);
	attn = add_linear(b, SITE_ATTN, &pool->proj, NULL, at);
	at = add_norm(b, &norm2, &pool->norm, attn, LAYER_NOTHING);
	at = add_linear(b, SITE_FC1, &pool->fc1, &pool->norm, at);
	at = graph_add(b, SITE_ACT, LAYER_ACTIVATION, at);
	graph_last(b)->act = model->act;
	at = graph_add(b, SITE_ACT_OUT, LAYER_COPY, at);
	mlp = add_linear(b, SITE_MLP, &pool->fc2, NULL, at);
	at = graph_add(b, SITE_BLOCK, LAYER_ADD, attn);
	graph_last(b)->from[1] = mlp;
	return at;
}

/* What the head reads: what attention pooling gives, the prefix tokens, or twice the width when that includes the mean of the
 * patches. */
static int
add_tail(struct graph_builder *b, struct model *model, int from)
{
	bool mean = model->head.in == 2 * model->width;
	int at;

	if (model->pool) {
		b->net->first[++b->block] = b->net->layers;
		b->stage = SITE_ATTENTION_POOL;
		at = add_pool(b, model, from);
		b->net->end[b->block] = b->net->layers;
		return at;
	}
	b->block = -1;
	at = graph_add_rows(b, SITE_NORM, LAYER_NORM, from, LAYER_NOTHING, mean ? model->tokens : model->prefix, model->width);
	graph_last(b)->norm = &model->norm;
	if (!mean)
		return at;
	at = graph_add_rows(b, SITE_TOKEN_POOL, LAYER_TOKEN_POOL, at, LAYER_NOTHING, 0, model->head.in);
	graph_last(b)->first = model->prefix;
	return at;
}

struct graph *
vit_graph(struct model *model, struct arena *arena, struct status *st)
{
	struct graph *net = graph_new(arena, model->depth, model->depth * (BLOCK_PARTS + 2) + 5, st);
	struct graph_builder b = {.model = model, .net = net, .block = -1};
	int at;

	if (!net)
		return NULL;
	at = add_embedding(&b, model);
	for (int i = 0; i < model->depth - (model->pool ? 1 : 0); i++) {
		b.block = i;
		net->first[i] = net->layers;
		at = add_block(&b, &model->blocks[i], at);
		net->end[i] = net->layers;
	}
	graph_add_head(&b, add_tail(&b, model, at));
	return graph_finish(model, net, arena, st) ? net : NULL;
}
