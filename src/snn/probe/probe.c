/* What can be read of a network, and its state as a value. */
#include "ann/layers.h"
#include "kernels/kernel.h"
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct node *
snn_node(const struct snn *snn, int index)
{
	int block = snn->plan->site[index].site.block;

	if (snn->layer[index].plan)
		return &snn->layer[index];
	if (block < 0 || !snn->block[block].part)
		return NULL;
	return &snn->block[block].node[index - snn->model->graph->first[block]];
}

/* What LayerNorm gives where its scale is applied behind the next layer. */
void
snn_derive(const struct snn *snn, struct node *node)
{
	const struct layer *layer = &snn->model->graph->layer[node->plan - snn->plan->site];
	const struct node *center, *rsqrt;
	float scale = snn_scale(snn), before = snn->plan->mean_decoded ? scale - 1 : 1, grain;

	if (!node->derived || node->version == snn->version || *snn->t == 0)
		return;
	node->version = snn->version;
	center = snn_node(snn, layer->from[0]);
	rsqrt = snn_node(snn, layer->from[1]);
	rows_scale(center->total, node->rows, node->columns, rsqrt->total, scale, false, node->total);
	memset(node->sent, 0, node->size * sizeof(*node->sent));
	grain = site_rule(center->plan, *snn->t).grain;
	if (*snn->t > 1) {
		for (size_t i = 0; i < node->size; i++)
			snn->graded[i] = center->total[i] - node_sent(center, grain, i);
		rows_scale(snn->graded, node->rows, node->columns, rsqrt->before, before, false, node->sent);
	}
	for (size_t i = 0; i < node->size; i++)
		node->sent[i] = node->total[i] - node->sent[i];
}

static const struct node *
node_at(const struct snn *snn, struct site site)
{
	struct node *node = snn_node(snn, site_index(snn->model, site));

	if (node)
		snn_derive(snn, node);
	return node;
}

/* Where the input enters, when no node takes it: what the first block receives. */
static bool
is_entry(const struct snn *snn, struct site site)
{
	const struct graph *net = snn->model->graph;
	int first = net->blocks > 0 ? net->first[0] : 0;

	return net->layer[first].from[0] == site_index(snn->model, site);
}

bool
snn_has(const struct snn *snn, struct site site, enum snn_quantity q)
{
	const struct node *node = node_at(snn, site);

	if (!node)
		return q == SNN_VALUE && (is_entry(snn, site) || site.kind == SITE_HEAD);
	return node_has(node, q);
}

bool
node_has(const struct node *node, enum snn_quantity q)
{
	switch (q) {
	case SNN_VALUE:
	case SNN_CORRECTION:
	case SNN_SENT:
		return true;
	case SNN_COUNT:
	case SNN_THRESHOLD:
		return node->m != NULL;
	case SNN_MEMBRANE:
		return node->m != NULL;
	case SNN_INPUT:
		return node->plan->mode != FUNCTION_MODE_NONE;
	}
	return false;
}

/* The layers behind the last node: a norm, a pool of tokens, the head. */
void
snn_logits(const struct snn *snn, float *logits)
{
	const struct graph *net = snn->model->graph;
	const struct layer *last = layer_source(net, &net->layer[net->layers - 1]),
			   *pool = last->op == LAYER_TOKEN_POOL ? last : NULL;
	const struct layer *read = pool ? layer_source(net, pool) : last, *norm = read->op == LAYER_NORM ? read : NULL;
	const struct node *node = snn_node(snn, norm ? norm->from[0] : (int)(read - net->layer));
	size_t size = layer_size(read);
	float scale = snn_scale(snn), *pooled = snn->readout + size;

	if (*snn->t == 0) {
		memset(logits, 0, (size_t)snn->model->classes * sizeof(*logits));
		return;
	}
	for (size_t i = 0; i < size; i++)
		snn->readout[i] = node->total[i] / scale;
	if (pool) {
		norm_apply(norm->norm, snn->readout, (int)layer_places(norm), snn->readout);
		token_pool_apply(norm, pool, snn->readout, pooled);
		head_apply(snn->model, pooled, logits);
	} else if (norm) {
		ann_head(snn->model, snn->readout, logits);
	} else {
		head_apply(snn->model, snn->readout, logits);
	}
}

/* The sum received by a UGO site: what the node keeps, or what another has sent. */
static const float *
received(const struct snn *snn, struct site site)
{
	int index = site_index(snn->model, site);
	const struct node *node = snn_node(snn, index);

	return node->input ? node->input : snn_node(snn, snn->model->graph->layer[index].from[0])->total;
}

