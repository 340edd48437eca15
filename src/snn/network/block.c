/* One block in one time step: METHODS 5 and 6 in terms of sums over time. */
#include "base/timing.h"
#include "kernels/dense.h"
#include "kernels/rows.h"
#include "snn/network/network.h"

#include <string.h>

/* What LayerNorm's two instances differ in. */
struct norm_sites {
	struct node *center, *rsqrt, *norm;
	float *variance;
	const struct norm *parameters;
};

/* LayerNorm up to the spikes that the next linear layer receives; returns them. */
static const struct node *
norm_step(struct snn *snn, struct norm_sites s, const float *x)
{
	const struct model *model = snn->model;
	float scale = snn_scale(snn), eps = snn->plan->eps ? s.parameters->eps : 0;

	rows_center(x, model->tokens, model->width, s.center->target);
	node_encode(s.center, *snn->t);
	snn_spent(snn, s.center);
	rows_variance(s.center->total, model->tokens, model->width, scale, eps * scale, s.variance);
	node_group(s.rsqrt, s.variance, scale, *snn->t);
	snn_spent(snn, s.rsqrt);
	if (!s.norm->derived) {
		rows_scale(s.center->total, model->tokens, model->width, s.rsqrt->total, scale, false, s.norm->target);
		node_encode(s.norm, *snn->t);
	}
	snn_spent(snn, s.norm);
	return snn->plan->fold_norm ? s.center : s.norm;
}

/* sum += weights times what the node has sent: in fixed point, or in floats all of it, or, where
 * few have sent, spike by spike. Both of these give the same bits (ann/dense.h). */
static void
receive(struct snn *snn, const struct receiver *to, const struct node *from, float *sum)
{
	const struct linear *l = &to->linear;
	const float *sent = from->sent;

	if (to->kind == RECEIVES_COUNTS) {
		if (from->step->events > 0)
			fixed_add(to->fixed, from->counts, from->rows, site_rule(from->plan, *snn->t).grain, sum);
		return;
	}
	if (to->kind == RECEIVES_VALUES) {
		fixed_add_values(to->fixed, sent, from->rows, snn->digits, sum);
		return;
	}
	if (from->packed) {
		node_unpack(from, *snn->t, snn->unpacked);
		sent = snn->unpacked;
	}
	if (node_is_sparse(from)) {
		spikes_list(snn->spikes, sent, from->rows, l->in);
		spikes_run(snn->spikes, l->panels, l->out, sum);
	} else {
		linear_apply(l, sent, from->rows, sum, true);
	}
}

/* The layer behind a LayerNorm: sum holds folded weights times all spikes. When the
 * centred input was encoded, 1/sigma is applied here. Column [first, first + columns)
 * of the layer goes to target. */
static void
folded_output(const struct snn *snn, const struct linear *layer, const float *sum, const float *rsqrt, int first, int columns,
	      float *target)
{
	rows_affine(sum + first, layer->out, snn->model->tokens, columns, snn->plan->fold_norm ? rsqrt : NULL, snn_scale(snn),
		    layer->bias + first, target);
}

