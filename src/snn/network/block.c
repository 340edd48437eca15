/* One block in one time step: docs/methods.md#products-of-two-trains in terms of sums over time. */
#include "base/timing.h"
#include "kernels/dense.h"
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <string.h>

/* What LayerNorm's two instances differ in. */
struct norm_sites {
	struct node *center, *rsqrt, *norm;
	const struct norm *parameters;
};

/* LayerNorm up to the spikes that the next linear layer receives; returns them. */
static const struct node *
norm_step(struct snn *snn, struct norm_sites s, const float *x)
{
	int rows = s.center->rows, width = s.center->columns;
	float scale = snn_scale(snn), eps = snn->plan->eps ? s.parameters->eps : 0;

	rows_center(x, rows, width, s.center->target);
	node_encode(s.center, *snn->t);
	snn_spent(snn, s.center);
	rows_variance(s.center->total, rows, width, scale, eps * scale, s.rsqrt->input);
	node_functions(s.rsqrt, s.rsqrt->input, scale, *snn->t);
	snn_spent(snn, s.rsqrt);
	if (!s.norm->derived) {
		rows_scale(s.center->total, rows, width, s.rsqrt->total, scale, false, s.norm->target);
		node_encode(s.norm, *snn->t);
	}
	snn_spent(snn, s.norm);
	return snn->plan->fold_norm ? s.center : s.norm;
}

/* sum += weights times what the node has sent: whole quanta in fixed point; values in floats, or, of neurons that send
 * no whole quanta, only those that few have sent, which gives the same bits (kernels/dense.h). */
static void
receive(struct snn *snn, const struct receiver *to, const struct node *from, float *sum)
{
	const struct linear *l = &to->linear;

	if (to->kind == RECEIVES_COUNTS) {
		if (from->step->events > 0)
			fixed_add(to->fixed, from->counts, from->rows, site_rule(from->plan, *snn->t).grain, snn->listed, sum);
	} else if (node_is_sparse(from)) {
		spikes_list(snn->spikes, from->sent, from->rows, l->in);
		spikes_run(snn->spikes, l->panels, l->out, sum);
	} else {
		linear_apply(l, from->sent, from->rows, sum, true);
	}
}

/* The layer behind a LayerNorm: sum holds folded weights times all spikes. When the
 * centred input was encoded, 1/sigma is applied here. Column [first, first + columns)
 * of the layer goes to target. */
static void
folded_output(const struct snn *snn, const struct linear *layer, const float *sum, const float *rsqrt, int first, int rows,
	      int columns, float *target)
{
	rows_affine(sum + first, layer->out, rows, columns, snn->plan->fold_norm ? rsqrt : NULL, snn_scale(snn),
		    layer->bias + first, target);
}

static void
project_qkv(struct snn *snn, struct block *b, const struct node *spikes)
{
	const struct receiver *qkv = &b->to[PART_Q];
	const float *rsqrt = b->node[PART_RSQRT1].total;

	receive(snn, qkv, spikes, b->qkv_sum);
	for (int part = PART_Q; part <= PART_V; part++) {
		struct node *node = &b->node[part];

		folded_output(snn, &qkv->linear, b->qkv_sum, rsqrt, b->part[part].first, node->rows, node->columns, node->target);
		node_encode(node, *snn->t);
		snn_spent(snn, node);
	}
}

/* A linear layer whose output is added to the residual stream. */
static void
residual_output(struct snn *snn, const struct receiver *layer, const struct node *from, struct node *node)
{
	memset(node->sent, 0, node->size * sizeof(float));
	receive(snn, layer, from, node->sent);
	if (layer->linear.bias && snn_constant(snn) != 0)
		rows_add(node->sent, node->rows, node->columns, layer->linear.bias);
	rows_add(node->total, 1, (int)node->size, node->sent);
	snn_spent(snn, node);
}