/* Quanta sent in the last step; of a split encoder the difference of its sides. */
static float
count(const struct node *node, int t, size_t i)
{
	size_t column = i % (size_t)node->columns;
	float sum = 0;
	struct neuron_rule rule = site_rule(node->plan, t > 0 ? t : 1);

	for (int side = 0; side < (node->plan->split ? 2 : 1); side++) {
		float quantum = neuron_quantum(&rule, node->threshold[side * node->columns + (int)column]);
		float sent = node->side ? node->side[(size_t)side * node->size + i] : node_sent(node, rule.grain, i);

		if (quantum > 0)
			sum += (side ? -1 : 1) * rintf(sent / quantum);
	}
	return sum;
}

static float
membrane_of(const struct node *node, size_t i)
{
	const struct neuron_type *type = neuron_type(node->plan->neuron);

	return type->membrane ? type->membrane(node->m, i) : node->target[i] - node->total[i];
}

struct node_reader
node_reader(const struct node *node, const struct plan *plan, int t, enum snn_quantity q, const float *in)
{
	float now = plan->mean_decoded ? (float)t : 1;

	return (struct node_reader){
	    node, in, q, t, now, plan->mean_decoded ? now - 1 : 1, t > 0 && node ? site_rule(node->plan, t).grain : 1};
}

static struct node_reader
reader_of(const struct snn *snn, struct site site, enum snn_quantity q)
{
	return node_reader(node_at(snn, site), snn->plan, *snn->t, q, q == SNN_INPUT ? received(snn, site) : NULL);
}

/* The total of the step before. */
static inline float
total_before(const struct node_reader *r, size_t i)
{
	const struct node *node = r->node;

	if (r->t <= 1)
		return 0;
	return node->before ? node->before[i] : node->total[i] - node_sent(node, r->grain, i);
}

static inline float
read_element(const struct node_reader *r, size_t i)
{
	const struct node *node = r->node;

	switch (r->q) {
	case SNN_VALUE:
		return node->total[i] / r->now;
	case SNN_CORRECTION:
		return node->total[i] / r->now - (r->before > 0 ? total_before(r, i) / r->before : 0);
	case SNN_SENT:
		return node->before ? node->total[i] - total_before(r, i) : node_sent(node, r->grain, i);
	case SNN_COUNT:
		return count(node, r->t, i);
	case SNN_MEMBRANE:
		return membrane_of(node, i);
	case SNN_THRESHOLD:
		return node->threshold[i % (size_t)node->columns];
	case SNN_INPUT:
		return r->in[i] / r->now;
	}
	return 0;
}

float
node_element(const struct node_reader *r, size_t element)
{
	return read_element(r, element);
}

bool
snn_probe(const struct snn *snn, struct site site, enum snn_quantity q, struct tensor *out, struct status *st)
{
	struct node_reader reader = reader_of(snn, site, q);
	char name[SITE_NAME_MAX];
	int dim[3], dims = site_shape(snn->model, site, dim);

	if (!snn_has(snn, site, q))
		return status_fail(st, STATUS_USAGE,
				   "%s does not have this quantity under plan '%s'; `model %s` says what it has",
				   site_name(site, name), snn->plan->recipe, name);
	if (!tensor_shape(out, dims, dim))
		return status_nomem(st, "a probe");
	if (*snn->t == 0 && q != SNN_THRESHOLD)
		memset(out->data, 0, tensor_size(out) * sizeof(float));
	else if (reader.node)
		for (size_t i = 0; i < reader.node->size; i++)
			out->data[i] = read_element(&reader, i);
	else if (site.kind == SITE_HEAD)
		snn_logits(snn, out->data);
	else
		memcpy(out->data, snn->current, tensor_size(out) * sizeof(float));
	return true;
}

/* The values of a site outside the blocks: the logits or the embedding. */
static float
outer_element(const struct snn *snn, struct site site, size_t i)
{
	float logit = 0, *logits;

	if (site.kind != SITE_HEAD)
		return snn->current[i];
	logits = malloc((size_t)snn->model->classes * sizeof(*logits));
	if (logits) {
		snn_logits(snn, logits);
		logit = logits[i];
	}
	free(logits);
	return logit;
}

float
snn_element(const struct snn *snn, struct site site, enum snn_quantity q, size_t element)
{
	struct node_reader reader = reader_of(snn, site, q);

	if (*snn->t == 0 && q != SNN_THRESHOLD)
		return 0;
	return reader.node ? read_element(&reader, element) : outer_element(snn, site, element);
}

/* Minima and maxima in one variable may not be reordered, in lanes they need not be; with
 * fewer lanes the compiler unrolls them instead of making vectors. NaN is passed over. */
enum { LANES = 64 };