static void
project_qkv(struct snn *snn, struct block *b, const struct receiver *qkv, const struct node *spikes)
{
	const struct model *model = snn->model;
	const float *rsqrt = b->node[SITE_NORM1_RSQRT].total;

	receive(snn, qkv, spikes, b->qkv_sum);
	for (int part = 0; part < 3; part++) {
		struct node *node = &b->node[SITE_Q + part];

		folded_output(snn, &qkv->linear, b->qkv_sum, rsqrt, part * model->width, model->width, node->target);
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
block_attention(const struct snn *snn, struct block *b)
{
	const struct model *model = snn->model;
	struct node *n = b->node;

	return (struct attention){.heads = model->heads,
				  .head_dim = model->head_dim,
				  .tokens = model->tokens,
				  .queries = model->tokens,
				  .q = &n[SITE_Q],
				  .k = &n[SITE_K],
				  .v = &n[SITE_V],
				  .qk = &n[SITE_QK],
				  .e = &n[SITE_EXP],
				  .reciprocal = &n[SITE_RECIPROCAL],
				  .p = &n[SITE_SOFTMAX],
				  .av = &n[SITE_AV],
				  .score = b->score,
				  .row_sum = b->row_sum};
}

static void
attention_step(struct snn *snn, struct block *b, const struct vit_block *weights, const struct receivers *to, const float *x)
{
	struct norm_sites sites = {&b->node[SITE_NORM1_CENTER], &b->node[SITE_NORM1_RSQRT], &b->node[SITE_NORM1], b->variance1,
				   &weights->norm1};

	project_qkv(snn, b, &to->qkv, norm_step(snn, sites, x));
	attention_run(snn, block_attention(snn, b));
	residual_output(snn, &to->proj, &b->node[SITE_AV], &b->node[SITE_ATTN]);
}

/* What SITE_FC1 has to send after this step. */
static void
fc1_step(struct snn *snn, struct block *b, const struct vit_block *weights, const struct receivers *to, const float *mid,
	 float *target)
{
	struct norm_sites sites = {&b->node[SITE_NORM2_CENTER], &b->node[SITE_NORM2_RSQRT], &b->node[SITE_NORM2], b->variance2,
				   &weights->norm2};

	receive(snn, &to->fc1, norm_step(snn, sites, mid), b->fc1_sum);
	folded_output(snn, &to->fc1.linear, b->fc1_sum, b->node[SITE_NORM2_RSQRT].total, 0, snn->model->mlp_width, target);
}

static void
mlp_step(struct snn *snn, struct block *b, const struct vit_block *weights, const struct receivers *to)
{
	struct node *fc1 = &b->node[SITE_FC1], *act = &b->node[SITE_ACT], *out = &b->node[SITE_ACT_OUT];

	fc1_step(snn, b, weights, to, b->mid, node_next(fc1));
	node_encode(fc1, *snn->t);
	snn_spent(snn, fc1);
	node_group(act, fc1->total, snn_scale(snn), *snn->t);
	snn_spent(snn, act);
	out->target = act->total;
	node_encode(out, *snn->t);
	snn_spent(snn, out);
	residual_output(snn, &to->fc2, out, &b->node[SITE_MLP]);
}

/* What the block has sent: the residual stream after attention and MLP. */
static void
send_block(struct block *b, const float *mid, int t)
{
	struct node *out = &b->node[SITE_BLOCK];

	node_align(out, t - 1);
	add_arrays(mid, b->node[SITE_MLP].total, out->size, node_next(out));
	node_encode(out, t);
}

void
block_align(struct block *b, int t)
{
	for (int kind = SITE_NORM1_CENTER; kind <= SITE_BLOCK; kind++)
		node_align(&b->node[kind], t);
	b->node[SITE_ACT_OUT].target = b->node[SITE_ACT].total;
}

void
block_step(struct snn *snn, int index, const float *x)
{
	struct block *b = &snn->block[index];
	const struct vit_block *weights = &snn->model->blocks[index];
	const struct receivers *to = &snn->plan->receivers[index];

	if (snn->clock)
		snn->clock_at = timing_now();
	attention_step(snn, b, weights, to, x);
	add_arrays(x, b->node[SITE_ATTN].total, b->node[SITE_BLOCK].size, b->mid);
	mlp_step(snn, b, weights, to);
	send_block(b, b->mid, *snn->t);
	snn_spent(snn, &b->node[SITE_BLOCK]);
}

struct run *
run_new(struct snn *snn)
{
	size_t tokens = (size_t)snn->model->tokens, wide = tokens * (size_t)snn->model->mlp_width;
	struct run *run = arena_alloc(snn->arena, sizeof(*run));
	size_t most = 0;
	bool ok = run != NULL;

	for (int k = 0; ok && k < GROUP_STEPS; k++) {
		run->stream[k] = arena_floats(snn->arena, tokens * (size_t)snn->model->width);
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

/* What SITE_FC1 sends in all up to step k of a run. */
static void
run_fc1(struct snn *snn, struct block *b, int index, int k, int left)
{
	const struct vit_block *weights = &snn->model->blocks[index];
	const struct receivers *to = &snn->plan->receivers[index];
	struct run *run = snn->run;
	struct node *fc1 = &b->node[SITE_FC1];
	float *total = kept_or(fc1, *snn->t, left, run->fc1[k]);

	run->received[k] = total;
	fc1_step(snn, b, weights, to, run->stream[k], fc1->before ? total : fc1->target);
	node_encode(fc1, *snn->t);
	if (!fc1->before)
		memcpy(total, fc1->total, fc1->size * sizeof(float));
}

/* The block up to what the activation receives in every step. In run->stream the residual
 * stream behind the attention takes the place of that before it. */
static void
run_to_fc1(struct snn *snn, struct block *b, struct block *aside, int index, int start, int steps)
{
	const struct vit_block *weights = &snn->model->blocks[index];
	const struct receivers *to = &snn->plan->receivers[index];

	for (int k = 0; k < steps; k++) {
		float *x = snn->run->stream[k];

		*snn->t = start + k + 1;
		if (k + 1 == steps)
			block_align(b, start + k);
		attention_step(snn, k + 1 < steps ? aside : b, weights, to, x);
		rows_add(x, 1, (int)b->node[SITE_ATTN].size, b->node[SITE_ATTN].total);
	}
	for (int k = 0; k < steps; k++) {
		*snn->t = start + k + 1;
		run_fc1(snn, k + 1 < steps ? aside : b, index, k, steps - 1 - k);
	}
	memcpy(b->mid, snn->run->stream[steps - 1], b->node[SITE_BLOCK].size * sizeof(float));
}

static void
run_act(struct snn *snn, struct block *b, int start, int steps)
{
	struct node *act = &b->node[SITE_ACT];
	struct run *run = snn->run;
	struct group_step step[GROUP_STEPS];

	for (int k = 0; k < steps; k++) {
		float *total = kept_or(act, start + k + 1, steps - 1 - k, run->act[k]);

		*snn->t = start + k + 1;
		run->given[k] = total;
		step[k] = (struct group_step){.rule = site_rule(act->plan, *snn->t),
					      .t = *snn->t,
					      .s = snn_scale(snn),
					      .x = run->received[k],
					      .total = total};
	}
	node_align(act, start + steps);
	group_run(&act->group, step, steps, act->alarms);
	for (int k = 0; k < steps; k++)
		node_tally(act, step[k].tally);
}

static void
run_from_act(struct snn *snn, struct block *b, struct block *aside, const struct receiver *fc2, int start, int steps)
{
	for (int k = 0; k < steps; k++) {
		struct node *node = (k + 1 < steps ? aside : b)->node, *out = &node[SITE_ACT_OUT];
		float *x = snn->run->stream[k];

		*snn->t = start + k + 1;
		out->target = snn->run->given[k];
		node_encode(out, *snn->t);
		residual_output(snn, fc2, out, &node[SITE_MLP]);
		if (k + 2 < steps) {
			rows_add(x, 1, (int)node[SITE_BLOCK].size, node[SITE_MLP].total);
			continue;
		}
		send_block(b, x, *snn->t);
		memcpy(x, b->node[SITE_BLOCK].total, b->node[SITE_BLOCK].size * sizeof(float));
	}
}

void
block_run(struct snn *snn, int index, int start, int steps)
{
	struct block *b = &snn->block[index], aside = block_aside(snn, b);

	run_to_fc1(snn, b, &aside, index, start, steps);
	run_act(snn, b, start, steps);
	run_from_act(snn, b, &aside, &snn->plan->receivers[index].fc2, start, steps);
}
