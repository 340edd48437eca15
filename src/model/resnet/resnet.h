/* Residual networks: He et al. 2016 (https://arxiv.org/abs/1512.03385), and those of
 * CLIP: Radford et al. 2021 (https://arxiv.org/abs/2103.00020), section 2.4.
 *
 * A network is a list of layers in forward order, and every layer is a site. A layer
 * reads one or two layers before it; values are [height, width, channels]:
 *
 *   conv - relu (- maxpool) - blocks - mean over places - linear
 *
 *   basic block       conv3x3 - relu - conv3x3, + shortcut, relu
 *   bottleneck        conv1x1 - relu - conv3x3 - relu - conv1x1, + shortcut, relu
 *
 * where the shortcut is what the block receives, or a 1x1 convolution of it where the
 * block strides or changes the number of channels. The stride is at the first 3x3
 * convolution (torchvision). Batch normalisation is folded into the convolution before
 * it: with running mean m and variance v, w' = w gamma / sqrt(v + eps) and
 * b' = (b - m) gamma / sqrt(v + eps) + beta, eps = 1e-5, computed in double.
 *
 * Loads folders whose config.json says `architecture`: torchvision's and timm's names
 * (resnet18 to resnet152, wide_resnet50_2, resnext50_32x4d, ...), or "resnet" with
 *   block            "basic" or "bottleneck"
 *   layers           blocks of every stage
 *   widths           channels of every stage before a bottleneck's expansion by 4; 64, 128, 256, 512
 *   width_per_group  64; bottlenecks are widths * width_per_group / 64 * groups wide inside
 *   groups           1; of the 3x3 convolutions in bottlenecks (ResNeXt)
 *   stem             "conv7x7" (stride 2, then max pooling) or "conv3x3" (CIFAR: stride 1, no pooling)
 *   num_classes, label_names, pretrained_cfg (input_size, mean, std, crop_pct, interpolation)
 * The tensors have torchvision's names. The network takes pictures of any size: 224 unless
 * input_size or model_load_at() says another.
 *
 * CLIP's networks have three 3x3 convolutions and a mean over 2x2 places as their stem,
 * take such a mean instead of every stride (in the bottleneck before conv1x1, in the
 * shortcut before its convolution), and end in attention pooling: tokens x are the mean
 * over places and the places themselves, positions added;
 *
 *   q = Wq x_0 + bq,  k = Wk x + bk,  v = Wv x + bv,
 *   out = softmax(q k' / sqrt(head_dim)) v by heads,  z = Wc out + bc
 *
 * and z is the picture's embedding (model.h; Wc is the model's projection). Folders are
 *   open_clip's       open_clip_config.json; tensors of OpenAI's names ("visual.layer1.0.bn1.weight"),
 *                     or timm's behind "visual.trunk." where vision_cfg says timm_model_name
 *   timm's            architecture resnet50_clip, resnet101_clip, resnet50x4_clip, resnet50x16_clip or
 *                     resnet50x64_clip ("stages.0.0.conv1_1x1.bn.weight"); `layers` and `widths` as above.
 *                     The text tower is in open_clip's folders alone.
 * Positions fix the size of the pictures: a multiple of 32. */
#ifndef SPIKESCOPE_MODEL_RESNET_H
#define SPIKESCOPE_MODEL_RESNET_H

#include "model/model.h"
#include "model/site.h"

#include <stdint.h>

enum layer_op {
	LAYER_CONVOLUTION,
	LAYER_RELU,         /* max(0, sum of what it reads) */
	LAYER_MAX_POOL,     /* over the places of its window that are there */
	LAYER_AVERAGE_POOL, /* mean over the places of its window */
	LAYER_GLOBAL_POOL,  /* mean over places: [channels] */
	LAYER_TOKENS,       /* mean over places, then the places; positions added */
	LAYER_PROJECTION,   /* its weight times as many of the tokens as it has rows */
	LAYER_SCORES,       /* of q and k, by heads */
	LAYER_EXP,          /* of scores less their row's maximum */
	LAYER_RECIPROCAL,   /* of the row's sum */
	LAYER_PROBABILITY,  /* exp times reciprocal */
	LAYER_MIX,          /* probabilities times v */
	LAYER_LINEAR,       /* the head; with a projection, CLIP's (model.h) */
};

enum { LAYER_PICTURE = -1, LAYER_NOTHING = -2 };

struct layer {
	struct site site;
	enum layer_op op;
	int from[2];                 /* indices of layers, or LAYER_PICTURE; from[1] LAYER_NOTHING: reads one */
	int height, width, channels; /* of its values; [height, channels]: width is 0, [channels]: height too */
	int kernel, stride, padding; /* of convolutions and pooling */
	int groups;
	struct linear *weight; /* convolutions: [groups], in: kernel, kernel, input channels / groups; with panels, biases and no
				  plain weight; projections: one */
	int slot;              /* values of layers that are never needed at once share memory: slot 0 to slots - 1 */
};

struct resnet {
	int layers, slots;
	struct layer *layer;
	int *first, *end;            /* [depth]: the block's layers are first..end-1; attention pooling is the last block */
	size_t slot_size;            /* floats of the largest layer */
	size_t patch_size;           /* floats of the widest row of a convolution: kernel, kernel, input channels */
	int heads, head_dim, tokens; /* of attention pooling; 0: there is none */
	const float *positions;      /* [tokens, channels] */
};

/* The index of a site that the network has. */
int resnet_index(const struct resnet *net, struct site site);
/* The layer that convolution `i` or any other reads first; NULL for the picture. */
const struct layer *layer_source(const struct resnet *net, const struct layer *layer);
size_t layer_size(const struct layer *layer);   /* floats of its values */
size_t layer_places(const struct layer *layer); /* height * width, height, or 1: the rows of its values */
/* Layers with weights, without those of shortcuts and attention pooling: the number in the names of torchvision's networks. */
int resnet_depth(const struct resnet *net);

/* How many weights of convolutions and projections one value of a layer meets (source: its index, or
 * LAYER_PICTURE), at each of its places; fan_out [places]. It depends on the place: a
 * convolution of kernel k, stride s and padding p reads the value in row y for every output
 * row o and kernel row i with o s - p + i = y, for columns alike, and the two are
 * independent. All convolutions that read the layer count, each with the output channels of
 * one group. Zeros beyond the border meet weights as well; they are no values. A projection
 * reads as many rows as it gives, the first ones, each with all of its channels. */
void layer_fan_out(const struct model *model, int source, uint64_t *fan_out);
/* The same of all values of the layer together: the multiplications that they take part in. */
uint64_t layer_meetings(const struct model *model, int source);
/* Weights of the convolutions and projections that read the layer, and values that they give. */
void layer_readers(const struct model *model, int source, uint64_t *weights, uint64_t *values);

#endif