struct attention
block_attention(struct block *b)
{
	struct node *n = b->node;
	const struct node *map = &n[PART_SCORES];
	int heads = b->part[PART_SCORES].heads;

	return (struct attention){.heads = heads,
				  .head_dim = n[PART_Q].columns / heads,
				  .tokens = map->columns,
				  .queries = n[PART_Q].rows,
				  .q = &n[PART_Q],
				  .k = &n[PART_K],
				  .v = &n[PART_V],
				  .qk = &n[PART_SCORES],
				  .e = &n[PART_EXP],
				  .reciprocal = &n[PART_RECIPROCAL],
				  .p = &n[PART_PROBABILITY],
				  .av = &n[PART_MIX]};
}

static void
attention_step(struct snn *snn, struct block *b, const float *x)
{
	struct norm_sites sites = {&b->node[PART_CENTER1], &b->node[PART_RSQRT1], &b->node[PART_NORMALISE1],
				   b->part[PART_RSQRT1].norm};

	project_qkv(snn, b, norm_step(snn, sites, x));
	attention_run(snn, block_attention(b));
	residual_output(snn, &b->to[PART_PROJECTION], &b->node[PART_MIX], &b->node[PART_PROJECTION]);
}

/* What the layer before the activation has to send after this step. */
static void
fc1_step(struct snn *snn, struct block *b, const float *mid, float *target)
{
	struct norm_sites sites = {&b->node[PART_CENTER2], &b->node[PART_RSQRT2], &b->node[PART_NORMALISE2],
				   b->part[PART_RSQRT2].norm};
	const struct node *fc1 = &b->node[PART_FC1];

	receive(snn, &b->to[PART_FC1], norm_step(snn, sites, mid), b->fc1_sum);
	folded_output(snn, &b->to[PART_FC1].linear, b->fc1_sum, b->node[PART_RSQRT2].total, 0, fc1->rows, fc1->columns, target);
}

static void
mlp_step(struct snn *snn, struct block *b)
{
	struct node *fc1 = &b->node[PART_FC1], *act = &b->node[PART_ACTIVATION], *out = &b->node[PART_COPY];

	fc1_step(snn, b, b->mid, node_next(fc1));
	node_encode(fc1, *snn->t);
	snn_spent(snn, fc1);
	node_functions(act, fc1->total, snn_scale(snn), *snn->t);
	snn_spent(snn, act);
	out->target = act->total;
	node_encode(out, *snn->t);
	snn_spent(snn, out);
	residual_output(snn, &b->to[PART_FC2], out, &b->node[PART_FC2]);
}

/* What the block has sent: the residual stream after attention and MLP. */
static void
send_block(struct block *b, const float *mid, int t)
{
	struct node *out = &b->node[PART_ADD];

	node_align(out, t - 1);
	add_arrays(mid, b->node[PART_FC2].total, out->size, node_next(out));
	node_encode(out, t);
}

void
block_align(struct block *b, int t)
{
	for (int i = 0; i < BLOCK_PARTS; i++)
		node_align(&b->node[i], t);
	b->node[PART_COPY].target = b->node[PART_ACTIVATION].total;
}

void
block_step(struct snn *snn, int index, const float *x)
{
	struct block *b = &snn->block[index];

	if (snn->clock)
		snn->clock_at = timing_now();
	attention_step(snn, b, x);
	add_arrays(x, b->node[PART_PROJECTION].total, b->node[PART_ADD].size, b->mid);
	mlp_step(snn, b);
	send_block(b, b->mid, *snn->t);
	snn_spent(snn, &b->node[PART_ADD]);
}

struct run *
run_new(struct snn *snn)
{
	struct run *run = arena_alloc(snn->arena, sizeof(*run));
	size_t most = 0, stream = 0, wide = 0;
	bool ok = run != NULL;

	for (int i = 0; i < snn->model->depth; i++) {
		const struct node *node = snn->block[i].node;

		stream = node[PART_ADD].size > stream ? node[PART_ADD].size : stream;
		wide = node[PART_FC1].size > wide ? node[PART_FC1].size : wide;
	}
	for (int k = 0; ok && k < POPULATION_STEPS; k++) {
		run->stream[k] = arena_floats(snn->arena, stream);
		run->fc1[k] = arena_floats(snn->arena, wide);
		run->act[k] = arena_floats(snn->arena, wide);
		ok = run->stream[k] && run->fc1[k] && run->act[k];
	}
	for (int i = 0; i < snn->model->depth; i++) {
		struct block block = snn->block[i];
		struct carve written = {NULL, 0};

		block_layout_written(snn, &block, &written);
		most = written.used > most ? written.used : most;
	}
	return ok && (run->written = arena_alloc(snn->arena, most)) ? run : NULL;
}

