#include "ann/ann.h"

#include "ann/network.h"
#include "kernels/kernel.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* 4 GB of attention scores; also keeps rows and sizes within int. */
#define SCORES_MAX (double)(1 << 30)

/* Scratch for rows = batch * tokens. */
struct ann {
	const struct model *model;
	struct arena *arena;
	int batch;
	struct layers *layers; /* of a residual network, which needs nothing of what follows; else NULL */
	float *patches;        /* of one picture */
	float *x;              /* [rows, width] the residual stream */
	float *h;              /* [rows, width] its normalised copy */
	float *qkv;            /* [rows, 3 width] */
	float *q, *k, *v;      /* [rows, width]: the same apart, for observers */
	float *heads;          /* [batch, heads, head_scratch()] */
	float *av;             /* [rows, width] */
	float *y;              /* [rows, width] what a branch adds to the stream */
	float *scores;         /* [batch, heads, tokens, tokens] */
	float *probs;          /* the same, apart, for observers */
	float *sum, *inv;      /* [batch, heads, tokens] */
	float *var, *rsqrt;    /* [rows] */
	float *fc1, *act;      /* [rows, mlp_width] */
	float *last, *norm;    /* [batch, prefix, width] */
};

/* One forward pass. */
struct pass {
	struct ann *ann;
	const struct model *model;
	const struct ann_observer *observer; /* NULL: one picture */
	int pictures, rows;
	int queries; /* tokens of a picture that are wanted behind the attention */
};

/* Observers' buffers are made with the first observer. */
static bool
make_observed(struct ann *a, struct status *st)
{
	const struct model *model = a->model;
	size_t batch = (size_t)a->batch, tokens = (size_t)model->tokens, heads = (size_t)model->heads;

	if (a->act)
		return true;
	a->q = arena_floats(a->arena, batch * tokens * (size_t)model->width);
	a->k = arena_floats(a->arena, batch * tokens * (size_t)model->width);
	a->v = arena_floats(a->arena, batch * tokens * (size_t)model->width);
	a->probs = arena_floats(a->arena, batch * heads * tokens * tokens);
	a->sum = arena_floats(a->arena, batch * heads * tokens);
	a->inv = arena_floats(a->arena, batch * heads * tokens);
	a->var = arena_floats(a->arena, batch * tokens);
	a->rsqrt = arena_floats(a->arena, batch * tokens);
	a->act = arena_floats(a->arena, batch * tokens * (size_t)model->mlp_width);
	if (a->q && a->k && a->v && a->probs && a->sum && a->inv && a->var && a->rsqrt && a->act)
		return true;
	a->act = NULL;
	return status_nomem(st, "observing the network");
}

static bool
make_scratch(struct ann *a)
{
	const struct model *model = a->model;
	size_t rows = (size_t)a->batch * (size_t)model->tokens, width = (size_t)model->width;
	size_t prefix = (size_t)a->batch * (size_t)model->prefix;
	float **wide[] = {&a->x, &a->h, &a->av, &a->y};

	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		if (!(*wide[i] = arena_floats(a->arena, rows * width)))
			return false;
	a->patches = arena_floats(a->arena, (size_t)a->batch * ann_embed_scratch(model));
	a->qkv = arena_floats(a->arena, 3 * rows * width);
	a->heads = arena_floats(a->arena, (size_t)a->batch * (size_t)model->heads * head_scratch(model->tokens, model->head_dim));
	a->scores = arena_floats(a->arena, rows * (size_t)model->heads * (size_t)model->tokens);
	a->fc1 = arena_floats(a->arena, rows * (size_t)model->mlp_width);
	a->last = arena_floats(a->arena, prefix * width);
	a->norm = arena_floats(a->arena, prefix * width);
	return a->patches && a->qkv && a->heads && a->scores && a->fc1 && a->last && a->norm;
}

