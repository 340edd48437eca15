/* What a residual network's configuration says, and the layers that come of it. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_RESNET_BUILD_H
#define SPIKESCOPE_MODEL_RESNET_BUILD_H

#include "model/resnet/resnet.h"
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
struct resnet *resnet_build(const struct model *model, const struct resnet_spec *spec, struct arena *arena, struct status *st);
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
bool resnet_bind_attention_pool(struct binder *b, const struct resnet_names *names, struct resnet *net);
/* Finds, checks and folds the weights of net's layers and of the model's head. */
bool resnet_bind(struct model *model, struct resnet *net, const struct resnet_spec *spec, const struct safetensors *file,
		 struct arena *arena, struct status *st);

#endif
