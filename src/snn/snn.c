#include "snn/snn.h"

#include "snn/network.h"

#include <stdlib.h>
#include <string.h>

/* The state is one block of memory. It is laid out twice by the same code: first
 * with no memory, to learn its size, then for good. */
struct carve {
	char *base; /* NULL in the first pass */
	size_t used;
};

static void *
carve(struct carve *c, size_t bytes)
{
	char *at = c->base ? c->base + c->used : NULL;

	c->used += (bytes + 63) / 64 * 64;
	return at;
}

static float *
carve_floats(struct carve *c, size_t n)
{
	return carve(c, n * sizeof(float));
}

float
snn_scale(const struct snn *snn)
{
	return snn->plan->mean_decoded ? (float)*snn->t : 1;
}

float
snn_constant(const struct snn *snn)
{
	return snn->plan->mean_decoded || *snn->t == 1 ? 1 : 0;
}

static void
node_shape(const struct vit *vit, struct site site, struct node *node)
{
	int dim[3], dims = site_shape(vit, site, dim);

	node->size = site_size(vit, site);
	node->columns = dim[dims - 1];
	node->rows = (int)(node->size / (size_t)node->columns);
}

static void
node_layout(struct node *node, enum site_kind kind, struct carve *state)
{
	size_t sides = node->plan->split ? 2 : 1;

	node->total = carve_floats(state, node->size);
	node->sent = carve_floats(state, node->size);
	node->step = carve(state, sizeof(*node->step));
	node->all = carve(state, sizeof(*node->all));
	node->alarms = carve(state, sizeof(*node->alarms));
	if (node->plan->mode != FUNCTION_MODE_NONE) {
		if (group_state_size(&node->group) > 0) {
			node->group.m = carve(state, group_state_size(&node->group));
			node->group.common = carve(state, group_common_size(&node->group));
		}
		return;
	}
	if (plan_encodes(kind))
		node->target = carve_floats(state, node->size);
	if (node->plan->neuron != NEURON_NONE) {
		node->m = carve(state, sides * node->size * neuron_state_size(node->plan->neuron));
		if (node->plan->split)
			node->side = carve_floats(state, sides * node->size);
	}
}

/* Thresholds spread over the row, one row per side. */
static bool
encoder_init(struct arena *arena, struct node *node)
{
	const struct site_plan *p = node->plan;
	int sides = p->split ? 2 : 1;

	node->threshold = arena_floats(arena, (size_t)(sides * node->columns));
	node->scratch = arena_floats(arena, p->split ? node->size : 0);
	if (!node->threshold || !node->scratch)
		return false;
	for (int side = 0; side < sides; side++)
		for (int c = 0; c < node->columns; c++)
			node->threshold[side * node->columns + c] =
			    p->threshold[(p->channels == 1 ? 0 : c) * p->per_channel + side];
	return true;
}

static bool
block_init(struct snn *snn, int index)
{
	struct block *b = &snn->block[index];

	for (int kind = 0; kind < SITE_KINDS; kind++) {
		struct node *node = &b->node[kind];
		struct site site = {(enum site_kind)kind, index};

		if (!site_in_block((enum site_kind)kind))
			continue;
		node->plan = &snn->plan->site[site_index(snn->vit, site)];
		node_shape(snn->vit, site, node);
		if (node->plan->mode != FUNCTION_MODE_NONE) {
			node->group = (struct group){.plan = node->plan,
						     .exact = plan_function(snn->vit, (enum site_kind)kind),
						     .rows = node->rows,
						     .columns = node->columns};
			if (!group_init(&node->group, snn->arena))
				return false;
		} else if (node->plan->neuron != NEURON_NONE && !encoder_init(snn->arena, node)) {
			return false;
		}
	}
	return true;
}

static void
block_layout(struct snn *snn, struct block *b, struct carve *c)
{
	const struct vit *vit = snn->vit;
	size_t tokens = (size_t)vit->tokens, width = (size_t)vit->width;

	for (int kind = 0; kind < SITE_KINDS; kind++)
		if (site_in_block((enum site_kind)kind))
			node_layout(&b->node[kind], (enum site_kind)kind, c);
	b->qkv_sum = carve_floats(c, tokens * 3 * width);
	b->fc1_sum = carve_floats(c, tokens * (size_t)vit->mlp_width);
	b->qk_sum = carve_floats(c, (size_t)vit->heads * tokens * tokens);
	b->av_sum = carve_floats(c, tokens * width);
	b->variance1 = carve_floats(c, tokens);
	b->variance2 = carve_floats(c, tokens);
	b->score = carve_floats(c, (size_t)vit->heads * tokens * tokens);
	b->row_sum = carve_floats(c, (size_t)vit->heads * tokens);
	b->mid = carve_floats(c, tokens * width);
}

