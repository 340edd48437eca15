/* The linear layers of a transformer's blocks, made ready for spikes. */
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
		bench->quantum[i] =
		    to->kind == RECEIVES_VALUES ? 1 : neuron_quantum(&rule, p->threshold[p->channels == 1 ? 0 : i]);
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
	to->kind = !fixed_is_fast() ? RECEIVES_FLOATS : node_packs(s->from) ? RECEIVES_COUNTS : RECEIVES_VALUES;
	return start_receiver(arena, s, bench, to) &&
	       (to->kind == RECEIVES_FLOATS ? fill_panels(arena, s, bench, to) : fill_fixed(arena, s, bench, to));
}

static const struct site_plan *
site_of(const struct plan *plan, enum site_kind kind, int block)
{
	return &plan->site[site_index(plan->model, site_in(kind, block))];
}

static bool
fill_block(struct plan *plan, int i, const struct bench *bench)
{
	const struct vit_block *b = &plan->model->blocks[i];
	struct receivers *r = &plan->receivers[i];
	struct source qkv = {&b->qkv, &b->norm1, site_of(plan, plan->fold_norm ? SITE_NORM1_CENTER : SITE_NORM1, i)},
		      proj = {&b->proj, NULL, site_of(plan, SITE_AV, i)},
		      fc1 = {&b->fc1, &b->norm2, site_of(plan, plan->fold_norm ? SITE_NORM2_CENTER : SITE_NORM2, i)},
		      fc2 = {&b->fc2, NULL, site_of(plan, SITE_ACT_OUT, i)};

	return fill_receiver(plan->arena, &qkv, bench, &r->qkv) && fill_receiver(plan->arena, &proj, bench, &r->proj) &&
	       fill_receiver(plan->arena, &fc1, bench, &r->fc1) && fill_receiver(plan->arena, &fc2, bench, &r->fc2);
}

bool
plan_receivers(struct plan *plan)
{
	const struct model *model = plan->model;
	size_t width = (size_t)model->width, mlp = (size_t)model->mlp_width, widest = 3 * width > mlp ? 3 * width : mlp;
	struct bench bench;
	bool ok;

	if (model->resnet)
		return true;
	if (!plan->receivers && !(plan->receivers = arena_alloc(plan->arena, (size_t)model->depth * sizeof(*plan->receivers))))
		return false;
	bench = (struct bench){malloc(widest * width * sizeof(float)), malloc(widest * sizeof(float))};
	ok = bench.w && bench.quantum;
	for (int i = 0; ok && i < model->depth; i++)
		ok = fill_block(plan, i, &bench);
	free(bench.w);
	free(bench.quantum);
	return ok;
}
