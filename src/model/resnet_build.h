/* What a residual network's configuration says, and the layers that come of it. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_RESNET_BUILD_H
#define SPIKESCOPE_MODEL_RESNET_BUILD_H

#include "model/resnet.h"
#include "model/vit_weights.h"

enum { RESNET_STAGES_MAX = 8, RESNET_SIDE_MIN = 32, RESNET_SIDE_MAX = 4096, RESNET_EXPANSION = 4 };

struct resnet_spec {
	bool bottleneck, small_stem;
	int stages;
	int blocks[RESNET_STAGES_MAX], widths[RESNET_STAGES_MAX];
	int width_per_group, groups;
	int classes; /* 0: take them from the head's weights */
};

/* Does the architecture's name say a residual network? */
bool resnet_knows(const char *architecture);
/* The spec, and of the model channels, image_size, prep and depth; side: 0, or of the pictures. */
bool resnet_read(const struct config *config, int side, struct model *model, struct resnet_spec *spec, struct status *st);
/* The layers with their shapes, in arena; weights are still to be bound. NULL on failure. */
struct resnet *resnet_build(const struct model *model, const struct resnet_spec *spec, struct arena *arena, struct status *st);
/* Finds, checks and folds the weights of net's layers and of the model's head. */
bool resnet_bind(struct model *model, struct resnet *net, const struct resnet_spec *spec, const struct safetensors *file,
		 struct arena *arena, struct status *st);

#endif