static void
lanes_begin(float *lo, float *hi)
{
	for (int l = 0; l < LANES; l++) {
		lo[l] = INFINITY;
		hi[l] = -INFINITY;
	}
}

static struct snn_extremes
lanes_end(const float *lo, const float *hi)
{
	struct snn_extremes out = {INFINITY, -INFINITY};

	for (int l = 0; l < LANES; l++) {
		out.lo = lesser(lo[l], out.lo);
		out.hi = greater(hi[l], out.hi);
	}
	return out;
}

KERNEL static struct snn_extremes
extremes_of(const float *restrict x, size_t n)
{
	float lo[LANES], hi[LANES];
	size_t i = 0;

	lanes_begin(lo, hi);
	for (; i + LANES <= n; i += LANES)
		for (size_t l = 0; l < LANES; l++) {
			lo[l] = lesser(x[i + l], lo[l]);
			hi[l] = greater(x[i + l], hi[l]);
		}
	for (; i < n; i++) {
		lo[0] = lesser(x[i], lo[0]);
		hi[0] = greater(x[i], hi[0]);
	}
	return lanes_end(lo, hi);
}

KERNEL static struct snn_extremes
extremes_of_difference(const float *restrict x, const float *restrict y, size_t n)
{
	float lo[LANES], hi[LANES];
	size_t i = 0;

	lanes_begin(lo, hi);
	for (; i + LANES <= n; i += LANES)
		for (size_t l = 0; l < LANES; l++) {
			float v = x[i + l] - y[i + l];

			lo[l] = lesser(v, lo[l]);
			hi[l] = greater(v, hi[l]);
		}
	for (; i < n; i++) {
		lo[0] = lesser(x[i] - y[i], lo[0]);
		hi[0] = greater(x[i] - y[i], hi[0]);
	}
	return lanes_end(lo, hi);
}

void
snn_extremes(const struct snn *snn, struct site site, enum snn_quantity q, struct snn_extremes *out)
{
	struct node_reader reader = reader_of(snn, site, q);
	const struct node *node = reader.node;
	size_t n = site_size(snn->model, site);

	*out = (struct snn_extremes){INFINITY, -INFINITY};
	if (*snn->t == 0 && q != SNN_THRESHOLD) {
		*out = (struct snn_extremes){0, 0};
	} else if (node && q == SNN_VALUE) {
		*out = extremes_of(node->total, n);
		out->lo /= reader.now;
		out->hi /= reader.now;
	} else if (node && q == SNN_MEMBRANE && !neuron_type(node->plan->neuron)->membrane) {
		*out = extremes_of_difference(node->target, node->total, n);
	} else {
		for (size_t i = 0; i < n; i++) {
			float v = node ? read_element(&reader, i) : outer_element(snn, site, i);

			out->lo = lesser(v, out->lo);
			out->hi = greater(v, out->hi);
		}
	}
}

static float
hidden_target(const struct ugo *u, int i, float x, float s)
{
	float target = u->w1[i] * x + u->b1[i] * s;

	if (u->h)
		return target < 0 ? 0 : target > u->h[i] * s ? u->h[i] * s : target;
	return target;
}

void
node_hidden(const struct node *node, size_t element, float x, int t, float scale, float *counts, float *membrane)
{
	const struct population *g = &node->population;
	const struct neuron_type *type = neuron_type(g->plan->neuron);
	struct neuron_rule rule = site_rule(g->plan, t > 0 ? t : 1);

	for (int i = 0; i < g->plan->ugo->hidden; i++) {
		float quantum = neuron_quantum(&rule, population_threshold(g, element, i));
		float sent = population_neuron(g, element, i) * (type->counts ? quantum : 1);

		if (counts)
			counts[i] = quantum > 0 ? rintf(sent / quantum) : 0;
		if (membrane)
			membrane[i] = type->membrane ? population_membrane(g, element, i)
				      : t            ? hidden_target(g->plan->ugo, i, x, scale) - sent
						     : 0;
	}
}

bool
snn_probe_hidden(const struct snn *snn, struct site site, size_t element, float *counts, float *membrane, struct status *st)
{
	const struct node *node = node_at(snn, site);
	char name[SITE_NAME_MAX];

	if (!node || !node->population.m || element >= node->size)
		return status_fail(st, STATUS_USAGE, "%s has no spiking hidden neurons there; `model %s` says what it has",
				   site_name(site, name), name);
	node_hidden(node, element, received(snn, site)[element], *snn->t, snn_scale(snn), counts, membrane);
	return true;
}

const float *
snn_source(const struct snn *snn, struct site site)
{
	const struct node *node = node_at(snn, site);

	if (!node)
		return NULL;
	if (node->plan->mode != FUNCTION_MODE_NONE)
		return received(snn, site);
	return node->m ? node->target : node->total;
}

