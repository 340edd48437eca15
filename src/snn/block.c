/* One block in one time step: METHODS 5 and 6 in terms of sums over time. */
#include "snn/network.h"

#include <math.h>
#include <string.h>

/* What LayerNorm's two instances differ in. */
struct norm_sites {
	struct node *center, *rsqrt, *norm;
	float *variance;
	const struct norm *parameters;
};

static void
center_rows(const float *x, float *c, int rows, int width)
{
	for (int r = 0; r < rows; r++, x += width, c += width) {
		float mean = 0;

		for (int i = 0; i < width; i++)
			mean += x[i];
		mean /= (float)width;
		for (int i = 0; i < width; i++)
			c[i] = x[i] - mean;
	}
}

/* The product rule of c with itself: the sum sent is C_t C_t / scale. */
static void
variance_rows(const float *c, float *variance, int rows, int width, float scale, float eps)
{
	for (int r = 0; r < rows; r++, c += width) {
		float sum = 0;

		for (int i = 0; i < width; i++)
			sum += c[i] * c[i];
		variance[r] = sum / (float)width / scale + eps * scale;
	}
}

/* c times its token's 1/sigma; both are sums, so is the result. */
static void
scale_rows(const float *c, const float *rsqrt, float scale, float *y, int rows, int width)
{
	for (int r = 0; r < rows; r++) {
		float factor = rsqrt[r] / scale;

		for (int i = 0; i < width; i++)
			y[(size_t)r * (size_t)width + (size_t)i] = c[(size_t)r * (size_t)width + (size_t)i] * factor;
	}
}

/* LayerNorm up to the spikes that the next linear layer receives; returns them. */
static const float *
norm_step(struct snn *snn, struct norm_sites s, const float *x)
{
	const struct vit *vit = snn->vit;
	float scale = snn_scale(snn), eps = snn->plan->eps ? s.parameters->eps : 0;

	center_rows(x, s.center->target, vit->tokens, vit->width);
	node_encode(s.center, *snn->t);
	variance_rows(s.center->total, s.variance, vit->tokens, vit->width, scale, eps);
	node_group(s.rsqrt, s.variance, scale, *snn->t);
	scale_rows(s.center->total, s.rsqrt->total, scale, s.norm->target, vit->tokens, vit->width);
	node_encode(s.norm, *snn->t);
	return snn->plan->fold_norm ? s.center->sent : s.norm->sent;
}

/* The layer behind a LayerNorm: sum holds folded weights times all spikes. When the
 * centred input was encoded, 1/sigma is applied here. Column [first, first + columns)
 * of the layer goes to target. */
static void
folded_output(const struct snn *snn, const struct linear *layer, const float *sum, const float *rsqrt, int first, int columns,
	      float *target)
{
	float scale = snn_scale(snn);

	for (int r = 0; r < snn->vit->tokens; r++) {
		const float *from = sum + (size_t)r * (size_t)layer->out + first;
		float factor = snn->plan->fold_norm ? rsqrt[r] / scale : 1;

		for (int i = 0; i < columns; i++)
			target[(size_t)r * (size_t)columns + (size_t)i] = from[i] * factor + layer->bias[first + i] * scale;
	}
}

static void
project_qkv(struct snn *snn, struct block *b, const struct linear *qkv, const float *spikes)
{
	const struct vit *vit = snn->vit;
	const float *rsqrt = b->node[SITE_NORM1_RSQRT].total;
	size_t bytes = (size_t)vit->tokens * (size_t)vit->width * sizeof(float);

	linear_apply(qkv, spikes, vit->tokens, b->qkv_sum, true);
	memcpy(snn->before_k, b->node[SITE_K].total, bytes);
	memcpy(snn->before_v, b->node[SITE_V].total, bytes);
	for (int part = 0; part < 3; part++) {
		struct node *node = &b->node[SITE_Q + part];

		folded_output(snn, qkv, b->qkv_sum, rsqrt, part * vit->width, vit->width, node->target);
		node_encode(node, *snn->t);
	}
}

