/* A model is a graph: a list of layers in forward order, each with its op, what it reads,
 * its weights and its shape. Every layer is a site (model/site.h), and its index in the
 * list is the site's index. Loaders (model/vit, model/clip, model/resnet) build the list;
 * nothing behind them knows what family a model is of.
 *
 * Values of a layer are rows of channels: [height, width, channels] of pictures,
 * [tokens, channels] (width is 0), [heads, queries, tokens] of attention, [channels]
 * (height is 0 too). A layer that reads several of one shape reads their sum, added up in
 * the order of `from`: that is how residual streams are written.
 *
 * A transformer is
 *   embed (norm) blocks x { center rsqrt normalise, linear x3, scores exp reciprocal
 *   probability mix, linear, center rsqrt normalise, linear activation copy linear, add } norm head
 * and a residual network
 *   convolution relu (max pool) blocks global pool head
 * where a block is (model/resnet/build.h) convolutions and relus, of which the last reads the
 * shortcut as well; CLIP's end in attention pooling: tokens, linear x3, scores .. mix, head.
 *
 * LayerNorm is three layers: x - mean, 1/sqrt(variance + eps), and the product of both. Its
 * gamma and beta belong to the linear layers that read it: `norm`. */
#ifndef SPIKESCOPE_MODEL_GRAPH_H
#define SPIKESCOPE_MODEL_GRAPH_H

#include "model/model.h"
#include "model/site.h"

#include <stdint.h>

enum layer_op {
	LAYER_EMBED,        /* patches times the weight, prefix tokens before them, positions added */
	LAYER_NORM,         /* LayerNorm in one, of as many of the tokens as it has rows */
	LAYER_CENTER,       /* each row less its mean */
	LAYER_RSQRT,        /* 1/sqrt(mean square + eps) of each row of what is centred: [tokens] */
	LAYER_NORMALISE,    /* the centred rows times that */
	LAYER_LINEAR,       /* its weight times as many of the tokens as it has rows */
	LAYER_QUERY,        /* what asks in attention pooling: the same for every input */
	LAYER_SCORES,       /* q k'/sqrt(head_dim) of two layers, by heads */
	LAYER_EXP,          /* of scores less their row's maximum */
	LAYER_RECIPROCAL,   /* of the row's sum */
	LAYER_PROBABILITY,  /* exp times reciprocal */
	LAYER_MIX,          /* probabilities times v */
	LAYER_ACTIVATION,   /* `act` of each value */
	LAYER_GATE,         /* the product of two layers, value by value */
	LAYER_COPY,         /* what it reads: where a train is encoded anew */
	LAYER_ADD,          /* the sum of what it reads */
	LAYER_CONVOLUTION,  /* batch norm folded in */
	LAYER_RELU,         /* max(0, sum of what it reads) */
	LAYER_MAX_POOL,     /* over the places of its window that are there */
	LAYER_AVERAGE_POOL, /* mean over the places of its window */
	LAYER_GLOBAL_POOL,  /* mean over places: [channels] */
	LAYER_TOKENS,       /* mean over places, then the places; positions added */
	LAYER_TOKEN_POOL,   /* the first token, then the mean of the tokens from `first` on: [2 width] */
	LAYER_HEAD,         /* the model's head, with its projection if it has one (model.h): logits */
	LAYER_OPS
};

enum { LAYER_INPUT = -1, LAYER_NOTHING = -2, LAYER_READS = 3 };

struct layer {
	struct site site;
	enum layer_op op;
	int from[LAYER_READS];       /* indices of layers, or LAYER_INPUT; LAYER_NOTHING behind the last */
	int height, width, channels; /* of its values; [height, channels]: width is 0, [channels]: height too */
	int kernel, stride, padding; /* of convolutions and pooling */
	int groups;
	struct linear *weight;   /* convolutions: [groups], in: kernel, kernel, input channels / groups; with panels, biases
				    and no plain weight; linear layers: one, which several that read the same may share: */
	int first;               /* its outputs first .. first + channels - 1 are this layer's; of a token pool, see there */
	const struct norm *norm; /* linear: gamma and beta of the LayerNorm that it reads, or NULL; norm, rsqrt: theirs */
	const float *positions;  /* embed, tokens: [tokens, channels]; query: its values */
	enum activation act;     /* of activations */
	int heads;               /* scores to mix: so many share channels */
	int slot;                /* values of layers that are never needed at once share memory: slot 0 to slots - 1 */
};