void
snn_activity(const struct snn *snn, struct site site, struct snn_activity *a)
{
	const struct node *node = node_at(snn, site);

	memset(a, 0, sizeof(*a));
	if (!node)
		return;
	if (node->m)
		a->neurons = (double)node->size * (node->plan->split ? 2 : 1);
	else if (node->population.m)
		a->neurons = (double)node->size * node->plan->ugo->hidden;
	a->events_step = (double)node->step->events;
	a->events_total = (double)node->all->events;
	a->units_step = (double)node->step->units;
	a->units_total = (double)node->all->units;
	a->alarms_step = (double)node->alarms->step;
	a->alarms_total = (double)node->alarms->all;
	a->alarm_reach = (double)node->alarms->reach;
}

static struct neuron_tally
sum_tally(const struct snn *snn, bool last)
{
	struct neuron_tally sum = {0, 0};

	for (int i = 0; i < snn->plan->sites; i++) {
		const struct node *node = snn_node(snn, i);
		const struct neuron_tally *t = !node ? NULL : last ? node->step : node->all;

		if (!t)
			continue;
		sum.events += t->events;
		sum.units += t->units;
	}
	return sum;
}

double
snn_events(const struct snn *snn)
{
	return (double)sum_tally(snn, false).events;
}

double
snn_events_step(const struct snn *snn)
{
	return (double)sum_tally(snn, true).events;
}

double
snn_units(const struct snn *snn)
{
	return (double)sum_tally(snn, false).units;
}

double
snn_units_step(const struct snn *snn)
{
	return (double)sum_tally(snn, true).units;
}

size_t
snn_state_size(const struct snn *snn)
{
	return snn->state_size;
}

void
snn_state_save(const struct snn *snn, void *state)
{
	memcpy(state, snn->state, snn->state_size);
}

void
snn_state_load(struct snn *snn, const void *state)
{
	memcpy(snn->state, state, snn->state_size);
	snn->version++;
	snn_align(snn);
}

void
snn_state_hash(const struct snn *snn, char hex[HASH_HEX])
{
	struct hash *hash = hash_new();

	hex[0] = '\0';
	if (!hash)
		return;
	hash_add(hash, snn->state, *snn->t > 0 ? snn->state_plain : snn->state_cleared);
	for (int i = 0; i < snn->plan->sites; i++) {
		const struct node *node = snn_node(snn, i);

		if (node && node->before && *snn->t > 0)
			hash_add(hash, node->total, node->size * sizeof(float));
		if (node && node->population.m)
			population_hash(&node->population, hash);
	}
	hash_finish(hash, hex);
}

size_t
snn_memory(const struct snn *snn)
{
	return arena_used(snn->arena);
}

void
snn_feed_block(struct snn *snn, int block, const float *x)
{
	size_t stream = snn->block[block].node[PART_ADD].size, depth = (size_t)snn->model->depth;
	float *fed;

	if (!snn->fed) {
		snn->fed = arena_floats(snn->arena, depth * stream);
		snn->feeding = arena_alloc(snn->arena, depth * sizeof(*snn->feeding));
	}
	if (!snn->fed || !snn->feeding)
		return;
	fed = snn->fed + (size_t)block * stream;
	if (!snn->feeding[block])
		memset(fed, 0, stream * sizeof(float));
	snn->feeding[block] = true;
	for (size_t i = 0; i < stream; i++)
		fed[i] += x[i];
}

void
snn_block_sent(const struct snn *snn, int block, float *x)
{
	struct node_reader reader = reader_of(snn, site_of_block(snn->model, block), SNN_SENT);

	for (size_t i = 0; i < reader.node->size; i++)
		x[i] = read_element(&reader, i);
}

void
snn_clock(struct snn *snn, double *seconds)
{
	snn->clock = seconds;
}

size_t
snn_site_bytes(const struct snn *snn, struct site site)
{
	const struct node *node = node_at(snn, site);
	size_t floats, sides;

	if (!node)
		return 0;
	sides = node->plan->split ? 2 : 1;
	floats = node->size + (node->packed ? 0 : node->size) + (node->side ? sides * node->size : 0);
	if (node->m && site.kind != SITE_ACT_OUT)
		floats += node->size;
	return floats * sizeof(float) + (node->packed ? fixed_counts_size(node->rows, node->columns) : 0) +
	       (node->m ? sides * node->size * neuron_state_size(node->plan->neuron) : 0) +
	       (node->population.plan ? population_state_size(&node->population) + population_uniform_size(&node->population)
				      : 0);
}
