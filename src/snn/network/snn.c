#include "snn/snn.h"

#include "ann/layers.h"
#include "base/timing.h"
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

/* Where LayerNorm is folded into the layer behind it, nobody reads what it gives. */
static bool
is_derived(const struct snn *snn, int part, const struct node *node)
{
	return snn->plan->fold_norm && (part == PART_NORMALISE1 || part == PART_NORMALISE2) && node->plan->neuron == NEURON_NONE;
}

static bool
block_init(struct snn *snn, int index)
{
	struct block *b = &snn->block[index];
	int first = snn->model->graph->first[index];

	b->part = &snn->model->graph->layer[first];
	b->to = &snn->plan->receivers[first];
	for (int i = 0; i < BLOCK_PARTS; i++) {
		struct node *node = &b->node[i];
		enum site_kind kind = b->part[i].site.kind;

		node->plan = &snn->plan->site[first + i];
		node_shape(snn->model, node->plan->site, node);
		node->derived = is_derived(snn, i, node);
		if (node->derived && !derived_init(snn, node))
			return false;
		node->packed = node_packs(node->plan);
		node->room = snn->room;
		if (!node_init(node, plan_has_function(kind) ? plan_function(snn->model, kind) : 0, snn->arena))
			return false;
	}
	return true;
}

static void
block_layout(struct block *b, struct carve *c)
{
	for (int i = 0; i < BLOCK_PARTS; i++)
		node_layout(&b->node[i], c);
	b->qkv_sum = carve_floats(c, 3 * b->node[PART_Q].size);
	b->fc1_sum = carve_floats(c, b->node[PART_FC1].size);
}

void
block_layout_written(struct snn *snn, struct block *b, struct carve *c)
{
	static const enum block_part has_input[] = {PART_RSQRT1, PART_RSQRT2, PART_EXP, PART_RECIPROCAL};

	for (int i = 0; i < BLOCK_PARTS; i++)
		node_layout_written(&b->node[i], c);
	for (int i = 0; i < BLOCK_PARTS; i++)
		if (plan_encodes(b->part[i].site.kind) && !b->node[i].target)
			b->node[i].target = snn->graded;
	for (size_t i = 0; i < sizeof(has_input) / sizeof(*has_input); i++)
		b->node[has_input[i]].input = carve_floats(c, b->node[has_input[i]].size);
	b->mid = carve_floats(c, b->node[PART_ADD].size);
}

static void
layers_layout(struct snn *snn, struct carve *c)
{
	for (int i = 0; i < snn->plan->sites; i++) {
		struct node *node = &snn->layer[i];

		if (!node->plan)
			continue;
		node_layout(node, c);
		node_layout_written(node, c);
		if (!node->target)
			node->target = snn->graded;
	}
	for (int i = 0; i < snn->plan->sites; i++)
		if (snn->layer[i].plan && snn->layer[i].plan->mode != FUNCTION_MODE_NONE &&
		    snn->model->graph->layer[i].op != LAYER_ACTIVATION)
			snn->layer[i].input = carve_floats(c, snn->layer[i].size);
}

static size_t
layout(struct snn *snn, char *base)
{
	struct carve c = {base, 0};

	snn->t = carve(&c, sizeof(*snn->t));
	layers_layout(snn, &c);
	for (int i = 0; i < snn->model->depth; i++)
		if (snn->block[i].part)
			block_layout(&snn->block[i], &c);
	snn->state_cleared = c.used;
	for (int i = 0; i < snn->model->depth; i++)
		if (snn->block[i].part)
			block_layout_written(snn, &snn->block[i], &c);
	snn->state_plain = c.used;
	for (int i = 0; i < snn->plan->sites; i++) {
		struct node *node = snn_node(snn, i);

		if (!node)
			continue;
		node_layout_sums(node, &c);
		node_layout_population(node, &c);
	}
	return c.used;
}

/* What the layers' scratch has to hold. */
struct extent {
	size_t maps, rows, columns; /* floats of all maps of an attention; of what weights read, the most rows and columns */
	size_t operand;             /* floats of it */
	size_t outputs;             /* of all rows of a linear layer, the most */
	struct attention_shape attention;
};

