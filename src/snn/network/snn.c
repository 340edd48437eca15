#include "snn/snn.h"

#include "kernels/dense.h"
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <stdlib.h>
#include <string.h>

void *
carve(struct carve *c, size_t bytes)
{
	char *at = c->base ? c->base + c->used : NULL;

	c->used += (bytes + 63) / 64 * 64;
	return at;
}

float *
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

void
node_shape(const struct model *model, struct site site, struct node *node)
{
	int dim[3], dims = site_shape(model, site, dim);

	node->size = site_size(model, site);
	node->columns = dim[dims - 1];
	node->rows = (int)(node->size / (size_t)node->columns);
}

static bool
derived_init(struct snn *snn, struct node *node)
{
	node->total = arena_floats(snn->arena, node->size);
	node->sent = arena_floats(snn->arena, node->size);
	return node->total && node->sent;
}

static bool
block_init(struct snn *snn, int index)
{
	struct block *b = &snn->block[index];

	for (int kind = SITE_NORM1_CENTER; kind <= SITE_BLOCK; kind++) {
		struct node *node = &b->node[kind];
		struct site site = site_in((enum site_kind)kind, index);

		node->plan = &snn->plan->site[site_index(snn->model, site)];
		node_shape(snn->model, site, node);
		node->derived =
		    snn->plan->fold_norm && (kind == SITE_NORM1 || kind == SITE_NORM2) && node->plan->neuron == NEURON_NONE;
		if (node->derived && !derived_init(snn, node))
			return false;
		node->packed = node_packs(node->plan);
		node->room = snn->room;
		if (!node_init(node,
			       plan_has_function((enum site_kind)kind) ? plan_function(snn->model, (enum site_kind)kind) : 0,
			       snn->arena))
			return false;
	}
	return true;
}

static void
block_layout(struct snn *snn, struct block *b, struct carve *c)
{
	const struct model *model = snn->model;
	size_t tokens = (size_t)model->tokens;

	for (int kind = SITE_NORM1_CENTER; kind <= SITE_BLOCK; kind++)
		node_layout(&b->node[kind], c);
	b->qkv_sum = carve_floats(c, tokens * 3 * (size_t)model->width);
	b->fc1_sum = carve_floats(c, tokens * (size_t)model->mlp_width);
}

void
block_layout_written(struct snn *snn, struct block *b, struct carve *c)
{
	const struct model *model = snn->model;
	size_t tokens = (size_t)model->tokens, width = (size_t)model->width;

	for (int kind = SITE_NORM1_CENTER; kind <= SITE_BLOCK; kind++)
		node_layout_written(&b->node[kind], c);
	for (int kind = SITE_NORM1_CENTER; kind <= SITE_BLOCK; kind++)
		if (plan_encodes((enum site_kind)kind) && !b->node[kind].target)
			b->node[kind].target = snn->graded;
	b->variance1 = carve_floats(c, tokens);
	b->variance2 = carve_floats(c, tokens);
	b->score = carve_floats(c, (size_t)model->heads * tokens * tokens);
	b->row_sum = carve_floats(c, (size_t)model->heads * tokens);
	b->mid = carve_floats(c, tokens * width);
}

static size_t
layout(struct snn *snn, char *base)
{
	struct carve c = {base, 0};

	snn->t = carve(&c, sizeof(*snn->t));
	if (snn->layer)
		layers_layout(snn, &c);
	for (int i = 0; snn->block && i < snn->model->depth; i++)
		block_layout(snn, &snn->block[i], &c);
	snn->state_cleared = c.used;
	for (int i = 0; snn->block && i < snn->model->depth; i++)
		block_layout_written(snn, &snn->block[i], &c);
	snn->state_plain = c.used;
	for (int i = 0; i < snn->plan->sites; i++) {
		struct node *node = snn_node(snn, i);

		if (!node)
			continue;
		node_layout_sums(node, &c);
		node_layout_group(node, &c);
	}
	return c.used;
}

static bool
scratch_init(struct snn *snn)
{
	const struct model *model = snn->model;
	size_t stream = (size_t)model->tokens * (size_t)model->width;
	int widest = model->width > model->mlp_width ? model->width : model->mlp_width;

	snn->embedding = arena_floats(snn->arena, stream);
	snn->patch_scratch = arena_floats(snn->arena, ann_embed_scratch(model));
	snn->first = arena_floats(snn->arena, stream);
	snn->readout = arena_floats(snn->arena, 2 * (size_t)model->width);
	snn->spikes = spikes_new(snn->arena, model->tokens, widest);
	snn->unpacked = arena_floats(snn->arena, (size_t)model->tokens * (size_t)widest);
	snn->room = arena_floats(snn->arena, node_room(widest));
	snn->digits = arena_alloc(snn->arena, fixed_values_scratch(model->tokens, widest));
	snn->heads = arena_floats(snn->arena, head_scratch(model->tokens, model->head_dim));
	snn->scores = arena_floats(snn->arena, (size_t)model->heads * (size_t)model->tokens * (size_t)model->tokens);
	snn->graded = arena_floats(snn->arena, (size_t)model->tokens * (size_t)widest);
	snn->senders = arena_alloc(snn->arena, ((size_t)model->tokens + 2 * (size_t)model->width) * sizeof(*snn->senders));
	return snn->embedding && snn->first && snn->readout && snn->patch_scratch && snn->spikes && snn->unpacked && snn->room &&
	       snn->digits && snn->heads && snn->scores && snn->graded && snn->senders;
}