static size_t
layout(struct snn *snn, char *base)
{
	struct carve c = {base, 0};

	snn->t = carve(&c, sizeof(*snn->t));
	for (int i = 0; i < snn->vit->depth; i++)
		block_layout(snn, &snn->block[i], &c);
	return c.used;
}

static bool
scratch_init(struct snn *snn)
{
	const struct vit *vit = snn->vit;
	size_t stream = (size_t)vit->tokens * (size_t)vit->width;
	size_t picture = (size_t)vit->channels * (size_t)vit->image_size * (size_t)vit->image_size;

	snn->pixels = arena_floats(snn->arena, picture);
	snn->embedding = arena_floats(snn->arena, stream);
	snn->patch_scratch = arena_floats(snn->arena, ann_embed_scratch(vit));
	snn->first = arena_floats(snn->arena, stream);
	snn->readout = arena_floats(snn->arena, 2 * (size_t)vit->width);
	snn->before_k = arena_floats(snn->arena, stream);
	snn->before_v = arena_floats(snn->arena, stream);
	return snn->pixels && snn->embedding && snn->first && snn->readout && snn->patch_scratch && snn->before_k &&
	       snn->before_v;
}

static bool
snn_init(struct snn *snn)
{
	snn->arena = arena_new();
	if (!snn->arena)
		return false;
	snn->block = arena_alloc(snn->arena, (size_t)snn->vit->depth * sizeof(*snn->block));
	if (!snn->block || !scratch_init(snn))
		return false;
	for (int i = 0; i < snn->vit->depth; i++)
		if (!block_init(snn, i))
			return false;
	snn->state_size = layout(snn, NULL);
	snn->state = arena_alloc(snn->arena, snn->state_size);
	if (!snn->state)
		return false;
	layout(snn, snn->state);
	return true;
}

struct snn *
snn_new(const struct plan *plan, struct status *st)
{
	struct snn *snn = calloc(1, sizeof(*snn));

	if (snn) {
		snn->plan = plan;
		snn->vit = plan->vit;
	}
	if (!snn || !snn_init(snn)) {
		status_nomem(st, "the spiking network");
		snn_free(snn);
		return NULL;
	}
	return snn;
}

void
snn_free(struct snn *snn)
{
	if (!snn)
		return;
	arena_free(snn->arena);
	free(snn);
}

const struct plan *
snn_plan(const struct snn *snn)
{
	return snn->plan;
}

void
snn_reset(struct snn *snn)
{
	memset(snn->state, 0, snn->state_size);
	if (snn->feeding)
		memset(snn->feeding, 0, (size_t)snn->vit->depth * sizeof(*snn->feeding));
}

void
snn_show(struct snn *snn, const float *pixels)
{
	const struct vit *vit = snn->vit;

	memcpy(snn->pixels, pixels, (size_t)vit->channels * (size_t)vit->image_size * (size_t)vit->image_size * sizeof(float));
	ann_embed(vit, snn->pixels, snn->patch_scratch, snn->embedding);
	snn->shown = true;
	snn_reset(snn);
}

/* The sum of what block `index` has received. */
static const float *
block_input(struct snn *snn, int index)
{
	size_t stream = (size_t)snn->vit->tokens * (size_t)snn->vit->width;

	if (snn->feeding && snn->feeding[index])
		return snn->fed + (size_t)index * stream;
	if (index > 0)
		return snn->block[index - 1].node[SITE_BLOCK].total;
	for (size_t i = 0; i < stream; i++)
		snn->first[i] = snn->embedding[i] * snn_scale(snn);
	return snn->first;
}

void
snn_step(struct snn *snn)
{
	++*snn->t;
	for (int i = 0; i < snn->vit->depth; i++)
		block_step(snn, i, block_input(snn, i));
}

int
snn_time(const struct snn *snn)
{
	return *snn->t;
}
