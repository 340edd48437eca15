/* From tensors by name to weights. Private to src/model. */
#ifndef SPIKESCOPE_MODEL_VIT_WEIGHTS_H
#define SPIKESCOPE_MODEL_VIT_WEIGHTS_H

#include "model/vit_config.h"

enum { NAME_MAX_LENGTH = 160 };

struct shape {
	int dims;
	int64_t dim[4];
};

struct binder {
	struct model *model;
	const struct vit_spec *spec; /* of a transformer */
	const struct safetensors *file;
	struct arena *arena;
	const char *prefix; /* of all names but the heads' */
	bool *used;         /* [tensors] */
	struct status *st;
};

/* The values of a tensor, checked: where they are mapped if they can be used there, else converted into dest (NULL: new).
 * NULL on failure. */
const float *binder_take(struct binder *b, const char *name, struct shape want, float *dest);

/* Finds every weight in file, checks its shape against the model's dimensions and its
 * values, and points the model at it; converted copies live in arena. */
bool vit_weights_bind(struct model *model, const struct vit_spec *spec, const struct safetensors *file, struct arena *arena,
		      struct status *st);

#endif
