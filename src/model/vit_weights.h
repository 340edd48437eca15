/* Private to src/model. */
#ifndef SPIKESCOPE_MODEL_VIT_WEIGHTS_H
#define SPIKESCOPE_MODEL_VIT_WEIGHTS_H

#include "model/vit_config.h"

/* Finds every weight in file, checks its shape against the model's dimensions and its
 * values, and points the model at it; converted copies live in arena. */
bool vit_weights_bind(struct model *model, const struct vit_spec *spec, const struct safetensors *file, struct arena *arena,
		      struct status *st);

#endif
