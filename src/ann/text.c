#include "ann/text.h"

#include "ann/ann.h"
#include "base/arena.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* Rows of tokens that one thread works on at once: enough for full products, few enough that
 * progress is shown and stopping is quick. Threads take whole batches, and meet only after
 * all layers: on a busy machine each meeting may wait for a time slice. */
enum { BATCH_ROWS = 128 };

/* One text within a batch. */
struct place {
	size_t row; /* of its first token */
	int tokens; /* up to the end token */
};

/* One batch, and the scratch of a thread. */
struct text_pass {
	const struct text_tower *tower;
	const struct text_ids *text; /* [texts] */
	float *embedding;            /* [texts, projection] */
	bool finite;                 /* all of them are */
	struct place *place;         /* [BATCH_ROWS] */
	int texts, rows;
	float *x, *h, *y, *av; /* [rows, width] */
	float *qkv;            /* [rows, 3 width] */
	float *fc1;            /* [rows, mlp_width] */
	float *scores;         /* [context, context] */
	float *scratch;        /* [head_scratch()] */
	struct status status;
};

static bool
make_pass(struct text_pass *p, const struct text_tower *tower, struct arena *arena)
{
	size_t context = (size_t)tower->context, rows = BATCH_ROWS > context ? BATCH_ROWS : context;
	size_t width = (size_t)tower->width;

	p->tower = tower;
	return (p->place = arena_alloc(arena, rows * sizeof(*p->place))) && (p->x = arena_floats(arena, rows * width)) &&
	       (p->h = arena_floats(arena, rows * width)) && (p->y = arena_floats(arena, rows * width)) &&
	       (p->av = arena_floats(arena, rows * width)) && (p->qkv = arena_floats(arena, 3 * rows * width)) &&
	       (p->fc1 = arena_floats(arena, rows * (size_t)tower->mlp_width)) &&
	       (p->scores = arena_floats(arena, context * context)) &&
	       (p->scratch = arena_floats(arena, head_scratch(tower->context, tower->head_dim)));
}

/* How many of the text's tokens decide its embedding: up to its end token. 0: it has none. */
static int
pooled_tokens(const struct text_tower *tower, const struct text_ids *text)
{
	int best = 0;

	for (int i = 0; i < text->count; i++) {
		if (tower->end_id >= 0 && text->id[i] == tower->end_id)
			return i + 1;
		if (text->id[i] > text->id[best])
			best = i;
	}
	return tower->end_id >= 0 ? 0 : best + 1;
}

static bool
check_text(const struct text_tower *tower, const struct text_ids *text, int number, struct status *st)
{
	if (text->count < 1 || text->count > tower->context)
		return status_fail(st, STATUS_DATA, "text %d has %d tokens; the text tower takes 1 to %d", number, text->count,
				   tower->context);
	for (int i = 0; i < text->count; i++)
		if (text->id[i] < 0 || text->id[i] >= tower->vocabulary)
			return status_fail(st, STATUS_DATA,
					   "text %d has the token %d; the text tower knows 0 to %d: is this its vocabulary?",
					   number, text->id[i], tower->vocabulary - 1);
	return pooled_tokens(tower, text) > 0 ||
	       status_fail(st, STATUS_DATA, "text %d has no end token (%d)", number, tower->end_id);
}

/* Makes a batch of as many texts as there is room for; returns how many. */
static int
take_texts(struct text_pass *p, const struct text_ids *texts, int count, float *embeddings)
{
	p->text = texts;
	p->embedding = embeddings;
	p->texts = p->rows = 0;
	while (p->texts < count) {
		int n = pooled_tokens(p->tower, &texts[p->texts]);

		if (p->texts > 0 && p->rows + n > BATCH_ROWS)
			break;
		p->place[p->texts++] = (struct place){(size_t)p->rows, n};
		p->rows += n;
	}
	return p->texts;
}

static bool
embed_tokens(struct text_pass *p)
{
	const struct text_tower *tower = p->tower;
	size_t width = (size_t)tower->width;

	for (int t = 0; t < p->texts; t++)
		for (size_t i = 0; i < (size_t)p->place[t].tokens; i++) {
			float *row = p->x + (p->place[t].row + i) * width;

			if (!safetensors_read(tower->tokens, (size_t)p->text[t].id[i] * width, width, row, &p->status))
				return false;
			for (size_t k = 0; k < width; k++)
				row[k] += tower->positions[i * width + k];
		}
	return true;
}

/* Token i gives weight to tokens 0..i alone. */
static void
causal_softmax(float *scores, int tokens, float scale)
{
	for (int i = 0; i < tokens; i++) {
		float *row = scores + (size_t)i * (size_t)tokens;

		for (int k = 0; k <= i; k++)
			row[k] *= scale;
		softmax_rows(row, 1, i + 1);
		memset(row + i + 1, 0, (size_t)(tokens - i - 1) * sizeof(*row));
	}
}

