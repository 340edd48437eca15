/* Inside the reference network: the ops and what they work in. Shared by the files of ann/ only. */
#ifndef SPIKESCOPE_ANN_NETWORK_H
#define SPIKESCOPE_ANN_NETWORK_H

#include "ann/ann.h"
#include "base/arena.h"
#include "model/graph.h"

/* Scratch for a batch of pictures. */
struct ann {
	const struct model *model;
	struct arena *arena;
	int batch;
	struct attention_shape most; /* of all attentions, the largest of each */
	float **slot;   /* [slots]: [batch, slot_size]; what lies there for a picture begins at its own part, so that pictures may
			 be at   different layers */
	float *window;  /* [batch, layer_scratch()]: of convolutions */
	float *picture; /* [batch, the input]: channels last; or cut into patches */
	float *operand; /* [batch, linear_size]: what a linear layer reads, with gamma and beta */
	float *joined;  /* [batch, linear_size]: what linear layers that share a weight give */
	float *heads;   /* [batch, heads, head_scratch()] */
	size_t linear_size, received_size;
	float *received;             /* [batch, received_size]: what 1/x and 1/sqrt(x) are of */
	bool *fast;                  /* [blocks]: has block_forward() */
	struct block_scratch *block; /* of those; NULL when there are none */
};

/* Pictures first .. first + pictures - 1 of the batch. */
struct pass {
	const struct ann *ann;
	const struct graph *net;
	const struct model *model;
	const float *pixels; /* of the whole batch */
	float *logits;       /* of the whole batch */
	int first, pictures;
};

/* Applies the layer to all pictures of the pass. */
typedef void op_apply(const struct pass *p, const struct layer *layer);

op_apply op_embed, op_norm, op_center, op_rsqrt, op_normalise, op_linear, op_query, op_scores, op_exp, op_reciprocal,
    op_probability, op_mix, op_activation, op_gate, op_copy, op_add, op_convolution, op_relu, op_max_pool, op_average_pool,
    op_global_pool, op_tokens, op_token_pool, op_head;

/* The values of a layer for the i-th picture of the pass; of the head, its logits. */
float *layer_values(const struct pass *p, const struct layer *layer, int i);
/* The values of what the layer reads as its `which`. */
float *read_values(const struct pass *p, const struct layer *layer, int which, int i);
/* y = the sum of what the layer reads. */
void read_sum(const struct pass *p, const struct layer *layer, int i, float *y);
/* What a function received; NULL of other layers. */
const float *layer_received(const struct pass *p, const struct layer *layer);
/* The most rows of a layer that a function of sums gives. */
size_t received_size(const struct graph *net);
size_t linear_scratch(const struct graph *net); /* floats of ann->operand and ann->joined of a picture */

/* Fast path of a block (graph_is_block()) for one picture that nobody observes: LayerNorm in one, one product for q,
 * k and v, softmax and activation in place, and no more tokens behind the attention than somebody reads. */
struct block_scratch *block_scratch_new(const struct model *model, int batch, struct arena *arena); /* NULL: no memory */
void block_forward(const struct pass *p, int first);

#endif