struct ann *
ann_new(const struct model *model, int batch, struct status *st)
{
	double scores = (double)batch * model->heads * model->tokens * model->tokens;
	struct arena *arena;
	struct ann *a;

	if (batch < 1 || scores > SCORES_MAX) {
		status_fail(st, STATUS_FAILED,
			    "%d pictures of %d tokens at once are impossible (%.3g attention scores); take fewer", batch,
			    model->tokens, scores);
		return NULL;
	}
	arena = arena_new();
	a = arena ? arena_alloc(arena, sizeof(*a)) : NULL;
	if (a) {
		*a = (struct ann){.model = model, .arena = arena, .batch = batch};
		if (model->resnet ? (a->layers = layers_new(model, batch, arena)) != NULL : make_scratch(a))
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
ann_vit(const struct ann *ann)
{
	return ann->model;
}

static void
observe(const struct pass *p, enum site_kind kind, int block, const float *input, float *data)
{
	if (p->observer)
		p->observer->see(p->observer->ctx, site_in(kind, block), p->pictures, input, data);
}

size_t
ann_embed_scratch(const struct model *model)
{
	return (size_t)model->patches * (size_t)model->patch.in;
}

/* pixels [channels, size, size] -> patches [patches, channels * patch * patch] */
static void
cut_patches(const struct model *model, const float *pixels, float *patches)
{
	size_t size = (size_t)model->image_size, patch = (size_t)model->patch_size, side = size / patch;

	for (size_t row = 0; row < side; row++)
		for (size_t column = 0; column < side; column++)
			for (size_t c = 0; c < (size_t)model->channels; c++)
				for (size_t y = 0; y < patch; y++) {
					memcpy(patches, pixels + (c * size + row * patch + y) * size + column * patch,
					       patch * sizeof(*patches));
					patches += patch;
				}
}

/* Prefix tokens and embedded patches, positions added: tokens [tokens, width]. */
static void
embed_tokens(const struct model *model, const float *pixels, float *patch_scratch, float *tokens)
{
	size_t width = (size_t)model->width, prefix = (size_t)model->prefix * width, count = (size_t)model->tokens * width;

	cut_patches(model, pixels, patch_scratch);
	memcpy(tokens, model->prefix_tokens, prefix * sizeof(*tokens));
	linear_apply(&model->patch, patch_scratch, model->patches, tokens + prefix, false);
	for (size_t i = 0; i < count; i++)
		tokens[i] += model->positions[i];
}

void
ann_embed(const struct model *model, const float *pixels, float *patch_scratch, float *tokens)
{
	embed_tokens(model, pixels, patch_scratch, tokens);
	if (model->has_norm_pre)
		norm_apply(&model->norm_pre, tokens, model->tokens, tokens);
}

static void
pass_embed(const struct pass *p, const float *pixels)
{
	const struct model *model = p->model;
	size_t picture = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
	size_t stream = (size_t)model->tokens * (size_t)model->width;

	for (size_t i = 0; i < (size_t)p->pictures; i++)
		embed_tokens(model, pixels + i * picture, p->ann->patches + i * ann_embed_scratch(model), p->ann->x + i * stream);
	observe(p, SITE_PATCH_EMBED, -1, NULL, p->ann->x);
	if (!model->has_norm_pre)
		return;
	norm_apply(&model->norm_pre, p->ann->x, p->rows, p->ann->x);
	observe(p, SITE_NORM_PRE, -1, NULL, p->ann->x);
}

static void
center_rows(const float *x, int rows, size_t width, float *y)
{
	for (size_t r = 0; r < (size_t)rows; r++) {
		const float *in = x + r * width;
		float mean = 0;

#pragma omp simd reduction(+ : mean)
		for (size_t i = 0; i < width; i++)
			mean += in[i];
		mean /= (float)width;
		for (size_t i = 0; i < width; i++)
			y[r * width + i] = in[i] - mean;
	}
}

/* var = mean of squares + eps, rsqrt = 1/sqrt(var), by rows of y. */
static void
measure_rows(const float *y, int rows, size_t width, float eps, float *var, float *rsqrt)
{
	for (size_t r = 0; r < (size_t)rows; r++) {
		const float *row = y + r * width;
		float sum = 0;

#pragma omp simd reduction(+ : sum)
		for (size_t i = 0; i < width; i++)
			sum += row[i] * row[i];
		var[r] = sum / (float)width + eps;
		rsqrt[r] = 1 / sqrtf(var[r]);
	}
}

static void
scale_rows(float *x, size_t rows, size_t width, const float *scale)
{
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < width; i++)
			x[r * width + i] *= scale[r];
}

/* norm of the stream into h; site is SITE_NORM1 or SITE_NORM2, and the two kinds
 * before it in the table are its center and rsqrt. */
static void
pass_norm(const struct pass *p, const struct norm *norm, enum site_kind site, int block)
{
	struct ann *a = p->ann;
	size_t width = (size_t)norm->width;

	if (!p->observer) {
		norm_apply(norm, a->x, p->rows, a->h);
		return;
	}
	center_rows(a->x, p->rows, width, a->h);
	observe(p, site - 2, block, NULL, a->h);
	measure_rows(a->h, p->rows, width, norm->eps, a->var, a->rsqrt);
	observe(p, site - 1, block, a->var, a->rsqrt);
	scale_rows(a->h, (size_t)p->rows, width, a->rsqrt);
	observe(p, site, block, NULL, a->h);
	for (size_t r = 0; r < (size_t)p->rows; r++)
		for (size_t i = 0; i < width; i++)
			a->h[r * width + i] = a->h[r * width + i] * norm->weight[i] + norm->bias[i];
}

/* Observers see q, k and v apart, and what they leave there is what goes on. */
static void
pass_qkv(const struct pass *p, const struct linear *qkv, int block)
{
	struct ann *a = p->ann;
	float *out[] = {a->q, a->k, a->v};
	size_t width = (size_t)p->model->width;

	linear_apply(qkv, a->h, p->rows, a->qkv, false);
	for (size_t i = 0; p->observer && i < 3; i++) {
		for (size_t r = 0; r < (size_t)p->rows; r++)
			memcpy(out[i] + r * width, a->qkv + (r * 3 + i) * width, width * sizeof(float));
		observe(p, SITE_Q + (enum site_kind)i, block, NULL, out[i]);
	}
}

KERNEL static void
scale_scores(float *scores, size_t count, float scale)
{
	for (size_t i = 0; i < count; i++)
		scores[i] *= scale;
}

/* Head i of all pictures': its scores, or what it makes of the values. */
static void
multiply_head(const struct pass *p, int i, const float *probs)
{
	const struct model *model = p->model;
	struct ann *a = p->ann;
	size_t n = (size_t)model->tokens, width = (size_t)model->width, square = (size_t)i * n * n;
	size_t picture = (size_t)(i / model->heads), column = (size_t)(i % model->heads) * (size_t)model->head_dim;
	size_t stride = p->observer ? width : 3 * width, at = picture * n * stride + column;
	const float *q = p->observer ? a->q : a->qkv, *k = p->observer ? a->k : a->qkv + width;
	const float *v = p->observer ? a->v : a->qkv + 2 * width;
	struct head head = {model->tokens, model->head_dim, p->queries, (int)stride,
			    a->heads + (size_t)i * head_scratch(model->tokens, model->head_dim)};

	if (probs) {
		head_values(&head, probs + square, v + at, a->av + picture * n * width + column, model->width);
		return;
	}
	head_scores(&head, q + at, k + at, a->scores + square);
	scale_scores(a->scores + square, (size_t)p->queries * n, 1 / sqrtf((float)model->head_dim));
}

/* The products of one head are small: threads take whole heads. */
static void
multiply_heads(const struct pass *p, const float *probs)
{
	int heads = p->pictures * p->model->heads;
	bool share =
	    (double)p->pictures * p->model->width * p->model->tokens * p->model->tokens > 2e7 && omp_get_max_threads() > 1;

#pragma omp parallel for if (share)
	for (int i = 0; i < heads; i++)
		multiply_head(p, i, probs);
}

static void
sum_rows(const float *x, int rows, size_t columns, float *sum, float *inv)
{
	for (size_t r = 0; r < (size_t)rows; r++) {
		sum[r] = 0;
		for (size_t i = 0; i < columns; i++)
			sum[r] += x[r * columns + i];
		inv[r] = 1 / sum[r];
	}
}

/* Returns the probabilities. */
static const float *
pass_softmax(const struct pass *p, int block)
{
	struct ann *a = p->ann;
	int rows = p->rows * p->model->heads;
	size_t columns = (size_t)p->model->tokens;

	if (!p->observer) {
		for (int h = 0; h < p->model->heads; h++)
			softmax_rows(a->scores + (size_t)h * columns * columns, p->queries, p->model->tokens);
		return a->scores;
	}
	observe(p, SITE_QK, block, NULL, a->scores);
	exp_rows(a->scores, rows, p->model->tokens, a->probs);
	observe(p, SITE_EXP, block, a->scores, a->probs);
	sum_rows(a->probs, rows, columns, a->sum, a->inv);
	observe(p, SITE_RECIPROCAL, block, a->sum, a->inv);
	scale_rows(a->probs, (size_t)rows, columns, a->inv);
	observe(p, SITE_SOFTMAX, block, NULL, a->probs);
	return a->probs;
}

KERNEL static void
add_to(float *restrict x, const float *restrict y, size_t count)
{
	for (size_t i = 0; i < count; i++)
		x[i] += y[i];
}

static void
add_branch(const struct pass *p)
{
	int rows = p->observer ? p->rows : p->queries;

	add_to(p->ann->x, p->ann->y, (size_t)rows * (size_t)p->model->width);
}

static void
pass_attention(const struct pass *p, const struct vit_block *b, int block)
{
	struct ann *a = p->ann;

	pass_norm(p, &b->norm1, SITE_NORM1, block);
	pass_qkv(p, &b->qkv, block);
	multiply_heads(p, NULL);
	multiply_heads(p, pass_softmax(p, block));
	observe(p, SITE_AV, block, NULL, a->av);
	linear_apply(&b->proj, a->av, p->observer ? p->rows : p->queries, a->y, false);
	observe(p, SITE_ATTN, block, NULL, a->y);
	add_branch(p);
}

static void
pass_mlp(const struct pass *p, const struct vit_block *b, int block)
{
	struct ann *a = p->ann;
	size_t count = (size_t)p->rows * (size_t)b->fc1.out;
	float *act = p->observer ? a->act : a->fc1;

	pass_norm(p, &b->norm2, SITE_NORM2, block);
	linear_apply(&b->fc1, a->h, p->rows, a->fc1, false);
	observe(p, SITE_FC1, block, NULL, a->fc1);
	if (p->observer)
		memcpy(act, a->fc1, count * sizeof(*act));
	activation_apply(p->model->act, act, count);
	observe(p, SITE_ACT, block, a->fc1, act);
	observe(p, SITE_ACT_OUT, block, NULL, act);
	linear_apply(&b->fc2, act, p->rows, a->y, false);
	observe(p, SITE_MLP, block, NULL, a->y);
	add_branch(p);
	observe(p, SITE_BLOCK, block, NULL, a->x);
}

/* norm [prefix, width] -> logits [classes]; a distilled model's are the mean of two heads. */
static void
apply_heads(const struct model *model, const float *norm, float *logits)
{
	if (model->projection.weight) {
		projected_head(model, NULL, norm, logits);
		return;
	}
	linear_apply(&model->head, norm, 1, logits, false);
	if (!model->distilled)
		return;
	linear_apply(&model->head_dist, norm + model->width, 1, logits, true);
	for (int i = 0; i < model->classes; i++)
		logits[i] = (logits[i] + (model->head_dist.bias ? model->head_dist.bias[i] : 0)) / 2;
}

static void
pass_head(const struct pass *p, float *logits)
{
	const struct model *model = p->model;
	struct ann *a = p->ann;
	size_t width = (size_t)model->width, prefix = (size_t)model->prefix * width, stream = (size_t)model->tokens * width;

	for (size_t i = 0; i < (size_t)p->pictures; i++)
		memcpy(a->last + i * prefix, a->x + i * stream, prefix * sizeof(float));
	norm_apply(&model->norm, a->last, p->pictures * model->prefix, a->norm);
	observe(p, SITE_NORM, -1, NULL, a->norm);
	for (size_t i = 0; i < (size_t)p->pictures; i++)
		apply_heads(model, a->norm + i * prefix, logits + i * (size_t)model->classes);
	observe(p, SITE_HEAD, -1, NULL, logits);
}

/* Of the last block the head reads the prefix tokens alone: nobody who does not observe
 * misses the others. */
static void
run_pass(struct pass p, const float *pixels, float *logits)
{
	pass_embed(&p, pixels);
	for (int i = 0; i < p.model->depth; i++) {
		if (!p.observer && i == p.model->depth - 1)
			p.queries = p.model->prefix;
		pass_attention(&p, &p.model->blocks[i], i);
		if (!p.observer)
			p.rows = p.queries;
		pass_mlp(&p, &p.model->blocks[i], i);
	}
	pass_head(&p, logits);
}

/* The scratch of one picture alone, without the observers' part. */
static struct ann
take_slice(const struct ann *a, size_t picture)
{
	const struct model *model = a->model;
	size_t tokens = (size_t)model->tokens, stream = picture * tokens * (size_t)model->width;
	size_t prefix = picture * (size_t)model->prefix * (size_t)model->width;

	return (struct ann){
	    .model = model,
	    .patches = a->patches + picture * ann_embed_scratch(model),
	    .x = a->x + stream,
	    .h = a->h + stream,
	    .qkv = a->qkv + 3 * stream,
	    .heads = a->heads + picture * (size_t)model->heads * head_scratch(model->tokens, model->head_dim),
	    .av = a->av + stream,
	    .y = a->y + stream,
	    .scores = a->scores + picture * (size_t)model->heads * tokens * tokens,
	    .fc1 = a->fc1 + picture * tokens * (size_t)model->mlp_width,
	    .last = a->last + prefix,
	    .norm = a->norm + prefix,
	};
}

/* One thread a picture: the products of one are too small to share well. */
static void
run_pictures(const struct ann *ann, const float *pixels, int pictures, float *logits)
{
	const struct model *model = ann->model;
	size_t size = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;

#pragma omp parallel for schedule(dynamic) if (pictures > 1)
	for (int i = 0; i < pictures; i++) {
		struct ann slice = take_slice(ann, (size_t)i);
		struct pass p = {&slice, model, NULL, 1, model->tokens, model->tokens};

		run_pass(p, pixels + (size_t)i * size, logits + (size_t)i * (size_t)model->classes);
	}
}

bool
ann_forward(struct ann *ann, const float *pixels, int pictures, float *logits, const struct ann_observer *observer,
	    struct status *st)
{
	struct pass p = {ann, ann->model, observer, pictures, pictures * ann->model->tokens, ann->model->tokens};

	if (pictures < 1 || pictures > ann->batch)
		return status_fail(st, STATUS_FAILED, "%d pictures at once; there is room for 1 to %d", pictures, ann->batch);
	if (observer && !ann->layers && !make_observed(ann, st))
		return false;
	if (ann->layers)
		layers_forward(ann->layers, pixels, pictures, logits, observer);
	else if (observer)
		run_pass(p, pixels, logits);
	else
		run_pictures(ann, pixels, pictures, logits);
	return true;
}
