/* Ops of pictures on one of them, for the reference and the spiking
 * network. Values are [height, width, channels]. */
#ifndef SPIKESCOPE_ANN_LAYERS_H
#define SPIKESCOPE_ANN_LAYERS_H

#include "kernels/dense.h"
#include "model/graph.h"

/* A convolution takes this many places at once. */
enum { LAYER_TILE = 128 };

size_t layer_scratch(const struct graph *net); /* floats that convolution_apply() works in */

/* pixels [channels, size, size] -> [size, size, channels] */
void picture_interleave(const struct model *model, const float *pixels, float *out);

/* y = bias + W x, or with accumulate y += W x. spikes: NULL, or made for [LAYER_TILE, net->patch_size]: then only what
 * is not 0 in x is multiplied (never in groups), which gives the same bits. */
void convolution_apply(const struct model *model, const struct layer *layer, const float *x, float *scratch,
		       struct spikes *spikes, bool accumulate, float *y);
/* Tokens of attention pooling: the mean over places and the places, plus positions times `scale`. */
void tokens_apply(const struct layer *source, const struct layer *layer, const float *x, float scale, float *y);
/* What these make of sums they make of values, for they are homogeneous. */
void max_pool_apply(const struct layer *source, const struct layer *layer, const float *x, float *y);
void average_pool_apply(const struct layer *source, const struct layer *layer, const float *x, float *y);
void global_pool_apply(const struct layer *source, const float *x, float *y); /* y [channels] */
/* y [2 width] = the first of the tokens x, then the mean of those from layer->first on. */
void token_pool_apply(const struct layer *source, const struct layer *layer, const float *x, float *y);

#endif