static bool
blocks_init(struct snn *snn)
{
	snn->block = arena_alloc(snn->arena, (size_t)snn->model->depth * sizeof(*snn->block));
	if (!snn->block || !scratch_init(snn))
		return false;
	for (int i = 0; i < snn->model->depth; i++)
		if (!block_init(snn, i))
			return false;
	return true;
}

static size_t
picture_size(const struct model *model)
{
	return (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
}

static bool
snn_init(struct snn *snn)
{
	snn->arena = arena_new();
	if (!snn->arena || !(snn->pixels = arena_floats(snn->arena, picture_size(snn->model))))
		return false;
	if (!(snn->model->resnet ? layers_init(snn) : blocks_init(snn)))
		return false;
	snn->state_size = layout(snn, NULL);
	snn->state = arena_alloc(snn->arena, snn->state_size);
	if (!snn->state)
		return false;
	layout(snn, snn->state);
	snn_align(snn);
	return true;
}

struct snn *
snn_new(const struct plan *plan, struct status *st)
{
	struct snn *snn = calloc(1, sizeof(*snn));

	if (snn) {
		snn->plan = plan;
		snn->model = plan->model;
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
snn_align(struct snn *snn)
{
	for (int i = 0; snn->block && i < snn->model->depth; i++)
		block_align(&snn->block[i], *snn->t);
	for (int i = 0; snn->layer && i < snn->plan->sites; i++)
		if (snn_node(snn, i))
			node_align(snn_node(snn, i), *snn->t);
}

void
snn_reset(struct snn *snn)
{
	memset(snn->state, 0, snn->state_cleared);
	snn->version++;
	snn_align(snn);
	for (int i = 0; i < snn->plan->sites; i++) {
		struct node *node = snn_node(snn, i);

		if (node && node->group.plan)
			group_reset(&node->group);
	}
	if (snn->feeding)
		memset(snn->feeding, 0, (size_t)snn->model->depth * sizeof(*snn->feeding));
}

void
snn_show(struct snn *snn, const float *pixels)
{
	const struct model *model = snn->model;

	memcpy(snn->pixels, pixels, picture_size(model) * sizeof(float));
	if (snn->layer)
		layers_show(snn);
	else
		ann_embed(model, snn->pixels, snn->patch_scratch, snn->embedding);
	snn->shown = true;
	snn_reset(snn);
}

/* The sum of what block `index` has received. */
static const float *
block_input(struct snn *snn, int index)
{
	float scale = snn_scale(snn);
	size_t stream = (size_t)snn->model->tokens * (size_t)snn->model->width;

	if (snn->feeding && snn->feeding[index])
		return snn->fed + (size_t)index * stream;
	if (index > 0)
		return snn->block[index - 1].node[SITE_BLOCK].total;
	rows_scale(snn->embedding, 1, (int)stream, &scale, 1, false, snn->first);
	return snn->first;
}

void
snn_step(struct snn *snn)
{
	++*snn->t;
	snn->version++;
	if (snn->layer)
		layers_step(snn);
	for (int i = 0; snn->block && i < snn->model->depth; i++)
		block_step(snn, i, block_input(snn, i));
}

/* What the first block receives in the step at hand; nothing is fed. */
static void
enter(struct snn *snn, float *x)
{
	float scale = snn_scale(snn);

	rows_scale(snn->embedding, 1, snn->model->tokens * snn->model->width, &scale, 1, false, x);
}

/* Several steps of block after block, so that hidden neurons take all steps at once. */
static void
run_layers(struct snn *snn, int steps)
{
	int start = *snn->t;

	snn->version++;
	for (int k = 0; k < steps; k++) {
		*snn->t = start + k + 1;
		enter(snn, snn->run->stream[k]);
	}
	for (int i = 0; i < snn->model->depth; i++)
		block_run(snn, i, start, steps);
	*snn->t = start + steps;
}

bool
snn_run(struct snn *snn, int n, struct status *st)
{
	if (snn->block && !snn->run && !(snn->run = run_new(snn)))
		return status_nomem(st, "running the network layer by layer");
	while (n > 0 && snn->layer) {
		snn_step(snn);
		n--;
	}
	while (n > 0) {
		int steps = n < GROUP_STEPS ? n : GROUP_STEPS;

		if (steps == 1 || snn->feeding)
			snn_step(snn);
		else
			run_layers(snn, steps);
		n -= steps == 1 || snn->feeding ? 1 : steps;
	}
	return true;
}

int
snn_time(const struct snn *snn)
{
	return *snn->t;
}