static void
score_step(struct snn *snn, struct block *b)
{
	const struct vit *vit = snn->vit;
	const struct node *q = &b->node[SITE_Q], *k = &b->node[SITE_K];
	struct node *qk = &b->node[SITE_QK];
	size_t map = (size_t)vit->tokens * (size_t)vit->tokens;

	for (int h = 0; h < vit->heads; h++) {
		int at = h * vit->head_dim;
		struct train a = {q->total + at, NULL, q->sent + at, vit->width};
		struct train c = {k->total + at, snn->before_k + at, k->sent + at, vit->width};

		product_step(&a, &c, true, vit->tokens, vit->tokens, vit->head_dim, b->qk_sum + (size_t)h * map);
	}
	product_send(b->qk_sum, 1 / (snn_scale(snn) * sqrtf((float)vit->head_dim)), qk->total, qk->sent, (int)qk->size);
}

/* What exp receives: the scores against their row's maximum, as sums. */
static void
shift_scores(const float *scores, float *out, int rows, int columns)
{
	for (int r = 0; r < rows; r++, scores += columns, out += columns) {
		float top = scores[0];

		for (int i = 1; i < columns; i++)
			top = fmaxf(top, scores[i]);
		for (int i = 0; i < columns; i++)
			out[i] = scores[i] - top;
	}
}

static void
sum_rows(const float *x, float *sum, int rows, int columns)
{
	for (int r = 0; r < rows; r++, x += columns) {
		float s = 0;

		for (int i = 0; i < columns; i++)
			s += x[i];
		sum[r] = s;
	}
}

/* The target of the probabilities' encoder. With self-correction (released code) the
 * encoder receives, at every step, what is still missing from t times the softmax, and
 * keeps a membrane of its own, so that the target adds up. */
static void
probability_target(const struct snn *snn, struct node *p, const float *e, const float *reciprocal)
{
	float scale = snn_scale(snn);

	for (int r = 0; r < p->rows; r++) {
		float factor = reciprocal[r] / scale;
		size_t at = (size_t)r * (size_t)p->columns;

		for (size_t i = at; i < at + (size_t)p->columns; i++) {
			float now = e[i] * factor;

			if (snn->plan->self_correcting)
				p->target[i] += now - p->total[i];
			else
				p->target[i] = p->plan->positive ? fmaxf(now, 0) : now;
		}
	}
}

static void
softmax_step(struct snn *snn, struct block *b)
{
	const struct vit *vit = snn->vit;
	struct node *e = &b->node[SITE_EXP], *reciprocal = &b->node[SITE_RECIPROCAL], *p = &b->node[SITE_SOFTMAX];
	float scale = snn_scale(snn), floor = snn->plan->exp_floor * scale;
	int rows = vit->heads * vit->tokens;

	shift_scores(b->node[SITE_QK].total, b->score, rows, vit->tokens);
	node_group(e, b->score, scale, *snn->t);
	for (size_t i = 0; i < e->size; i++) {
		if (b->score[i] > floor)
			continue;
		e->sent[i] -= e->total[i];
		e->total[i] = 0;
	}
	sum_rows(e->total, b->row_sum, rows, vit->tokens);
	node_group(reciprocal, b->row_sum, scale, *snn->t);
	probability_target(snn, p, e->total, reciprocal->total);
	node_encode(p, *snn->t);
}

