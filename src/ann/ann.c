#include "ann/ann.h"

#include "ann/layers.h"
#include "ann/network.h"
#include "kernels/rows.h"

#include <string.h>

/* 4 GB of attention scores; also keeps rows and sizes within int. */
#define SCORES_MAX (double)(1 << 30)

static op_apply *const op_table[LAYER_OPS] = {
    [LAYER_EMBED] = op_embed,
    [LAYER_NORM] = op_norm,
    [LAYER_CENTER] = op_center,
    [LAYER_RSQRT] = op_rsqrt,
    [LAYER_NORMALISE] = op_normalise,
    [LAYER_LINEAR] = op_linear,
    [LAYER_QUERY] = op_query,
    [LAYER_SCORES] = op_scores,
    [LAYER_EXP] = op_exp,
    [LAYER_RECIPROCAL] = op_reciprocal,
    [LAYER_PROBABILITY] = op_probability,
    [LAYER_MIX] = op_mix,
    [LAYER_ACTIVATION] = op_activation,
    [LAYER_GATE] = op_gate,
    [LAYER_COPY] = op_copy,
    [LAYER_ADD] = op_add,
    [LAYER_CONVOLUTION] = op_convolution,
    [LAYER_RELU] = op_relu,
    [LAYER_MAX_POOL] = op_max_pool,
    [LAYER_AVERAGE_POOL] = op_average_pool,
    [LAYER_GLOBAL_POOL] = op_global_pool,
    [LAYER_TOKENS] = op_tokens,
    [LAYER_TOKEN_POOL] = op_token_pool,
    [LAYER_HEAD] = op_head,
};

static size_t
picture_size(const struct model *model)
{
	return (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
}

static int
greater_of(int a, int b)
{
	return a > b ? a : b;
}

static struct attention_shape
most_of_attention(const struct graph *net)
{
	struct attention_shape most = {0};

	for (int b = 0; b < net->blocks; b++) {
		struct attention_shape a = graph_attention(net, b);

		most.heads = greater_of(most.heads, a.heads);
		most.head_dim = greater_of(most.head_dim, a.head_dim);
		most.queries = greater_of(most.queries, a.queries);
		most.tokens = greater_of(most.tokens, a.tokens);
	}
	return most;
}

static bool
find_fast_blocks(struct ann *a)
{
	const struct graph *net = a->model->graph;
	bool any = false;

	if (!(a->fast = arena_alloc(a->arena, (size_t)net->blocks * sizeof(*a->fast))))
		return false;
	for (int b = 0; b < net->blocks; b++)
		any |= a->fast[b] = graph_is_block(net, net->first[b]);
	return !any || (a->block = block_scratch_new(a->model, a->batch, a->arena));
}

static bool
make_scratch(struct ann *a)
{
	const struct graph *net = a->model->graph;
	size_t n = (size_t)a->batch;

	a->linear_size = linear_scratch(net);
	a->received_size = received_size(net);

	a->slot = arena_alloc(a->arena, (size_t)net->slots * sizeof(*a->slot));
	for (int i = 0; a->slot && i < net->slots; i++)
		if (!(a->slot[i] = arena_floats(a->arena, n * net->slot_size[i])))
			return false;
	a->window = arena_floats(a->arena, n * layer_scratch(net));
	a->picture = arena_floats(a->arena, n * picture_size(a->model));
	a->operand = arena_floats(a->arena, n * a->linear_size);
	a->joined = arena_floats(a->arena, n * a->linear_size);
	a->heads = arena_floats(a->arena, n * (size_t)a->most.heads * head_scratch(a->most.tokens, a->most.head_dim));
	a->received = arena_floats(a->arena, n * a->received_size);
	return a->slot && a->window && a->picture && a->operand && a->joined && a->heads && a->received && find_fast_blocks(a);
}

struct ann *
ann_new(const struct model *model, int batch, struct status *st)
{
	struct attention_shape most = most_of_attention(model->graph);
	double scores = (double)batch * most.heads * most.queries * most.tokens;
	struct arena *arena;
	struct ann *a;

	if (batch < 1 || scores > SCORES_MAX) {
		status_fail(st, STATUS_FAILED,
			    "%d pictures of %d tokens at once are impossible (%.3g attention scores); take fewer", batch,
			    most.tokens, scores);
		return NULL;
	}
	arena = arena_new();
	a = arena ? arena_alloc(arena, sizeof(*a)) : NULL;
	if (a) {
		*a = (struct ann){.model = model, .arena = arena, .batch = batch, .most = most};
		if (make_scratch(a))
			return a;
	}
	arena_free(arena);
	status_nomem(st, "the reference network");
	return NULL;
}

void
ann_free(struct ann *ann)
{
	if (ann)
		arena_free(ann->arena); /* holds ann itself */
}

const struct model *
ann_model(const struct ann *ann)
{
	return ann->model;
}

float *
layer_values(const struct pass *p, const struct layer *layer, int i)
{
	if (layer->op == LAYER_HEAD)
		return p->logits + (size_t)(p->first + i) * (size_t)p->model->classes;
	return p->ann->slot[layer->slot] + (size_t)p->first * p->net->slot_size[layer->slot] + (size_t)i * layer_size(layer);
}

float *
read_values(const struct pass *p, const struct layer *layer, int which, int i)
{
	return layer_values(p, &p->net->layer[layer->from[which]], i);
}

void
read_sum(const struct pass *p, const struct layer *layer, int i, float *y)
{
	size_t size = layer_size(layer);

	memcpy(y, read_values(p, layer, 0, i), size * sizeof(*y));
	for (int r = 1; r < LAYER_READS && layer->from[r] >= 0; r++)
		rows_add(y, 1, (int)size, read_values(p, layer, r, i));
}

/* Layer by layer, each seen by the observer. */
static void
run_observed(const struct pass *p, const struct ann_observer *observer)
{
	for (int l = 0; l < p->net->layers; l++) {
		const struct layer *layer = &p->net->layer[l];

		op_table[layer->op](p, layer);
		observer->see(observer->ctx, layer->site, p->pictures, layer_received(p, layer), layer_values(p, layer, 0));
	}
}

static void
run_picture(const struct pass *p)
{
	int block = 0;

	for (int l = 0; l < p->net->layers;) {
		while (block < p->net->blocks && p->net->end[block] <= l)
			block++;
		if (block < p->net->blocks && p->net->first[block] == l && p->ann->fast[block]) {
			block_forward(p, l);
			l = p->net->end[block];
		} else {
			op_table[p->net->layer[l].op](p, &p->net->layer[l]);
			l++;
		}
	}
}

/* One thread a picture: the products of one are too small to share well. */
static void
run_pictures(const struct pass *all)
{
#pragma omp parallel for schedule(dynamic) if (all->pictures > 1)
	for (int i = 0; i < all->pictures; i++) {
		struct pass p = *all;

		p.first = i;
		p.pictures = 1;
		run_picture(&p);
	}
}

bool
ann_forward(struct ann *ann, const float *pixels, int pictures, float *logits, const struct ann_observer *observer,
	    struct status *st)
{
	struct pass p = {ann, ann->model->graph, ann->model, pixels, logits, 0, pictures};

	if (pictures < 1 || pictures > ann->batch)
		return status_fail(st, STATUS_FAILED, "%d pictures at once; there is room for 1 to %d", pictures, ann->batch);
	if (observer)
		run_observed(&p, observer);
	else
		run_pictures(&p);
	return true;
}