/* The block, but what it writes anew in every step goes aside, to memory that all blocks share
 * and that stays near. */
static struct block
block_aside(struct snn *snn, const struct block *b)
{
	struct block aside = *b;
	struct carve written = {snn->run->written, 0};

	block_layout_written(snn, &aside, &written);
	return aside;
}

/* Where a node's total of step t goes, after which so many steps are left: of the last two
 * it is what the node keeps. */
static float *
kept_or(const struct node *node, int t, int left, float *elsewhere)
{
	return left < 2 && node->before ? node->sums[t & 1] : elsewhere;
}

/* What the layer before the activation sends in all up to step k of a run. */
static void
run_fc1(struct snn *snn, struct block *b, int k, int left)
{
	struct run *run = snn->run;
	struct node *fc1 = &b->node[PART_FC1];
	float *total = kept_or(fc1, *snn->t, left, run->fc1[k]);

	run->received[k] = total;
	fc1_step(snn, b, run->stream[k], fc1->before ? total : fc1->target);
	node_encode(fc1, *snn->t);
	if (!fc1->before)
		memcpy(total, fc1->total, fc1->size * sizeof(float));
}

/* The block up to what the activation receives in every step. In run->stream the residual
 * stream behind the attention takes the place of that before it. */
static void
run_to_fc1(struct snn *snn, struct block *b, struct block *aside, int start, int steps)
{

	for (int k = 0; k < steps; k++) {
		float *x = snn->run->stream[k];

		*snn->t = start + k + 1;
		if (k + 1 == steps)
			block_align(b, start + k);
		attention_step(snn, k + 1 < steps ? aside : b, x);
		rows_add(x, 1, (int)b->node[PART_PROJECTION].size, b->node[PART_PROJECTION].total);
	}
	for (int k = 0; k < steps; k++) {
		*snn->t = start + k + 1;
		run_fc1(snn, k + 1 < steps ? aside : b, k, steps - 1 - k);
	}
	memcpy(b->mid, snn->run->stream[steps - 1], b->node[PART_ADD].size * sizeof(float));
}

static void
run_act(struct snn *snn, struct block *b, int start, int steps)
{
	struct node *act = &b->node[PART_ACTIVATION];
	struct run *run = snn->run;
	struct population_step step[POPULATION_STEPS];

	for (int k = 0; k < steps; k++) {
		float *total = kept_or(act, start + k + 1, steps - 1 - k, run->act[k]);

		*snn->t = start + k + 1;
		run->given[k] = total;
		step[k] = (struct population_step){.rule = site_rule(act->plan, *snn->t),
						   .t = *snn->t,
						   .s = snn_scale(snn),
						   .x = run->received[k],
						   .total = total};
	}
	node_align(act, start + steps);
	population_run(&act->population, step, steps, act->alarms);
	for (int k = 0; k < steps; k++)
		node_tally(act, step[k].tally);
}

static void
run_from_act(struct snn *snn, struct block *b, struct block *aside, int start, int steps)
{
	for (int k = 0; k < steps; k++) {
		struct node *node = (k + 1 < steps ? aside : b)->node, *out = &node[PART_COPY];
		float *x = snn->run->stream[k];

		*snn->t = start + k + 1;
		out->target = snn->run->given[k];
		node_encode(out, *snn->t);
		residual_output(snn, &b->to[PART_FC2], out, &node[PART_FC2]);
		if (k + 2 < steps) {
			rows_add(x, 1, (int)node[PART_ADD].size, node[PART_FC2].total);
			continue;
		}
		send_block(b, x, *snn->t);
		memcpy(x, b->node[PART_ADD].total, b->node[PART_ADD].size * sizeof(float));
	}
}

void
block_run(struct snn *snn, int index, int start, int steps)
{
	struct block *b = &snn->block[index], aside = block_aside(snn, b);

	run_to_fc1(snn, b, &aside, start, steps);
	run_act(snn, b, start, steps);
	run_from_act(snn, b, &aside, start, steps);
}