struct graph {
	int layers, slots;
	struct layer *layer;
	int blocks;        /* the model's depth */
	int *first, *end;  /* [blocks]: the block's layers are first..end-1; attention pooling is the last block */
	size_t *slot_size; /* [slots]: floats of the largest layer in each */
	size_t largest;    /* floats of the largest layer */
	size_t patch_size; /* floats of the widest row of a convolution: kernel, kernel, input channels */
};

/* The index of a site that the graph has. */
int graph_index(const struct graph *net, struct site site);
/* The layer of a site that the model has. */
const struct layer *site_layer(const struct model *model, struct site site);
/* The layer that `layer` reads first; NULL for the input. */
const struct layer *layer_source(const struct graph *net, const struct layer *layer);
/* Does the layer read the one with this index? */
bool layer_reads(const struct layer *layer, int index);
size_t layer_size(const struct layer *layer);   /* floats of its values */
size_t layer_places(const struct layer *layer); /* the rows of its values: height * width, height, or 1 */
/* The index of the layer that normalises what the one with this index centres. */
int layer_normalised(const struct graph *net, int center);
/* Does a value's place decide what weights it meets (pictures, and what is pooled from them)? */
bool layer_is_spatial(const struct layer *layer);
/* Layers with weights, without those of shortcuts and attention pooling: the number in the names of torchvision's networks. */
int graph_weight_layers(const struct graph *net);

/* One attention: heads, the tokens that ask and those that answer. */
struct attention_shape {
	int heads, head_dim, queries, tokens;
};
/* Of this block; all 0 when it has none. */
struct attention_shape graph_attention(const struct graph *net, int block);

/* The maps of all tokens by all tokens that the model has, by the first attention with several queries; 0: none. */
struct attention_shape graph_maps(const struct model *model);
bool graph_has(const struct graph *net, enum layer_op op); /* any layer of this op? */
/* How an input becomes tokens: side x side patches of `size` pixels a side, behind `prefix` others; side 0: it does not. */
struct patch_grid {
	int prefix, side, size;
};
struct patch_grid graph_patches(const struct model *model);
/* Of its activations, or relu. */
enum activation graph_activation(const struct graph *net);

/* The layers of a transformer's block, which executors have fast paths for: norm + linear, attention, MLP. */
enum block_part {
	PART_CENTER1,
	PART_RSQRT1,
	PART_NORMALISE1,
	PART_Q,
	PART_K,
	PART_V,
	PART_SCORES,
	PART_EXP,
	PART_RECIPROCAL,
	PART_PROBABILITY,
	PART_MIX,
	PART_PROJECTION,
	PART_CENTER2,
	PART_RSQRT2,
	PART_NORMALISE2,
	PART_FC1,
	PART_ACTIVATION,
	PART_COPY,
	PART_FC2,
	PART_ADD,
	BLOCK_PARTS
};
/* Are the layers from `first` on such a block, one layer for each part in this order? */
bool graph_is_block(const struct graph *net, int first);

/* How many weights of convolutions and projections one value of a layer meets (source: its index, or
 * LAYER_INPUT), at each of its places; fan_out [places]. It depends on the place: a
 * convolution of kernel k, stride s and padding p reads the value in row y for every output
 * row o and kernel row i with o s - p + i = y, for columns alike, and the two are
 * independent. All convolutions that read the layer count, each with the output channels of
 * one group. Zeros beyond the border meet weights as well; they are no values. A linear layer
 * reads as many rows as it gives, the first ones, each with all of its channels. */
void layer_fan_out(const struct model *model, int source, uint64_t *fan_out);
/* The same of all values of the layer together: the multiplications that they take part in. */
uint64_t layer_meetings(const struct model *model, int source);
/* Weights of the convolutions and linear layers that read the layer, and values that they give. */
void layer_readers(const struct model *model, int source, uint64_t *weights, uint64_t *values);

#endif
