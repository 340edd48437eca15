/* The fast path of a transformer's block for one picture that nobody observes. */
#include "ann/network.h"
#include "kernels/kernel.h"
#include "kernels/rows.h"

#include <math.h>

struct block_scratch {
	float *h;                 /* [batch, tokens, width] the normalised stream */
	float *qkv;               /* [batch, tokens, 3 width] */
	float *av;                /* [batch, tokens, width] */
	float *y;                 /* [batch, tokens, width] what a branch adds to the stream */
	float *scores;            /* [batch, heads, tokens, tokens] */
	float *fc1;               /* [batch, tokens, mlp_width] */
	size_t stream, map, wide; /* floats of a picture's h, scores and fc1 */
};

static size_t
greater_size(size_t a, size_t b)
{
	return a > b ? a : b;
}

struct block_scratch *
block_scratch_new(const struct model *model, int batch, struct arena *arena)
{
	const struct graph *net = model->graph;
	struct block_scratch *s = arena_alloc(arena, sizeof(*s));
	size_t n = (size_t)batch;

	for (int b = 0; s && b < net->blocks; b++) {
		const struct layer *part = &net->layer[net->first[b]];

		if (!graph_is_block(net, net->first[b]))
			continue;
		s->stream = greater_size(s->stream, layer_size(&part[PART_CENTER1]));
		s->map = greater_size(s->map, layer_size(&part[PART_SCORES]));
		s->wide = greater_size(s->wide, layer_size(&part[PART_FC1]));
	}
	if (!s)
		return NULL;
	s->h = arena_floats(arena, n * s->stream);
	s->qkv = arena_floats(arena, 3 * n * s->stream);
	s->av = arena_floats(arena, n * s->stream);
	s->y = arena_floats(arena, n * s->stream);
	s->scores = arena_floats(arena, n * s->map);
	s->fc1 = arena_floats(arena, n * s->wide);
	return s->h && s->qkv && s->av && s->y && s->scores && s->fc1 ? s : NULL;
}

/* One block and picture. */
struct run {
	const struct pass *p;
	const struct layer *part; /* [BLOCK_PARTS] */
	float *h, *qkv, *av, *y, *scores, *fc1;
	struct attention_shape shape;
	int queries; /* tokens that are wanted behind the attention */
};

/* Of what the block gives the head may read the first tokens alone. */
static int
rows_wanted(const struct graph *net, const struct layer *layer)
{
	int index = (int)(layer - net->layer), wanted = 0;

	for (int l = index + 1; l < net->layers; l++) {
		const struct layer *reader = &net->layer[l];
		bool some = reader->op == LAYER_NORM || reader->op == LAYER_LINEAR;

		if (layer_reads(reader, index) && !some)
			return layer->height;
		if (layer_reads(reader, index) && (int)layer_places(reader) > wanted)
			wanted = (int)layer_places(reader);
	}
	return wanted;
}

KERNEL static void
scale_scores(float *scores, size_t count, float scale)
{
	for (size_t i = 0; i < count; i++)
		scores[i] *= scale;
}

static void
attend(const struct run *r, int i)
{
	const struct ann *ann = r->p->ann;
	struct attention_shape s = r->shape;
	size_t width = (size_t)(s.heads * s.head_dim), n = (size_t)s.tokens, column = (size_t)i * (size_t)s.head_dim;
	size_t scratch = head_scratch(ann->most.tokens, ann->most.head_dim);
	float *scores = r->scores + (size_t)i * n * n;
	struct head head = {s.tokens, s.head_dim, r->queries, 3 * (int)width,
			    ann->heads + ((size_t)r->p->first * (size_t)ann->most.heads + (size_t)i) * scratch};

	head_scores(&head, r->qkv + column, r->qkv + width + column, scores);
	scale_scores(scores, (size_t)r->queries * n, 1 / sqrtf((float)s.head_dim));
	softmax_rows(scores, r->queries, s.tokens);
	head_values(&head, scores, r->qkv + 2 * width + column, r->av + column, (int)width);
}

/* x: the stream before the block, out: behind it. */
static void
run_block(const struct run *r, const float *x, float *out)
{
	const struct layer *part = r->part;
	size_t wanted = (size_t)r->queries * (size_t)part[PART_ADD].channels;

	norm_apply(part[PART_Q].norm, x, r->shape.tokens, r->h);
	linear_apply(part[PART_Q].weight, r->h, r->shape.tokens, r->qkv, false);
	for (int i = 0; i < r->shape.heads; i++)
		attend(r, i);
	linear_apply(part[PART_PROJECTION].weight, r->av, r->queries, r->y, false);
	add_arrays(x, r->y, wanted, out);
	norm_apply(part[PART_FC1].norm, out, r->queries, r->h);
	linear_apply(part[PART_FC1].weight, r->h, r->queries, r->fc1, false);
	activation_apply(part[PART_ACTIVATION].act, r->fc1, (size_t)r->queries * (size_t)part[PART_FC1].channels);
	linear_apply(part[PART_FC2].weight, r->fc1, r->queries, r->y, false);
	rows_add(out, 1, (int)wanted, r->y);
}

void
block_forward(const struct pass *p, int first)
{
	const struct layer *part = &p->net->layer[first];
	const struct block_scratch *s = p->ann->block;
	size_t at = (size_t)p->first, stream = at * s->stream;
	struct run r = {.p = p,
			.part = part,
			.h = s->h + stream,
			.qkv = s->qkv + 3 * stream,
			.av = s->av + stream,
			.y = s->y + stream,
			.scores = s->scores + at * s->map,
			.fc1 = s->fc1 + at * s->wide,
			.shape = graph_attention(p->net, part->site.block),
			.queries = rows_wanted(p->net, &part[PART_ADD])};

	run_block(&r, read_values(p, part, 0, 0), layer_values(p, &part[PART_ADD], 0));
}
