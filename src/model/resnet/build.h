/* Residual networks: He et al. 2016 (https://arxiv.org/abs/1512.03385), and those of
 * CLIP: Radford et al. 2021 (https://arxiv.org/abs/2103.00020), section 2.4.
 *
 * As a list of layers (model/graph.h):
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
 * Positions fix the size of the pictures: a multiple of 32.
 *
 * What its configuration says, and the layers that come of it. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_RESNET_BUILD_H
#define SPIKESCOPE_MODEL_RESNET_BUILD_H

#include "model/graph.h"
#include "model/vit/weights.h"

enum { RESNET_STAGES_MAX = 8, RESNET_SIDE_MIN = 32, RESNET_SIDE_MAX = 4096, RESNET_EXPANSION = 4 };

struct resnet_spec {
	bool bottleneck, small_stem;
	int head_dim; /* of CLIP's attention pooling; 0: a network that is not CLIP's */
	int stages;
	int blocks[RESNET_STAGES_MAX], widths[RESNET_STAGES_MAX];
	int width_per_group, groups;
	int classes; /* 0: take them from the head's weights; CLIP's have none */
};

/* Does the architecture's name say a residual network? */
bool resnet_knows(const char *architecture);
/* The spec, and of the model family, channels, image_size and prep; side: 0, or of the pictures. */
bool resnet_read(const struct config *config, int side, struct model *model, struct resnet_spec *spec, struct status *st);
/* How many blocks it has: the model's depth. */
int resnet_blocks(const struct resnet_spec *spec);
/* The layers with their shapes, in arena; weights are still to be bound. NULL on failure. */
struct graph *resnet_build(const struct model *model, const struct resnet_spec *spec, struct arena *arena, struct status *st);
/* The spec of timm's resnet50_clip and its kin; false, and the spec as it was, for other names. */
bool resnet_clip_named(const char *architecture, struct resnet_spec *spec);
/* The same as resnet_read() from open_clip's configuration. */
bool resnet_clip_read(const struct config *config, int side, struct model *model, struct resnet_spec *spec, struct status *st);
/* What attention pooling asks of the rest. said_side: that of the pictures in the configuration. */
bool resnet_clip_check(const struct config *config, const struct resnet_spec *spec, int said_side, const struct model *model,
		       struct status *st);
/* The names of a convolution's tensors and of its batch norm's, without ".weight". */
struct resnet_tensors {
	char convolution[NAME_MAX_LENGTH], norm[NAME_MAX_LENGTH];
};
/* How a file names its tensors: torchvision's and OpenAI's names are the sites', timm's CLIP has others. */
struct resnet_names {
	const char *prefix;
	bool timm;
	const char *attention_pool;                  /* of its tensors, with the dot */
	const char *positions, *projection, *qkv[3]; /* of these, below attention_pool */
};
/* The naming that a file of CLIP's has. */
const struct resnet_names *resnet_clip_names(const struct safetensors *file);
struct resnet_tensors resnet_tensors(const struct resnet_names *names, struct site site);
/* Attention pooling's weights and the model's projection. */
bool resnet_bind_attention_pool(struct binder *b, const struct resnet_names *names, struct graph *net);
/* Finds, checks and folds the weights of net's layers and of the model's head. */
bool resnet_bind(struct model *model, struct graph *net, const struct resnet_spec *spec, const struct safetensors *file,
		 struct arena *arena, struct status *st);

#endif
