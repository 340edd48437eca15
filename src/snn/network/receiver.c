/* The linear layers of blocks that are stepped as a whole, made ready for spikes. */
#include "base/arena.h"
#include "kernels/panels.h"
#include "snn/network/network.h"

#include <stdlib.h>

/* Where a layer's weights come from, and where its spikes. */
struct source {
	const struct linear *linear;
	const struct norm *norm; /* to be folded into it, or NULL */
	const struct site_plan *from;
};

/* Scratch: the weights [out, in] and what a quantum of every input is worth [in]. */
struct bench {
	float *w, *quantum;
};

/* W diag(gamma) to w. */
static void
read_weights(const struct source *s, float *w)
{
	const struct linear *l = s->linear;

	panels_read(l->panels, l->in, l->out, w);
	for (int o = 0; s->norm && o < l->out; o++)
		for (int i = 0; i < l->in; i++)
			w[(size_t)o * (size_t)l->in + (size_t)i] *= s->norm->weight[i];
}

/* W beta + b of W in w. */
static void
fold_bias(const struct source *s, const float *w, float *bias)
{
	const struct linear *l = s->linear;

	for (int o = 0; o < l->out; o++) {
		double sum = l->bias ? (double)l->bias[o] : 0;

		for (int i = 0; i < l->in; i++)
			sum += (double)w[(size_t)o * (size_t)l->in + (size_t)i] * (double)s->norm->bias[i];
		bias[o] = (float)sum;
	}
}

/* What does not change with thresholds. */
static bool
start_receiver(struct arena *arena, const struct source *s, const struct bench *bench, struct receiver *to)
{
	float *bias;

	if (to->linear.out > 0)
		return true;
	to->linear = (struct linear){s->linear->in, s->linear->out, NULL, s->linear->bias, NULL};
	if (!s->norm) {
		to->linear.panels = s->linear->panels;
		return true;
	}
	bias = arena_floats(arena, (size_t)s->linear->out);
	if (!bias)
		return false;
	panels_read(s->linear->panels, s->linear->in, s->linear->out, bench->w);
	fold_bias(s, bench->w, bias);
	to->linear.bias = bias;
	return true;
}

static bool
fill_fixed(struct arena *arena, const struct source *s, const struct bench *bench, struct receiver *to)
{
	const struct site_plan *p = s->from;
	struct neuron_rule rule = {.kind = p->neuron, .burst = p->settings.burst, .grain = 1, .fine = 1};

	if (!to->fixed && !(to->fixed = fixed_new(arena, s->linear->in, s->linear->out)))
		return false;
	for (int i = 0; i < s->linear->in; i++)
		bench->quantum[i] = neuron_quantum(&rule, p->threshold[p->channels == 1 ? 0 : i]);
	read_weights(s, bench->w);
	fixed_fill(to->fixed, bench->w, bench->quantum);
	return true;
}

static bool
fill_panels(struct arena *arena, const struct source *s, const struct bench *bench, struct receiver *to)
{
	const struct linear *l = s->linear;
	float *panels;

	if (to->linear.panels)
		return true;
	panels = arena_floats(arena, panels_size(l->in, l->out));
	if (!panels)
		return false;
	read_weights(s, bench->w);
	panels_fill(panels, bench->w, (size_t)l->in, 1, l->in, l->out);
	to->linear.panels = panels;
	return true;
}

static bool
fill_receiver(struct arena *arena, const struct source *s, const struct bench *bench, struct receiver *to)
{
	to->kind = node_packs(s->from) ? RECEIVES_COUNTS : RECEIVES_VALUES;
	return start_receiver(arena, s, bench, to) &&
	       (to->kind == RECEIVES_VALUES ? fill_panels(arena, s, bench, to) : fill_fixed(arena, s, bench, to));
}

/* The spikes that a linear layer receives: of the centred values where LayerNorm is folded into it. */
static const struct site_plan *
sender_of(const struct plan *plan, const struct layer *layer)
{
	const struct layer *source = layer_source(plan->model->graph, layer);

	return &plan->site[layer->norm && plan->fold_norm ? source->from[0] : layer->from[0]];
}

/* Layers that share a weight receive as one: the first. */
static bool
receives(const struct graph *net, int index)
{
	const struct layer *layer = &net->layer[index];
	int block = layer->site.block;

	return layer->op == LAYER_LINEAR && layer->first == 0 && block >= 0 && graph_is_block(net, net->first[block]);
}

static bool
bench_new(const struct graph *net, struct bench *bench)
{
	size_t most = 1, widest = 1;

	for (int i = 0; i < net->layers; i++) {
		const struct linear *l = receives(net, i) ? net->layer[i].weight : NULL;

		if (!l)
			continue;
		most = (size_t)l->in * (size_t)l->out > most ? (size_t)l->in * (size_t)l->out : most;
		widest = (size_t)l->in > widest ? (size_t)l->in : widest;
	}
	*bench = (struct bench){malloc(most * sizeof(float)), malloc(widest * sizeof(float))};
	return bench->w && bench->quantum;
}

bool
plan_receivers(struct plan *plan)
{
	const struct graph *net = plan->model->graph;
	struct bench bench;
	bool ok;

	if (!plan->receivers && !(plan->receivers = arena_alloc(plan->arena, (size_t)net->layers * sizeof(*plan->receivers))))
		return false;
	ok = bench_new(net, &bench);
	for (int i = 0; ok && i < net->layers; i++) {
		const struct layer *layer = &net->layer[i];
		struct source source = {layer->weight, layer->norm, NULL};

		if (!receives(net, i))
			continue;
		source.from = sender_of(plan, layer);
		ok = fill_receiver(plan->arena, &source, &bench, &plan->receivers[i]);
	}
	free(bench.w);
	free(bench.quantum);
	return ok;
}