static void
value_step(struct snn *snn, struct block *b)
{
	const struct vit *vit = snn->vit;
	const struct node *p = &b->node[SITE_SOFTMAX], *v = &b->node[SITE_V];
	struct node *av = &b->node[SITE_AV];
	size_t map = (size_t)vit->tokens * (size_t)vit->tokens, rows = (size_t)vit->tokens;
	size_t head = rows * (size_t)vit->head_dim;

	for (int h = 0; h < vit->heads; h++) {
		int at = h * vit->head_dim;
		struct train a = {p->total + (size_t)h * map, NULL, p->sent + (size_t)h * map, vit->tokens};
		struct train c = {v->total + at, snn->before_v + at, v->sent + at, vit->width};
		float *sum = b->av_sum + (size_t)h * head;

		product_step(&a, &c, false, vit->tokens, vit->head_dim, vit->tokens, sum);
		for (size_t r = 0; r < rows; r++)
			for (int i = 0; i < vit->head_dim; i++)
				av->target[r * (size_t)vit->width + (size_t)(at + i)] =
				    sum[r * (size_t)vit->head_dim + (size_t)i] / snn_scale(snn);
	}
	node_encode(av, *snn->t);
}

/* A linear layer whose output is added to the residual stream. */
static void
residual_output(const struct snn *snn, const struct linear *layer, const float *spikes, struct node *node)
{
	float constant = snn_constant(snn);

	linear_apply(&(struct linear){layer->in, layer->out, layer->weight, NULL, layer->panels}, spikes, node->rows, node->sent,
		     false);
	if (layer->bias && constant != 0)
		for (size_t i = 0; i < node->size; i++)
			node->sent[i] += layer->bias[i % (size_t)node->columns];
	for (size_t i = 0; i < node->size; i++)
		node->total[i] += node->sent[i];
}

static void
add(const float *a, const float *b, float *sum, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] = a[i] + b[i];
}

static void
attention_step(struct snn *snn, struct block *b, const struct vit_block *weights, const struct folded_block *folded,
	       const float *x)
{
	struct norm_sites sites = {&b->node[SITE_NORM1_CENTER], &b->node[SITE_NORM1_RSQRT], &b->node[SITE_NORM1], b->variance1,
				   &weights->norm1};

	project_qkv(snn, b, &folded->qkv, norm_step(snn, sites, x));
	score_step(snn, b);
	softmax_step(snn, b);
	value_step(snn, b);
	residual_output(snn, &weights->proj, b->node[SITE_AV].sent, &b->node[SITE_ATTN]);
}

static void
mlp_step(struct snn *snn, struct block *b, const struct vit_block *weights, const struct folded_block *folded)
{
	const struct vit *vit = snn->vit;
	struct norm_sites sites = {&b->node[SITE_NORM2_CENTER], &b->node[SITE_NORM2_RSQRT], &b->node[SITE_NORM2], b->variance2,
				   &weights->norm2};
	struct node *fc1 = &b->node[SITE_FC1], *act = &b->node[SITE_ACT], *out = &b->node[SITE_ACT_OUT];

	linear_apply(&folded->fc1, norm_step(snn, sites, b->mid), vit->tokens, b->fc1_sum, true);
	folded_output(snn, &folded->fc1, b->fc1_sum, b->node[SITE_NORM2_RSQRT].total, 0, vit->mlp_width, fc1->target);
	node_encode(fc1, *snn->t);
	node_group(act, fc1->total, snn_scale(snn), *snn->t);
	memcpy(out->target, act->total, act->size * sizeof(float));
	node_encode(out, *snn->t);
	residual_output(snn, &weights->fc2, out->sent, &b->node[SITE_MLP]);
}

void
block_step(struct snn *snn, int index, const float *x)
{
	struct block *b = &snn->block[index];
	const struct vit_block *weights = &snn->vit->blocks[index];
	const struct folded_block *folded = &snn->plan->folded[index];
	struct node *out = &b->node[SITE_BLOCK];

	attention_step(snn, b, weights, folded, x);
	add(x, b->node[SITE_ATTN].total, b->mid, out->size);
	mlp_step(snn, b, weights, folded);
	for (size_t i = 0; i < out->size; i++) {
		float now = b->mid[i] + b->node[SITE_MLP].total[i];

		out->sent[i] = now - out->total[i];
		out->total[i] = now;
	}
}
