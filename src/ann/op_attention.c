/* Attention by heads: scores, softmax in its three parts, and what it makes of the values. */
#include "ann/network.h"
#include "kernels/kernel.h"

#include <math.h>
#include <omp.h>

/* Head i of all pictures'. */
struct at_head {
	struct attention_shape shape;
	struct head head;
	int picture;
	size_t map, column; /* floats before its map in a picture's maps, and before its columns */
};

static struct at_head
at_head(const struct pass *p, const struct layer *layer, int i)
{
	struct attention_shape s = graph_attention(p->net, layer->site.block);
	size_t n = head_scratch(p->ann->most.tokens, p->ann->most.head_dim);
	float *scratch = p->ann->heads + ((size_t)p->first * (size_t)p->ann->most.heads + (size_t)i) * n;

	return (struct at_head){.shape = s,
				.head = {s.tokens, s.head_dim, s.queries, s.heads * s.head_dim, scratch},
				.picture = i / s.heads,
				.map = (size_t)(i % s.heads) * (size_t)s.queries * (size_t)s.tokens,
				.column = (size_t)(i % s.heads) * (size_t)s.head_dim};
}

/* The products of one head are small: threads take whole heads. */
static bool
is_worth_sharing(const struct pass *p, const struct layer *layer)
{
	struct attention_shape s = graph_attention(p->net, layer->site.block);

	return (double)p->pictures * s.heads * s.head_dim * s.queries * s.tokens > 2e7 && omp_get_max_threads() > 1;
}

KERNEL static void
scale_scores(float *scores, size_t count, float scale)
{
	for (size_t i = 0; i < count; i++)
		scores[i] *= scale;
}

void
op_scores(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for if (is_worth_sharing(p, layer))
	for (int i = 0; i < p->pictures * layer->heads; i++) {
		struct at_head h = at_head(p, layer, i);
		float *scores = layer_values(p, layer, h.picture) + h.map;

		head_scores(&h.head, read_values(p, layer, 0, h.picture) + h.column,
			    read_values(p, layer, 1, h.picture) + h.column, scores);
		scale_scores(scores, (size_t)h.shape.queries * (size_t)h.shape.tokens, 1 / sqrtf((float)h.shape.head_dim));
	}
}

void
op_mix(const struct pass *p, const struct layer *layer)
{
#pragma omp parallel for if (is_worth_sharing(p, layer))
	for (int i = 0; i < p->pictures * layer->heads; i++) {
		struct at_head h = at_head(p, layer, i);

		head_values(&h.head, read_values(p, layer, 0, h.picture) + h.map, read_values(p, layer, 1, h.picture) + h.column,
			    layer_values(p, layer, h.picture) + h.column, layer->channels);
	}
}

/* Leaves its scores less their maximum where they were: that is what it receives. */
void
op_exp(const struct pass *p, const struct layer *layer)
{
	exp_rows(read_values(p, layer, 0, 0), p->pictures * (int)layer_places(layer), layer->channels, layer_values(p, layer, 0));
}

void
op_reciprocal(const struct pass *p, const struct layer *layer)
{
	size_t rows = (size_t)p->pictures * layer_size(layer), columns = (size_t)layer_source(p->net, layer)->channels;
	const float *x = read_values(p, layer, 0, 0);
	float *sum = p->ann->received + (size_t)p->first * p->ann->received_size, *y = layer_values(p, layer, 0);

	for (size_t r = 0; r < rows; r++) {
		sum[r] = 0;
		for (size_t i = 0; i < columns; i++)
			sum[r] += x[r * columns + i];
		y[r] = 1 / sum[r];
	}
}

void
op_probability(const struct pass *p, const struct layer *layer)
{
	op_normalise(p, layer);
}

size_t
received_size(const struct graph *net)
{
	size_t most = 0;

	for (int l = 0; l < net->layers; l++) {
		const struct layer *layer = &net->layer[l];

		if ((layer->op == LAYER_RECIPROCAL || layer->op == LAYER_RSQRT) && layer_size(layer) > most)
			most = layer_size(layer);
	}
	return most;
}

const float *
layer_received(const struct pass *p, const struct layer *layer)
{
	switch (layer->op) {
	case LAYER_EXP:
	case LAYER_ACTIVATION:
		return read_values(p, layer, 0, 0);
	case LAYER_RECIPROCAL:
	case LAYER_RSQRT:
		return p->ann->received + (size_t)p->first * p->ann->received_size;
	default:
		return NULL;
	}
}