static void
raise_to(size_t *most, size_t n)
{
	*most = n > *most ? n : *most;
}

static struct extent
extent_of(const struct graph *net)
{
	struct extent e = {.rows = LAYER_TILE, .columns = net->patch_size};

	for (int i = 0; i < net->layers; i++) {
		const struct layer *source = layer_source(net, &net->layer[i]);

		if (net->layer[i].op == LAYER_SCORES)
			raise_to(&e.maps, layer_size(&net->layer[i]));
		if (net->layer[i].op != LAYER_LINEAR)
			continue;
		raise_to(&e.rows, layer_places(source));
		raise_to(&e.columns, (size_t)source->channels);
		raise_to(&e.operand, layer_size(source));
		raise_to(&e.outputs, layer_places(&net->layer[i]) * (size_t)net->layer[i].weight->out);
	}
	for (int b = 0; b < net->blocks; b++) {
		struct attention_shape a = graph_attention(net, b);

		if (a.tokens * a.heads * a.head_dim > e.attention.tokens * e.attention.heads * e.attention.head_dim)
			e.attention = a;
	}
	return e;
}

static size_t
picture_size(const struct model *model)
{
	return (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
}

/* What the layers behind the last node work in. */
static size_t
readout_size(const struct graph *net)
{
	const struct layer *last = layer_source(net, &net->layer[net->layers - 1]);

	return layer_size(last) + (last->op == LAYER_TOKEN_POOL ? layer_size(layer_source(net, last)) : 0);
}

static bool
scratch_init(struct snn *snn)
{
	const struct model *model = snn->model;
	const struct graph *net = model->graph;
	struct extent e = extent_of(net);
	size_t picture = picture_size(model), first = layer_size(&net->layer[0]), windows = layer_scratch(net);
	size_t pairs = 2 * (size_t)(e.attention.heads * e.attention.head_dim) + (size_t)e.attention.tokens;

	snn->pixels = arena_floats(snn->arena, picture);
	snn->current = arena_floats(snn->arena, first);
	snn->first = arena_floats(snn->arena, first);
	snn->patch_scratch = arena_floats(snn->arena, picture > windows ? picture : windows);
	snn->joined = arena_floats(snn->arena, e.outputs);
	snn->readout = arena_floats(snn->arena, readout_size(net));
	snn->spikes = spikes_new(snn->arena, (int)e.rows, (int)e.columns);
	snn->room = arena_floats(snn->arena, node_room((int)e.columns));
	snn->listed = fixed_room_new(snn->arena, (int)e.rows, (int)e.columns);
	snn->heads = arena_floats(snn->arena, head_scratch(e.attention.tokens, e.attention.head_dim));
	snn->scores = arena_floats(snn->arena, e.maps);
	snn->stream = arena_floats(snn->arena, picture > net->largest ? picture : net->largest);
	snn->graded = arena_floats(snn->arena, net->largest);
	snn->senders = arena_alloc(snn->arena, pairs * sizeof(*snn->senders));
	return snn->pixels && snn->current && snn->first && snn->patch_scratch && snn->joined && snn->readout && snn->spikes &&
	       snn->room && snn->listed && snn->heads && snn->scores && snn->stream && snn->graded && snn->senders;
}

/* Blocks that are stepped as a whole, and the layers that are in none. */
static bool
nodes_init(struct snn *snn)
{
	const struct graph *net = snn->model->graph;
	int block = 0;

	snn->layer = arena_alloc(snn->arena, (size_t)net->layers * sizeof(*snn->layer));
	snn->block = arena_alloc(snn->arena, (size_t)net->blocks * sizeof(*snn->block));
	snn->blocks_alone = true;
	if (!snn->layer || !snn->block)
		return false;
	for (int i = 0; i < net->layers; i++) {
		while (block < net->blocks && net->end[block] <= i)
			block++;
		if (block < net->blocks && net->first[block] == i && graph_is_block(net, i)) {
			if (!block_init(snn, block))
				return false;
			i = net->end[block] - 1;
		} else if (site_is_stepped(net->layer[i].site.kind)) {
			snn->blocks_alone = false;
			if (!layer_init(snn, i))
				return false;
		}
	}
	return true;
}

static bool
snn_init(struct snn *snn)
{
	snn->arena = arena_new();
	if (!snn->arena || !scratch_init(snn) || !nodes_init(snn))
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
	for (int i = 0; i < snn->model->depth; i++)
		if (snn->block[i].part)
			block_align(&snn->block[i], *snn->t);
	for (int i = 0; i < snn->plan->sites; i++)
		if (snn->layer[i].plan)
			node_align(&snn->layer[i], *snn->t);
	for (int i = 0; i < snn->plan->sites; i++)
		if (snn->layer[i].plan && snn->model->graph->layer[i].op == LAYER_COPY)
			snn->layer[i].target = snn_node(snn, snn->model->graph->layer[i].from[0])->total;
}

void
snn_reset(struct snn *snn)
{
	memset(snn->state, 0, snn->state_cleared);
	snn->version++;
	snn_align(snn);
	for (int i = 0; i < snn->plan->sites; i++) {
		struct node *node = snn_node(snn, i);

		if (node && node->population.plan)
			population_reset(&node->population);
	}
	if (snn->feeding)
		memset(snn->feeding, 0, (size_t)snn->model->depth * sizeof(*snn->feeding));
}

void
snn_show(struct snn *snn, const float *pixels)
{
	memcpy(snn->pixels, pixels, picture_size(snn->model) * sizeof(float));
	layers_show(snn);
	snn->shown = true;
	snn_reset(snn);
}

void
snn_enter(const struct snn *snn, float *x)
{
	float scale = snn_scale(snn);

	rows_scale(snn->current, 1, (int)layer_size(&snn->model->graph->layer[0]), &scale, 1, false, x);
}

/* The sum of what block `index` has received: from a layer before it, or from the input. */
static const float *
block_input(struct snn *snn, int index)
{
	const struct node *from = snn_node(snn, snn->block[index].part[PART_CENTER1].from[0]);

	if (snn->feeding && snn->feeding[index])
		return snn->fed + (size_t)index * snn->block[index].node[PART_ADD].size;
	if (from)
		return from->total;
	snn_enter(snn, snn->first);
	return snn->first;
}

void
snn_step(struct snn *snn)
{
	const struct graph *net = snn->model->graph;

	++*snn->t;
	snn->version++;
	if (snn->clock)
		snn->clock_at = timing_now();
	for (int i = 0; i < net->layers; i++) {
		int block = net->layer[i].site.block;

		if (snn->layer[i].plan) {
			layer_step(snn, i);
		} else if (block >= 0) {
			block_step(snn, block, block_input(snn, block));
			i = net->end[block] - 1;
		}
	}
}

/* Several steps of block after block, so that hidden neurons take all steps at once. */
static void
run_blocks(struct snn *snn, int steps)
{
	int start = *snn->t;

	snn->version++;
	for (int k = 0; k < steps; k++) {
		*snn->t = start + k + 1;
		snn_enter(snn, snn->run->stream[k]);
	}
	for (int i = 0; i < snn->model->depth; i++)
		block_run(snn, i, start, steps);
	*snn->t = start + steps;
}

bool
snn_run(struct snn *snn, int n, struct status *st)
{
	if (snn->blocks_alone && !snn->run && !(snn->run = run_new(snn)))
		return status_nomem(st, "running the network layer by layer");
	while (n > 0 && !snn->blocks_alone) {
		snn_step(snn);
		n--;
	}
	while (n > 0) {
		int steps = n < POPULATION_STEPS ? n : POPULATION_STEPS;

		if (steps == 1 || snn->feeding)
			snn_step(snn);
		else
			run_blocks(snn, steps);
		n -= steps == 1 || snn->feeding ? 1 : steps;
	}
	return true;
}

int
snn_time(const struct snn *snn)
{
	return *snn->t;
}