static void
attend(const struct text_pass *p, const struct place *place, int head)
{
	const struct text_tower *tower = p->tower;
	size_t width = (size_t)tower->width, column = (size_t)head * (size_t)tower->head_dim;
	const float *q = p->qkv + 3 * place->row * width + column;
	struct head h = {place->tokens, tower->head_dim, place->tokens, 3 * tower->width, p->scratch};

	head_scores(&h, q, q + width, p->scores);
	causal_softmax(p->scores, place->tokens, 1 / sqrtf((float)tower->head_dim));
	head_values(&h, p->scores, q + 2 * width, p->av + place->row * width + column, tower->width);
}

static void
add_branch(const struct text_pass *p)
{
	size_t count = (size_t)p->rows * (size_t)p->tower->width;

	for (size_t i = 0; i < count; i++)
		p->x[i] += p->y[i];
}

static void
run_block(const struct text_pass *p, const struct vit_block *b)
{
	int heads = p->tower->heads;

	norm_apply(&b->norm1, p->x, p->rows, p->h);
	linear_apply(&b->qkv, p->h, p->rows, p->qkv, false);
	for (int i = 0; i < p->texts * heads; i++)
		attend(p, &p->place[i / heads], i % heads);
	linear_apply(&b->proj, p->av, p->rows, p->y, false);
	add_branch(p);
	norm_apply(&b->norm2, p->x, p->rows, p->h);
	linear_apply(&b->fc1, p->h, p->rows, p->fc1, false);
	activation_apply(p->tower->act, p->fc1, (size_t)p->rows * (size_t)b->fc1.out);
	linear_apply(&b->fc2, p->fc1, p->rows, p->y, false);
	add_branch(p);
}

static bool
give_length_one(float *x, int count)
{
	float square = 0, scale;

	for (int i = 0; i < count; i++)
		square += x[i] * x[i];
	scale = 1 / sqrtf(square);
	for (int i = 0; i < count; i++)
		x[i] *= scale;
	return isfinite(square) && square > 0;
}

/* The end tokens of the batch -> embeddings. */
static void
project(struct text_pass *p)
{
	const struct text_tower *tower = p->tower;
	size_t width = (size_t)tower->width, out = (size_t)tower->projection.out;

	for (size_t i = 0; i < (size_t)p->texts; i++)
		norm_apply(&tower->norm, p->x + (p->place[i].row + (size_t)p->place[i].tokens - 1) * width, 1, p->h + i * width);
	linear_apply(&tower->projection, p->h, p->texts, p->embedding, false);
	p->finite = true;
	for (size_t i = 0; i < (size_t)p->texts; i++)
		p->finite = give_length_one(p->embedding + i * out, tower->projection.out) && p->finite;
}

static void
run_pass(struct text_pass *p)
{
	if (!embed_tokens(p))
		return;
	for (int i = 0; i < p->tower->depth; i++)
		run_block(p, &p->tower->blocks[i]);
	project(p);
}

/* A batch for each thread, until all texts are done. */
static bool
run_rounds(struct text_pass *p, int threads, const struct text_ids *texts, int count, float *embeddings,
	   const struct progress *progress, struct status *st)
{
	size_t out = (size_t)p->tower->projection.out;

	for (int at = 0; at < count;) {
		int batches = 0;

		if (!progress_report(progress, "texts", at, count))
			return status_fail(st, STATUS_CANCELLED, "stopped; the classes are as they were");
		for (; batches < threads && at < count; batches++)
			at += take_texts(&p[batches], texts + at, count - at, embeddings + (size_t)at * out);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
		for (int i = 0; i < batches; i++)
			run_pass(&p[i]);
		for (int i = 0; i < batches; i++)
			if (p[i].status.code != STATUS_OK)
				return status_fail(st, p[i].status.code, "%s", p[i].status.message);
			else if (!p[i].finite)
				return status_fail(st, STATUS_DATA,
						   "the embeddings of texts are not finite; the text tower's weights are broken");
	}
	return true;
}

bool
text_embed(const struct text_tower *tower, const struct text_ids *texts, int count, float *embeddings,
	   const struct progress *progress, struct status *st)
{
	int threads = omp_get_max_threads();
	struct arena *arena;
	struct text_pass *p;
	bool ok;

	for (int i = 0; i < count; i++)
		if (!check_text(tower, &texts[i], i, st))
			return false;
	arena = arena_new();
	p = arena ? arena_alloc(arena, (size_t)threads * sizeof(*p)) : NULL;
	ok = p != NULL;
	for (int i = 0; ok && i < threads; i++)
		ok = make_pass(&p[i], tower, arena);
	ok = ok ? run_rounds(p, threads, texts, count, embeddings, progress, st) : status_nomem(st, "the text tower");
	arena_free(arena);
	return ok;
}
